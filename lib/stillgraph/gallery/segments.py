"""Rows of a gallery that were added together: templates, ids and attributes as plain arrays, in memory or mapped.

A segment never changes. What is deleted is marked beside it (:mod:`stillgraph.gallery.contents`).
"""

from __future__ import annotations

import io
import mmap
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from stillgraph.errors import GalleryDamaged
from stillgraph.gallery import vault as vaults
from stillgraph.gallery.columns import CATEGORIES, COLUMNS, Attributes, decoded, digests_of, encoded, left_by
from stillgraph.gallery.index import Entry
from stillgraph.gallery.vault import Vault
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
    mapping: mmap.mmap | None = field(default=None, repr=False)
    """The file these arrays are views of; ``None`` of a segment in memory."""

    def __len__(self) -> int:
        return len(self.vectors)

    def let_go(self) -> None:
        """Let the system count no page of the file as this process's; what is read again is mapped again.

        Rows read here and there each bring their neighbours' pages along, until all of a large gallery is counted.
        """
        if self.mapping is not None and hasattr(mmap, "MADV_DONTNEED"):
            self.mapping.madvise(mmap.MADV_DONTNEED)

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
    columns = {
        name: np.concatenate([np.asarray(segment.columns[name])[rows] for segment, rows in taken])
        for name in COLUMNS
        if name not in {"start", "middle", "end", *CATEGORIES}
    }
    values: dict[str, list[str]] = {}
    for name in CATEGORIES:
        columns[name], values[name] = _recoded(name, taken)
    digests = np.concatenate([_image_digests(segment)[rows] for segment, rows in taken])
    order = np.argsort(digests, kind="stable")
    places, text = _texts(taken)
    return Segment(
        np.concatenate([_rows_of(segment.vectors, rows) for segment, rows in taken]),
        {name: np.ascontiguousarray((columns | places)[name], dtype=dtype) for name, dtype in COLUMNS.items()},
        values,
        {"image": digests[order].astype("<u8"), "row": order.astype("<u4")},
        text,
    )


Taken = Sequence[tuple[Segment, NDArray[np.intp]]]


def _recoded(name: str, taken: Taken) -> tuple[NDArray[np.intp], list[str]]:
    """Return the codes of a category in the values that occur in several segments, and these values, ascending."""
    every = sorted({value for segment, _ in taken for value in segment.values[name]})
    known = {value: code for code, value in enumerate(every)}
    codes = np.concatenate(
        [
            np.array([known[value] for value in segment.values[name]], np.intp)[np.asarray(segment.columns[name])[rows]]
            for segment, rows in taken
        ]
    )
    there, codes = np.unique(codes, return_inverse=True)
    return codes, [every[code] for code in there]


def _image_digests(segment: Segment) -> NDArray[np.uint64]:
    """Return 64 bits of the id of each row's image, shape (n,)."""
    digests = np.empty(len(segment), dtype=np.uint64)
    digests[np.asarray(segment.lookup["row"])] = segment.lookup["image"]
    return digests


def _texts(taken: Taken) -> tuple[dict[str, NDArray[np.int64]], NDArray[np.uint8]]:
    """Return where the ids of some rows of several segments stand in one text, and that text."""
    starts, middles, ends, pieces, offset = [], [], [], [np.zeros(1, np.uint8)], 1
    for segment, rows in taken:
        start, middle, end = (np.asarray(segment.columns[name])[rows] for name in ("start", "middle", "end"))
        lengths = end - start
        begins = offset + np.cumsum(lengths) - lengths
        # Where each byte is taken from: its place in the new text, moved by as much as its row is moved.
        at = np.arange(offset, offset + int(lengths.sum())) + np.repeat(start - begins, lengths)
        pieces.append(np.asarray(segment.text)[at])
        starts.append(begins)
        middles.append(begins + (middle - start))
        ends.append(begins + lengths)
        offset += len(at)
    found = zip(("start", "middle", "end"), (starts, middles, ends), strict=True)
    return {name: np.concatenate(some) for name, some in found}, np.concatenate(pieces)


def _rows_of(vectors: NDArray[Any], rows: NDArray[np.intp]) -> NDArray[Any]:
    """Return some rows; all of them, in order, without a copy."""
    return vectors if len(rows) == len(vectors) and (np.diff(rows) == 1).all() else vectors[rows]


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


def write(segment: Segment, path: Path, vault: Vault | None = None) -> None:
    """Write a segment to a new file and bring it to the disk; the directory's entry is the caller's to bring there."""
    held = {f"columns.{name}": array for name, array in segment.columns.items()}
    held |= {f"lookup.{name}": array for name, array in segment.lookup.items()}
    held |= {"vectors": segment.vectors, "text": segment.text}
    layout = Layout.of(segment)
    with path.open("xb") as file:
        path.chmod(0o600)
        if vault is None:
            _put(layout, held, file)
        else:
            whole = io.BytesIO()
            _put(layout, held, whole)
            file.write(vault.seal(whole.getbuffer(), vaults.name_of(path)))
        file.flush()
        os.fsync(file.fileno())


def _put(layout: Layout, held: Mapping[str, NDArray[Any]], file: BinaryIO) -> None:
    for name, dtype, offset, _ in layout.arrays():
        file.seek(offset)
        file.write(np.ascontiguousarray(held[name], dtype=dtype).data.cast("B"))


def opened(path: Path, layout: Layout, values: Mapping[str, Sequence[str]], vault: Vault) -> Segment:
    """Read a sealed segment into memory.

    Raises
    ------
    GalleryDamaged
        The file was altered, or is not of this vault.
    FileNotFoundError
        It is not there.
    """
    return _over(np.frombuffer(vaults.read(path, vault), dtype=np.uint8), path, layout, values)


def mapped(path: Path, layout: Layout, values: Mapping[str, Sequence[str]]) -> Segment:
    """Map a segment's file; nothing of it is read yet, and processes that map it share what they read.

    Raises
    ------
    GalleryDamaged
        The file is shorter than it must be.
    FileNotFoundError
        It is not there.
    """
    if not path.stat().st_size:
        raise _cut_short(path)
    with path.open("rb") as file:
        mapping = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    return _over(np.frombuffer(mapping, dtype=np.uint8), path, layout, values, mapping)


def _over(
    whole: NDArray[np.uint8],
    path: Path,
    layout: Layout,
    values: Mapping[str, Sequence[str]],
    mapping: mmap.mmap | None = None,
) -> Segment:
    """Return a segment whose arrays are views of a file's bytes."""
    places = list(layout.arrays())
    *_, (_, kind, offset, count) = places
    if len(whole) < offset + count * np.dtype(kind).itemsize:
        raise _cut_short(path)
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
        mapping,
    )


def _cut_short(path: Path) -> GalleryDamaged:
    return GalleryDamaged(
        f"The file {path.name} of the gallery's index is cut short: remove the index at {path.parent}, and the "
        "next search makes it anew."
    )
