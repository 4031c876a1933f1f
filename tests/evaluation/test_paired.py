"""Two models on the same trials."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom, binomtest

from stillgraph.errors import WrongUse
from stillgraph.evaluation.paired import paired, sentence


def test_with_one_trial_a_person_it_is_mcnemars_exact_test() -> None:
    first = np.array([True] * 15 + [False] * 3 + [True] * 40 + [False] * 10)
    second = np.array([False] * 15 + [True] * 3 + [True] * 40 + [False] * 10)
    found = paired(first, second, np.arange(68), measure="rank 1")
    assert (found.only_first, found.only_second) == (15, 3)
    assert found.chance == pytest.approx(binomtest(15, 18).pvalue)
    assert found.says == "first"
    assert found.difference == pytest.approx(12 / 68)
    assert found.low > 0


def test_one_persons_many_trials_are_no_proof() -> None:
    first, second = np.zeros(120, dtype=bool), np.zeros(120, dtype=bool)
    first[:20] = True
    found = paired(first, second, np.arange(120) // 20, measure="rank 1")
    assert found.says == "neither"
    assert "neither is shown to be better" in sentence(found, "A", "B")


def test_models_alike_are_seldom_called_different_and_intervals_hold() -> None:
    rng = np.random.default_rng(1)
    held = called = 0
    for run in range(150):
        own = np.repeat(rng.beta(4, 2, 60), 3)
        persons = np.repeat(np.arange(60), 3)
        found = paired(rng.random(180) < own, rng.random(180) < own, persons, measure="m", seed=run)
        called += found.says != "neither"
        held += found.low <= 0 <= found.high
    assert called <= binom.ppf(0.9995, 150, 0.05)
    assert held >= binom.ppf(0.0005, 150, 0.93)


def test_no_trial_that_differs_leaves_open_what_the_rule_of_three_does() -> None:
    right = np.ones(60, dtype=bool)
    found = paired(right, right, np.arange(60), measure="m")
    assert (found.difference, found.low, found.high, found.chance, found.says) == (0, -0.05, 0.05, 1.0, "neither")


def test_nothing_to_compare_is_refused() -> None:
    with pytest.raises(WrongUse, match="same trials"):
        paired(np.zeros(0, dtype=bool), np.zeros(0, dtype=bool), np.zeros(0, dtype=np.intp), measure="m")
