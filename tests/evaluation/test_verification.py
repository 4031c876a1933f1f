from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillgraph.errors import WrongUse
from stillgraph.evaluation import verification, wilson


def _arrays(genuine: list[float], impostor: list[float]) -> tuple[Any, Any]:
    return np.array([*genuine, *impostor]), np.array([True] * len(genuine) + [False] * len(impostor))


def test_rates_counted_by_hand() -> None:
    impostor = [0.5, 0.4, 0.4, *[0.0] * 197]
    scores, same = _arrays([0.9, 0.9, 0.45, 0.4, 0.3], impostor)
    result = verification(scores, same, failures_genuine=3)
    assert (result.pairs, result.genuine, result.impostor, result.failures_to_acquire) == (208, 8, 200, 3)
    # FAR .01 of 200 lets two through, but the second and third best are equal, so only the best one passes.
    assert result.thresholds["0.01"] == pytest.approx(0.4, abs=1e-6)
    assert result.tar_at_far["0.01"] == 3 / 8
    assert result.tar_interval["0.01"] == (wilson(3, 8).low, wilson(3, 8).high)
    # Wins: .9 and .9 over 200; .45 over 199; .4 over 197 and two halves; .3 over 197; the failures over none.
    assert result.auc == (200 + 200 + 199 + 198 + 197) / (8 * 200)


def test_a_target_too_fine_for_the_pairs_is_answered_by_a_sentence() -> None:
    scores, same = _arrays([0.9] * 5, [0.1] * 999)
    result = verification(scores, same)
    assert result.tar_at_far == {"0.01": 1.0, "0.001": None}
    assert result.tar_interval["0.001"] is None
    assert result.insufficient == {
        "0.001": "insufficient: needs at least 1000 impostor pairs and 1 genuine pair, there are 999 and 5"
    }
    scores, same = _arrays([0.9] * 5, [0.1] * 1000)
    assert verification(scores, same).tar_at_far == {"0.01": 1.0, "0.001": 1.0}


def test_failures_to_acquire_count_as_errors() -> None:
    scores, same = _arrays([0.9] * 20, [0.1] * 20)
    perfect = verification(scores, same)
    assert (perfect.auc, perfect.accuracy) == (1.0, 1.0)
    worse = verification(scores, same, failures_genuine=5, failures_impostor=5)
    assert worse.auc == 0.64
    assert worse.accuracy == 0.8
    assert worse.accuracy_interval == (wilson(40, 50).low, wilson(40, 50).high)


def test_accuracy_is_counted_on_pairs_the_threshold_has_not_seen() -> None:
    # One score serves both kinds: whatever threshold is chosen, one kind is wholly wrong.
    scores, same = _arrays([0.5] * 30, [0.5] * 30)
    assert verification(scores, same).accuracy == 0.5
    # On noise, a threshold chosen on the very pairs it is counted on is right for .60 of them.
    same = np.arange(24) < 12
    runs = [verification(np.random.default_rng(run).uniform(-1, 1, 24), same).accuracy for run in range(60)]
    assert 0.44 < np.mean([run or 0 for run in runs]) < 0.56


@pytest.mark.parametrize(("genuine", "impostor"), [([], []), ([0.5], []), ([], [0.5]), ([0.5], [0.1, 0.2])])
def test_too_few_pairs_are_answered_by_sentences(genuine: list[float], impostor: list[float]) -> None:
    result = (
        verification(*_arrays(genuine, impostor))
        if genuine or impostor
        else verification(np.zeros(0), np.zeros(0, dtype=np.bool_))
    )
    assert result.accuracy is None
    assert "accuracy" in result.insufficient
    assert (result.auc is None) == ("auc" in result.insufficient) == (not (genuine and impostor))
    assert result.tar_at_far == {"0.01": None, "0.001": None}


_SCORES = st.lists(st.integers(-10, 10).map(lambda n: n / 10), min_size=1, max_size=25)


@given(genuine=_SCORES, impostor=_SCORES, seed=st.integers(0, 99))
def test_the_area_is_a_count_of_contests_and_order_changes_nothing(
    genuine: list[float], impostor: list[float], seed: int
) -> None:
    scores, same = _arrays(genuine, impostor)
    result = verification(scores, same)
    contests = [(g > i) + (g == i) / 2 for g in genuine for i in impostor]
    assert result.auc == pytest.approx(np.mean(contests))
    order = np.random.default_rng(seed).permutation(len(scores))
    assert verification(scores[order], same[order]) == result


@given(genuine=_SCORES, impostor=st.lists(st.integers(-10, 10).map(lambda n: n / 10), min_size=100, max_size=130))
def test_the_true_accept_rate_agrees_with_trying_every_threshold(genuine: list[float], impostor: list[float]) -> None:
    result = verification(*_arrays(genuine, impostor))
    ats = (n / 10 + 0.05 for n in range(-12, 12))
    at = next(t for t in ats if sum(i >= t for i in impostor) / len(impostor) <= 0.01 + 1e-12)
    assert result.tar_at_far["0.01"] == pytest.approx(sum(g >= at for g in genuine) / len(genuine))


@pytest.mark.parametrize(
    ("scores", "same", "failures", "message"),
    [
        ([0.1, 0.2], [True], 0, "one true or false a pair"),
        ([0.1, 0.2], [1, 0], 0, "one true or false a pair"),
        ([0.1, float("nan")], [True, False], 0, "one cosine"),
        ([0.1, 3.0], [True, False], 0, "one cosine"),
        ([0.1, 0.2], [True, False], -1, "zero or more"),
    ],
)
def test_impossible_pairs_are_refused(scores: Any, same: Any, failures: int, message: str) -> None:
    with pytest.raises(WrongUse, match=message):
        verification(np.array(scores), np.array(same), failures_genuine=failures)
