"""The exact gallery: every template is compared with every probe, and nobody is lost.

FAISS finds the best images, in one thread for each core; :mod:`stillgraph.gallery.ranking` gives the scores. In
memory (:func:`build`) or on disk (:func:`opened`), mapped and so shared by every process that searches it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from stillgraph.gallery import scan
from stillgraph.gallery.columns import Attributes, check_filters
from stillgraph.gallery.contents import Contents, Number
from stillgraph.gallery.directory import GalleryDirectory, Version
from stillgraph.gallery.index import Entry, check_probes, check_request
from stillgraph.gallery.ranking import IMAGES_PER_PERSON, candidates, complete, persons
from stillgraph.gallery.vault import Vault
from stillgraph.records import (
    Candidate,
    CustodyImageId,
    Filters,
    GalleryInfo,
    GalleryStatistics,
    ModelId,
    Template,
)

NO_FILTERS = Filters()


class ExactIndex:
    """An exact gallery, made by :func:`build` or :func:`opened`; it follows :class:`.GalleryIndex`."""

    engine = "exact"

    def __init__(self, version: Version, directory: GalleryDirectory | None = None) -> None:
        self._version = version
        self._directory = directory

    @property
    def version(self) -> Version:
        """The contents with their place in the gallery's life on disk."""
        return self._version

    @property
    def directory(self) -> GalleryDirectory | None:
        """Where the gallery lies; ``None`` for one in memory."""
        return self._directory

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.info.size} custody images, version {self.info.version}, {self.model})"

    @property
    def contents(self) -> Contents:
        """What is in the gallery now; it never changes, a later change of the gallery makes another."""
        return self._version.contents

    @property
    def model(self) -> ModelId:
        """The model all templates are of."""
        return self.contents.model

    @property
    def dimension(self) -> int:
        """The length of a template."""
        return self.contents.dimension

    @property
    def info(self) -> GalleryInfo:
        """The gallery's size in custody images and its version."""
        return self.contents.info

    @property
    def note(self) -> str:
        """What whoever changed the gallery last noted with it."""
        return self._version.note

    def search(
        self, probes: Sequence[Template], *, limit: int, threshold: float = -1.0, filters: Filters | None = None
    ) -> list[tuple[Candidate, ...]]:
        """Rank the persons of the gallery for each probe; see :meth:`GalleryIndex.search`."""
        check_request(limit, threshold)
        asked = NO_FILTERS if filters is None else filters
        check_filters(asked)
        contents = self.contents
        wanted = check_probes(probes, contents.model, contents.dimension)
        return self._searched(contents, wanted, limit, threshold, asked)

    def eligible(self, filters: Filters | None = None) -> int:
        """Return how many custody images a filter leaves; see :meth:`GalleryIndex.eligible`."""
        asked = NO_FILTERS if filters is None else filters
        check_filters(asked)
        return self.contents.eligible(asked)

    def add(self, entries: Sequence[Entry], vectors: NDArray[np.float32], attributes: Attributes | None = None) -> None:
        """Add custody images; see :meth:`GalleryIndex.add`."""
        self._change(lambda contents: contents.added(entries, vectors, attributes))

    def delete(self, images: Sequence[CustodyImageId]) -> None:
        """Leave custody images out of later searches; see :meth:`GalleryIndex.delete`.

        Their templates stay in the files until :meth:`compact` erases them.
        """
        self._change(lambda contents: contents.without(images))

    def compact(self) -> None:
        """Erase what is deleted: segments that hold it are written anew, the others stay as they are."""
        if any(part.deleted is not None for part in self.contents.parts):
            self._change(lambda contents: contents.compacted())

    def remember(self, note: str) -> None:
        """Note something with the gallery: what of the case file it was brought to agree with."""
        self._change(lambda contents: contents, note)

    def snapshot(self) -> ExactIndex:
        """Return an index of exactly what is here now, which later changes of this one do not reach."""
        return type(self)(self._version)

    def refresh(self) -> None:
        """See what other processes have changed since."""
        if self._directory is not None and self._directory.generation() != self._version.generation:
            self._version = self._directory.load(self.model, self.contents)

    def statistics(self) -> GalleryStatistics:
        """Return what the index holds and what it costs."""
        contents = self.contents
        nominals = [part.segment.columns["nominal"][part.live_rows] for part in contents.parts]
        return GalleryStatistics(
            engine=self.engine, images=contents.info.size,
            persons=len(np.unique(np.concatenate(nominals))) if nominals else 0, segments=len(contents.parts),
            deleted_rows=int(contents.starts[-1]) - contents.info.size, dimension=contents.dimension,
            number=contents.number, vector_bytes=contents.vector_bytes,
        )  # fmt: skip

    def _change(self, change: Callable[[Contents], Contents], note: str | None = None) -> None:
        """Change the contents, on disk first where they are there."""
        if self._directory is None:
            before = self._version
            said = before.note if note is None else note
            self._version = Version(change(before.contents), before.generation + 1, said)
            return
        with self._directory.writing():
            self.refresh()
            changed = change(self.contents)
            if changed is not self.contents or note not in {None, self.note}:
                self._version = self._directory.save(changed, self._version, note)

    def _searched(
        self, contents: Contents, probes: NDArray[np.float32], limit: int, threshold: float, filters: Filters
    ) -> list[tuple[Candidate, ...]]:
        """Search with every row compared; fetch more of those probes whose list is not known to be whole."""
        lists: list[tuple[Candidate, ...]] = [()] * len(probes)
        waiting = np.arange(len(probes))
        masks, most = contents.masks(filters), contents.eligible(filters)
        fetch = min(limit * IMAGES_PER_PERSON, most)
        while len(waiting) and fetch:
            scores, rows = scan.best(contents, probes[waiting], fetch, masks)
            unfinished = []
            for probe, lowest, found in zip(waiting, scores[:, -1], rows, strict=True):
                ranked = persons(contents, probes[probe], found[found >= 0])
                if fetch < most and not complete(ranked, float(lowest), contents.dimension, limit, threshold):
                    unfinished.append(probe)
                    continue
                lists[probe] = candidates(contents, ranked, limit, threshold)
            waiting = np.array(unfinished, dtype=np.intp)
            fetch = min(fetch * IMAGES_PER_PERSON, most)
        return lists


