"""The review page over a made-up queue: what is dealt, what blocks, what is recorded, what is never told."""

from __future__ import annotations

import contextlib
import io
import json
import re
from datetime import UTC, datetime
from pathlib import Path

import ipywidgets as widgets
import pytest
from PIL import Image

from stillgraph.casework import analysing, comparing, reviewing
from stillgraph.dashboards import markup, pages
from stillgraph.dashboards.review_source import CaseReviews
from stillgraph.dashboards.review_state import ReviewState
from stillgraph.dashboards.viewer import Checklist, Viewer
from stillgraph.errors import NotFound, ReviewBlocked
from stillgraph.records import (
    Comparable,
    Observation,
    Outcome,
    Pictured,
    Portrayed,
    Rate,
    ReviewerAccuracy,
    ReviewItem,
    Ruling,
    Side,
    Strength,
    Verdict,
)

ROOT = Path(__file__).resolve().parents[2]


def _png() -> bytes:
    out = io.BytesIO()
    Image.new("L", (8, 8), 128).save(out, "PNG")
    return out.getvalue()


class MadeUpReviews:
    """Deals made-up lists of three candidates; remembers what was judged and looked at."""

    officer = "ben"

    def __init__(self, lists: int = 2, outcome: Outcome = Outcome.PENDING) -> None:
        self.left = [f"R01/R01_{n:04d}.jpg" for n in range(1, lists + 1)]
        self.ruling = Ruling(outcome, "N000001" if outcome is Outcome.CORROBORATED else None)
        self.judged: list[tuple] = []
        self.looked: list[tuple] = []
        self.refuse = ""
        self.asked_for_record = 0

    def sitting(self):
        return contextlib.nullcontext()

    def waiting(self) -> int:
        return len(self.left)

    def deal(self) -> ReviewItem | None:
        if not self.left:
            return None
        still = self.left[0]
        listed = tuple((f"N00000{n}", f"N00000{n}/N00000{n}_1.jpg") for n in (3, 1, 2))
        until = datetime(2026, 11, 25, 12, 30, tzinfo=UTC)
        return ReviewItem(f"{still}#1", still, 1, listed, reserved_until=until)

    def give_back(self, face_id: str) -> None:
        self.left.append(self.left.pop(0))

    def in_context(self, face_id: str) -> bytes:
        return _png()

    def custody_chips(self, images):
        return {image: _png() for image in images}

    def comparable(self, face_id: str, nominal_id: str) -> Comparable:
        self.looked.append((face_id, nominal_id))
        pictures = (Pictured("still", Side.STILL, "the still"), Pictured("custody 1", Side.CANDIDATE, "the image"))
        return Comparable(face_id, nominal_id, pictures, ("One image shows no face.",))

    def portrayed(self, face_id: str, nominal_id: str, key: str) -> Portrayed:
        self.looked.append((face_id, nominal_id, key))
        if key == "custody 1":
            raise NotFound("That picture is gone; choose another.")
        return Portrayed(_png(), "enlarged many times")

    def record(self) -> ReviewerAccuracy:
        self.asked_for_record += 1
        trials = Rate(8, 10, 0.8, 0.49, 0.943)
        return ReviewerAccuracy(
            "ben", trials, trials, Rate(1, 20, 0.05, 0.009, 0.236), 2, 0.6, 0.31, 0.89, None, 40, 95.0, (60.0, 180.0)
        )

    def judge(self, face_id, verdict, nominal_id, comparison, reason) -> Ruling:
        if self.refuse:
            raise ReviewBlocked(self.refuse)
        self.judged.append((face_id, verdict, nominal_id, comparison, reason))
        self.left.remove(face_id.partition("#")[0])
        return self.ruling


def written(state: ReviewState) -> None:
    state.still_words, state.custody_words, state.reason = "in focus", "frontal", "the ears"


def all_in(widget):
    """Yield a widget and everything in it."""
    yield widget
    for child in getattr(widget, "children", ()):
        yield from all_in(child)


def buttons(page):
    return {one.description: one for one in all_in(page) if isinstance(one, widgets.Button)}


def texts(page) -> str:
    return " ".join(one.value for one in all_in(page) if isinstance(one, widgets.HTML))


def only(page, kind):
    (found,) = (one for one in all_in(page) if isinstance(one, kind))
    return found


def toggle(page, says):
    """Return the row of buttons of which a description or an option says so."""
    rows = (one for one in all_in(page) if isinstance(one, widgets.ToggleButtons))
    return next(one for one in rows if says == one.description or says in one.options)


# ---------------------------------------------------------------- state


