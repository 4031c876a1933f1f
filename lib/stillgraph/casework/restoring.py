"""Restoring a case from a backup: to a new place, whole or not at all, and said so in its record."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from stillgraph.casework import backing_up, recording
from stillgraph.casework.desk import take_seat
from stillgraph.casework.progress import Progress, Step, silent
from stillgraph.errors import CaseExists, DiskFull, WrongUse
from stillgraph.governance.permits import Action
from stillgraph.store import archive, disk, files
from stillgraph.store.casefile import SCHEMA_VERSION

_NUMBER = re.compile(r"[0-9a-f-]{36}")


@dataclass(frozen=True, slots=True)
class Restored:
    """A case that was restored. ``entries`` is the newest audit entry of the backup; the restore is the next.

    ``lost`` counts the entries after it that the second place knows of: what they did is not in the case, and what they
    deleted is in it again. ``None`` where the second place holds nothing of the case.
    """

    case: Path
    made_at: str
    entries: int
    images: int
    schema_version: int
    to_upgrade: bool
    lost: int | None


def restore(
    file: Path,
    directory: Path,
    *,
    officer: str | None = None,
    reason: str | None = None,
    progress: Progress = silent,
) -> Restored:
    """Make a case again from a backup, at a new place; it appears when it is whole and its record says so.

    Raises
    ------
    CaseExists
        There is something at that place.
    NotPermitted
        The officer is not one of the case, or no reason was given. Nothing is restored.
    BackupDamaged
        The backup cannot be used. Nothing is restored.
    DiskFull
        There is no room.
    """
    file, directory = file.expanduser().absolute(), directory.expanduser().absolute()
    _refuse_place(file, directory)
    directory.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f".{directory.name}.restoring-", dir=directory.parent))
    with _removed_unless_moved(beside), disk.plainly(directory.parent):
        manifest = archive.unpack(
            file, beside, durable=True, told=lambda done, of: progress(Step("files restored", done, of, "file"))
        )
        held = backing_up.held(file, beside, manifest, progress)
        lost = _lost(manifest)
        _record(beside, manifest, officer, reason, lost)
        if directory.is_dir():
            directory.rmdir()
        beside.rename(directory)
        files.sync(directory.parent)
    return Restored(
        directory, manifest.made_at, manifest.entries, held.images, held.schema_version,
        held.schema_version < SCHEMA_VERSION, lost,
    )  # fmt: skip


@contextmanager
def _removed_unless_moved(folder: Path) -> Iterator[None]:
    """Leave nothing at a temporary place."""
    try:
        yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _refuse_place(file: Path, directory: Path) -> None:
    if directory.is_symlink() or (directory.exists() and (not directory.is_dir() or any(directory.iterdir()))):
        raise CaseExists(f"{directory} is there already; a backup is restored to a new place, over nothing.")
    if not directory.name:
        raise WrongUse("Say where the case is to be: give the place of a new directory.")
    if file.is_file():
        above = next(folder for folder in directory.parents if folder.is_dir())
        free, needed = shutil.disk_usage(above).free, file.stat().st_size + backing_up.SPARE_BYTES
        if free < needed:
            raise DiskFull(
                f"The disk of {above} has {free // 1_000_000:,} MB free, and the case needs "
                f"{-(-needed // 1_000_000):,} MB; make room, or restore it to another disk."
            )


def _lost(manifest: archive.Manifest) -> int | None:
    """Return how many entries newer than the backup the second place knows of; ``None`` where it knows nothing."""
    if not _NUMBER.fullmatch(manifest.case_id):
        return None
    path = recording.second_place(manifest.case_id)
    if not path.is_file():
        return None
    newest = 0
    for line in path.read_bytes().splitlines():
        # What is torn or altered there is for `audit verify` to say.
        with suppress(ValueError, KeyError, TypeError):
            newest = max(newest, int(json.loads(line)["sequence"]))
    return max(0, newest - manifest.entries)


def _record(place: Path, manifest: archive.Manifest, officer: str | None, reason: str | None, lost: int | None) -> None:
    """Permit the restoring by the officers the case itself has, and keep in its record that it was restored."""
    desk = take_seat(place, officer=officer, reason=reason, outdated=True)
    with desk.act(Action.RESTORE, made_at=manifest.made_at, entries=manifest.entries, head=manifest.head, lost=lost):
        (place / "images").mkdir(exist_ok=True)
