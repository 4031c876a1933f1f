"""What the case file holds for the gallery's index: which custody images have a template, and what is recorded."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from stillgraph.records import CustodyImageId, ModelId, NominalId, Vector
from stillgraph.store.casefile import Session

# What the index knows of a custody image; the age is in whole years at capture.
_RECORDED = (
    "c.custody_image_id, c.nominal_id, c.captured_on, c.review_due, "
    "coalesce(date_sub('year', n.date_of_birth, c.captured_on), -1), coalesce(n.sex, ''), c.conviction_status, "
    "c.area, c.force, c.basis"
)


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A custody image that is in the gallery, and what is recorded of it; ``age`` in years at capture, -1 unknown."""

    image: CustodyImageId
    nominal: NominalId
    captured_on: date
    review_due: date
    age: int
    sex: str
    conviction_status: str
    area: str
    force: str
    basis: str


@dataclass(frozen=True, slots=True)
class State:
    """What the gallery's index is compared with: a mark of the last change on record, and two counts beside it.

    ``whole`` says that the counts are those of that change: nothing came or went that is not on record.
    """

    mark: str
    images: int
    nominals: int
    whole: bool

    def __str__(self) -> str:
        return f"{self.mark}:{self.images}:{self.nominals}"


def changed(session: Session, images: Sequence[CustodyImageId]) -> None:
    """Record, after the fact and in the same transaction, that some custody images came, went or have other records.

    Whoever changes custody images, their templates or their nominals calls this: it is how the gallery's index
    learns of it at a cost in proportion to the change. Each change gets a mark of its own, so that a case file put
    back from a backup and changed otherwise since is told from the one the index was made of.
    """
    revision, _ = _last(session)
    images_held, nominals_held = _counts(session)
    session.execute(
        "INSERT INTO held.gallery_revisions VALUES (?, ?, ?, ?)",
        [revision + 1, secrets.token_hex(8), images_held, nominals_held],
    )
    session.append("gallery_changes", [{"revision": revision + 1, "custody_image_id": image} for image in images])


def state(session: Session) -> State:
    """Return the mark of the last change on record; its cost does not depend on the gallery's size."""
    revision, mark = _last(session)
    counts = _counts(session)
    stood = session.one("SELECT images, nominals FROM held.gallery_revisions WHERE revision = ?", [revision])
    return State(mark, *counts, whole=stood == counts)


def changed_since(session: Session, said: str) -> list[CustodyImageId] | None:
    """Return the custody images changed since a state, given as its text; ``None`` where the record does not reach."""
    row = session.one(
        "SELECT revision FROM held.gallery_revisions WHERE mark || ':' || images || ':' || nominals = ?", [said]
    )
    if row is None:
        return None
    rows = session.rows(
        "SELECT DISTINCT custody_image_id FROM held.gallery_changes WHERE revision > ? ORDER BY 1", [row[0]]
    )
    return [one[0] for one in rows]


def _last(session: Session) -> tuple[int, str]:
    row = session.one("SELECT revision, mark FROM held.gallery_revisions ORDER BY revision DESC LIMIT 1")
    return (0, "") if row is None else (int(row[0]), str(row[1]))


def _counts(session: Session) -> tuple[int, int]:
    row = session.one("SELECT (SELECT count(*) FROM held.custody_images), (SELECT count(*) FROM held.nominals)")
    assert row is not None  # noqa: S101  (counts are one row)
    return int(row[0]), int(row[1])


def persons(session: Session) -> int:
    """Return how many nominals have a custody image, at the cost of one column.

    Those without a usable face among them are counted too, so that as a gallery's size it is at most too large.
    """
    row = session.one("SELECT count(DISTINCT nominal_id) FROM held.custody_images")
    assert row is not None  # noqa: S101  (an aggregate returns one row)
    return int(row[0])


def dimension(session: Session, model: ModelId) -> int | None:
    """Return the length of a template of ``model``; ``None`` where there is none."""
    row = session.one("SELECT len(vector) FROM held.templates WHERE model = ? LIMIT 1", [model])
    return None if row is None else int(row[0])


def enrolled(session: Session, model: ModelId) -> list[Enrolled]:
    """Return every custody image with a template, in the order of their ids."""
    rows = session.rows(
        f"SELECT {_RECORDED} FROM held.templates AS t JOIN held.faces AS f USING (face_id) "  # noqa: S608
        "JOIN held.custody_images AS c ON c.custody_image_id = f.image_id "
        "LEFT JOIN held.nominals AS n USING (nominal_id) "
        "WHERE f.image_kind = 'custody' AND t.model = $model ORDER BY c.custody_image_id",
        {"model": model},
    )
    return [Enrolled(*row) for row in rows]


def enrolled_of(session: Session, model: ModelId, images: Sequence[CustodyImageId]) -> list[Enrolled]:
    """Return those of some custody images that have a template, in the order of their ids, at a cost of theirs."""
    # A join would read each table whole. Each is filtered by itself, so that only blocks with wanted rows are read.
    wanted = "(SELECT unnest($images::VARCHAR[]))"
    theirs = f"SELECT * FROM held.custody_images WHERE custody_image_id IN {wanted}"  # noqa: S608
    rows = session.rows(
        f"SELECT {_RECORDED} FROM ({theirs}) AS c LEFT JOIN (SELECT * FROM held.nominals WHERE nominal_id IN "  # noqa: S608
        f"(SELECT nominal_id FROM ({theirs}))) AS n USING (nominal_id) ORDER BY c.custody_image_id",
        {"images": list(images)},
    )
    faces = _templates(session, model, images, "NULL")
    return [Enrolled(*row) for row in rows if row[0] in faces]


def vectors(session: Session, model: ModelId, images: Sequence[CustodyImageId]) -> Vector:
    """Return the templates of some custody images, float32, shape (n, d), in their order; each has one."""
    found = _templates(session, model, images, "vector")
    return np.array([found[image] for image in images], dtype=np.float32)


def _templates(
    session: Session, model: ModelId, images: Sequence[CustodyImageId], what: str
) -> dict[CustodyImageId, Any]:
    """Return a column of the template of each of some custody images that has one."""
    faces = dict(
        session.rows(
            "SELECT face_id, image_id FROM held.faces WHERE image_kind = 'custody' AND image_id IN "
            "(SELECT unnest($images::VARCHAR[]))",
            {"images": list(images)},
        )
    )
    table = session.arrow(
        f"SELECT face_id, {what} AS wanted FROM held.templates WHERE model = $model AND face_id IN "  # noqa: S608
        "(SELECT unnest($faces::VARCHAR[]))",
        {"model": model, "faces": list(faces)},
    )
    told = table["wanted"].to_numpy()
    return {faces[face]: one for face, one in zip(table["face_id"].to_pylist(), told, strict=True)}


def unknown_nominals(session: Session, nominals: Sequence[NominalId]) -> list[NominalId]:
    """Return those of some nominals that are not in the case."""
    rows = session.rows(
        "SELECT nominal_id FROM held.nominals WHERE nominal_id IN (SELECT unnest($wanted::VARCHAR[]))",
        {"wanted": list(nominals)},
    )
    known = {row[0] for row in rows}
    return [one for one in nominals if one not in known]
