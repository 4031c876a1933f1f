"""Persons: faces held to be one, proposals and contradictions."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from stillgraph.records.faces import Box
from stillgraph.records.identifiers import FaceId, NominalId, OffenceId, PersonId, StillId


class LinkStatus(StrEnum):
    """How a person, or a person's part in an offence, is known.

    ``PROPOSED`` is reserved for links that people propose in the open, which no action does yet. It is never what an
    officer under review said, which stays blind, nor what a machine proposes, which stands in ``Linkage.proposals``.
    """

    CORROBORATED = "corroborated"
    PROPOSED = "proposed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class PersonFace:
    """A face that belongs to a person."""

    face_id: FaceId
    still: StillId
    box: Box


@dataclass(frozen=True, slots=True)
class Person:
    """Faces held to be one person, and why.

    ``corroborated``: in custody records, every face there by two officers' agreement. ``unknown``: not named; the faces
    are grouped by similarity alone. ``proposed`` is reserved (:class:`LinkStatus`).
    """

    person_id: PersonId
    nominal_id: NominalId | None
    status: LinkStatus
    faces: tuple[PersonFace, ...]
    stills: tuple[StillId, ...]
    offences: tuple[OffenceId, ...]


@dataclass(frozen=True, slots=True)
class Proposal:
    """Faces a machine proposes to be one person, for people to decide. ``score`` is a cosine, -1 to 1."""

    faces: tuple[FaceId, ...]
    likelihood_ratio: float | None
    score: float
    reason: str


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Statements that cannot all be true, shown and left to people."""

    faces: tuple[FaceId, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Linkage:
    """The result of linking, each part in a reproducible order; ``simulated``: the reviews behind it were."""

    persons: tuple[Person, ...]
    proposals: tuple[Proposal, ...]
    contradictions: tuple[Contradiction, ...]
    simulated: bool = False


@dataclass(frozen=True, slots=True)
class Participation:
    """One person's part in one offence, and how it is known."""

    person_id: PersonId
    nominal_id: NominalId | None
    offence_id: OffenceId
    status: LinkStatus
    faces: tuple[FaceId, ...]
