"""Bringing a case of an earlier version up to date: permitted, recorded, all of it or nothing."""

from __future__ import annotations

import pytest

from stillgraph.casework import analysing, governing, harm, offices, operations, retention_rules, take_seat
from stillgraph.errors import NotPermitted, OutdatedCase, WrongUse
from stillgraph.records import Role
from stillgraph.store import CaseFile, casefile, keys


@pytest.fixture
def outdated(tmp_path, monkeypatch):
    """A case of schema version 1 with an administrator."""
    ours = casefile._sql
    with monkeypatch.context() as earlier:
        earlier.setattr(casefile, "MIGRATIONS", casefile.MIGRATIONS[:1])
        earlier.setattr(casefile, "SCHEMA_VERSION", 1)
        earlier.setattr(casefile, "_sql", lambda name: "" if name == "views.sql" else ours(name))
        earlier.setattr(harm, "give_shipped", lambda session: None)
        earlier.setattr(retention_rules, "give_shipped", lambda session, at: None)
        case = governing.create_case(tmp_path / "old", encrypt=False)
    # As it was before officers' roles could change, and cases had numbers and keys of their own.
    with case.session(writing=True) as session:
        session.execute("INSERT INTO held.officers VALUES ('admin', 'administrator', '', false, now())")
        session.execute("DELETE FROM held.settings WHERE key = 'case_id'")
    (case.directory / "keys.json").unlink()
    return case.directory


def desk(place, officer="admin"):
    return take_seat(place, officer=officer, reason="new version", outdated=True)


def test_an_upgraded_case_works_and_says_who_upgraded_it(outdated):
    with pytest.raises(OutdatedCase):
        take_seat(outdated)
    assert governing.upgrade_case(desk(outdated)) == (1, casefile.SCHEMA_VERSION)
    report = governing.verify_audit(outdated)
    assert report.holds
    assert keys.ring(outdated).case_id == CaseFile(outdated).settings()["case_id"], "it has keys of its own now"
    with take_seat(outdated).case.session(writing=False) as session:
        assert harm.harm_table(session).harm_days("46") == 1.0
    with take_seat(outdated).case.session(writing=False) as session:
        assert session.rows("SELECT officer, action, result FROM audit ORDER BY sequence")[-1] == (
            "admin", "upgrade case", "done",
        )  # fmt: skip
    with pytest.raises(WrongUse, match="up to date"):
        governing.upgrade_case(desk(outdated))


def test_an_upgrade_binds_whom_a_role_was_given_and_not_the_first(outdated):
    with CaseFile(outdated).session(writing=True) as session:
        session.execute("INSERT INTO held.officers VALUES ('rev', 'reviewer', '', false, now() + INTERVAL 1 DAY)")
        session.execute("INSERT INTO held.officers VALUES ('free', NULL, '', false, now() + INTERVAL 1 DAY)")
        session.execute("INSERT INTO held.operations VALUES ('OP', 'old', 'admin', now(), NULL)")
    with pytest.raises(NotPermitted, match="To upgrade case is not for a reviewer"):
        governing.upgrade_case(desk(outdated, "rev"))
    governing.upgrade_case(desk(outdated))
    seat = take_seat(outdated, officer="admin", operation="OP", reason="look")
    assert [(one.officer_id, one.role, one.founder) for one in offices.list_officers(seat)] == [
        ("admin", Role.ADMINISTRATOR, True), ("free", None, False), ("rev", Role.REVIEWER, False),
    ]  # fmt: skip
    (held,) = operations.list_operations(seat)
    assert (held.purpose, held.until, held.begins, held.closed_at) == ("old", None, None, None)
    analysing.query(seat, "FROM nominals")
    with pytest.raises(NotPermitted, match="To query is not for a reviewer"):
        analysing.query(take_seat(outdated, officer="rev", operation="OP", reason="look"), "FROM nominals")


def test_nobody_unknown_upgrades_a_case(outdated):
    with pytest.raises(NotPermitted):
        governing.upgrade_case(desk(outdated, "stranger"))
    with pytest.raises(OutdatedCase):
        take_seat(outdated)


def test_an_upgrade_that_fails_changes_nothing(outdated, monkeypatch):
    ours = casefile._sql
    broken = {"views.sql": "CREATE VIEW broken AS SELECT nothing FROM nowhere"}
    monkeypatch.setattr(casefile, "_sql", lambda name: broken.get(name) or ours(name))
    with pytest.raises(Exception, match="nowhere"):
        governing.upgrade_case(desk(outdated))
    assert desk(outdated).case.version() == 1
    monkeypatch.undo()
    assert governing.upgrade_case(desk(outdated)) == (1, casefile.SCHEMA_VERSION)
