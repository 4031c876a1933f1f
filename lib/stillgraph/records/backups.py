"""Backups of a case: what is on record of each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from stillgraph.records.identifiers import OfficerId


@dataclass(frozen=True, slots=True)
class BackupRecord:
    """One backup as the case remembers it.

    ``entries`` is the number of the newest audit entry in it: what was done later is not in the backup, and what was
    deleted later still is.
    """

    backup_id: int
    place: str
    officer_id: OfficerId
    reason: str
    made_at: datetime
    entries: int
    images: int
    size_bytes: int
    sha256: str
    keep_until: date
    removed_at: datetime | None = None
    removed_by: OfficerId | None = None

    def overdue(self, today: date) -> bool:
        """Say whether the backup should have been removed by now and was not."""
        return self.removed_at is None and today > self.keep_until
