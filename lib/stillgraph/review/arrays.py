"""Photo arrays: who may stand beside a candidate, by what custody recorded of them and by nothing else.

A witness's choice says something only if nobody in an array stands out. Fillers are of the candidate's recorded sex and
ethnicity, of about the same age when photographed, photographed at about the same time. No model and no score has a
part, so an array is no candidate list. Among all who are alike enough the seed draws, so that nobody picks them.

England and Wales: PACE 1984 Code D, Annex A, asks for at least eight others who resemble the suspect in age, general
appearance and position in life; hence :data:`SIZE`. General appearance beyond what is recorded an officer must judge.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from stillgraph.errors import WrongUse
from stillgraph.records import CustodyImageId, NominalId
from stillgraph.review.dealing import chance

SIZE = 9
"""One candidate and eight others."""

SMALLEST = 6
"""Fewer than this many people are no array."""

AGE_WITHIN = 5
"""Years by which a filler may be older or younger than the candidate, each when photographed."""

CAPTURED_WITHIN = 5
"""Years by which their photographs may be apart."""


@dataclass(frozen=True, slots=True)
class Described:
    """A custody image with what was recorded of the person; ``age`` in whole years when it was captured."""

    nominal_id: NominalId
    custody_image: CustodyImageId
    sex: str
    ethnicity: str
    age: int
    captured_on: date


def fillers(
    candidate: Described,
    pool: Sequence[Described],
    *,
    not_these: Collection[NominalId],
    size: int = SIZE,
    age_within: int = AGE_WITHIN,
    captured_within: int = CAPTURED_WITHIN,
    seed: int,
) -> tuple[tuple[Described, str], ...]:
    """Return ``size`` - 1 fillers for a candidate, each with why they may stand there.

    Parameters
    ----------
    pool
        Custody images with a face, of anybody, in any order; of a person with several the one nearest in age is taken.
    not_these
        Nominals who must not be in the array: whoever may be under the same offence.

    Raises
    ------
    WrongUse
        The size makes no sense, or too few people are alike enough.
    """
    if size < SMALLEST:
        raise WrongUse(f"A photo array has {SMALLEST} people at least; give --size {SMALLEST} or more.")
    alike: dict[NominalId, Described] = {}
    for one in pool:
        if (
            one.nominal_id == candidate.nominal_id
            or one.nominal_id in not_these
            or not _alike(candidate, one, age_within, captured_within)
        ):
            continue
        held = alike.get(one.nominal_id)
        if held is None or _nearness(candidate, one) < _nearness(candidate, held):
            alike[one.nominal_id] = one
    if len(alike) < size - 1:
        raise WrongUse(
            f"An array of {size} needs {size - 1} others, and {len(alike)} are alike enough by what is recorded: sex, "
            f"ethnicity, {age_within} years of age, photographs within {captured_within} years, nobody under the same "
            "offence. Widen with --age-within or --captured-within, or give a smaller --size."
        )
    drawn = sorted(alike.values(), key=lambda one: (chance(seed, "filler", one.nominal_id), one.nominal_id))
    return tuple((one, _why(candidate, one)) for one in drawn[: size - 1])


def positions(people: Sequence[Described], seed: int) -> tuple[Described, ...]:
    """Return people in the order they stand in the array, drawn from the seed whatever order they come in."""
    return tuple(sorted(people, key=lambda one: (chance(seed, "position", one.nominal_id), one.nominal_id)))


def _alike(candidate: Described, one: Described, age_within: int, captured_within: int) -> bool:
    return (
        (one.sex, one.ethnicity) == (candidate.sex, candidate.ethnicity)
        and abs(one.age - candidate.age) <= age_within
        and abs((one.captured_on - candidate.captured_on).days) <= captured_within * 365.25
    )


def _nearness(candidate: Described, one: Described) -> tuple[int, int, str]:
    apart = abs((one.captured_on - candidate.captured_on).days)
    return abs(one.age - candidate.age), apart, one.custody_image


def _why(candidate: Described, one: Described) -> str:
    return (
        f"recorded sex and ethnicity as the candidate's; {one.age} years when photographed, the candidate "
        f"{candidate.age}; photographed {one.captured_on}, the candidate {candidate.captured_on}"
    )
