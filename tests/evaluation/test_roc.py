"""The characteristic of compared pairs against scikit-learn, and against a worked example of the documentation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score, roc_curve

from stillgraph.evaluation import verification
from stillgraph.evaluation.roc import roc

_SCORES = st.lists(st.integers(-20, 20).map(lambda n: n / 20), min_size=1, max_size=60)


@given(alike=_SCORES, unlike=_SCORES)
def test_it_agrees_with_scikit_learn(alike: list[float], unlike: list[float]) -> None:
    scores, same = np.array([*alike, *unlike]), np.array([1] * len(alike) + [0] * len(unlike))
    ours = roc(np.array(alike), np.array(unlike), genuine=len(alike), impostor=len(unlike))
    far, tar, thresholds = roc_curve(same, scores, drop_intermediate=False)
    # scikit-learn's begins with a threshold above all scores.
    np.testing.assert_allclose(ours.thresholds, thresholds[1:], atol=1e-9)
    np.testing.assert_allclose(ours.far, far[1:], atol=1e-9)
    np.testing.assert_allclose(ours.tar, tar[1:], atol=1e-9)
    assert ours.auc() == pytest.approx(roc_auc_score(same, scores), abs=1e-9)


def test_the_worked_example_of_the_documentation() -> None:
    """docs/evaluation.md: five genuine and five impostor pairs."""
    alike, unlike = np.array([0.9, 0.8, 0.7, 0.55, 0.3]), np.array([0.6, 0.4, 0.35, 0.2, 0.1])
    found = roc(alike, unlike, genuine=5, impostor=5)
    assert found.auc() == 21 / 25
    assert found.equal_error() == (pytest.approx(0.2), 0.55)
    result = verification(np.concatenate([alike, unlike]), np.arange(10) < 5)
    assert (result.auc, result.eer, result.eer_threshold) == (21 / 25, pytest.approx(0.2), 0.55)


def test_a_pair_that_could_not_be_compared_is_rejected() -> None:
    found = roc(np.array([0.9]), np.array([0.1]), genuine=2, impostor=4)
    assert found.tar.tolist() == [0.5, 0.5]
    assert found.far.tolist() == [0.0, 0.25]


def test_a_long_curve_is_thinned_at_both_ends_alike() -> None:
    rng = np.random.default_rng(0)
    found = roc(rng.normal(0.3, 0.1, 50_000), rng.normal(0, 0.1, 50_000), genuine=50_000, impostor=50_000)
    points = found.thinned(200)
    assert 100 < len(points) <= 200
    assert points[0][0] == found.thresholds[0]
    assert points[-1][0] == found.thresholds[-1]
    assert sum(far < 0.001 for _, far, _ in points) > 20, "the end that matters has points"
