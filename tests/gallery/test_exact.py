"""The exact gallery against brute force, ties and all."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stillgraph.errors import ModelError, WrongUse
from stillgraph.gallery import GalleryIndex
from stillgraph.gallery.exact import build
from stillgraph.records import Template

MODEL = "pack@0123456789ab"


def unit(rows):
    rows = np.asarray(rows, dtype=np.float64).reshape(len(rows), -1)
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def gallery(nominals, vectors):
    return build(MODEL, [(f"{nominal}/{row:05}.jpg", nominal) for row, nominal in enumerate(nominals)], vectors)


def brute_force(nominals, vectors, probe, limit, threshold):
    """Each person's best image, by sorting everything; an exact sum for every score."""
    products = vectors.astype(np.float64) * probe.astype(np.float64)
    rows = sorted(
        (-min(1.0, max(-1.0, float(row.sum()))), nominal, f"{nominal}/{number:05}.jpg")
        for number, (nominal, row) in enumerate(zip(nominals, products, strict=True))
    )
    best = {}
    for score, nominal, image in rows:
        best.setdefault(nominal, (nominal, image, -score))
    kept = [one for one in best.values() if one[2] >= threshold][:limit]
    return [(rank, *one) for rank, one in enumerate(kept, start=1)]


def plain(candidates):
    return [(one.rank, one.nominal_id, one.custody_image, one.score) for one in candidates]


# Small whole numbers make ties and duplicates common; two nominals for many rows make persons with many images.
vectors_strategy = st.lists(st.tuples(*[st.integers(-2, 2)] * 3).filter(any), min_size=0, max_size=40)


@settings(max_examples=300, deadline=None)
@given(
    vectors_strategy,
    st.lists(st.tuples(*[st.integers(-2, 2)] * 3).filter(any), min_size=1, max_size=4),
    st.integers(1, 6),
    st.sampled_from([-1.0, 0.0, 0.5, 0.999]),
    st.integers(1, 9),
    st.integers(0, 2**32 - 1),
)
def test_the_same_as_brute_force(rows, probes, limit, threshold, persons, seed):
    random = np.random.default_rng(seed)
    # Skewed on purpose: the first person has most of the images.
    nominals = [f"N{int(person)}" for person in np.minimum(random.geometric(0.6, len(rows)), persons)]
    vectors = unit(rows) if rows else np.empty((0, 3), dtype=np.float32)
    index = gallery(nominals, vectors)
    found = index.search([Template(MODEL, probe) for probe in unit(probes)], limit=limit, threshold=threshold)
    for probe, candidates in zip(unit(probes), found, strict=True):
        assert plain(candidates) == brute_force(nominals, vectors, probe, limit, threshold)


def test_one_person_with_very_many_images_does_not_crowd_out_the_others():
    random = np.random.default_rng(1)
    probe = unit(random.normal(size=(1, 64)))
    crowd = unit(probe + 0.01 * random.normal(size=(3000, 64)))
    others = unit(random.normal(size=(30, 64)))
    nominals = ["N1"] * 3000 + [f"N{10 + row}" for row in range(30)]
    vectors = np.vstack([crowd, others])
    (candidates,) = gallery(nominals, vectors).search([Template(MODEL, probe[0])], limit=20)
    assert plain(candidates) == brute_force(nominals, vectors, probe[0], 20, -1.0)
    assert len(candidates) == 20


def test_more_equal_templates_than_are_fetched_at_once_still_tie_by_name():
    nominals = [f"N{number:03}" for number in range(200, 0, -1)]
    (candidates,) = gallery(nominals, unit([[1, 2, 3]] * 200)).search([Template(MODEL, unit([[1, 2, 3]])[0])], limit=3)
    assert [one.nominal_id for one in candidates] == ["N001", "N002", "N003"]


def test_a_threshold_far_below_the_first_images_fetched_still_counts():
    vectors = np.vstack([unit([[1, 0]] * 500), unit([[0.8, 0.6], [0.6, 0.8]])])
    index = gallery(["N1"] * 500 + ["N2", "N3"], vectors)
    (candidates,) = index.search([Template(MODEL, vectors[0])], limit=20, threshold=0.75)
    assert [one.nominal_id for one in candidates] == ["N1", "N2"]


