"""Groups of faces by likeness: average linkage that no two faces of one still, or ruled apart, ever pass.

Two groups may become one while the mean score over *all* their pairs reaches the threshold, best pair of groups
first (average linkage, UPGMA: Sokal and Michener 1958), so being alike is not passed on from pair to pair.

Nothing of faces x faces is held. The mean over all pairs of two groups is the product of their summed templates over
the product of their sizes, exactly. And a mean reaches the threshold only if one of its pairs does, so the pairs that
do, which the gallery's search finds, are all the places where groups can meet.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from stillgraph.linking.case import Apart, Case

Neighbours = Callable[[NDArray[np.float32], float], tuple[NDArray[np.int64], NDArray[np.int64]]]
"""Given templates, float32, shape (n, d), and a score, returns the rows i < j of every pair that reaches it."""

DIGITS = 9
"""Scores are compared to so many digits, so that sums added in another order do not part ties."""

SLACK = 1e-4
"""How far below the threshold pairs are still fetched: float32 rounds there, and what decides is a float64 mean."""

_CHUNK = 1 << 16


def grouped(case: Case, rows: Sequence[int], apart: Apart, threshold: float, neighbours: Neighbours) -> list[list[int]]:
    """Group rows, ascending, by similarity; a face without template stays alone. The same for any order of faces."""
    known = [row for row in rows if case.with_template[row]]
    alone = [[row] for row in rows if not case.with_template[row]]
    if not known:
        return alone
    vectors = case.templates[known]
    clustering = _Clustering(case, known, apart, vectors, threshold)
    clustering.run(*neighbours(vectors, threshold - SLACK))
    return [[known[place] for place in sorted(places)] for places in clustering.places.values()] + alone


class _Clustering:
    """Average linkage over the pairs that are near; a group is known by the lowest place in it.

    Memory is that of the templates in float64 and of some numbers a pair that is near.
    """

    def __init__(
        self, case: Case, rows: Sequence[int], apart: Apart, vectors: NDArray[np.float32], threshold: float
    ) -> None:
        self.threshold = round(threshold, DIGITS)
        count = len(rows)
        still = np.unique([case.faces[row].still for row in rows], return_inverse=True)[1]
        place_of = {row: place for place, row in enumerate(rows)}
        self.still = still
        self.stills = [{code} for code in still.tolist()]
        self.places = {place: [place] for place in range(count)}
        self.apart = {
            place_of[row]: frozenset(place_of[other] for other in others if other in place_of)
            for row, others in apart.items()
            if row in place_of
        }
        self.totals = vectors.astype(np.float64)
        self.sizes = np.ones(count, dtype=np.int64)
        self.group_of = np.arange(count)
        self.version = [0] * count
        self.near: list[NDArray[np.int64]] = []
        self.heap: list[tuple[float, int, int, int, int]] = []

    def run(self, one: NDArray[np.int64], other: NDArray[np.int64]) -> None:
        """Merge groups, best first, until no two that may be one reach the threshold."""
        apart = self.still[one] == self.still[other]
        one, other = one[~apart], other[~apart]
        ends = np.concatenate([other, one])
        order = np.argsort(np.concatenate([one, other]), kind="stable")
        degrees = np.bincount(one, minlength=len(self.sizes)) + np.bincount(other, minlength=len(self.sizes))
        self.near = np.split(ends[order], np.cumsum(degrees)[:-1])
        scores = self._pair_scores(one, other)
        reached = np.flatnonzero(scores >= self.threshold)
        best_first = reached[np.lexsort((other[reached], one[reached], -scores[reached]))]
        for score, low, high in zip(-scores[best_first], one[best_first], other[best_first], strict=True):
            first = (float(score), int(low), int(high))
            while self.heap and self.heap[0][:3] < first:
                self._take()
            if self.version[first[1]] == 0 == self.version[first[2]]:
                self._merge(first[1], first[2])
        while self.heap:
            self._take()

    def _take(self) -> None:
        """Merge the two groups on top of the heap, unless either has grown or gone since they were put there."""
        _, low, high, version, other_version = heapq.heappop(self.heap)
        if (version, other_version) == (self.version[low], self.version[high]):
            self._merge(low, high)

    def _pair_scores(self, one: NDArray[np.int64], other: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the score of each pair, rounded; in chunks, so that templates are not held once a pair."""
        scores = np.empty(len(one))
        for at in range(0, len(one), _CHUNK):
            part = slice(at, at + _CHUNK)
            scores[part] = np.einsum("ij,ij->i", self.totals[one[part]], self.totals[other[part]])
        return np.round(scores, DIGITS)

    def _may_join(self, one: int, other: int) -> bool:
        """Say whether no still and no ruling keeps two groups apart."""
        kept = self.apart.get(one)
        return self.stills[one].isdisjoint(self.stills[other]) and (kept is None or kept.isdisjoint(self.places[other]))

    def _merge(self, low: int, high: int) -> None:
        """Put the group ``high`` into ``low``, if nothing keeps them apart, and weigh its neighbours anew."""
        if not self._may_join(low, high):
            return
        gone = self.places.pop(high)
        self.places[low] += gone
        self.group_of[gone] = low
        self.totals[low] += self.totals[high]
        self.sizes[low] += self.sizes[high]
        self.stills[low] |= self.stills[high]
        if high in self.apart:
            self.apart[low] = self.apart.get(low, frozenset()) | self.apart[high]
        self.version[low] += 1
        self.version[high] += 1
        near = np.unique(self.group_of[np.concatenate([self.near[low], self.near[high]])])
        # What is kept apart stays so, however the groups grow.
        allowed = [other for other in near.tolist() if other != low and self._may_join(low, other)]
        self.near[low] = np.array(allowed, dtype=np.int64)
        self.near[high] = self.near[high][:0]
        self._weigh(low)

    def _weigh(self, at: int) -> None:
        """Put the group's neighbours on the heap that reach the threshold by their mean score over all pairs."""
        near = self.near[at]
        if not len(near):
            return
        scores = np.round(self.totals[near] @ self.totals[at] / (self.sizes[near] * self.sizes[at]), DIGITS)
        for place in np.flatnonzero(scores >= self.threshold).tolist():
            low, high = sorted((at, int(near[place])))
            heapq.heappush(self.heap, (-float(scores[place]), low, high, self.version[low], self.version[high]))
