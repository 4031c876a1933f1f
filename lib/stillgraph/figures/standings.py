"""A ranking with the interval of every rank: corroborated links alone and with proposals, side by side."""

from __future__ import annotations

import plotly.graph_objects as go

from stillgraph.errors import WrongUse
from stillgraph.figures.ranking import MEASURES
from stillgraph.figures.theme import HALO, LINE, LINES, Line, counted, finish, name_rows, reviewed
from stillgraph.records import Ranking, Standing

CORROBORATED, WITH_PROPOSALS = "corroborated links only", "with links not corroborated"


def rank_intervals(
    corroborated: Ranking, with_proposals: Ranking | None = None, *, period: str, limit: int = 15
) -> go.Figure:
    """Draw each person's rank as a point and its 95 % interval as a bar.

    Parameters
    ----------
    corroborated : Ranking
        By corroborated links alone; its first persons are drawn, in its order.
    with_proposals : Ranking, optional
        The same measure with other links too, drawn below each person's first; who is among its own first and not
        yet there is added below.
    period : str
        The days the offences span, in words.
    limit : int
        How many of the first of either to draw.

    Raises
    ------
    WrongUse
        The two are not by one measure, or by one that this figure does not know.
    """
    if corroborated.by not in MEASURES:
        raise WrongUse(f"A ranking is drawn by {', '.join(MEASURES)}; not by {corroborated.by!r}.")
    if with_proposals is not None and with_proposals.by != corroborated.by:
        raise WrongUse("Rankings stand side by side where they are by one measure; rank both by the same.")
    series = [(corroborated, CORROBORATED, LINES[0])]
    if with_proposals is not None:
        series.append((with_proposals, WITH_PROPOSALS, LINES[1]))
    persons = list(dict.fromkeys(str(one.person_id) for ranking, _, _ in series for one in ranking.standings[:limit]))
    end = max(20.0, 1.6 * len(persons))
    figure = go.Figure()
    for number, (ranking, name, line) in enumerate(series):
        known = {str(one.person_id): one for one in ranking.standings}
        shift = 0.0 if len(series) == 1 else 0.16 - 0.32 * number
        rows = [(len(persons) - at + shift, known[person]) for at, person in enumerate(persons) if person in known]
        figure.add_trace(_points(rows, name, line))
        figure.add_trace(_beyond(rows, line, end))
    figure.update_xaxes(title="rank, and where it lies with 95 %", gridcolor=LINE, zeroline=False, range=[0, end],
                        automargin=True, fixedrange=True)  # fmt: skip
    name_rows(figure, persons)
    measure = MEASURES[corroborated.by]
    review = reviewed(simulated=corroborated.simulated)
    people, shown = counted(len(corroborated.standings), "person"), counted(len(persons), "person")
    return finish(
        figure,
        title=f"How sure the ranks by {measure.name.lower() if measure.name != 'RFH' else 'RFH'} are",
        rests_on=f"{period} · {shown} drawn of {people} · {review}",
        alt=f"Ranks with 95 % intervals of {shown}: {_spoken(corroborated, limit)}. {review}.",
        height=180 + 30 * max(len(persons), 3),
    )


def _points(rows: list[tuple[float, Standing]], name: str, line: Line) -> go.Scatter:
    return go.Scatter(
        x=[one.rank for _, one in rows],
        y=[at for at, _ in rows],
        mode="markers",
        name=name,
        marker={"color": line.colour, "symbol": line.symbol, "size": 10},
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [one.rank_high - one.rank for _, one in rows],
            "arrayminus": [one.rank - one.rank_low for _, one in rows],
            "color": line.colour,
            "thickness": 2.5,
            "width": 0,
        },
        customdata=[[str(one.person_id), one.rank_low, one.rank_high, one.status.value] for _, one in rows],
        hovertemplate="<b>%{customdata[0]}</b> (%{customdata[3]})<br>rank %{x}, 95 %: %{customdata[1]} to "
        "%{customdata[2]}<extra>" + name + "</extra>",
    )


def _beyond(rows: list[tuple[float, Standing]], line: Line, end: float) -> go.Scatter:
    """Return where an interval goes that runs out of the drawing: one wide interval is not to squeeze all others."""
    cut = [(at, one.rank_high) for at, one in rows if one.rank_high > end]
    return go.Scatter(
        x=[end] * len(cut),
        y=[at for at, _ in cut],
        mode="text",
        text=[f"to {high:,} →" for _, high in cut],
        textposition="top left",
        textfont={"size": 12, "color": line.colour, "shadow": HALO},
        hoverinfo="skip",
        showlegend=False,
        name="beyond",
    )


def _spoken(ranking: Ranking, limit: int) -> str:
    said = [f"{one.person_id} {one.rank} ({one.rank_low} to {one.rank_high})" for one in ranking.standings[:limit]]
    return ", ".join(said) or "nobody"
