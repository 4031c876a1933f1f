"""Measures of a face and the rule by which it may be searched with.

The measures follow components of ISO/IEC 29794-5:2025 as far as pixels and five landmarks carry them; none is mapped
to that standard's 0-100. What they together say of a search is measured, in :mod:`stillgraph.faces.bands`.

The rule of use is lenient on purpose: an officer sees the measures beside every candidate list and can discount a
poor face, but cannot see a face that was left out.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from stillgraph.faces.embed import detail, inter_eye_px
from stillgraph.faces.pixels import Pixels, luminance
from stillgraph.records import Quality, Vector

MINIMUM_INTER_EYE_PX = 6.0
"""Under this a face holds too few pixels to tell people apart: the crop enlarges it more than five times."""

MINIMUM_DETECTION_SCORE = 0.55
"""Under this the detector is in doubt that it is a face; the default pack's detector reports none under it."""

BLACK, WHITE = 25.0, 247.0
"""Luminance (0-255) up to which a pixel is all but black and from which it is all but white: the ranges of under- and
over-exposure prevention in OFIQ, the reference implementation of ISO/IEC 29794-5."""

MIDDLE = slice(28, 84)
"""The middle half of the aligned crop each way: from above the eyes to the mouth, with little hair and background."""

CELL_PX = 8
"""Occlusion is counted in cells of so many pixels of the aligned crop each way: noise averages out in them."""

OVAL_CENTRE, OVAL_RADII = (56.0, 62.0), (40.0, 52.0)
"""The face's oval in the aligned crop, x and y: from the middle of the forehead to the chin, from ear to ear."""

OTHER_COLOUR = 0.3
"""From this distance in logarithms of R, G, B, their mean taken off, a cell has another colour than the skin has.

Chosen on retailers R01 to R06 of the demonstration among 0.1 to 0.45. Taking off the mean leaves shadows out."""

GREY_LEVELS, DARK_LEVELS = 3.0, 15.0
"""Where the oval's cells have less colour (largest less smallest of R, G, B, median), or the skin is darker than this
(levels of 0-255), colours say nothing, and occlusion is not taken."""

RULES = {
    "inter_eye_px": "distance of the eyes, pixels of the original; a picture enlarged before it was sent looks better",
    "sharpness": "variance of the Laplacian of the aligned face; noise and compression raise it too",
    "brightness": "mean luminance of the middle of the aligned face, 0-1",
    "contrast": "twice the standard deviation of that luminance, 0-1",
    "frontality": "1 where the nose lies midway between the eyes, 0 in profile",
    "detection_score": "the detector's, 0-1",
    "roll_degrees": "how far the line through the eyes leans, degrees, clockwise",
    "pitch": "where the nose tip lies between the eyes (0) and the mouth (1); about 0.58 of a face seen straight",
    "underexposed": "share of the middle of the aligned face that is all but black, 0-1",
    "overexposed": "share of it that is all but white, 0-1",
    "jpeg_quality": "libjpeg's quality at which the file was last saved, 1-100; only of JPEG",
    "occlusion": "share of the face's oval of another colour than its skin, 0-1; not of pictures without colour",
    "detail": "share of the aligned face's variance that is fine detail, 0-1; under 0.012 it has few pixels of its own",
    "band": "A to D by the score the right person can be expected to have; only of the model it was measured on",
}
"""Each measure's rule in a line, for people who see the figure; in full at :func:`measure`."""


