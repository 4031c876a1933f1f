"""Searches of known truth as columns, and the rates of 1:N search that can be read off them.

Terms follow ISO/IEC 19795-1 and NIST's FRTE 1:N: a search is *mated* where its person is in the gallery.
``FNIR(N, T, R)`` is the share of mated searches whose person is not within the first R at or above the threshold T of a
gallery of N, ``FPIR(N, T)`` the share of non-mated searches that return anybody at or above T. In *investigation mode*
T is so low that it keeps nobody off and R is what an officer looks at; in *identification mode* T alone decides and R
is 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from stillgraph.errors import WrongUse
from stillgraph.evaluation.people import Bools, Codes, Floats, bounds, draws, effective, share
from stillgraph.evaluation.rates import COSINE, Z_95, allowed, key, needed, threshold
from stillgraph.records import Rate

Names = NDArray[np.str_]

DET_POINTS = 400
"""Points of a curve that is drawn or written: more than a page can show."""

CMC_RANKS = (1, 2, 3, 5, 10, 20, 50)


@dataclass(frozen=True, slots=True, eq=False)
class Searches:
    """Searches of known truth, a row each.

    Attributes
    ----------
    person
        Whose face was searched, as codes from 0, shape (n,).
    mated
        Whether that person is in the gallery, bool, shape (n,).
    rank
        The right person's place on the list from 1, ``inf`` where they are not on it; float64, shape (n,).
    mate_score, best_score
        The right person's score and the list's highest, cosines, ``-inf`` where there is none; float64, shape (n,).
    acquired
        Whether a usable face was found, bool, shape (n,).
    labels
        What is recorded of each search or its person, by attribute (``sex``, ``band``, ``condition``), shape (n,);
        empty where nothing is.
    """

    person: Codes
    mated: Bools
    rank: Floats
    mate_score: Floats
    best_score: Floats
    acquired: Bools
    labels: Mapping[str, Names] = field(default_factory=lambda: MappingProxyType({}))

    def __post_init__(self) -> None:
        columns = [self.mated, self.rank, self.mate_score, self.best_score, self.acquired, *self.labels.values()]
        if any(column.shape != self.person.shape for column in columns):
            raise WrongUse("Each search is one row of every column; give columns of one length.")
        listed = np.isfinite(self.rank)
        there = np.isfinite(self.best_score)
        sound = (
            (listed == np.isfinite(self.mate_score))
            & (self.mated | ~listed)
            & (self.acquired | ~there)
            & (~listed | there)
            & (self.rank >= 1)
            & (np.where(there, np.abs(self.best_score), 0) <= COSINE)
        )
        if not sound.all():
            raise WrongUse(
                "Only a mated search with a usable face can return its person, with a rank from 1 and a cosine; "
                f"search {int((~sound).argmax()) + 1} contradicts that. Build it again from its list."
            )

    def __len__(self) -> int:
        return len(self.person)

    def where(self, rows: Bools) -> Searches:
        """Return some of the searches."""
        return Searches(
            self.person[rows], self.mated[rows], self.rank[rows], self.mate_score[rows], self.best_score[rows],
            self.acquired[rows], {name: column[rows] for name, column in self.labels.items()},
        )  # fmt: skip

    def missed(self, at: float, within_rank: float) -> Bools:
        """Return which searches do not return the right person within a rank at or above a threshold, shape (n,)."""
        return ~((self.rank <= within_rank) & (self.mate_score >= at))

    def returned(self, at: float) -> Bools:
        """Return which searches return anybody at or above a threshold, shape (n,)."""
        return self.best_score >= at


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """What a target FPIR takes and costs: the threshold with its 95 % interval, and both rates at it.

    ``fpir`` is the rate reached on the searches that the threshold was read off, so it flatters a little. ``fnir``'s
    interval takes in that the threshold is itself an estimate. A ``None`` has its sentence in ``insufficient``, which
    says how many more searches it takes.
    """

    target: float
    within_rank: int
    threshold: float | None = None
    threshold_low: float | None = None
    threshold_high: float | None = None
    fpir: Rate | None = None
    fnir: Rate | None = None
    insufficient: str | None = None


@dataclass(frozen=True, slots=True)
class Curve:
    """A detection error trade-off: FPIR and FNIR at each threshold, from the highest threshold down."""

    thresholds: tuple[float, ...]
    fpir: tuple[float, ...]
    fnir: tuple[float, ...]


def operating_point(searches: Searches, target: float, *, within_rank: int, seed: int = 0) -> OperatingPoint:
    """Return the lowest threshold whose FPIR on these searches is within a target, and FNIR there.

    Three over the target non-mated searches are needed (rule of three). The interval of the threshold has the scores
    that the ends of the target's own interval lead to (Woodruff 1952). That of FNIR is Wilson's for as many trials as
    the variance of a bootstrap over people says the searches are worth (:mod:`stillgraph.evaluation.people`), the
    threshold being found again in each draw.
    """
    mated, strange = searches.where(searches.mated), searches.where(~searches.mated)
    none = OperatingPoint(target, within_rank)
    least = needed(target)
    if len(strange) < least:
        return _lacking(none, f"FPIR {key(target)}", "non-mated", least, len(strange))
    at = threshold(strange.best_score, allowed(target, len(strange)))
    fpir = share(strange.returned(at), strange.person)
    drawn_fnir = _drawn(searches, target, within_rank, seed)
    low, high = _around(strange, target, at)
    found = OperatingPoint(target, within_rank, at, float(low), float(high), fpir)
    if not len(mated):
        lacking = _lacking(none, "FNIR", "mated", 1, 0).insufficient
        return OperatingPoint(target, within_rank, at, float(low), float(high), fpir, insufficient=lacking)
    return OperatingPoint(
        found.target, within_rank, at, found.threshold_low, found.threshold_high, fpir,
        _widened(mated.missed(at, within_rank), mated.person, drawn_fnir),
    )  # fmt: skip


def rates_at(searches: Searches, at: float, *, within_rank: float) -> tuple[Rate, Rate]:
    """Return FNIR and FPIR at a stated threshold, each with its interval over people."""
    mated, strange = searches.where(searches.mated), searches.where(~searches.mated)
    return share(mated.missed(at, within_rank), mated.person), share(strange.returned(at), strange.person)


def cmc(searches: Searches, ranks: Sequence[int] = CMC_RANKS) -> dict[str, Rate]:
    """Return the hit rate by rank (CMC), over mated searches, keyed by rank."""
    mated = searches.where(searches.mated)
    return {str(rank): share(mated.rank <= rank, mated.person) for rank in ranks}


def det(searches: Searches, *, within_rank: float, points: int = DET_POINTS) -> Curve | None:
    """Return the detection error trade-off at up to so many thresholds; ``None`` without searches of either kind."""
    mated, strange = searches.where(searches.mated), searches.where(~searches.mated)
    if not len(mated) or not len(strange):
        return None
    kept = np.sort(np.where(mated.rank <= within_rank, mated.mate_score, -np.inf))
    others = np.sort(strange.best_score)
    scores = np.unique(np.concatenate([kept, others]))
    scores = scores[np.isfinite(scores)][::-1]
    if len(scores) > points:
        # Even in rank, not in score: the curve bends where searches are.
        scores = scores[np.unique(np.linspace(0, len(scores) - 1, points).round().astype(int))]
    fpir = 1 - np.searchsorted(others, scores, side="left") / len(others)
    fnir = np.searchsorted(kept, scores, side="left") / len(kept)
    return Curve(*(tuple(column.tolist()) for column in (scores, fpir, fnir)))


def _lacking(none: OperatingPoint, what: str, kind: str, least: int, there: int) -> OperatingPoint:
    why = f"insufficient: {what} needs at least {least} {kind} searches, there are {there}: {least - there} more"
    return OperatingPoint(none.target, none.within_rank, insufficient=why)


def _around(strange: Searches, target: float, at: float) -> tuple[float, float]:
    """Return the thresholds at which so many searches return somebody as the interval of the target allows."""
    returned = strange.returned(at)
    _, codes = np.unique(strange.person, return_inverse=True)
    came, trials = np.bincount(codes, weights=returned).astype(np.int64), np.bincount(codes)
    # How people differ only those tell who were returned for: where they are few, it is known badly.
    telling = max(int((came > 0).sum()) - 1, 1)
    z = Z_95 if len(trials) == trials.sum() else float(stdtrit(telling, 0.975))
    least, most = bounds(target, effective(came, trials), z)
    best = np.sort(strange.best_score)[::-1]
    low = threshold(best, int(np.ceil(most * len(best))))
    return low, threshold(best, int(np.floor(least * len(best))))


def _drawn(searches: Searches, target: float, within_rank: int, seed: int) -> Floats:
    """Return FNIR in each draw of people, the threshold found anew, shape (draws,); NaN without a mated search."""
    _, person = np.unique(searches.person, return_inverse=True)
    people = int(person.max()) + 1
    strange = np.flatnonzero(~searches.mated)
    strange = strange[np.argsort(-searches.best_score[strange], kind="stable")]
    best = searches.best_score[strange]
    mated = np.flatnonzero(searches.mated)
    kept = np.where(searches.rank[mated] <= within_rank, searches.mate_score[mated], -np.inf)
    mated, kept = mated[np.argsort(kept, kind="stable")], np.sort(kept)
    misses = []
    for weights in draws(people, seed, columns=len(searches)):
        above = np.cumsum(weights[:, person[strange]], axis=1)
        over = above > target * above[:, -1:]
        first = over.argmax(axis=1)
        at = np.where(over.any(axis=1), np.nextafter(best[first], np.inf), -1.0)
        below = np.concatenate([np.zeros((len(weights), 1)), np.cumsum(weights[:, person[mated]], axis=1)], axis=1)
        place = np.searchsorted(kept, at, side="left")
        with np.errstate(invalid="ignore"):
            misses.append(below[np.arange(len(weights)), place] / below[:, -1])
    return np.concatenate(misses)


def _widened(missed: Bools, person: Codes, drawn: Floats) -> Rate:
    """Return a rate with the interval of as many trials as the variance of its draws says it is worth."""
    plain = share(missed, person)
    assert plain.value is not None  # noqa: S101  (only rates with trials come here)
    spread = float(np.nanvar(drawn))
    _, codes = np.unique(person, return_inverse=True)
    most = effective(np.bincount(codes, weights=missed).astype(np.int64), np.bincount(codes))
    worth = most if spread == 0 else min(most, plain.value * (1 - plain.value) / spread) or most
    low, high = bounds(plain.value, worth)
    return Rate(plain.successes, plain.trials, plain.value, low, high)


__all__ = ["CMC_RANKS", "Curve", "OperatingPoint", "Searches", "cmc", "det", "operating_point", "rates_at"]
