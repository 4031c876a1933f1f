"""Bounds on what foreign SQL may cost: memory, rows, time, and how often it names the same part.

DuckDB's own limit of memory holds for its blocks and leaves out what a function makes of one value: ``repeat`` and
``range`` as a list took all of a machine, and are not interrupted while they do. So their sizes are constants, and
small; and the operating system gives the process a limit while such SQL runs, at which DuckDB gives up.
"""

from __future__ import annotations

import re
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
MOST_DEPTH = 300
"""Levels of a query's parsed tree, some two for each bracket. DuckDB takes a minute for a value 400 brackets deep."""
TOO_DEEP = "The query is nested too deeply; name its parts by WITH, or ask in several."
MOST_ROWS = 5_000_000
MOST_BYTES = 2**29
"""Rows, and bytes of them, that a query returns."""
MOST_SECONDS = 60.0
"""That a query takes; everybody else waits for the case meanwhile."""
MOST_MEMORY = 2 * 2**30
"""Bytes that a process may take beyond what it has while a query runs; only Linux knows such a limit. With more, a text
of 2 GiB fits, and DuckDB breaks where one is set behind another."""
DUCKDB_MEMORY = "1GiB"
"""What DuckDB takes for its blocks in a confined session; less, so that it is DuckDB that gives up, and in order."""
MOST_SIZE = 10_000
"""Of what a function makes of one value: characters, elements."""

_GROWING = frozenset({
    "repeat", "lpad", "rpad", "list_resize", "array_resize", "range", "generate_series", "bitstring", "bar",
})  # fmt: skip
_FORMATS = frozenset({"format", "printf"})
_WIDE = re.compile(r"\d{5,}|\*|\{[^}]*\{")

_STATUS = Path("/proc/self/status")
_guard = threading.Lock()
_running: list[tuple[int, int]] = []
"""The limits before the first of the queries that run, once for each of them; the last one puts them back."""


@contextmanager
def within_memory(most: int) -> Iterator[None]:
    """Let this process take ``most`` bytes at most beyond what it has; of several at a time the first one's count."""
    if sys.platform != "linux" or not _STATUS.is_file():
        yield
        return
    import resource

    with _guard:
        if _running:
            _running.append(_running[0])
        else:
            before = resource.getrlimit(resource.RLIMIT_DATA)
            allowed = [limit for limit in before if limit != resource.RLIM_INFINITY]
            resource.setrlimit(resource.RLIMIT_DATA, (min([_held() + most, *allowed]), before[1]))
            _running.append(before)
    try:
        yield
    finally:
        with _guard:
            before = _running.pop()
            if not _running:
                resource.setrlimit(resource.RLIMIT_DATA, before)


def _held() -> int:
    """Return the bytes of memory this process may write to now."""
    for line in _STATUS.read_text(encoding="ascii").splitlines():
        if line.startswith("VmData:"):
            return int(line.split()[1]) * 1024
    return 0


@contextmanager
def within_time(interrupt: Callable[[], None], seconds: float) -> Iterator[threading.Event]:
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


def check_depth(tree: object) -> None:
    """Refuse a query whose parsed tree is over :data:`MOST_DEPTH` levels deep.

    Raises
    ------
    QueryRefused
        It is.
    """
    level: list[Any] = [tree]
    for _ in range(MOST_DEPTH):
        level = [
            inner
            for node in level
            for inner in (node.values() if isinstance(node, dict) else node)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return
    raise QueryRefused(TOO_DEEP)


def check_sizes(functions: Sequence[Mapping[str, Any]]) -> None:
    """Refuse a query that has a function make something large of one value, or of a size that only rows will tell.

    Parameters
    ----------
    functions
        The nodes of the parsed statement that call a function, table functions left out.

    Raises
    ------
    QueryRefused
        A size is no constant, or one over :data:`MOST_SIZE`.
    """
    for node in functions:
        name, given = str(node.get("function_name")).casefold(), list(node.get("children", ()))
        dotted = str(node.get("schema") or "main").casefold() != "main"
        if name in _GROWING and (dotted or not all(_small(one) for one in _sizes(name, given))):
            raise QueryRefused(
                f"In a query the sizes given to {name}() are written as numbers of at most {MOST_SIZE:,}, as in "
                f"{name}(..., 20); FROM range(...) counts as far as you like."
            )
        if name in _FORMATS and (dotted or not given or not _narrow(given[0])):
            raise QueryRefused(f"In a query the text given to {name}() is a constant, with widths of at most 4 digits.")


def _sizes(name: str, given: list[Any]) -> list[Any]:
    return given if name in {"range", "generate_series"} else given[1:2] if name != "bar" else given[1:]


def _value(node: Any) -> object:
    """Return the value of a constant, ``None`` of all else."""
    constant = node.get("value") if node.get("type") == "VALUE_CONSTANT" else None
    return constant.get("value") if isinstance(constant, dict) else None


def _small(node: Any) -> bool:
    value = _value(node)
    return isinstance(value, int) and abs(value) <= MOST_SIZE


def _narrow(node: Any) -> bool:
    value = _value(node)
    return isinstance(value, str) and not _WIDE.search(value)


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
                f"A query returns at most {MOST_ROWS:,} rows and {MOST_BYTES // 2**20} MiB; narrow it, count instead "
                "of listing, or end it with LIMIT."
            )
