"""Worlds: drawn as they are said to be, the same whatever is drawn beside them, and covering the truth."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest

from stillgraph.errors import WrongUse
from stillgraph.prolific import Chance, RfhPoints, WorldSettings, coverage, simulated
from stillgraph.prolific import worlds as w
from stillgraph.records import ProposedJoin

POINTS = RfhPoints()
NONE = np.zeros(0, dtype=np.int64)


def fixed(reviewer=0.0, ruling=0.0, likeness=0.0, **other) -> WorldSettings:
    """Return settings whose chances are known exactly."""
    chances = (Chance(mean, float("inf"), "known") for mean in (reviewer, ruling, likeness))
    return WorldSettings(400, 0, *chances, **other)


def by_sets(table, failed_rows, part_of, *, proactive=False):
    """Return harm, count and value of each person as sets of offences give them."""
    own = np.flatnonzero(table.join < 0)
    done = {person: set() for person in range(len(table.persons))}
    for row in own.tolist():
        if row not in failed_rows:
            who = int(table.person[row])
            while part_of.get(who, who) != who:
                who = part_of[who]
            done[who].add(int(table.offence[row]))
    of = table.offences
    harm = of.harm_days if proactive else np.where(of.proactive, 0, of.harm_days)
    latest = [max((of.occurred_at[o] for o in theirs), default=None) for theirs in done.values()]
    return (
        [round(sum(harm[o] for o in theirs), 6) for theirs in done.values()],
        [len(theirs) for theirs in done.values()],
        [int(sum(of.value_pence[o] for o in theirs)) for theirs in done.values()],
        [None if at is None else at.astype("datetime64[D]").astype(int) for at in latest],
    )


def test_a_world_adds_up_to_what_sets_of_offences_do():
    joined = merged = 0
    for seed in range(8):
        table = simulated(40, 260, joins=14, seed=seed)
        settings = fixed(0.2, 0.4, 0.5, join_odds=0.5, join_probability=0.6)
        base = w.ground(table, settings)
        # Rows of the ground are by person and latest offence; which of the table's each is, is found by what it links.
        of_table = {
            (p, o): row
            for row, (p, o, j) in enumerate(zip(table.person, table.offence, table.join, strict=True))
            if j < 0
        }
        rng = np.random.default_rng(seed)
        for _ in range(20):
            failed = np.flatnonzero(rng.random(len(base.person)) < 0.3)
            part_of = w._drawn_joins(base, rng)
            one = w.world(base, failed, part_of)
            rows = {of_table[base.person[row], base.offence[row]] for row in failed.tolist()}
            moved = {at: int(to) for at, to in enumerate(part_of.tolist()) if at != to}
            joined += len(moved)
            harm, count, value, latest = by_sets(table, rows, moved)
            assert w.figures(base, "harm", one.harm).tolist() == pytest.approx(harm)
            assert one.count.tolist() == count
            assert one.value.tolist() == value
            assert [None if day == w.NEVER else day for day in one.latest.tolist()] == latest
            merged += len(base.person) - len(failed) - sum(count)
    assert joined > 20
    assert merged > 0, "somewhere an offence of two who are one counts once"


def test_links_fail_as_often_as_their_kind_does():
    table = simulated(300, 6000, joins=0, seed=1)
    for chances in ((0.01, 0.02, 0.029), (0.3, 0.05, 0.7)):
        settings = fixed(*chances)
        base = w.ground(table, settings)
        # Of each kind: how often each link fails is binomial, whatever its place.
        for rows, chance in zip(base.of_status, chances, strict=True):
            rng = np.random.default_rng(5)
            times = np.zeros(len(rows))
            for _ in range(3000):
                times[w._fails(rng, len(rows), chance)] += 1
            spread = np.sqrt(chance * (1 - chance) * 3000)
            assert abs(times.mean() - 3000 * chance) < 5 * spread / np.sqrt(len(rows))
            assert np.abs(times - 3000 * chance).max() < 6 * spread
            assert times.std() == pytest.approx(spread, rel=0.2)


@pytest.mark.parametrize(("count", "chance"), [(0, 0.5), (10, 0.0), (10, 1.0), (7, 0.02)])
def test_the_ends_of_drawing_failures(count, chance):
    drawn = [w._fails(np.random.default_rng(n), count, chance) for n in range(50)]
    assert all((np.diff(one) > 0).all() and (one < count).all() for one in drawn)
    assert {0.0: {0}, 1.0: {count}}.get(chance, {len(one) for one in drawn}) == {len(one) for one in drawn}


def test_joins_hold_as_often_as_their_odds_say_and_one_part_has_one_whole():
    table = simulated(60, 300, joins=0, seed=2)
    parts = np.flatnonzero(np.bincount(table.person[table.status == 2], minlength=60))[:4].tolist()
    joins = (
        ProposedJoin(parts[0], 0, 30.0, 0.7),  # odds 3
        ProposedJoin(parts[1], 1, None, 0.7),  # probability 0.25
        ProposedJoin(parts[2], 2, 20.0, 0.7),  # odds 2 and 1, of three hypotheses
        ProposedJoin(parts[2], 3, 10.0, 0.7),
        ProposedJoin(parts[3], parts[2], 1e12, 0.7),  # as good as sure: to whom the part of somebody belongs
    )
    base = w.ground(replace(table, joins=joins), fixed(join_odds=0.1, join_probability=0.25))
    rng = np.random.default_rng(3)
    drawn = np.array([w._drawn_joins(base, rng) for _ in range(8000)])
    share = lambda part, whole: float((drawn[:, part] == whole).mean())  # noqa: E731
    assert share(parts[0], 0) == pytest.approx(0.75, abs=0.02)
    assert share(parts[1], 1) == pytest.approx(0.25, abs=0.02)
    assert share(parts[2], 2) == pytest.approx(0.5, abs=0.02)
    assert share(parts[2], 3) == pytest.approx(0.25, abs=0.02)
    assert (drawn[:, parts[3]] == drawn[:, parts[2]]).all(), "a part of a part is whose that one is"
    assert (drawn[:, :4] == np.arange(4)).all()


def test_a_join_can_be_sure_or_out_of_the_question():
    table = simulated(60, 300, joins=0, seed=2)
    part = int(table.person[table.status == 2][0])
    for probability in (0.0, 1.0):
        joined = replace(table, joins=(ProposedJoin(part, 0, None, 0.7), ProposedJoin(part, 1, 1e6, 0.7)))
        base = w.ground(joined, fixed(join_odds=0.0, join_probability=probability))
        drawn = {int(w._drawn_joins(base, np.random.default_rng(n))[part]) for n in range(50)}
        assert drawn == {0 if probability else part}


def test_a_circle_of_joins_is_refused():
    table = simulated(30, 90, joins=0, seed=2)
    for joins in (((0, 1), (1, 0)), ((0, 1), (1, 2), (2, 0)), ((3, 3),)):
        circle = replace(table, joins=tuple(ProposedJoin(a, b, None, 0.7) for a, b in joins))
        with pytest.raises(WrongUse, match=r"parts of one another in a circle; link the case again"):
            w.ground(circle, WorldSettings())


def test_a_world_is_the_same_whatever_is_drawn_beside_it(monkeypatch):
    table = simulated(80, 500, joins=20, seed=4)
    settings = replace(WorldSettings(), draws=50)
    base = w.ground(table, settings)
    alone = w.draw(base, settings, 17)
    again = w.draw(base, settings, 17)
    assert all((getattr(alone, name) == getattr(again, name)).all() for name in w.World.__slots__)
    assert (w.draw(base, settings, 18).count != alone.count).any()
    assert (w.draw(base, replace(settings, seed=1), 17).count != alone.count).any()
    one = w.intervals(base, settings, POINTS, by="harm")
    monkeypatch.setattr(w, "_AHEAD", 7)
    monkeypatch.setattr(w, "_PERSONS", 3)
    monkeypatch.setattr(w.os, "cpu_count", lambda: 1)
    other = w.intervals(base, settings, POINTS, by="harm")
    assert (one.rank_low == other.rank_low).all()
    assert (one.rank_high == other.rank_high).all()
    assert (one.top_share == other.top_share).all()
    assert all(
        (one.low[name] == other.low[name]).all() and (one.high[name] == other.high[name]).all() for name in w.MEASURES
    )


def test_intervals_are_percentiles_of_the_worlds():
    table = simulated(50, 400, joins=10, seed=6)
    settings = replace(WorldSettings(), draws=201, top_n=5)
    base = w.ground(table, settings)
    every = [w.measured(base, w.draw(base, settings, n), POINTS) for n in range(201)]
    found = w.intervals(base, settings, POINTS, by="count")
    for name in w.MEASURES:
        drawn = np.array([w.figures(base, name, one[name]) for one in every])
        assert found.low[name].tolist() == np.percentile(drawn, 2.5, axis=0, method="lower").tolist()
        assert found.high[name].tolist() == np.percentile(drawn, 97.5, axis=0, method="higher").tolist()
    ranks = np.array([[1 + (one["count"] > own).sum() for own in one["count"]] for one in every])
    assert found.rank_low.tolist() == np.percentile(ranks, 2.5, axis=0, method="lower").tolist()
    assert found.rank_high.tolist() == np.percentile(ranks, 97.5, axis=0, method="higher").tolist()
    assert found.top_share.tolist() == pytest.approx((ranks <= 5).mean(axis=0).tolist())


@pytest.mark.parametrize("most", [3, 10**7])
def test_ranks_are_those_of_a_plain_count(most):
    values = np.random.default_rng(1).integers(0, most, 300)
    plain = [1 + int((values > own).sum()) for own in values]
    assert w.ranks(values).tolist() == plain
    assert w.ranks(values, np.random.default_rng(2).permutation(300)).tolist() == plain
    assert w.ranks(NONE).tolist() == []


def test_errors_of_one_world_come_together():
    table = simulated(200, 4000, joins=0, seed=1)
    loose = replace(fixed(), reviewer_error=Chance(0.1, 10, "hardly known"))
    exact = fixed(reviewer=0.1)
    base = w.ground(table, loose)
    totals = {
        name: np.array([w.draw(base, settings, n).count.sum() for n in range(200)])
        for name, settings in (("loose", loose), ("exact", exact))
    }
    assert totals["loose"].std() > 5 * totals["exact"].std()
    assert totals["loose"].mean() == pytest.approx(totals["exact"].mean(), rel=0.03)


@pytest.mark.parametrize("days", [[1.0, 365.0], [0.25, 273.75], [0.1, 0.3], [1 / 3, 1.0]])
def test_days_of_harm_become_whole_numbers(days):
    whole, unit = w._whole_units(np.array(days))
    assert (whole * unit).tolist() == pytest.approx(days, abs=1e-6)
    assert unit == {1.0: 1.0, 0.25: 0.01, 0.1: 0.1}.get(days[0], 1e-6)


# --- what is known of chances ----------------------------------------------------------------------------------------------


def test_trials_teach_a_chance():
    prior = Chance(0.02, 50, "ours")
    taught = prior.learned(9, 150, "trials")
    assert (taught.mean, taught.trials, taught.source) == (pytest.approx(0.05), 200, "trials")
    low, high = taught.interval
    assert 0.02 < low < 0.05 < high < 0.09
    drawn = [taught.draw(np.random.default_rng(n)) for n in range(4000)]
    assert np.mean(drawn) == pytest.approx(0.05, abs=0.002)
    assert np.percentile(drawn, [2.5, 97.5]).tolist() == pytest.approx([low, high], abs=0.004)
    known = Chance(0.3, float("inf"), "known")
    assert (known.interval, known.draw(np.random.default_rng(0)), known.learned(1, 2, "t").mean) == (
        (0.3, 0.3),
        0.3,
        0.3,
    )


@pytest.mark.parametrize(("mean", "worth"), [(1.1, 5), (-0.1, 5), (0.5, 0)])
def test_what_is_no_chance_is_refused(mean, worth):
    with pytest.raises(WrongUse, match="between 0 and 1 and is worth some trials"):
        Chance(mean, worth, "")


def test_more_wrong_trials_than_trials_are_refused():
    with pytest.raises(WrongUse, match="Of 3 trials 4 cannot have been wrong"):
        Chance(0.1, 5, "").learned(4, 3, "")


@pytest.mark.parametrize("wrong", [{"draws": 0}, {"top_n": 0}, {"seed": -1}])
def test_settings_without_a_world_are_refused(wrong):
    with pytest.raises(WrongUse, match="at least one world and one place at the top"):
        WorldSettings(**wrong)


@pytest.mark.parametrize("wrong", [{"join_odds": -1.0}, {"join_odds": float("inf")}, {"join_probability": 1.1}])
def test_impossible_joins_are_refused(wrong):
    with pytest.raises(WrongUse, match="correct the settings of joins"):
        WorldSettings(**wrong)


# --- coverage and speed ----------------------------------------------------------------------------------------------------


def test_intervals_cover_a_truth_made_apart_from_them_about_as_often_as_they_say():
    settings = replace(WorldSettings(), draws=300, reviewer_error=Chance(0.15, 20, "made up"))
    found = {
        one.measure: one for one in coverage(settings, populations=12, persons=80, links=2000, joins=12, trials=40)
    }
    assert set(found) == {"rank", "harm", "count", "value"}
    for one in found.values():
        assert one.figures == 12 * 80 == one.covered + one.below + one.above
        # Whole numbers, ties, and widening to the figure itself make intervals cover rather more than 95 %.
        assert 0.93 <= one.covered / one.figures <= 0.995
    assert found["rank"].covered / found["rank"].figures <= 0.985
    assert all(one.below > 0 for one in found.values())


def test_intervals_that_take_reviewers_for_surer_than_they_are_cover_less(monkeypatch):
    settings = replace(WorldSettings(), draws=200, reviewer_error=Chance(0.15, 20, "made up"))
    monkeypatch.setattr(Chance, "learned", lambda self, *_: replace(self, mean=0.005, trials=1e6))
    found = {one.measure: one for one in coverage(settings, populations=6, persons=80, links=2000, joins=0)}
    assert found["count"].covered / found["count"].figures < 0.6


def test_a_hundred_thousand_links_take_a_second_or_two():
    table = simulated(10_000, 100_000, joins=500, seed=1)
    settings = replace(WorldSettings(), draws=100)
    began = time.perf_counter()
    w.intervals(w.ground(table, settings), settings, POINTS, by="harm")
    assert time.perf_counter() - began < 20  # idle it takes about half a second; a loop over rows would take minutes
