"""Searching and exporting the audit record: read from the log outside the case file, and itself on record."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from stillgraph.casework import tables
from stillgraph.casework.attempts import attempted
from stillgraph.casework.desk import Deed, Desk
from stillgraph.casework.wire import served
from stillgraph.errors import WrongUse
from stillgraph.governance import log
from stillgraph.governance.permits import Action
from stillgraph.records import AuditEntry
from stillgraph.store import subjects

KINDS = (".csv", ".jsonl", ".parquet")
USUAL_LIMIT = 200


class _Ids:
    """Ids to be found in the details of entries, alone or before a sign and what follows it."""

    def __init__(self, ids: Collection[str], sign: str) -> None:
        self._ids, self._sign = frozenset(ids), sign
        # As they stand within what is written, for the many entries that have none of them.
        self._written = {form for one in ids for form in (one, json.dumps(one)[1:-1])}

    def named_in(self, entry: AuditEntry) -> bool:
        """Return whether an entry's details name one of them."""
        return any(form in entry.details for form in self._written) and any(
            word in self._ids or word.partition(self._sign)[0] in self._ids
            for word in _words(json.loads(entry.details))
        )


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries are asked for; what is ``None`` does not narrow them.

    A ``still``, as ``<retailer>/<image>``, is found wherever an entry's details name it or a face of it. A
    ``person``, by their person or nominal id, is found where one names that, or whatever else the case now knows to
    be of them: custody images, and faces on stills once officers agreed on them or they were linked.
    """

    officer: str | None = None
    operation: str | None = None
    action: str | None = None
    result: str | None = None
    still: str | None = None
    person: str | None = None
    since: date | None = None
    until: date | None = None

    def asks_for(self, entry: AuditEntry, still: _Ids, person: _Ids) -> bool:
        """Return whether an entry is asked for; ``still`` and ``person`` are the ids by which these are found."""
        day = entry.recorded_at.date()
        return (
            self.officer in {None, entry.officer}
            and self.operation in {None, entry.operation}
            and self.action in {None, entry.action}
            and self.result in {None, entry.result}
            and (self.since is None or day >= self.since)
            and (self.until is None or day <= self.until)
            and (self.still is None or still.named_in(entry))
            and (self.person is None or person.named_in(entry))
        )


@dataclass(frozen=True, slots=True)
class Found:
    """An entry as it is read: what it says, and whether it came to the log later than it was done."""

    sequence: int
    recorded_at: str
    officer: str
    operation: str
    reason: str
    action: str
    result: str
    details: dict[str, Any]
    carried: str


@dataclass(frozen=True, slots=True)
class Search:
    """What a search of the record found: how many entries in all, and the newest of them, newest first."""

    entries: int
    found: tuple[Found, ...]


@dataclass(frozen=True, slots=True)
class Export:
    """A file of entries that was written."""

    file: Path
    entries: int
    sha256: str


@served
@attempted(Action.SEARCH_AUDIT)
def search_audit(desk: Desk, wanted: Wanted, *, limit: int = USUAL_LIMIT) -> Search:
    """Return the entries asked for, the newest first, at most ``limit`` of them.

    Raises
    ------
    NotPermitted
        The officer's role does not let them read the record.
    AuditBroken
        The log cannot be read; ``stillgraph audit verify`` says more.
    """
    if limit < 1:
        raise WrongUse("At least one entry is asked for: give --limit 1 or more.")
    with desk.act(Action.SEARCH_AUDIT, **_told(wanted)) as deed:
        found = list(_found(desk, deed, wanted))
        deed.note(entries=len(found))
    return Search(len(found), tuple(found[: -limit - 1 : -1]))


@served(writes={"path"})
@attempted(Action.EXPORT_AUDIT)
def export_audit(desk: Desk, path: Path, wanted: Wanted) -> Export:
    """Write the entries asked for, the oldest first, as CSV, JSON lines or Parquet by the file's ending.

    In CSV a text that a spreadsheet would run gets an apostrophe before it.

    Raises
    ------
    WrongUse
        The ending is none of these, or there is no such folder.
    NotPermitted
        The officer's role does not let them export the record.
    """
    kind = path.suffix.lower()
    if kind not in KINDS:
        raise WrongUse(f"The record is exported as {', '.join(KINDS)}: end the file's name so.")
    if not path.parent.is_dir():
        raise WrongUse(f"There is no folder {path.parent}; make it, or choose another place.")
    with desk.act(Action.EXPORT_AUDIT, form=kind.removeprefix("."), **_told(wanted)) as deed:
        found = list(_found(desk, deed, wanted))
        data = _as_file(found, kind.removeprefix("."))
        path.write_bytes(data)
        written = Export(path, len(found), hashlib.sha256(data).hexdigest())
        _note(deed, written)
    return written


def _note(deed: Deed, written: Export) -> None:
    deed.note(entries=written.entries, sha256=written.sha256)


def _told(wanted: Wanted) -> dict[str, object]:
    """Return what was asked for as the record says it; what was asked for of whom is an identifier."""
    return {f"by_{name}": str(value) for name, value in asdict(wanted).items() if value is not None}


def _found(desk: Desk, deed: Deed, wanted: Wanted) -> Iterator[Found]:
    still = _Ids(() if wanted.still is None else (wanted.still,), "#")
    person = _Ids(() if wanted.person is None else subjects.in_the_record(deed.session, wanted.person), "/")
    for line in log.lines(desk.case.directory):
        entry = line.entry
        if wanted.asks_for(entry, still, person):
            yield Found(
                entry.sequence, entry.recorded_at.isoformat().replace("+00:00", "Z"), entry.officer, entry.operation,
                entry.reason, entry.action, entry.result, json.loads(entry.details), line.carried,
            )  # fmt: skip


def _words(said: object) -> Iterator[str]:
    if isinstance(said, dict):
        for key, value in said.items():
            yield str(key)
            yield from _words(value)
    elif isinstance(said, list):
        for value in said:
            yield from _words(value)
    elif isinstance(said, str):
        yield said


def _as_file(found: list[Found], kind: str) -> bytes:
    if kind == "jsonl":
        return "".join(json.dumps(asdict(one), ensure_ascii=False) + "\n" for one in found).encode()
    import pandas as pd

    columns = list(Found.__slots__)
    rows = pd.DataFrame(
        [{**asdict(one), "details": json.dumps(one.details, ensure_ascii=False)} for one in found], columns=columns
    )
    rows["recorded_at"] = pd.to_datetime(rows["recorded_at"], utc=True)
    return tables.as_file(rows, kind)
