"""Rows of a gallery that were added together: templates, ids and attributes as plain arrays, in memory or mapped.

A segment never changes. What is deleted is marked beside it (:mod:`stillgraph.gallery.contents`).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stillgraph.errors import GalleryDamaged
from stillgraph.gallery.columns import COLUMNS, Attributes, decoded, digests_of, encoded, left_by
from stillgraph.gallery.index import Entry
from stillgraph.records import CustodyImageId, Filters, NominalId

ALIGNMENT = 64
"""Bytes each array in a file begins at a multiple of: one cache line."""

_LOOKUP = {"image": "<u8", "row": "<u4"}


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """Rows added together.

    Parameters
    ----------
    vectors
        float32 or float16, shape (n, d): templates of unit length.
    columns
        Arrays of shape (n,) by name, those of :data:`stillgraph.gallery.columns.COLUMNS`.
    values
        What the codes of each category stand for.
    lookup
        ``image``: 64 bits of each image's id, ascending; ``row``: whose they are.
    text
        uint8: the ids, one after the other; ``start``, ``middle`` and ``end`` of the columns say where.
    """

    vectors: NDArray[Any] = field(repr=False)
    columns: Mapping[str, NDArray[Any]] = field(repr=False)
    values: Mapping[str, Sequence[str]] = field(repr=False)
    lookup: Mapping[str, NDArray[Any]] = field(repr=False)
    text: NDArray[np.uint8] = field(repr=False)

    def __len__(self) -> int:
        return len(self.vectors)

    def entries(self, rows: NDArray[np.intp]) -> list[Entry]:
        """Return the image and nominal of each of ``rows``."""
        at = [np.asarray(self.columns[name])[rows].tolist() for name in ("start", "middle", "end")]
        text = self.text
        return [
            (CustodyImageId(text[a:b].tobytes().decode()), NominalId(text[b:c].tobytes().decode()))
            for a, b, c in zip(*at, strict=True)
        ]

    def attributes(self, rows: NDArray[np.intp]) -> Attributes:
        """Return what is recorded of each of ``rows``."""
        return decoded(self.columns, self.values, rows)

    def find(self, images: Sequence[CustodyImageId], digests: NDArray[np.uint64]) -> NDArray[np.intp]:
        """Return the row of each image, -1 where it is not here; ``digests`` are 64 bits of each id, shape (n,)."""
        held = np.asarray(self.lookup["image"])
        found = np.full(len(images), -1, dtype=np.intp)
        first, last = np.searchsorted(held, digests, "left"), np.searchsorted(held, digests, "right")
        for at in np.flatnonzero(last > first).tolist():
            rows = np.asarray(self.lookup["row"])[first[at] : last[at]].astype(np.intp)
            for row, (image, _) in zip(rows, self.entries(rows), strict=True):
                if image == images[at]:
                    found[at] = row
        return found


def make(entries: Sequence[Entry], vectors: NDArray[Any], attributes: Attributes) -> Segment:
    """Make a segment in memory; ``vectors``, float32 or float16 of shape (n, d), is kept, not copied."""
    columns, values = encoded(attributes)
    images, nominals = [image for image, _ in entries], [nominal for _, nominal in entries]
    pieces = [part.encode() for entry in entries for part in entry]
    ends = np.cumsum([1, *map(len, pieces)])
    columns |= {"nominal": digests_of(nominals), "start": ends[:-1:2], "middle": ends[1::2], "end": ends[2::2]}
    digests = digests_of(images)
    order = np.argsort(digests, kind="stable")
    return Segment(
        vectors,
        {name: np.ascontiguousarray(columns[name], dtype=dtype) for name, dtype in COLUMNS.items()},
        values,
        {"image": digests[order].astype("<u8"), "row": order.astype("<u4")},
        np.frombuffer(b"\0" + b"".join(pieces), dtype=np.uint8),
    )


def joined(parts: Iterable[tuple[Segment, NDArray[np.intp]]]) -> Segment:
    """Make one segment in memory of some rows of each of several."""
    taken = [(segment, rows) for segment, rows in parts if len(rows)]
    entries = [entry for segment, rows in taken for entry in segment.entries(rows)]
    recorded = [segment.attributes(rows) for segment, rows in taken]
    names = Attributes.__dataclass_fields__
    attributes = Attributes(*(np.concatenate([getattr(one, name) for one in recorded]) for name in names))
    return make(entries, np.concatenate([segment.vectors[rows] for segment, rows in taken]), attributes)


def mask(segment: Segment, filters: Filters) -> NDArray[np.bool_] | None:
    """Return which rows a filter leaves, shape (n,); ``None`` where it leaves all."""
    kept = left_by(filters, segment.columns, segment.values)
    if kept is None or not filters.exclude:
        return kept
    # Nominals were compared by 64 bits; put back whoever shares these with one left out.
    suspects = np.flatnonzero(np.isin(np.asarray(segment.columns["nominal"]), digests_of(filters.exclude)))
    wrongly = [
        row
        for row, (_, nominal) in zip(suspects, segment.entries(suspects), strict=True)
        if nominal not in filters.exclude
    ]
    if wrongly:
        others = left_by(_without_exclusion(filters), segment.columns, segment.values)
        kept[wrongly] = True if others is None else others[wrongly]
    return kept


def _without_exclusion(filters: Filters) -> Filters:
    from dataclasses import replace

    return replace(filters, exclude=())


@dataclass(frozen=True, slots=True)
class Layout:
    """What a segment's file holds: ``rows`` templates of ``dimension`` numbers of ``dtype``, and ``text_bytes``."""

    rows: int
    dimension: int
    dtype: str
    text_bytes: int

    @classmethod
    def of(cls, segment: Segment) -> Layout:
        """Return the layout of a segment."""
        rows, dimension = segment.vectors.shape
        return cls(rows, dimension, segment.vectors.dtype.newbyteorder("<").str, len(segment.text))

    def arrays(self) -> Iterator[tuple[str, str, int, int]]:
        """Yield name, dtype, offset in bytes and count of each array."""
        arrays = [("vectors", self.dtype, self.rows * self.dimension)]
        arrays += [(f"columns.{name}", kind, self.rows) for name, kind in COLUMNS.items()]
        arrays += [(f"lookup.{name}", kind, self.rows) for name, kind in _LOOKUP.items()]
        arrays += [("text", "u1", self.text_bytes)]
        offset = 0
        for name, kind, count in arrays:
            yield name, kind, offset, count
            offset += -(-count * np.dtype(kind).itemsize // ALIGNMENT) * ALIGNMENT


def write(segment: Segment, path: Path) -> None:
    """Write a segment to a new file and bring it to the disk; the directory's entry is the caller's to bring there."""
    held = {f"columns.{name}": array for name, array in segment.columns.items()}
    held |= {f"lookup.{name}": array for name, array in segment.lookup.items()}
    held |= {"vectors": segment.vectors, "text": segment.text}
    with path.open("xb") as file:
        path.chmod(0o600)
        for name, dtype, offset, _ in Layout.of(segment).arrays():
            file.seek(offset)
            file.write(np.ascontiguousarray(held[name], dtype=dtype).data.cast("B"))
        file.flush()
        os.fsync(file.fileno())


def mapped(path: Path, layout: Layout, values: Mapping[str, Sequence[str]]) -> Segment:
    """Map a segment's file; nothing of it is read yet, and processes that map it share what they read.

    Raises
    ------
    GalleryDamaged
        The file is shorter than it must be.
    FileNotFoundError
        It is not there.
    """
    places = list(layout.arrays())
    *_, (_, kind, offset, count) = places
    if path.stat().st_size < offset + count * np.dtype(kind).itemsize:
        raise GalleryDamaged(
            f"The file {path.name} of the gallery's index is cut short: remove the index at {path.parent}, and the "
            "next search makes it anew."
        )
    whole = np.memmap(path, dtype=np.uint8, mode="r")
    arrays = {
        name: np.asarray(whole[offset : offset + count * np.dtype(kind).itemsize]).view(kind)
        for name, kind, offset, count in places
    }
    return Segment(
        arrays["vectors"].reshape(layout.rows, layout.dimension),
        {name: arrays[f"columns.{name}"] for name in COLUMNS},
        values,
        {name: arrays[f"lookup.{name}"] for name in _LOOKUP},
        arrays["text"],
    )
