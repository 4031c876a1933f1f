"""How long work tells how far it is, and how it is stopped: one protocol, for the command line and for pages.

Whatever takes long takes a ``progress`` and calls it after each piece of work. Whoever asked for the work stops it by
raising from that call: the work then ends as it ends for any failure, which is to say that nothing is left half done,
and that what was kept before is said.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from stillgraph.errors import Interrupted


@dataclass(frozen=True, slots=True)
class Step:
    """How far work is: ``done`` of ``total`` (``None`` where nobody knows), in ``unit``, e.g. ``image``."""

    what: str
    done: int
    total: int | None
    unit: str


Progress = Callable[[Step], None]
"""Told of each step; what it raises ends the work."""

CANCELLED = "Cancelled."


def silent(_step: Step) -> None:
    """Tell nobody."""


def cancelled() -> Interrupted:
    """Return what a ``progress`` raises to stop the work it is told of."""
    return Interrupted(CANCELLED)


def adding(progress: Progress, what: str, total: int | None, *, unit: str) -> Callable[[int], None]:
    """Return what is told of pieces done by their number, and tells how many are done in all."""
    done = 0

    def add(some: int) -> None:
        nonlocal done
        done += some
        progress(Step(what, done, total, unit))

    return add


@dataclass(slots=True)
class Pace:
    """How fast work goes, and so how long the rest of it may take; begun anew with each ``what``."""

    clock: Callable[[], float] = time.monotonic
    _what: str = ""
    _began: float = 0.0
    _first: int = 0

    def left_s(self, step: Step) -> float | None:
        """Return how many seconds the rest of a step may take at the pace so far.

        ``None`` where nobody knows how much there is, or too little is done to say: under three pieces or two seconds.
        """
        now = self.clock()
        if step.what != self._what or step.done < self._first:
            self._what, self._began, self._first = step.what, now, step.done
        done, gone = step.done - self._first, now - self._began
        if step.total is None or done < 3 or gone < 2:
            return None
        return max(0.0, (step.total - step.done) * gone / done)


@contextmanager
def bar(*, shown: bool) -> Iterator[Progress]:
    """Give a progress that is drawn in a terminal, by tqdm, one bar for each ``what``; none unless ``shown``."""
    if not shown:
        yield silent
        return
    drawn = _Bars()
    try:
        yield drawn.tell
    finally:
        drawn.close()


class _Bars:
    """The bar that is drawn now."""

    def __init__(self) -> None:
        self._bar: object | None = None
        self._what = ""

    def tell(self, step: Step) -> None:
        from tqdm import tqdm

        if self._bar is None or step.what != self._what:
            self.close()
            self._what = step.what
            self._bar = tqdm(total=step.total, initial=step.done, unit=step.unit, desc=step.what, leave=False)
        self._bar.update(step.done - self._bar.n)  # type: ignore[attr-defined]  # tqdm has no types

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()  # type: ignore[attr-defined]
            self._bar = None
