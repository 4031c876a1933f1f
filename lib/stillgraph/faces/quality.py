"""Measures of a face and the rule by which it may be searched with.

The rule is lenient on purpose: an officer sees the measures beside every candidate list and can discount a
poor face, but cannot see a face that was left out.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

from stillgraph.faces.embed import detail, inter_eye_px
from stillgraph.faces.pixels import luminance
from stillgraph.records import Quality, Vector

MINIMUM_INTER_EYE_PX = 6.0
"""Under this a face holds too few pixels to tell people apart: the crop enlarges it more than five times."""

MINIMUM_DETECTION_SCORE = 0.55
"""Under this the detector is in doubt that it is a face; the default pack's detector reports none under it."""


def measure(face: Image.Image, landmarks: Vector, detection_score: float) -> Quality:
    """Return the measures of one face.

    ``inter_eye_px``
        Distance of the two eye landmarks in pixels of the original image.
    ``sharpness``
        Variance of the 4-neighbour Laplacian of the aligned crop's luminance (0-255 levels squared).
    ``brightness``, ``contrast``
        Mean and standard deviation of the aligned crop's luminance, the middle half of it each way, as shares
        of 255; the deviation is doubled so that black and white in equal parts make 1.
    ``frontality``
        1 where the nose lies midway between the eyes along the line through them, falling to 0 where it lies
        under one of them or beyond.
    ``detection_score``
        As the detector gave it, 0-1.
    ``detail``
        Share of the aligned crop's variance that is fine detail, 0-1 (:func:`stillgraph.faces.embed.detail`).

    Parameters
    ----------
    face
        The aligned crop, RGB, 112 x 112.
    landmarks
        float32, shape (5, 2), in pixels of the original image.
    detection_score
        0-1.
    """
    light = luminance(np.asarray(face))
    middle = light[28:84, 28:84] / 255.0
    inner = light[1:-1, 1:-1]
    laplacian = light[:-2, 1:-1] + light[2:, 1:-1] + light[1:-1, :-2] + light[1:-1, 2:] - 4 * inner
    return Quality(
        inter_eye_px=inter_eye_px(landmarks),
        sharpness=float(laplacian.var()),
        brightness=float(middle.mean()),
        contrast=min(float(2 * middle.std()), 1.0),
        frontality=frontality(landmarks),
        detection_score=detection_score,
        detail=detail(face),
    )


def frontality(landmarks: Vector) -> float:
    """Return 0-1 by where the nose falls between the eyes (:func:`measure`); 0 where they coincide."""
    points = landmarks.astype(np.float64)
    line = points[1] - points[0]
    length = float(line @ line)
    if length == 0.0:
        return 0.0
    along = float((points[2] - points[0]) @ line) / length
    return float(np.clip(1.0 - 2.0 * abs(along - 0.5), 0.0, 1.0))


def unusable_reason(quality: Quality) -> str | None:
    """Return why a face is not searched, as a sentence, or None where it may be."""
    if quality.inter_eye_px < MINIMUM_INTER_EYE_PX:
        return (
            f"The eyes are {quality.inter_eye_px:.1f} pixels apart; a face is searched from "
            f"{MINIMUM_INTER_EYE_PX:g} pixels on. Ask for a larger original."
        )
    if quality.detection_score < MINIMUM_DETECTION_SCORE:
        return (
            f"The detector scores it {quality.detection_score:.2f}; a face is searched from "
            f"{MINIMUM_DETECTION_SCORE:g} on. Ask for a clearer original."
        )
    return None
