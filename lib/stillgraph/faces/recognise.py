"""Recognisers: networks in onnxruntime that turn aligned crops into vectors, each by its own conventions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from stillgraph.faces.embed import CROP_PX
from stillgraph.faces.pixels import Pixels
from stillgraph.records import Vector


@dataclass(frozen=True, slots=True)
class Conventions:
    """How a network wants its crops: (value - mean) / std of values 0-255, its channels first.

    ``colour`` is ``rgb`` or ``bgr``; ``mean`` and ``std`` are one number each, or three in that order of colours. The
    defaults are SFace's: plain RGB.
    """

    size_px: int = CROP_PX
    colour: str = "rgb"
    mean: tuple[float, ...] = (0.0,)
    std: tuple[float, ...] = (1.0,)

    def blob(self, crops: Pixels) -> Vector:
        """Return RGB crops, uint8, shape (n, h, w, 3), as the network takes them, float32, shape (n, 3, h, w)."""
        ordered = crops[..., ::-1] if self.colour == "bgr" else crops
        values = (ordered.astype(np.float32) - np.array(self.mean, np.float32)) / np.array(self.std, np.float32)
        return np.ascontiguousarray(values.transpose(0, 3, 1, 2), np.float32)


@dataclass(frozen=True, slots=True)
class OnnxRecogniser:
    """A recogniser in onnxruntime; ``session``, of one input and one output, may be shared by threads.

    ``together`` gives it the crops of a face at once, which needs an open batch axis, else one after the other.
    """

    session: Any
    conventions: Conventions
    together: bool = False

    @property
    def size_px(self) -> int:
        """Width and height of the crops it takes."""
        return self.conventions.size_px

    def vectors(self, crops: Pixels) -> Vector:
        """Return the network's vectors, float32, shape (n, d), for RGB crops, uint8, shape (n, size_px, size_px, 3)."""
        name = self.session.get_inputs()[0].name
        blob = self.conventions.blob(crops)
        parts = [blob] if self.together else [one[None] for one in blob]
        return np.concatenate([self.session.run(None, {name: part})[0] for part in parts]).astype(np.float32)
