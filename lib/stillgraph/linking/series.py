"""What makes two offences one person's, learned from solved series.

A logistic regression of pairs known to be of one person against pairs known to be of different people gives a
likelihood ratio, as in crime linkage research: distance and time tell most (Tonkin, Woodhams, Bull and Bond 2012;
Porter 2016). A second one, of the most alike faces of the two offences, is combined with it.

* **The assumption**: given who did it, how an offence is committed and how its faces look are independent, so that the
  logarithms add up. That is not quite true (a good camera stands in a certain shop), so the sum is damped: recalibrated
  on people who had no part in learning it, and never made to say more than the sum.
* **Bounds**: empirical (ELUB, Vergeer et al. 2016), with one pair of each set of people who offended together.
* **Nobody is on both sides** of a fold: people who offended together are dealt together, and a pair of two folds is
  given a ratio learned without both.
* Solved series were found by their faces, so they are not like the unsolved: whom nobody recognised is missing.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.stats import rankdata

from stillgraph.linking.behaviour import FEATURES, FaceTable, OffenceTable, compare, log10_of, most_alike, scored
from stillgraph.records import PairCheck, Part, Reached, SeriesModel

FACES = ("most alike faces",)

LEAST_SERIES = 20
"""People with at least two offences below whom nothing is learned: ours."""

FOLDS = 5
RESAMPLES = 300
ONE_A_GROUP = 9
"""How often one pair a group is drawn to find the bounds, whose medians count."""

MOST_UNLINKED = 50_000
"""Pairs of different people learned from, drawn at random from more."""

RATIOS = (2.0, 10.0, 30.0)
"""For which it is counted how many known pairs reach them."""

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]
Bools = NDArray[np.bool_]


def learn(table: OffenceTable, faces: FaceTable, series: Mapping[str, Sequence[int]], *, seed: int = 0) -> SeriesModel:
    """Learn from solved offences what makes a pair one person's.

    Parameters
    ----------
    table, faces
        Offences, and their usable faces.
    series
        The rows of each person's offences, corroborated; all rows of it count as solved, and a pair is linked where
        somebody took part in both.
    seed
        Of folds, draws and bootstrap.

    Returns
    -------
    SeriesModel
        Without parts, and ``insufficient``, where fewer than :data:`LEAST_SERIES` people have two offences, or where
        the ratios, cross-validated, tell nothing.
    """
    known = _known_pairs(series)
    several = sum(len(set(rows)) > 1 for rows in series.values())
    linked = int(known.linked.sum())
    thin = SeriesModel(several, len(known.group), linked, len(known.linked) - linked)
    if several < LEAST_SERIES:
        why = f"needs {LEAST_SERIES} people with at least two solved offences, there are {several}"
        return replace(thin, insufficient=f"insufficient: {why}")
    rng = np.random.default_rng(seed)
    known = known.at(_chosen(known, rng))
    features = compare(table, known.left, known.right)
    scores = most_alike(faces, known.left, known.right)[0]
    seen = ~np.isnan(scores)
    behaviour, alike = _held_out(features, known, rng), np.zeros(len(scores))
    if seen.any():
        alike[seen] = _held_out(scores[seen, None], known.at(seen), rng)
    behaviour_check = _check(behaviour, known, seed)
    damping, shift = _damping(behaviour + alike, known.linked)
    total = damping * (behaviour + alike) + shift
    lower, upper = _bounds(total, known, rng)
    check = _check(np.clip(total, lower, upper), known, seed)
    if check.cllr is None or check.cllr >= 1:
        return replace(
            thin, insufficient="insufficient: cross-validated, the ratios are no better than saying nothing (Cllr of 1)"
        )
    return replace(
        thin, behaviour=_part(FEATURES, features, known.linked),
        faces=_part(FACES, scores[seen, None], known.linked[seen]) if known.linked[seen].any() else None,
        damping=damping, shift=shift, lower=lower, upper=upper, behaviour_check=behaviour_check, check=check,
    )  # fmt: skip


def measure(
    model: SeriesModel, table: OffenceTable, faces: FaceTable, series: Mapping[str, Sequence[int]], *, seed: int = 0
) -> tuple[PairCheck, PairCheck]:
    """Measure a model on series that had no part in learning it: of behaviour alone, and of both parts."""
    known = _known_pairs(series)
    if model.insufficient is not None:
        none = PairCheck(
            int(known.linked.sum()), int((~known.linked).sum()), known.groups, insufficient=model.insufficient
        )
        return none, none
    pairs = scored(model, table, faces, known.left, known.right)
    return _check(pairs.log10_behaviour, known, seed), _check(pairs.log10_ratio, known, seed)


@dataclass(frozen=True, slots=True, eq=False)
class _Known:
    """Pairs of solved offences: rows, whether they are of one person, and the group of each offence's people."""

    left: Rows
    right: Rows
    linked: Bools
    group: dict[int, int]

    def at(self, rows: Bools | Rows) -> _Known:
        return _Known(self.left[rows], self.right[rows], self.linked[rows], self.group)

    @property
    def groups(self) -> int:
        return len(set(self.group.values()))

    def of_sides(self) -> tuple[Rows, Rows]:
        """Return the group of either offence of each pair."""
        most = max(self.group, default=-1) + 1
        group = np.full(most, -1, np.intp)
        group[list(self.group)] = list(self.group.values())
        return group[self.left], group[self.right]


