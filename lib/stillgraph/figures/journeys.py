"""Where persons were seen, one store after the other: lines in the order of time on a plain map."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from stillgraph.errors import WrongUse
from stillgraph.figures.places import add_boroughs, true_aspect
from stillgraph.figures.theme import HALO, INK, LINES, PAPER, Line, counted, finish, reviewed

LISTED = 8
"""Times listed at most of one place under the pointer."""


def journeys(visits: pd.DataFrame, *, period: str, simulated: bool) -> go.Figure:
    """Draw each person's offences as places, joined in the order of time.

    A line joins one offence to the next; it is no route, and says nothing of where somebody was between.

    Parameters
    ----------
    visits : pandas.DataFrame
        One row a person's part in an offence: person_id, offence_id, occurred_at (UTC), offence, retailer, store,
        borough, latitude, longitude (degrees).
    period : str
        The days looked at, in words.
    simulated : bool
        Whether the review behind the links was simulated.

    Raises
    ------
    WrongUse
        More persons than there are lines to tell apart.
    """
    persons = list(dict.fromkeys(visits["person_id"].astype(str)))
    if len(persons) > len(LINES):
        raise WrongUse(f"A map tells {len(LINES)} persons apart, not {len(persons)}; choose some of them.")
    figure = go.Figure()
    for person, line in zip(persons, LINES, strict=False):
        own = visits[visits["person_id"].astype(str) == person].sort_values(["occurred_at", "offence_id"])
        _add_journey(figure, person, own, line)
    stores = visits.drop_duplicates("store")
    add_boroughs(figure, stores)
    true_aspect(figure, stores)
    counts = f"{counted(len(persons), 'person')}, {counted(visits['offence_id'].nunique(), 'offence')} at " + counted(
        len(stores), "store"
    )
    review = reviewed(simulated=simulated)
    return finish(
        figure,
        title="From store to store",
        rests_on=f"{period} · {counts} · {review}<br>arrows: the order of time, not a route · a number: offences there",
        alt=f"Map of {counts}, joined in the order of time. {review}.",
        height=600,
    )


def _add_journey(figure: go.Figure, person: str, own: pd.DataFrame, line: Line) -> None:
    figure.add_scatter(
        x=own["longitude"], y=own["latitude"], mode="lines+markers", showlegend=False, name=f"{person}, way",
        line={"color": line.colour, "dash": line.dash, "width": 1.5}, opacity=0.65, hoverinfo="skip",
        marker={"symbol": "arrow", "size": 11, "angleref": "previous", "standoff": 7, "color": line.colour},
    )  # fmt: skip
    at = own.groupby(["store", "longitude", "latitude"], as_index=False).agg(
        seen=("offence_id", "size"),
        when=("occurred_at", lambda of: "<br>".join(f"{t.day} {t:%b %Y %H:%M}" for t in of[:LISTED])),
    )
    figure.add_scatter(
        x=at["longitude"],
        y=at["latitude"],
        mode="markers+text",
        name=f"{person} ({counted(len(own), 'offence')})",
        text=["" if seen == 1 else str(seen) for seen in at["seen"]],
        textposition="bottom right",
        textfont={"size": 12, "color": INK, "shadow": HALO},
        marker={"color": line.colour, "symbol": line.symbol, "opacity": 1, "size": 10 + 4 * (at["seen"] > 1),
                "line": {"color": PAPER, "width": 1}},
        customdata=at[["store", "seen", "when"]].to_numpy(),
        hovertemplate="<b>%{customdata[0]}</b><br>%{customdata[1]} of the offences<br>%{customdata[2]}<extra>"
        + person + "</extra>",
    )  # fmt: skip
