"""Bytes to pixels and back: decoding to upright 8-bit RGB, resizing, and face chips for display.

All coordinates of this package are in pixels of the image *as decoded with its EXIF orientation applied*: x
runs right and y down from the top left corner of the upright image, and the centre of the first pixel is
(0.5, 0.5).
"""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from stillgraph import decoding
from stillgraph.errors import WrongUse
from stillgraph.records import Box

Pixels = NDArray[np.uint8]
"""uint8, shape (height, width, 3), RGB."""

LUMA = np.array([0.299, 0.587, 0.114], np.float32)
"""Weights of R, G and B in luminance: ITU-R BT.601."""


LEAST_SHOWN_PX, MOST_SHOWN_PX = 8, 4096
"""Sides of a picture that is made to be looked at: whoever asks chooses, and each pixel is memory."""
ROWS_AT_ONCE = 256
"""Rows whose luminance is worked out at a time."""


class UnusableImage(WrongUse):
    """An image cannot be decoded or analysed. ``reason`` says why and fits behind its name."""

    def __init__(self, image_id: str, reason: str) -> None:
        super().__init__(f"{image_id} cannot be used: {reason}.")
        self.image_id = image_id
        self.reason = reason


def decode(data: bytes, image_id: str) -> Pixels:
    """Return an image's pixels, upright, as :func:`stillgraph.decoding.decode` makes them.

    Parameters
    ----------
    data
        The bytes of an image file in one of :data:`stillgraph.decoding.FORMATS`.
    image_id
        Named in the error.

    Returns
    -------
    Pixels
        uint8, shape (height, width, 3), RGB, EXIF orientation applied.

    Raises
    ------
    UnusableImage
        The bytes are not one picture that is taken in; the message says why.
    """
    try:
        return np.asarray(decoding.decode(data))
    except decoding.ImageProblem as problem:
        raise UnusableImage(image_id, str(problem)) from problem


def cost(data: bytes) -> int:
    """Return how many pixels an image has by its header, without decoding it; 0 where :func:`decode` will refuse it."""
    try:
        width, height = decoding.stated_size(data)
    except decoding.ImageProblem:
        return 0
    return width * height


def luminance(pixels: Pixels) -> NDArray[np.float32]:
    """Return BT.601 luminance, float32 0-255, shape (height, width)."""
    light = np.empty(pixels.shape[:2], np.float32)
    for top in range(0, len(light), ROWS_AT_ONCE):  # all rows at once would take another twelve bytes a pixel
        rows = slice(top, top + ROWS_AT_ONCE)
        light[rows] = pixels[rows].astype(np.float32) @ LUMA
    return light


def resize(pixels: Pixels, width: int, height: int) -> Pixels:
    """Return the image at another size; Pillow's bicubic widens when shrinking, so nothing aliases."""
    if (width, height) == (pixels.shape[1], pixels.shape[0]):
        return pixels
    return np.asarray(Image.fromarray(pixels).resize((width, height), Image.Resampling.BICUBIC))


def checked_side(px: int) -> int:
    """Return the side of a picture to be looked at.

    Raises
    ------
    WrongUse
        It is too small or too large to be shown.
    """
    if not LEAST_SHOWN_PX <= px <= MOST_SHOWN_PX:
        raise WrongUse(
            f"A picture is shown at {LEAST_SHOWN_PX} to {MOST_SHOWN_PX:,} pixels a side: ask for a size within that."
        )
    return px


def crop(data: bytes, box: Box, size: int = 160, *, margin: float = 0.3, image_id: str = "The image") -> bytes:
    """Return a square face chip for display, as the bytes of a PNG.

    Parameters
    ----------
    data
        The image's bytes.
    box
        The face, in pixels of the upright image.
    size
        Width and height of the chip in pixels.
    margin
        What is added on each side, as a share of the longer side of the box. Beyond the image's edge the chip
        is grey.
    image_id
        Named in the error.

    Raises
    ------
    UnusableImage
        As :func:`decode`.
    WrongUse
        As :func:`checked_side`.
    """
    checked_side(size)
    image = Image.fromarray(decode(data, image_id))
    half = max(box.width, box.height) * (0.5 + margin)
    x, y = box.x + box.width / 2, box.y + box.height / 2
    corners = (round(x - half), round(y - half), round(x + half), round(y + half))
    side = max(corners[2] - corners[0], 1)
    chip = Image.new("RGB", (side, side), (128, 128, 128))
    inside = (
        max(corners[0], 0),
        max(corners[1], 0),
        min(corners[2], image.width),
        min(corners[3], image.height),
    )
    if inside[0] < inside[2] and inside[1] < inside[3]:
        chip.paste(image.crop(inside), (inside[0] - corners[0], inside[1] - corners[1]))
    out = io.BytesIO()
    chip.resize((size, size), Image.Resampling.BICUBIC).save(out, "PNG")
    return out.getvalue()
