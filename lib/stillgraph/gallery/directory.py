"""A gallery's life on disk: segments that are only added, marks of what is deleted, and a manifest that is swapped.

The manifest names every file that counts. A change writes new files, brings them to the disk, and then puts a new
manifest in the place of the old one, which the file system does wholly or not at all: whenever the process is killed,
the last manifest and all it names are there. What it does not name is left over from a change that did not end, and
goes with the next one. Readers keep what they have mapped, for a mapped file lives until it is let go.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from stillgraph.errors import CaseInUse, GalleryDamaged, ModelError
from stillgraph.gallery import segments
from stillgraph.gallery import vault as vaults
from stillgraph.gallery.contents import Contents, Number, Part
from stillgraph.gallery.vault import Vault
from stillgraph.records import ModelId

MEMORY = Path("/proc/meminfo")
MANIFEST = "manifest.json"
LOCK = "writer.lock"
FORMAT = 2
"""2 has more columns than 1."""

PATIENCE_S = 30.0
ABANDONED_S = 600.0
"""Seconds after which a file of codes that is still being written is taken for left over: each takes a few seconds."""

ATTEMPTS = 50
"""How often a reader begins again because a writer has swapped the manifest meanwhile."""


@dataclass(frozen=True, eq=False)
class Version:
    """What a manifest says: the contents, how many manifests came before it, and what its maker noted in it."""

    contents: Contents
    generation: int
    note: str


def folder_of(model: ModelId) -> str:
    """Return the name of a model's directory in a case's gallery: 16 hex digits of its SHA-256."""
    return sha256(model.encode()).hexdigest()[:16]


def number_for(rows: int, dimension: int) -> Number:
    """Return how to keep so many templates: float32 where they fit into half the memory to be had now, else float16.

    Where even float16 does not fit, rows are read from the disk again at each search.
    """
    return "float32" if rows * dimension * 4 <= available_bytes() // 2 else "float16"


def available_bytes() -> int:
    """Return how much memory is to be had now, what the system keeps of files and would give back included."""
    try:
        lines = MEMORY.read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, StopIteration):
        pass
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError):
        return 0


def of_earlier_format(path: Path) -> bool:
    """Say whether an earlier Stillgraph made the index in a directory: it is to be made anew, not read."""
    try:
        said = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError, RecursionError):
        return False
    return isinstance(said, dict) and said.get("format") in range(1, FORMAT)


class GalleryDirectory:
    """The directory of one model's gallery.

    Parameters
    ----------
    path
        The directory; made with the first manifest.
    vault
        What seals its files. Sealed files cannot be mapped: they are read into this process's own memory.
    """

    def __init__(self, path: Path, vault: Vault | None = None) -> None:
        self.path = path
        self.vault = vault

    def make(self, model: ModelId, dimension: int, number: Number) -> None:
        """Make an empty gallery, unless there is one."""
        if (self.path / MANIFEST).exists():
            return
        self.path.mkdir(parents=True, exist_ok=True)
        self.path.chmod(0o700)
        with self.writing():
            if not (self.path / MANIFEST).exists():
                self._swap(Version(Contents(model, dimension, number), 0, ""))

    def load(self, model: ModelId, before: Contents | None = None) -> Version:
        """Map what the manifest names now; segments that were there ``before`` are taken over as they are mapped.

        Raises
        ------
        GalleryDamaged
            Files are missing or cut short, or the manifest cannot be read.
        ModelError
            The gallery is of another model.
        """
        for _ in range(ATTEMPTS):
            try:
                return self._loaded(model, before)
            except FileNotFoundError:
                time.sleep(0.01)
        raise GalleryDamaged(
            f"Files of the gallery's index are missing: remove {self.path}, and the next search makes it anew."
        )

    def generation(self) -> int:
        """Return how many manifests came before the one there is."""
        return int(self._manifest()["generation"])

    def bytes(self) -> int:
        """Return what the files take on the disk."""
        return sum(path.stat().st_size for path in self.path.iterdir())

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Let nobody else change this gallery meanwhile; readers are not held up.

        Raises
        ------
        CaseInUse
            Somebody else is still changing it after 30 seconds.
        """
        with (self.path / LOCK).open("a") as file:
            deadline = time.monotonic() + PATIENCE_S
            while True:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > deadline:
                        raise CaseInUse(
                            f"The gallery's index at {self.path} has been changed by another process for "
                            f"{PATIENCE_S:.0f} seconds; try again when that is done."
                        ) from None
                    time.sleep(0.02)
            yield

    def save(self, contents: Contents, before: Version, note: str | None = None) -> Version:
        """Put contents in the place of those before, within :meth:`writing`; return them as mapped from the files."""
        generation = before.generation + 1
        parts = tuple(self._kept(part, f"{generation:08}-{at:03}") for at, part in enumerate(contents.parts))
        _sync(self.path)
        said = before.note if note is None else note
        version = Version(replace(contents, parts=parts, _masks={}), generation, said)
        self._swap(version)
        self._clear(version)
        return version

    def _kept(self, part: Part, name: str) -> Part:
        """Write what of a part has no file yet, and return it as mapped."""
        if not part.name:
            path = self.path / f"rows-{name}"
            path.unlink(missing_ok=True)  # left over from a change that did not end
            segments.write(part.segment, path, self.vault)
            found = part.segment
            if self.vault is None:
                found = segments.mapped(path, segments.Layout.of(part.segment), part.segment.values)
            part = replace(part, segment=found, name=path.name)
        if part.deleted is not None and not part.deleted_name:
            path = self.path / f"deleted-{name}"
            vaults.write(path, np.packbits(part.deleted).tobytes(), self.vault)
            part = replace(part, deleted_name=path.name)
        return part

    def _swap(self, version: Version) -> None:
        contents = version.contents
        manifest = {
            "format": FORMAT, "generation": version.generation, "note": version.note, "model": contents.model,
            "dimension": contents.dimension, "number": contents.number, "digest": f"{contents.digest:064x}",
            "parts": [
                {
                    "name": part.name, "rows": len(part.segment), "text_bytes": len(part.segment.text),
                    "values": {name: list(values) for name, values in part.segment.values.items()},
                    "deleted": part.deleted_name,
                }
                for part in contents.parts
            ],
        }  # fmt: skip
        vaults.write(self.path / MANIFEST, json.dumps(manifest).encode(), self.vault, beside=".new")
        _sync(self.path)

    def _clear(self, version: Version) -> None:
        """Remove the files of rows and deletions that the manifest does not name, and what a killed process left."""
        parts = version.contents.parts
        named = {part.name for part in parts} | {part.deleted_name for part in parts}
        for path in self.path.iterdir():
            owner = path.name.removeprefix("codes-").split(".")[0]
            unnamed = path.name.startswith(("rows-", "deleted-", "codes-rows-")) and owner not in named
            unfinished = path.name.startswith(("codes-", "codebook.")) and path.suffix == ".new"
            if unnamed or (unfinished and _abandoned(path)):
                path.unlink(missing_ok=True)

    def _manifest(self) -> dict[str, Any]:
        try:
            found: dict[str, Any] = json.loads(vaults.read(self.path / MANIFEST, self.vault))
        except (ValueError, RecursionError):
            found = {}
        if not isinstance(found, dict) or found.get("format") != FORMAT:
            raise GalleryDamaged(
                f"The manifest of the gallery's index cannot be read: remove {self.path}, and the next search makes "
                "the index anew."
            )
        return found

    def _loaded(self, model: ModelId, before: Contents | None) -> Version:
        said = self._manifest()
        if said["model"] != model:
            raise ModelError(f"The gallery's index at {self.path} is of another model than {model}: remove it, and the "
                             "next search makes it anew.")  # fmt: skip
        dimension, number = int(said["dimension"]), said["number"]
        known = {} if before is None else {part.name: part for part in before.parts}
        parts = tuple(self._part(one, dimension, number, known.get(one["name"])) for one in said["parts"])
        contents = Contents(model, dimension, number, parts, int(said["digest"], 16))
        return Version(contents, int(said["generation"]), said["note"])

    def _part(self, said: dict[str, Any], dimension: int, number: Number, known: Part | None) -> Part:
        if known is not None and known.deleted_name == said["deleted"]:
            return known
        dtype = np.dtype(number).newbyteorder("<").str
        layout = segments.Layout(said["rows"], dimension, dtype, said["text_bytes"])
        found = None if known is None else known.segment
        if found is None:
            path = self.path / said["name"]
            found = (
                segments.mapped(path, layout, said["values"])
                if self.vault is None
                else segments.opened(path, layout, said["values"], self.vault)
            )
        deleted = None
        if said["deleted"]:
            bits = np.frombuffer(vaults.read(self.path / said["deleted"], self.vault), dtype=np.uint8)
            if len(bits) * 8 < said["rows"]:
                raise GalleryDamaged(f"The file {said['deleted']} of the gallery's index is cut short: remove "
                                     f"{self.path}, and the next search makes the index anew.")  # fmt: skip
            deleted = np.unpackbits(bits, count=said["rows"]).astype(np.bool_)
        return Part(found, deleted, said["name"], said["deleted"])


def _abandoned(path: Path) -> bool:
    """Say whether nobody has written to a file for so long that whoever began it cannot still be at it."""
    try:
        return time.time() - path.stat().st_mtime > ABANDONED_S
    except FileNotFoundError:
        return False


def _sync(directory: Path) -> None:
    """Bring a directory's entries to the disk."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
