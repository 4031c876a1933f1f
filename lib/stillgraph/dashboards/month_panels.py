"""What each retailer reported month by month, and the offences behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ipywidgets as widgets
import pandas as pd

from stillgraph import figures
from stillgraph.dashboards import markup, wording
from stillgraph.dashboards.downloads import Download
from stillgraph.dashboards.panels import Card, Chart, Html, guarded, later
from stillgraph.dashboards.pieces import button

if TYPE_CHECKING:
    from stillgraph.dashboards.state import OverviewState

SHOWN = 25
"""Offences shown; the file has all."""
AMOUNTS = (("Harm", "harm"), ("Offences", "count"), ("Value", "value"))
COLUMNS = ("offence_id", "occurred_at", "offence", "harm_days", "value_pence", "store", "borough", "retailer", "link")
KEPT_AS = ("csv", "xlsx")
WIDE = {"description_width": "initial"}
EVERY = "all retailers"


def retailer_months(state: OverviewState) -> widgets.Widget:
    """Return harm, offences or value by retailer and month, and, once they are asked for, the offences counted."""
    head = Html(markup.heading("Retailers by month", wording.MONTHS_NOTE))
    return Card(head, later(state, lambda: _drawn(state)))


def _drawn(state: OverviewState) -> widgets.Widget:
    if state.places.empty:
        return Html(markup.notice(wording.NO_OFFENCES))
    by = widgets.Dropdown(options=AMOUNTS, value="harm", description="Shade by", style=WIDE)
    chart = Chart(figures.retailer_months(state.places, by="harm", period=state.period))

    def redraw(change: dict[str, Any]) -> None:
        chart.show(figures.retailer_months(state.places, by=change["new"], period=state.period))

    by.observe(guarded(redraw, state), names="value")
    opener, rows = _behind(state)
    return Card(Card(by, opener, kind="sg-tools"), chart, rows, kind="sg-stack")


def _behind(state: OverviewState) -> tuple[widgets.Widget, widgets.Widget]:
    """Return what opens the offences that the fields count, and where they are shown, of one retailer or of all."""
    names = sorted(state.places["retailer"].unique())
    which = widgets.Dropdown(options=[(EVERY, ""), *((n, n) for n in names)], description="Retailer", style=WIDE)
    table = Html("")

    def chosen() -> pd.DataFrame:
        some = state.places if not which.value else state.places[state.places["retailer"] == which.value]
        return some[list(COLUMNS)].sort_values(["occurred_at", "offence_id"])

    def show(_change: object = None) -> None:
        rows = chosen()
        told = f"{state.period} · {which.value or EVERY} · {markup.counted(len(rows), 'offence')}"
        named = rows.rename(columns=lambda name: name.replace("_", " "))
        table.value = markup.note(told) + markup.frame("Offences", named, SHOWN)

    close = widgets.Button(description="Close")
    keep = Download(chosen, "offences", KEPT_AS)
    place = Card(Card(which, keep, close, kind="sg-tools"), table, kind="sg-stack")
    place.layout.display = "none"

    def turn(*, open_: bool) -> None:
        place.layout.display = None if open_ else "none"
        table.value = ""  # a page does not hold rows that nobody looks at
        if open_:
            show()

    which.observe(guarded(show, state), names="value")
    close.on_click(lambda _button: turn(open_=False))
    opener = button("See the offences", lambda: turn(open_=True), state)
    return opener, place
