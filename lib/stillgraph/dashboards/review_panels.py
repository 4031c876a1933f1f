"""The pieces of the review page: widgets over a state, no rule. What stands in the way is said beside each button."""

from __future__ import annotations

import ipywidgets as widgets

from stillgraph.casework import comparing
from stillgraph.dashboards import markup, review_wording
from stillgraph.dashboards.panels import Card, Html
from stillgraph.dashboards.pieces import button, close, told
from stillgraph.dashboards.review_state import ReviewState
from stillgraph.dashboards.viewer import Checklist, Viewer
from stillgraph.records import Observation, Strength, Verdict

SAID = {
    Verdict.SUPPORTS: "Supports {nominal}",
    Verdict.NO_CANDIDATE: "No candidate is this person",
    Verdict.INCONCLUSIVE: "Inconclusive",
}
"""What the three buttons say; all are of one size."""


def head(state: ReviewState) -> widgets.Widget:
    """Return the title, who reviews, how many lists wait, and the place where a failure says why."""
    title = Html("")

    def show(_change: object = None) -> None:
        title.value = review_wording.head(state.officer, state.waiting)

    state.observe(show, names="waiting")
    show()
    return Card(title, told(state), kind="sg-head")


def still(state: ReviewState) -> widgets.Widget:
    """Return the still in its context, the face framed."""
    place = Html("")
    back = button("Give this list back", state.give_back, state)

    def show(_change: object = None) -> None:
        item = state.item
        place.value = "" if item is None else review_wording.still(item, state.context)

    state.observe(show, names="item")
    show()
    return Card(place, back)


def candidates(state: ReviewState) -> widgets.Widget:
    """Return the candidates as face cards, in the order in which they were dealt."""
    row = Card(kind="sg-picks")

    def deal_out(_change: object = None) -> None:
        item = state.item
        close(row)
        if item is not None:
            row.children = tuple(_Pick(state, nominal, image) for nominal, image in item.candidates)

    state.observe(deal_out, names="item")
    deal_out()
    return Card(Html(markup.heading("Candidates", review_wording.CANDIDATES_NOTE)), row)


