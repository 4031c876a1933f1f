"""A ranking as bars: one a person, longest harm (or count, value, points) first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import plotly.graph_objects as go

from stillgraph.errors import WrongUse
from stillgraph.figures.theme import LINE, STATUS, counted, finish, money, reviewed, room
from stillgraph.records import Ranking, Standing


@dataclass(frozen=True, slots=True)
class Measure:
    """What a ranking sorts by: its name, the axis's words, and how to take and to write a value."""

    name: str
    axis: str
    value: Callable[[Standing], float]
    text: Callable[[Standing], str]


MEASURES: dict[str, Measure] = {
    "harm": Measure("Harm", "harm, days of imprisonment", lambda s: s.harm_days, lambda s: f"{s.harm_days:,.0f}"),
    "count": Measure("Offences", "offences", lambda s: s.offences, lambda s: f"{s.offences:,}"),
    "value": Measure("Value", "value of goods, £", lambda s: s.value_pence / 100, lambda s: money(s.value_pence)),
    "rfh": Measure("RFH", "recency, frequency and harm, points", lambda s: s.rfh, lambda s: f"{s.rfh:,}"),
}


def ranking_bars(ranking: Ranking, *, period: str, limit: int = 15) -> go.Figure:
    """Draw the head of a ranking.

    Parameters
    ----------
    ranking : Ranking
        As ``casework.ranking.ranking`` gives it.
    period : str
        The days the offences span, in words.
    limit : int
        How many persons to draw at most.

    Returns
    -------
    plotly.graph_objects.Figure
        One bar a person, coloured by how the person is known.

    Raises
    ------
    WrongUse
        The ranking is by a measure this figure does not know.
    """
    if ranking.by not in MEASURES:
        raise WrongUse(f"A ranking is drawn by {', '.join(MEASURES)}; not by {ranking.by!r}.")
    measure = MEASURES[ranking.by]
    shown = ranking.standings[:limit]
    figure = go.Figure()
    for status, mark in STATUS.items():
        rows = [standing for standing in shown if standing.status is status]
        figure.add_bar(
            y=[row.person_id for row in rows],
            x=[measure.value(row) for row in rows],
            text=[measure.text(row) for row in rows],
            customdata=[
                [row.person_id, row.rank, row.rank_low, row.rank_high, row.offences, row.retailers] for row in rows
            ],
            orientation="h",
            name=mark.label,
            marker={"color": mark.colour},
            textposition="outside",
            cliponaxis=False,
            showlegend=bool(rows),
            hovertemplate="<b>%{customdata[0]}</b><br>rank %{customdata[1]} (95 %: %{customdata[2]} to "
            "%{customdata[3]})<br>%{customdata[4]} offences, %{customdata[5]} retailers<br>"
            + measure.axis
            + ": %{text}<extra>"
            + mark.label
            + "</extra>",
        )
    figure.update_xaxes(
        title=measure.axis,
        gridcolor=LINE,
        zeroline=False,
        range=[0, room(measure.value(row) for row in shown)],
        tickformat=",",
        automargin=True,
        fixedrange=True,
    )
    figure.update_yaxes(
        categoryorder="array",
        categoryarray=[row.person_id for row in reversed(shown)],
        automargin=True,
        fixedrange=True,
        ticksuffix="  ",
        ticks="",
    )
    figure.update_layout(barmode="stack", bargap=0.35)
    review = reviewed(simulated=ranking.simulated)
    people = counted(len(ranking.standings), "person")
    first = shown[0].person_id if shown else "nobody"
    return finish(
        figure,
        title=f"{measure.name} by person",
        rests_on=f"{period} · first {len(shown)} of {people} · {review}",
        alt=f"Bars of {measure.axis} for the first {len(shown)} of {people}; first is {first}. {review}.",
        height=190 + 26 * max(len(shown), 3),
    )
