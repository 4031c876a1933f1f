"""Answers to the questions found by brute force on small random networks, to hold the quick ones to."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import combinations, pairwise
from typing import Any

import networkx as nx

from stillgraph.errors import WrongUse
from stillgraph.network.around import around
from stillgraph.network.connecting import bound, connect
from stillgraph.network.graph import build, nodes_of
from stillgraph.network.naming import offence_node, person_node
from stillgraph.network.paths import paths, ranked
from stillgraph.network.time_order import paths_in_time_order
from stillgraph.network.timeline import timeline
from stillgraph.network.travel import travel
from stillgraph.records import (
    ConnectedPart,
    EdgeKind,
    FaceId,
    LinkEvidence,
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


def _connect_agrees(graph: nx.Graph[str], persons: Sequence[str], draw: random.Random) -> bool:
    """Hold the connecting network to the smallest there is, found by trying all: joined, bounded, and no leaf loose."""
    chosen = [PersonId(one) for one in persons[: draw.randint(2, min(4, len(persons)))]]
    answer = connect(graph, chosen)
    parts = [set(map(person_node, chosen)) & reached for reached in nx.connected_components(graph)]
    if sorted(sorted(map(person_node, part.persons)) for part in answer.parts) != sorted(
        sorted(part) for part in parts if len(part) > 1
    ) or {person_node(one) for one in answer.apart} != {node for part in parts if len(part) == 1 for node in part}:
        return False
    return all(_part_agrees(graph, part) for part in answer.parts)


def _part_agrees(graph: nx.Graph[str], part: ConnectedPart) -> bool:
    chosen = {person_node(one) for one in part.persons}
    nodes = {f"{node.kind.value}:{node.id}" for node in part.nodes}
    edges = [(person_node(link.person_id), _end(link)) for link in part.links]
    tree = nx.Graph(edges)
    fewest = _smallest(graph, chosen) - 1
    return (
        set(tree) == nodes
        and nx.is_tree(tree)
        and all(graph.has_edge(*edge) for edge in edges)
        and {node for node in tree if tree.degree(node) == 1} <= chosen <= nodes
        and part.least_possible <= fewest <= len(edges) <= float(bound(len(chosen))) * fewest
        and (len(chosen) > 2 or len(edges) == fewest)
    )


def _smallest(graph: nx.Graph[str], chosen: set[str]) -> int:
    """Return how many nodes the smallest connected part of a graph with all those chosen has, by trying all parts."""
    others = sorted(nx.node_connected_component(graph, min(chosen)) - chosen)
    for more in range(len(others) + 1):
        for added in combinations(others, more):
            if nx.is_connected(graph.subgraph(chosen | set(added))):
                return len(chosen) + more
    raise WrongUse("The nodes chosen are not in one part of the graph.")


def _end(link: LinkEvidence) -> str:
    return person_node(PersonId(link.to)) if link.kind is EdgeKind.PROPOSED_JOIN else offence_node(OffenceId(link.to))


def _around_agrees(graph: nx.Graph[str], persons: Sequence[str], draw: random.Random) -> bool:
    """Hold neighbourhoods to networkx's distances in the network of persons, and cut ones to the first of them."""
    chosen, depth = [PersonId(one) for one in persons[: draw.randint(1, 2)]], draw.randint(1, 3)
    among: nx.Graph[str] = nx.Graph()
    among.add_nodes_from(nodes_of(graph, "person"))
    for node in among:
        for other in graph[node]:
            reached = [other] if other in among else graph[other]
            among.add_edges_from((node, person) for person in reached if person != node)
    near = nx.multi_source_dijkstra_path_length(among, set(map(person_node, chosen)), cutoff=depth, weight=None)
    answer = around(graph, chosen, depth=depth)
    steps = {person_node(PersonId(one.person.id)): one.steps for one in answer.neighbours}
    between = {o for node, step in near.items() if step < depth for o in graph[node] if o not in among}
    kept = set(near) | between
    expected = {frozenset(edge) for edge in graph.edges if set(edge) <= kept}
    links = {frozenset((person_node(link.person_id), _end(link))) for link in answer.links}
    most = max(len(chosen), len(near) - 1)
    cut = around(graph, chosen, depth=depth, most=most)
    return (
        steps == near
        and {offence_node(OffenceId(one.id)) for one in answer.offences} == between
        and links == expected
        and len(links) == len(answer.links)
        and answer.left_out == 0
        and len(cut.neighbours) == most
        and (cut.left_out > 0) == (most < len(near))
        and max(one.steps for one in cut.neighbours) <= max(near.values())
    )


