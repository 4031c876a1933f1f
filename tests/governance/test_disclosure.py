"""Small counts cannot be read in what is published, nor worked out from a total."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillgraph.governance.disclosure import LEAST, withheld

COUNTS = st.lists(st.integers(0, 12), min_size=1, max_size=8)


@pytest.mark.parametrize(
    ("counts", "published"),
    [
        ([0, 5, 12], [0, 5, 12]),
        ([2, 3, 40], [None, None, 40]),
        ([4, 9, 40], [None, None, 40]),
        ([1, 1, 8, 40], [None, None, None, 40]),
        ([0, 3], [None, None]),
        ([], []),
    ],
)
def test_what_is_withheld(counts, published):
    assert withheld(counts) == published


@given(COUNTS)
def test_no_small_count_is_published_and_no_other_changed(counts):
    for count, shown in zip(counts, withheld(counts), strict=True):
        assert shown is None or shown == count
        if shown is not None:
            assert count == 0 or count >= LEAST


@given(st.lists(st.integers(0, 7), min_size=1, max_size=5))
def test_the_total_gives_no_withheld_count_away(counts):
    shown = withheld(counts)
    hidden = [count for count, seen in zip(counts, shown, strict=True) if seen is None and count > 0]
    if not hidden or all(seen is None for seen in shown):
        return
    # Whoever knows the total knows the sum of the withheld, and that each is at least 1: more than one answer fits.
    fits = [one for one in product(range(1, sum(hidden) + 1), repeat=len(hidden)) if sum(one) == sum(hidden)]
    for place in range(len(hidden)):
        assert len({one[place] for one in fits}) > 1
