"""Find connecting network: a small network that joins several persons."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil

import networkx as nx

from stillgraph.errors import WrongUse
from stillgraph.network.answers import answer_links, answer_node, person_in
from stillgraph.network.evidence import edge_rank, least_sure
from stillgraph.network.graph import persons_and_offences
from stillgraph.records import ConnectAnswer, ConnectedPart, PersonId

_Cost = tuple[int, int]
"""Links, and how unsure they are together: the second decides only between ways of as many links."""


def connect(graph: nx.Graph[str], persons: Sequence[PersonId]) -> ConnectAnswer:
    """Find a small network that joins the persons chosen, over offences and others.

    The smallest there is, a Steiner tree, is out of reach for many persons in a large network, so this one is near it:
    with t persons joined it has at most 2 - 2/t times as many links, exactly as many for two (Mehlhorn [1]_). Each
    person's surroundings grow until they touch, and the nearest that touch are joined first. Of ways of one length the
    surer is taken. The cost is about that of one walk over the network.

    Raises
    ------
    NotFound
        One of the persons is not in the graph.
    WrongUse
        Fewer than two different persons.

    References
    ----------
    .. [1] K. Mehlhorn, A faster approximation algorithm for the Steiner problem in graphs, Information Processing
       Letters 27 (1988) 125-128.
    """
    walked = persons_and_offences(graph)
    chosen = tuple(dict.fromkeys(persons))
    if len(chosen) < 2:
        raise WrongUse("A connecting network joins two persons or more; name at least two different ones.")
    nodes = {person_in(walked, person): person for person in chosen}
    ground = _grown(walked, sorted(nodes))
    taken = _joined(ground, _touching(walked, ground))
    forest: nx.Graph[str] = nx.Graph()
    forest.add_nodes_from(sorted(nodes))
    for _, one, other in taken:
        for way in (ground.way(one), ground.way(other)):
            nx.add_path(forest, way)
        forest.add_edge(one, other)
    parts, apart = [], []
    for part in sorted(sorted(part) for part in nx.connected_components(forest)):
        inside = sorted(nodes[node] for node in part if node in nodes)
        if len(inside) == 1:
            apart.append(inside[0])
            continue
        there = set(part)
        cost = sum(joint[0][0] for joint in taken if joint[1] in there)
        parts.append(_part(walked, forest, part, inside, cost))
    return ConnectAnswer(
        persons=chosen,
        parts=tuple(sorted(parts, key=lambda part: (-len(part.persons), part.persons))),
        apart=tuple(sorted(apart)),
        bound=max((float(bound(len(part.persons))) for part in parts), default=1.0),
        review=str(graph.graph.get("review", "")),
    )


def bound(persons: int) -> Fraction:
    """Return how many times the links of the smallest network one that joins so many persons has at most."""
    return 2 - Fraction(2, persons)


def _part(
    walked: nx.Graph[str], forest: nx.Graph[str], part: Sequence[str], inside: Sequence[PersonId], cost: int
) -> ConnectedPart:
    links = answer_links(walked, sorted((min(edge), max(edge)) for edge in forest.subgraph(part).edges))
    return ConnectedPart(
        persons=tuple(inside),
        nodes=tuple(answer_node(walked, node) for node in part),
        links=links,
        least_possible=ceil(cost / bound(len(inside))),
        least_sure=least_sure(links),
    )


@dataclass(frozen=True, slots=True)
class _Ground:
    """What is nearest to which of the chosen nodes, how near, and by which way."""

    nearest: dict[str, str]
    cost: dict[str, _Cost]
    before: dict[str, str]

    def way(self, node: str) -> list[str]:
        """Return the way from a node back to the chosen one nearest to it."""
        way = [node]
        while way[-1] in self.before:
            way.append(self.before[way[-1]])
        return way


def _grown(graph: nx.Graph[str], chosen: Sequence[str]) -> _Ground:
    """Give every node to the chosen one nearest to it."""
    ground = _Ground({}, {}, {})
    waiting: list[tuple[_Cost, str, str, str]] = [((0, 0), node, node, "") for node in chosen]
    while waiting:
        cost, node, nearest, before = heapq.heappop(waiting)
        if node in ground.cost:
            continue
        ground.cost[node], ground.nearest[node] = cost, nearest
        if before:
            ground.before[node] = before
        for other, edge in graph[node].items():
            if other not in ground.cost:
                heapq.heappush(waiting, ((cost[0] + 1, cost[1] + edge_rank(edge)), other, nearest, node))
    return ground


def _touching(graph: nx.Graph[str], ground: _Ground) -> list[tuple[_Cost, str, str]]:
    """Return the edges where two grounds touch with the cost of the way over each, the cheapest first."""
    found = []
    for one in ground.cost:
        for other, edge in graph[one].items():
            if one < other and ground.nearest[one] != ground.nearest[other]:
                links = ground.cost[one][0] + 1 + ground.cost[other][0]
                unsure = ground.cost[one][1] + edge_rank(edge) + ground.cost[other][1]
                found.append(((links, unsure), one, other))
    return sorted(found)


def _joined(ground: _Ground, touching: Sequence[tuple[_Cost, str, str]]) -> list[tuple[_Cost, str, str]]:
    """Take the cheapest edges that join grounds not joined yet (Kruskal)."""
    together: dict[str, str] = {}
    members: dict[str, list[str]] = defaultdict(list)
    taken = []
    for cost, one, other in touching:
        a, b = ground.nearest[one], ground.nearest[other]
        root_a, root_b = together.setdefault(a, a), together.setdefault(b, b)
        if root_a == root_b:
            continue
        taken.append((cost, one, other))
        if len(members[root_a]) < len(members[root_b]):
            root_a, root_b = root_b, root_a
        for member in [root_b, *members.pop(root_b, [])]:
            together[member] = root_a
            members[root_a].append(member)
    return taken
