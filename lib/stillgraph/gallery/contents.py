"""What is in a gallery at one moment: segments, what is deleted of them, and the version that says so.

Contents never change: adding and deleting make new ones that share what stayed, so a search that has begun goes on
with what it began with.

The version rests on the sum, modulo 2**256, of a SHA-256 for each entry. A sum does not depend on the order and can
be kept up to date by adding and taking away, in proportion to the change, where a digest of everything would have to
be made anew. It tells galleries apart; it is no seal against somebody who makes entries up to keep the sum, which the
audit chain is for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from stillgraph.errors import ModelError, NotFound, WrongUse
from stillgraph.gallery import segments
from stillgraph.gallery.columns import Attributes, digests_of
from stillgraph.gallery.index import Entry, check_entries
from stillgraph.gallery.segments import Segment
from stillgraph.once import once
from stillgraph.records import CustodyImageId, Filters, GalleryInfo, ModelId, NominalId

Number = Literal["float32", "float16"]

MODULUS = 1 << 256
SEGMENT_BYTES = 256 << 20
"""The most bytes of templates in a segment: what a compaction after deleting one image copies at most."""

REMEMBERED_FILTERS = 8
"""Row masks kept for filters used before."""

DIGESTED_AT_ONCE = 65536
"""Rows read at once while entries are digested."""


@dataclass(frozen=True, eq=False)
class Part:
    """A segment, which of its rows are deleted, and the files that hold both, empty where none do."""

    segment: Segment
    deleted: NDArray[np.bool_] | None = field(default=None, repr=False)
    """bool, shape (n,); ``None`` where nothing is."""
    name: str = ""
    deleted_name: str = ""

    @once
    def live_rows(self) -> NDArray[np.intp]:
        """The rows that are not deleted."""
        return np.arange(len(self.segment)) if self.deleted is None else np.flatnonzero(~self.deleted)

    @once
    def live(self) -> int:
        """How many rows are not deleted."""
        return len(self.segment) - (0 if self.deleted is None else int(self.deleted.sum()))


@dataclass(frozen=True, eq=False)
class Contents:
    """What is in a gallery at one moment.

    Parameters
    ----------
    model, dimension
        Of all templates.
    number
        How their numbers are kept.
    parts
        What holds them; a row of the gallery is counted through all parts, deleted rows included.
    digest
        The sum of :func:`entry_digests`, modulo 2**256.
    """

    model: ModelId
    dimension: int
    number: Number = "float32"
    parts: tuple[Part, ...] = ()
    digest: int = 0
    _masks: dict[Filters, list[NDArray[np.bool_] | None]] = field(default_factory=dict, repr=False)

    @once
    def starts(self) -> NDArray[np.intp]:
        """The first row of each part and, last, the number of rows."""
        return np.cumsum([0, *(len(part.segment) for part in self.parts)], dtype=np.intp)

    @once
    def info(self) -> GalleryInfo:
        """Size in custody images, and version."""
        size = sum(part.live for part in self.parts)
        said = f"{self.model}\0{self.dimension}\0{self.number}\0{size}\0{self.digest:064x}"
        return GalleryInfo(size, sha256(said.encode()).hexdigest()[:12])

    @property
    def vector_bytes(self) -> int:
        """What the templates take, those of deleted rows included."""
        return sum(part.segment.vectors.nbytes for part in self.parts)

    def masks(self, filters: Filters) -> list[NDArray[np.bool_] | None]:
        """Return which rows of each part are searched; ``None`` where all are."""
        found = self._masks.get(filters)
        if found is None:
            found = [_mask(part, filters) for part in self.parts]
            if len(self._masks) >= REMEMBERED_FILTERS:
                self._masks.clear()
            self._masks[filters] = found
        return found

    def eligible(self, filters: Filters) -> int:
        """Return how many rows are searched."""
        return sum(
            len(part.segment) if mask is None else int(mask.sum())
            for part, mask in zip(self.parts, self.masks(filters), strict=True)
        )

    def locate(self, images: Sequence[CustodyImageId]) -> NDArray[np.intp]:
        """Return the row of each image, -1 where it is not in the gallery."""
        digests = digests_of(images)
        rows = np.full(len(images), -1, dtype=np.intp)
        for part, start in zip(self.parts, self.starts, strict=False):
            found = part.segment.find(images, digests)
            here = found >= 0
            if part.deleted is not None:
                here[here] = ~part.deleted[found[here]]
            rows[here] = start + found[here]
        return rows

    def by_part(self, rows: NDArray[np.intp]) -> Iterator[tuple[Part, NDArray[np.intp], NDArray[np.intp]]]:
        """Yield each part that some of ``rows`` are in, which of them, and the rows as the part counts them."""
        if len(self.parts) == 1:
            yield self.parts[0], np.arange(len(rows)), rows
            return
        which = np.searchsorted(self.starts, rows, side="right") - 1
        for number in np.unique(which):
            at = np.flatnonzero(which == number)
            yield self.parts[number], at, rows[at] - self.starts[number]

    def entries(self, rows: NDArray[np.intp]) -> list[Entry]:
        """Return the image and nominal of each of ``rows``."""
        found: list[Entry] = [(CustodyImageId(""), NominalId(""))] * len(rows)
        for part, at, own in self.by_part(rows):
            for place, entry in zip(at, part.segment.entries(own), strict=True):
                found[place] = entry
        return found

    def vectors(self, rows: NDArray[np.intp]) -> NDArray[Any]:
        """Return the templates of ``rows`` as they are kept, shape (n, d)."""
        gathered = np.empty((len(rows), self.dimension), dtype=self.number)
        for part, at, own in self.by_part(rows):
            gathered[at] = part.segment.vectors[own]
        return gathered

    def nominals(self, rows: NDArray[np.intp]) -> NDArray[np.uint64]:
        """Return 64 bits of the nominal of each of ``rows``, shape (n,)."""
        gathered = np.empty(len(rows), dtype=np.uint64)
        for part, at, own in self.by_part(rows):
            gathered[at] = part.segment.columns["nominal"][own]
        return gathered

    def added(self, entries: Sequence[Entry], vectors: NDArray[np.float32], attributes: Attributes | None) -> Contents:
        """Return contents with more entries; see :meth:`stillgraph.gallery.index.GalleryIndex.add`."""
        check_entries(entries, vectors)
        if vectors.shape[1] != self.dimension:
            raise ModelError(
                f"Templates of {self.model} have {self.dimension} numbers; those to be added have "
                f"{vectors.shape[1]}. Embed the images again."
            )
        recorded = Attributes.unrecorded(len(entries)) if attributes is None else attributes
        if len(recorded) != len(entries):
            raise WrongUse(f"{len(entries)} custody images came with the attributes of {len(recorded)}.")
        there = np.flatnonzero(self.locate([image for image, _ in entries]) >= 0)
        if len(there):
            raise WrongUse(f"A custody image enters a gallery once: {entries[there[0]][0]} is there; delete it first.")
        if not entries:
            return self
        most = max(1, SEGMENT_BYTES // (self.dimension * np.dtype(self.number).itemsize))
        kept = np.array(vectors, dtype=self.number, order="C")
        new = [
            segments.make(entries[at : at + most], kept[at : at + most], recorded[at : at + most])
            for at in range(0, len(entries), most)
        ]
        added = sum(sum(entry_digests(one, np.arange(len(one)))) for one in new)
        parts = _merged(self.parts, new, most)
        return replace(self, parts=parts, digest=(self.digest + added) % MODULUS, _masks={})

    def without(self, images: Sequence[CustodyImageId]) -> Contents:
        """Return contents without some entries; see :meth:`stillgraph.gallery.index.GalleryIndex.delete`."""
        wanted = list(dict.fromkeys(images))
        rows = self.locate(wanted)
        missing = np.flatnonzero(rows < 0)
        if len(missing):
            raise NotFound(f"There is no custody image {wanted[missing[0]]} in the gallery.")
        parts, digest = list(self.parts), self.digest
        numbers = {id(part): number for number, part in enumerate(self.parts)}
        for part, _, own in self.by_part(rows) if len(rows) else ():
            deleted = np.zeros(len(part.segment), np.bool_) if part.deleted is None else part.deleted.copy()
            deleted[own] = True
            digest -= sum(entry_digests(part.segment, own))
            parts[numbers[id(part)]] = replace(part, deleted=deleted, deleted_name="")
        return replace(self, parts=tuple(part for part in parts if part.live), digest=digest % MODULUS, _masks={})

    def compacted(self) -> Contents:
        """Return the same contents with the rows of deleted entries gone."""
        parts = tuple(
            part if part.deleted is None else Part(segments.joined([(part.segment, part.live_rows)]))
            for part in self.parts
        )
        return replace(self, parts=parts, _masks={})

    def counted_anew(self) -> int:
        """Return the digest made anew from every entry: equal to ``digest`` unless the index is damaged."""
        return sum(sum(entry_digests(part.segment, part.live_rows)) for part in self.parts) % MODULUS


def _mask(part: Part, filters: Filters) -> NDArray[np.bool_] | None:
    kept = segments.mask(part.segment, filters)
    if part.deleted is None:
        return kept
    return ~part.deleted if kept is None else kept & ~part.deleted


def _merged(parts: Sequence[Part], new: Sequence[Segment], most: int) -> tuple[Part, ...]:
    """Return the parts with new segments, the last ones taken up into the first new one while they are small.

    A segment is taken up only by one at least half its size, so a row is copied a logarithmic number of times however
    few come at once, and the segments stay few.
    """
    kept, first = list(parts), new[0]
    taken: list[Part] = []
    rows = len(first)
    while kept and kept[-1].live < 2 * rows and rows + kept[-1].live <= most:
        taken.insert(0, kept.pop())
        rows += taken[0].live
    if taken:
        first = segments.joined([*((p.segment, p.live_rows) for p in taken), (first, np.arange(len(first)))])
    return (*kept, Part(first), *(Part(one) for one in new[1:]))


def entry_digests(segment: Segment, rows: NDArray[np.intp]) -> Iterator[int]:
    """Yield a SHA-256 of each entry of ``rows`` as a number: ids, what is recorded, and the template as it is kept."""
    for at in range(0, len(rows), DIGESTED_AT_ONCE):
        some = rows[at : at + DIGESTED_AT_ONCE]
        vectors = np.ascontiguousarray(segment.vectors[some])
        size = vectors.shape[1] * vectors.dtype.itemsize
        data = vectors.data.cast("B") if vectors.size else memoryview(b"")
        recorded = segment.attributes(some)
        columns = [np.asarray(getattr(recorded, name)).astype(str).tolist() for name in Attributes.__dataclass_fields__]
        for number, (entry, *said) in enumerate(zip(segment.entries(some), *columns, strict=True)):
            digest = sha256("\0".join((*entry, *said, "")).encode())
            digest.update(data[number * size : (number + 1) * size])
            yield int.from_bytes(digest.digest(), "big")
