"""What the accuracy page shows and what its analyst measures: traits, no widget."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from traitlets import Any as AnyTrait
from traitlets import HasTraits, Unicode

from stillgraph.casework import evaluating, reviewing, stored_scores
from stillgraph.dashboards.guard import attempt
from stillgraph.dashboards.progress_state import LongWork
from stillgraph.errors import NotPermitted

if TYPE_CHECKING:
    from stillgraph.casework.desk import Desk
    from stillgraph.casework.evaluating import IdentificationReport
    from stillgraph.casework.stored_scores import StoredScores
    from stillgraph.records import ReviewerAccuracy


class AccuracySource(Protocol):
    """The questions; :class:`CaseAccuracy` answers them from a case, a test from what it made up."""

    # ruff: noqa: D102 - said once, at CaseAccuracy

    def stored(self) -> StoredScores: ...
    def own(self) -> ReviewerAccuracy: ...
    def everybody(self) -> tuple[ReviewerAccuracy, ...] | None: ...
    def has_truth(self) -> bool: ...
    def measure(self, truth: bytes | None) -> IdentificationReport: ...


class CaseAccuracy:
    """A case whose errors are measured; ``casework`` permits and records every question."""

    def __init__(self, desk: Desk, truth: Path | None = None) -> None:
        self._desk = desk
        self._truth = truth if truth is not None else stored_scores.known_truth(desk)

    def __repr__(self) -> str:
        return "CaseAccuracy()"

    def stored(self) -> StoredScores:
        """Return the case's thresholds, calibrations and checks."""
        return stored_scores.stored(self._desk)

    def own(self) -> ReviewerAccuracy:
        """Return how the officer did in trials."""
        return reviewing.accuracy(self._desk)

    def everybody(self) -> tuple[ReviewerAccuracy, ...] | None:
        """Return how every officer did, ``None`` where this officer is not to see it."""
        try:
            return reviewing.accuracies(self._desk)
        except NotPermitted:
            return None

    def has_truth(self) -> bool:
        """Say whether a truth table is known without one being dropped."""
        return self._truth is not None

    def measure(self, truth: bytes | None) -> IdentificationReport:
        """Measure the search on a case with known truth: on a table that was dropped, or the one that is known."""
        groups = evaluating.GROUPS
        if truth is None:
            assert self._truth is not None  # noqa: S101  (asked first, by has_truth)
            return evaluating.identification(self._desk, self._truth, by=groups)
        with tempfile.TemporaryDirectory(prefix="stillgraph-") as folder:
            file = Path(folder) / "truth.csv"
            file.write_bytes(truth)
            return evaluating.identification(self._desk, file, by=groups)


class AccuracyState(HasTraits):
    """What is stored, what was measured here, and how reviewers did.

    Others' trials are asked for only when somebody opens them, since asking is on record, refused or not.
    """

    report = AnyTrait(default_value=None)
    others = AnyTrait(default_value=None)
    asked = Unicode("")
    problem = Unicode("")

    def __init__(self, source: AccuracySource) -> None:
        super().__init__()
        self._source = source
        self.work = LongWork()
        self.stored: StoredScores = source.stored()
        self.own: ReviewerAccuracy = source.own()
        self.has_truth = source.has_truth()

    def __repr__(self) -> str:
        return "AccuracyState()"

    def measure(self, truth: bytes | None = None) -> None:
        """Begin to measure the search, on a truth table that was dropped or on the one that is known."""
        self.problem = ""
        if truth is not None or self.has_truth:
            self.work.start(lambda _progress: self._source.measure(truth), self._measured, begins="Searching all faces")

    def ask_for_others(self) -> None:
        """Ask how every officer did."""

        def act() -> None:
            found = self._source.everybody()
            self.others = found
            self.asked = "" if found is not None else "How others did is for supervisors and administrators."

        self._try(act)

    def _measured(self, report: IdentificationReport) -> None:
        self.report = report

    def _try(self, act: Callable[[], None]) -> None:
        self.problem = ""
        attempt(act, self._tell)

    def _tell(self, sentence: str) -> None:
        self.problem = sentence
