"""Travel: who was seen in several boroughs or at several retailers, and the journeys between stores."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from stillgraph.errors import WrongUse
from stillgraph.network.answers import answer_links, answer_node, moment, person_in
from stillgraph.network.evidence import SURENESS, least_sure
from stillgraph.network.graph import nodes_of, persons_and_offences
from stillgraph.records import BoroughFlow, Journey, LinkStatus, NodeKind, OffenceId, PersonId, TravelAnswer, Traveller

EARTH_KM = 6371.0088
"""Mean radius of the Earth (IUGG)."""

FASTEST_KM_H = 130.0
"""Great-circle speed above which nobody travels between two stores of one country by road or rail and on foot."""

CLOCKS_H = 5 / 60
"""How far the clocks of two stores' cameras may be apart, in hours."""

MOST = 20
"""How many travellers are told in full, unless another number is asked for."""

_DAY_S = 86_400.0


def travel(graph: nx.Graph[str], persons: Sequence[PersonId] = (), *, most: int = MOST) -> TravelAnswer:
    """Return who was seen in several boroughs or at several retailers, their journeys, and flows between boroughs.

    A journey leads from one offence of a person to that person's next, in the order of time, where it was at another
    store. Its length is great-circle and its time that between the offences: where somebody was between, and by which
    way they went, is not known. A journey faster than :data:`FASTEST_KM_H` is marked, clocks that
    differ by :data:`CLOCKS_H` allowed for, since no one person makes it: one of its two links is wrong, or a clock.

    Parameters
    ----------
    persons
        Whom to look at; everybody in the graph unless given.
    most
        How many travellers to tell in full; the counts and the flows are over all looked at.

    Raises
    ------
    NotFound
        One of the persons is not in the graph.
    WrongUse
        ``most`` is less than 1.
    """
    walked = persons_and_offences(graph)
    if most < 1:
        raise WrongUse(f"At least one traveller is asked for, not {most}.")
    nodes = [person_in(walked, one) for one in dict.fromkeys(persons)] if persons else nodes_of(walked, "person")
    visits = _visits(walked, nodes)
    boroughs = _several(visits.person, visits.borough, len(nodes))
    retailers = _several(visits.person, visits.retailer, len(nodes))
    moved = visits.moved
    order = sorted(
        np.flatnonzero((boroughs > 1) | (retailers > 1)).tolist(),
        key=lambda at: (-boroughs[at], -retailers[at], nodes[at]),
    )
    return TravelAnswer(
        persons=len(nodes),
        in_several_boroughs=int((boroughs > 1).sum()),
        at_several_retailers=int((retailers > 1).sum()),
        journeys=len(moved),
        too_fast=int(visits.too_fast[moved].sum()),
        travellers=tuple(_traveller(walked, nodes[at], visits, at) for at in order[:most]),
        flows=_flows(visits),
        review=str(graph.graph.get("review", "")),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Visits:
    """Links of persons and offences, shape (m,), by person and then by time.

    ``km`` and ``days`` are from the visit before of the same person, NaN at their first. ``moved`` indexes the visits
    at another store than the one before, ``too_fast`` says of which nobody can have come from there in time.
    """

    offences: list[str]
    person: NDArray[np.int64]
    at_s: NDArray[np.float64]
    store: NDArray[np.int64]
    retailer: NDArray[np.int64]
    borough: NDArray[np.int64]
    borough_names: list[str]
    rank: NDArray[np.int64]
    km: NDArray[np.float64]
    days: NDArray[np.float64]
    moved: NDArray[np.int64]
    too_fast: NDArray[np.bool_]


def _visits(graph: nx.Graph[str], nodes: Sequence[str]) -> _Visits:
    rows = [
        (at, other, edge["status"])
        for at, node in enumerate(nodes)
        for other, edge in graph[node].items()
        if graph.nodes[other]["kind"] == NodeKind.OFFENCE
    ]
    data = [graph.nodes[offence] for _, offence, _ in rows]
    person = np.array([at for at, *_ in rows], dtype=np.int64)
    # Times are ISO 8601 of one form, UTC, so their first 19 characters are all NumPy needs.
    at_s = np.array([one["occurred_at"][:19] for one in data], dtype="datetime64[s]").astype(np.float64)
    order = np.lexsort((np.array([offence for _, offence, _ in rows], dtype=np.str_), at_s, person))
    person, at_s = person[order], at_s[order]
    _, store = _coded(data, "store_id", order)
    _, retailer = _coded(data, "retailer_id", order)
    names, borough = _coded(data, "borough", order)
    rank = np.array([SURENESS[LinkStatus(status)] for *_, status in rows], dtype=np.int64)[order]
    latitude = np.radians(np.array([one["latitude"] for one in data], dtype=np.float64))[order]
    longitude = np.radians(np.array([one["longitude"] for one in data], dtype=np.float64))[order]
    km, days = np.full(len(rows), np.nan), np.full(len(rows), np.nan)
    km[1:] = great_circle_km(latitude[:-1], longitude[:-1], latitude[1:], longitude[1:])
    days[1:] = np.diff(at_s) / _DAY_S
    first = np.ones(len(rows), dtype=bool)
    first[1:] = person[1:] != person[:-1]
    km[first], days[first] = np.nan, np.nan
    elsewhere = np.zeros(len(rows), dtype=bool)
    elsewhere[1:] = store[1:] != store[:-1]
    return _Visits(
        offences=[rows[at][1] for at in order],
        person=person,
        at_s=at_s,
        store=store,
        retailer=retailer,
        borough=borough,
        borough_names=names,
        rank=rank,
        km=km,
        days=days,
        moved=np.flatnonzero(elsewhere & ~first),
        too_fast=km > FASTEST_KM_H * (24 * days + CLOCKS_H),
    )


def _coded(data: Sequence[dict[str, Any]], name: str, order: NDArray[np.int64]) -> tuple[list[str], NDArray[np.int64]]:
    names = sorted({one[name] for one in data})
    number = {text: n for n, text in enumerate(names)}
    return names, np.array([number[one[name]] for one in data], dtype=np.int64)[order]


def great_circle_km(
    latitude_a: NDArray[np.float64],
    longitude_a: NDArray[np.float64],
    latitude_b: NDArray[np.float64],
    longitude_b: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return great-circle distances in km between places given in radians, by the haversine formula; shape (k,)."""
    half = (
        np.sin((latitude_b - latitude_a) / 2) ** 2
        + np.cos(latitude_a) * np.cos(latitude_b) * np.sin((longitude_b - longitude_a) / 2) ** 2
    )
    distance: NDArray[np.float64] = 2 * EARTH_KM * np.arcsin(np.sqrt(np.clip(half, 0, 1)))
    return distance


def _several(person: NDArray[np.int64], of: NDArray[np.int64], persons: int) -> NDArray[np.int64]:
    """Return how many different values each person has; shape (persons,)."""
    pairs = np.unique(np.stack([person, of]), axis=1)
    return np.bincount(pairs[0], minlength=persons)


def _traveller(graph: nx.Graph[str], node: str, visits: _Visits, at: int) -> Traveller:
    start, stop = np.searchsorted(visits.person, [at, at + 1])
    offences = visits.offences[start:stop]
    data = [graph.nodes[offence] for offence in offences]
    links = answer_links(graph, [(node, offence) for offence in offences])
    moved = visits.moved[(visits.moved >= start) & (visits.moved < stop)]
    return Traveller(
        person=answer_node(graph, node),
        offences=len(offences),
        stores=len({one["store_id"] for one in data}),
        boroughs=_counted((one["borough"], one["borough"]) for one in data),
        retailers=_counted((one["retailer_id"], one["retailer"]) for one in data),
        km=float(visits.km[moved].sum()),
        journeys=tuple(_journey(graph, visits, int(one)) for one in moved),
        links=links,
        least_sure=least_sure(links),
    )


def _counted(named: Iterable[tuple[str, str]]) -> tuple[tuple[str, int], ...]:
    """Return the names of ids, each with how often the id comes, the most first."""
    counts = sorted(Counter(named).items(), key=lambda one: (-one[1], one[0]))
    return tuple((name, count) for (_, name), count in counts)


def _journey(graph: nx.Graph[str], visits: _Visits, at: int) -> Journey:
    one, other = (graph.nodes[visits.offences[place]] for place in (at - 1, at))
    statuses = {rank: status for status, rank in SURENESS.items()}
    return Journey(
        begins_at=moment(one["occurred_at"]),
        ends_at=moment(other["occurred_at"]),
        days=float(visits.days[at]),
        km=float(visits.km[at]),
        from_offence=OffenceId(one["offence_id"]),
        to_offence=OffenceId(other["offence_id"]),
        from_store=one["store"],
        to_store=other["store"],
        from_borough=one["borough"],
        to_borough=other["borough"],
        status=statuses[int(max(visits.rank[at - 1], visits.rank[at]))],
        too_fast=bool(visits.too_fast[at]),
    )


def _flows(visits: _Visits) -> tuple[BoroughFlow, ...]:
    """Return how many journeys lead from each borough to each, the most first."""
    moved = visits.moved
    pairs = np.stack([visits.borough[moved - 1], visits.borough[moved], visits.person[moved]])
    flows, journeys = np.unique(pairs[:2], axis=1, return_counts=True)
    people = np.unique(np.unique(pairs, axis=1)[:2], axis=1, return_counts=True)[1]
    names = visits.borough_names
    told = [
        BoroughFlow(names[one], names[other], count, persons)
        for one, other, count, persons in zip(
            *flows.tolist(), journeys.tolist(), people.tolist(), strict=True
        )
    ]  # fmt: skip
    return tuple(sorted(told, key=lambda flow: (-flow.journeys, flow.from_borough, flow.to_borough)))
