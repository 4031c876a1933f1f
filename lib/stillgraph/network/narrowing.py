"""Links as columns, narrowed to some retailers, boroughs and statuses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from stillgraph.errors import NotFound
from stillgraph.records import LINK_STATUSES, Coded, LinkTable, NetworkFilter


def narrowed(links: LinkTable, wanted: NetworkFilter) -> LinkTable:
    """Return the links at these retailers and in these boroughs, of these statuses; persons without one drop out.

    Days are not looked at: a table is made for a period. What a proposed join repeats stays where the link itself does.

    Raises
    ------
    NotFound
        No offence of the table is of a retailer, or in a borough, that is named.
    """
    done = links.offences
    if not (wanted.retailers or wanted.boroughs or wanted.statuses):
        return links
    there = _among(done.retailer, wanted.retailers, "retailer") & _among(done.borough, wanted.boroughs, "borough")
    statuses = [LINK_STATUSES.index(status) for status in wanted.statuses or LINK_STATUSES]
    stays = there[links.offence] & np.isin(links.status, statuses)
    parts = np.array([one.part for one in links.joins], dtype=np.int64)
    origin = np.where(links.join < 0, links.person, parts[links.join] if len(parts) else links.person)
    many = np.int64(len(done.ids) or 1)
    keys = origin * many + links.offence
    stays &= np.isin(keys, keys[stays & (links.join < 0)])
    persons, person = np.unique(links.person[stays], return_inverse=True)
    number = {int(old): new for new, old in enumerate(persons.tolist())}
    used, join = np.unique(links.join[stays & (links.join >= 0)], return_inverse=True)
    renumbered = np.full(len(person), -1, np.int32)
    renumbered[links.join[stays] >= 0] = join
    joins = [links.joins[one] for one in used.tolist()]
    return LinkTable(
        persons=tuple(links.persons[one] for one in persons.tolist()),
        nominal_ids=tuple(links.nominal_ids[one] for one in persons.tolist()),
        offences=done,
        person=person.astype(np.int32),
        offence=links.offence[stays],
        status=links.status[stays],
        join=renumbered,
        joins=tuple(replace(one, part=number[one.part], whole=number[one.whole]) for one in joins),
    )


def _among(column: Coded, wanted: Sequence[str], what: str) -> NDArray[np.bool_]:
    """Say of each offence whether it is of those wanted; of none wanted, all are."""
    missing = sorted(set(wanted) - set(column.names))
    if missing:
        raise NotFound(f"No offence of the period has {what} {missing[0]}. There are: {', '.join(column.names)}.")
    if not wanted:
        return np.ones(len(column.index), np.bool_)
    return np.isin(column.index, [column.names.index(name) for name in wanted])
