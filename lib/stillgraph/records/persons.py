"""Persons: faces held to be one, the rulings between faces behind them, proposals and contradictions."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from stillgraph.records.faces import Box
from stillgraph.records.identifiers import FaceId, NominalId, OffenceId, OfficerId, OperationId, PersonId, StillId


class LinkStatus(StrEnum):
    """How a person, or a person's part in an offence, is known.

    ``CORROBORATED``: two different officers agreed. ``PROPOSED``: one officer ruled so in the open, or two of a face
    that review has not named. ``UNKNOWN``: by likeness alone. None is ever what an officer under review said, which
    stays blind; what a machine proposes stands in ``Linkage.proposals``.
    """

    CORROBORATED = "corroborated"
    PROPOSED = "proposed"
    UNKNOWN = "unknown"


class Says(StrEnum):
    """What a ruling between faces says."""

    SAME = "same"
    NOT_SAME = "not same"
    TAKEN_BACK = "taken back"


@dataclass(frozen=True, slots=True)
class FaceRuling:
    """One officer's ruling between faces, in the open; appended, never changed.

    ``same``: every two of ``faces`` are one person, or, where there are ``others``, each of ``faces`` and each of those
    are. ``not same``: no two are, or none of ``faces`` and none of ``others``. ``taken back``: ruling ``undoes`` no
    longer counts.
    """

    sequence: int
    act: int
    """The sequence of the first ruling of the action that made it; they are taken back together."""
    faces: tuple[FaceId, ...]
    others: tuple[FaceId, ...]
    says: Says
    undoes: int | None
    officer: OfficerId
    operation: OperationId
    reason: str
    ruled_at: datetime
    simulated: bool
    salt: str = field(default="", repr=False)
    """Random text in the ruling's seal, as for judgements."""


@dataclass(frozen=True, slots=True)
class PersonFace:
    """A face that belongs to a person."""

    face_id: FaceId
    still: StillId
    box: Box


@dataclass(frozen=True, slots=True)
class Person:
    """Faces held to be one person, and why.

    ``corroborated``: every face is there by two officers' agreement, with a ``nominal_id`` if their review named one,
    else as a series of somebody not named. ``proposed``: one officer ruled so. ``unknown``: by similarity alone.
    """

    person_id: PersonId
    nominal_id: NominalId | None
    status: LinkStatus
    faces: tuple[PersonFace, ...]
    stills: tuple[StillId, ...]
    offences: tuple[OffenceId, ...]
    proposed_as: PersonId | None = None
    """The corroborated person whom officers rule these faces to be too, which is not corroborated."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """Faces a machine proposes to be one person, for people to decide. ``score`` is a cosine, -1 to 1.

    ``persons``: the persons of this linking run that would become one, the first to be part of the second; one person
    alone where its faces are grouped by similarity already.
    """

    faces: tuple[FaceId, ...]
    likelihood_ratio: float | None
    score: float
    reason: str
    persons: tuple[PersonId, ...] = ()


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Statements that cannot all be true, shown and left to people; ``rulings``: those between faces among them."""

    faces: tuple[FaceId, ...]
    reason: str
    rulings: tuple[int, ...] = ()


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
