"""YuNet, the shipped detector: its grids of cells, and the passes it shares with every other detector.

CCTV faces are small. Enlarging the still before detection finds more of them, and averaging the landmarks of
several passes places them better than any one pass, which is worth as much to recognition as anything done
after it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from stillgraph.faces.merging import FLOOR, OVERLAP, Detection, Detector, Raw, merge, overlaps, suppress
from stillgraph.faces.passes import in_passes
from stillgraph.faces.pixels import Pixels, resize
from stillgraph.records import Vector

__all__ = [
    "FLOOR",
    "OVERLAP",
    "Detection",
    "Detector",
    "Raw",
    "YuNet",
    "filled",
    "in_passes",
    "merge",
    "overlaps",
    "suppress",
    "up_to_grid",
]

STRIDES = (8, 16, 32)
"""YuNet's three output grids: one cell covers so many pixels."""


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
