"""The ranking: one standing a person, and how far it depends on links that may not hold."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from stillgraph.errors import WrongUse
from stillgraph.prolific.chances import Chance, WorldSettings
from stillgraph.prolific.concentration import concentration
from stillgraph.prolific.harm import HarmTable
from stillgraph.prolific.profiles import Profiles, profiles
from stillgraph.prolific.rfh import RfhPoints
from stillgraph.prolific.tables import corroborated, within
from stillgraph.prolific.worlds import MEASURES, Ground, Intervals, figures, ground, intervals, measured, ranks, world
from stillgraph.records import (
    LINK_STATUSES,
    CustodyTable,
    Escalation,
    LinkTable,
    NominalId,
    PersonId,
    Ranking,
    Ranks,
    Standing,
)

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    """Persons and what they add up to, in the order of ``table.persons``; harm in the ground's unit."""

    table: LinkTable
    base: Ground
    values: dict[str, Ints]
    places: dict[str, Ints]


def rank(
    table: LinkTable,
    harm: HarmTable,
    prior_arrests: Mapping[NominalId, int],
    *,
    by: str = "harm",
    since: date | None = None,
    until: date | None = None,
    with_proposals: bool = False,
    include_proactive: bool = False,
    points: RfhPoints | None = None,
    settings: WorldSettings | None = None,
    simulated: bool = False,
    progress: Callable[[int, int], None] | None = None,
    custody: Callable[[Sequence[NominalId | None]], CustodyTable] | None = None,
) -> Ranking:
    """Rank persons by what they did, as far as it is known.

    An offence with several offenders counts whole for each of them, so columns do not add up to the offences of the
    case. Persons of equal measure share a rank (1, 2, 2, 4) and stand in the order of harm, count, value, identifier.

    Figures are of the links as they stand: all hold, and nobody is anybody else. Their intervals are the 2.5th and
    97.5th percentile over the worlds of :mod:`stillgraph.prolific.worlds`, widened to the figure itself. Offences never
    reported and links never found are outside them.

    Parameters
    ----------
    table
        Links of persons and offences; where it holds any that are not corroborated, each standing states its rank by
        corroborated links alone and by all.
    harm
        The harm table behind the days of the table's offences: its source and version, and the kinds of offence.
    prior_arrests
        Arrests before, by nominal; shown, not ranked by.
    by
        ``harm`` (days), ``count`` (distinct offences), ``value`` (pence) or ``rfh`` (points).
    since, until
        First and last day counted, both included, UTC. Recency counts from ``until``, else from the latest offence.
    with_proposals
        Rank by links that two officers have not agreed on as well, and persons known by likeness alone. A standing that
        rests on any such link carries the status of its least sure link. Joins count in no figure, only in worlds.
    include_proactive
        Whether offences found only because somebody was looking for them (:data:`stillgraph.records.PROACTIVE`) count
        in days of harm and in points for harm. As is usual for harm totals they do not; they stay in count and value.
    points
        Another point table than :class:`RfhPoints`'s own.
    settings
        How worlds are drawn; :class:`WorldSettings` as it is unless given.
    simulated
        Whether simulated officers had a part in the links; handed on to the ranking.
    progress
        Told the worlds drawn and to draw.
    custody
        Returns, of persons' nominals, when each was in custody: recency leaves these days out.

    Raises
    ------
    WrongUse
        An unknown measure, ``since`` after ``until``, or persons proposed to be parts of one another in a circle.
    """
    _check(by, since, until)
    points, settings = points or RfhPoints(), settings or WorldSettings()
    every = within(table, since, until)
    sure = corroborated(every)

    def found(links: LinkTable) -> _Found:
        today = None if until is None else int(np.datetime64(until).astype(np.int64))
        held = None if custody is None else custody(links.nominal_ids)
        base = ground(links, settings, include_proactive=include_proactive, today=today, custody=held)
        values = measured(base, world(base, np.zeros(0, dtype=np.int64)), points)
        return _Found(links, base, values, {name: ranks(column) for name, column in values.items()})

    of_sure, of_every = found(sure), found(every)
    ranked = of_every if with_proposals else of_sure
    drawn = intervals(ranked.base, settings, points, by=by, progress=progress)
    described = profiles(ranked.table, harm, include_proactive=include_proactive)
    standings = _standings(
        ranked,
        drawn,
        described,
        prior_arrests,
        by=by,
        ranks_by_links=(_by_person(of_sure, by), _by_person(of_every, by)),
    )
    return Ranking(
        by=by,
        since=since,
        until=until,
        scale=_scale(
            harm, points if by == "rfh" else None, settings, with_proposals, include_proactive=include_proactive
        ),
        standings=standings,
        concentration=concentration(
            figures(ranked.base, by, ranked.values[by]), _events(ranked, by), seed=settings.seed, draws=settings.draws
        ),
        simulated=simulated,
        settings=_told(harm, points, settings, with_proposals=with_proposals, include_proactive=include_proactive),
    )


def _check(by: str, since: date | None, until: date | None) -> None:
    if by not in MEASURES:
        raise WrongUse(f"Persons are ranked by {', '.join(MEASURES)}; choose one of them instead of {by!r}.")
    if since is not None and until is not None and since > until:
        raise WrongUse(f"A period ends on or after its first day; {since} is after {until}. Exchange the two dates.")


def _by_person(found: _Found, by: str) -> dict[PersonId, int]:
    return dict(zip(found.table.persons, found.places[by].tolist(), strict=True))


