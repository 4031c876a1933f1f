"""What a file's first bytes say of its cost: sizes, tiles, passes and tracks, read without decoding anything.

The decoders beneath are careful, but each believes some number of a header: a WebP canvas or a TIFF tile is allocated
before a pixel is read, a JPEG may ask for ten thousand passes over the picture.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from mmap import mmap

from stillgraph.errors import WrongUse

FORMATS = ("JPEG", "PNG", "BMP", "TIFF", "WEBP", "GIF", "HEIC")
"""The formats taken in, each file with one picture."""

SIGNATURES = (b"\xff\xd8\xff", b"\x89PNG", b"BM", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+", b"RIFF", b"GIF8")
"""How files of those formats begin: what begins so and does not open is damaged, not something else."""

FILM_STARTS = (
    (0, b"\x1aE\xdf\xa3"), (0, b"\0\0\1\xba"), (0, b"\x30\x26\xb2\x75"), (0, b"DHAV"), (8, b"AVI "), (4, b"ftyp"),
)  # fmt: skip
"""Where and how films begin: MKV and WebM, MPEG (PS), WMV, DAV, AVI, and MP4 and MOV unless the brand is an image's."""

TS_PACKET, TS_SYNC = 188, 0x47
"""MPEG (TS) is packets of this length, each beginning with this byte."""

STILL_BRANDS = (b"avif", b"avis")
"""The brands of another image format in the boxes of MP4, which is not taken in."""

HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1")
"""The brands of HEIF files, behind the length of their first box and ``ftyp``."""

MAX_SCANS = 100
"""Passes over a JPEG: progressive files have about ten; each costs the whole picture, however few bytes it takes."""

MAX_PIECES = 200_000
"""Strips or tiles of a TIFF: 40 million pixels in tiles of 16 x 16 are fewer."""

MAX_TAGS = 4096
"""Entries of a TIFF directory; libtiff reads no more either."""

MAX_PAGES = 10_000
"""Pages or frames of an image file; more are not read."""

SHORT = 3
"""TIFF's type of 16-bit numbers."""

TILE_WIDTH, TILE_LENGTH = 322, 323
PIECES = (273, 279, 324, 325)
"""TIFF's tags for the places and lengths of strips and tiles."""


@dataclass(frozen=True, slots=True)
class ImageLimits:
    """The largest image taken in, so that no file can exhaust the machine."""

    max_pixels: int = 40_000_000
    max_side_px: int = 32_767
    max_bytes: int = 64 * 2**20


DEFAULT_LIMITS = ImageLimits()


class ImageProblem(WrongUse):
    """An image cannot be taken in; the text says why and fits behind its name."""


def check(data: bytes, limits: ImageLimits) -> None:
    """Refuse what cannot be decoded at a bounded cost, by its bytes alone.

    Raises
    ------
    ImageProblem
        If it is empty or too large, asks for too many passes, strips, tiles or pixels, or is or holds a film.
    """
    if not data:
        raise ImageProblem("empty file: it has no bytes (send it again)")
    if is_film(data):
        raise ImageProblem("not an image but a film (`stillgraph stills extract` makes stills of it)")
    check_cost(data, limits)
    if is_heic(data) and b"moov" in set(boxes(data)):
        raise several_pictures()


def check_cost(data: bytes, limits: ImageLimits) -> None:
    """Refuse an image, of one or several pictures, that cannot be decoded at a bounded cost.

    Raises
    ------
    ImageProblem
        If it is too large, or asks for too many passes, strips, tiles or pixels.
    """
    if len(data) > limits.max_bytes:
        raise ImageProblem(f"image too large: over {limits.max_bytes:,} bytes (send a smaller one)")
    # Inside a JPEG's data a byte 0xFF is always followed by 0x00, so this counts scans (and those of its previews).
    if data.startswith(b"\xff\xd8") and data.count(b"\xff\xda") > MAX_SCANS:
        raise ImageProblem(f"image too costly: a JPEG of over {MAX_SCANS} passes (save it again, not progressive)")
    try:
        if data[:4] in {b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"}:
            _check_tiff(data, limits)
        elif data.startswith(b"RIFF"):
            _check_canvas(data, limits)
    except struct.error as error:
        raise ImageProblem("truncated image: its header is damaged (send it again)") from error


def check_size(width: int, height: int, limits: ImageLimits) -> None:
    """Refuse a picture of too many pixels, or none."""
    if width * height > limits.max_pixels:
        raise ImageProblem(f"image too large: {width:,} x {height:,} pixels, over the limit of {limits.max_pixels:,}")
    if max(width, height) > limits.max_side_px:
        raise ImageProblem(
            f"image too large: a side of over {limits.max_side_px:,} pixels (send the part that matters)"
        )
    if min(width, height) < 1:
        raise ImageProblem("truncated image: its header is damaged (send it again)")


def several_pictures() -> ImageProblem:
    """Return the refusal of a file with several pictures: to take the first and drop the rest would lose evidence."""
    return ImageProblem(
        "several pictures in one file: pages, frames or views "
        "(send each picture as a still of its own; `stillgraph stills extract` makes them)"
    )


def is_film(data: bytes) -> bool:
    """Say whether a file begins as films do; one that begins as HEIF is an image, whatever else it holds."""
    if data[4:8] == b"ftyp" and (is_heic(data) or data[8:12] in STILL_BRANDS):
        return False
    if any(data.startswith(mark, place) for place, mark in FILM_STARTS):
        return True
    return len(data) > 2 * TS_PACKET and all(data[n * TS_PACKET] == TS_SYNC for n in range(3))


def is_heic(data: bytes) -> bool:
    """Say whether a file begins as HEIF with HEVC inside does."""
    return data[4:8] == b"ftyp" and data[8:12] in HEIC_BRANDS


def boxes(data: bytes | mmap) -> Iterator[bytes]:
    """Yield the types of an ISO media file's outermost boxes."""
    place = 0
    while place + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, place)
        yield kind
        if size == 1:
            if place + 16 > len(data):
                return
            (size,) = struct.unpack_from(">Q", data, place + 8)
        if size < 8:  # 0: to the end of the file
            return
        place += size


