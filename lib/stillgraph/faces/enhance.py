"""Does the steps of a recipe: pixels in, pixels out, the original untouched.

Classical methods only, none of which draws what is not there: no network, nothing learned from faces. Each step takes
8-bit pixels and gives 8-bit pixels, so a recipe may be cut and continued anywhere. The same steps on the same picture
give the same pixels, bit for bit, on one machine with one version of the libraries; :func:`software` names those.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from functools import singledispatch
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from stillgraph import __version__
from stillgraph.faces import steps as recipe
from stillgraph.faces.pixels import Pixels, luminance
from stillgraph.faces.steps import Matrix, Step, Steps
from stillgraph.records import Box, Vector

Plane = NDArray[np.float32]
"""float32, shape (height, width), 0-1."""

PATCH_PX, SEARCH_PX = 5, 6
"""Side of the patches that non-local means compares, and how far it looks for like ones."""

FILTER_SHARE = 0.8
"""Filter strength of non-local means as a share of the noise: what Buades et al. (2011) give for colour is near it."""


def apply(pixels: Pixels, steps: Sequence[Step]) -> Pixels:
    """Return what the steps make of a picture, as a new array; the given one stays as it is.

    Parameters
    ----------
    pixels
        RGB, uint8, shape (height, width, 3).
    steps
        In the order in which they are done.

    Raises
    ------
    WrongUse
        A step does not fit the picture, makes it too large, or takes too long on one so large. Nothing was done.
    """
    recipe.sizes(steps, pixels.shape[1], pixels.shape[0])
    done = pixels.copy()
    for step in steps:
        done = np.ascontiguousarray(_done(step, done))
    return done


def geometric(steps: Sequence[Step]) -> Steps:
    """Return the steps that only move things: done to the original, they show the same part of it, as it was."""
    return tuple(step for step in steps if step.moves)


def digest(pixels: Pixels) -> str:
    """Return the SHA-256, in hex, of a picture's RGB pixels, row by row."""
    return hashlib.sha256(np.ascontiguousarray(pixels).tobytes()).hexdigest()


def software() -> str:
    """Return what the pixels of an enhancement depend on beside the steps: versions of us and of the libraries."""
    libraries = ("numpy", "scipy", "scikit-image", "pillow")
    return ", ".join([f"stillgraph {__version__}", *(f"{name} {version(name)}" for name in libraries)])


def moved_points(points: Vector, matrix: Matrix) -> Vector:
    """Return points, float32, shape (n, 2), where an affine takes them."""
    return np.asarray(points.astype(np.float64) @ matrix[:2, :2].T + matrix[:2, 2], np.float32)


def moved_box(box: Box, matrix: Matrix) -> Box:
    """Return a face's box where an affine takes it: centre and area are kept, and it stays upright.

    The upright box round a turned one would be up to twice as large, and overlap with no other as it should.
    """
    centre = matrix[:2, :2] @ (box.x + box.width / 2, box.y + box.height / 2) + matrix[:2, 2]
    extent = np.abs(matrix[:2, :2]) @ (box.width, box.height)
    area = abs(float(np.linalg.det(matrix[:2, :2]))) * box.width * box.height
    width, height = (float(side) for side in extent * math.sqrt(area / float(extent.prod())))
    return Box(float(centre[0]) - width / 2, float(centre[1]) - height / 2, width, height)


@singledispatch
def _done(step: Step, pixels: Pixels) -> Pixels:
    raise TypeError(f"{type(step).__name__} is no step that can be done to {pixels.shape}")


@_done.register
def _(step: recipe.Crop, pixels: Pixels) -> Pixels:
    return pixels[step.y : step.y + step.height, step.x : step.x + step.width]


@_done.register
def _(step: recipe.Rotate, pixels: Pixels) -> Pixels:
    if step.quarters is not None:
        return np.rot90(pixels, step.quarters)
    size = (pixels.shape[1], pixels.shape[0])
    inverse = np.linalg.inv(step.forward(*size))
    turned = Image.fromarray(pixels).transform(
        step.size(*size), Image.Transform.AFFINE, tuple(inverse[:2].ravel()), Image.Resampling.BICUBIC
    )
    return np.asarray(turned)


@_done.register
def _(step: recipe.Upscale, pixels: Pixels) -> Pixels:
    size = step.size(pixels.shape[1], pixels.shape[0])
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS))


