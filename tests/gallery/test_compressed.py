"""The compressed gallery: exact scores, measured loss, codes that follow every change, and no more said than known."""

from __future__ import annotations

import numpy as np
import pytest

from stillgraph.errors import WrongUse
from stillgraph.gallery import compressed, exact, loss
from stillgraph.gallery.columns import Attributes
from stillgraph.records import Filters, Template

MODEL = "pack@0123456789ab"
ROWS, DIMENSION = 24_000, 32


def unit(rows):
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def noisy(vectors, rows, noise, seed=1):
    random = np.random.default_rng(seed)
    return [Template(MODEL, one) for one in unit(vectors[rows] + noise * random.normal(size=(len(rows), DIMENSION)))]


@pytest.fixture(scope="module")
def vectors():
    return unit(np.random.default_rng(0).normal(size=(ROWS, DIMENSION)))


ENTRIES = [(f"i{row}", f"N{row // 2}") for row in range(ROWS)]


@pytest.fixture
def index(tmp_path, vectors):
    index = compressed.opened(tmp_path / "g", MODEL, DIMENSION)
    sex = np.where(np.arange(ROWS) % 4 == 0, "F", "M")
    recorded = Attributes.unrecorded(ROWS)
    index.add(ENTRIES, vectors, Attributes(
        recorded.captured_on, recorded.review_due, recorded.age, sex, recorded.conviction_status, recorded.area,
        recorded.force, recorded.basis,
    ))  # fmt: skip
    return index


