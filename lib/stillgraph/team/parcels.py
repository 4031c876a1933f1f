"""The files of one call, at the server's side: in a folder of their own, which is wiped when the call is done."""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from stillgraph.casework.wire import codec, frames
from stillgraph.casework.wire.parts import Begun, Sent, Wanted
from stillgraph.errors import WrongUse

MOST_BYTES = 64 << 30
MOST_FILES = 500_000
"""Of one call: a manifest of this many images is enrolled in parts."""


class Parcel:
    """The folder of one call.

    Parameters
    ----------
    root : Path
        In which it is made.
    """

    def __init__(self, root: Path) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="call-", dir=root))
        self._open: BinaryIO | None = None
        self._bytes = self._files = 0
        self._holders = 2
        self._guard = threading.Lock()

    def begin(self, begun: Begun) -> None:
        """Open the next file that comes.

        Raises
        ------
        WrongUse
            There are too many.
        Unreadable
            Its name leads elsewhere.
        """
        self._close()
        self._files += 1
        if self._files > MOST_FILES:
            raise WrongUse(f"A call brings at most {MOST_FILES:,} files; split the manifest.")
        path = self._place(begun.key, begun.place)
        if begun.folder:
            path.mkdir(parents=True, exist_ok=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._open = path.open("xb")

    def add(self, data: bytes) -> None:
        """Write what comes next of the file that is open.

        Raises
        ------
        WrongUse
            It is too much.
        """
        self._bytes += len(data)
        if self._bytes > MOST_BYTES:
            raise WrongUse(f"A call brings at most {MOST_BYTES >> 30} GiB; split the manifest.")
        if self._open is None:
            raise codec.Unreadable("A message has a part where none belongs.")
        self._open.write(data)

    def end(self) -> None:
        """Close the last file."""
        self._close()

    def sent(self, one: Sent) -> Path:
        """Return where a file lies that came along, or would lie."""
        return self._place(one.key, one.name)

    def wanted(self, one: Wanted) -> Path:
        """Return where a file is to be written that goes back."""
        path = self._place(f"out-{one.key}", one.name)
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def written(self, one: Wanted) -> Iterator[bytes]:
        """Yield what was written, as it is sent."""
        root = self.wanted(one)
        found = [root, *sorted(root.rglob("*"))] if root.is_dir() else [root] if root.is_file() else []
        for path in found:
            place = (PurePosixPath(one.name) / path.relative_to(root)).as_posix()
            yield frames.frame(frames.FILE, codec.dumps(Begun(one.key, place, folder=path.is_dir())))
            if path.is_file():
                with path.open("rb") as stream:
                    while data := stream.read(frames.CHUNK):
                        yield frames.frame(frames.DATA, data)

    def let_go(self) -> None:
        """Wipe the folder once both who works with it and who answers have let it go."""
        with self._guard:
            self._holders -= 1
            last = self._holders <= 0
        if last:
            self._close()
            shutil.rmtree(self.folder, ignore_errors=True)

    def _close(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None

    def _place(self, key: str, inside: str) -> Path:
        place = PurePosixPath(inside)
        odd = not key.replace("-", "_").isidentifier() or place.is_absolute() or "\0" in inside
        if odd or not place.parts or ".." in place.parts:
            raise codec.Unreadable("A message names a file outside its own folder.")
        return self.folder.joinpath(key, *place.parts)
