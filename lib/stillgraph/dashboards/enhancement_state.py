"""What the enhancement panel shows and what its analyst has done: traits, no widget."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from traitlets import Any as AnyTrait
from traitlets import HasTraits, Unicode

from stillgraph.casework import enhancing
from stillgraph.dashboards.guard import attempt
from stillgraph.records import Enhancement, Preview, SearchReport

if TYPE_CHECKING:
    from stillgraph.dashboards.source import Source

CROP, LEAST_PX = "crop", 16


class EnhancementState(HasTraits):
    """A still and the steps done to it so far.

    ``steps`` are as typed (``gamma 1.6``), in order; ``preview`` always shows the original beside what they make of
    it. ``kept`` and ``report`` are of these very steps, and fall when a step changes. ``problem`` is the sentence of
    the last failure, empty after a success; a change that fails leaves everything as it was.
    """

    steps = AnyTrait(default_value=())
    preview = AnyTrait(default_value=None)
    kept = AnyTrait(default_value=None)
    report = AnyTrait(default_value=None)
    problem = Unicode("")

    def __init__(self, source: Source, still: str) -> None:
        super().__init__()
        self.source = source
        self.still = still
        self.kinds = enhancing.step_kinds()
        self._before: list[tuple[str, ...]] = []
        self.preview = source.preview(still, ())

    def __repr__(self) -> str:
        return "EnhancementState()"

    def parameters(self, kind: str) -> tuple[Any, ...]:
        """Return what a kind of step is set by; of a crop, within the picture as it is now."""
        found = self.kinds[kind][1]
        if kind != CROP:
            return found
        shown: Preview = self.preview
        across, down = (max(side, LEAST_PX) for side in (shown.width_px, shown.height_px))
        most = {"x": across - LEAST_PX, "y": down - LEAST_PX, "width": across, "height": down}
        start = {"x": 0, "y": 0, "width": across, "height": down}
        return tuple(replace(one, high=float(most[one.name]), start=start[one.name]) for one in found)

    def add(self, kind: str, values: Mapping[str, object]) -> None:
        """Add a step at the end."""
        typed = " ".join([kind, *(str(values[parameter.name]) for parameter in self.kinds[kind][1])])
        self._change((*self.steps, typed))

    def remove(self, place: int) -> None:
        """Take one step out."""
        self._change((*self.steps[:place], *self.steps[place + 1 :]))

    def move(self, place: int, by: int) -> None:
        """Do a step earlier (-1) or later (1); at the end of the list it stays where it is."""
        to = place + by
        if 0 <= to < len(self.steps):
            order = list(self.steps)
            order.insert(to, order.pop(place))
            self._change(tuple(order))

    def undo(self) -> None:
        """Go back to the steps before the last change."""
        if self._before:
            self._try(lambda: self._show(self._before.pop()))

    def keep(self) -> None:
        """Keep the enhancement in the case."""

        def act() -> None:
            kept: Enhancement = self.source.enhance(self.still, self.steps)
            self.kept = kept

        self._try(act)

    def search(self) -> None:
        """Search the still with the enhancement that is kept."""

        def act() -> None:
            report: SearchReport = self.source.search(self.still, self.kept.enhancement_id)
            self.report = report

        if self.kept is not None:
            self._try(act)

    def _change(self, steps: tuple[str, ...]) -> None:
        before = self.steps

        def act() -> None:
            self._show(steps)
            self._before.append(before)

        self._try(act)

    def _show(self, steps: tuple[str, ...]) -> None:
        preview = self.source.preview(self.still, steps)
        with self.hold_trait_notifications():
            self.steps, self.preview, self.kept, self.report = steps, preview, None, None

    def _try(self, act: Callable[[], None]) -> None:
        self.problem = ""
        attempt(act, self._tell)

    def _tell(self, sentence: str) -> None:
        self.problem = sentence
