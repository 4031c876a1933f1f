"""What a link rests on, and which of several is the least sure."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from typing import Any

import networkx as nx

from stillgraph.records import (
    LINK_STATUSES,
    Basis,
    EdgeKind,
    FaceEvidence,
    FaceId,
    LinkEvidence,
    LinkStatus,
    OfficerId,
    Opinion,
    Outcome,
    PersonId,
    Strength,
    Verdict,
)

SURENESS = {status: number for number, status in enumerate(LINK_STATUSES)}
"""Statuses from the surest on. A machine's proposal that two persons are one comes after all of them."""

_STRENGTH = {Strength.STRONG: 0, Strength.MODERATE: 1, Strength.LIMITED: 2, None: 3}


def face_strength(face: FaceEvidence) -> Strength | None:
    """Return the weakest strength that an officer who agrees said of a face, ``None`` where one said none."""
    said = [opinion.strength for opinion in face.judgements if opinion.agrees]
    return max(said, key=_STRENGTH.__getitem__, default=None)


def surest_strength(faces: Iterable[FaceEvidence]) -> Strength | None:
    """Return the strength of the surest of a link's faces."""
    return min((face_strength(face) for face in faces), key=_STRENGTH.__getitem__, default=None)


def written(faces: Sequence[FaceEvidence]) -> str:
    """Return faces' evidence as JSON text, what is not known left out: an attribute that any file format can hold."""
    return json.dumps([_plain(face) for face in faces], ensure_ascii=False, separators=(",", ":"))


def _plain(face: FaceEvidence) -> dict[str, object]:
    told: dict[str, object] = {"face_id": face.face_id, "basis": face.basis.value}
    if face.outcome is not None:
        told["outcome"] = face.outcome.value
    if face.review:
        told["review"] = face.review
    if face.judgements:
        told["judgements"] = [
            {
                "officer": opinion.officer,
                "verdict": opinion.verdict.value,
                "strength": None if opinion.strength is None else opinion.strength.value,
                "agrees": opinion.agrees,
            }
            for opinion in face.judgements
        ]
    if face.rulings:
        told |= {"rulings": list(face.rulings), "ruled_by": list(face.ruled_by)}
    if face.likelihood_ratio is not None:
        told["likelihood_ratio"] = face.likelihood_ratio
    if face.score is not None:
        told["score"] = face.score
    return told


def read(text: str) -> tuple[FaceEvidence, ...]:
    """Return faces' evidence from the text that :func:`written` makes."""
    return tuple(_face(told) for told in json.loads(text))


def _face(told: dict[str, Any]) -> FaceEvidence:
    return FaceEvidence(
        face_id=FaceId(told["face_id"]),
        basis=Basis(told["basis"]),
        outcome=None if "outcome" not in told else Outcome(told["outcome"]),
        review=told.get("review", ""),
        judgements=tuple(
            Opinion(
                OfficerId(one["officer"]),
                Verdict(one["verdict"]),
                None if one["strength"] is None else Strength(one["strength"]),
                one["agrees"],
            )
            for one in told.get("judgements", ())
        ),
        rulings=tuple(told.get("rulings", ())),
        ruled_by=tuple(OfficerId(one) for one in told.get("ruled_by", ())),
        likelihood_ratio=told.get("likelihood_ratio"),
        score=told.get("score"),
    )


def link_evidence(graph: nx.Graph[str], one: str, other: str) -> LinkEvidence:
    """Return what the edge between two nodes rests on: a link, or a proposed join of two persons."""
    edge = graph.edges[one, other]
    kind = EdgeKind(edge["kind"])
    if kind is EdgeKind.PROPOSED_JOIN:
        person, to = edge["part"], edge["whole"]
    else:
        person_node, offence_node = sorted((one, other), key=lambda node: graph.nodes[node]["kind"] == "offence")
        person, to = graph.nodes[person_node]["person_id"], graph.nodes[offence_node]["offence_id"]
    return LinkEvidence(
        kind=kind,
        person_id=PersonId(person),
        to=to,
        status=LinkStatus(edge["status"]),
        review=edge["review"],
        strength=Strength(edge["strength"]) if edge.get("strength") else None,
        likelihood_ratio=edge.get("likelihood_ratio"),
        score=edge.get("score"),
        faces=read(edge["evidence"]),
        reason=edge.get("reason", ""),
    )


def unsureness(link: LinkEvidence) -> tuple[int, int, float, float, str, str]:
    """Return a key that sorts links from the surest to the least sure.

    By status first, a machine's proposal last; then by the strength officers said, none said last; then by likelihood
    ratio, falling, none known last; then by score, likewise; then by ids.
    """
    rank = len(SURENESS) if link.kind is EdgeKind.PROPOSED_JOIN else SURENESS[link.status]
    ratio = -link.likelihood_ratio if link.likelihood_ratio is not None else math.inf
    score = -link.score if link.score is not None else math.inf
    return rank, _STRENGTH[link.strength], ratio, score, link.person_id, link.to


def edge_rank(edge: dict[str, Any]) -> int:
    """Return how unsure an edge's status is: 0 corroborated, 1 proposed, 2 unknown, 3 a machine's proposed join."""
    return len(SURENESS) if edge["kind"] == EdgeKind.PROPOSED_JOIN else SURENESS[LinkStatus(edge["status"])]


def least_sure(links: Iterable[LinkEvidence]) -> LinkEvidence | None:
    """Return the least sure of links, ``None`` where there are none."""
    return max(links, key=unsureness, default=None)
