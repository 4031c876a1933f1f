"""What is drawn from the seed: orders, trials and turns, the same for whatever order of rows."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillgraph.records import ReviewPolicy
from stillgraph.review import dealing

POLICY = ReviewPolicy()
nominals = st.lists(st.sampled_from([f"N{n}" for n in range(30)]), unique=True, max_size=20)


@given(nominals, st.randoms(use_true_random=False), st.integers(0, 9))
def test_an_officers_order_is_theirs_whatever_order_the_rows_come_in(listed, random, seed):
    policy = replace(POLICY, seed=seed)
    shown = dealing.order(policy, "a", "f", 1, listed)
    again = list(listed)
    random.shuffle(again)
    assert dealing.order(policy, "a", "f", 1, again) == shown
    assert sorted(shown) == sorted(listed)
    assert dealing.order(replace(policy, shuffled=False), "a", "f", 1, listed) == tuple(listed)


def test_no_place_tells_the_rank():
    """Over many faces whoever ranks first stands anywhere about as often."""
    listed = [f"N{n}" for n in range(5)]
    places = [dealing.order(POLICY, "a", f"f{n}", 1, listed).index("N0") for n in range(2000)]
    assert all(330 <= places.count(place) <= 470 for place in range(5))


@pytest.mark.parametrize(("absent", "present"), [(0.09, 0.03), (0.25, 0.25), (0.5, 0.0), (0.0, 0.0), (0.0, 0.2)])
def test_shares_of_all_lists_are_those_of_the_policy(absent, present):
    policy = replace(POLICY, trial_share=absent, present_share=present)
    drawn = [dealing.trial_beside(policy, "a", f"f{n}", 1) for n in range(6000)]
    everything = len(drawn) + sum(kind is not None for kind in drawn)
    for kind, share in ((dealing.ABSENT, absent), (dealing.PRESENT, present)):
        assert drawn.count(kind) / everything == pytest.approx(share, abs=0.015)


@given(st.sets(st.integers(0, 50), min_size=1), st.randoms(use_true_random=False))
def test_what_is_dealt_next_does_not_depend_on_the_order_and_given_back_comes_last(faces, random):
    named = [f"f{n}" for n in faces]
    chosen = dealing.next_one(POLICY, "a", named, ())
    random.shuffle(named)
    assert dealing.next_one(POLICY, "a", named, ()) == chosen
    if len(named) > 1:
        assert dealing.next_one(POLICY, "a", named, {chosen}) != chosen
    assert dealing.next_one(POLICY, "a", named, set(named)) == chosen
    assert dealing.pick(POLICY, "a", "f@1", named) in named
    assert dealing.pick(POLICY, "a", "f@1", ()) is None


@given(st.lists(st.floats(0, 1, exclude_max=True).map(str), max_size=3))
def test_chance_is_a_number_below_one_of_seed_and_subject_alone(what):
    drawn = dealing.chance(1, *what)
    assert 0 <= drawn < 1
    assert dealing.chance(1, *what) == drawn


def test_subjects_that_read_alike_run_together_are_told_apart():
    assert dealing.chance(1, "ab", "c") != dealing.chance(1, "a", "bc")
