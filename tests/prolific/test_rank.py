from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stillgraph.errors import NotFound, UnknownOffenceCode, WrongUse
from stillgraph.prolific import HarmTable, RfhPoints, rank
from stillgraph.records import (
    LinkStatus,
    NominalId,
    Offence,
    OffenceId,
    Participation,
    PersonId,
    Ranking,
)

Make = Callable[..., Any]


def _case(offence: Make, link: Make) -> tuple[list[Participation], dict[OffenceId, Offence]]:
    """N1: a robbery; N2: three thefts, one together with N3; N3: that theft and a burglary; unknown 1: a theft."""
    offences = [
        offence("R01/1", "34A", "2026-03-01", 50_000),
        offence("R01/2", "46", "2026-04-10", 1_000),
        offence("R02/1", "46", "2026-05-20", 2_000, how="store detective"),
        offence("R02/2", "46", "2026-06-01", 4_000),
        offence("R03/1", "30C", "2026-06-30", 300),
    ]
    links = [
        link("N1", "R01/1"),
        link("N2", "R01/2"),
        link("N2", "R02/1"),
        link("N2", "R02/2"),
        link("N3", "R02/2"),
        link("N3", "R03/1"),
        link("unknown 1", "R01/2", LinkStatus.UNKNOWN),
        link("N1", "R03/1", LinkStatus.PROPOSED),
    ]
    return links, {one.offence_id: one for one in offences}


def _figures(ranking: Ranking) -> list[tuple[object, ...]]:
    return [
        (s.rank, s.person_id, s.offences, s.harm_days, s.value_pence, s.rfh, s.retailers, s.prior_arrests)
        for s in ranking.standings
    ]


def test_a_case_counted_by_hand(offence: Make, link: Make, chi: HarmTable) -> None:
    links, offences = _case(offence, link)
    arrests = {NominalId("N1"): 4, NominalId("N3"): 1}
    ranking = rank(links, offences, chi, arrests, until=date(2026, 7, 1))
    # RFH: N1 122 days ago, one offence, 365 harm days: 10 + 0 + 30. N2 30 days, three, 3 days: 15 + 10 + 0.
    # N3 one day, two offences, 184.5 harm days: 20 + 5 + 20.
    assert _figures(ranking) == [
        (1, "N1", 1, 365.0, 50_000, 40, 1, 4),
        (2, "N3", 2, 184.5, 4_300, 45, 2, 1),
        (3, "N2", 3, 3.0, 7_000, 25, 2, 0),
    ]
    assert [s.person_id for s in rank(links, offences, chi, arrests, by="count").standings] == [
        "N2",
        "N3",
        "N1",
    ]
    assert [s.person_id for s in rank(links, offences, chi, arrests, by="value").standings] == [
        "N1",
        "N2",
        "N3",
    ]
    by_rfh = rank(links, offences, chi, arrests, by="rfh", until=date(2026, 7, 1))
    assert [s.person_id for s in by_rfh.standings] == ["N3", "N1", "N2"]


def test_links_two_officers_have_not_agreed_on_count_only_where_asked_and_are_marked(
    offence: Make, link: Make, chi: HarmTable
) -> None:
    links, offences = _case(offence, link)
    plain = rank(links, offences, chi, {})
    assert {s.status for s in plain.standings} == {LinkStatus.CORROBORATED}
    asked = rank(links, offences, chi, {}, with_proposals=True)
    assert [(s.person_id, s.offences, s.status) for s in asked.standings] == [
        ("N1", 2, LinkStatus.PROPOSED),
        ("N3", 2, LinkStatus.CORROBORATED),
        ("N2", 3, LinkStatus.CORROBORATED),
        ("unknown 1", 1, LinkStatus.UNKNOWN),
    ]
    assert asked.standings[-1].nominal_id is None
    doubted = rank(links, offences, chi, {}, by="count", with_proposals=True, proposal_probability=0.01)
    first = next(s for s in doubted.standings if s.person_id == "N1")
    assert (first.rank, first.rank_high) == (2, 3)
    assert asked.scale.endswith("wrong with probability 0.02, any other right with 0.5.")
    assert plain.scale.endswith("wrong with probability 0.02.")


