"""The start and accuracy pages, without a browser."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from stillgraph.casework.beginning import Beginning, Held, New
from stillgraph.casework.evaluating import IdentificationReport
from stillgraph.casework.stored_scores import StoredScores
from stillgraph.dashboards.accuracy_state import AccuracyState
from stillgraph.dashboards.start_state import StartState
from stillgraph.dashboards.work_pages import accuracy_of, start_of
from stillgraph.errors import ManifestError, NotPermitted
from stillgraph.evaluation import GroupRates
from stillgraph.records import Contradiction, GalleryInfo, Rate, ReviewerAccuracy

AT = datetime(2026, 11, 2, 9, tzinfo=UTC)
TRAP = '<script>alert("x")</script>'


def everything(widget):
    return [widget, *(below for child in getattr(widget, "children", ()) for below in everything(child))]


def text(widget):
    return "".join(one.value for one in everything(widget) if type(one).__name__ == "Html")


def only(widget, kind, **traits):
    (found,) = [
        w for w in everything(widget) if type(w).__name__ == kind and all(getattr(w, n) == v for n, v in traits.items())
    ]
    return found


class MadeUpStart:
    case = "made-up"

    def __init__(self, last=AT - timedelta(hours=3), *, proposals=57):
        self.last, self.proposals, self.asked, self.fails = last, proposals, [], False

    def begin(self, since):
        self.asked.append(since)
        if self.fails:
            raise NotPermitted("The operation ended; open another.")
        chosen = since or self.last or AT - timedelta(days=1)
        new = New(*([0] * 10)) if since is None else New(2, 30, 0, 4, 1, 25, 3, 8, 1, 1)
        against = (Contradiction(("R01/a.jpg#1", TRAP), "ruled one person and not one person", (1, 2)),)
        return Beginning("pc1", "OP", AT, self.last, chosen, Held(303, 265, 12, 150, 194, 370, 69, 5, 17, 2), new,
                         self.proposals, against, simulated=True)  # fmt: skip

    def lists_waiting(self):
        return 7

    def uploads_waiting(self):
        return 1


def test_a_day_begins_with_what_waits_and_what_is_new():
    source = MadeUpStart()
    page = start_of(source)
    said = text(page)
    for what in (
        "Candidate lists to judge",
        ">7<",
        "Stills to search",
        ">5<",
        "Proposals of linking",
        ">57<",
        "simulated review",
    ):
        assert what in said
    assert "ruled one person and not one person" in said
    assert "<script>" not in said
    assert "Since 2 Nov 2026 06:00 UTC: nothing." in said
    only(page, "ToggleButtons").value = "In seven days"
    assert source.asked == [None, AT - timedelta(days=7)]
    assert "Judgements given" in text(page)
    assert "Custody images enrolled" not in text(page), "nothing of it is new"
    only(page, "ToggleButtons").value = "Since I last looked"
    assert source.asked[-1] == AT - timedelta(hours=3), "when the page was opened is not when the officer last looked"


def test_the_first_time_and_for_a_reviewer():
    said = text(start_of(MadeUpStart(None, proposals=None)))
    assert "for the first time" in said
    assert "Proposals of linking" not in said


def test_a_span_that_cannot_be_asked_says_why_and_leaves_what_is_there():
    source = MadeUpStart()
    state = StartState(source)
    source.fails = True
    before = state.begun
    state.span = "Since yesterday"
    assert (state.problem, state.begun) == ("The operation ended; open another.", before)


def accuracy_record(**told):
    some = Rate(7, 10, 0.7, 0.4, 0.9)
    plain = ReviewerAccuracy(
        "pc1", some, some, Rate(1, 20, 0.05, 0.01, 0.24), 2, 0.4, 0.05, 0.7, None, 30, 61.0, (40.0, 90.0)
    )
    return replace(plain, **told)


GROUP = GroupRates(40, 0, 1, {"1": 0.8}, {"1": (0.65, 0.9)}, None)
THIN = GroupRates(5, 0, 0, {"1": None}, {"1": None}, "insufficient: needs at least 30 mated searches, there are 5")
REPORT = IdentificationReport(
    "m@1", GalleryInfo(194, "0123"), 150, 45, 20, 1, 0, {"1": 0.8}, {"1": (0.66, 0.89)}, {"0.1": 0.5, "0.01": None},
    {"0.1": (0.36, 0.64), "0.01": None}, {"0.1": 0.58, "0.01": None}, {"0.01": "insufficient: needs at least 300"},
    {"sex": {"F": GROUP, TRAP: THIN}}, 20, 0, 1.0, None, False,
)  # fmt: skip


class MadeUpAccuracy:
    def __init__(self, *, truth=True, supervises=True, thresholds=0):
        self.truth, self.supervises, self.asked = truth, supervises, []
        rows = pd.DataFrame([{"policy_id": 1, "fpir": 0.01, "threshold": 0.61}] * thresholds)
        self.held = StoredScores("m@1", rows, pd.DataFrame(), pd.DataFrame())

    def stored(self):
        return self.held

    def own(self):
        return accuracy_record()

    def everybody(self):
        self.asked.append("everybody")
        return (
            (
                accuracy_record(),
                accuracy_record(officer="pc2", chance_corrected=None, insufficient="insufficient: 3 trials"),
            )
            if self.supervises
            else None
        )

    def has_truth(self):
        return self.truth

    def measure(self, truth):
        self.asked.append(truth)
        if truth == b"bad":
            raise ManifestError("truth.csv lacks the columns still.")
        return REPORT


def wait():
    for thread in [t for t in threading.enumerate() if t.name == "long work"]:
        thread.join(10)


def test_every_rate_has_its_count_and_interval_or_is_insufficient():
    page = accuracy_of(MadeUpAccuracy())
    only(page, "Button", description="Measure on the demonstration's truth").click()
    wait()
    said = text(page)
    for what in ("80.0 %", ">45<", "66.0 to 89.0 %", "FPIR 0.1, threshold 0.580", "50.0 %", "36.0 to 64.0 %"):
        assert what in said
    assert said.count("insufficient: needs at least") == 2
    assert "by sex as recorded" in said
    assert "<script>" not in said


def test_without_known_truth_one_is_dropped_and_a_bad_one_says_why():
    source = MadeUpAccuracy(truth=False)
    state = AccuracyState(source)
    state.measure()
    assert source.asked == []
    page = accuracy_of(source)
    assert only(page, "Button", description="Measure on the demonstration's truth").layout.display == "none"
    only(page, "FileDrop")._take([("t.csv", b"bad")])
    wait()
    assert source.asked == [b"bad"]
    assert "truth.csv lacks the columns still." in text(page)


def test_others_are_asked_for_only_when_somebody_asks_and_only_who_supervises_sees_them():
    source = MadeUpAccuracy()
    page = accuracy_of(source)
    assert source.asked == []
    only(page, "Button", description="How others did").click()
    assert "0.40 (95 % interval 0.05 to 0.70)" in text(page)
    assert "insufficient: 3 trials" in text(page)
    page = accuracy_of(MadeUpAccuracy(supervises=False))
    only(page, "Button", description="How others did").click()
    assert "How others did is for supervisors and administrators." in text(page)
    assert "pc2" not in text(page)


@pytest.mark.parametrize(("thresholds", "said"), [(0, "None is set"), (2, "2 rows")])
def test_what_is_stored_is_shown_or_said_not_to_be(thresholds, said):
    assert said in text(accuracy_of(MadeUpAccuracy(thresholds=thresholds)))


def test_in_a_case_both_pages_show_what_it_holds(small_case):
    from stillgraph.dashboards import accuracy, start

    said = text(start(small_case.seat())) + text(accuracy(small_case.seat("first")))
    assert "sg-alert" not in said.replace(".sg-alert", "")
    assert "There is none; <code>stillgraph calibrate</code> learns one." in said
    assert "no such trial yet" in said
