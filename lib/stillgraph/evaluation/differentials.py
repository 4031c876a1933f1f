"""Whether groups of people meet different error rates, and no more than the trials bear.

Groups are recorded, never guessed. A rate of a group needs trials of enough people; a **finding** needs that shuffling
people between the groups hardly ever brings rates so far apart; and that rates are alike within a factor is said only
where the interval lies within it. In between, parity is *not excluded*, which is not the same as parity.

Measures of how far rates lie apart are those of NIST IR 8429 (Grother 2022): the highest over the lowest, the highest
over the geometric mean, and the Gini coefficient, here with Deltas's correction for few groups (2003).
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri
from scipy.stats import binom, hypergeom

from stillgraph.errors import WrongUse
from stillgraph.evaluation.people import Bools, Codes, Counts, Floats, counted, effective, of_counts
from stillgraph.evaluation.rates import LEAST_PEOPLE
from stillgraph.records import Rate

LEVEL = 0.0002
"""Chance of a finding between groups that are alike, over all groups of one measure together.

Much stricter than .05: a report asks of many measures, groupings and conditions, and is made again and again. What lies
between is said to lean, and is no finding.
"""

ALIKE_WITHIN = 1.25
"""The factor within which rates are said to be alike: the four fifths of 29 CFR 1607.4 (D), turned round."""

LEAST_EVENTS = 5
"""Errors below which a group's rate is too coarse for how far groups lie apart."""

SHUFFLES = 20_000
EXACT = 100
"""Expected events up to which the power is counted over all outcomes."""
DRAWS = 1000
_BEYOND, _STEPS = 6.0, 49
"""How far beyond the distance seen, in standard errors of it, and in how many steps distances are tried."""


class Says(StrEnum):
    """What the trials allow to be said of the error rates of groups."""

    INSUFFICIENT = "insufficient"
    DIFFERENTIAL = "differential found"
    ALIKE = "alike within the factor"
    NOT_EXCLUDED = "parity not excluded"


@dataclass(frozen=True, slots=True)
class GroupRate:
    """The rate of one group, or why it has none: ``more`` is how many further trials that would take."""

    group: str
    people: int
    rate: Rate
    effective_trials: float
    insufficient: str | None = None
    more: int = 0


@dataclass(frozen=True, slots=True)
class Apart:
    """How far the rates of groups lie apart, with the 95 % interval; ``high`` is ``None`` where nothing bounds it."""

    value: float
    low: float
    high: float | None


@dataclass(frozen=True, slots=True)
class Pair:
    """Two groups whose rates the test found to differ; ``chance`` is of any two groups as far apart as these."""

    higher: str
    lower: str
    ratio: Apart
    chance: float


@dataclass(frozen=True, slots=True)
class Differential:
    """The error rates of groups side by side.

    ``chance`` is how often shuffling people between the groups brings rates at least so far apart, over all groups
    together. ``pairs`` are those that are found, the farthest apart first. ``highest`` and ``lowest`` only describe: of
    few people a rate may be highest by chance, and those two need not be a pair that is found. ``detectable`` is the
    smallest ratio of the highest rate to the lowest that these trials would find with a power of 80 %; ``None`` where
    no ratio up to 20 is.
    """

    measure: str
    attribute: str
    groups: tuple[GroupRate, ...]
    says: Says
    sentence: str
    chance: float | None = None
    highest: str | None = None
    lowest: str | None = None
    max_min: Apart | None = None
    max_geomean: Apart | None = None
    gini: Apart | None = None
    detectable: float | None = None
    pairs: tuple[Pair, ...] = ()


