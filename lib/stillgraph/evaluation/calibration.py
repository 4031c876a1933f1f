"""Likelihood ratios from scores: what the score of the first candidate of a search says, and how well it says it.

**The propositions.** A search of N persons puts one of them first. Either

* the person in the still *is* the nominal who stands first; or
* the person in the still is somebody else, who is not in the gallery, and the nominal stands first because of N others
  they look most like that person.

The likelihood ratio is how many times more likely a first candidate has this score if the former holds than if the
latter does, for a face of that quality band and a gallery of that size. So the scores of *other* people it is learned
from are those of the best of N, not of pairs drawn at random: a pair at random would make nearly every first candidate
look strong, since the search chose it for its score. No other candidate of a list gets a ratio, as somebody scored
higher than they did, and what that leaves of their score has not been measured.

Each search of known truth gives such scores: of the person, where they stand first, and of the best other person, what
would stand first if the person were not in the gallery. In a gallery of fewer persons, the best other one is the best
of those drawn at random; its distribution is known exactly from the whole list.

The curve is a logistic regression (``lir``'s, either kind weighing the same), held within the empirical lower and upper
bounds (ELUB) of Vergeer et al. 2016, so that no ratio claims more than the number of people carries. It is measured by
cross-validation over people: nobody is on both sides, as a probe.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from stillgraph.errors import WrongUse
from stillgraph.evaluation.rates import COSINE
from stillgraph.evaluation.verbal import classes, verbal
from stillgraph.records import Calibration, Checked, Curve, ModelId, SupportCount

METHOD = "logistic regression within ELUB"

LEAST_PEOPLE = 20
"""People of either kind below whom a band has no curve: ours; two in each of ten folds."""

ALL = "all"
"""The band of faces whose model has none."""

FOLDS = 10
RESAMPLES = 1000
"""Bootstrap draws behind an interval."""

ONE_A_PERSON = 9
"""How often one first candidate a person is drawn to find the bounds, whose medians count."""

SHARES = (1.0, 0.5, 0.25)
"""Shares of the gallery's persons that there is a curve for."""

LEAST_GALLERY = 20
"""Persons below whom a share of the gallery has no curve."""

QUANTILES = 5
"""Places of the best other person in a smaller gallery that stand for their distribution."""

LISTED = 64
"""Other people of each search that are enough to learn from: a quarter of the gallery has nobody of the first eight in
one of ten draws, and of so many hardly ever."""

GROWTH = 1.1
"""How many times larger than the gallery measured one may be that is searched: the best of a tenth more people reaches
a score at most a tenth more often, so a ratio is at most so much too high."""

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Names = NDArray[np.str_]


@dataclass(frozen=True, slots=True, eq=False)
class KnownSearch:
    """A search of a usable face of somebody who is known.

    ``person`` is whose face it is, ``mate_score`` the best score of that person's own images, ``None`` where they are
    not in the gallery. ``others`` has the best score of each other person searched, float64, shape (n,), highest first;
    where only the first of them are given, :data:`LISTED` or more, ``others_searched`` says how many there were.
    """

    trial_id: str
    person: str
    band: str | None
    mate_score: float | None
    others: Floats = field(repr=False)
    others_searched: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class _First:
    """First candidates: float64 scores, whether they are the person, whose face was searched in which search; (n,)."""

    scores: Floats
    same: Bools
    people: Names
    searches: NDArray[np.intp]

    def at(self, rows: Bools | NDArray[np.intp]) -> _First:
        return _First(self.scores[rows], self.same[rows], self.people[rows], self.searches[rows])

    def of(self, *, same: bool) -> tuple[int, int]:
        """Return in how many searches there is a first candidate of a kind, and of how many people."""
        rows = self.same == same
        return len(np.unique(self.searches[rows])), len(np.unique(self.people[rows]))