def _check_canvas(data: bytes, limits: ImageLimits) -> None:
    """Check the size of a WebP picture, in whichever of its three headers it stands."""
    kind = data[12:16]
    if kind == b"VP8X":
        width, height = (int.from_bytes(data[at : at + 3], "little") + 1 for at in (24, 27))
    elif kind == b"VP8L":
        (bits,) = struct.unpack_from("<I", data, 21)
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    else:
        width, height = (side & 0x3FFF for side in struct.unpack_from("<HH", data, 26))
    check_size(width, height, limits)


def _check_tiff(data: bytes, limits: ImageLimits) -> None:
    """Check the tiles and strips of a TIFF's pages, as many as are ever read of one.

    A later page that lies beyond the end of a file cut off does not spoil those before.
    """
    first = _tiff_first(data)
    place, seen = _check_tiff_page(data, first, limits), {first}
    with suppress(struct.error):
        while place and place not in seen and len(seen) < MAX_PAGES:
            seen.add(place)
            place = _check_tiff_page(data, place, limits)


def _check_tiff_page(data: bytes, place: int, limits: ImageLimits) -> int:
    """Check the tiles and strips of one page, and return the next one's place, 0 after the last."""
    tile = {TILE_WIDTH: 1, TILE_LENGTH: 1}
    tags, following = _tiff_tags(data, place)
    for tag, count, value in tags:
        if tag in tile:
            tile[tag] = value
        elif tag in PIECES and count > MAX_PIECES:
            raise ImageProblem(f"image too costly: a TIFF of over {MAX_PIECES:,} strips or tiles (save it again)")
    if tile[TILE_WIDTH] * tile[TILE_LENGTH] > limits.max_pixels:
        raise ImageProblem(f"image too large: a TIFF with tiles over the limit of {limits.max_pixels:,} pixels")
    return following


def _tiff_first(data: bytes) -> int:
    """Return the place of a TIFF's first directory."""
    order, wide = _tiff_form(data)
    (place,) = struct.unpack_from(order + ("Q" if wide else "L"), data, 8 if wide else 4)
    return int(place)


def _tiff_form(data: bytes) -> tuple[str, bool]:
    """Return a TIFF's order of bytes, as :mod:`struct` writes it, and whether it is a BigTIFF."""
    return ("<" if data[:2] == b"II" else ">"), b"+" in data[2:4]


def _tiff_tags(data: bytes, place: int) -> tuple[list[tuple[int, int, int]], int]:
    """Return what stands in a TIFF's directory, and the next one's place, 0 where that cannot be read.

    Of each entry: tag, number of values, and the first value where it stands in the entry.
    """
    order, wide = _tiff_form(data)
    entry = struct.Struct(order + ("HHQ8s" if wide else "HHL4s"))
    (number,) = struct.unpack_from(order + ("Q" if wide else "H"), data, min(place, len(data)))
    if number > MAX_TAGS:
        raise ImageProblem("truncated image: its header is damaged (send it again)")
    place += 8 if wide else 2
    tags = []
    for at in range(place, place + number * entry.size, entry.size):
        tag, kind, count, content = entry.unpack_from(data, at)
        code = "H" if kind == SHORT else "Q" if wide and kind > 15 else "L"
        tags.append((tag, count, struct.unpack_from(order + code, content)[0]))
    end, link = place + number * entry.size, order + ("Q" if wide else "L")
    return tags, struct.unpack_from(link, data, end)[0] if end + struct.calcsize(link) <= len(data) else 0