def test_both_ends_of_the_period_are_included(offence: Make, link: Make, chi: HarmTable) -> None:
    offences = {
        one.offence_id: one
        for one in [
            offence("R01/1", at="2026-01-31T23:59:59+00:00"),
            offence("R01/2", at="2026-02-01T00:00:00+00:00"),
            offence("R01/3", at="2026-02-28T23:59:59+00:00"),
            offence("R01/4", at="2026-03-01T00:30:00+01:00"),  # still February in UTC
            offence("R01/5", at="2026-03-01T00:00:00+00:00"),
        ]
    }
    links = [link("N1", ref) for ref in offences]
    ranking = rank(links, offences, chi, {}, since=date(2026, 2, 1), until=date(2026, 2, 28))
    assert ranking.standings[0].offences == 3
    assert rank(links, offences, chi, {}).standings[0].offences == 5
    naive = {
        key: Offence(
            **{f: getattr(one, f) for f in one.__slots__} | {"occurred_at": one.occurred_at.replace(tzinfo=None)}
        )
        for key, one in offences.items()
    }
    assert rank(links, naive, chi, {}, since=date(2026, 2, 1), until=date(2026, 2, 28)) == ranking


def test_proactively_detected_offences_can_be_left_out_of_harm_but_not_of_the_count(
    offence: Make, link: Make, chi: HarmTable
) -> None:
    links, offences = _case(offence, link)
    ranking = rank(links, offences, chi, {}, include_proactive=False)
    person = next(s for s in ranking.standings if s.person_id == "N2")
    assert (person.offences, person.harm_days, person.value_pence) == (3, 2.0, 7_000)
    assert "without proactively" in ranking.scale
    assert "without proactively" not in rank(links, offences, chi, {}).scale


@pytest.mark.parametrize("by", ["harm", "count", "value", "rfh"])
def test_the_scale_states_the_harm_table_always_and_the_points_where_they_rank(
    offence: Make, link: Make, chi: HarmTable, by: str
) -> None:
    scale = rank(*_case(offence, link), chi, {}, by=by).scale
    assert f"{chi.source}, version {chi.version}; whole for each offender." in scale
    assert "a corroborated link is wrong with probability 0.02" in scale
    assert ("RFH points (our own table): recency 20 within 28 days" in scale) == (by == "rfh")
    assert by == "rfh" or len(scale) < 250, "short enough to be read"


def test_equal_persons_share_a_rank_and_the_next_rank_is_left_out(offence: Make, link: Make, chi: HarmTable) -> None:
    offences = {o.offence_id: o for o in [offence("R01/1"), offence("R01/2"), offence("R01/3")]}
    links = [link("N3", "R01/1"), link("N2", "R01/1"), link("N1", "R01/1"), link("N1", "R01/2")]
    ranking = rank([*links, link("N4", "R01/3")], offences, chi, {}, by="count", reviewer_error=0)
    assert [(s.rank, s.rank_low, s.rank_high, s.person_id) for s in ranking.standings] == [
        (1, 1, 1, "N1"),
        (2, 2, 2, "N2"),
        (2, 2, 2, "N3"),
        (2, 2, 2, "N4"),
    ]


def test_a_link_given_twice_counts_once_by_its_surest_status(offence: Make, link: Make, chi: HarmTable) -> None:
    offences = {o.offence_id: o for o in [offence("R01/1")]}
    twice = [link("N1", "R01/1", LinkStatus.PROPOSED), link("N1", "R01/1")]
    ranking = rank(twice, offences, chi, {}, with_proposals=True)
    assert [(s.offences, s.status) for s in ranking.standings] == [(1, LinkStatus.CORROBORATED)]


def test_nobody_to_rank_is_an_empty_ranking(chi: HarmTable) -> None:
    ranking = rank([], {}, chi, {})
    assert ranking.standings == ()
    assert ranking.concentration.gini is None


_REFS = [f"R{retailer}/{n}" for retailer in (1, 2) for n in range(4)]
_LINKS = st.lists(
    st.tuples(st.sampled_from(["N1", "N2", "N3", "unknown 1"]), st.sampled_from(_REFS), st.sampled_from(LinkStatus)),
    max_size=14,
)


@settings(max_examples=60, deadline=None)
@given(
    drawn=_LINKS,
    random=st.randoms(use_true_random=False),
    by=st.sampled_from(["harm", "count", "value", "rfh"]),
)
def test_the_order_of_rows_never_changes_the_ranking(drawn: Any, random: Any, by: str) -> None:
    table = HarmTable("s", "v", {"46": 1.0, "34A": 365.1}, "f.csv")
    offences = {OffenceId(ref): _plain_offence(ref, "34A" if n % 3 == 0 else "46", n) for n, ref in enumerate(_REFS)}
    links = [Participation(PersonId(p), None, OffenceId(r), s, ()) for p, r, s in drawn]
    shuffled = list(links)
    random.shuffle(shuffled)
    turned = dict(reversed(offences.items()))
    one = rank(links, offences, table, {}, by=by, with_proposals=True, draws=40)
    assert rank(shuffled, turned, table, {}, by=by, with_proposals=True, draws=40) == one
    ranks = [s.rank for s in one.standings]
    assert ranks == sorted(ranks)
    assert all(s.rank_low <= s.rank <= s.rank_high <= len(ranks) for s in one.standings)


