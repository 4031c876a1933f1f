"""Carries a case's audit entries into the log outside the case file, after the commit that made them.

What a crash, or a full disk, left out between the two is carried over when the case is next opened for writing.
"""

from __future__ import annotations

import logging
from datetime import datetime
from pathlib import Path

from stillgraph.governance import log
from stillgraph.records import AuditEntry
from stillgraph.store import Session, keys, office

_notes = logging.getLogger(__name__)


def key_of(session: Session, directory: Path) -> bytes | None:
    """Return the key of a case's record, or ``None`` where its schema is of before there was one.

    Raises
    ------
    MissingKey, WrongKey, KeysDamaged
        The case's keys cannot be opened.
    """
    return keys.ring(directory).subkey("audit") if office.is_keyed(session) else None


def carry_over(session: Session, directory: Path, key: bytes, at: datetime, *, before: int | None = None) -> None:
    """Carry into the log what the case file holds, before one entry if that is given, and the log does not."""
    known, held = log.head(directory), office.chain_head(session)
    since, until = 0 if known is None else known[0], 0 if held is None else held[0]
    until = until if before is None else before - 1
    if until <= since:
        return
    missing = [entry for entry in office.entries_since(session, since) if entry.sequence <= until]
    put(directory, [entry for entry in missing if not entry.keyed], key, carried=log.AT_UPGRADE, at=at)
    put(directory, [entry for entry in missing if entry.keyed], key, carried=log.AFTER_CRASH, at=at)


def follow(session: Session, directory: Path, entry: AuditEntry, at: datetime) -> None:
    """Carry a new entry into the log; after an upgrade, all that came before it first."""
    key = key_of(session, directory)
    if key is not None:
        carry_over(session, directory, key, at, before=entry.sequence)
        put(directory, [entry], key)


def put(
    directory: Path, entries: list[AuditEntry], key: bytes, *, carried: str = "", at: datetime | None = None
) -> None:
    """Append entries to the log; what cannot be written is carried over later, as it is done and recorded already."""
    if not entries:
        return
    try:
        log.append(directory, entries, key, carried=carried, at=at)
    except OSError as error:
        _notes.warning("The audit log could not be written (%s); the next action carries it over.", error.strerror)
