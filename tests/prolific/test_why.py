"""What a link brings, and what would change a place, against ranking again from other links."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillgraph.errors import NotFound
from stillgraph.prolific import MEASURES, WorldSettings, rank
from stillgraph.prolific import why as reasons
from stillgraph.records import (
    LINK_STATUSES,
    Coded,
    LinkStatus,
    LinkTable,
    Offence,
    OffenceId,
    OffenceTable,
    PersonId,
    ProposedJoin,
)

CODES = ("46", "34A", "8N", "30C")
PEOPLE = ("A", "B", "C", "D", "E", "F")


def offence(number: int) -> Offence:
    """Return a made-up offence; some share their day, class and value, so that places are shared too."""
    return Offence(
        offence_id=OffenceId(f"R01/{number:02}"), retailer_id="R01", store_id="R01-S1",
        occurred_at=datetime(2026, 1 + number % 9, 1 + number, 12, tzinfo=UTC), offence_code=CODES[number % 5 % 4],
        offence="", value_pence=1000 * (number % 4), violence="none", method="",
        how_detected="store detective" if number % 6 == 0 else "cctv review",
    )  # fmt: skip


OFFENCES = {o.offence_id: o for o in map(offence, range(12))}


def table(links: dict[tuple[str, int], LinkStatus], joins: tuple[ProposedJoin, ...], harm) -> LinkTable:
    persons = tuple(sorted({person for person, _ in links}))
    rows = sorted((persons.index(p), n, LINK_STATUSES.index(s)) for (p, n), s in links.items())
    done = list(OFFENCES.values())
    blank = Coded(("",), np.zeros(len(done), dtype=np.int32))
    return LinkTable(
        persons=tuple(map(PersonId, persons)), nominal_ids=(None,) * len(persons),
        offences=OffenceTable(
            ids=tuple(OFFENCES), occurred_at=np.array([o.occurred_at.replace(tzinfo=None) for o in done], "datetime64[s]"),
            harm_days=np.array([harm.harm_days(o.offence_code) for o in done]),
            value_pence=np.array([o.value_pence for o in done]),
            proactive=np.array([o.how_detected == "store detective" for o in done]),
            code=blank, offence=blank, retailer=blank, store=blank, borough=blank,
            latitude=np.zeros(len(done)), longitude=np.zeros(len(done)),
        ),
        person=np.array([r[0] for r in rows], np.int32), offence=np.array([r[1] for r in rows], np.int32),
        status=np.array([r[2] for r in rows], np.int8), join=np.full(len(rows), -1, np.int32), joins=joins,
    )  # fmt: skip


def same(place, person, expected) -> bool:
    told = expected.get(person)
    if told is None:
        return set(place.ranks.values()) == {None} and place.persons == len(expected)
    return (
        place.ranks == {by: r for by, (r, _) in told.items()}
        and place.totals == pytest.approx({by: t for by, (_, t) in told.items()})
        and place.persons == len(expected)
    )


LINKS = st.dictionaries(
    st.tuples(st.sampled_from(PEOPLE), st.integers(0, 11)), st.sampled_from(list(LinkStatus)), min_size=1, max_size=30
)
SWITCHES = {"with_proposals": st.booleans(), "include_proactive": st.booleans()}


def at_end(links, with_proposals):
    """Return the day recency counts from, as the ranking of all links has it: it stays when a link is left out."""
    days = [OFFENCES[OffenceId(f"R01/{n:02}")].occurred_at.date() for (_, n), s in links.items()
            if with_proposals or s == "corroborated"]  # fmt: skip
    return max(days, default=None)


def again(links, chi, today, **switches):
    result = rank(table(links, (), chi), chi, {}, until=today, settings=WorldSettings(draws=1), **switches)
    return {
        s.person_id: {
            "harm": (s.ranks.harm, s.harm_days),
            "count": (s.ranks.count, float(s.offences)),
            "value": (s.ranks.value, float(s.value_pence)),
            "rfh": (s.ranks.rfh, float(s.rfh)),
        }
        for s in result.standings
    }


@given(links=LINKS, **SWITCHES)
def test_every_place_is_that_of_the_ranking(chi, links, with_proposals, include_proactive):
    switches = {"with_proposals": with_proposals, "include_proactive": include_proactive}
    counted = reasons.counted(table(links, (), chi), today=at_end(links, with_proposals), **switches)
    expected = again(links, chi, at_end(links, with_proposals), **switches)
    for number, person in enumerate(counted.table.persons):
        assert same(reasons.place(counted, number), person, expected)


@given(links=LINKS, **SWITCHES)
def test_a_place_without_an_offence_is_that_of_ranking_again_without_it(chi, links, with_proposals, include_proactive):
    switches = {"with_proposals": with_proposals, "include_proactive": include_proactive}
    today = at_end(links, with_proposals)
    counted = reasons.counted(table(links, (), chi), today=today, **switches)
    for number, person in enumerate(counted.table.persons):
        now = reasons.place(counted, number)
        for told in reasons.contributions(counted, number):
            left = {key: s for key, s in links.items() if key != (person, int(told.offence_id[-2:]))}
            assert same(told.without, person, again(left, chi, today, **switches))
            for by in MEASURES:
                assert told.brings[by] == now.totals[by] - told.without.totals[by]


@given(links=LINKS, extra=st.sets(st.integers(0, 11), min_size=1, max_size=4), **SWITCHES)
def test_a_place_with_more_offences_is_that_of_ranking_again_with_them(
    chi, links, extra, with_proposals, include_proactive
):
    switches = {"with_proposals": with_proposals, "include_proactive": include_proactive}
    today = at_end(links, with_proposals) or datetime(2026, 12, 1, tzinfo=UTC).date()
    counted = reasons.counted(table(links, (), chi), today=today, **switches)
    late = {n for n in extra if OFFENCES[OffenceId(f"R01/{n:02}")].occurred_at.date() <= today}
    for number, person in enumerate(counted.table.persons):
        more = links | {(person, n): LinkStatus.CORROBORATED for n in late}
        told = reasons.beside(counted, number, [OffenceId(f"R01/{n:02}") for n in late])
        assert same(told, person, again(more, chi, today, **switches))


@given(links=LINKS, pair=st.permutations(PEOPLE).map(lambda p: p[:2]), **SWITCHES)
def test_a_place_joined_is_that_of_ranking_again_as_one_person(chi, links, pair, with_proposals, include_proactive):
    switches = {"with_proposals": with_proposals, "include_proactive": include_proactive}
    whole, part = pair
    if not {whole, part} <= {p for p, _ in links}:
        return
    today = datetime(2026, 12, 1, tzinfo=UTC).date()
    counted = reasons.counted(table(links, (), chi), today=today, **switches)
    numbers = [reasons.person_of(counted, PersonId(p)) for p in pair]
    gained, told = reasons.joined(counted, *numbers)
    theirs = {n for (p, n), s in links.items() if p == whole and (with_proposals or s == "corroborated")}
    merged = {key: s for key, s in links.items() if key[0] != part}
    merged |= {(whole, n): LinkStatus.CORROBORATED for p, n in links if p == part}
    assert same(told, whole, again(merged, chi, today, **switches))
    assert {int(one[-2:]) for one in gained} == {n for p, n in links if p == part} - theirs


def test_shares_are_of_what_the_person_has(chi):
    links = {("A", 1): LinkStatus.CORROBORATED, ("A", 2): LinkStatus.CORROBORATED, ("B", 4): LinkStatus.CORROBORATED}
    counted = reasons.counted(table(links, (), chi))
    one, two = reasons.contributions(counted, 0)
    assert one.brings["harm"] == 365
    assert one.shares["harm"] == pytest.approx(365 / (365 + two.brings["harm"]))
    assert one.shares["count"] == 0.5
    (only,) = reasons.contributions(counted, 1)
    assert only.shares["value"] is None, "of nothing there is no share"
    assert only.without.ranks == dict.fromkeys(MEASURES)


def test_somebody_without_a_link_in_the_period_has_no_page(chi):
    counted = reasons.counted(table({("A", 1): LinkStatus.CORROBORATED}, (), chi))
    with pytest.raises(NotFound, match="No link of person B is in this period; choose another period"):
        reasons.person_of(counted, PersonId("B"))


def test_an_offence_of_another_period_is_refused(chi):
    counted = reasons.counted(table({("A", 1): LinkStatus.CORROBORATED}, (), chi))
    with pytest.raises(NotFound, match="not among those of the period"):
        reasons.beside(counted, 0, [OffenceId("R09/99")])
