"""The intake page, without a browser: what is dropped waits, is taken in, and what was refused is said and kept."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from stillgraph.casework.progress import Step, cancelled
from stillgraph.casework.uploading import Upload
from stillgraph.dashboards.intake_panels import NEW, _said
from stillgraph.dashboards.intake_state import IntakeState
from stillgraph.dashboards.work_pages import intake_of
from stillgraph.errors import NotPermitted, WrongUse
from stillgraph.records import IntakeReport, Refusal

TRAP = '<script>alert("x")</script>'


class MadeUpIntake:
    """Deliveries that were made up; ``stop`` and ``fails`` say how the next one ends."""

    def __init__(self, waiting=1, stores="stores.csv"):
        self.held = [Upload(f"{n:016d}", "manifest.csv", stores, 3, 9, 0, "pc1", datetime(2026, 11, 1, 9, n, tzinfo=UTC))
                     for n in range(waiting)]  # fmt: skip
        self.taken, self.stop, self.fails = [], False, None

    def retailers(self):
        return {"R01": f"Shop {TRAP}", "R02": "Other"}

    def uploads(self):
        return tuple(self.held)

    def keep(self, files):
        if files[0][0] == "bad":
            raise WrongUse("There is no manifest: drop it.")
        self.held.append(
            Upload("f" * 16, "manifest.csv", None, len(files), 9, 0, "pc1", datetime(2026, 11, 2, tzinfo=UTC))
        )
        return self.held[-1]

    def discard(self, upload_id):
        self.held = [one for one in self.held if one.upload_id != upload_id]

    def take_in(self, upload_id, retailer, progress):
        progress(Step("rows", 1, 2, "row"))
        if self.stop:
            raise cancelled()
        if self.fails:
            raise self.fails
        self.taken.append((upload_id, retailer))
        self.discard(upload_id)
        return IntakeReport(
            1, (Refusal(3, TRAP, "image", "missing file: it is not there"),), 2, 0, 1.5, images_per_s=4.0
        )


def page_text(widget):
    found = [getattr(widget, "value", ""), getattr(widget, "description", "")]
    return " ".join([*map(str, found), *(page_text(one) for one in getattr(widget, "children", ()))])


def widgets_of(widget, kind):
    found = [widget] if type(widget).__name__ == kind else []
    return found + [one for child in getattr(widget, "children", ()) for one in widgets_of(child, kind)]


def test_nothing_is_taken_in_before_it_is_said_whose_it_is():
    state = IntakeState(MadeUpIntake(waiting=0))
    assert state.blockers() == ("Drop a delivery first.", "Say whose delivery it is.")
    state.take_in()
    assert not state.work.running
    state.drop([("manifest.csv", b"")])
    assert state.upload_id == "f" * 16
    state.retailer = "R99"
    assert state.blockers() == (
        "A new retailer's stores come with its first delivery: drop stores.csv with the manifest.",
    )
    state.retailer = "R01"
    assert state.blockers() == ()


def test_a_delivery_is_taken_in_and_its_refused_rows_are_kept():
    source = MadeUpIntake()
    state = IntakeState(source)
    state.retailer = "R02"
    state.take_in()
    assert state.work.wait(10)
    assert source.taken == [("0" * 16, "R02")]
    assert (state.report.accepted, state.waiting, state.upload_id) == (1, (), "")
    assert state.refused().to_dict("records") == [
        {"line": 3, "image": TRAP, "field": "image", "reason": "missing file: it is not there"}
    ]


def test_stopped_or_refused_it_waits_still():
    source = MadeUpIntake()
    state = IntakeState(source)
    state.retailer, source.stop = "R01", True
    state.take_in()
    assert state.work.wait(10)
    assert (state.work.ended, state.report, len(state.waiting)) == ("Cancelled.", None, 1)
    source.stop, source.fails = False, NotPermitted("Operation OP ended; open another.")
    state.take_in()
    assert state.work.wait(10)
    assert state.work.problem == "Operation OP ended; open another."
    assert len(state.waiting) == 1


def test_what_cannot_be_kept_says_why_and_changes_nothing():
    state = IntakeState(MadeUpIntake())
    state.drop([("bad", b"")])
    assert state.problem == "There is no manifest: drop it."
    assert len(state.waiting) == 1
    state.discard()
    assert (state.problem, state.waiting) == ("", ())


def test_the_page_shows_it_and_escapes_what_files_say():
    source = MadeUpIntake(waiting=2)
    page = intake_of(source)
    which, whose = widgets_of(page, "Dropdown")
    take, throw = (one for one in widgets_of(page, "Button") if one.description in {"Take in", "Throw away"})
    assert take.disabled
    assert "Say whose delivery it is." in page_text(page)
    whose.value = NEW
    (named,) = widgets_of(page, "Text")
    assert named.layout.display is None
    named.value = "R77"
    assert not take.disabled, "its stores came with it"
    whose.value = "R01"
    assert named.layout.display == "none"
    throw.click()
    assert len(which.options) == 1
    take.click()
    for thread in [t for t in __import__("threading").enumerate() if t.name == "long work"]:
        thread.join(10)
    said = page_text(page)
    assert "Refused: 1 row" in said
    assert "missing file" in said
    assert "<script>" not in said
    assert "4.0 images a second" in said
    assert "No delivery waits." in said
    (keep,) = widgets_of(page, "Download")
    assert keep.layout.display is None


@pytest.mark.parametrize(("kind", "begins"), [("csv", b"\xef\xbb\xbfline,image"), ("xlsx", b"PK"), ("exe", None)])
def test_refused_rows_are_a_file_when_somebody_asks(kind, begins, monkeypatch):
    source = MadeUpIntake()
    page = intake_of(source)
    (keep,) = widgets_of(page, "Download")
    sent = []
    monkeypatch.setattr(type(keep), "send", lambda self, said, buffers=(): sent.append((said, buffers)))
    keep._asked(keep, {"want": kind}, [])
    if begins is None:
        assert sent == []
    else:
        ((said, (made,)),) = sent
        assert said == {"name": f"refused rows.{kind}"}
        assert made.startswith(begins)


def test_a_file_that_cannot_be_made_says_why(monkeypatch):
    from stillgraph.dashboards.downloads import Download

    def rows():
        raise WrongUse("There is nothing; do something.")

    keep, sent = Download(rows, "rows"), []
    monkeypatch.setattr(type(keep), "send", lambda self, said, buffers=(): sent.append((said, buffers)))
    keep._asked(keep, {"want": "csv"}, [])
    assert sent == [({"name": "rows.csv", "problem": "There is nothing; do something."}, [])]
    assert repr(keep) == "Download()"


def test_a_delivery_that_was_cut_short_is_said_to_be_and_only_thrown_away():
    source = MadeUpIntake(0)
    source.held = [Upload("c" * 16, "", None, 2, 9, 0, "", datetime(2026, 11, 1, 9, tzinfo=UTC))]
    state = IntakeState(source)
    state.retailer = "R01"
    assert state.blockers() == ("This delivery was cut short while it was kept: throw it away, and drop it again.",)
    assert _said(source.held[0]) == "01 Nov 09:00 · 2 images · cut short while it was kept"
    state.discard()
    assert state.waiting == ()
