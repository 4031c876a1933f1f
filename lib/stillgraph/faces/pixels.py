"""Bytes to pixels and back: decoding to upright 8-bit RGB, resizing, and face chips for display.

All coordinates of this package are in pixels of the image *as decoded with its EXIF orientation applied*: x
runs right and y down from the top left corner of the upright image, and the centre of the first pixel is
(0.5, 0.5).
"""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from stillgraph.errors import WrongUse
from stillgraph.records import Box

Pixels = NDArray[np.uint8]
"""uint8, shape (height, width, 3), RGB."""

LUMA = np.array([0.299, 0.587, 0.114], np.float32)
"""Weights of R, G and B in luminance: ITU-R BT.601."""

WIDE_MODES = ("I", "I;16", "I;16L", "I;16B", "I;16N", "F")
"""Pillow modes with more than 8 bits a sample."""


def decode(data: bytes, image_id: str) -> Pixels:
    """Return an image's pixels, upright.

    Transparent parts are laid on mid grey; samples of 16 bits are scaled to 8.

    Parameters
    ----------
    data
        The bytes of an image file in any format Pillow reads.
    image_id
        Named in the error.

    Returns
    -------
    Pixels
        uint8, shape (height, width, 3), RGB, EXIF orientation applied.

    Raises
    ------
    WrongUse
        The bytes are not an image, are cut off, or hold more pixels than Pillow agrees to decode.
    """
    try:
        with Image.open(io.BytesIO(data)) as opened:
            opened.load()
            upright = ImageOps.exif_transpose(opened)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise WrongUse(f"{image_id} cannot be decoded as an image. Ask for the file again, as JPEG or PNG.") from error
    return np.asarray(to_rgb(upright))


def to_rgb(image: Image.Image) -> Image.Image:
    """Return any Pillow image in mode RGB; :func:`decode` says what becomes of transparency and 16 bits."""
    if image.mode in WIDE_MODES:
        wide = np.asarray(image, np.float32)
        top = 65535.0 if wide.max(initial=0.0) > 255.0 else 255.0
        image = Image.fromarray(np.clip(wide * (255.0 / top) + 0.5, 0, 255).astype(np.uint8))
    if image.has_transparency_data:
        image = image.convert("RGBA")
        ground = Image.new("RGBA", image.size, (128, 128, 128, 255))
        image = Image.alpha_composite(ground, image)
    return image if image.mode == "RGB" else image.convert("RGB")


def luminance(pixels: Pixels) -> NDArray[np.float32]:
    """Return BT.601 luminance, float32 0-255, shape (height, width)."""
    return pixels.astype(np.float32) @ LUMA


def resize(pixels: Pixels, width: int, height: int) -> Pixels:
    """Return the image at another size; Pillow's bicubic widens when shrinking, so nothing aliases."""
    if (width, height) == (pixels.shape[1], pixels.shape[0]):
        return pixels
    return np.asarray(Image.fromarray(pixels).resize((width, height), Image.Resampling.BICUBIC))


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
    WrongUse
        As :func:`decode`.
    """
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
