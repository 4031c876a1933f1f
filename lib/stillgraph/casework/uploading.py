"""Deliveries dropped into a page: kept in the case's own ``uploads`` until they are taken in, or thrown away.

A delivery is a manifest with its images, as files or as one ZIP archive. What is dropped names files as it likes: only
the last part of a name is used, every file goes into one folder made for it, and sizes and numbers are bounded as they
are read, whatever an archive claims. What lies there is no part of the case: it is judged like any delivery when it is
taken in, and stays, whatever stops that, until it was.
"""

from __future__ import annotations

import io
import json
import lzma
import re
import secrets
import shutil
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from stillgraph.casework import receiving
from stillgraph.casework.attempts import attempted
from stillgraph.casework.desk import Desk
from stillgraph.casework.progress import Progress, silent
from stillgraph.casework.wire import served
from stillgraph.decoding import DEFAULT_LIMITS, printable
from stillgraph.errors import NotFound, WrongUse
from stillgraph.governance.permits import Action
from stillgraph.records import IntakeReport, RetailerId
from stillgraph.store import files as files_

MOST_FILES = 5_000
"""Files of one delivery dropped; a larger one is taken in with `stillgraph stills receive`, from a folder."""

MOST_BYTES = 2 * 2**30
"""Bytes of all of them, unpacked."""

TABLES = (".csv", ".xlsx")
UPLOADS = "uploads"
MANIFEST, STORES, ABOUT, STILLS = "manifest", "stores", "about.json", "stills"
BY_COMMAND = "`stillgraph stills receive` takes a larger one from a folder."
_DAMAGED = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, NotImplementedError, EOFError)
_ID = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True, slots=True)
class Upload:
    """A delivery dropped and not taken in yet. ``passed_over`` counts hidden files and folders' own entries.

    One that is ``cut_short`` was being kept when its process was killed: it has no manifest, nobody's name, and its
    folder's time; it can be thrown away and is due like any other, and is never taken in.
    """

    upload_id: str
    manifest: str
    stores: str | None
    images: int
    size_bytes: int
    passed_over: int
    officer: str
    kept_at: datetime

    @property
    def cut_short(self) -> bool:
        """Whether it is not all there."""
        return not self.manifest


@served
def keep(desk: Desk, files: Sequence[tuple[str, bytes]]) -> Upload:
    """Keep a delivery that was dropped: a manifest and its images, or one ZIP archive of them.

    A table called ``stores`` is taken for the retailer's stores, any other for the manifest.

    Raises
    ------
    WrongUse
        There is no manifest or more than one, two files have one name, or it is too much, or cannot be read.
    """
    with desk.act(Action.UPLOAD, files=len(files)) as deed:
        upload_id = secrets.token_hex(8)
        folder = _root(desk) / upload_id
        folder.joinpath(STILLS).mkdir(parents=True, mode=0o700)
        _root(desk).chmod(0o700)
        try:
            upload = _put(folder, files, Upload(upload_id, "", None, 0, 0, 0, deed.officer, deed.at))
            about = asdict(upload) | {"kept_at": upload.kept_at.isoformat()}
            # Last, and whole or not at all: a folder without it is an upload that was cut short.
            files_.put(folder / ABOUT, json.dumps(about).encode(), prefix=".about-")
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        deed.note(upload=upload_id, images=upload.images, size_bytes=upload.size_bytes)
        return upload


@served
def retailers(desk: Desk) -> dict[RetailerId, str]:
    """Return the retailers that have stores in the case, by id, with their names."""
    with desk.act(Action.VIEW, what="retailers") as deed:
        rows = deed.session.rows("SELECT retailer_id, retailer FROM main.retailers ORDER BY retailer_id")
        return {RetailerId(retailer): name for retailer, name in rows}


