"""The ranking: one standing a person, and how far its place depends on links that may not hold."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from stillgraph.errors import NotFound, WrongUse
from stillgraph.prolific.concentration import concentration
from stillgraph.prolific.harm import HarmTable
from stillgraph.prolific.rfh import RfhPoints
from stillgraph.records import (
    LinkStatus,
    NominalId,
    Offence,
    OffenceId,
    Participation,
    PersonId,
    Ranking,
    Standing,
)

MEASURES = ("harm", "count", "value", "rfh")

PROACTIVE = frozenset({"store detective"})
"""Ways of detection that find an offence only because somebody was looking for it."""

_CELLS = 4_000_000  # numbers held at once while drawing worlds: 32 MB an array

_SURENESS = {LinkStatus.CORROBORATED: 0, LinkStatus.PROPOSED: 1, LinkStatus.UNKNOWN: 2}

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Links:
    """The links counted, sorted by person and offence; one array entry a link, ``starts`` one a person."""

    persons: tuple[PersonId, ...]
    rows: tuple[tuple[Participation, ...], ...]
    starts: NDArray[np.int64]
    harm_days: Floats
    value_pence: Floats
    days_since: Floats
    probability: Floats


def rank(
    participations: Sequence[Participation],
    offences: Mapping[OffenceId, Offence],
    harm: HarmTable,
    prior_arrests: Mapping[NominalId, int],
    *,
    by: str = "harm",
    since: date | None = None,
    until: date | None = None,
    with_proposals: bool = False,
    include_proactive: bool = True,
    points: RfhPoints | None = None,
    simulated: bool = False,
    seed: int = 0,
    draws: int = 1000,
    reviewer_error: float = 0.02,
    proposal_probability: float = 0.5,
) -> Ranking:
    """Rank persons by what they did, as far as it is known.

    An offence with several offenders counts whole for each of them, so columns do not add up to the offences
    of the case. Persons of equal measure share a rank (1, 2, 2, 4) and stand in the order of harm, count,
    value, identifier.

    ``rank_low`` and ``rank_high`` bound the rank over ``draws`` worlds, in each of which every link holds or
    fails by itself: 2.5th and 97.5th percentile, widened to the rank itself where it lies outside. They state
    what wrong links could change. Offences never reported and links never found are outside them.

    Parameters
    ----------
    participations
        Links of persons and offences, in any order; a repeated link counts once, by its surest status.
    offences
        Every offence linked, by id. ``occurred_at`` without a time zone is read as UTC.
    harm
        The harm table; every offence counted needs its code there.
    prior_arrests
        Arrests before, by nominal; shown, not ranked by.
    by
        ``harm`` (days), ``count`` (distinct offences), ``value`` (pence) or ``rfh`` (points).
    since, until
        First and last day counted, both included, UTC. Recency counts from ``until``, else from the latest
        offence.
    with_proposals
        Count links that two officers have not agreed on as well, and persons known by similarity alone. A
        standing that rests on any such link carries the status of its least sure link.
    include_proactive
        ``False`` leaves offences detected as in :data:`PROACTIVE` out of days of harm and of points for harm,
        as is usual for harm totals; they stay in count and value.
    points
        Another point table than :class:`RfhPoints`'s own.
    simulated
        Whether simulated officers had a part in the links; handed on to the ranking.
    seed, draws
        For the worlds and for the bootstrap of the concentration.
    reviewer_error
        Probability that a corroborated link is wrong. The default is ours, to be replaced by a force's own
        measured rate.
    proposal_probability
        Probability that any other link holds; likewise ours.

    Returns
    -------
    Ranking
        Standings best first; ``scale`` states the table and probabilities behind the figures, and the points
        where they are ranked by.

    Raises
    ------
    WrongUse
        An unknown measure, a probability outside 0 to 1, no draws, or ``since`` after ``until``.
    NotFound
        A link to an offence that was not given.
    UnknownOffenceCode
        A counted offence whose code the harm table does not hold.
    """
    _check(by, (since, until), draws, (reviewer_error, proposal_probability))
    table = RfhPoints() if points is None else points
    counted = _counted(participations, offences, since, until, with_proposals=with_proposals)
    links = _links(
        counted,
        offences,
        harm,
        until,
        include_proactive=include_proactive,
        holds=(1 - reviewer_error, proposal_probability),
    )
    every = np.ones((1, len(links.harm_days)), dtype=np.bool_)
    measures = {name: _measure(name, links, every, table)[0] for name in MEASURES}
    ranked = measures[by]
    low, high = _rank_interval(links, by, table, ranked, rng=np.random.default_rng(seed), draws=draws)
    order = _order(ranked, measures, links.persons)
    places = rankdata(-ranked, method="min").astype(int) if len(ranked) else np.zeros(0, dtype=int)
    standings = tuple(
        _standing(
            links.rows[i],
            offences,
            prior_arrests,
            {name: float(values[i]) for name, values in measures.items()},
            (int(places[i]), int(low[i]), int(high[i])),
        )
        for i in order
    )
    return Ranking(
        by=by,
        since=since,
        until=until,
        scale=_scale(
            harm,
            table if by == "rfh" else None,
            reviewer_error,
            proposal_probability if with_proposals else None,
            include_proactive=include_proactive,
        ),
        standings=standings,
        concentration=concentration(ranked, _events(by, links), seed=seed, draws=draws),
        simulated=simulated,
    )


def _check(by: str, period: tuple[date | None, date | None], draws: int, probabilities: tuple[float, float]) -> None:
    since, until = period
    if by not in MEASURES:
        raise WrongUse(f"Persons are ranked by {', '.join(MEASURES)}; choose one of them instead of {by!r}.")
    if since is not None and until is not None and since > until:
        raise WrongUse(f"A period ends on or after its first day; {since} is after {until}. Exchange the two dates.")
    if not all(0 <= p <= 1 for p in probabilities) or draws < 1:
        raise WrongUse("Probabilities lie between 0 and 1 and there is at least one draw; correct the settings.")


def _day(moment: datetime) -> date:
    return moment.date() if moment.tzinfo is None else moment.astimezone(UTC).date()


def _counted(
    participations: Sequence[Participation],
    offences: Mapping[OffenceId, Offence],
    since: date | None,
    until: date | None,
    *,
    with_proposals: bool,
) -> list[Participation]:
    """Return the links that count, one a person and offence, sorted by both."""
    counted: dict[tuple[PersonId, OffenceId], Participation] = {}
    # Surest first, so that of a repeated link the surest stays, whatever the order of the rows.
    for link in sorted(participations, key=lambda p: (p.person_id, p.offence_id, _SURENESS[p.status], p.faces)):
        offence = offences.get(link.offence_id)
        if offence is None:
            raise NotFound(f"Offence {link.offence_id} is linked but was not given. Link the case again, then rank.")
        if link.status is not LinkStatus.CORROBORATED and not with_proposals:
            continue
        day = _day(offence.occurred_at)
        if (since is None or day >= since) and (until is None or day <= until):
            counted.setdefault((link.person_id, link.offence_id), link)
    return list(counted.values())


def _links(
    counted: list[Participation],
    offences: Mapping[OffenceId, Offence],
    harm: HarmTable,
    until: date | None,
    *,
    include_proactive: bool,
    holds: tuple[float, float],
) -> _Links:
    done = [offences[link.offence_id] for link in counted]
    days = np.array([_day(offence.occurred_at).toordinal() for offence in done], dtype=np.float64)
    today = float(until.toordinal()) if until is not None else days.max(initial=0.0)
    # The code is looked up for every offence, so that leaving proactive ones out cannot hide a missing code.
    harm_days = np.array([harm.harm_days(offence.offence_code) for offence in done], dtype=np.float64)
    if not include_proactive:
        harm_days[[offence.how_detected.strip().lower() in PROACTIVE for offence in done]] = 0.0
    rows: dict[PersonId, list[Participation]] = {}
    for link in counted:
        rows.setdefault(link.person_id, []).append(link)
    sizes = np.array([len(of_person) for of_person in rows.values()], dtype=np.int64)
    sure, unsure = holds
    return _Links(
        persons=tuple(rows),
        rows=tuple(tuple(of_person) for of_person in rows.values()),
        starts=np.cumsum(sizes) - sizes,
        harm_days=harm_days,
        value_pence=np.array([offence.value_pence for offence in done], dtype=np.float64),
        days_since=today - days,
        probability=np.array([sure if link.status is LinkStatus.CORROBORATED else unsure for link in counted]),
    )


def _measure(by: str, links: _Links, holds: NDArray[np.bool_], points: RfhPoints) -> Floats:
    """Return the measure by world and person, (worlds, n); ``holds`` has shape (worlds, links)."""
    if not links.persons:
        return np.zeros((len(holds), 0))

    def total(of_link: Floats | float) -> Floats:
        # Rounded, so that equal totals added in another order stay equal.
        return np.asarray(np.round(np.add.reduceat(holds * of_link, links.starts, axis=1), 6))

    if by == "harm":
        return total(links.harm_days)
    if by == "value":
        return total(links.value_pence)
    if by == "count":
        return total(1.0)
    latest = np.minimum.reduceat(np.where(holds, links.days_since, np.inf), links.starts, axis=1)
    return points.points(latest, total(1.0), total(links.harm_days))


def _events(by: str, links: _Links) -> Floats:
    """Return how many links each person's measure is made of: those that carry any of it."""
    carries = {"harm": links.harm_days, "value": links.value_pence}.get(by)
    one = np.ones(len(links.harm_days)) if carries is None else (carries > 0).astype(np.float64)
    return np.asarray(np.add.reduceat(one, links.starts)) if links.persons else one


