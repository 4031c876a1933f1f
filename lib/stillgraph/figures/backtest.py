"""What lists were worth in the period after them: each against the others and against lists drawn by lot."""

from __future__ import annotations

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from stillgraph.figures.ranking import MEASURES
from stillgraph.figures.theme import EDGE, LINE, LINES, Line, counted, finish, name_rows, reviewed
from stillgraph.records import BackTest, Estimate, SplitWorth

ACTIVE, HARM, OFFENCES = "of the listed offended again", "of the next period's harm", "of its offences"
RANDOM = Line(EDGE, "dot", "square-open")


def list_worth(found: BackTest) -> go.Figure:
    """Draw, for the list by each measure and for lists drawn by lot, what they came to in the next period, in percent.

    Of two or more splits the means over them are drawn for lists; what lists drawn by lot come to is that of the last
    split alone, which the figure says. Bars are 95 % intervals; of lists drawn by lot, what 95 % of them come to.
    """
    drawn = [split for split in found.splits if split.insufficient is None]
    split = drawn[-1] if drawn else None
    lists = found.overall or (split.lists if split is not None else ())
    by_lot = "by lot, last split" if len(drawn) > 1 else "drawn by lot"
    names = [_named(one.by) for one in lists] + ([by_lot] if split is not None else [])
    figure = make_subplots(1, 3, shared_yaxes=True, horizontal_spacing=0.04, subplot_titles=(ACTIVE, HARM, OFFENCES))
    for number, (one, line) in enumerate(zip(lists, LINES, strict=False)):
        for column, estimate in enumerate((one.active, one.harm, one.offences), start=1):
            _add(figure, column, estimate, (len(names) - number, line, _named(one.by)))
    if split is not None:
        lot = (split.random_active, split.random_harm, split.random_offences)
        for column, estimate in enumerate(lot, start=1):
            _add(figure, column, estimate, (1, RANDOM, by_lot))
    figure.update_xaxes(range=[0, 105], ticksuffix=" %", gridcolor=LINE, zeroline=False, fixedrange=True, nticks=5)
    name_rows(figure, names)
    figure.update_annotations(font={"size": 12}, yanchor="bottom")
    review = reviewed(simulated=found.simulated)
    finish(
        figure,
        title=f"What a list of the first {found.top} was worth in the period after",
        rests_on=f"{_rests(found, split, len(drawn))} · {review}<br>{_bars(len(drawn))}",
        alt=f"Worth of lists of {found.top} in the next period. {' '.join(found.statements)} {_bars(len(drawn))}. "
        f"{review}.",
        height=210 + 44 * max(len(names), 2),
    )
    figure.update_layout(showlegend=False, margin={"t": 110})
    return figure


def _named(by: str) -> str:
    return f"by {MEASURES[by].name.lower() if by != 'rfh' else 'RFH'}" if by in MEASURES else f"by {by}"


def _rests(found: BackTest, split: SplitWorth | None, drawn: int) -> str:
    if split is None:
        why = found.splits[0].insufficient if found.splits else None
        return f"insufficient{'' if why is None else ': ' + why}"
    if drawn > 1:
        return f"mean of {counted(drawn, 'split')}, the last of {_days(split)}"
    return f"{_days(split)} · {counted(split.persons, 'person')}, then {split.next_persons:,}"


def _bars(drawn: int) -> str:
    lot = "by lot: the last split alone, not a mean; its" if drawn > 1 else "drawn by lot: the"
    return f"bars: 95 % intervals · {lot} bar is what 95 % of such lists come to"


def _days(split: SplitWorth) -> str:
    def day(which: object) -> str:
        return f"{which:%-d %b %Y}"

    listed = f"{day(split.list_since)} to {day(split.list_until)}"
    return f"lists of {listed} in {day(split.next_since)} to {day(split.next_until)}"


def _add(figure: go.Figure, column: int, estimate: Estimate, row: tuple[float, Line, str]) -> None:
    at, line, name = row
    if estimate.value is None:
        figure.add_scatter(x=[2], y=[at], mode="text", text=["insufficient"], textposition="middle right",
                           hoverinfo="skip", name=name, row=1, col=column)  # fmt: skip
        return
    low = estimate.value if estimate.low is None else estimate.low
    high = estimate.value if estimate.high is None else estimate.high
    figure.add_scatter(
        x=[estimate.value],
        y=[at],
        mode="markers+text",
        text=[f"{estimate.value:.0f} %"],
        textposition="top center",
        textfont={"size": 12},
        marker={"color": line.colour, "symbol": line.symbol, "size": 10},
        error_x={"type": "data", "symmetric": False, "array": [max(high - estimate.value, 0)],
                 "arrayminus": [max(estimate.value - low, 0)], "color": line.colour, "thickness": 2.5, "width": 0},
        hovertemplate=f"{name}: {estimate.value:.1f} % (95 %: {low:.1f} to {high:.1f} %)<extra></extra>",
        name=name,
        cliponaxis=False,
        row=1,
        col=column,
    )  # fmt: skip
