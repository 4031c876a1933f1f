"""A likelihood ratio in words."""

from __future__ import annotations

import math

from stillgraph.errors import WrongUse

SCALE = (
    (1e6, "extremely strong support"),
    (1e4, "very strong support"),
    (1e3, "strong support"),
    (1e2, "moderately strong support"),
    (1e1, "moderate support"),
    (2.0, "weak support"),
)
"""From which likelihood ratio on what is said: the scale of the ENFSI Guideline for Evaluative Reporting in Forensic
Science (2015), with 2 as its least. What lies between 1/2 and 2 is :data:`NEITHER`."""

NEITHER = "no support either way"

AGAINST = " that it is somebody else"
"""Added below 1/2, where the inverse of the ratio is put into words."""


def verbal(likelihood_ratio: float) -> str:
    """Return what is said of a likelihood ratio.

    Raises
    ------
    WrongUse
        It is not a positive number.
    """
    if not (math.isfinite(likelihood_ratio) and likelihood_ratio > 0):
        raise WrongUse(f"A likelihood ratio is a positive number, not {likelihood_ratio}; calibrate the scores again.")
    size = max(likelihood_ratio, 1 / likelihood_ratio)
    words = next((words for least, words in SCALE if size >= least), NEITHER)
    return words + (AGAINST if likelihood_ratio < 1 and words != NEITHER else "")


def classes() -> tuple[str, ...]:
    """Return all that :func:`verbal` can say, from the strongest support against to the strongest for."""
    above = tuple(words for _, words in SCALE)
    return (*(words + AGAINST for words in above), NEITHER, *reversed(above))


def shown(likelihood_ratio: float) -> str:
    """Return a likelihood ratio as tables show it: two digits, with its words."""
    verbally = verbal(likelihood_ratio)
    size = max(likelihood_ratio, 1 / likelihood_ratio)
    places = max(0, 1 - math.floor(math.log10(size)))
    number = f"{round(size, 1 - math.floor(math.log10(size))):,.{places}f}"
    return f"{number if likelihood_ratio >= 1 else f'1/{number}'} ({verbally})"
