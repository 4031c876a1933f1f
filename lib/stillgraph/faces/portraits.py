"""A face as a picture to compare with others: whole head, one canvas, the eyes always in the same two places.

Only the picture leaves this module: where the eyes were, how far apart, and by how much it was enlarged stay here.
"""

from __future__ import annotations

import io
import math
from dataclasses import dataclass, field

import numpy as np
from PIL import Image, ImageDraw

from stillgraph.faces.pixels import Pixels, resize
from stillgraph.records import Box, Vector

CANVAS_PX = (1000, 1200)
"""Width and height of every picture."""

EYES = ((400.0, 520.0), (600.0, 520.0))
"""Where the eyes come to lie, image left first: room for two and a half times their distance to each side, and for
more above and below, which holds a whole head with hair and ears."""

TALLEST = 4.0
"""A face higher than this many distances between its eyes is turned away: of 565 faces of the demonstration the
median is 3.0 and 99 % are under 4.3. Eyes that seem so close give neither size nor tilt, so the box gives the size."""

GREY = (128, 128, 128)
"""What lies beyond a picture's edge."""

PIXELS_TOLD = ((1.5, "about as large as in its picture"), (4.0, "enlarged a few times"))
"""Up to which enlargement a picture is said to be what."""

MANY_TIMES = "enlarged many times: fine detail is not in the picture"

FRAME_PX = 3


@dataclass(frozen=True, slots=True)
class Portrait:
    """An aligned picture of one face: the bytes of a PNG of :data:`CANVAS_PX`, and what to know of it in words."""

    png: bytes = field(repr=False)
    turned: bool
    enlarged: str


def portrait(pixels: Pixels, box: Box, landmarks: Vector) -> Portrait:
    """Return a face on the canvas, turned, moved and scaled alike in both directions, so that its eyes lie at ``EYES``.

    A similarity transform, so that shapes stay as they are. Scaled by Lanczos's filter, then turned by bicubic
    interpolation at the final size. Of a face turned away (:data:`TALLEST`) the middle of its eyes comes to lie in the
    middle between both places, upright as in its picture, in the size that its box asks for.

    Parameters
    ----------
    pixels : Pixels
        uint8, shape (height, width, 3), RGB.
    box : Box
        The face, in pixels of the picture.
    landmarks : Vector
        float32, shape (5, 2): image-left eye, image-right eye and three not used here, in pixels of the picture.
    """
    (left_x, eyes_y), (right_x, _) = EYES
    first, second = landmarks[0].astype(np.float64), landmarks[1].astype(np.float64)
    across, down = second - first
    between, wanted = math.hypot(across, down), right_x - left_x
    most = TALLEST * wanted / max(box.height, 1.0)
    turned = between * most < wanted
    scale = most if turned else wanted / between
    angle = 0.0 if turned else math.atan2(down, across)
    middle = ((left_x + right_x) / 2, eyes_y)
    picture = _placed(pixels, (first + second) / 2, scale, angle, middle)
    out = io.BytesIO()
    picture.save(out, "PNG", compress_level=1)
    told = next((words for up_to, words in PIXELS_TOLD if scale <= up_to), MANY_TIMES)
    return Portrait(out.getvalue(), turned, told)


def _placed(
    pixels: Pixels, point: np.ndarray[tuple[int], np.dtype[np.float64]], scale: float, angle: float,
    place: tuple[float, float],
) -> Image.Image:  # fmt: skip
    """Return the canvas with ``point`` (x, y) of the picture at ``place``, turned back by ``angle`` and scaled."""
    width, height = CANVAS_PX
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    corners = np.array([(0, 0), (width, 0), (0, height), (width, height)], np.float64) - place
    seen = point + corners @ turn.T / scale
    limits = np.array([pixels.shape[1], pixels.shape[0]])
    low = np.clip(np.floor(seen.min(axis=0)) - 4, 0, limits).astype(int)
    high = np.clip(np.ceil(seen.max(axis=0)) + 4, 0, limits).astype(int)
    if (high <= low).any():
        return Image.new("RGB", CANVAS_PX, GREY)
    part = Image.fromarray(pixels[low[1] : high[1], low[0] : high[0]])
    size = np.maximum(np.rint((high - low) * scale), 1).astype(int)
    scaled = part.resize((int(size[0]), int(size[1])), Image.Resampling.LANCZOS)
    # From the canvas to the scaled part, whose sides were rounded to whole pixels.
    inverse = turn / scale * (size / (high - low))[:, None]
    shift = (point - low) * (size / (high - low)) - inverse @ place
    affine = (*inverse[0], shift[0], *inverse[1], shift[1])
    return scaled.transform(CANVAS_PX, Image.Transform.AFFINE, affine, Image.Resampling.BICUBIC, fillcolor=GREY)


def in_context(pixels: Pixels, box: Box, longest_px: int) -> bytes:
    """Return the whole picture with the face framed, as a PNG; smaller where a side is longer than ``longest_px``.

    A small picture is enlarged up to twice, so that the frame hides nothing of the face.
    """
    share = min(2.0, longest_px / max(pixels.shape[:2]))
    shown = Image.fromarray(resize(pixels, *(max(1, round(side * share)) for side in pixels.shape[1::-1])))
    draw = ImageDraw.Draw(shown)
    # Light within dark, so that the frame is seen on any ground.
    for ink, away in (((27, 39, 51), 2 * FRAME_PX), ((255, 255, 255), FRAME_PX)):
        edges = (
            box.x * share - away, box.y * share - away,
            (box.x + box.width) * share + away, (box.y + box.height) * share + away,
        )  # fmt: skip
        draw.rectangle(edges, outline=ink, width=FRAME_PX)
    out = io.BytesIO()
    shown.save(out, "PNG", compress_level=1)
    return out.getvalue()
