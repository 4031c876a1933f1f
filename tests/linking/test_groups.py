"""Grouping against an oracle: dense average linkage with the constraints, and the neighbours against all pairs."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

from stillgraph.errors import WrongUse
from stillgraph.gallery import neighbours as of_gallery
from stillgraph.gallery.neighbours import neighbours
from stillgraph.linking import LinkableFace, benchmark, link
from stillgraph.linking.case import Case
from stillgraph.linking.centres import scores_to_others
from stillgraph.linking.groups import grouped
from stillgraph.records import Box

FORBIDDEN = 1e6
"""Put between faces that may not be one: no mean over pairs hides it."""


def oracle(templates, stills, apart, threshold):
    """Return the groups of dense average linkage, every distance held, as a set of sets of rows."""
    distances = 1.0 - templates.astype(np.float64) @ templates.astype(np.float64).T
    distances[stills[:, None] == stills[None, :]] = FORBIDDEN
    for row, others in apart.items():
        for other in others:
            distances[row, other] = distances[other, row] = FORBIDDEN
    np.fill_diagonal(distances, 0.0)
    tree = linkage(squareform(distances, checks=False), "average")
    labels = fcluster(tree, 1.0 - threshold, criterion="distance")
    return {frozenset(np.flatnonzero(labels == label).tolist()) for label in set(labels.tolist())}


def case_of(templates, stills):
    faces = [LinkableFace(f"{n:05}", f"s{still}", "o", Box(0, 0, 1, 1), True) for n, still in enumerate(stills)]
    return Case(tuple(faces), templates, np.ones(len(faces), dtype=bool))


def sparse(templates, stills, apart, threshold):
    both = {row: frozenset(o for o in range(len(stills)) if o in apart.get(row, ()) or row in apart.get(o, ()))
            for row in range(len(stills))}  # fmt: skip
    found = grouped(case_of(templates, stills), range(len(stills)), both, threshold, neighbours)
    return {frozenset(group) for group in found}


@given(st.integers(0, 10_000), st.integers(2, 40), st.sampled_from([0.1, 0.3, 0.5, 0.7]), st.integers(3, 8))
def test_it_groups_as_dense_average_linkage_with_the_same_constraints(seed, faces, threshold, dimension):
    rng = np.random.default_rng(seed)
    people = rng.normal(size=(max(faces // 4, 1), dimension))
    templates = people[rng.integers(0, len(people), faces)] + 0.7 * rng.normal(size=(faces, dimension))
    templates = (templates / np.linalg.norm(templates, axis=1, keepdims=True)).astype(np.float32)
    stills = rng.integers(0, faces, faces)
    apart = {int(row): {int(other)} for row, other in rng.integers(0, faces, (faces // 5, 2)) if row != other}
    assert sparse(templates, stills, apart, threshold) == oracle(templates, stills, apart, threshold)


def test_it_groups_many_made_up_faces_as_the_oracle():
    made = benchmark.made_up(1500, seed=3)
    stills = np.unique([one.still for one in made.faces], return_inverse=True)[1]
    assert sparse(made.templates, stills, {}, 0.45) == oracle(made.templates, stills, {}, 0.45)


def test_the_made_up_faces_are_what_they_say():
    made = benchmark.made_up(3000, seed=1)
    again = benchmark.made_up(3000, seed=1)
    assert np.array_equal(made.templates, again.templates)
    assert made.faces == again.faces
    on_still = {(face.still, int(person)) for face, person in zip(made.faces, made.person, strict=True)}
    assert len(on_still) == len(made.faces), "nobody is twice on one still"
    sizes = np.bincount(made.person)
    assert sizes.max() > 20
    assert sizes.min() >= 1
    scores = made.templates @ made.templates.T
    same = made.person[:, None] == made.person[None, :]
    others = scores[np.triu(~same, 1)]
    assert np.median(others) == pytest.approx(benchmark.COMMON, abs=0.02)
    assert np.median(scores[np.triu(same, 1)]) > np.percentile(others, 95)
    assert 0.05 < len(made.rulings) / 3000 < 0.3


@pytest.mark.parametrize("threshold", [-1.0, 0.2, 0.9])
def test_neighbours_are_every_pair_that_reaches_the_score_each_once(threshold, monkeypatch):
    monkeypatch.setattr(of_gallery, "STRIP", 7)
    monkeypatch.setattr(of_gallery, "BLOCK", 11)
    monkeypatch.setattr(of_gallery, "_room", of_gallery.local())
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(60, 4)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    one, other = neighbours(vectors, threshold)
    expected = np.nonzero(np.triu(vectors @ vectors.T >= threshold, 1))
    assert np.array_equal(one, expected[0])
    assert np.array_equal(other, expected[1])
    assert [len(found) for found in neighbours(np.empty((0, 4), np.float32), 0.5)] == [0, 0]


def test_too_many_pairs_are_refused_before_they_fill_the_memory(monkeypatch):
    monkeypatch.setattr(of_gallery, "STRIP", 8)
    monkeypatch.setattr(of_gallery, "MOST_PAIRS", 100)
    vectors = np.tile(np.array([[1, 0]], dtype=np.float32), (600, 1))
    assert len(neighbours(vectors[:14], 0.5)[0]) == 91
    with pytest.raises(WrongUse, match=r"More than 100 pairs of faces have a score of 0\.50 or more"):
        neighbours(vectors, 0.5)


def test_a_face_is_compared_with_the_others_only():
    angles = np.radians([0, 0, 90])
    templates = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    scores = scores_to_others(np.vstack([templates, [[np.nan, np.nan]]]).astype(np.float32))
    assert scores[:3] == pytest.approx([np.cos(np.radians(45))] * 2 + [0.0], abs=1e-6)
    assert np.isnan(scores[3])
    assert np.isnan(scores_to_others(templates[:1])).all()


def test_identical_templates_group_the_same_in_any_order():
    faces = [LinkableFace(f"f{n:02}", f"s{n % 5}", "o", Box(0, 0, 1, 1), True) for n in range(20)]
    templates = np.tile(np.array([[0.6, 0.8]], dtype=np.float32), (20, 1))
    expected = link(faces, templates, rulings={}, neighbours=neighbours, threshold=0.5)
    for seed in range(20):
        order = np.random.default_rng(seed).permutation(20)
        shuffled = link([faces[n] for n in order], templates[order], rulings={}, neighbours=neighbours, threshold=0.5)
        assert shuffled == expected
    assert {len(person.faces) for person in expected.persons} == {5}