def _known_pairs(series: Mapping[str, Sequence[int]]) -> _Known:
    """Return all pairs of solved offences, in the order of rows; people who offended together are one group."""
    people = sorted(series)
    pairs = sorted({(number, row) for number, person in enumerate(people) for row in series[person]})
    solved = sorted({row for _, row in pairs})
    place = {row: n for n, row in enumerate(solved)}
    part = coo_array(
        ([1.0] * len(pairs), ([n for n, _ in pairs], [place[row] for _, row in pairs])), (len(people), len(solved))
    ).tocsr()
    together = (part.T @ part).tocoo()
    _, group = connected_components(together, directed=False)
    left, right = np.triu_indices(len(solved), 1)
    linked = np.zeros((len(solved), len(solved)), np.bool_)
    linked[together.row, together.col] = True
    rows = np.array(solved, np.intp)
    return _Known(rows[left], rows[right], linked[left, right], dict(zip(solved, group.tolist(), strict=True)))


def _chosen(known: _Known, rng: np.random.Generator) -> Rows:
    """Return the pairs to learn from: all linked ones, and at most so many others."""
    others = np.flatnonzero(~known.linked)
    if len(others) > MOST_UNLINKED:
        others = rng.choice(others, MOST_UNLINKED, replace=False)
    return np.sort(np.concatenate([np.flatnonzero(known.linked), others]))


