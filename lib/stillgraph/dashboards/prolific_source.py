"""What the page of prolific offenders asks of a case."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from stillgraph.casework import analysing, explaining, receiving, worth
from stillgraph.casework import ranking as rankings
from stillgraph.casework.desk import Desk
from stillgraph.casework.progress import Progress
from stillgraph.records import BackTest, ConcentrationReport, Explanation, FaceId, PersonId, Ranking

LISTED = 10
"""How many are on the lists that are tested."""
UNITS = ("persons", "stores", "retailers", "boroughs")
"""Among what concentration is measured."""


@dataclass(frozen=True, slots=True)
class Asked:
    """By what persons are ranked, and over which offences and links; days are inclusive, UTC."""

    by: str
    since: date | None
    until: date | None
    with_proposals: bool
    include_proactive: bool = False


class ProlificSource(Protocol):
    """The questions; :class:`CaseProlific` answers them from a case, a test from what it made up."""

    # ruff: noqa: D102 - said once, at CaseProlific

    def days(self) -> tuple[date, date] | None: ...
    def ranking(self, asked: Asked) -> Ranking: ...
    def concentration(self, of: str, asked: Asked) -> ConcentrationReport: ...
    def back_test(self, asked: Asked, progress: Progress) -> BackTest: ...
    def why(self, person_id: str, asked: Asked) -> Explanation: ...
    def face_chips(self, faces: Iterable[FaceId]) -> Mapping[FaceId, bytes]: ...


class CaseProlific:
    """A case as its officer may see it; ``casework`` permits and records every question."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def __repr__(self) -> str:
        return "CaseProlific()"

    def sitting(self) -> AbstractContextManager[None]:
        """Keep the case open over several questions, each still permitted and recorded by itself."""
        return self._desk.sitting()

    def days(self) -> tuple[date, date] | None:
        """Return the first and the last day of offences, or ``None`` where there are none."""
        return analysing.offence_days(self._desk)

    def ranking(self, asked: Asked) -> Ranking:
        """Return the ranking."""
        return rankings.ranking(
            self._desk,
            by=asked.by,
            since=asked.since,
            until=asked.until,
            with_proposals=asked.with_proposals,
            include_proactive=asked.include_proactive,
            keep=False,
        )

    def concentration(self, of: str, asked: Asked) -> ConcentrationReport:
        """Return how concentrated the measure is among persons, stores, retailers or boroughs; points have none."""
        return worth.concentration(
            self._desk, of=of, by=asked.by, since=asked.since, until=asked.until, with_proposals=asked.with_proposals,
            include_proactive=asked.include_proactive,
        )  # fmt: skip

    def back_test(self, asked: Asked, progress: Progress) -> BackTest:
        """Return what lists of the first ten by the measure were worth in the periods after them."""
        return worth.back_test(
            self._desk, by=[asked.by], top=LISTED, since=asked.since, until=asked.until,
            with_proposals=asked.with_proposals, include_proactive=asked.include_proactive, progress=progress,
        )  # fmt: skip

    def why(self, person_id: str, asked: Asked) -> Explanation:
        """Return why somebody ranks where they do."""
        return explaining.why(
            self._desk, PersonId(person_id), by=asked.by, since=asked.since, until=asked.until,
            with_proposals=asked.with_proposals,
        )  # fmt: skip

    def face_chips(self, faces: Iterable[FaceId]) -> Mapping[FaceId, bytes]:
        """Return faces of stills as PNG."""
        return receiving.face_chips(self._desk, faces)