def test_lists_are_those_of_the_exact_gallery_with_its_scores(index, vectors):
    probes = noisy(vectors, np.arange(0, ROWS, 400), 0.1)
    found, whole = index.search(probes, limit=5), index.exactly().search(probes, limit=5)
    assert index.code_bytes() == pytest.approx(ROWS * DIMENSION // 4, rel=0.01)
    exact_scores = {(n, c.custody_image): c.score for n, one in enumerate(whole) for c in one}
    shared = [(n, c) for n, one in enumerate(found) for c in one if (n, c.custody_image) in exact_scores]
    assert all(c.score == exact_scores[n, c.custody_image] for n, c in shared)
    assert [one[0] for one in found] == [one[0] for one in whole]
    assert index.search(probes[:1], limit=5) == found[:1]


def test_a_filter_is_applied_before_the_list_is_cut(index, vectors):
    probes = noisy(vectors, np.arange(0, ROWS, 4000), 0.1)
    filters = Filters(sex=("F",))
    found = index.search(probes, limit=5, filters=filters)
    assert found == index.exactly().search(probes, limit=5, filters=filters)
    few = Filters(exclude=tuple(f"N{row}" for row in range(30, ROWS)))
    assert index.search(probes, limit=5, filters=few) == index.exactly().search(probes, limit=5, filters=few)


def test_codes_follow_what_is_added_deleted_and_compacted(index, vectors):
    new = unit(np.random.default_rng(5).normal(size=(100, DIMENSION)))
    probes = noisy(vectors, np.arange(40), 0.05) + [Template(MODEL, row) for row in new[:40]]
    index.search(probes, limit=3)
    index.add([(f"new{row}", f"new{row}") for row in range(100)], new)
    index.delete([f"i{row}" for row in range(0, 40, 2)])
    for _ in range(2):
        found = index.search(probes, limit=3)
        assert [one[0] for one in found] == [one[0] for one in index.exactly().search(probes, limit=3)]
        assert [one[0].nominal_id for one in found[40:]] == [f"new{row}" for row in range(40)]
        index.compact()


def test_codes_are_kept_beside_the_rows_and_read_again(index, vectors, tmp_path, monkeypatch):
    probes = noisy(vectors, np.arange(20), 0.1)
    found = index.search(probes, limit=5)
    monkeypatch.setattr(compressed.CompressedIndex, "_trained", None)
    again = compressed.opened(tmp_path / "g", MODEL, DIMENSION)
    assert again.search(probes, limit=5) == found
    codes = {path.name for path in (tmp_path / "g").iterdir() if path.name.startswith("codes-")}
    assert codes
    again.delete(["i0"])
    again.compact()
    again.search(probes, limit=5)
    left = {path.name for path in (tmp_path / "g").iterdir() if path.name.startswith("codes-")}
    assert len(left) == len(codes)
    assert not left & codes, "codes of rows that are gone go with them"


def test_one_person_with_very_many_images_does_not_shorten_the_list(tmp_path):
    random = np.random.default_rng(2)
    probe = unit(random.normal(size=(1, DIMENSION)))
    crowd = unit(probe + 0.01 * random.normal(size=(4000, DIMENSION)))
    others = unit(random.normal(size=(ROWS, DIMENSION)))
    index = compressed.build(MODEL, DIMENSION)
    nominals = ["crowd"] * 4000 + [f"N{row}" for row in range(ROWS)]
    index.add([(f"i{row}", one) for row, one in enumerate(nominals)], np.vstack([crowd, others]))
    (found,) = index.search([Template(MODEL, probe[0])], limit=5)
    assert [found] == index.exactly().search([Template(MODEL, probe[0])], limit=5)
    assert len(found) == 5


def test_its_loss_is_measured_against_the_exact_gallery(index, vectors):
    measured = loss.measure(index, noisy(vectors, np.arange(0, ROWS, 80), 0.1), limit=5)
    assert (measured.trials, measured.lost) == (300, 0)
    assert measured.sentence() == (
        "0 of 300 mates lost (95 % upper bound 1.0 %): not shown to be below 0.5 %; search exactly, or measure on "
        "more probes"
    )
    assert not measured.holds


def test_loss_that_is_there_is_seen(index, vectors, monkeypatch):
    """With the codes' ranking cut short, mates are lost, and the measurement counts them."""
    monkeypatch.setattr(compressed, "FACTOR", 1)
    monkeypatch.setattr(compressed, "IMAGES_PER_PERSON", 1)
    measured = loss.measure(index, noisy(vectors, np.arange(0, ROWS, 80), 0.6), limit=1)
    assert measured.lost > 0
    assert measured.differing >= measured.lost
    assert measured.upper > measured.lost / measured.trials
    assert "search exactly" in measured.sentence()


@pytest.mark.parametrize(
    ("lost", "trials", "upper"), [(0, 1000, 0.002991), (0, 300, 0.009936), (3, 1000, 0.007736), (5, 5, 1.0)]
)
def test_the_bound_is_that_of_clopper_and_pearson(lost, trials, upper):
    """By the definition: at the bound, so few or fewer are lost in 5 % of samples."""
    from math import comb

    assert loss.upper_bound(lost, trials) == pytest.approx(upper, abs=2e-6)
    if lost < trials:
        tail = sum(comb(trials, k) * upper**k * (1 - upper) ** (trials - k) for k in range(lost + 1))
        assert tail == pytest.approx(0.05, abs=2e-4)


def test_a_sample_that_bears_the_bound_out_is_said_plainly():
    measured = loss.Loss(1000, 0, 2, loss.upper_bound(0, 1000), loss.STATED_BOUND)
    assert measured.holds
    assert measured.sentence() == "0 of 1,000 mates lost (95 % upper bound 0.3 %)"


def test_nothing_is_measured_on_nothing(index):
    with pytest.raises(WrongUse, match="at least one"):
        loss.measure(index, [])
    with pytest.raises(WrongUse, match="at least one"):
        loss.measure(compressed.build(MODEL, 4), [Template(MODEL, unit(np.ones((1, 4)))[0])])


@pytest.mark.parametrize(("dimension", "parts"), [(128, 64), (512, 128), (1, 1), (3, 3), (7, 7), (96, 48)])
def test_codes_divide_a_template_evenly(dimension, parts):
    assert compressed.code_parts(dimension) == parts


def test_an_exact_gallery_on_disk_opens_as_a_compressed_one(tmp_path, vectors):
    whole = exact.opened(tmp_path / "g", MODEL, DIMENSION)
    whole.add(ENTRIES, vectors)
    index = compressed.opened(tmp_path / "g", MODEL, DIMENSION)
    assert index.info == whole.info
    probes = noisy(vectors, np.arange(10), 0.1)
    assert [one[0] for one in index.search(probes, limit=3)] == [one[0] for one in whole.search(probes, limit=3)]
