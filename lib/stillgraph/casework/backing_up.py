"""Backups of a case: made while it is in use, each tried by restoring it before anybody is told that there is one."""

from __future__ import annotations

import hmac
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from stillgraph import __version__
from stillgraph.casework import governing
from stillgraph.casework.desk import Deed, Desk
from stillgraph.casework.progress import Progress, Step, silent
from stillgraph.casework.wire import served
from stillgraph.errors import DiskFull, NotACase, NotFound, WrongUse
from stillgraph.governance import chain
from stillgraph.governance.permits import Action
from stillgraph.records import BackupRecord
from stillgraph.store import CaseFile, archive, backups, disk, keys, office, receipts, snapshot
from stillgraph.store.images import ImageStore

KEPT_DAYS = 31
SPARE_BYTES = 4 << 20
"""What a disk keeps free besides: the record of the backup is written too."""


@dataclass(frozen=True, slots=True)
class Check:
    """What trying a backup showed: the case it holds opens, its record holds, and every image is as received."""

    schema_version: int
    tables: int
    rows: int
    images: int
    entries: int


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup that was made. ``check`` is ``None`` where it was not tried."""

    backup_id: int | None
    file: Path
    size_bytes: int
    sha256: str
    images: int
    entries: int
    encrypted: bool
    keep_until: str
    check: Check | None
    elapsed_s: float


@dataclass(frozen=True, slots=True)
class Listed:
    """A backup on record, whether it is where it was put, and whether it should have been removed by now."""

    backup: BackupRecord
    there: bool
    overdue: bool


@served(keeps=("file",))
def backup(
    desk: Desk,
    file: Path,
    *,
    notebooks: bool = False,
    keep_days: int = KEPT_DAYS,
    check: bool = True,
    progress: Progress = silent,
) -> Backup:
    """Write the case as it is now into one file; others go on working meanwhile.

    The case file is held while it is copied, and images while they are are kept from being removed. The file appears
    when it is whole, and is then restored into a temporary folder beside it and compared (unless ``check`` is false).

    Raises
    ------
    WrongUse
        There is something at that place, no folder for it, or it is in the case itself.
    DiskFull
        There is no room for the backup and for trying it.
    BackupDamaged
        What was written cannot be restored; it is removed again.
    """
    began = time.perf_counter()
    file = file.expanduser().absolute()
    if keep_days < 0:
        raise WrongUse("A backup is kept for some days, or for none: give --keep-days 0 or more.")
    with desk.ahead(Action.BACK_UP):
        pass  # A deletion that was cut short is finished now, and not while its images are kept.
    with desk.images.kept():
        written = write(desk, file, Action.BACK_UP, notebooks=notebooks, check=check, progress=progress)
    with desk.act(Action.BACK_UP) as deed:
        number, until = keep(deed, written, keep_days)
    return Backup(
        number, file, written.size_bytes, written.sha256, written.images, written.entries, written.encrypted,
        until, written.check, time.perf_counter() - began,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Written:
    """A whole backup that is not on record yet."""

    file: Path
    size_bytes: int
    sha256: str
    images: int
    entries: int
    encrypted: bool
    check: Check | None


def keep(deed: Deed, written: Written, keep_days: int) -> tuple[int, str]:
    """Put a backup on record, within the action that made it; return its number and the last day it is kept."""
    until = deed.at.date() + timedelta(days=keep_days)
    number = backups.add(
        deed.session, place=str(written.file), officer=deed.officer, reason=deed.reason, made_at=deed.at,
        entries=written.entries, images=written.images, size_bytes=written.size_bytes, sha256=written.sha256,
        keep_until=until,
    )  # fmt: skip
    deed.note(
        backup=number, entries=written.entries, images=written.images, bytes=written.size_bytes,
        sha256=written.sha256, keep_until=until.isoformat(), tried=written.check is not None,
    )  # fmt: skip
    return number, until.isoformat()


def write(desk: Desk, file: Path, action: Action, *, notebooks: bool, check: bool, progress: Progress) -> Written:
    """Permit, write and try a backup, while images are kept; what fails is recorded, what is done is not yet."""
    with desk.ahead(action):
        if file.resolve().is_relative_to(desk.case.directory):
            raise WrongUse("A backup within the case would go with the case: put it elsewhere, best on another disk.")
        archive.refuse_place(file)
    try:
        with disk.plainly(file.parent), archive.writing(file) as writer:
            state = _state(desk, writer, file, notebooks=notebooks, times=2 if check else 1)
            for done, digest in enumerate(state.digests):
                progress(Step("images copied", done, len(state.digests), "image"))
                path = desk.images.path(digest)
                writer.add_file(snapshot.image_name(path), path)
            for name, path in snapshot.notebooks(desk.case) if notebooks else []:
                writer.add_file(name, path)
            manifest = state.manifest(tuple(writer.members), notebooks=notebooks)
            size, sha256 = writer.finish(manifest, _sealing(desk.case.directory))
        tried = _tried(file, progress) if check else None
    except BaseException as error:
        desk.record_failure(action, error)
        raise
    return Written(file, size, sha256, len(state.digests), state.entries, state.encrypted, tried)


def _sealing(place: Path) -> Callable[[bytes], bytes] | None:
    """Return what seals a manifest with a case's key, so that nobody without it makes another case of a backup."""
    if not keys.there(place):
        return None
    key = keys.ring(place).subkey("backup")
    return lambda said: hmac.digest(key, said, "sha256").hex().encode()


