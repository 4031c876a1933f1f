"""Long work behind a page: told of, stopped, and ended, without a browser."""

from __future__ import annotations

import asyncio
import threading

import pytest

from stillgraph.casework.progress import Step
from stillgraph.dashboards import progress_state
from stillgraph.dashboards.progress import progress
from stillgraph.dashboards.progress_state import LongWork, about, in_words
from stillgraph.errors import Interrupted, WrongUse


def steps(told, go_on=None):
    for n in range(1, 4):
        told(Step("images", n, 3, "image"))
        if go_on is not None:
            assert go_on.wait(10)


def test_work_is_told_of_and_gives_its_result():
    work, shares, came = LongWork(), [], []
    work.observe(lambda change: shares.append((work.share, work.said)), names="share")

    def act(told):
        steps(told)
        return "done"

    assert work.start(act, came.append, begins="Reading")
    assert work.wait(10)
    assert came == ["done"]
    assert shares[-1] == (1.0, "Images: 3 of 3 images")
    assert (work.running, work.said, work.ended, work.problem) == (False, "", "", "")


def test_one_work_at_a_time():
    work, gate = LongWork(), threading.Event()
    assert work.start(lambda told: steps(told, gate), print)
    assert not work.start(lambda told: 1, print)
    assert work.running
    gate.set()
    assert work.wait(10)


def test_stopped_it_ends_at_its_next_step_and_gives_no_result():
    work, gate, came = LongWork(), threading.Event(), []
    panel = progress(work, "Taking in")
    work.start(lambda told: steps(told, gate) or "done", came.append)
    shown, stop = panel.children[0].children[0].children
    assert panel.children[0].layout.display is None
    stop.click()
    assert (work.cancelling, work.said, stop.disabled) == (True, "Stopping at the next step …", True)
    gate.set()
    assert work.wait(10)
    assert came == []
    assert (work.ended, work.problem, work.running, work.cancelling) == ("Cancelled.", "", False, False)
    assert "Cancelled. What was not finished has left nothing behind." in panel.children[1].value
    assert panel.children[0].layout.display == "none"
    assert shown.value == ""


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (WrongUse("No such thing; do another."), r"^No such thing; do another\.$"),
        (KeyError("secret"), r"^Something went wrong\."),
    ],
)
def test_a_failure_is_one_sentence_and_no_result(error, said):
    work, came = LongWork(), []

    def act(told):
        raise error

    work.start(act, came.append)
    assert work.wait(10)
    assert came == []
    assert pytest.importorskip("re").match(said, work.problem)
    assert "secret" not in work.problem
    assert work.ended == ""


def test_what_was_kept_is_said_where_work_was_stopped():
    work = LongWork()

    def act(told):
        raise Interrupted("Cancelled. 500 of 900 rows are kept.")

    work.start(act, print)
    assert work.wait(10)
    assert work.ended == "Cancelled. 500 of 900 rows are kept."


def test_what_follows_may_fail_too_and_says_so():
    work = LongWork()

    def then(_):
        raise WrongUse("It cannot be shown.")

    work.start(lambda told: 1, then)
    assert work.wait(10)
    assert work.problem == "It cannot be shown."


def test_in_a_kernel_everything_shown_changes_on_its_loop():
    async def page():
        work, threads, done = LongWork(), set(), asyncio.Event()
        work.observe(lambda change: threads.add(threading.get_ident()), names=["said", "share", "running", "problem"])

        def then(result):
            threads.add(threading.get_ident())
            done.set()

        work.start(lambda told: steps(told) or 1, then)
        await asyncio.wait_for(done.wait(), 10)
        return threads

    assert asyncio.run(page()) == {threading.get_ident()}


def test_it_is_told_of_no_more_often_than_can_be_seen(monkeypatch):
    work, seen = LongWork(), []
    monkeypatch.setattr(progress_state, "BETWEEN_S", 3600)
    work.observe(lambda change: seen.append(work.share), names="share")

    def act(told):
        for n in range(1, 1001):
            told(Step("images", n, 1000, "image"))

    work.start(act, print)
    assert work.wait(10)
    assert len(seen) <= 3


@pytest.mark.parametrize(
    ("left_s", "said"),
    [(None, ""), (4, ", a few seconds left"), (44, ", about 40 seconds left"), (125, ", about 2 minutes left"),
     (5300, ", about 88 minutes left"), (9000, ", about 2.5 hours left")],
)  # fmt: skip
def test_what_is_left_is_said_as_roughly_as_it_is_known(left_s, said):
    assert about(left_s) == said


@pytest.mark.parametrize(
    ("step", "said"),
    [(Step("rows", 1, 1, "row"), "Rows: 1 of 1 row"), (Step("rows", 1, 2, "row"), "Rows: 1 of 2 rows"),
     (Step("film", 1200, None, "frame"), "Film: 1,200 frames")],
)  # fmt: skip
def test_how_far_it_is_is_said_in_words(step, said):
    assert in_words(step, None) == said
