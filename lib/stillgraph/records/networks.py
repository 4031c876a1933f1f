"""The network of persons and offences: what a link rests on, and answers to questions asked of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from stillgraph.records.identifiers import FaceId, NominalId, OfficerId, PersonId, RetailerId
from stillgraph.records.persons import LinkStatus
from stillgraph.records.reviews import Outcome, Strength, Verdict


class Basis(StrEnum):
    """Why a face counts as its person's: two officers under review, rulings in the open, or likeness alone."""

    REVIEW = "review"
    RULING = "ruling"
    LIKENESS = "likeness"
    NOT_STATED = "not stated"


class EdgeKind(StrEnum):
    """What an edge of the network says. ``PROPOSED_JOIN`` is a machine's proposal that two persons are one."""

    LINK = "link"
    PROPOSED_JOIN = "proposed join"
    AT_STORE = "at store"
    OF_RETAILER = "of retailer"
    IN_BOROUGH = "in borough"
    ARRESTED = "arrested"


class NodeKind(StrEnum):
    """What a node of the network is; all but persons and offences only where asked for."""

    PERSON = "person"
    OFFENCE = "offence"
    STORE = "store"
    RETAILER = "retailer"
    BOROUGH = "borough"
    ARREST = "arrest"


OPTIONAL_KINDS = (NodeKind.STORE, NodeKind.RETAILER, NodeKind.BOROUGH, NodeKind.ARREST)


@dataclass(frozen=True, slots=True)
class Opinion:
    """What one officer's latest judgement of a face says, once its review is settled.

    ``agrees``: it supports the nominal that was corroborated.
    """

    officer: OfficerId
    verdict: Verdict
    strength: Strength | None
    agrees: bool


@dataclass(frozen=True, slots=True)
class FaceEvidence:
    """Why one face counts as its person's. Officers are ids; what they gave as reasons is not here.

    ``judgements`` are those of a settled review. ``likelihood_ratio`` and ``score`` (a cosine) are, of a review, those
    of the candidate that was corroborated, and, of likeness alone, those of the machine's proposal.
    """

    face_id: FaceId
    basis: Basis
    outcome: Outcome | None = None
    review: str = ""
    judgements: tuple[Opinion, ...] = ()
    rulings: tuple[int, ...] = ()
    ruled_by: tuple[OfficerId, ...] = ()
    likelihood_ratio: float | None = None
    score: float | None = None


@dataclass(frozen=True, slots=True)
class PersonJoin:
    """A machine's proposal that ``part`` is ``whole``, on which nobody has ruled; ``score`` is a cosine."""

    part: PersonId
    whole: PersonId
    faces: tuple[FaceId, ...]
    likelihood_ratio: float | None
    score: float
    reason: str


@dataclass(frozen=True, slots=True)
class NetworkFilter:
    """Which links a network holds: days inclusive (UTC); an empty tuple leaves nothing out."""

    since: date | None = None
    until: date | None = None
    retailers: tuple[RetailerId, ...] = ()
    boroughs: tuple[str, ...] = ()
    statuses: tuple[LinkStatus, ...] = ()


@dataclass(frozen=True, slots=True)
class LinkEvidence:
    """One link that an answer uses, with what it rests on.

    ``to`` is an offence, or, of a ``proposed join``, the other person. ``faces`` of a join are those it would put
    together. ``likelihood_ratio`` and ``score`` are the highest of its faces, ``strength`` the weakest said of its
    surest face. ``reason`` is the machine's, of a join.
    """

    kind: EdgeKind
    person_id: PersonId
    to: str
    status: LinkStatus
    review: str
    strength: Strength | None
    likelihood_ratio: float | None
    score: float | None
    faces: tuple[FaceEvidence, ...]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class NetworkNode:
    """A person or an offence in an answer; when and where are an offence's."""

    kind: NodeKind
    id: str
    nominal_id: NominalId | None = None
    status: LinkStatus | None = None
    occurred_at: datetime | None = None
    offence: str | None = None
    retailer: str | None = None
    store: str | None = None
    borough: str | None = None


@dataclass(frozen=True, slots=True)
class NetworkPath:
    """A way through the network; ``begins_at`` and ``ends_at``: when its first and last offence, as walked, were."""

    nodes: tuple[NetworkNode, ...]
    links: tuple[LinkEvidence, ...]
    begins_at: datetime | None
    ends_at: datetime | None
    least_sure: LinkEvidence | None


@dataclass(frozen=True, slots=True)
class PathAnswer:
    """Ways from one person to another; none where they are not joined.

    ``in_time_order``: each next offence is not before the previous; ``paths`` are then those that no other beats both
    in links and in arrival, fewest links first, earliest arrival last. ``more``: others are as short as the last.
    """

    source: PersonId
    target: PersonId
    in_time_order: bool
    paths: tuple[NetworkPath, ...]
    more: bool
    review: str
