"""What persons, stores, retailers and boroughs add up to, offence by offence."""

from __future__ import annotations

import numpy as np
import pytest

from stillgraph.errors import WrongUse
from stillgraph.prolific import unit_totals
from stillgraph.records import Coded, LinkTable, OffenceTable


@pytest.fixture
def table() -> LinkTable:
    """Two persons, the second perhaps the first; four offences at three stores, one of them nobody's."""
    store = Coded(("S1", "S2", "S4"), np.array([0, 0, 1, 2], dtype=np.int32))
    offences = OffenceTable(
        ("R/1", "R/2", "R/3", "R/4"), np.array(["2026-01-01"] * 4, dtype="datetime64[s]"),
        np.array([1.0, 365.0, 0.0, 10.0]), np.array([100, 0, 300, 400]), np.array([True, False, False, False]),
        store, store, Coded(("R1", "R2"), np.array([0, 0, 0, 1], dtype=np.int32)), store,
        Coded(("Camden",), np.zeros(4, dtype=np.int32)), np.zeros(4), np.zeros(4),
    )  # fmt: skip
    rows = np.array([[0, 0, -1], [0, 1, -1], [0, 2, 0], [1, 0, -1], [1, 2, -1]], dtype=np.int32)
    return LinkTable(
        ("P1", "P2"), (None, None), offences, rows[:, 0], rows[:, 1], np.zeros(5, dtype=np.int8), rows[:, 2], ()
    )


@pytest.mark.parametrize(
    ("of", "by", "values", "events"),
    [
        ("persons", "count", [2, 2], [2, 2]),  # a machine's proposal that they are one counts for neither
        ("persons", "harm", [366, 1], [2, 1]),  # an offence whole for each, and one without harm is no event of it
        ("persons", "value", [100, 400], [1, 2]),
        ("stores", "count", [2, 1, 0, 1], [2, 1, 0, 1]),  # each offence once, and S3 without any
        ("stores", "harm", [366, 0, 0, 10], [2, 0, 0, 1]),
        ("retailers", "value", [400, 400], [2, 1]),
        ("boroughs", "count", [4], [4]),
    ],
)
def test_each_unit_adds_up_to_its_own(table, of, by, values, events) -> None:
    known = ("S3", "S1") if of == "stores" else ()
    found, made_of = unit_totals(table, of, by, known=known, include_proactive=True)
    assert found.tolist() == values
    assert made_of.tolist() == events


def test_proactive_offences_can_be_left_out_of_harm_alone(table) -> None:
    assert unit_totals(table, "persons", "harm")[0].tolist() == [365, 0]
    assert unit_totals(table, "persons", "value")[0].tolist() == [100, 400]


@pytest.mark.parametrize(("of", "by"), [("dogs", "harm"), ("persons", "rfh")])
def test_other_units_and_measures_are_refused(table, of, by) -> None:
    with pytest.raises(WrongUse, match=f"not of {of} by {by}"):
        unit_totals(table, of, by)
