"""The words for files of several pictures: what is wanted of them, what comes out of them, and what is too much."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from stillgraph.decoding.headers import DEFAULT_LIMITS, ImageLimits, ImageProblem


class FilmProblem(ImageProblem):
    """A film or a file of several pages cannot be read; the text says why and fits behind its name."""


class Kind(StrEnum):
    """What a file of several pictures is: a film (read by FFmpeg), or an image of several pages (read by Pillow)."""

    FILM = "film"
    PAGES = "pages"


@dataclass(frozen=True, slots=True)
class SeriesLimits:
    """The most that is read of one file. ``patience_s``: for so long nothing may come of it before it is given up."""

    max_bytes: int = 4 * 2**30
    max_pages_bytes: int = 256 * 2**20
    max_frames: int = 500_000
    max_streams: int = 16
    max_memory_bytes: int = 4 * 2**30
    patience_s: float = 60.0
    image: ImageLimits = DEFAULT_LIMITS


SERIES_LIMITS = SeriesLimits()


@dataclass(frozen=True, slots=True)
class Pick:
    """Which pictures are wanted: every n-th, or one each so many seconds, or scene changes; all unless said.

    At most one of the three is given; :class:`stillgraph.decoding.picking.Picker` has the rules.
    """

    every: int | None = None
    seconds: float | None = None
    scenes: bool = False


@dataclass(frozen=True, slots=True)
class Begin:
    """What the file says of itself: its form in words, its streams of pictures, and seconds if it states them.

    ``unit`` is what one of its pictures is called: a page or a frame.
    """

    form: str
    unit: str
    streams: int
    seconds: float | None


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """One picture of a file. ``pixels`` is uint8, shape (height, width, 3), RGB, upright.

    ``stream`` and ``number`` count from 1, the number in the order of showing. ``seconds`` are since the stream's
    first picture, or None where the file does not say. ``remarks`` are what is to be known of its pixels.
    """

    stream: int
    number: int
    seconds: float | None
    remarks: tuple[str, ...]
    pixels: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Tick:
    """A sign of life: so many pictures decoded so far, at so many seconds of the file."""

    decoded: int
    seconds: float | None


@dataclass(frozen=True, slots=True)
class End:
    """All that is to be had of the file was read: so many pictures decoded, and what to know of them, in sentences."""

    decoded: int
    notes: tuple[str, ...]


Event: TypeAlias = Begin | Picture | Tick | End
"""What reading a file yields: one Begin, then pictures and ticks in any number, then one End."""
