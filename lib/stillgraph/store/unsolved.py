"""Open stills in the case file: faces without anybody corroborated, and custody images to be compared with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stillgraph.records import (
    Combined,
    CustodyImageId,
    EnhancementId,
    FaceId,
    ModelId,
    NominalId,
    SearchId,
    StillId,
    Vector,
)
from stillgraph.store.casefile import Session

# Usable faces of stills with a template of the model and nobody corroborated.
_OPEN = (
    "held.faces AS f JOIN held.templates AS t ON t.face_id = f.face_id AND t.model = $model "
    "LEFT JOIN main.reviews AS r ON r.face_id = f.face_id "
    "WHERE f.image_kind = 'still' AND f.usable AND coalesce(r.outcome, 'pending') <> 'corroborated'"
)

# Custody images with a template of the model that are not past their review and not compared yet.
_WAITING = (
    "held.custody_images AS c JOIN held.faces AS f ON f.image_kind = 'custody' AND f.image_id = c.custody_image_id "
    "JOIN held.templates AS t ON t.face_id = f.face_id AND t.model = $model "
    "WHERE c.compared_at IS NULL AND list_contains($deliveries, c.delivery_id) "
    "AND ($review_on IS NULL OR c.review_due >= $review_on)"
)


@dataclass(frozen=True, slots=True, eq=False)
class OpenFaces:
    """Faces of open stills, in the order of their ids; ``vectors`` are their templates, float32, shape (n, d)."""

    ids: tuple[FaceId, ...]
    vectors: Vector = field(repr=False)


@dataclass(frozen=True, slots=True)
class MadeWith:
    """What a list was made with beside the face's own template: the faces of a search together, or an enhancement."""

    together: SearchId | None = None
    combined: Combined | None = None
    enhancement: EnhancementId | None = None


@dataclass(frozen=True, slots=True, eq=False)
class NewImages:
    """Custody images and whose they are, in the order of their ids; ``vectors`` float32, shape (m, d)."""

    images: tuple[CustodyImageId, ...]
    nominals: tuple[NominalId, ...]
    vectors: Vector = field(repr=False)


def count_open(session: Session, model: ModelId) -> int:
    """Return how many faces are open."""
    row = session.one(f"SELECT count(*) FROM {_OPEN}", {"model": model})  # noqa: S608
    assert row is not None  # noqa: S101  (an aggregate returns one row)
    return int(row[0])


def open_stills(session: Session, model: ModelId) -> list[StillId]:
    """Return the stills that have an open face."""
    return [row[0] for row in session.rows(f"SELECT DISTINCT f.image_id FROM {_OPEN}", {"model": model})]  # noqa: S608


def open_faces(session: Session, model: ModelId) -> OpenFaces:
    """Return every open face with its template."""
    frame = session.frame(f"SELECT f.face_id, t.vector FROM {_OPEN} ORDER BY f.face_id", {"model": model})  # noqa: S608
    return OpenFaces(tuple(frame["face_id"]), _stacked(frame["vector"]))


def lists_made_otherwise(session: Session, model: ModelId) -> dict[FaceId, MadeWith]:
    """Return the faces whose newest list was made with more than their own template, and with what."""
    rows = session.rows(
        "SELECT r.face_id, CASE WHEN s.together THEN r.search_id END, s.combined, s.enhancement_id "
        "FROM main.reviews AS r JOIN held.searches AS s USING (search_id) "
        "WHERE s.model = $model AND (s.together OR s.enhancement_id IS NOT NULL) ORDER BY r.face_id",
        {"model": model},
    )
    return {
        face: MadeWith(together, None if combined is None else Combined(combined), enhancement)
        for face, together, combined, enhancement in rows
    }


def stills_of(session: Session, faces: Sequence[FaceId]) -> dict[FaceId, StillId]:
    """Return the still of each of some faces."""
    return dict(
        session.rows(
            "SELECT face_id, image_id FROM held.faces WHERE list_contains($faces, face_id)", {"faces": list(faces)}
        )
    )


def probes(session: Session, search_id: SearchId) -> list[FaceId]:
    """Return the faces of a search."""
    rows = session.rows("SELECT face_id FROM held.probes WHERE search_id = ? ORDER BY face_id", [search_id])
    return [row[0] for row in rows]