class _Pick(widgets.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """One candidate: a face and a button; which one is being compared is said in words too."""

    def __init__(self, state: ReviewState, nominal: str, image: str) -> None:
        picture = Html(markup.picture(state.chips.get(image), f"Custody image {image}", nominal))  # type: ignore[call-overload]
        self._state, self._nominal = state, nominal
        self._choose = button("", lambda: state.choose(nominal), state)
        super().__init__((picture, self._choose))
        self.add_class("sg-pick")
        state.observe(self._show, names="nominal")
        self._show()

    def __repr__(self) -> str:
        return "Pick()"

    def _show(self, _change: object = None) -> None:
        chosen = self._state.nominal == self._nominal
        self._choose.description = "Comparing" if chosen else "Compare"
        self._choose.tooltip = f"{self._choose.description}: {self._nominal}"
        (self.add_class if chosen else self.remove_class)("sg-picked")

    def let_go(self) -> None:
        """Stop following the state."""
        self._state.unobserve(self._show, names="nominal")


def compare(state: ReviewState) -> widgets.Widget:
    """Return the viewer, and the checklist below it, of the candidate that was chosen."""
    title, left_out = Html(""), Html("")
    viewer = Viewer(state.portrayed)
    checklist = Checklist(
        components=[[component, list(several)] for component, several in comparing.components()],
        observations=[str(observation) for observation in Observation],
    )
    notes = Card(Html(markup.heading("Checklist", review_wording.CHECKLIST_NOTE)), checklist)
    whole = Card(Card(title, viewer, left_out), notes, kind="sg-stack")

    def show(_change: object = None) -> None:
        found = state.comparable
        whole.layout.display = "none" if found is None else None
        title.value = markup.heading(f"Compare {state.nominal}", review_wording.COMPARE_NOTE)
        left_out.value = "" if found is None else "".join(map(markup.note, found.left_out))
        viewer.show(found)

    state.observe(show, names="comparable")
    widgets.link((state, "entries"), (checklist, "entries"))
    show()
    return whole


def judgement(state: ReviewState) -> widgets.Widget:
    """Return the assessments, the strength, the reason, and three equal buttons with what stands in their way."""
    fields = [
        _words(state, "still_words", "The still", review_wording.STILL_HELP),
        _words(state, "custody_words", "The custody images", review_wording.CUSTODY_HELP),
        _words(state, "reason", "Reason", review_wording.REASON_HELP),
    ]
    strength = widgets.ToggleButtons(
        options=[("none said", ""), *((str(one), str(one)) for one in Strength)],
        description="Strength", style={"description_width": "150px"},
    )  # fmt: skip
    strength.add_class("sg-toggle")
    widgets.link((state, "strength"), (strength, "value"))
    verdicts = Card(*(_verdict(state, verdict) for verdict in Verdict), kind="sg-verdicts")
    return Card(
        Html(markup.heading("Your judgement", review_wording.JUDGEMENT_NOTE)), *fields, strength,
        Html(markup.note(review_wording.STRENGTH_NOTE)), verdicts,
    )  # fmt: skip


def _words(state: ReviewState, trait: str, label: str, hint: str) -> widgets.Widget:
    field = widgets.Textarea(
        description=label, placeholder=hint, rows=2, style={"description_width": "150px"}, layout={"width": "100%"}
    )
    widgets.link((state, trait), (field, "value"))
    return field


def _verdict(state: ReviewState, verdict: Verdict) -> widgets.Widget:
    give = button("", lambda: state.judge(verdict), state)
    why = Html("")

    def show(_change: object = None) -> None:
        give.description = SAID[verdict].format(nominal=state.nominal or "the candidate compared")
        blockers = state.blockers(verdict)
        give.disabled = bool(blockers) or state.item is None
        why.value = review_wording.blockers(blockers)

    watched = ["item", "nominal", "entries", "still_words", "custody_words", "strength", "reason"]
    state.observe(show, names=watched)
    show()
    return Card(give, why, kind="sg-verdict")


def done(state: ReviewState) -> widgets.Widget:
    """Return what was recorded, what may be told of it, and the way on."""
    place = Html("")
    again = button("Judge it again", state.again, state)
    onward = button("Next list", state.next, state)
    onward.button_style = "primary"

    def show(_change: object = None) -> None:
        nothing = state.item is None and state.done is None
        place.value = markup.notice(review_wording.NOTHING_WAITS) if nothing else review_wording.done(state.done)
        again.layout.display = None if state.done is not None else "none"

    state.observe(show, names=["item", "done"])
    show()
    return Card(place, Card(onward, again, kind="sg-tools"))


def record(state: ReviewState) -> widgets.Widget:
    """Return the officer's own record in trials, asked for each time it is opened."""
    place = Html("")

    def show(_change: object = None) -> None:
        place.value = "" if state.record is None else review_wording.record(state.record)

    state.observe(show, names="record")
    return Card(place)


def parts(state: ReviewState, review: widgets.Widget, own: widgets.Widget) -> widgets.Widget:
    """Return the two parts of the page, one shown at a time: the review, and the officer's own record."""
    which = widgets.ToggleButtons(options=["Review", "Your record"], tooltips=["", review_wording.RECORD_NOTE])
    which.add_class("sg-toggle")

    def show(_change: object = None) -> None:
        first = which.value == "Review"
        review.layout.display = None if first else "none"
        own.layout.display = "none" if first else None
        if not first:
            state.look_at_record()

    which.observe(show, names="value")
    show()
    return Card(which, review, own, kind="sg-stack")


def shown_while(state: ReviewState, working: widgets.Widget, waiting: widgets.Widget) -> None:
    """Show one of two pieces: while a list is under review, and while none is."""

    def show(_change: object = None) -> None:
        working.layout.display = None if state.item is not None else "none"
        waiting.layout.display = "none" if state.item is not None else None

    state.observe(show, names="item")
    show()
