"""Stills that an officer enhanced: the steps, what they came to, and the faces the enhanced picture shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from stillgraph.records.faces import Box, Template
from stillgraph.records.identifiers import EnhancementId, FaceId, OfficerId, OperationId, StillId, Vector

FOUND_BY_ENHANCEMENT = "enhancement "
"""How ``found_by`` begins of a face that the original did not show: ``enhancement 1: gamma 1.6``."""


@dataclass(frozen=True, slots=True, eq=False)
class EnhancedView:
    """A face of a still as an enhancement shows it; box and landmarks (5, 2) in pixels of the enhanced picture."""

    face_id: FaceId
    box: Box
    landmarks: Vector = field(repr=False)
    template: Template


@dataclass(frozen=True, slots=True)
class EnhancedFace:
    """A face in an enhancement: where in the original, where in the enhanced picture, whether only there."""

    face_id: FaceId
    box: Box
    enhanced_box: Box
    only_enhanced: bool


@dataclass(frozen=True, slots=True)
class Enhancement:
    """An enhancement of a still, as recorded; the still itself is never changed.

    ``steps`` holds each step with every parameter, ``words`` says the same in words. ``pixels_sha256`` is of the RGB
    pixels the steps made with ``software``. ``made_now`` is false of one that was there already.
    """

    enhancement_id: EnhancementId
    still: StillId
    steps: tuple[Mapping[str, object], ...]
    words: str
    width_px: int
    height_px: int
    pixels_sha256: str
    software: str
    officer: OfficerId
    operation: OperationId
    made_at: datetime
    faces: tuple[EnhancedFace, ...]
    made_now: bool = False


@dataclass(frozen=True, slots=True)
class Reproduction:
    """Whether an enhancement's steps, done anew to the original, give the recorded pixels; with which software each."""

    enhancement_id: EnhancementId
    same: bool
    pixels_sha256: str
    pixels_sha256_now: str
    software: str
    software_now: str


@dataclass(frozen=True, slots=True)
class Preview:
    """A still beside what steps make of it, nothing of it kept.

    ``original`` shows the same part as ``enhanced``, turned and enlarged alike and otherwise as it was; ``beside`` has
    both, with ``captions`` below. All three are the bytes of PNG files.
    """

    still: StillId
    steps: tuple[Mapping[str, object], ...]
    words: str
    width_px: int
    height_px: int
    pixels_sha256: str
    captions: tuple[str, str]
    original: bytes = field(repr=False)
    enhanced: bytes = field(repr=False)
    beside: bytes = field(repr=False)
