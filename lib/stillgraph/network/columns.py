"""The network as columns, for pages that narrow ten thousand nodes while somebody waits: masks and sums, no graph."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from stillgraph.errors import WrongUse
from stillgraph.network.spreading import spread
from stillgraph.records import LINK_STATUSES, Coded, LinkTable, NetworkFilter

Mask = NDArray[np.bool_]


def kept(table: LinkTable, wanted: NetworkFilter) -> Mask:
    """Return which links a filter leaves, shape (m,): by day (UTC, inclusive), retailer, borough and status.

    Links by a machine's proposed join are never among them: of such a link and its part's own only one can be true.

    Raises
    ------
    WrongUse
        The first day is after the last.
    """
    if wanted.since is not None and wanted.until is not None and wanted.since > wanted.until:
        raise WrongUse(f"A period begins before it ends; {wanted.since} is after {wanted.until}.")
    offences = table.offences
    holds = np.ones(len(offences.ids), dtype=np.bool_)
    if wanted.since is not None:
        holds &= offences.occurred_at >= _second(wanted.since)
    if wanted.until is not None:
        holds &= offences.occurred_at < _second(wanted.until + timedelta(days=1))
    holds &= _among(offences.retailer, wanted.retailers) & _among(offences.borough, wanted.boroughs)
    mask = holds[table.offence] & (table.join < 0)
    if wanted.statuses:
        mask &= np.isin(table.status, [LINK_STATUSES.index(status) for status in wanted.statuses])
    return np.asarray(mask)


def places(table: LinkTable, *, seed: int = 0) -> NDArray[np.float64]:
    """Return a place for every node, persons first, then offences; shape (persons + offences, 2).

    Offences nobody is linked to lie where no one looks, at the origin, and do not push the others aside.
    """
    own = table.join < 0
    ends = np.column_stack([table.person[own], table.offence[own] + len(table.persons)]).astype(np.int64)
    nodes, numbered = np.unique(ends, return_inverse=True)
    placed = np.zeros((len(table.persons) + len(table.offences.ids), 2))
    placed[nodes] = spread(numbered.reshape(-1, 2), len(nodes), seed=seed)
    return placed


def surest(table: LinkTable) -> NDArray[np.uint8]:
    """Return each person's surest status, shape (n,), as an index of :data:`LINK_STATUSES`."""
    found = np.full(len(table.persons), len(LINK_STATUSES) - 1, dtype=np.uint8)
    own = table.join < 0
    np.minimum.at(found, table.person[own], table.status[own].astype(np.uint8))
    return found


def sums(table: LinkTable, mask: Mask) -> dict[str, NDArray[np.float64] | NDArray[np.int64]]:
    """Add up the links of a mask by person, each of shape (n,).

    An offence of several counts whole for each. ``co_offenders`` are other persons linked to one of the same offences.
    """
    persons, person, offence = len(table.persons), table.person[mask], table.offence[mask]
    offences = table.offences

    def total(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(np.bincount(person, weights=values[offence], minlength=persons), dtype=np.float64)

    linked = csr_array((np.ones(len(person), dtype=np.int32), (person, offence)), shape=(persons, len(offences.ids)))
    together = linked @ linked.T
    together.setdiag(0)
    together.eliminate_zeros()
    return {
        "offences": np.bincount(person, minlength=persons),
        "co_offenders": np.diff(together.indptr).astype(np.int64),
        "harm_days": total(offences.harm_days),
        "value_pence": total(offences.value_pence.astype(np.float64)),
        "retailers": _differing(person, offences.retailer, offence, persons),
        "boroughs": _differing(person, offences.borough, offence, persons),
    }


def _second(day: date) -> np.datetime64:
    return np.datetime64(day, "s")


def _among(column: Coded, names: tuple[str, ...]) -> Mask:
    if not names:
        return np.ones(len(column.index), dtype=np.bool_)
    return np.asarray(np.isin(np.asarray(column.names, dtype=object), list(names))[column.index])


def _differing(person: NDArray[np.int32], column: Coded, offence: NDArray[np.int32], persons: int) -> NDArray[np.int64]:
    pairs = np.unique(person.astype(np.int64) * max(len(column.names), 1) + column.index[offence])
    return np.bincount(pairs // max(len(column.names), 1), minlength=persons)
