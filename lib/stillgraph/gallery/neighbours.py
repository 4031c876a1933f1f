"""Which templates are alike: every pair that reaches a score, exactly, without an n x n matrix.

Strips of rows are multiplied with blocks of those after them, strips taking turns on one thread a core. What is held is
a block of scores a thread, and the pairs found.
"""

from __future__ import annotations

from threading import local

import numpy as np
from numpy.typing import NDArray

from stillgraph.errors import WrongUse
from stillgraph.gallery.scan import threads

STRIP = 512
BLOCK = 4096
"""A block of scores is STRIP x BLOCK float32, 8 MB, and is made once a thread: to allocate one costs as much as to fill
it."""

AT_ONCE = 16
MOST_PAIRS = 20_000_000
"""More pairs than this are not returned: they would take gigabytes, and so many alike faces say nothing."""

Pairs = tuple[NDArray[np.int64], NDArray[np.int64]]

_room = local()


def neighbours(vectors: NDArray[np.float32], threshold: float) -> Pairs:
    """Return the rows i < j of every pair of templates whose score reaches the threshold, ascending by i, then j.

    Parameters
    ----------
    vectors
        float32, shape (n, d), of unit length.
    threshold
        The least score, a cosine.

    Returns
    -------
    tuple of int64 arrays, shape (m,)

    Raises
    ------
    WrongUse
        There are more pairs than :data:`MOST_PAIRS`.
    """
    vectors = np.ascontiguousarray(vectors, dtype=np.float32)
    found: list[Pairs] = []
    starts = range(0, len(vectors), STRIP)
    # A few strips for each thread at a time, so that too many pairs are noticed before they fill the memory.
    for at in range(0, len(starts), AT_ONCE):
        found += threads().map(lambda start: _strip(vectors, start, threshold), starts[at : at + AT_ONCE])
        if sum(len(pairs[0]) for pairs in found) > MOST_PAIRS:
            raise WrongUse(
                f"More than {MOST_PAIRS:,} pairs of faces have a score of {threshold:.2f} or more, too many to tell "
                "anybody apart: give a higher threshold."
            )
    none = np.empty(0, np.int64)
    one, other = (np.concatenate([none, *(pairs[side] for pairs in found)]) for side in (0, 1))
    order = np.lexsort((other, one))
    return one[order], other[order]


def _strip(vectors: NDArray[np.float32], start: int, threshold: float) -> Pairs:
    """Return the pairs of one strip of rows with each row after its own."""
    strip = vectors[start : start + STRIP]
    found = [_block(vectors, strip, start, at, threshold) for at in range(start, len(vectors), BLOCK)]
    return np.concatenate([one for one, _ in found]), np.concatenate([other for _, other in found])


def _block(vectors: NDArray[np.float32], strip: NDArray[np.float32], start: int, at: int, threshold: float) -> Pairs:
    block = vectors[at : at + BLOCK]
    scores, above = _rooms(len(strip) * len(block))
    scores, above = scores.reshape(len(strip), len(block)), above.reshape(len(strip), len(block))
    np.matmul(strip, block.T, out=scores)
    np.greater_equal(scores, np.float32(threshold), out=above)
    one, other = np.divmod(np.flatnonzero(above), len(block))
    one, other = one + start, other + at
    later = one < other
    return one[later], other[later]


def _rooms(size: int) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Return this thread's room for a block of scores and for which of them reach the threshold."""
    if not hasattr(_room, "scores"):
        _room.scores, _room.above = np.empty(STRIP * BLOCK, np.float32), np.empty(STRIP * BLOCK, np.bool_)
    return _room.scores[:size], _room.above[:size]
