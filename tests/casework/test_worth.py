"""What a ranking is worth, on the demonstration: against SQL over the views."""

from __future__ import annotations

import shutil
from datetime import date, timedelta

import pytest

from stillgraph import demo
from stillgraph.casework import analysing, explaining, governing, take_seat, worth
from stillgraph.casework import ranking as rankings
from stillgraph.errors import WrongUse
from stillgraph.records import Arrest, Estimate, Exposure, LinkStatus, Reading, Silence
from stillgraph.store import receipts

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


def test_of_the_demonstration_no_custody_is_known(desk):
    rows = analysing.query(
        desk,
        "SELECT person_id, count(*) AS offences, max(occurred_at)::DATE AS latest FROM person_offences "
        "WHERE status = 'corroborated' GROUP BY ALL ORDER BY latest, person_id",
    )
    report = worth.quiet(desk)
    assert [(s.person_id, s.offences, s.last_offence) for s in report.silences] == [
        (row.person_id, row.offences, row.latest) for row in rows.itertuples()
    ]
    assert report.on == date(2026, 10, 30)
    assert {s.reading for s in report.silences} == {Reading.ACTIVE, Reading.QUIET_NOT_KNOWN}
    for one in report.silences:
        assert one.silence.days == (report.on - one.last_offence).days
        assert one.silence.in_custody == 0
    assert report.contradictions == ()
    later = worth.quiet(desk, on=date(2026, 11, 20))
    assert later.notes[0].startswith("The case holds no offence after 2026-10-30")


def test_custody_that_the_records_tell_is_no_silence_and_an_offence_in_it_a_contradiction(demo_case, tmp_path):
    case = tmp_path / "case"
    shutil.copytree(demo_case, case)
    desk = demo.seat(case, demo.ANALYST)
    before = worth.quiet(desk)
    silent = next(s for s in before.silences if s.offences > 2)
    twice = next(s for s in before.silences if s.offences > 2 and s is not silent and s.first_offence < s.last_offence)
    day = timedelta(days=1)
    with desk.case.session(writing=True) as session, session.transaction():
        receipts.add_arrests(
            session,
            [
                Arrest(silent.nominal_id, silent.last_offence + day, "46", "Shoplifting", "charged",
                       custody_from=silent.last_offence + day),
                Arrest(twice.nominal_id, twice.last_offence - day, "46", "Shoplifting", "charged",
                       custody_from=twice.last_offence - day),
            ],
        )  # fmt: skip
        session.execute("UPDATE held.deliveries SET received_at = '2026-11-01' WHERE kind = 'arrests'")
    after = worth.quiet(desk)
    now = {s.person_id: s for s in after.silences}
    assert now[silent.person_id].reading is Reading.IN_CUSTODY
    assert now[silent.person_id].silence.in_custody == now[silent.person_id].silence.days - 1
    assert worth.silence_statement(now[silent.person_id]).startswith("in custody, ")
    told = [(c.person_id, c.occurred_on) for c in after.contradictions]
    assert (twice.person_id, twice.last_offence) in told
    assert now[twice.person_id].offences == twice.offences, "it is shown, and counts"
    assert {s.reading for s in before.silences if s.person_id == silent.person_id} == {Reading.QUIET_NOT_KNOWN}


def test_without_arrests_the_notes_say_so(small_case):
    report = worth.quiet(small_case.seat(), with_proposals=True)
    assert report.known_until is not None
    with small_case.seat().case.session(writing=True) as session:
        session.execute("DELETE FROM held.deliveries WHERE kind = 'arrests'")
    report = worth.quiet(small_case.seat())
    assert report.notes[0].startswith("No arrests were delivered")


@pytest.mark.parametrize(
    ("days", "reading", "said"),
    [
        (Exposure(1, 0, 1, 0), Reading.ACTIVE, "active, last offence 1 day ago"),
        (Exposure(40, 0, 40, 0), Reading.QUIET, "quiet for 40 days at liberty"),
        (Exposure(60, 20, 40, 0), Reading.QUIET, "quiet for 40 days at liberty, and 20 in custody"),
        (
            Exposure(60, 20, 30, 10),
            Reading.QUIET_NOT_KNOWN,
            "quiet for 40 days, and 20 in custody, custody not known on 10 of them",
        ),
        (Exposure(60, 59, 1, 0), Reading.IN_CUSTODY, "in custody, 59 of the 60 days since the last offence"),
    ],
)
def test_a_silence_is_said_in_words(days, reading, said):
    one = Silence(
        "P1",
        None,
        LinkStatus.CORROBORATED,
        3,
        date(2026, 1, 1),
        date(2026, 2, 1),
        reading,
        days,
        days,
        Estimate(),
        None,
    )
    assert worth.silence_statement(one) == said


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"on": date(2026, 1, 1), "since": date(2026, 2, 1)}, "A period ends on or after its first day"),
        ({"active_days": -1}, "0 days or more after an offence, not -1"),
    ],
)
def test_impossible_periods_are_refused(desk, asked, message):
    with pytest.raises(WrongUse, match=message):
        worth.quiet(desk, **asked)


LISTED = """
WITH before AS (
    SELECT person_id, count(*) AS offences FROM person_offences
    WHERE status = 'corroborated' AND occurred_at < '2026-05-10' GROUP BY ALL
), after AS (
    SELECT DISTINCT person_id FROM person_offences WHERE status = 'corroborated' AND occurred_at >= '2026-05-10'
)
SELECT person_id, offences, person_id IN (FROM after) AS active FROM before ORDER BY offences DESC
"""


