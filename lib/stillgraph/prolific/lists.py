"""Lists of the first so many, resampled: who is on them, and what they hold of another measure.

Persons of equal measure at the end of a list share its last places, so that no identifier decides a figure. A resample
is a row of weights, how often each person was drawn; figures of all resamples come out of array products.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_CELLS = 1_000_000  # weights held at once: 8 MB

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


def resamples(persons: int, rng: np.random.Generator, draws: int, *, at_once: int) -> Iterator[Floats]:
    """Yield how often each of so many persons is drawn, (k, n) at a time, k at most ``at_once``, ``draws`` in all."""
    chunk = max(1, min(at_once, _CELLS // max(persons, 1)))
    for start in range(0, draws, chunk):
        drawn = np.empty((min(chunk, draws - start), persons))
        for row in drawn:
            row[:] = np.bincount(rng.integers(persons, size=persons, dtype=np.int32), minlength=persons)
        yield drawn


@dataclass(frozen=True, slots=True, eq=False)
class TopList:
    """The first ``top`` by a measure. ``people`` (m,) are those who could be on it in any resample, best first.

    ``starts`` (g,) is where in ``people`` each group of equal measure begins; ``group`` (n,) each person's group, g for
    those who are on it never.
    """

    top: int
    people: NDArray[np.intp]
    starts: NDArray[np.intp]
    group: NDArray[np.intp]

    def places(self, drawn: Floats) -> Floats:
        """Return the share, 0-1, of each group's members that are on the list, shape (k, g + 1); the last is 0."""
        size = np.add.reduceat(drawn[:, self.people], self.starts, axis=1)
        left = self.top - (np.cumsum(size, axis=1) - size)
        on = np.divide(left, size, out=np.zeros_like(size), where=size > 0).clip(0, 1)
        return np.pad(on, ((0, 0), (0, 1)))

    def weights(self, drawn: Floats, places: Floats) -> Floats:
        """Return what of each of ``people`` is on the list in each resample, shape (k, m); rows add up to ``top``."""
        return np.asarray(drawn[:, self.people] * places[:, self.group[self.people]])


def top_list(measure: Floats, among: Flags, top: int) -> TopList:
    """Draw up the list of the ``top`` first by ``measure`` (n,) among some of the persons, one at least."""
    people = np.flatnonzero(among)
    people = people[np.argsort(-measure[people], kind="stable")]
    starts = np.flatnonzero(np.append(True, np.diff(measure[people]) != 0))
    # In a resample the first m hold at least ``top`` draws but once in a thousand million.
    needed = math.ceil(top + 6 * math.sqrt(top) + 20)
    groups = int(np.searchsorted(starts, needed))
    people = people[: starts[groups]] if groups < len(starts) else people
    starts = starts[:groups]
    group = np.full(len(measure), len(starts))
    group[people] = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, len(people))))
    return TopList(top, people, starts, group)


@dataclass(frozen=True, slots=True, eq=False)
class RankPairs:
    """Two measures of the same persons, by distinct pairs, for Spearman's rank correlation of resamples.

    ``people`` (m,) in the order of their pairs; ``starts`` (q,) of each pair; ``first`` and ``second`` (q,) the place
    of each pair's values among the distinct ones; ``by_second`` (q,) sorts pairs by the second.
    """

    people: NDArray[np.intp]
    starts: NDArray[np.intp]
    first: NDArray[np.intp]
    second: NDArray[np.intp]
    by_second: NDArray[np.intp]

    def correlation(self, drawn: Floats) -> Floats:
        """Return Spearman's correlation in each resample, ties at their mean rank, shape (k,); NaN without spread."""
        weight = np.add.reduceat(drawn[:, self.people], self.starts, axis=1)
        middle = weight.sum(axis=1, keepdims=True) / 2
        one = self._ranks(weight, self.first) - middle
        other = np.empty_like(weight)
        other[:, self.by_second] = self._ranks(weight[:, self.by_second], self.second[self.by_second]) - middle
        together, alone = (weight * one * other).sum(axis=1), (weight * one**2).sum(axis=1)
        spread = np.sqrt(alone * (weight * other**2).sum(axis=1))
        return np.asarray(np.divide(together, spread, out=np.full(len(spread), np.nan), where=spread > 0))

    @staticmethod
    def _ranks(weight: Floats, value: NDArray[np.intp]) -> Floats:
        """Return the mean rank of each column's value, columns sorted by it, less one half; shape (k, q)."""
        size = np.add.reduceat(weight, np.flatnonzero(np.append(True, np.diff(value) > 0)), axis=1)
        return np.asarray((np.cumsum(size, axis=1) - size / 2)[:, value])


def rank_pairs(one: Floats, other: Floats, among: Flags) -> RankPairs:
    """Pair two measures (n,) of some persons, one at least."""
    people = np.flatnonzero(among)
    first, second = (np.unique(measure[people], return_inverse=True)[1] for measure in (one, other))
    order = np.lexsort((second, first))
    people, first, second = people[order], first[order], second[order]
    starts = np.flatnonzero(np.append(True, (np.diff(first) > 0) | (np.diff(second) != 0)))
    first, second = first[starts], second[starts]
    return RankPairs(people, starts, first, second, np.argsort(second, kind="stable"))