def calibrate(searches: Sequence[KnownSearch], *, gallery: int, seed: int = 0) -> tuple[Curve, ...]:
    """Learn the curve of each band of faces and size of gallery.

    Parameters
    ----------
    searches
        Searches of known truth of one model's templates, in any order.
    gallery
        Persons in the gallery searched.
    seed
        Of the folds, the draws of one first candidate a person, and the bootstrap.

    Returns
    -------
    tuple of Curve
        By band, then by size of gallery, largest first; :data:`ALL` for faces without a band. One without a slope says
        why it is ``insufficient``: fewer than :data:`LEAST_PEOPLE` people of either kind, scores that do not rise with
        the truth, or ratios that, cross-validated, are no better than saying nothing (Cllr of 1 or more).

    Raises
    ------
    WrongUse
        An id that repeats, a score that is no cosine, or others that are not in order.
    """
    _check(searches)
    ordered = sorted(searches, key=lambda search: (search.person, search.trial_id))
    return tuple(
        _curve(_first_candidates(some, gallery, size), band, size, seed)
        for band, some in _by_band(ordered)
        for size in _sizes(gallery)
    )


def measure(
    curves: Sequence[Curve], searches: Sequence[KnownSearch], *, gallery: int, seed: int = 0
) -> dict[str, Checked]:
    """Measure curves on searches that had no part in learning them, by band.

    A band without a curve, or without first candidates of either kind, has no figures and says why.
    """
    _check(searches)
    ordered = sorted(searches, key=lambda search: (search.person, search.trial_id))
    found = {}
    for band, some in _by_band(ordered):
        first = _first_candidates(some, gallery, gallery)
        curve = next((c for c in curves if c.band == band and c.gallery == gallery), None)
        if curve is None or curve.insufficient is not None:
            why = "insufficient: no curve" if curve is None else curve.insufficient
            found[band] = Checked(*first.of(same=True), *first.of(same=False), insufficient=why)
        else:
            found[band] = _checked(first, _log10_ratios(curve, first.scores), seed)
    return found


def ratio(calibration: Calibration, score: float, *, model: ModelId, band: str | None, gallery: int) -> float | str:
    """Return the likelihood ratio of a first candidate's score, or the sentence that says why there is none.

    The curve of the smallest gallery measured that is as large as the one searched is taken; one that is larger by up
    to :data:`GROWTH` will do.

    Raises
    ------
    WrongUse
        The calibration is of another model.
    """
    if calibration.model != model:
        raise WrongUse(
            f"A calibration belongs to one model: this one was made with {calibration.model}, the scores are of "
            f"{model}. Calibrate anew with `stillgraph calibrate`."
        )
    name = ALL if band is None else band
    curves = [curve for curve in calibration.curves if curve.band == name]
    if not curves:
        return f"band {name}: insufficient: no such face was searched with known truth"
    large_enough = [curve for curve in curves if curve.gallery * GROWTH >= gallery]
    if not large_enough:
        return (
            f"the gallery has grown to {gallery} persons since it was calibrated with {calibration.gallery}: "
            "calibrate anew with `stillgraph calibrate`"
        )
    curve = min(large_enough, key=lambda curve: curve.gallery)
    if curve.insufficient is not None:
        return f"band {name}: {curve.insufficient}"
    return float(10 ** _log10_ratios(curve, np.array([score]))[0])


def _check(searches: Sequence[KnownSearch]) -> None:
    if len({search.trial_id for search in searches}) < len(searches):
        raise WrongUse("Each search of known truth counts once; give each an id of its own.")
    for search in searches:
        scores = np.append(search.others, [] if search.mate_score is None else [search.mate_score])
        if not (np.abs(scores) <= COSINE).all() or (np.diff(search.others) > 0).any():
            raise WrongUse(
                f"A search of known truth has cosines, those of other people highest first; {search.trial_id} has not. "
                "Build it again from its list."
            )


def _by_band(searches: Sequence[KnownSearch]) -> Iterator[tuple[str, list[KnownSearch]]]:
    bands: dict[str, list[KnownSearch]] = {}
    for search in searches:
        bands.setdefault(ALL if search.band is None else search.band, []).append(search)
    return iter(sorted(bands.items()))


