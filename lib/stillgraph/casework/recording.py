"""Carries a case's audit entries out of the case file: into the log, to the anchors and the second place.

What a crash, or a full disk, left out is made up for when the case is next opened for writing; and whether anybody but
Stillgraph wrote the case file since is looked at then.
"""

from __future__ import annotations

import atexit
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from stillgraph.errors import AuditBroken
from stillgraph.governance import anchors, chain, log, seals
from stillgraph.records import AuditEntry
from stillgraph.store import CASE_FILE_NAME, Session, files, filestate, keys, office, tablestates
from stillgraph.store.casefile import is_open
from stillgraph.store.places import state_directory
from stillgraph.store.tablestates import TableState

ANCHORS, EVERY = "STILLGRAPH_ANCHORS", "STILLGRAPH_ANCHOR_EVERY"
"""Where the second place is, a directory, and after how many entries a head goes there."""
USUAL_EVERY = 100
CHANGED = "the case file is not as the last entry left it: somebody wrote it without Stillgraph"
Changes = Mapping[str, tuple[TableState, TableState]]
"""The tables that are not as the entries left them, and of each how it was and is."""
_notes = logging.getLogger(__name__)


@dataclass(slots=True)
class _Open:
    """What this process knows of a case's record: whether it wrote it, and how far the second place is."""

    case_id: str
    key: bytes
    noted: int
    at: datetime
    process: int


_known: dict[Path, _Open] = {}


def key_of(session: Session, directory: Path) -> bytes | None:
    """Return the key of a case's record, or ``None`` where its schema is of before there was one.

    Raises
    ------
    MissingKey, WrongKey, KeysDamaged
        The case's keys cannot be opened.
    """
    if "audit" not in session.memory:
        if not office.is_keyed(session):
            return None
        session.memory["audit"] = keys.ring(directory).subkey("audit")
    return session.memory["audit"]


def second_place(case_id: str) -> Path:
    """Return the file in the second place that is of one case; the directory is made, unless it was named."""
    named = os.environ.get(ANCHORS)
    folder = Path(named).expanduser() if named else state_directory() / "anchors"
    if not named:
        folder.mkdir(mode=0o700, exist_ok=True)
    return folder / f"{case_id}.jsonl"


# --- when a case is opened for writing ------------------------------------------------------------------------------


def begin(session: Session, directory: Path, at: datetime) -> Changes:
    """Make up for what a crash left out of the record; return the tables that somebody else changed.

    The case file is as it was sealed, or every table is compared with what the entries say was left in it.
    """
    key = key_of(session, directory)
    if key is None:
        return {}
    carry_over(session, directory, key, at)
    _anchor_late(directory, key, at)
    seal = _take_up(session, directory, key, at)
    if not session.found or (seal is not None and seal.holds(key) and _rests(seal, session)):
        return {}
    return tablestates.differences(session, key)


def _take_up(session: Session, directory: Path, key: bytes, at: datetime) -> seals.Seal | None:
    """Have the case sealed when it is closed, and return the seal it has."""
    seal = sealed(directory)
    noted = seal.noted if seal is not None and seal.holds(key) else 0
    known = _known[directory] = _Open(keys.ring(directory).case_id, key, noted, at, os.getpid())
    if seal is None and not seals.place(directory).exists():
        # There is a seal from before the first line of the log on, so that one that is gone was taken away.
        try:
            seals.place(directory).parent.mkdir(mode=0o700, exist_ok=True)
            _put(directory, seals.Seal("", 0, "", 0, 0), key)
        except OSError as error:
            _notes.warning("The case could not be sealed (%s).", error.strerror)
    session.when_closed(lambda: _seal(directory, known))
    session.sealing = True
    return seal


def sealed(directory: Path) -> seals.Seal | None:
    """Return the seal of a case; one that cannot be read is as good as none, but to who verifies the record."""
    try:
        return seals.read(directory)
    except AuditBroken:
        return None


def _rests(seal: seals.Seal, session: Session) -> bool:
    return (seal.file, seal.sequence, seal.digest) == (session.found, *(office.chain_head(session) or (0, "")))


def carry_over(session: Session, directory: Path, key: bytes, at: datetime, *, before: int | None = None) -> None:
    """Carry into the log what the case file holds, before one entry if that is given, and the log does not."""
    known = log.head(directory)
    since = 0 if known is None else known[0]
    until = (office.chain_head(session) or (0,))[0] if before is None else before - 1
    if until <= since:
        return
    missing = [entry for entry in office.entries_since(session, since) if entry.sequence <= until]
    put(directory, [entry for entry in missing if not entry.keyed], key, carried=log.AT_UPGRADE, at=at)
    put(directory, [entry for entry in missing if entry.keyed], key, carried=log.AFTER_CRASH, at=at)


