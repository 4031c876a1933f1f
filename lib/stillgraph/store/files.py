"""Files that are there whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stillgraph.errors import WrongUse


def put(path: Path, data: bytes, *, prefix: str) -> None:
    """Write a file that only its owner may read, bring it to the disk, and move it to its place when it is whole.

    Parameters
    ----------
    prefix
        What the unfinished file's name begins with; it lies in the same folder, so that moving it is one step.

    Raises
    ------
    OSError
        It cannot be written; nothing is left behind.
    """
    handle, beside = tempfile.mkstemp(prefix=prefix, dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        Path(beside).replace(path)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise


def sync(path: Path) -> None:
    """Bring a file's bytes, or a folder's entries, to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Say in a sentence what keeps a file from being written that somebody named."""
    try:
        yield
    except OSError as error:
        raise unwritable(path, error.strerror or type(error).__name__) from error


def unwritable(path: Path, why: str) -> WrongUse:
    """Return the error that says so."""
    return WrongUse(f"{path} cannot be written ({why}): name a file in a folder that you can write in.")
