"""Rankings, concentration and rates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from stillgraph.records.identifiers import NominalId, PersonId
from stillgraph.records.persons import LinkStatus


class Trend(StrEnum):
    """Whether harm grows from offence to offence; ``INSUFFICIENT`` where there are too few to say."""

    RISING = "rising"
    FALLING = "falling"
    NONE_SHOWN = "no trend shown"
    INSUFFICIENT = "insufficient"


@dataclass(frozen=True, slots=True)
class Escalation:
    """Spearman's rank correlation of time and harm over a person's offences, with its 95 % interval.

    All three are ``None`` where the trend is insufficient.
    """

    trend: Trend
    rho: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Ranks:
    """A person's rank by each measure, among the same persons and links."""

    harm: int
    count: int
    value: int
    rfh: int


@dataclass(frozen=True, slots=True)
class Standing:
    """One person's place in a ranking.

    ``..._low`` and ``..._high`` bound rank, harm, count, value and points over drawn worlds (95 %); ``top_share`` is
    the share of worlds, 0 to 1, in which the person is among the first; ``None`` where no worlds were drawn.
    ``rank_corroborated`` is the rank by corroborated links alone, ``None`` where the person has none, and
    ``rank_with_proposals`` that by all. ``diversity``, 0 to 1, is the chance that two of their offences are of
    different kinds, ``None`` for one offence; ``with_others`` counts offences that somebody else is linked to.
    """

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
    count_low: int | None = None
    count_high: int | None = None
    harm_low: float | None = None
    harm_high: float | None = None
    value_low: int | None = None
    value_high: int | None = None
    rfh_low: int | None = None
    rfh_high: int | None = None
    top_share: float | None = None
    ranks: Ranks | None = None
    rank_corroborated: int | None = None
    rank_with_proposals: int | None = None
    boroughs: int = 0
    offence_codes: int = 0
    subgroups: int = 0
    diversity: float | None = None
    co_offenders: int = 0
    with_others: int = 0
    escalation: Escalation = Escalation(Trend.INSUFFICIENT, None, None, None)


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
    """A ranking of persons; ``scale`` states the harm table behind the figures and, by ``rfh``, the points.

    ``settings`` is everything it was made with, as JSON knows it: which links count, tables, and how worlds were drawn.
    """

    by: str
    since: date | None
    until: date | None
    scale: str
    standings: tuple[Standing, ...]
    concentration: Concentration
    simulated: bool
    settings: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rate:
    """A proportion with its count of trials and Wilson 95 % interval; ``value`` is ``None`` without trials."""

    successes: int
    trials: int
    value: float | None
    low: float | None
    high: float | None
