"""Which open faces somebody newly enrolled could be, and how near the top of a list counts.

A newcomer always stands somewhere on a list that is long enough. What says something is to stand before the people who
were there already: were none of m newcomers the person on the still, each would take any place among n persons with the
same chance, whatever the model and the scores, so that one of them is within the first k by a chance of at most
m k / n. The rule of a lead is a bound on that chance.
"""

from __future__ import annotations

from collections.abc import Container, Sequence

import numpy as np
from numpy.typing import NDArray

from stillgraph.errors import WrongUse
from stillgraph.records import Candidate, CustodyImageId

LEAD_CHANCE = 0.01
"""The chance that newcomers of whom none is on the still make a lead of a face, unless the officer says otherwise."""

PRODUCT_BYTES = 64 << 20
"""What the scores of all faces against some newcomers take at most."""


def places(persons: int, newcomers: int, *, chance: float, limit: int) -> int:
    """Return within how many first places of a list a newcomer makes a lead.

    Parameters
    ----------
    persons
        In the gallery, the newcomers among them.
    newcomers
        How many persons have new images.
    chance
        That newcomers who are somebody else make a lead of a face, at most, from above 0 to 1.
    limit
        The length of a list.

    Returns
    -------
    int
        From 1 to ``limit``. Whoever comes first always counts, so where newcomers are more than ``chance`` of the
        gallery, the chance is their share of it.

    Raises
    ------
    WrongUse
        ``chance`` is no chance.
    """
    if not 0.0 < chance <= 1.0:
        raise WrongUse(f"A chance is above 0 and at most 1, like 0.01: {chance:g} is not.")
    # The product may fall short of a whole number by its rounding.
    return max(1, min(limit, int(chance * persons / max(newcomers, 1) + 1e-9)))


def highest(faces: NDArray[np.float32], newcomers: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the highest score of each face with any of the newcomers' images.

    Parameters
    ----------
    faces, newcomers
        float32, shapes (n, d) and (m, d): templates of one model, of unit length.

    Returns
    -------
    ndarray
        float32, shape (n,); -inf where m is 0.
    """
    found = np.full(len(faces), -np.inf, dtype=np.float32)
    most = max(1, PRODUCT_BYTES // (4 * max(len(faces), 1)))
    for at in range(0, len(newcomers), most):
        np.maximum(found, (faces @ newcomers[at : at + most].T).max(axis=1), out=found)
    return found


def suspects(
    scores: NDArray[np.float32], last_places: NDArray[np.float64], threshold: float, dimension: int
) -> NDArray[np.intp]:
    """Return the faces on whose list a newcomer may stand near enough to the top; nobody who does is left out.

    Parameters
    ----------
    scores
        float32, shape (n,): the highest score of each face with a newcomer.
    last_places
        float64, shape (n,): what whoever now holds the last place that counts scores at least; -inf where nobody does.
    threshold
        The least score of a candidate.
    dimension
        The length of a template: a product of float32 is off by at most so many roundings.
    """
    slack = dimension * float(np.finfo(np.float32).eps)
    return np.flatnonzero(scores + slack >= np.maximum(last_places, threshold))


def lead(candidates: Sequence[Candidate], newcomers: Container[CustodyImageId], last_place: int) -> Candidate | None:
    """Return the first candidate who is within the places that count by a new image, or ``None``."""
    counting = (one for one in candidates if one.rank <= last_place)
    return next((one for one in counting if one.custody_image in newcomers), None)
