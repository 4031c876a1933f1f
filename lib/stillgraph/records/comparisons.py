"""Pictures of two faces to be compared by eye; no score, no rank and no place in a picture is among them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from stillgraph.records.identifiers import FaceId, NominalId


class Side(StrEnum):
    """Which of the two a picture belongs to."""

    STILL = "still"
    CANDIDATE = "candidate"


@dataclass(frozen=True, slots=True)
class Pictured:
    """A picture that can be looked at: ``key`` asks for it, ``caption`` says what it is."""

    key: str
    side: Side
    caption: str


@dataclass(frozen=True, slots=True)
class Comparable:
    """What there is to look at of a face and one of its candidates, the first of each side to be shown first.

    ``left_out`` names, in a sentence each, what cannot be shown so.
    """

    face_id: FaceId
    nominal_id: NominalId
    pictures: tuple[Pictured, ...]
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Portrayed:
    """A face aligned for comparison, as the bytes of a PNG; ``note`` says what to keep in mind of the picture."""

    png: bytes = field(repr=False)
    note: str
