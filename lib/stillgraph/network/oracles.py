"""Answers to the questions found by brute force on small random networks, to hold the quick ones to."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import networkx as nx

from stillgraph.network.graph import build, nodes_of
from stillgraph.network.naming import person_node
from stillgraph.network.paths import paths, ranked
from stillgraph.network.time_order import paths_in_time_order
from stillgraph.records import (
    FaceId,
    LinkStatus,
    NetworkPath,
    NominalId,
    Offence,
    OffenceId,
    Participation,
    PersonId,
    PersonJoin,
    RetailerId,
    Store,
    StoreId,
)


def random_networks(number: int, seed: int, *, most_persons: int = 8, most_offences: int = 9) -> list[nx.Graph[str]]:
    """Return small networks with every kind of link, offences at one moment, and proposed joins, drawn by a seed."""
    draw = random.Random(seed)  # noqa: S311  (no secret)
    made: list[nx.Graph[str]] = []
    while len(made) < number:
        graph = _network(draw, most_persons, most_offences)
        if len(nodes_of(graph, "person")) >= 2:
            made.append(graph)
    return made


def _network(draw: random.Random, most_persons: int, most_offences: int) -> nx.Graph[str]:
    stores = {
        StoreId(f"S{n}"): Store(
            StoreId(f"S{n}"), RetailerId(f"R{n % 2}"), f"Shop {n % 2}", f"Store {n}", f"Borough {n % 3}",
            51.4 + 0.2 * draw.random(), -0.3 + 0.4 * draw.random(),
        )
        for n in range(4)
    }  # fmt: skip
    persons = [PersonId(f"N{n}") for n in range(draw.randint(2, most_persons))]
    offences = {}
    for n in range(draw.randint(1, most_offences)):
        store = stores[draw.choice(sorted(stores))]
        at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=draw.randint(0, 8))
        offences[OffenceId(f"O{n}")] = Offence(
            OffenceId(f"O{n}"), store.retailer_id, store.store_id, at, "46", "Shoplifting", 100, "none", "", "alarm"
        )
    share = draw.uniform(0.15, 0.5)
    links = [
        Participation(
            person, NominalId(person), offence, draw.choice(tuple(LinkStatus)), (FaceId(f"{offence}#{person}"),)
        )
        for person in persons
        for offence in offences
        if draw.random() < share
    ]
    joins = [
        PersonJoin(one, other, (), None, 0.5, "drawn")
        for one, other in pairwise(persons)
        if one != other and draw.random() < 0.1
    ]
    return build(links, offences, stores, joins=joins)


def check_questions(graphs: Sequence[nx.Graph[str]], seed: int) -> dict[str, int]:
    """Ask every question of each graph and of the brute force; count where they agree and where not.

    Returns
    -------
    dict
        ``<question>_agree`` and ``<question>_disagree`` for each question, one count a graph.
    """
    draw = random.Random(seed)  # noqa: S311  (no secret)
    counts: Counter[str] = Counter()
    for question in _CHECKS:
        counts[f"{question}_agree"] = counts[f"{question}_disagree"] = 0
    for graph in graphs:
        persons = [graph.nodes[node]["person_id"] for node in nodes_of(graph, "person")]
        chosen = draw.sample(persons, len(persons))
        for question, check in _CHECKS.items():
            counts[f"{question}_agree" if check(graph, chosen, draw) else f"{question}_disagree"] += 1
    return dict(counts)


def _path_agrees(graph: nx.Graph[str], persons: Sequence[str], draw: random.Random) -> bool:
    """Hold the k shortest ways to all simple ways there are, in their order."""
    source, target, most = PersonId(persons[0]), PersonId(persons[1]), draw.randint(1, 5)
    answer = paths(graph, source, target, most=most)
    every = sorted(_simple_ways(graph, source, target), key=lambda way: ranked(graph, way))
    more = len(every) > most and len(every[most]) == len(every[most - 1])
    return [_walked(path) for path in answer.paths] == every[:most] and answer.more == more


def _time_order_agrees(graph: nx.Graph[str], persons: Sequence[str], draw: random.Random) -> bool:  # noqa: ARG001
    """Hold the ways in time order to those of all simple ways that are so and that no other beats."""
    source, target = PersonId(persons[0]), PersonId(persons[1])
    every = [way for way in _simple_ways(graph, source, target) if _in_order(graph, way)]
    costs = {(len(way), _arrival(graph, way)) for way in every}
    best = sorted(
        (links, at) for links, at in costs
        if not any(other != (links, at) and other[0] <= links and other[1] <= at for other in costs)
    )  # fmt: skip
    found = [_walked(path) for path in paths_in_time_order(graph, source, target).paths]
    return [(len(way), _arrival(graph, way)) for way in found] == best and all(way in every for way in found)


def _simple_ways(graph: nx.Graph[str], source: PersonId, target: PersonId) -> list[list[str]]:
    return list(nx.all_simple_paths(graph, person_node(source), person_node(target)))


def _walked(path: NetworkPath) -> list[str]:
    return [f"{node.kind.value}:{node.id}" for node in path.nodes]


def _times(graph: nx.Graph[str], way: Sequence[str]) -> list[str]:
    return [graph.nodes[node]["occurred_at"] for node in way if graph.nodes[node]["kind"] == "offence"]


def _in_order(graph: nx.Graph[str], way: Sequence[str]) -> bool:
    return all(one <= other for one, other in pairwise(_times(graph, way)))


def _arrival(graph: nx.Graph[str], way: Sequence[str]) -> str:
    return max(_times(graph, way), default="")


_CHECKS: dict[str, Callable[[nx.Graph[str], Sequence[str], random.Random], bool]] = {
    "path": _path_agrees,
    "path_in_time_order": _time_order_agrees,
}
