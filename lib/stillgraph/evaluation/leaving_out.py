"""Searches of a study: everybody's probes against a gallery, with their own person there and left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from stillgraph.errors import WrongUse
from stillgraph.evaluation.searches import Searches
from stillgraph.records import Vector

_ROWS = 1024


def both_ways(
    gallery: Vector,
    gallery_people: Sequence[str],
    probes: Vector,
    probe_people: Sequence[str],
    labels: Mapping[str, Sequence[str]] | None = None,
) -> Searches:
    """Search each probe twice: with its person in the gallery, and with that person's images left out.

    The first is a mated search, the second a non-mated one of the same face (ISO/IEC 19795-1 leaves one out so). A
    person's score is that of their best image.

    Parameters
    ----------
    gallery, probes
        Templates of unit length, float32, shapes (n, d) and (m, d); a row of NaN is an image without a usable face.
    gallery_people, probe_people
        Whose image each row is; everybody with a probe is in the gallery.
    labels
        What is recorded of each probe, by attribute, shape (m,).

    Returns
    -------
    Searches
        2m rows: the mated ones, then the others, in the order of the probes.

    Raises
    ------
    WrongUse
        Rows and people differ in number, a probe's person is not in the gallery, or nobody else is.
    """
    if len(gallery) != len(gallery_people) or len(probes) != len(probe_people):
        raise WrongUse("Each template needs its person; give as many people as templates.")
    names, of_row = np.unique(np.asarray(gallery_people, dtype=np.str_), return_inverse=True)
    lacking = sorted(set(probe_people) - set(names.tolist()))
    if lacking or len(names) < 2:
        raise WrongUse("Everybody who is searched for is in the gallery, and somebody else is; add their images.")
    person = np.searchsorted(names, np.asarray(probe_people, dtype=np.str_))
    order = np.argsort(of_row, kind="stable")
    starts = np.searchsorted(of_row[order], np.arange(len(names)))
    known = np.nan_to_num(gallery[order].astype(np.float64), nan=0.0)
    absent = ~np.isfinite(gallery[order]).all(axis=1)
    acquired: NDArray[np.bool_] = np.asarray(np.isfinite(probes).all(axis=1))
    own, other, place = (np.full(len(probes), -np.inf), np.full(len(probes), -np.inf), np.full(len(probes), np.inf))
    for start in range(0, len(probes), _ROWS):
        rows = np.flatnonzero(acquired[start : start + _ROWS]) + start
        if not len(rows):
            continue
        scores = np.clip(probes[rows].astype(np.float64) @ known.T, -1, 1)
        scores[:, absent] = -np.inf
        best = np.maximum.reduceat(scores, starts, axis=1)
        mine = person[rows]
        own[rows] = best[np.arange(len(rows)), mine]
        best[np.arange(len(rows)), mine] = -np.inf
        other[rows] = best.max(axis=1)
        # Equal scores count against the person.
        place[rows] = np.where(np.isfinite(own[rows]), (best >= own[rows][:, None]).sum(axis=1) + 1, np.inf)
    count, nothing = len(person), np.full(len(person), np.inf)
    return Searches(
        person=np.concatenate([person, person]).astype(np.intp),
        mated=np.arange(2 * count) < count,
        rank=np.concatenate([place, nothing]),
        mate_score=np.concatenate([own, -nothing]),
        best_score=np.concatenate([np.maximum(own, other), other]),
        acquired=np.concatenate([acquired, acquired]),
        labels={name: np.tile(np.asarray(column, dtype=np.str_), 2) for name, column in (labels or {}).items()},
    )
