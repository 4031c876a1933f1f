"""The network of persons and offences: what a link rests on, and answers to questions asked of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from stillgraph.records.identifiers import FaceId, NominalId, OffenceId, OfficerId, PersonId, RetailerId
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


@dataclass(frozen=True, slots=True)
class ConnectedPart:
    """Selected persons who are joined, and a small network that joins them.

    No network that joins them has fewer than ``least_possible`` links; where it is the number of ``links``, none is
    smaller than this one.
    """

    persons: tuple[PersonId, ...]
    nodes: tuple[NetworkNode, ...]
    links: tuple[LinkEvidence, ...]
    least_possible: int
    least_sure: LinkEvidence | None


@dataclass(frozen=True, slots=True)
class ConnectAnswer:
    """What joins several persons: ``parts`` of two or more of them; ``apart``, those joined to none of the others.

    A part has at most ``bound`` times the links of the smallest there is.
    """

    persons: tuple[PersonId, ...]
    parts: tuple[ConnectedPart, ...]
    apart: tuple[PersonId, ...]
    bound: float
    review: str


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A person near others; ``steps`` counts persons passed on the way, 0 of those asked about."""

    person: NetworkNode
    steps: int


@dataclass(frozen=True, slots=True)
class AroundAnswer:
    """Persons within so many steps of some, with the offences between and their links.

    ``left_out``: how many more persons are as near as the farthest shown, where there were too many to show.
    """

    persons: tuple[PersonId, ...]
    depth: int
    neighbours: tuple[Neighbour, ...]
    offences: tuple[NetworkNode, ...]
    links: tuple[LinkEvidence, ...]
    left_out: int
    least_sure: LinkEvidence | None
    review: str


@dataclass(frozen=True, slots=True)
class TimelineRow:
    """An offence or an arrest in the time of a person or a group.

    ``occurred_at`` is ``None`` of an arrest, of which the day alone is on record. ``persons`` are those of the group,
    ``others`` how many more are linked to the offence, ``together_with`` the first of those. ``days_since`` counts from
    the group's offence before; ``None`` of the first, and of arrests. ``custody_from`` and ``released_on`` are those on
    record of an arrest.
    """

    kind: NodeKind
    on: date
    occurred_at: datetime | None
    persons: tuple[PersonId, ...]
    others: int
    together_with: tuple[PersonId, ...]
    offence_id: OffenceId | None
    offence: str
    disposal: str | None
    custody_from: date | None
    released_on: date | None
    value_pence: int | None
    retailer: str | None
    store: str | None
    borough: str | None
    days_since: float | None
    links: tuple[LinkEvidence, ...]


@dataclass(frozen=True, slots=True)
class TimelineGap:
    """Time between two offences that follow each other, and how many arrests of the group are on record in it."""

    begins_at: datetime
    ends_at: datetime
    days: float
    arrests: int


@dataclass(frozen=True, slots=True)
class Timeline:
    """A person's or a group's offences and arrests in the order of time, and the longest gaps, the longest first.

    A gap is time without an offence linked here. It does not say that there was none, nor where anybody was; arrests
    say of custody what is on record of it, which may be nothing.
    """

    persons: tuple[PersonId, ...]
    rows: tuple[TimelineRow, ...]
    offences: int
    arrests: int
    first_at: datetime | None
    last_at: datetime | None
    gaps: tuple[TimelineGap, ...]
    least_sure: LinkEvidence | None
    review: str


@dataclass(frozen=True, slots=True)
class Journey:
    """From one offence of a person to the next at another store. ``km`` is great-circle, no route.

    ``too_fast``: nobody gets from one to the other in that time, so a link is wrong or a clock is.
    """

    begins_at: datetime
    ends_at: datetime
    days: float
    km: float
    from_offence: OffenceId
    to_offence: OffenceId
    from_store: str
    to_store: str
    from_borough: str
    to_borough: str
    status: LinkStatus
    too_fast: bool


@dataclass(frozen=True, slots=True)
class Traveller:
    """Where one person was seen: boroughs and retailers by offences, most first; journeys in the order of time."""

    person: NetworkNode
    offences: int
    stores: int
    boroughs: tuple[tuple[str, int], ...]
    retailers: tuple[tuple[str, int], ...]
    km: float
    journeys: tuple[Journey, ...]
    links: tuple[LinkEvidence, ...]
    least_sure: LinkEvidence | None


@dataclass(frozen=True, slots=True)
class BoroughFlow:
    """Journeys from stores of one borough to stores of another, or within one, and of how many persons."""

    from_borough: str
    to_borough: str
    journeys: int
    persons: int


@dataclass(frozen=True, slots=True)
class TravelAnswer:
    """Who was seen in several boroughs or at several retailers' stores; flows are over all persons looked at.

    ``persons`` were looked at; of them ``in_several_boroughs`` and ``at_several_retailers``. ``travellers`` are those
    of several boroughs or retailers, most boroughs first, as many as asked for.
    """

    persons: int
    in_several_boroughs: int
    at_several_retailers: int
    journeys: int
    too_fast: int
    travellers: tuple[Traveller, ...]
    flows: tuple[BoroughFlow, ...]
    review: str
