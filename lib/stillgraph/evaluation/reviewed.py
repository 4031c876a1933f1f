"""What completed reviews say of a search where nobody knows the truth, and what they cannot say.

Reviewers see the first candidates only. So a list that two officers settled on says that its person was found; one on
which they found nobody does not say that the person is missing from the gallery: they may stand further down, or have
been overlooked. Counts of reviews therefore *bound* error rates and do not state them:

* of settled lists, the share corroborated is at most the share whose person is in the gallery and on the list, if
  reviewers never err;
* of corroborated faces, how often the person stood first bounds how good the order is among those found, and says
  nothing of those not found: it is not a hit rate. Where a list's place is deleted, the list is in none of these;
* FNIR and FPIR need searches of known people, mated and non-mated; no number of reviews takes their place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stillgraph.evaluation.people import share
from stillgraph.records import Rate

LEAST_REVIEWS = 30
"""Settled lists below which nothing is stated: ours."""

CANNOT = (
    "How many people who are in the gallery were not found (FNIR): nobody looked beyond the list.",
    "How often a search for a stranger returns somebody (FPIR): which lists were of strangers is not known.",
    "How often two officers agree on the wrong person: their agreement is all there is. Trials tell, or known people.",
)


@dataclass(frozen=True, slots=True)
class ReviewedList:
    """A list that two officers have judged: whose face, and at what rank the corroborated nominal stands, if at any.

    ``settled`` where they agreed, or a third did with one of them; ``disputed`` where the first two differed;
    ``corroborated`` where they settled on somebody, whose ``rank`` is not held once their custody image is deleted.
    """

    person: str
    rank: int | None
    band: str
    settled: bool
    disputed: bool
    corroborated: bool


@dataclass(frozen=True, slots=True)
class Reviewed:
    """Shares among lists that two officers judged, each with its interval over people.

    ``disputed`` is of all of them, the others of those that are settled; ``first_of_corroborated`` leaves out
    ``places_unknown`` lists, of which it is no longer held where the person stood. ``cannot`` says what none of them
    tells.
    """

    judged: int
    settled: int
    corroborated: Rate
    disputed: Rate
    first_of_corroborated: dict[str, Rate]
    by_band: Mapping[str, Rate]
    places_unknown: int = 0
    cannot: tuple[str, ...] = CANNOT
    insufficient: str | None = None


def reviewed(lists: Sequence[ReviewedList]) -> Reviewed:
    """Return what settled lists say; with fewer than :data:`LEAST_REVIEWS` nothing is stated."""
    settled = sum(one.settled for one in lists)
    if settled < LEAST_REVIEWS:
        none = Rate(0, settled, None, None, None)
        why = (
            f"insufficient: it takes {LEAST_REVIEWS} settled lists, there are {settled}: {LEAST_REVIEWS - settled} more"
        )
        return Reviewed(len(lists), settled, none, none, {}, {}, insufficient=why)
    disputed = share(np.array([one.disputed for one in lists]), _codes(lists))
    lists = [one for one in lists if one.settled]
    person = _codes(lists)
    corroborated = np.array([one.corroborated for one in lists])
    rank = np.array([np.inf if one.rank is None else one.rank for one in lists])
    held = corroborated & np.isfinite(rank)
    bands = np.array([one.band for one in lists], dtype=np.str_)
    return Reviewed(
        judged=disputed.trials,
        settled=settled,
        corroborated=share(corroborated, person),
        disputed=disputed,
        first_of_corroborated={str(most): share(rank[held] <= most, person[held]) for most in (1, 5, 20)},
        by_band={str(band): share(corroborated[bands == band], person[bands == band]) for band in np.unique(bands)},
        places_unknown=int((corroborated & ~held).sum()),
    )


def _codes(lists: Sequence[ReviewedList]) -> NDArray[np.intp]:
    """Return whose face each list is of, as codes from 0, shape (n,)."""
    return np.asarray(np.unique([one.person for one in lists], return_inverse=True)[1], dtype=np.intp)
