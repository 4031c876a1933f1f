"""Decodes a file whole, turns it upright, and brings it to RGB; whatever is wrong with it comes out as one reason."""

from __future__ import annotations

import io

import pillow_heif
from PIL import Image, UnidentifiedImageError

from stillgraph.decoding.colour import to_rgb
from stillgraph.decoding.headers import (
    DEFAULT_LIMITS,
    FORMATS,
    SIGNATURES,
    ImageLimits,
    ImageProblem,
    check,
    check_size,
    is_heic,
    several_pictures,
)
from stillgraph.decoding.quiet import mute, quiet

# The picture itself is wanted, not its thumbnails, depth and gain maps; and images are decoded side by side already.
pillow_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False, decode_threads=1)
mute()

PLUGINS = tuple("HEIF" if form == "HEIC" else form for form in FORMATS)
"""Pillow's names of the formats."""

ORIENTATION = 0x0112
"""The EXIF tag that says how the camera was held."""

UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What undoes each orientation of EXIF; 1 is upright already."""

MAX_VIEWS = 16
"""Pictures of an MPO file that are looked at; more are several pictures in any case."""


def decode(data: bytes, limits: ImageLimits = DEFAULT_LIMITS) -> Image.Image:
    """Return a file's picture, upright, in mode RGB.

    Parameters
    ----------
    data
        The file's bytes, in one of :data:`FORMATS`.
    limits
        The largest image allowed, checked from the headers before anything is decoded.

    Returns
    -------
    PIL.Image.Image
        Mode RGB, with the orientation its EXIF data state. Samples of more than 8 bits are scaled to 8, transparent
        parts laid on mid grey; a colour profile is not applied.

    Raises
    ------
    ImageProblem
        If it is empty, too large or too costly, not an image, truncated, damaged, or several pictures.
    """
    check(data, limits)
    with quiet():
        image = opened(data)
        try:
            check_size(*image.size, limits)
            _check_alone(image)
            image.load()
            check_size(*image.size, limits)  # some formats learn the true size only now
            return to_rgb(turned(image))
        except ImageProblem:
            raise
        except MemoryError as error:
            raise ImageProblem("image too large: more than this machine's memory holds (send a smaller one)") from error
        except Exception as error:  # decoders fail in many ways; each means that the pixels are not all there
            raise ImageProblem("truncated image: it ends early or is damaged (send it again)") from error


def stated_size(data: bytes, limits: ImageLimits = DEFAULT_LIMITS) -> tuple[int, int]:
    """Return the width and height that a file's header states, nothing decoded; :func:`decode` may turn them round.

    Raises
    ------
    ImageProblem
        As :func:`decode`, where the header tells.
    """
    check(data, limits)
    with quiet():
        return opened(data).size


def opened(data: bytes) -> Image.Image:
    """Read an image's header."""
    try:
        return Image.open(io.BytesIO(data), formats=PLUGINS)
    except Image.DecompressionBombError as error:
        raise ImageProblem("image too large: far over the limit of pixels (send a smaller one)") from error
    except UnidentifiedImageError as error:
        if data.startswith(SIGNATURES) or is_heic(data):
            raise ImageProblem("truncated image: its header is damaged (send it again)") from error
        raise ImageProblem(f"not an image: only {', '.join(FORMATS)} are taken in") from error
    except Exception as error:  # a damaged header may fail anywhere in a decoder
        raise ImageProblem("truncated image: its header is damaged (send it again)") from error


def _check_alone(image: Image.Image) -> None:
    """Refuse a file of more than one picture: pages, frames, or views of an MPO file."""
    if getattr(image, "is_animated", False) and (image.format != "MPO" or has_views(image)):
        raise several_pictures()


def has_views(image: Image.Image) -> bool:
    """Say whether an MPO file holds another picture as large as its first.

    Smaller ones are previews, gain maps and depth maps, which phones add; they are not evidence of their own.
    """
    views, first = getattr(image, "n_frames", 1), image.size
    if views > MAX_VIEWS:
        return True
    for view in range(1, views):
        image.seek(view)
        if image.size[0] >= first[0] and image.size[1] >= first[1]:
            return True
    image.seek(0)
    return False


def turned(image: Image.Image) -> Image.Image:
    """Return the image as it was seen. Orientation data that cannot be read leave it as it was stored."""
    if image.format == "TIFF":  # Pillow has turned it while loading
        return image
    try:
        orientation = image.getexif().get(ORIENTATION)
    except Exception:  # noqa: BLE001 -- EXIF data fail in many ways, and the pixels are right without them
        return image
    return image.transpose(UPRIGHT[orientation]) if orientation in UPRIGHT else image
