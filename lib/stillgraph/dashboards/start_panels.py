"""The pieces of the start page: widgets over a state, no rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ipywidgets as widgets

from stillgraph.dashboards import markup
from stillgraph.dashboards.markup import Column, Number
from stillgraph.dashboards.panels import Card, Html
from stillgraph.dashboards.pieces import told
from stillgraph.dashboards.start_state import SPANS, StartState

if TYPE_CHECKING:
    from stillgraph.casework.beginning import Beginning, New

SHOWN = 20
"""Contradictions shown; the view and the command list all."""


def head(state: StartState) -> widgets.Widget:
    """Return whose desk it is, on which case, and what the case holds."""
    first: Beginning = state.begun
    held = first.held
    review = "; simulated review" if first.simulated else " by officers"
    looked = (
        "for the first time" if first.last_looked is None else f"again, last on {markup.plain(first.last_looked)} UTC"
    )
    numbers = markup.numbers([
        Number("Stills", f"{held.stills:,}", f"of {held.offences:,} offences from {held.retailers:,} retailers"),
        Number("Custody images", f"{held.custody_images:,}", f"of {held.nominals:,} nominals"),
        Number("Candidate lists", f"{held.lists:,}", "sent to review so far"),
        Number("Persons", f"{held.corroborated:,}", f"corroborated{review}"),
    ])  # fmt: skip
    said = markup.facts([("Case", state.case), ("Officer", first.officer), ("Operation", first.operation)])
    return Card(Html(markup.heading("What is in the case", f"You look at it {looked}.") + said + numbers), told(state))


def waiting(state: StartState) -> widgets.Widget:
    """Return what waits for the officer, each with where it is done."""
    first: Beginning = state.begun
    held = first.held
    rows = [
        ("Candidate lists to judge", state.lists_waiting, "review.ipynb"),
        ("Stills to search", held.unsearched, "search.ipynb"),
        ("Deliveries dropped, not taken in", state.uploads_waiting, "intake.ipynb"),
        ("Contradictions between rulings", len(first.contradictions), "persons.ipynb"),
        *([] if first.proposals is None else [("Proposals of linking", first.proposals, "persons.ipynb")]),
        ("New custody images not compared with open stills", held.not_compared, "stillgraph search --open-stills"),
        ("Custody images past their review date, not searched", held.past_review, "whoever decides on retention"),
    ]  # fmt: skip
    columns = (Column("What"), Column("How many", numeric=True), Column("Where"))
    table = markup.table("What waits", columns, [(what, f"{count:,}", where) for what, count, where in rows])
    listed = "".join(markup.note(f"{', '.join(one.faces)}: {one.reason}") for one in first.contradictions[:SHOWN])
    place = Card(
        Html(
            markup.heading("What waits for you", "Lists that you searched, judged or ruled on are not among them.")
            + table
            + listed
        )
    )
    place.add_class("sg-worded")
    return place


def new(state: StartState) -> widgets.Widget:
    """Return what is new since a time that is chosen."""
    span = widgets.ToggleButtons(options=list(SPANS), description="New", style={"description_width": "initial"})
    span.add_class("sg-toggle")
    place = Html("")

    def show(_change: object = None) -> None:
        place.value = _new(state.begun)

    widgets.link((state, "span"), (span, "value"))
    state.observe(show, names="begun")
    show()
    whole = Card(Html(markup.heading("What is new")), span, place)
    whole.add_class("sg-worded")
    return whole


def _new(begun: Beginning) -> str:
    found: New = begun.new
    rows = [
        ("Deliveries", found.deliveries), ("Stills taken in", found.stills), ("Rows refused", found.refused),
        ("Custody images enrolled", found.custody_images), ("Searches", found.searches),
        ("Faces with a new candidate list", found.lists), ("Judgements given", found.judgements),
        ("Rulings between faces", found.rulings), ("Linking runs", found.linking_runs),
        ("Attempts that were refused", found.refusals),
    ]  # fmt: skip
    some = [(what, f"{count:,}") for what, count in rows if count]
    since = f"Since {markup.plain(begun.since)} UTC"
    if not some:
        return markup.note(f"{since}: nothing.")
    return markup.table(since, (Column("What"), Column("How many", numeric=True)), some)
