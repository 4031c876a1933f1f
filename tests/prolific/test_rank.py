from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stillgraph.errors import WrongUse
from stillgraph.prolific import (
    Chance,
    HarmTable,
    RfhPoints,
    WorldSettings,
    corroborated,
    rank,
    simulated,
    within,
)
from stillgraph.records import LinkStatus, LinkTable, NominalId, Offence, OffenceId, Participation, Ranking, Ranks

Make = Callable[..., Any]
FEW = WorldSettings(draws=40)
SURE = replace(
    FEW,
    reviewer_error=Chance(0.0, 1, "sure"),
    ruling_error=Chance(0.0, 1, "sure"),
    likeness_error=Chance(0.0, 1, "sure"),
    join_odds=0.0,
    join_probability=0.0,
)


@pytest.fixture
def case(offence: Make, link: Make, linked: Make, chi: HarmTable) -> LinkTable:
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
    table: LinkTable = linked(links, {one.offence_id: one for one in offences}, chi)
    return table


def _figures(ranking: Ranking) -> list[tuple[object, ...]]:
    return [
        (s.rank, s.person_id, s.offences, s.harm_days, s.value_pence, s.rfh, s.retailers, s.prior_arrests)
        for s in ranking.standings
    ]


def test_a_case_counted_by_hand(case: LinkTable, chi: HarmTable) -> None:
    arrests = {NominalId("N1"): 4, NominalId("N3"): 1}
    ranking = rank(case, chi, arrests, until=date(2026, 7, 1), include_proactive=True)
    # RFH: N1 122 days ago, one offence, 365 harm days: 10 + 0 + 30. N2 30 days, three, 3 days: 15 + 10 + 0.
    # N3 one day, two offences, 184.5 harm days: 20 + 5 + 20.
    assert _figures(ranking) == [
        (1, "N1", 1, 365.0, 50_000, 40, 1, 4),
        (2, "N3", 2, 184.5, 4_300, 45, 2, 1),
        (3, "N2", 3, 3.0, 7_000, 25, 2, 0),
    ]
    assert [s.person_id for s in rank(case, chi, arrests, by="count").standings] == ["N2", "N3", "N1"]
    assert [s.person_id for s in rank(case, chi, arrests, by="value").standings] == ["N1", "N2", "N3"]
    by_rfh = rank(case, chi, arrests, by="rfh", until=date(2026, 7, 1))
    assert [s.person_id for s in by_rfh.standings] == ["N3", "N1", "N2"]
    assert [s.ranks for s in ranking.standings] == [Ranks(1, 3, 1, 2), Ranks(2, 2, 3, 1), Ranks(3, 1, 2, 3)]


def test_what_persons_did_beside_the_sums_counted_by_hand(case: LinkTable, chi: HarmTable) -> None:
    told = {s.person_id: s for s in rank(case, chi, {}, with_proposals=True, settings=FEW).standings}
    assert [
        (told[p].offence_codes, told[p].subgroups, told[p].diversity, told[p].co_offenders, told[p].with_others)
        for p in ("N1", "N2", "N3", "unknown 1")
    ] == [(2, 2, 1.0, 1, 1), (1, 1, 0.0, 2, 2), (2, 2, 1.0, 2, 2), (1, 1, None, 1, 1)]
    assert told["N2"].boroughs == 2
    alone = {s.person_id: s for s in rank(case, chi, {}, settings=FEW).standings}
    assert (alone["N2"].co_offenders, alone["N2"].with_others) == (1, 1)
    assert alone["N2"].escalation.trend == "insufficient"
    assert alone["N2"].escalation.rho is None


