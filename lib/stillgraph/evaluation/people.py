"""Intervals of rates whose trials share people: several searches of one person are not several people.

Trials of one person go together: whoever is hard to find is hard to find again. Taken as independent they make an
interval too narrow. The variance here is that between people, as drawing people again with all their trials would have
it (the bootstrap over people), in closed form; it says how many independent trials the trials are worth, and Wilson's
interval is taken for that many (Korn and Graubard 1998, Survey Methodology 24, with Wilson's interval in the place of
Clopper and Pearson's).

The plain percentile bootstrap is not used for a rate: where errors are few its draws hold none, and of 30 people and an
error rate of 1 % its 95 % interval covered 40 to 63 % of the time, this one 95 to 98 %
(``tests/evaluation/test_coverage.py``).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from stillgraph.errors import WrongUse
from stillgraph.evaluation.rates import NO_RATE, Z_95, wilson
from stillgraph.records import Rate

Bools = NDArray[np.bool_]
Codes = NDArray[np.intp]
Counts = NDArray[np.int64]
Floats = NDArray[np.float64]

RESAMPLES = 2000
"""Draws of people behind an interval that has no closed form."""

_CELLS = 20_000_000


def share(events: Bools, persons: Codes) -> Rate:
    """Return the share of trials in which an event came, with its 95 % interval over people.

    Parameters
    ----------
    events
        Shape (n,), bool, one a trial.
    persons
        Shape (n,), whose trial it is, as codes from 0.

    Returns
    -------
    Rate
        The counts are of trials. Where nobody has two trials the interval is Wilson's own. Where every trial came out
        the same nothing is known of how people differ, and each person counts as one trial.
    """
    if events.shape != persons.shape:
        raise WrongUse("Each trial has one outcome and one person; give arrays of one length.")
    trials = np.bincount(persons)
    return of_counts(np.bincount(persons, weights=events).astype(np.int64)[trials > 0], trials[trials > 0])


def of_counts(events: Counts, trials: Counts) -> Rate:
    """Return :func:`share` of events and trials counted by person, both of shape (people,), each with a trial."""
    total, came = int(trials.sum()), int(events.sum())
    if total == 0:
        return NO_RATE
    if len(trials) == total:
        return wilson(came, total)
    worth = effective(events, trials)
    low, high = bounds(came / total, worth)
    return Rate(came, total, came / total, low, high)


def effective(events: Counts, trials: Counts) -> float:
    """Return how many independent trials the trials of some people are worth: at most as many as there are.

    The variance between people is that of a ratio of totals, with the correction for the degrees of freedom that so
    many people leave. Counts by person, shape (people,).
    """
    people, total, came = len(trials), float(trials.sum()), float(events.sum())
    if people == total:
        return total
    if came in {0.0, total} or people < 2:
        return float(people)
    rate = came / total
    spread = people / (people - 1) * float(((events - rate * trials) ** 2).sum()) / total**2
    plain = rate * (1 - rate)
    worth = total if spread * total <= plain else plain / spread
    return float(worth * (Z_95 / stdtrit(people - 1, 0.975)) ** 2)


def bounds(rate: float, trials: float, z: float = Z_95) -> tuple[float, float]:
    """Return Wilson's interval of a rate for a number of trials that need not be whole."""
    z2 = z * z
    centre = (rate + z2 / (2 * trials)) / (1 + z2 / trials)
    half = z / (1 + z2 / trials) * np.sqrt(rate * (1 - rate) / trials + z2 / (4 * trials**2))
    low = 0.0 if rate == 0 else float(centre - half)
    high = 1.0 if rate == 1 else float(centre + half)
    return max(low, 0.0), min(high, 1.0)


def counted(events: Bools, persons: Codes, people: int) -> tuple[Counts, Counts]:
    """Return how many events and trials each of ``people`` people has, two arrays of shape (people,)."""
    return np.bincount(persons, weights=events, minlength=people).astype(np.int64), np.bincount(
        persons, minlength=people
    )


def draws(people: int, seed: int, resamples: int = RESAMPLES, *, columns: int | None = None) -> Iterator[Counts]:
    """Yield, in blocks of shape (draws, people), how often each person comes in each draw of people with replacement.

    ``columns`` is how wide the caller's own arrays a draw are, so that a block of them stays in memory.
    """
    rng = np.random.default_rng(seed)
    at_once = max(1, _CELLS // max(people, columns or 1))
    even = np.full(people, 1 / people)
    for start in range(0, resamples, at_once):
        yield rng.multinomial(people, even, size=min(at_once, resamples - start))