def measure(face: Image.Image, landmarks: Vector, detection_score: float, jpeg_quality: float | None = None) -> Quality:
    """Return the measures of one face, without a band.

    ``inter_eye_px``
        Distance of the two eye landmarks in pixels of the original image.
    ``sharpness``
        Variance of the 4-neighbour Laplacian of the aligned crop's luminance (0-255 levels squared). Noise and
        compression raise it too: it orders pictures of one camera, not of two.
    ``brightness``, ``contrast``
        Mean and standard deviation of the aligned crop's luminance, :data:`MIDDLE` each way, as shares
        of 255; the deviation is doubled so that black and white in equal parts make 1.
    ``underexposed``, ``overexposed``
        Shares of the same pixels up to :data:`BLACK` and from :data:`WHITE` on.
    ``frontality``
        1 where the nose lies midway between the eyes along the line through them, falling to 0 where it lies
        under one of them or beyond.
    ``pitch``
        Where the nose tip lies between the eyes (0) and the mouth (1), along the line through their middles: about .58
        of a face seen straight, more when seen from above. Faces differ in it: no angle is given.
    ``roll_degrees``
        How far the line through the eyes leans, -180 to 180, clockwise as seen.
    ``jpeg_quality``
        As :func:`stillgraph.faces.compression.jpeg_quality` has it of the file.
    ``occlusion``
        See :func:`occlusion`.
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
    jpeg_quality
        1-100, or ``None`` for other formats.
    """
    crop = np.asarray(face)
    light = luminance(crop)
    middle = light[MIDDLE, MIDDLE]
    inner = light[1:-1, 1:-1]
    laplacian = light[:-2, 1:-1] + light[2:, 1:-1] + light[1:-1, :-2] + light[1:-1, 2:] - 4 * inner
    return Quality(
        inter_eye_px=inter_eye_px(landmarks),
        sharpness=float(laplacian.var()),
        brightness=float((middle / 255.0).mean()),
        contrast=min(float(2 * (middle / 255.0).std()), 1.0),
        frontality=frontality(landmarks),
        detection_score=detection_score,
        roll_degrees=roll_degrees(landmarks),
        pitch=pitch(landmarks),
        underexposed=float((middle <= BLACK).mean()),
        overexposed=float((middle >= WHITE).mean()),
        jpeg_quality=jpeg_quality,
        occlusion=occlusion(crop),
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


def roll_degrees(landmarks: Vector) -> float | None:
    """Return by how much the line through the eyes leans, degrees, clockwise as seen; None where the eyes coincide."""
    along, down = (landmarks[1].astype(np.float64) - landmarks[0]).tolist()
    return None if along == down == 0.0 else float(np.degrees(np.arctan2(down, along)))


def pitch(landmarks: Vector) -> float | None:
    """Return where the nose lies between eyes (0) and mouth (1); None where their middles coincide."""
    points = landmarks.astype(np.float64)
    eyes = points[:2].mean(axis=0)
    line = points[3:].mean(axis=0) - eyes
    length = float(line @ line)
    return None if length == 0.0 else float((points[2] - eyes) @ line) / length


def occlusion(crop: Pixels) -> float | None:
    """Return the share of the face's oval that has another colour than the face's own skin, 0-1.

    Skin is the median colour of the bridge of the nose and the cheeks under the eyes. It sees a mask, a scarf, the peak
    of a cap, sunglasses of another colour. It does not see what has the colour of skin, clear glasses, or a hood that
    leaves the face free; and hair over the forehead and, of a turned head, the background count as covering.

    Parameters
    ----------
    crop
        The aligned crop, uint8, shape (112, 112, 3), RGB.

    Returns
    -------
    float or None
        ``None`` where the picture has no colour or is too dark to have one: :data:`GREY_LEVELS`.
    """
    count = crop.shape[0] // CELL_PX
    cells = crop.reshape(count, CELL_PX, count, CELL_PX, 3).mean(axis=(1, 3), dtype=np.float64)
    oval, bridge_and_cheeks = _places(count)
    skin = np.median(cells[bridge_and_cheeks], axis=0)
    colour = float(np.median(np.ptp(cells[oval], axis=1)))
    if colour < GREY_LEVELS or float(skin.mean()) < DARK_LEVELS:
        return None
    offset = 4.0  # in the dark a level more or less is noise: it must not be a colour
    shift = np.log((cells[oval] + offset) / (skin + offset))
    distance = np.linalg.norm(shift - shift.mean(axis=1, keepdims=True), axis=1)
    return float((distance > OTHER_COLOUR).mean())


def _places(count: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which cells, (count, count), lie in the face's oval, and which on the nose's bridge and the cheeks."""
    y, x = (np.mgrid[0:count, 0:count] + 0.5) * CELL_PX
    from_middle = np.abs(x - OVAL_CENTRE[0])
    oval = (from_middle / OVAL_RADII[0]) ** 2 + ((y - OVAL_CENTRE[1]) / OVAL_RADII[1]) ** 2 <= 1
    bridge = (from_middle < 8) & (y > 44) & (y < 76)
    cheeks = (np.abs(from_middle - 20) < 8) & (y > 60) & (y < 80)
    return oval, bridge | cheeks


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
