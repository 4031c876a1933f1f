"""Faces and their templates in the case file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from stillgraph.records import Box, CustodyImageId, Face, FaceId, ModelId, NominalId, Quality, StillId, Template
from stillgraph.store.casefile import Session

ImageKind = Literal["still", "custody"]

_COLUMNS = (
    "f.face_id, f.image_id, f.x, f.y, f.width, f.height, f.landmarks, f.inter_eye_px, f.sharpness, f.brightness, "
    "f.contrast, f.frontality, f.detection_score, f.roll_degrees, f.pitch, f.underexposed, f.overexposed, "
    "f.jpeg_quality, f.occlusion, f.detail, f.band, f.found_by, f.usable, f.unusable_reason"
)


def add(session: Session, kind: ImageKind, faces: Sequence[Face]) -> None:
    """Add faces with their templates."""
    session.append("faces", [_row(kind, face) for face in faces])
    session.append(
        "templates",
        [
            {"face_id": face.face_id, "model": face.template.model, "vector": face.template.vector}
            for face in faces
            if face.template is not None
        ],
    )


def of_stills(session: Session, model: ModelId, stills: Iterable[str] | None = None) -> list[Face]:
    """Return the faces of the given stills, or of all, with their templates of ``model``, in the order of face ids."""
    some = "" if stills is None else "AND image_id IN (SELECT unnest($wanted::VARCHAR[]))"
    # The faces first, then their templates by id: a join would read the templates of the whole gallery.
    rows = session.rows(
        f"WITH theirs AS MATERIALIZED (SELECT * FROM held.faces WHERE image_kind = 'still' {some}) "  # noqa: S608
        f"SELECT {_COLUMNS}, t.vector FROM theirs AS f LEFT JOIN (SELECT face_id, vector FROM held.templates "
        "WHERE model = $model AND face_id IN (SELECT face_id FROM theirs)) AS t USING (face_id) "
        "ORDER BY f.image_id, f.x + f.width / 2, f.face_id",
        {"model": model} if stills is None else {"model": model, "wanted": list(stills)},
    )
    return [_face(row, model) for row in rows]


def places(session: Session, faces: Iterable[FaceId]) -> dict[FaceId, tuple[StillId, Box, bool]]:
    """Return the still, the box and whether it is usable of each of these faces that is one of a still."""
    rows = session.rows(
        "SELECT face_id, image_id, x, y, width, height, usable FROM held.faces "
        "WHERE image_kind = 'still' AND list_contains($faces, face_id)",
        {"faces": sorted(faces)},
    )
    return {FaceId(face): (StillId(still), Box(*box), usable) for face, still, *box, usable in rows}


def one(session: Session, model: ModelId, face_id: FaceId) -> Face | None:
    """Return one face of a still or custody image, or ``None``."""
    row = session.one(
        f"SELECT {_COLUMNS}, t.vector FROM held.faces AS f "  # noqa: S608
        "LEFT JOIN held.templates AS t ON t.face_id = f.face_id AND t.model = ? WHERE f.face_id = ?",
        [model, face_id],
    )
    return None if row is None else _face(row, model)


def some(session: Session, model: ModelId, faces: Iterable[FaceId]) -> list[Face]:
    """Return some faces with their templates of ``model``, in the order of face ids; what is not there is left out."""
    rows = session.rows(
        f"SELECT {_COLUMNS}, t.vector FROM held.faces AS f "  # noqa: S608
        "JOIN (SELECT unnest($faces::VARCHAR[]) AS face_id) AS wanted USING (face_id) "
        "LEFT JOIN held.templates AS t ON t.face_id = f.face_id AND t.model = $model ORDER BY f.face_id",
        {"model": model, "faces": list(faces)},
    )
    return [_face(row, model) for row in rows]


def of_custody_image(session: Session, model: ModelId, custody_image: CustodyImageId) -> Face | None:
    """Return the face that stands for a custody image in the gallery, or ``None`` where it has none."""
    row = session.one(
        f"SELECT {_COLUMNS}, t.vector FROM held.faces AS f "  # noqa: S608
        "JOIN held.templates AS t ON t.face_id = f.face_id AND t.model = ? "
        "WHERE f.image_id = ? AND f.image_kind = 'custody'",
        [model, custody_image],
    )
    return None if row is None else _face(row, model)


def gallery(session: Session, model: ModelId) -> tuple[list[tuple[CustodyImageId, NominalId]], NDArray[np.float32]]:
    """Return the gallery of ``model``: its entries and their vectors, float32, shape (n, d), in one order."""
    table = session.rows(
        "SELECT c.custody_image_id, c.nominal_id, t.vector FROM held.templates AS t "
        "JOIN held.faces AS f USING (face_id) "
        "JOIN held.custody_images AS c ON c.custody_image_id = f.image_id "
        "WHERE f.image_kind = 'custody' AND t.model = ? ORDER BY c.custody_image_id",
        [model],
    )
    entries = [(row[0], row[1]) for row in table]
    vectors = np.asarray([row[2] for row in table], dtype=np.float32).reshape(len(table), -1 if table else 0)
    return entries, vectors


def mean_of_custody(session: Session, model: ModelId) -> NDArray[np.float32] | None:
    """Return the mean template of custody images, shape (d,), of up to 10,000 of them, the same ones each time.

    ``None`` where there is none.
    """
    rows = session.rows(
        "SELECT t.vector FROM held.templates AS t JOIN held.faces AS f USING (face_id) "
        "WHERE f.image_kind = 'custody' AND t.model = ? ORDER BY md5(f.face_id), f.face_id LIMIT 10000",
        [model],
    )
    if not rows:
        return None
    mean: NDArray[np.float32] = np.asarray([row[0] for row in rows], dtype=np.float32).mean(axis=0)
    return mean


def of_nominals(
    session: Session, model: ModelId, nominals: Iterable[NominalId]
) -> dict[NominalId, NDArray[np.float32]]:
    """Return the templates of the nominals' custody images, float32, shape (k, d) each, in the order of image ids."""
    rows = session.rows(
        "SELECT c.nominal_id, list(t.vector ORDER BY c.custody_image_id) FROM held.templates AS t "
        "JOIN held.faces AS f USING (face_id) JOIN held.custody_images AS c ON c.custody_image_id = f.image_id "
        "WHERE f.image_kind = 'custody' AND t.model = $model AND list_contains($nominals, c.nominal_id) GROUP BY ALL",
        {"model": model, "nominals": sorted(nominals)},
    )
    return {nominal: np.asarray(vectors, dtype=np.float32) for nominal, vectors in rows}


