"""The neighbourhood of persons: who is how many steps away, over which offences."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

import networkx as nx

from stillgraph.errors import WrongUse
from stillgraph.network.answers import answer_links, answer_node, person_in
from stillgraph.network.evidence import least_sure
from stillgraph.network.graph import part, persons_and_offences
from stillgraph.network.naming import offence_node, person_node
from stillgraph.records import AroundAnswer, EdgeKind, Neighbour, NodeKind, OffenceId, PersonId

MOST = 500
"""How many persons a neighbourhood shows, unless another number is asked for."""


def around(graph: nx.Graph[str], persons: Sequence[PersonId], *, depth: int = 1, most: int = MOST) -> AroundAnswer:
    """Return who is within so many steps of some persons, with the offences between and every link among them.

    One step leads to everybody linked to one offence with somebody, or proposed to be one person with them; so depth 1
    is co-offenders, 2 theirs. The offences are those of everybody nearer than ``depth``. Of more than ``most`` persons
    the nearest are kept, of as near ones those with the most offences with somebody nearer, then by id; and
    ``left_out`` says how many as near are not shown, so that an offence of very many persons cannot flood the answer.

    Raises
    ------
    NotFound
        One of the persons is not in the graph.
    WrongUse
        Nobody is asked about, or ``depth`` or ``most`` is too small.
    """
    walked = persons_and_offences(graph)
    chosen = tuple(dict.fromkeys(persons))
    if not chosen:
        raise WrongUse("A neighbourhood is of somebody; name at least one person.")
    if depth < 1:
        raise WrongUse(f"A neighbourhood goes at least one step, not {depth}.")
    if most < len(chosen):
        raise WrongUse(f"At least the {len(chosen)} persons asked about are shown; --most is {most}.")
    steps = {person_in(walked, person): 0 for person in chosen}
    offences: set[str] = set()
    left_out, frontier = 0, sorted(steps)
    for step in range(1, depth + 1):
        new = _next(walked, frontier, steps, offences)
        room = most - len(steps)
        left_out = max(len(new) - room, 0)
        frontier = new[:room]
        steps |= dict.fromkeys(frontier, step)
        if left_out or not frontier:
            break
    links = answer_links(walked, _among(walked, steps, offences))
    return AroundAnswer(
        persons=chosen,
        depth=depth,
        neighbours=tuple(
            Neighbour(answer_node(walked, node), step)
            for node, step in sorted(steps.items(), key=lambda one: (one[1], one[0]))
        ),
        offences=tuple(answer_node(walked, node) for node in sorted(offences)),
        links=links,
        left_out=left_out,
        least_sure=least_sure(links),
        review=str(graph.graph.get("review", "")),
    )


def _next(graph: nx.Graph[str], frontier: Sequence[str], steps: dict[str, int], offences: set[str]) -> list[str]:
    """Return who is one step further, those with most to do with the frontier first; add the offences between."""
    times: dict[str, int] = {}
    for node in frontier:
        for other in graph[node]:
            if graph.nodes[other]["kind"] == NodeKind.PERSON:
                reached: Sequence[str] = (other,)
            elif other not in offences:
                offences.add(other)
                reached = tuple(graph[other])
            else:
                continue
            for person in reached:
                if person not in steps:
                    times[person] = times.get(person, 0) + 1
    return sorted(times, key=lambda person: (-times[person], person))


def _among(graph: nx.Graph[str], steps: dict[str, int], offences: set[str]) -> list[tuple[str, str]]:
    """Return the links of persons to offences, and the joins, among those kept."""
    return [
        (node, other)
        for node in sorted(steps)
        for other in graph[node]
        if other in offences or (other in steps and node < other)
    ]


def part_of(graph: nx.Graph[str], answer: AroundAnswer) -> nx.Graph[str]:
    """Return the part of a graph that a neighbourhood shows, with the stores, places and arrests joined to it."""
    kept = {person_node(PersonId(one.person.id)) for one in answer.neighbours}
    kept |= {offence_node(OffenceId(one.id)) for one in answer.offences}
    frontier = kept
    while frontier:
        beside = chain.from_iterable(graph[node].items() for node in frontier)
        frontier = {node for node, edge in beside if edge["kind"] in _PLACES} - kept
        kept = kept | {node for node in frontier if graph.nodes[node]["kind"] not in _ASKED}
        frontier = {node for node in frontier if graph.nodes[node]["kind"] == NodeKind.STORE}
    return part(graph, kept)


_PLACES = frozenset({EdgeKind.AT_STORE, EdgeKind.OF_RETAILER, EdgeKind.IN_BOROUGH, EdgeKind.ARRESTED})
_ASKED = frozenset({NodeKind.PERSON, NodeKind.OFFENCE})
