"""The faces of an enhanced picture: which of the still's faces each is, and which the original did not show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from stillgraph.errors import WrongUse
from stillgraph.faces.analyse import FAULTS_OF_AN_IMAGE, describe
from stillgraph.faces.detect import OVERLAP, Detection, overlaps
from stillgraph.faces.embed import ImageRole
from stillgraph.faces.enhance import moved_box, moved_points
from stillgraph.faces.packs import FacePack
from stillgraph.faces.pixels import Pixels
from stillgraph.faces.steps import Matrix, Step, to_original
from stillgraph.faces.steps import describe as in_words
from stillgraph.records import Box, EnhancedView, Face, FaceId, StillId, Vector
from stillgraph.records.enhancements import FOUND_BY_ENHANCEMENT

SEEN_TWICE = -1
"""Stands for a face that another of the same picture is already."""


def look(
    still: StillId,
    original: Pixels,
    enhanced: Pixels,
    *,
    steps: Sequence[Step],
    known: Sequence[Face],
    pack: FacePack,
    number: int,
) -> tuple[list[EnhancedView], list[Face]]:
    """Return the faces in the enhanced picture, and those among them that the still had not.

    A face that overlaps one of the still's faces by an intersection over union of :data:`OVERLAP` or more in the
    original is that face, the best overlap first and each at most once. What overlaps a face that is taken already is
    that face seen twice, and left out. Any other is new. Its box, landmarks and measures are those of the original at
    its place, so that enlarging makes no face usable; its template alone is from the enhanced picture.

    Parameters
    ----------
    still, original, known
        The still, its pixels and its faces.
    enhanced, steps
        What the steps made of it.
    number
        The enhancement's, for ``found_by``.

    Raises
    ------
    WrongUse
        Something in the enhanced picture stops the analysis.
    """
    back = to_original(steps, original.shape[1], original.shape[0])
    found_by = f"{FOUND_BY_ENHANCEMENT}{number}: {in_words(steps)}"
    first = 1 + max((int(face.face_id.rpartition("#")[2]) for face in known), default=0)
    views: list[EnhancedView] = []
    new: list[Face] = []
    try:
        found = sorted(pack.detector.detect(enhanced), key=lambda d: (d.box.x + d.box.width / 2, d.box.y))
        for one, place in zip(found, _whose([moved_box(one.box, back) for one in found], known), strict=True):
            if place == SEEN_TWICE:
                continue
            seen = describe(still, 0, enhanced, one, pack=pack, role=ImageRole.STILL)
            if place is None:
                there = _in_original(one, back, found_by)
                measured = describe(still, first + len(new), original, there, pack=pack, role=ImageRole.STILL)
                new.append(replace(measured, template=seen.template))
            face_id = new[-1].face_id if place is None else known[place].face_id
            if seen.template is not None:
                views.append(EnhancedView(FaceId(face_id), seen.box, seen.landmarks, seen.template))
    except FAULTS_OF_AN_IMAGE as error:
        raise WrongUse(
            f"Looking for faces in the enhanced picture failed ({type(error).__name__}); crop it to the part that "
            "matters, or leave the last step out."
        ) from error
    return views, new


def _whose(boxes: Sequence[Box], known: Sequence[Face]) -> list[int | None]:
    """Return for each box the place of its face among the known, ``None`` of a new one, or :data:`SEEN_TWICE`."""
    if not boxes or not known:
        return [None] * len(boxes)
    there = _rows([face.box for face in known])
    shared = np.stack([overlaps(box, there) for box in _rows(boxes)])
    whose: list[int | None] = [SEEN_TWICE if best >= OVERLAP else None for best in shared.max(axis=1)]
    while shared.max() >= OVERLAP:
        box, face = divmod(int(shared.argmax()), len(known))
        whose[box] = face
        shared[box, :] = 0
        shared[:, face] = 0
    return whose


def _rows(boxes: Sequence[Box]) -> Vector:
    return np.array([(box.x, box.y, box.width, box.height) for box in boxes], np.float32)


def _in_original(found: Detection, back: Matrix, found_by: str) -> Detection:
    return Detection(moved_box(found.box, back), moved_points(found.landmarks, back), found.score, found_by)