def _sizes(gallery: int) -> list[int]:
    shares = dict.fromkeys(round(share * gallery) for share in SHARES)
    return [size for size in shares if size == gallery or size >= LEAST_GALLERY]


def _first_candidates(searches: Sequence[KnownSearch], gallery: int, size: int) -> _First:
    """Return who would stand first in a gallery of ``size`` of the ``gallery`` persons, if the person is in it or not.

    Other people are ``size`` of those searched, drawn without regard to their scores; of the place of the best of them
    evenly spaced quantiles are taken.
    """
    scores: list[float] = []
    same, people, numbers = list[bool](), list[str](), list[int]()
    for number, search in enumerate(searches):
        if not len(search.others):
            continue
        best = search.others[:1]
        if size < gallery:
            searched = len(search.others) if search.others_searched is None else search.others_searched
            best = search.others[np.minimum(places_of_best(searched, size), len(search.others) - 1)]
        first = [] if search.mate_score is None else [search.mate_score] * int((search.mate_score > best).sum())
        scores += [*first, *best]
        same += [True] * len(first) + [False] * len(best)
        people += [search.person] * (len(first) + len(best))
        numbers += [number] * (len(first) + len(best))
    return _First(
        np.array(scores, np.float64), np.array(same, np.bool_), np.array(people, np.str_), np.array(numbers, np.intp)
    )


def places_of_best(others: int, drawn: int) -> NDArray[np.intp]:
    """Return quantiles of the place, from 0, of the best of ``drawn`` out of ``others`` people."""
    before = np.arange(others)
    none_so_far = np.cumprod(np.clip((others - drawn - before) / (others - before), 0, 1))
    quantiles = (np.arange(QUANTILES) + 0.5) / QUANTILES
    return np.minimum(np.searchsorted(1 - none_so_far, quantiles), others - 1)


def _curve(first: _First, band: str, size: int, seed: int) -> Curve:
    same, same_people = first.of(same=True)
    different, different_people = first.of(same=False)
    thin = Curve(band, size, same, same_people, different, different_people)
    if min(same_people, different_people) < LEAST_PEOPLE:
        return _insufficient(
            thin,
            f"needs first candidates of {LEAST_PEOPLE} people who are the person and of {LEAST_PEOPLE} who are not, "
            f"there are {same_people} and {different_people}",
        )
    rng = np.random.default_rng(seed)
    fitted = _fit(first, rng)
    if fitted is None:
        return _insufficient(thin, "the person's scores are not above those of others")
    checked = _checked(first, _held_out(first, rng), seed)
    if checked.cllr is None or checked.cllr >= 1:
        return _insufficient(thin, "cross-validated, the ratios are no better than saying nothing (Cllr of 1 or more)")
    return Curve(band, size, same, same_people, different, different_people, *fitted, checked=checked)


def _insufficient(thin: Curve, why: str) -> Curve:
    return Curve(
        thin.band, thin.gallery, thin.same, thin.same_people, thin.different, thin.different_people,
        insufficient=f"insufficient: {why}",
    )  # fmt: skip


def _fit(first: _First, rng: np.random.Generator) -> tuple[float, float, float, float] | None:
    """Return slope, intercept, lower and upper bound, or ``None`` where scores do not rise with the truth."""
    from lir.algorithms.logistic_regression import LogitCalibrator

    centre, spread = float(first.scores.mean()), float(first.scores.std())
    if spread == 0:
        return None
    # All but unpenalised: lir's default would flatten the curve of cosines, which are small numbers.
    logistic = LogitCalibrator(C=1e6, solver="newton-cholesky", max_iter=1000).fit(
        (first.scores - centre) / spread, first.same.astype(int)
    )
    at_centre, one_further = (float(value) for value in logistic.transform(np.array([0.0, 1.0])))
    slope = (one_further - at_centre) / spread
    intercept = at_centre - slope * centre
    if slope <= 0:
        return None
    return slope, intercept, *_bounds(first, intercept + slope * first.scores, rng)


