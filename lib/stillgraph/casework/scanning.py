"""Looking through a whole case directory for what was deleted from it.

Files are read as bytes; the case file's tables besides, since DuckDB packs what it keeps. Looked for are pieces of each
image, as they are and in base64 as notebooks hold pictures, pieces of each template as float32 and float16, and each
name in UTF-8 and UTF-16. Of many records some are looked for, spread evenly.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from stillgraph.casework import indexing
from stillgraph.casework.desk import Deed, Desk
from stillgraph.records import CustodyImageId, Found, Vector
from stillgraph.store import Session, erasing, traces

LOOKED_FOR = 200
"""The most images and the most templates looked for."""

READ_AT_ONCE = 8 << 20
PIECE = 48
"""Bytes of a piece of an image; of a template 32."""

Needles = Mapping[bytes, str]


def spread(items: Sequence[str]) -> list[str]:
    """Return at most :data:`LOOKED_FOR` of some items, spread evenly."""
    if len(items) <= LOOKED_FOR:
        return list(items)
    return [items[int(at)] for at in np.linspace(0, len(items) - 1, LOOKED_FOR)]


def needles(images: Mapping[str, bytes], templates: Sequence[Vector], names: Sequence[str]) -> dict[bytes, str]:
    """Return the pieces of bytes to look for, each with what it is of.

    Parameters
    ----------
    images
        Bytes of images as received, by SHA-256.
    templates
        float32, shape (d,) each.
    """
    found: dict[bytes, str] = {}
    for data in images.values():
        for piece in _pieces(data):
            found[piece] = "bytes of an image"
            for shift in range(3):
                whole = (len(piece) - shift) // 3 * 3
                found[base64.b64encode(piece[shift : shift + whole])] = "bytes of an image, in base64"
    for vector in templates[:: max(1, len(templates) // LOOKED_FOR)]:
        middle = len(vector) // 2
        found[np.asarray(vector[middle : middle + 8], "<f4").tobytes()] = "a template, float32"
        found[np.asarray(vector[middle : middle + 16], "<f2").tobytes()] = "a template, float16"
    for name in names:
        for written in {name, name.upper(), name.lower(), name.encode("unicode_escape").decode()}:
            found[written.encode()] = "a name"
            found[written.encode("utf-16-le")] = "a name, in UTF-16"
    return {piece: what for piece, what in found.items() if len(set(piece)) > 3}


def _pieces(data: bytes) -> Iterator[bytes]:
    """Yield pieces of an image's bytes from where they tell it from others: behind what all files begin with."""
    for part in (0.35, 0.6, 0.85):
        at = int(len(data) * part)
        piece = data[at : at + PIECE]
        if len(piece) == PIECE and len(set(piece)) > 8:
            yield piece


def files(directory: Path, wanted: Needles) -> list[Found]:
    """Return where in the files of a directory something is found; what cannot be read is said to be."""
    found: list[Found] = []
    for path in sorted(directory.rglob("*")):
        if path.is_symlink() or not path.is_file():
            continue
        place = str(path.relative_to(directory))
        try:
            seen = sorted({wanted[piece] for piece in _in_file(path, wanted)})
        except FileNotFoundError:
            continue
        except OSError:
            seen = ["a file that cannot be read"]
        found += [Found(place, what) for what in seen]
    return found


def _in_file(path: Path, wanted: Needles) -> set[bytes]:
    longest, seen, kept = max(map(len, wanted), default=0), set[bytes](), b""
    with path.open("rb") as stream:
        while data := stream.read(READ_AT_ONCE):
            window = kept + data
            seen.update(piece for piece in wanted if piece in window)
            kept = window[-longest:]
    return seen


def indexes(desk: Desk, deed: Deed, gone: erasing.Gone) -> list[Found]:
    """Return where an index, opened as a search opens it, still has something of what is deleted."""
    index = indexing.bring_along(deed.session, desk.case.directory, desk.model)
    held = 0 if index is None else int((index.contents.locate([CustodyImageId(one) for one in gone.images]) >= 0).sum())
    return [Found("index of the gallery", f"{held} deleted images")] if held else []


def tables(session: Session, gone: erasing.Gone) -> list[Found]:
    """Return where in the case file's tables and views something is found, by name, id and template."""
    found = [
        Found(f"case file: {table}, {column}", f"a name, in {count} {'row' if count == 1 else 'rows'}")
        for table, column, count in traces.names(session, sorted(gone.names))
    ]
    found += [
        Found(f"case file: {table}", f"{count} {'row' if count == 1 else 'rows'} of a deleted record")
        for table, count in traces.rows(session, gone)
    ]
    return found
