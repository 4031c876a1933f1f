"""Officers, operations, the audit chain and stage times in the case file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from stillgraph.records import AuditEntry, Officer, OfficerId, Operation, Role
from stillgraph.store.casefile import MIGRATIONS, Session

KEYED_SINCE = MIGRATIONS.index("0022_audit.sql") + 1
"""The schema version since which an audit entry is keyed and says what it left in the tables."""

_OFFICERS = """
SELECT o.officer_id, c.role, o.name, o.simulated, c.role IS NOT NULL AND NOT c.by_name, c.sees_faces, c.suspended
FROM held.officers AS o JOIN held.officer_changes AS c USING (officer_id)
WHERE c.sequence = (SELECT max(n.sequence) FROM held.officer_changes AS n WHERE n.officer_id = o.officer_id)
"""
_OPERATIONS = """
SELECT o.operation_id, o.purpose, o.opened_at, c.until, c.begins, c.legal_basis, c.authorised_by,
       CASE WHEN c.change = 'closed' THEN c.changed_at END
FROM held.operations AS o JOIN held.operation_changes AS c USING (operation_id)
WHERE c.sequence = (SELECT max(n.sequence) FROM held.operation_changes AS n WHERE n.operation_id = o.operation_id)
"""
ENFORCED, SIGN_IN_REQUIRED = "roles_enforced", "sign_in_required"
"""Settings of a case that are there, and on, once an administrator has said so."""
LEGAL_BASES = "legal_bases"
"""The setting that holds a case's own table of legal bases, as CSV."""


def officer(session: Session, officer_id: str) -> Officer | None:
    """Return an officer as they stand now, or ``None``."""
    row = session.one(_OFFICERS + "AND o.officer_id = ?", [officer_id])
    return None if row is None else _officer(row)


def has_changes(session: Session) -> bool:
    """Return whether the case file tells how officers stand now; an earlier one is yet to be upgraded."""
    return (
        session.one("SELECT 1 FROM duckdb_tables() WHERE schema_name = 'held' AND table_name = 'officer_changes'")
        is not None
    )


def officer_before_changes(session: Session, officer_id: str) -> Officer | None:
    """Return an officer of a case file that is yet to be upgraded, as the upgrade will have them, or ``None``."""
    row = session.one(
        "SELECT officer_id, role, name, simulated, role = 'administrator' AND added_at = "
        "(SELECT min(added_at) FROM held.officers), false, false FROM held.officers WHERE officer_id = ?",
        [officer_id],
    )
    return None if row is None else _officer(row)


def officers(session: Session) -> tuple[Officer, ...]:
    """Return all officers as they stand now, by id."""
    return tuple(_officer(row) for row in session.rows(_OFFICERS + "ORDER BY o.officer_id"))


def _officer(row: tuple[Any, ...]) -> Officer:
    officer_id, role, name, simulated, founder, sees_faces, suspended = row
    return Officer(
        officer_id, None if role is None else Role(role), name, simulated, bool(founder), sees_faces, suspended
    )


def officers_count(session: Session) -> int:
    """Return how many officers there are."""
    row = session.one("SELECT count(*) FROM held.officers")
    return 0 if row is None else int(row[0])


def add_officer(session: Session, new: Officer, added_at: datetime, *, added_by: str) -> None:
    """Add an officer."""
    session.execute(
        "INSERT INTO held.officers VALUES (?, ?, ?, ?, ?)",
        [new.officer_id, None if new.role is None else str(new.role), new.name, new.simulated, added_at],
    )
    change_officer(session, new, changed_by=added_by, changed_at=added_at)


def change_officer(session: Session, new: Officer, *, changed_by: str, changed_at: datetime) -> None:
    """Let an officer stand as given from now on; how they stood before stays on record."""
    session.execute(
        "INSERT INTO held.officer_changes SELECT coalesce(max(sequence), 0) + 1, ?, ?, ?, ?, ?, ?, ? "
        "FROM held.officer_changes",
        [new.officer_id, None if new.role is None else str(new.role), new.role is not None and not new.founder,
         new.sees_faces, new.suspended, changed_by, changed_at],
    )  # fmt: skip


def switched_on(session: Session, setting: str) -> bool:
    """Return whether a setting of the case is on."""
    return session.one("SELECT value FROM held.settings WHERE key = ? AND value = 'yes'", [setting]) is not None


def switch(session: Session, setting: str, *, on: bool) -> None:
    """Turn a setting of the case on or off."""
    set_setting(session, setting, "yes" if on else "no")


def setting(session: Session, key: str) -> str | None:
    """Return a setting of the case, or ``None``."""
    row = session.one("SELECT value FROM held.settings WHERE key = ?", [key])
    return None if row is None else str(row[0])


