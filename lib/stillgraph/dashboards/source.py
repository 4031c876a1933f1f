"""What the pages ask of a case: one officer's desk behind the few questions a page puts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

import networkx as nx
import pandas as pd

from stillgraph.casework import analysing, enhancing, networking, opening, receiving, searching
from stillgraph.casework import ranking as rankings
from stillgraph.casework.analysing import Dossier, Glance
from stillgraph.casework.desk import Desk
from stillgraph.records import (
    CustodyImageId,
    Enhancement,
    EnhancementId,
    FaceId,
    PersonId,
    Preview,
    Ranking,
    SearchReport,
    StillId,
)

Places = dict[str, tuple[float, float]]

LONGEST_SIDE_PX = 1600
"""A picture with a longer side is sent to the browser smaller."""

FIRST_LISTED = "SELECT min(still_id) AS still_id FROM candidates HAVING count(*) > 0"


class Source(Protocol):
    """The questions; :class:`CaseSource` answers them from a case, a test from what it made up."""

    # ruff: noqa: D102 - said once, at CaseSource

    @property
    def name(self) -> str: ...
    def sitting(self) -> AbstractContextManager[None]: ...
    def rows_behind(self, number: str) -> pd.DataFrame: ...
    def counted(self, number: str, rows: pd.DataFrame) -> int: ...
    def still_picture(self, still: str) -> bytes: ...
    def at_a_glance(self) -> Glance: ...
    def ranking(self, by: str, *, with_proposals: bool) -> Ranking: ...
    def network(self) -> tuple[nx.Graph[str], Places]: ...
    def places(self) -> pd.DataFrame: ...
    def person(self, person_id: str) -> Dossier: ...
    def unknown_series(self) -> pd.DataFrame: ...
    def face_chips(self, faces: Iterable[FaceId]) -> Mapping[FaceId, bytes]: ...
    def custody_chips(self, images: Iterable[CustodyImageId]) -> Mapping[CustodyImageId, bytes]: ...
    def first_listed_still(self) -> str | None: ...
    def candidate_lists(self, still: str) -> SearchReport: ...
    def query(self, sql: str) -> pd.DataFrame: ...
    def preview(self, still: str, steps: Sequence[str]) -> Preview: ...
    def enhance(self, still: str, steps: Sequence[str]) -> Enhancement: ...
    def search(self, still: str, enhancement: EnhancementId) -> SearchReport: ...


class CaseSource:
    """A case as the officer at ``desk`` may see it; ``casework`` permits and records every question."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def __repr__(self) -> str:
        return "CaseSource()"

    def sitting(self) -> AbstractContextManager[None]:
        """Keep the case open over several questions, each still permitted and recorded by itself."""
        return self._desk.sitting()

    @property
    def name(self) -> str:
        """The case's name."""
        return self._desk.case.directory.name

    def rows_behind(self, number: str) -> pd.DataFrame:
        """Return the rows that a number counts; those of stills have a ``still_id``."""
        return opening.rows_behind(self._desk, number)

    def counted(self, number: str, rows: pd.DataFrame) -> int:
        """Return what a number says that stands on these rows."""
        return opening.counted(number, rows)

    def still_picture(self, still: str) -> bytes:
        """Return a still as PNG."""
        return opening.still_picture(self._desk, StillId(still))

    def at_a_glance(self) -> Glance:
        """Return the key numbers."""
        return analysing.at_a_glance(self._desk)

    def ranking(self, by: str, *, with_proposals: bool) -> Ranking:
        """Return the ranking by one measure; with proposals, of persons nobody has corroborated too."""
        return rankings.ranking(self._desk, by=by, with_proposals=with_proposals, keep=False)

    def network(self) -> tuple[nx.Graph[str], Places]:
        """Return the network of persons and offences, and a place for each node."""
        graph = networking.offence_network(self._desk)
        return graph, networking.network_layout(graph)

    def places(self) -> pd.DataFrame:
        """Return the offences with their stores' places."""
        return analysing.offence_places(self._desk)

    def person(self, person_id: str) -> Dossier:
        """Return what is held on one person."""
        return analysing.person(self._desk, PersonId(person_id))

    def unknown_series(self) -> pd.DataFrame:
        """Return the ten unknown persons on most stills: person_id, stills, offences, retailers."""
        return analysing.unknown_series(self._desk)

    def face_chips(self, faces: Iterable[FaceId]) -> Mapping[FaceId, bytes]:
        """Return faces of stills as JPEG."""
        return receiving.face_chips(self._desk, faces)

    def custody_chips(self, images: Iterable[CustodyImageId]) -> Mapping[CustodyImageId, bytes]:
        """Return custody images' faces as JPEG."""
        return receiving.custody_chips(self._desk, images)

    def first_listed_still(self) -> str | None:
        """Return the first still that has candidates, or ``None``."""
        listed = analysing.query(self._desk, FIRST_LISTED)
        return None if listed.empty else str(listed.still_id[0])

    def candidate_lists(self, still: str) -> SearchReport:
        """Return the stored candidates of one still's latest search."""
        return searching.candidate_lists(self._desk, StillId(still))

    def query(self, sql: str) -> pd.DataFrame:
        """Return the result of one read-only query."""
        return analysing.query(self._desk, sql)

    def preview(self, still: str, steps: Sequence[str]) -> Preview:
        """Return a still beside what steps, each as typed, make of it."""
        done = enhancing.steps_of(steps) if steps else ()
        return enhancing.preview(self._desk, StillId(still), done, longest_px=LONGEST_SIDE_PX)

    def enhance(self, still: str, steps: Sequence[str]) -> Enhancement:
        """Keep an enhancement of a still."""
        return enhancing.enhance(self._desk, StillId(still), enhancing.steps_of(steps))

    def search(self, still: str, enhancement: EnhancementId) -> SearchReport:
        """Search a still with the views of an enhancement added."""
        return searching.search(self._desk, stills=[StillId(still)], enhancement=enhancement)
