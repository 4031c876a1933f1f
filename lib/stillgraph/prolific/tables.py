"""Parts of a table of links: of a period, corroborated alone."""

from __future__ import annotations

from datetime import date

import numpy as np
from numpy.typing import NDArray

from stillgraph.records import LinkTable


def corroborated(table: LinkTable) -> LinkTable:
    """Return the links that two officers agreed on, and whose they are; neither joins nor what else is proposed."""
    return chosen(table, (table.status == 0) & (table.join < 0))


def within(table: LinkTable, since: date | None, until: date | None) -> LinkTable:
    """Return the links to offences from a first to a last day, both included, UTC; the offences stay as they are."""
    if since is None and until is None:
        return table
    day = table.offences.occurred_at.astype("datetime64[D]")
    inside = np.ones(len(day), dtype=np.bool_)
    if since is not None:
        inside &= day >= np.datetime64(since)
    if until is not None:
        inside &= day <= np.datetime64(until)
    return chosen(table, inside[table.offence])


def chosen(table: LinkTable, rows: NDArray[np.bool_]) -> LinkTable:
    """Return some rows of a table, shape (m,), the persons who have one, and the joins that have one.

    The offences stay as they are, so that numbers of offences go on meaning the same.
    """
    if rows.all():
        return table
    person, join = table.person[rows], table.join[rows]
    people, at = np.unique(person, return_inverse=True)
    numbers = np.unique(join[join >= 0])
    place = np.full(len(table.persons), -1, dtype=np.int64)
    place[people] = np.arange(len(people))
    moved = np.full(len(table.joins) + 1, -1, dtype=np.int32)
    moved[numbers] = np.arange(len(numbers), dtype=np.int32)
    joins = (table.joins[number] for number in numbers.tolist())
    return LinkTable(
        persons=tuple(table.persons[one] for one in people.tolist()),
        nominal_ids=tuple(table.nominal_ids[one] for one in people.tolist()),
        offences=table.offences,
        person=at.astype(np.int32),
        offence=table.offence[rows],
        status=table.status[rows],
        join=moved[join],
        joins=tuple(
            type(one)(int(place[one.part]), int(place[one.whole]), one.likelihood_ratio, one.score) for one in joins
        ),
    )
