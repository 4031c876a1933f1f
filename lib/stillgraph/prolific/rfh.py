"""Recency, frequency and harm as points.

UK forces rank by recency, frequency and gravity, or harm, but no force has published its point table. This
one is ours, out of 100, harm weighing half; a force that has its own gives it as a file (:func:`rfh_points`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from stillgraph.errors import ManifestError
from stillgraph.prolific import editions

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
    source, version
        Whose table it is, and which edition.
    """

    recency: Steps = ((28, 20), (91, 15), (182, 10), (365, 5))
    frequency: Steps = ((2, 5), (3, 10), (5, 20), (10, 30))
    harm: Steps = ((5, 10), (30, 20), (365, 30), (1095, 40), (3650, 50))
    source: str = "Stillgraph's own"
    version: str = "1"

    def __str__(self) -> str:
        """State the table in one line, for a ranking's ``scale``."""
        recency = ", ".join(f"{points} within {days:g} days" for days, points in self.recency) or "none"
        frequency = ", ".join(f"{points} from {least:g} offences" for least, points in self.frequency) or "none"
        harm = ", ".join(f"{points} from {least:g} harm days" for least, points in self.harm) or "none"
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


COLUMNS = ("part", "edge", "points", "source", "version")
PARTS = ("recency", "frequency", "harm")


def rfh_points(path: Path) -> RfhPoints:
    """Read a point table from a CSV file with the columns of :data:`COLUMNS`.

    Parameters
    ----------
    path
        UTF-8 CSV with a header: of each step its part (``recency``, ``frequency`` or ``harm``), its edge (days since
        the latest offence, offences, days of harm) and its whole points of zero or more; one source and one version in
        the whole file. A part without steps gives no points.

    Raises
    ------
    NotFound
        There is no such file.
    ManifestError
        A column is missing, a part is none of the three, an edge or points are no numbers of zero or more, an edge
        stands twice, or the file mixes two sources or versions.
    """
    rows, source, version = editions.read(path, COLUMNS, "point table")
    steps: dict[str, dict[float, int]] = {part: {} for part in PARTS}
    for line, row in enumerate(rows, start=2):
        part, edge, points = (row["part"] or "").strip().lower(), _number(row["edge"]), _number(row["points"])
        if part not in steps or edge is None or points is None or points != int(points) or edge in steps[part]:
            raise ManifestError(
                f"A step of points has a part ({', '.join(PARTS)}), an edge of its own and whole points, zero or more; "
                f"correct line {line} of {path.name}."
            )
        steps[part][edge] = int(points)
    tables = {part: tuple(sorted(of.items())) for part, of in steps.items()}
    return RfhPoints(**tables, source=source, version=version)


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None