def set_bands(session: Session, band_of: Callable[[Quality], str | None]) -> None:
    """Give every face, of stills and custody images, the band that ``band_of`` makes of its measures."""
    faces = [_face((*row, None), ModelId("")) for row in session.rows(f"SELECT {_COLUMNS} FROM held.faces AS f")]  # noqa: S608
    session.execute(
        "UPDATE held.faces SET band = given.band FROM (SELECT unnest($faces::VARCHAR[]) AS face_id, "
        "unnest($bands::VARCHAR[]) AS band) AS given WHERE held.faces.face_id = given.face_id",
        {"faces": [face.face_id for face in faces], "bands": [band_of(face.quality) for face in faces]},
    )


def _row(kind: ImageKind, face: Face) -> dict[str, object]:
    quality = face.quality
    return {
        "face_id": face.face_id,
        "image_kind": kind,
        "image_id": face.image_id,
        "x": face.box.x,
        "y": face.box.y,
        "width": face.box.width,
        "height": face.box.height,
        "landmarks": face.landmarks.reshape(10),
        "inter_eye_px": quality.inter_eye_px,
        "sharpness": quality.sharpness,
        "brightness": quality.brightness,
        "contrast": quality.contrast,
        "frontality": quality.frontality,
        "detection_score": quality.detection_score,
        "roll_degrees": quality.roll_degrees,
        "pitch": quality.pitch,
        "underexposed": quality.underexposed,
        "overexposed": quality.overexposed,
        "jpeg_quality": quality.jpeg_quality,
        "occlusion": quality.occlusion,
        "detail": quality.detail,
        "band": quality.band,
        "found_by": face.found_by,
        "usable": face.usable,
        "unusable_reason": face.unusable_reason,
    }


def _face(row: tuple[Any, ...], model: ModelId) -> Face:
    face_id, image_id, x, y, width, height, landmarks, *measures, found_by, usable, reason, vector = row
    return Face(
        face_id=face_id,
        image_id=image_id,
        box=Box(x, y, width, height),
        landmarks=np.asarray(landmarks, dtype=np.float32).reshape(5, 2),
        quality=Quality(*measures),
        found_by=found_by,
        usable=usable,
        unusable_reason=reason,
        template=None if vector is None else Template(model, np.asarray(vector, dtype=np.float32)),
    )