def test_links_two_officers_have_not_agreed_on_count_only_where_asked_and_are_marked(
    case: LinkTable, chi: HarmTable
) -> None:
    plain = rank(case, chi, {})
    assert {s.status for s in plain.standings} == {LinkStatus.CORROBORATED}
    asked = rank(case, chi, {}, with_proposals=True)
    assert [(s.person_id, s.offences, s.status) for s in asked.standings] == [
        ("N1", 2, LinkStatus.PROPOSED),
        ("N3", 2, LinkStatus.CORROBORATED),
        ("N2", 3, LinkStatus.CORROBORATED),
        ("unknown 1", 1, LinkStatus.UNKNOWN),
    ]
    assert asked.standings[-1].nominal_id is None
    assert [(s.rank_corroborated, s.rank_with_proposals) for s in asked.standings] == [
        (1, 1),
        (2, 2),
        (3, 3),
        (None, 4),
    ]
    count = rank(case, chi, {}, by="count", settings=FEW)
    assert {s.person_id: (s.rank_corroborated, s.rank_with_proposals) for s in count.standings} == {
        "N2": (1, 1), "N3": (2, 2), "N1": (3, 2),
    }  # fmt: skip
    doubtful = replace(SURE, ruling_error=Chance(0.99, 1000, "made up"))
    doubted = rank(case, chi, {}, by="count", with_proposals=True, settings=doubtful)
    first = next(s for s in doubted.standings if s.person_id == "N1")
    assert (first.rank, first.rank_high, first.count_low, first.count_high) == (2, 3, 1, 2)
    assert "one officer's ruling with 10 %" in asked.scale
    assert plain.scale.endswith("wrong with 2 % (0.052 to 7.3; stated, not measured).")


def test_both_ends_of_the_period_are_included(offence: Make, link: Make, linked: Make, chi: HarmTable) -> None:
    times = ["2026-01-31T23:59:59", "2026-02-01T00:00:00", "2026-02-28T23:59:59", "2026-03-01T00:00:00"]
    offences = {f"R01/{n}": offence(f"R01/{n}", at=f"{time}+00:00") for n, time in enumerate(times)}
    table = linked([link("N1", ref) for ref in offences], offences, chi)
    ranking = rank(table, chi, {}, since=date(2026, 2, 1), until=date(2026, 2, 28), settings=FEW)
    assert ranking.standings[0].offences == 2
    assert rank(table, chi, {}, settings=FEW).standings[0].offences == 4
    assert rank(table, chi, {}, since=date(2026, 3, 2), settings=FEW).standings == ()


def test_proactively_detected_offences_are_left_out_of_harm_unless_asked_but_not_of_the_count(
    case: LinkTable, chi: HarmTable
) -> None:
    ranking = rank(case, chi, {})
    person = next(s for s in ranking.standings if s.person_id == "N2")
    assert (person.offences, person.harm_days, person.value_pence) == (3, 2.0, 7_000)
    assert "without proactively" in ranking.scale
    assert ranking.settings["proactive"] is False
    asked = rank(case, chi, {}, include_proactive=True)
    assert next(s for s in asked.standings if s.person_id == "N2").harm_days == 3.0
    assert "without proactively" not in asked.scale


@pytest.mark.parametrize("by", ["harm", "count", "value", "rfh"])
def test_the_scale_states_the_harm_table_always_and_the_points_where_they_rank(
    case: LinkTable, chi: HarmTable, by: str
) -> None:
    scale = rank(case, chi, {}, by=by, include_proactive=True, settings=FEW).scale
    assert f"{chi.source}, version {chi.version}; whole for each offender." in scale
    assert "40 worlds in which a corroborated link is wrong with 2 %" in scale
    assert ("RFH points (Stillgraph's own): recency 20 within 28 days" in scale) == (by == "rfh")
    assert by == "rfh" or len(scale) < 250, "short enough to be read"


def test_equal_persons_share_a_rank_and_the_next_rank_is_left_out(
    offence: Make, link: Make, linked: Make, chi: HarmTable
) -> None:
    offences = {o.offence_id: o for o in [offence("R01/1"), offence("R01/2"), offence("R01/3")]}
    links = [link("N3", "R01/1"), link("N2", "R01/1"), link("N1", "R01/1"), link("N1", "R01/2"), link("N4", "R01/3")]
    ranking = rank(linked(links, offences, chi), chi, {}, by="count", settings=SURE)
    assert [(s.rank, s.rank_low, s.rank_high, s.person_id) for s in ranking.standings] == [
        (1, 1, 1, "N1"),
        (2, 2, 2, "N2"),
        (2, 2, 2, "N3"),
        (2, 2, 2, "N4"),
    ]


def test_nobody_to_rank_is_an_empty_ranking(linked: Make, chi: HarmTable) -> None:
    ranking = rank(linked([], {}, chi), chi, {})
    assert ranking.standings == ()
    assert ranking.concentration.gini is None


