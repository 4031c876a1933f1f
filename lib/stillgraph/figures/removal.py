"""What is left without some persons: offences, harm, value, and how the network hangs together."""

from __future__ import annotations

from dataclasses import dataclass

import plotly.graph_objects as go

from stillgraph.figures.theme import LINE, LINES, Line, counted, finish, name_rows, reviewed
from stillgraph.records import Amount, Connected, Touched, WhatIf

ALL_THEIRS, ONLY_THEIRS, NETWORK = (
    "without every offence of theirs",
    "without those only they are linked to",
    "the network without them",
)


@dataclass(frozen=True, slots=True)
class _Left:
    """What is left of something, in percent, with its interval where worlds were drawn."""

    name: str
    percent: float
    low: float | None
    high: float | None
    told: str


def what_if(found: WhatIf, *, period: str, simulated: bool) -> go.Figure:
    """Draw what is left without some persons, in percent of what there is with them.

    It is arithmetic on what happened and no forecast. Bars are what 95 % of worlds come to that are drawn by how sure
    the links are, widened to the figure itself; those of the network are of what is left without them, as a share of
    the one figure with them.

    Parameters
    ----------
    found : WhatIf
        As ``network.without`` gives it.
    period : str
        The days counted, in words.
    simulated : bool
        Whether the review behind the links was simulated.
    """
    figure = go.Figure()
    series = (
        (_touched(found.theirs), ALL_THEIRS, LINES[1], 0.14),
        (_touched(found.only_theirs), ONLY_THEIRS, LINES[0], -0.14),
        (_connected(found.before, found.after), NETWORK, LINES[2], 0.0),
    )
    names = list(dict.fromkeys(one.name for rows, _, _, _ in series for one in rows))
    for rows, name, line, shift in series:
        figure.add_trace(_points(rows, names, name, line, shift))
    figure.update_xaxes(title="left, % of what there is with them", range=[0, 104], ticksuffix=" %", gridcolor=LINE,
                        zeroline=False, fixedrange=True, automargin=True)  # fmt: skip
    name_rows(figure, names)
    review, who = reviewed(simulated=simulated), counted(len(found.removed), "person")
    worlds = (
        f"bars: what 95 % of {found.worlds:,} worlds come to, drawn by how sure the links are"
        if found.worlds
        else "no interval: no worlds were drawn"
    )
    first = series[0][0][1]
    return finish(
        figure,
        title=f"What is left without {who}",
        rests_on=f"{period} · {review} · arithmetic on what happened, not a forecast<br>{worlds}",
        alt=f"What is left without {who}: of {first.name} {first.percent:.0f} % without every offence of theirs. "
        + "; ".join(f"{one.name}: {one.told}" for rows, _, _, _ in series[1:] for one in rows)
        + f". {review}.",
        height=200 + 44 * len(names),
    )


def _touched(theirs: Touched) -> list[_Left]:
    rows = (
        ("offences", theirs.offences_share, theirs.offences, "{:,.0f}"),
        ("harm, days", theirs.harm_share, theirs.harm_days, "{:,.0f}"),
        ("value", theirs.value_share, Amount(theirs.value_pence.value / 100, None, None), "£{:,.0f}"),
    )
    return [
        _Left(
            name,
            100 * (1 - share.value),
            None if share.high is None else 100 * (1 - share.high),
            None if share.low is None else 100 * (1 - share.low),
            f"{written.format(amount.value)} fewer",
        )
        for name, share, amount, written in rows
    ]


def _connected(before: Connected, after: Connected) -> list[_Left]:
    rows = (
        ("persons", before.persons, after.persons, "{:,.0f}"),
        ("pairs seen together", before.pairs, after.pairs, "{:,.0f}"),
        (
            "persons in the largest part",
            before.largest_component_persons,
            after.largest_component_persons,
            "{:,.0f}",
        ),
        ("pairs that can reach each other", before.reachable_share, after.reachable_share, "{:.1%}"),
    )
    return [
        _Left(
            name,
            100 * then.value / had.value,
            None if then.low is None else 100 * then.low / had.value,
            None if then.high is None else 100 * then.high / had.value,
            f"{written.format(had.value)} to {written.format(then.value)}",
        )
        for name, had, then, written in rows
        if had.value > 0
    ]


def _points(rows: list[_Left], names: list[str], name: str, line: Line, shift: float) -> go.Scatter:
    drawn = [(one, one.percent if one.low is None else one.low, one.percent if one.high is None else one.high)
             for one in rows]  # fmt: skip
    return go.Scatter(
        x=[one.percent for one in rows],
        y=[len(names) - names.index(one.name) + shift for one in rows],
        mode="markers+text",
        name=name,
        text=[one.told for one in rows],
        textposition="top center" if shift >= 0 else "bottom center",
        textfont={"size": 12, "color": line.colour},
        cliponaxis=False,
        marker={"color": line.colour, "symbol": line.symbol, "size": 10},
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [max(high - one.percent, 0) for one, _, high in drawn],
            "arrayminus": [max(one.percent - low, 0) for one, low, _ in drawn],
            "color": line.colour,
            "thickness": 2.5,
            "width": 0,
        },
        hovertemplate="%{x:.0f} % left (%{text})<extra>" + name + "</extra>",
    )
