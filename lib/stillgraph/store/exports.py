"""Files that were written for people: where, with which bytes, and of whom or what, so that they can be deleted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from stillgraph.store.casefile import Session

ALL = "*"
"""What an export is about that has everything of its kind: it is about whatever is deleted."""
DELETED = "deleted"
CHANGED = "changed since it was written, so not deleted"
MOVED = "not where it was written any more"
OUT_OF_REACH = "it cannot be read or removed from here"
_ELSEWHERE, _MOST_CHARACTERS = " wrote it on their own machine: ", 1_000


@dataclass(frozen=True, slots=True)
class Exported:
    """One file written for people."""

    export_id: int
    kind: str
    path: str
    sha256: str
    exported_at: datetime
    ended_how: str | None = None


def elsewhere(officer: str, path: str) -> str:
    """Return where a file is that a server's client wrote, for people to read: nothing here is opened by it."""
    plain = "".join(letter for letter in path[:_MOST_CHARACTERS] if letter.isprintable())
    return f"{officer}{_ELSEWHERE}{plain}"


def is_elsewhere(path: str) -> bool:
    """Say whether what stands for a file's place is that of a server's client."""
    return _ELSEWHERE in path


_COLUMNS = "export_id, kind, path, sha256, exported_at, ended_how"


def add(
    session: Session, kind: str, path: str, sha256: str, about: Iterable[str], *, officer: str, operation: str,
    at: datetime,
) -> None:  # fmt: skip
    """Record that a file was written; ``about`` are the ids of stills, nominals and custody images that it shows."""
    session.execute(
        "INSERT INTO held.exports SELECT coalesce(max(export_id), 0) + 1, ?, ?, ?, ?, ?, ?, ?, NULL, NULL "
        "FROM held.exports",
        [kind, path, sha256, sorted(set(about)), officer, operation, at],
    )


def of_erasure(session: Session, erasure_id: int) -> list[Exported]:
    """Return the files not ended yet that are about something a deletion deleted."""
    rows = session.rows(
        f"SELECT {_COLUMNS} FROM held.exports WHERE ended_at IS NULL AND (list_contains(about, '{ALL}') OR "  # noqa: S608
        "list_has_any(about, (SELECT coalesce(list(record_id), []) FROM held.erased_records WHERE erasure_id = $id)) "
        "OR export_id::VARCHAR IN (SELECT record_id FROM held.erased_records WHERE erasure_id = $id "
        "AND kind = 'export')) ORDER BY export_id",
        {"id": erasure_id},
    )
    return [Exported(*row) for row in rows]


def about(session: Session, ids: Iterable[str]) -> list[Exported]:
    """Return the files that are about some of these, ended or not."""
    rows = session.rows(
        f"SELECT {_COLUMNS} FROM held.exports WHERE list_contains(about, '{ALL}') OR list_has_any(about, $ids) "  # noqa: S608
        "ORDER BY export_id",
        {"ids": sorted(ids)},
    )
    return [Exported(*row) for row in rows]


def end(session: Session, export_id: int, how: str) -> None:
    """Record how a file ended; of one that is deleted, the place goes too."""
    session.execute(
        "UPDATE held.exports SET ended_at = now(), ended_how = $how, "
        "path = CASE WHEN $how = $deleted THEN '' ELSE path END WHERE export_id = $id",
        {"how": how, "deleted": DELETED, "id": export_id},
    )