# --- against plain Python and pandas -----------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("proactive", [False, True])
def test_every_figure_is_what_pandas_makes_of_the_rows(seed: int, proactive: bool) -> None:
    table = simulated(60, 500, joins=10, seed=seed)
    harm = HarmTable("s", "v", {}, "f", {}, {"C0": "theft", "C1": "theft", "C3": "burglary"})
    until = date(2026, 1, 5)
    ranking = rank(table, harm, {}, with_proposals=True, include_proactive=proactive, until=until, settings=FEW)

    own, of = table.join < 0, table.offences
    at = table.offence[own]
    frame = pd.DataFrame(
        {
            "person": [table.persons[p] for p in table.person[own]],
            "offence": at,
            "harm": of.harm_days[at] * (1 if proactive else ~of.proactive[at]),
            "whole_harm": of.harm_days[at],
            "kept": (~of.proactive[at]) | proactive,
            "value": of.value_pence[at],
            "time": of.occurred_at[at],
            "code": [of.code.names[n] for n in of.code.index[at]],
            "retailer": of.retailer.index[at],
            "borough": of.borough.index[at],
        }
    )
    frame["kind"] = frame["code"].map(lambda code: harm.subgroups.get(code, code))
    people = frame.groupby("person")
    assert len(people) == len(ranking.standings)
    company = {o: set(rows["person"]) for o, rows in frame.groupby("offence")}
    totals = {"harm": people["harm"].sum(), "count": people.size(), "value": people["value"].sum()}
    days = (np.datetime64(until) - people["time"].max().dt.floor("D")).dt.days
    points = RfhPoints().points(
        days.to_numpy(float), totals["count"].to_numpy(float), totals["harm"].round(6).to_numpy(float)
    )
    totals["rfh"] = pd.Series(points, index=totals["count"].index)
    ranks = {name: column.round(6).rank(ascending=False, method="min").astype(int) for name, column in totals.items()}
    for s in ranking.standings:
        rows = frame[frame["person"] == s.person_id]
        assert (s.harm_days, s.offences, s.value_pence, s.rfh) == (
            pytest.approx(rows["harm"].sum()), len(rows), rows["value"].sum(), totals["rfh"][s.person_id],
        )  # fmt: skip
        assert s.ranks == Ranks(*(ranks[name][s.person_id] for name in ("harm", "count", "value", "rfh")))
        assert (s.retailers, s.boroughs, s.offence_codes, s.subgroups) == (
            rows["retailer"].nunique(), rows["borough"].nunique(), rows["code"].nunique(), rows["kind"].nunique(),
        )  # fmt: skip
        others = set().union(*(company[o] for o in rows["offence"])) - {s.person_id}
        assert s.co_offenders == len(others)
        assert s.with_others == sum(len(company[o]) > 1 for o in rows["offence"])
        kinds = rows["kind"].tolist()
        pairs = [a != b for n, a in enumerate(kinds) for b in kinds[:n]]
        assert s.diversity == (pytest.approx(np.mean(pairs)) if pairs else None)
        kept = rows[rows["kept"]]
        if len(kept) < 10 or kept["whole_harm"].nunique() < 2:
            assert s.escalation.trend == "insufficient"
            assert s.escalation.rho is None
        else:
            rho = kept["time"].astype("int64").corr(kept["whole_harm"], method="spearman")
            assert s.escalation.rho == pytest.approx(rho)
            error = np.sqrt((1 + rho**2 / 2) / (len(kept) - 3))
            low, high = np.tanh(np.arctanh(rho) + np.array([-1.959964, 1.959964]) * error)
            assert (s.escalation.low, s.escalation.high) == (
                pytest.approx(low, abs=1e-5),
                pytest.approx(high, abs=1e-5),
            )
            trend = "rising" if low > 0 else "falling" if high < 0 else "no trend shown"
            assert s.escalation.trend == trend
    keys = [(-s.harm_days, -s.offences, -s.value_pence, s.person_id) for s in ranking.standings]
    assert keys == sorted(keys)


def test_harm_that_grows_with_time_is_rising_and_turned_round_falling() -> None:
    table = simulated(1, 40, seed=1)
    harm = HarmTable("s", "v", {}, "f")
    order = np.argsort(table.offences.occurred_at)
    days = np.empty(len(order))
    days[order] = np.arange(len(order), dtype=np.float64)
    for growing, word in ((days, "rising"), (-days + len(days), "falling"), (days * 0 + 3, "insufficient")):
        turned = replace(table, offences=replace(table.offences, harm_days=growing))
        (one,) = rank(turned, harm, {}, include_proactive=True, settings=FEW).standings
        assert one.escalation.trend == word


# --- rules ---------------------------------------------------------------------------------------------------------------

