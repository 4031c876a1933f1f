"""The receiver operating characteristic of compared pairs, and the equal error rate.

Terms follow ISO/IEC 19795-1: at a threshold, the false accept rate (FAR) is the share of impostor pairs at or above it,
the false reject rate (FRR) the share of genuine pairs below it. A pair that could not be compared is rejected.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

POINTS = 500
"""Points of a curve that is drawn or written."""


@dataclass(frozen=True, slots=True, eq=False)
class Roc:
    """All thresholds that change a decision, from the highest down, each with what is at or above it.

    ``thresholds`` float64, shape (k,), are the scores themselves; ``accepted_genuine`` and ``accepted_impostor`` counts
    of shape (k,); ``genuine`` and ``impostor`` count all pairs, with those that could not be compared.
    """

    thresholds: Floats
    accepted_genuine: Counts
    accepted_impostor: Counts
    genuine: int
    impostor: int

    @property
    def far(self) -> Floats:
        """Return the false accept rate at each threshold, shape (k,)."""
        return np.asarray(self.accepted_impostor / self.impostor)

    @property
    def tar(self) -> Floats:
        """Return the true accept rate at each threshold, shape (k,)."""
        return np.asarray(self.accepted_genuine / self.genuine)

    def auc(self) -> float:
        """Return the chance that a genuine pair scores above an impostor pair, half for equal scores.

        By the trapezium rule, which is that chance (Hanley and McNeil 1982). A pair that could not be compared loses
        every contest, on whichever side.
        """
        steps = np.diff(self.accepted_impostor, prepend=0)
        before = np.concatenate([[0], self.accepted_genuine[:-1]])
        # In halves of contests, whole numbers, so that nothing is lost to rounding.
        halves = int((steps * (self.accepted_genuine + before)).sum())
        return halves / 2 / (self.genuine * self.impostor)

    def equal_error(self) -> tuple[float, float]:
        """Return the equal error rate, the mean of FAR and FRR where they are nearest, and its threshold."""
        gap = np.abs(self.far - (1 - self.tar))
        at = int(gap.argmin())
        return float(self.far[at] + 1 - self.tar[at]) / 2, float(self.thresholds[at])

    def thinned(self, points: int = POINTS) -> tuple[tuple[float, float, float], ...]:
        """Return up to so many points (threshold, FAR, FRR), even along the curve as it is drawn on log axes."""
        return tuple(
            zip(
                *((column[self._kept(points)]).tolist() for column in (self.thresholds, self.far, 1 - self.tar)),
                strict=True,
            )
        )

    def _kept(self, points: int) -> NDArray[np.intp]:
        if len(self.thresholds) <= points:
            return np.arange(len(self.thresholds))
        ends = np.geomspace(1, len(self.thresholds), points // 2).astype(int) - 1
        return np.unique(np.concatenate([ends, len(self.thresholds) - 1 - ends]))


def roc(alike: Floats, unlike: Floats, *, genuine: int, impostor: int) -> Roc:
    """Return the characteristic of genuine and impostor scores, of shapes (m,) and (n,).

    ``genuine`` and ``impostor`` count all pairs of either kind, with those that could not be compared.
    """
    # Two sorts of their own and one of both are faster than one argsort.
    upward = [np.sort(kind) for kind in (alike, unlike)]
    scores = np.unique(np.concatenate(upward))
    accepted = [len(kind) - np.searchsorted(kind, scores, side="left") for kind in upward]
    return Roc(scores[::-1], accepted[0][::-1], accepted[1][::-1], genuine, impostor)
