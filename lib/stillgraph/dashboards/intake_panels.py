"""The pieces of the intake page: widgets over a state, no rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ipywidgets as widgets

from stillgraph.dashboards import markup
from stillgraph.dashboards.downloads import Download
from stillgraph.dashboards.intake_state import IntakeState
from stillgraph.dashboards.markup import Column
from stillgraph.dashboards.panels import Card, Html
from stillgraph.dashboards.pieces import button, told
from stillgraph.dashboards.progress import progress
from stillgraph.dashboards.uploads import FileDrop

if TYPE_CHECKING:
    from stillgraph.casework.uploading import Upload
    from stillgraph.records import IntakeReport

NOTE = (
    "Drop the manifest (CSV or XLSX) and its images together, or one ZIP archive of them; for a retailer's first "
    "delivery stores.csv too. Every row is taken in or refused with its reason, and none is dropped silently."
)
KEPT_NOTE = (
    "What you drop waits here until it is taken in or thrown away. Stop it, close the page, lose the connection: the "
    "case stays as it was, and the delivery can be taken in again."
)
NEW = "A new retailer …"
SHOWN = 200
"""Refused rows shown; the file has all."""


def head(state: IntakeState) -> widgets.Widget:
    """Return the title, where files are dropped, and the place where a failure says why."""
    drop = FileDrop(state.drop, accept=".csv,.xlsx,.zip,image/*")
    drop.add_class("sg-drop")
    return Card(Html(markup.heading("A delivery", NOTE)), drop, told(state))


def waiting(state: IntakeState) -> widgets.Widget:
    """Return the deliveries that wait, whose the chosen one is, and what takes it in."""
    which = widgets.Dropdown(options=[], description="Delivery", style={"description_width": "90px"})
    whose = widgets.Dropdown(options=_retailers(state), description="Retailer", style={"description_width": "90px"})
    named = widgets.Text(
        description="Its id", placeholder="as in its stores.csv, e.g. R13", style={"description_width": "90px"}
    )
    for one in (which, whose):
        one.add_class("sg-chooser")
    take = button("Take in", state.take_in, state)
    take.button_style = "primary"
    throw = button("Throw away", state.discard, state)
    why, none = Html(""), Html(markup.note("No delivery waits."))
    form = Card(which, whose, named, Card(take, throw, kind="sg-tools"), why, kind="sg-form")

    def list_again(_change: object = None) -> None:
        which.options = [(_said(one), one.upload_id) for one in state.waiting]
        which.value = state.upload_id or None
        form.layout.display = None if state.waiting else "none"
        none.layout.display = "none" if state.waiting else None
        kept = whose.value
        whose.options = _retailers(state)
        whose.value = kept if kept in dict(whose.options).values() else ""
        show()

    def chose(_change: object = None) -> None:
        state.upload_id = which.value or ""

    def named_one(_change: object = None) -> None:
        named.layout.display = None if whose.value == NEW else "none"
        state.retailer = named.value if whose.value == NEW else whose.value or ""

    def show(_change: object = None) -> None:
        blockers = state.blockers()
        take.disabled = bool(blockers) or state.work.running
        throw.disabled = which.disabled = whose.disabled = state.work.running
        why.value = "" if state.work.running else "".join(markup.note(one) for one in blockers)

    which.observe(chose, names="value")
    whose.observe(named_one, names="value")
    named.observe(named_one, names="value")
    state.observe(list_again, names="waiting")
    state.observe(show, names=["upload_id", "retailer"])
    state.work.observe(show, names="running")
    named_one()
    list_again()
    head = Html(markup.heading("Waiting to be taken in", KEPT_NOTE))
    return Card(head, none, form, progress(state.work, "Taking in a delivery"))


def came_of_it(state: IntakeState) -> widgets.Widget:
    """Return what became of the last delivery: counts, refused rows with their reasons, and these as a file."""
    place = Html("")
    keep = Download(state.refused, "refused rows", ("csv", "xlsx"))
    whole = Card(place, keep)

    def show(_change: object = None) -> None:
        report: IntakeReport | None = state.report
        whole.layout.display = "none" if report is None else None
        keep.layout.display = None if report is not None and report.refused else "none"
        place.value = "" if report is None else _report(report)

    state.observe(show, names="report")
    show()
    return whole


def _report(report: IntakeReport) -> str:
    rate = "" if report.images_per_s is None else f", {report.images_per_s:.1f} images a second"
    said = markup.heading("Taken in") + markup.facts([
        ("Accepted", markup.counted(report.accepted, "row")), ("Refused", markup.counted(len(report.refused), "row")),
        ("Faces found", f"{report.faces:,}"), ("Without a face", markup.counted(report.without_face, "still")),
        ("Time", f"{report.elapsed_s:.1f} s{rate}"),
    ])  # fmt: skip
    if not report.refused:
        return said + markup.note("No row was refused. The stills wait to be searched.")
    columns = (Column("Line", numeric=True), Column("Image"), Column("Field"), Column("Why"))
    rows = ((one.line, one.image, one.field, one.reason) for one in report.refused[:SHOWN])
    first = "" if len(report.refused) <= SHOWN else f", the first {SHOWN} shown"
    caption = f"Refused: {markup.counted(len(report.refused), 'row')}{first}"
    return said + markup.table(caption, columns, rows) + markup.note("Put right, a row can be sent again.")


def _said(one: Upload) -> str:
    if one.cut_short:
        return f"{one.kept_at:%d %b %H:%M} · {markup.counted(one.images, 'image')} · cut short while it was kept"
    stores = ", stores" if one.stores is not None else ""
    return f"{one.kept_at:%d %b %H:%M} · {markup.counted(one.images, 'image')}{stores} · dropped by {one.officer}"


def _retailers(state: IntakeState) -> list[tuple[str, str]]:
    known = [(f"{retailer} · {name}", str(retailer)) for retailer, name in state.retailers.items()]
    return [("Choose …", ""), *known, (NEW, NEW)]
