"""What a detector reports, and how the detections of several passes become one list of faces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from stillgraph.faces.pixels import Pixels
from stillgraph.records import Box, Vector

FLOOR = 0.35
"""A pass keeps cells from this score on (square root of class times objectness, 0-1)."""

ACCEPT = 0.55
"""A face is reported from this score on, in its best pass.

On the half of the demonstration used for tuning (R01 to R06) every face scored above 0.64 and no false one above 0.49.
"""

OVERLAP = 0.4
"""Two boxes with at least this intersection over union are one face."""


@dataclass(frozen=True, slots=True, eq=False)
class Detection:
    """A face as a detector reports it.

    ``landmarks`` is float32, shape (5, 2), ordered as in :class:`stillgraph.records.Face`; ``score`` is 0-1.
    """

    box: Box
    landmarks: Vector
    score: float
    found_by: str


class Detector(Protocol):
    """Finds the faces of one image."""

    def detect(self, pixels: Pixels) -> list[Detection]:
        """Return the faces of an upright RGB image, in any order, in its pixels."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Raw:
    """Detections of one pass: boxes (n, 4) as x, y, width, height; landmarks (n, 5, 2); scores (n,)."""

    boxes: Vector
    landmarks: Vector
    scores: Vector

    def take(self, rows: NDArray[Any]) -> Raw:
        """Return these rows."""
        return Raw(self.boxes[rows], self.landmarks[rows], self.scores[rows])


def overlaps(box: Vector, boxes: Vector) -> Vector:
    """Return the intersection over union of one box (4,) with each of boxes (n, 4), float32, shape (n,)."""
    low = np.maximum(box[:2], boxes[:, :2])
    high = np.minimum(box[:2] + box[2:], boxes[:, :2] + boxes[:, 2:])
    shared = np.clip(high - low, 0, None).prod(axis=1)
    union = box[2:].prod() + boxes[:, 2:].prod(axis=1) - shared
    return np.asarray(shared / np.maximum(union, 1e-9), np.float32)


def suppress(raw: Raw) -> Raw:
    """Return the best-scoring detections of which no two overlap by :data:`OVERLAP` or more, best first."""
    order = np.argsort(-raw.scores, kind="stable")
    kept = []
    while order.size:
        kept.append(order[0])
        order = order[1:][overlaps(raw.boxes[order[0]], raw.boxes[order[1:]]) < OVERLAP]
    return raw.take(np.array(kept, np.intp))


def merge(found: dict[str, Raw]) -> list[Detection]:
    """Return one detection for each group of overlapping detections of several passes.

    Boxes and landmarks are averaged with the scores as weights; the score is the best one's.
    """
    raws = list(found.values())
    labels = np.repeat(np.arange(len(raws)), [raw.scores.size for raw in raws])
    pool = Raw(
        np.concatenate([raw.boxes for raw in raws]),
        np.concatenate([raw.landmarks for raw in raws]),
        np.concatenate([raw.scores for raw in raws]),
    )
    order = np.argsort(-pool.scores, kind="stable")
    names = np.array(list(found))
    merged = []
    while order.size:
        same = overlaps(pool.boxes[order[0]], pool.boxes[order]) >= OVERLAP
        group, order = order[same], order[~same]
        if pool.scores[group[0]] >= ACCEPT:
            weights = pool.scores[group] / pool.scores[group].sum()
            x, y, width, height = (weights @ pool.boxes[group]).tolist()
            points = np.einsum("n,nij->ij", weights, pool.landmarks[group]).astype(np.float32)
            passes = "+".join(names[np.unique(labels[group])])
            merged.append(Detection(Box(x, y, width, height), points, float(pool.scores[group[0]]), passes))
    return merged


def row(one: Detection) -> tuple[float, float, float, float]:
    """Return a face's box as x, y, width and height in pixels."""
    return one.box.x, one.box.y, one.box.width, one.box.height


def shares_inside(box: Vector, boxes: Vector) -> Vector:
    """Return what share of one box (4,) lies in each of boxes (n, 4), 0-1, shape (n,)."""
    low = np.maximum(box[:2], boxes[:, :2])
    high = np.minimum(box[:2] + box[2:], boxes[:, :2] + boxes[:, 2:])
    return np.asarray(np.clip(high - low, 0, None).prod(axis=1) / max(float(box[2:].prod()), 1e-9), np.float32)
