"""The pieces of the search page: widgets over a state, no rule."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import ipywidgets as widgets

from stillgraph.dashboards import markup, search_wording
from stillgraph.dashboards.panels import Card, Html
from stillgraph.dashboards.pieces import button, told
from stillgraph.dashboards.progress import progress
from stillgraph.dashboards.search_state import SearchState
from stillgraph.dashboards.uploads import FileDrop
from stillgraph.records import Filters

LABEL = {"description_width": "130px"}
RECORDED = {
    "sex": "Sex, as recorded", "conviction_status": "Conviction", "force": "Force", "area": "Area", "basis": "Basis",
}  # fmt: skip


def head(state: SearchState) -> widgets.Widget:
    """Return where a still is picked or a picture dropped, and the place where a failure says why."""
    which = widgets.Combobox(
        placeholder="Type or choose, e.g. R01/R01_0001.jpg", description="Still", ensure_option=True,
        style={"description_width": "initial"},
    )  # fmt: skip
    which.add_class("sg-chooser")
    said = Html("")

    def offer(_change: object = None) -> None:
        which.options = tuple(str(one.still) for one in state.stills)

    def picked(change: dict[str, Any]) -> None:
        if change["new"] and change["new"] != state.still:
            state.pick(change["new"])

    def dropped(files: list[tuple[str, bytes]]) -> None:
        state.drop(*files[0])
        which.value = state.still

    def tell(_change: object = None) -> None:
        said.value = markup.notice(state.said) if state.said else ""
        said.layout.display = None if state.said else "none"

    drop = FileDrop(dropped, label="Choose a picture", accept="image/*")
    drop.add_class("sg-drop")
    which.observe(picked, names="value")
    state.observe(offer, names="stills")
    state.observe(tell, names="said")
    offer()
    tell()
    first = Html(markup.heading("A still", search_wording.NOTE))
    return Card(first, which, drop, said, told(state))


def waiting(state: SearchState) -> widgets.Widget:
    """Return what searches every still that waits, with its progress."""
    place = Html("")
    go = button("Search them all", state.search_waiting, state)

    def show(_change: object = None) -> None:
        place.value = markup.heading("Stills not searched yet", search_wording.waiting(state.waiting))
        go.disabled = state.work.running or not state.waiting

    state.observe(show, names="stills")
    state.work.observe(show, names="running")
    show()
    return Card(place, Card(go, kind="sg-tools"), progress(state.work, "Searching the stills that wait"))


def picture(state: SearchState) -> widgets.Widget:
    """Return the picture with its faces framed, which face is chosen, and how good it is."""
    place, quality = Html(""), Html("")
    which = widgets.ToggleButtons(options=[], description="Face", style={"description_width": "initial"})
    which.add_class("sg-toggle")
    whole = Card(place, which, quality)
    listing: list[bool] = []

    def draw(_change: object = None) -> None:
        whole.layout.display = None if state.picture is not None else "none"
        if state.picture is not None:
            place.value = search_wording.framed(state.picture, state.faces, state.face_id, state.still)

    def offer(_change: object = None) -> None:
        listing.append(True)  # a new list is no choice
        which.options = [(f"Face {n}", str(one.face_id)) for n, one in enumerate(state.faces, start=1)]
        listing.clear()
        which.layout.display = None if state.faces else "none"

    def show(_change: object = None) -> None:
        if state.face_id in [value for _, value in which.options]:
            which.value = state.face_id
        quality.value = search_wording.quality(state.faces, state.face_id)

    def chose(change: dict[str, Any]) -> None:
        if not listing and change["new"] and change["new"] != state.face_id:
            state.choose(change["new"])

    which.observe(chose, names="value")
    state.observe(offer, names="faces")
    state.observe(show, names=["face_id", "faces"])
    state.observe(draw, names=["picture", "faces", "face_id"])
    offer()
    draw()
    return whole


def asking(state: SearchState, enhance: Callable[[str], widgets.Widget]) -> widgets.Widget:
    """Return what narrows the gallery, and what searches; ``enhance`` gives the tool for a still."""
    narrow = widgets.ToggleButton(value=False, description="Narrow the gallery", icon="filter")
    fields, read = _filters(state)
    shown = Card(*fields, kind="sg-filters")
    go = button("", lambda: _ask(state, read), state)
    go.button_style = "primary"
    tool = Card(kind="sg-stack")
    work = widgets.ToggleButton(value=False, description="Enhance the picture")
    whole = Card(Card(go, narrow, work, kind="sg-tools"), shown, Html(markup.note(search_wording.ASK_NOTE)))

    def open_filters(_change: object = None) -> None:
        shown.layout.display = None if narrow.value else "none"

    def open_tool(_change: object = None) -> None:
        for part in tool.children:
            part.close()
        tool.children = (enhance(state.still),) if work.value and state.still else ()

    def show(_change: object = None) -> None:
        whole.layout.display = None if state.picture is not None else "none"
        go.description = "Search and send to review" if state.still else "Search"
        work.disabled = not state.still
        if not state.still:
            work.value = False
        open_tool()

    narrow.observe(open_filters, names="value")
    work.observe(open_tool, names="value")
    state.observe(show, names=["still", "picture"])
    open_filters()
    show()
    return Card(whole, tool, kind="sg-stack")


def candidates(state: SearchState) -> widgets.Widget:
    """Return the chosen face's candidates as cards, and what a score and a ratio say and do not."""
    place = Html("")
    whole = Card(place)

    def show(_change: object = None) -> None:
        whole.layout.display = None if state.report is not None else "none"
        if state.report is not None:
            place.value = search_wording.candidates(
                state.report, state.probe, state.chips, state.histories, scores=state.shows_scores,
                in_review=state.in_review, from_outside=not state.still,
            )  # fmt: skip

    state.observe(show, names=["cards", "in_review", "face_id"])
    show()
    return whole


