"""Offences by store on a plain map: longitude and latitude at true aspect, no tiles from anywhere."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from stillgraph.figures import labels
from stillgraph.figures.theme import HALO, LINE, MUTED, STATUS, counted, finish, money, reviewed
from stillgraph.records import LinkStatus

KM_PER_DEGREE = 111.32
"""Kilometres in a degree of latitude (mean, WGS 84; the ellipsoid's departs from it by under 0.6 %)."""


def offence_places(places: pd.DataFrame, *, period: str, simulated: bool) -> go.Figure:
    """Draw a bubble a store, its area the number of offences reported there.

    Parameters
    ----------
    places : pandas.DataFrame
        One row an offence: offence_id, retailer, store, borough, latitude, longitude (degrees), value_pence,
        harm_days, link (``corroborated`` or ``unknown``).
    period : str
        The days the offences span, in words.
    simulated : bool
        Whether the review behind ``link`` was simulated.
    """
    stores = _by_store(places)
    figure = go.Figure()
    biggest = max(int(stores["offences"].max()), 1) if len(stores) else 1
    for status, wording in (
        (LinkStatus.CORROBORATED, "store with a corroborated offence"),
        (LinkStatus.UNKNOWN, "store without one"),
    ):
        rows = stores[(stores["corroborated"] > 0) == (status is LinkStatus.CORROBORATED)]
        mark = STATUS[status]
        figure.add_scatter(
            x=rows["longitude"],
            y=rows["latitude"],
            mode="markers",
            name=wording,
            marker={
                "color": mark.colour,
                "symbol": mark.symbol,
                "opacity": 0.72,
                "size": rows["offences"],
                "sizemode": "area",
                "sizeref": 2 * biggest / 26**2,
                "sizemin": 5,
                "line": {"color": "white", "width": 1},
            },
            customdata=np.column_stack(
                [
                    rows["store"],
                    rows["borough"],
                    rows["offences"],
                    rows["corroborated"],
                    [money(int(p)) for p in rows["value_pence"]],
                    rows["harm_days"],
                ]
            ),
            hovertemplate="<b>%{customdata[0]}</b> (%{customdata[1]})<br>%{customdata[2]} offences, "
            "%{customdata[3]} corroborated<br>value %{customdata[4]}, harm %{customdata[5]:,.0f} days"
            "<extra></extra>",
        )
    add_boroughs(figure, stores)
    true_aspect(figure, stores)
    review = reviewed(simulated=simulated)
    counts = f"{counted(len(places), 'offence')} at {counted(len(stores), 'store')}"
    return finish(
        figure,
        title="Where offences were reported",
        rests_on=f"{period} · {counts} · {review}<br>bubble area: offences · north up · no base map",
        alt=f"Map of {counts}; bubbles are larger where more offences were reported. {review}.",
        height=600,
    )


def _by_store(places: pd.DataFrame) -> pd.DataFrame:
    corroborated = (places["link"] == LinkStatus.CORROBORATED.value).astype(int)
    return (
        places.assign(corroborated=corroborated)
        .groupby(["retailer", "store", "borough", "latitude", "longitude"], as_index=False, sort=True)
        .agg(
            offences=("offence_id", "size"),
            corroborated=("corroborated", "sum"),
            value_pence=("value_pence", "sum"),
            harm_days=("harm_days", "sum"),
        )
    )


def add_boroughs(figure: go.Figure, stores: pd.DataFrame) -> None:
    """Name each borough beside its stores: a name to read the map by, not a boundary."""
    names = labels.beside(stores["borough"], stores["longitude"].tolist(), stores["latitude"].tolist())
    figure.add_scatter(
        x=[label.x for label in names],
        y=[label.y for label in names],
        text=[label.text for label in names],
        textposition=[label.position for label in names],
        mode="text",
        hoverinfo="skip",
        showlegend=False,
        textfont={"size": 12, "color": MUTED, "shadow": HALO},
        name="boroughs",
    )


def true_aspect(figure: go.Figure, stores: pd.DataFrame) -> None:
    """Make a kilometre as long north as east at the middle latitude, and draw a bar of five."""
    if stores.empty:
        return
    middle = float((stores["latitude"].min() + stores["latitude"].max()) / 2)
    shrink = math.cos(math.radians(middle))
    figure.update_yaxes(scaleanchor="x", scaleratio=1 / shrink)
    figure.update_xaxes(title="longitude", gridcolor=LINE, zeroline=False, ticksuffix="°", constrain="domain")
    figure.update_yaxes(title="latitude", gridcolor=LINE, zeroline=False, ticksuffix="°", automargin=True)
    west, south = float(stores["longitude"].min()), float(stores["latitude"].min())
    five_km = 5 / (KM_PER_DEGREE * shrink)
    figure.add_scatter(
        x=[west, west + five_km],
        y=[south, south],
        mode="lines+text",
        line={"color": MUTED, "width": 3},
        text=["5 km", ""],
        textposition="top right",
        textfont={"size": 12, "color": MUTED},
        showlegend=False,
        hoverinfo="skip",
        name="scale",
    )
