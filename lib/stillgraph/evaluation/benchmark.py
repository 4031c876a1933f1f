"""How well templates of probes find their people in a gallery: closed-set ranks and 1:1 rates in one go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stillgraph.errors import WrongUse
from stillgraph.evaluation.rates import wilson
from stillgraph.evaluation.verification import verification
from stillgraph.records import Rate, Vector

RANKS = (1, 5, 20)


@dataclass(frozen=True, slots=True)
class Separation:
    """What a set of probes came to against a gallery; a probe without a face is an error in every rate.

    ``tar_at_far`` and ``rank`` are keyed by target (``"0.001"``) and rank (``"1"``). ``thresholds`` are cosines.
    """

    gallery: int
    probes: int
    failures_to_acquire: int
    impostor_pairs: int
    auc: float | None
    tar_at_far: dict[str, Rate | None]
    thresholds: dict[str, float | None]
    rank: dict[str, Rate]


@dataclass(frozen=True, slots=True, eq=False)
class Fold:
    """A gallery and probes of people in it.

    ``gallery`` and ``probes`` are float32, shape (n, d) and (m, d), of unit length; a row of NaN is an image without a
    face, which nothing reaches. ``gallery_people`` names each person once, ``probe_people`` people of the gallery.
    """

    gallery: Vector
    gallery_people: Sequence[str]
    probes: Vector
    probe_people: Sequence[str]


def separation(folds: Sequence[Fold]) -> Separation:
    """State how well probes are told apart, every probe against every entry of its fold's gallery, folds pooled.

    Raises
    ------
    WrongUse
        Rows and people differ in number, a person comes twice in a gallery, or a probe's is not there.
    """
    parts = [_scores(fold) for fold in folds]
    scores = np.concatenate([score.ravel() for score, _ in parts])
    same = np.concatenate([whose.ravel() for _, whose in parts])
    ranks = np.concatenate([_ranks(*part) for part in parts])
    compared = np.isfinite(scores)
    pairs = verification(
        scores[compared],
        same[compared],
        failures_genuine=int((same & ~compared).sum()),
        failures_impostor=int((~same & ~compared).sum()),
    )
    return Separation(
        gallery=max(len(fold.gallery) for fold in folds),
        probes=len(ranks),
        failures_to_acquire=sum(int((~np.isfinite(fold.probes).all(axis=1)).sum()) for fold in folds),
        impostor_pairs=pairs.impostor,
        auc=pairs.auc,
        tar_at_far={name: _rate(value, pairs.genuine) for name, value in pairs.tar_at_far.items()},
        thresholds=pairs.thresholds,
        rank={str(rank): wilson(int((ranks <= rank).sum()), len(ranks)) for rank in RANKS},
    )


def _scores(fold: Fold) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the score of each probe with each entry, shape (m, n), NaN where either has no face, and who is whom."""
    people, whose = np.asarray(fold.gallery_people, dtype=str), np.asarray(fold.probe_people, dtype=str)
    if len(people) != len(fold.gallery) or len(whose) != len(fold.probes):
        raise WrongUse("Each template needs its person; give as many people as templates.")
    if len(set(people)) != len(people) or not set(whose) <= set(people):
        raise WrongUse("A benchmark's gallery holds each person once, and the person of every probe.")
    scores = np.clip(fold.probes.astype(np.float64) @ fold.gallery.astype(np.float64).T, -1.0, 1.0)
    return scores, whose[:, None] == people[None, :]


def _ranks(scores: NDArray[np.float64], same: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the rank of each probe's own person, equal scores counted against it; infinite where it is lost."""
    own = np.where(same, scores, -np.inf).max(axis=1)
    return np.where(np.isfinite(own), (scores >= own[:, None]).sum(axis=1), np.inf)


def _rate(value: float | None, trials: int) -> Rate | None:
    return None if value is None else wilson(round(value * trials), trials)