def _timeline_agrees(graph: nx.Graph[str], persons: Sequence[str], draw: random.Random) -> bool:
    """Hold a group's timeline to its offences sorted by time, and gaps to the differences between."""
    chosen = [PersonId(one) for one in persons[: draw.randint(1, len(persons))]]
    mine = set(map(person_node, chosen))
    linked = [node for node in nodes_of(graph, "offence") if set(graph[node]) & mine]
    linked.sort(key=lambda node: (graph.nodes[node]["occurred_at"], node))
    times = [datetime.fromisoformat(graph.nodes[node]["occurred_at"]) for node in linked]
    answer = timeline(graph, chosen)
    gaps = sorted(((b - a).total_seconds() / 86_400 for a, b in pairwise(times) if b > a), reverse=True)
    return (
        [offence_node(OffenceId(row.offence_id or "")) for row in answer.rows] == linked
        and [{person_node(one) for one in row.persons} for row in answer.rows] == [set(graph[n]) & mine for n in linked]
        and [{person_node(one) for one in row.together_with} for row in answer.rows]
        == [set(graph[n]) - mine for n in linked]
        and [gap.days for gap in answer.gaps] == gaps[:5]
        and (answer.first_at, answer.last_at) == ((times[0], times[-1]) if times else (None, None))
    )


def _travel_agrees(graph: nx.Graph[str], persons: Sequence[str], draw: random.Random) -> bool:  # noqa: ARG001
    """Hold journeys, flows and counts to a walk over each person's offences, one by one."""
    flows: Counter[tuple[str, str]] = Counter()
    people: dict[tuple[str, str], set[str]] = {}
    told = {}
    for node in nodes_of(graph, "person"):
        mine = [other for other in graph[node] if graph.nodes[other]["kind"] == "offence"]
        mine.sort(key=lambda other: (graph.nodes[other]["occurred_at"], other))
        data = [graph.nodes[other] for other in mine]
        legs = [(a, b) for a, b in pairwise(data) if a["store_id"] != b["store_id"]]
        for a, b in legs:
            flows[a["borough"], b["borough"]] += 1
            people.setdefault((a["borough"], b["borough"]), set()).add(node)
        places = len({one["borough"] for one in data}), len({one["retailer_id"] for one in data})
        told[node] = places, [(a["offence_id"], b["offence_id"], _km(a, b), _hours(a, b)) for a, b in legs]
    answer = travel(graph, most=len(told))
    wanted = sorted((n for n, (places, _) in told.items() if max(places) > 1), key=lambda n: (*_falling(told[n][0]), n))
    return (
        [person_node(PersonId(one.person.id)) for one in answer.travellers] == wanted
        and all(
            [(j.from_offence, j.to_offence) for j in one.journeys] == [leg[:2] for leg in told[node][1]]
            and all(
                math.isclose(j.km, km, rel_tol=1e-6, abs_tol=1e-6)
                and math.isclose(24 * j.days, hours, abs_tol=1e-9)
                and j.too_fast == (km > 130 * (hours + 1 / 12))
                for j, (_, _, km, hours) in zip(one.journeys, told[node][1], strict=True)
            )
            for one, node in zip(answer.travellers, wanted, strict=True)
        )
        and {(f.from_borough, f.to_borough): f.journeys for f in answer.flows} == flows
        and {(f.from_borough, f.to_borough): f.persons for f in answer.flows} == {p: len(n) for p, n in people.items()}
        and answer.journeys == flows.total()
        and answer.in_several_boroughs == sum(places[0] > 1 for places, _ in told.values())
        and answer.at_several_retailers == sum(places[1] > 1 for places, _ in told.values())
    )


def _falling(places: tuple[int, int]) -> tuple[int, int]:
    return -places[0], -places[1]


def _km(a: dict[str, Any], b: dict[str, Any]) -> float:
    """Return the great-circle distance by the spherical law of cosines, another formula than the one it is held to."""
    one, other = math.radians(a["latitude"]), math.radians(b["latitude"])
    turn = math.radians(b["longitude"] - a["longitude"])
    cosine = math.sin(one) * math.sin(other) + math.cos(one) * math.cos(other) * math.cos(turn)
    return 6371.0088 * math.acos(min(1.0, cosine))


def _hours(a: dict[str, Any], b: dict[str, Any]) -> float:
    between = datetime.fromisoformat(b["occurred_at"]) - datetime.fromisoformat(a["occurred_at"])
    return between.total_seconds() / 3600


_CHECKS: dict[str, Callable[[nx.Graph[str], Sequence[str], random.Random], bool]] = {
    "path": _path_agrees,
    "path_in_time_order": _time_order_agrees,
    "connect": _connect_agrees,
    "around": _around_agrees,
    "timeline": _timeline_agrees,
    "travel": _travel_agrees,
}
