"""Detectors and recognisers in InsightFace's format, run by InsightFace's own classes.

InsightFace is imported only here and only when such a pack is loaded: it needs OpenCV, and that the system's libGL. It
is given a file whose hash was checked and a session made of those very bytes, so that it neither looks for a file nor
fetches one.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from stillgraph.errors import ModelError
from stillgraph.faces.detect import FLOOR, Detection, Raw, filled, in_passes, suppress, up_to_grid
from stillgraph.faces.pixels import Pixels, resize
from stillgraph.records import Vector


@dataclass(frozen=True, slots=True)
class InsightDetector:
    """SCRFD or RetinaFace, by the same passes as the shipped detector; ``scrfd`` may be shared by threads."""

    scrfd: Any

    def detect(self, pixels: Pixels) -> list[Detection]:
        """Return the faces of an upright RGB image."""
        return in_passes(self.single_pass, pixels, self.scrfd.static_input_size)

    def single_pass(self, pixels: Pixels, factor: float) -> Raw:
        """Return the detections of one pass at ``factor`` times the image's size, in pixels of the image."""
        height, width = (max(1, round(side * factor)) for side in pixels.shape[:2])
        fixed = self.scrfd.static_input_size
        coarsest = 32 if self.scrfd.fmc == 3 else 128  # three grids of cells, of 8 to 32 pixels, or five, to 128
        size = (up_to_grid(width, coarsest), up_to_grid(height, coarsest)) if fixed is None else fixed
        bgr = np.ascontiguousarray(filled(resize(pixels, width, height), *size)[:, :, ::-1])
        found, landmarks = self.scrfd.detect(bgr, input_size=size, det_thresh=FLOOR)
        scale = np.array([pixels.shape[1] / width, pixels.shape[0] / height], np.float32)
        corners = found[:, :4].reshape(-1, 2, 2) * scale
        boxes = np.concatenate([corners[:, 0], corners[:, 1] - corners[:, 0]], axis=1)
        return suppress(Raw(boxes, landmarks * scale, found[:, 4]))


@dataclass(frozen=True, slots=True)
class InsightRecogniser:
    """An ArcFace-type recogniser; all crops of a face at once where its batch axis is open."""

    arcface: Any

    @property
    def size_px(self) -> int:
        """Width and height of the crops it takes."""
        return int(self.arcface.input_size[0])

    def vectors(self, crops: Pixels) -> Vector:
        """Return the network's vectors, float32, shape (n, d), for RGB crops, uint8, shape (n, size_px, size_px, 3)."""
        bgr = [np.ascontiguousarray(crop[:, :, ::-1]) for crop in crops]
        if not isinstance(self.arcface.input_shape[0], int):
            return np.asarray(self.arcface.get_feat(bgr), np.float32)
        return np.concatenate([self.arcface.get_feat(one) for one in bgr]).astype(np.float32, copy=False)


def detector(path: Path, session: Any) -> InsightDetector:
    """Return the detector of a file that was checked, ``session`` being made of its bytes.

    Raises
    ------
    ModelError
        InsightFace or OpenCV cannot be imported here.
    """
    # Without its own sessions for each resolution: stills have any size, and it would keep one session for each.
    return InsightDetector(_classes().SCRFD(str(path), session=session, static_shape_sessions=False))


def recogniser(path: Path, session: Any) -> InsightRecogniser:
    """Return the recogniser of a file that was checked, ``session`` being made of its bytes.

    Raises
    ------
    ModelError
        InsightFace or OpenCV cannot be imported here.
    """
    return InsightRecogniser(_classes().ArcFaceONNX(str(path), session=session))


def _classes() -> Any:
    try:
        from insightface import model_zoo
    except ImportError as error:
        raise ModelError(
            "InsightFace packs need OpenCV, which cannot be loaded here: a system library is missing, most often libGL "
            "(on Debian and Ubuntu: apt-get install libgl1 libglib2.0-0). The shipped pack and plain ONNX packs with "
            f"the shipped detector do without. The cause: {error}."
        ) from error
    return model_zoo
