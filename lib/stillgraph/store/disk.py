"""Says of a failure that the disk is full, or cannot be written to, where that is what it was."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stillgraph.errors import CaseError, DiskFull, ReadOnly, StillgraphError

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_CLOSED = frozenset({errno.EROFS})
# DuckDB says what the system said, in its own words' place.
_SAID_FULL = ("No space left on device", "Disk quota exceeded", "File too large", "Could not write all bytes")
_SAID_CLOSED = ("Read-only file system",)


@contextmanager
def plainly(place: Path) -> Iterator[None]:
    """Turn what the block fails with into a plain sentence where the disk of ``place`` is the reason.

    Raises
    ------
    DiskFull
        There is no room left.
    ReadOnly
        The disk cannot be written to.
    """
    try:
        yield
    except Exception as error:
        plain = explained(error, place)
        if plain is None:
            raise
        raise plain from error


def explained(error: BaseException, place: Path) -> CaseError | None:
    """Return the plain error for a failure of the disk, or for what such a failure led to; else ``None``."""
    if isinstance(error, StillgraphError):
        return None
    seen: list[BaseException] = []
    at: BaseException | None = error
    while at is not None and at not in seen:
        seen.append(at)
        number = at.errno if isinstance(at, OSError) else None
        said = str(at)
        if number in _FULL or any(words in said for words in _SAID_FULL):
            return DiskFull(
                f"The disk is full: there is no room left where {place} lies. Nothing was left half done; make room "
                "and do it again."
            )
        if number in _CLOSED or any(words in said for words in _SAID_CLOSED):
            return read_only(place)
        at = at.__cause__ or at.__context__
    return None


def why_not_opened(error: BaseException, place: Path) -> CaseError | None:
    """Return the plain error for a case file that is not opened since it cannot be written to; else ``None``."""
    said = str(error)
    if "Permission denied" in said or "Operation not permitted" in said:
        return read_only(place)
    return explained(error, place)


def read_only(place: Path) -> ReadOnly:
    """Return the error for a case that cannot be written to."""
    return ReadOnly(
        f"{place} cannot be written to. Every look at a case is recorded in it, so a case on a read-only disk, or of "
        "another user, cannot be worked on: make it writable, or copy it or restore a backup of it elsewhere."
    )
