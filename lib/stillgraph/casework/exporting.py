"""Files written for people: kept on record, so that a deletion finds those that hold something of what it deletes."""

from __future__ import annotations

import errno
import hashlib
from collections.abc import Iterable
from pathlib import Path

from stillgraph.casework.desk import Deed, Desk, needs_rule
from stillgraph.records import RecordKind
from stillgraph.store import exports, files
from stillgraph.store.exports import ALL

EVERYBODY = (ALL,)
"""What a file is about that may hold something of anybody."""


def write(desk: Desk, deed: Deed, path: Path, data: bytes, *, kind: str, about: Iterable[str]) -> None:
    """Keep on record that a file is written, and write it.

    Parameters
    ----------
    kind
        What it is, in words.
    about
        The ids of the stills, nominals and custody images that it shows or names, or :data:`EVERYBODY`.

    Raises
    ------
    NoRule
        No rule says how long the case keeps account of exports.
    WrongUse
        The file cannot be written.
    """
    on_record(desk, deed, path, data, kind=kind, about=about)
    put(path, data)


def on_record(desk: Desk, deed: Deed, path: Path, data: bytes, *, kind: str, about: Iterable[str]) -> None:
    """Keep on record that a file is written: where, with which bytes, and whom and what it is about."""
    needs_rule(deed.session, RecordKind.EXPORT)
    exports.add(
        deed.session, kind, _where(desk, deed, path), hashlib.sha256(data).hexdigest(), about, officer=deed.officer,
        operation=deed.operation, at=deed.at,
    )  # fmt: skip


def _where(desk: Desk, deed: Deed, path: Path) -> str:
    for here, there in desk.written_as.items():
        if path.is_relative_to(here):
            return exports.elsewhere(deed.officer, str(Path(there) / path.relative_to(here)))
    return str(path.resolve())


def put(path: Path, data: bytes) -> None:
    """Write a file that only its owner may read: beside its place and moved there when it is whole.

    Raises
    ------
    WrongUse
        It cannot be written.
    """
    with files.writing(path):
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, "Is a directory")
        files.put(path, data, prefix=f".{path.name[:40]}.")
