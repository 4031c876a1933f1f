"""Comparing probes with every row: the kernels, one thread a core.

FAISS's own threads spin while they wait and make one probe slower than a single thread does; so the rows are cut into
as many spans as there are cores, and each is scanned by one thread that keeps FAISS to itself.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from functools import cache
from itertools import pairwise
from threading import Lock
from typing import Any

import faiss as _faiss
import numpy as np
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController

from stillgraph.gallery.contents import Contents

# Its type hints know neither its kernels nor what its own wrappers take.
faiss: Any = _faiss

BATCH = 4
"""From so many probes on, blocks of rows are multiplied as matrices: each row is then read once for all probes."""

BLOCK_BYTES = 4 << 20
"""What a block of rows takes as float32: it stays in the cache between being made and being multiplied."""

_batches = Lock()

Found = tuple[NDArray[np.float32], NDArray[np.int64]]
"""Scores, shape (probes, k), and rows; row -1 with score -inf where there are fewer."""

Kept = tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32]]
"""Probe, row and score of each that may be among the best, shape (m,) each."""

Mask = NDArray[np.bool_] | None
Span = list[tuple[int, int, int]]
"""Part, first row and end of each piece that one thread scans."""


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@cache
def threads() -> ThreadPoolExecutor:
    """Return the threads that scan, one a core, kept for the life of the process; FAISS has one thread in each."""
    return ThreadPoolExecutor(
        cores(), thread_name_prefix="gallery", initializer=faiss.omp_set_num_threads, initargs=(1,)
    )


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=threads.cache_clear)


def best(contents: Contents, probes: NDArray[np.float32], fetch: int, masks: list[Mask]) -> Found:
    """Return the ``fetch`` rows most alike to each probe, best first.

    Parameters
    ----------
    probes
        float32, shape (n, d), of unit length.
    masks
        Which rows of each part to look at; ``None`` for all.
    """
    spans = _spans([len(part.segment) for part in contents.parts], cores())
    with _one_blas_thread_each() if len(probes) >= BATCH else nullcontext():
        work = [threads().submit(_scan_span, contents, span, probes, fetch, masks) for span in spans]
        return merged([one.result() for one in work], len(probes), fetch)


@cache
def _libraries() -> ThreadpoolController:
    return ThreadpoolController()


@contextmanager
def _one_blas_thread_each() -> Iterator[None]:
    """Let NumPy multiply in the calling thread alone while the block runs; batches come one after the other.

    Otherwise each of our threads would call up as many of OpenBLAS's own and wait for them by spinning: three times as
    slow. The number is of the whole process, so two batches at once could set back what the other has set.
    """
    with _batches, _libraries().limit(limits=1, user_api="blas"):
        yield


def merged(found: list[Found], probes: int, fetch: int) -> Found:
    """Return the best of what several scans found, best first, shape (probes, fetch)."""
    empty = np.full((probes, fetch), -np.inf, np.float32), np.full((probes, fetch), -1, np.int64)
    scores, rows = _cut(*_side_by_side([*found, empty]), fetch)
    order = np.argsort(-scores, axis=1, kind="stable")
    return np.take_along_axis(scores, order, axis=1), np.take_along_axis(rows, order, axis=1)


def _side_by_side(found: list[Found]) -> Found:
    return np.concatenate([one[0] for one in found], axis=1), np.concatenate([one[1] for one in found], axis=1)


def _cut(scores: NDArray[np.float32], rows: NDArray[np.int64], fetch: int) -> Found:
    if scores.shape[1] <= fetch:
        return scores, rows
    kept = np.argpartition(-scores, fetch - 1, axis=1)[:, :fetch]
    return np.take_along_axis(scores, kept, axis=1), np.take_along_axis(rows, kept, axis=1)


def _spans(sizes: list[int], count: int) -> list[Span]:
    """Cut parts of these sizes into ``count`` spans of rows as equal as can be."""
    total = sum(sizes)
    cuts = [total * number // count for number in range(count + 1)]
    spans: list[Span] = []
    for low, high in pairwise(cuts):
        span, start = [], 0
        for part, size in enumerate(sizes):
            first, end = max(low - start, 0), min(high - start, size)
            if first < end:
                span.append((part, first, end))
            start += size
        if span:
            spans.append(span)
    return spans


def _scan_span(contents: Contents, span: Span, probes: NDArray[np.float32], fetch: int, masks: list[Mask]) -> Found:
    found: list[Found] = []
    for part, first, end in span:
        vectors = contents.parts[part].segment.vectors[first:end]
        mask = masks[part]
        own = None if mask is None else mask[first:end]
        if own is not None and own.all():
            own = None
        scores, rows = _scan(vectors, probes, min(fetch, len(vectors)), own)
        rows = np.where(rows >= 0, rows + (contents.starts[part] + first), -1)
        scores[rows < 0] = -np.inf
        found.append((scores, rows))
        if sum(one[0].shape[1] for one in found) > 4 * fetch:
            found = [_cut(*_side_by_side(found), fetch)]
    return merged(found, len(probes), fetch)


def _scan(vectors: NDArray[Any], probes: NDArray[np.float32], fetch: int, mask: Mask) -> Found:
    """Compare probes with rows, shape (n, d), in this thread."""
    if mask is not None and not mask.any():
        return np.empty((len(probes), 0), np.float32), np.empty((len(probes), 0), np.int64)
    half = vectors.dtype == np.float16
    if len(probes) >= BATCH:
        return _scan_blocks(vectors, probes, fetch, mask)
    return _scan_half(vectors, probes, fetch, mask) if half else _scan_whole(vectors, probes, fetch, mask)


def _scan_whole(vectors: NDArray[np.float32], probes: NDArray[np.float32], fetch: int, mask: Mask) -> Found:
    """Compare probes with float32 rows."""
    scores = np.empty((len(probes), fetch), np.float32)
    rows = np.empty((len(probes), fetch), np.int64)
    pointers = [faiss.swig_ptr(array) for array in (probes, vectors)]
    size = (vectors.shape[1], len(probes), len(vectors), fetch)
    found = [faiss.swig_ptr(array) for array in (scores, rows)]
    if mask is None:
        faiss.knn_inner_product(*pointers, *size, *found)
    else:
        bits = np.packbits(mask, bitorder="little")
        faiss.knn_inner_product(*pointers, *size, *found, faiss.IDSelectorBitmap(bits))
    return scores, rows


def _scan_half(vectors: NDArray[np.float16], probes: NDArray[np.float32], fetch: int, mask: Mask) -> Found:
    """Compare probes, one after the other, with float16 rows."""
    quantizer = faiss.ScalarQuantizer(vectors.shape[1], faiss.ScalarQuantizer.QT_fp16)
    scores = np.full((len(probes), fetch), -np.inf, np.float32)
    rows = np.full((len(probes), fetch), -1, np.int64)
    codes = faiss.swig_ptr(vectors.reshape(-1).view(np.uint8))
    selector = None if mask is None else faiss.IDSelectorBitmap(np.packbits(mask, bitorder="little"))
    # Without a selector a row's number is its id; with one FAISS asks for ids to be given.
    ids = None if mask is None else np.arange(len(vectors), dtype=np.int64)
    for probe, own_scores, own_rows in zip(probes, scores, rows, strict=True):
        scanner = quantizer.select_InvertedListScanner(faiss.METRIC_INNER_PRODUCT, None, ids is None, selector, False)
        scanner.set_query(faiss.swig_ptr(probe))
        scanner.set_list(0, 0.0)
        scanner.scan_codes(
            len(vectors), codes, None if ids is None else faiss.swig_ptr(ids), faiss.swig_ptr(own_scores),
            faiss.swig_ptr(own_rows), fetch,
        )  # fmt: skip
    return scores, rows


def _scan_blocks(vectors: NDArray[Any], probes: NDArray[np.float32], fetch: int, mask: Mask) -> Found:
    """Compare many probes with rows block by block; what cannot be among the best any more is dropped at once."""
    step = max(1024, BLOCK_BYTES // (4 * vectors.shape[1]))
    least = np.full((len(probes), 1), -np.inf, np.float32)
    kept: Kept = (np.empty(0, np.intp), np.empty(0, np.intp), np.empty(0, np.float32))
    # Made once: to allocate what one block takes costs as much as to multiply it.
    room = np.empty(len(probes) * min(step, len(vectors)), np.float32), np.empty(len(probes) * step, np.bool_)
    for at in range(0, len(vectors), step):
        block, own = vectors[at : at + step], None if mask is None else mask[at : at + step]
        if own is not None and not own.any():
            continue
        scores, above = (one[: len(probes) * len(block)].reshape(len(probes), len(block)) for one in room)
        np.matmul(probes, floats(block).T, out=scores)
        if own is not None:
            scores[:, ~own] = -np.inf
        if len(block) > fetch and not np.isfinite(least).all():
            # Nothing is known yet: the best of this block alone are a floor for the best of all.
            np.maximum(least, np.partition(scores, -fetch, axis=1)[:, -fetch, None], out=least)
            np.greater_equal(scores, least, out=above)
            above &= np.isfinite(scores)
        else:
            np.greater(scores, least, out=above)
        places = np.flatnonzero(above)
        which, rows = np.divmod(places, len(block))
        new = (which, rows + at, scores.reshape(-1)[places])
        kept = (np.append(kept[0], new[0]), np.append(kept[1], new[1]), np.append(kept[2], new[2]))
        if len(kept[0]) > 4 * fetch * len(probes):
            kept = _thinned(kept, fetch, least)
    return _table(_thinned(kept, fetch, least), len(probes), fetch)


def _thinned(kept: Kept, fetch: int, least: NDArray[np.float32]) -> Kept:
    """Return the best of what is kept for each probe, best first, and raise ``least``, shape (n, 1), to the last."""
    which, rows, scores = kept
    order = np.lexsort((-scores, which))
    which, rows, scores = which[order], rows[order], scores[order]
    places = _places(which)
    last = places == fetch - 1
    least[which[last], 0] = np.maximum(least[which[last], 0], scores[last])
    best_ones = places < fetch
    return which[best_ones], rows[best_ones], scores[best_ones]


def _places(which: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return how many came before each of the same number, in an ascending array."""
    return np.arange(len(which)) - np.searchsorted(which, which, side="left")


def _table(kept: Kept, probes: int, fetch: int) -> Found:
    which, rows, scores = kept
    found = np.full((probes, fetch), -np.inf, np.float32), np.full((probes, fetch), -1, np.int64)
    places = _places(which)
    found[0][which, places], found[1][which, places] = scores, rows
    return found


def floats(vectors: NDArray[Any]) -> NDArray[np.float32]:
    """Return rows as float32, shape (n, d), contiguous; float16 by FAISS, several times as fast as NumPy."""
    if vectors.dtype != np.float16:
        return np.ascontiguousarray(vectors, dtype=np.float32)
    quantizer = faiss.ScalarQuantizer(vectors.shape[1], faiss.ScalarQuantizer.QT_fp16)
    whole: NDArray[np.float32] = quantizer.decode(np.ascontiguousarray(vectors).view(np.uint8))
    return whole
