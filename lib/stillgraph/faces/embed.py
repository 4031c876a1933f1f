"""Turns a face into a template: five-point alignment, flips, and views of both roles, for any recogniser.

A custody image is sharp and a CCTV face is not, and a recogniser sees that difference before it sees the
person. So a custody template is the mean of the image and of its low-resolution twins, the same crop shrunk
and enlarged again as a camera would have shown it; and a still is seen twice, as it is and softened, unless
it is as sharp as a custody image.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from stillgraph.faces.pixels import Pixels, luminance
from stillgraph.records import Vector

RECIPE = 2
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

FINE_DETAIL = 0.012
"""A sharp face has at least this :func:`detail`, and enough pixels for it (:data:`SHARP_INTER_EYE_PX`).

Photographs of people, real and synthetic, have a median of 0.028; shrunk by :class:`stillgraph.faces.degrade.Camera` to
faces 28 or 48 px wide, whether enlarged again or not, under 0.009. Noise on a small dark face looks like detail: hence
the pixels."""

SHARP_INTER_EYE_PX = 35.0
"""With eyes this far apart the crop is not enlarged: its own eyes are 35.2 px apart."""

COARSE_SHARE = 0.5
"""Fine detail is what a crop loses when it is shrunk to this share of its side."""

SMALLEST_SCALE = 1e-3
"""Landmarks that coincide would ask for a scale of nothing; the crop then shows almost nothing."""


MARGIN_PX = 3
"""Pixels round a crop's place that its edge may be interpolated from."""


class ImageRole(StrEnum):
    """What an image is for: a still is searched with, a custody image is searched."""

    STILL = "still"
    CUSTODY = "custody"


class Embedder(Protocol):
    """Turns a face into a vector."""

    def embed(self, pixels: Pixels, landmarks: Vector, role: ImageRole) -> Vector:
        """Return float32 of unit length, shape (d,), for the face at ``landmarks`` (5, 2) of ``pixels``."""
        ...


class Recogniser(Protocol):
    """A network that turns aligned crops into vectors."""

    @property
    def size_px(self) -> int:
        """Width and height of the crops it takes."""
        ...

    def vectors(self, crops: Pixels) -> Vector:
        """Return float32, shape (n, d), of any length, for RGB crops, uint8, shape (n, size_px, size_px, 3)."""
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


def align(pixels: Pixels, landmarks: Vector, wider: float = 1.0, size_px: int = CROP_PX) -> Image.Image:
    """Return the face as a square RGB image with its landmarks at :data:`FIVE_POINTS`, enlarged to its size.

    With ``wider`` above 1 the crop shows that much more around the landmarks' mean, which keeps its place. A face
    that would shrink to less than half is reduced by whole steps first, so that nothing aliases.
    """
    points = np.asarray(landmarks, np.float64)
    points = points.mean(axis=0) + (points - points.mean(axis=0)) * wider
    places = FIVE_POINTS * (size_px / CROP_PX)
    forward = similarity(points, places)
    steps = max(int(1.0 / np.sqrt(np.linalg.det(forward[:, :2]))), 1)
    if steps > 1:
        forward = similarity(points / steps, places)
    inverse = np.linalg.inv(np.vstack([forward, [0, 0, 1]]))[:2]
    part, corner = _shown(pixels, inverse, size_px, steps)
    inverse[:, 2] -= corner
    image = Image.fromarray(part) if steps == 1 else Image.fromarray(part).reduce(steps)
    return image.transform((size_px, size_px), Image.Transform.AFFINE, tuple(inverse.ravel()), Image.Resampling.BICUBIC)


def _shown(
    pixels: Pixels, inverse: NDArray[np.float64], size_px: int, steps: int
) -> tuple[Pixels, NDArray[np.float64]]:
    """Return the part of an image that a crop is made of, and its corner (x, y) in the image reduced by ``steps``.

    ``inverse`` (2, 3) leads from the crop to the reduced image. The part begins at whole steps and is wider than the
    crop by what bicubic interpolation looks at, so that the crop is that of the whole image.
    """
    corners = np.array([[0, 0, 1], [size_px, 0, 1], [0, size_px, 1], [size_px, size_px, 1]]) @ inverse.T
    last = (np.array([pixels.shape[1], pixels.shape[0]]) - 1) // steps
    low = np.clip(np.floor(corners.min(axis=0)) - MARGIN_PX, 0, last).astype(int)
    high = np.clip(np.ceil(corners.max(axis=0)) + MARGIN_PX, low + 1, last + 1).astype(int)
    (left, top), (right, bottom) = low * steps, high * steps
    return pixels[top:bottom, left:right], low.astype(np.float64)


def low_resolution_twin(face: Image.Image, side_px: int) -> Image.Image:
    """Return the crop as a camera with few pixels shows it: shrunk to ``side_px``, blurred, enlarged."""
    small = face.resize((side_px, side_px), Image.Resampling.BICUBIC).filter(ImageFilter.GaussianBlur(0.6))
    return small.resize(face.size, Image.Resampling.BICUBIC)


