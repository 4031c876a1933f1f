"""How unequally a measure is spread: Lorenz curves with the line of equality and intervals at stated shares."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from stillgraph.errors import WrongUse
from stillgraph.figures.theme import LINE, LINES, MUTED, Line, counted, finish, reviewed
from stillgraph.records import ConcentrationReport

_MEASURE = {"harm": "harm", "count": "offences", "value": "value of goods"}


def lorenz_curves(reports: Sequence[ConcentrationReport], *, period: str) -> go.Figure:
    """Draw the Lorenz curve of each report: persons, stores, retailers, boroughs by one measure.

    Points with bars are what the first so many hold, with 95 % intervals: the bootstrap's, at the shares that the
    report states.

    Parameters
    ----------
    reports : sequence of ConcentrationReport
        All by one measure; a report that states nothing is named in the legend and not drawn.
    period : str
        The days counted, in words.

    Raises
    ------
    WrongUse
        There is none, they are by several measures, or more than there are lines to tell apart.
    """
    measures = {report.by for report in reports}
    if len(measures) != 1 or len(reports) > len(LINES):
        raise WrongUse(f"Lorenz curves stand together by one measure, one to {len(LINES)} of them; ask for those.")
    what = _MEASURE.get(reports[0].by, reports[0].by)
    figure = go.Figure()
    figure.add_scatter(
        x=[0, 100], y=[0, 100], mode="lines", name="equal", line={"color": MUTED, "width": 1, "dash": "dot"},
        hoverinfo="skip",
    )  # fmt: skip
    for report, line in zip(reports, LINES, strict=False):
        _add(figure, report, line, what)
    axis = {"range": [0, 100], "ticksuffix": " %", "gridcolor": LINE, "zeroline": False, "fixedrange": True}
    figure.update_xaxes(axis, title="share of units, those who hold least first", automargin=True, constrain="domain")
    figure.update_yaxes(axis, title=f"share of {what}", automargin=True, scaleanchor="x", constrain="domain")
    units = ", ".join(f"{report.found.units:,} {report.of}" for report in reports)
    review = reviewed(simulated=reports[0].simulated)
    return finish(
        figure,
        title=f"How concentrated the {what} is",
        rests_on=f"{period} · {review}<br>{units}<br>bars: 95 % of what the first so many hold",
        alt=f"Lorenz curves of {what}: " + "; ".join(report.statement for report in reports) + f" {review}.",
        height=560,
    )


def _add(figure: go.Figure, report: ConcentrationReport, line: Line, what: str) -> None:
    found = report.found
    if found.lorenz is None or found.gini.value is None:
        figure.add_scatter(x=[], y=[], mode="lines", name=f"{report.of}: too few to state", line={"color": line.colour})
        return
    gini = f"Gini {found.gini.value:.2f}"
    if found.gini.low is not None and found.gini.high is not None:
        gini += f", 95 %: {found.gini.low:.2f} to {found.gini.high:.2f}"
    figure.add_scatter(
        x=[100 * at for at in found.lorenz.units],
        y=[100 * at for at in found.lorenz.held],
        mode="lines",
        name=f"{report.of} ({gini})",
        line={"color": line.colour, "dash": line.dash, "width": 2},
        hovertemplate="%{x:.0f} % of " + report.of + " hold %{y:.0f} %<extra></extra>",
        legendgroup=report.of,
    )
    stated = [
        (share.units, share.percent.value, share.percent.low, share.percent.high)
        for share in found.shares
        if share.top_percent is not None
        and share.percent.value is not None
        and share.percent.low is not None
        and share.percent.high is not None
    ]
    figure.add_scatter(
        x=[100 * (1 - units / found.units) for units, *_ in stated],
        y=[100 - value for _, value, _, _ in stated],
        mode="markers",
        name=f"{report.of}, shares",
        marker={"color": line.colour, "symbol": line.symbol, "size": 9},
        error_y={
            "type": "data",
            "symmetric": False,
            "array": [value - low for _, value, low, _ in stated],
            "arrayminus": [high - value for _, value, _, high in stated],
            "color": line.colour,
            "thickness": 2,
            "width": 4,
        },
        customdata=[[counted(units, "unit"), value, low, high] for units, value, low, high in stated],
        hovertemplate="the first %{customdata[0]} of " + report.of + " hold %{customdata[1]:.0f} % of " + what
        + " (95 %: %{customdata[2]:.0f} to %{customdata[3]:.0f} %)<extra></extra>",
        legendgroup=report.of,
        showlegend=False,
    )  # fmt: skip
