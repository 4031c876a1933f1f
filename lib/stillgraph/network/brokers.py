"""Persons between groups, and persons with whom others come to notice for the first time.

*Brokers*: betweenness (Freeman 1977), the participation coefficient (Guimerà and Amaral 2005: 0 where all
co-offenders are of one group, near 1 where they are spread over many) and constraint (Burt 1992, Structural Holes:
low where co-offenders do not know each other, so that ways lead through this person). *Recruiters*: after Reiss
(1988) and van Mastrigt and Farrington (2011), who call so persons who keep offending with others less experienced;
age and convictions are not in the links, so that here it is being first seen in somebody's company.
"""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from stillgraph.network.communities import adjacent_groups
from stillgraph.network.projection import adjacency, incidence, shared_offences
from stillgraph.records import Broker, Centrality, CoOffending, LinkTable, Recruiter

_ROWS = 4096  # persons whose ways over two pairs are held at once

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def brokers(found: CoOffending, places: Centrality, label: Ints) -> list[Broker]:
    """Return everybody with a co-offender in another group than their own, the greatest betweenness first.

    Somebody between groups is on stills with persons of both. Whether anything passed through them, no still says.

    Parameters
    ----------
    found
        The network.
    places
        Its measures, as :func:`~stillgraph.network.centrality` gives them.
    label
        Each person's group, as :func:`~stillgraph.network.louvain` gives it; -1 for none. int64, (n,).
    """
    beside = adjacent_groups(found, label)
    share, tight = participation(beside), constraint(found)
    reached = [beside.indices[beside.indptr[n] : beside.indptr[n + 1]] for n in range(len(label))]
    between = [n for n in np.flatnonzero(places.degree > 0).tolist() if (reached[n] != label[n]).any()]
    between.sort(key=lambda n: (-places.betweenness[n], -share[n], found.persons[n]))
    return [
        Broker(
            person_id=found.persons[n], nominal_id=found.nominal_ids[n], group=int(label[n]) + 1,
            groups_reached=tuple(sorted(int(group) + 1 for group in reached[n])), co_offenders=int(places.degree[n]),
            participation=float(share[n]), constraint=float(tight[n]), betweenness=float(places.betweenness[n]),
            betweenness_low=float(places.betweenness_low[n]), betweenness_high=float(places.betweenness_high[n]),
        )
        for n in between
    ]  # fmt: skip


def participation(beside: Any) -> Floats:
    """Return the participation coefficient by the co-offenders in each group, NaN for a person without one."""
    every = np.asarray(beside.sum(axis=1)).ravel()
    squares = np.asarray((beside * beside).sum(axis=1)).ravel()
    return np.asarray(1 - np.divide(squares, every**2, out=np.full(len(every), np.nan), where=every > 0))


def constraint(found: CoOffending) -> Floats:
    """Return Burt's constraint, weighted by offences shared, float64, (n,); NaN for a person without co-offenders."""
    weights = adjacency(found)
    every = np.asarray(weights.sum(axis=1)).ravel()
    parts = sparse.diags_array(np.divide(1.0, every, out=np.zeros(len(every)), where=every > 0)) @ weights
    parts = sparse.csr_array(parts)
    there = adjacency(found, weighted=False)
    tight = np.full(len(every), np.nan)
    for first in range(0, len(every), _ROWS):
        rows = slice(first, first + _ROWS)
        invested = parts[rows] + (parts[rows] @ parts) * there[rows]
        tight[rows] = np.asarray((invested * invested).sum(axis=1)).ravel()
    tight[every == 0] = np.nan
    return tight


def recruiters(links: LinkTable, *, proactive: bool = True) -> list[Recruiter]:
    """Return everybody with a co-offender, the greatest product of co-offenders and days of harm first.

    ``newcomers`` are those whose first offence in the links was one with this person, who had an earlier one there.
    The first in the links is not the first in life, and being seen together is not being recruited: this says whom to
    look at, not what they did.

    Parameters
    ----------
    links
        The links. Somebody's own count for harm and for who was first; those that a proposed join repeats for
        co-offenders only.
    proactive
        ``False`` leaves proactively detected offences out of days of harm.
    """
    one, other, offence, _ = shared_offences(incidence(links))
    size = len(links.persons)
    if not len(one):
        return []
    own = np.flatnonzero(links.join < 0)
    person, done = links.person[own], links.offences
    times = done.occurred_at.astype("datetime64[s]").astype(np.int64)
    first = np.full(size, np.iinfo(np.int64).max)
    np.minimum.at(first, person, times[links.offence[own]])
    counted = done.harm_days if proactive else np.where(done.proactive, 0.0, done.harm_days)
    harm = np.round(np.bincount(person, weights=counted[links.offence[own]], minlength=size), 6)
    leads, joins = np.concatenate([one, other]), np.concatenate([other, one])
    both = np.unique(leads * size + joins) // size
    degree = np.bincount(both, minlength=size)
    when = np.tile(times[offence], 2)
    new = (first[joins] == when) & (first[leads] < when)
    pairs, at = np.unique(leads[new] * size + joins[new], return_index=True)
    when = when[new][at]
    starts = np.searchsorted(pairs // size, np.arange(size + 1))
    ranked = np.lexsort((np.arange(size), -np.diff(starts), -(degree * harm)))
    offences = np.bincount(person, minlength=size)
    return [
        Recruiter(
            person_id=links.persons[n], nominal_id=links.nominal_ids[n], co_offenders=int(degree[n]),
            offences=int(offences[n]), harm_days=float(harm[n]), score=float(degree[n] * harm[n]),
            newcomers=tuple(links.persons[m] for m in (pairs[starts[n] : starts[n + 1]] % size).tolist()),
            by_month=_months(when[starts[n] : starts[n + 1]]),
        )
        for n in ranked.tolist()
        if degree[n]
    ]  # fmt: skip


def _months(seconds: Ints) -> tuple[tuple[date, int], ...]:
    months = seconds.astype("datetime64[s]").astype("datetime64[M]").astype("datetime64[D]").tolist()
    return tuple(sorted(Counter(months).items()))
