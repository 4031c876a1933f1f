"""From the rows a scan found to persons: each once, by their best image, in one order that nothing else decides.

Scores are computed again in float64, one fixed way, so that a score does not depend on how many probes were searched
at once or in how many pieces, and equal templates tie exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from stillgraph.gallery.contents import Contents
from stillgraph.records import Candidate, NominalId

IMAGES_PER_PERSON = 4
"""Images fetched per person asked for in the first round; four times as many in each further round."""

Persons = list[tuple[float, int]]
"""Score and row of each person's best image, best first."""


def persons(contents: Contents, probe: NDArray[np.float32], rows: NDArray[np.int64]) -> Persons:
    """Return each person's best image among ``rows``, best first."""
    products = contents.vectors(rows).astype(np.float64) * probe.astype(np.float64)
    scores = np.clip(products.sum(axis=1), -1.0, 1.0)
    order = np.lexsort((_places(contents, rows, scores), -scores))
    first = np.sort(np.unique(contents.nominals(rows[order]), return_index=True)[1])
    return [(float(scores[one]), int(rows[one])) for one in order[first]]


def _places(contents: Contents, rows: NDArray[np.int64], scores: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return what decides between equal scores: each row's place by nominal and then image, 0 where nothing is tied."""
    places = np.zeros(len(rows), dtype=np.intp)
    _, which, counts = np.unique(scores, return_inverse=True, return_counts=True)
    tied = np.flatnonzero(counts[which] > 1)
    if len(tied):
        names = contents.entries(rows[tied])
        order = sorted(range(len(tied)), key=lambda at: names[at][::-1])
        places[tied[order]] = np.arange(len(tied))
    return places


def complete(found: Persons, lowest: float, dimension: int, limit: int, threshold: float) -> bool:
    """Say whether no image left unfetched can change the list.

    What is left scores at most ``lowest``, give or take the rounding of a sum of float32 products.
    """
    ceiling = lowest + dimension * float(np.finfo(np.float32).eps)
    return ceiling < threshold or (len(found) >= limit and found[limit - 1][0] > ceiling)


def best_of(lists: Sequence[Sequence[Candidate]], limit: int) -> tuple[Candidate, ...]:
    """Return one list of several, of faces taken for one person: each candidate by their best score on any.

    Where each list is the first ``limit`` of its face, so is this one of all faces together: whoever is ahead of
    somebody on the list of that one's best score is ahead of them here.
    """
    every = sorted(
        (one for listed in lists for one in listed), key=lambda one: (-one.score, one.nominal_id, one.custody_image)
    )
    best: dict[NominalId, Candidate] = {}
    for one in every:
        best.setdefault(one.nominal_id, one)
    return tuple(replace(one, rank=rank) for rank, one in enumerate(list(best.values())[:limit], start=1))


def candidates(contents: Contents, found: Persons, limit: int, threshold: float) -> tuple[Candidate, ...]:
    """Turn persons, best first, into a candidate list."""
    listed = [(score, row) for score, row in found[:limit] if score >= threshold]
    entries = contents.entries(np.array([row for _, row in listed], dtype=np.intp))
    return tuple(
        Candidate(rank, nominal, image, score)
        for rank, ((score, _), (image, nominal)) in enumerate(zip(listed, entries, strict=True), start=1)
    )
