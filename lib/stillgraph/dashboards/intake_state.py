"""What the intake page shows and what its officer has dropped: traits, no widget."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from traitlets import Any as AnyTrait
from traitlets import HasTraits, Unicode

from stillgraph.casework import uploading
from stillgraph.dashboards.guard import attempt
from stillgraph.dashboards.progress_state import LongWork
from stillgraph.records import RetailerId

if TYPE_CHECKING:
    import pandas as pd

    from stillgraph.casework.desk import Desk
    from stillgraph.casework.progress import Progress
    from stillgraph.casework.uploading import Upload
    from stillgraph.records import IntakeReport

REFUSAL_COLUMNS = ("line", "image", "field", "reason")


class IntakeSource(Protocol):
    """The questions; :class:`CaseIntake` answers them from a case, a test from what it made up."""

    # ruff: noqa: D102 - said once, at CaseIntake

    def retailers(self) -> Mapping[RetailerId, str]: ...
    def uploads(self) -> tuple[Upload, ...]: ...
    def keep(self, files: Sequence[tuple[str, bytes]]) -> Upload: ...
    def discard(self, upload_id: str) -> None: ...
    def take_in(self, upload_id: str, retailer: RetailerId, progress: Progress) -> IntakeReport: ...


class CaseIntake:
    """A case as its officer takes deliveries in; ``casework`` permits and records every question."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def __repr__(self) -> str:
        return "CaseIntake()"

    def retailers(self) -> Mapping[RetailerId, str]:
        """Return the retailers that have stores here, by id, with their names."""
        return uploading.retailers(self._desk)

    def uploads(self) -> tuple[Upload, ...]:
        """Return the deliveries dropped and not taken in yet."""
        return uploading.uploads(self._desk)

    def keep(self, files: Sequence[tuple[str, bytes]]) -> Upload:
        """Keep what was dropped."""
        return uploading.keep(self._desk, files)

    def discard(self, upload_id: str) -> None:
        """Throw a delivery away, untaken."""
        uploading.discard(self._desk, upload_id)

    def take_in(self, upload_id: str, retailer: RetailerId, progress: Progress) -> IntakeReport:
        """Take a delivery in."""
        return uploading.take_in(self._desk, upload_id, retailer_id=retailer, progress=progress)


class IntakeState(HasTraits):
    """Deliveries that wait to be taken in, and what became of the last one.

    ``upload_id`` is the one chosen, empty where none waits; ``retailer`` whose it is, which nothing guesses. ``report``
    is of the last delivery taken in. ``problem`` is the sentence of the last failure, empty after a success. A delivery
    that was dropped waits, whatever happens to the page, until it is taken in or thrown away.
    """

    waiting = AnyTrait(default_value=())
    upload_id = Unicode("")
    retailer = Unicode("")
    report = AnyTrait(default_value=None)
    problem = Unicode("")

    def __init__(self, source: IntakeSource) -> None:
        super().__init__()
        self._source = source
        self.work = LongWork()
        self.retailers: Mapping[RetailerId, str] = source.retailers()
        self._look()

    def __repr__(self) -> str:
        return "IntakeState()"

    @property
    def chosen(self) -> Upload | None:
        """The delivery that is chosen."""
        return next((one for one in self.waiting if one.upload_id == self.upload_id), None)

    def drop(self, files: Sequence[tuple[str, bytes]]) -> None:
        """Keep what was dropped, and choose it."""

        def act() -> None:
            kept = self._source.keep(files)
            self.report = None
            self._look(kept.upload_id)

        if files:
            self._try(act)

    def discard(self) -> None:
        """Throw the chosen delivery away."""

        def act() -> None:
            self._source.discard(self.upload_id)
            self._look()

        if self.upload_id and not self.work.running:
            self._try(act)

    def blockers(self) -> tuple[str, ...]:
        """Return what stands in the way of taking in, as sentences."""
        found = []
        if self.chosen is None:
            found.append("Drop a delivery first.")
        elif self.chosen.cut_short:
            found.append("This delivery was cut short while it was kept: throw it away, and drop it again.")
        if not self.retailer.strip():
            found.append("Say whose delivery it is.")
        elif self.retailer.strip() not in self.retailers and self.chosen is not None and self.chosen.stores is None:
            found.append("A new retailer's stores come with its first delivery: drop stores.csv with the manifest.")
        return tuple(found)

    def take_in(self) -> None:
        """Begin to take the chosen delivery in."""
        upload_id, retailer = self.upload_id, RetailerId(self.retailer.strip())
        self.problem = ""
        if not self.blockers():
            self.work.start(
                lambda progress: self._source.take_in(upload_id, retailer, progress), self._taken,
                begins="Reading the manifest",
            )  # fmt: skip

    def refused(self) -> pd.DataFrame:
        """Return the refused rows of the last delivery: line, image, field, reason."""
        import pandas as pd

        rows = (
            [] if self.report is None else [[getattr(one, n) for n in REFUSAL_COLUMNS] for one in self.report.refused]
        )
        return pd.DataFrame(rows, columns=list(REFUSAL_COLUMNS))

    def _taken(self, report: IntakeReport) -> None:
        self.retailers = self._source.retailers()
        self._look()
        self.report = report

    def _look(self, upload_id: str = "") -> None:
        waiting = self._source.uploads()
        there = [one.upload_id for one in waiting]
        with self.hold_trait_notifications():
            self.waiting = waiting
            self.upload_id = upload_id if upload_id in there else next(iter(there), "")

    def _try(self, act: Callable[[], None]) -> None:
        self.problem = ""
        attempt(act, self._tell)

    def _tell(self, sentence: str) -> None:
        self.problem = sentence