def new_images(
    session: Session,
    model: ModelId,
    deliveries: Sequence[int],
    review_on: date | None,
    *,
    after: str,
    limit: int,
) -> NewImages:
    """Return at most ``limit`` custody images of some deliveries that wait to be compared, from ``after`` on."""
    frame = session.frame(
        f"SELECT c.custody_image_id, c.nominal_id, t.vector FROM {_WAITING} "  # noqa: S608
        "AND c.custody_image_id > $after ORDER BY c.custody_image_id LIMIT $limit",
        {"model": model, "deliveries": list(deliveries), "review_on": review_on, "after": after, "limit": limit},
    )
    return NewImages(tuple(frame["custody_image_id"]), tuple(frame["nominal_id"]), _stacked(frame["vector"]))


def count_new(
    session: Session, model: ModelId, deliveries: Sequence[int], review_on: date | None
) -> tuple[int, int, int]:
    """Return how many images of some deliveries wait to be compared, whose they are, and the persons in the gallery."""
    row = session.one(
        f"SELECT count(*), count(DISTINCT c.nominal_id), "  # noqa: S608
        "(SELECT count(DISTINCT x.nominal_id) FROM held.custody_images AS x JOIN held.faces AS g "
        " ON g.image_kind = 'custody' AND g.image_id = x.custody_image_id JOIN held.templates AS u "
        " ON u.face_id = g.face_id AND u.model = $model WHERE $review_on IS NULL OR x.review_due >= $review_on) "
        f"FROM {_WAITING}",
        {"model": model, "deliveries": list(deliveries), "review_on": review_on},
    )
    assert row is not None  # noqa: S101  (an aggregate returns one row)
    return row[0], row[1], row[2]


def last_places(
    session: Session, model: ModelId, faces: Sequence[FaceId], place: int, review_on: date | None
) -> NDArray[np.float64]:
    """Return what the person at a place of each face's list scores now, at least, shape (n,); -inf where nobody does.

    It is read off the newest list, of which only people count who are still searched: whoever came since can only have
    raised it. A list of another model says nothing.
    """
    rows = session.rows(
        "SELECT r.face_id, list(c.score ORDER BY c.score DESC)[$place] FROM main.reviews AS r "
        "JOIN held.searches AS s USING (search_id) "
        "JOIN held.candidates AS c ON c.search_id = r.search_id AND c.face_id = r.face_id "
        "JOIN held.custody_images AS i ON i.custody_image_id = c.custody_image_id "
        "WHERE s.model = $model AND ($review_on IS NULL OR i.review_due >= $review_on) "
        "GROUP BY r.face_id",
        {"model": model, "place": place, "review_on": review_on},
    )
    found = dict(rows)
    scores = [found.get(face) for face in faces]
    return np.array([-np.inf if score is None else score for score in scores], dtype=np.float64)


def on_last_list(session: Session, faces: Sequence[FaceId]) -> set[tuple[FaceId, CustodyImageId]]:
    """Return which custody images are on the newest list of each of some faces."""
    return set(
        session.rows(
            "SELECT c.face_id, c.custody_image_id FROM main.reviews AS r JOIN held.candidates AS c "
            "ON c.search_id = r.search_id AND c.face_id = r.face_id WHERE list_contains($faces, c.face_id)",
            {"faces": list(faces)},
        )
    )


def deliveries(session: Session, *, waiting: bool = False) -> tuple[int, ...]:
    """Return the custody deliveries, or those with images that wait to be compared."""
    rows = session.rows(
        "SELECT delivery_id FROM held.deliveries AS d WHERE kind = 'custody' AND (NOT $waiting OR EXISTS "
        "(SELECT 1 FROM held.custody_images AS c WHERE c.delivery_id = d.delivery_id AND c.compared_at IS NULL)) "
        "ORDER BY delivery_id",
        {"waiting": waiting},
    )
    return tuple(row[0] for row in rows)


def mark_compared(session: Session, deliveries: Sequence[int], review_on: date | None, at: datetime) -> None:
    """Note that the waiting images of some deliveries were compared; one without a template has nothing to compare.

    An image past its review date, which is not searched, goes on waiting.
    """
    session.execute(
        "UPDATE held.custody_images SET compared_at = $at WHERE compared_at IS NULL "
        "AND list_contains($deliveries, delivery_id) AND ($review_on IS NULL OR review_due >= $review_on)",
        {"at": at, "deliveries": list(deliveries), "review_on": review_on},
    )


def _stacked(vectors: Any) -> Vector:
    found = [np.asarray(vector, dtype=np.float32) for vector in vectors]
    return np.stack(found) if found else np.zeros((0, 0), dtype=np.float32)
