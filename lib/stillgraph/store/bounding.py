"""Bounds on what foreign SQL may cost: memory, rows, time, and how often it names the same part.

DuckDB's own limit of memory leaves out what a function makes of one value: `repeat`, `range` as a list and their like
took all of a machine. So the process is given a limit by the operating system while such SQL runs, and DuckDB gives up
where it would be passed. What computes long within one value is not seen by DuckDB's own interrupt, so how long it takes
is bounded between values and not within one.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from stillgraph.errors import QueryRefused

MOST_CHARACTERS = 100_000
"""Of the text of a query."""
MOST_PARTS = 1_000
"""Tables and views that a query reads once its WITH clauses stand for what they hold; planning is not interrupted."""
MOST_ROWS = 5_000_000
MOST_BYTES = 2**29
"""Rows, and bytes of them, that a query returns."""
MOST_SECONDS = 60.0
"""That a query takes; everybody else waits for the case meanwhile."""
MOST_MEMORY = 2 * 2**30
"""Bytes that a process may take beyond what it has while a query runs; other systems than Linux know no such limit."""

_STATUS = Path("/proc/self/status")
_guard = threading.Lock()
_running: list[tuple[int, int]] = []
"""The limits as they were before each query that runs: the first one sets them, the last one puts them back."""


@contextmanager
def within_memory(most: int = MOST_MEMORY) -> Iterator[None]:
    """Let this process take ``most`` bytes at most beyond what it has; of several at a time the first one's count."""
    if sys.platform != "linux" or not _STATUS.is_file():
        yield
        return
    import resource

    with _guard:
        before = resource.getrlimit(resource.RLIMIT_DATA)
        if not _running:
            soft = _held() + most
            allowed = [limit for limit in before if limit != resource.RLIM_INFINITY]
            resource.setrlimit(resource.RLIMIT_DATA, (min([soft, *allowed]), before[1]))
        _running.append(before)
    try:
        yield
    finally:
        with _guard:
            _running.remove(before)
            if not _running:
                resource.setrlimit(resource.RLIMIT_DATA, before)


def _held() -> int:
    """Return the bytes of memory this process may write to now."""
    for line in _STATUS.read_text(encoding="ascii").splitlines():
        if line.startswith("VmData:"):
            return int(line.split()[1]) * 1024
    return 0


@contextmanager
def within_time(interrupt: Callable[[], None], seconds: float = MOST_SECONDS) -> Iterator[threading.Event]:
    """Call ``interrupt`` where the block takes longer; the event says whether it was called."""
    called = threading.Event()

    def stop() -> None:
        called.set()
        interrupt()

    timer = threading.Timer(seconds, stop)
    timer.daemon = True
    timer.start()
    try:
        yield called
    finally:
        timer.cancel()


def check_parts(named: Mapping[str, Sequence[str]], read: Sequence[str]) -> None:
    """Refuse a query that reads too many tables once each name of its WITH clauses stands for what it reads.

    Parameters
    ----------
    named
        What each WITH clause reads, by its name; of two of one name both together.
    read
        What the query reads in all.

    Raises
    ------
    QueryRefused
        There are over :data:`MOST_PARTS`.
    """
    costs: dict[str, int] = {}

    def cost(name: str, within: frozenset[str]) -> int:
        # A recursive name stands for itself once.
        if name in within or name not in named:
            return 1
        if name not in costs:
            costs[name] = max(1, total(named[name], within | {name}))
        return costs[name]

    def total(names: Sequence[str], within: frozenset[str]) -> int:
        reached = 0
        for name in names:
            reached = min(MOST_PARTS + 1, reached + cost(name, within))
        return reached

    if total(read, frozenset()) > MOST_PARTS:
        raise QueryRefused(
            f"A query reads at most {MOST_PARTS:,} tables, each WITH clause counted as often as it is named; ask in "
            "several queries."
        )


class Heap:
    """Counts the rows and bytes that a query returns."""

    def __init__(self) -> None:
        self.rows = self.size = 0

    def add(self, batch: Any) -> None:
        """Count a batch of rows.

        Raises
        ------
        QueryRefused
            There are more than a query returns.
        """
        self.rows += batch.num_rows
        self.size += batch.nbytes
        if self.rows > MOST_ROWS or self.size > MOST_BYTES:
            raise QueryRefused(
                f"A query returns at most {MOST_ROWS:,} rows and {MOST_BYTES // 2**20} MiB; narrow it, count instead of "
                "listing, or end it with LIMIT."
            )
