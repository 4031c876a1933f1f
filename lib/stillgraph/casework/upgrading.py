"""Upgrading a case to this Stillgraph's schema, with a backup of it as it was."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from stillgraph.casework import backing_up, governing
from stillgraph.casework.desk import Deed, Desk
from stillgraph.casework.progress import Progress, silent
from stillgraph.errors import WrongUse
from stillgraph.governance.permits import Action
from stillgraph.store.casefile import SCHEMA_VERSION


@dataclass(frozen=True, slots=True)
class Upgraded:
    """A case that was brought from one schema version to another, and the backup of it as it was before."""

    since: int
    to: int
    backup: Path | None


def upgrade(desk: Desk, *, backup: Path | None = None, without: bool = False, progress: Progress = silent) -> Upgraded:
    """Back a case up, try that backup, and bring the case to this Stillgraph's schema, all of it or nothing.

    Parameters
    ----------
    backup : Path, optional
        Where the backup goes; beside the case where nothing is said.
    without : bool
        Make no backup.

    Raises
    ------
    WrongUse
        The case is up to date, the backup's place is taken, or a place is given for none.
    DiskFull, BackupDamaged
        The backup cannot be made; the case is as it was.
    """
    since = desk.case.version()
    if without:
        if backup is not None:
            raise WrongUse("Leave out --no-backup, or the place of the backup.")
        return Upgraded(*governing.upgrade_case(desk), None)
    if since == SCHEMA_VERSION:
        raise WrongUse("The case is up to date: it needs no upgrade.")
    file = (backup if backup is not None else _beside(desk, since)).expanduser().absolute()
    with desk.images.kept():
        written = backing_up.write(desk, file, Action.UPGRADE_CASE, notebooks=False, check=True, progress=progress)

    def on_record(deed: Deed) -> None:
        backing_up.keep(deed, written, backing_up.KEPT_DAYS)

    return Upgraded(*governing.upgrade_case(desk, also=on_record), file)


def _beside(desk: Desk, since: int) -> Path:
    """Return where a backup goes that nobody named a place for: beside the case, by version and time."""
    case = desk.case.directory
    return case.with_name(f"{case.name}-version-{since}-{desk.clock():%Y%m%d-%H%M%S}.tar")
