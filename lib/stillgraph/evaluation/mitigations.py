"""What each way to lower errors would cost each group, in people no longer found.

Three ways are weighed, none of which treats a person by a protected attribute: one threshold for all, raised until even
the group with the most false positives keeps to the target; a threshold for each *quality band* of faces, which is a
property of the picture; and no threshold but a longer list that people review. A threshold for each group is not among
them: it would decide by who somebody is.

Thresholds are chosen on half of the people and rates are counted on the other half, so that they do not flatter.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from stillgraph.errors import WrongUse
from stillgraph.evaluation.people import Bools, Codes, Floats, share
from stillgraph.evaluation.rates import LEAST_PEOPLE, LOWEST_SCORE, allowed, needed, threshold
from stillgraph.evaluation.searches import Names, Searches
from stillgraph.records import Rate

BAND = "band"

LEAST_COUNTED = 20
"""Searches of a group, in the half that rates are counted on, below which it has none: ours. They are of
:data:`~stillgraph.evaluation.rates.LEAST_PEOPLE` people at least."""


@dataclass(frozen=True, slots=True)
class GroupCost:
    """What a way comes to for one group; a rate of too few searches, or people, has its counts alone."""

    group: str
    fpir: Rate
    fnir: Rate


@dataclass(frozen=True, slots=True)
class Mitigation:
    """One way to lower errors, and what it comes to for each group; ``insufficient`` where it cannot be weighed.

    ``reviewed`` is how many candidates a search puts before reviewers at most.
    """

    name: str
    meaning: str
    groups: tuple[GroupCost, ...] = ()
    thresholds: tuple[tuple[str, float], ...] = ()
    reviewed: int | None = None
    insufficient: str | None = None


def mitigations(
    searches: Searches, attribute: str, *, target: float, list_length: int = 20, longer: int = 50, seed: int = 0
) -> tuple[Mitigation, ...]:
    """Return what each way comes to, beginning with one threshold for all at the target FPIR.

    Parameters
    ----------
    searches
        With labels of ``attribute`` and, for thresholds by quality, of ``band``.
    target
        The FPIR aimed at, over all searches.
    list_length, longer
        R of FNIR, and of the longer list.
    seed
        Of the halves that people are dealt to.

    Raises
    ------
    WrongUse
        The searches have no labels of the attribute.
    """
    if attribute not in searches.labels:
        raise WrongUse(f"Nothing is recorded of {attribute}; give the attribute that groups are to be formed by.")
    weighing = _Weighing(searches, searches.labels[attribute], *_halves(searches, seed), target)
    return (
        weighing.base(list_length), weighing.raised(list_length), weighing.banded(list_length), weighing.longer(longer),
    )  # fmt: skip


def _halves(searches: Searches, seed: int) -> tuple[Bools, Bools]:
    """Return which searches are of people dealt to the half that is chosen on, and which to the half counted on."""
    _, person = np.unique(searches.person, return_inverse=True)
    people = int(person.max()) + 1 if len(person) else 0
    dealt = np.random.default_rng(seed).permutation(people) % 2 == 0
    return dealt[person], ~dealt[person]


@dataclass(frozen=True, slots=True, eq=False)
class _Weighing:
    """Searches with the group of each, which half each belongs to, and the FPIR aimed at."""

    searches: Searches
    labels: Names
    chosen: Bools
    counted: Bools
    target: float

    def base(self, within_rank: int) -> Mitigation:
        """Return what one threshold for all comes to."""
        way = Mitigation("one threshold for all", f"the lowest whose FPIR over all searches is at most {self.target:g}")
        at, short = self._threshold(np.ones(len(self.searches), dtype=bool))
        if at is None:
            return replace(way, insufficient=f"insufficient: needs {short} more non-mated searches")
        return self._weighed(way, at, within_rank, (("all", at),))

    def raised(self, within_rank: int) -> Mitigation:
        """Return what the threshold comes to at which every group keeps to the target."""
        meaning = f"the lowest whose FPIR over all searches, and in every group, is at most {self.target:g}"
        way = Mitigation("raised for all", meaning)
        found, lacking = self._by(self.labels, "")
        everybody, short = self._threshold(np.ones(len(self.searches), dtype=bool))
        if lacking or everybody is None:
            return replace(way, insufficient=f"insufficient: needs {lacking or f'{short} more non-mated searches'}")
        at = max(everybody, *found.values())
        return self._weighed(way, at, within_rank, (("all", at),))

    def banded(self, within_rank: int) -> Mitigation:
        """Return what a threshold for each quality band comes to."""
        way = Mitigation("by quality band", f"for faces of each band the lowest whose FPIR is at most {self.target:g}")
        bands = self.searches.labels.get(BAND)
        if bands is None:
            return replace(way, insufficient="insufficient: no quality bands are recorded")
        found, lacking = self._by(bands, "band ")
        if lacking:
            return replace(way, insufficient=f"insufficient: needs {lacking}")
        at = np.array([found.get(band, np.inf) for band in bands])
        return self._weighed(way, at, within_rank, tuple(found.items()))

    def longer(self, within_rank: int) -> Mitigation:
        """Return what no threshold and a longer list come to."""
        way = Mitigation("longer list, reviewed", f"no threshold; the first {within_rank} are put before reviewers")
        return self._weighed(way, LOWEST_SCORE, within_rank, ())

    def _threshold(self, rows: Bools) -> tuple[float | None, int]:
        """Return the threshold of the target on the half that is chosen on, or how many more searches it takes."""
        strange = self.searches.best_score[self.chosen & ~self.searches.mated & rows]
        short = needed(self.target) - len(strange)
        return (None, short) if short > 0 else (threshold(strange, allowed(self.target, len(strange))), 0)

    def _by(self, labels: Names, called: str) -> tuple[dict[str, float], str]:
        """Return the threshold of each label, and in words which labels lack how many searches."""
        found, lacking = dict[str, float](), []
        for label in np.unique(labels[labels != ""]):
            at, short = self._threshold(labels == label)
            if at is None:
                lacking.append(f"{short} more non-mated searches of {called}{label}")
            else:
                found[str(label)] = at
        return found, ", ".join(lacking)

    def _weighed(
        self, way: Mitigation, at: float | Floats, within_rank: int, thresholds: tuple[tuple[str, float], ...]
    ) -> Mitigation:
        searches = self.searches
        missed = ~((searches.rank <= within_rank) & (searches.mate_score >= at))
        returned = searches.best_score >= at
        groups = []
        for group in np.unique(self.labels[self.labels != ""]):
            own = self.counted & (self.labels == group)
            mated, strange = own & searches.mated, own & ~searches.mated
            groups.append(
                GroupCost(
                    str(group),
                    _enough(share(returned[strange], searches.person[strange]), searches.person[strange]),
                    _enough(share(missed[mated], searches.person[mated]), searches.person[mated]),
                )
            )
        return replace(way, groups=tuple(groups), thresholds=thresholds, reviewed=within_rank)


def _enough(rate: Rate, persons: Codes) -> Rate:
    enough = rate.trials >= LEAST_COUNTED and len(np.unique(persons)) >= LEAST_PEOPLE
    return rate if enough else Rate(rate.successes, rate.trials, None, None, None)