def test_the_back_test_of_the_demonstration_is_that_of_sql(desk):
    rows = analysing.query(desk, LISTED)
    report = worth.back_test(desk, splits=[date(2026, 5, 10)], by=("count",), top=10)
    (split,) = report.splits
    assert (split.persons, split.insufficient) == (len(rows), None)
    tenth = rows.offences[9]
    better, equal = rows[rows.offences > tenth], rows[rows.offences == tenth]
    active = better.active.sum() + (10 - len(better)) * equal.active.mean()
    assert split.lists[0].active.value == pytest.approx(100 * active / 10)
    assert split.random_active.value == pytest.approx(100 * rows.active.mean())
    assert report.by == ("count",)
    assert f"of the 10 first by count, {split.lists[0].active.value:.0f} %" in report.statements[0]


def test_by_default_three_splits_cut_the_period_into_four(desk):
    report = worth.back_test(desk)
    assert [s.next_since for s in report.splits] == [date(2026, 2, 12), date(2026, 5, 10), date(2026, 8, 5)]
    assert report.splits[-1].next_until == date(2026, 10, 30)
    assert report.by == ("harm", "rfh", "count")
    assert [one.by for one in report.overall] == ["harm", "rfh", "count"]
    assert report.notes[0].startswith("The lists rest on the links there are today")


def test_lists_of_then_know_only_what_had_been_reviewed(demo_case, tmp_path):
    case = tmp_path / "case"
    shutil.copytree(demo_case, case)
    desk = demo.seat(case, demo.ANALYST)
    asked = {"splits": [date(2026, 8, 5)], "by": ("count",), "top": 5}
    none_then = worth.back_test(desk, as_known=True, **asked)
    (split,) = none_then.splits
    assert split.links_known == 0, "the demonstration was reviewed when it was built, after all its offences"
    assert split.insufficient.startswith("0 persons in the period of the list")
    assert none_then.statements[0] == (
        f"Split 2026-08-05: insufficient (0 persons in the period of the list, and a list of 5 needs 10 to choose from). "
        f"Of its {split.links} links 0 had been made by 2026-08-04."
    )
    with desk.case.session(writing=True) as session, session.transaction():
        session.execute("UPDATE held.judgements SET judged_at = '2026-08-04 23:00:00+00'")
    known = worth.back_test(desk, as_known=True, **asked)
    assert known.splits[0].links_known == known.splits[0].links == split.links
    assert known.splits[0].lists == worth.back_test(desk, **asked).splits[0].lists
    assert known.notes[0].startswith("The lists rest only on links that")


def test_a_back_test_is_written_with_what_it_rests_on(desk, tmp_path):
    import pandas as pd

    report = worth.back_test(desk, splits=[date(2026, 1, 1), date(2026, 5, 10)], by=("harm",))
    worth.write_back_test(report, tmp_path / "b.csv")
    written = pd.read_csv(tmp_path / "b.csv")
    assert written.by.fillna("").tolist() == ["", "harm", "count", "random"]
    assert written.insufficient[0].endswith("needs 20 to choose from")
    assert written.harm[1] == pytest.approx(report.splits[1].lists[0].harm.value)
    assert written.active_high[3] == pytest.approx(report.splits[1].random_active.high)
    assert set(written.scale) == {report.scale}
    assert set(written.review) == {"simulated review"}
    with pytest.raises(WrongUse, match="cannot be written"):
        worth.write_back_test(report, tmp_path / "no" / "b.csv")


def test_a_case_without_offences_has_no_back_test(tmp_path):
    governing.create_case(tmp_path / "case")
    desk = take_seat(tmp_path / "case", officer="desk", operation="OP", reason="test")
    governing.add_officer(desk, "desk")
    governing.open_operation(desk, "OP", purpose="tests")
    with pytest.raises(WrongUse, match="needs offences, and the case has none"):
        worth.back_test(desk)
    assert worth.quiet(desk).silences == ()


def test_recency_in_the_ranking_leaves_days_in_custody_out(demo_case, tmp_path):
    case = tmp_path / "case"
    shutil.copytree(demo_case, case)
    desk = demo.seat(case, demo.ANALYST)
    before = {s.person_id: s for s in rankings.ranking(desk, by="rfh", keep=False).standings}
    silent = next(s for s in worth.quiet(desk).silences if s.silence.days > 200)
    page = explaining.why(desk, silent.person_id, by="rfh")
    after_last = silent.last_offence + timedelta(days=1)
    with desk.case.session(writing=True) as session, session.transaction():
        held = Arrest(silent.nominal_id, after_last, "46", "Shoplifting", "charged", custody_from=after_last)
        receipts.add_arrests(session, [held])
    after = {s.person_id: s for s in rankings.ranking(desk, by="rfh", keep=False).standings}
    assert before[silent.person_id].rfh + 15 <= after[silent.person_id].rfh, "as recent as on the day of the arrest"
    assert {p: s.rfh for p, s in before.items() if p != silent.person_id} == {
        p: s.rfh for p, s in after.items() if p != silent.person_id
    }
    again = explaining.why(desk, silent.person_id, by="rfh")
    for told, standing in ((page, before[silent.person_id]), (again, after[silent.person_id])):
        assert told.place.totals["rfh"] == standing.rfh == told.standing.rfh
        assert told.place.ranks["rfh"] == standing.rank
