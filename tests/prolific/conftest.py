from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stillgraph.prolific import HarmTable, harm_table
from stillgraph.records import (
    LINK_STATUSES,
    PROACTIVE,
    Coded,
    FaceId,
    LinkStatus,
    LinkTable,
    NominalId,
    Offence,
    OffenceId,
    OffenceTable,
    Participation,
    PersonId,
    ProposedJoin,
)

CHI = Path(__file__).parents[2] / "data" / "reference" / "cambridge_chi.csv"


@pytest.fixture(scope="session")
def chi() -> HarmTable:
    return harm_table(CHI)


@pytest.fixture
def offence() -> Callable[..., Offence]:
    def make(ref: str, code: str = "46", day: str = "2026-06-01", pence: int = 1000, **other: str) -> Offence:
        retailer = ref.split("/", maxsplit=1)[0]
        return Offence(
            offence_id=OffenceId(ref),
            retailer_id=retailer,  # type: ignore[arg-type]
            store_id=f"{retailer}-S1",  # type: ignore[arg-type]
            occurred_at=datetime.fromisoformat(other.pop("at", f"{day}T12:00:00+00:00")).astimezone(UTC),
            offence_code=code,
            offence="",
            value_pence=pence,
            violence="none",
            method="",
            how_detected=other.pop("how", "cctv review"),
        )

    return make


@pytest.fixture
def link() -> Callable[..., Participation]:
    def make(person: str, ref: str, status: LinkStatus = LinkStatus.CORROBORATED) -> Participation:
        nominal = None if person.startswith("unknown") else NominalId(person)
        return Participation(PersonId(person), nominal, OffenceId(ref), status, (FaceId(f"{ref}#{person}"),))

    return make


@pytest.fixture(scope="session")
def linked() -> Callable[..., LinkTable]:
    return _linked


def _linked(
    links: Sequence[Participation],
    offences: Mapping[OffenceId, Offence],
    chi: HarmTable,
    joins: Iterable[tuple[str, str, float | None]] = (),
) -> LinkTable:
    """Return links as the case file gives them: one row a person and offence by the surest status, joined rows too."""
    surest: dict[tuple[str, str], int] = {}
    for one in links:
        key, status = (str(one.person_id), str(one.offence_id)), LINK_STATUSES.index(one.status)
        surest[key] = min(status, surest.get(key, status))
    known = {str(one.person_id): one.nominal_id for one in links}
    persons = sorted({person for person, _ in surest})
    ids = sorted(offences)
    rows = [(persons.index(p), ids.index(OffenceId(o)), -1, s) for (p, o), s in surest.items()]
    proposed = tuple(ProposedJoin(persons.index(a), persons.index(b), ratio, 0.7) for a, b, ratio in joins)
    for number, join in enumerate(proposed):
        rows += [
            (join.whole, offence, number, 2)
            for person, offence, own, _ in list(rows)
            if own < 0 and person == join.part
        ]
    rows.sort()
    columns = [np.array(column) for column in zip(*rows, strict=True)] if rows else [np.zeros(0)] * 4

    def coded(of: Callable[[Offence], str]) -> Coded:
        names = sorted({of(offences[one]) for one in ids})
        return Coded(tuple(names), np.array([names.index(of(offences[one])) for one in ids], dtype=np.int32))

    def column(of: Callable[[Offence], Any], kind: Any) -> Any:
        return np.array([of(offences[one]) for one in ids], dtype=kind)

    return LinkTable(
        persons=tuple(map(PersonId, persons)),
        nominal_ids=tuple(known[person] for person in persons),
        offences=OffenceTable(
            ids=tuple(ids),
            occurred_at=column(lambda o: np.datetime64(int(o.occurred_at.timestamp()), "s"), "datetime64[s]"),
            harm_days=column(lambda o: chi.harm_days(o.offence_code), np.float64),
            value_pence=column(lambda o: o.value_pence, np.int64),
            proactive=column(lambda o: o.how_detected in PROACTIVE, np.bool_),
            code=coded(lambda o: o.offence_code),
            offence=coded(lambda o: o.offence),
            retailer=coded(lambda o: o.retailer_id),
            store=coded(lambda o: o.store_id),
            borough=coded(lambda o: f"borough of {o.store_id}"),
            latitude=column(lambda _: 51.5, np.float64),
            longitude=column(lambda _: -0.1, np.float64),
        ),
        person=columns[0].astype(np.int32),
        offence=columns[1].astype(np.int32),
        status=columns[3].astype(np.int8),
        join=columns[2].astype(np.int32),
        joins=proposed,
    )