@served
def uploads(desk: Desk) -> tuple[Upload, ...]:
    """Return the deliveries that were dropped and not taken in yet, the oldest first, whoever dropped them."""
    with desk.act(Action.VIEW_DETAIL, what="uploads") as deed:
        found = lying(desk.case.directory)
        deed.note(uploads=len(found))
        return found


@served
def discard(desk: Desk, upload_id: str) -> None:
    """Throw away a delivery that was dropped, untaken.

    Raises
    ------
    NotFound
        There is none of that number.
    """
    with desk.act(Action.UPLOAD, discarded=upload_id):
        shutil.rmtree(_place(desk, upload_id))


@served
@attempted(Action.UPLOAD)
def take_in(
    desk: Desk, upload_id: str, *, retailer_id: RetailerId, workers: int | None = None, progress: Progress = silent
) -> IntakeReport:
    """Take in a delivery that was dropped, as :func:`~.receiving.receive` does; it is removed when that is done.

    Stopped on the way, by anything, the delivery stays here whole and can be taken in again.

    Raises
    ------
    NotFound
        There is none of that number.
    WrongUse
        It was cut short while it was kept, or as :func:`~.receiving.receive`.
    ManifestError
        As :func:`~.receiving.receive`.
    """
    folder = _place(desk, upload_id)
    about = _about(folder)
    if about.cut_short:
        raise WrongUse("This delivery was cut short while it was kept: throw it away, and drop it again.")
    report = receiving.receive(
        desk, folder / about.manifest, retailer_id=retailer_id,
        stores=None if about.stores is None else folder / about.stores, workers=workers, progress=progress,
    )  # fmt: skip
    shutil.rmtree(folder, ignore_errors=True)
    return report


def lying(case: Path) -> tuple[Upload, ...]:
    """Return what lies in a case of deliveries that were dropped, the oldest first, those cut short as such."""
    found = [_about(folder) for folder in (case / UPLOADS).glob("*") if _is_one(folder)]
    return tuple(sorted(found, key=lambda one: (one.kept_at, one.upload_id)))


def _root(desk: Desk) -> Path:
    return desk.case.directory / UPLOADS


def _place(desk: Desk, upload_id: str) -> Path:
    folder = _root(desk) / upload_id
    if not _is_one(folder) or folder.parent != _root(desk):
        raise NotFound("There is no such delivery waiting here; it was taken in or thrown away. Drop it again.")
    return folder


def _is_one(folder: Path) -> bool:
    return _ID.fullmatch(folder.name) is not None and folder.is_dir() and not folder.is_symlink()


