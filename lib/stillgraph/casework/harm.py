"""The harm table a case counts with: shipped with Stillgraph, replaced by an officer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stillgraph.casework.desk import Desk
from stillgraph.casework.shipped import shipped
from stillgraph.casework.wire import served
from stillgraph.governance.permits import Action
from stillgraph.store import Session
from stillgraph.store import harm as harm_store

if TYPE_CHECKING:
    from stillgraph.prolific import HarmTable

HARM_TABLE = "data/reference/cambridge_chi.csv"


@dataclass(frozen=True, slots=True)
class HarmReport:
    """The harm table of a case; ``without_value`` are codes of its offences that it lacks, with their offences."""

    source: str
    version: str
    codes: int
    replaced: bool
    without_value: tuple[tuple[str, int], ...]
    values: tuple[harm_store.HarmValue, ...]


def harm_table(session: Session) -> HarmTable:
    """Return the harm table that a case counts with. For use inside an action."""
    from stillgraph import prolific

    values = harm_store.values(session)
    first = values[0] if values else None
    return prolific.HarmTable(
        source="no harm table" if first is None else first.source,
        version="none" if first is None else first.version,
        days={value.offence_code: value.harm_days for value in values},
        file="the harm table of the case (`stillgraph case harm CASE FILE`)",
        offences={value.offence_code: value.offence for value in values},
        subgroups={value.offence_code: value.subgroup for value in values},
    )


def give_shipped(session: Session) -> None:
    """Give a case the shipped table, unless it has one already."""
    if not harm_store.values(session):
        harm_store.replace(session, _read(shipped(HARM_TABLE)))


@served
def show(desk: Desk) -> HarmReport:
    """Return the harm table of a case, and which codes of its offences it lacks."""
    with desk.act(Action.VIEW, what="harm table") as deed:
        return _report(deed.session, replaced=False)


@served
def replace(desk: Desk, path: Path) -> HarmReport:
    """Let the case count with another harm table from now on; rankings made before keep the figures they had.

    Raises
    ------
    NotFound, ManifestError
        There is no such file, or it is no harm table.
    """
    with desk.act(Action.SET_HARM, file=path.name) as deed:
        before, new = harm_table(deed.session), _read(path)
        harm_store.replace(deed.session, new)
        report = _report(deed.session, replaced=True)
        deed.note(
            source=report.source, version=report.version, codes=report.codes,
            before={"source": before.source, "version": before.version, "codes": len(before.days)},
        )  # fmt: skip
        return report


def _read(path: Path) -> tuple[harm_store.HarmValue, ...]:
    from stillgraph import prolific

    table = prolific.harm_table(path)
    return tuple(
        harm_store.HarmValue(code, table.offences[code], table.subgroups[code], days, table.source, table.version)
        for code, days in sorted(table.days.items())
    )


def _report(session: Session, *, replaced: bool) -> HarmReport:
    values, table = harm_store.values(session), harm_table(session)
    return HarmReport(table.source, table.version, len(values), replaced, harm_store.without_value(session), values)
