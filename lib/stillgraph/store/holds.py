"""Legal holds and applications to delete, in the case file."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from stillgraph.records import Application, Hold, NominalId, PersonId, RecordKind
from stillgraph.store.casefile import Session

_HOLD = (
    "hold_id, kind, record_id, because, until, placed_by, placed_at, released_by, released_at, release_because"
)  # fmt: skip
_APPLICATION = (
    "application_id, nominal_id, received_on, ground, recorded_by, recorded_at, outcome, because, purpose, "
    "next_review, decided_by, decided_at"
)
_EXISTS = {
    RecordKind.NOMINAL: "SELECT 1 FROM held.nominals WHERE nominal_id = ?",
    RecordKind.CUSTODY_IMAGE: "SELECT 1 FROM held.custody_images WHERE custody_image_id = ?",
    RecordKind.STILL: "SELECT 1 FROM held.stills WHERE still_id = ?",
}

# What a hold keeps: of a nominal every custody image, and every still on which officers agree it is them.
_KEPT = """
SELECT 'custody image' AS kind, c.custody_image_id AS id, h.hold_id
FROM held.custody_images AS c JOIN held.retention_holds AS h
  ON (h.kind = 'custody image' AND h.record_id = c.custody_image_id)
  OR (h.kind = 'nominal record' AND h.record_id = c.nominal_id)
WHERE h.released_at IS NULL AND (h.until IS NULL OR h.until >= $on)
UNION ALL
SELECT 'still', t.still_id, h.hold_id
FROM held.stills AS t JOIN held.retention_holds AS h ON h.kind = 'still' AND h.record_id = t.still_id
WHERE h.released_at IS NULL AND (h.until IS NULL OR h.until >= $on)
UNION ALL
SELECT DISTINCT 'still', r.still_id, h.hold_id
FROM main.reviews AS r JOIN held.retention_holds AS h ON h.kind = 'nominal record' AND h.record_id = r.nominal_id
WHERE r.outcome = 'corroborated' AND h.released_at IS NULL AND (h.until IS NULL OR h.until >= $on)
"""


def place(
    session: Session, kind: RecordKind, record: str, *, because: str, until: date | None, officer: str, operation: str,
    at: datetime,
) -> Hold | None:  # fmt: skip
    """Place a hold on a record; ``None`` where there is no such record."""
    if session.one(_EXISTS[kind], [record]) is None:
        return None
    row = session.one(
        "INSERT INTO held.retention_holds SELECT coalesce(max(hold_id), 0) + 1, ?, ?, ?, ?, ?, ?, ?, NULL, NULL, NULL "  # noqa: S608
        f"FROM held.retention_holds RETURNING {_HOLD}",
        [str(kind), record, because, until, officer, operation, at],
    )
    assert row is not None  # noqa: S101  (INSERT ... RETURNING of one row returns one row)
    return Hold(*row)


def one(session: Session, hold_id: int) -> Hold | None:
    """Return a hold, or ``None``."""
    row = session.one(f"SELECT {_HOLD} FROM held.retention_holds WHERE hold_id = ?", [hold_id])  # noqa: S608
    return None if row is None else Hold(*row)


def every(session: Session, *, standing: bool = False) -> tuple[Hold, ...]:
    """Return every hold, or those not released."""
    rows = session.rows(
        f"SELECT {_HOLD} FROM held.retention_holds WHERE NOT $standing OR released_at IS NULL ORDER BY hold_id",  # noqa: S608
        {"standing": standing},
    )
    return tuple(Hold(*row) for row in rows)


def release(session: Session, hold_id: int, *, officer: str, because: str, at: datetime) -> None:
    """Record that a hold ends now."""
    session.execute(
        "UPDATE held.retention_holds SET released_by = ?, released_at = ?, release_because = ? WHERE hold_id = ?",
        [officer, at, because, hold_id],
    )


def kept(session: Session, on: date) -> dict[tuple[str, str], int]:
    """Return every custody image and still that a hold keeps on a day, by kind and id, with the hold's number."""
    return {(kind, record): hold for kind, record, hold in session.rows(_KEPT, {"on": on})}


def of_person(session: Session, person: PersonId) -> tuple[NominalId | None, tuple[str, ...]] | None:
    """Return the nominal and the stills of a person of the last linking run; ``None`` where there is no such person."""
    row = session.one("SELECT nominal_id FROM held.persons WHERE person_id = ?", [person])
    if row is None:
        return None
    rows = session.rows(
        "SELECT DISTINCT still_id FROM main.person_faces WHERE person_id = ? ORDER BY still_id", [person]
    )
    return row[0], tuple(one[0] for one in rows)


# --- applications ---------------------------------------------------------------------------------------------------


def take(
    session: Session, nominal: NominalId, *, received_on: date, ground: str, officer: str, at: datetime
) -> Application:
    """Record an application."""
    row = session.one(
        "INSERT INTO held.retention_applications SELECT coalesce(max(application_id), 0) + 1, ?, ?, ?, ?, ?, NULL, "  # noqa: S608
        f"NULL, NULL, NULL, NULL, NULL FROM held.retention_applications RETURNING {_APPLICATION}",
        [nominal, received_on, ground, officer, at],
    )
    assert row is not None  # noqa: S101  (INSERT ... RETURNING of one row returns one row)
    return Application(*row)


def application(session: Session, application_id: int) -> Application | None:
    """Return an application, or ``None``."""
    row = session.one(
        f"SELECT {_APPLICATION} FROM held.retention_applications WHERE application_id = ?",  # noqa: S608
        [application_id],
    )
    return None if row is None else Application(*row)


def applications(session: Session, nominals: Sequence[NominalId] | None = None) -> tuple[Application, ...]:
    """Return every application, or those of some nominals."""
    rows = session.rows(
        f"SELECT {_APPLICATION} FROM held.retention_applications WHERE $wanted IS NULL OR nominal_id IN "  # noqa: S608
        "(SELECT unnest($wanted::VARCHAR[])) ORDER BY application_id",
        {"wanted": None if nominals is None else list(nominals)},
    )
    return tuple(Application(*row) for row in rows)


def decide(
    session: Session, application_id: int, outcome: str, *, because: str, purpose: str | None, next_review: date | None,
    officer: str, at: datetime,
) -> None:  # fmt: skip
    """Record how an application was decided; of one that deletes, what the person wrote goes too."""
    session.execute(
        "UPDATE held.retention_applications SET outcome = $outcome, because = $because, purpose = $purpose, "
        "next_review = $next, decided_by = $by, decided_at = $at, ground = CASE WHEN $outcome = 'deleted' THEN "
        "'removed with the records' ELSE ground END WHERE application_id = $id",
        {"outcome": outcome, "because": because, "purpose": purpose, "next": next_review, "by": officer, "at": at,
         "id": application_id},
    )  # fmt: skip


def images(session: Session, nominal: NominalId) -> list[tuple[str, date, str, str, bool]]:
    """Return a nominal's custody images: id, day, conviction status, basis, and whether they were under 18 then."""
    return [
        (row[0], row[1], row[2], row[3], bool(row[4]))
        for row in session.rows(
            "SELECT c.custody_image_id, c.captured_on, c.conviction_status, c.basis, "
            "date_sub('year', n.date_of_birth, c.captured_on) < 18 FROM held.custody_images AS c "
            "JOIN held.nominals AS n USING (nominal_id) WHERE c.nominal_id = ? "
            "ORDER BY c.captured_on, c.custody_image_id",
            [nominal],
        )
    ]
