"""The compressed gallery: short codes of all templates are compared first, and the best are scored exactly.

Every row has a code of four bits for a few numbers each (product quantisation), which a processor compares many at a
time. What ranks high by its code is scored from its template, so a list carries exact scores; only whom the codes
rank too low can be lost, and :mod:`stillgraph.gallery.loss` measures how often. Where a filter leaves few rows, and
in a gallery too small to compress, every row is compared as in the exact gallery, and nobody is lost.

There is no inverted file and no neighbour graph: both leave most rows out of a search, and lose people.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from stillgraph.gallery import scan
from stillgraph.gallery import vault as vaults
from stillgraph.gallery.contents import Contents, Number, Part
from stillgraph.gallery.directory import GalleryDirectory, Version
from stillgraph.gallery.exact import ExactIndex
from stillgraph.gallery.ranking import IMAGES_PER_PERSON, Persons, candidates, complete, persons
from stillgraph.gallery.segments import Segment
from stillgraph.gallery.vault import Vault
from stillgraph.records import Candidate, Filters, ModelId

TRAINED_FROM = 20_000
"""Rows from which on a gallery is compressed; below it comparing every row takes a few milliseconds."""

TRAINED_ON = 65_536
"""The most rows the codebook is made from, spread evenly over the gallery."""

CHUNK = 262_144
"""Rows whose codes one thread compares at a time."""

FACTOR = 25
"""Rows scored exactly, in times those the exact gallery would fetch: 100 for each person asked for."""

LEAST_SHARE = 1 / 16
"""Where a filter leaves a smaller share of the rows than this, they are all compared exactly."""

COUNTED_BYTES = 1 << 30
"""Where templates take more than this, a process lets go of their pages after each search: what it holds in memory are
its codes and what one search reads. The system keeps the pages for the next search as long as it has room."""

Coder = Any
"""A FAISS index of codes, whose type hints do not know what its own wrappers take."""


def code_parts(dimension: int) -> int:
    """Return into how many parts of four bits a template is cut: two numbers each to 128, four each above."""
    wanted = -(-dimension // 2) if dimension <= 128 else -(-dimension // 4)
    return next(parts for parts in range(wanted, dimension + 1) if dimension % parts == 0)


class CompressedIndex(ExactIndex):
    """A compressed gallery, made by :func:`build` or :func:`opened`; it follows :class:`.GalleryIndex`."""

    engine = "compressed"

    def __init__(
        self, version: Version, directory: GalleryDirectory | None = None, *, trained_from: int = TRAINED_FROM
    ) -> None:
        super().__init__(version, directory)
        self._trained_from = trained_from
        self._codebook: Coder | None = None
        self._codes: dict[Segment, list[Coder]] = {}

    def snapshot(self) -> CompressedIndex:
        """Return an index of exactly what is here now, which later changes of this one do not reach."""
        copy = type(self)(self._version, trained_from=self._trained_from)
        copy.take_codes(self._codebook, self._codes)
        return copy

    def take_codes(self, codebook: Coder | None, codes: Mapping[Segment, list[Coder]]) -> None:
        """Use a codebook and codes that are there already."""
        self._codebook, self._codes = codebook, dict(codes)

    def exactly(self) -> ExactIndex:
        """Return what is here now as an exact gallery: what the loss of this one is measured against."""
        return ExactIndex(self._version)

    def code_bytes(self) -> int:
        """Return what the codes take in memory."""
        return sum(chunk.codes.size() for chunks in self._codes.values() for chunk in chunks)

    def prepare(self, *, show_progress: bool = False) -> None:
        """Make, or read from the disk, the codes of every row that has none yet, at a cost in proportion to these."""
        contents = self.contents
        if self._codebook is None:
            if int(contents.starts[-1]) < self._trained_from:
                return
            self._codebook = self._stored_codebook() or self._trained(contents)
        shown = tqdm(contents.parts, unit="segment", desc="codes", disable=not show_progress)
        self._codes = {part.segment: self._codes.get(part.segment) or self._coded(part) for part in shown}

    def _searched(
        self, contents: Contents, probes: NDArray[np.float32], limit: int, threshold: float, filters: Filters
    ) -> list[tuple[Candidate, ...]]:
        """Search by codes first; exactly where that is no dearer."""
        self.prepare()
        masks, most = contents.masks(filters), contents.eligible(filters)
        share = most / max(int(contents.starts[-1]), 1)
        wanted = limit * IMAGES_PER_PERSON * FACTOR
        if self._codebook is None or share < LEAST_SHARE or 4 * wanted > most:
            return super()._searched(contents, probes, limit, threshold, filters)
        found = self._by_codes(contents, probes, int(wanted / share), masks)
        work = [
            scan.threads().submit(self._listed, contents, probe, rows, limit, threshold)
            for probe, rows in zip(probes, found, strict=True)
        ]
        lists = [one.result() for one in work]
        if contents.vector_bytes > COUNTED_BYTES:
            for part in contents.parts:
                part.segment.let_go()
        # One person with very many images, or a filter's luck, can leave a list short: compare every row for these.
        short = [number for number, listed in enumerate(lists) if listed is None]
        whole = iter(super()._searched(contents, probes[short], limit, threshold, filters)) if short else iter(())
        return [next(whole) if listed is None else listed for listed in lists]

    @staticmethod
    def _listed(
        contents: Contents, probe: NDArray[np.float32], rows: NDArray[np.int64], limit: int, threshold: float
    ) -> tuple[Candidate, ...] | None:
        """Return one probe's list from the rows its codes rank highest; ``None`` where they are of too few persons."""
        # Not by BLAS, which would share so small a product out among threads of its own.
        scores = np.einsum("ij,j->i", scan.floats(contents.vectors(rows)), probe)
        order = np.argsort(-scores, kind="stable")
        fetch = min(limit * IMAGES_PER_PERSON, len(rows))
        while True:
            ranked: Persons = persons(contents, probe, rows[order[:fetch]])
            lowest = float(scores[order[fetch - 1]])
            if fetch == len(rows):
                return candidates(contents, ranked, limit, threshold) if len(ranked) >= limit else None
            if complete(ranked, lowest, contents.dimension, limit, threshold):
                return candidates(contents, ranked, limit, threshold)
            fetch = min(fetch * IMAGES_PER_PERSON, len(rows))

    def _by_codes(
        self, contents: Contents, probes: NDArray[np.float32], fetch: int, masks: list[scan.Mask]
    ) -> list[NDArray[np.int64]]:
        """Return for each probe the rows that rank highest by their codes, of those looked at.

        Codes are compared with all rows: what is left of the ``fetch`` best once the others are taken out are the
        best of those looked at, as if only these had been compared.
        """
        work = list(self._chunks(contents))
        shares = [work[number :: scan.cores()] for number in range(scan.cores())]
        futures = [scan.threads().submit(_scan_codes, share, probes, fetch) for share in shares if share]
        _, rows = scan.merged([one.result() for one in futures], len(probes), fetch)
        if all(mask is None for mask in masks):
            return [own[own >= 0] for own in rows]
        kept = np.concatenate(
            [np.ones(len(part.segment), np.bool_) if mask is None else mask
             for part, mask in zip(contents.parts, masks, strict=True)]
        )  # fmt: skip
        return [own[(own >= 0) & kept[own]] for own in rows]

    def _chunks(self, contents: Contents) -> Iterator[tuple[int, Coder]]:
        for part, start in zip(contents.parts, contents.starts, strict=False):
            for number, chunk in enumerate(self._codes[part.segment]):
                yield int(start) + number * CHUNK, chunk

    def _trained(self, contents: Contents) -> Coder:
        """Make the codebook from rows spread over the gallery, the same again from the same contents."""
        total = int(contents.starts[-1])
        rows = np.unique(np.linspace(0, total - 1, min(total, TRAINED_ON)).astype(np.intp))
        faiss = scan.faiss
        coder = faiss.IndexPQFastScan(contents.dimension, code_parts(contents.dimension), 4, faiss.METRIC_INNER_PRODUCT)
        sample = scan.floats(contents.vectors(rows))
        scan.threads().submit(coder.train, sample).result()
        if self._directory is not None:
            _write(coder, self._directory.path / "codebook", self._directory.vault)
        return coder

    def _stored_codebook(self) -> Coder | None:
        path = None if self._directory is None else self._directory.path / "codebook"
        return self._stored(path) if path is not None and path.exists() else None

    def _stored(self, path: Path) -> Coder:
        """Read a codebook or codes from the disk."""
        vault = None if self._directory is None else self._directory.vault
        if vault is None:
            return scan.faiss.read_index(str(path))
        return scan.faiss.deserialize_index(np.frombuffer(vaults.read(path, vault), dtype=np.uint8))

    def _coded(self, part: Part) -> list[Coder]:
        """Return the codes of a part's rows, from the disk where they are there."""
        mark = sha256(scan.faiss.serialize_index(self._codebook).tobytes()).hexdigest()[:12]
        starts = range(0, len(part.segment), CHUNK)
        paths = [
            None if self._directory is None or not part.name
            else self._directory.path / f"codes-{part.name}.{mark}.{number}"
            for number, _ in enumerate(starts)
        ]  # fmt: skip
        return list(scan.threads().map(lambda one: self._chunk(part.segment, *one), zip(starts, paths, strict=True)))

    def _chunk(self, segment: Segment, start: int, path: Path | None) -> Coder:
        if path is not None and path.exists():
            stored = self._stored(path)
            if stored.ntotal == min(CHUNK, len(segment) - start):
                return stored
        chunk = scan.faiss.clone_index(self._codebook)
        chunk.add(scan.floats(segment.vectors[start : start + CHUNK]))
        if path is not None and self._directory is not None:
            _write(chunk, path, self._directory.vault)
        return chunk


