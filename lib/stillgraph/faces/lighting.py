"""Makes a dark picture one in which a detector sees: shadows lifted everywhere, or contrast raised place by place."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from stillgraph.faces.pixels import Pixels, luminance

GAMMA = 1.8
"""Shadows are lifted by raising values (0-1) to the power 1 / GAMMA."""

CLAHE_PARTS = 8
"""Parts, across and down, of which each has its own curve."""

CLAHE_CLIP = 2.0
"""No level counts for more than this times the mean of its part's histogram: it bounds how far noise is raised."""

BAND_PX = 256
"""Rows taken at a time, so that memory does not grow with the height of the image."""


def lift_shadows(pixels: Pixels, gamma: float = GAMMA) -> Pixels:
    """Return the image stretched to its 1st and 99th percentile of luminance, then raised to 1 / gamma."""
    light = luminance(pixels)
    low, high = np.percentile(light, (1, 99))
    levels = np.clip((np.arange(256, dtype=np.float32) - low) / max(float(high - low), 1.0), 0, 1)
    return np.asarray(levels ** (1.0 / gamma) * 255.0 + 0.5, np.uint8)[pixels]


def equalise_locally(pixels: Pixels, parts: int = CLAHE_PARTS, clip: float = CLAHE_CLIP) -> Pixels:
    """Return the image with its luminance equalised part by part, with limited contrast; colours keep their ratios.

    CLAHE after Zuiderveld (1994): a pixel takes the mean of the curves of the four nearest parts, weighted by distance.
    Unlike :func:`lift_shadows` it sees to dark parts and light ones alike, such as a dark face before a bright wall.
    """
    places = [(np.arange(side) + 0.5) * parts / side for side in pixels.shape[:2]]
    here = [place.astype(np.intp) for place in places]
    (rows, down), (columns, across) = (_neighbours(place - 0.5, parts) for place in places)
    bands = [slice(top, top + BAND_PX) for top in range(0, pixels.shape[0], BAND_PX)]
    counts = np.zeros(parts * parts * 256, np.int64)
    for band in bands:
        part = here[0][band, None] * parts + here[1]
        counts += np.bincount((part * 256 + _levels(luminance(pixels[band]))).ravel(), minlength=counts.size)
    curves = _curves(counts.reshape(-1, 256), clip).reshape(parts, parts, 256)
    out = np.empty_like(pixels)
    for band in bands:
        light = luminance(pixels[band])
        levels, new = _levels(light), np.zeros(light.shape, np.float32)
        for row, share in zip(rows, (1 - down, down), strict=True):
            for column, weight in zip(columns, (1 - across, across), strict=True):
                new += curves[row[band, None], column, levels] * share[band, None] * weight
        out[band] = np.clip(pixels[band] * ((new + 1) / (light + 1))[:, :, None] + 0.5, 0, 255)
    return out


def _levels(light: NDArray[np.float32]) -> NDArray[np.intp]:
    """Return luminance as whole levels, 0-255."""
    return np.asarray(np.clip(light + 0.5, 0, 255), np.intp)


def _curves(counts: NDArray[np.int64], clip: float) -> NDArray[np.float32]:
    """Return the new level, 0-255, of each level of each part, from counts of levels, shape (parts, 256)."""
    sizes = np.maximum(counts.sum(axis=1, keepdims=True), 1)
    limit = np.maximum(clip * sizes / 256, 1)
    level = np.minimum(counts, limit) + np.clip(counts - limit, 0, None).sum(axis=1, keepdims=True) / 256
    return np.asarray(np.cumsum(level, axis=1) / sizes * 255, np.float32)


def _neighbours(
    place: NDArray[np.float64], parts: int
) -> tuple[tuple[NDArray[np.intp], NDArray[np.intp]], NDArray[np.float32]]:
    """Return the parts before and after each place, and the weight of the one after; middles of parts are integers."""
    before = np.clip(np.floor(place), 0, parts - 1).astype(np.intp)
    weight = np.clip(place - before, 0, 1).astype(np.float32)
    return (before, np.minimum(before + 1, parts - 1)), weight
