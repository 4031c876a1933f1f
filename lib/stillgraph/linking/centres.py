"""How near each face of a person is to the centre of the others."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def scores_to_others(templates: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the score of each face with the mean template of the person's other faces.

    The face itself is left out of the mean: in a person of two or three it would speak for itself.

    Parameters
    ----------
    templates
        float32, shape (n, d), of unit length; a row of NaN where a face has none.

    Returns
    -------
    float64, shape (n,)
        Cosines; NaN for a face without template, or where no other face has one.
    """
    known = np.all(np.isfinite(templates), axis=1)
    scores = np.full(len(templates), np.nan)
    if known.sum() < 2:
        return scores
    own = templates[known].astype(np.float64)
    others = own.sum(axis=0) - own
    lengths = np.linalg.norm(others, axis=1)
    products = np.einsum("ij,ij->i", own, others)
    scores[known] = np.clip(np.divide(products, lengths, out=np.zeros_like(products), where=lengths > 0), -1.0, 1.0)
    return scores
