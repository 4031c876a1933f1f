"""Find path: the shortest ways from one person to another, whenever the offences on them happened."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import networkx as nx

from stillgraph.errors import WrongUse
from stillgraph.network.answers import answer_path, person_in
from stillgraph.network.evidence import edge_rank
from stillgraph.network.graph import persons_and_offences
from stillgraph.records import PathAnswer, PersonId

TIES = 200
"""How many ways as short as the last one shown are looked at, to show the surest of them."""


def paths(graph: nx.Graph[str], source: PersonId, target: PersonId, *, most: int = 1) -> PathAnswer:
    """Find the shortest ways from one person to another over offences both ends of a step are linked to.

    A way visits nobody and nothing twice. Its length is its number of links: two for each offence passed, one for each
    proposed join. Of ways of one length the surest come first: fewest links of the least sure status, then of the next,
    then by ids, so that the same graph gives the same answer. Of more than :data:`TIES` ways as short as the last one
    shown only so many are looked at.

    The search walks persons and offences, never the network of co-offenders, so an offence of very many persons costs
    no more than its links. Ways beyond the first are Yen's [1]_, as networkx has them.

    Parameters
    ----------
    most
        How many ways, at least 1.

    Raises
    ------
    NotFound
        One of the persons is not in the graph.
    WrongUse
        Both are one person, or ``most`` is less than 1.

    References
    ----------
    .. [1] J. Y. Yen, Finding the K shortest loopless paths in a network, Management Science 17 (1971) 712-716.
    """
    walked = persons_and_offences(graph)
    one, other = ends(walked, source, target)
    if most < 1:
        raise WrongUse(f"At least one path is asked for, not {most}.")
    found: list[list[str]] = []
    if nx.has_path(walked, one, other):
        for way in nx.shortest_simple_paths(walked, one, other):
            if len(found) >= most and (len(way) > len(found[most - 1]) or len(found) >= most + TIES):
                break
            found.append(way)
    # Ways come by length, and none longer than the last one shown was taken: what is left over is as short.
    kept = sorted(found, key=lambda way: ranked(walked, way))[:most]
    return PathAnswer(
        source=source,
        target=target,
        in_time_order=False,
        paths=tuple(answer_path(walked, way) for way in kept),
        more=len(found) > len(kept),
        review=str(graph.graph.get("review", "")),
    )


def ends(graph: nx.Graph[str], source: PersonId, target: PersonId) -> tuple[str, str]:
    """Return the nodes of both ends of a path.

    Raises
    ------
    NotFound
        One of the persons is not in the graph.
    WrongUse
        Both are one person.
    """
    one, other = person_in(graph, source), person_in(graph, target)
    if one == other:
        raise WrongUse(f"A path joins two persons; {source} was given twice.")
    return one, other


def ranked(graph: nx.Graph[str], way: Sequence[str]) -> tuple[int, tuple[int, ...], tuple[str, ...]]:
    """Return a key that sorts ways: the shortest first, of those the surest, then by the ids on them."""
    ranks = [edge_rank(graph.edges[pair]) for pair in pairwise(way)]
    return len(way), tuple(ranks.count(rank) for rank in (3, 2, 1)), tuple(way)
