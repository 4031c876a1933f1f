"""The bytes of stills and custody images, kept beside the case file under their SHA-256.

In an encrypted case they are sealed, and a file's name is a keyed digest of that SHA-256: who has a picture cannot tell
by its name whether the case has it.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from stillgraph.errors import CaseError, CaseInUse, NotFound
from stillgraph.store import files
from stillgraph.store.casefile import PATIENCE_S
from stillgraph.store.sealing import Unsealable, Vault, vault

INCOMING = ("custody", "stills")
"""The kinds of delivery that bring images in."""
MOVING = "moving"
"""The file that names the images being moved beside the case file."""
BESIDE = "images.lock"
"""The file whose lock keeps images from being removed while a backup copies them."""
UNFINISHED = ".incoming-"
"""What the name of a file begins with while it is being written."""


class ImageStore:
    """Content-addressed files in ``<case>/images``.

    Parameters
    ----------
    case_directory : Path
        The case directory.
    """

    def __init__(self, case_directory: Path) -> None:
        self._case = case_directory
        self._root = case_directory / "images"

    def incoming(self, kind: str) -> Incoming:
        """Return where images of one kind of delivery are put before they are taken in."""
        return Incoming(self, self._root.parent / "incoming" / kind)

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Let nobody remove images meanwhile; others may take images in.

        Raises
        ------
        CaseInUse
            Somebody still removes images after 30 seconds.
        """
        busy = f"Images of this case have been removed for {PATIENCE_S:.0f} seconds; try again when that is done."
        with self._locked(fcntl.LOCK_SH, busy):
            yield

    @contextmanager
    def removing(self, *, patience_s: float = PATIENCE_S) -> Iterator[None]:
        """Let nobody copy images meanwhile: what removes some is within this, and enters it before the case file.

        Raises
        ------
        CaseInUse
            A backup still copies them after so many seconds.
        """
        busy = (
            f"A backup of this case has been under way for {patience_s:.0f} seconds, and nothing is removed meanwhile; "
            "try again when it is done."
        )
        with self._locked(fcntl.LOCK_EX, busy, patience_s):
            yield

    @contextmanager
    def _locked(self, how: int, busy: str, patience_s: float = PATIENCE_S) -> Iterator[None]:
        with (self._root.parent / BESIDE).open("a") as lock:
            _lock(lock, how, busy, patience_s)
            yield

    def sweep(self, keep: Collection[str]) -> int:
        """Remove what is not of these SHA-256, as deliveries killed under an earlier version left it; return how much.

        It lists all images. Only for who holds the case file for writing: nobody else can be taking images in.
        """
        kept = {self.named(digest) for digest in keep}
        strays = [path for path in self._root.glob("*/*") if path.name not in kept]
        for path in strays:
            path.unlink()
        return len(strays)

    def names(self) -> set[str]:
        """Return the names of all files among the images."""
        return {path.name for path in self._root.glob("*/*")}

    def moving(self) -> set[str]:
        """Return the SHA-256 of what a delivery moves in, or did when it was killed: it may not be in the case yet."""
        moving: set[str] = set()
        for path in (self._root.parent / "incoming").glob(f"*/{MOVING}"):
            # A delivery that is done meanwhile takes its file away.
            with suppress(FileNotFoundError):
                moving.update(self.opened(path.read_bytes(), MOVING).decode().split())
        return moving

    def get(self, digest: str) -> bytes:
        """Return the bytes with this SHA-256.

        Raises
        ------
        NotFound
            There is no such file.
        CaseError
            The file's bytes are not those that were received.
        """
        try:
            kept = self.path(digest).read_bytes()
        except FileNotFoundError as error:
            raise NotFound(
                f"The image with SHA-256 {digest[:12]}... is missing from {self._root}; restore it from a backup."
            ) from error
        altered = f"The image with SHA-256 {digest[:12]}... has been altered in {self._root}; restore it from a backup."
        try:
            data = self.opened(kept, digest)
        except Unsealable as error:
            raise CaseError(altered) from error
        if hashlib.sha256(data).hexdigest() != digest:
            raise CaseError(altered)
        return data

    def path(self, digest: str) -> Path:
        """Return where the bytes with this SHA-256 lie, or would."""
        name = self.named(digest)
        return self._root / name[:2] / name

    def named(self, digest: str) -> str:
        """Return the name of the file of the bytes with this SHA-256."""
        vault = self._vault()
        return digest if vault is None else vault.named(digest)

    def sealed(self, data: bytes, name: str) -> bytes:
        """Return bytes as they are kept, bound to a name."""
        vault = self._vault()
        return data if vault is None else vault.seal(data, name)

    def opened(self, data: bytes, name: str) -> bytes:
        """Return what :meth:`sealed` was given.

        Raises
        ------
        Unsealable
            It was altered, or sealed under another key or name.
        """
        vault = self._vault()
        return data if vault is None else vault.open(data, name)

    def _vault(self) -> Vault | None:
        return vault(self._case, "images")