def _plain_offence(ref: str, code: str, n: int) -> Offence:
    from datetime import UTC, datetime

    when = datetime(2026, 1 + n, 1, tzinfo=UTC)
    return Offence(OffenceId(ref), "R1", "S1", when, code, "", 100 * n, "none", "", "")  # type: ignore[arg-type]


def test_rank_intervals_cover_a_simulated_truth_at_least_as_often_as_they_say(chi: HarmTable) -> None:
    rng = np.random.default_rng(11)
    offences = {OffenceId(f"R1/{n}"): _plain_offence(f"R1/{n}", "46", 1) for n in range(60)}
    refs = list(offences)
    covered = []
    for world in range(25):
        links = [
            Participation(PersonId(f"N{p}"), None, refs[n], LinkStatus.CORROBORATED, ())
            for p in range(12)
            for n in rng.choice(60, size=1 + p, replace=False)
        ]
        ranking = rank(links, offences, chi, {}, by="count", reviewer_error=0.2, seed=world, draws=300)
        # What is true: each link fails by itself, drawn here apart from the function under test.
        true = {f"N{p}": 0 for p in range(12)}
        for one in links:
            true[one.person_id] += int(rng.random() >= 0.2)
        for s in ranking.standings:
            place = 1 + sum(other > true[s.person_id] for other in true.values())
            covered.append(s.rank_low <= place <= s.rank_high)
            assert s.rank_high - s.rank_low < 11  # an interval that said everything would be no answer
    assert 0.93 <= np.mean(covered) <= 1


def test_a_surer_reviewer_gives_narrower_intervals(offence: Make, link: Make, chi: HarmTable) -> None:
    links, offences = _case(offence, link)

    def width(error: float) -> int:
        ranking = rank(links, offences, chi, {}, by="count", reviewer_error=error)
        return sum(s.rank_high - s.rank_low for s in ranking.standings)

    assert width(0) == 0 < width(0.3)


def test_points_can_be_changed(offence: Make, link: Make, chi: HarmTable) -> None:
    links, offences = _case(offence, link)
    only_frequency = RfhPoints(recency=(), frequency=((1, 1), (2, 2), (3, 3)), harm=())
    ranking = rank(links, offences, chi, {}, by="rfh", points=only_frequency)
    assert [(s.person_id, s.rfh) for s in ranking.standings] == [("N2", 3), ("N3", 2), ("N1", 1)]


def test_points_change_exactly_at_their_steps() -> None:
    points = RfhPoints(recency=((28, 20), (91, 15)), frequency=((2, 5),), harm=((30, 20),))
    days = np.array([0, 28, 29, 91, 92, np.inf])
    assert points.points(days, np.zeros(6), np.zeros(6)).tolist() == [20, 20, 15, 15, 0, 0]
    assert points.points(np.full(2, np.inf), np.array([1.0, 2.0]), np.array([29.9, 30.0])).tolist() == [0, 25]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"by": "height"}, "ranked by harm, count, value, rfh"),
        ({"since": date(2026, 2, 2), "until": date(2026, 2, 1)}, "2026-02-02 is after 2026-02-01"),
        ({"reviewer_error": 1.5}, "between 0 and 1"),
        ({"proposal_probability": -0.1}, "between 0 and 1"),
        ({"draws": 0}, "at least one draw"),
    ],
)
def test_a_ranking_that_cannot_be_made_is_refused(chi: HarmTable, options: Any, message: str) -> None:
    with pytest.raises(WrongUse, match=message):
        rank([], {}, chi, {}, **options)


def test_a_link_to_an_offence_not_given_is_named(link: Make, chi: HarmTable) -> None:
    with pytest.raises(NotFound, match="Offence R01/9 is linked but was not given"):
        rank([link("N1", "R01/9")], {}, chi, {})


@pytest.mark.parametrize("proactive", [True, False])
def test_a_code_without_a_harm_value_stops_the_ranking(
    offence: Make, link: Make, chi: HarmTable, proactive: bool
) -> None:
    odd = offence("R01/1", code="77X", how="store detective")
    with pytest.raises(UnknownOffenceCode, match="77X"):
        rank([link("N1", "R01/1")], {odd.offence_id: odd}, chi, {}, include_proactive=proactive)
