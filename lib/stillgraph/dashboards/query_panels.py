"""The pieces of the query page, and what shows the rows of any query: widgets, no rule."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import ipywidgets as widgets

from stillgraph.dashboards import markup
from stillgraph.dashboards.downloads import Download
from stillgraph.dashboards.panels import Card, Html
from stillgraph.dashboards.pieces import button, told
from stillgraph.dashboards.query_state import QueryState

if TYPE_CHECKING:
    import pandas as pd

    from stillgraph.records import SavedQuery

NOTE = (
    "One read-only SELECT over the documented views, begun with %%case in a cell of its own; Tab completes views and "
    "columns. Anything else is refused, and every attempt is recorded, with ? for each value."
)
SAVED_NOTE = (
    "Yours, and those that others share. A saved query keeps its text as it was written, values and all: whoever saves "
    "a name saves a name."
)
EMPTY = "No query is saved yet: begin a cell with %%case --save NAME."
MOST = 2_000
"""Rows that a page shows; the file has all."""


def head(state: QueryState) -> widgets.Widget:
    """Return the title and the place where a failure says why."""
    said = Html("")

    def show(_change: object = None) -> None:
        said.value = markup.notice(state.said) if state.said else ""
        said.layout.display = None if state.said else "none"

    state.observe(show, names="said")
    show()
    return Card(Html(markup.heading("Ask the case", NOTE)), said, told(state))


def saved(state: QueryState) -> widgets.Widget:
    """Return the saved queries: chosen, read, run, deleted; and the rows of the one that was run."""
    which = widgets.Dropdown(options=[], description="Query", style={"description_width": "initial"})
    which.add_class("sg-chooser")
    text, none, rows = Html(""), Html(markup.note(EMPTY)), Card(kind="sg-stack")
    run = button("Run", state.run, state)
    run.button_style = "primary"
    drop = button("Delete", state.delete, state)
    form = Card(Card(which, run, drop, kind="sg-tools"), text, kind="sg-form")

    def list_again(_change: object = None) -> None:
        which.options = [(_said(one, state.officer), one.name) for one in unique(state.saved)]
        which.value = state.name or None
        form.layout.display = None if state.saved else "none"
        none.layout.display = "none" if state.saved else None

    def chose(_change: object = None) -> None:
        if which.value and which.value != state.name:
            state.choose(which.value)

    def show(_change: object = None) -> None:
        chosen = state.chosen
        text.value = "" if chosen is None else f'<pre class="sg-sql">{escape(chosen.sql.strip())}</pre>'
        for part in rows.children:
            part.close()
        rows.children = () if state.rows is None else (result(state.rows, state.name),)

    which.observe(chose, names="value")
    state.observe(list_again, names="saved")
    state.observe(show, names=["name", "rows", "saved"])
    list_again()
    show()
    return Card(Html(markup.heading("Saved queries", SAVED_NOTE)), none, form, rows)


def result(rows: pd.DataFrame, name: str) -> widgets.Widget:
    """Return rows as a table to sort, search and leaf through, and as files."""
    first = f", the first {MOST:,} shown" if len(rows) > MOST else ""
    said = markup.note(f"{markup.counted(len(rows), 'row')}{first}. Times are UTC, money is in pence.")
    table = _table(rows.head(MOST), name) if len(rows.columns) and len(rows) else Html("")
    return Card(Html(said), table, Download(lambda: rows, name or "rows"), kind="sg-result")


def unique(found: tuple[SavedQuery, ...]) -> list[SavedQuery]:
    """Return saved queries, of two of one name the one that is run by it."""
    first: dict[str, SavedQuery] = {}
    for one in found:
        first.setdefault(one.name, one)
    return list(first.values())


def _table(rows: pd.DataFrame, name: str) -> widgets.Widget:
    """Return an interactive table; whatever a cell holds is shown as text."""
    from itables.widget import ITable

    told = rows.copy()
    told.columns = [str(column) for column in told.columns]
    for at in range(len(told.columns)):
        kept = told.iloc[:, at]
        if str(kept.dtype).startswith("datetime64"):
            told.isetitem(at, kept.dt.strftime("%Y-%m-%d %H:%M:%S").to_numpy(dtype=object))
    return ITable(
        told, caption=name or "rows", maxBytes=0, classes="display compact", showIndex=False, lengthMenu=[10, 25, 100],
        allow_html=False,
    )  # fmt: skip


def _said(one: SavedQuery, officer: str) -> str:
    return one.name if one.officer == officer else f"{one.name} · shared by {one.officer}"
