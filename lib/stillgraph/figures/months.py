"""Harm, offences or value by retailer and month, as a field of shades with its numbers."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from stillgraph.errors import WrongUse
from stillgraph.figures.theme import SHADED, SHADES, counted, finish

AMOUNTS = {
    "harm": ("Harm", "days of imprisonment", "harm_days", 1.0),
    "count": ("Offences", "offences", "", 1.0),
    "value": ("Value", "value of goods, £", "value_pence", 0.01),
}
"""By amount: its name, its unit, its column, and what turns the column into the unit."""


def retailer_months(offences: pd.DataFrame, *, by: str = "harm", period: str) -> go.Figure:
    """Draw what each retailer reported in each month, the retailer with most first.

    Parameters
    ----------
    offences : pandas.DataFrame
        One row an offence: retailer, occurred_at (UTC), harm_days, value_pence.
    by : str
        ``harm``, ``count`` or ``value``.
    period : str
        The days the offences span, in words; the first and the last month may be in part.

    Raises
    ------
    WrongUse
        Another amount is asked for.
    """
    if by not in AMOUNTS:
        raise WrongUse(f"Months are drawn by {', '.join(AMOUNTS)}; not by {by!r}.")
    name, unit, column, factor = AMOUNTS[by]
    amount = offences[column] * factor if column else pd.Series(1.0, index=offences.index)
    month = offences["occurred_at"].dt.tz_localize(None).dt.to_period("M")
    table = pd.DataFrame({"retailer": offences["retailer"], "month": month, "amount": amount}).pivot_table(
        index="retailer", columns="month", values="amount", aggfunc="sum", observed=True
    )
    if len(table):
        table = table.reindex(columns=pd.period_range(table.columns.min(), table.columns.max(), freq="M"))
        table = table.loc[table.sum(axis=1).sort_values(ascending=False, kind="stable").index]
    totals = [f"{retailer} ({total:,.0f})" for retailer, total in table.sum(axis=1).items()]
    firsts = [f"{m:%b}" == "Jan" or at == 0 for at, m in enumerate(table.columns)]
    months = [f"{m:%b}" + (f"<br>{m:%Y}" if first else "") for m, first in zip(table.columns, firsts, strict=True)]
    figure = go.Figure(
        go.Heatmap(
            z=table.to_numpy(),
            x=list(range(len(months))),
            y=totals,
            colorscale=[list(shade) for shade in SHADES],
            zmin=0,
            xgap=2,
            ygap=2,
            texttemplate="%{z:,.0f}",
            textfont={"size": 12},
            customdata=[[f"{m:%B %Y}" for m in table.columns]] * len(table),
            hovertemplate="<b>%{y}</b><br>%{customdata}: %{z:,.0f} " + unit + "<extra></extra>",
            hoverongaps=False,
            colorbar={"title": {"text": unit, "side": "right"}, "thickness": 12, "outlinewidth": 0, "tickformat": ","},
        )
    )
    figure.update_xaxes(tickvals=list(range(len(months))), ticktext=months, showgrid=False, zeroline=False, ticks="",
                        fixedrange=True, automargin=True)  # fmt: skip
    figure.update_yaxes(autorange="reversed", automargin=True, ticksuffix="  ", ticks="", showgrid=False,
                        zeroline=False, fixedrange=True)  # fmt: skip
    counts = f"{counted(len(offences), 'offence')} of {counted(len(table), 'retailer')}"
    first = totals[0] if totals else "nobody"
    finish(
        figure,
        title=f"{name} by retailer and month",
        rests_on=f"{period} · {counts} as reported, whoever did them<br>beside a retailer: its total · "
        "an empty field: no offence reported",
        alt=f"Field of {unit} by retailer and month: {counts}; most: {first}.",
        height=200 + 34 * max(len(table), 3),
    )
    return figure.update_layout(plot_bgcolor=SHADED)
