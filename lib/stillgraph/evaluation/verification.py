"""Error rates of 1:1 comparison: are these two images one person."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from stillgraph.errors import WrongUse
from stillgraph.evaluation.rates import COSINE, NO_RATE, allowed, interval, key, needed, threshold, wilson
from stillgraph.evaluation.roc import roc

FAR_TARGETS = (0.01, 0.001)

FOLDS = 10
"""As in the protocol of Labeled Faces in the Wild (Huang et al. 2007)."""

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class VerificationResult:
    """1:1 error rates. Dictionaries are keyed by target FAR (``"0.001"``); a ``None`` has its sentence.

    ``eer`` is the equal error rate, ``eer_threshold`` where it is; ``det`` has the curve: threshold, FAR, FRR.
    """

    pairs: int
    genuine: int
    impostor: int
    failures_to_acquire: int
    auc: float | None
    accuracy: float | None
    accuracy_interval: tuple[float, float] | None
    tar_at_far: dict[str, float | None]
    tar_interval: dict[str, tuple[float, float] | None]
    thresholds: dict[str, float | None]
    insufficient: dict[str, str]
    eer: float | None = None
    eer_threshold: float | None = None
    det: tuple[tuple[float, float, float], ...] = field(default=(), repr=False)


def verification(
    scores: NDArray[np.floating],
    same: NDArray[np.bool_],
    *,
    failures_genuine: int = 0,
    failures_impostor: int = 0,
) -> VerificationResult:
    """State the error rates of compared pairs.

    - **AUC**: the chance that a genuine pair scores above an impostor pair, half for equal scores. A pair
      that could not be compared loses every such contest, on whichever side.
    - **accuracy**: 10-fold. A threshold is chosen on nine tenths of the pairs and counted on the last, for
      each tenth. Tenths are dealt at random, with a fixed seed, within genuine and impostor pairs; the order
      of rows changes nothing. With fewer than ten pairs of a kind there are as many folds as pairs. A pair
      that could not be compared is wrong.
    - **TAR at FAR**: genuine pairs at or above the lowest threshold whose false accept rate does not exceed
      the target. A genuine pair that could not be compared is not accepted; an impostor pair likewise, and it
      stays in the count of trials (ISO/IEC 19795-1). A target needs one over itself impostor pairs.

    Parameters
    ----------
    scores
        Shape (n,), cosines, -1 to 1, of the pairs that were compared.
    same
        Shape (n,), whether the pair is one person.
    failures_genuine, failures_impostor
        Pairs that could not be compared as an image had no usable face.

    Raises
    ------
    WrongUse
        Arrays of different shapes, scores outside -1 to 1, or a negative count of failures.
    """
    score = np.asarray(scores, dtype=np.float64)
    truth = np.asarray(same)
    if score.ndim != 1 or truth.shape != score.shape or truth.dtype != np.bool_ or not (np.abs(score) <= COSINE).all():
        raise WrongUse("Verification needs one cosine and one true or false a pair; correct the arrays.")
    if failures_genuine < 0 or failures_impostor < 0:
        raise WrongUse("A count of failures to acquire is zero or more; count them again.")
    alike, unlike = score[truth], score[~truth]
    genuine, impostor = len(alike) + failures_genuine, len(unlike) + failures_impostor
    insufficient: dict[str, str] = {}
    accuracy = NO_RATE
    if min(len(alike), len(unlike)) < 2:
        insufficient["accuracy"] = "insufficient: needs at least 2 compared pairs of either kind"
    else:
        accuracy = wilson(_right_in_folds(alike, unlike), genuine + impostor)
    auc, eer, eer_threshold = None, None, None
    points: tuple[tuple[float, float, float], ...] = ()
    if genuine and impostor:
        curve = roc(alike, unlike, genuine=genuine, impostor=impostor)
        auc = curve.auc()
        eer, eer_threshold = curve.equal_error() if len(curve.thresholds) else (1.0, None)
        points = curve.thinned()
    else:
        insufficient["auc"] = "insufficient: needs pairs of either kind"
    thresholds: dict[str, float | None] = {key(far): None for far in FAR_TARGETS}
    rates = {key(far): NO_RATE for far in FAR_TARGETS}
    for far in FAR_TARGETS:
        name = key(far)
        if impostor < needed(far, 1) or genuine == 0:
            insufficient[name] = (
                f"insufficient: needs at least {needed(far, 1)} impostor pairs and 1 genuine pair, "
                f"there are {impostor} and {genuine}"
            )
            continue
        at = thresholds[name] = threshold(unlike, allowed(far, impostor))
        rates[name] = wilson(int((alike >= at).sum()), genuine)
    return VerificationResult(
        pairs=genuine + impostor,
        genuine=genuine,
        impostor=impostor,
        failures_to_acquire=failures_genuine + failures_impostor,
        auc=auc,
        accuracy=accuracy.value,
        accuracy_interval=interval(accuracy),
        tar_at_far={name: rate.value for name, rate in rates.items()},
        tar_interval={name: interval(rate) for name, rate in rates.items()},
        thresholds=thresholds,
        insufficient=insufficient,
        eer=eer,
        eer_threshold=eer_threshold,
        det=points,
    )


def _right_in_folds(alike: Floats, unlike: Floats) -> int:
    """Return how many pairs fall on their side of a threshold chosen without them."""
    folds = min(FOLDS, len(alike), len(unlike))
    # Dealt at random after sorting: the order of rows decides nothing, nor does a score decide its fold.
    rng = np.random.default_rng(0)
    alike, unlike = np.sort(alike), np.sort(unlike)
    fold_alike, fold_unlike = (rng.permutation(np.arange(len(kind)) % folds) for kind in (alike, unlike))
    scores = np.unique(np.concatenate([alike, unlike]))
    places = [np.searchsorted(scores, kind) for kind in (alike, unlike)]
    counts = [np.bincount(place, minlength=len(scores)) for place in places]
    right = 0
    for fold in range(folds):
        out = [there[dealt == fold] for there, dealt in zip(places, (fold_alike, fold_unlike), strict=True)]
        kept = [all_ - np.bincount(own, minlength=len(scores)) for all_, own in zip(counts, out, strict=True)]
        at = _best_threshold(scores, *kept)
        right += int((scores[out[0]] >= at).sum() + (scores[out[1]] < at).sum())
    return right


def _best_threshold(scores: Floats, alike: Counts, unlike: Counts) -> float:
    """Return the lowest midway point that has most pairs on their side.

    ``scores`` are in order, each once; ``alike`` and ``unlike`` count the pairs of either kind that have them. Midway
    points lie between neighbours among scores that any pair has.
    """
    gain = np.concatenate([[0], np.cumsum(unlike - alike)])
    place = int(gain.argmax())
    there = np.flatnonzero((alike + unlike)[place:])
    if not len(there):
        return float("inf")
    above = float(scores[place + there[0]])
    return above if place == 0 else (float(scores[place - 1]) + above) / 2
