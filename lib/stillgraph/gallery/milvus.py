"""The gallery in Milvus: in a file of this process with milvus-lite, or on a server or cluster, by the same code.

Milvus finds images by a flat index, which compares everything; :mod:`stillgraph.gallery.ranking` scores what it found
again from the templates themselves, so lists are those of the exact engine, and so is the version.

Milvus has no transactions, so every row says from which generation and until which it counts, and a change counts from
the moment the one row of the state collection names its generation. A search asks for one generation only. There may
be many readers; whoever operates the gallery sees to it that one process writes at a time.

No text enters an expression: ids and recorded values are compared by 63 bits of a digest, as integers.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stillgraph.errors import ModelError, NotFound, WrongUse
from stillgraph.gallery import segments
from stillgraph.gallery.columns import CATEGORIES, NOT_RECORDED, Attributes, check_filters, encoded
from stillgraph.gallery.contents import MODULUS, Contents, Part
from stillgraph.gallery.index import Entry, check_probes, check_request
from stillgraph.gallery.milvus_rows import (
    BYTES_AT_ONCE,
    FIELDS,
    IDS_BYTES,
    LOSSY,
    MOST_FETCHED,
    STILL_THERE,
    TEXTS,
    Collections,
    Row,
    State,
    connect,
    key_of,
)
from stillgraph.gallery.ranking import IMAGES_PER_PERSON, candidates, complete, persons
from stillgraph.records import (
    Candidate,
    CustodyImageId,
    Filters,
    GalleryInfo,
    GalleryStatistics,
    ModelId,
    NominalId,
    Template,
)


@dataclass(frozen=True)
class Held:
    """What is in the gallery at one generation, for checking it."""

    collections: Collections
    state: State

    @property
    def digest(self) -> int:
        """The digest as kept up to date."""
        return self.state.digest

    def counted_anew(self) -> int:
        """Return the digest made anew from every row: equal to ``digest`` unless the gallery is damaged."""
        read = self.collections.read(self.state.counts, FIELDS, _batch(self.state.dimension))
        return sum(_digest(self.state, rows) for rows in read) % MODULUS


class MilvusIndex:
    """A gallery in Milvus, made by :func:`opened`; it follows :class:`.GalleryIndex`."""

    engine = "milvus"

    def __init__(self, collections: Collections, state: State, *, changes: bool = True) -> None:
        self._collections, self._state, self._changes = collections, state, changes

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.info.size} custody images, version {self.info.version}, {self.model})"

    @property
    def model(self) -> ModelId:
        """The model all templates are of."""
        return self._state.model

    @property
    def dimension(self) -> int:
        """The length of a template."""
        return self._state.dimension

    @property
    def info(self) -> GalleryInfo:
        """The gallery's size in custody images and its version."""
        return self._state.info

    @property
    def contents(self) -> Held:
        """What is in the gallery now."""
        return Held(self._collections, self._state)

    def search(
        self, probes: Sequence[Template], *, limit: int, threshold: float = -1.0, filters: Filters | None = None
    ) -> list[tuple[Candidate, ...]]:
        """Rank the persons of the gallery for each probe; see :meth:`GalleryIndex.search`.

        Raises
        ------
        WrongUse
            Also if a list can be told only from more images than Milvus returns at once, if Milvus does not answer,
            or if rows of this version have been erased since.
        """
        check_request(limit, threshold)
        wanted = check_probes(probes, self.model, self.dimension)
        most, expression = self.eligible(filters), _expression(self._state, filters)
        lists: list[tuple[Candidate, ...]] = [()] * len(probes)
        waiting, fetch = np.arange(len(probes)), min(limit * IMAGES_PER_PERSON, most, MOST_FETCHED)
        while len(waiting) and fetch:
            unfinished = []
            for probe, found in zip(
                waiting, self._collections.nearest(wanted[waiting], fetch, expression), strict=True
            ):
                if len(found) < fetch:
                    raise WrongUse(f"Milvus returned {len(found)} of {fetch} images. Search again once nobody writes.")
                contents = _contents(self._state, [row["entity"] for row in found])
                ranked = persons(contents, wanted[probe], np.arange(len(found)))
                lowest = min(float(row["distance"]) for row in found)
                if fetch < most and not complete(ranked, lowest, self.dimension, limit, threshold):
                    unfinished.append(probe)
                    continue
                lists[probe] = candidates(contents, ranked, limit, threshold)
            if unfinished and fetch == MOST_FETCHED:
                raise WrongUse(
                    f"Milvus returns at most {MOST_FETCHED:,} images for a face, and this list needs more. "
                    "Ask for fewer persons, raise the threshold or narrow the filter."
                )
            waiting = np.array(unfinished, dtype=np.intp)
            fetch = min(fetch * IMAGES_PER_PERSON, most, MOST_FETCHED)
        return lists

    def eligible(self, filters: Filters | None = None) -> int:
        """Return how many custody images a filter leaves; see :meth:`GalleryIndex.eligible`."""
        expression = _expression(self._state, filters)
        if self._collections.load().oldest > self._state.generation:
            raise WrongUse("Rows of this version of the gallery have been erased since. Open the gallery again.")
        return self._collections.count(expression)

    def add(self, entries: Sequence[Entry], vectors: NDArray[np.float32], attributes: Attributes | None = None) -> None:
        """Add custody images; see :meth:`GalleryIndex.add`."""
        recorded = Attributes.unrecorded(len(entries)) if attributes is None else attributes
        added = Contents(self.model, self.dimension).added(entries, vectors, recorded)
        state = self._writing()
        there = self._collections.named(state, [image for image, _ in entries], [])
        for image, _ in entries:
            if image in there:
                raise WrongUse(f"A custody image enters a gallery once: {image} is there; delete it first.")
        if not entries:
            return
        rows = _rows(entries, vectors, recorded, state.generation + 1)
        if any(len(row[name].encode()) > IDS_BYTES for row in rows for name in TEXTS):
            raise WrongUse(f"Milvus keeps ids and recorded values of up to {IDS_BYTES:,} bytes: one is longer.")
        self._collections.write(rows, self.dimension)
        self._commit(replace(state, size=state.size + len(rows), digest=(state.digest + added.digest) % MODULUS))

    def delete(self, images: Sequence[CustodyImageId]) -> None:
        """Leave custody images out of later searches; see :meth:`GalleryIndex.delete`.

        Their templates stay in Milvus until :meth:`compact` erases them.
        """
        state, wanted = self._writing(), list(dict.fromkeys(images))
        found = self._collections.named(state, wanted, FIELDS)
        for image in wanted:
            if image not in found:
                raise NotFound(f"There is no custody image {image} in the gallery.")
        if not wanted:
            return
        rows = [row | {"removed": state.generation + 1} for row in found.values()]
        self._collections.write(rows, self.dimension)
        digest = (state.digest - _digest(state, rows)) % MODULUS
        self._commit(replace(state, size=state.size - len(rows), digest=digest))

    def compact(self) -> None:
        """Erase what is deleted; earlier snapshots answer no longer, and say so."""
        state = replace(self._writing(), oldest=self._state.generation)
        self._collections.save(state)
        self._collections.erase(f"removed <= {state.generation}")
        self._state = state

    def snapshot(self) -> MilvusIndex:
        """Return an index of exactly what is here now, until a :meth:`compact` after a later deletion."""
        return type(self)(self._collections, self._state, changes=False)

    def refresh(self) -> None:
        """See what other processes have changed since."""
        if self._changes:
            self._state = self._collections.load()

    def statistics(self) -> GalleryStatistics:
        """Return what the index holds and what it costs; it reads a number of every row to count persons."""
        nominals: set[int] = set()
        for rows in self._collections.read(self._state.counts, ["nominal_key"], MOST_FETCHED // 2):
            nominals.update(row["nominal_key"] for row in rows)
        deleted = self._collections.count(f"removed <= {self._state.generation}")
        return GalleryStatistics(
            engine=self.engine, images=self.info.size, persons=len(nominals), segments=1, deleted_rows=deleted,
            dimension=self.dimension, number="float32", vector_bytes=(self.info.size + deleted) * self.dimension * 4,
        )  # fmt: skip

    def _writing(self) -> State:
        """Return the state a change begins from, once what an interrupted change left is undone."""
        if not self._changes:
            raise WrongUse("A snapshot of a gallery does not change. Change the gallery itself.")
        self.refresh()
        now = self._state.generation
        if self._collections.count(f"added > {now}"):
            self._collections.erase(f"added > {now}")
        half = f"removed > {now} and removed < {STILL_THERE}"
        if self._collections.count(half):
            for rows in list(self._collections.read(half, FIELDS, _batch(self.dimension))):
                self._collections.write([row | {"removed": STILL_THERE} for row in rows], self.dimension)
        return self._state

    def _commit(self, state: State) -> None:
        counted = replace(state, generation=state.generation + 1)
        self._collections.save(counted)
        self._state = counted


def opened(
    uri: str,
    model: ModelId,
    dimension: int,
    *,
    collection: str = "stillgraph",
    token: str = "",
    index_type: str = "FLAT",
) -> MilvusIndex:
    """Open a gallery in Milvus, made empty if there is none.

    Parameters
    ----------
    uri
        A file that ends in ``.db``, held by this process alone, or the address of a server: ``http://host:19530``.
    model, dimension
        Of all templates.
    collection
        Letters, digits and underscores; one for each model.
    token
        What the server asks for, ``user:password`` or a key; empty if nothing.
    index_type
        Only ``FLAT``, which compares everything.

    Raises
    ------
    WrongUse
        The packages are not installed, the server does not answer, or another type of index is asked for or there.
    ModelError
        The gallery is of another model or length.
    """
    if index_type != "FLAT":
        raise WrongUse(f"A gallery in Milvus has a FLAT index, not {index_type}. {LOSSY}")
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,200}", collection):
        raise WrongUse(f"A collection is named by letters, digits and underscores: {collection!r} is not.")
    collections = Collections(connect(uri, token), collection)
    collections.make(model, dimension)
    state = collections.load()
    if (state.model, state.dimension) != (model, dimension):
        raise ModelError(
            f"The gallery is of {state.model} with {state.dimension} numbers, not of {model} with {dimension}. "
            "Open it with its model, or name another collection."
        )
    return MilvusIndex(collections, state)