def differential(
    events: Bools,
    persons: Codes,
    labels: Sequence[str] | NDArray[np.str_],
    *,
    measure: str,
    attribute: str,
    least_trials: int,
    within: float = ALIKE_WITHIN,
    level: float = LEVEL,
    seed: int = 0,
) -> Differential:
    """Compare the share of trials with an event between groups of people.

    Parameters
    ----------
    events, persons, labels
        Shape (n,): whether the error came, whose trial it is (codes from 0), and that person's group as recorded; an
        empty label is a person of whom nothing is recorded, and they are left out.
    measure, attribute
        What the rate is (``FPIR``) and what the groups are of (``ethnicity``), for the sentence.
    least_trials
        Trials below which a group has no rate; of an FPIR three over the target (:func:`rates.needed`).
    within
        The factor within which rates are called alike.
    level
        The chance of a finding where there is no difference.

    Raises
    ------
    WrongUse
        Arrays of different lengths, or a person in two groups.
    """
    told = np.asarray(labels, dtype=np.str_)
    if not events.shape == persons.shape == told.shape:
        raise WrongUse("Each trial has one outcome, one person and one group; give arrays of one length.")
    known = told != ""
    _, persons = np.unique(persons[known], return_inverse=True)
    names, codes = np.unique(told[known], return_inverse=True)
    people = int(persons.max()) + 1 if len(persons) else 0
    group = np.zeros(people, dtype=np.intp)
    group[persons] = codes
    if (group[persons] != codes).any():
        raise WrongUse("A person belongs to one group of an attribute; correct the record of who is in two.")
    came, trials = counted(events[known], persons, people)
    groups = tuple(
        _group(str(name), came[group == i], trials[group == i], least_trials) for i, name in enumerate(names)
    )
    enough = [i for i, one in enumerate(groups) if one.insufficient is None]
    said = Differential(measure, attribute, groups, Says.INSUFFICIENT, "")
    if len(enough) < 2:
        return _insufficient(said)
    rows = np.isin(group, enough)
    order = np.searchsorted(np.array(enough), group[rows])
    counts = _Counted(came[rows], trials[rows], order)
    return _compared(said, [groups[i] for i in enough], counts, within=within, level=level, seed=seed)


def power(low: float, high: float, trials_low: float, trials_high: float, level: float = LEVEL) -> float:
    """Return the chance that two groups with these true rates, and so many trials worth, are found to differ.

    Up to :data:`EXACT` expected events counted over all outcomes, each with its chance of being shuffled so far apart;
    beyond by the normal approximation of the comparison of two shares (Fleiss, Levin and Paik 2003, ch. 4).
    """
    if low * trials_low + high * trials_high <= EXACT:
        return _exact_power((low, high), (max(round(trials_low), 1), max(round(trials_high), 1)), level)
    z = float(ndtri(1 - level / 2))
    pooled = (low * trials_low + high * trials_high) / (trials_low + trials_high)
    null = math.sqrt(pooled * (1 - pooled) * (1 / trials_low + 1 / trials_high))
    spread = math.sqrt(low * (1 - low) / trials_low + high * (1 - high) / trials_high)
    return float(ndtr((abs(high - low) - z * null) / spread)) if spread else float(abs(high - low) > 0)


def _exact_power(rates: tuple[float, float], trials: tuple[int, int], level: float) -> float:
    """Return the chance of an outcome that shuffling people brings, or one as far apart, less often than the level."""
    mean = sum(rate * count for rate, count in zip(rates, trials, strict=True))
    spread = math.sqrt(sum(rate * (1 - rate) * count for rate, count in zip(rates, trials, strict=True)))
    first, last = max(0, int(mean - 6 * spread) - 3), min(sum(trials), int(mean + 6 * spread) + 3)
    found = 0.0
    for events in range(first, last + 1):
        second = np.arange(max(0, events - trials[0]), min(events, trials[1]) + 1)
        shuffled = hypergeom.pmf(second, sum(trials), events, trials[1])
        apart = np.round(np.abs(second / trials[1] - (events - second) / trials[0]), 12)
        order = np.argsort(-apart, kind="stable")
        # Outcomes equally far apart are as rare as all of them together.
        rare = np.cumsum(shuffled[order])[np.searchsorted(-apart[order], -apart[order], side="right") - 1]
        counts = second[order][rare < level]
        found += float((binom.pmf(events - counts, trials[0], rates[0]) * binom.pmf(counts, trials[1], rates[1])).sum())
    return min(found, 1.0)


