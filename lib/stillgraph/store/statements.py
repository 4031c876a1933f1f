"""What a statement and a photo array are made of, in the case file; arrays and answers are only ever appended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from stillgraph.records import (
    ArrayAnswer,
    ArrayPosition,
    CustodyImageId,
    FaceId,
    NominalId,
    PhotoArray,
    SearchId,
    StillId,
)
from stillgraph.store.casefile import Session


@dataclass(frozen=True, slots=True)
class Recorded:
    """A custody image with a face, and what custody recorded of the person; ``age`` in whole years when captured."""

    nominal_id: NominalId
    custody_image: CustodyImageId
    sex: str
    ethnicity: str
    age: int
    captured_on: date


def still_facts(session: Session, still: StillId) -> tuple[datetime, str]:
    """Return when a still was taken, and its offence in words."""
    row = session.one(
        "SELECT t.captured_at, o.offence_id || ': ' || o.offence || ', ' || s.store || ', ' || s.borough "
        "FROM held.stills AS t JOIN held.offences AS o USING (offence_id) JOIN held.stores AS s USING (store_id) "
        "WHERE t.still_id = ?",
        [still],
    )
    assert row is not None  # noqa: S101  (a still in the case has its offence and store)
    return row[0], row[1]


def search_facts(session: Session, search_id: SearchId) -> tuple[str, str, datetime]:
    """Return who made a search, for which operation, and when."""
    row = session.one(
        "SELECT officer_id, operation_id, searched_at FROM held.searches WHERE search_id = ?", [search_id]
    )
    assert row is not None  # noqa: S101  (search ids come from this table)
    return row[0], row[1], row[2]


def judgement_entries(session: Session, sequences: Sequence[int]) -> dict[int, tuple[int, str, str]]:
    """Return sequence, digest and details of the audit entry that recorded each of these judgements."""
    rows = session.rows(
        "SELECT CAST(json_extract(details, '$.judgement') AS BIGINT) AS judgement, sequence, digest, details "
        "FROM held.audit WHERE action = 'judge' AND result = 'done' AND list_contains(?, judgement)",
        [list(sequences)],
    )
    return {row[0]: (row[1], row[2], row[3]) for row in rows}


def recorded(session: Session, model: str) -> list[Recorded]:
    """Return every custody image in which a face was found, with what was recorded, by id."""
    rows = session.rows(
        "SELECT c.nominal_id, c.custody_image_id, n.sex, n.ethnicity, "
        "date_sub('year', n.date_of_birth, c.captured_on), c.captured_on "
        "FROM held.custody_images AS c JOIN held.nominals AS n USING (nominal_id) "
        "WHERE EXISTS (SELECT 1 FROM held.faces AS f JOIN held.templates AS t ON t.face_id = f.face_id AND t.model = ? "
        "              WHERE f.image_kind = 'custody' AND f.image_id = c.custody_image_id) ORDER BY c.custody_image_id",
        [model],
    )
    return [Recorded(*row) for row in rows]


def under_the_same_offence(session: Session, nominal_id: NominalId, face_id: FaceId | None) -> set[NominalId]:
    """Return whom no array of this candidate may hold.

    Whoever an officer supported for a face of the same offence, the offences being the face's, or without one those of
    every face corroborated as the candidate; and whoever else is on the candidate list of the face.
    """
    rows = session.rows(
        "WITH of AS (SELECT t.offence_id FROM held.faces AS f JOIN held.stills AS t ON t.still_id = f.image_id "
        "            WHERE f.face_id = $face "
        "            UNION SELECT t.offence_id FROM main.reviews AS r JOIN held.stills AS t USING (still_id) "
        "            WHERE $face IS NULL AND r.outcome = 'corroborated' AND r.nominal_id = $nominal) "
        "SELECT j.nominal_id FROM held.judgements AS j JOIN held.faces AS f USING (face_id) "
        "JOIN held.stills AS t ON t.still_id = f.image_id "
        "WHERE t.offence_id IN (FROM of) AND j.nominal_id IS NOT NULL "
        "UNION SELECT c.nominal_id FROM main.reviews AS r "
        "JOIN held.candidates AS c ON c.search_id = r.search_id AND c.face_id = r.face_id WHERE r.face_id = $face",
        {"face": face_id, "nominal": nominal_id},
    )
    return {row[0] for row in rows} - {nominal_id}


def next_array(session: Session) -> int:
    """Return the number of the next photo array."""
    row = session.one("SELECT coalesce(max(array_id), 0) + 1 FROM held.arrays")
    assert row is not None  # noqa: S101  (an aggregate returns one row)
    return int(row[0])


def add_array(session: Session, array: PhotoArray) -> None:
    """Keep a photo array: who stands where, why, and from which seed."""
    session.execute(
        "INSERT INTO held.arrays VALUES (?, ?, ?, ?, ?, ?)",
        [array.array_id, array.face_id, array.nominal_id, array.seed, array.made_by, array.made_at],
    )
    session.append(
        "array_positions",
        [
            {"array_id": array.array_id, "position": p.position, "nominal_id": p.nominal_id,
             "custody_image_id": p.custody_image, "why": p.why}
            for p in array.positions
        ],
    )  # fmt: skip


def array(session: Session, array_id: int) -> PhotoArray | None:
    """Return a photo array as it was made, or ``None``."""
    row = session.one(
        "SELECT array_id, nominal_id, face_id, seed, made_by, made_at FROM held.arrays WHERE array_id = ?", [array_id]
    )
    if row is None:
        return None
    places = session.rows(
        "SELECT position, nominal_id, custody_image_id, why FROM held.array_positions WHERE array_id = ? "
        "ORDER BY position",
        [array_id],
    )
    return PhotoArray(row[0], row[1], row[2], row[3], tuple(ArrayPosition(*place) for place in places), row[4], row[5])


def add_answer(session: Session, answer: ArrayAnswer) -> None:
    """Append what a witness answered."""
    session.execute(
        "INSERT INTO held.array_answers SELECT coalesce(max(answer_id), 0) + 1, ?, ?, ?, ?, ? FROM held.array_answers",
        [answer.array_id, answer.position, answer.words, answer.recorded_by, answer.recorded_at],
    )
