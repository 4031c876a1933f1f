"""The transparency report of a case: made from its record alone, written as a file, and recorded with its SHA-256."""

from __future__ import annotations

import hashlib
from datetime import date
from pathlib import Path

from stillgraph.casework import statements
from stillgraph.casework.attempts import attempted
from stillgraph.casework.desk import Deed, Desk
from stillgraph.casework.transparency_pages import WRITERS
from stillgraph.casework.wire import served
from stillgraph.errors import WrongUse
from stillgraph.governance import transparency
from stillgraph.governance.permits import Action
from stillgraph.records.transparency import TransparencyReport, TransparencyWritten
from stillgraph.store import office


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
        made = _made(deed, since, until, public=public)
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
    form = path.suffix.lower()
    writer = WRITERS.get(form)
    if writer is None:
        raise WrongUse(
            f"A transparency report is written as {', '.join(WRITERS)}, by the file's ending; name such a file, not "
            f"{path.name}."
        )
    if path.resolve().is_relative_to(desk.case.directory):
        raise WrongUse(f"{path.name} would lie inside the case; name a file in a folder of its own.")
    kind = form.removeprefix(".")
    with desk.act(Action.REPORT_TRANSPARENCY, form=kind, version=_version(public=public)) as deed:
        made = _made(deed, since, until, public=public)
        data = writer(made)
        told = TransparencyWritten(
            file=str(path), form=kind, sha256=hashlib.sha256(data).hexdigest(), bytes=len(data), public=public,
            since=made.since, until=made.until, provisional=made.provisional, sequence=made.seal.sequence,
            digest=made.seal.digest, phrase=made.seal.phrase,
        )  # fmt: skip
        deed.note(since=made.since, until=made.until, head=made.seal.sequence, provisional=made.provisional,
                  sha256=told.sha256)  # fmt: skip
        statements.put(path, data)
        return told


def _version(*, public: bool) -> str:
    return "public" if public else "internal"


def _made(deed: Deed, since: date | None, until: date | None, *, public: bool) -> TransparencyReport:
    return transparency.compiled(office.chain(deed.session), made_at=deed.at, since=since, until=until, public=public)
