"""Concentration against closed forms, brute force and simulated populations."""

from __future__ import annotations

import math
import sys
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillgraph.errors import WrongUse
from stillgraph.prolific import concentrated, concentration_coverage
from stillgraph.records import Concentrated, Estimate

LISTS = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 3)), min_size=2, max_size=25).filter(
    lambda rows: any(events and weight for events, weight in rows)
)


def made(rows: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    """Return values and events of rows of (events, weight of each)."""
    events, weight = np.array(rows, dtype=float).T
    return events * weight, events


@pytest.mark.parametrize(
    ("name", "quantile", "gini", "top_tenth", "half"),
    [
        # Gini of Pareto 1 / (2a - 1), of exponential 1/2, of uniform on 0-1 1/3; what the top tenth hold, and the
        # share of units that hold half, from each one's Lorenz curve.
        ("pareto", lambda u: (1 - u) ** (-1 / 3), 1 / 5, 0.1 ** (1 - 1 / 3), 0.5 ** (1 / (1 - 1 / 3))),
        ("exponential", lambda u: -np.log(1 - u), 1 / 2, 0.1 * (1 - math.log(0.1)), 0.18668),
        ("uniform", lambda u: u, 1 / 3, 1 - 0.9**2, 1 - math.sqrt(0.5)),
    ],
)
def test_the_figures_of_distributions_are_those_of_their_closed_forms(name, quantile, gini, top_tenth, half) -> None:
    n = 200_000
    values = quantile((np.arange(n) + 0.5) / n)
    found = concentrated(values, np.ones(n), draws=2)
    assert found.gini.value == pytest.approx(gini, abs=1e-3), name
    assert next(s for s in found.shares if s.top_percent == 10).percent.value == pytest.approx(
        100 * top_tenth, rel=3e-3
    )
    assert found.few[0].units / n == pytest.approx(half, rel=3e-3)
    middle = np.interp(0.5, found.lorenz.units, found.lorenz.held)
    exact = np.sort(values)[: n // 2].sum() / values.sum()
    assert middle == pytest.approx(exact, abs=2e-4)


@pytest.mark.parametrize(
    ("counts", "gini"),
    [
        ([1] * 5 + [0] * 5, 0.0),  # five events on five of ten units: as equal as five events can be
        ([5] + [0] * 9, 0.8),  # all on one unit: 1 - 1/c
        ([2] * 10, 0.0),  # as many on each
        ([20] + [0] * 9, 0.9),  # all on one unit, more events than units: 1 - 1/n
        ([1] + [0] * 9, 0.0),  # a single event cannot be concentrated
        ([2, 1, 1, 1] + [0] * 96, 0.32),  # as 2, 1, 1, 1 and 0 among five
    ],
)
def test_the_cases_of_bernasco_and_steenbeek(counts, gini) -> None:
    found = concentrated(counts)
    assert found.gini.value == pytest.approx(gini)
    assert found.lorenz.equal_from == pytest.approx(max(0, 1 - sum(counts) / len(counts)))


def brute(values: np.ndarray, events: np.ndarray) -> float:
    """Return the generalised Gini from all pairs."""
    n, mean = len(values), values.mean()
    plain = np.abs(values[:, None] - values[None, :]).sum() / (2 * n * n * mean)
    return 1 - max(n / events.sum(), 1) * (1 - plain)


@given(LISTS, st.integers(1, 25), st.sampled_from([10.0, 50.0, 80.0, 100.0]))
def test_every_figure_is_that_of_brute_force(rows, top, percent) -> None:
    values, events = made(rows)
    found = concentrated(values, events, tops=(top,), percents=(percent,), few=(percent,), draws=20)
    descending = np.sort(values)[::-1]
    assert found.gini.value == pytest.approx(brute(values, events), abs=1e-9)
    assert (found.units, found.units_with_any) == (len(values), (values > 0).sum())
    assert (found.events, found.total) == (events.sum(), values.sum())
    of_top = [share for share in found.shares if share.top_percent is None]
    assert len(of_top) == (top <= len(values))
    for share in found.shares:
        assert share.percent.value == pytest.approx(100 * descending[: share.units].sum() / values.sum())
    (few,) = found.few
    assert descending[: few.units].sum() >= percent / 100 * values.sum() - 1e-6
    assert descending[: few.units - 1].sum() < percent / 100 * values.sum() - 1e-9
    held = np.array(found.lorenz.held)
    assert held == pytest.approx(
        [np.sort(values)[: round(u * len(values))].sum() / values.sum() for u in found.lorenz.units]
    )
    assert (np.diff(held) >= 0).all()
    assert (found.lorenz.units[0], found.lorenz.units[-1], held[0], held[-1]) == (0, 1, 0, 1)


@given(LISTS, st.integers(1, 5))
def test_units_without_anything_never_make_few_events_look_concentrated(rows, more) -> None:
    # Once there are fewer events than units, a further unit without any changes neither G' nor what few hold.
    values, events = made(rows)
    many = np.zeros(int(events.sum()) + 1)
    first = concentrated(np.append(values, many), np.append(events, many), draws=1)
    second = concentrated(
        np.append(values, np.zeros(len(many) + more)), np.append(events, np.zeros(len(many) + more)), draws=1
    )
    assert second.gini.value == pytest.approx(first.gini.value, abs=1e-9)
    assert [one.units for one in second.few] == [one.units for one in first.few]


def test_intervals_need_units_enough() -> None:
    counts = list(range(1, 20))
    assert concentrated(counts).gini.low is None
    assert concentrated(counts).few[0].low is None
    found = concentrated([*counts, 20])
    assert found.gini.low < found.gini.value < found.gini.high
    assert [share.percent.low is None for share in found.shares] == [share.units < 4 for share in found.shares]
    assert concentrated([*counts, *[0] * 30]).gini.low is None, "units without any say nothing of the spread"


def test_nothing_is_said_of_nothing() -> None:
    assert concentrated([0, 0]) == Concentrated(2, 0, 0, 0.0, Estimate(), (), (), None)


def few_and_many(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    events = 1 + rng.poisson(rng.gamma(0.5, 4, n)).astype(float)
    return events, events


def robberies(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    events = 1 + rng.poisson(rng.gamma(0.5, 4, n))
    return events + 364.0 * rng.binomial(events, 0.06), events.astype(float)


def many_without(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    events = rng.poisson(rng.gamma(0.7, 0.8, n)).astype(float)
    return events, events


@pytest.mark.parametrize("population", [few_and_many, robberies, many_without])
def test_the_interval_of_the_gini_covers_about_as_often_as_it_says(population) -> None:
    covered, stated = concentration_coverage(population, units=120, runs=150, draws=250, seed=4)
    assert stated > 140
    assert 0.88 <= covered / stated <= 0.99


def test_resampling_neighbours_together_changes_no_figure_and_hardly_an_interval(monkeypatch) -> None:

    rng = np.random.default_rng(5)
    events = 1 + rng.poisson(3, 3000).astype(float)
    values = rng.gamma(events, 50)
    whole = concentrated(values, events, draws=400)
    module = sys.modules["stillgraph.prolific.concentration"]  # its function has its name in the package
    monkeypatch.setattr(module, "_KINDS", 700)
    monkeypatch.setattr(module, "_SINGLE", 200)
    coarse = concentrated(values, events, draws=400)
    assert coarse.gini.value == whole.gini.value
    assert coarse.lorenz == whole.lorenz
    assert (coarse.gini.low, coarse.gini.high) == pytest.approx((whole.gini.low, whole.gini.high), abs=2e-3)


def test_a_county_takes_seconds() -> None:
    rng = np.random.default_rng(6)
    events = 1 + rng.poisson(rng.gamma(0.5, 18, 100_000)).astype(float)
    began = time.process_time()
    found = concentrated(np.round(rng.gamma(events, 2000)), events)
    assert found.gini.low < found.gini.value < found.gini.high
    assert time.process_time() - began < 15


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"percents": (0,)}, "above 0 and up to 100 percent"),
        ({"few": (101,)}, "above 0 and up to 100 percent"),
        ({"tops": (0,)}, "of one unit or more"),
        ({"draws": 0}, "at least one draw"),
    ],
)
def test_impossible_questions_are_refused(asked, message) -> None:
    with pytest.raises(WrongUse, match=message):
        concentrated([1, 2, 3], **asked)
