"""Templates of two models side by side, while a case is brought from one to the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from stillgraph.records import FaceId, ModelId, Vector
from stillgraph.store.casefile import Session

# Faces with a template of one model and none of the other.
_LACKING = (
    "held.templates AS t JOIN held.faces AS f USING (face_id) "
    "WHERE t.model = $old AND NOT EXISTS "
    "(SELECT 1 FROM held.templates AS n WHERE n.face_id = t.face_id AND n.model = $new)"
)


@dataclass(frozen=True, slots=True, eq=False)
class ToEmbed:
    """Faces of one image that lack a template; ``landmarks`` is float32, shape (n, 5, 2), one for each of ``faces``."""

    image_kind: str
    image_id: str
    sha256: str
    faces: tuple[FaceId, ...]
    landmarks: Vector = field(repr=False)


def lacking_count(session: Session, old: ModelId, new: ModelId) -> int:
    """Return how many images have faces with a template of ``old`` and none of ``new``."""
    row = session.one(
        f"SELECT count(DISTINCT (f.image_kind, f.image_id)) FROM {_LACKING}",  # noqa: S608
        {"old": old, "new": new},
    )
    return int(row[0]) if row is not None else 0


def lacking(session: Session, old: ModelId, new: ModelId, limit: int) -> list[ToEmbed]:
    """Return at most ``limit`` images whose faces have a template of ``old`` and none of ``new``."""
    rows = session.rows(
        "SELECT image_kind, image_id, coalesce(any_value(s.sha256), any_value(c.sha256)), "  # noqa: S608
        "list(face_id ORDER BY face_id), list(landmarks ORDER BY face_id) "
        f"FROM (SELECT f.image_kind, f.image_id, f.face_id, f.landmarks FROM {_LACKING}) "
        "LEFT JOIN held.stills AS s ON image_kind = 'still' AND s.still_id = image_id "
        "LEFT JOIN held.custody_images AS c ON image_kind = 'custody' AND c.custody_image_id = image_id "
        "GROUP BY image_kind, image_id ORDER BY image_kind, image_id LIMIT $limit",
        {"old": old, "new": new, "limit": limit},
    )
    return [
        ToEmbed(kind, image, sha256, tuple(faces), np.asarray(landmarks, np.float32).reshape(len(faces), 5, 2))
        for kind, image, sha256, faces, landmarks in rows
    ]


def still_wanted(
    session: Session, old: ModelId, new: ModelId, made: Sequence[tuple[FaceId, Vector]]
) -> list[tuple[FaceId, Vector]]:
    """Return those templates whose faces still lack one: another process may have made it, or deleted the face."""
    rows = session.rows(
        f"SELECT t.face_id FROM {_LACKING} AND list_contains($faces, t.face_id)",  # noqa: S608
        {"old": old, "new": new, "faces": [face for face, _ in made]},
    )
    wanted = {row[0] for row in rows}
    return [one for one in made if one[0] in wanted]


def add(session: Session, model: ModelId, made: Sequence[tuple[FaceId, Vector]]) -> None:
    """Add templates of a model."""
    session.append("templates", [{"face_id": face, "model": model, "vector": vector} for face, vector in made])


def drop(session: Session, model: ModelId) -> int:
    """Delete every template of a model; return how many there were."""
    row = session.one("SELECT count(*) FROM held.templates WHERE model = ?", [model])
    session.execute("DELETE FROM held.templates WHERE model = ?", [model])
    return int(row[0]) if row is not None else 0


def bind(session: Session, *, pack: str, model: ModelId) -> None:
    """Bind the case to a pack and its model."""
    session.execute("UPDATE held.settings SET value = ? WHERE key = 'pack'", [pack])
    session.execute("UPDATE held.settings SET value = ? WHERE key = 'model'", [model])
