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
from dataclasses import dataclass, field

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


@dataclass(slots=True)
class _Group:
    """Places of faces, the sum of their templates, and what the group may not hold."""

    places: list[int]
    total: NDArray[np.float64]
    stills: set[int]
    apart: frozenset[int]
    near: set[int] = field(default_factory=set)
    version: int = 0

    def may_join(self, other: _Group) -> bool:
        """Say whether no still and no ruling keeps the groups apart."""
        return self.stills.isdisjoint(other.stills) and (not self.apart or self.apart.isdisjoint(other.places))


def grouped(case: Case, rows: Sequence[int], apart: Apart, threshold: float, neighbours: Neighbours) -> list[list[int]]:
    """Group rows, ascending, by similarity; a face without template stays alone. The same for any order of faces."""
    known = [row for row in rows if case.with_template[row]]
    alone = [[row] for row in rows if not case.with_template[row]]
    if not known:
        return alone
    vectors = case.templates[known]
    clustering = _Clustering(case, known, apart, vectors, threshold)
    clustering.run(*neighbours(vectors, threshold - SLACK))
    return [[known[place] for place in sorted(group.places)] for group in clustering.groups.values()] + alone


class _Clustering:
    """Average linkage over the pairs that are near; a group is known by the lowest place in it."""

    def __init__(
        self, case: Case, rows: Sequence[int], apart: Apart, vectors: NDArray[np.float32], threshold: float
    ) -> None:
        self.threshold = round(threshold, DIGITS)
        self.vectors = vectors
        self.still = np.unique([case.faces[row].still for row in rows], return_inverse=True)[1]
        place_of = {row: place for place, row in enumerate(rows)}
        self.groups = {
            place: _Group(
                [place], vectors[place].astype(np.float64), {int(self.still[place])},
                frozenset(place_of[other] for other in apart.get(row, ()) if other in place_of),
            )
            for place, row in enumerate(rows)
        }  # fmt: skip
        self.heap: list[tuple[float, int, int, int, int]] = []

    def run(self, one: NDArray[np.int64], other: NDArray[np.int64]) -> None:
        """Merge groups, best first, until no two that may be one reach the threshold."""
        apart = self.still[one] == self.still[other]
        one, other = one[~apart], other[~apart]
        scores = self._pair_scores(one, other)
        for low, high in zip(one.tolist(), other.tolist(), strict=True):
            self.groups[low].near.add(high)
            self.groups[high].near.add(low)
        reached = scores >= self.threshold
        one, other, scores = one[reached], other[reached], scores[reached]
        best_first = np.lexsort((other, one, -scores))
        self.heap = [
            (-score, low, high, 0, 0)
            for score, low, high in zip(
                scores[best_first].tolist(), one[best_first].tolist(), other[best_first].tolist(), strict=True
            )
        ]  # Sorted, so a heap.
        while self.heap:
            _, low, high, *versions = heapq.heappop(self.heap)
            a, b = self.groups.get(low), self.groups.get(high)
            if a is not None and b is not None and versions == [a.version, b.version]:
                self._merge(low, high)

    def _pair_scores(self, one: NDArray[np.int64], other: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the score of each pair, rounded; in chunks, so that templates are not held once a pair."""
        scores = np.empty(len(one))
        for at in range(0, len(one), _CHUNK):
            part = slice(at, at + _CHUNK)
            left, right = self.vectors[one[part]], self.vectors[other[part]]
            scores[part] = np.einsum("ij,ij->i", left, right, dtype=np.float64)
        return np.round(scores, DIGITS)

    def _merge(self, low: int, high: int) -> None:
        """Put the group ``high`` into ``low``, if nothing keeps them apart, and weigh its neighbours anew."""
        a, b = self.groups[low], self.groups[high]
        if not a.may_join(b):
            a.near.discard(high)
            b.near.discard(low)
            return
        del self.groups[high]
        for at in b.near:
            near = self.groups[at].near
            near.discard(high)
            near.add(low)
        a.places += b.places
        a.total = a.total + b.total
        a.stills |= b.stills
        a.apart |= b.apart
        a.near = (a.near | b.near) - {low, high}
        a.version += 1
        self.groups[low].near = a.near
        self._weigh(low)

    def _weigh(self, at: int) -> None:
        """Put the group's neighbours that it may be one with on the heap, with their mean score over all pairs."""
        own = self.groups[at]
        allowed = []
        for other in sorted(own.near):
            group = self.groups[other]
            if own.may_join(group):
                allowed.append(other)
            else:  # What is kept apart stays so, however the groups grow.
                own.near.discard(other)
                group.near.discard(at)
        if not allowed:
            return
        totals = np.array([self.groups[other].total for other in allowed])
        sizes = np.array([len(self.groups[other].places) for other in allowed]) * len(own.places)
        scores = np.round(totals @ own.total / sizes, DIGITS)
        for other, score in zip(allowed, scores.tolist(), strict=True):
            if score >= self.threshold:
                low, high = min(at, other), max(at, other)
                versions = (self.groups[low].version, self.groups[high].version)
                heapq.heappush(self.heap, (-score, low, high, *versions))
