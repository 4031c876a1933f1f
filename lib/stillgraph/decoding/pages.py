"""Reads images of several pictures page by page: multi-page TIFF, animated GIF, PNG and WebP, HEIC, MPO."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from stillgraph.decoding.colour import to_rgb
from stillgraph.decoding.film import TICK_S
from stillgraph.decoding.headers import MAX_PAGES, ImageLimits, ImageProblem, check_cost, check_size
from stillgraph.decoding.picking import THUMBNAIL, Picker
from stillgraph.decoding.quiet import quiet
from stillgraph.decoding.series import Begin, End, Event, FilmProblem, Pick, Picture, SeriesLimits, Tick
from stillgraph.decoding.upright import has_views, opened, turned

MOVING = ("GIF", "PNG", "WEBP")
"""Formats whose pictures are frames, each laid on the one before: after a damaged one there is nothing to be had."""


def read(file: BinaryIO, pick: Pick, limits: SeriesLimits) -> Iterator[Event]:
    """Yield what is wanted of an image file's pictures, in their order, each upright and in 8-bit RGB.

    Parameters
    ----------
    file
        The image, open for reading bytes, of at most ``limits.max_pages_bytes``.
    pick
        Which pictures are wanted; numbers count every one, wanted or not.
    limits
        The most that is read.

    Raises
    ------
    ImageProblem
        It is no image, too large or too costly, holds one picture only, or none of them can be decoded.
    """
    data = file.read(limits.max_pages_bytes + 1)
    check_cost(data, ImageLimits(limits.image.max_pixels, limits.image.max_side_px, limits.max_pages_bytes))
    with quiet():
        image = opened(data)
        _check_several(image)
        unit = "frame" if image.format in MOVING else "page"
        yield Begin(f"{image.format} image", unit, 1, None)
        picker, decoded, spoilt, told = Picker(pick), 0, list[int](), time.monotonic()
        for number, seconds, pixels in _pages(image, limits.image):
            if pixels is None:
                spoilt.append(number)
                continue
            decoded += 1
            if picker.wants(number, seconds, lambda pixels=pixels: _thumbnail(pixels)):  # type: ignore[misc]
                yield Picture(1, number, seconds, (), pixels)
            elif time.monotonic() - told > TICK_S:
                told = time.monotonic()
                yield Tick(decoded, seconds)
        if decoded == 0:
            raise FilmProblem("truncated image: none of its pictures can be decoded (ask for another copy)")
        yield End(decoded, _notes(unit, spoilt, decoded))


def _check_several(image: Image.Image) -> None:
    """Refuse a file of one picture: it is a still already, and a copy of it would be none."""
    if not getattr(image, "is_animated", False) or (image.format == "MPO" and not has_views(image)):
        raise FilmProblem("one picture only (receive it as it is, with a delivery)")


def _pages(image: Image.Image, limits: ImageLimits) -> Iterator[tuple[int, float | None, NDArray[np.uint8] | None]]:
    """Yield each picture's number from 1, its seconds where the file tells them, and its pixels unless damaged.

    Of a JPEG with several views, those smaller than the first are previews and no pictures of their own.
    """
    first, elapsed_ms, number = image.size, 0.0, 0
    stated, moving = _stated(image), image.format in MOVING
    for place in range(MAX_PAGES):
        pixels = None
        try:
            image.seek(place)
            if image.format == "MPO" and (image.size[0] < first[0] or image.size[1] < first[1]):
                continue
            pixels = _pixels(image, limits)
        except EOFError:
            if place >= stated:
                return
        except ImageProblem:
            raise
        except MemoryError as error:
            raise FilmProblem("image too large: more than is given to one file (send a smaller one)") from error
        except Exception:  # noqa: BLE001 -- decoders fail in many ways; each means that this picture is not all there
            pixels = None
        number += 1
        yield number, (elapsed_ms / 1000 if moving else None), pixels
        if pixels is None and (moving or place + 1 >= stated):
            return
        elapsed_ms += float(image.info.get("duration") or 0.0)


def _stated(image: Image.Image) -> int:
    """Return how many pictures the file says it holds, 0 where that is damaged."""
    try:
        return int(getattr(image, "n_frames", 1))
    except Exception:  # noqa: BLE001 -- to count them some decoders walk through the file
        return 0


def _pixels(image: Image.Image, limits: ImageLimits) -> NDArray[np.uint8]:
    """Return the pixels of the page at which the image stands, uint8, shape (height, width, 3)."""
    check_size(*image.size, limits)
    image.load()
    check_size(*image.size, limits)  # some formats learn the true size only now
    return np.asarray(to_rgb(turned(image)))


def _thumbnail(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(Image.fromarray(pixels).convert("L").resize(THUMBNAIL, Image.Resampling.BOX))


def _notes(unit: str, spoilt: list[int], decoded: int) -> tuple[str, ...]:
    notes = []
    if spoilt:
        which = ", ".join(str(number) for number in spoilt[:5]) + (" and others" if len(spoilt) > 5 else "")
        and_all = " and what follows" if unit == "frame" else ""
        notes.append(f"The file is damaged: {unit} {which}{and_all} could not be decoded and is left out.")
    if decoded + len(spoilt) == MAX_PAGES:
        notes.append(f"Only its first {MAX_PAGES:,} {unit}s were read, the most that are read of one file; cut it.")
    return tuple(notes)
