"""What the network page shows and what its reader has chosen: traits, no widget."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from traitlets import Any as AnyTrait
from traitlets import Enum, HasTraits, Unicode

from stillgraph.casework import network_views
from stillgraph.dashboards.guard import attempt
from stillgraph.records import (
    AroundAnswer,
    FaceId,
    LinkStatus,
    NetworkFilter,
    NetworkNode,
    NetworkPath,
    NodeKind,
    PathAnswer,
    RetailerId,
)

if TYPE_CHECKING:
    from stillgraph.casework.network_measures import CentralAnswer, GroupsAnswer, TogetherAnswer
    from stillgraph.dashboards.network_source import NetworkSource

MOST_CHIPS = 24
"""Faces shown of what is chosen; more would be leafed over, not looked at."""
MOST_LANES = 12
"""Persons drawn in a timeline."""
MOST_JOURNEYS = 6
"""Persons drawn on a map of journeys, of which no more can be told apart."""
ORDERS = {
    "harm_days": "harm",
    "offences_together": "offences together",
    "betweenness": "betweenness",
    "coreness": "coreness",
    "pagerank": "PageRank",
}
"""What persons can be ordered by once their places are measured, and its name."""
PLACE = ["offences_together", "betweenness", "betweenness_low", "betweenness_high", "coreness", "pagerank"]
NO_DRAWING = "There is nobody to draw yet: link the case first (`stillgraph link CASE`)."


@dataclass(frozen=True, slots=True, eq=False)
class Marked:
    """Nodes and links drawn in front of all others: an answer's."""

    nodes: NDArray[np.uint32]
    links: NDArray[np.uint32]


NOTHING = Marked(np.zeros(0, dtype=np.uint32), np.zeros(0, dtype=np.uint32))


