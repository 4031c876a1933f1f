"""Proportions with their interval, and the threshold that lets through no more than a stated proportion."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from stillgraph.errors import WrongUse
from stillgraph.records import Rate

Z_95 = 1.959963984540054
"""The 97.5th percentile of the standard normal distribution."""

LEAST_PEOPLE = 10
"""People below whom a group has no rate: ours. It would say of each of them how they fare."""

LOWEST_SCORE = -1.0
"""The smallest cosine: a threshold that cuts nothing off."""

COSINE = 1.001
"""The largest size of a cosine, give or take rounding."""

NO_RATE = Rate(0, 0, None, None, None)
"""What is said of a rate that cannot be stated."""


def wilson(successes: int, trials: int) -> Rate:
    """Return a proportion with its 95 % interval (Wilson 1927, without continuity correction).

    Raises
    ------
    WrongUse
        More successes than trials, or a negative count.
    """
    if not 0 <= successes <= trials:
        raise WrongUse(f"A rate has from 0 to {max(trials, 0)} successes, not {successes}; count the trials again.")
    if trials == 0:
        return NO_RATE
    share = successes / trials
    z2 = Z_95**2
    centre = (share + z2 / (2 * trials)) / (1 + z2 / trials)
    half = Z_95 / (1 + z2 / trials) * math.sqrt(share * (1 - share) / trials + z2 / (4 * trials**2))
    # At no or all successes the interval ends exactly there; rounding must not say otherwise.
    low = 0.0 if successes == 0 else centre - half
    high = 1.0 if successes == trials else centre + half
    return Rate(successes, trials, share, low, high)


def interval(rate: Rate) -> tuple[float, float] | None:
    """Return a rate's interval as a pair, or ``None`` without trials."""
    return None if rate.low is None or rate.high is None else (rate.low, rate.high)


def key(target: float) -> str:
    """Return the JSON key of a target rate: ``0.003`` as ``"0.003"``."""
    return format(target, "g")


def allowed(target: float, trials: int) -> int:
    """Return how many of ``trials`` may err without exceeding ``target``, exact for a decimal target."""
    return math.floor(Fraction(str(target)) * trials)


def needed(target: float, events: int = 3) -> int:
    """Return how many trials bound a rate of ``target``: with ``events`` 3 by the rule of three."""
    return math.ceil(events / Fraction(str(target)))


def threshold(scores: NDArray[np.float64], most: int) -> float:
    """Return the lowest threshold that at most ``most`` of ``scores``, shape (n,), reach.

    A score reaches a threshold when it is at or above it. Equal scores pass or fail together. The threshold
    is the next single-precision number above the first score to be kept out, so that it means the same to
    scores held in single and in double precision; it is -1, the smallest cosine, where nobody needs keeping
    out.
    """
    if most >= len(scores):
        return LOWEST_SCORE
    kept_out = float(np.sort(scores)[::-1][most])
    return float(np.nextafter(np.float32(kept_out), np.float32(np.inf)))
