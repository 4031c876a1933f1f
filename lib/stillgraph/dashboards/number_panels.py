"""The key numbers and the counts in their small print, each of which opens to the rows behind it, down to a still."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ipywidgets as widgets
import pandas as pd

from stillgraph.dashboards import markup, wording
from stillgraph.dashboards.downloads import Download
from stillgraph.dashboards.panels import Card, Html
from stillgraph.dashboards.pieces import button

if TYPE_CHECKING:
    from stillgraph.dashboards.state import OverviewState

SHOWN, TO_CHOOSE = 100, 2000
"""Rows shown of those behind a number, and stills to choose from; the file has all."""
NOTE = "The rows this number counts."
STILLS_NOTE = f"{NOTE} Choose a still to look at it; that you looked is recorded."
NO_STILL = "choose a still"


def band(state: OverviewState) -> widgets.Widget:
    """Return the key numbers, each with the button that opens it, and what they open to below."""
    cards = [_number(state, number) for number in wording.key_numbers(state.glance, markup.opens)]
    depends = Html(wording.yield_note(state.glance, markup.opens))
    return Card(Card(*cards, kind="sg-numbers"), depends, _opened(state), kind="sg-band")


def _number(state: OverviewState, number: markup.Number) -> widgets.Widget:
    opener = button("See the rows", lambda: state.open_number(number.label), state)
    opener.tooltip = f"See the rows behind: {number.label}"
    opener.add_class("sg-open")
    return Card(Html(markup.number(number)), opener, kind="sg-number-card")


def _opened(state: OverviewState) -> widgets.Widget:
    title, table, picture = Html(""), Html(""), Html("")
    which = widgets.Dropdown(options=[(NO_STILL, "")], description="Still", style={"description_width": "initial"})
    which.add_class("sg-chooser")
    keep = Download(lambda: state.behind, "rows", kinds=("csv", "xlsx"))
    close = button("Close", lambda: state.open_number(""), state)
    whole = Card(title, Card(keep, close, kind="sg-tools"), table, which, picture)

    def show(_change: object = None) -> None:
        rows: pd.DataFrame | None = state.behind
        whole.layout.display = "none" if rows is None else None
        if rows is None:
            return
        pictured = "still_id" in rows.columns
        filters = f"{state.number} · {state.period} · {markup.counted(len(rows), 'row')}"
        if state.counted != len(rows):
            filters += f", of {state.counted:,} counted once each"
        title.value = markup.heading(f"Behind: {state.number}", STILLS_NOTE if pictured else NOTE) + markup.note(
            filters
        )
        keep.name = state.number.lower().replace(" ", "-")
        table.value = markup.frame(state.number, rows.rename(columns=lambda name: name.replace("_", " ")), SHOWN)
        which.layout.display = None if pictured else "none"
        stills = list(dict.fromkeys(rows["still_id"]))[:TO_CHOOSE] if pictured else []
        which.options = [(NO_STILL, ""), *((still, still) for still in stills)]
        which.value = ""

    def look(_change: object = None) -> None:
        shown = state.picture
        picture.value = "" if shown is None else _still(state.still, shown)

    widgets.link((state, "still"), (which, "value"))
    state.observe(show, names="behind")
    state.observe(look, names="picture")
    show()
    return whole


def _still(still: str, picture: bytes) -> str:
    return f'<div class="sg-context">{markup.picture(picture, f"Still {still}", still)}</div>'
