"""Error rates of 1:N search: how often the right person is on the list, and at what price in wrong ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from stillgraph.errors import WrongUse
from stillgraph.evaluation.rates import COSINE, LEAST_PEOPLE, NO_RATE, allowed, interval, key, needed, threshold, wilson
from stillgraph.records import Rate

RANKS = (1, 5, 20)

FPIR_TARGETS = (0.1, 0.03, 0.01, 0.003)

LEAST_GROUP_TRIALS = 30
"""Mated searches below which a group has no rates: ours; at 30 an interval is still up to .34 wide."""

NOT_RECORDED = "not recorded"

Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class IdentificationTrial:
    """One search of a person whose presence in the gallery is known.

    ``acquired``: a usable face was found. ``rank`` and ``mate_score`` are the right person's on the candidate
    list, ``None`` where they are not on it. ``best_score`` is the list's highest score, ``None`` where it is
    empty. ``person`` is whose search it is; without one, somebody's who has no other.
    """

    trial_id: str
    mated: bool
    acquired: bool
    rank: int | None = None
    mate_score: float | None = None
    best_score: float | None = None
    person: str = ""


@dataclass(frozen=True, slots=True)
class GroupRates:
    """The rates of one group; with too few trials or people they are ``None`` and ``insufficient`` says why."""

    mated: int
    nonmated: int
    failures_to_acquire: int
    hit_rate: dict[str, float | None]
    hit_rate_interval: dict[str, Interval | None]
    insufficient: str | None


@dataclass(frozen=True, slots=True)
class IdentificationResult:
    """1:N error rates. Dictionaries are keyed by rank (``"1"``) or FPIR target (``"0.003"``).

    ``gallery`` is the number of persons that could have been returned: a threshold belongs to it.
    ``thresholds`` are scores; ``fpir`` is the rate actually reached there. Every ``None`` among rates and
    thresholds has its sentence in ``insufficient``. ``groups`` goes by attribute, then label.
    """

    gallery: int
    mated: int
    nonmated: int
    failures_to_acquire: int
    failures_to_acquire_nonmated: int
    within_rank: int
    hit_rate: dict[str, float | None]
    hit_rate_interval: dict[str, Interval | None]
    fnir_at_fpir: dict[str, float | None]
    fnir_interval: dict[str, Interval | None]
    thresholds: dict[str, float | None]
    fpir: dict[str, float | None]
    insufficient: dict[str, str]
    groups: dict[str, dict[str, GroupRates]]


def identification(
    trials: Sequence[IdentificationTrial],
    *,
    gallery: int,
    within_rank: int = 20,
    groups: Mapping[str, Mapping[str, str]] | None = None,
) -> IdentificationResult:
    """State the error rates of searches with known truth.

    - ``hit_rate`` at rank R: mated searches whose person is within the first R, over all mated searches.
    - **FPIR(T)**: non-mated searches that return anybody at or above T, over all non-mated searches.
    - **FNIR(N, T, R)**: mated searches that do not return the right person within the first R at or above T,
      over all mated searches. R is ``within_rank``.

    T is the lowest threshold at which FPIR does not exceed its target on these very trials; scores equal to
    the first one kept out are kept out with it. A target needs three over itself non-mated searches (rule of
    three: that many without an error bound the rate below the target with 95 %); with fewer there is no
    figure but a sentence.

    A mated search without a usable face is a miss. A non-mated one stays a trial that returns nobody, as NIST
    counts it: it lowers FPIR, so it is counted in ``failures_to_acquire`` for the reader to see.

    Parameters
    ----------
    trials
        Searches, in any order, each with an id of its own.
    gallery
        Persons in the gallery searched (N).
    within_rank
        R of the FNIR; the candidate lists must be at least as long.
    groups
        By attribute (``"sex"``), then by trial id, the label as recorded; a trial without one is ``not
        recorded``.

    Returns
    -------
    IdentificationResult
        Intervals are Wilson's, 95 %. They count trials as independent, which several searches of one person
        are not.

    Raises
    ------
    WrongUse
        Trials that contradict themselves, ids that repeat, or a rank below 1.
    """
    _check(trials, within_rank)
    mated = [trial for trial in trials if trial.mated]
    nonmated = [trial for trial in trials if not trial.mated]
    rates = {str(rank): _within(mated, rank) for rank in RANKS}
    insufficient = {} if mated else {f"rank {rank}": _lacking("mated", 1, 0) for rank in RANKS}
    top = np.array([trial.best_score for trial in nonmated if trial.best_score is not None], dtype=np.float64)
    fnir = {key(target): NO_RATE for target in FPIR_TARGETS}
    thresholds: dict[str, float | None] = dict.fromkeys(fnir)
    fpir: dict[str, float | None] = dict.fromkeys(fnir)
    for target in FPIR_TARGETS:
        name = key(target)
        if len(nonmated) < needed(target):
            insufficient[name] = _lacking("non-mated", needed(target), len(nonmated))
            continue
        at = thresholds[name] = threshold(top, allowed(target, len(nonmated)))
        fpir[name] = int((top >= at).sum()) / len(nonmated)
        if mated:
            fnir[name] = wilson(len(mated) - _returned(mated, at, within_rank), len(mated))
        else:
            insufficient[name] = _lacking("mated", 1, 0)
    return IdentificationResult(
        gallery=gallery,
        mated=len(mated),
        nonmated=len(nonmated),
        failures_to_acquire=sum(not trial.acquired for trial in trials),
        failures_to_acquire_nonmated=sum(not trial.acquired for trial in nonmated),
        within_rank=within_rank,
        hit_rate={name: rate.value for name, rate in rates.items()},
        hit_rate_interval={name: interval(rate) for name, rate in rates.items()},
        fnir_at_fpir={name: rate.value for name, rate in fnir.items()},
        fnir_interval={name: interval(rate) for name, rate in fnir.items()},
        thresholds=thresholds,
        fpir=fpir,
        insufficient=insufficient,
        groups={attribute: _groups(trials, labels) for attribute, labels in sorted((groups or {}).items())},
    )


def _check(trials: Sequence[IdentificationTrial], within_rank: int) -> None:
    if within_rank < 1:
        raise WrongUse(f"Ranks count from 1; FNIR within rank {within_rank} is nothing. Give a rank of 1 or more.")
    seen: set[str] = set()
    for trial in trials:
        if trial.trial_id in seen:
            raise WrongUse(f"Each search is one trial; {trial.trial_id} is given twice. Give each an id of its own.")
        seen.add(trial.trial_id)
        listed = trial.rank is not None
        scores = [score for score in (trial.mate_score, trial.best_score) if score is not None]
        consistent = (
            listed == (trial.mate_score is not None)
            and (trial.mated or not listed)
            and (trial.acquired or not (listed or scores))
            and (trial.rank is None or trial.rank >= 1)
            and (trial.mate_score is None or trial.best_score is not None)
            and all(abs(score) <= COSINE for score in scores)
        )
        if not consistent:
            raise WrongUse(
                "Only a mated search with a usable face can return its person, with a rank from 1, a cosine "
                f"and a best score; trial {trial.trial_id} contradicts that. Build it again from its list."
            )


def _lacking(kind: str, least: int, there: int) -> str:
    return f"insufficient: needs at least {least} {kind} searches, there are {there}"


def _within(mated: Sequence[IdentificationTrial], rank: int) -> Rate:
    return wilson(sum(trial.rank is not None and trial.rank <= rank for trial in mated), len(mated))


def _returned(mated: Sequence[IdentificationTrial], at: float, within_rank: int) -> int:
    return sum(
        trial.rank is not None and trial.rank <= within_rank and trial.mate_score is not None and trial.mate_score >= at
        for trial in mated
    )


def _groups(trials: Sequence[IdentificationTrial], labels: Mapping[str, str]) -> dict[str, GroupRates]:
    members: dict[str, list[IdentificationTrial]] = {}
    for trial in trials:
        members.setdefault(labels.get(trial.trial_id) or NOT_RECORDED, []).append(trial)
    return {label: _group(members[label]) for label in sorted(members)}


def _group(trials: Sequence[IdentificationTrial]) -> GroupRates:
    mated = [trial for trial in trials if trial.mated]
    people = len({(trial.person, "" if trial.person else trial.trial_id) for trial in mated})
    enough = len(mated) >= LEAST_GROUP_TRIALS and people >= LEAST_PEOPLE
    rates = {str(rank): _within(mated, rank) if enough else NO_RATE for rank in RANKS}
    return GroupRates(
        mated=len(mated),
        nonmated=len(trials) - len(mated),
        failures_to_acquire=sum(not trial.acquired for trial in trials),
        hit_rate={name: rate.value for name, rate in rates.items()},
        hit_rate_interval={name: interval(rate) for name, rate in rates.items()},
        insufficient=None if enough else _lacking_of_group(len(mated), people),
    )


def _lacking_of_group(mated: int, people: int) -> str:
    if mated < LEAST_GROUP_TRIALS:
        return _lacking("mated", LEAST_GROUP_TRIALS, mated)
    return f"insufficient: needs mated searches of at least {LEAST_PEOPLE} people, there are {people}"