def _bounds(first: _First, log10_ratios: Floats, rng: np.random.Generator) -> tuple[float, float]:
    """Return the empirical bounds of the ratios' logarithm, each person counting once of a kind."""
    from lir.algorithms.bayeserror import elub

    _, whose = np.unique(np.stack([first.people, first.same.astype(str)]), axis=1, return_inverse=True)
    found = []
    for _ in range(ONE_A_PERSON):
        shuffled = rng.permutation(len(whose))
        one_each = shuffled[np.unique(whose[shuffled], return_index=True)[1]]
        found.append(elub(log10_ratios[one_each], first.same[one_each].astype(int)))
    lower, upper = np.median(found, axis=0)
    return float(lower), float(upper)


def _held_out(first: _First, rng: np.random.Generator) -> Floats:
    """Return each first candidate's log10 ratio by a curve learned without anybody of its fold."""
    people, whose = np.unique(first.people, return_inverse=True)
    fold = (rng.permutation(len(people)) % FOLDS)[whose]
    found = np.zeros(len(first.scores))
    for held in range(FOLDS):
        fitted = _fit(first.at(fold != held), rng)
        if fitted is not None:
            slope, intercept, lower, upper = fitted
            found[fold == held] = np.clip(intercept + slope * first.scores[fold == held], lower, upper)
    return found


def _log10_ratios(curve: Curve, scores: Floats) -> Floats:
    assert curve.slope is not None  # noqa: S101  (a curve that is not insufficient has all four)
    assert curve.intercept is not None  # noqa: S101
    return np.clip(curve.intercept + curve.slope * scores, curve.lower, curve.upper)


def _checked(first: _First, log10_ratios: Floats, seed: int) -> Checked:
    from lir.data.models import LLRData
    from lir.metrics import cllr, cllr_min

    counts = (*first.of(same=True), *first.of(same=False))
    if not (counts[0] and counts[2]):
        return Checked(*counts, insufficient="insufficient: needs first candidates who are the person, and who are not")
    labels = first.same.astype(int)
    data = LLRData(features=log10_ratios, labels=labels)
    low, high = _interval(first, log10_ratios, seed)
    return Checked(
        *counts, cllr=cllr(data), cllr_low=low, cllr_high=high, cllr_min=cllr_min(data),
        devpav=_devpav(log10_ratios, labels),
        support=_support(log10_ratios, first.same) if len(labels) == counts[0] + counts[2] else (),
    )  # fmt: skip


def _devpav(log10_ratios: Floats, labels: NDArray[np.int_]) -> float | None:
    from lir.metrics.devpav import devpav

    if np.ptp(log10_ratios) == 0:
        return None
    found = float(devpav(log10_ratios, labels))
    return found if np.isfinite(found) else None


def _support(log10_ratios: Floats, same: Bools) -> tuple[SupportCount, ...]:
    said = np.array([verbal(float(value)) for value in 10**log10_ratios])
    counts = ((words, said == words) for words in classes())
    return tuple(
        SupportCount(words, int((rows & same).sum()), int((rows & ~same).sum())) for words, rows in counts if rows.any()
    )


def _interval(first: _First, log10_ratios: Floats, seed: int) -> tuple[float, float]:
    """Return the 95 % bootstrap interval of Cllr, drawing people with all their first candidates."""
    people, whose = np.unique(first.people, return_inverse=True)
    cost = np.log2(1 + 10 ** np.where(first.same, -log10_ratios, log10_ratios))
    kinds = (first.same, ~first.same)
    costs = np.stack([np.bincount(whose, cost * kind, len(people)) for kind in kinds])
    counts = np.stack([np.bincount(whose, kind, len(people)) for kind in kinds])
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(len(people), np.full(len(people), 1 / len(people)), size=RESAMPLES)
    sums, numbers = drawn @ costs.T, drawn @ counts.T
    whole = (numbers > 0).all(axis=1)
    low, high = np.percentile((sums[whole] / numbers[whole]).mean(axis=1), [2.5, 97.5])
    return float(low), float(high)
