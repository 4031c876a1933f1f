"""Questions about who offends with whom: central persons, groups, brokers, newcomers, and what-if."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from stillgraph.casework.analysing import is_simulated, review_kind
from stillgraph.casework.attempts import attempted
from stillgraph.casework.desk import Desk
from stillgraph.casework.networking import told
from stillgraph.casework.ranking import link_table
from stillgraph.casework.wire import served
from stillgraph.errors import NotFound, WrongUse
from stillgraph.governance.permits import Action
from stillgraph.records import (
    Broker,
    Centrality,
    CentralPerson,
    Communities,
    CoOffending,
    DrawnLinks,
    LinkStatus,
    LinkTable,
    NetworkFilter,
    PersonId,
    Recruiter,
    Together,
    WhatIf,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

TOGETHER_NOTE = (
    "Two persons are together where stills of one offence show both, as far as faces are linked: that does not say "
    "that they acted together, and who was never linked is in no measure."
)
GROUPS_NOTE = (
    "A group is a way to read the network and depends on method and seed; it is no proof of a gang. Persons without a "
    "co-offender are in none."
)
BROKERS_NOTE = "Somebody between groups is on stills with persons of both; no still says what passed through them."
RECRUITERS_NOTE = (
    "A newcomer's first offence in this case was with this person, who had an earlier one: the first seen is not the "
    "first done, and being seen together is not being recruited."
)

CENTRAL = {
    "betweenness": "betweenness", "co-offenders": "degree", "offences-together": "strength", "coreness": "coreness",
    "closeness": "closeness", "harmonic": "harmonic", "eigenvector": "eigenvector", "pagerank": "pagerank",
}  # fmt: skip
"""What central persons can be ordered by, and the column of it."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What an answer is about: which links, and how they were reviewed. Empty lists leave nothing out."""

    since: date | None
    until: date | None
    retailers: tuple[str, ...]
    boroughs: tuple[str, ...]
    statuses: tuple[LinkStatus, ...]
    with_proposals: bool
    persons: int
    offences: int
    pairs: int
    review: str


@dataclass(frozen=True, slots=True)
class TogetherAnswer:
    """Pairs of persons, those with most offences together first."""

    scope: Scope
    pairs: tuple[Together, ...]
    note: str


@dataclass(frozen=True, slots=True)
class CentralAnswer:
    """Persons by a measure, the greatest first. ``sampled``: how many are in components where ways are estimated.

    ``bound``: with 95 % probability no estimate of betweenness is off by more.
    """

    scope: Scope
    by: str
    persons: tuple[CentralPerson, ...]
    sampled: int
    pivots: int
    bound: float | None
    note: str


@dataclass(frozen=True, slots=True)
class GroupsAnswer:
    """The groups found, and how sure they are."""

    scope: Scope
    found: Communities
    note: str


@dataclass(frozen=True, slots=True)
class BrokersAnswer:
    """Persons between groups, the greatest betweenness first."""

    scope: Scope
    brokers: tuple[Broker, ...]
    groups: int
    engine: str
    note: str


@dataclass(frozen=True, slots=True)
class RecruitersAnswer:
    """Persons with co-offenders, by co-offenders times days of harm."""

    scope: Scope
    proactive_counted: bool
    recruiters: tuple[Recruiter, ...]
    note: str


@dataclass(frozen=True, slots=True)
class WithoutAnswer:
    """What the past amounts to without some persons."""

    scope: Scope
    proactive_counted: bool
    found: WhatIf


@served
def together(
    desk: Desk,
    *,
    wanted: NetworkFilter | None = None,
    with_proposals: bool = False,
    of: Sequence[str] = (),
    most: int | None = None,
) -> TogetherAnswer:
    """Return who is linked to offences together, how often, first and last, and how sure that is.

    Parameters
    ----------
    of
        Only pairs with one of these persons; all unless given.
    most
        How many pairs at most.

    Raises
    ------
    NotFound
        A person asked for has no link.
    """
    from stillgraph import network

    with _asked(desk, "together", _of(wanted, with_proposals=with_proposals), persons=list(of)) as (asked, links):
        _known(links, of)
        found = network.project(links)
        every = network.pairs(found)
        some = [pair for pair in every if not of or {pair.person_id, pair.other_id} & set(of)]
        some.sort(key=lambda pair: (-pair.offences, pair.person_id, pair.other_id))
        return TogetherAnswer(_scope(asked, links, found), tuple(some[:most]), TOGETHER_NOTE)


