"""Days in custody, at liberty and not known, day by day; and what a silence can be said to be."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillgraph.prolific import (
    contradictions,
    custody_table,
    day_number,
    days_at_liberty,
    exposures,
    in_custody,
    silences,
)
from stillgraph.records import Arrest, Coded, LinkStatus, LinkTable, OffenceTable, Reading

START = date(2026, 1, 1)
UNTIL = START + timedelta(days=60)


def arrest(
    nominal: str, on: int, disposed: int | None = None, held: int | None = None, out: int | None = None
) -> Arrest:
    days = [None if day is None else START + timedelta(days=day) for day in (on, disposed, held, out)]
    return Arrest(nominal, days[0], "46", "Shoplifting", "convicted", *days[1:])


def links(offences: list[tuple[int, int]], nominals: list[str | None], statuses: list[int] | None = None) -> LinkTable:
    """Return links of (person, day) pairs, an offence each."""
    ordered = sorted(range(len(offences)), key=lambda i: offences[i])
    count = len(offences)
    text = Coded(("x",), np.zeros(count, dtype=np.int32))
    days = np.array([np.datetime64(START) + offences[i][1] for i in range(count)], dtype="datetime64[s]")
    table = OffenceTable(
        tuple(f"R/{i:03}" for i in range(count)), days, np.ones(count), np.ones(count, dtype=np.int64),
        np.zeros(count, dtype=bool), text, text, text, text, text, np.zeros(count), np.zeros(count),
    )  # fmt: skip
    status = np.zeros(count, dtype=np.int8) if statuses is None else np.array(statuses, dtype=np.int8)[ordered]
    return LinkTable(
        tuple(f"P{i}" for i in range(len(nominals))), tuple(nominals), table,
        np.array([offences[i][0] for i in ordered], dtype=np.int32), np.array(ordered, dtype=np.int32), status,
        np.full(count, -1, dtype=np.int32), (),
    )  # fmt: skip


def by_hand(nominal: str | None, arrests: list[Arrest], known_until: date | None, day: date) -> str:
    """Say what one day of one person is, by the rules as they are written."""
    own = [a for a in arrests if a.nominal_id == nominal]
    if known_until is None or nominal is None or not own or day > known_until:
        return "not known"
    for one in own:
        if one.custody_from is not None and one.custody_from < day < (one.released_on or date.max):
            return "in custody"
    for one in own:
        if one.disposed_on is None and one.custody_from is None and day > one.arrested_on:
            later = [a.arrested_on for a in own if a.arrested_on > one.arrested_on]
            if not later or day < min(later):
                return "not known"
    return "at liberty"


@st.composite
def records(draw) -> list[Arrest]:
    made = []
    for _ in range(draw(st.integers(0, 8))):
        on = draw(st.integers(-20, 50))
        held = draw(st.none() | st.integers(on, on + 30))
        out = (
            None
            if held is None
            else draw(st.none() | st.integers(held, min(held + 40, 60)) if held <= 60 else st.none())
        )
        made.append(arrest(draw(st.sampled_from(["N1", "N2", "N9"])), on, draw(st.none() | st.just(on)), held, out))
    return made


NOMINALS = ["N1", None, "N2", "N3"]


@given(records(), st.none() | st.just(UNTIL), st.integers(-25, 70), st.integers(-1, 60))
def test_every_day_is_what_the_rules_say_of_it(arrests, known_until, first, length) -> None:
    custody = custody_table(NOMINALS, arrests, known_until=known_until)
    begin, end = START + timedelta(days=first), START + timedelta(days=first + length)
    days, held, free, unknown = exposures(custody, np.arange(4), day_number(begin), day_number(end))
    for person, nominal in enumerate(NOMINALS):
        told = [by_hand(nominal, arrests, known_until, begin + timedelta(days=n)) for n in range(length + 1)]
        assert days[person] == len(told)
        assert (held[person], free[person], unknown[person]) == tuple(
            told.count(what) for what in ("in custody", "at liberty", "not known")
        )
        today = by_hand(nominal, arrests, known_until, begin)
        assert in_custody(custody, person, day_number(begin)) == (today == "in custody")
        since = days_at_liberty(custody, person, day_number(begin) - 1, day_number(end))
        assert since == len(told) - told.count("in custody")


def test_the_first_and_last_day_of_custody_count_as_at_liberty() -> None:
    custody = custody_table(["N1"], [arrest("N1", 1, 2, 2, 5)], known_until=UNTIL)
    days = day_number(START) + np.arange(8)
    assert in_custody(custody, 0, days).tolist() == [False, False, False, True, True, False, False, False]


def test_an_arrest_without_dates_says_nothing_until_the_next() -> None:
    custody = custody_table(["N1"], [arrest("N1", 0), arrest("N1", 10, disposed=12)], known_until=UNTIL)
    assert [int(part) for part in exposures(custody, 0, day_number(START), day_number(START) + 20)] == [21, 0, 12, 9]


def test_somebody_held_still_is_in_custody_to_the_end_of_the_records_and_not_known_after() -> None:
    custody = custody_table(["N1"], [arrest("N1", 0, held=0)], known_until=START + timedelta(days=10))
    assert [int(part) for part in exposures(custody, 0, day_number(START), day_number(START) + 20)] == [21, 10, 1, 10]


def reading(nominals, offences, arrests, on=60, **asked):
    table = links(offences, nominals)
    custody = custody_table(nominals, arrests, known_until=UNTIL)
    return silences(table, custody, on=START + timedelta(days=on), since=START, **asked)


def test_somebody_in_custody_is_not_quiet() -> None:
    (one,) = reading(["N1"], [(0, 0), (0, 3)], [arrest("N1", 4, 4, 4)])
    assert one.reading is Reading.IN_CUSTODY
    assert (one.silence.days, one.silence.in_custody, one.silence.at_liberty) == (57, 56, 1)


def test_time_in_custody_does_not_make_somebody_quiet() -> None:
    # Out for ten days after forty-six in custody: eleven days at liberty, so as active as the next.
    held = [arrest("N1", 4, 4, 4, 50)]
    (one,) = reading(["N1"], [(0, 0), (0, 3)], held)
    assert (one.reading, one.silence.in_custody, one.silence.at_liberty) == (Reading.ACTIVE, 45, 12)
    (one,) = reading(["N1"], [(0, 0), (0, 3)], held, active_days=11)
    assert one.reading is Reading.QUIET
    (one,) = reading(["N1"], [(0, 0), (0, 3)], [])
    assert (one.reading, one.silence.not_known) == (Reading.QUIET_NOT_KNOWN, 57)
    (one,) = reading([None], [(0, 0), (0, 3)], held)
    assert one.reading is Reading.QUIET_NOT_KNOWN


def test_silences_are_of_offences_by_the_day_and_the_longest_comes_first() -> None:
    found = reading(["N1", "N2"], [(0, 9), (0, 50), (1, 5), (1, 7)], [], on=20)
    assert [(one.person_id, one.offences, one.last_offence.day) for one in found] == [("P1", 2, 8), ("P0", 1, 10)]
    assert reading(["N1"], [(0, 9)], [], on=5) == ()


def test_a_rate_needs_three_offences_and_leaves_custody_out() -> None:
    two, three = reading(["N1", "N2"], [(0, 0), (0, 10), (1, 0), (1, 10), (1, 20)], [], on=60)
    assert (two.per_30_days.value, two.chance) == (None, None)
    assert three.per_30_days.value == pytest.approx(3)
    assert three.chance == pytest.approx((20 / 60) ** 2)
    held = [arrest("N2", 1, 1, 1, 12)]
    (one,) = reading(["N2"], [(0, 0), (0, 15), (0, 20)], held, on=30)
    assert one.per_30_days.value == pytest.approx(30 * 2 / 10), "ten of the twenty days between were in custody"


def test_rates_cover_and_chances_are_even_for_people_who_go_on_as_before() -> None:
    rng = np.random.default_rng(3)
    people, gaps = 2000, 5
    when = np.cumsum(np.ceil(rng.exponential(100, (people, gaps + 1))), axis=1).astype(int)  # days, so about every 100
    quiet = np.ceil(rng.exponential(100, people)).astype(int)
    # Every next offence falls on one day, so that each is looked at just when theirs comes.
    last = int((when[:, -1] + quiet).max())
    when += (last - quiet - when[:, -1])[:, None]
    offences = [(person, int(day)) for person in range(people) for day in when[person]]
    custody = custody_table([None] * people, [], known_until=None)
    found = silences(links(offences, [None] * people), custody, on=START + timedelta(days=last), since=START)
    covered = [one.per_30_days.low <= 30 / 100.5 <= one.per_30_days.high for one in found]
    assert 0.935 <= np.mean(covered) <= 0.965
    assert np.quantile([one.chance for one in found], [0.05, 0.5, 0.95]) == pytest.approx([0.05, 0.5, 0.95], abs=0.025)


def test_an_offence_in_custody_is_shown_as_a_contradiction() -> None:
    table = links([(0, 3), (0, 10), (1, 10), (0, 58)], ["N1", "N2"])
    custody = custody_table(["N1", "N2"], [arrest("N1", 4, 4, 4, 20), arrest("N1", 55, held=55)], known_until=UNTIL)
    told = [
        (c.person_id, c.offence_id, c.occurred_on, c.custody_from, c.released_on)
        for c in contradictions(table, custody)
    ]
    assert told == [
        ("P0", "R/001", date(2026, 1, 11), date(2026, 1, 5), date(2026, 1, 21)),
        ("P0", "R/003", date(2026, 2, 28), date(2026, 2, 25), None),
    ]
    (silent, *_) = silences(table, custody, on=UNTIL, since=START)
    assert silent.offences == 1
    assert next(s for s in silences(table, custody, on=UNTIL, since=START) if s.person_id == "P0").offences == 3


def test_the_least_sure_link_is_the_status() -> None:
    table = links([(0, 1), (0, 2)], ["N1"], statuses=[0, 2])
    (one,) = silences(table, custody_table(["N1"], [], known_until=None), on=UNTIL, since=START)
    assert one.status is LinkStatus.UNKNOWN
