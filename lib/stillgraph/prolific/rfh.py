"""Recency, frequency and harm as points.

UK forces rank by recency, frequency and gravity, or harm, but no force has published its point table. This
one is ours, out of 100, harm weighing half; a force that has its own passes it as :class:`RfhPoints`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Steps = tuple[tuple[float, int], ...]


@dataclass(frozen=True, slots=True)
class RfhPoints:
    """A point table, to be changed by whoever ranks.

    Attributes
    ----------
    recency
        Pairs (days since the latest offence, points): the first pair whose days are not exceeded counts.
    frequency
        Pairs (offences, points): the largest number reached counts.
    harm
        Pairs (harm days, points): the largest number reached counts.
    """

    recency: Steps = ((28, 20), (91, 15), (182, 10), (365, 5))
    frequency: Steps = ((2, 5), (3, 10), (5, 20), (10, 30))
    harm: Steps = ((5, 10), (30, 20), (365, 30), (1095, 40), (3650, 50))

    def __str__(self) -> str:
        """State the table in one line, for a ranking's ``scale``."""
        recency = ", ".join(f"{points} within {days:g} days" for days, points in self.recency)
        frequency = ", ".join(f"{points} from {least:g} offences" for least, points in self.frequency)
        harm = ", ".join(f"{points} from {least:g} harm days" for least, points in self.harm)
        return f"recency {recency}; frequency {frequency}; harm {harm}"

    @property
    def most(self) -> int:
        """Return the most points anybody can have."""
        return sum(max((0, *(points for _, points in part))) for part in (self.recency, self.frequency, self.harm))

    def points(
        self, days_since: NDArray[np.float64], offences: NDArray[np.float64], harm_days: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return points, in the one shape of the arrays; ``days_since`` is infinite without offences."""
        recency = sorted(self.recency)
        edges = np.array([days for days, _ in recency] or [-np.inf])
        given = np.array([points for _, points in recency] or [0], dtype=np.float64)
        step = np.searchsorted(edges, days_since, side="left")
        recent = np.append(given, 0.0)[step]
        return recent + _reached(self.frequency, offences) + _reached(self.harm, harm_days)


def _reached(steps: Steps, values: NDArray[np.float64]) -> NDArray[np.float64]:
    ordered = sorted(steps)
    edges = np.array([least for least, _ in ordered], dtype=np.float64)
    points = np.array([0, *(points for _, points in ordered)], dtype=np.float64)
    return points[np.searchsorted(edges, values, side="right")]
