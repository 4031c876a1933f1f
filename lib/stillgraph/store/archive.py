"""One file that holds a case: a tar of plain files, each with its SHA-256 in a manifest that comes last.

The manifest comes last so that a file cut short has none. A file is written beside its place and moved there whole;
what a killed process left beside it goes with the next writing. Reading takes nothing for granted: names are confined,
links and sparse files are refused, and what comes out is never more than what the file itself takes.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from io import BytesIO
from pathlib import Path
from typing import IO, Any, cast

from stillgraph.errors import BackupDamaged, NotFound, WrongUse
from stillgraph.store import files

FORMAT = 1
MANIFEST = "manifest.json"
SEAL = "manifest.seal"
LARGEST_MANIFEST = 1 << 30
NAMED_BYTES = 256
"""About what a file takes in the manifest."""
CHUNK = 1 << 20
_PART = r"(?!\.)[^/\\:\x00-\x1f\x7f]{1,255}"
_NAME = re.compile(f"{_PART}(/{_PART}){{0,7}}")
"""A member's name: up to eight parts, none of which begins with a dot."""


@dataclass(frozen=True, slots=True)
class Member:
    """One file in a backup."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup says of itself. ``entries`` and ``head`` are number and digest of its newest audit entry."""

    format: int
    made_by: str
    made_at: str
    case_id: str
    schema_version: int
    encrypted: bool
    notebooks: bool
    entries: int
    head: str
    rows: dict[str, int]
    members: tuple[Member, ...]

    def named(self) -> dict[str, Member]:
        """Return the members by name."""
        return {member.name: member for member in self.members}


class Writer:
    """Writes one backup; use :func:`writing`."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = _Hashed(stream)
        self._tar = tarfile.open(fileobj=cast("IO[bytes]", self._stream), mode="w", format=tarfile.PAX_FORMAT)  # noqa: SIM115
        self.members: list[Member] = []

    def add(self, name: str, stream: IO[bytes], size: int) -> Member:
        """Add a file of exactly ``size`` bytes, read from ``stream``."""
        told = tarfile.TarInfo(name)
        told.size, told.mode = size, 0o600
        read = _Hashed(stream)
        self._tar.addfile(told, cast("IO[bytes]", read))
        # tarfile keeps what it wrote in memory, which for a million images is a lot.
        self._tar.members = []  # type: ignore[attr-defined]
        member = Member(name, size, read.hexdigest())
        self.members.append(member)
        return member

    def add_file(self, name: str, path: Path) -> Member:
        """Add a file that nobody changes meanwhile."""
        with path.open("rb") as stream:
            return self.add(name, stream, os.fstat(stream.fileno()).st_size)

    def finish(self, manifest: Manifest, seal: Callable[[bytes], bytes] | None = None) -> tuple[int, str]:
        """Write the manifest, and its seal where the case has a key; return size and SHA-256 of the whole file."""
        said = json.dumps(asdict(manifest), sort_keys=True).encode()
        for name, data in ((MANIFEST, said), *(() if seal is None else ((SEAL, seal(said)),))):
            told = tarfile.TarInfo(name)
            told.size, told.mode = len(data), 0o600
            self._tar.addfile(told, BytesIO(data))
        self._tar.close()
        return self._stream.size, self._stream.hexdigest()


@contextmanager
def writing(path: Path) -> Iterator[Writer]:
    """Write a backup beside its place, and move it there when the block has ended and it is on the disk.

    Raises
    ------
    WrongUse
        There is something at that place, or no folder for it.
    """
    refuse_place(path)
    _sweep(path)
    beside = path.with_name(f".{path.name}.unfinished-{os.getpid()}")
    handle = os.open(beside, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "r+b") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            yield Writer(stream)
            stream.flush()
            os.fsync(stream.fileno())
            _move(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def refuse_place(path: Path) -> None:
    """Refuse a place where a backup cannot be put without overwriting anything."""
    if path.exists() or path.is_symlink():
        raise WrongUse(f"{path} is there already, and a backup overwrites nothing; choose another name.")
    if not path.parent.is_dir():
        raise WrongUse(f"There is no folder {path.parent}; make it, or put the backup elsewhere.")


def _move(beside: Path, path: Path) -> None:
    """Give a whole file its name, unless somebody else has taken it meanwhile."""
    try:
        os.link(beside, path)
    except FileExistsError:
        refuse_place(path)
    except OSError:  # a file system without links
        refuse_place(path)
        beside.replace(path)
    files.sync(path.parent)


def _sweep(path: Path) -> None:
    """Remove what killed processes left of this file: what is still being written is locked."""
    for left in path.parent.glob(f".{path.name}.unfinished-*"):
        with suppress(OSError), left.open("rb") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            left.unlink()


class _Hashed:
    """A stream that keeps the SHA-256 of what went through it."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._sum = hashlib.sha256()
        self.size = 0

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(size)
        self._sum.update(data)
        self.size += len(data)
        return data

    def write(self, data: bytes) -> int:
        self._stream.write(data)
        self._sum.update(data)
        self.size += len(data)
        return len(data)

    def tell(self) -> int:
        return self.size

    def hexdigest(self) -> str:
        return self._sum.hexdigest()