def set_setting(session: Session, key: str, value: str) -> None:
    """Put a setting of the case in the place of what it was."""
    session.execute("INSERT OR REPLACE INTO held.settings VALUES (?, ?)", [key, value])


def is_reviewer(session: Session, officer_id: str) -> bool:
    """Say whether an officer has the role of a reviewer, who decides without what others and machines say."""
    found = officer(session, officer_id)
    return found is not None and found.role is Role.REVIEWER


def operation(session: Session, operation_id: str) -> Operation | None:
    """Return an operation as it stands now, or ``None``."""
    row = session.one(_OPERATIONS + "AND o.operation_id = ?", [operation_id])
    return None if row is None else _operation(row)


def operations(session: Session) -> tuple[Operation, ...]:
    """Return all operations as they stand now, the newest first."""
    return tuple(_operation(row) for row in session.rows(_OPERATIONS + "ORDER BY o.opened_at DESC, o.operation_id"))


def _operation(row: tuple[Any, ...]) -> Operation:
    operation_id, purpose, opened_at, until, begins, legal_basis, authorised_by, closed_at = row
    return Operation(operation_id, purpose, opened_at, until, begins, legal_basis, authorised_by, closed_at)


def open_operation(session: Session, new: Operation, *, opened_by: OfficerId) -> None:
    """Add an operation."""
    session.execute(
        "INSERT INTO held.operations VALUES (?, ?, ?, ?, ?)",
        [new.operation_id, new.purpose, opened_by, new.opened_at, new.until],
    )
    change_operation(session, new, "opened", reason=new.purpose, changed_by=opened_by, changed_at=new.opened_at)


def change_operation(
    session: Session, new: Operation, change: str, *, reason: str, changed_by: str, changed_at: datetime
) -> None:
    """Let an operation stand as given from now on; ``change`` is ``opened``, ``extended`` or ``closed``."""
    session.execute(
        "INSERT INTO held.operation_changes SELECT coalesce(max(sequence), 0) + 1, ?, ?, ?, ?, ?, ?, ?, ?, ? "
        "FROM held.operation_changes",
        [new.operation_id, change, new.begins, new.until, new.legal_basis, new.authorised_by, reason, changed_by,
         changed_at],
    )  # fmt: skip


def chain(session: Session) -> list[AuditEntry]:
    """Return the audit chain in its sequence."""
    return list(entries_since(session, 0))


def entries_since(session: Session, sequence: int) -> Iterator[AuditEntry]:
    """Yield the audit entries after one, in their sequence."""
    more = "tables, keyed" if is_keyed(session) else "'', ''"
    rows = session.rows(
        "SELECT sequence, recorded_at, officer, operation, reason, action, result, details, previous, digest, "  # noqa: S608
        f"{more} FROM held.audit WHERE sequence > ? ORDER BY sequence",
        [sequence],
    )
    for row in rows:
        entry = AuditEntry(*row)
        yield replace(
            entry, recorded_at=entry.recorded_at.astimezone(UTC), tables=entry.tables or "", keyed=entry.keyed or ""
        )


def chain_head(session: Session) -> tuple[int, str] | None:
    """Return sequence and digest of the newest audit entry, or ``None``."""
    row = session.one("SELECT sequence, digest FROM held.audit ORDER BY sequence DESC LIMIT 1")
    return None if row is None else (row[0], row[1])


def append_entry(session: Session, entry: AuditEntry) -> None:
    """Append one audit entry; in a case of an earlier schema, without what that has no column for."""
    said = [entry.sequence, entry.recorded_at, entry.officer, entry.operation, entry.reason, entry.action, entry.result,
            entry.details, entry.previous, entry.digest]  # fmt: skip
    said += [entry.tables, entry.keyed] if entry.keyed else []
    session.execute(f"INSERT INTO held.audit VALUES ({', '.join('?' * len(said))})", said)  # noqa: S608


def is_keyed(session: Session) -> bool:
    """Say whether the case's schema is one in which entries are keyed; an upgrade makes it so."""
    row = session.one("SELECT value FROM held.settings WHERE key = 'schema_version'")
    return row is not None and int(row[0]) >= KEYED_SINCE


def record_stage_times(session: Session, times: Sequence[tuple[str, float]]) -> None:
    """Put these stage times in the place of those recorded before."""
    session.execute("DELETE FROM held.stage_times")
    session.append("stage_times", [{"position": n, "stage": s, "elapsed_s": t} for n, (s, t) in enumerate(times)])


def stage_times(session: Session) -> tuple[tuple[str, float], ...]:
    """Return the recorded stage times in order."""
    return tuple(
        (row[0], row[1]) for row in session.rows("SELECT stage, elapsed_s FROM held.stage_times ORDER BY position")
    )
