"""Groups of persons who offend together more than with others, and how sure that grouping is.

Louvain (Blondel et al. 2008) on the co-offending network, weighted by offences shared. It maximises modularity
(Newman and Girvan 2004), which many groupings reach nearly, and which hides groups smaller than about the square root
of twice the network's pairs (Fortunato and Barthélemy 2007). So it is run with several seeds, and says how far the
groupings agree (adjusted Rand index, Hubert and Arabie 1985).
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from stillgraph.errors import WrongUse
from stillgraph.network.projection import adjacency
from stillgraph.records import Communities, CoOffending, Group

RUNS = 5
"""Runs with seeds following each other, of which the first gives the groups."""

Ints = NDArray[np.int64]


def communities(
    found: CoOffending, *, engine: str = "networkx", resolution: float = 1.0, seed: int = 0, runs: int = RUNS
) -> Communities:
    """Group persons who offend together more than with others.

    A group is a way to read the network and depends on method and seed; it is no proof of a gang.

    Parameters
    ----------
    found
        The network.
    engine
        ``networkx``, or ``igraph`` where that is installed: quicker, and another implementation, so that its groups
        may differ. Never chosen by itself: the same case has the same groups wherever it is opened.
    resolution
        Above 1 for smaller groups, below for larger ones (Reichardt and Bornholdt 2006).
    seed, runs
        The first seed, and how many following ones are tried to say how far groupings agree.

    Raises
    ------
    WrongUse
        There is no such engine, it is not installed, or a number is out of its range.
    """
    if runs < 1 or not resolution > 0:
        raise WrongUse("Groups take one run at least and a resolution above 0; correct the settings.")
    label = louvain(found, engine=engine, resolution=resolution, seed=seed)
    joined = label >= 0
    others = [
        louvain(found, engine=engine, resolution=resolution, seed=seed + more)[joined]
        for more in (range(1, runs) if joined.any() else ())
    ]
    agreed = [rand_index(label[joined], other) for other in others]
    return Communities(
        groups=_groups(found, label, _held(label[joined], others)),
        modularity=modularity(found, label, resolution=resolution),
        engine=engine,
        resolution=resolution,
        seed=seed,
        runs=runs,
        agreement=float(np.mean(agreed)) if agreed else None,
        agreement_low=min(agreed) if agreed else None,
        persons_alone=int((~joined).sum()),
    )


def louvain(found: CoOffending, *, engine: str = "networkx", resolution: float = 1.0, seed: int = 0) -> Ints:
    """Return each person's group: numbered from 0, the largest first, then by first person; -1 for a person alone.

    Raises
    ------
    WrongUse
        There is no such engine, or it is not installed.
    """
    if engine not in _ENGINES:
        raise WrongUse(f"Groups are found by {' or '.join(_ENGINES)}, not by {engine!r}; name one of them.")
    label = np.full(len(found.persons), -1, np.int64)
    joined = np.flatnonzero(np.bincount(np.concatenate([found.one, found.other]), minlength=len(label)))
    if not len(joined):
        return label
    number = np.zeros(len(label), np.int64)
    number[joined] = np.arange(len(joined))
    ends = np.column_stack([number[found.one], number[found.other]])
    group = _ENGINES[engine](len(joined), ends, found.weight, resolution, seed)
    _, first, group = np.unique(group, return_index=True, return_inverse=True)
    order = np.lexsort((first, -np.bincount(group)))
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    label[joined] = place[group]
    return label


def _networkx(size: int, ends: Ints, weight: NDArray[np.int32], resolution: float, seed: int) -> Ints:
    graph: nx.Graph[int] = nx.Graph()
    # Numbers, not texts: sets of texts iterate in another order in another process.
    graph.add_nodes_from(range(size))
    graph.add_weighted_edges_from(
        (one, other, w) for (one, other), w in zip(ends.tolist(), weight.tolist(), strict=True)
    )
    group = np.zeros(size, np.int64)
    for number, members in enumerate(
        nx.community.louvain_communities(graph, weight="weight", resolution=resolution, seed=seed)
    ):
        group[list(members)] = number
    return group


def _igraph(size: int, ends: Ints, weight: NDArray[np.int32], resolution: float, seed: int) -> Ints:
    try:
        import igraph
    except ImportError:
        raise WrongUse(
            "igraph is not installed here: pip install 'stillgraph[igraph]', or leave the engine to networkx."
        ) from None
    graph: Any = igraph.Graph(n=size, edges=ends.tolist())
    # igraph draws from one generator for the whole process: ours for this call, Python's own again after it.
    igraph.set_random_number_generator(random.Random(seed))  # noqa: S311  (no secret)
    try:
        found = graph.community_multilevel(weights=weight.tolist(), resolution=resolution)
    finally:
        igraph.set_random_number_generator(random)
    return np.asarray(found.membership, dtype=np.int64)


_ENGINES: dict[str, Callable[[int, Ints, NDArray[np.int32], float, int], Ints]] = {
    "networkx": _networkx,
    "igraph": _igraph,
}

ENGINES = tuple(_ENGINES)


def modularity(found: CoOffending, label: Ints, *, resolution: float = 1.0) -> float | None:
    """Return the modularity of a grouping, ``None`` without a pair; a person with label -1 has no co-offender."""
    total = float(found.weight.sum())
    if not total:
        return None
    strength = np.bincount(
        np.concatenate([label[found.one], label[found.other]]), weights=np.tile(found.weight.astype(np.float64), 2)
    )
    inside = float(found.weight[label[found.one] == label[found.other]].sum())
    return inside / total - resolution * float(((strength / (2 * total)) ** 2).sum())


def rand_index(one: Ints, other: Ints) -> float:
    """Return the adjusted Rand index of two groupings: 1 for the same, about 0 for groupings by chance."""
    from sklearn.metrics import adjusted_rand_score

    return float(adjusted_rand_score(one, other))


def _held(label: Ints, others: list[Ints]) -> NDArray[np.float64] | None:
    """Return for each group the mean share of its pairs of persons that other groupings keep together."""
    if not others:
        return None
    sizes = np.bincount(label).astype(np.float64)
    shares = np.zeros(len(sizes))
    for other in others:
        cells, counts = np.unique(np.column_stack([label, other]), axis=0, return_counts=True)
        shares += np.bincount(cells[:, 0], weights=counts * (counts - 1) / 2, minlength=len(sizes))
    return np.asarray(shares / len(others) / (sizes * (sizes - 1) / 2))


def _groups(found: CoOffending, label: Ints, held: NDArray[np.float64] | None) -> tuple[Group, ...]:
    many = int(label.max(initial=-1)) + 1
    order = np.argsort(label, kind="stable")
    members = np.split(order, np.searchsorted(label[order], np.arange(many)))[1:]
    among = label[found.one] == label[found.other]
    pairs = np.bincount(label[found.one[among]], minlength=many)
    together = np.bincount(label[found.one[among]], weights=found.weight[among], minlength=many)
    return tuple(
        Group(
            number=number + 1,
            persons=tuple(found.persons[person] for person in inside.tolist()),
            pairs=int(pairs[number]),
            offences_together=int(together[number]),
            held=None if held is None else float(held[number]),
        )
        for number, inside in enumerate(members)
    )


def adjacent_groups(found: CoOffending, label: Ints) -> Any:
    """Return how many co-offenders each person has in each group, CSR float64 of shape (n, groups)."""
    from scipy import sparse

    grouped = np.flatnonzero(label >= 0)
    many = int(label.max(initial=-1)) + 1
    membership = sparse.csr_array((np.ones(len(grouped)), (grouped, label[grouped])), shape=(len(label), max(many, 1)))
    return adjacency(found, weighted=False) @ membership