@dataclass(frozen=True, slots=True)
class _State:
    """The case at the moment it was copied."""

    settings: dict[str, str]
    made_at: datetime
    digests: list[str]
    rows: dict[str, int]
    entries: int
    head: str

    @property
    def encrypted(self) -> bool:
        """Whether what lies in the case is encrypted, and so is in the backup."""
        return self.settings.get("encrypted") == "yes"

    def manifest(self, members: tuple[archive.Member, ...], *, notebooks: bool) -> archive.Manifest:
        """Return what the backup says of itself."""
        return archive.Manifest(
            format=archive.FORMAT, made_by=f"stillgraph {__version__}", made_at=self.made_at.isoformat(),
            case_id=self.settings.get("case_id", ""), schema_version=int(self.settings["schema_version"]),
            encrypted=self.encrypted, notebooks=notebooks, entries=self.entries, head=self.head, rows=self.rows,
            members=members,
        )  # fmt: skip


def _state(desk: Desk, writer: archive.Writer, file: Path, *, notebooks: bool, times: int) -> _State:
    """Copy the case file and what goes with it, nobody writing meanwhile, and say what else is to be copied."""
    case = desk.case
    with case.session(writing=True) as session:
        head = office.chain_head(session)
        state = _State(
            case.settings(), desk.clock(), sorted(receipts.all_digests(session)), snapshot.rows(session),
            *(head if head is not None else (0, chain.GENESIS)),
        )  # fmt: skip
        snapshot.settle(session)
        held = [case.directory / name for name in snapshot.held_files(case)]
        beside = snapshot.files_with_it(case)
        others = [path for _, path in [*beside, *(snapshot.notebooks(case) if notebooks else [])]]
        _refuse_without_room(file.parent, times * _bytes(desk.images, state.digests, [*held, *others]))
        for path in held:
            with snapshot.held_file(path) as (stream, size):
                writer.add(path.name, stream, size)
        for name, path in beside:
            writer.add_file(name, path)
    return state


def _bytes(images: ImageStore, digests: list[str], files: list[Path]) -> int:
    """Return how large a backup will be, in bytes."""
    sizes = [path.stat().st_size for path in (*files, *map(images.path, digests)) if path.is_file()]
    return sum(archive.taken(size) for size in sizes) + len(sizes) * archive.NAMED_BYTES


