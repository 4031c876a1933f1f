"""Rulings between faces in the case file. They are only ever appended."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from stillgraph.records import FaceId, FaceRuling, OfficerId, OperationId, Says
from stillgraph.store.casefile import Session


@dataclass(frozen=True, slots=True)
class Said:
    """What one ruling shall say, before it has its place in the sequence."""

    says: Says
    faces: tuple[FaceId, ...]
    others: tuple[FaceId, ...] = ()
    undoes: int | None = None


def rulings(session: Session) -> list[FaceRuling]:
    """Return all rulings, in their sequence."""
    rows = session.rows(
        "SELECT sequence, act, faces, others, says, undoes, officer_id, operation_id, reason, ruled_at, simulated, "
        "salt FROM held.rulings ORDER BY sequence"
    )
    return [
        FaceRuling(sequence, act, tuple(faces), tuple(others), Says(says), *rest)
        for sequence, act, faces, others, says, *rest in rows
    ]


def faces_ruled_by(session: Session, officer: OfficerId) -> set[FaceId]:
    """Return every face that an officer has ever ruled on, taken back or not."""
    rows = session.rows(
        "SELECT DISTINCT unnest(faces || others) FROM held.rulings WHERE officer_id = ? AND says <> 'taken back'",
        [officer],
    )
    return {FaceId(row[0]) for row in rows}


def sealed(session: Session) -> list[FaceRuling]:
    """Return every ruling that the audit chain holds a seal of; none in a case of an earlier schema version."""
    there = session.one(
        "SELECT 1 FROM duckdb_tables() WHERE schema_name = 'held' AND table_name = 'rulings' "
        "AND database_name = current_database()"
    )
    return [] if there is None else rulings(session)


def add(
    session: Session,
    said: Sequence[Said],
    *,
    officer: OfficerId,
    operation: OperationId,
    reason: str,
    ruled_at: datetime,
    simulated: bool,
) -> list[FaceRuling]:
    """Append what one action rules; return it with its places in the sequence."""
    row = session.one("SELECT coalesce(max(sequence), 0) + 1 FROM held.rulings")
    assert row is not None  # noqa: S101  (an aggregate returns one row)
    first = int(row[0])
    for sequence, one in enumerate(said, start=first):
        session.execute(
            "INSERT INTO held.rulings VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [sequence, first, list(one.faces), list(one.others), str(one.says), one.undoes, officer, operation, reason,
             ruled_at, simulated, secrets.token_hex(16)],
        )  # fmt: skip
    return [ruling for ruling in rulings(session) if ruling.sequence >= first]
