"""Measuring network and ranking on a made-up county, in a process of its own, and beside plain loops of networkx."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import combinations
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from stillgraph.casework.county import County, county

if TYPE_CHECKING:
    import networkx as nx

    from stillgraph.records import CoOffending, LinkTable

STATUS = Path("/proc/self/status")
"""Where Linux says how much memory a process has; no other system has it."""

LOOPED_WORLDS = 3
"""Worlds that are drawn by plain loops: their time is stated for one."""

CO_OFFENDING, CORENESS, PAGERANK = "co-offending", "coreness", "PageRank"
GROUPS, BETWEENNESS, RANKING = "communities", "sampled betweenness", "ranking"

Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class CountyTimes:
    """What a county took: ``seconds`` of the clock, ``core_seconds`` of all cores, which a busy machine changes less.

    ``sampled betweenness`` has closeness and harmonic closeness too.

    ``network_s``: co-offending, communities, coreness, PageRank and sampled betweenness together; ``ranking_s``: every
    person's interval of rank, harm, count, value and points over so many drawn ``worlds``. ``peak_mb``: the most memory
    the process had, links made up and all, in MB; ``None`` where the system does not say.
    """

    persons: int
    links: int
    repeated_links: int
    offences: int
    pairs: int
    largest_component_persons: int
    groups: int
    pivots: int
    worlds: int
    seed: int
    seconds: dict[str, float]
    core_seconds: dict[str, float]
    network_s: float
    ranking_s: float
    peak_mb: float | None


@dataclass(frozen=True, slots=True)
class Beside:
    """One stage and plain loops that do the same on the same county: seconds of all cores, and how many times as many.

    ``same``: both gave the same figures (groups: the same modularity, to three digits); ``None`` where both draw.
    """

    ours_s: float
    loops_s: float
    times_faster: float
    loops: str
    same: bool | None


def measure(*, persons: int, links: int, worlds: int, seed: int) -> CountyTimes:
    """Measure a county in a process of its own, so that its memory is its own too."""
    # Spawned, not forked: a fork would begin with all the memory of the process that measures.
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(_measured, persons=persons, links=links, worlds=worlds, seed=seed).result()


def _measured(*, persons: int, links: int, worlds: int, seed: int) -> CountyTimes:
    from stillgraph import network

    seconds, core = dict[str, float](), dict[str, float]()
    made = county(persons=persons, links=links, seed=seed)
    table = made.links
    found = _timed(seconds, core, CO_OFFENDING, lambda: network.project(table))
    matrix, weights = network.adjacency(found, weighted=False), network.adjacency(found)
    _timed(seconds, core, CORENESS, lambda: network.coreness(matrix))
    _timed(seconds, core, PAGERANK, lambda: network.pagerank(weights))
    _timed(seconds, core, "eigenvector", lambda: network.eigenvector(weights))
    label = _timed(seconds, core, GROUPS, lambda: network.louvain(found, seed=seed))
    ways = _timed(seconds, core, BETWEENNESS, lambda: network.ways(matrix, seed=seed))
    in_all = (CO_OFFENDING, CORENESS, PAGERANK, GROUPS, BETWEENNESS)
    network_s = sum(seconds[stage] for stage in in_all)
    _timed(seconds, core, "recruiters", lambda: network.recruiters(table))
    _timed(seconds, core, "constraint", lambda: network.constraint(found))
    _timed(seconds, core, RANKING, lambda: _ranked(table, worlds, seed))
    return CountyTimes(
        persons=len(table.persons), links=int((table.join < 0).sum()), repeated_links=int((table.join >= 0).sum()),
        offences=len(table.offences.ids), pairs=len(found.one),
        largest_component_persons=_largest(found), groups=int(label.max(initial=-1)) + 1, pivots=ways.pivots,
        worlds=worlds, seed=seed, seconds=seconds, core_seconds=core, network_s=network_s,
        ranking_s=seconds[RANKING], peak_mb=_peak_mb(),
    )  # fmt: skip


def _timed(seconds: dict[str, float], core: dict[str, float], stage: str, do: Callable[[], Made]) -> Made:
    began, used = time.perf_counter(), time.process_time()
    made = do()
    seconds[stage], core[stage] = time.perf_counter() - began, time.process_time() - used
    return made


def _ranked(table: LinkTable, worlds: int, seed: int) -> None:
    from stillgraph.prolific import RfhPoints, WorldSettings
    from stillgraph.prolific.worlds import ground, intervals

    settings = WorldSettings(draws=worlds, seed=seed)
    intervals(ground(table, settings), settings, RfhPoints(), by="harm")


def _largest(found: CoOffending) -> int:
    from scipy.sparse.csgraph import connected_components

    from stillgraph import network

    _, label = connected_components(network.adjacency(found), directed=False)
    return int(np.bincount(label).max(initial=0))


def _peak_mb() -> float | None:
    try:
        lines = STATUS.read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:")), None)


def beside(*, persons: int, links: int, pivots: int, seed: int) -> dict[str, Beside]:
    """Do each stage and plain loops on the same county, one after the other in this process; seconds of all cores."""
    import networkx as nx

    from stillgraph import network

    made = county(persons=persons, links=links, seed=seed)
    table, clock = made.links, dict[str, float]()
    ours, loops = dict[str, float](), dict[str, float]()
    found = _timed(clock, ours, CO_OFFENDING, lambda: network.project(table))
    graph = _timed(clock, loops, CO_OFFENDING, lambda: looped(table))
    matrix, weights = network.adjacency(found, weighted=False), network.adjacency(found)
    core = _timed(clock, ours, CORENESS, lambda: network.coreness(matrix))
    their_core = _timed(clock, loops, CORENESS, lambda: nx.core_number(graph))
    rank = _timed(clock, ours, PAGERANK, lambda: network.pagerank(weights))
    their_rank = _timed(clock, loops, PAGERANK, lambda: nx.pagerank(graph, tol=1e-12, max_iter=1000))
    label = _timed(clock, ours, GROUPS, lambda: network.louvain(found, seed=seed))
    their_groups = _timed(
        clock, loops, GROUPS, lambda: nx.community.louvain_communities(graph, weight="weight", seed=seed)
    )
    _timed(clock, ours, BETWEENNESS, lambda: network.ways(matrix, pivots=pivots, exact=1, seed=seed))
    _timed(clock, loops, BETWEENNESS, lambda: _looped_ways(graph, pivots, seed))
    _timed(clock, ours, RANKING, lambda: _ranked(table, 200, seed))
    _timed(clock, loops, RANKING, lambda: _looped_worlds(made, LOOPED_WORLDS, seed))
    ours[RANKING] /= 200
    loops[RANKING] /= LOOPED_WORLDS
    pairs = {(a, b): data["weight"] for a, b, data in graph.edges(data=True)}
    own = zip(found.one.tolist(), found.other.tolist(), found.weight.tolist(), strict=True)
    quality = nx.community.modularity(graph, their_groups)
    same: Mapping[str, bool | None] = {
        CO_OFFENDING: {(a, b): weight for a, b, weight in own} == pairs,
        CORENESS: core.tolist() == [their_core[n] for n in range(persons)],
        PAGERANK: bool(np.allclose(rank, [their_rank[n] for n in range(persons)], atol=1e-9)),
        GROUPS: abs((network.modularity(found, label) or 0.0) - quality) < 5e-3,
    }
    return {
        stage: Beside(ours[stage], loops[stage], loops[stage] / ours[stage], _LOOPS[stage], same.get(stage))
        for stage in ours
    }


_LOOPS = {
    CO_OFFENDING: "every two persons of every offence, in a loop into a networkx graph",
    CORENESS: "networkx core_number",
    PAGERANK: "networkx pagerank, to the same precision",
    GROUPS: "networkx louvain_communities, which ours calls too, on numbers",
    BETWEENNESS: "networkx betweenness_centrality with as many pivots; ours has closeness and intervals besides",
    RANKING: "a world drawn link by link in a loop, sums in a dictionary, persons sorted; for one world",
}


def looped(table: LinkTable) -> nx.Graph[int]:
    """Return the co-offending network by plain loops, as one would write it with networkx."""
    import networkx as nx

    there: defaultdict[int, set[tuple[int, int]]] = defaultdict(set)
    for person, offence, join in zip(table.person.tolist(), table.offence.tolist(), table.join.tolist(), strict=True):
        there[offence].add((person, person if join < 0 else table.joins[join].part))
    shared: defaultdict[tuple[int, int], set[int]] = defaultdict(set)
    for offence, rows in there.items():
        for (one, its), (other, others) in combinations(sorted(rows), 2):
            if one != other and its != others:
                shared[one, other].add(offence)
    graph: nx.Graph[int] = nx.Graph()
    graph.add_nodes_from(range(len(table.persons)))
    graph.add_weighted_edges_from((one, other, len(offences)) for (one, other), offences in shared.items())
    return graph


def _looped_ways(graph: nx.Graph[int], pivots: int, seed: int) -> None:
    import networkx as nx

    largest = graph.subgraph(max(nx.connected_components(graph), key=len))
    nx.betweenness_centrality(largest, k=min(pivots, len(largest)), seed=seed)


def _looped_worlds(made: County, worlds: int, seed: int) -> None:
    """Draw worlds and rank persons by harm in each, one link after the other."""
    import random

    draw = random.Random(seed)  # noqa: S311  (no secret)
    table, wrong = made.links, (0.02, 0.1, 0.2)
    harm = table.offences.harm_days.tolist()
    rows = list(
        zip(table.person.tolist(), table.offence.tolist(), table.status.tolist(), table.join.tolist(), strict=True)
    )
    for _ in range(worlds):
        held = [draw.random() < 0.5 for _ in table.joins]
        gone = {join.part for join, holds in zip(table.joins, held, strict=True) if holds}
        total: defaultdict[int, float] = defaultdict(float)
        for person, offence, status, join in rows:
            true = held[join] if join >= 0 else person not in gone
            if true and draw.random() >= wrong[status]:
                total[person] += harm[offence]
        sorted(total, key=lambda person: -total[person])