def _refuse_without_room(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < needed + SPARE_BYTES:
        raise DiskFull(
            f"The disk of {folder} has {_mb(free)} free, and the backup, with trying it, needs "
            f"{_mb(needed + SPARE_BYTES)}; make room, or put the backup on another disk."
        )


def _mb(size: int) -> str:
    return f"{-(-size // 1_000_000):,} MB"


def verify(file: Path, *, progress: Progress = silent) -> Check:
    """Restore a backup into a temporary folder beside it, look whether it holds, and remove the folder again.

    Anybody who can read the file may; nothing of the case is shown.

    Raises
    ------
    NotFound
        There is no such file.
    BackupDamaged
        It is cut short, altered or no backup, or the case in it does not hold.
    DiskFull
        There is no room to try it.
    """
    file = file.expanduser().absolute()
    if not file.is_file():
        raise NotFound(f"There is no backup {file}; give the file that `stillgraph backup` wrote.")
    _refuse_without_room(file.parent, file.stat().st_size)
    return _restored_and_held(file, progress)


def _tried(file: Path, progress: Progress) -> Check:
    """Try a backup that was just written; one that does not hold is no backup, and goes."""
    try:
        return _restored_and_held(file, progress)
    except BaseException:
        file.unlink(missing_ok=True)
        raise


def _restored_and_held(file: Path, progress: Progress) -> Check:
    with tempfile.TemporaryDirectory(prefix=f".{file.name}.trying-", dir=file.parent) as folder:
        place = Path(folder)
        manifest = archive.unpack(
            file, place, durable=False, told=lambda done, of: progress(Step("files restored", done, of, "file"))
        )
        return held(file, place, manifest, progress)


def held(file: Path, place: Path, manifest: archive.Manifest, progress: Progress) -> Check:
    """Look whether a case that was restored is the one its backup says, whole.

    Raises
    ------
    BackupDamaged
        It is not.
    """
    _, said, seal = archive.manifest_of(file)
    sealing = _sealing(place)
    if sealing is not None and (seal is None or not hmac.compare_digest(seal, sealing(said))):
        raise archive.damaged(file, "its manifest was not sealed with the case's key")
    try:
        case = CaseFile.open(place, outdated=True)
        with case.session(writing=False) as session:
            rows, head, digests = snapshot.rows(session), office.chain_head(session), receipts.all_digests(session)
        report = governing.verify_audit(place, anchor_file=place / chain.ANCHOR_FILE_NAME)
        images = ImageStore(place)
        for done, digest in enumerate(sorted(digests)):
            progress(Step("images looked at", done, len(digests), "image"))
            images.get(digest)
    except (NotACase, NotFound) as error:
        raise archive.damaged(file, "the case in it is not whole") from error
    if rows != manifest.rows or head != (manifest.entries, manifest.head):
        raise archive.damaged(file, "the case in it is not the one its manifest says")
    if not report.holds:
        raise archive.damaged(file, f"its audit chain is broken at entry {report.first_broken}")
    return Check(case.version(), len(rows), sum(rows.values()), len(digests), manifest.entries)


@served
def listed(desk: Desk) -> list[Listed]:
    """Return every backup on record that was not removed: whether it is still there, and whether it is overdue."""
    with desk.act(Action.LIST_BACKUPS) as deed:
        on_record = backups.every(deed.session)
        today = deed.at.date()
        return [
            Listed(one, Path(one.place).is_file(), one.overdue(today)) for one in on_record if one.removed_at is None
        ]


@served
def remove(desk: Desk, backup_id: int) -> BackupRecord:
    """Remove a backup's file, where it is still at its place, and keep that it was removed.

    Raises
    ------
    NotFound
        There is no backup of that number on record, or it was removed already.
    """
    with desk.act(Action.REMOVE_BACKUP, backup=backup_id) as deed:
        found = backups.one(deed.session, backup_id)
        if found is None or found.removed_at is not None:
            raise NotFound(
                f"There is no backup {backup_id} to remove; `stillgraph backups list` shows those there are."
            )
        place = Path(found.place)
        deed.note(there=place.is_file())
        backups.removed(deed.session, backup_id, by=deed.officer, at=deed.at)
        place.unlink(missing_ok=True)
    return found
