"""Judgements of candidate lists and what they amount to."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from stillgraph.records.identifiers import CustodyImageId, FaceId, NominalId, OfficerId, SearchId, StillId


class Verdict(StrEnum):
    """What one officer says of one candidate list."""

    SUPPORTS = "supports"
    NO_CANDIDATE = "no candidate"
    INCONCLUSIVE = "inconclusive"


class Outcome(StrEnum):
    """What the officers' verdicts together amount to."""

    PENDING = "pending"
    CORROBORATED = "corroborated"
    NOT_SUPPORTED = "not supported"
    DISPUTED = "disputed"


@dataclass(frozen=True, slots=True)
class Judgement:
    """One officer's judgement of one candidate list; appended, never changed. ``nominal_id`` only with ``SUPPORTS``."""

    sequence: int
    """Orders judgements: an officer's later judgement of the same face replaces their earlier one."""
    face_id: FaceId
    search_id: SearchId
    officer: OfficerId
    verdict: Verdict
    nominal_id: NominalId | None
    reason: str
    judged_at: datetime
    simulated: bool
    salt: str = field(default="", repr=False)
    """Random text that keeps the verdict from being guessed from the judgement's seal in the audit chain."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """The outcome of a review and, if corroborated, of whom."""

    outcome: Outcome
    nominal_id: NominalId | None = None


@dataclass(frozen=True, slots=True)
class ReviewItem:
    """A candidate list waiting for an officer, as that officer may see it: no score, nobody else's verdict."""

    face_id: FaceId
    still: StillId
    search_id: SearchId
    candidates: tuple[tuple[NominalId, CustodyImageId], ...]