def test_nothing_can_be_said_before_both_pictures_are_assessed_and_a_reason_given():
    state = ReviewState(MadeUpReviews())
    for verdict in Verdict:
        assert any("rests on both images" in one for one in state.blockers(verdict))
        assert any("needs its reason" in one for one in state.blockers(verdict))
    written(state)
    assert state.blockers(Verdict.NO_CANDIDATE) == ()
    assert state.blockers(Verdict.INCONCLUSIVE) == ()
    (who, strength) = state.blockers(Verdict.SUPPORTS)
    assert "support somebody" in who
    assert "how strong" in strength
    state.choose("N000001")
    state.strength = str(Strength.LIMITED)
    assert state.blockers(Verdict.SUPPORTS) == ()
    assert state.blockers(Verdict.NO_CANDIDATE) == (), "to look at somebody is not to be asked for more"


def test_what_is_recorded_is_what_was_written():
    source = MadeUpReviews()
    state = ReviewState(source)
    written(state)
    state.choose("N000002")
    state.strength = str(Strength.STRONG)
    state.entries = {"ears / lobe": {"observation": "observed in both", "note": "attached"}}
    state.judge(Verdict.SUPPORTS)
    ((face, verdict, nominal, comparison, reason),) = source.judged
    assert (face, verdict, nominal, reason) == ("R01/R01_0001.jpg#1", Verdict.SUPPORTS, "N000002", "the ears")
    assert (comparison.still, comparison.custody, comparison.strength) == ("in focus", "frontal", Strength.STRONG)
    (entry,) = comparison.checklist
    assert (entry.component, entry.characteristic, entry.note) == ("ears", "lobe", "attached")
    assert entry.observation is Observation.BOTH
    assert (state.item, state.waiting) == (None, 1)


@pytest.mark.parametrize("verdict", [Verdict.NO_CANDIDATE, Verdict.INCONCLUSIVE])
def test_an_answer_that_supports_nobody_names_whom_its_checklist_is_of_and_has_no_strength(verdict):
    source = MadeUpReviews()
    state = ReviewState(source)
    written(state)
    state.choose("N000002")
    state.strength = str(Strength.STRONG)
    state.entries = {
        "ears / lobe": {"observation": "differs", "note": "attached, free"},
        "nose / tip": {"observation": "not visible", "note": ""},
    }
    state.judge(verdict)
    ((_, _, nominal, comparison, _),) = source.judged
    assert nominal is None
    assert comparison.strength is None
    assert [entry.note for entry in comparison.checklist] == ["N000002: attached, free", "N000002"]


def test_each_candidate_keeps_its_own_checklist_until_the_list_is_judged():
    source = MadeUpReviews()
    state = ReviewState(source)
    one = {"ears / lobe": {"observation": "differs", "note": ""}}
    state.choose("N000001")
    state.entries = one
    state.choose("N000002")
    assert state.entries == {}
    state.choose("N000001")
    assert state.entries == one
    written(state)
    state.judge(Verdict.NO_CANDIDATE)
    state.next()
    state.choose("N000001")
    assert state.entries == {}
    assert state.still_words == state.custody_words == state.reason == state.strength == ""


@pytest.mark.parametrize(
    ("outcome", "told"),
    [
        (Outcome.PENDING, None),
        (Outcome.DISPUTED, None),
        (Outcome.CORROBORATED, Outcome.CORROBORATED),
        (Outcome.NOT_SUPPORTED, Outcome.NOT_SUPPORTED),
    ],
)
def test_an_outcome_is_told_only_where_the_review_is_settled(outcome, told):
    source = MadeUpReviews(outcome=outcome)
    page = pages.review_of(source)
    state = ReviewState(source)
    written(state)
    state.judge(Verdict.INCONCLUSIVE)
    assert state.done.outcome is told
    assert "disputed" not in texts(page)


def test_pending_and_disputed_look_the_same():
    said = []
    for outcome in (Outcome.PENDING, Outcome.DISPUTED):
        page = pages.review_of(MadeUpReviews(outcome=outcome))
        judge_inconclusive(page)
        said.append(texts(page))
    assert said[0] == said[1]


def judge_inconclusive(page) -> None:
    for field in (one for one in all_in(page) if isinstance(one, widgets.Textarea)):
        field.value = "seen"
    buttons(page)["Inconclusive"].click()


def test_a_judgement_can_be_taken_up_again_with_all_that_was_written():
    source = MadeUpReviews()
    state = ReviewState(source)
    written(state)
    state.judge(Verdict.INCONCLUSIVE)
    state.again()
    assert state.item.face_id == "R01/R01_0001.jpg#1"
    assert (state.still_words, state.reason, state.done) == ("in focus", "the ears", None)


def test_a_list_can_be_given_back_and_another_is_dealt():
    source = MadeUpReviews()
    state = ReviewState(source)
    state.give_back()
    assert state.item.face_id == "R01/R01_0002.jpg#1"
    assert source.judged == []


