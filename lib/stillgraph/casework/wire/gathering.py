"""The files of a call, at the client's side: what goes along is read here, and what comes back is put in its place."""

from __future__ import annotations

import errno
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, BinaryIO

from stillgraph.casework.wire import codec, frames
from stillgraph.casework.wire.parts import Begun, Kept, Sent, Told, Wanted
from stillgraph.errors import StillgraphError, WrongUse
from stillgraph.store import files

if TYPE_CHECKING:
    from stillgraph.casework.progress import Progress
    from stillgraph.casework.wire import Served


@dataclass(slots=True)
class Parcel:
    """A call's arguments as they travel, and what goes along and comes back."""

    arguments: dict[str, object]
    sent: list[tuple[Begun, Path]] = field(default_factory=list)
    wanted: dict[str, Path] = field(default_factory=dict)
    here: dict[str, Path] = field(default_factory=dict)
    progress: Progress | None = None

    def frames(self) -> Iterator[bytes]:
        """Yield the files as they are sent, read only as they go."""
        for begun, path in self.sent:
            yield frames.frame(frames.FILE, codec.dumps(begun))
            if not begun.folder:
                yield from _chunks(path)
        yield frames.frame(frames.END)


def parcel(one: Served, arguments: Mapping[str, object]) -> Parcel:
    """Return arguments as they travel: files in the place of their paths, and a word for whoever is told of progress.

    Raises
    ------
    WrongUse
        A file that is to be written cannot be.
    """
    made = Parcel({})
    for name, value in arguments.items():
        if isinstance(value, Path):
            made.arguments[name] = _path(one, name, value, made)
        elif callable(value):
            made.arguments[name], made.progress = Told(), value
        else:
            made.arguments[name] = _plain(value)
    return made


def _plain(value: object) -> object:
    """Return a column of a table as a list, since a server takes no tables; pandas is not imported to look."""
    pandas = sys.modules.get("pandas")
    return value.tolist() if pandas is not None and isinstance(value, pandas.Series) else value


def _path(one: Served, name: str, path: Path, made: Parcel) -> Sent | Wanted | Kept:
    if name in one.keeps:
        return Kept(path.name)
    made.here[name] = path
    if name in one.writes:
        if not path.parent.is_dir():
            raise files.unwritable(path, os.strerror(errno.ENOENT))
        made.wanted[name] = path
        return Wanted(name, path.name or "out", str(path.absolute()))
    called = path.name or "folder"
    made.sent.extend(_entries(name, path, called))
    if name in one.manifests:
        made.sent.extend(_beside(name, path))
    return Sent(name, called)


def _entries(key: str, path: Path, called: str) -> Iterator[tuple[Begun, Path]]:
    """Yield a file; of a folder what lies in it, and folders in it as no more than that they are there."""
    if path.is_file():
        yield Begun(key, called), path
    elif path.is_dir():
        yield Begun(key, called, folder=True), path
        for entry in sorted(path.iterdir()):
            place = f"{called}/{entry.name}"
            if entry.is_dir():
                yield Begun(key, place, folder=True), entry
            elif entry.is_file():
                yield Begun(key, place), entry


def _beside(key: str, manifest: Path) -> Iterator[tuple[Begun, Path]]:
    """Yield the images that a manifest names and that lie beside it; of a manifest that cannot be read, none."""
    from stillgraph.intake import images, rows, table

    try:
        named = {row.cells["image"] for row in table.read_table(manifest, required=("image",)).rows}
    except StillgraphError:
        return
    for image in sorted(named):
        for folder in images.FOLDERS:
            path = manifest.parent / folder / image
            if rows.is_file_name(image) and path.is_file():
                if path.resolve().is_relative_to(manifest.parent.resolve()):
                    yield Begun(key, f"{folder}/{image}"), path
                break


def _chunks(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as stream:
            while data := stream.read(frames.CHUNK):
                yield frames.frame(frames.DATA, data)
    except OSError as error:
        raise WrongUse(f"{path.name} cannot be read ({error.strerror}): check its permissions.") from error


class Arriving:
    """Files that come back: each written beside its place, and moved there when all is whole."""

    def __init__(self, wanted: Mapping[str, Path]) -> None:
        self._wanted = wanted
        self._ready: list[tuple[Path, Path]] = []
        self._open: BinaryIO | None = None

    def begin(self, begun: Begun) -> None:
        """Open the next file."""
        self._close()
        target = self._target(begun)
        with files.writing(target):
            if begun.folder:
                target.mkdir(exist_ok=True)
                return
            if target.is_dir():
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
            handle, beside = tempfile.mkstemp(prefix=f".{target.name[:40]}.", dir=target.parent)
        self._ready.append((Path(beside), target))
        self._open = os.fdopen(handle, "wb")

    def add(self, data: bytes) -> None:
        """Write what comes next of the file that is open."""
        if self._open is not None:
            self._open.write(data)

    def keep(self) -> None:
        """Move all files to their places."""
        self._close()
        for beside, target in self._ready:
            beside.replace(target)
        self._ready.clear()

    def drop(self) -> None:
        """Leave nothing behind of files that were not kept."""
        self._close()
        for beside, _ in self._ready:
            beside.unlink(missing_ok=True)

    def _close(self) -> None:
        if self._open is not None:
            self._open.flush()
            os.fsync(self._open.fileno())
            self._open.close()
            self._open = None

    def _target(self, begun: Begun) -> Path:
        root = self._wanted.get(begun.key)
        inside = PurePosixPath(begun.place)
        if root is None or inside.is_absolute() or ".." in inside.parts:
            raise codec.Unreadable("The server sent a file that nobody asked for.")
        return root.joinpath(*inside.parts[1:])