_REFS = [f"R{retailer}/{n}" for retailer in (1, 2) for n in range(4)]
_PEOPLE = ["N1", "N2", "N3", "unknown 1"]
_LINKS = st.lists(st.tuples(st.sampled_from(_PEOPLE), st.sampled_from(_REFS), st.sampled_from(LinkStatus)), max_size=14)
_HARM = HarmTable("s", "v", {"46": 1.0, "34A": 365.1}, "f.csv")


@settings(max_examples=60, deadline=None)
@given(
    drawn=_LINKS,
    random=st.randoms(use_true_random=False),
    by=st.sampled_from(["harm", "count", "value", "rfh"]),
    joined=st.booleans(),
)
def test_the_order_of_rows_and_joins_never_changes_the_ranking(
    linked: Make, drawn: Any, random: Any, by: str, joined: bool
) -> None:
    table = _table(linked, drawn, joined=joined)
    rows, numbers = list(range(len(table.person))), list(range(len(table.joins)))
    random.shuffle(rows)
    random.shuffle(numbers)
    renamed = np.array([*np.argsort(numbers), -1], dtype=np.int32) if numbers else np.array([-1], dtype=np.int32)
    shuffled = replace(
        table, person=table.person[rows], offence=table.offence[rows], status=table.status[rows],
        join=renamed[table.join[rows]], joins=tuple(table.joins[n] for n in numbers),
    )  # fmt: skip
    one = rank(table, _HARM, {}, by=by, with_proposals=True, settings=FEW)
    assert rank(shuffled, _HARM, {}, by=by, with_proposals=True, settings=FEW) == one
    ranks = [s.rank for s in one.standings]
    assert ranks == sorted(ranks)
    for s in one.standings:
        assert s.rank_low <= s.rank <= s.rank_high <= len(ranks)
        assert s.harm_low <= s.harm_days <= s.harm_high
        assert s.count_low <= s.offences <= s.count_high
        assert s.value_low <= s.value_pence <= s.value_high
        assert s.rfh_low <= s.rfh <= s.rfh_high
        assert 0 <= s.top_share <= 1


@settings(max_examples=40, deadline=None)
@given(drawn=_LINKS, by=st.sampled_from(["harm", "count", "value", "rfh"]), joined=st.booleans())
def test_a_ranking_of_corroborated_links_never_depends_on_proposals(
    linked: Make, drawn: Any, by: str, joined: bool
) -> None:
    table = _table(linked, drawn, joined=joined)
    alone = rank(corroborated(table), _HARM, {}, by=by, settings=FEW)
    beside = rank(table, _HARM, {}, by=by, settings=FEW)
    forgotten = [replace(s, rank_with_proposals=None) for s in beside.standings]
    assert forgotten == [replace(s, rank_with_proposals=None) for s in alone.standings]
    assert (beside.concentration, beside.scale) == (alone.concentration, alone.scale)


@settings(max_examples=40, deadline=None)
@given(drawn=_LINKS, by=st.sampled_from(["harm", "count", "value", "rfh"]))
def test_where_every_link_holds_and_nobody_is_another_intervals_are_the_figures(
    linked: Make, drawn: Any, by: str
) -> None:
    for s in rank(_table(linked, drawn, joined=True), _HARM, {}, by=by, with_proposals=True, settings=SURE).standings:
        assert (s.rank_low, s.rank_high) == (s.rank, s.rank)
        assert (s.harm_low, s.harm_high) == (s.harm_days, s.harm_days)
        assert (s.count_low, s.count_high, s.value_low, s.value_high) == (*[s.offences] * 2, *[s.value_pence] * 2)
        assert (s.rfh_low, s.rfh_high) == (s.rfh, s.rfh)
        assert s.top_share == float(s.rank <= 10)


def _table(linked: Make, drawn: Any, *, joined: bool) -> LinkTable:
    offences = {OffenceId(ref): _plain_offence(ref, "34A" if n % 3 == 0 else "46", n) for n, ref in enumerate(_REFS)}
    links = [Participation(p, None, OffenceId(r), s, ()) for p, r, s in drawn]
    there = {p for p, _, _ in drawn}
    joins = [("unknown 1", "N1", 20.0), ("unknown 1", "N2", None)] if joined else []
    return linked(links, offences, _HARM, [(a, b, ratio) for a, b, ratio in joins if {a, b} <= there])