def manifest_of(path: Path) -> tuple[Manifest, bytes, bytes | None]:
    """Return what a backup says of itself, the bytes it says it in, and their seal, where there is one.

    Raises
    ------
    NotFound
        There is no such file.
    BackupDamaged
        It is no backup, is cut short, or names what no backup holds.
    """
    said: bytes | None = None
    seal: bytes | None = None
    for member, stream in _members(path):
        if member.name == MANIFEST:
            if member.size > LARGEST_MANIFEST:
                raise damaged(path, "its manifest is too large")
            said = stream.read()
        elif member.name == SEAL:
            seal = stream.read(1024)
    if said is None:
        raise damaged(path, "it has no manifest, so it is cut short or no backup")
    return _manifest(path, said), said, seal


def _manifest(path: Path, said: bytes) -> Manifest:
    try:
        told: dict[str, Any] = json.loads(said)
        if told.get("format") != FORMAT:
            raise damaged(path, "it was made by a newer Stillgraph, or its manifest was altered")
        told["members"] = tuple(Member(**member) for member in told["members"])
        manifest = Manifest(**told)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise damaged(path, "its manifest cannot be read") from error
    sound = all(
        isinstance(member.name, str) and isinstance(member.size, int) and isinstance(member.sha256, str)
        for member in manifest.members
    )
    numbers = (manifest.schema_version, manifest.entries)
    if not sound or not all(isinstance(number, int) for number in numbers) or not isinstance(manifest.rows, dict):
        raise damaged(path, "its manifest cannot be read")
    return manifest


def unpack(
    path: Path, into: Path, *, durable: bool, told: Callable[[int, int], None] = lambda _done, _total: None
) -> Manifest:
    """Write all files of a backup into an empty folder and compare each with the manifest.

    Parameters
    ----------
    durable
        Whether each file is brought to the disk.
    told
        Called with the number of files done and of all.

    Raises
    ------
    NotFound, BackupDamaged
        As :func:`manifest_of`; or a file is missing, altered or one too many. What was written stays to be removed.
    """
    manifest, _, _ = manifest_of(path)
    wanted = manifest.named()
    if len(wanted) != len(manifest.members):
        raise damaged(path, "its manifest names a file twice")
    done = 0
    for member, stream in _members(path):
        if member.name in (MANIFEST, SEAL):
            continue
        expected = wanted.pop(member.name, None)
        if expected is None or member.size != expected.size:
            raise damaged(path, "it holds a file that its manifest does not name")
        if _written(stream, into / member.name, durable=durable) != expected.sha256:
            raise damaged(path, "a file in it has been altered")
        done += 1
        told(done, len(manifest.members))
    if wanted:
        raise damaged(path, "a file that its manifest names is missing")
    return manifest


def _written(stream: IO[bytes], path: Path, *, durable: bool) -> str:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    read = _Hashed(stream)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as out:
        while data := read.read(CHUNK):
            out.write(data)
        out.flush()
        if durable:
            os.fsync(out.fileno())
    return read.hexdigest()


def _members(path: Path) -> Iterator[tuple[tarfile.TarInfo, IO[bytes]]]:
    """Yield each file of a backup with its bytes; anything else in it is refused."""
    if not path.is_file():
        raise NotFound(f"There is no backup {path}; give the file that `stillgraph backup` wrote.")
    try:
        with tarfile.open(path, mode="r:") as tar:
            while (member := tar.next()) is not None:
                tar.members = []  # type: ignore[attr-defined]
                if not member.isreg() or member.issparse():
                    raise damaged(path, "it holds something else than plain files")
                if member.name not in (MANIFEST, SEAL) and not _NAME.fullmatch(member.name):
                    raise damaged(path, "it names a file that no backup holds")
                stream = tar.extractfile(member)
                if stream is None:
                    raise damaged(path, "it holds something else than plain files")
                yield member, stream
    except (tarfile.TarError, EOFError, ValueError, OverflowError) as error:
        raise damaged(path, "it cannot be read as a backup") from error


def taken(size: int) -> int:
    """Return how many bytes a file of ``size`` bytes takes in a backup, its manifest line aside."""
    return 512 + -(-size // 512) * 512


def damaged(path: Path, why: str) -> BackupDamaged:
    """Return the error for a backup that cannot be used."""
    return BackupDamaged(f"The backup {path.name} cannot be used: {why}. Use another copy or another backup.")