@_done.register
def _(step: recipe.Deinterlace, pixels: Pixels) -> Pixels:
    height = pixels.shape[0]
    kept = np.arange(("even", "odd").index(step.keep), height, 2)
    if not kept.size:
        return pixels
    rows = np.arange(height)
    above = kept[np.clip(np.searchsorted(kept, rows, side="right") - 1, 0, None)]
    below = kept[np.clip(np.searchsorted(kept, rows), None, kept.size - 1)]
    return np.asarray((pixels[above].astype(np.uint16) + pixels[below] + 1) // 2, np.uint8)


@_done.register
def _(step: recipe.Gamma, pixels: Pixels) -> Pixels:
    levels = (np.arange(256) / 255.0) ** (1.0 / step.value)
    return np.asarray(levels * 255.0 + 0.5, np.uint8)[pixels]


@_done.register
def _(step: recipe.ContrastLevels, pixels: Pixels) -> Pixels:
    low, high = np.percentile(luminance(pixels), (step.low, step.high))
    levels = np.clip((np.arange(256) - low) / max(float(high - low), 1.0), 0, 1)
    return np.asarray(levels * 255.0 + 0.5, np.uint8)[pixels]


@_done.register
def _(step: recipe.ContrastClahe, pixels: Pixels) -> Pixels:
    from skimage.exposure import equalize_adapthist

    tile = [max(2, math.ceil(side / step.tiles)) for side in pixels.shape[:2]]
    return _levels(equalize_adapthist(_shares(pixels), kernel_size=tile, clip_limit=step.clip))


@_done.register
def _(step: recipe.DenoiseMedian, pixels: Pixels) -> Pixels:
    from scipy.ndimage import median_filter

    side = 2 * step.radius + 1
    return np.asarray(median_filter(pixels, size=(side, side, 1)), np.uint8)


@_done.register
def _(step: recipe.DenoiseBilateral, pixels: Pixels) -> Pixels:
    # Ours, since scikit-image's gives other pixels from one call to the next (0.26) and hardly weighs distance.
    seen = pixels.astype(np.float32)
    reach = math.ceil(2.5 * step.reach)
    around = np.pad(seen, ((reach, reach), (reach, reach), (0, 0)), mode="symmetric")
    total, weights = np.zeros_like(seen), np.zeros((*seen.shape[:2], 1), np.float32)
    for down, right in np.ndindex(2 * reach + 1, 2 * reach + 1):
        near = around[down : down + seen.shape[0], right : right + seen.shape[1]]
        apart = ((near - seen) ** 2).sum(axis=2, keepdims=True) / (2 * step.strength**2)
        weight = np.exp(-apart - ((down - reach) ** 2 + (right - reach) ** 2) / (2 * step.reach**2))
        total += weight * near
        weights += weight
    return _levels(total / weights / 255)


@_done.register
def _(step: recipe.DenoiseNlmeans, pixels: Pixels) -> Pixels:
    from skimage.restoration import denoise_nl_means

    # A picture of one row or column would be taken for one without colours.
    seen = np.pad(pixels, ((0, PATCH_PX), (0, PATCH_PX), (0, 0)), mode="symmetric")
    noise = step.strength / 255
    quiet = denoise_nl_means(
        _shares(seen), patch_size=PATCH_PX, patch_distance=SEARCH_PX, h=FILTER_SHARE * noise, sigma=noise,
        channel_axis=-1,
    )  # fmt: skip
    return _levels(quiet[: pixels.shape[0], : pixels.shape[1]])


@_done.register
def _(step: recipe.DeblurUnsharp, pixels: Pixels) -> Pixels:
    from scipy.ndimage import gaussian_filter

    seen = _shares(pixels)
    return _levels(seen + step.amount * (seen - gaussian_filter(seen, (step.sigma, step.sigma, 0), mode="reflect")))


@_done.register
def _(step: recipe.DeblurWiener, pixels: Pixels) -> Pixels:
    return _wiener(pixels, gaussian(step.sigma), step.noise)


@_done.register
def _(step: recipe.DeblurMotion, pixels: Pixels) -> Pixels:
    return _wiener(pixels, motion(step.length, step.angle), step.noise)


@_done.register
def _(step: recipe.DeblurRichardsonLucy, pixels: Pixels) -> Pixels:
    from skimage import restoration

    blur = gaussian(step.sigma)
    margin = 2 * blur.shape[0]
    method: Any = restoration.richardson_lucy
    seen = _planes(np.pad(pixels, ((margin, margin), (margin, margin), (0, 0)), mode="symmetric"))
    sharp = np.stack([method(plane, blur, num_iter=step.iterations) for plane in seen], axis=-1)
    return _levels(sharp[margin:-margin, margin:-margin])


def gaussian(sigma: float) -> Plane:
    """Return a Gaussian blur's kernel: odd side, sum 1."""
    reach = math.ceil(3 * sigma)
    line = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    kernel = np.outer(line, line)
    return np.asarray(kernel / kernel.sum(), np.float32)


def motion(length: float, angle: float) -> Plane:
    """Return the kernel of a straight motion: odd side, sum 1, along ``angle`` degrees anticlockwise from the right."""
    reach = math.ceil(length / 2) + 1
    along = np.linspace(-length / 2, length / 2, 64 * reach)
    turn = math.radians(angle)
    x, y = reach + along * math.cos(turn), reach - along * math.sin(turn)
    left, top = np.floor(x).astype(int), np.floor(y).astype(int)
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1))
    for down in (0, 1):
        for right in (0, 1):
            share = np.abs(1 - right - (x - left)) * np.abs(1 - down - (y - top))
            np.add.at(kernel, (top + down, left + right), share)
    return np.asarray(kernel / kernel.sum(), np.float32)


def _wiener(pixels: Pixels, blur: Plane, noise: float) -> Pixels:
    """Return the picture with a blur undone.

    The filter takes the picture to go on for ever, so it is given one that does: laid beside its mirror images, it has
    no edge that ripples could come from.
    """
    from skimage import restoration

    height, width = pixels.shape[:2]
    below, right = ((2 * math.ceil(blur.shape[0] / (2 * side)) - 1) * side for side in (height, width))
    method: Any = restoration.wiener
    seen = _planes(np.pad(pixels, ((0, below), (0, right), (0, 0)), mode="symmetric"))
    sharp = np.stack([method(plane, blur, noise, clip=False) for plane in seen], axis=-1)
    return _levels(sharp[:height, :width])


def _planes(pixels: Pixels) -> list[Plane]:
    return [np.ascontiguousarray(_shares(pixels[:, :, colour])) for colour in range(3)]


def _shares(pixels: Pixels) -> NDArray[np.float32]:
    return pixels.astype(np.float32) / np.float32(255)


def _levels(shares: NDArray[Any]) -> Pixels:
    return np.asarray(np.clip(np.nan_to_num(shares), 0, 1) * 255.0 + 0.5, np.uint8)
