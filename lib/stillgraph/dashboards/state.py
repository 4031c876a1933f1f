"""What the overview page shows and what its reader has chosen: traits, no widget."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

import networkx as nx
import pandas as pd
from traitlets import Any as AnyTrait
from traitlets import Bool, Enum, HasTraits, Unicode

from stillgraph.dashboards.guard import attempt
from stillgraph.figures import MEASURES
from stillgraph.once import once
from stillgraph.records import FaceId, PersonId, Ranking

if TYPE_CHECKING:
    from stillgraph.casework.analysing import Dossier, Glance
    from stillgraph.dashboards.source import Places, Source


class OverviewState(HasTraits):
    """The overview's state.

    ``by``, ``with_proposals`` and ``person_id`` (empty: nobody) are the reader's choices; ``ranking`` and
    ``dossier`` follow them. So do ``behind``, the rows behind the ``number`` that is open, and ``picture``, of the
    ``still`` of them that was chosen. ``seen`` turns true once the reader sees the page: what only its charts and lists
    below need (``places``, ``network``, ``unknown_series``) is asked of the case then, once each. ``problem`` is the
    sentence of the last failure, empty after a success.
    """

    by = Enum(tuple(MEASURES), default_value="harm")
    with_proposals = Bool(default_value=False)
    person_id = Unicode("")
    show_all = Bool(default_value=False)
    ranking = AnyTrait(default_value=None)
    dossier = AnyTrait(default_value=None)
    problem = Unicode("")
    number = Unicode("")
    behind = AnyTrait(default_value=None)
    still = Unicode("")
    picture = AnyTrait(default_value=None)
    seen = Bool(default_value=False)

    def __init__(self, source: Source) -> None:
        super().__init__()
        self._source = source
        self._rankings: dict[tuple[str, bool], Ranking] = {}
        self.case = source.name
        self.glance: Glance = source.at_a_glance()
        self.period = period(self.glance.period)
        self._sort()
        self.observe(lambda _change: self._try(self._sort), names=["by", "with_proposals"])
        self.observe(lambda _change: self._try(self._open), names="person_id")
        self.observe(lambda _change: self._try(self._look), names="still")

    def __repr__(self) -> str:
        return "OverviewState()"

    @once
    def places(self) -> pd.DataFrame:
        """The offences with their stores' places."""
        return self._source.places()

    @once
    def network(self) -> tuple[nx.Graph[str], Places]:
        """The network of persons and offences, and a place for each node."""
        return self._source.network()

    @property
    def graph(self) -> nx.Graph[str]:
        """The network."""
        return self.network[0]

    @property
    def layout(self) -> Places:
        """Where its nodes are drawn."""
        return self.network[1]

    @once
    def unknown_series(self) -> pd.DataFrame:
        """The unknown persons seen most often."""
        return self._source.unknown_series()

    def draw(self) -> None:
        """Draw what waits until the page is seen, with the case opened once for it all."""
        with self._source.sitting():
            self.seen = True

    def persons(self) -> tuple[PersonId, ...]:
        """Return the persons of the ranking, the first first."""
        ranking: Ranking | None = self.ranking
        return () if ranking is None else tuple(standing.person_id for standing in ranking.standings)

    def face_chips(self, faces: Iterable[FaceId]) -> Mapping[FaceId, bytes]:
        """Return faces' pictures; none of them, and a problem, where they cannot be had."""
        chips = attempt(lambda: self._source.face_chips(faces), self._tell)
        return {} if chips is None else chips

    def open_number(self, number: str) -> None:
        """Open a number to the rows behind it; an empty one closes what is open."""
        rows = self._source.rows_behind(number) if number else None
        self.still, self.number, self.behind = "", number, rows

    @property
    def counted(self) -> int:
        """What the open number says by its rows."""
        return 0 if self.behind is None else self._source.counted(self.number, self.behind)

    def _look(self) -> None:
        self.picture = None
        if self.still:
            self.picture = self._source.still_picture(self.still)

    def _try(self, act: Any) -> None:
        self.problem = ""
        attempt(act, self._tell)

    def _tell(self, sentence: str) -> None:
        self.problem = sentence

    def _sort(self) -> None:
        wanted = (self.by, self.with_proposals)
        if wanted not in self._rankings:
            self._rankings[wanted] = self._source.ranking(self.by, with_proposals=self.with_proposals)
        self.ranking = self._rankings[wanted]

    def _open(self) -> None:
        found: Dossier | None = None
        if self.person_id:
            found = self._source.person(self.person_id)
        self.dossier = found


def period(days: tuple[date, date] | None) -> str:
    """Return the days the stills span, in words: ``3 Nov 2025 to 31 Oct 2026``."""
    if days is None:
        return "no stills yet"
    first, last = days
    return f"{first.day} {first:%b %Y} to {last.day} {last:%b %Y}"
