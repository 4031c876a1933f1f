"""Nodes and ways of a graph as answers hold them, each with the evidence of the links it uses."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise

import networkx as nx

from stillgraph.errors import NotFound
from stillgraph.network.evidence import least_sure, link_evidence
from stillgraph.network.naming import person_node
from stillgraph.records import (
    LinkEvidence,
    LinkStatus,
    NetworkNode,
    NetworkPath,
    NodeKind,
    NominalId,
    PersonId,
)


def person_in(graph: nx.Graph[str], person_id: PersonId) -> str:
    """Return the node of a person.

    Raises
    ------
    NotFound
        The graph has no such person.
    """
    node = person_node(person_id)
    if node not in graph:
        raise NotFound(
            f"Person {person_id} has no link in this network. Persons nobody has corroborated are in it with proposals "
            "only, and a narrower period, retailer, borough or status leaves others out."
        )
    return node


def moment(text: str) -> datetime:
    """Return a time of the graph's own form, ISO 8601."""
    return datetime.fromisoformat(text)


def answer_node(graph: nx.Graph[str], node: str) -> NetworkNode:
    """Return a person or an offence as answers hold it."""
    data = graph.nodes[node]
    if data["kind"] == NodeKind.PERSON:
        nominal = NominalId(data["nominal_id"]) if data["nominal_id"] else None
        return NetworkNode(NodeKind.PERSON, data["person_id"], nominal, LinkStatus(data["status"]))
    return NetworkNode(
        kind=NodeKind.OFFENCE,
        id=data["offence_id"],
        occurred_at=moment(data["occurred_at"]),
        offence=data["offence"],
        retailer=data["retailer"],
        store=data["store"],
        borough=data["borough"],
    )


def answer_links(graph: nx.Graph[str], edges: Sequence[tuple[str, str]]) -> tuple[LinkEvidence, ...]:
    """Return edges as answers hold them, in the order given."""
    return tuple(link_evidence(graph, one, other) for one, other in edges)


def answer_path(graph: nx.Graph[str], nodes: Sequence[str]) -> NetworkPath:
    """Return a way through the graph as answers hold it."""
    links = answer_links(graph, list(pairwise(nodes)))
    told = tuple(answer_node(graph, node) for node in nodes)
    times = [node.occurred_at for node in told if node.occurred_at is not None]
    return NetworkPath(
        nodes=told,
        links=links,
        begins_at=times[0] if times else None,
        ends_at=times[-1] if times else None,
        least_sure=least_sure(links),
    )
