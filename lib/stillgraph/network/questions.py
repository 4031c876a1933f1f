"""Questions to the graph: groups, go-betweens, sizes, and a place for every node on a drawing."""

from __future__ import annotations

import math
from dataclasses import dataclass

import networkx as nx
import numpy as np

from stillgraph.network.graph import co_offending, nodes_of
from stillgraph.network.spreading import spread

SAMPLE = 500
"""Persons from whom betweenness is estimated in a network of more than :data:`EXACT` persons."""

EXACT = 2000

BROKERS = 5


@dataclass(frozen=True, slots=True)
class PersonCentrality:
    """One person's place in the network.

    ``co_offenders`` is the degree in the co-offending network; ``betweenness`` (0 to 1) the share of shortest
    ways between two others that pass through this person. ``harm_days`` is over the offences linked that have
    a value, ``None`` where none has.
    """

    person_id: str
    nominal_id: str | None
    status: str
    offences: int
    co_offenders: int
    betweenness: float
    harm_days: float | None
    value_pence: int


@dataclass(frozen=True, slots=True)
class NetworkSummary:
    """The network in figures.

    ``communities`` are of two or more, ``brokers`` of betweenness above 0; ``review`` says how links were reviewed.
    """

    persons: int
    offences: int
    links: int
    co_offending_pairs: int
    components: int
    largest_component_persons: int
    communities: int
    brokers: tuple[PersonCentrality, ...]
    review: str


def summary(graph: nx.Graph[str], *, seed: int = 0) -> NetworkSummary:
    """Sum up a two-mode graph made by :func:`~stillgraph.network.build`."""
    persons = nodes_of(graph, "person")
    among = set(persons)
    sizes = [len(among & component) for component in nx.connected_components(graph)]
    ranked = sorted(central(graph, seed=seed), key=lambda p: (-p.betweenness, -p.co_offenders, p.person_id))
    return NetworkSummary(
        persons=len(persons),
        offences=graph.number_of_nodes() - len(persons),
        links=graph.number_of_edges(),
        co_offending_pairs=co_offending(graph).number_of_edges(),
        components=len(sizes),
        largest_component_persons=max(sizes, default=0),
        communities=len(communities(graph, seed=seed)),
        brokers=tuple(person for person in ranked[:BROKERS] if person.betweenness > 0),
        review=str(graph.graph.get("review", "")),
    )


def communities(graph: nx.Graph[str], *, seed: int = 0) -> tuple[tuple[str, ...], ...]:
    """Group persons who offend together more than with others: Louvain on the weighted co-offending network.

    Returns
    -------
    tuple of tuples of person ids
        The largest group first, ids ascending; persons without a co-offender are in none. A group is a way to
        read the network and depends on method and seed; it is no proof of a gang.
    """
    projected = co_offending(graph)
    joined = [node for node in projected if projected.degree(node) > 0]
    if not joined:
        return ()
    # Numbered in the order of their ids: sets of texts iterate differently from run to run, sets of numbers
    # do not.
    number = {node: n for n, node in enumerate(joined)}
    numbered: nx.Graph[int] = nx.Graph()
    numbered.add_nodes_from(number.values())
    numbered.add_weighted_edges_from(
        (number[one], number[other], join["weight"]) for one, other, join in projected.edges(data=True)
    )
    groups = nx.community.louvain_communities(numbered, weight="weight", seed=seed)
    named = [tuple(projected.nodes[joined[n]]["person_id"] for n in sorted(group)) for group in groups]
    return tuple(sorted((group for group in named if len(group) > 1), key=lambda group: (-len(group), group)))


def central(graph: nx.Graph[str], *, seed: int = 0) -> list[PersonCentrality]:
    """Return every person's place in the network, by person id.

    Betweenness is unweighted and within the co-offending network; of more than :data:`EXACT` persons it is
    estimated from :data:`SAMPLE` of them, drawn by ``seed``.
    """
    projected = co_offending(graph)
    sample = SAMPLE if len(projected) > EXACT else None
    between = nx.betweenness_centrality(projected, k=sample, seed=seed)
    places = []
    for node in projected:
        person = projected.nodes[node]
        offences = [graph.nodes[offence] for offence in sorted(graph[node])]
        harm = [offence["harm_days"] for offence in offences if "harm_days" in offence]
        places.append(
            PersonCentrality(
                person_id=person["person_id"],
                nominal_id=person["nominal_id"] or None,
                status=person["status"],
                offences=len(offences),
                co_offenders=projected.degree(node),
                betweenness=float(between[node]),
                harm_days=math.fsum(harm) if harm else None,
                value_pence=sum(offence["value_pence"] for offence in offences),
            )
        )
    return places


def layout(graph: nx.Graph[str], *, seed: int = 0) -> dict[str, tuple[float, float]]:
    """Place every node on a drawing, between -1 and 1 either way: the same for the same graph and seed.

    Springs pull linked nodes together; groups without a link between them stand side by side, the large ones first
    (:func:`~stillgraph.network.spreading.spread`). Distances on the drawing are for the eye and measure nothing.
    """
    nodes = sorted(graph)
    number = {node: n for n, node in enumerate(nodes)}
    edges = np.array(sorted(sorted((number[one], number[other])) for one, other in graph.edges)).reshape(-1, 2)
    places = spread(edges.astype(np.int64), len(nodes), seed=seed)
    return {node: (float(x), float(y)) for node, (x, y) in zip(nodes, places, strict=True)}
