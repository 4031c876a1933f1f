"""What the case file holds for comparing faces of stills with each other: the faces, who is known, and who compared."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime

import numpy as np

from stillgraph.records import AlikeReport, FaceId, ModelId, NominalId, OffenceId, PersonId, RetailerId, StillId, Vector
from stillgraph.store.casefile import Session

# Every usable face of a still with a template of the model, and the known person it is, each kind with ids of its own.
_FACES = """
SELECT f.face_id, coalesce('nominal ' || r.nominal_id, 'person ' || p.person_id, 'face ' || f.face_id) AS known,
       t.captured_at::DATE AS captured_on, s.borough, t.retailer_id
FROM held.faces AS f
JOIN held.templates AS v ON v.face_id = f.face_id AND v.model = $model
JOIN held.stills AS t ON t.still_id = f.image_id
JOIN held.offences AS o ON o.offence_id = t.offence_id
JOIN held.stores AS s ON s.store_id = o.store_id
LEFT JOIN main.reviews AS r ON r.face_id = f.face_id AND r.outcome = 'corroborated'
LEFT JOIN (SELECT pf.face_id, pf.person_id FROM held.person_faces AS pf JOIN held.persons AS q USING (person_id)
           WHERE q.status = 'corroborated' AND q.nominal_id IS NULL) AS p ON p.face_id = f.face_id
WHERE f.image_kind = 'still' AND f.usable
"""


@dataclass(frozen=True, slots=True)
class StillFace:
    """A face as the index of stills holds it; ``known`` names the person it is, or itself where nobody is known."""

    face: FaceId
    known: str
    captured_on: date
    borough: str
    retailer: str


@dataclass(frozen=True, slots=True)
class Described:
    """What is said of a face that is listed."""

    still: StillId
    retailer_id: RetailerId
    borough: str
    captured_at: datetime
    offence_id: OffenceId
    nominal_id: NominalId | None
    person_id: PersonId | None


def state(session: Session, model: ModelId) -> tuple[int, str]:
    """Return how many faces there are to compare with, and a digest of all that the index knows of them."""
    row = session.one(
        f"SELECT count(*), sum(hash(face_id, known, captured_on, borough, retailer_id)) FROM ({_FACES})",  # noqa: S608
        {"model": model},
    )
    assert row is not None  # noqa: S101  (an aggregate returns one row)
    return int(row[0]), f"{row[0]}:{row[1]}"


def faces(session: Session, model: ModelId) -> list[StillFace]:
    """Return every face to compare with, in the order of their ids."""
    return [StillFace(*row) for row in session.rows(f"{_FACES} ORDER BY f.face_id", {"model": model})]


def vectors(session: Session, model: ModelId, wanted: Sequence[FaceId]) -> Vector:
    """Return the templates of some faces, float32, shape (n, d), in their order; each has one."""
    rows = session.rows(
        "SELECT face_id, vector FROM held.templates JOIN (SELECT unnest($faces::VARCHAR[]) AS face_id) USING (face_id) "
        "WHERE model = $model",
        {"model": model, "faces": list(wanted)},
    )
    found = dict(rows)
    return np.array([found[face] for face in wanted], dtype=np.float32)


def known_on(session: Session, model: ModelId, still: StillId) -> list[str]:
    """Return who is on a still, as the index names them."""
    rows = session.rows(f"SELECT known FROM ({_FACES} AND f.image_id = $still)", {"model": model, "still": still})  # noqa: S608
    return [row[0] for row in rows]


def counts(session: Session, model: ModelId, known: Sequence[str]) -> dict[str, int]:
    """Return how many faces each of some known persons has to compare with."""
    rows = session.rows(
        f"SELECT known, count(*) FROM ({_FACES}) WHERE list_contains($known, known) GROUP BY known",  # noqa: S608
        {"model": model, "known": list(known)},
    )
    return dict(rows)


def described(session: Session, wanted: Sequence[FaceId]) -> dict[FaceId, Described]:
    """Return what is said of some faces."""
    rows = session.rows(
        "SELECT f.face_id, t.still_id, t.retailer_id, s.borough, t.captured_at, t.offence_id, r.nominal_id, "
        "coalesce(r.nominal_id, p.person_id) FROM held.faces AS f "
        "JOIN (SELECT unnest($faces::VARCHAR[]) AS face_id) AS w ON w.face_id = f.face_id "
        "JOIN held.stills AS t ON t.still_id = f.image_id JOIN held.offences AS o ON o.offence_id = t.offence_id "
        "JOIN held.stores AS s ON s.store_id = o.store_id "
        "LEFT JOIN main.reviews AS r ON r.face_id = f.face_id AND r.outcome = 'corroborated' "
        "LEFT JOIN (SELECT pf.face_id, pf.person_id FROM held.person_faces AS pf JOIN held.persons AS q "
        " USING (person_id) WHERE q.status = 'corroborated' AND q.nominal_id IS NULL) AS p ON p.face_id = f.face_id",
        {"faces": list(wanted)},
    )
    return {row[0]: Described(*row[1:]) for row in rows}


def add(
    session: Session, report: AlikeReport, *, officer: str, operation: str, reason: str, searched_at: datetime
) -> None:
    """Record who compared which faces, with how many."""
    filters = json.dumps(
        {name: [str(one) for one in value] if isinstance(value, tuple) else value.isoformat()
         for name, value in asdict(report.filters).items() if value}
    )  # fmt: skip
    session.append(
        "alike_searches",
        [
            {
                "face_id": one.face_id, "officer_id": officer, "operation_id": operation, "reason": reason,
                "searched_at": searched_at, "model": report.model, "faces": report.gallery.size,
                "gallery_version": report.gallery.version, "filters": filters,
                "faces_searched": report.faces_searched, "threshold": report.threshold, "list_limit": report.limit,
            }
            for one in report.lists
        ],
    )  # fmt: skip
