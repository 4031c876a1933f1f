"""The threshold for a stated false positive identification rate (FPIR), with its interval and for a stated gallery.

FPIR(T) is the share of searches for a stranger that return anybody at or above T (ISO/IEC 19795-1). Such a search is
one of somebody who is not in the gallery, or of somebody who is, their own images left out. FPIR grows with the
gallery, so a threshold belongs to a model, a gallery size and a target.

For a gallery larger than the one measured, searches of it are taken for independent draws of so many more people:
``FPIR(N) = 1 - (1 - FPIR(M)) ** (N / M)``. Faces differ in how many others they resemble, and by Jensen's inequality
that makes the true rate lower than this: the model errs on the side of a higher threshold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from stillgraph.errors import WrongUse
from stillgraph.evaluation.calibration import ALL, GROWTH, RESAMPLES, KnownSearch
from stillgraph.evaluation.rates import allowed, needed, threshold
from stillgraph.records import FpirPolicy, FpirThreshold, ModelId

LARGEST_TARGET = 0.5
FARTHEST = 4.0
"""How many times the gallery measured one may be that a threshold is extrapolated to: as far as was checked."""

_CELLS = 5_000_000


def fpir_thresholds(
    searches: Sequence[KnownSearch], *, fpir: float, measured_gallery: int, gallery: int, seed: int = 0
) -> tuple[FpirThreshold, ...]:
    """Return the threshold for a target FPIR over all searches, and for each band by itself.

    Parameters
    ----------
    searches
        Searches of known truth of one model's templates, in any order; of each, the best other person counts.
    fpir
        The target, above 0 and at most :data:`LARGEST_TARGET`.
    measured_gallery
        Persons in the gallery searched.
    gallery
        Persons in the gallery it is for; a smaller one keeps the threshold of the one measured, a larger one is
        extrapolated to, up to :data:`FARTHEST` times.
    seed
        Of the bootstrap over people, which bounds the threshold with 95 %.

    Returns
    -------
    tuple of FpirThreshold
        :data:`ALL` first. One without a threshold says how many more searches it needs: three over the target, by
        the rule of three.

    Raises
    ------
    WrongUse
        A target or gallery out of range.
    """
    if not 0 < fpir <= LARGEST_TARGET:
        raise WrongUse(f"A target FPIR is above 0 and at most {LARGEST_TARGET:g}, e.g. 0.01; not {fpir:g}.")
    if gallery < 1 or gallery > FARTHEST * measured_gallery:
        raise WrongUse(
            f"A threshold measured with {measured_gallery} persons is extrapolated to {FARTHEST:g} times as many at "
            f"most, not to {gallery}; measure with a larger gallery."
        )
    ordered = sorted((s for s in searches if len(s.others)), key=lambda search: (search.person, search.trial_id))
    bands = sorted({search.band for search in ordered if search.band is not None})
    some = {ALL: ordered} | {band: [s for s in ordered if s.band == band] for band in bands}
    thresholds = []
    for band, there in some.items():
        people = len({search.person for search in there})
        none = FpirThreshold(band, fpir, gallery, measured_gallery, searches=len(there), people=people)
        thresholds.append(_found(none, there, seed))
    return tuple(thresholds)


def target_there(fpir: float, measured_gallery: int, gallery: int) -> float:
    """Return the FPIR to be kept in the gallery measured, so that one of ``gallery`` persons keeps to ``fpir``."""
    return fpir if gallery <= measured_gallery else float(1 - (1 - fpir) ** (measured_gallery / gallery))


def applicable(policy: FpirPolicy, *, model: ModelId, gallery: int) -> FpirThreshold:
    """Return the threshold of a policy for a search of a gallery.

    Raises
    ------
    WrongUse
        The policy is of another model, or the gallery has outgrown it.
    """
    if policy.model != model:
        raise WrongUse(
            f"A threshold belongs to one model: that for FPIR {policy.fpir:g} was set with {policy.model}, and the "
            f"case is bound to {model}. Set it anew with `stillgraph threshold`."
        )
    if gallery > policy.gallery * GROWTH:
        raise WrongUse(
            f"The threshold for FPIR {policy.fpir:g} was set for a gallery of {policy.gallery} persons, and there are "
            f"{gallery} now: more people reach a threshold more often. Set it anew with `stillgraph threshold`."
        )
    return next(one for one in policy.thresholds if one.band == ALL)


def _found(none: FpirThreshold, searches: Sequence[KnownSearch], seed: int) -> FpirThreshold:
    """Return the threshold found in some searches, or why there is none."""
    target = target_there(none.fpir, none.measured_gallery, none.gallery)
    least = needed(target)
    if none.searches < least:
        there = "" if target == none.fpir else f" ({target:.2g} in the gallery of {none.measured_gallery} measured)"
        why = (
            f"insufficient: FPIR {none.fpir:g}{there} needs at least {least} searches for strangers, "
            f"there are {none.searches}: {least - none.searches} more"
        )
        return replace(none, insufficient=why)
    best = np.array([search.others[0] for search in searches], dtype=np.float64)
    at = threshold(best, allowed(target, len(best)))
    _, whose = np.unique([search.person for search in searches], return_inverse=True)
    low, high = _interval(best, whose, target, seed)
    return replace(none, threshold=at, low=low, high=high, returned=int((best >= at).sum()))


def _interval(best: NDArray[np.float64], whose: NDArray[np.intp], target: float, seed: int) -> tuple[float, float]:
    """Return the 95 % bootstrap interval of a threshold, drawing people with all their searches."""
    order = np.argsort(-best, kind="stable")
    people = int(whose.max()) + 1
    rng = np.random.default_rng(seed)
    found: list[NDArray[np.float64]] = []
    left = RESAMPLES
    while left:
        draws = min(left, max(1, _CELLS // len(best)))
        drawn = rng.multinomial(people, np.full(people, 1 / people), size=draws)
        above = np.cumsum(drawn[:, whose[order]], axis=1)
        kept_out = (above > target * above[:, -1:]).argmax(axis=1)
        found.append(best[order][kept_out])
        left -= draws
    low, high = np.percentile(np.concatenate(found), [2.5, 97.5])
    return float(low), float(high)
