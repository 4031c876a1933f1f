"""When a link was made: the last judgement or standing ruling of the first of its faces."""

from __future__ import annotations

import numpy as np
import pytest

from stillgraph.store import links
from stillgraph.store.known import links_known

FACE, OTHER = "R08/R08_0002.jpg#1", "R08/R08_0033.jpg#1"


@pytest.fixture
def known_of(small_case):
    """Return a function that gives the day of each link, by person and offence."""
    from stillgraph.casework import linking

    def of() -> dict[tuple[str, str], str]:
        linking.link(small_case.seat())
        with small_case.seat().case.session(writing=False) as session:
            codes = [row[0] for row in session.rows("SELECT DISTINCT upper(trim(offence_code)) FROM offences")]
            table = links.links(session, dict.fromkeys(codes, 1.0), with_proposals=True)
            known = links_known(session, table)
        assert known.shape == table.person.shape
        return {
            (table.persons[person], table.offences.ids[offence]): str(day)
            for person, offence, join, day in zip(table.person, table.offence, table.join, known, strict=True)
            if join < 0
        }

    return of


def test_a_link_by_likeness_alone_has_no_day_and_one_by_review_that_of_the_last_judgement(small_case, known_of):
    assert set(known_of().values()) == {"NaT"}
    for officer in ("first", "second"):
        small_case.judge(officer, FACE, "N314959")
    with small_case.seat().case.session(writing=True) as session, session.transaction():
        session.execute("UPDATE held.judgements SET judged_at = '2026-03-01 09:00:00+00' WHERE officer_id = 'first'")
        session.execute("UPDATE held.judgements SET judged_at = '2026-03-04 09:00:00+00' WHERE officer_id = 'second'")
    told = known_of()
    dated = {link: day for link, day in told.items() if day != "NaT"}
    assert set(dated.values()) == {"2026-03-04"}
    assert {person for person, _ in dated} == {"N314959"}


def test_a_link_by_a_ruling_has_its_day_until_it_is_taken_back(small_case, known_of):
    from stillgraph.casework import linking

    desk = small_case.seat()
    act = linking.rule(desk, [FACE, OTHER], "same").act
    with desk.case.session(writing=True) as session, session.transaction():
        session.execute("UPDATE held.rulings SET ruled_at = '2026-03-07 09:00:00+00'")
    told = known_of()
    assert sorted(day for day in told.values() if day != "NaT") == ["2026-03-07"] * 2
    linking.undo(desk, act)
    assert set(known_of().values()) == {"NaT"}


def test_links_of_nobody_have_no_days(open_case):
    with open_case.session(writing=False) as session:
        known = links_known(session, links.links(session, {}))
    assert known.dtype == np.dtype("datetime64[D]")
    assert len(known) == 0
