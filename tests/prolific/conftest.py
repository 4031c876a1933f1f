from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from stillgraph.prolific import HarmTable, harm_table
from stillgraph.records import FaceId, LinkStatus, NominalId, Offence, OffenceId, Participation, PersonId

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
