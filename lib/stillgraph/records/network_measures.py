"""What questions about who offends with whom answer: columns for large networks, rows for people to read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
from numpy.typing import NDArray

from stillgraph.records.identifiers import NominalId, PersonId
from stillgraph.records.persons import LinkStatus


@dataclass(frozen=True, slots=True, eq=False)
class CoOffending:
    """Who is linked to offences together: one entry a pair of persons, columns of shape (k,).

    ``one`` and ``other`` (int32) index ``persons``, one below other, sorted by both. ``weight`` (int32) is the number
    of offences shared, ``first_together`` and ``last_together`` datetime64[s], UTC, ``status`` (int8) indexes
    :data:`~stillgraph.records.LINK_STATUSES`: of the least sure link the pair rests on.
    """

    persons: tuple[PersonId, ...]
    nominal_ids: tuple[NominalId | None, ...]
    one: NDArray[np.int32]
    other: NDArray[np.int32]
    weight: NDArray[np.int32]
    first_together: NDArray[np.datetime64]
    last_together: NDArray[np.datetime64]
    status: NDArray[np.int8]

    def __repr__(self) -> str:
        return f"CoOffending({len(self.persons)} persons, {len(self.one)} pairs)"


@dataclass(frozen=True, slots=True)
class Together:
    """Two persons linked to offences together: how many, the first and the last (UTC), and how sure that is."""

    person_id: PersonId
    other_id: PersonId
    offences: int
    first_together: datetime
    last_together: datetime
    status: LinkStatus


@dataclass(frozen=True, slots=True, eq=False)
class Centrality:
    """Measures of every person's place in the co-offending network, float64 or int64 of shape (n,).

    ``sampled``: betweenness, closeness and harmonic closeness of a person in a large component are estimated from
    ``pivots`` persons of it. ``betweenness_low`` and ``_high`` bound its 95 % interval, ``closeness_error`` and
    ``harmonic_error`` are half the width of theirs; elsewhere bounds equal the figure, and errors are 0.
    ``bound``: with 95 % probability no estimate of betweenness in the whole network is off by more (``None`` where
    nothing is sampled). ``eigenvector`` is ``None`` where it did not settle.
    """

    degree: NDArray[np.int64]
    strength: NDArray[np.int64]
    coreness: NDArray[np.int64]
    closeness: NDArray[np.float64]
    harmonic: NDArray[np.float64]
    eigenvector: NDArray[np.float64] | None
    pagerank: NDArray[np.float64]
    betweenness: NDArray[np.float64]
    betweenness_low: NDArray[np.float64]
    betweenness_high: NDArray[np.float64]
    closeness_error: NDArray[np.float64]
    harmonic_error: NDArray[np.float64]
    sampled: NDArray[np.bool_]
    pivots: int
    bound: float | None


@dataclass(frozen=True, slots=True)
class CentralPerson:
    """One person's place in the network; ``betweenness_low`` and ``_high`` are equal where it is exact."""

    person_id: PersonId
    nominal_id: NominalId | None
    co_offenders: int
    offences_together: int
    coreness: int
    closeness: float
    harmonic: float
    eigenvector: float | None
    pagerank: float
    betweenness: float
    betweenness_low: float
    betweenness_high: float


@dataclass(frozen=True, slots=True)
class Group:
    """Persons who offend together more than with others. ``held``: see :class:`Communities`; ``None`` for one run."""

    number: int
    persons: tuple[PersonId, ...]
    pairs: int
    offences_together: int
    held: float | None


@dataclass(frozen=True, slots=True)
class Communities:
    """A grouping of persons, the largest group first; persons without a co-offender are in none.

    ``engine`` says what computed it. ``agreement`` is the mean adjusted Rand index of this grouping with those by
    other seeds (``runs`` in all), ``agreement_low`` the least of them, over persons with a co-offender; a group's
    ``held`` the mean share of its pairs of persons whom those keep together. ``None`` for one run.
    """

    groups: tuple[Group, ...]
    modularity: float | None
    engine: str
    resolution: float
    seed: int
    runs: int
    agreement: float | None
    agreement_low: float | None
    persons_alone: int


@dataclass(frozen=True, slots=True)
class Broker:
    """Somebody between groups. ``participation`` and ``constraint`` are ``None`` for a person without co-offenders."""

    person_id: PersonId
    nominal_id: NominalId | None
    group: int | None
    groups_reached: tuple[int, ...]
    co_offenders: int
    participation: float | None
    constraint: float | None
    betweenness: float
    betweenness_low: float
    betweenness_high: float


@dataclass(frozen=True, slots=True)
class Recruiter:
    """Somebody with whom others come to notice for the first time.

    ``score`` is ``co_offenders`` times ``harm_days``. ``newcomers`` are co-offenders whose first offence in the table
    was with this person, who had one before; ``by_month`` how many in each month that had any, by its first day.
    """

    person_id: PersonId
    nominal_id: NominalId | None
    co_offenders: int
    offences: int
    harm_days: float
    score: float
    newcomers: tuple[PersonId, ...]
    by_month: tuple[tuple[date, int], ...]


@dataclass(frozen=True, slots=True, eq=False)
class DrawnLinks:
    """One drawn world of a table of links.

    ``holds`` (bool, shape (k,)) says which of everybody's own links hold, in the order of the table (those whose
    ``join`` is -1). ``part_of`` (int64, shape (n,)) is whom each person is: themselves, or whom they are part of.
    """

    holds: NDArray[np.bool_]
    part_of: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Amount:
    """A figure, with the 95 % interval over drawn worlds (``None`` where none were drawn)."""

    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Touched:
    """What offences amount to: how many, days of harm, and value in pence, and the share of each of all linked."""

    offences: Amount
    harm_days: Amount
    value_pence: Amount
    offences_share: Amount
    harm_share: Amount
    value_share: Amount


@dataclass(frozen=True, slots=True)
class Connected:
    """How a network hangs together. ``reachable_share`` (0 to 1): of all pairs of persons, those joined by some way."""

    persons: Amount
    pairs: Amount
    components: Amount
    largest_component_persons: Amount
    reachable_share: Amount


@dataclass(frozen=True, slots=True)
class WhatIf:
    """What the past amounts to without some persons: arithmetic on what happened, not a forecast.

    ``theirs``: every offence that any of them is linked to. ``only_theirs``: those without anybody else linked; the
    others might have happened without them. ``left_alone``: persons all of whose co-offenders are among them.
    ``worlds``: how many were drawn for the intervals. ``note`` says in words what it is.
    """

    removed: tuple[PersonId, ...]
    all_linked: Touched
    theirs: Touched
    only_theirs: Touched
    before: Connected
    after: Connected
    left_alone: int
    worlds: int
    note: str