def test_a_refusal_is_one_sentence_and_loses_nothing():
    source = MadeUpReviews()
    state = ReviewState(source)
    written(state)
    source.refuse = "An officer may not judge a search they made: ask another officer."
    state.judge(Verdict.INCONCLUSIVE)
    assert state.problem == source.refuse
    assert state.item is not None
    assert state.reason == "the ears"
    source.refuse = ""
    state.judge(Verdict.INCONCLUSIVE)
    assert state.problem == ""


# ---------------------------------------------------------------- page


def test_the_page_deals_candidates_in_their_order_and_says_how_many_wait():
    page = pages.review_of(MadeUpReviews(lists=7))
    said = texts(page)
    assert "7 lists wait for you" in said
    assert "Kept for you until 12:30 UTC." in said
    assert [said.index(f"<figcaption>N00000{n}") for n in (3, 1, 2)] == sorted(
        said.index(f"<figcaption>N00000{n}") for n in (3, 1, 2)
    )


def test_blockers_stand_beside_disabled_buttons_and_go_when_they_are_met():
    page = pages.review_of(MadeUpReviews())
    three = ("Supports the candidate compared", "No candidate is this person", "Inconclusive")
    assert all(buttons(page)[name].disabled for name in three)
    assert texts(page).count("needs its reason") == 3
    for field in (one for one in all_in(page) if isinstance(one, widgets.Textarea)):
        field.value = "seen"
    assert [buttons(page)[name].disabled for name in three] == [True, False, False]
    assert "needs its reason" not in texts(page)
    buttons(page)["Compare"].click()
    toggle(page, "Strength").value = str(Strength.MODERATE)
    assert not buttons(page)["Supports N000002"].disabled, "the last of the three cards was clicked"


def test_the_three_answers_are_of_one_size():
    page = pages.review_of(MadeUpReviews())
    answers = [b for b in buttons(page).values() if b.description.startswith(("Supports", "No cand", "Inconcl"))]
    assert len(answers) == 3
    assert len({json.dumps(b.layout.get_state(), default=str).replace(b.layout.model_id, "") for b in answers}) == 1
    assert {b.button_style for b in answers} == {""}


def test_the_next_list_takes_the_place_of_the_last_and_nothing_is_left_of_it():
    page = pages.review_of(MadeUpReviews())
    before = len(widgets.widget._instances)
    buttons(page)["Compare"].click()
    judge_inconclusive(page)
    assert "Recorded for R01/R01_0001.jpg#1: inconclusive." in texts(page)
    buttons(page)["Next list"].click()
    assert "R01/R01_0002.jpg#1" in texts(page)
    assert len(widgets.widget._instances) <= before
    judge_inconclusive(page)
    buttons(page)["Next list"].click()
    assert "Nothing waits for you now" in texts(page)


def test_the_checklist_goes_from_the_skin_and_the_top_of_the_head_down():
    checklist = only(pages.review_of(MadeUpReviews()), Checklist)
    named = [component for component, _ in checklist.components]
    assert named == [component for component, _ in comparing.components()]
    assert named.index("hairline") < named.index("eyes") < named.index("nose") < named.index("neck")
    assert checklist.observations == ["observed in both", "differs", "not visible"]


def test_the_own_record_is_asked_for_when_it_is_opened_and_shows_counts_and_intervals():
    source = MadeUpReviews()
    page = pages.review_of(source)
    assert source.asked_for_record == 0
    toggle(page, "Your record").value = "Your record"
    said = texts(page)
    assert source.asked_for_record == 1
    assert "80.0 % (8 of 10; 95 % interval 49.0 to 94.3 %)" in said
    assert "0.60 (95 % interval 0.31 to 0.89)" in said
    assert "median 95 s, half between 60 and 180 s, over 40 lists" in said


def test_a_record_without_trials_says_so_and_gives_no_rate(small_case):
    page = pages.review_of(CaseReviews(small_case.seat("first")))
    toggle(page, "Your record").value = "Your record"
    said = texts(page)
    assert said.count("no rate: no such trial yet") == 3
    assert "no time yet: no dealt list has been judged" in said
    assert 'role="alert"' not in said
    toggle(page, "Your record").value = "Review"
    judge_inconclusive(page)
    toggle(page, "Your record").value = "Your record"
    assert " s, over 1 list</td>" in texts(page)


# ---------------------------------------------------------------- viewer


def sent(viewer, monkeypatch):
    messages = []
    monkeypatch.setattr(Viewer, "send", lambda _self, content, buffers=None: messages.append((content, buffers)))
    return messages


