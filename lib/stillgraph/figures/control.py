"""A share by month with its control limits: what stands out, and from what the limits were learned."""

from __future__ import annotations

import plotly.graph_objects as go

from stillgraph.evaluation.drift import Chart, Month
from stillgraph.figures.theme import EDGE, INK, LINE, LINES, counted, faint, finish


def control_chart(chart: Chart, *, rests_on: str) -> go.Figure:
    """Draw a share by month, in per cent, with its limits, and mark the months that stand out.

    Parameters
    ----------
    chart : Chart
        Of :func:`stillgraph.evaluation.drift.chart`.
    rests_on : str
        Of what the months are, and what kind of review they rest on.
    """
    shown = [month for month in chart.months if month.rate.value is not None]
    names = [month.month for month in shown]
    figure = go.Figure()
    if chart.centre is not None:
        _limits(figure, chart)
    plain, odd = LINES[0], LINES[1]
    figure.add_scatter(
        x=names, y=[100 * (month.rate.value or 0) for month in shown], mode="lines+markers",
        line={"color": plain.colour, "width": 2}, name="share",
        marker={
            "size": [11 if month.sign else 8 for month in shown],
            "symbol": [odd.symbol if month.sign else plain.symbol for month in shown],
            "color": [odd.colour if month.sign else plain.colour for month in shown],
        },
        customdata=[[_told(month)] for month in shown], hovertemplate="%{customdata[0]}<extra></extra>",
    )  # fmt: skip
    figure.update_xaxes(
        type="category", categoryorder="array", categoryarray=names, showgrid=False, zeroline=False, fixedrange=True,
        automargin=True,
    )  # fmt: skip
    figure.update_yaxes(
        ticksuffix=" %", gridcolor=LINE, zeroline=False, fixedrange=True, rangemode="tozero", automargin=True
    )
    odd_ones = ", ".join(f"{month.month} ({month.sign})" for month in chart.signs)
    wider = f"<br>widened {chart.widened:.1f} times, as months differ more than chance has it"
    learned = f"limits learned from {counted(len(chart.learned_from), 'month')}, crossed by chance once in 370"
    limits = chart.insufficient or learned + (wider if chart.widened > 1.05 else "")
    finish(
        figure,
        title=chart.measure,
        rests_on=f"{rests_on}<br>{limits}",
        alt=f"{chart.measure} by month, {counted(len(shown), 'month')}. Stands out: {odd_ones or 'none'}. "
        f"{limits.replace('<br>', ', ')}.",
        height=356,
    )
    return figure.update_layout(showlegend=False, margin={"t": 112})


def _limits(figure: go.Figure, chart: Chart) -> None:
    judged = [month for month in chart.months if month.low is not None and month.high is not None]
    names = [month.month for month in judged]
    low, high = ([100 * (getattr(month, end) or 0) for month in judged] for end in ("low", "high"))
    plain = {"mode": "lines", "hoverinfo": "skip", "line": {"color": EDGE, "width": 1, "shape": "hvh"}}
    figure.add_scatter(x=names, y=low, name="lower limit", **plain)
    figure.add_scatter(x=names, y=high, name="upper limit", fill="tonexty", fillcolor=faint(EDGE, 0.12), **plain)
    figure.add_hline(y=100 * (chart.centre or 0), line={"color": INK, "width": 1, "dash": "dot"})


def _told(month: Month) -> str:
    rate = month.rate
    said = f"<b>{month.month}</b><br>{100 * (rate.value or 0):.1f} % of {rate.trials:,}"
    return said if month.sign is None else f"{said}<br>{month.sign}"