def _events(found: _Found, by: str) -> NDArray[np.float64]:
    """Return how many links each person's measure is made of: those that carry any of it, shape (n,)."""
    carries = {"harm": found.base.harm, "value": found.base.value}.get(by)
    rows = found.base.person if carries is None else found.base.person[carries > 0]
    return np.bincount(rows, minlength=found.base.persons).astype(np.float64)


def _standings(
    found: _Found,
    drawn: Intervals,
    described: Profiles,
    prior_arrests: Mapping[NominalId, int],
    *,
    by: str,
    ranks_by_links: tuple[Mapping[PersonId, int], Mapping[PersonId, int]],
) -> tuple[Standing, ...]:
    base, values, places = found.base, found.values, found.places
    figure = {name: figures(base, name, column) for name, column in values.items()}
    # Of equals who come at the ends of an interval the figure itself may be outside it: the interval is widened to it.
    low = {name: np.minimum(drawn.low[name], figure[name]) for name in MEASURES}
    high = {name: np.maximum(drawn.high[name], figure[name]) for name in MEASURES}
    whole = {name: [column.astype(np.int64).tolist() for column in (figure[name], low[name], high[name])]
             for name in ("count", "value", "rfh")}  # fmt: skip
    harm = [column.tolist() for column in (figure["harm"], low["harm"], high["harm"])]
    rank_ = places[by].tolist()
    rank_low = np.minimum(drawn.rank_low, places[by]).tolist()
    rank_high = np.maximum(drawn.rank_high, places[by]).tolist()
    status = _least_sure(found).tolist()
    order = np.lexsort((-values["value"], -values["count"], -values["harm"], -values[by]))
    sure, every = ranks_by_links
    top = drawn.top_share.tolist()
    return tuple(
        Standing(
            rank=rank_[i],
            rank_low=rank_low[i],
            rank_high=rank_high[i],
            person_id=found.table.persons[i],
            nominal_id=found.table.nominal_ids[i],
            offences=whole["count"][0][i],
            harm_days=harm[0][i],
            value_pence=whole["value"][0][i],
            rfh=whole["rfh"][0][i],
            retailers=int(described.retailers[i]),
            prior_arrests=_arrests(prior_arrests, found.table.nominal_ids[i]),
            status=LINK_STATUSES[status[i]],
            count_low=whole["count"][1][i],
            count_high=whole["count"][2][i],
            harm_low=harm[1][i],
            harm_high=harm[2][i],
            value_low=whole["value"][1][i],
            value_high=whole["value"][2][i],
            rfh_low=whole["rfh"][1][i],
            rfh_high=whole["rfh"][2][i],
            top_share=top[i],
            ranks=Ranks(*(int(places[name][i]) for name in MEASURES)),
            rank_corroborated=sure.get(found.table.persons[i]),
            rank_with_proposals=every.get(found.table.persons[i]),
            boroughs=int(described.boroughs[i]),
            offence_codes=int(described.codes[i]),
            subgroups=int(described.subgroups[i]),
            diversity=_known(described.diversity[i]),
            co_offenders=int(described.co_offenders[i]),
            with_others=int(described.with_others[i]),
            escalation=Escalation(
                described.trend[i],
                _known(described.rho[i]),
                _known(described.rho_low[i]),
                _known(described.rho_high[i]),
            ),
        )
        for i in order.tolist()
    )


def _arrests(prior_arrests: Mapping[NominalId, int], nominal_id: NominalId | None) -> int:
    return 0 if nominal_id is None else prior_arrests.get(nominal_id, 0)


def _known(value: float) -> float | None:
    return None if math.isnan(value) else float(value)


def _least_sure(found: _Found) -> NDArray[np.int8]:
    own = found.table.join < 0
    # A person of joined links alone has none of their own: what a machine proposes of them is by likeness.
    status = np.full(len(found.table.persons), -1, dtype=np.int8)
    np.maximum.at(status, found.table.person[own], found.table.status[own])
    return np.where(status < 0, len(LINK_STATUSES) - 1, status).astype(np.int8)


def _scale(
    harm: HarmTable, points: RfhPoints | None, settings: WorldSettings, with_proposals: bool, *, include_proactive: bool
) -> str:
    proactive = "" if include_proactive else ", without proactively detected offences"
    stated = [] if points is None else [f"RFH points ({points.source}): {points}."]
    error = _percent(settings.reviewer_error)
    other = (
        ""
        if not with_proposals
        else (
            f", one officer's ruling with {_percent(settings.ruling_error)}, likeness alone with "
            f"{_percent(settings.likeness_error)}"
        )
    )
    return " ".join(
        [
            f"Harm in days: {harm.source}, version {harm.version}{proactive}; whole for each offender.",
            *stated,
            f"95 %: {settings.draws} worlds in which a corroborated link is wrong with {error}{other}.",
        ]
    )


def _percent(chance: Chance) -> str:
    low, high = chance.interval
    return f"{100 * chance.mean:.2g} % ({100 * low:.2g} to {100 * high:.2g}; {chance.source})"


def _told(
    harm: HarmTable, points: RfhPoints, settings: WorldSettings, *, with_proposals: bool, include_proactive: bool
) -> dict[str, object]:
    """Return everything a ranking was made with, for its JSON, its record and the audit."""
    return {
        "with_proposals": with_proposals,
        "proactive": include_proactive,
        "harm_source": harm.source,
        "harm_version": harm.version,
        "points": f"{points.source}, version {points.version}: {points}",
        "worlds": settings.told(),
    }