def _group(name: str, came: Counts, trials: Counts, least: int) -> GroupRate:
    people, total = len(trials), int(trials.sum())
    if total < least or people < LEAST_PEOPLE:
        lacking = [f"{least - total} more searches"] if total < least else []
        lacking += [f"{LEAST_PEOPLE - people} more people"] if people < LEAST_PEOPLE else []
        why = f"insufficient: {total} searches of {people} people; needs {' and '.join(lacking)}"
        return GroupRate(name, people, Rate(int(came.sum()), total, None, None, None), 0.0, why, max(least - total, 0))
    return GroupRate(name, people, of_counts(came, trials), effective(came, trials))


def _insufficient(said: Differential) -> Differential:
    lacking = sum(one.insufficient is not None for one in said.groups)
    sentence = (
        f"{said.measure} by {said.attribute}: insufficient. {lacking} of {len(said.groups)} groups have too few "
        "searches or people for a rate, and it takes two that have enough to compare any."
    )
    return _with(said, says=Says.INSUFFICIENT, sentence=sentence)


def _with(said: Differential, **changes: object) -> Differential:
    return replace(said, **changes)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True, eq=False)
class _Counted:
    """Events and trials of each person of the groups that have enough, and whose group is which; shape (people,)."""

    came: Counts
    trials: Counts
    group: Codes


def _compared(
    said: Differential, groups: Sequence[GroupRate], people: _Counted, *, within: float, level: float, seed: int
) -> Differential:
    if not people.came.any():
        return _with(said, says=Says.NOT_EXCLUDED, sentence=_sentence_none(said, groups))
    rates = np.array([one.rate.value for one in groups], dtype=np.float64)
    worth = np.array([one.effective_trials for one in groups])
    top, bottom = groups[int(rates.argmax())], groups[int(rates.argmin())]
    apart = _apart(rates, worth, seed)
    ratio = apart["max_min"]
    chances = _chances(people, seed)
    found = _with(
        said, chance=float(chances.min()), highest=top.group, lowest=bottom.group,
        detectable=_detectable(float(rates.min()), top.effective_trials, bottom.effective_trials, level), **apart,
    )  # fmt: skip
    if (found.chance or 0.0) < level:
        found = _with(found, says=Says.DIFFERENTIAL, pairs=_pairs(groups, people, chances, level=level, seed=seed))
        return _with(found, sentence=_sentence_found(found))
    few = any(one.rate.successes < LEAST_EVENTS for one in groups)
    if not few and ratio.high is not None and ratio.high <= within:
        sentence = (
            f"{said.measure} by {said.attribute}: alike within a factor of {within:g}; the highest is {_times(ratio)} "
            f"the lowest.{_left_out(said)}"
        )
        return _with(found, says=Says.ALIKE, sentence=sentence)
    return _with(found, says=Says.NOT_EXCLUDED, sentence=_sentence_open(found, within))


def _chances(people: _Counted, seed: int) -> Floats:
    """Return how often shuffled people bring any two groups at least so far apart as each two are, shape (n, n).

    The distance of two groups is the difference of their shares in units of its spread under one common share, so that
    small groups and large ones count alike; each is held against the largest over all pairs, which makes it one test
    and says of each pair whether it is found (Westfall and Young 1993). A group with itself has 1.
    """
    seen = _seen(people)
    largest = np.sort(_distances(*_dealt(people, np.bincount(people.group), seed)).max(axis=(-1, -2)))
    further = SHUFFLES - np.searchsorted(largest, seen * (1 - 1e-12), side="left")
    return np.asarray((further + 1) / (SHUFFLES + 1), dtype=np.float64)


def _seen(people: _Counted) -> Floats:
    member = np.equal.outer(np.arange(int(people.group.max()) + 1), people.group)
    return _distances(member @ people.came, member @ people.trials)


def _pairs(
    groups: Sequence[GroupRate], people: _Counted, chances: Floats, *, level: float, seed: int
) -> tuple[Pair, ...]:
    """Return every pair of groups that the test found to differ, the farthest apart first."""
    rates = np.array([one.rate.value for one in groups], dtype=np.float64)
    worth = np.array([one.effective_trials for one in groups])
    far = _seen(people)
    found = [(i, j) for i, j in np.argwhere(chances < level).tolist() if (rates[i], j) > (rates[j], i)]
    return tuple(
        Pair(groups[i].group, groups[j].group, _apart(rates[[i, j]], worth[[i, j]], seed)["max_min"], chances[i, j])
        for i, j in sorted(found, key=lambda pair: -far[pair])
    )


