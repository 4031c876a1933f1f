"""Two face models on the same trials: which is better, if either can be said to be.

The trials are the same, so what counts is where the two differ. Trials of one person go together: chance is counted by
swapping the two models' outcomes person by person (a randomisation test; with one trial a person it is McNemar's exact
test, 1947), and the interval of the difference is Student's over people.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit
from scipy.stats import binomtest

from stillgraph.errors import WrongUse
from stillgraph.evaluation.people import Bools, Codes, Floats, counted, share
from stillgraph.records import Rate

LEVEL = 0.05
SWAPS = 20_000
_CELLS = 20_000_000


@dataclass(frozen=True, slots=True)
class Paired:
    """What two models came to on the same trials.

    ``only_first`` and ``only_second`` count trials that only one of them gets right; ``difference`` is the first's
    share right less the second's, with its 95 % interval over people; ``chance`` how often swapping the two at random
    brings such a difference. ``says`` is ``first``, ``second`` or ``neither``.
    """

    measure: str
    first: Rate
    second: Rate
    only_first: int
    only_second: int
    difference: float
    low: float
    high: float
    chance: float
    says: str


def paired(first: Bools, second: Bools, persons: Codes, *, measure: str, seed: int = 0) -> Paired:
    """Compare which trials two models get right, bool of shape (n,), with whose trial each is, codes from 0.

    Raises
    ------
    WrongUse
        No trial, or arrays of different lengths.
    """
    if not len(first) or not first.shape == second.shape == persons.shape:
        raise WrongUse("Two models are compared on the same trials, at least one; give arrays of one length.")
    _, whose = np.unique(persons, return_inverse=True)
    people = int(whose.max()) + 1
    gain = first.astype(np.float64) - second.astype(np.float64)
    only_first, only_second = int((gain > 0).sum()), int((gain < 0).sum())
    own = np.bincount(whose, weights=gain, minlength=people).astype(np.float64)
    trials = counted(first, whose, people)[1]
    difference = float(gain.mean())
    # With one trial a person, whose outcomes are swapped is a coin for each trial that differs: McNemar's test.
    exact = people == len(gain) and only_first + only_second > 0
    chance = float(binomtest(only_first, only_first + only_second).pvalue) if exact else _chance(own, seed)
    half = _half_width(own, trials, difference)
    better = "neither" if chance >= LEVEL or difference == 0 else "first" if difference > 0 else "second"
    return Paired(
        measure, share(first, whose), share(second, whose), only_first, only_second, difference,
        max(difference - half, -1.0), min(difference + half, 1.0), chance, better,
    )  # fmt: skip


def _half_width(own: Floats, trials: np.typing.NDArray[np.int64], difference: float) -> float:
    """Return half the interval of a difference; with no trial that differs, what the rule of three leaves open."""
    people, total = len(own), int(trials.sum())
    if not own.any() or people < 2:
        return min(1.0, 3 / people)
    spread = people / (people - 1) * float(((own - difference * trials) ** 2).sum()) / total**2
    return float(stdtrit(people - 1, 0.975)) * math.sqrt(spread)


def _chance(own: Floats, seed: int) -> float:
    """Return how often swapping the two models person by person brings such a difference, in draws."""
    differing = own[own != 0]
    if not len(differing):
        return 1.0
    rng = np.random.default_rng(seed)
    seen, as_far, done = abs(differing.sum()), 0, 0
    step = max(1, _CELLS // len(differing))
    while done < SWAPS:
        some = min(step, SWAPS - done)
        signs = rng.integers(0, 2, size=(some, len(differing))) * 2 - 1
        as_far += int((np.abs(signs @ differing) >= seen - 1e-9).sum())
        done += some
    return (as_far + 1) / (SWAPS + 1)


def sentence(found: Paired, first: str, second: str) -> str:
    """Return what may be said of two models by name."""
    gap = f"{100 * found.difference:+.1f} points (95 %: {100 * found.low:+.1f} to {100 * found.high:+.1f})"
    differ = f"{found.only_first} trials only {first} gets right, {found.only_second} only {second}"
    if found.says == "neither":
        return f"{found.measure}: neither is shown to be better; {first} less {second} {gap}; {differ}."
    better = first if found.says == "first" else second
    return f"{found.measure}: {better} is better; {first} less {second} {gap}; {differ}; chance {found.chance:.2g}."
