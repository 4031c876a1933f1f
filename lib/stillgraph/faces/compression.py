"""How hard a JPEG file was compressed, read off its quantisation tables without decoding a pixel."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from stillgraph.records import Vector

START, END_OF_HEADERS, TABLES = 0xD8, 0xDA, 0xDB
"""JPEG's markers for the start of an image, of its first scan, and of quantisation tables (ITU-T T.81, B.1.1)."""

FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""The markers that begin a frame, whichever its coding."""

STANDALONE = frozenset({0x01, START, *range(0xD0, 0xD8)})
"""Markers without a length."""

LUMINANCE = np.array(
    [
        [16, 11, 10, 16, 24, 40, 51, 61],
        [12, 12, 14, 19, 26, 58, 60, 55],
        [14, 13, 16, 24, 40, 57, 69, 56],
        [14, 17, 22, 29, 51, 87, 80, 62],
        [18, 22, 37, 56, 68, 109, 103, 77],
        [24, 35, 55, 64, 81, 104, 113, 92],
        [49, 64, 78, 87, 103, 121, 120, 101],
        [72, 92, 95, 98, 112, 100, 103, 99],
    ]
)
"""The example luminance table of ITU-T T.81, K.1, which libjpeg scales to its quality of 1 to 100."""


def jpeg_quality(data: bytes) -> float | None:
    """Return libjpeg's quality, 1-100, whose luminance table is nearest to a JPEG file's; of other formats ``None``.

    Nearest is the least mean difference of the tables' logarithms. It is exact for files of libjpeg and what builds on
    it; of cameras and programs with tables of their own it is the nearest quality, good to a few points. It tells how
    the file was saved **last**: a JPEG saved again at a higher quality, a frame of a compressed film, or a PNG made
    from a JPEG has lost what it lost before, and this does not see it.
    """
    table = _luminance_table(data)
    if table is None:
        return None
    difference = np.abs(np.log(_scaled_tables()) - np.log(table)).mean(axis=1)
    return float(1 + np.argmin(difference))


def _luminance_table(data: bytes) -> Vector | None:
    """Return the table of a JPEG's first component, (64,), in the file's zigzag order; ``None`` without one."""
    if data[:2] != bytes((0xFF, START)):
        return None
    tables: dict[int, Vector] = {}
    wanted, at = 0, 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker in STANDALONE or marker == 0xFF:  # 0xFF: a fill byte before the marker
            at += 1 if marker == 0xFF else 2
            continue
        if marker == END_OF_HEADERS:
            break
        size = int.from_bytes(data[at + 2 : at + 4])
        segment = data[at + 4 : at + 2 + size]
        if marker == TABLES:
            tables |= _tables(segment)
        elif marker in FRAMES and len(segment) >= 9:
            wanted = segment[8]
        at += 2 + size
    return tables.get(wanted)


def _tables(segment: bytes) -> dict[int, Vector]:
    """Return the tables of one segment by their numbers; values of 8 or 16 bits, none of them 0."""
    found = {}
    while segment:
        number, wide = segment[0] & 15, segment[0] >> 4
        length = 64 * (2 if wide else 1)
        if len(segment) < 1 + length:
            break
        values = np.frombuffer(segment[1 : 1 + length], ">u2" if wide else "u1")
        found[number] = np.maximum(values, 1).astype(np.float32)
        segment = segment[1 + length :]
    return found


@cache
def _scaled_tables() -> NDArray[np.float64]:
    """Return libjpeg's luminance tables of quality 1 to 100, shape (100, 64), in zigzag order."""
    quality = np.arange(1, 101)
    scale = np.where(quality < 50, 5000 // quality, 200 - 2 * quality)
    rows, columns = np.mgrid[0:8, 0:8]
    diagonal = rows + columns
    # Along even diagonals the zigzag runs up, along odd ones down.
    order = np.lexsort((np.where(diagonal % 2, rows, columns).ravel(), diagonal.ravel()))
    scaled = (LUMINANCE.ravel()[order] * scale[:, None] + 50) // 100
    return np.asarray(np.clip(scaled, 1, 255), np.float64)