@served
@attempted(Action.NETWORK)
def central(
    desk: Desk,
    *,
    wanted: NetworkFilter | None = None,
    with_proposals: bool = False,
    by: str = "betweenness",
    most: int | None = None,
    seed: int = 0,
) -> CentralAnswer:
    """Return persons' places in the co-offending network, ordered by one of :data:`CENTRAL`.

    Raises
    ------
    WrongUse
        Another measure, or one that has not settled on this network.
    """
    from stillgraph import network

    if by not in CENTRAL:
        raise WrongUse(f"Persons are central by {', '.join(CENTRAL)}, not by {by!r}; choose one of them.")
    with _asked(desk, "central", _of(wanted, with_proposals=with_proposals), by=by, seed=seed) as (asked, links):
        found = network.project(links)
        places = network.centrality(found, seed=seed)
        column: NDArray[np.float64] | None = getattr(places, CENTRAL[by])
        if column is None:
            raise WrongUse(
                "Eigenvector centrality has not settled here: two parts of the network are nearly equal, so that an "
                "order between them would mean nothing. Choose another measure, e.g. pagerank."
            )
        ordered = np.lexsort((np.arange(len(column)), -column)).tolist()
        return CentralAnswer(
            scope=_scope(asked, links, found), by=by,
            persons=tuple(_central_person(found, places, n) for n in ordered[:most]),
            sampled=int(places.sampled.sum()), pivots=places.pivots, bound=places.bound, note=TOGETHER_NOTE,
        )  # fmt: skip


@served
def groups(
    desk: Desk,
    *,
    wanted: NetworkFilter | None = None,
    with_proposals: bool = False,
    engine: str = "networkx",
    resolution: float = 1.0,
    seed: int = 0,
    runs: int | None = None,
) -> GroupsAnswer:
    """Group persons who offend together more than with others, and say how far other seeds agree.

    Raises
    ------
    WrongUse
        There is no such engine, it is not installed, or a number is out of its range.
    """
    from stillgraph import network

    with _asked(
        desk, "communities", _of(wanted, with_proposals=with_proposals), engine=engine, resolution=resolution, seed=seed
    ) as (asked, links):
        found = network.project(links)
        many = {} if runs is None else {"runs": runs}
        grouped = network.communities(found, engine=engine, resolution=resolution, seed=seed, **many)
        return GroupsAnswer(_scope(asked, links, found), grouped, GROUPS_NOTE)


@served
def between_groups(
    desk: Desk,
    *,
    wanted: NetworkFilter | None = None,
    with_proposals: bool = False,
    engine: str = "networkx",
    seed: int = 0,
    most: int | None = None,
) -> BrokersAnswer:
    """Return persons with co-offenders in other groups than their own."""
    from stillgraph import network

    with _asked(desk, "brokers", _of(wanted, with_proposals=with_proposals), engine=engine, seed=seed) as (
        asked,
        links,
    ):
        found = network.project(links)
        label = network.louvain(found, engine=engine, seed=seed)
        brokers = network.brokers(found, network.centrality(found, seed=seed), label)
        return BrokersAnswer(
            scope=_scope(asked, links, found), brokers=tuple(brokers[:most]),
            groups=int(label.max(initial=-1)) + 1, engine=engine, note=BROKERS_NOTE,
        )  # fmt: skip


@served
def recruiters(
    desk: Desk,
    *,
    wanted: NetworkFilter | None = None,
    with_proposals: bool = False,
    proactive: bool = False,
    most: int | None = None,
) -> RecruitersAnswer:
    """Return persons by co-offenders times harm, with those first seen in their company."""
    from stillgraph import network

    with _asked(desk, "recruiters", _of(wanted, with_proposals=with_proposals), proactive=proactive) as (asked, links):
        found = network.recruiters(links, proactive=proactive)
        return RecruitersAnswer(
            _scope(asked, links, network.project(links)), proactive, tuple(found[:most]), RECRUITERS_NOTE
        )


@served
def without(
    desk: Desk,
    *,
    persons: Sequence[str] = (),
    first: int = 0,
    by: str = "harm",
    wanted: NetworkFilter | None = None,
    with_proposals: bool = False,
    proactive: bool = False,
    worlds: int = 1000,
    seed: int = 0,
) -> WithoutAnswer:
    """Say what offences, harm and connections the case holds with and without some persons.

    Parameters
    ----------
    persons, first, by
        Who is taken away: these, and so many who are first by ``harm``, ``count`` or ``value``.
    worlds, seed
        How many worlds are drawn for the intervals, and by which seed; none for 0.

    Raises
    ------
    WrongUse
        Nobody is named, or there is no such measure.
    NotFound
        A person asked for has no link.
    """
    from stillgraph import network

    with _asked(
        desk, "without", _of(wanted, with_proposals=with_proposals), persons=list(persons), first=first, by=by
    ) as (asked, links):
        named = dict.fromkeys([*(PersonId(one) for one in persons), *_first(links, first, by, proactive=proactive)])
        drawn = _worlds(links, worlds, seed, proactive=proactive)
        found = network.without(links, list(named), worlds=drawn, proactive=proactive)
        return WithoutAnswer(_scope(asked, links, network.project(links)), proactive, found)