def _ask(state: SearchState, read: Callable[[], tuple[Filters, bool]]) -> None:
    state.filters, state.past_review = read()
    state.search()


def _filters(state: SearchState) -> tuple[list[widgets.Widget], Callable[[], tuple[Filters, bool]]]:
    """Return the fields that narrow a gallery, and what reads them."""
    words = {
        name: widgets.SelectMultiple(
            options=state.recorded.get(name, ()), rows=min(4, max(2, len(state.recorded.get(name, ())))),
            description=label, style=LABEL,
        )
        for name, label in RECORDED.items()
        if state.recorded.get(name)
    }  # fmt: skip
    since, until = (widgets.DatePicker(description=said, style=LABEL) for said in ("Captured from", "Captured to"))
    young, old = (widgets.Text(placeholder="years", description=said, style=LABEL) for said in ("Age from", "Age to"))
    past = widgets.Checkbox(description="Images past their review date too", indent=False)

    def read() -> tuple[Filters, bool]:
        told = {name: tuple(field.value) for name, field in words.items()}
        ages = {"age_from": _years(young.value), "age_to": _years(old.value)}
        days: dict[str, date | None] = {"captured_since": since.value, "captured_until": until.value}
        return Filters(**told, **ages, **days), bool(past.value)  # type: ignore[arg-type]

    return [*words.values(), since, until, young, old, past], read


def _years(text: str) -> int | None:
    from stillgraph.errors import WrongUse

    if not text.strip():
        return None
    if not text.strip().isdecimal():
        raise WrongUse("An age is in whole years, e.g. 20; leave it empty to take all.")
    return int(text)


def enhancement(source: Any, still: str) -> widgets.Widget:
    """Return the tool that enhances a still, within another page."""
    from stillgraph.dashboards import enhancement_panels
    from stillgraph.dashboards.enhancement_state import EnhancementState

    state = EnhancementState(source, still)
    return Card(
        enhancement_panels.head(state), enhancement_panels.pictures(state), enhancement_panels.steps(state),
        enhancement_panels.keeping(state), kind="sg-stack",
    )  # fmt: skip