def _batch(dimension: int) -> int:
    return max(1, min(MOST_FETCHED // 2, BYTES_AT_ONCE // (4 * dimension)))


def _expression(state: State, filters: Filters | None) -> str:
    """Return the rows searched as an expression of integers; see :func:`stillgraph.gallery.columns.left_by`."""
    asked = Filters() if filters is None else filters
    check_filters(asked)
    wanted = [state.counts]
    if asked.captured_since is not None:
        wanted.append(f"captured_on >= {_day(asked.captured_since)}")
    if asked.captured_until is not None:
        wanted.append(f"captured_on <= {_day(asked.captured_until)} and captured_on > {NOT_RECORDED}")
    if asked.review_on is not None:
        wanted.append(f"(review_due >= {_day(asked.review_on)} or review_due == {NOT_RECORDED})")
    if asked.age_from is not None:
        wanted.append(f"age >= {int(asked.age_from)}")
    if asked.age_to is not None:
        wanted.append(f"age <= {int(asked.age_to)} and age >= 0")
    wanted.extend(
        f"{name}_key in {[key_of(value) for value in getattr(asked, name)]}"
        for name in CATEGORIES
        if getattr(asked, name)
    )
    if asked.exclude:
        wanted.append(f"nominal_key not in {[key_of(nominal) for nominal in asked.exclude]}")
    return " and ".join(wanted)


def _day(day: Any) -> int:
    return int(np.datetime64(day, "D").astype(np.int64))


def _rows(entries: Sequence[Entry], vectors: NDArray[np.float32], recorded: Attributes, added: int) -> list[Row]:
    """Return entries as rows of Milvus that count from a generation on."""
    columns, _ = encoded(recorded)
    numbers = {name: columns[name].tolist() for name in ("captured_on", "review_due", "age")}
    texts = {name: np.asarray(getattr(recorded, name)).astype(str).tolist() for name in CATEGORIES}
    kept = np.asarray(vectors, dtype=np.float32)
    return [
        {"key": key_of(f"{image}\0{added}"), "image_key": key_of(image), "nominal_key": key_of(nominal), "added": added,
         "removed": STILL_THERE, "image": image, "nominal": nominal, "vector": kept[at].tolist()}
        | {name: values[at] for name, values in numbers.items()}
        | {name: values[at] for name, values in texts.items()}
        | {f"{name}_key": key_of(values[at]) for name, values in texts.items()}
        for at, (image, nominal) in enumerate(entries)
    ]  # fmt: skip


def _digest(state: State, rows: Sequence[Row]) -> int:
    """Return the sum of the digests of entries read back from Milvus."""
    days = {
        name: np.array([None if row[name] == NOT_RECORDED else row[name] for row in rows], dtype="datetime64[D]")
        for name in ("captured_on", "review_due")
    }
    ages = np.array([row["age"] for row in rows], dtype=np.int16)
    texts = (np.array([row[name] for row in rows], dtype=np.str_) for name in CATEGORIES)
    recorded = Attributes(days["captured_on"], days["review_due"], ages, *texts)
    entries, vectors = _entries(rows), _vectors(state, rows)
    return Contents(state.model, state.dimension).added(entries, vectors, recorded).digest


def _contents(state: State, rows: Sequence[Row]) -> Contents:
    """Return the rows Milvus found as contents that can be ranked."""
    found = segments.make(_entries(rows), _vectors(state, rows), Attributes.unrecorded(len(rows)))
    return Contents(state.model, state.dimension, parts=(Part(found),))


def _entries(rows: Sequence[Row]) -> list[Entry]:
    return [(CustodyImageId(row["image"]), NominalId(row["nominal"])) for row in rows]


def _vectors(state: State, rows: Sequence[Row]) -> NDArray[np.float32]:
    return np.array([row["vector"] for row in rows], dtype=np.float32).reshape(len(rows), state.dimension)
