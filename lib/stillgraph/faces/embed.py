"""Turns a face into a template: five-point alignment to 112 x 112, SFace, flips, and views of both roles.

A custody image is sharp and a CCTV face is not, and a recogniser sees that difference before it sees the
person. So a custody template is the mean of the image and of its low-resolution twins, the same crop shrunk
and enlarged again as a camera would have shown it; and a still is seen twice, as it is and softened.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from stillgraph.faces.pixels import Pixels
from stillgraph.records import Vector

RECIPE = 1
"""Number of the recipe that turns a face into a template: detection, alignment, views, twins.

Raise it whenever a change makes other templates: it is part of the model's id, so that old and new never compare."""

CROP_PX = 112

FIVE_POINTS = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]],
    np.float32,
)
"""Where eyes, nose tip and mouth corners come to lie in the crop: the ArcFace template (Deng et al. 2019)."""

TWIN_PX = (24, 48)
"""Sides to which a custody crop is shrunk for its twins; the face fills three quarters of its width."""

SOFT_PX = 2.0
"""Standard deviation, in pixels of the crop, of the blur in a still's second view: it takes off noise."""

WIDER = 1.1
"""The blurred view of either role is framed wider by this factor: two framings average out errors of the landmarks."""

SMALLEST_SCALE = 1e-3
"""Landmarks that coincide would ask for a scale of nothing; the crop then shows almost nothing."""


class ImageRole(StrEnum):
    """What an image is for: a still is searched with, a custody image is searched."""

    STILL = "still"
    CUSTODY = "custody"


class Embedder(Protocol):
    """Turns a face into a vector."""

    def embed(self, pixels: Pixels, landmarks: Vector, role: ImageRole) -> Vector:
        """Return float32 of unit length, shape (d,), for the face at ``landmarks`` (5, 2) of ``pixels``."""
        ...


def similarity(source: NDArray[Any], target: NDArray[Any]) -> NDArray[np.float64]:
    """Return the rotation, scale and shift, shape (2, 3), that takes points (n, 2) nearest to points (n, 2).

    Least squares after Umeyama (1991), without reflection.
    """
    a, b = source.astype(np.float64), target.astype(np.float64)
    mean_a, mean_b = a.mean(axis=0), b.mean(axis=0)
    a, b = a - mean_a, b - mean_b
    u, d, vt = np.linalg.svd(b.T @ a / len(a))
    sign = np.array([1.0, 1.0 if np.linalg.det(u @ vt) >= 0 else -1.0])
    rotation = (u * sign) @ vt
    scale = max(float((d * sign).sum() / max(a.var(axis=0).sum(), 1e-12)), SMALLEST_SCALE)
    return np.hstack([scale * rotation, (mean_b - scale * rotation @ mean_a)[:, None]])


def align(pixels: Pixels, landmarks: Vector, wider: float = 1.0) -> Image.Image:
    """Return the face as a 112 x 112 RGB image with its landmarks at :data:`FIVE_POINTS`.

    With ``wider`` above 1 the crop shows that much more around the landmarks' mean, which keeps its place. A face
    that would shrink to less than half is reduced by whole steps first, so that nothing aliases.
    """
    image = Image.fromarray(pixels)
    points = np.asarray(landmarks, np.float64)
    points = points.mean(axis=0) + (points - points.mean(axis=0)) * wider
    forward = similarity(points, FIVE_POINTS)
    steps = int(1.0 / np.sqrt(np.linalg.det(forward[:, :2])))
    if steps >= 2:
        image = image.reduce(steps)
        forward = similarity(points / steps, FIVE_POINTS)
    inverse = np.linalg.inv(np.vstack([forward, [0, 0, 1]]))
    return image.transform(
        (CROP_PX, CROP_PX), Image.Transform.AFFINE, tuple(inverse[:2].ravel()), Image.Resampling.BICUBIC
    )


def low_resolution_twin(face: Image.Image, side_px: int) -> Image.Image:
    """Return the crop as a camera with few pixels shows it: shrunk to ``side_px``, blurred, enlarged."""
    small = face.resize((side_px, side_px), Image.Resampling.BICUBIC).filter(ImageFilter.GaussianBlur(0.6))
    return small.resize(face.size, Image.Resampling.BICUBIC)


def unit(vector: Vector) -> Vector:
    """Return the vector at length one, float32."""
    wide = vector.astype(np.float64)
    return np.asarray(wide / max(float(np.linalg.norm(wide)), 1e-12), np.float32)


@dataclass(frozen=True, slots=True)
class SFace:
    """SFace in onnxruntime; ``session`` may be shared by threads."""

    session: Any

    def embed(self, pixels: Pixels, landmarks: Vector, role: ImageRole) -> Vector:
        """Return the template, float32 of unit length, shape (128,)."""
        face, wide = align(pixels, landmarks), align(pixels, landmarks, WIDER)
        if role is ImageRole.CUSTODY:
            blurriest, clearer = TWIN_PX
            views = [face, low_resolution_twin(wide, blurriest), low_resolution_twin(face, clearer)]
        else:
            views = [face, wide.filter(ImageFilter.GaussianBlur(SOFT_PX))]
        return unit(np.sum([unit(self.with_flip(view)) for view in views], axis=0))

    def with_flip(self, face: Image.Image) -> Vector:
        """Return the sum of the vectors of a crop and its mirror image; SFace takes RGB, 0-255."""
        crop = np.asarray(face, np.float32).transpose(2, 0, 1)[None]
        return self.one(crop) + self.one(crop[:, :, :, ::-1])

    def one(self, crop: Vector) -> Vector:
        """Return the network's vector for one crop, shape (1, 3, 112, 112)."""
        vector: Vector = self.session.run(None, {"data": np.ascontiguousarray(crop)})[0][0]
        return vector
