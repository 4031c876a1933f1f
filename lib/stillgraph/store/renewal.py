"""Puts a case under a new master key in the place of what there was, all of it, whatever ends the process.

What is new is written beside, in ``rekeying``. When it is whole and on the disk that folder becomes ``rekeyed``, in
one step: before it the case is the old one, after it the new one. What then remains is to move things to their places.
That needs no key, can be begun again at any point, and is done by whoever comes next where the process is gone.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stillgraph.store import files

NEW, WHOLE, LOCK = "rekeying", "rekeyed", "rekeyed.lock"
IMAGES, OLD_IMAGES, CASE_FILE, KEYS = "images", "old-images", "case.duckdb", "keys.json"
MADE_ANEW = ("gallery", "gallery-stills")
"""Indexes: the next search makes them from the case file, under the new key."""


def begun(directory: Path) -> Path:
    """Return an empty folder for what is new; what a killed process left is removed."""
    drop(directory)
    new = directory / NEW
    new.mkdir(mode=0o700)
    return new


def left(directory: Path) -> bool:
    """Say whether something new lies beside a case: a change is under way, or a process was killed at one."""
    return (directory / NEW).exists()


def drop(directory: Path) -> None:
    """Remove what a killed process left that never counted: a copy of the case, under a key of its own.

    Only for who keeps images from being removed (:meth:`.ImageStore.removing`): so does whoever makes a case anew.
    """
    shutil.rmtree(directory / NEW, ignore_errors=True)


def take_over(directory: Path) -> None:
    """Put what is whole beside the case in its place, once nobody has the case file open for writing."""
    os.sync()
    with _alone(directory):
        (directory / NEW).rename(directory / WHOLE)
        files.sync(directory)
        _move(directory)


def finish(directory: Path) -> None:
    """Finish what a process was killed at, where there is such a thing."""
    if (directory / WHOLE).exists():
        with _alone(directory):
            if (directory / WHOLE).exists():
                _move(directory)


@contextmanager
def _alone(directory: Path) -> Iterator[None]:
    with (directory / LOCK).open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _move(directory: Path) -> None:
    whole = directory / WHOLE
    if (whole / IMAGES).is_dir():
        if (directory / IMAGES).is_dir() and not (whole / OLD_IMAGES).exists():
            (directory / IMAGES).rename(whole / OLD_IMAGES)
        (whole / IMAGES).rename(directory / IMAGES)
    for name in MADE_ANEW:
        shutil.rmtree(directory / name, ignore_errors=True)
    if (whole / CASE_FILE).is_file():
        # Of the old file, all that is in it is in the new one.
        (directory / f"{CASE_FILE}.wal").unlink(missing_ok=True)
        (whole / CASE_FILE).replace(directory / CASE_FILE)
    if (whole / KEYS).is_file():
        (whole / KEYS).replace(directory / KEYS)
    files.sync(directory)
    shutil.rmtree(whole)
    files.sync(directory)
