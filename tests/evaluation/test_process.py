"""The fault tree of search and two blind reviewers."""

from __future__ import annotations

import numpy as np
import pytest

from stillgraph.errors import WrongUse
from stillgraph.evaluation import wilson
from stillgraph.evaluation.process import Measured, process


def _measured(in_gallery=True, **changes):
    known = {
        "listed": wilson(9400, 10_000), "supports_absent": wilson(2000, 10_000),
        "supports_present": wilson(8000, 10_000), "wrong_present": wilson(1000, 10_000),
        "in_gallery": wilson(7000, 10_000) if in_gallery else None,
    }  # fmt: skip
    return Measured(**{**known, **changes})


def _two_of_three(one: float, rng, size: int) -> np.ndarray:
    first, second, third = (rng.random(size) < one for _ in range(3))
    return np.where(first == second, first, third)


def test_it_agrees_with_dice() -> None:
    """Officers who err by themselves, on a million lists."""
    rng, size = np.random.default_rng(0), 1_000_000
    there = rng.random(size) < 0.7
    listed = there & (rng.random(size) < 0.94)
    wrong = np.where(listed, _two_of_three(0.1, rng, size), _two_of_three(0.2, rng, size))
    right = listed & _two_of_three(0.8, rng, size)
    (alone, *_) = process(_measured(), shared=(0.0,)).scenarios
    assert alone.wrong.value == pytest.approx(wrong.sum() / (wrong.sum() + right.sum()), rel=0.03)
    assert alone.found.value == pytest.approx(right.sum() / there.sum(), rel=0.01)
    assert alone.wrong.low < alone.wrong.value < alone.wrong.high


def test_a_look_alike_that_draws_all_undoes_the_second_officer() -> None:
    alone, shared = process(_measured(), shared=(0.0, 1.0)).scenarios
    one = (0.3 * 0.2 + 0.7 * 0.06 * 0.2 + 0.7 * 0.94 * 0.1) / (0.3 * 0.2 + 0.7 * 0.06 * 0.2 + 0.7 * 0.94 * (0.1 + 0.8))
    assert shared.wrong.value == pytest.approx(one, rel=0.02)
    assert shared.wrong.value > 2 * alone.wrong.value


def test_few_trials_widen_and_too_few_say_nothing() -> None:
    (wide, *_) = process(_measured(supports_absent=wilson(2, 10))).scenarios
    (narrow, *_) = process(_measured()).scenarios
    assert wide.wrong.high - wide.wrong.low > 3 * (narrow.wrong.high - narrow.wrong.low)
    none = process(_measured(supports_absent=wilson(0, 4)))
    assert none.scenarios == ()
    assert none.insufficient == "insufficient: it takes 6 more of target-absent trials"


def test_what_nobody_can_say_is_tried_at_both_ends() -> None:
    found = process(_measured(in_gallery=False), shared=(0.0, 1.0))
    assert [(one.in_gallery, one.shared) for one in found.scenarios] == [
        (p, s) for p in (0.2, 0.5, 0.8) for s in (0, 1)
    ]
    assert "where 20 of 100 lists have their person in the gallery" in found.sentences[0]
    assert found.scenarios[0].wrong.value > found.scenarios[4].wrong.value


def test_a_share_is_a_share() -> None:
    with pytest.raises(WrongUse, match="from 0 to 1"):
        process(_measured(), shared=(1.2,))
