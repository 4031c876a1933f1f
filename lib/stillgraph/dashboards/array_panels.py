"""The pieces of the photo-array panel: nine pictures by number, no name, an answer recorded."""

from __future__ import annotations

import ipywidgets as widgets

from stillgraph.dashboards import markup
from stillgraph.dashboards.array_state import NONE, ArrayState
from stillgraph.dashboards.panels import Card, Html
from stillgraph.dashboards.pieces import button, told

SAY = (
    "The person you saw may be among these or not, and you need not choose anybody. Look at every picture before you "
    "answer. The order means nothing."
)
"""What a witness is told first, in the sense of PACE 1984 Code D: that the person may or may not be shown."""

WORDS_HELP = "The witness's own words, how sure they are among them"


def head(state: ArrayState) -> widgets.Widget:
    """Return the title, the number of the array, and the place where a failure says why."""
    number = widgets.BoundedIntText(
        value=max(state.array_id, 1), min=1, max=10**6, description="Array", style={"description_width": "initial"}
    )
    show = button("Show", lambda: state.open(number.value), state)
    return Card(
        Html(f"<h1>Photo array</h1>{markup.note(SAY)}"),
        Card(number, show, kind="sg-tools"),
        told(state),
        kind="sg-head",
    )


def pictures(state: ArrayState) -> widgets.Widget:
    """Return the pictures, each called by its number alone."""
    place = Html("")
    whole = Card(place)

    def show(_change: object = None) -> None:
        shown = [markup.picture(one.png, f"Picture {one.caption}", one.caption) for one in state.plates]
        place.value = f'<div class="sg-array">{"".join(shown)}</div>'
        whole.layout.display = None if state.plates else "none"

    state.observe(show, names="plates")
    show()
    return whole


def answer(state: ArrayState) -> widgets.Widget:
    """Return the choice, none of them among it and as large as any, the witness's words, and what records them."""
    choice = widgets.ToggleButtons(options=[], description="Answer", style={"description_width": "initial"})
    choice.add_class("sg-toggle")
    words = widgets.Textarea(
        description="Words", placeholder=WORDS_HELP, rows=3, layout={"width": "100%"},
        style={"description_width": "initial"},
    )  # fmt: skip
    widgets.link((state, "words"), (words, "value"))
    record = button("Record the answer", state.record, state)
    said = Html("")
    whole = Card(choice, words, Card(record, kind="sg-tools"), said)

    def offer(_change: object = None) -> None:
        choice.options = [(one.caption, one.caption) for one in state.plates] + [("None of them", NONE)]
        choice.value = None  # nothing is said before somebody says it
        whole.layout.display = None if state.plates else "none"
        show()

    def show(_change: object = None) -> None:
        done = bool(state.recorded)
        choice.disabled = words.disabled = done
        record.disabled = done or not state.answer or not state.words.strip()
        said.value = markup.notice(state.recorded) if done else ""

    def chosen(change: dict[str, str | None]) -> None:
        state.answer = change["new"] or ""

    choice.observe(chosen, names="value")
    state.observe(offer, names="plates")
    state.observe(show, names=["answer", "words", "recorded"])
    offer()
    return whole