@dataclass(frozen=True, slots=True)
class _Of:
    """Which links a question is about."""

    wanted: NetworkFilter
    with_proposals: bool


def _of(wanted: NetworkFilter | None, *, with_proposals: bool) -> _Of:
    wanted = wanted or NetworkFilter()
    if not with_proposals and not set(wanted.statuses) <= {LinkStatus.CORROBORATED}:
        raise WrongUse("Links that are not corroborated are in a network with proposals only; ask for those too.")
    return _Of(wanted, with_proposals)


@contextmanager
def _asked(desk: Desk, question: str, of: _Of, **details: object) -> Iterator[tuple[_Asked, LinkTable]]:
    """Permit and record a question, and give the links it is asked of."""
    from stillgraph import network

    what = {"question": question, "with_proposals": of.with_proposals, **told((), of.wanted), **details}
    with desk.act(Action.NETWORK, **what) as deed:
        links = link_table(deed.session, with_proposals=of.with_proposals, since=of.wanted.since, until=of.wanted.until)
        review = review_kind(simulated=is_simulated(deed.session))
        yield _Asked(of, review), network.narrowed(links, of.wanted)


@dataclass(frozen=True, slots=True)
class _Asked:
    of: _Of
    review: str


def _scope(asked: _Asked, links: LinkTable, found: CoOffending) -> Scope:
    wanted = asked.of.wanted
    return Scope(
        since=wanted.since, until=wanted.until, retailers=wanted.retailers, boroughs=wanted.boroughs,
        statuses=wanted.statuses, with_proposals=asked.of.with_proposals, persons=len(links.persons),
        offences=len(np.unique(links.offence)), pairs=len(found.one), review=asked.review,
    )  # fmt: skip


def _known(links: LinkTable, persons: Sequence[str]) -> None:
    missing = sorted(set(persons) - set(links.persons))
    if missing:
        raise NotFound(f"{missing[0]} has no link to an offence here; name persons who have, or ask with proposals.")


def _central_person(found: CoOffending, places: Centrality, n: int) -> CentralPerson:
    return CentralPerson(
        person_id=found.persons[n], nominal_id=found.nominal_ids[n], co_offenders=int(places.degree[n]),
        offences_together=int(places.strength[n]), coreness=int(places.coreness[n]),
        closeness=float(places.closeness[n]), harmonic=float(places.harmonic[n]),
        eigenvector=None if places.eigenvector is None else float(places.eigenvector[n]),
        pagerank=float(places.pagerank[n]), betweenness=float(places.betweenness[n]),
        betweenness_low=float(places.betweenness_low[n]), betweenness_high=float(places.betweenness_high[n]),
    )  # fmt: skip


def _first(links: LinkTable, many: int, by: str, *, proactive: bool) -> list[PersonId]:
    """Return so many persons who are first by a measure of their own links, in the order of a ranking."""
    done = links.offences
    measures = {
        "harm": np.where(done.proactive & (not proactive), 0.0, done.harm_days),
        "count": np.ones(len(done.ids)),
        "value": done.value_pence.astype(np.float64),
    }
    if by not in measures:
        raise WrongUse(f"Who is first is by {', '.join(measures)}, not by {by!r}; choose one of them.")
    own, size = links.join < 0, len(links.persons)
    person, offence = links.person[own], links.offence[own]
    totals = {
        name: -np.round(np.bincount(person, weights=column[offence], minlength=size), 6)
        for name, column in measures.items()
    }
    # Of equal ones by harm, count, value and id, as a ranking has them.
    ordered = np.lexsort((np.arange(size), totals["value"], totals["count"], totals["harm"], totals[by]))
    return [links.persons[n] for n in ordered[:many].tolist()]


def _worlds(links: LinkTable, many: int, seed: int, *, proactive: bool) -> Iterator[DrawnLinks]:
    """Draw worlds: which links hold in each, and who is whom."""
    from stillgraph.prolific import WorldSettings, worlds

    if not many:
        return
    settings = WorldSettings(draws=many, seed=seed)
    base = worlds.ground(links, settings, include_proactive=proactive)
    nobody = np.arange(len(links.persons))
    # Worlds are drawn of rows in another order than the table's, in which own links ascend by person and offence.
    order = np.lexsort((base.offence, base.person))
    for number in range(many):
        failed, part_of = worlds.drawn(base, settings, number)
        holds = np.ones(len(base.person), np.bool_)
        holds[failed] = False
        yield DrawnLinks(holds[order], nobody if part_of is None else part_of)