def _rank_interval(
    links: _Links, by: str, points: RfhPoints, ranked: Floats, *, rng: np.random.Generator, draws: int
) -> tuple[Floats, Floats]:
    """Return 2.5th and 97.5th percentile of each person's rank over drawn worlds, shape (n,) each."""
    if not len(ranked):
        return ranked, ranked
    chunk = max(1, _CELLS // len(links.probability))
    worlds = []
    for start in range(0, draws, chunk):
        holds = rng.random((min(chunk, draws - start), len(links.probability))) < links.probability
        worlds.append(rankdata(-_measure(by, links, holds, points), method="min", axis=1).astype(np.int32))
    ranks = np.concatenate(worlds)
    low = np.percentile(ranks, 2.5, axis=0, method="lower")
    high = np.percentile(ranks, 97.5, axis=0, method="higher")
    place = rankdata(-ranked, method="min")
    return np.minimum(low, place), np.maximum(high, place)


def _order(ranked: Floats, measures: Mapping[str, Floats], persons: tuple[PersonId, ...]) -> list[int]:
    keys = (ranked, measures["harm"], measures["count"], measures["value"])
    return sorted(range(len(persons)), key=lambda i: (*(-float(key[i]) for key in keys), persons[i]))


def _standing(
    links: tuple[Participation, ...],
    offences: Mapping[OffenceId, Offence],
    prior_arrests: Mapping[NominalId, int],
    measures: Mapping[str, float],
    places: tuple[int, int, int],
) -> Standing:
    nominal_id = links[0].nominal_id
    return Standing(
        *places,
        person_id=links[0].person_id,
        nominal_id=nominal_id,
        offences=len(links),
        harm_days=float(measures["harm"]),
        value_pence=round(measures["value"]),
        rfh=math.floor(measures["rfh"]),
        retailers=len({offences[link.offence_id].retailer_id for link in links}),
        prior_arrests=0 if nominal_id is None else prior_arrests.get(nominal_id, 0),
        status=max((link.status for link in links), key=_SURENESS.__getitem__),
    )


def _scale(
    harm: HarmTable,
    points: RfhPoints | None,
    reviewer_error: float,
    proposal_probability: float | None,
    *,
    include_proactive: bool,
) -> str:
    proactive = "" if include_proactive else ", without proactively detected offences"
    ranked = [] if points is None else [f"RFH points (our own table): {points}."]
    other = "" if proposal_probability is None else f", any other right with {proposal_probability:g}"
    return " ".join(
        [
            f"Harm in days: {harm.source}, version {harm.version}{proactive}; whole for each offender.",
            *ranked,
            f"Ranks (95 %): a corroborated link is wrong with probability {reviewer_error:g}{other}.",
        ]
    )
