"""Back-tests against brute force, exact expectations, simulated populations and what must not leak."""

from __future__ import annotations

import itertools
import time
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr

from stillgraph.errors import WrongUse
from stillgraph.prolific import back_test, custody_table, rolling_splits, total_draws
from stillgraph.records import Arrest, Coded, LinkTable, OffenceTable

START, SPLIT, END = date(2026, 1, 1), date(2026, 1, 11), date(2026, 1, 20)
HARM = np.array([1.0, 2.0, 10.0, 365.0])


def table(links: list[tuple[int, int, int]], persons: int, *, joins: list[bool] | None = None) -> LinkTable:
    """Return links of (person, day, harm code), an offence each."""
    count = len(links)
    order = sorted(range(count), key=lambda i: links[i])
    text = Coded(("x",), np.zeros(count, dtype=np.int32))
    kinds = np.array([kind for _, _, kind in links], dtype=int)
    when = np.datetime64(START) + np.array([day for _, day, _ in links], dtype="timedelta64[D]")
    offences = OffenceTable(
        tuple(f"R/{i:07}" for i in range(count)), when.astype("datetime64[s]"), HARM[kinds],
        np.full(count, 500, dtype=np.int64), kinds == 1, text, text, text, text, text, np.zeros(count), np.zeros(count),
    )  # fmt: skip
    join = np.full(count, -1, dtype=np.int32) if joins is None else np.array(joins, dtype=np.int32)[order] - 1
    return LinkTable(
        tuple(f"P{i:06}" for i in range(persons)), (None,) * persons, offences,
        np.array([links[i][0] for i in order], dtype=np.int32), np.array(order, dtype=np.int32),
        np.zeros(count, dtype=np.int8), join, (),
    )  # fmt: skip


def run(links, persons, *, top=2, by=("harm",), draws=20, **asked):
    asked = {"include_proactive": True} | asked
    return back_test(table(links, persons), [SPLIT], since=START, until=END, top=top, by=by, draws=draws, **asked)


def share_of_places(measure: np.ndarray, among: np.ndarray, top: int) -> np.ndarray:
    """Say how much of a place each person has, those of equal measure sharing the last ones."""
    on = np.zeros(len(measure))
    for person in np.flatnonzero(among):
        better = (among & (measure > measure[person])).sum()
        equal = (among & (measure == measure[person])).sum()
        on[person] = min(1, max(0, (top - better) / equal))
    return on


LINKS = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 19), st.integers(0, 3)), min_size=10, max_size=60)


@given(LINKS, st.integers(1, 3), st.sampled_from(["harm", "count", "value"]))
@settings(max_examples=60)
def test_every_figure_is_that_of_brute_force(links, top, by) -> None:
    (split,), _, _ = run(links, 10, top=top, by=(by,), draws=3)
    before, after = np.zeros((3, 10)), np.zeros((3, 10))
    for person, day, kind in links:
        (before if day < 10 else after)[:, person] += (HARM[kind], 1, 500)
    seen, active = before[1] > 0, after[1] > 0
    assert (split.persons, split.next_persons) == (seen.sum(), active.sum())
    assert split.links == sum(day < 10 for _, day, _ in links)
    if seen.sum() < 2 * top or active.sum() < top:
        assert split.insufficient
        assert split.lists == split.differences == ()
        return
    measure, following = (side[("harm", "count", "value").index(by)] for side in (before, after))
    on, first = share_of_places(measure, seen, top), share_of_places(following, active, top)
    one = split.lists[0]
    assert one.by == by
    assert one.active.value == pytest.approx(100 * (on * active).sum() / top)
    assert one.harm.value == pytest.approx(100 * (on * after[0]).sum() / after[0].sum())
    assert one.offences.value == pytest.approx(100 * (on * after[1]).sum() / after[1].sum())
    assert one.not_listed.value == pytest.approx(100 * (first * (1 - on)).sum() / first.sum())
    assert one.newcomers.value == pytest.approx(100 * (first * ~seen).sum() / first.sum())
    if len(set(measure[seen])) > 1 and len(set(following[seen])) > 1:
        assert one.rank_correlation.value == pytest.approx(spearmanr(measure[seen], following[seen]).statistic)
    else:
        assert one.rank_correlation.value is None
    lists = list(itertools.combinations(np.flatnonzero(seen), top))
    assert split.random_active.value == pytest.approx(100 * np.mean([active[list(those)].mean() for those in lists]))
    harm = [after[0][list(those)].sum() / after[0].sum() for those in lists]
    assert split.random_harm.value == pytest.approx(100 * np.mean(harm))
    for difference in split.differences:
        worth = {listed.by: listed for listed in split.lists}
        other = (
            getattr(split, f"random_{difference.measure}")
            if difference.against == "random"
            else getattr(worth[difference.against], difference.measure)
        )
        assert difference.points.value == pytest.approx(
            getattr(worth[difference.by], difference.measure).value - other.value
        )


