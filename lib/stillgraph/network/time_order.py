"""Find path in time order: ways on which each next offence is not before the previous."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from itertools import count

import networkx as nx

from stillgraph.network.answers import answer_path
from stillgraph.network.graph import persons_and_offences
from stillgraph.network.paths import ends
from stillgraph.records import NodeKind, PathAnswer, PersonId

BEFORE_ALL = ""
"""Sorts before every time of the graph, which are ISO 8601 texts of one form."""


def paths_in_time_order(graph: nx.Graph[str], source: PersonId, target: PersonId) -> PathAnswer:
    """Find the ways from one person to another that something handed on could have gone, in time order.

    Each next offence is not before the previous (two at one moment may follow each other either way); a proposed join
    takes no time. Of all such ways those are given that no other beats both in links and in arrival: the first has the
    fewest links, the last arrives earliest, and where one does both it is the only one. It need not go back: a way from
    A to B in time order is seldom one from B to A.

    Each offence is walked once, from its earliest-reached side, and each person's offences once in the order of time,
    so the whole costs about as much as sorting the links (a label-setting search over the two criteria; the single
    criteria are those of Wu et al. [1]_).

    Raises
    ------
    NotFound
        One of the persons is not in the graph.
    WrongUse
        Both are one person.

    References
    ----------
    .. [1] H. Wu et al., Path problems in temporal graphs, Proceedings of the VLDB Endowment 7 (2014) 721-732.
    """
    walked = persons_and_offences(graph)
    one, other = ends(walked, source, target)
    ways = _Walk(walked, one).to(other)
    return PathAnswer(
        source=source,
        target=target,
        in_time_order=True,
        paths=tuple(answer_path(walked, way) for way in ways),
        more=False,
        review=str(graph.graph.get("review", "")),
    )


@dataclass(slots=True)
class _Label:
    """A person reached with so many links, at the time of the last offence on the way."""

    links: int
    arrival: str
    node: str
    before: _Label | None
    """The person before on the way; ``None`` of the source."""
    via: str | None
    """The offence between, ``None`` of a proposed join."""

    def way(self) -> list[str]:
        nodes = [self.node]
        label = self
        while label.before is not None:
            nodes += [label.before.node] if label.via is None else [label.via, label.before.node]
            label = label.before
        return nodes[::-1]


@dataclass(slots=True)
class _Walk:
    """Persons reached from one, by links and then by arrival."""

    graph: nx.Graph[str]
    source: str
    walked: set[str] = field(default_factory=set)
    """Offences reached. The first time is with the fewest links, and what follows from it has the offence's own time,
    so no later time can better it."""
    earliest: dict[str, str] = field(default_factory=dict)
    """The earliest arrival at each person so far, of labels with no more links."""
    left: dict[str, list[tuple[str, str]]] = field(default_factory=dict)

    def to(self, target: str) -> list[list[str]]:
        """Return the ways to a person that no other beats both in links and in arrival, fewest links first."""
        found: list[_Label] = []
        # Entries sort by links, arrival, then ids, so the same graph gives the same ways; the number keeps labels,
        # which do not compare, from being compared.
        waiting: list[tuple[int, str, str, str, int, _Label]] = []
        number = count()
        following = [_Label(0, BEFORE_ALL, self.source, None, None)]
        while following or waiting:
            for one in following:
                heapq.heappush(waiting, (one.links, one.arrival, one.node, one.via or "", next(number), one))
            label = heapq.heappop(waiting)[-1]
            following = []
            if label.node in self.earliest and self.earliest[label.node] <= label.arrival:
                continue
            self.earliest[label.node] = label.arrival
            if label.node == target:
                found.append(label)
            else:
                following = self._following(label)
        return [label.way() for label in found]

    def _following(self, label: _Label) -> list[_Label]:
        steps = [
            _Label(label.links + 1, label.arrival, person, label, None)
            for person in self.graph[label.node]
            if self.graph.nodes[person]["kind"] == NodeKind.PERSON
        ]
        left = self._left(label.node)
        # What came after an earlier label of this person, which arrived later, was walked then.
        while left and left[-1][0] >= label.arrival:
            at, offence = left.pop()
            if offence not in self.walked:
                self.walked.add(offence)
                steps += [
                    _Label(label.links + 2, at, person, label, offence)
                    for person in self.graph[offence]
                    if person != label.node
                ]
        return steps

    def _left(self, person: str) -> list[tuple[str, str]]:
        """Return a person's offences not yet walked from here, the earliest first."""
        if person not in self.left:
            nodes = self.graph.nodes
            mine = [node for node in self.graph[person] if nodes[node]["kind"] == NodeKind.OFFENCE]
            self.left[person] = sorted((nodes[node]["occurred_at"], node) for node in mine)
        return self.left[person]
