"""All that is stated of a set of searches of known truth: rates, what targets cost, splits, groups, and ways out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from stillgraph.evaluation.differentials import Differential, differential, intersections
from stillgraph.evaluation.identification import FPIR_TARGETS, LEAST_GROUP_TRIALS
from stillgraph.evaluation.mitigations import Mitigation, mitigations
from stillgraph.evaluation.people import share
from stillgraph.evaluation.rates import LEAST_PEOPLE, LOWEST_SCORE, needed
from stillgraph.evaluation.searches import Curve, OperatingPoint, Searches, cmc, det, operating_point
from stillgraph.records import Rate

WITHIN_RANK = 20
"""R of investigation mode: as many candidates as an officer is shown unless they ask for more."""

SPLITS = ("band", "condition")
"""What searches are split by beside groups of people: the quality of the face, and what was done to the picture."""


@dataclass(frozen=True, slots=True)
class Part:
    """The rates of some of the searches, at a threshold of all; ``insufficient`` where these or people are too few.

    ``target`` is the FPIR over all searches that the threshold is for.
    """

    mated: int
    nonmated: int
    failures_to_acquire: int
    hit_rate: Mapping[str, Rate]
    fnir: Rate | None = None
    fpir: Rate | None = None
    target: float | None = None
    insufficient: str | None = None


@dataclass(frozen=True, slots=True)
class Measured:
    """1:N error rates of a set of searches, each with its interval over people.

    Attributes
    ----------
    gallery
        Persons in the gallery searched, N.
    hit_rate
        By rank, over mated searches.
    investigation
        FNIR in investigation mode: no threshold, the first :data:`WITHIN_RANK`.
    listed, alone
        What target FPIRs cost: with R as in investigation mode, and in identification mode, where R is 1.
    parts
        By what the searches are split by, then by label; at the finest target that two of the labels bear.
    differentials
        By measure and attribute.
    mitigations
        By attribute, at the finest target that every group bears on half of the people, or else at the coarsest.
    """

    gallery: int
    people: int
    mated: int
    nonmated: int
    failures_to_acquire: int
    failures_to_acquire_nonmated: int
    hit_rate: Mapping[str, Rate]
    investigation: Rate
    listed: tuple[OperatingPoint, ...]
    alone: tuple[OperatingPoint, ...]
    det: Curve | None = field(repr=False)
    parts: Mapping[str, Mapping[str, Part]] = field(default_factory=dict)
    differentials: tuple[Differential, ...] = ()
    mitigations: Mapping[str, tuple[Mitigation, ...]] = field(default_factory=dict)


def measured(
    searches: Searches, *, gallery: int, by: Sequence[str] = (), within_rank: int = WITHIN_RANK, seed: int = 0
) -> Measured:
    """State all rates of a set of searches.

    Parameters
    ----------
    searches
        With labels of the attributes in ``by``, and of :data:`SPLITS` where there are any.
    gallery
        Persons in the gallery searched.
    by
        Recorded attributes to compare groups of; of two or more, their intersection too.
    within_rank
        R of investigation mode.
    """
    mated = searches.mated
    points = tuple(operating_point(searches, target, within_rank=within_rank, seed=seed) for target in FPIR_TARGETS)
    borne = [point for point in points if point.threshold is not None]
    groups = {attribute: searches.labels[attribute] for attribute in by}
    if len(by) > 1:
        groups[" and ".join(by)] = intersections(searches.labels, by)
    labelled = Searches(
        searches.person, searches.mated, searches.rank, searches.mate_score, searches.best_score, searches.acquired,
        {**searches.labels, **groups},
    )  # fmt: skip
    splits = [name for name in (*SPLITS, *groups) if name in labelled.labels]
    at = {name: _bearable(labelled, name, borne, labels=2) for name in splits}
    return Measured(
        gallery=gallery,
        people=len(np.unique(searches.person)),
        mated=int(mated.sum()),
        nonmated=int((~mated).sum()),
        failures_to_acquire=int((~searches.acquired & mated).sum()),
        failures_to_acquire_nonmated=int((~searches.acquired & ~mated).sum()),
        hit_rate=cmc(searches),
        investigation=share(searches.missed(LOWEST_SCORE, within_rank)[mated], searches.person[mated]),
        listed=points,
        alone=tuple(operating_point(searches, target, within_rank=1, seed=seed) for target in FPIR_TARGETS),
        det=det(searches, within_rank=within_rank),
        parts={name: _parts(labelled, name, at[name], within_rank) for name in splits},
        differentials=tuple(
            one
            for name in groups
            for one in _differentials(labelled, name, at[name], within_rank=within_rank, seed=seed)
        ),
        mitigations={
            name: mitigations(labelled, name, target=every.target, list_length=within_rank, seed=seed)
            for name in groups
            if (every := _bearable(labelled, name, borne, labels=None, halves=2)) is not None
        },
    )


def _bearable(
    searches: Searches, name: str, borne: Sequence[OperatingPoint], *, labels: int | None, halves: int = 1
) -> OperatingPoint | None:
    """Return the finest target for whose FPIR so many labels, or all, have enough searches; else the coarsest.

    ``halves`` is into how many parts people are dealt first.
    """
    there = searches.labels[name][~searches.mated]
    counts = np.sort(np.unique(there[there != ""], return_counts=True)[1])[::-1] // halves
    if not borne or not len(counts):
        return borne[0] if borne else None
    least = counts[min(labels or len(counts), len(counts)) - 1]
    return next((point for point in reversed(borne) if least >= needed(point.target)), borne[0])


def _parts(searches: Searches, name: str, at: OperatingPoint | None, within_rank: int) -> dict[str, Part]:
    labels = searches.labels[name]
    # Of a few people a rate would say how each of them fares; a band or a condition is of the picture.
    least = 0 if name in SPLITS else LEAST_PEOPLE
    return {
        str(label): _part(searches.where(labels == label), at, within_rank, least)
        for label in np.unique(labels)
        if label
    }


def _part(searches: Searches, at: OperatingPoint | None, within_rank: int, least_people: int) -> Part:
    mated, strange = searches.where(searches.mated), searches.where(~searches.mated)
    lost = int((~searches.acquired).sum())
    if lacking := _lacking(mated, LEAST_GROUP_TRIALS, least_people):
        why = f"insufficient: {_there(mated, 'mated', least_people)}; needs {lacking}"
        return Part(len(mated), len(strange), lost, {}, insufficient=why)
    if at is None or at.threshold is None:
        return Part(len(mated), len(strange), lost, cmc(searches))
    fnir = share(mated.missed(at.threshold, within_rank), mated.person)
    lacking = _lacking(strange, needed(at.target), least_people)
    fpir = None if lacking else share(strange.returned(at.threshold), strange.person)
    why = f"FPIR insufficient: {_there(strange, 'non-mated', least_people)}; needs {lacking}"
    return Part(len(mated), len(strange), lost, cmc(searches), fnir, fpir, at.target, why if lacking else None)


def _lacking(searches: Searches, least: int, least_people: int) -> str:
    """Return how many more searches, and of how many more people, a rate takes; empty where there are enough."""
    people = len(np.unique(searches.person))
    lacking = [f"{least - len(searches)} more"] if len(searches) < least else []
    return " and ".join([*lacking, *([f"{least_people - people} more people"] if people < least_people else [])])


def _there(searches: Searches, kind: str, least_people: int) -> str:
    """Return how many searches there are, and of how many people where those are too few."""
    people = len(np.unique(searches.person))
    return f"{len(searches)} {kind} searches{f' of {people} people' if people < least_people else ''}"


def _differentials(
    searches: Searches, attribute: str, at: OperatingPoint | None, *, within_rank: int, seed: int
) -> list[Differential]:
    """Compare groups by who is missed on the list, and, where a target is borne, by FNIR and FPIR at its threshold."""
    mated, strange = searches.where(searches.mated), searches.where(~searches.mated)
    asked = [(f"FNIR within rank {within_rank}", mated, mated.missed(LOWEST_SCORE, within_rank), LEAST_GROUP_TRIALS)]
    if at is not None and at.threshold is not None:
        named = f"at FPIR {at.target:g}"
        asked += [
            (f"FNIR {named}", mated, mated.missed(at.threshold, within_rank), LEAST_GROUP_TRIALS),
            (f"FPIR {named}", strange, strange.returned(at.threshold), needed(at.target)),
        ]
    return [
        differential(
            came,
            some.person,
            some.labels[attribute],
            measure=measure,
            attribute=attribute,
            least_trials=least,
            seed=seed,
        )
        for measure, some, came, least in asked
    ]