def test_the_viewer_sends_a_picture_once_asked_and_keeps_it_out_of_its_state(monkeypatch):
    source = MadeUpReviews()
    page = pages.review_of(source)
    viewer = only(page, Viewer)
    messages = sent(viewer, monkeypatch)
    buttons(page)["Compare"].click()
    now = viewer.comparison
    for _ in range(2):
        viewer._asked(viewer, {"want": "still", "comparison": now}, [])
    assert [m[0] for m in messages] == 2 * [{"comparison": now, "picture": "still", "note": "enlarged many times"}]
    assert messages[0][1] == [_png()]
    assert source.looked.count(("R01/R01_0001.jpg#1", "N000002", "still")) == 1
    assert not [value for value in viewer.get_state().values() if isinstance(value, bytes | memoryview)]


@pytest.mark.parametrize(
    "message", [{"want": "still", "comparison": "another"}, {"want": "custody 9"}, {}, {"want": ["still"]}]
)
def test_the_viewer_answers_nothing_that_was_not_offered(monkeypatch, message):
    page = pages.review_of(MadeUpReviews())
    viewer = only(page, Viewer)
    messages = sent(viewer, monkeypatch)
    buttons(page)["Compare"].click()
    viewer._asked(viewer, {"comparison": viewer.comparison, **message}, [])
    assert messages == []


def test_a_picture_that_cannot_be_had_says_why_in_its_place(monkeypatch):
    page = pages.review_of(MadeUpReviews())
    viewer = only(page, Viewer)
    messages = sent(viewer, monkeypatch)
    buttons(page)["Compare"].click()
    viewer._asked(viewer, {"want": "custody 1", "comparison": viewer.comparison}, [])
    assert [m[0]["problem"] for m in messages] == ["That picture is gone; choose another."]


# ---------------------------------------------------------------- a real case


def test_no_score_no_rank_and_no_verdict_is_in_anything_the_browser_gets(small_case, monkeypatch):
    item = reviewing.deal(small_case.seat("first"))
    nominal = item.candidates[0][0]
    small_case.judge("first", item.face_id, nominal, reason="the notch in the left ear")
    scores = list(analysing.query(small_case.seat(), "SELECT score FROM candidates").score)
    before = set(widgets.widget._instances)
    messages = sent(None, monkeypatch)
    page = pages.review_of(CaseReviews(small_case.seat("second")))
    for _ in range(10):
        if item.face_id in texts(page):
            break
        buttons(page)["Give this list back"].click()
    assert item.face_id in texts(page)
    picks = [one for one in all_in(page) if isinstance(one, widgets.Button) and one.tooltip == f"Compare: {nominal}"]
    picks[0].click()
    viewer = only(page, Viewer)
    for one in viewer.pictures:
        viewer._asked(viewer, {"want": one["key"], "comparison": viewer.comparison}, [])
    new = [w.get_state() for key, w in widgets.widget._instances.items() if key not in before]
    new = [one for one in new if one.get("value") != markup.style()]
    state = json.dumps(new, default=str) + json.dumps([m[0] for m in messages])
    assert nominal in state
    assert len(messages) >= 2
    assert len(scores) > 20
    assert not [score for score in scores if f"{score:.3f}" in state]
    for told in ("likelihood", "notch in the left ear", "corroborated", "pending", '"rank"', '"score"', "landmark"):
        assert told not in state


def test_who_may_not_review_is_told_so_and_nothing_else(small_case):
    page = pages.review(small_case.seat("nobody"))
    assert "There is no officer nobody in this case" in texts(page)
    assert not buttons(page)


def test_no_repr_shows_what_a_page_holds(small_case):
    page = pages.review_of(CaseReviews(small_case.seat("first")))
    for one in all_in(page):
        if type(one).__module__.startswith("stillgraph"):
            assert len(repr(one)) < 20
    assert repr(ReviewState(MadeUpReviews())) == "ReviewState()"
    assert repr(CaseReviews(small_case.seat())) == "CaseReviews()"


# ---------------------------------------------------------------- documents


def test_the_documented_keys_are_the_viewers():
    script = (ROOT / "lib" / "stillgraph" / "dashboards" / "static" / "viewer.js").read_text(encoding="utf-8")
    listed = re.search(r"const KEYS = \[(.*?)\n\];", script, re.DOTALL).group(1)
    keys = re.findall(r'\["([^"]+)", "([^"]+)"\]', listed)
    section = (
        (ROOT / "docs" / "review.md").read_text(encoding="utf-8").partition("## The viewer")[2].partition("\n## ")[0]
    )
    assert len(keys) == 14
    assert re.findall(r"^\| `([^`]+)` \| (.+) \|$", section, re.MULTILINE) == keys


@pytest.mark.parametrize("name", ["elements.js", "viewer.js", "checklist.js", "viewer.css", "checklist.css"])
def test_what_the_browser_gets_names_no_other_host(name):
    text = (ROOT / "lib" / "stillgraph" / "dashboards" / "static" / name).read_text(encoding="utf-8")
    assert not re.search(r"(?:https?:)?//[a-z0-9-]+\.", text)
    assert "@import" not in text
