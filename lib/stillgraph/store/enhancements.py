"""Enhancements of stills in the case file, and the faces as they show them. They are only ever added."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from stillgraph.records import (
    Box,
    EnhancedFace,
    EnhancedView,
    Enhancement,
    EnhancementId,
    FaceId,
    ModelId,
    StillId,
    Template,
    Vector,
)
from stillgraph.records.enhancements import FOUND_BY_ENHANCEMENT
from stillgraph.store.casefile import Session

_COLUMNS = (
    "enhancement_id, still_id, steps, width_px, height_px, pixels_sha256, software, officer_id, operation_id, made_at"
)


def add(session: Session, enhancement: Enhancement, reason: str, views: Sequence[EnhancedView]) -> None:
    """Add an enhancement with its faces' templates; those of faces new with it are to be added as faces too."""
    session.execute(
        f"INSERT INTO held.enhancements ({_COLUMNS}, reason) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
        [enhancement.enhancement_id, enhancement.still, _written(enhancement.steps), enhancement.width_px,
         enhancement.height_px, enhancement.pixels_sha256, enhancement.software, enhancement.officer,
         enhancement.operation, enhancement.made_at, reason],
    )  # fmt: skip
    session.append("enhanced_templates", [_row(enhancement.enhancement_id, view) for view in views])


def of_still(session: Session, still: StillId) -> tuple[Enhancement, ...]:
    """Return the enhancements of a still, the first first; their ``words`` are left empty."""
    rows = session.rows(
        f"SELECT {_COLUMNS} FROM held.enhancements WHERE still_id = ? "  # noqa: S608
        "ORDER BY length(enhancement_id), enhancement_id",
        [still],
    )
    return tuple(_with_faces(session, _enhancement(row)) for row in rows)


def one(session: Session, enhancement_id: EnhancementId) -> Enhancement | None:
    """Return an enhancement, its ``words`` left empty, or ``None``."""
    row = session.one(f"SELECT {_COLUMNS} FROM held.enhancements WHERE enhancement_id = ?", [enhancement_id])  # noqa: S608
    return None if row is None else _with_faces(session, _enhancement(row))


def with_views(session: Session, model: ModelId) -> list[EnhancementId]:
    """Return the enhancements that have templates of ``model``."""
    return [
        row[0]
        for row in session.rows(
            "SELECT DISTINCT enhancement_id FROM held.enhanced_templates WHERE model = ? ORDER BY 1", [model]
        )
    ]


def views(session: Session, enhancement_id: EnhancementId, model: ModelId) -> list[EnhancedView]:
    """Return the faces as an enhancement shows them, with their templates of ``model``."""
    rows = session.rows(
        "SELECT face_id, x, y, width, height, landmarks, vector FROM held.enhanced_templates "
        "WHERE enhancement_id = ? AND model = ? ORDER BY face_id",
        [enhancement_id, model],
    )
    return [
        EnhancedView(
            row[0], Box(*row[1:5]), np.asarray(row[5], np.float32).reshape(5, 2),
            Template(model, np.asarray(row[6], np.float32)),
        )
        for row in rows
    ]  # fmt: skip


def add_views(session: Session, enhancement_id: EnhancementId, views: Sequence[EnhancedView]) -> None:
    """Add templates of faces as an enhancement shows them; it becomes the only one of a face found by it alone."""
    session.append("enhanced_templates", [_row(enhancement_id, view) for view in views])
    for view in views:
        session.execute(
            "UPDATE held.templates SET vector = ? WHERE model = ? AND face_id IN "
            "(SELECT face_id FROM held.faces WHERE face_id = ? AND starts_with(found_by, ?))",
            [view.template.vector.tolist(), view.template.model, view.face_id,
             f"{FOUND_BY_ENHANCEMENT}{enhancement_id.rpartition('~')[2]}: "],
        )  # fmt: skip


def drop_views(session: Session, model: ModelId) -> None:
    """Delete every template of ``model`` from enhancements."""
    session.execute("DELETE FROM held.enhanced_templates WHERE model = ?", [model])


def vectors(session: Session, enhancement_id: EnhancementId, model: ModelId) -> dict[FaceId, Vector]:
    """Return the faces' templates of ``model`` from an enhancement, float32, shape (d,) each."""
    return {view.face_id: view.template.vector for view in views(session, enhancement_id, model)}


def _written(steps: Sequence[object]) -> str:
    return json.dumps(list(steps), ensure_ascii=False, allow_nan=False)


def _row(enhancement_id: EnhancementId, view: EnhancedView) -> dict[str, object]:
    return {
        "enhancement_id": enhancement_id,
        "face_id": view.face_id,
        "model": view.template.model,
        "x": view.box.x,
        "y": view.box.y,
        "width": view.box.width,
        "height": view.box.height,
        "landmarks": view.landmarks.reshape(10),
        "vector": view.template.vector,
    }


def _enhancement(row: tuple[Any, ...]) -> Enhancement:
    enhancement_id, still, steps, width, height, sha256, software, officer, operation, made_at = row
    return Enhancement(
        enhancement_id, still, tuple(json.loads(steps)), "", width, height, sha256, software, officer, operation,
        made_at, faces=(),
    )  # fmt: skip


def _with_faces(session: Session, enhancement: Enhancement) -> Enhancement:
    rows = session.rows(
        "SELECT DISTINCT f.face_id, f.x, f.y, f.width, f.height, t.x, t.y, t.width, t.height, f.found_by "
        "FROM held.enhanced_templates AS t JOIN held.faces AS f USING (face_id) WHERE t.enhancement_id = ? "
        "ORDER BY f.face_id",
        [enhancement.enhancement_id],
    )
    faces = tuple(
        EnhancedFace(row[0], Box(*row[1:5]), Box(*row[5:9]), row[9].startswith(FOUND_BY_ENHANCEMENT)) for row in rows
    )
    return replace(enhancement, faces=faces)
