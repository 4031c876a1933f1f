"""What completed reviews say of a search where nobody knows the truth, and what they cannot say.

Reviewers see the first candidates only. So a list that two officers settled on says that its person was found; one on
which they found nobody does not say that the person is missing from the gallery: they may stand further down, or have
been overlooked. Counts of reviews therefore *bound* error rates and do not state them:

* of settled lists, the share corroborated is at most the share whose person is in the gallery and on the list, if
  reviewers never err;
* of corroborated faces, how often the person stood first bounds how good the order is among those found, and says
  nothing of those not found: it is not a hit rate;
* FNIR and FPIR need searches of known people, mated and non-mated; no number of reviews takes their place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

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
    """A list that review has settled: whose face, and at what rank the corroborated nominal stands, if anybody does."""

    person: str
    rank: int | None
    band: str
    disputed: bool


@dataclass(frozen=True, slots=True)
class Reviewed:
    """Shares among settled lists, each with its interval over people; ``cannot`` says what they do not tell."""

    settled: int
    corroborated: Rate
    disputed: Rate
    first_of_corroborated: dict[str, Rate]
    by_band: Mapping[str, Rate]
    cannot: tuple[str, ...] = CANNOT
    insufficient: str | None = None


def reviewed(lists: Sequence[ReviewedList]) -> Reviewed:
    """Return what settled lists say; with fewer than :data:`LEAST_REVIEWS` nothing is stated."""
    if len(lists) < LEAST_REVIEWS:
        none = Rate(0, len(lists), None, None, None)
        lacking = LEAST_REVIEWS - len(lists)
        why = f"insufficient: it takes {LEAST_REVIEWS} settled lists, there are {len(lists)}: {lacking} more"
        return Reviewed(len(lists), none, none, {}, {}, insufficient=why)
    _, person = np.unique([one.person for one in lists], return_inverse=True)
    rank = np.array([np.inf if one.rank is None else one.rank for one in lists])
    found = np.isfinite(rank)
    bands = np.array([one.band for one in lists], dtype=np.str_)
    return Reviewed(
        settled=len(lists),
        corroborated=share(found, person),
        disputed=share(np.array([one.disputed for one in lists]), person),
        first_of_corroborated={str(most): share(rank[found] <= most, person[found]) for most in (1, 5, 20)},
        by_band={str(band): share(found[bands == band], person[bands == band]) for band in np.unique(bands)},
    )