def detail(face: Image.Image) -> float:
    """Return the share, 0-1, of an aligned crop's variance that is detail finer than half its size can show.

    It tells how many pixels a face really has, however much it was enlarged on its way: little is left to lose of one
    that was small. Luminance; the outer eighth on each side, which may lie outside the image, is left out.
    """
    side = round(face.width * COARSE_SHARE)
    coarse = face.resize((side, side), Image.Resampling.BICUBIC).resize(face.size, Image.Resampling.BICUBIC)
    edge = face.width // 8
    inner = np.s_[edge:-edge, edge:-edge]
    whole = luminance(np.asarray(face))[inner]
    lost = whole - luminance(np.asarray(coarse))[inner]
    return float(np.square(lost).mean() / max(float(whole.var()), 1e-6))


def inter_eye_px(landmarks: Vector) -> float:
    """Return the distance of the eyes in pixels."""
    return float(np.linalg.norm(landmarks[1].astype(np.float64) - landmarks[0]))


def sharp(eyes_px: float, fine: float | None) -> bool:
    """Return whether a face is as sharp as a custody image, by the distance of its eyes and its :func:`detail`."""
    return fine is not None and eyes_px >= SHARP_INTER_EYE_PX and fine >= FINE_DETAIL


def unit(vector: Vector) -> Vector:
    """Return the vector at length one, float32."""
    wide = vector.astype(np.float64)
    return np.asarray(wide / max(float(np.linalg.norm(wide)), 1e-12), np.float32)


def views(pixels: Pixels, landmarks: Vector, role: ImageRole, size_px: int = CROP_PX) -> list[Image.Image]:
    """Return the crops of a face that its template is the mean of, as the module's docstring says."""
    face = align(pixels, landmarks, size_px=size_px)
    if role is ImageRole.STILL and sharp(inter_eye_px(landmarks), detail(face)):
        return [face]
    wide = align(pixels, landmarks, WIDER, size_px)
    if role is ImageRole.CUSTODY:
        blurriest, clearer = TWIN_PX
        return [face, low_resolution_twin(wide, blurriest), low_resolution_twin(face, clearer)]
    return [face, wide.filter(ImageFilter.GaussianBlur(SOFT_PX * (size_px / CROP_PX)))]


@dataclass(frozen=True, slots=True)
class ViewEmbedder:
    """The recipe with one recogniser: the mean over views, each the sum over the crop and its mirror image."""

    recogniser: Recogniser

    def embed(self, pixels: Pixels, landmarks: Vector, role: ImageRole) -> Vector:
        """Return the template, float32 of unit length, shape (d,)."""
        seen = views(pixels, landmarks, role, self.recogniser.size_px)
        return unit(np.sum([unit(vector) for vector in self.with_flips(seen)], axis=0))

    def with_flips(self, faces: Sequence[Image.Image]) -> Vector:
        """Return the sums of the vectors of each crop and its mirror image, shape (n, d)."""
        crops = np.stack([np.asarray(face) for face in faces])
        both = self.recogniser.vectors(np.concatenate([crops, crops[:, :, ::-1]]))
        return np.asarray(both[: len(crops)] + both[len(crops) :], np.float32)


@dataclass(frozen=True, slots=True)
class FusionEmbedder:
    """Several embedders as one: the cosine of two of its templates is the weighted mean of the members' cosines.

    Members' unit vectors u_i are laid end to end, each scaled by the square root of its share w_i of the weights.
    The result has length one, since the shares sum to one, and for two faces a and b the cosine is
    sum_i sqrt(w_i) u_i(a) . sqrt(w_i) u_i(b) = sum_i w_i cos_i(a, b): fusion at score level that gallery, linking and
    everything after them need not know of.
    """

    members: tuple[Embedder, ...]
    weights: tuple[float, ...]

    def embed(self, pixels: Pixels, landmarks: Vector, role: ImageRole) -> Vector:
        """Return the template, float32 of unit length, shape (sum of the members' d,)."""
        return fuse([member.embed(pixels, landmarks, role) for member in self.members], self.weights)


def fuse(vectors: Sequence[Vector], weights: Sequence[float]) -> Vector:
    """Return unit vectors laid end to end, each scaled by the square root of its share of the weights, at length one.

    :class:`FusionEmbedder` says what the cosine of two such vectors is.
    """
    shares = np.sqrt(np.asarray(weights, np.float64) / np.sum(weights))
    return unit(np.concatenate([share * vector for share, vector in zip(shares, vectors, strict=True)]))


def merged(vectors: Vector, weights: Sequence[float] | None = None) -> Vector:
    """Return one template of several of the same person, float32 of unit length, shape (d,): their weighted mean.

    Parameters
    ----------
    vectors
        float32, shape (n, d), templates of one model.
    weights
        One for each, above 0; equal unless given.
    """
    return unit(np.average(vectors.astype(np.float64), axis=0, weights=weights))
