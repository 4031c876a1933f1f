"""What a ranking is worth, on the demonstration: against SQL over the views."""

from __future__ import annotations

from datetime import date

import pytest

from stillgraph import demo
from stillgraph.casework import analysing, worth
from stillgraph.casework import ranking as rankings
from stillgraph.errors import WrongUse

BY_STORE = """
SELECT s.store_id, count(o.offence_id) AS offences, coalesce(sum(o.value_pence), 0)::BIGINT AS pence
FROM stores AS s LEFT JOIN offences AS o ON o.store_id = s.store_id AND o.occurred_at < '2026-06-01'
GROUP BY ALL ORDER BY offences DESC
"""
BY_PERSON = """
SELECT person_id, count(*) AS offences, sum(value_pence)::BIGINT AS pence FROM person_offences
WHERE status = 'corroborated' GROUP BY ALL ORDER BY pence DESC
"""


@pytest.fixture
def desk(demo_case):
    return demo.seat(demo_case, demo.ANALYST)


def test_stores_without_an_offence_are_units_and_totals_are_those_of_sql(desk):
    rows = analysing.query(desk, BY_STORE)
    report = worth.concentration(desk, of="stores", by="count", until=date(2026, 5, 31))
    found = report.found
    assert (found.units, found.units_with_any) == (51, int((rows.offences > 0).sum()))
    assert found.units_with_any < 51
    assert found.total == found.events == rows.offences.sum()
    assert found.shares[1].units == 5
    assert found.shares[1].percent.value == pytest.approx(100 * rows.offences[:5].sum() / rows.offences.sum())
    assert any(f"{51 - found.units_with_any} of them without an offence" in note for note in report.notes)


@pytest.mark.parametrize(("of", "units"), [("retailers", 12), ("boroughs", 19)])
def test_too_few_units_have_figures_and_no_interval(desk, of, units):
    report = worth.concentration(desk, of=of)
    assert report.found.units == units
    assert (report.found.gini.value is None, report.found.gini.low) == (False, None)
    assert "(insufficient for an interval)" in report.statement
    assert any(note.startswith("Insufficient for intervals") for note in report.notes)


def test_persons_are_those_with_a_corroborated_link_unless_proposals_count(desk):
    rows = analysing.query(desk, BY_PERSON)
    found = worth.concentration(desk, by="value").found
    assert (found.units, found.total) == (len(rows), rows.pence.sum())
    assert found.few[1].units == (rows.pence.cumsum() < 0.8 * rows.pence.sum()).sum() + 1
    with_proposals = worth.concentration(desk, by="value", with_proposals=True)
    assert with_proposals.found.units > found.units
    assert "Links that nobody has corroborated count too." in with_proposals.notes


def test_the_concentration_of_the_ranking_is_the_same(desk):
    ranked = rankings.ranking(desk).concentration
    found = worth.concentration(desk).found
    assert (ranked.persons, ranked.gini) == (found.units, pytest.approx(found.gini.value))
    assert ranked.top_10_percent_share == pytest.approx(found.shares[5].percent.value)


def test_the_statement_has_its_numbers(desk):
    report = worth.concentration(desk, of="stores")
    few = report.found.few[1]
    assert (
        f"{few.units} of 51 stores ({100 * few.units / 51:.1f} %; 95 %: {few.low} to {few.high}) account for 80 % of the "
        "harm" in report.statement
    )
    assert report.simulated


def test_an_empty_period_says_so(desk):
    report = worth.concentration(desk, until=date(2020, 1, 1))
    assert report.statement == "Concentration: too little to state (0 persons, 0 offences)."
    assert report.found.shares == ()


def test_an_unknown_unit_is_refused(desk):
    with pytest.raises(
        WrongUse, match="Concentration is of persons, stores, retailers, boroughs, by harm, count, value"
    ):
        worth.concentration(desk, of="cars")
