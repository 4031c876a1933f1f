"""The network in figures, and a place for every node on a drawing."""

from __future__ import annotations

import math
from dataclasses import dataclass

import networkx as nx
import numpy as np

from stillgraph.network.centrality import centrality
from stillgraph.network.communities import louvain
from stillgraph.network.graph import nodes_of
from stillgraph.network.naming import person_node
from stillgraph.network.projection import project_graph
from stillgraph.network.spreading import spread

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
    found = project_graph(graph)
    places = centrality(found, seed=seed)
    ranked = np.lexsort((np.arange(len(persons)), -places.degree, -places.betweenness)).tolist()
    return NetworkSummary(
        persons=len(persons),
        offences=graph.number_of_nodes() - len(persons),
        links=graph.number_of_edges(),
        co_offending_pairs=len(found.one),
        components=len(sizes),
        largest_component_persons=max(sizes, default=0),
        communities=int(louvain(found, seed=seed).max(initial=-1)) + 1,
        brokers=tuple(
            _place(graph, person_node(found.persons[n]), int(places.degree[n]), float(places.betweenness[n]))
            for n in ranked[:BROKERS]
            if places.betweenness[n] > 0
        ),
        review=str(graph.graph.get("review", "")),
    )


def _place(graph: nx.Graph[str], node: str, co_offenders: int, betweenness: float) -> PersonCentrality:
    person = graph.nodes[node]
    offences = [graph.nodes[other] for other in sorted(graph[node]) if graph.nodes[other]["kind"] == "offence"]
    harm = [offence["harm_days"] for offence in offences if "harm_days" in offence]
    return PersonCentrality(
        person_id=person["person_id"],
        nominal_id=person["nominal_id"] or None,
        status=person["status"],
        offences=len(offences),
        co_offenders=co_offenders,
        betweenness=betweenness,
        harm_days=math.fsum(harm) if harm else None,
        value_pence=sum(offence["value_pence"] for offence in offences),
    )


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
