"""Pairs, B-cubed and wrongly merged persons, against counts by hand and an oracle."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillgraph.evaluation import linkage

TRUTH = {"a1": "A", "a2": "A", "a3": "A", "b1": "B", "b2": "B", "c1": "C"}


def test_a_count_by_hand():
    held = {"a1": "p", "a2": "p", "b1": "p", "a3": "q", "b2": "r", "nobody": "p"}
    found = linkage(TRUTH, held)
    assert (found.merged, found.wrongly_merged) == (1, 1)
    assert (found.pairs_together, found.pairs_right, found.pairs_true) == (3, 1, 4)
    assert found.precision.value == pytest.approx(1 / 3)
    assert found.recall.value == pytest.approx(1 / 4)
    # p holds a1, a2, b1: precisions 2/3, 2/3, 1/3; the others are alone.
    assert found.bcubed_precision.value == pytest.approx((2 / 3 + 2 / 3 + 1 / 3 + 1 + 1 + 1) / 6)
    assert found.bcubed_recall.value == pytest.approx((2 / 3 + 2 / 3 + 1 / 3 + 1 / 2 + 1 / 2 + 1) / 6)


def test_all_right_has_no_error_and_its_interval_ends_there():
    found = linkage(TRUTH, {face: person.lower() for face, person in TRUTH.items()})
    assert found.wrongly_merged == 0
    for share in (found.precision, found.recall, found.bcubed_precision, found.bcubed_recall):
        assert (share.value, share.low, share.high) == (1.0, 1.0, 1.0)


def test_nothing_put_together_has_no_precision():
    found = linkage(TRUTH, {})
    assert (found.precision.value, found.precision.low, found.precision.high) == (None, None, None)
    assert (found.recall.value, found.recall.low, found.recall.high) == (0.0, 0.0, 0.0)
    assert linkage({}, {}).recall.value is None


def test_pairs_beside_count_once_and_only_of_the_truth():
    held = {"a1": "p", "a2": "p"}
    found = linkage(TRUTH, held, beside=[("a1", "a3"), ("a3", "a1"), ("a1", "a2"), ("a1", "b1"), ("a1", "nobody")])
    assert (found.pairs_together, found.pairs_right) == (3, 2)


def test_a_face_that_was_not_found_is_an_error_of_recall():
    without = linkage(TRUTH, dict.fromkeys(["a1", "a2", "a3"], "p"))
    lost = linkage(TRUTH | {"a4, not found": "A"}, dict.fromkeys(["a1", "a2", "a3"], "p"))
    assert (without.pairs_true, lost.pairs_true) == (4, 7)
    assert lost.recall.value < without.recall.value
    assert lost.precision.value == 1.0


def test_the_interval_is_over_people_and_the_same_each_time():
    truth = {f"{person}{n}": str(person) for person in range(30) for n in range(4)}
    held = {face: person if int(person) % 2 else face for face, person in truth.items()}
    found = linkage(truth, held)
    assert found.recall.value == 0.5
    assert 0.25 < found.recall.low < 0.4 < 0.6 < found.recall.high < 0.75
    assert linkage(dict(reversed(truth.items())), held) == found


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=20))
def test_it_agrees_with_counting_every_pair_and_face(rows):
    truth = {f"f{n}": f"T{person}" for n, (person, _) in enumerate(rows)}
    held = {f"f{n}": f"P{cluster}" for n, (_, cluster) in enumerate(rows)}
    found = linkage(truth, held, draws=10)
    pairs = list(combinations(truth, 2))
    together = [(a, b) for a, b in pairs if held[a] == held[b]]
    true = [(a, b) for a, b in pairs if truth[a] == truth[b]]
    assert (found.pairs_together, found.pairs_true) == (len(together), len(true))
    assert found.pairs_right == len(set(together) & set(true))
    if rows:
        same = {f: [g for g in truth if held[g] == held[f]] for f in truth}
        right = {f: sum(truth[g] == truth[f] for g in same[f]) for f in truth}
        assert found.bcubed_precision.value == pytest.approx(sum(right[f] / len(same[f]) for f in truth) / len(truth))
        of = {f: sum(one == truth[f] for one in truth.values()) for f in truth}
        assert found.bcubed_recall.value == pytest.approx(sum(right[f] / of[f] for f in truth) / len(truth))
        for share in (found.precision, found.recall, found.bcubed_precision, found.bcubed_recall):
            assert share.value is None or 0 <= share.low <= share.value <= share.high <= 1 + 1e-12
