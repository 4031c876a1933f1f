"""Officers, operations, the audit chain and stage times in the case file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

from stillgraph.records import AuditEntry, Officer, OfficerId, Operation, OperationId, Role
from stillgraph.store.casefile import MIGRATIONS, Session

KEYED_SINCE = MIGRATIONS.index("0022_audit.sql") + 1
"""The schema version since which an audit entry is keyed and says what it left in the tables."""


def officer(session: Session, officer_id: str) -> Officer | None:
    """Return an officer, or ``None``."""
    row = session.one("SELECT officer_id, role, name, simulated FROM held.officers WHERE officer_id = ?", [officer_id])
    if row is None:
        return None
    return Officer(row[0], None if row[1] is None else Role(row[1]), row[2], row[3])


def officers_count(session: Session) -> int:
    """Return how many officers there are."""
    row = session.one("SELECT count(*) FROM held.officers")
    return 0 if row is None else int(row[0])


def add_officer(session: Session, new: Officer, added_at: datetime) -> None:
    """Add an officer."""
    session.execute(
        "INSERT INTO held.officers VALUES (?, ?, ?, ?, ?)",
        [new.officer_id, None if new.role is None else str(new.role), new.name, new.simulated, added_at],
    )


def is_reviewer(session: Session, officer_id: str) -> bool:
    """Say whether an officer has the role of a reviewer, who decides without what others and machines say."""
    found = officer(session, officer_id)
    return found is not None and found.role is Role.REVIEWER


def operation(session: Session, operation_id: str) -> Operation | None:
    """Return an operation, or ``None``."""
    row = session.one(
        "SELECT operation_id, purpose, opened_at, until FROM held.operations WHERE operation_id = ?",
        [operation_id],
    )
    return None if row is None else Operation(OperationId(row[0]), row[1], row[2], row[3])


def open_operation(
    session: Session,
    operation_id: OperationId,
    *,
    purpose: str,
    opened_by: OfficerId,
    opened_at: datetime,
    until: date | None,
) -> None:
    """Add an operation, open from now."""
    session.execute(
        "INSERT INTO held.operations VALUES (?, ?, ?, ?, ?)",
        [operation_id, purpose, opened_by, opened_at, until],
    )


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
    said += [entry.tables, entry.keyed] if is_keyed(session) else []
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