def build(
    model: ModelId,
    entries: Sequence[Entry],
    vectors: NDArray[np.float32],
    attributes: Attributes | None = None,
    *,
    number: Number = "float32",
) -> ExactIndex:
    """Build an exact gallery in memory.

    Parameters
    ----------
    model
        The model all templates are of.
    entries
        Custody images and their nominals, each image once; none is allowed.
    vectors
        float32, shape (n, d): their templates, of unit length. An empty gallery has the shape (0, d).
    attributes
        What is recorded of the images; nothing unless given.
    number
        How to keep the templates; float16 takes half the memory, and scores are those of the rounded templates.

    Returns
    -------
    ExactIndex
        It keeps a copy: later changes of ``vectors`` do not reach it.

    Raises
    ------
    WrongUse
        If entries and templates differ in number or a custody image comes twice.
    ModelError
        If a template is not finite or not of unit length.
    """
    dimension = vectors.shape[1] if vectors.ndim == 2 else 0
    index = ExactIndex(Version(Contents(model, dimension, number), 0, ""))
    index.add(entries, vectors, attributes)
    return index


def opened(
    path: Path, model: ModelId, dimension: int, *, number: Number = "float32", vault: Vault | None = None
) -> ExactIndex:
    """Open the gallery in a directory, made empty if there is none.

    Parameters
    ----------
    path
        The directory of this model's gallery.
    model, dimension
        Of all templates.
    number
        How a new gallery keeps templates; one that is there stays as it is.
    vault
        What seals its files, where the case is encrypted.

    Raises
    ------
    GalleryDamaged
        Files are missing or cut short, or the manifest cannot be read.
    ModelError
        The gallery is of another model.
    """
    directory = GalleryDirectory(path, vault)
    directory.make(model, dimension, number)
    return ExactIndex(directory.load(model), directory)