def _scan_codes(chunks: list[tuple[int, Coder]], probes: NDArray[np.float32], fetch: int) -> scan.Found:
    found: list[scan.Found] = []
    for start, chunk in chunks:
        scores, rows = chunk.search(probes, min(fetch, chunk.ntotal))
        found.append((np.where(rows >= 0, scores, -np.inf), np.where(rows >= 0, rows + start, -1)))
        if len(found) > 4:
            found = [scan.merged(found, len(probes), fetch)]
    return scan.merged(found, len(probes), fetch)


def _write(coder: Coder, path: Path, vault: Vault | None) -> None:
    """Write a codebook or codes to the disk, whole or not at all, whoever else writes the same meanwhile."""
    beside = f".{os.getpid()}.new"
    if vault is not None:
        vaults.write(path, scan.faiss.serialize_index(coder).tobytes(), vault, beside=beside)
        return
    temporary = path.with_name(f"{path.name}{beside}")
    temporary.touch(0o600)
    scan.faiss.write_index(coder, str(temporary))
    with temporary.open("rb") as file:
        os.fsync(file.fileno())
    temporary.replace(path)


def build(model: ModelId, dimension: int, *, trained_from: int = TRAINED_FROM) -> CompressedIndex:
    """Build an empty compressed gallery in memory, of float16 templates; entries are added to it."""
    return CompressedIndex(Version(Contents(model, dimension, "float16"), 0, ""), trained_from=trained_from)


def beside(index: ExactIndex, *, trained_from: int = TRAINED_FROM) -> CompressedIndex:
    """Return the gallery of an exact index as a compressed one, on the same rows and files."""
    return CompressedIndex(index.version, index.directory, trained_from=trained_from)


def opened(
    path: Path,
    model: ModelId,
    dimension: int,
    *,
    number: Number = "float16",
    trained_from: int = TRAINED_FROM,
    vault: Vault | None = None,
) -> CompressedIndex:
    """Open the gallery in a directory as a compressed one, made empty if there is none.

    It may be the directory of an exact gallery: the rows are the same, the codes stand beside them.

    Parameters
    ----------
    path
        The directory of this model's gallery.
    model, dimension
        Of all templates.
    number
        How a new gallery keeps templates; one that is there stays as it is.
    trained_from
        Rows from which on it is compressed.
    vault
        What seals its files, where the case is encrypted.
    """
    directory = GalleryDirectory(path, vault)
    directory.make(model, dimension, number)
    return CompressedIndex(directory.load(model), directory, trained_from=trained_from)
