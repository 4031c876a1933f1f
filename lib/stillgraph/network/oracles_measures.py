"""Holding every measure to networkx's own, or to the definition followed by hand, on random networks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from stillgraph.network.brokers import constraint, participation, recruiters
from stillgraph.network.centrality import centrality
from stillgraph.network.communities import adjacent_groups, louvain, modularity
from stillgraph.network.projection import adjacency, project
from stillgraph.network.without import without
from stillgraph.records import Coded, CoOffending, LinkTable, OffenceId, OffenceTable, PersonId, WhatIf

TOLERANCE = 1e-9

Floats = NDArray[np.float64]
Values = Sequence[float] | Floats | NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Held:
    """How often a measure agreed with its oracle, and by how much it was off at most."""

    oracle: str
    networks: int
    agreed: int
    largest_difference: float


@dataclass(frozen=True, slots=True)
class Covered:
    """How often intervals of sampled betweenness held the exact figure: persons with some betweenness, over all draws.

    ``first``: of the fifty with the greatest.
    """

    persons: int
    pivots: int
    draws: int
    held: float
    first_held: float
    relative_error_first: float


def random_links(seed: int, *, persons: int, offences: int, links: int) -> LinkTable:
    """Return a random table of links, times in no order, a fifth of offences proactive; sizes may come out smaller."""
    rng = np.random.default_rng(seed)
    rows = np.unique(np.column_stack([rng.integers(0, persons, links), rng.integers(0, offences, links)]), axis=0)
    there, person = np.unique(rows[:, 0], return_inverse=True)
    taken, offence = np.unique(rows[:, 1], return_inverse=True)
    order = np.lexsort((offence, person))
    many = len(taken)
    none = Coded(("x",), np.zeros(many, np.int32))
    days = rng.integers(0, 400, many).astype("timedelta64[D]")
    done = OffenceTable(
        ids=tuple(OffenceId(f"R/{n:05d}") for n in range(many)),
        occurred_at=np.datetime64("2026-01-01", "s") + days.astype("timedelta64[s]"),
        harm_days=rng.choice([1.0, 2.0, 10.0, 365.0, 273.5], many),
        value_pence=rng.integers(0, 100_000, many),
        proactive=rng.random(many) < 0.2,
        code=none, offence=none, retailer=none, store=none, borough=none,
        latitude=np.zeros(many), longitude=np.zeros(many),
    )  # fmt: skip
    return LinkTable(
        persons=tuple(PersonId(f"N{n:05d}") for n in range(len(there))),
        nominal_ids=(None,) * len(there),
        offences=done,
        person=person[order].astype(np.int32),
        offence=offence[order].astype(np.int32),
        status=np.zeros(len(rows), np.int8),
        join=np.full(len(rows), -1, np.int32),
        joins=(),
    )


def check_measures(number: int = 200, seed: int = 0, *, most_persons: int = 60) -> dict[str, Held]:
    """Hold every measure to its oracle on random networks, sparse ones and dense ones, many in several components."""
    differences: defaultdict[str, list[float]] = defaultdict(list)
    for n in range(number):
        rng = np.random.default_rng([seed, n])
        persons = int(rng.integers(1, most_persons + 1))
        links = random_links(
            int(rng.integers(1 << 30)), persons=persons, offences=int(rng.integers(1, 2 * persons + 2)),
            links=int(rng.integers(1, 4 * persons + 2)),
        )  # fmt: skip
        for name, difference in _compared(links, rng).items():
            differences[name].append(difference)
    return {
        name: Held(ORACLES[name], len(found), sum(one <= TOLERANCE for one in found), max(found))
        for name, found in differences.items()
    }


ORACLES: Mapping[str, str] = {
    "co-offending": "every two persons of every offence, counted in a loop",
    "degree": "networkx", "coreness": "networkx core_number", "closeness": "networkx closeness_centrality",
    "harmonic": "networkx harmonic_centrality", "betweenness": "networkx betweenness_centrality",
    "sampled betweenness, all pivots": "networkx betweenness_centrality", "PageRank": "networkx pagerank",
    "eigenvector": "the eigenvectors of the dense matrix (numpy.linalg.eigh)", "constraint": "networkx constraint",
    "participation": "its definition, in a loop", "modularity": "networkx modularity",
    "recruiters": "first offences, followed in a loop", "what-if": "sets of offences, and networkx components",
}  # fmt: skip
"""What each measure is held to."""


def _compared(links: LinkTable, rng: np.random.Generator) -> dict[str, float]:
    """Return the largest difference of each measure from its oracle on one network."""
    found = project(links)
    graph = _looped(links)
    size = len(links.persons)
    places, sampled = centrality(found), centrality(found, exact=1, pivots=max(size, 2))
    label = louvain(found)

    def column(values: Mapping[int, float]) -> list[float]:
        return [values[n] for n in range(size)]

    between = column(nx.betweenness_centrality(graph))
    pairs = {(a, b): int(data["weight"]) for a, b, data in graph.edges(data=True)}
    own = dict(zip(zip(found.one.tolist(), found.other.tolist(), strict=True), found.weight.tolist(), strict=True))
    joined = [n for n in graph if graph.degree(n)]
    groups = [set(np.flatnonzero(label == one).tolist()) for one in range(int(label.max(initial=-1)) + 1)]
    known = nx.community.modularity(graph.subgraph(joined), groups) if joined else 0.0
    return {
        "co-offending": float(sum(abs(pairs.get(key, 0) - own.get(key, 0)) for key in pairs | own)),
        "degree": _off(places.degree, column(dict(graph.degree))),
        "coreness": _off(places.coreness, column(nx.core_number(graph))),
        "closeness": _off(places.closeness, column(nx.closeness_centrality(graph))),
        "harmonic": _off(places.harmonic * max(size - 1, 1), column(nx.harmonic_centrality(graph))),
        "betweenness": _off(places.betweenness, between),
        "sampled betweenness, all pivots": _off(sampled.betweenness, between),
        "PageRank": _off(places.pagerank, column(nx.pagerank(graph, tol=1e-14, max_iter=5000))),
        "eigenvector": _eigenvector_off(found, places.eigenvector),
        "constraint": _off(constraint(found), column(nx.constraint(graph, weight="weight"))),
        "participation": _off(participation(adjacent_groups(found, label)), _participation(graph, label)),
        "modularity": abs((modularity(found, label) or 0.0) - known),
        "recruiters": _recruiters_off(links),
        "what-if": _without_off(links, graph, rng),
    }


def _off(values: Values, known: Values) -> float:
    one, other = np.asarray(values, dtype=np.float64), np.asarray(known, dtype=np.float64)
    if not np.array_equal(np.isnan(one), np.isnan(other)):
        return float("inf")
    return float(np.nanmax(np.abs(one - other), initial=0.0))


def _looped(links: LinkTable) -> nx.Graph[int]:
    """Return the co-offending network, made by plain loops."""
    there: defaultdict[int, set[int]] = defaultdict(set)
    for person, offence in zip(links.person.tolist(), links.offence.tolist(), strict=True):
        there[offence].add(person)
    graph: nx.Graph[int] = nx.Graph()
    graph.add_nodes_from(range(len(links.persons)))
    for persons in there.values():
        for a, b in combinations(sorted(persons), 2):
            weight = graph.edges[a, b]["weight"] + 1 if graph.has_edge(a, b) else 1
            graph.add_edge(a, b, weight=weight)
    return graph


def _eigenvector_off(found: CoOffending, vector: Floats | None) -> float:
    """Return how far a vector is from equal shares projected onto the space of the greatest eigenvalue."""
    matrix = adjacency(found).toarray()
    if vector is None or not matrix.any():
        return 0.0 if vector is not None and not vector.any() else float("inf")
    values, vectors = np.linalg.eigh(matrix)
    space = vectors[:, np.isclose(values, values[-1], rtol=0, atol=1e-9)]
    known = space @ space.sum(axis=0)
    return _off(vector, known / np.linalg.norm(known))


def _participation(graph: nx.Graph[int], label: NDArray[np.int64]) -> list[float]:
    shares = []
    for n in range(len(label)):
        groups = [int(label[m]) for m in graph[n]]
        squares = sum((groups.count(one) / len(groups)) ** 2 for one in set(groups))
        shares.append(1 - squares if groups else float("nan"))
    return shares


def _recruiters_off(links: LinkTable) -> float:
    """Return in how many figures recruiters differ from first offences followed by hand."""
    when = links.offences.occurred_at.tolist()
    of: defaultdict[int, set[int]] = defaultdict(set)
    for person, offence in zip(links.person.tolist(), links.offence.tolist(), strict=True):
        of[person].add(offence)
    first = {person: min(when[one] for one in done) for person, done in of.items()}
    wrong = 0
    found = {one.person_id: one for one in recruiters(links)}
    for person, done in of.items():
        beside = {other for other in of if other != person and of[other] & done}
        new = {
            other
            for other in beside
            if first[person] < first[other] and any(when[one] == first[other] for one in of[other] & done)
        }
        one = found.get(links.persons[person])
        if not beside:
            wrong += one is not None
            continue
        harm = sum(float(links.offences.harm_days[n]) for n in done)
        wrong += (
            one is None
            or one.co_offenders != len(beside)
            or set(one.newcomers) != {links.persons[other] for other in new}
            or abs(one.score - harm * len(beside)) > 1e-6
        )
    return float(wrong)


def _without_off(links: LinkTable, graph: nx.Graph[int], rng: np.random.Generator) -> float:
    size = len(links.persons)
    gone = set(rng.choice(size, int(rng.integers(1, size + 1)), replace=False).tolist())
    found = without(links, [links.persons[n] for n in sorted(gone)])
    rows = list(zip(links.person.tolist(), links.offence.tolist(), strict=True))
    every = {offence for _, offence in rows}
    theirs = {offence for person, offence in rows if person in gone}
    alone = theirs - {offence for person, offence in rows if person not in gone}
    done = links.offences

    def amounts(some: set[int]) -> list[float]:
        return [len(some), sum(done.harm_days[n] for n in some), sum(done.value_pence[n] for n in some)]

    known = []
    for some in (every, theirs, alone):
        shares = [part / whole if whole else 0.0 for part, whole in zip(amounts(some), amounts(every), strict=True)]
        known += amounts(some) + shares
    for persons in (set(range(size)), set(range(size)) - gone):
        known += _hangs(graph.subgraph(persons))
    return _off(figures(found), known)


def _hangs(graph: nx.Graph[int]) -> list[float]:
    sizes = [len(part) for part in nx.connected_components(graph)]
    size = len(graph)
    reach = sum(one * (one - 1) for one in sizes) / (size * (size - 1)) if size > 1 else 0.0
    return [size, graph.number_of_edges(), len(sizes), max(sizes, default=0), reach]


def figures(found: WhatIf) -> list[float]:
    """Return every figure of a what-if, in its order."""
    parts = (found.all_linked, found.theirs, found.only_theirs, found.before, found.after)
    return [getattr(part, name).value for part in parts for name in part.__dataclass_fields__]


def check_sampling(
    found: CoOffending, *, pivots: int = 500, draws: int = 10, tell: Callable[[str], None] = lambda _: None
) -> Covered:
    """Return how often intervals of betweenness estimated from pivots hold the exact figure, on a network."""
    exact = centrality(found, exact=len(found.persons)).betweenness
    first = np.argsort(-exact)[:50]
    some = exact > 0
    held, first_held, errors = [], [], []
    for seed in range(draws):
        tell(f"sampled betweenness {seed + 1} of {draws}")
        places = centrality(found, exact=1, pivots=pivots, seed=seed)
        inside = (places.betweenness_low <= exact) & (exact <= places.betweenness_high)
        held.append(inside[some].mean())
        first_held.append(inside[first].mean())
        errors.append((np.abs(places.betweenness - exact)[first] / exact[first]).mean())
    return Covered(
        int(some.sum()), pivots, draws, float(np.mean(held)), float(np.mean(first_held)), float(np.mean(errors))
    )
