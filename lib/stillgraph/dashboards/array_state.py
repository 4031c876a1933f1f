"""What the photo-array panel shows and what was answered to it: traits, no widget."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from traitlets import Any as AnyTrait
from traitlets import HasTraits, Int, Unicode

from stillgraph.casework import arrays
from stillgraph.casework.desk import Desk
from stillgraph.dashboards.guard import attempt
from stillgraph.records import ArrayAnswer, Plate


class ArraySource(Protocol):
    """The questions; :class:`CaseArrays` answers them from a case, a test from what it made up."""

    # ruff: noqa: D102 - said once, at CaseArrays

    def pictures(self, array_id: int) -> tuple[Plate, ...]: ...
    def record(self, array_id: int, position: int | None, words: str) -> ArrayAnswer: ...


class CaseArrays:
    """A case's photo arrays; ``casework`` permits and records every question."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def __repr__(self) -> str:
        return "CaseArrays()"

    def pictures(self, array_id: int) -> tuple[Plate, ...]:
        """Return the pictures of an array in its order, called by their positions alone."""
        return arrays.array_pictures(self._desk, array_id)

    def record(self, array_id: int, position: int | None, words: str) -> ArrayAnswer:
        """Record what a witness answered."""
        return arrays.record_answer(self._desk, array_id, position, words)


class ArrayState(HasTraits):
    """An array that is shown and the answer to it, recorded once.

    Whether the position was the candidate's is not kept here: who shows an array is not to know, and the witness sees
    this page. ``problem`` is the sentence of the last failure, empty after a success.
    """

    array_id = Int(0)
    plates = AnyTrait(default_value=())
    answer = Unicode("")
    """A position, ``none``, or empty while nothing is said."""
    words = Unicode("")
    recorded = Unicode("")
    problem = Unicode("")

    def __init__(self, source: ArraySource, array_id: int | None = None) -> None:
        super().__init__()
        self._source = source
        if array_id is not None:
            self._open(array_id)

    def __repr__(self) -> str:
        return "ArrayState()"

    def open(self, array_id: int) -> None:
        """Show an array; nothing of the last one's answer stays."""
        self._try(lambda: self._open(array_id))

    def record(self) -> None:
        """Record the answer, once."""

        def act() -> None:
            position = None if self.answer == NONE else int(self.answer)
            self._source.record(self.array_id, position, self.words)
            said = "none of them" if position is None else f"number {position}"
            self.recorded = f"Recorded for array {self.array_id}: {said}."

        if self.answer and not self.recorded:
            self._try(act)

    def _open(self, array_id: int) -> None:
        plates = self._source.pictures(array_id)
        with self.hold_trait_notifications():
            self.answer = self.words = self.recorded = ""
            self.array_id, self.plates = array_id, plates

    def _try(self, act: Callable[[], None]) -> None:
        self.problem = ""
        attempt(act, self._tell)

    def _tell(self, sentence: str) -> None:
        self.problem = sentence


NONE = "none"
"""The answer that none of them is the person."""
