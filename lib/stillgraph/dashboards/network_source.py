"""What the network page asks of a case: the drawing once, then questions to the network and looks at faces."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Protocol

import pandas as pd

from stillgraph.casework import asking, network_measures, network_views, receiving
from stillgraph.casework.desk import Desk
from stillgraph.casework.network_measures import CentralAnswer, GroupsAnswer, TogetherAnswer, WithoutAnswer
from stillgraph.casework.network_views import NetworkView
from stillgraph.records import AroundAnswer, ConnectAnswer, FaceId, NetworkFilter, PathAnswer, Timeline, TravelAnswer

MOST_AROUND = 500
"""Persons of a neighbourhood, unless more than half as many are asked about."""


class NetworkSource(Protocol):
    """The questions; :class:`CaseNetwork` answers them from a case, a test from what it made up."""

    # ruff: noqa: D102 - said once, at CaseNetwork

    def view(self) -> NetworkView: ...
    def path(self, source: str, target: str, wanted: NetworkFilter, *, in_time_order: bool) -> PathAnswer: ...
    def connect(self, persons: Sequence[str], wanted: NetworkFilter) -> ConnectAnswer: ...
    def timeline(self, persons: Sequence[str], wanted: NetworkFilter) -> Timeline: ...
    def around(self, persons: Sequence[str], depth: int, wanted: NetworkFilter) -> AroundAnswer: ...
    def travel(self, persons: Sequence[str], wanted: NetworkFilter) -> TravelAnswer: ...
    def central(self, wanted: NetworkFilter) -> CentralAnswer: ...
    def groups(self, wanted: NetworkFilter) -> GroupsAnswer: ...
    def together(self, persons: Sequence[str], wanted: NetworkFilter) -> TogetherAnswer: ...
    def without(self, persons: Sequence[str], wanted: NetworkFilter) -> WithoutAnswer: ...
    def file(self, kind: str, wanted: NetworkFilter) -> bytes: ...
    def faces(self, persons: Collection[str], offences: Collection[str]) -> pd.DataFrame: ...
    def face_chips(self, faces: Iterable[FaceId]) -> Mapping[FaceId, bytes]: ...


class CaseNetwork:
    """A case's network as its officer may see it; ``casework`` permits and records every question."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def __repr__(self) -> str:
        return "CaseNetwork()"

    def view(self) -> NetworkView:
        """Return the network with a place for every node, links not corroborated among them."""
        return network_views.network_view(self._desk)

    def path(self, source: str, target: str, wanted: NetworkFilter, *, in_time_order: bool) -> PathAnswer:
        """Return the shortest ways from one person to another over the links that a filter leaves."""
        return asking.find_path(
            self._desk, source, target, most=3, in_time_order=in_time_order, with_proposals=True, wanted=wanted
        )

    def connect(self, persons: Sequence[str], wanted: NetworkFilter) -> ConnectAnswer:
        """Return a small network that joins several persons, over the links that a filter leaves."""
        return asking.connect(self._desk, persons, with_proposals=True, wanted=wanted)

    def timeline(self, persons: Sequence[str], wanted: NetworkFilter) -> Timeline:
        """Return the offences and arrests of persons in the order of time."""
        return asking.timeline(self._desk, persons, with_proposals=True, wanted=wanted)

    def around(self, persons: Sequence[str], depth: int, wanted: NetworkFilter) -> AroundAnswer:
        """Return who is within so many steps of persons, over the links that a filter leaves."""
        most = max(MOST_AROUND, 2 * len(persons))
        return asking.around(self._desk, persons, depth=depth, most=most, with_proposals=True, wanted=wanted)

    def travel(self, persons: Sequence[str], wanted: NetworkFilter) -> TravelAnswer:
        """Return where persons were seen, and how they went from store to store."""
        return asking.travel(self._desk, persons, most=len(persons), with_proposals=True, wanted=wanted)

    def central(self, wanted: NetworkFilter) -> CentralAnswer:
        """Return everybody's place among co-offenders, over the links that a filter leaves."""
        return network_measures.central(self._desk, wanted=wanted, with_proposals=True)

    def together(self, persons: Sequence[str], wanted: NetworkFilter) -> TogetherAnswer:
        """Return pairs who were seen together, of whom one at least is of these persons."""
        return network_measures.together(self._desk, of=persons, wanted=wanted, with_proposals=True)

    def groups(self, wanted: NetworkFilter) -> GroupsAnswer:
        """Return groups who offend together more than with others, and how far other seeds agree."""
        return network_measures.groups(self._desk, wanted=wanted, with_proposals=True)

    def without(self, persons: Sequence[str], wanted: NetworkFilter) -> WithoutAnswer:
        """Return what the past amounts to without some persons, over the links that a filter leaves."""
        return network_measures.without(self._desk, persons=persons, wanted=wanted, with_proposals=True)

    def file(self, kind: str, wanted: NetworkFilter) -> bytes:
        """Return the links that a filter leaves as a file for another program."""
        return network_views.network_file(self._desk, kind, wanted)

    def faces(self, persons: Collection[str], offences: Collection[str]) -> pd.DataFrame:
        """Return the faces of persons and of whoever is linked to offences, with their stills."""
        return network_views.faces_of(self._desk, persons=persons, offences=offences)

    def face_chips(self, faces: Iterable[FaceId]) -> Mapping[FaceId, bytes]:
        """Return faces of stills as PNG."""
        return receiving.face_chips(self._desk, faces)
