"""What is said of a settled review, and photo arrays: values that are shown, exported and kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from stillgraph.records.identifiers import CustodyImageId, FaceId, NominalId, OfficerId, StillId
from stillgraph.records.reviews import Judgement, Outcome, ReviewPolicy
from stillgraph.records.searches import SearchReport


@dataclass(frozen=True, slots=True)
class Plate:
    """A picture of a statement: the bytes of a PNG, and what it is in words."""

    caption: str
    png: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Conclusion:
    """One judgement in a statement, and where the audit chain holds it."""

    judgement: Judgement
    turn: int | None
    """Which officer of this review it was: 1, 2 or 3; ``None`` of a list since when somebody was enrolled."""
    replaced: bool
    """Whether it no longer counts: the officer judged again later, or the list was another."""
    policy: ReviewPolicy | None
    """How the list was dealt; ``None`` of a judgement made before policies were recorded."""
    audit_sequence: int
    audit_digest: str
    """SHA-256, in hex, of the audit entry that recorded it."""
    sentence: str
    """The conclusion in the words of the verdict scale."""


@dataclass(frozen=True, slots=True)
class Statement:
    """Who compared what, when, how and with what conclusion, of one face. Identifiers only, no names."""

    face_id: FaceId
    still: StillId
    captured_at: datetime
    offence: str
    outcome: Outcome
    nominal_id: NominalId | None
    simulated: bool
    """Whether simulated officers had a part: then it is of a demonstration and says nothing of anybody."""
    search: SearchReport
    searched_by: str
    searched_at: datetime
    search_operation: str
    listed: int
    conclusions: tuple[Conclusion, ...]
    plates: tuple[Plate, ...]
    software: tuple[tuple[str, str], ...]
    made_by: OfficerId
    made_for: str
    made_at: datetime
    audit_head: tuple[int, str]
    """Sequence and digest of the audit chain's newest entry when the statement was made."""


@dataclass(frozen=True, slots=True)
class ArrayPosition:
    """One picture of a photo array. ``why`` says by which recorded description a filler was chosen."""

    position: int
    nominal_id: NominalId
    custody_image: CustodyImageId
    why: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class PhotoArray:
    """One candidate among fillers of similar recorded description, in an order drawn from a seed."""

    array_id: int
    nominal_id: NominalId
    face_id: FaceId | None
    seed: int
    positions: tuple[ArrayPosition, ...]
    made_by: OfficerId
    made_at: datetime


@dataclass(frozen=True, slots=True)
class ArrayAnswer:
    """What a witness answered to a photo array: a position or none, and their words."""

    array_id: int
    position: int | None
    words: str = field(repr=False)
    is_candidate: bool
    """Whether the position is the candidate's; false for a filler's and for none."""
    recorded_by: OfficerId
    recorded_at: datetime