def test_a_probe_scores_the_same_alone_and_among_many():
    random = np.random.default_rng(2)
    index = gallery([f"N{row}" for row in range(200)], unit(random.normal(size=(200, 128))))
    probes = [Template(MODEL, row) for row in unit(random.normal(size=(50, 128)))]
    together = index.search(probes, limit=5)
    assert together == [index.search([probe], limit=5)[0] for probe in probes]


def test_no_probes_and_no_gallery():
    index = gallery([], np.empty((0, 8), dtype=np.float32))
    assert index.search([Template(MODEL, unit(np.ones((1, 8)))[0])], limit=3) == [()]
    assert index.search([], limit=3) == []
    assert index.info.size == 0


def test_it_follows_the_protocol_and_says_what_it_is():
    index: GalleryIndex = gallery(["N1"], unit([[1, 0]]))
    assert (index.model, index.dimension, index.info.size) == (MODEL, 2, 1)
    assert repr(index) == f"ExactIndex(1 custody images, version {index.info.version}, {MODEL})"


def test_the_version_follows_content_not_order():
    vectors = unit([[1, 0], [0, 1]])
    entries = [("N1/a.jpg", "N1"), ("N2/b.jpg", "N2")]
    version = build(MODEL, entries, vectors).info.version
    assert len(version) == 12
    assert build(MODEL, entries[::-1], vectors[::-1]).info.version == version
    assert build(MODEL, entries, vectors[::-1]).info.version != version
    assert build("other@1", entries, vectors).info.version != version
    assert build(MODEL, [entries[0], ("N2/c.jpg", "N2")], vectors).info.version != version
    assert build(MODEL, entries[:1], vectors[:1]).info.version != version


def test_later_changes_of_the_vectors_do_not_reach_the_gallery():
    vectors = unit([[1, 0], [0, 1]])
    index = gallery(["N1", "N2"], vectors)
    probe = Template(MODEL, vectors[0].copy())
    before = index.search([probe], limit=2)
    vectors[:] = vectors[::-1].copy()
    assert index.search([probe], limit=2) == before


@pytest.mark.parametrize(
    ("template", "message"),
    [
        (
            Template("other@1", unit([[1, 0]])[0]),
            "the gallery is of pack@0123456789ab, a probe is of other@1",
        ),
        (Template(MODEL, unit([[1, 0, 0]])[0]), "have 2 numbers; a probe has the shape"),
        (
            Template(MODEL, np.array([np.nan, 1], dtype=np.float32)),
            "finite and of unit length: a probe is not",
        ),
        (Template(MODEL, np.array([2, 0], dtype=np.float32)), "finite and of unit length: a probe is not"),
    ],
)
def test_probes_that_do_not_fit(template, message):
    with pytest.raises(ModelError, match=message):
        gallery(["N1"], unit([[1, 0]])).search([template], limit=1)


@pytest.mark.parametrize("vector", [[3, 4], [np.nan, 0], [np.inf, 0], [0, 0]])
def test_templates_that_do_not_fit(vector):
    with pytest.raises(ModelError, match=r"that of N1/00000.jpg is not"):
        gallery(["N1"], np.array([vector], dtype=np.float32))


def test_requests_that_make_no_sense():
    index = gallery(["N1"], unit([[1, 0]]))
    with pytest.raises(WrongUse, match="limit 0 must be 1 or more"):
        index.search([], limit=0)
    for threshold in (1.5, float("nan")):
        with pytest.raises(WrongUse, match="a cosine from -1 to 1"):
            index.search([], limit=1, threshold=threshold)
    with pytest.raises(WrongUse, match=r"N1/a\.jpg came twice"):
        build(MODEL, [("N1/a.jpg", "N1")] * 2, unit([[1, 0], [0, 1]]))
    with pytest.raises(WrongUse, match="one template per custody image: 2 images"):
        build(MODEL, [("N1/a.jpg", "N1"), ("N1/b.jpg", "N1")], unit([[1, 0]]))
