"""What a face's measures leave for a search: a band A to D, and what searches with faces of each band came to.

Four measures say beforehand how high the right person's score will be: how large the face is, its contrast, how much of
it is covered, and whether it is seen from above or below. The band is that expected score, cut at three limits. It is
no probability and decides nothing; what it means is :data:`FIGURES`, measured on faces that had no part in choosing it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from stillgraph.records import ModelId, Quality

MEASURED_ON = ModelId("yunet-sface@2456d6f081df.r2")
"""The one model whose faces get a band: with another the same face comes to another score."""

AT_START = 0.026
PER_DOUBLING_OF_INTER_EYE = 0.211
PER_DOUBLING_OF_CONTRAST = 0.096
PER_OCCLUSION = -0.558
PER_PITCH = -1.021
"""Least squares of the right person's score over 637 searches with faces of retailers R01 to R06 and of custody images,
as they came and made poor: ``tests/benchmarks/quality.py --fit``. Sharpness, frontality, brightness and exposure added
nothing to these four when people were left out in turn."""

STRAIGHT = 0.575
"""``pitch`` of a face seen straight: the median of the demonstration's custody images, and of the London set's."""

OCCLUSION_NOT_TAKEN = 0.09
"""Stands in where a picture without colour lets occlusion not be taken: the mean of the uncovered faces."""

LEAST_CONTRAST, LEAST_INTER_EYE_PX = 0.01, 1.0
"""Lower values count as these: a logarithm needs something."""

LIMITS = (("A", 0.6), ("B", 0.5), ("C", 0.4))
"""Each band with the expected score (cosine) from which it begins, best first; below the last is D."""

WORST = "D"


@dataclass(frozen=True, slots=True)
class BandFigures:
    """What searches with faces of one band came to; each of ``searches`` had the right person in the gallery."""

    band: str
    searches: int
    not_first: int
    not_in_twenty: int


PEOPLE = 150
"""People in the gallery that :data:`FIGURES` were measured with."""

FIGURES = (
    BandFigures("A", 59, 8, 1),
    BandFigures("B", 60, 19, 5),
    BandFigures("C", 92, 44, 14),
    BandFigures("D", 121, 92, 37),
)
"""On retailers R07 to R12, their stills as they came and each made poor twice: ``tests/benchmarks/quality.py``."""


def expected_score(quality: Quality) -> float | None:
    """Return the score (cosine) that the right person can be expected to have, or ``None`` without a ``pitch``."""
    if quality.pitch is None:
        return None
    occlusion = OCCLUSION_NOT_TAKEN if quality.occlusion is None else quality.occlusion
    return (
        AT_START
        + PER_DOUBLING_OF_INTER_EYE * math.log2(max(quality.inter_eye_px, LEAST_INTER_EYE_PX))
        + PER_DOUBLING_OF_CONTRAST * math.log2(max(quality.contrast, LEAST_CONTRAST))
        + PER_OCCLUSION * occlusion
        + PER_PITCH * abs(quality.pitch - STRAIGHT)
    )


def band(quality: Quality, model: ModelId) -> str | None:
    """Return a face's band for a model, ``None`` where it was not measured for that model or lacks a measure.

    Parameters
    ----------
    quality
        The measures; a band among them is not looked at.
    model
        The model whose templates the face is searched with.
    """
    expected = expected_score(quality) if model == MEASURED_ON else None
    if expected is None:
        return None
    return next((name for name, limit in LIMITS if expected >= limit), WORST)


def sentence(name: str) -> str:
    """Return what searches with faces of a band came to, for people to read.

    Raises
    ------
    KeyError
        There is no such band.
    """
    figures = {figures.band: figures for figures in FIGURES}[name]
    share = round(100 * figures.not_first / figures.searches)
    return (
        f"band {name}: of {figures.searches} such faces in the measurement, the right person of {figures.not_first} "
        f"({share} %) was not first, of {figures.not_in_twenty} not within rank 20 ({PEOPLE} people in the gallery)"
    )