def _plain_offence(ref: str, code: str, n: int) -> Offence:
    when = datetime(2026, 1 + n, 1, tzinfo=UTC)
    return Offence(OffenceId(ref), ref[:2], f"{ref[:2]}-S1", when, code, "", 100 * n, "none", "", "")  # type: ignore[arg-type]


def test_an_interval_holds_the_figure_where_worlds_are_all_above_it(
    offence: Make, link: Make, linked: Make, chi: HarmTable
) -> None:
    offences = {one.offence_id: one for one in (offence("R01/1"), offence("R01/2"), offence("R01/3"))}
    links = [link("N1", "R01/1"), link("N2", "R01/2"), link("unknown 1", "R01/3", LinkStatus.UNKNOWN)]
    joined = linked(links, offences, chi, [("unknown 1", "N2", None)])
    sure = replace(SURE, join_probability=1.0)
    told = {s.person_id: s for s in rank(joined, chi, {}, with_proposals=True, settings=sure).standings}
    assert (told["N2"].offences, told["N2"].count_low, told["N2"].count_high, told["N2"].harm_low) == (1, 1, 2, 1.0)
    assert (told["N2"].rank, told["N2"].rank_low, told["N1"].rank, told["N1"].rank_high) == (1, 1, 1, 2)
    assert (told["unknown 1"].rank_high, told["unknown 1"].count_low, told["unknown 1"].top_share) == (3, 0, 1.0)


def test_a_surer_reviewer_gives_narrower_intervals(case: LinkTable, chi: HarmTable) -> None:
    def width(error: float) -> int:
        settings = replace(WorldSettings(), reviewer_error=Chance(error, 1e9, "made up"))
        return sum(s.rank_high - s.rank_low for s in rank(case, chi, {}, by="count", settings=settings).standings)

    assert width(0) == 0 < width(0.3)


def test_points_can_be_changed(case: LinkTable, chi: HarmTable) -> None:
    only_frequency = RfhPoints(recency=(), frequency=((1, 1), (2, 2), (3, 3)), harm=(), source="A force", version="9")
    ranking = rank(case, chi, {}, by="rfh", points=only_frequency)
    assert [(s.person_id, s.rfh) for s in ranking.standings] == [("N2", 3), ("N3", 2), ("N1", 1)]
    assert str(ranking.settings["points"]).startswith("A force, version 9: ")


def test_the_progress_of_drawing_is_told(case: LinkTable, chi: HarmTable) -> None:
    told: list[tuple[int, int]] = []
    rank(case, chi, {}, settings=FEW, progress=lambda done, draws: told.append((done, draws)))
    assert told == [(n, 40) for n in range(1, 41)]


def test_drawing_can_be_interrupted(case: LinkTable, chi: HarmTable) -> None:
    def stop(done: int, _: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rank(case, chi, {}, settings=replace(FEW, draws=10**4), progress=stop)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"by": "height"}, "ranked by harm, count, value, rfh"),
        ({"since": date(2026, 2, 2), "until": date(2026, 2, 1)}, "2026-02-02 is after 2026-02-01"),
    ],
)
def test_a_ranking_that_cannot_be_made_is_refused(case: LinkTable, chi: HarmTable, options: Any, message: str) -> None:
    with pytest.raises(WrongUse, match=message):
        rank(case, chi, {}, **options)


def test_part_of_a_table_keeps_what_numbers_mean() -> None:
    table = simulated(80, 400, joins=20, seed=3)
    since, until = date(2025, 3, 1), date(2025, 4, 30)
    part = within(table, since, until)
    day = table.offences.occurred_at.astype("datetime64[D]")[table.offence]
    kept = (day >= np.datetime64(since)) & (day <= np.datetime64(until))
    told = lambda of, rows: [  # noqa: E731
        (of.persons[p], of.offences.ids[o], s, _joined(of, j))
        for p, o, s, j in zip(of.person[rows], of.offence[rows], of.status[rows], of.join[rows], strict=True)
    ]
    assert told(part, slice(None)) == told(table, kept)
    assert set(range(len(part.persons))) == set(part.person.tolist())
    assert set(range(len(part.joins))) == set(part.join[part.join >= 0].tolist())
    sure = corroborated(table)
    assert (sure.joins, set(sure.status.tolist()), set(sure.join.tolist())) == ((), {0}, {-1})
    assert within(table, None, None) is table


def _joined(table: LinkTable, number: int) -> object:
    if number < 0:
        return None
    join = table.joins[number]
    return table.persons[join.part], table.persons[join.whole], join.likelihood_ratio
