"""The choice of months that several pages share: two lists, which a screen reader names and a keyboard reaches."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import ipywidgets as widgets
import pandas as pd

from stillgraph.dashboards.panels import Card, guarded


def months(days: tuple[date, date] | None) -> list[tuple[str, pd.Period]]:
    """Return the months that days touch, each with its name; without days one that says so."""
    if days is None:
        return [("no offences yet", pd.Period(date(2000, 1, 1), freq="M"))]
    return [(f"{month:%b %Y}", month) for month in pd.period_range(*days, freq="M")]


def month_choice(state: Any) -> tuple[widgets.Widget, Callable[[], None]]:
    """Return the choice of the first and last month, and what sets it back to all of them.

    It sets the state's ``since`` and ``until`` at once, of which the first and last month of all set neither. A first
    month after the last brings the last along, and the other way round.
    """
    options = months(state.days)
    every = [month for _, month in options]
    style, width = {"description_width": "initial"}, {"width": "220px"}
    first = widgets.Dropdown(options=options, value=every[0], description="First month", style=style, layout=width)
    last = widgets.Dropdown(options=options, value=every[-1], description="Last month", style=style, layout=width)
    setting: list[bool] = []

    def narrow(low: pd.Period, high: pd.Period) -> None:
        setting.append(True)  # what brings the other along is no choice of its own
        first.value, last.value = low, high
        setting.clear()
        with state.hold_trait_notifications():
            state.since = None if low == every[0] else low.start_time.date()
            state.until = None if high == every[-1] else high.end_time.date()

    def chose_first(change: dict[str, pd.Period]) -> None:
        if not setting:
            narrow(change["new"], max(change["new"], last.value))

    def chose_last(change: dict[str, pd.Period]) -> None:
        if not setting:
            narrow(min(first.value, change["new"]), change["new"])

    first.observe(guarded(chose_first, state), names="value")
    last.observe(guarded(chose_last, state), names="value")
    return Card(first, last, kind="sg-tools"), lambda: narrow(every[0], every[-1])
