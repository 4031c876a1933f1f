"""Control charts by month."""

from __future__ import annotations

import numpy as np
import pytest

from stillgraph.evaluation.drift import chart


def _months(counts: list[int], trials: int = 60) -> list[tuple[str, int, int]]:
    return [(f"2026-{i:02d}", count, trials) for i, count in enumerate(counts, start=1)]


def test_a_month_that_chance_does_not_bring_stands_out() -> None:
    found = chart("acceptance", _months([18, 20, 17, 19, 16, 21, 18, 45]), baseline=7)
    assert [one.month for one in found.signs] == ["2026-08"]
    assert found.signs[0].sign == "above the limits"
    assert found.learned_from[-1] == "2026-07"
    assert found.centre == pytest.approx(129 / 420)


def test_months_alike_seldom_stand_out() -> None:
    rng = np.random.default_rng(0)
    signs = sum(len(chart("x", _months(rng.binomial(60, 0.3, 12).tolist())).signs) for _ in range(200))
    assert signs / 2400 < 0.008


def test_eight_months_on_one_side_are_a_sign() -> None:
    found = chart("x", _months([20, 16, 20, 16, 20, 16, *[21] * 8]), baseline=6)
    assert found.months[-1].sign == "8 months in a row above the centre"
    assert all(one.sign is None for one in found.months[:-1])


def test_months_that_differ_more_than_chance_has_wider_limits() -> None:
    found = chart("x", _months([60, 140, 70, 150, 60, 140, 80, 130], trials=300))
    assert found.widened > 3
    assert found.signs == ()


def test_few_months_are_insufficient_and_few_trials_not_judged() -> None:
    found = chart("acceptance", _months([18, 20, 17]))
    assert found.insufficient is not None
    assert found.insufficient.endswith("there are 3: 3 more")
    assert found.centre is None
    whole = chart("x", [*_months([18, 20, 17, 19, 16, 21]), ("2026-07", 5, 5)])
    assert whole.months[-1].low is None
    assert whole.months[-1].sign is None