class NetworkState(HasTraits):
    """The network page's state.

    ``since``, ``until``, ``retailers``, ``boroughs`` and ``statuses`` (empty: all) are the reader's filter, ``mask``
    follows them: which links are kept. ``chosen`` are node numbers; ``answer`` and ``marked`` what was last asked.
    ``central`` is everybody's place among co-offenders once it is measured, ``order`` what their table goes by.
    ``problem`` is the sentence of the last failure, empty after a success.
    """

    since = AnyTrait(default_value=None)
    until = AnyTrait(default_value=None)
    retailers = AnyTrait(default_value=())
    boroughs = AnyTrait(default_value=())
    statuses = AnyTrait(default_value=())
    mask = AnyTrait(default_value=None)
    chosen = AnyTrait(default_value=frozenset())
    answer = AnyTrait(default_value=None)
    marked = AnyTrait(default_value=NOTHING)
    faces = AnyTrait(default_value=None)
    joined = AnyTrait(default_value=None)
    time = AnyTrait(default_value=None)
    grouped = AnyTrait(default_value=None)
    removed = AnyTrait(default_value=None)
    pairs = AnyTrait(default_value=None)
    near = AnyTrait(default_value=None)
    travelled = AnyTrait(default_value=None)
    central = AnyTrait(default_value=None)
    order = Enum(tuple(ORDERS), default_value="harm_days")
    problem = Unicode("")

    def __init__(self, source: NetworkSource) -> None:
        super().__init__()
        self._source = source
        self.view = source.view()
        self.chips: Mapping[FaceId, bytes] = {}
        table = self.view.table
        self.persons: tuple[str, ...] = tuple(map(str, table.persons))
        self.node = {person: number for number, person in enumerate(self.persons)}
        self.node |= {f"offence {offence}": n for n, offence in enumerate(table.offences.ids, len(self.persons))}
        times = table.offences.occurred_at[table.offence]
        self.days: tuple[date, date] | None = None
        if len(times):
            first, last = (at.astype("datetime64[D]").item() for at in (times.min(), times.max()))
            self.days = (first, last)
        self._narrow()
        self.observe(lambda _change: self._try(self._narrow),
                     names=["since", "until", "retailers", "boroughs", "statuses"])  # fmt: skip

    def __repr__(self) -> str:
        return "NetworkState()"

    @property
    def wanted(self) -> NetworkFilter:
        """The filter as the case is asked with it."""
        return NetworkFilter(
            since=self.since,
            until=self.until,
            retailers=tuple(RetailerId(one) for one in self.retailers),
            boroughs=tuple(self.boroughs),
            statuses=tuple(LinkStatus(one) for one in self.statuses),
        )

    def counts(self) -> tuple[int, int, int]:
        """Return how many persons, offences and links are kept."""
        table, mask = self.view.table, self.mask
        return len(np.unique(table.person[mask])), len(np.unique(table.offence[mask])), int(mask.sum())

    def choose(self, nodes: Collection[int]) -> None:
        """Choose these nodes and no others; numbers that are no node are left out."""
        table = self.view.table
        most = len(table.persons) + len(table.offences.ids)
        self.faces = self.joined = self.time = self.removed = self.near = self.travelled = None
        self.chosen = frozenset(int(node) for node in nodes if 0 <= int(node) < most)

    def add(self, person_id: str) -> None:
        """Choose a person too."""
        if person_id in self.node:
            self.choose({*self.chosen, self.node[person_id]})

    def chosen_persons(self) -> tuple[int, ...]:
        """Return the numbers of the persons chosen who have a link that is kept."""
        seen = set(np.unique(self.view.table.person[self.mask]).tolist())
        return tuple(sorted(node for node in self.chosen if node in seen))

    def persons_table(self) -> pd.DataFrame:
        """Return the sums of the persons chosen, or of all while nobody is; with their places once measured."""
        rows = network_views.persons_table(self.view, self.mask, self.chosen_persons())
        found: CentralAnswer | None = self.central
        if found is None:
            return rows
        places = pd.DataFrame(
            [[str(one.person_id), *(getattr(one, name) for name in PLACE)] for one in found.persons],
            columns=["person_id", *PLACE],
        )
        rows = rows.merge(places, on="person_id", how="left")
        return rows.sort_values(self.order, ascending=False, kind="stable").reset_index(drop=True)

    def offences_table(self) -> pd.DataFrame:
        """Return the links of what is chosen, or all that are kept while nothing is."""
        return network_views.offences_table(self.view, self.mask, self.chosen)

    def find(self, source: str, target: str, *, in_time_order: bool) -> None:
        """Find the ways between two persons over the links kept, and mark the first of them."""

        def act() -> None:
            answer = self._source.path(source, target, self.wanted, in_time_order=in_time_order)
            with self.hold_trait_notifications():
                self.answer = answer
                self.marked = self._on_the_way(answer.paths[:1])

        self._try(act)

    def connect(self) -> None:
        """Find what joins the persons chosen over the links kept, and mark it."""

        def act() -> None:
            answer = self._source.connect(self._names(), self.wanted)
            with self.hold_trait_notifications():
                self.joined = answer
                self.marked = self._between([node for part in answer.parts for node in part.nodes])

        self._try(act)

    def show_time(self) -> None:
        """Ask for the time of the persons chosen; of more than a drawing has lanes for, of the first of them."""

        def act() -> None:
            self.time = self._source.timeline(self._names()[:MOST_LANES], self.wanted)

        self._try(act)

    def measure(self) -> None:
        """Ask for everybody's place among co-offenders, over the links kept."""

        def act() -> None:
            self.central = self._source.central(self.wanted)

        self._try(act)

    def look_around(self, depth: int) -> None:
        """Ask who is within so many steps of the persons chosen, and mark them."""

        def act() -> None:
            answer = self._source.around(self._names(), depth, self.wanted)
            with self.hold_trait_notifications():
                self.near = answer
                self.marked = self._between([*(one.person for one in answer.neighbours), *answer.offences])

        self._try(act)

    def choose_near(self) -> None:
        """Choose the persons around those chosen too."""
        found: AroundAnswer | None = self.near
        near = [] if found is None else [self._number(NodeKind.PERSON, one.person.id) for one in found.neighbours]
        self.choose({*self.chosen, *(node for node in near if node is not None)})

    def follow(self) -> None:
        """Ask where the persons chosen were seen, and how they went from store to store."""

        def act() -> None:
            self.travelled = self._source.travel(self._names(), self.wanted)

        self._try(act)

    def visits(self) -> pd.DataFrame:
        """Return where the persons chosen were seen; of more than a map tells apart, the first of them."""
        return network_views.visits(self.view, self.mask, self.chosen_persons()[:MOST_JOURNEYS])

    def _names(self) -> list[str]:
        return [self.persons[node] for node in self.chosen_persons()]

    def take_away(self) -> None:
        """Ask what the past amounts to without the persons chosen."""

        def act() -> None:
            self.removed = self._source.without(self._names(), self.wanted)

        self._try(act)

    def find_groups(self) -> None:
        """Ask for groups who offend together more than with others, over the links kept."""

        def act() -> None:
            found = self._source.groups(self.wanted)
            with self.hold_trait_notifications():
                self.grouped, self.pairs = found, None

        self._try(act)

    def pair_groups(self) -> None:
        """Ask which persons of the groups found were seen together, and how often."""

        def act() -> None:
            answer: GroupsAnswer | None = self.grouped
            members = [] if answer is None else [str(one) for group in answer.found.groups for one in group.persons]
            if members:
                self.pairs = self._source.together(members, self.wanted)

        self._try(act)

    def pairs_table(self) -> pd.DataFrame:
        """Return the pairs that were asked for: one, other, offences, first_together and last_together, status."""
        found: TogetherAnswer | None = self.pairs
        rows = () if found is None else found.pairs
        return pd.DataFrame(
            [(str(one.person_id), str(one.other_id), one.offences, one.first_together, one.last_together,
              one.status.value) for one in rows],
            columns=["one", "other", "offences", "first_together", "last_together", "status"],
        )  # fmt: skip

    def choose_group(self, number: int) -> None:
        """Choose the persons of a group that was found; it is marked, and gone to."""
        answer: GroupsAnswer | None = self.grouped
        members = [] if answer is None else [one.persons for one in answer.found.groups if one.number == number]
        nodes = [self.node[str(person)] for persons in members for person in persons if str(person) in self.node]
        if nodes:
            self.choose(nodes)
            self.marked = Marked(np.array(sorted(nodes), dtype=np.uint32), NOTHING.links)

    def file(self, kind: str) -> bytes:
        """Return the links kept as a file for another program."""
        return self._source.file(kind, self.wanted)

    def show_way(self, number: int) -> None:
        """Mark another of the ways found."""
        answer: PathAnswer | None = self.answer
        if answer is not None and 0 <= number < len(answer.paths):
            self.marked = self._on_the_way(answer.paths[number : number + 1])

    def show_faces(self) -> None:
        """Look at the faces of what is chosen: its persons', and those of whoever is linked to its offences."""

        def act() -> None:
            persons = [self.persons[node] for node in sorted(self.chosen) if node < len(self.persons)]
            ids = self.view.table.offences.ids
            offences = [str(ids[node - len(self.persons)]) for node in sorted(self.chosen) if node >= len(self.persons)]
            found = self._source.faces(persons, offences)
            shown = [FaceId(face) for face in found["face_id"].head(MOST_CHIPS)]
            self.chips = self._source.face_chips(shown) if shown else {}
            self.faces = found

        self._try(act)

    def clear(self) -> None:
        """Take every filter, answer and choice back."""
        with self.hold_trait_notifications():
            self.since = self.until = None
            self.retailers = self.boroughs = self.statuses = ()
            self.answer, self.marked, self.grouped, self.pairs = None, NOTHING, None, None
        self.choose(())

    def _on_the_way(self, paths: Sequence[NetworkPath]) -> Marked:
        return self._between([node for path in paths for node in path.nodes])

    def _between(self, named: Sequence[NetworkNode]) -> Marked:
        table = self.view.table
        nodes = {self._number(node.kind, node.id) for node in named} - {None}
        some = np.array(sorted(nodes), dtype=np.int64)  # type: ignore[type-var]
        joined = np.isin(table.person, some) & np.isin(table.offence + len(table.persons), some) & self.mask
        return Marked(some.astype(np.uint32), np.flatnonzero(joined).astype(np.uint32))

    def _number(self, kind: NodeKind, name: str) -> int | None:
        return self.node.get(name if kind is NodeKind.PERSON else f"offence {name}")

    def _narrow(self) -> None:
        mask = network_views.kept(self.view, self.wanted)
        # What was asked over other links is no answer any more.
        with self.hold_trait_notifications():
            self.mask = mask
            self.answer = self.grouped = self.joined = self.time = self.removed = None
            self.pairs = self.near = self.travelled = self.central = None
            self.order, self.marked = "harm_days", NOTHING

    def _try(self, act: Callable[[], None]) -> None:
        self.problem = ""
        attempt(act, self._tell)

    def _tell(self, sentence: str) -> None:
        self.problem = sentence
