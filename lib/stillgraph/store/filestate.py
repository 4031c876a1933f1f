"""What a case file is like from outside, so that it shows where somebody else wrote it; and who may write it now.

The file is looked at only while this process does not have it open: closing it a second time would let go of the lock
that DuckDB holds on it.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

LOCK = Path("audit") / "lock"
"""Held by whoever has the case file open for writing, until what they leave of it is sealed."""
_HEADERS = 3 * 4096
"""Bytes of DuckDB's three headers, which every checkpoint writes anew."""


def state(path: Path) -> str:
    """Return a digest, in hex, of a case file's headers, size and time, and of its log of writes to come.

    DuckDB writes a header at each checkpoint and its log at each commit: no change made through it leaves both alone.
    """
    found = path.stat()
    seen = hashlib.sha256(f"{found.st_size} {found.st_mtime_ns} ".encode())
    with path.open("rb") as file:
        seen.update(file.read(_HEADERS))
    writes = path.with_name(path.name + ".wal")
    if writes.exists():
        with writes.open("rb") as file:
            seen.update(hashlib.file_digest(file, "sha256").digest())
    return seen.hexdigest()


@contextmanager
def alone(
    directory: Path, patience_s: float, give_up: Callable[[str], Exception], waiting: Callable[[], None]
) -> Iterator[None]:
    """Let no other process write the case meanwhile.

    Parameters
    ----------
    give_up : callable
        Makes the error where one still does in the end, of what is known of it: ``(PID 123)``.
    waiting : callable
        Called while one does; what it raises ends the waiting.
    """
    try:
        (directory / LOCK).parent.mkdir(mode=0o700, exist_ok=True)
        lock = (directory / LOCK).open("a")
    except OSError:
        # Where nothing can be written, what follows says so better.
        yield
        return
    with lock:
        deadline, pause = time.monotonic() + patience_s, 0.005
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                waiting()
                if time.monotonic() > deadline:
                    raise give_up(_holder(directory)) from None
                time.sleep(pause)
                pause = min(pause * 1.5, 0.1)
        lock.truncate(0)
        lock.write(f"(PID {os.getpid()})")
        lock.flush()
        yield


def _holder(directory: Path) -> str:
    try:
        return (directory / LOCK).read_text(encoding="utf-8", errors="replace")[:40]
    except OSError:
        return ""
