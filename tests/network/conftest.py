"""Links made by hand or drawn, for the measures of the network."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from stillgraph.records import (
    LINK_STATUSES,
    Coded,
    LinkStatus,
    LinkTable,
    NominalId,
    OffenceId,
    OffenceTable,
    PersonId,
    ProposedJoin,
)

Row = tuple[str, int] | tuple[str, int, LinkStatus]
Table = Callable[..., LinkTable]


def table(
    rows: Sequence[Row],
    *,
    joins: Sequence[tuple[str, str]] = (),
    harm: dict[int, float] | None = None,
    proactive: Sequence[int] = (),
    days: dict[int, int] | None = None,
) -> LinkTable:
    """Return links of (person, offence number[, status]); offences are a day apart, of one day's harm and 100 n pence."""
    own = {(row[0], row[1]): row[2] if len(row) > 2 else LinkStatus.CORROBORATED for row in rows}
    persons = sorted({person for person, _ in own})
    offences = sorted({offence for _, offence in own})
    all_rows = [(person, offence, status, -1) for (person, offence), status in own.items()]
    for number, (part, whole) in enumerate(joins):
        all_rows += [(whole, offence, LinkStatus.UNKNOWN, number) for person, offence in own if person == part]
    all_rows.sort(key=lambda row: (row[0], row[1], row[3]))
    many = len(offences)
    none = Coded(("x",), np.zeros(many, np.int32))
    day = np.datetime64("2026-01-01", "s")
    done = OffenceTable(
        ids=tuple(OffenceId(f"R/{n:04d}") for n in offences),
        occurred_at=np.array([day + np.timedelta64((days or {}).get(n, n), "D") for n in offences], "datetime64[s]"),
        harm_days=np.array([(harm or {}).get(n, 1.0) for n in offences]),
        value_pence=np.array([100 * n for n in offences], np.int64),
        proactive=np.array([n in proactive for n in offences], np.bool_),
        code=none, offence=none, retailer=none, store=none, borough=none,
        latitude=np.zeros(many), longitude=np.zeros(many),
    )  # fmt: skip
    return LinkTable(
        persons=tuple(PersonId(person) for person in persons),
        nominal_ids=tuple(NominalId(person) if person.startswith("N") else None for person in persons),
        offences=done,
        person=np.array([persons.index(row[0]) for row in all_rows], np.int32),
        offence=np.array([offences.index(row[1]) for row in all_rows], np.int32),
        status=np.array([LINK_STATUSES.index(row[2]) for row in all_rows], np.int8),
        join=np.array([row[3] for row in all_rows], np.int32),
        joins=tuple(ProposedJoin(persons.index(part), persons.index(whole), 10.0, 0.5) for part, whole in joins),
    )


@pytest.fixture(name="table", scope="session")
def _table() -> Table:
    return table
