"""Who may stand beside a candidate in a photo array, by what is recorded."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillgraph.errors import WrongUse
from stillgraph.review.arrays import Described, fillers, positions

CANDIDATE = Described("N0", "N0/a.jpg", "F", "Black", 30, date(2024, 3, 2))


def people(count, **changes):
    return [replace(CANDIDATE, nominal_id=f"N{n}", custody_image=f"N{n}/a.jpg", **changes) for n in range(1, count + 1)]


@pytest.mark.parametrize(
    ("changes", "alike"),
    [
        ({}, True),
        ({"age": 35}, True),
        ({"age": 25}, True),
        ({"age": 36}, False),
        ({"age": 24}, False),
        ({"sex": "M"}, False),
        ({"ethnicity": "White"}, False),
        ({"captured_on": date(2024, 3, 2) - timedelta(days=1826)}, True),
        ({"captured_on": date(2024, 3, 2) - timedelta(days=1827)}, False),
        ({"captured_on": date(2029, 3, 2)}, True),
    ],
)
def test_fillers_are_alike_by_what_is_recorded(changes, alike):
    pool = people(5, **changes)
    if alike:
        assert len(fillers(CANDIDATE, pool, not_these=(), size=6, seed=1)) == 5
    else:
        with pytest.raises(
            WrongUse, match=r"An array of 6 needs 5 others, and 0 are alike enough.*Widen with --age-within"
        ):
            fillers(CANDIDATE, pool, not_these=(), size=6, seed=1)


def test_too_small_an_array_is_none():
    with pytest.raises(WrongUse, match="6 people at least"):
        fillers(CANDIDATE, people(9), not_these=(), size=5, seed=1)


@given(st.integers(0, 99), st.randoms(use_true_random=False), st.sets(st.integers(1, 30), max_size=12))
def test_the_seed_alone_draws_and_nobody_twice_or_under_the_offence(seed, random, out):
    pool = people(30) + [replace(one, custody_image=f"{one.nominal_id}/b.jpg", age=33) for one in people(30)]
    not_these = {f"N{n}" for n in out}
    found = fillers(CANDIDATE, pool, not_these=not_these, seed=seed)
    shuffled = list(pool)
    random.shuffle(shuffled)
    assert fillers(CANDIDATE, shuffled, not_these=not_these, seed=seed) == found
    drawn = [one.nominal_id for one, _ in found]
    assert len(set(drawn)) == len(drawn) == 8
    assert not set(drawn) & (not_these | {"N0"})
    assert {one.custody_image[-5:] for one, _ in found} == {"a.jpg"}, "of two images the one nearest in age"
    people_there = [CANDIDATE, *(one for one, _ in found)]
    stand = positions(people_there, seed)
    random.shuffle(people_there)
    assert positions(people_there, seed) == stand


def test_the_candidate_stands_anywhere():
    where = [positions([CANDIDATE, *people(8)], seed).index(CANDIDATE) for seed in range(900)]
    assert all(70 <= where.count(place) <= 135 for place in range(9))
