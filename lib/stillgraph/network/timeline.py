"""The time of a person or a group: offences and arrests in order, with whom, and the gaps between."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from itertools import pairwise

import networkx as nx

from stillgraph.errors import WrongUse
from stillgraph.network.answers import answer_links, moment, person_in
from stillgraph.network.evidence import least_sure
from stillgraph.network.graph import persons_and_offences
from stillgraph.records import Arrest, LinkEvidence, NodeKind, OffenceId, PersonId, Timeline, TimelineGap, TimelineRow

GAPS = 5
"""How many gaps are given, the longest."""

NAMED = 20
"""How many others of one offence are named; the rest are counted."""

DAY_S = 86_400


def timeline(graph: nx.Graph[str], persons: Sequence[PersonId], arrests: Sequence[Arrest] = ()) -> Timeline:
    """Return the offences and arrests of persons in the order of time.

    An offence that several of them are linked to is one row. Arrests stand before the offences of their day, since the
    day alone is on record; those of others than these persons are passed over.

    Parameters
    ----------
    arrests
        Arrests on record, in any order; persons have them by nominal.

    Raises
    ------
    NotFound
        One of the persons is not in the graph.
    WrongUse
        Nobody is asked about.
    """
    walked = persons_and_offences(graph)
    chosen = tuple(dict.fromkeys(persons))
    if not chosen:
        raise WrongUse("A timeline is of somebody; name at least one person.")
    nodes = {person_in(walked, person): person for person in chosen}
    done = _offences(walked, nodes)
    held = _arrests(walked, nodes, arrests)
    rows = sorted([*done, *held], key=_order)
    times = [row.occurred_at for row in done if row.occurred_at is not None]
    return Timeline(
        persons=chosen,
        rows=tuple(rows),
        offences=len(done),
        arrests=len(held),
        first_at=times[0] if times else None,
        last_at=times[-1] if times else None,
        gaps=_gaps(times, [row.on for row in held]),
        least_sure=least_sure(link for row in done for link in row.links),
        review=str(graph.graph.get("review", "")),
    )


def _order(row: TimelineRow) -> tuple[date, bool, str, str, tuple[PersonId, ...]]:
    """Return when a row stands: by day, arrests first, then by time and id."""
    at = "" if row.occurred_at is None else row.occurred_at.isoformat()
    return row.on, row.kind is NodeKind.OFFENCE, at, row.offence_id or row.offence, row.persons


def _offences(graph: nx.Graph[str], nodes: dict[str, PersonId]) -> list[TimelineRow]:
    linked: dict[str, list[str]] = {}
    for node in sorted(nodes):
        for other in graph[node]:
            if graph.nodes[other]["kind"] == NodeKind.OFFENCE:
                linked.setdefault(other, []).append(node)
    rows: list[TimelineRow] = []
    before: datetime | None = None
    for offence in sorted(linked, key=lambda node: (graph.nodes[node]["occurred_at"], node)):
        at = moment(graph.nodes[offence]["occurred_at"])
        since = None if before is None else (at - before).total_seconds() / DAY_S
        links = answer_links(graph, [(node, offence) for node in linked[offence]])
        rows.append(_offence(graph, offence, nodes, links, since))
        before = at
    return rows


def _offence(
    graph: nx.Graph[str],
    offence: str,
    nodes: dict[str, PersonId],
    links: tuple[LinkEvidence, ...],
    days_since: float | None,
) -> TimelineRow:
    data = graph.nodes[offence]
    at = moment(data["occurred_at"])
    others = [node for node in graph[offence] if node not in nodes]
    return TimelineRow(
        kind=NodeKind.OFFENCE,
        on=at.date(),
        occurred_at=at,
        persons=tuple(link.person_id for link in links),
        others=len(others),
        together_with=tuple(PersonId(graph.nodes[node]["person_id"]) for node in sorted(others)[:NAMED]),
        offence_id=OffenceId(data["offence_id"]),
        offence=data["offence"],
        disposal=None,
        custody_from=None,
        released_on=None,
        value_pence=data["value_pence"],
        retailer=data["retailer"],
        store=data["store"],
        borough=data["borough"],
        days_since=days_since,
        links=links,
    )


def _arrests(graph: nx.Graph[str], nodes: dict[str, PersonId], arrests: Sequence[Arrest]) -> list[TimelineRow]:
    persons = {graph.nodes[node]["nominal_id"]: person for node, person in nodes.items()}
    return [
        TimelineRow(
            kind=NodeKind.ARREST,
            on=arrest.arrested_on,
            occurred_at=None,
            persons=(persons[arrest.nominal_id],),
            others=0,
            together_with=(),
            offence_id=None,
            offence=arrest.offence,
            disposal=arrest.disposal,
            custody_from=arrest.custody_from,
            released_on=arrest.released_on,
            value_pence=None,
            retailer=None,
            store=None,
            borough=None,
            days_since=None,
            links=(),
        )
        for arrest in arrests
        if arrest.nominal_id in persons
    ]


def _gaps(times: Sequence[datetime], arrested_on: Sequence[date]) -> tuple[TimelineGap, ...]:
    gaps = [
        TimelineGap(
            begins_at=one,
            ends_at=other,
            days=(other - one).total_seconds() / DAY_S,
            arrests=sum(one.date() <= on <= other.date() for on in arrested_on),
        )
        for one, other in pairwise(times)
        if other > one
    ]
    return tuple(sorted(gaps, key=lambda gap: (-gap.days, gap.begins_at))[:GAPS])
