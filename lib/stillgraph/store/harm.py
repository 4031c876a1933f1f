"""The harm table that a case counts with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from stillgraph.store.casefile import Session


@dataclass(frozen=True, slots=True)
class HarmValue:
    """Days of harm of one offence code, and where they come from."""

    offence_code: str
    offence: str
    subgroup: str
    harm_days: float
    source: str
    version: str


def replace(session: Session, values: Sequence[HarmValue]) -> None:
    """Let the case count with these values from now on."""
    session.execute("DELETE FROM held.harm_values")
    session.append("harm_values", values)


def values(session: Session) -> tuple[HarmValue, ...]:
    """Return the values of every code, by code; none where the case has no harm table."""
    rows = session.rows(
        "SELECT offence_code, offence, subgroup, harm_days, source, version FROM held.harm_values ORDER BY offence_code"
    )
    return tuple(HarmValue(*row) for row in rows)


def without_value(session: Session) -> tuple[tuple[str, int], ...]:
    """Return the offence codes of the case that have no days of harm, with how many offences each."""
    rows = session.rows(
        "SELECT upper(trim(o.offence_code)), count(*) FROM held.offences AS o WHERE NOT EXISTS "
        "(SELECT 1 FROM held.harm_values AS h WHERE h.offence_code = upper(trim(o.offence_code))) "
        "GROUP BY ALL ORDER BY 1"
    )
    return tuple((code, int(count)) for code, count in rows)
