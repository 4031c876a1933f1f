"""Questions to the network of a case: each answer with the links it uses, what they rest on, and the least sure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from stillgraph.casework.desk import Desk
from stillgraph.casework.networking import assembled, told
from stillgraph.casework.wire import served
from stillgraph.governance.permits import Action
from stillgraph.records import (
    AroundAnswer,
    ConnectAnswer,
    NetworkFilter,
    PathAnswer,
    PersonId,
    Timeline,
    TravelAnswer,
)
from stillgraph.store import Session, receipts

if TYPE_CHECKING:
    import networkx as nx


@contextmanager
def asked(
    desk: Desk, question: str, *, with_proposals: bool, wanted: NetworkFilter | None, **details: object
) -> Iterator[tuple[nx.Graph[str], Session]]:
    """Permit and record a question, and give the network it is asked of, with the open session."""
    what = {"question": question, "with_proposals": with_proposals, **told((), wanted), **details}
    with desk.act(Action.NETWORK, **what) as deed:
        graph = assembled(deed.session, with_proposals=with_proposals, wanted=wanted, reader=deed.officer)
        yield graph, deed.session


@served
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
    with asked(desk, "path", with_proposals=with_proposals, wanted=wanted, persons=[source, target]) as (graph, _):
        if in_time_order:
            return network.paths_in_time_order(graph, one, other)
        return network.paths(graph, one, other, most=most)


@served
def connect(
    desk: Desk, among: Sequence[str], *, with_proposals: bool = False, wanted: NetworkFilter | None = None
) -> ConnectAnswer:
    """Find a small network that joins several persons, and who of them is joined to none of the others.

    Raises
    ------
    NotFound
        One of the persons is not in this network.
    WrongUse
        Fewer than two different persons.
    """
    from stillgraph import network

    persons = [PersonId(one) for one in among]
    with asked(desk, "connect", with_proposals=with_proposals, wanted=wanted, persons=list(among)) as (graph, _):
        return network.connect(graph, persons)


@served
def around(
    desk: Desk,
    of: Sequence[str],
    *,
    depth: int = 1,
    most: int = 500,
    with_proposals: bool = False,
    wanted: NetworkFilter | None = None,
) -> AroundAnswer:
    """Return who is within so many steps of some persons, with the offences between.

    Raises
    ------
    NotFound
        One of the persons is not in this network.
    WrongUse
        Nobody is asked about, or ``depth`` or ``most`` is too small.
    """
    from stillgraph import network

    persons = [PersonId(one) for one in of]
    details = {"persons": list(of), "depth": depth}
    with asked(desk, "around", with_proposals=with_proposals, wanted=wanted, **details) as (graph, _):
        return network.around(graph, persons, depth=depth, most=most)


@served
def timeline(
    desk: Desk, of: Sequence[str], *, with_proposals: bool = False, wanted: NetworkFilter | None = None
) -> Timeline:
    """Return the offences and arrests of a person, or of several, in the order of time, with the longest gaps.

    Raises
    ------
    NotFound
        One of the persons is not in this network.
    WrongUse
        Nobody is asked about.
    """
    from stillgraph import network

    persons = [PersonId(one) for one in of]
    with asked(desk, "timeline", with_proposals=with_proposals, wanted=wanted, persons=list(of)) as (graph, session):
        arrests = network.arrests_within(receipts.arrests(session), wanted or NetworkFilter())
        return network.timeline(graph, persons, arrests)


@served
def travel(
    desk: Desk,
    of: Sequence[str] = (),
    *,
    most: int = 20,
    with_proposals: bool = False,
    wanted: NetworkFilter | None = None,
) -> TravelAnswer:
    """Return who was seen in several boroughs or at several retailers, their journeys, and flows between boroughs.

    Raises
    ------
    NotFound
        One of the persons is not in this network.
    WrongUse
        Fewer than one traveller is asked for.
    """
    from stillgraph import network

    persons = [PersonId(one) for one in of]
    with asked(desk, "travel", with_proposals=with_proposals, wanted=wanted, persons=list(of)) as (graph, _):
        return network.travel(graph, persons, most=most)
