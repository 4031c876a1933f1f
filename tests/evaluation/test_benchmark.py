"""Separation of probes from a gallery, against what one works out by hand or by brute force."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillgraph.errors import WrongUse
from stillgraph.evaluation import Fold, separation


def unit(rows):
    rows = np.asarray(rows, np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def some(rng, people, probes, d=8):
    gallery = unit(rng.normal(size=(people, d)))
    whose = rng.integers(people, size=probes)
    vectors = unit(gallery[whose] + rng.normal(size=(probes, d)) * 0.4)
    return Fold(gallery, [f"p{n}" for n in range(people)], vectors, [f"p{n}" for n in whose])


@given(st.integers(0, 2**32 - 1))
def test_ranks_are_those_of_sorting_each_list(seed):
    fold = some(np.random.default_rng(seed), 30, 12)
    found = separation([fold])
    ranks = []
    for vector, whose in zip(fold.probes, fold.probe_people, strict=True):
        order = np.argsort(-(fold.gallery.astype(float) @ vector.astype(float)))
        ranks.append([fold.gallery_people[n] for n in order].index(whose) + 1)
    for rank in (1, 5, 20):
        assert found.rank[str(rank)].successes == sum(r <= rank for r in ranks)
    assert found.impostor_pairs == 12 * 29


def test_folds_are_pooled():
    rng = np.random.default_rng(5)
    a, b = some(rng, 10, 6), some(rng, 20, 4)
    both = separation([a, b])
    assert both.probes == 10
    assert both.gallery == 20
    assert both.impostor_pairs == 6 * 9 + 4 * 19
    for rank in ("1", "5", "20"):
        assert both.rank[rank].successes == separation([a]).rank[rank].successes + separation([b]).rank[rank].successes


def test_an_image_without_a_face_is_an_error_on_either_side():
    gallery = unit([[1, 0, 0], [0, 1, 0], [0, 0, 1]])
    people = ["a", "b", "c"]
    whole = separation([Fold(gallery, people, gallery, people)])
    assert whole.rank["1"].value == 1.0
    probes, custody = gallery.copy(), gallery.copy()
    probes[0] = np.nan
    lost = separation([Fold(gallery, people, probes, people)])
    assert (lost.failures_to_acquire, lost.rank["20"].successes, lost.rank["20"].trials) == (1, 2, 3)
    custody[1] = np.nan
    lost = separation([Fold(custody, people, gallery, people)])
    assert (lost.failures_to_acquire, lost.rank["20"].successes) == (0, 2)
    assert lost.impostor_pairs == 6


def test_equal_scores_do_not_flatter():
    gallery = unit([[1, 0], [1, 0]])
    assert separation([Fold(gallery, ["a", "b"], gallery[:1], ["a"])]).rank["1"].successes == 0


def test_too_few_impostors_give_no_rate():
    gallery = unit(np.eye(3))
    assert separation([Fold(gallery, list("abc"), gallery, list("abc"))]).tar_at_far == {"0.01": None, "0.001": None}


@pytest.mark.parametrize(
    ("people", "probes"), [(["a", "a"], ["a"]), (["a", "b"], ["c"]), (["a"], ["a"]), (["a", "b"], ["a", "b"])]
)
def test_people_and_rows_fit(people, probes):
    with pytest.raises(WrongUse):
        separation([Fold(unit(np.eye(2)), people, unit(np.eye(2))[:1], probes)])
