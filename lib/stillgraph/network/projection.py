"""Who is linked to offences together: the two-mode network projected onto persons, by columns.

The number of offences two persons share is an entry of A Aᵀ, for A the incidence of persons and offences (Breiger
1974, The duality of persons and groups, Social Forces 53, 181-190). Its pairs are listed here offence by offence, all
offences with equally many persons at once, because first and last time together and the surest status are no sums.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import networkx as nx
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from stillgraph.network.graph import nodes_of
from stillgraph.network.naming import person_node
from stillgraph.records import LINK_STATUSES, CoOffending, LinkTable, NominalId, PersonId, Together

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Incidence:
    """Links as columns of shape (m,); ``origin`` is the person whose own link a row is or repeats."""

    persons: tuple[PersonId, ...]
    nominal_ids: tuple[NominalId | None, ...]
    person: Ints
    origin: Ints
    offence: Ints
    status: Ints
    occurred_at: NDArray[np.datetime64]


def project(links: LinkTable) -> CoOffending:
    """Project links onto persons: two are a pair where they are linked to one offence.

    Every person stays, alone or not. Links that a proposed join repeats take part: whoever was with the part was,
    if the proposal holds, with the whole. Part and whole are no pair by that, as only one of the two links can be
    true; nor are two persons of whom one person is proposed to be part. So somebody who was with a person of whom
    another is proposed to be part counts both as co-offenders.

    A pair says that two persons are on stills of one offence, not that they acted together. Time and memory grow with
    the pairs of each offence: s (s - 1) / 2 of s persons, about 60 bytes each.
    """
    return _pairs(incidence(links))


def incidence(links: LinkTable) -> Incidence:
    """Return links as the projection reads them."""
    parts = np.array([one.part for one in links.joins], dtype=np.int64)
    person = links.person.astype(np.int64)
    origin = np.where(links.join < 0, person, parts[links.join] if len(parts) else person)
    return Incidence(
            persons=links.persons, nominal_ids=links.nominal_ids, person=person, origin=origin,
            offence=links.offence.astype(np.int64), status=links.status.astype(np.int64),
            occurred_at=links.offences.occurred_at,
    )  # fmt: skip


def project_graph(graph: nx.Graph[str]) -> CoOffending:
    """Project a two-mode graph made by :func:`~stillgraph.network.build`, like :func:`project`."""
    persons, offences = nodes_of(graph, "person"), nodes_of(graph, "offence")
    person_of = {node: number for number, node in enumerate(persons)}
    offence_of = {node: number for number, node in enumerate(offences)}
    statuses = [status.value for status in LINK_STATUSES]
    rows = [
        (person_of[node], offence_of[offence], statuses.index(graph.edges[node, offence]["status"]))
        for node in persons
        for offence in sorted(graph[node])
        if offence in offence_of
    ]
    person, offence, status = np.array(rows, dtype=np.int64).reshape(-1, 3).T
    times = [datetime.fromisoformat(graph.nodes[node]["occurred_at"]).astimezone(UTC) for node in offences]
    return _pairs(
        Incidence(
            persons=tuple(PersonId(graph.nodes[node]["person_id"]) for node in persons),
            nominal_ids=tuple(NominalId(graph.nodes[node]["nominal_id"]) or None for node in persons),
            person=person, origin=person, offence=offence, status=status,
            occurred_at=np.array([time.replace(tzinfo=None) for time in times], dtype="datetime64[s]"),
        )
    )  # fmt: skip


def co_offending(graph: nx.Graph[str]) -> nx.Graph[str]:
    """Project a two-mode graph onto persons, as a graph: see :func:`project`.

    Joins have ``weight``, the number of offences shared, ``first_together`` and ``last_together`` (ISO 8601, UTC),
    and ``status``, that of the least sure link they rest on.
    """
    found = project_graph(graph)
    projected: nx.Graph[str] = nx.Graph()
    projected.add_nodes_from((node, graph.nodes[node]) for node in nodes_of(graph, "person"))
    for pair in pairs(found):
        projected.add_edge(
            person_node(pair.person_id),
            person_node(pair.other_id),
            weight=pair.offences,
            first_together=pair.first_together.isoformat(timespec="seconds"),
            last_together=pair.last_together.isoformat(timespec="seconds"),
            status=pair.status.value,
        )
    return projected


def pairs(found: CoOffending) -> list[Together]:
    """Return the pairs as rows, in their order."""
    columns = (
        found.one, found.other, found.weight, found.first_together.astype("datetime64[s]"),
        found.last_together.astype("datetime64[s]"), found.status,
    )  # fmt: skip
    return [
        Together(
            found.persons[one], found.persons[other], weight, first.replace(tzinfo=UTC), last.replace(tzinfo=UTC),
            LINK_STATUSES[status],
        )
        for one, other, weight, first, last, status in zip(*(column.tolist() for column in columns), strict=True)
    ]  # fmt: skip


def adjacency(found: CoOffending, *, weighted: bool = True) -> Any:
    """Return the symmetric matrix of pairs, CSR float64 of shape (n, n): offences shared, or 1."""
    size = len(found.persons)
    values = found.weight.astype(np.float64) if weighted else np.ones(len(found.one))
    rows, columns = np.concatenate([found.one, found.other]), np.concatenate([found.other, found.one])
    matrix = sparse.csr_array((np.tile(values, 2), (rows, columns)), shape=(size, size))
    matrix.sort_indices()
    return matrix


def rows_together(person: Ints, origin: Ints, offence: Ints) -> tuple[Ints, Ints]:
    """Return every two rows that join two persons: of one offence, of different persons, and not of one link."""
    order = np.argsort(offence, kind="stable")
    sizes = np.bincount(offence)
    starts = np.cumsum(sizes) - sizes
    first, second = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for size in np.unique(sizes[sizes > 1]):
        rows = order[starts[sizes == size][:, None] + np.arange(size)]
        above, below = np.triu_indices(size, 1)
        first.append(rows[:, above].ravel())
        second.append(rows[:, below].ravel())
    a, b = np.concatenate(first), np.concatenate(second)
    apart = (person[a] != person[b]) & (origin[a] != origin[b])
    return a[apart], b[apart]


def shared_offences(links: Incidence) -> tuple[Ints, Ints, Ints, Ints]:
    """Return every two persons on one offence, with the offence and the surest status for it: columns of shape (k,).

    ``one`` is below ``other``; sorted by both and offence, each once.
    """
    a, b = rows_together(links.person, links.origin, links.offence)
    one = np.minimum(links.person[a], links.person[b])
    other = np.maximum(links.person[a], links.person[b])
    offence, status = links.offence[a], np.maximum(links.status[a], links.status[b])
    order = np.lexsort((status, offence, other, one))
    one, other, offence, status = one[order], other[order], offence[order], status[order]
    new = _changes(one, other, offence)
    return one[new], other[new], offence[new], status[new]


def _changes(*columns: Ints) -> NDArray[np.bool_]:
    """Say where a row differs from the one before it, in any column."""
    new = np.ones(len(columns[0]), np.bool_)
    new[1:] = np.logical_or.reduce([column[1:] != column[:-1] for column in columns])
    return new


def _pairs(links: Incidence) -> CoOffending:
    one, other, offence, status = shared_offences(links)
    starts = np.flatnonzero(_changes(one, other))
    times = links.occurred_at.astype("datetime64[s]").astype(np.int64)[offence]
    empty = not len(starts)
    return CoOffending(
        persons=links.persons,
        nominal_ids=links.nominal_ids,
        one=one[starts].astype(np.int32),
        other=other[starts].astype(np.int32),
        weight=np.diff(np.append(starts, len(one))).astype(np.int32),
        first_together=(times if empty else np.minimum.reduceat(times, starts)).astype("datetime64[s]"),
        last_together=(times if empty else np.maximum.reduceat(times, starts)).astype("datetime64[s]"),
        status=(status if empty else np.maximum.reduceat(status, starts)).astype(np.int8),
    )
