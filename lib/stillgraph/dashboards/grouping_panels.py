"""The pieces of the grouping panel: widgets over a state, no rule."""

from __future__ import annotations

import ipywidgets as widgets

from stillgraph.casework.linking import GroupFace
from stillgraph.dashboards import grouping_wording, markup
from stillgraph.dashboards.grouping_state import GroupingState
from stillgraph.dashboards.panels import Card, Html
from stillgraph.dashboards.pieces import button, close, told
from stillgraph.dashboards.progress import progress


def head(state: GroupingState) -> widgets.Widget:
    """Return the title, and the places where an action says what it came to and a failure why."""
    said = Html("")

    def show(_change: object = None) -> None:
        said.value = markup.notice(state.said) if state.said else ""

    state.observe(show, names="said")
    return Card(Html(f"<h1>Persons</h1>{markup.note(grouping_wording.NOTE)}"), said, told(state), kind="sg-head")


def person(state: GroupingState) -> widgets.Widget:
    """Return the choice of a person, and that person's faces to choose from, nearest to the others first."""
    chooser = widgets.Dropdown(options=[], description="Person", style={"description_width": "initial"})
    chooser.add_class("sg-chooser")
    facts, faces = Html(""), Card(kind="sg-picks")
    listing: list[bool] = []

    def list_again(_change: object = None) -> None:
        options = [(grouping_wording.option(group), group.person.person_id) for group in state.groups]
        listing.append(True)  # a new list is no choice
        chooser.options = options or [("nobody yet", "")]
        chooser.value = state.person_id
        listing.clear()

    def show(_change: object = None) -> None:
        close(faces)
        group = state.group
        facts.value = markup.notice(grouping_wording.NOBODY) if group is None else grouping_wording.facts(group)
        if group is not None:
            shown = set(state.shown)
            faces.children = tuple(_Face(state, face) for face in group.faces if face.face_id in shown)

    def opened(change: dict[str, str]) -> None:
        if not listing and change["new"] and change["new"] != state.person_id:
            state.open(change["new"])

    state.observe(list_again, names="groups")
    state.observe(show, names=["person_id", "groups"])
    list_again()
    show()
    chooser.observe(opened, names="value")
    return Card(chooser, facts, faces)


class _Face(widgets.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """A face with a box to tick; an odd one says so in words."""

    def __init__(self, state: GroupingState, face: GroupFace) -> None:
        self._state, self._face = state, face.face_id
        picture = Html(grouping_wording.face(face, state.chips.get(face.face_id)))
        self._box = widgets.Checkbox(description="Choose", indent=False, tooltip=f"Choose {face.face_id}")
        super().__init__((picture, self._box))
        self.add_class("sg-pick")
        if face.odd:
            self.add_class("sg-odd")
        self._box.observe(self._ticked, names="value")
        state.observe(self._show, names="chosen")

    def __repr__(self) -> str:
        return "Face()"

    def _ticked(self, change: dict[str, bool]) -> None:
        now = self._state.chosen | {self._face} if change["new"] else self._state.chosen - {self._face}
        self._state.choose(now)

    def _show(self, _change: object = None) -> None:
        self._box.value = self._face in self._state.chosen

    def let_go(self) -> None:
        """Stop following the state."""
        self._state.unobserve(self._show, names="chosen")


def rulings(state: GroupingState) -> widgets.Widget:
    """Return what can be ruled of the chosen faces, and the way back."""
    count = Html("")
    reason = widgets.Text(
        description="Reason", placeholder=grouping_wording.REASON_HELP, style={"description_width": "initial"},
        layout={"width": "min(100%, 560px)"},
    )  # fmt: skip
    widgets.link((state, "reason"), (reason, "value"))
    to_person = widgets.Dropdown(options=[], description="Move to", style={"description_width": "initial"})
    to_person.add_class("sg-chooser")
    confirm = button("These are one person", state.confirm, state)
    part = button("These are not the others", state.part, state)
    move = button("Move", lambda: state.move(to_person.value), state)
    undo, anew = button("Undo", state.undo, state), button("Link anew", state.link, state)

    def show(_change: object = None) -> None:
        chosen = len(state.chosen)
        count.value = markup.note(f"{markup.counted(chosen, 'face')} chosen of {len(state.shown)}.")
        confirm.disabled = chosen < 2
        part.disabled = not 0 < chosen < (0 if state.group is None else len(state.group.faces))
        move.disabled = chosen == 0 or not to_person.value
        undo.disabled = not state.acts
        anew.disabled = state.work.running

    def offer(_change: object = None) -> None:
        others = [group.person.person_id for group in state.groups if group.person.person_id != state.person_id]
        to_person.options = others or [("nobody else", "")]
        to_person.value = others[0] if others else ""
        show()

    state.observe(show, names=["chosen", "acts"])
    state.work.observe(show, names="running")
    state.observe(offer, names=["person_id", "groups"])
    offer()
    return Card(
        Html(markup.heading("Rule", grouping_wording.RULE_NOTE)),
        Card(
            button("Choose all", lambda: state.choose(state.shown), state),
            button("Choose the odd ones", lambda: state.choose(state.odd()), state),
            button("Choose none", lambda: state.choose(()), state),
            kind="sg-tools",
        ),
        count, reason, Card(confirm, part, kind="sg-tools"), Card(to_person, move, kind="sg-tools"),
        Card(undo, anew, kind="sg-tools"), progress(state.work, "Linking all faces anew"),
    )  # fmt: skip
