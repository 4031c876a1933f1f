"""Officers, operations, the audit chain and stage times in the case file."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime

from stillgraph.records import AuditEntry, Officer, OfficerId, Operation, OperationId, Role
from stillgraph.store.casefile import Session


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
    rows = session.rows(
        "SELECT sequence, recorded_at, officer, operation, reason, action, result, details, previous, digest "
        "FROM held.audit ORDER BY sequence"
    )
    return [AuditEntry(row[0], row[1].astimezone(UTC), *row[2:]) for row in rows]


def chain_head(session: Session) -> tuple[int, str] | None:
    """Return sequence and digest of the newest audit entry, or ``None``."""
    row = session.one("SELECT sequence, digest FROM held.audit ORDER BY sequence DESC LIMIT 1")
    return None if row is None else (row[0], row[1])


def append_entry(session: Session, entry: AuditEntry) -> None:
    """Append one audit entry."""
    session.execute(
        "INSERT INTO held.audit VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [entry.sequence, entry.recorded_at, entry.officer, entry.operation, entry.reason, entry.action, entry.result,
         entry.details, entry.previous, entry.digest],
    )  # fmt: skip


def record_stage_times(session: Session, times: Sequence[tuple[str, float]]) -> None:
    """Put these stage times in the place of those recorded before."""
    session.execute("DELETE FROM held.stage_times")
    session.append("stage_times", [{"position": n, "stage": s, "elapsed_s": t} for n, (s, t) in enumerate(times)])


def stage_times(session: Session) -> tuple[tuple[str, float], ...]:
    """Return the recorded stage times in order."""
    return tuple(
        (row[0], row[1]) for row in session.rows("SELECT stage, elapsed_s FROM held.stage_times ORDER BY position")
    )