def _dealt(people: _Counted, sizes: Counts, seed: int) -> tuple[Counts, Counts]:
    """Return events and trials of each group in each shuffle, both of shape (shuffles, groups).

    People with the same events and trials are the same to a shuffle. So not people are shuffled but how many of each
    kind a group is dealt, which is hypergeometric, kind by kind and group by group.
    """
    rng = np.random.default_rng(seed)
    kinds, there = np.unique(np.stack([people.came, people.trials]), axis=1, return_counts=True)
    left = np.tile(there, (SHUFFLES, 1))
    sums = []
    for size in sizes[:-1]:
        dealt = np.zeros_like(left)
        wanted = np.full(SHUFFLES, size)
        others = left.sum(axis=1)
        for kind in range(kinds.shape[1]):
            others = others - left[:, kind]
            dealt[:, kind] = rng.hypergeometric(left[:, kind], others, wanted)
            wanted = wanted - dealt[:, kind]
        left = left - dealt
        sums.append(dealt @ kinds.T)
    sums.append(left @ kinds.T)
    together = np.stack(sums, axis=1)
    return together[..., 0], together[..., 1]


def _distances(came: NDArray[np.int64], trials: NDArray[np.int64]) -> Floats:
    """Return the distance between each two of the groups on the last axis, on the last two."""
    rate = came / trials
    pooled = came.sum(axis=-1) / trials.sum(axis=-1)
    spread = (pooled * (1 - pooled))[..., None, None] * (1 / trials[..., :, None] + 1 / trials[..., None, :])
    gap = np.abs(rate[..., :, None] - rate[..., None, :])
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.nan_to_num(gap / np.sqrt(spread)))


def _apart(rates: Floats, worth: Floats, seed: int) -> dict[str, Apart]:
    """Return how far rates lie apart, each with the interval that inverting a parametric bootstrap test gives.

    Rates are tried on the line from parity through the rates seen and beyond; those belong to the interval under which
    what was seen is not among the outer 2.5 % on either side. A plain bootstrap cannot reach parity: drawn rates always
    differ. At parity itself the interval covers more often than 95 %, as distances have an end there.
    """
    trials = np.maximum(np.round(worth), 1).astype(np.int64)
    events = np.minimum(np.round(rates * trials), trials)
    smooth = (events + 0.5) / (trials + 1)
    seen = _measures(smooth)
    centre = float((np.log(smooth) * worth).sum() / worth.sum())
    away = np.log(smooth) - centre
    top, bottom = int(away.argmax()), int(away.argmin())
    if top == bottom:
        away, top, bottom = np.where(np.arange(len(away)) == 0, 0.5, -0.5), 0, 1
    distance = float(np.ptp(np.log(smooth)))
    error = math.sqrt(sum((1 - smooth[i]) / (smooth[i] * (trials[i] + 1)) for i in (top, bottom)))
    rng = np.random.default_rng(seed)
    held, measured = [], []
    for far in np.linspace(0, distance + _BEYOND * error, _STEPS):
        tried = np.minimum(np.exp(centre + far * away / np.ptp(away)), 1 - 1e-6)
        drawn = _measures((rng.binomial(trials, tried, size=(DRAWS, len(trials))) + 0.5) / (trials + 1))
        held.append(((drawn >= seen).mean(axis=0) > 0.025) & ((drawn <= seen).mean(axis=0) > 0.025))
        measured.append(_measures(tried))
    inside, values = np.array(held), np.array(measured)
    return {
        name: _bounded(seen[i], inside[:, i], values[:, i]) for i, name in enumerate(("max_min", "max_geomean", "gini"))
    }


def _bounded(seen: float, inside: Bools, values: Floats) -> Apart:
    """Return a measure with the outermost values that are not refuted, each a step further out."""
    places = np.flatnonzero(inside)
    if not len(places):
        return Apart(float(seen), float(seen), float(seen))
    first, last = max(int(places[0]) - 1, 0), int(places[-1]) + 1
    return Apart(float(seen), float(values[first]), float(values[last]) if last < len(values) else None)