def regulars(
    persons: int, rng: np.random.Generator, *, same: bool = True, often: float = 4
) -> list[tuple[int, int, int]]:
    """Return links of people who offend at rates of their own, which the next period keeps or shuffles."""
    rates = rng.gamma(0.5, often, persons)
    links = []
    for days, rate in (((0, 10), rates), ((10, 20), rates if same else rng.permutation(rates))):
        for person, many in enumerate(rng.poisson(rate)):
            links += [
                (person, int(day), int(kind))
                for day, kind in zip(rng.integers(*days, many), rng.integers(0, 2, many), strict=True)
            ]
    return links


def test_a_list_of_people_who_go_on_beats_a_random_one_and_one_of_people_who_do_not_does_not() -> None:
    rng = np.random.default_rng(1)
    (split,), _, _ = run(regulars(200, rng), 200, top=10, draws=300)
    found = {(d.by, d.against, d.measure): d.points for d in split.differences}
    assert found["count", "random", "offences"].low > 5
    assert split.lists[0].active.value > split.random_active.high
    (split,), _, _ = run(regulars(200, rng, same=False), 200, top=10, draws=300)
    points = {(d.by, d.against, d.measure): d.points for d in split.differences}["count", "random", "offences"]
    assert points.low < 0 < points.high


@pytest.mark.parametrize("often", [1.0, 4.0])
def test_intervals_cover_what_such_lists_come_to_about_as_often_as_they_say(often) -> None:
    rng = np.random.default_rng(2)
    runs = [run(regulars(150, rng, often=often), 150, top=10, draws=150)[0][0].lists[1] for _ in range(100)]
    for figure in ("active", "offences", "not_listed", "rank_correlation"):
        told = [getattr(worth, figure) for worth in runs]
        truth = np.mean([one.value for one in told])
        covered = np.mean([one.low <= truth <= one.high for one in told])
        assert covered >= 0.85, (figure, covered)


def test_ten_of_ten_are_no_proof_of_the_next_ten() -> None:
    links = [(person, day, 0) for person in range(20) for day in (3, 15)]
    (split,), _, _ = run(links, 20, top=10)
    assert split.lists[0].active.value == split.lists[0].active.high == 100
    assert split.lists[0].active.low == pytest.approx(72.2, abs=0.1)


