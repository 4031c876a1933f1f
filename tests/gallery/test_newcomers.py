"""Who newly enrolled makes a lead: the rule against simulation and brute force."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillgraph.errors import WrongUse
from stillgraph.gallery import exact, newcomers
from stillgraph.records import Candidate, Template


def unit(rng, rows, dimension=8):
    found = rng.standard_normal((rows, dimension)).astype(np.float32)
    return found / np.linalg.norm(found, axis=1, keepdims=True)


@given(st.integers(1, 10**8), st.integers(1, 10**6), st.floats(0.0, 1.0, exclude_min=True), st.integers(1, 50))
def test_strangers_make_a_lead_by_the_chance_at_most_or_only_by_coming_first(persons, new, chance, limit):
    found = newcomers.places(persons, new, chance=chance, limit=limit)
    assert 1 <= found <= limit
    assert found == 1 or found * new / persons <= chance * (1 + 1e-6)
    if found < limit and found > 1:
        assert (found + 1) * new / persons > chance * (1 - 1e-6), "no place that counts is given away"


def test_the_places_that_count_are_a_share_of_the_gallery_for_all_newcomers_together():
    assert newcomers.places(150, 1, chance=0.01, limit=20) == 1
    assert newcomers.places(700, 1, chance=0.01, limit=20) == 7, "0.01 x 700 is 7, not 6.99"
    assert newcomers.places(1_000_000, 1000, chance=0.01, limit=20) == 10
    assert newcomers.places(20_000_000, 1000, chance=0.01, limit=20) == 20


def test_strangers_come_within_the_places_as_often_as_the_bound_says():
    """People drawn alike, some enrolled last: what the rule says of chance, by simulation."""
    rng, faces, persons, new, chance = np.random.default_rng(7), 4000, 400, 2, 0.05
    scores = unit(rng, faces) @ unit(rng, persons).T
    last = newcomers.places(persons, new, chance=chance, limit=20)
    ranks = (-scores).argsort(axis=1).argsort(axis=1)[:, -new:] + 1
    made = (ranks <= last).any(axis=1).mean()
    assert last == 10
    assert 0.03 < made <= chance + 0.01, "two people within ten of 400 places: at most 5 %"


@pytest.mark.parametrize("chance", [0.0, -0.1, 1.5, float("nan")])
def test_a_chance_is_one(chance):
    with pytest.raises(WrongUse, match="A chance is above 0 and at most 1"):
        newcomers.places(10, 1, chance=chance, limit=20)


@given(st.integers(0, 2**32 - 1), st.integers(1, 12), st.integers(0, 9), st.integers(1, 6))
def test_nobody_who_stands_near_enough_to_the_top_is_left_unsearched(seed, faces, new, last):
    rng = np.random.default_rng(seed)
    open_faces, held, came = unit(rng, faces), unit(rng, 9), unit(rng, new)
    before = np.sort((open_faces.astype(np.float64) @ held.T.astype(np.float64)), axis=1)[:, ::-1]
    last_places = before[:, last - 1]
    found = set(newcomers.suspects(newcomers.highest(open_faces, came), last_places, -1.0, 8).tolist())
    entries = [(f"N{n}/a.jpg", f"N{n}") for n in range(9 + new)]
    lists = exact.build("m", entries, np.concatenate([held, came])).search(
        [Template("m", vector) for vector in open_faces], limit=20
    )
    images = {image for image, _ in entries[9:]}
    leads = {at for at, listed in enumerate(lists) if newcomers.lead(listed, images, last) is not None}
    assert leads <= found


def test_blocks_make_no_difference(monkeypatch):
    rng = np.random.default_rng(1)
    faces, came = unit(rng, 5), unit(rng, 40)
    whole = newcomers.highest(faces, came)
    monkeypatch.setattr(newcomers, "PRODUCT_BYTES", 4 * 5 * 3)
    np.testing.assert_allclose(newcomers.highest(faces, came), whole, atol=8 * np.finfo(np.float32).eps)
    assert np.isneginf(newcomers.highest(faces, came[:0])).all()


def test_the_first_new_image_within_the_places_is_the_lead():
    listed = [Candidate(n, f"N{n}", f"N{n}/a.jpg", 1 - n / 10) for n in range(1, 5)]
    assert newcomers.lead(listed, {"N3/a.jpg", "N2/a.jpg"}, 3) == listed[1]
    assert newcomers.lead(listed, {"N3/a.jpg"}, 2) is None
