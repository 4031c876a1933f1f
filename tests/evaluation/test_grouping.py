import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import adjusted_rand_score

from stillgraph.evaluation import agreement

_GROUPS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=2, max_size=20)


@given(_GROUPS)
def test_it_is_the_adjusted_rand_index_wherever_that_has_a_meaning(groups: list[tuple[int, int]]) -> None:
    known = {f"P{n:02d}": str(one) for n, (one, _) in enumerate(groups)}
    found = {f"P{n:02d}": str(other) for n, (_, other) in enumerate(groups)}
    result = agreement(known, found, draws=5)
    trivial = [len({pair[which] for pair in groups}) in {1, len(groups)} for which in (0, 1)]
    if result.value is None:
        assert all(trivial)
    else:
        assert result.value == pytest.approx(adjusted_rand_score(list(known.values()), list(found.values())))


def test_pairs_are_counted_and_whoever_was_not_found_is_alone() -> None:
    known = {"a": "1", "b": "1", "c": "1", "d": "2", "e": "2"}
    result = agreement(known, {"a": "x", "b": "x", "d": "x", "z": "x"})
    assert (result.people, result.together, result.found, result.both) == (5, 4, 3, 1)
    assert result.value is not None
    assert result.low is not None
    assert result.high is not None
    assert result.low < result.value < result.high
    assert agreement(known, known).value == 1


def test_without_pairs_there_is_no_index() -> None:
    for known in ({}, {"a": "1"}, {"a": "1", "b": "2"}):
        result = agreement(known, known)
        assert (result.value, result.low, result.high, result.together) == (None, None, None, 0)


def test_somebody_drawn_twice_is_no_pair_with_themselves() -> None:
    # Groupings by chance: pairs of somebody with themselves, which agree in both, would lift the interval.
    rng = np.random.default_rng(3)
    known = {f"P{n:03d}": str(rng.integers(12)) for n in range(60)}
    found = {f"P{n:03d}": str(rng.integers(12)) for n in range(60)}
    result = agreement(known, found)
    assert result.low is not None
    assert result.high is not None
    assert result.value is not None
    assert result.low < result.value < result.high
    assert result.low < 0.02
    assert result.high < 0.1


def test_the_same_seed_has_the_same_interval_whatever_the_order_of_people() -> None:
    known = {f"P{n}": str(n % 3) for n in range(12)}
    found = {f"P{n}": str(n % 4) for n in range(12)}
    turned = agreement(dict(reversed(known.items())), dict(reversed(found.items())), seed=4)
    assert agreement(known, found, seed=4) == turned
    assert agreement(known, found, seed=5).low != turned.low
