"""What the start page shows: traits, no widget."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from traitlets import Any as AnyTrait
from traitlets import Enum, HasTraits, Unicode

from stillgraph.casework import beginning, reviewing, sights, uploading
from stillgraph.dashboards.guard import attempt
from stillgraph.once import once

if TYPE_CHECKING:
    from stillgraph.casework.beginning import Beginning
    from stillgraph.casework.desk import Desk

SPANS = {"Since I last looked": None, "Since yesterday": timedelta(days=1), "In seven days": timedelta(days=7)}
"""Since when something is new; ``None``: since the officer last looked."""


class StartSource(Protocol):
    """The questions; :class:`CaseStart` answers them from a case, a test from what it made up."""

    # ruff: noqa: D102 - said once, at CaseStart

    @property
    def case(self) -> str: ...
    def begin(self, since: datetime | None) -> Beginning: ...
    def lists_waiting(self) -> int: ...
    def uploads_waiting(self) -> int: ...


class CaseStart:
    """A case as its officer begins a day with it; ``casework`` permits and records every question."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def __repr__(self) -> str:
        return "CaseStart()"

    @once
    def _sight(self) -> sights.Sight:
        return sights.sight(self._desk)

    @property
    def case(self) -> str:
        """The case's name."""
        return self._desk.case.directory.name

    def begin(self, since: datetime | None) -> Beginning:
        """Return what the officer begins with."""
        return beginning.begin(self._desk, since=since)

    def lists_waiting(self) -> int:
        """Return how many candidate lists wait for this officer."""
        return len(reviewing.queue(self._desk)) if self._sight.judges else 0

    def uploads_waiting(self) -> int:
        """Return how many deliveries were dropped and not taken in."""
        return len(uploading.uploads(self._desk)) if self._sight.uploads else 0


class StartState(HasTraits):
    """What the officer begins with, new since ``span``; ``problem`` is the sentence of the last failure."""

    span = Enum(tuple(SPANS), default_value="Since I last looked")
    begun = AnyTrait(default_value=None)
    problem = Unicode("")

    def __init__(self, source: StartSource) -> None:
        super().__init__()
        self._source = source
        self.case = source.case
        # Looking is recorded as a look: what came before the first one stays what "last looked" means on this page.
        self._first: Beginning = source.begin(None)
        self.lists_waiting, self.uploads_waiting = source.lists_waiting(), source.uploads_waiting()
        self.begun = self._first
        self.observe(self._again, names="span")

    def __repr__(self) -> str:
        return "StartState()"

    def _again(self, _change: object) -> None:
        def act() -> None:
            span = SPANS[self.span]
            since = self._first.since if span is None else self._first.at - span
            self.begun = self._source.begin(since)

        self.problem = ""
        attempt(act, self._tell)

    def _tell(self, sentence: str) -> None:
        self.problem = sentence
