import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from stillgraph.errors import WrongUse
from stillgraph.evaluation import wilson
from stillgraph.evaluation.rates import allowed, needed, threshold
from stillgraph.records import Rate


def test_the_yield_of_2023_has_the_published_interval() -> None:
    rate = wilson(149, 302)
    assert (rate.successes, rate.trials) == (149, 302)
    assert [round(100 * (x or 0), 1) for x in (rate.value, rate.low, rate.high)] == [49.3, 43.7, 54.9]


@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_is_wilsons(counts: tuple[int, int]) -> None:
    successes, trials = counts
    rate = wilson(successes, trials)
    expected = binomtest(successes, trials).proportion_ci(0.95, method="wilson")
    assert (rate.low, rate.high) == pytest.approx((expected.low, expected.high))
    assert rate.low is not None
    assert rate.value is not None
    assert rate.high is not None
    assert 0 <= rate.low <= rate.value <= rate.high <= 1


def test_without_trials_nothing_is_said() -> None:
    assert wilson(0, 0) == Rate(0, 0, None, None, None)


@pytest.mark.parametrize(("successes", "trials"), [(3, 2), (-1, 2), (0, -1)])
def test_impossible_counts_are_refused(successes: int, trials: int) -> None:
    with pytest.raises(WrongUse, match="count the trials again"):
        wilson(successes, trials)


def test_targets_are_decimal_numbers() -> None:
    assert [needed(t) for t in (0.1, 0.03, 0.01, 0.003)] == [30, 100, 300, 1000]
    assert [needed(t, 1) for t in (0.01, 0.001)] == [100, 1000]
    # In binary 0.29 * 100 falls short of 29.
    assert [allowed(0.29, 100), allowed(0.003, 1000), allowed(0.003, 999)] == [29, 3, 2]


@given(
    st.lists(st.integers(-20, 20).map(lambda n: n / 20), max_size=40),
    st.integers(0, 45),
    st.sampled_from([np.float32, np.float64]),
)
def test_a_threshold_is_the_lowest_that_few_enough_reach(values: list[float], most: int, kind: type) -> None:
    scores = np.array(values, dtype=kind)
    at = threshold(scores.astype(np.float64), most)
    assert (scores >= at).sum() <= most
    below = [score for score in scores if score < at]
    if below:
        assert (scores >= max(below)).sum() > most
    else:
        assert len(scores) <= most
        assert math.isclose(at, -1)
