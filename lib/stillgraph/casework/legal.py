"""The table of legal bases that a case's operations rest on: shipped with Stillgraph, replaced by an officer."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

from stillgraph.casework.desk import Desk
from stillgraph.casework.shipped import shipped
from stillgraph.casework.wire import served
from stillgraph.errors import ManifestError, NotFound, WrongUse
from stillgraph.governance.permits import Action
from stillgraph.store import Session, office

BASES = "data/reference/legal_bases.csv"
COLUMNS = ("code", "basis", "law", "condition", "source", "version")
MOST_BYTES = 200_000


@dataclass(frozen=True, slots=True)
class LegalBasis:
    """One basis in law; ``code`` is what an operation names it by."""

    code: str
    basis: str
    law: str
    condition: str
    source: str
    version: str


def bases(session: Session) -> tuple[LegalBasis, ...]:
    """Return the bases of a case, the shipped ones unless an officer replaced them. For use inside an action."""
    kept = office.setting(session, office.LEGAL_BASES)
    return _read(shipped(BASES).read_text(encoding="utf-8") if kept is None else kept)


def check(session: Session, code: str) -> str:
    """Return a basis's code as its table writes it. For use inside an action.

    Raises
    ------
    WrongUse
        The table has no such basis.
    """
    known = {one.code.casefold(): one.code for one in bases(session)}
    if code.casefold() not in known:
        raise WrongUse(
            f"There is no legal basis of that code; there are {', '.join(known.values())} "
            "(`stillgraph case operation bases`)."
        )
    return known[code.casefold()]


@served
def show(desk: Desk) -> tuple[LegalBasis, ...]:
    """Return the legal bases that the case's operations may rest on."""
    with desk.act(Action.LIST_OFFICES, what="legal bases") as deed:
        return bases(deed.session)


@served
def replace(desk: Desk, path: Path) -> tuple[LegalBasis, ...]:
    """Let operations opened from now on rest on the bases of another table; those before keep what they state.

    Raises
    ------
    NotFound, ManifestError
        There is no such file, or it is no table of legal bases.
    """
    with desk.act(Action.SET_POLICY, what="legal bases", file=path.name) as deed:
        if not path.is_file():
            raise NotFound(f"There is no file {path.name}; give a table like {BASES}.")
        if path.stat().st_size > MOST_BYTES:
            raise ManifestError(f"A table of legal bases has at most {MOST_BYTES:,} bytes; give a shorter one.")
        try:
            text = path.read_bytes().decode("utf-8-sig")
        except UnicodeDecodeError:
            raise ManifestError("A table of legal bases is CSV in UTF-8; save it so.") from None
        found = _read(text)
        office.set_setting(deed.session, office.LEGAL_BASES, text)
        deed.note(source=found[0].source, version=found[0].version, codes=[one.code for one in found])
        return found


def _read(text: str) -> tuple[LegalBasis, ...]:
    try:
        rows = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
    except csv.Error:
        rows = []
    if not rows or any(
        set(row) != set(COLUMNS) or not all((cell or "").strip() for cell in row.values()) for row in rows
    ):
        raise ManifestError(
            f"A table of legal bases has one row or more, and the columns {', '.join(COLUMNS)}, none of them empty."
        )
    found = tuple(LegalBasis(**{name: row[name].strip() for name in COLUMNS}) for row in rows)
    if len({one.code.casefold() for one in found}) < len(found) or len({(o.source, o.version) for o in found}) > 1:
        raise ManifestError("A table of legal bases has each code once, and one source and version in all rows.")
    return found
