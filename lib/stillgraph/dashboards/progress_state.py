"""Long work behind a page: done by a thread of its own, told of while it goes on, and stopped when somebody asks.

The thread works with the officer's desk as the page does; the two take turns with the case file. What the page shows
changes on the kernel's own loop alone, where there is one, so that no two hands write on it at once.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from traitlets import Bool, Float, HasTraits, Unicode

from stillgraph.casework import progress
from stillgraph.casework.progress import Pace, Progress, Step
from stillgraph.dashboards.guard import attempt
from stillgraph.errors import Interrupted

T = TypeVar("T")

BETWEEN_S = 0.2
"""Seconds between two changes of what is shown."""


class LongWork(HasTraits):
    """One piece of long work at a time.

    ``share`` is how much is done, 0 to 1, negative where nobody knows how much there is; ``said`` says it in words.
    ``ended`` is what became of work that was stopped, ``problem`` the sentence of work that failed; both empty after
    success and while work goes on.
    """

    running = Bool(default_value=False)
    cancelling = Bool(default_value=False)
    share = Float(-1.0)
    said = Unicode("")
    ended = Unicode("")
    problem = Unicode("")

    def __init__(self) -> None:
        super().__init__()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._shown_at = 0.0
        self._pace = Pace()

    def __repr__(self) -> str:
        return "LongWork()"

    def start(self, act: Callable[[Progress], T], done: Callable[[T], None], *, begins: str = "Beginning") -> bool:
        """Begin work, and call ``done`` with what came of it; return ``False`` where other work goes on still."""
        if self.running:
            return False
        self._stop.clear()
        self._pace, self._shown_at = Pace(), 0.0
        try:
            self._loop = asyncio.get_running_loop()
        except RuntimeError:
            self._loop = None
        with self.hold_trait_notifications():
            self.ended = self.problem = ""
            self.said, self.share, self.cancelling, self.running = f"{begins} …", -1.0, False, True
        self._thread = threading.Thread(target=self._work, args=(act, done), name="long work", daemon=True)
        self._thread.start()
        return True

    def cancel(self) -> None:
        """Ask the work to stop; it does at its next step."""
        if self.running:
            self._stop.set()
            self.cancelling = True
            self.said = "Stopping at the next step …"

    def wait(self, timeout_s: float) -> bool:
        """Wait for the work to end, for tests and scripts; return whether it has."""
        if self._thread is not None:
            self._thread.join(timeout_s)
        return self._thread is None or not self._thread.is_alive()

    def _work(self, act: Callable[[Progress], T], done: Callable[[T], None]) -> None:
        told: list[str] = []
        stopped: list[str] = []

        def go() -> T | None:
            try:
                return act(self._tell)
            except Interrupted as stop:
                stopped.append(str(stop))
                return None

        result = attempt(go, told.append)

        def end() -> None:
            with self.hold_trait_notifications():
                self.running = self.cancelling = False
                self.said, self.ended, self.problem = "", "".join(stopped), "".join(told)
            if result is not None and not stopped and not told:
                attempt(lambda: done(result), self._fail)

        self._soon(end)

    def _fail(self, sentence: str) -> None:
        self.problem = sentence

    def _tell(self, step: Step) -> None:
        """Take note of a step, in the thread that works; raise where it is to stop."""
        if self._stop.is_set():
            raise progress.cancelled()
        left_s, now = self._pace.left_s(step), time.monotonic()
        if now - self._shown_at >= BETWEEN_S or step.done == step.total:
            self._shown_at = now
            self._soon(lambda: self._show(step, left_s))
            time.sleep(0)  # whoever waits for the case file, or to be told, has a turn

    def _show(self, step: Step, left_s: float | None) -> None:
        if self.running and not self.cancelling:
            with self.hold_trait_notifications():
                self.share = -1.0 if not step.total else min(1.0, step.done / step.total)
                self.said = in_words(step, left_s)

    def _soon(self, act: Callable[[], None]) -> None:
        if self._loop is None or self._loop.is_closed():
            act()
        else:
            self._loop.call_soon_threadsafe(act)


def in_words(step: Step, left_s: float | None) -> str:
    """Return how far work is, in words: ``faces (still): 12 of 40 images, about 2 minutes left``."""
    several = step.unit if (step.total or step.done) == 1 else f"{step.unit}s"
    of = f" of {step.total:,}" if step.total is not None else ""
    return f"{step.what[:1].upper()}{step.what[1:]}: {step.done:,}{of} {several}{about(left_s)}"


def about(left_s: float | None) -> str:
    """Return how long the rest takes as roughly as it is known, to be written behind something."""
    if left_s is None:
        return ""
    if left_s < 10:
        return ", a few seconds left"
    if left_s < 90:
        return f", about {round(left_s, -1):.0f} seconds left"
    if left_s < 5400:
        return f", about {left_s / 60:.0f} minutes left"
    return f", about {left_s / 3600:.1f} hours left"
