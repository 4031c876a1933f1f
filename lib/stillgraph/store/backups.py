"""The record of the backups that were made of a case."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from stillgraph.records import BackupRecord
from stillgraph.store.casefile import Session

_COLUMNS = (
    "backup_id, place, officer_id, reason, made_at, entries, images, size_bytes, sha256, keep_until, removed_at, "
    "removed_by"
)


def add(
    session: Session, *, place: str, officer: str, reason: str, made_at: datetime, entries: int, images: int,
    size_bytes: int, sha256: str, keep_until: date,
) -> int:  # fmt: skip
    """Keep that a backup was made; return its number."""
    row = session.one(
        "INSERT INTO held.backups (place, officer_id, reason, made_at, entries, images, size_bytes, sha256, "
        "keep_until) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING backup_id",
        [place, officer, reason, made_at, entries, images, size_bytes, sha256, keep_until],
    )
    assert row is not None  # noqa: S101  (one row was inserted)
    return int(row[0])


def every(session: Session) -> list[BackupRecord]:
    """Return every backup on record, the removed ones too, oldest first."""
    return [_record(row) for row in session.rows(f"SELECT {_COLUMNS} FROM held.backups ORDER BY backup_id")]  # noqa: S608


def one(session: Session, backup_id: int) -> BackupRecord | None:
    """Return what is on record of one backup, or ``None``."""
    row = session.one(f"SELECT {_COLUMNS} FROM held.backups WHERE backup_id = ?", [backup_id])  # noqa: S608
    return None if row is None else _record(row)


def holding(session: Session, entry: int) -> list[BackupRecord]:
    """Return the backups not removed yet that were made before an audit entry: they hold what it deleted."""
    rows = session.rows(
        f"SELECT {_COLUMNS} FROM held.backups WHERE entries < ? AND removed_at IS NULL ORDER BY backup_id",  # noqa: S608
        [entry],
    )
    return [_record(row) for row in rows]


def removed(session: Session, backup_id: int, *, by: str, at: datetime) -> None:
    """Keep that a backup was removed."""
    session.execute("UPDATE held.backups SET removed_at = ?, removed_by = ? WHERE backup_id = ?", [at, by, backup_id])


def _record(row: tuple[Any, ...]) -> BackupRecord:
    number, place, officer, reason, made_at, entries, images, size, sha256, until, removed_at, removed_by = row
    return BackupRecord(
        number, place, officer, reason, made_at.astimezone(UTC), entries, images, size, sha256, until,
        removed_at and removed_at.astimezone(UTC), removed_by,
    )  # fmt: skip
