"""Removing what a deletion leaves outside the case file's rows: bytes, indexes, outputs, exports, and freed blocks.

A file beside the case says that this is to be done, from before the deletion is committed until it is done. Whatever
ends the process in between, whoever opens the case next goes on with it, or, where nothing was committed, removes the
file: so a deletion is there wholly or not at all.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import re
import shutil
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stillgraph.casework import alike, indexing
from stillgraph.casework.desk import ERASING
from stillgraph.errors import CaseInUse, WrongUse
from stillgraph.records import ModelId, Outside, RecordKind
from stillgraph.store import CaseFile, Session, erasing, exports, files, receipts, renewal, retention
from stillgraph.store.images import ImageStore

MARKER = ERASING
"""It holds digests of images, and no name."""
LOCK = "erasing.lock"
NOTEBOOKS, UPLOADS, INCOMING = "notebooks", "uploads", "incoming"


_UPLOAD = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True, slots=True)
class Removed:
    """How many files were removed, and what lies outside our reach."""

    files: int
    outside: tuple[Outside, ...]


@contextmanager
def alone(case: CaseFile) -> Iterator[None]:
    """Let nobody else delete, or finish a deletion, meanwhile.

    Raises
    ------
    CaseInUse
        Somebody does.
    """
    with (case.directory / LOCK).open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CaseInUse("Another process is deleting from this case; try again when that is done.") from None
        with ImageStore(case.directory).removing():
            # What a killed change of keys left is a copy of everything.
            renewal.drop(case.directory)
            yield


def mark(case: CaseFile, erasure_id: int, digests: Collection[str]) -> None:
    """Say beside the case what is to be removed once the deletion is committed."""
    said = json.dumps({"erasure": erasure_id, "digests": sorted(digests)}).encode()
    files.put(case.directory / MARKER, ImageStore(case.directory).sealed(said, MARKER), prefix=f".{MARKER}.")
    files.sync(case.directory)


def waiting(case: CaseFile) -> bool:
    """Say whether a deletion was begun and is not finished."""
    return (case.directory / MARKER).exists()


def settle(case: CaseFile) -> tuple[int, list[str]] | None:
    """Return the deletion that is committed and to be finished, with its digests; forget one that never was."""
    with case.session(writing=False) as session:
        committed = left(session, case.directory)
    if committed is None:
        (case.directory / MARKER).unlink(missing_ok=True)
    return committed


def left(session: Session, directory: Path) -> tuple[int, list[str]] | None:
    """Return the deletion that is committed and to be finished, with the digests of its images."""
    try:
        kept = (directory / MARKER).read_bytes()
    except FileNotFoundError:
        return None
    said = json.loads(ImageStore(directory).opened(kept, MARKER))
    return (int(said["erasure"]), list(said["digests"])) if erasing.committed(session, said["erasure"]) else None


def remove(case: CaseFile, session: Session, model: ModelId, erasure_id: int, digests: Sequence[str]) -> Removed:
    """Remove all that a committed deletion left in files, within an action; it can be done again from any point.

    The case file itself is written anew after that (:meth:`CaseFile.rewrite`), and then :func:`done` called.
    """
    removed = _images(case, session, digests)
    _indexes(case, session, model)
    removed += sum(clear_outputs(path) for path in notebooks(case.directory / NOTEBOOKS))
    for upload in retention.erased(session, erasure_id, RecordKind.UPLOAD):
        if _UPLOAD.fullmatch(upload):
            shutil.rmtree(case.directory / UPLOADS / upload, ignore_errors=True)
    exported, outside = _exports(session, erasure_id)
    return Removed(removed + exported, outside)


def done(case: CaseFile) -> None:
    """Forget what was to be removed: it is."""
    (case.directory / MARKER).unlink(missing_ok=True)
    files.sync(case.directory)


def _images(case: CaseFile, session: Session, digests: Sequence[str]) -> int:
    """Remove the bytes of images that no record has, wherever in the case they lie."""
    gone = set(digests) - receipts.held_digests(session, digests)
    store, removed = ImageStore(case.directory), 0
    for digest in gone:
        for path in (store.path(digest), *(case.directory / INCOMING).glob(f"*/{store.named(digest)}")):
            if path.exists():
                path.unlink()
                removed += 1
    for path in (case.directory / UPLOADS).glob("*/stills/*"):
        if path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() in gone:
            path.unlink()
            removed += 1
    return removed


def _indexes(case: CaseFile, session: Session, model: ModelId) -> None:
    """Bring both indexes to agree with the case file, and remove what is derived from their rows: codes, codebooks."""
    for folder in (case.directory / indexing.FOLDER, case.directory / alike.FOLDER):
        for pattern in ("*/codes-*", "*/codebook*"):
            for path in folder.glob(pattern):
                path.unlink(missing_ok=True)
    if indexing.bring_along(session, case.directory, model) is None:
        shutil.rmtree(case.directory / indexing.FOLDER, ignore_errors=True)
    if (case.directory / alike.FOLDER).exists():
        try:
            alike.current(session, case.directory, model)
        except WrongUse:  # no face is left to compare with
            shutil.rmtree(case.directory / alike.FOLDER, ignore_errors=True)


def notebooks(folder: Path) -> list[Path]:
    """Return the notebooks in a folder, those that Jupyter kept a copy of too."""
    return [path for path in sorted(folder.rglob("*.ipynb")) if path.is_file() and not path.is_symlink()]


def has_outputs(path: Path) -> bool:
    """Say whether a notebook has outputs, or keeps the state of its widgets."""
    notebook = _read(path)
    return notebook is not None and (
        "widgets" in notebook.get("metadata", {}) or any(cell.get("outputs") for cell in _cells(notebook))
    )


def clear_outputs(path: Path) -> bool:
    """Clear a notebook's outputs and the state of its widgets; say whether there were any."""
    notebook = _read(path)
    if notebook is None or not has_outputs(path):
        return False
    notebook["metadata"].pop("widgets", None)
    for cell in _cells(notebook):
        cell["outputs"], cell["execution_count"] = [], None
    files.put(path, (json.dumps(notebook, ensure_ascii=False, indent=1) + "\n").encode(), prefix=f".{path.name[:40]}.")
    return True


def _read(path: Path) -> dict[str, Any] | None:
    """Return a notebook; ``None`` of what is none."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        whole = isinstance(found["metadata"], dict) and all(isinstance(cell, dict) for cell in found["cells"])
    except (ValueError, KeyError, TypeError):
        return None
    return found if whole else None


def _cells(notebook: dict[str, Any]) -> list[dict[str, Any]]:
    return [cell for cell in notebook["cells"] if cell.get("cell_type") == "code"]


def _exports(session: Session, erasure_id: int) -> tuple[int, tuple[Outside, ...]]:
    """Delete the files we wrote that hold something of what was deleted, where they lie as we wrote them."""
    removed, outside = 0, []
    for one in exports.of_erasure(session, erasure_id):
        how = exports.OUT_OF_REACH if exports.is_elsewhere(one.path) else unlink_export(Path(one.path), one.sha256)
        removed += how == exports.DELETED
        if how != exports.DELETED:
            outside.append(Outside(f"{one.kind} {one.export_id}", one.path, how))
        exports.end(session, one.export_id, how)
    return removed, tuple(outside)


def unlink_export(path: Path, sha256: str) -> str:
    """Delete a file if it is the one we wrote; say what came of it."""
    try:
        if hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
            return exports.CHANGED
        path.unlink()
    except FileNotFoundError:
        return exports.MOVED
    except OSError:
        return exports.OUT_OF_REACH
    return exports.DELETED