def _measures(rates: Floats) -> Floats:
    """Return Max/Min, Max/GeoMean and Gini of rates on the last axis, on a last axis of three."""
    count = rates.shape[-1]
    top, bottom = rates.max(axis=-1), rates.min(axis=-1)
    mean = np.exp(np.log(rates).mean(axis=-1))
    pairs = np.abs(rates[..., :, None] - rates[..., None, :]).sum(axis=(-1, -2))
    gini = pairs / (2 * count**2 * rates.mean(axis=-1)) * count / (count - 1)
    return np.stack([top / bottom, top / mean, gini], axis=-1)


def _detectable(rate: float, trials_top: float, trials_bottom: float, level: float) -> float | None:
    """Return the smallest ratio to a rate that would be found with a power of 80 %, on a grid of 5 %."""
    base = max(rate, 0.5 / trials_bottom)
    ratios = [ratio for ratio in (1.05 ** np.arange(1, 62)).tolist() if base * ratio < 1]
    at = bisect_left(ratios, True, key=lambda ratio: power(base, base * ratio, trials_bottom, trials_top, level) >= 0.8)
    return ratios[at] if at < len(ratios) else None


def _times(one: Apart) -> str:
    high = "no upper bound" if one.high is None else f"{one.high:.2f}"
    return f"{one.value:.2f} times (95 %: {one.low:.2f} to {high})"


def _sentence_found(found: Differential) -> str:
    rate = {one.group: one.rate for one in found.groups}
    first, *others = found.pairs
    top, bottom = rate[first.higher], rate[first.lower]
    rare = first.chance <= 2 / SHUFFLES
    more = "; ".join(f"{one.higher} with {_times(one.ratio)} that of {one.lower}" for one in others)
    return (
        f"{found.measure} by {found.attribute}: a differential. {first.higher} has {_times(first.ratio)} the rate of "
        f"{first.lower} ({top.successes} of {top.trials} against {bottom.successes} of {bottom.trials} searches); "
        f"chance alone brings that in {'fewer than' if rare else 'about'} {max(first.chance, 1 / SHUFFLES):.2g} of "
        f"such reports.{f' So is found: {more}.' if more else ''}{_left_out(found)}"
    )


def _sentence_none(said: Differential, groups: Sequence[GroupRate]) -> str:
    most = max(one.rate.high or 1.0 for one in groups)
    return (
        f"{said.measure} by {said.attribute}: parity is not excluded. No group has an error, so how far their rates "
        f"lie apart cannot be said; each may be up to {100 * most:.1f} %.{_left_out(said)}"
    )


def _left_out(said: Differential) -> str:
    lacking = sum(one.insufficient is not None for one in said.groups)
    return "" if not lacking else f" {lacking} of {len(said.groups)} groups have too few searches or people to compare."


def _sentence_open(found: Differential, within: float) -> str:
    assert found.max_min is not None  # noqa: S101  (groups that were compared have it)
    assert found.chance is not None  # noqa: S101
    finds = (
        "no ratio up to 20 would be found with these searches"
        if found.detectable is None
        else f"a ratio of {found.detectable:.1f} or more would be found four times in five"
    )
    lean = (
        f" They lean (chance {found.chance:.2g}): measure more before relying on either." if found.chance < 0.05 else ""
    )
    return (
        f"{found.measure} by {found.attribute}: parity is not excluded, and not shown within a factor of {within:g} "
        f"either. The highest is {_times(found.max_min)} the lowest; {finds}.{lean}{_left_out(found)}"
    )


def intersections(labels: Mapping[str, NDArray[np.str_]], attributes: Sequence[str]) -> NDArray[np.str_]:
    """Return the label of each trial for several attributes together, e.g. ``Black, F``; empty where one is unknown."""
    columns = [np.asarray(labels[name], dtype=np.str_) for name in attributes]
    known = np.logical_and.reduce([column != "" for column in columns])
    joined = np.array([", ".join(parts) for parts in zip(*columns, strict=True)], dtype=np.str_)
    return np.where(known, joined, "")