def _anchor_late(directory: Path, key: bytes, at: datetime) -> None:
    """Anchor what reached the log, and a crash or a full disk kept from the anchors."""
    path, head = directory / chain.ANCHOR_FILE_NAME, log.head(directory)
    if head is None or chain.last_anchor(path) >= head[0]:
        return
    since = chain.last_anchor(path)
    try:
        for line in log.lines(directory):
            if line.entry.sequence > since and not line.carried:
                _drop(path, chain.Anchor(line.entry.sequence, line.entry.digest), at, key, late=True)
    except AuditBroken:
        # Work goes on; whoever verifies the record is told.
        _notes.warning("The audit log has been altered: run `stillgraph audit verify`.")


def _drop(path: Path, head: chain.Anchor, at: datetime, key: bytes | None, *, late: bool = False) -> None:
    try:
        chain.drop_anchor(path, head, at, key, late=late)
    except OSError as error:
        # What is committed is done: where the disk is full, the next action anchors it.
        _notes.warning("The head of the record could not be anchored (%s).", error.strerror)


# --- after each entry -----------------------------------------------------------------------------------------------


def follow(session: Session, directory: Path, entry: AuditEntry, at: datetime) -> None:
    """Carry a new entry into the log, after what came before it, and note it at the anchors."""
    key = key_of(session, directory)
    path = directory / chain.ANCHOR_FILE_NAME
    head = chain.Anchor(entry.sequence, entry.digest)
    if key is None:
        _drop(path, head, at, None)
        return
    if not session.sealing:
        # It was just upgraded: there was no key when it was opened.
        _take_up(session, directory, key, at)
    carry_over(session, directory, key, at, before=entry.sequence)
    # What the log does not hold is not anchored: an entry that was anchored and is not in the log was taken from it.
    if chain.last_anchor(path) < entry.sequence - 1:
        _anchor_late(directory, key, at)
    if not put(directory, [entry], key):
        return
    _drop(path, head, at, key)
    known = _known[directory]
    known.at = at
    if entry.sequence - known.noted >= every():
        _note(directory, known, (entry.sequence, entry.digest))


def put(
    directory: Path, entries: list[AuditEntry], key: bytes, *, carried: str = "", at: datetime | None = None
) -> bool:
    """Append entries to the log; what cannot be written is carried over later, as it is done and recorded already."""
    try:
        if entries:
            log.append(directory, entries, key, carried=carried, at=at)
    except OSError as error:
        _notes.warning("The audit log could not be written (%s); the next action carries it over.", error.strerror)
        return False
    return True


def every() -> int:
    """Return after how many entries a head goes to the second place."""
    stated = os.environ.get(EVERY, "")
    return int(stated) if stated.isdigit() and int(stated) > 0 else USUAL_EVERY


def _note(directory: Path, known: _Open, head: tuple[int, str]) -> None:
    if head[0] <= known.noted:
        return
    try:
        anchors.note(second_place(known.case_id), directory, head, before=known.noted, at=known.at, key=known.key)
        known.noted = head[0]
    except OSError as error:
        _notes.warning("The second place of the anchors could not be written (%s).", error.strerror)


# --- when it is closed, and at the end ------------------------------------------------------------------------------


def _seal(directory: Path, known: _Open) -> None:
    """Seal a case that was just closed, before anybody else may write it."""
    head = log.head(directory)
    path = directory / chain.ANCHOR_FILE_NAME
    try:
        state = filestate.state(directory / CASE_FILE_NAME)
        size = path.stat().st_size if path.exists() else 0
        _put(directory, seals.Seal(state, *(head or (0, "")), size, known.noted), known.key)
    except OSError as error:
        _notes.warning("The case could not be sealed (%s); the next opening looks through it.", error.strerror)


def _put(directory: Path, seal: seals.Seal, key: bytes) -> None:
    made, before = seal.keyed(key), sealed(directory)
    if made != before:
        files.put(seals.place(directory), made.written(), prefix=".seal-")


def finish(directory: Path) -> None:
    """Note the head of a case's record in the second place, where this process wrote entries that are not there yet."""
    known, head = _known.get(directory), log.head(directory)
    if known is None or head is None or known.process != os.getpid() or head[0] <= known.noted:
        return
    if is_open(directory / CASE_FILE_NAME):
        # This process still works on it.
        return
    try:
        with filestate.alone(directory, 2.0, BlockingIOError, lambda: None):
            before = sealed(directory)
            head = log.head(directory)
            if head is None or before is None or not before.holds(known.key):
                return
            known.noted = max(known.noted, before.noted)
            _note(directory, known, head)
            _put(directory, replace(before, noted=known.noted), known.key)
    except BlockingIOError:
        # Whoever writes now notes it at their end.
        return
    except OSError as error:
        _notes.warning("The second place of the anchors could not be written (%s).", error.strerror)


def forget() -> None:
    """Leave it to others to note the heads of the cases this process wrote."""
    _known.clear()


@atexit.register
def _finish_all() -> None:
    for directory in list(_known):
        if directory.is_dir():
            finish(directory)
