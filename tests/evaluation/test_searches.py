"""Rates of 1:N search against counts by hand and by brute force."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillgraph.errors import WrongUse
from stillgraph.evaluation import wilson
from stillgraph.evaluation.searches import Searches, cmc, det, operating_point, rates_at

INF = np.inf


def _searches(mated: list[tuple[float, float]], strange: list[float], persons: list[int] | None = None) -> Searches:
    """Build searches of (rank, mate score) and of strangers' best scores."""
    n = len(mated) + len(strange)
    rank = np.array([r for r, _ in mated] + [INF] * len(strange))
    mate = np.array([s for _, s in mated] + [-INF] * len(strange))
    best = np.array([max(s, 0.5) if np.isfinite(s) else -INF for _, s in mated] + strange)
    return Searches(
        np.array(persons if persons is not None else range(n), dtype=np.intp),
        np.arange(n) < len(mated), rank, mate, best, np.isfinite(best),
    )  # fmt: skip


def test_rates_counted_by_hand() -> None:
    searches = _searches([(1, 0.9), (2, 0.6), (7, 0.3), (INF, -INF)], [0.1, 0.2, 0.7, -INF])
    fnir, fpir = rates_at(searches, 0.25, within_rank=5)
    assert (fnir.successes, fnir.trials) == (2, 4), "the seventh is past the rank, the failure to acquire is a miss"
    assert (fpir.successes, fpir.trials) == (1, 4), "a stranger without a face returns nobody and stays a trial"
    assert fnir == wilson(2, 4)
    assert cmc(searches, (1, 5, 10)) == {"1": wilson(1, 4), "5": wilson(2, 4), "10": wilson(3, 4)}


def test_a_target_takes_three_over_itself_and_says_how_many_more() -> None:
    few = operating_point(_searches([(1, 0.9)] * 20, [0.1] * 20), 0.1, within_rank=20)
    assert (few.threshold, few.fnir) == (None, None)
    assert few.insufficient == "insufficient: FPIR 0.1 needs at least 30 non-mated searches, there are 20: 10 more"
    enough = operating_point(_searches([(1, 0.9)] * 20, list(np.linspace(0.1, 0.4, 30))), 0.1, within_rank=20)
    assert enough.fpir is not None
    assert (enough.fpir.successes, enough.fpir.trials) == (3, 30)
    assert enough.fnir == wilson(0, 20)
    assert enough.threshold_low is not None
    assert enough.threshold is not None
    assert enough.threshold_high is not None
    assert enough.threshold_low <= enough.threshold <= enough.threshold_high


def test_searches_of_few_people_are_less_sure() -> None:
    rng = np.random.default_rng(0)
    scores, strange = rng.uniform(0.2, 0.9, 60), rng.uniform(0, 0.5, 60)
    alone = _searches([(1, s) for s in scores], list(strange))
    shared = _searches([(1, s) for s in sorted(scores)], sorted(strange), [*np.arange(120) // 10])
    one, other = (operating_point(s, 0.1, within_rank=20).fnir for s in (alone, shared))
    assert one is not None
    assert other is not None
    assert one.value == other.value
    assert (other.high or 0) - (other.low or 0) > 1.3 * ((one.high or 0) - (one.low or 0))


_MATED = st.lists(
    st.tuples(st.sampled_from([1.0, 2.0, 30.0]), st.integers(-9, 9).map(lambda n: n / 10)), min_size=1, max_size=25
)
_STRANGE = st.lists(st.integers(-9, 9).map(lambda n: n / 10), min_size=1, max_size=25)


@given(mated=_MATED, strange=_STRANGE)
def test_the_curve_agrees_with_counting_at_each_threshold(
    mated: list[tuple[float, float]], strange: list[float]
) -> None:
    searches = _searches(mated, strange)
    curve = det(searches, within_rank=20)
    assert curve is not None
    assert list(curve.thresholds) == sorted(curve.thresholds, reverse=True)
    for at, fpir, fnir in zip(curve.thresholds, curve.fpir, curve.fnir, strict=True):
        assert fpir == pytest.approx(sum(s >= at for s in strange) / len(strange))
        assert fnir == pytest.approx(sum(not (r <= 20 and s >= at) for r, s in mated) / len(mated))


def test_a_curve_needs_searches_of_either_kind() -> None:
    assert det(_searches([(1, 0.9)], []), within_rank=20) is None


@pytest.mark.parametrize(
    "change",
    [
        {"rank": np.array([1.0, 1.0])},
        {"mate_score": np.array([-INF, -INF])},
        {"best_score": np.array([-INF, 0.2])},
        {"best_score": np.array([2.0, 0.2])},
        {"acquired": np.array([False, True])},
        {"mated": np.array([True])},
    ],
)
def test_searches_that_contradict_themselves_are_refused(change: dict) -> None:
    whole = {
        "person": np.array([0, 1]), "mated": np.array([True, False]), "rank": np.array([1.0, INF]),
        "mate_score": np.array([0.9, -INF]), "best_score": np.array([0.9, 0.2]), "acquired": np.array([True, True]),
    }  # fmt: skip
    Searches(**whole)
    with pytest.raises(WrongUse):
        Searches(**{**whole, **change})
