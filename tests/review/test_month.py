"""A simulated month of review: what two blind officers keep out, and whether trials measure what is there."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def month():
    path = Path(__file__).parents[1] / "benchmarks" / "month.py"
    spec = importlib.util.spec_from_file_location("month", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["month"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["month"]


def two_of_three(chance):
    """The chance that two of three agree on what each says with this chance, the third asked only where two differ."""
    return 3 * chance**2 - 2 * chance**3


@pytest.mark.parametrize("error", [0.05, 0.2, 0.4])
def test_without_shared_errors_the_simulation_gives_what_arithmetic_gives(month, error):
    found = month.months(4, 1000, error=error, shared=0.0, seed=11)
    one = found["one wrong of lists"]
    two = found["two wrong of lists"]
    share = month.PRESENT_SHARE
    assert one.low <= share * error / 2 + (1 - share) * error <= one.high
    assert two.low <= share * two_of_three(error / 2) + (1 - share) * two_of_three(error) <= two.high


def test_two_keep_out_what_one_lets_in_and_less_of_it_where_errors_are_shared(month):
    apart = month.months(4, 1000, error=0.05, shared=0.0, seed=12)
    alike = month.months(4, 1000, error=0.05, shared=0.6, seed=12)
    assert apart["two wrong of lists"].high < apart["one wrong of lists"].low
    assert apart["two wrong of lists"].high < alike["two wrong of lists"].low, "a shared look-alike passes both"
    assert alike["two wrong of lists"].value <= alike["one wrong of lists"].value


@pytest.mark.parametrize("error", [0.1, 0.3])
def test_a_month_of_trials_covers_the_officers_known_accuracy(month, error):
    found = month.coverage(150, 500, error=error, seed=13)
    for name in ("absent", "present", "corrected"):
        assert found[name].high >= 0.95 or found[name].value >= 0.9, name
    assert found["trials a month"]["absent"] == pytest.approx(500 * 0.09 / 0.88, rel=0.05)
    assert found["trials a month"]["present"] == pytest.approx(500 * 0.03 / 0.88, rel=0.1)