class Incoming:
    """Images on their way in: kept apart, then moved beside the case file with the transaction that takes them in.

    What a killed process leaves is told by what lies here, so that clearing it away costs in proportion to it and not
    to the case.
    """

    def __init__(self, store: ImageStore, folder: Path) -> None:
        self._store = store
        self._folder = folder
        self._moving = folder / MOVING

    def is_empty(self) -> bool:
        """Say whether nothing lies here: nobody takes images in, and no killed process left any."""
        return not self._folder.exists()

    @contextmanager
    def alone(self, *, patience_s: float = PATIENCE_S) -> Iterator[None]:
        """Let no other process take in images of this kind meanwhile, and leave nothing here afterwards.

        Raises
        ------
        CaseInUse
            Another process still does after so many seconds.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        with self._folder.with_suffix(".lock").open("a") as lock:
            _lock(
                lock, fcntl.LOCK_EX,
                f"Another process has been taking in {self._folder.name} images for {patience_s:.0f} "
                "seconds; begin again when that is done.", patience_s,
            )  # fmt: skip
            try:
                yield
            finally:
                # What says that something is being moved is a killed process's, for :meth:`clear`.
                if not self._moving.exists():
                    shutil.rmtree(self._folder, ignore_errors=True)

    def put(self, data: bytes) -> str:
        """Keep ``data`` here and return its SHA-256 in hex."""
        digest = hashlib.sha256(data).hexdigest()
        path = self._folder / self._store.named(digest)
        if not path.exists():
            files.put(path, self._store.sealed(data, digest), prefix=UNFINISHED)
        return digest

    def drop(self, digests: Iterable[str]) -> None:
        """Remove images that are not taken in after all."""
        for digest in digests:
            (self._folder / self._store.named(digest)).unlink(missing_ok=True)

    @contextmanager
    def moved(self, digests: Collection[str]) -> Iterator[None]:
        """Move these images to their places; back out where the block, which commits, fails. All others go."""
        new = [digest for digest in digests if not self._store.path(digest).exists()]
        files.put(self._moving, self._store.sealed("\n".join(new).encode(), MOVING), prefix=UNFINISHED)
        try:
            for digest in new:
                path = self._store.path(digest)
                path.parent.mkdir(parents=True, exist_ok=True)
                (self._folder / path.name).replace(path)
            self.drop(set(digests).difference(new))
            yield
        except BaseException:
            for digest in new:
                self._store.path(digest).unlink(missing_ok=True)
            raise
        finally:
            self._moving.unlink()

    def clear(self, held: Callable[[Sequence[str]], Collection[str]]) -> None:
        """Remove what a killed process left here, and what it had moved that no transaction took in.

        ``held`` says which of some SHA-256 are in the case.
        """
        if self._moving.exists():
            begun = self._store.opened(self._moving.read_bytes(), MOVING).decode().split()
            for digest in set(begun).difference(held(begun)):
                self._store.path(digest).unlink(missing_ok=True)
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True, exist_ok=True)


def _lock(file: IO[str], how: int, busy: str, patience_s: float = PATIENCE_S) -> None:
    """Lock a file with patience; it is unlocked when it is closed."""
    deadline = time.monotonic() + patience_s
    while True:
        try:
            fcntl.flock(file, how | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise CaseInUse(busy) from None
            time.sleep(0.05)
        else:
            return
