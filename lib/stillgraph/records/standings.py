"""Rankings, concentration and rates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from stillgraph.records.identifiers import NominalId, PersonId
from stillgraph.records.persons import LinkStatus


@dataclass(frozen=True, slots=True)
class Standing:
    """One person's place in a ranking. ``rank_low`` and ``rank_high`` bound the rank (95 %)."""

    rank: int
    rank_low: int
    rank_high: int
    person_id: PersonId
    nominal_id: NominalId | None
    offences: int
    harm_days: float
    value_pence: int
    rfh: int
    retailers: int
    prior_arrests: int
    status: LinkStatus


@dataclass(frozen=True, slots=True)
class Concentration:
    """How concentrated the ranked measure is. Gini after Bernasco & Steenbeek (2017) with a bootstrap 95 % interval."""

    gini: float | None
    gini_low: float | None
    gini_high: float | None
    top_10_percent_share: float | None
    persons: int


@dataclass(frozen=True, slots=True)
class Ranking:
    """A ranking of persons; ``scale`` states the harm table behind the figures and, by ``rfh``, the points."""

    by: str
    since: date | None
    until: date | None
    scale: str
    standings: tuple[Standing, ...]
    concentration: Concentration
    simulated: bool


@dataclass(frozen=True, slots=True)
class Rate:
    """A proportion with its count of trials and Wilson 95 % interval; ``value`` is ``None`` without trials."""

    successes: int
    trials: int
    value: float | None
    low: float | None
    high: float | None
