"""The exact gallery: every template is compared with every probe, and nobody is lost.

FAISS finds the best images; their scores are then computed again in float64, one fixed way, so that a score
does not depend on how many probes were searched at once, and equal templates tie exactly.
"""

from __future__ import annotations

from collections.abc import Sequence

import faiss
import numpy as np
from numpy.typing import NDArray

from stillgraph.gallery.index import Entry, check_entries, check_probes, check_request, version_of
from stillgraph.records import Candidate, GalleryInfo, ModelId, Template

IMAGES_PER_PERSON = 4
"""Images fetched per person asked for in the first round; four times as many in each further round."""


class ExactIndex:
    """An exact gallery in memory, made by :func:`build`; it follows :class:`.GalleryIndex`."""

    def __init__(self, model: ModelId, entries: Sequence[Entry], vectors: NDArray[np.float32]) -> None:
        self._model = model
        self._entries = tuple(entries)
        self._vectors = vectors
        self._info = GalleryInfo(len(self._entries), version_of(model, self._entries, vectors))
        # Each entry's place among all, by nominal and then image: what decides between equal scores.
        places = sorted(range(len(self._entries)), key=lambda row: self._entries[row][::-1])
        self._place = np.empty(len(places), dtype=np.intp)
        self._place[places] = np.arange(len(places))
        self._person = np.unique([nominal for _, nominal in self._entries], return_inverse=True)[1]
        # One thread: with its default threads FAISS spins and takes twice as long for a flat index.
        faiss.omp_set_num_threads(1)
        self._flat = faiss.IndexFlatIP(vectors.shape[1])
        self._flat.add(vectors)

    def __repr__(self) -> str:
        return f"ExactIndex({self._info.size} custody images, version {self._info.version}, {self._model})"

    @property
    def model(self) -> ModelId:
        """The model all templates are of."""
        return self._model

    @property
    def dimension(self) -> int:
        """The length of a template."""
        return int(self._vectors.shape[1])

    @property
    def info(self) -> GalleryInfo:
        """The gallery's size in custody images and its version."""
        return self._info

    def search(self, probes: Sequence[Template], *, limit: int, threshold: float = -1.0) -> list[tuple[Candidate, ...]]:
        """Rank the persons of the gallery for each probe; see :meth:`GalleryIndex.search`."""
        check_request(limit, threshold)
        wanted = check_probes(probes, self._model, self.dimension)
        lists: list[tuple[Candidate, ...]] = [()] * len(probes)
        waiting = np.arange(len(probes))
        fetch = min(limit * IMAGES_PER_PERSON, self._info.size)
        while len(waiting) and fetch:
            scores, rows = self._flat.search(wanted[waiting], fetch)
            unfinished = []
            for probe, lowest, found in zip(waiting, scores[:, -1], rows, strict=True):
                persons = self._persons(wanted[probe], found)
                if fetch < self._info.size and not self._complete(persons, float(lowest), limit, threshold):
                    unfinished.append(probe)
                    continue
                lists[probe] = self._candidates(persons, limit, threshold)
            waiting = np.array(unfinished, dtype=np.intp)
            fetch = min(fetch * IMAGES_PER_PERSON, self._info.size)
        return lists

    def _persons(self, probe: NDArray[np.float32], rows: NDArray[np.int64]) -> list[tuple[float, int]]:
        """Return (score, row) of each person's best image among ``rows``, best first."""
        products = self._vectors[rows].astype(np.float64) * probe.astype(np.float64)
        scores = np.clip(products.sum(axis=1), -1.0, 1.0)
        order = np.lexsort((self._place[rows], -scores))
        first = np.sort(np.unique(self._person[rows[order]], return_index=True)[1])
        return [(float(scores[one]), int(rows[one])) for one in order[first]]

    def _complete(self, persons: list[tuple[float, int]], lowest: float, limit: int, threshold: float) -> bool:
        """Say whether no image left unfetched can change the list.

        What is left scores at most ``lowest``, give or take the rounding of a sum of float32 products.
        """
        ceiling = lowest + self.dimension * float(np.finfo(np.float32).eps)
        return ceiling < threshold or (len(persons) >= limit and persons[limit - 1][0] > ceiling)

    def _candidates(self, persons: list[tuple[float, int]], limit: int, threshold: float) -> tuple[Candidate, ...]:
        """Turn persons, best first, into a candidate list."""
        return tuple(
            Candidate(rank, self._entries[row][1], self._entries[row][0], score)
            for rank, (score, row) in enumerate(persons[:limit], start=1)
            if score >= threshold
        )


def build(model: ModelId, entries: Sequence[Entry], vectors: NDArray[np.float32]) -> ExactIndex:
    """Build an exact gallery.

    Parameters
    ----------
    model
        The model all templates are of.
    entries
        Custody images and their nominals, each image once; none is allowed.
    vectors
        float32, shape (n, d): their templates, of unit length. An empty gallery has the shape (0, d).

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
    check_entries(entries, vectors)
    return ExactIndex(model, entries, np.array(vectors, dtype=np.float32, order="C"))
