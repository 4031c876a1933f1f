"""Faces of stills compared with faces of other stills."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from stillgraph.records.identifiers import FaceId, ModelId, NominalId, OffenceId, PersonId, RetailerId, StillId
from stillgraph.records.searches import GalleryInfo


@dataclass(frozen=True, slots=True)
class StillFilters:
    """Which stills a comparison is to look at. What is empty or ``None`` filters nothing."""

    retailer: tuple[RetailerId, ...] = ()
    borough: tuple[str, ...] = ()
    since: date | None = None
    """Captured on this day or later, UTC."""
    until: date | None = None
    """Captured up to and with this day."""


@dataclass(frozen=True, slots=True)
class AlikeFace:
    """A face of another still, with how alike it is; of a known person the face that is most alike."""

    rank: int
    face_id: FaceId
    still: StillId
    retailer_id: RetailerId
    borough: str
    captured_at: datetime
    offence_id: OffenceId
    nominal_id: NominalId | None
    """Whom officers have corroborated it as, or ``None``."""
    person_id: PersonId | None
    """The person it is corroborated to be, with a nominal or without, or ``None``."""
    faces: int
    """How many faces that person has, this one among them; 1 of a face that nobody is corroborated for."""
    score: float
    """A cosine, -1 to 1."""


@dataclass(frozen=True, slots=True)
class AlikeList:
    """The faces of other stills that are most alike to one face, in the order of their scores."""

    face_id: FaceId
    still: StillId
    alike: tuple[AlikeFace, ...]


@dataclass(frozen=True, slots=True)
class AlikeReport:
    """What a comparison of faces among the stills came to."""

    gallery: GalleryInfo
    """How many usable faces of stills there are, and a digest of them and of who is corroborated."""
    model: ModelId
    threshold: float
    limit: int
    filters: StillFilters
    faces_searched: int
    """How many faces the filters left."""
    lists: tuple[AlikeList, ...]
    elapsed_s: float
