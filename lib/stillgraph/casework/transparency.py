"""The transparency report of a case: made from its record alone, written as a file, and recorded with its SHA-256."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from stillgraph.casework import checking_record, exporting, recording
from stillgraph.casework.attempts import attempted
from stillgraph.casework.desk import Deed, Desk, now
from stillgraph.casework.transparency_pages import WRITERS
from stillgraph.casework.wire import served
from stillgraph.errors import AuditBroken, WrongUse
from stillgraph.governance import log, periods, transparency
from stillgraph.governance.permits import Action
from stillgraph.records import AuditEntry
from stillgraph.records.transparency import TransparencyReport, TransparencyWritten
from stillgraph.store import office


@served
def report(
    desk: Desk, *, since: date | None = None, until: date | None = None, public: bool = True
) -> TransparencyReport:
    """Return the transparency report of a period as a value; asking for it is recorded, as :func:`write` is.

    Parameters
    ----------
    since, until
        First and last day, both within. The public's is one calendar quarter, the last that has ended unless given;
        the internal one begins with the record and ends today unless given.
    public
        Whether small counts are withheld, and operations, officers and attempts left out.

    Raises
    ------
    AuditBroken
        The record does not hold.
    WrongUse
        The period makes no sense, or is not one that the public's report may be of.
    """
    with desk.act(Action.REPORT_TRANSPARENCY, form="value", version=_version(public=public)) as deed:
        made = of_deed(desk, deed, since=since, until=until, public=public)
        deed.note(since=made.since, until=made.until, head=made.seal.sequence, provisional=made.provisional)
        return made


@served(writes=("path",))
@attempted(Action.REPORT_TRANSPARENCY)
def write(
    desk: Desk, path: Path, *, since: date | None = None, until: date | None = None, public: bool = True
) -> TransparencyWritten:
    """Write a transparency report as HTML, PDF or JSON, by the file's ending, and record it with the file's SHA-256.

    The same record, period and time make the same bytes.

    Parameters
    ----------
    since, until, public
        As in :func:`report`.

    Raises
    ------
    AuditBroken
        The record does not hold.
    WrongUse
        As in :func:`report`; or the ending stands for no form, or the file lies inside the case or cannot be written.
    """
    writer = _writer(path)
    if path.resolve().is_relative_to(desk.case.directory):
        raise WrongUse(f"{path.name} would lie inside the case; name a file in a folder of its own.")
    form = path.suffix.lower().removeprefix(".")
    with desk.act(Action.REPORT_TRANSPARENCY, form=form, version=_version(public=public)) as deed:
        made = of_deed(desk, deed, since=since, until=until, public=public)
        data = writer(made)
        told = _told(made, path, data)
        deed.note(since=made.since, until=made.until, head=made.seal.sequence, provisional=made.provisional,
                  sha256=told.sha256)  # fmt: skip
        exporting.put(path, data)
        return told


def write_from_log(
    audit_log: Path,
    path: Path,
    *,
    since: date | None = None,
    until: date | None = None,
    public: bool = True,
    clock: Callable[[], datetime] = now,
) -> TransparencyWritten:
    """Write the report from the audit log alone, without the case: for whoever holds the log to look into it.

    Nothing is permitted or recorded, as there is no case to do it in. Each entry is checked to follow from the one
    before; that nobody wrote the whole log anew is seen only with the case's key, by ``stillgraph audit verify``, or by
    an earlier head that was kept.

    Raises
    ------
    AuditBroken, WrongUse
        As in :func:`write`; or there is no log at that place.
    """
    writer = _writer(path)
    if not audit_log.is_file():
        raise WrongUse(f"There is no audit log {audit_log.name}; name the file log.jsonl of a case, or a copy of it.")
    entries = [line.entry for line in log.read(audit_log)]
    made = transparency.compiled(
        entries, made_at=clock(), since=since, until=until, public=public, phrase=checking_record.phrase_of(entries)
    )
    data = writer(made)
    exporting.put(path, data)
    return _told(made, path, data)


@dataclass(frozen=True, slots=True)
class PublicPage:
    """The public's report of a quarter, and the quarters there are, newest first, by their first and last day."""

    report: TransparencyReport
    quarters: tuple[tuple[date, date], ...]


@served
def page(desk: Desk, quarter: date | None = None) -> PublicPage:
    """Return what the public may read of a quarter, to be looked at: the numbers that :func:`write` puts in a file.

    Parameters
    ----------
    quarter
        A day in it; the last that has ended, or the one now in a younger case, unless given.

    Raises
    ------
    AuditBroken, WrongUse
        As in :func:`report`.
    """
    first, last = (None, None) if quarter is None else periods.quarter(quarter)
    with desk.act(Action.VIEW, what="transparency report") as deed:
        entries, checked = _entries(desk, deed)
        made = transparency.compiled(entries, made_at=deed.at, since=first, until=last, checked=checked,
                                     phrase=checking_record.phrase_of(entries))  # fmt: skip
        began = entries[0].recorded_at.astimezone(UTC).date()
        return PublicPage(made, tuple(reversed(periods.quarters(began, deed.at.date()))))


def of_deed(
    desk: Desk, deed: Deed, *, since: date | None = None, until: date | None = None, public: bool = True
) -> TransparencyReport:
    """Return the report as a step of another action, which records it."""
    entries, checked = _entries(desk, deed)
    return transparency.compiled(
        entries,
        made_at=deed.at,
        since=since,
        until=until,
        public=public,
        checked=checked,
        phrase=checking_record.phrase_of(entries),
    )


def _entries(desk: Desk, deed: Deed) -> tuple[Sequence[AuditEntry], str]:
    """Return the entries of the log outside the case file, held to the case's key and head, and what was checked.

    A case of before there was a log has them in the case file alone.
    """
    held, key = office.chain(deed.session), recording.key_of(deed.session, desk.case.directory)
    lines = list(log.lines(desk.case.directory))
    if key is None or not lines:
        return held, transparency.CHAINED
    for line in lines:
        if not line.holds(key):
            raise AuditBroken(
                f"Line {line.entry.sequence} of the audit log was not written by this case, so no report is made from "
                "it; `stillgraph audit verify` says what is wrong."
            )
    if not held or lines[-1].entry.digest != held[-1].digest:
        raise AuditBroken(
            "The audit log and the case file end with different entries, so no report is made from either; "
            "`stillgraph audit verify` says what is wrong."
        )
    return [line.entry for line in lines], transparency.KEYED


def _version(*, public: bool) -> str:
    return "public" if public else "internal"


def _writer(path: Path) -> Callable[[TransparencyReport], bytes]:
    writer = WRITERS.get(path.suffix.lower())
    if writer is None:
        raise WrongUse(
            f"A transparency report is written as {', '.join(WRITERS)}, by the file's ending; name such a file, not "
            f"{path.name}."
        )
    return writer


def _told(made: TransparencyReport, path: Path, data: bytes) -> TransparencyWritten:
    return TransparencyWritten(
        file=str(path), form=path.suffix.lower().removeprefix("."), sha256=hashlib.sha256(data).hexdigest(),
        bytes=len(data), public=made.public, since=made.since, until=made.until, provisional=made.provisional,
        sequence=made.seal.sequence, digest=made.seal.digest, phrase=made.seal.phrase,
    )  # fmt: skip
