"""Finds faces: YuNet at several scales, again with lifted shadows where the image is dark, merged.

CCTV faces are small. Enlarging the still before detection finds more of them, and averaging the landmarks of
several passes places them better than any one pass, which is worth as much to recognition as anything done
after it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from stillgraph.faces.pixels import Pixels, luminance, resize
from stillgraph.records import Box, Vector

STRIDES = (8, 16, 32)
"""YuNet's three output grids: one cell covers so many pixels."""

SCALES = (1.0, 2.0)
"""Detection passes, as multiples of the image's size."""

LONGEST_SIDE_PX = 1280
"""No image is enlarged beyond this. A larger one is looked at in :data:`LARGE_SIDES_PX` instead."""

LARGE_SIDES_PX = (640, 1920)
"""Longest sides to which a large image is shrunk: for near faces, and for distant ones at bounded cost."""

FLOOR = 0.35
"""A pass keeps cells from this score on (square root of class times objectness, 0-1)."""

ACCEPT = 0.55
"""A face is reported from this score on, in its best pass.

On the half of the demonstration used for tuning (R01 to R06) every face scored above 0.64 and no false one above 0.49.
"""

OVERLAP = 0.4
"""Two boxes with at least this intersection over union are one face."""

DARK = 70.0
"""Mean luminance (0-255) under which an image is also searched with its shadows lifted."""

GAMMA = 1.8
"""Shadows are lifted by raising values (0-1) to the power 1 / GAMMA."""


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


def decode_grids(outputs: dict[str, Vector], height: int, width: int, floor: float) -> Raw:
    """Return YuNet's cells of at least ``floor`` as boxes and landmarks, in pixels of the network's input.

    Per cell at column c and row r of stride s: centre ((c, r) + (dx, dy)) * s, size exp(log size) * s, each
    landmark ((c, r) + offset) * s, score sqrt(class * objectness): OpenCV's FaceDetectorYN does the same.
    """
    parts = []
    for stride in STRIDES:
        rows, columns = np.divmod(np.arange((height // stride) * (width // stride)), width // stride)
        product = np.clip(outputs[f"cls_{stride}"], 0, 1) * np.clip(outputs[f"obj_{stride}"], 0, 1)
        scores = np.sqrt(product[0, :, 0])
        good = np.flatnonzero(scores >= floor)
        corner = np.stack([columns[good], rows[good]], axis=1).astype(np.float32)
        box, points = outputs[f"bbox_{stride}"][0, good], outputs[f"kps_{stride}"][0, good].reshape(-1, 5, 2)
        size = np.exp(box[:, 2:]) * stride
        boxes = np.concatenate([(corner + box[:, :2]) * stride - size / 2, size], axis=1)
        parts.append(Raw(boxes, (corner[:, None] + points) * stride, scores[good]))
    return Raw(
        np.concatenate([part.boxes for part in parts]),
        np.concatenate([part.landmarks for part in parts]),
        np.concatenate([part.scores for part in parts]),
    )


def lift_shadows(pixels: Pixels, gamma: float = GAMMA) -> Pixels:
    """Return the image stretched to its 1st and 99th percentile of luminance, then raised to 1 / gamma."""
    light = luminance(pixels)
    low, high = np.percentile(light, (1, 99))
    levels = np.clip((np.arange(256, dtype=np.float32) - low) / max(float(high - low), 1.0), 0, 1)
    return np.asarray(levels ** (1.0 / gamma) * 255.0 + 0.5, np.uint8)[pixels]


def in_passes(
    single_pass: Callable[[Pixels, float], Raw], pixels: Pixels, factors: tuple[float, ...] | None = None
) -> list[Detection]:
    """Return the faces that a detector finds in the passes of an image; see the module docstring for how.

    ``single_pass`` returns the detections at a multiple of the image's size, in pixels of the image; ``factors`` are
    those of :func:`pass_factors` unless given.
    """
    factors = pass_factors(pixels.shape[1], pixels.shape[0]) if factors is None else factors
    found = {name(factor): single_pass(pixels, factor) for factor in factors}
    merged = merge(found)
    if not merged or float(luminance(pixels).mean()) < DARK:
        lifted = lift_shadows(pixels)
        found |= {f"{name(f)} gamma {GAMMA:g}": single_pass(lifted, f) for f in factors}
        merged = merge(found)
    return [one for one in merged if centre_inside(one.box, pixels.shape[1], pixels.shape[0])]


def filled(pixels: Pixels, width: int, height: int) -> Pixels:
    """Return the image filled up with zeros to the right and below."""
    out = np.zeros((height, width, 3), np.uint8)
    out[: pixels.shape[0], : pixels.shape[1]] = pixels
    return out


def up_to_grid(side: int, coarsest: int = STRIDES[-1]) -> int:
    """Return the next multiple of a detector's coarsest stride."""
    return -(-side // coarsest) * coarsest


@dataclass(frozen=True, slots=True)
class YuNet:
    """YuNet in onnxruntime; ``session`` may be shared by threads."""

    session: Any

    def detect(self, pixels: Pixels) -> list[Detection]:
        """Return the faces of an upright RGB image."""
        return in_passes(self.single_pass, pixels)

    def single_pass(self, pixels: Pixels, factor: float) -> Raw:
        """Return the detections of one pass at ``factor`` times the image's size, in pixels of the image."""
        height, width = (max(1, round(side * factor)) for side in pixels.shape[:2])
        given = filled(resize(pixels, width, height), up_to_grid(width), up_to_grid(height))
        blob = given[:, :, ::-1].transpose(2, 0, 1)[None].astype(np.float32)  # the network takes BGR, 0-255
        names = [output.name for output in self.session.get_outputs()]
        values = self.session.run(names, {"input": blob})
        raw = suppress(decode_grids(dict(zip(names, values, strict=True)), given.shape[0], given.shape[1], FLOOR))
        scale = np.array([pixels.shape[1] / width, pixels.shape[0] / height], np.float32)
        return Raw(raw.boxes * np.tile(scale, 2), raw.landmarks * scale, raw.scores)


def centre_inside(box: Box, width: int, height: int) -> bool:
    """Return whether a box's centre lies in the image, and not in the margin added to its right and below."""
    return 0 <= box.x + box.width / 2 < width and 0 <= box.y + box.height / 2 < height


def name(factor: float) -> str:
    """Return how a pass is written in ``found_by``: ``2x``."""
    return f"{factor:.2g}x"


def pass_factors(width: int, height: int) -> tuple[float, ...]:
    """Return the factors of an image's passes: :data:`SCALES`, or of a large one :data:`LARGE_SIDES_PX`."""
    longest = max(width, height)
    if longest <= LONGEST_SIDE_PX:
        return tuple(factor for factor in SCALES if factor * longest <= LONGEST_SIDE_PX)
    return tuple(min(1.0, side / longest) for side in LARGE_SIDES_PX)


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
