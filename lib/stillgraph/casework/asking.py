"""Questions to the network of a case: each answer with the links it uses, what they rest on, and the least sure."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from stillgraph.casework.desk import Desk
from stillgraph.casework.networking import assembled, told
from stillgraph.governance.permits import Action
from stillgraph.records import NetworkFilter, PathAnswer, PersonId

if TYPE_CHECKING:
    import networkx as nx


@contextmanager
def asked(
    desk: Desk, question: str, *, with_proposals: bool, wanted: NetworkFilter | None, **details: object
) -> Iterator[nx.Graph[str]]:
    """Permit and record a question, and give the network it is asked of."""
    what = {"question": question, "with_proposals": with_proposals, **told((), wanted), **details}
    with desk.act(Action.NETWORK, **what) as deed:
        yield assembled(deed.session, with_proposals=with_proposals, wanted=wanted)


def find_path(
    desk: Desk,
    source: str,
    target: str,
    *,
    most: int = 1,
    in_time_order: bool = False,
    with_proposals: bool = False,
    wanted: NetworkFilter | None = None,
) -> PathAnswer:
    """Find the shortest ways from one person to another; ``in_time_order``, each next offence not before the previous.

    Raises
    ------
    NotFound
        One of the persons is not in this network.
    WrongUse
        Both are one person, or fewer than one path is asked for.
    """
    from stillgraph import network

    one, other = PersonId(source), PersonId(target)
    with asked(desk, "path", with_proposals=with_proposals, wanted=wanted, persons=[source, target]) as graph:
        if in_time_order:
            return network.paths_in_time_order(graph, one, other)
        return network.paths(graph, one, other, most=most)
