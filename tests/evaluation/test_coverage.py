"""Intervals hold what they say: on populations whose true rates are known, drawn again and again.

Here with few runs; ``tests/benchmarks/accuracy.py`` makes 500 of each and of more populations.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from stillgraph.evaluation.people import of_counts
from stillgraph.evaluation.populations import Population
from stillgraph.evaluation.searches import operating_point

RUNS = 200
FEWEST = int(binom.ppf(0.0005, RUNS, 0.93))
"""Runs an interval holds at least, but for one time in 2,000, if its true coverage is 93 % or more."""


@pytest.mark.parametrize("people", [30, 200])
@pytest.mark.parametrize("rate", [0.01, 0.2, 0.5])
@pytest.mark.parametrize("alike", [0.0, 0.5])
def test_a_rate_whose_trials_share_people_holds_its_interval(people: int, rate: float, alike: float) -> None:
    rng = np.random.default_rng(7)
    held = 0
    for _ in range(RUNS):
        own = (
            np.full(people, rate)
            if not alike
            else rng.beta(rate * (1 - alike) / alike, (1 - rate) * (1 - alike) / alike, people)
        )
        trials = rng.integers(1, 7, people)
        found = of_counts(rng.binomial(trials, own), trials)
        assert found.low is not None
        assert found.high is not None
        held += found.low <= rate <= found.high
    assert held >= FEWEST


@pytest.mark.parametrize(
    ("population", "target"),
    [
        (Population(150, 150), 0.1),
        (Population(60, 60, 3, alike=0.5), 0.1),
        (Population(100, 300, separation=3.5), 0.03),
    ],
)
def test_fnir_at_a_target_holds_its_interval_though_its_threshold_is_an_estimate(
    population: Population, target: float
) -> None:
    true = population.fnir(population.threshold(target))
    held = 0
    for run in range(80):
        found = operating_point(population.drawn(run), target, within_rank=20, seed=run).fnir
        assert found is not None
        assert found.low is not None
        assert found.high is not None
        held += found.low <= true <= found.high
    assert held >= binom.ppf(0.0005, 80, 0.93)


def test_the_made_up_rates_are_those_that_many_searches_come_to() -> None:
    population = Population(100_000, 100_000, shift={"a": 0.0, "b": Population.shift_for(0.02, 3)})
    drawn = population.drawn(1)
    at = population.threshold(0.04)
    strange = drawn.where(~drawn.mated)
    assert strange.returned(at).mean() == pytest.approx(0.04, abs=0.003)
    for group in ("a", "b"):
        own = strange.where(strange.labels["group"] == group)
        assert own.returned(at).mean() == pytest.approx(population.fpir(at, group), abs=0.003)
    own = drawn.where(drawn.mated)
    assert own.missed(at, np.inf).mean() == pytest.approx(population.fnir(at), abs=0.003)