def test_lists_of_nearly_the_same_people_have_no_interval_of_their_difference() -> None:
    # Twenty regulars, and one robber who takes the last of ten places from them.
    links = [(person, day, 0) for person in range(20) for day in range(person // 2 + 1)]
    links += [(20, 5, 3), *((person, 15, 0) for person in range(10, 20))]
    (split,), _, _ = run(links, 21, top=10, draws=100)
    of_lists = [d for d in split.differences if d.against == "count"]
    assert {d.places_apart for d in of_lists} == {1}
    assert all(d.points.value is not None and d.points.low is None for d in of_lists)
    assert all(d.points.low is not None and d.places_apart is None for d in split.differences if d.against == "random")


def test_nothing_after_the_split_changes_the_list() -> None:
    # Whoever is first by harm before the split, one robbery after it goes to somebody who was last.
    before = [(person, person % 10, 3 if person < 2 else 0) for person in range(10)]
    after = [(person, 12, 0) for person in range(2, 10)]
    one, two = (run(before + more, 10, top=2)[0][0].lists[0] for more in (after, [*after, (9, 15, 3)]))
    assert (one.active.value, two.active.value) == (0, 0)
    assert one.not_listed.value == two.not_listed.value == 100


def test_links_made_later_are_counted_and_as_known_lists_leave_them_out() -> None:
    links = [(person, 5, 0) for person in range(8)] + [(person, 6, 3) for person in range(2)]
    links += [(person, 14, 0) for person in range(2, 8)]
    made = table(links, 8)
    days = np.array(["2026-01-10", "2026-01-11", "NaT"], dtype="datetime64[D]")
    of_robberies = made.offences.harm_days[made.offence] == 365
    known_on = np.where(of_robberies, days[1], days[0])
    asked = {"since": START, "until": END, "top": 2, "by": ("harm",), "draws": 5, "known_on": known_on}
    (split,), _, _ = back_test(made, [SPLIT], **asked)
    assert (split.links, split.links_known) == (10, 8)
    assert split.lists[0].active.value == 0, "the two robbers are listed, though that was found out later"
    (split,), _, _ = back_test(made, [SPLIT], as_known=True, **asked)
    assert split.lists[0].active.value == pytest.approx(100 * 6 / 8), "all eight are equal without"
    unknown = np.where(of_robberies, days[2], days[0])
    (split,), _, _ = back_test(made, [SPLIT], as_known=True, **asked | {"known_on": unknown})
    assert split.links_known == 8, "a link of unknown age was not known then"
    with pytest.raises(WrongUse, match="need the day each link was made"):
        back_test(made, [SPLIT], as_known=True, **asked | {"known_on": None})


def test_days_in_custody_count_neither_for_recency_nor_against_the_list() -> None:
    links = [(0, 0, 0), (1, 2, 0), *((person, 9, 0) for person in range(2, 6))]
    links += [(person, 15, 0) for person in range(2, 6)]
    made = table(links, 6)
    made = LinkTable(
        made.persons,
        ("N0", *made.nominal_ids[1:]),
        made.offences,
        made.person,
        made.offence,
        made.status,
        made.join,
        (),
    )
    day = [START + timedelta(days=n) for n in range(21)]
    held = [Arrest("N0", day[0], "46", "x", "charged", custody_from=day[0], released_on=day[9])]
    from stillgraph.prolific import RfhPoints

    points = RfhPoints(recency=((2, 20),), frequency=(), harm=())
    asked = {"since": START, "until": END, "by": ("rfh",), "top": 3, "draws": 5, "points": points}
    free, _, _ = back_test(made, [SPLIT], **asked)
    custody = custody_table(made.nominal_ids, held, known_until=END)
    known, _, _ = back_test(made, [SPLIT], custody=custody, **asked)
    # Without custody records four of the six are recent, all of them active after; with them N0 is recent too.
    assert free[0].lists[0].active.value == pytest.approx(100)
    assert known[0].lists[0].active.value == pytest.approx(100 * 4 / 5)
    locked = [Arrest("N0", day[0], "46", "x", "charged", custody_from=day[0])]
    custody = custody_table(made.nominal_ids, locked, known_until=day[20] + timedelta(days=9))
    known, _, _ = back_test(made, [SPLIT], custody=custody, **asked)
    assert known[0].lists[0].active.value == pytest.approx(100), "who was locked up could not offend"
    assert known[0].lists[0].in_custody == pytest.approx(3 / 5)


def test_machines_joins_and_proactive_harm_can_be_left_out() -> None:
    links = [(person, 3, 1 if person == 0 else 0) for person in range(6)] + [(person, 14, 0) for person in range(1, 6)]
    (split,), _, _ = run(links, 6, top=1)
    assert split.lists[0].active.value == 0
    (split,), _, _ = run(links, 6, top=1, include_proactive=False)
    assert split.lists[0].active.value == 100
    joined = table([*links, (0, 15, 0)], 6, joins=[False] * len(links) + [True])
    (split,), _, _ = back_test(joined, [SPLIT], since=START, until=END, top=1, by=("harm",), draws=3)
    assert split.next_persons == 5


def test_several_splits_have_a_mean_of_paired_resamples() -> None:
    rng = np.random.default_rng(4)
    links = regulars(80, rng)
    splits = rolling_splits(START, END)
    assert splits == (date(2026, 1, 6), date(2026, 1, 11), date(2026, 1, 16))
    told, overall, differences = back_test(
        table(links, 80), splits, since=START, until=END, by=("harm",), top=5, draws=200
    )
    assert [(s.list_since, s.next_since, s.next_until) for s in told] == [
        (START, date(2026, 1, 6), date(2026, 1, 10)),
        (START, date(2026, 1, 11), date(2026, 1, 15)),
        (START, date(2026, 1, 16), END),
    ]
    assert [one.by for one in overall] == ["harm", "count"]
    for place, one in enumerate(overall):
        assert one.harm.value == pytest.approx(np.mean([s.lists[place].harm.value for s in told]))
        assert one.harm.high - one.harm.low < max(s.lists[place].harm.high - s.lists[place].harm.low for s in told)
    assert {(d.by, d.against) for d in differences} == {("harm", "count"), ("harm", "random"), ("count", "random")}
    again = back_test(table(links, 80), splits, since=START, until=END, by=("harm",), top=5, draws=200)
    assert again == (told, overall, differences)


def test_a_split_with_too_few_is_insufficient_and_the_others_are_not() -> None:
    links = [(person, 7, 0) for person in range(12)] + [(person, 12, 0) for person in range(6)]
    told, overall, differences = back_test(
        table(links, 12), [date(2026, 1, 3), SPLIT], since=START, until=END, top=3, by=("count",), draws=5
    )
    assert told[0].insufficient == "0 persons in the period of the list, and a list of 3 needs 6 to choose from"
    assert told[1].insufficient is None
    assert (overall, differences) == ((), ())
    told, _, _ = run([(person, 7, 0) for person in range(12)], 12)
    assert told[0].insufficient == "0 persons in the next period, and a list of 2 needs 2 to be measured on"
    assert back_test(table([], 0), [SPLIT], since=START, until=END)[0][0].insufficient


def test_a_county_takes_seconds() -> None:
    rng = np.random.default_rng(5)
    persons, count = 20_000, 200_000
    rates = rng.gamma(0.5, 1, persons)
    who = rng.choice(persons, count, p=rates / rates.sum())
    links = np.stack([who, rng.integers(0, 20, count), rng.integers(0, 4, count)], axis=1).tolist()
    links = [tuple(link) for link in links]
    made = table(links, persons)
    began = time.process_time()
    (split,), _, _ = back_test(made, [SPLIT], since=START, until=END, top=200, draws=200)
    assert time.process_time() - began < 10
    assert split.lists[0].harm.low > split.random_harm.high


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"splits": []}, "needs a split or more"),
        ({"splits": [START]}, "after 2026-01-01 and not after 2026-01-20"),
        ({"splits": [SPLIT, SPLIT]}, "each once and in order"),
        ({"splits": [END + timedelta(days=1)]}, "not after 2026-01-20"),
        ({"by": ("luck",)}, "Lists are by harm, count, value, rfh"),
        ({"by": ()}, "Lists are by harm, count, value, rfh"),
        ({"top": 0}, "one place or more"),
        ({"draws": 0}, "at least one draw"),
    ],
)
def test_impossible_questions_are_refused(asked, message) -> None:
    asked = {"splits": [SPLIT], "top": 1} | asked
    with pytest.raises(WrongUse, match=message):
        back_test(table([(0, 1, 0)], 1), asked.pop("splits"), since=START, until=END, **asked)


@pytest.mark.parametrize(("top", "draws"), [(2, 250), (2, 20), (9, 250)])
def test_every_draw_is_told_of_once_also_where_too_few_are_listed(top, draws) -> None:
    told: list[int] = []
    links = [(person % 6, day, 0) for day in range(20) for person in (day, day + 1)]
    splits = [date(2026, 1, 8), date(2026, 1, 15)]
    asked = {"since": START, "until": END, "top": top, "by": ("harm",), "draws": draws, "include_proactive": True}
    with_telling = back_test(table(links, 6), splits, progress=told.append, **asked)
    assert sum(told) == total_draws(2, draws)
    assert all(split.insufficient for split in with_telling[0]) == (top == 9)
    assert with_telling == back_test(table(links, 6), splits, **asked)
