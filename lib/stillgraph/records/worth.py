"""What a ranking is worth: how concentrated a measure is, how a list did in the next period, who is silent and why."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from stillgraph.records.identifiers import NominalId, OffenceId, PersonId
from stillgraph.records.persons import LinkStatus


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its 95 % interval; each is ``None`` where there is too little to state it."""

    value: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class TopShare:
    """What the first ``units`` hold of the whole, in percent; ``top_percent`` where they were asked for as a share."""

    units: int
    top_percent: float | None
    percent: Estimate


@dataclass(frozen=True, slots=True)
class PowerFew:
    """The fewest units that hold ``percent`` of the whole; ``units`` bounded by ``low`` and ``high`` (95 %)."""

    percent: float
    units: int
    low: int | None
    high: int | None


@dataclass(frozen=True, slots=True)
class Lorenz:
    """The Lorenz curve as points, at most some two hundred, each exactly on it, from (0, 0) to (1, 1).

    ``units`` and ``held`` ascend, of one shape (k,): the first share ``units[i]`` of the units, those who hold least
    first, holds the share ``held[i]`` of the whole. With fewer events than units some units must hold nothing: the
    most equal curve then runs along 0 up to ``equal_from`` and straight to (1, 1); else ``equal_from`` is 0. The
    generalised Gini measures from that curve.
    """

    units: tuple[float, ...]
    held: tuple[float, ...]
    equal_from: float


@dataclass(frozen=True, slots=True)
class Concentrated:
    """How unequally a measure is spread over units, those that hold nothing of it included.

    ``gini`` is the generalised one of Bernasco & Steenbeek (2017). Without a measure above zero, or with fewer than
    two units, ``gini`` is empty and there are neither shares nor curve.
    """

    units: int
    units_with_any: int
    events: int
    total: float
    gini: Estimate
    shares: tuple[TopShare, ...]
    few: tuple[PowerFew, ...]
    lorenz: Lorenz | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class ConcentrationReport:
    """How concentrated ``by`` is among ``of``, and what that rests on. ``notes`` are whole sentences."""

    of: str
    by: str
    since: date | None
    until: date | None
    scale: str
    found: Concentrated
    statement: str
    notes: tuple[str, ...]
    simulated: bool


@dataclass(frozen=True, slots=True, eq=False)
class Spans:
    """Stretches of whole days of persons: columns of shape (k,), sorted by person and day, none touching another.

    ``person`` (int64) is a person's number; ``start`` (int64) the first day and ``end`` the day after the last, in days
    since 1970-01-01.
    """

    person: NDArray[np.int64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class CustodyTable:
    """What custody records say of persons, by number.

    ``held`` are days in custody; ``held_or_unknown`` those and the days of which the records say nothing. On all other
    days a person was at liberty, as far as the records go. ``end`` is the day after the last that they cover, in days
    since 1970-01-01; a stretch that ends there is of somebody held still.
    """

    held: Spans
    held_or_unknown: Spans
    end: int

    def __repr__(self) -> str:
        return f"CustodyTable({len(self.held.person)} stretches in custody)"


@dataclass(frozen=True, slots=True)
class Exposure:
    """Whole days of a period: how many there are, and how many of them in custody, at liberty, or not known which."""

    days: int
    in_custody: int
    at_liberty: int
    not_known: int


class Reading(StrEnum):
    """What a person's silence up to a day can be said to be."""

    ACTIVE = "active"
    IN_CUSTODY = "in custody"
    QUIET = "quiet"
    QUIET_NOT_KNOWN = "quiet, custody not known"


@dataclass(frozen=True, slots=True)
class Silence:
    """What is known of a person's time since their last offence.

    ``silence`` covers the days after ``last_offence`` up to and with the day of the report, ``period`` those from the
    report's first day. ``per_30_days`` is the rate of offences between the first and the last one, days known in
    custody left out; ``chance`` the probability, 0-1, of no offence in the days since then that are not known in
    custody, had that rate gone on. Both are empty where there are too few offences for a rate.
    """

    person_id: PersonId
    nominal_id: NominalId | None
    status: LinkStatus
    offences: int
    first_offence: date
    last_offence: date
    reading: Reading
    silence: Exposure
    period: Exposure
    per_30_days: Estimate
    chance: float | None


@dataclass(frozen=True, slots=True)
class CustodyContradiction:
    """An offence dated on a whole day in custody: the link is wrong, or a date is.

    ``released_on`` is ``None`` where the person is held still.
    """

    person_id: PersonId
    nominal_id: NominalId | None
    offence_id: OffenceId
    occurred_on: date
    custody_from: date
    released_on: date | None


@dataclass(frozen=True, slots=True)
class QuietReport:
    """Who has been silent for how long, and whether at liberty. ``known_until`` is the day custody records end."""

    on: date
    since: date
    known_until: date | None
    active_days: int
    silences: tuple[Silence, ...]
    contradictions: tuple[CustodyContradiction, ...]
    notes: tuple[str, ...]
    simulated: bool


@dataclass(frozen=True, slots=True)
class ListWorth:
    """How a list by one measure did in the period after it. Shares are in percent.

    ``active`` is the share of the listed with an offence in the next period, those known in custody throughout it
    (``in_custody``, how many) left out; ``harm`` and ``offences`` the share of the next period's that are theirs.
    ``not_listed`` is the share of the next period's first who were not on the list, ``newcomers`` that of those first
    who had no offence at all in the period of the list. ``rank_correlation`` is Spearman's, over everybody of the
    period of the list.
    """

    by: str
    active: Estimate
    harm: Estimate
    offences: Estimate
    not_listed: Estimate
    newcomers: Estimate
    rank_correlation: Estimate
    in_custody: float


@dataclass(frozen=True, slots=True)
class WorthDifference:
    """How much better a list did than another, or than a random one: percentage points of ``measure``.

    ``places_apart`` is in how many places the two lists differ, over all splits of a mean; ``None`` against random
    ones. Of few places there is no interval.
    """

    by: str
    against: str
    measure: str
    places_apart: float | None
    points: Estimate


@dataclass(frozen=True, slots=True)
class SplitWorth:
    """Lists drawn up from one period, measured on the next; all days included.

    ``persons`` had an offence in the period of the lists, ``next_persons`` in the next. Of the ``links`` that lists
    rest on, ``links_known`` had been made by the last day of it; ``None`` if that is not known. ``insufficient`` says
    why there are no figures. Of random lists the value is the expectation, exactly, and the interval what 95 % of them
    come to.
    """

    list_since: date
    list_until: date
    next_since: date
    next_until: date
    persons: int
    next_persons: int
    links: int
    links_known: int | None
    insufficient: str | None
    lists: tuple[ListWorth, ...]
    random_active: Estimate
    random_harm: Estimate
    random_offences: Estimate
    differences: tuple[WorthDifference, ...]


@dataclass(frozen=True, slots=True)
class BackTest:
    """What lists of the ``top`` first were worth in the periods after them.

    ``overall`` and ``overall_differences`` are means over the splits that have figures, where there are two or more.
    """

    top: int
    by: tuple[str, ...]
    scale: str
    as_known: bool
    splits: tuple[SplitWorth, ...]
    overall: tuple[ListWorth, ...]
    overall_differences: tuple[WorthDifference, ...]
    statements: tuple[str, ...]
    notes: tuple[str, ...]
    simulated: bool
