"""What the case file holds for the gallery's index: which custody images have a template, and what is recorded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from stillgraph.records import CustodyImageId, ModelId, NominalId, Vector
from stillgraph.store.casefile import Session

# Custody images with a template of the model. The age is in whole years at capture.
_ENROLLED = (
    "held.templates AS t JOIN held.faces AS f USING (face_id) "
    "JOIN held.custody_images AS c ON c.custody_image_id = f.image_id "
    "LEFT JOIN held.nominals AS n ON n.nominal_id = c.nominal_id "
    "WHERE f.image_kind = 'custody' AND t.model = $model"
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


def state(session: Session, model: ModelId) -> tuple[int, str]:
    """Return how many custody images have a template, and a digest of them and of all that is recorded of them.

    An image's template is made by the model from its bytes, so the image's SHA-256 stands for it.
    """
    row = session.one(
        "SELECT count(*), sum(hash(c.custody_image_id, c.nominal_id, c.sha256, c.captured_on, c.review_due, "  # noqa: S608
        f"c.conviction_status, n.sex, n.date_of_birth)) FROM {_ENROLLED}",
        {"model": model},
    )
    assert row is not None  # noqa: S101  (an aggregate returns one row)
    return int(row[0]), f"{row[0]}:{row[1]}"


def dimension(session: Session, model: ModelId) -> int:
    """Return the length of a template of ``model``, of which there is one."""
    row = session.one("SELECT len(vector) FROM held.templates WHERE model = ? LIMIT 1", [model])
    assert row is not None  # noqa: S101  (the caller has seen that there is one)
    return int(row[0])


def enrolled(session: Session, model: ModelId) -> list[Enrolled]:
    """Return every custody image with a template, in the order of their ids."""
    rows = session.rows(
        "SELECT c.custody_image_id, c.nominal_id, c.captured_on, c.review_due, "  # noqa: S608
        "coalesce(date_sub('year', n.date_of_birth, c.captured_on), -1), coalesce(n.sex, ''), c.conviction_status "
        f"FROM {_ENROLLED} ORDER BY c.custody_image_id",
        {"model": model},
    )
    return [Enrolled(*row) for row in rows]


def vectors(session: Session, model: ModelId, images: Sequence[CustodyImageId]) -> Vector:
    """Return the templates of some custody images, float32, shape (n, d), in their order."""
    rows = session.rows(
        f"SELECT c.custody_image_id, t.vector FROM {_ENROLLED} AND list_contains($images, c.custody_image_id)",  # noqa: S608
        {"model": model, "images": list(images)},
    )
    found = dict(rows)
    return np.array([found[image] for image in images], dtype=np.float32)


def unknown_nominals(session: Session, nominals: Sequence[NominalId]) -> list[NominalId]:
    """Return those of some nominals that are not in the case."""
    rows = session.rows(
        "SELECT nominal_id FROM held.nominals WHERE list_contains($wanted, nominal_id)", {"wanted": list(nominals)}
    )
    known = {row[0] for row in rows}
    return [one for one in nominals if one not in known]
