"""A deletion, and what happens beside it: holds placed while it waits, files it could not remove, copies left over."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import date

import pytest

from stillgraph.casework import applications, erasing, governing, holding, keying, operations, retention
from stillgraph.errors import DiskFull, WrongUse
from stillgraph.governance.permits import Action
from stillgraph.records import NominalId, StillId
from stillgraph.store import CaseFile, rekeying, renewal
from stillgraph.store.images import ImageStore

DAY = date(2026, 1, 1)


@pytest.fixture
def due(small_case):
    """Return the case with two stills that are due, and their ids."""
    with small_case.seat().found(Action.SET_RETENTION, "desk") as deed:
        rows = deed.session.rows("SELECT still_id FROM held.stills ORDER BY 1 LIMIT 2")
        stills = [StillId(row[0]) for row in rows]
        deed.session.execute(
            "UPDATE held.stills SET review_due = DATE '2020-01-01', review_set_by = 'desk' WHERE still_id IN (?, ?)",
            stills,
        )
    return small_case, stills


def meanwhile(monkeypatch, does):
    """Have something done once, when a deletion has been listed and waits for its turn."""
    plain, waiting = erasing.alone, [does]

    @contextmanager
    def alone(case):
        if waiting:
            waiting.pop()()
        with plain(case):
            yield

    monkeypatch.setattr(erasing, "alone", alone)


def there(case):
    with case.seat().case.session(writing=False) as session:
        return {row[0] for row in session.rows("SELECT still_id FROM held.stills")}


def test_what_is_held_or_kept_while_a_deletion_waits_stays(due, monkeypatch):
    case, (held, other) = due
    meanwhile(monkeypatch, lambda: holding.hold(case.seat(), still=held, because="R v X"))
    report = retention.apply(case.seat(), DAY)
    assert {one.id for one in report.erasure.deleted} == {other}
    assert there(case) & {held, other} == {held}
    assert retention.apply(case.seat(), DAY).erasure is None, "all that is due is held"


def test_where_all_that_was_due_is_held_by_then_nothing_is_deleted(due, monkeypatch):
    case, stills = due
    meanwhile(monkeypatch, lambda: [holding.hold(case.seat(), still=one, because="R v X") for one in stills])
    assert retention.apply(case.seat(), DAY).erasure is None
    assert there(case) >= set(stills)
    assert not erasing.waiting(case.seat().case)
    assert governing.verify_audit(case.directory).holds


def test_an_application_is_not_granted_once_an_image_is_held(small_case, monkeypatch):
    with small_case.seat().case.session(writing=False) as session:
        nominal = NominalId(session.one("SELECT min(nominal_id) FROM held.custody_images")[0])
    taken = applications.take(small_case.seat(), nominal, received_on=DAY, ground="acquitted")
    meanwhile(monkeypatch, lambda: holding.hold(small_case.seat(), nominal=nominal, because="R v X"))
    with pytest.raises(WrongUse, match="A legal hold keeps images"):
        applications.grant(small_case.seat(), taken.application.application_id, because="no purpose")
    with small_case.seat().case.session(writing=False) as session:
        assert session.one("SELECT count(*) FROM held.custody_images WHERE nominal_id = ?", [nominal])[0] > 0
    assert applications.applications(small_case.seat())[0].application.outcome is None


def test_the_next_deletion_finishes_one_whose_files_could_not_be_removed(due, monkeypatch):
    case, (first, second) = due
    store = ImageStore(case.directory)
    with case.seat().case.session(writing=False) as session:
        digests = dict(session.rows("SELECT still_id, sha256 FROM held.stills"))
    desk = case.seat()  # as a server's it is open already when that happens
    holding.hold(desk, still=second, because="R v X")
    with monkeypatch.context() as patch:
        patch.setattr(erasing, "remove", lambda *_: (_ for _ in ()).throw(DiskFull("The disk is full.")))
        with pytest.raises(DiskFull):
            retention.apply(desk, DAY)
    assert store.path(digests[first]).exists()
    (hold,) = holding.holds(desk)
    holding.release(desk, hold.hold_id, because="over")
    assert retention.apply(desk, DAY).erasure.left == 0
    assert not any(store.path(digests[one]).exists() for one in (first, second))
    assert governing.verify_audit(case.directory).holds


def test_files_go_also_where_the_officer_may_delete_no_more(due, monkeypatch):
    case, (first, _) = due
    with case.seat().case.session(writing=False) as session:
        (digest,) = session.one("SELECT sha256 FROM held.stills WHERE still_id = ?", [first])
    desk, committed = case.seat(), retention._finished

    def finished(*given):
        operations.close_operation(case.seat("second"), "OP-TEST")
        return committed(*given)

    monkeypatch.setattr(retention, "_finished", finished)
    report = retention.apply(desk, DAY)
    assert report.erasure.left == 0
    assert not ImageStore(case.directory).path(digest).exists()
    assert governing.verify_audit(case.directory).holds


@pytest.fixture
def copied(small_case, tmp_path, monkeypatch):
    """Return a case beside which a killed change of keys left a copy."""

    def killed(*_):
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(rekeying, "_images", killed)
        patch.setattr(rekeying.shutil, "rmtree", lambda *_, **__: None)
        with pytest.raises(SystemExit):
            keying.encrypt(small_case.seat(), key_file=tmp_path / "new.key")
    assert renewal.left(small_case.directory)
    return small_case


def test_whoever_opens_a_case_next_removes_what_a_killed_change_of_keys_left(copied):
    with ImageStore(copied.directory).removing():
        copied.seat()
        assert renewal.left(copied.directory), "somebody may be at it"
    copied.seat()
    assert not renewal.left(copied.directory)
    assert governing.verify_audit(copied.directory).holds


def test_a_deletion_removes_what_a_killed_change_of_keys_left(copied):
    with erasing.alone(CaseFile(copied.directory)):
        assert not renewal.left(copied.directory)
