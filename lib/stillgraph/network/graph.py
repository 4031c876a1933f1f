"""The graph itself: persons and offences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import networkx as nx

from stillgraph.errors import NotFound
from stillgraph.network import places
from stillgraph.network.evidence import SURENESS, surest_strength, written
from stillgraph.network.naming import offence_node, person_node
from stillgraph.records import (
    Arrest,
    Basis,
    EdgeKind,
    FaceEvidence,
    FaceId,
    LinkStatus,
    NodeKind,
    NominalId,
    Offence,
    OffenceId,
    Participation,
    PersonId,
    PersonJoin,
    Store,
    StoreId,
)

_TWO_MODES = frozenset({NodeKind.PERSON, NodeKind.OFFENCE})


def build(
    participations: Sequence[Participation],
    offences: Mapping[OffenceId, Offence],
    stores: Mapping[StoreId, Store],
    *,
    harm_days: Mapping[str, float] | None = None,
    review: str = "",
    evidence: Mapping[FaceId, FaceEvidence] | None = None,
    joins: Sequence[PersonJoin] = (),
    arrests: Sequence[Arrest] = (),
    kinds: Collection[NodeKind] = (),
) -> nx.Graph[str]:
    """Build the two-mode graph of persons and the offences they are linked to.

    Attributes are text and numbers only, so that every file format can hold them; what is not known is empty
    text or left out. Nodes and edges stand in the order of their keys, whatever the order of the rows.

    Persons have ``kind`` ("person"), ``label``, ``person_id``, ``nominal_id``, ``status``, that of their
    surest link, and ``arrests``, how many are on record, where a nominal is known. Offences have ``kind``
    ("offence"), ``label``, ``offence_id``, ``occurred_at`` (ISO 8601, UTC), ``offence_code``, ``offence``,
    ``value_pence``, ``how_detected``, ``retailer_id``, ``retailer``, ``store_id``, ``store``, ``borough``,
    ``latitude`` and ``longitude`` (degrees), and ``harm_days`` where they are given.

    Edges have a ``kind``. Links of a person and an offence (``link``) have ``status``; ``faces``, face ids joined by
    blanks; ``review``, how they were reviewed; ``basis``, why the faces count (``review``, ``ruling``, ``likeness``);
    ``officers``, the ids of those who agree, joined by blanks; ``strength``, the words of the surest face;
    ``likelihood_ratio`` and ``score``, the highest of the faces, where there is one; and ``evidence``, all of it by
    face, as JSON text. Two persons a machine proposes to be one have an edge ``proposed join``, with ``part`` and
    ``whole``, likewise marked ``unknown``, since nobody has ruled on it.

    Parameters
    ----------
    participations
        Links; one given twice is one link, with the surer status and all faces.
    offences, stores
        Every offence linked and its store, by id. Offences without a link are not in the graph.
    harm_days
        Days of harm by offence code; codes without a value leave ``harm_days`` out.
    review
        How links were reviewed, e.g. ``simulated review``: written on the graph, and on every link that somebody
        judged whose faces have no evidence of their own, so that no exported link goes without it.
    evidence
        Why each face counts as its person's.
    joins
        What machines propose to be one person; those of persons without a link are left out.
    arrests
        Arrests on record, by which persons with a nominal get their number of them.
    kinds
        Which of stores, retailers, boroughs and arrests shall be nodes too: offences are joined to their store, and it,
        or where stores are none the offence, to its retailer and borough; persons to their arrests.

    Raises
    ------
    NotFound
        A link to an offence, or an offence at a store, that was not given.
    """
    links: dict[tuple[PersonId, OffenceId], list[Participation]] = {}
    persons: dict[PersonId, list[Participation]] = {}
    for link in participations:
        links.setdefault((link.person_id, link.offence_id), []).append(link)
        persons.setdefault(link.person_id, []).append(link)
    arrested = Counter(arrest.nominal_id for arrest in arrests)
    graph: nx.Graph[str] = nx.Graph(review=review)
    for person_id in sorted(persons):
        graph.add_node(person_node(person_id), **_person(persons[person_id], arrested))
    for offence_id in sorted({link.offence_id for link in participations}):
        if offence_id not in offences:
            raise NotFound(f"Offence {offence_id} is linked but was not given. Link the case again, then draw it.")
        offence = offences[offence_id]
        if offence.store_id not in stores:
            raise NotFound(f"Store {offence.store_id} of offence {offence_id} was not given. Take in the stores first.")
        graph.add_node(offence_node(offence_id), **_offence(offence, stores[offence.store_id], harm_days or {}))
    for person_id, offence_id in sorted(links):
        attributes = _link(links[person_id, offence_id], review, evidence or {})
        graph.add_edge(person_node(person_id), offence_node(offence_id), **attributes)
    _add_joins(graph, joins)
    places.add(graph, stores, arrests, kinds)
    return graph


def two_mode(graph: nx.Graph[str]) -> nx.Graph[str]:
    """Return the links of persons and offences alone, without proposed joins and optional kinds; a copy."""
    return part(graph, _persons_and_offences(graph), {EdgeKind.LINK})


def persons_and_offences(graph: nx.Graph[str]) -> nx.Graph[str]:
    """Return persons and offences with their links and proposed joins, without optional kinds.

    Questions are asked of it: that two persons stole from one retailer does not join them.
    """
    asked = _persons_and_offences(graph)
    return graph if len(asked) == len(graph) else part(graph, asked)


def _persons_and_offences(graph: nx.Graph[str]) -> set[str]:
    return {node for node, data in graph.nodes(data=True) if data["kind"] in _TWO_MODES}


def part(graph: nx.Graph[str], nodes: Container[str], kinds: Container[str] | None = None) -> nx.Graph[str]:
    """Return some nodes and the edges between them, of all ``kinds`` unless some are given; a copy.

    In the graph's own order, which networkx's ``subgraph`` leaves to the order of a set.
    """
    kept: nx.Graph[str] = nx.Graph(**graph.graph)
    kept.add_nodes_from((node, data) for node, data in graph.nodes(data=True) if node in nodes)
    kept.add_edges_from(
        (one, other, data)
        for one, other, data in graph.edges(data=True)
        if one in nodes and other in nodes and (kinds is None or data["kind"] in kinds)
    )
    return kept


def _link(same: Sequence[Participation], review: str, evidence: Mapping[FaceId, FaceEvidence]) -> dict[str, Any]:
    status = _surest(same)
    faces = [evidence.get(face, FaceEvidence(face, Basis.NOT_STATED)) for face in _faces(same)]
    kinds = sorted({face.review for face in faces} - {""})
    if status == LinkStatus.UNKNOWN:
        review = ""
    elif kinds:
        review = kinds[-1]  # "simulated review" comes after "human review", and one simulated part makes it so
    strength = surest_strength(faces)
    agreed = {opinion.officer for face in faces for opinion in face.judgements if opinion.agrees}
    return {
        "kind": EdgeKind.LINK.value,
        "status": status,
        "faces": " ".join(face.face_id for face in faces),
        "review": review,
        "basis": " ".join(sorted({face.basis.value for face in faces} - {Basis.NOT_STATED.value})),
        "officers": " ".join(sorted(agreed | {officer for face in faces for officer in face.ruled_by})),
        "strength": "" if strength is None else strength.value,
        **_highest("likelihood_ratio", [face.likelihood_ratio for face in faces]),
        **_highest("score", [face.score for face in faces]),
        "evidence": written(faces),
    }


def _highest(name: str, values: Iterable[float | None]) -> dict[str, float]:
    known = [float(value) for value in values if value is not None]
    return {name: max(known)} if known else {}


def _add_joins(graph: nx.Graph[str], joins: Iterable[PersonJoin]) -> None:
    together: dict[tuple[PersonId, PersonId], list[PersonJoin]] = {}
    for join in joins:
        if person_node(join.part) in graph and person_node(join.whole) in graph and join.part != join.whole:
            together.setdefault((join.part, join.whole), []).append(join)
    for (part, whole), same in sorted(together.items()):
        best = max(same, key=lambda join: (join.score, join.faces))
        faces = sorted({face for join in same for face in join.faces})
        graph.add_edge(
            person_node(part),
            person_node(whole),
            kind=EdgeKind.PROPOSED_JOIN.value,
            status=LinkStatus.UNKNOWN.value,
            part=str(part),
            whole=str(whole),
            faces=" ".join(faces),
            review="",
            basis=Basis.LIKENESS.value,
            officers="",
            strength="",
            **_highest("likelihood_ratio", [join.likelihood_ratio for join in same]),
            score=float(best.score),
            evidence=written([FaceEvidence(face, Basis.LIKENESS) for face in faces]),
            reason=best.reason,
        )


def _surest(links: Sequence[Participation]) -> str:
    return min((link.status for link in links), key=SURENESS.__getitem__).value


def _faces(links: Sequence[Participation]) -> list[FaceId]:
    return sorted({face for link in links for face in link.faces})


def _person(links: Sequence[Participation], arrested: Mapping[NominalId, int]) -> dict[str, str | int]:
    person_id = links[0].person_id
    nominal_id = min((link.nominal_id for link in links if link.nominal_id is not None), default=None)
    attributes: dict[str, str | int] = {
        "kind": NodeKind.PERSON.value,
        "label": str(person_id),
        "person_id": str(person_id),
        "nominal_id": str(nominal_id or ""),
        "status": _surest(links),
    }
    if nominal_id is not None and arrested:
        attributes["arrests"] = arrested.get(nominal_id, 0)
    return attributes


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
