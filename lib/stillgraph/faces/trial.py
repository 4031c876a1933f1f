"""Tries a pack on one picture: does it find a face, give the vector it says, and how long does it take here."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from stillgraph.errors import ModelError
from stillgraph.faces.embed import ImageRole
from stillgraph.faces.packs import FacePack
from stillgraph.faces.pixels import decode

Result = TypeVar("Result")

REPEATS = 5
"""Runs of each part that the times are medians of, after one that is not counted."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What trying a pack came to; times are milliseconds on one thread: a picture's detection, a still's template."""

    faces: int
    detect_ms: float
    embed_ms: float


def try_out(pack: FacePack, picture: bytes, name: str) -> Trial:
    """Return what a pack makes of a picture with a face.

    Raises
    ------
    ModelError
        No face is found, the networks cannot be run, or the vector is not one of the dimension stated.
    """
    pixels = decode(picture, name)
    found, detect_ms = _timed(pack, lambda: pack.detector.detect(pixels))
    if not found:
        raise ModelError(f"The detector of {pack.name} finds no face in {name}, where there is one: it cannot be used.")
    best = max(found, key=lambda one: one.score)
    vector, embed_ms = _timed(pack, lambda: pack.embedder.embed(pixels, best.landmarks, ImageRole.STILL))
    if vector.shape != (pack.dimension,) or not np.isclose(np.linalg.norm(vector), 1, atol=1e-3):
        raise ModelError(
            f"The recogniser of {pack.name} gives no vector of {pack.dimension} values that can be used; "
            f"it gives {vector.size}. Correct what the TOML says of it."
        )
    return Trial(len(found), detect_ms, embed_ms)


def _timed(pack: FacePack, run: Callable[[], Result]) -> tuple[Result, float]:
    """Return what a part gives and the median of its times, in milliseconds."""
    times = []
    try:
        result = run()
        for _ in range(REPEATS):
            began = time.perf_counter()
            run()
            times.append((time.perf_counter() - began) * 1000)
    except Exception as error:  # onnxruntime's own errors have no other base
        raise ModelError(
            f"{pack.name} cannot be run ({type(error).__name__}): its input is not as stated. Correct its TOML."
        ) from error
    return result, statistics.median(times)