def _part(names: tuple[str, ...], features: Floats, linked: Bools) -> Part:
    """Learn a logistic regression, either kind weighing the same; its weights are per unit of the features."""
    from sklearn.linear_model import LogisticRegression

    centre, spread = features.mean(axis=0), features.std(axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    logistic = LogisticRegression(class_weight="balanced", solver="newton-cholesky", C=1.0, max_iter=1000)
    logistic.fit((features - centre) / spread, linked)
    weights = logistic.coef_[0] / spread / np.log(10)
    intercept = float(logistic.intercept_[0]) / np.log(10) - float(weights @ centre)
    return Part(names, tuple(float(weight) for weight in weights), float(intercept))


def _held_out(features: Floats, known: _Known, rng: np.random.Generator) -> Floats:
    """Return each pair's log10 ratio by a regression without the folds of either offence; 0 where there is none."""
    sides = np.stack(known.of_sides())
    folds = np.sort((rng.permutation(known.groups) % FOLDS)[sides], axis=0)
    found = np.zeros(len(features))
    for one, other in itertools.combinations_with_replacement(range(FOLDS), 2):
        held = (folds[0] == one) & (folds[1] == other)
        inside = ~np.isin(folds, (one, other)).any(axis=0)
        if held.any() and known.linked[inside].any() and not known.linked[inside].all():
            found[held] = log10_of(_part(FEATURES, features[inside], known.linked[inside]), features[held])
    return found


def _damping(total: Floats, linked: Bools) -> tuple[float, float]:
    """Return by what the summed logarithms are multiplied, at most 1, and shifted, learned from held-out sums."""
    part = _part(FACES, total[:, None], linked)
    damping = part.weights[0]
    return (1.0, 0.0) if damping >= 1 else (max(damping, 0.0), part.intercept)


def _bounds(log10_ratios: Floats, known: _Known, rng: np.random.Generator) -> tuple[float, float]:
    """Return the empirical bounds, from a linked pair a group and an unlinked one of each two groups in a ring."""
    from lir.algorithms.bayeserror import elub

    left, right = known.of_sides()
    found = []
    for _ in range(ONE_A_GROUP):
        mixed = rng.permutation(len(left))
        linked = mixed[known.linked[mixed]]
        linked = linked[np.unique(left[linked], return_index=True)[1]]
        after = np.empty(known.groups, np.intp)
        ring = rng.permutation(known.groups)
        after[ring] = np.roll(ring, 1)
        neighbours = (after[left[mixed]] == right[mixed]) | (after[right[mixed]] == left[mixed])
        others = mixed[~known.linked[mixed] & neighbours]
        sides = np.stack([left[others], right[others]])
        others = others[np.unique(np.sort(sides, axis=0), axis=1, return_index=True)[1]]
        chosen = np.concatenate([linked, others])
        found.append(elub(log10_ratios[chosen], known.linked[chosen].astype(int)))
    lower, upper = np.median(found, axis=0)
    return float(lower), float(upper)


def _check(log10_ratios: Floats, known: _Known, seed: int) -> PairCheck:
    from lir.data.models import LLRData
    from lir.metrics import cllr, cllr_min

    linked = known.linked
    counts = (int(linked.sum()), int((~linked).sum()), known.groups)
    if not (counts[0] and counts[1]):
        return PairCheck(*counts, insufficient="insufficient: needs pairs of one person and of different people")
    data = LLRData(features=log10_ratios, labels=linked.astype(int))
    ranks = rankdata(log10_ratios)
    auc = float((ranks[linked].sum() - counts[0] * (counts[0] + 1) / 2) / (counts[0] * counts[1]))
    low, high = _auc_interval(log10_ratios, known, seed)
    return PairCheck(
        *counts, auc, low, high, cllr(data), cllr_min(data),
        tuple(
            Reached(ratio, int((linked & reach).sum()), int((~linked & reach).sum()))
            for ratio in RATIOS
            for reach in (log10_ratios >= np.log10(ratio),)
        ),
    )  # fmt: skip


def _auc_interval(log10_ratios: Floats, known: _Known, seed: int) -> tuple[float | None, float | None]:
    """Return the 95 % bootstrap interval of the AUC, drawing groups with all their pairs."""
    left, right = known.of_sides()
    levels, level = np.unique(log10_ratios, return_inverse=True)
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(RESAMPLES):
        times = rng.multinomial(known.groups, np.full(known.groups, 1 / known.groups)).astype(np.float64)
        weight = np.where(left == right, times[left], times[left] * times[right])
        linked = np.bincount(level, weight * known.linked, len(levels))
        others = np.bincount(level, weight * ~known.linked, len(levels))
        if linked.sum() and others.sum():
            below = np.cumsum(others) - others / 2
            found.append(float((linked * below).sum() / (linked.sum() * others.sum())))
    if not found:
        return None, None
    low, high = np.percentile(found, [2.5, 97.5])
    return float(low), float(high)
