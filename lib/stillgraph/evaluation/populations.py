"""Made-up searches whose true error rates are known, to hold intervals and findings to.

A search has a mate score and a best other score, each normal; people differ by a shift of their own, so that searches
of one person go together. True rates follow from the normal distribution alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from stillgraph.evaluation.people import Floats
from stillgraph.evaluation.searches import Searches

_SCALE = 0.1
"""Standard deviation of scores; the mean of others is 0, so that all are cosines."""


@dataclass(frozen=True, slots=True)
class Population:
    """Who is searched: people of either kind, searches a person, and how alike the searches of one person are.

    ``separation`` is how far mates score above others, in standard deviations; ``alike`` the share of the variance that
    lies between people, 0 for searches that are independent. ``shift`` moves the scores of others of a group, in
    standard deviations: a group that looks more like the gallery.
    """

    mated_people: int
    strangers: int
    searches: int = 1
    separation: float = 2.0
    alike: float = 0.0
    shift: Mapping[str, float] | None = None

    def drawn(self, seed: int) -> Searches:
        """Return searches drawn of this population."""
        rng = np.random.default_rng(seed)
        people = self.mated_people + self.strangers
        person = np.repeat(np.arange(people), self.searches)
        mated = person < self.mated_people
        groups = np.array(sorted(self.shift or {"": 0.0}), dtype=np.str_)
        group = groups[np.arange(people) % len(groups)][person]
        shift = np.array([(self.shift or {"": 0.0})[name] for name in group])
        mate = (self._scores(rng, people, person) + self.separation) * _SCALE
        other = (self._scores(rng, people, person) + shift) * _SCALE
        first = mated & (mate > other)
        return Searches(
            person=person.astype(np.intp),
            mated=mated,
            rank=np.where(mated, np.where(first, 1.0, 2.0), np.inf),
            mate_score=np.where(mated, mate, -np.inf).clip(-np.inf, 1),
            best_score=np.where(mated, np.maximum(mate, other), other).clip(-1, 1),
            acquired=np.ones(len(person), dtype=bool),
            labels={"group": group},
        )

    def _scores(self, rng: np.random.Generator, people: int, person: np.typing.NDArray[np.intp]) -> Floats:
        own = rng.standard_normal(people)[person]
        return np.asarray(np.sqrt(self.alike) * own + np.sqrt(1 - self.alike) * rng.standard_normal(len(person)))

    def fpir(self, at: float, group: str = "") -> float:
        """Return the true FPIR of a group at a threshold."""
        return float(ndtr((self.shift or {"": 0.0})[group] - at / _SCALE))

    def fnir(self, at: float) -> float:
        """Return the true FNIR at a threshold, at any rank."""
        return float(ndtr(at / _SCALE - self.separation))

    def threshold(self, fpir: float) -> float:
        """Return the threshold of a true FPIR over groups of one size, to 1e-9."""
        shifts: Sequence[float] = list((self.shift or {"": 0.0}).values())
        low, high = -1.0, 1.0
        while high - low > 1e-9:
            middle = (low + high) / 2
            rate = float(np.mean([ndtr(shift - middle / _SCALE) for shift in shifts]))
            low, high = (middle, high) if rate > fpir else (low, middle)
        return high

    @staticmethod
    def shift_for(rate: float, times: float) -> float:
        """Return the shift that makes a rate so many times as high."""
        return float(ndtri(rate * times) - ndtri(rate))