def _about(folder: Path) -> Upload:
    """Return what is said of an upload; of one that says nothing which can be read, what its folder says."""
    with suppress(OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        said = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
        upload = Upload(**said | {"kept_at": datetime.fromisoformat(said["kept_at"])})
        if _is_sound(upload, folder):
            return upload
    files = [path.stat() for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    images = sum(1 for _ in (folder / STILLS).glob("*"))
    kept_at = datetime.fromtimestamp(folder.stat().st_mtime, UTC)
    return Upload(folder.name, "", None, images, sum(one.st_size for one in files), 0, "", kept_at)


def _is_sound(said: Upload, folder: Path) -> bool:
    """Return whether what is said of an upload names its own folder, and of files no other than are made there."""
    tables = (MANIFEST, said.manifest), (STORES, said.stores)
    named = all(name in {part + ending for ending in TABLES} for part, name in tables if name is not None)
    numbers = (said.images, said.size_bytes, said.passed_over)
    plain = isinstance(said.officer, str) and all(type(number) is int for number in numbers)
    return named and plain and said.upload_id == folder.name and said.kept_at.tzinfo is not None


def _put(folder: Path, files: Sequence[tuple[str, bytes]], upload: Upload) -> Upload:
    """Write what was dropped into its folder, bounded, and say what it came to."""
    tables: dict[str, str] = {}
    seen: set[str] = set()
    images = passed_over = size = 0
    for name, stream in _unpacked(files):
        if name is None:
            passed_over += 1
            continue
        if name.casefold() in seen:
            raise WrongUse(
                f"Two files are called {printable(name)}: give each image a name of its own, in the manifest too."
            )
        seen.add(name.casefold())
        if len(seen) > MOST_FILES:
            raise WrongUse(f"A page takes in {MOST_FILES:,} files at a time: split the delivery. {BY_COMMAND}")
        path = Path(name)
        if path.suffix.lower() in TABLES:
            part = STORES if path.stem.lower() == STORES else MANIFEST
            if part in tables:
                raise WrongUse(
                    f"There are two tables, {printable(tables[part])} and {printable(name)}: drop one manifest at a "
                    "time, and call a table of stores stores.csv."
                )
            tables[part] = name
            place = folder / f"{part}{path.suffix.lower()}"
        else:
            place = folder / STILLS / name
            images += 1
        try:
            size += _copied(stream, place, MOST_BYTES - size)
        except _DAMAGED as error:
            raise WrongUse(
                f"{printable(name)} is damaged in its ZIP archive: make that again, or drop the files."
            ) from error
    if MANIFEST not in tables:
        raise WrongUse("There is no manifest: drop the CSV or XLSX file too, or a ZIP archive that holds it.")
    ending = {part: Path(name).suffix.lower() for part, name in tables.items()}
    return replace(
        upload, manifest=MANIFEST + ending[MANIFEST], stores=STORES + ending[STORES] if STORES in ending else None,
        images=images, size_bytes=size, passed_over=passed_over,
    )  # fmt: skip


def _unpacked(files: Sequence[tuple[str, bytes]]) -> Iterator[tuple[str | None, io.BufferedIOBase]]:
    """Yield each file's plain name, ``None`` of what is passed over, and its bytes; an archive's one after another."""
    for name, data in files:
        if name.lower().endswith(".zip"):
            yield from _of_archive(name, data)
        else:
            yield _plain(name), io.BytesIO(data)


def _of_archive(name: str, data: bytes) -> Iterator[tuple[str | None, io.BufferedIOBase]]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            if len(members) > 2 * MOST_FILES:
                raise WrongUse(f"{printable(name)} holds over {2 * MOST_FILES:,} entries: split the delivery.")
            for member in members:
                if member.flag_bits & 1:
                    raise WrongUse(f"{printable(name)} is locked with a password: unpack it, and drop the files.")
                if member.is_dir() or _is_link(member) or member.filename.startswith("__MACOSX/"):
                    yield None, io.BytesIO()
                    continue
                with archive.open(member) as stream:
                    yield _plain(member.filename), stream  # type: ignore[misc]  # ZipExtFile is one
    except (*_DAMAGED, OSError, ValueError) as error:
        raise WrongUse(
            f"{printable(name)} cannot be read as a ZIP archive: make it again, or drop the files."
        ) from error


def _is_link(member: zipfile.ZipInfo) -> bool:
    """Say whether an archive's entry stands for a link of a file system; what it points at is no part of a delivery."""
    return (member.external_attr >> 16) & 0o170000 == 0o120000


def _plain(name: str) -> str | None:
    """Return the last part of a name, by either kind of slash; ``None`` where it is hidden or no file's."""
    last = re.split(r"[/\\]", name)[-1].strip()
    if not last or last.startswith(".") or len(last.encode()) > 200 or any(ord(c) < 32 for c in last):
        return None
    return last


def _copied(stream: io.BufferedIOBase, place: Path, room: int) -> int:
    """Copy a file and return its size, of one that is too large only so much that this is seen."""
    most, size = min(DEFAULT_LIMITS.max_bytes + 1, room + 1), 0
    with place.open("xb") as out:
        while size < most and (piece := stream.read(min(2**20, most - size))):
            out.write(piece)
            size += len(piece)
    if size > room:
        raise WrongUse(f"The delivery unpacks to over {MOST_BYTES // 2**30} GiB: split it. {BY_COMMAND}")
    return size
