"""The graph itself: persons and offences, and its projection onto persons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import combinations

import networkx as nx

from stillgraph.errors import NotFound
from stillgraph.records import (
    FaceId,
    LinkStatus,
    Offence,
    OffenceId,
    Participation,
    PersonId,
    Store,
    StoreId,
)

_SURENESS = {LinkStatus.CORROBORATED: 0, LinkStatus.PROPOSED: 1, LinkStatus.UNKNOWN: 2}


def person_node(person_id: PersonId) -> str:
    """Return the node of a person: kinds are told apart by prefix, as file formats want text for a node."""
    return f"person:{person_id}"


def offence_node(offence_id: OffenceId) -> str:
    """Return the node of an offence."""
    return f"offence:{offence_id}"


def build(
    participations: Sequence[Participation],
    offences: Mapping[OffenceId, Offence],
    stores: Mapping[StoreId, Store],
    *,
    harm_days: Mapping[str, float] | None = None,
    review: str = "",
) -> nx.Graph[str]:
    """Build the two-mode graph of persons and the offences they are linked to.

    Attributes are text and numbers only, so that every file format can hold them; what is not known is empty
    text or left out. Nodes and edges stand in the order of their keys, whatever the order of the rows.

    Persons have ``kind`` ("person"), ``label``, ``person_id``, ``nominal_id`` and ``status``, that of their
    surest link. Offences have ``kind`` ("offence"), ``label``, ``offence_id``, ``occurred_at`` (ISO 8601,
    UTC), ``offence_code``, ``offence``, ``value_pence``, ``how_detected``, ``retailer_id``, ``retailer``,
    ``store_id``, ``store``, ``borough``, ``latitude`` and ``longitude`` (degrees), and ``harm_days`` where
    they are given. Links have ``status``, ``faces``, face ids joined by blanks, and ``review``.

    Parameters
    ----------
    participations
        Links; one given twice is one link, with the surer status and all faces.
    offences, stores
        Every offence linked and its store, by id. Offences without a link are not in the graph.
    harm_days
        Days of harm by offence code; codes without a value leave ``harm_days`` out.
    review
        How links were reviewed, e.g. ``simulated review``: written on the graph and on every link but those
        nobody has judged, so that no exported link goes without it.

    Raises
    ------
    NotFound
        A link to an offence, or an offence at a store, that was not given.
    """
    links: dict[tuple[PersonId, OffenceId], list[Participation]] = {}
    for link in participations:
        links.setdefault((link.person_id, link.offence_id), []).append(link)
    persons: dict[PersonId, list[Participation]] = {}
    for link in participations:
        persons.setdefault(link.person_id, []).append(link)
    graph: nx.Graph[str] = nx.Graph(review=review)
    for person_id in sorted(persons):
        graph.add_node(person_node(person_id), **_person(persons[person_id]))
    for offence_id in sorted({link.offence_id for link in participations}):
        if offence_id not in offences:
            raise NotFound(f"Offence {offence_id} is linked but was not given. Link the case again, then draw it.")
        offence = offences[offence_id]
        if offence.store_id not in stores:
            raise NotFound(f"Store {offence.store_id} of offence {offence_id} was not given. Take in the stores first.")
        graph.add_node(offence_node(offence_id), **_offence(offence, stores[offence.store_id], harm_days or {}))
    for person_id, offence_id in sorted(links):
        same = links[person_id, offence_id]
        graph.add_edge(
            person_node(person_id),
            offence_node(offence_id),
            status=_surest(same),
            faces=" ".join(_faces(same)),
            review="" if _surest(same) == LinkStatus.UNKNOWN else review,
        )
    return graph


def _surest(links: Sequence[Participation]) -> str:
    return min((link.status for link in links), key=_SURENESS.__getitem__).value


def _faces(links: Sequence[Participation]) -> list[FaceId]:
    return sorted({face for link in links for face in link.faces})


def _person(links: Sequence[Participation]) -> dict[str, str]:
    person_id = links[0].person_id
    nominal_id = min((link.nominal_id for link in links if link.nominal_id is not None), default="")
    return {
        "kind": "person",
        "label": str(person_id),
        "person_id": str(person_id),
        "nominal_id": str(nominal_id),
        "status": _surest(links),
    }


def _offence(offence: Offence, store: Store, harm_days: Mapping[str, float]) -> dict[str, str | int | float]:
    attributes: dict[str, str | int | float] = {
        "kind": "offence",
        "label": str(offence.offence_id),
        "offence_id": str(offence.offence_id),
        "occurred_at": _iso(offence.occurred_at),
        "offence_code": offence.offence_code,
        "offence": offence.offence,
        "value_pence": offence.value_pence,
        "how_detected": offence.how_detected,
        "retailer_id": str(offence.retailer_id),
        "retailer": store.retailer,
        "store_id": str(offence.store_id),
        "store": store.store,
        "borough": store.borough,
        "latitude": store.latitude,
        "longitude": store.longitude,
    }
    if offence.offence_code in harm_days:
        attributes["harm_days"] = float(harm_days[offence.offence_code])
    return attributes


def _iso(moment: datetime) -> str:
    """Return UTC as ISO 8601; such texts of one form sort by time. A moment without a zone is UTC."""
    aware = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return aware.isoformat(timespec="seconds")


def nodes_of(graph: nx.Graph[str], kind: str) -> list[str]:
    """Return the nodes of a kind, "person" or "offence", in the order of their keys."""
    return sorted(node for node in graph if graph.nodes[node]["kind"] == kind)


def co_offending(graph: nx.Graph[str]) -> nx.Graph[str]:
    """Project the two-mode graph onto persons: two are joined where they are linked to one offence.

    Every person stays, alone or not. Joins have ``weight``, the number of offences shared, ``first_together``
    and ``last_together`` (ISO 8601, UTC), and ``status``, that of the least sure link they rest on.

    A join says that two persons are on stills of one offence, not that they acted together.
    """
    persons = nodes_of(graph, "person")
    projected: nx.Graph[str] = nx.Graph()
    projected.add_nodes_from((node, graph.nodes[node]) for node in persons)
    shared: dict[tuple[str, str], list[str]] = {}
    for offence in nodes_of(graph, "offence"):
        for pair in combinations(sorted(graph[offence]), 2):
            shared.setdefault(pair, []).append(offence)
    for (one, other), offences in sorted(shared.items()):
        times = [graph.nodes[offence]["occurred_at"] for offence in offences]
        statuses = [LinkStatus(graph.edges[person, at]["status"]) for at in offences for person in (one, other)]
        projected.add_edge(
            one,
            other,
            weight=len(offences),
            first_together=min(times),
            last_together=max(times),
            status=max(statuses, key=_SURENESS.__getitem__).value,
        )
    return projected
