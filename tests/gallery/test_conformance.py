"""What every gallery engine does alike, held to an oracle that sorts everything in float64."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
import uuid
from collections.abc import Callable
from datetime import date, timedelta
from functools import cache
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stillgraph.errors import ModelError, NotFound, WrongUse
from stillgraph.gallery import GalleryIndex, compressed, exact, milvus
from stillgraph.gallery.columns import Attributes
from stillgraph.records import Filters, GalleryInfo, Template
from stillgraph.store.sealing import Vault

MODEL = "pack@0123456789ab"
TODAY = date(2026, 11, 24)
NUMBERS, RUN = count(), uuid.uuid4().hex[:8]

VAULT = Vault(b"k" * 32)

ENGINES: dict[str, Callable] = {
    "exact": lambda folder, dimension: exact.build(MODEL, [], np.empty((0, dimension), np.float32)),
    "exact, float16": lambda folder, dimension: exact.build(
        MODEL, [], np.empty((0, dimension), np.float32), number="float16"
    ),
    "exact, on disk": lambda folder, dimension: exact.opened(folder, MODEL, dimension),
    "exact, on disk, float16": lambda folder, dimension: exact.opened(folder, MODEL, dimension, number="float16"),
    "exact, on disk, sealed": lambda folder, dimension: exact.opened(folder, MODEL, dimension, vault=VAULT),
    "compressed": lambda folder, dimension: compressed.build(MODEL, dimension, trained_from=700),
    "compressed, on disk": lambda folder, dimension: compressed.opened(folder, MODEL, dimension, trained_from=700),
    "milvus": lambda folder, dimension: in_milvus(dimension),
}


SERVER = os.environ.get("STILLGRAPH_TEST_MILVUS")
"""The address of a Milvus server to test; without one milvus-lite is tested, in a file."""

EXAMPLES = 25 if SERVER is None else 5
"""Lives of a gallery tried for each engine; a server takes seconds to make the collections of one."""


@cache
def milvus_address() -> str:
    """Return the server, or the file of one milvus-lite for the whole run, which takes half a second to start."""
    for package in ("pymilvus", *(["milvus_lite"] if SERVER is None else [])):
        pytest.importorskip(package, reason="the extra stillgraph[milvus] is not installed")
    if SERVER is not None:
        return SERVER
    folder = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return f"{folder}/gallery.db"


def in_milvus(dimension):
    return milvus.opened(milvus_address(), MODEL, dimension, collection=f"test_{RUN}_{next(NUMBERS)}")


def dropped(index):
    """Remove what a gallery has in Milvus, where that is where it is."""
    if index.engine == "milvus":
        collections = index.contents.collections
        for name in (collections._rows, collections._state):
            collections._client.drop_collection(name)


@pytest.fixture(params=list(ENGINES))
def make(request, tmp_path):
    """Return what makes an empty gallery of one engine: ``make(dimension)``."""
    numbers, made = count(), []

    def one(dimension):
        made.append(ENGINES[request.param](tmp_path / f"gallery{next(numbers)}", dimension))
        return made[-1]

    yield one
    for index in made:
        dropped(index)


def unit(rows) -> np.ndarray:
    rows = np.asarray(rows, dtype=np.float64).reshape(len(rows), -1)
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def entries_of(nominals, first=0):
    return [(f"{nominal}/{row:05}.jpg", nominal) for row, nominal in enumerate(nominals, start=first)]


def attributes_of(rows) -> Attributes:
    """Return attributes from (captured, due, age, sex, status, area, force, basis), the last two blank unless given."""
    captured, due, age, *texts = zip(*((*row, "", "")[:8] for row in rows), strict=True) if rows else [()] * 8
    return Attributes(
        np.array(captured, "datetime64[D]"),
        np.array(due, "datetime64[D]"),
        np.array([-1 if one is None else one for one in age], np.int16),
        *(np.array(one, np.str_) for one in texts),
    )


def left(row, nominal, filters: Filters) -> bool:
    """Say, one image at a time, whether a filter leaves it."""
    captured, due, age, sex, status, area, force, basis = row
    return (
        (filters.captured_since is None or (captured is not None and captured >= filters.captured_since))
        and (filters.captured_until is None or (captured is not None and captured <= filters.captured_until))
        and (filters.review_on is None or due is None or due >= filters.review_on)
        and (filters.age_from is None or (age is not None and age >= filters.age_from))
        and (filters.age_to is None or (age is not None and age <= filters.age_to))
        and (not filters.sex or sex in filters.sex)
        and (not filters.conviction_status or status in filters.conviction_status)
        and (not filters.area or area in filters.area)
        and (not filters.force or force in filters.force)
        and (not filters.basis or basis in filters.basis)
        and nominal not in filters.exclude
    )


def brute_force(index, held, probe, limit, threshold=-1.0):
    """Each person's best image, by sorting everything; ``held`` is (image, nominal, vector) of what may be listed."""
    number = index.statistics().number
    scored = []
    for image, nominal, vector in held:
        products = vector.astype(number).astype(np.float64) * probe.astype(np.float64)
        scored.append((-min(1.0, max(-1.0, float(products.sum()))), nominal, image))
    best = {}
    for score, nominal, image in sorted(scored):
        best.setdefault(nominal, (nominal, image, -score))
    kept = [one for one in best.values() if one[2] >= threshold][:limit]
    return [(rank, *one) for rank, one in enumerate(kept, start=1)]


def plain(candidates):
    return [(one.rank, one.nominal_id, one.custody_image, one.score) for one in candidates]


def template(row, model=MODEL):
    return Template(model, np.asarray(row, dtype=np.float32))


def test_ties_go_by_nominal_and_then_image(make):
    index = make(3)
    same = unit([[1, 2, 3]] * 4)
    index.add([("b/2", "B"), ("b/1", "B"), ("a/9", "A"), ("c/0", "C")], same)
    (found,) = index.search([template(same[0])], limit=9)
    assert [(one.rank, one.nominal_id, one.custody_image) for one in found] == [
        (1, "A", "a/9"), (2, "B", "b/1"), (3, "C", "c/0"),
    ]  # fmt: skip
    assert len({one.score for one in found}) == 1


def test_more_equal_templates_than_are_fetched_at_once_still_tie_by_name(make):
    index = make(3)
    nominals = [f"N{number:03}" for number in range(200, 0, -1)]
    index.add(entries_of(nominals), unit([[1, 2, 3]] * 200))
    (found,) = index.search([template(unit([[1, 2, 3]])[0])], limit=3)
    assert [one.nominal_id for one in found] == ["N001", "N002", "N003"]


def test_each_person_once_with_their_best_image(make):
    index = make(2)
    vectors = unit([[1, 0], [0.8, 0.6], [0.6, 0.8], [0, 1]])
    index.add([("a/1", "A"), ("a/2", "A"), ("b/1", "B"), ("b/2", "B")], vectors)
    (found,) = index.search([template(unit([[0.7, 0.6]])[0])], limit=5)
    assert [(one.nominal_id, one.custody_image) for one in found] == [("A", "a/2"), ("B", "b/1")]


def test_an_empty_gallery_answers_nobody(make):
    index = make(4)
    assert index.info.size == 0
    assert index.search([template(unit([[1, 1, 1, 1]])[0])] * 2, limit=3) == [(), ()]
    assert index.search([], limit=3) == []
    assert index.statistics().persons == 0
    index.add([], np.empty((0, 4), np.float32))
    index.delete([])
    assert index.info.size == 0


def test_one_entry_and_a_limit_beyond_the_gallery(make):
    index = make(2)
    index.add([("a/1", "A")], unit([[1, 0]]))
    for probes in (1, 30):
        lists = index.search([template(unit([[1, 0]])[0])] * probes, limit=1000)
        assert [plain(one) for one in lists] == [[(1, "A", "a/1", 1.0)]] * probes


def test_duplicate_templates_stay_apart(make):
    index = make(2)
    index.add([("a/1", "A"), ("b/1", "B")], unit([[1, 0], [1, 0]]))
    index.delete(["a/1"])
    (found,) = index.search([template(unit([[1, 0]])[0])], limit=5)
    assert [one.custody_image for one in found] == ["b/1"]


def test_what_is_deleted_is_on_no_list_and_what_is_added_again_is(make):
    index = make(2)
    vectors = unit([[1, 0], [0.9, 0.1], [0, 1]])
    index.add(entries_of("ABC"), vectors)
    before = index.info
    index.delete(["A/00000.jpg"])
    assert [one.nominal_id for one in index.search([template(vectors[0])], limit=5)[0]] == ["B", "C"]
    assert (index.info.size, index.info.version != before.version) == (2, True)
    with pytest.raises(NotFound, match=r"no custody image A/00000\.jpg in the gallery"):
        index.delete(["B/00001.jpg", "A/00000.jpg"])
    assert index.info.size == 2, "all or none"
    index.add(entries_of("A"), vectors[:1])
    assert index.info == before
    index.delete([image for image, _ in entries_of("ABC")])
    assert index.search([template(vectors[0])], limit=5) == [()]


def test_the_version_is_of_what_is_there_however_it_came_there(make):
    vectors = unit(np.random.default_rng(1).normal(size=(30, 5)))
    entries = entries_of([f"N{row % 7}" for row in range(30)])
    whole, piecewise = make(5), make(5)
    whole.add(entries, vectors)
    piecewise.add(entries[20:], vectors[20:])
    for row in range(20):
        piecewise.add(entries[row : row + 1], vectors[row : row + 1])
    assert piecewise.info == whole.info
    assert len(whole.info.version) == 12
    whole.delete([entries[3][0], entries[29][0]])
    assert piecewise.info.version != whole.info.version
    piecewise.delete([entries[29][0]])
    piecewise.delete([entries[3][0]])
    assert piecewise.info == whole.info
    assert make(5).info.size == 0
    probes = [template(row) for row in vectors[:3]]
    assert piecewise.search(probes, limit=9) == whole.search(probes, limit=9)


@pytest.mark.parametrize("change", ["image", "nominal", "template", "attributes"])
def test_any_change_of_an_entry_is_another_version(make, change):
    def version(image="a/1", nominal="A", vector=(1, 0), age=30):
        index = make(2)
        index.add([(image, nominal)], unit([vector]), attributes_of([(TODAY, TODAY, age, "F", "", "")]))
        return index.info.version

    other = {"image": {"image": "a/2"}, "nominal": {"nominal": "B"}, "template": {"vector": (0, 1)},
             "attributes": {"age": 31}}[change]  # fmt: skip
    assert version() != version(**other)
    assert version() == version()


def test_a_snapshot_stays_as_it_was(make):
    index = make(2)
    index.add(entries_of("AB"), unit([[1, 0], [0, 1]]))
    then, info = index.snapshot(), index.info
    before = then.search([template(unit([[1, 0]])[0])], limit=5)
    index.add([("c/1", "C")], unit([[1, 0]]))
    index.delete(["A/00000.jpg"])
    assert then.info == info != index.info
    assert then.search([template(unit([[1, 0]])[0])], limit=5) == before


def test_statistics_count_what_is_there(make):
    index = make(2)
    index.add(entries_of("AAB"), unit([[1, 0], [0, 1], [1, 1]]))
    index.delete(["A/00000.jpg"])
    stated = index.statistics()
    assert (stated.images, stated.persons, stated.dimension, stated.deleted_rows) == (2, 2, 2, 1)


def test_a_probe_scores_the_same_alone_and_among_many(make):
    random = np.random.default_rng(2)
    index = make(128)
    index.add(entries_of([f"N{row}" for row in range(200)]), unit(random.normal(size=(200, 128))))
    probes = [template(row) for row in unit(random.normal(size=(50, 128)))]
    assert index.search(probes, limit=5) == [index.search([probe], limit=5)[0] for probe in probes]


def test_a_threshold_far_below_the_first_images_fetched_still_counts(make):
    index = make(2)
    vectors = np.vstack([unit([[1, 0]] * 500), unit([[0.8, 0.6], [0.6, 0.8]])])
    index.add(entries_of(["N1"] * 500 + ["N2", "N3"]), vectors)
    (found,) = index.search([template(vectors[0])], limit=20, threshold=0.75)
    assert [one.nominal_id for one in found] == ["N1", "N2"]


def test_a_filter_is_applied_before_the_list_is_cut(make):
    """3,000 more alike images that are filtered out push nobody off the list."""
    random = np.random.default_rng(3)
    probe = unit(random.normal(size=(1, 16)))
    crowd, others = unit(probe + 0.01 * random.normal(size=(3000, 16))), unit(random.normal(size=(30, 16)))
    index = make(16)
    nominals = [f"X{row}" for row in range(3000)] + [f"N{row}" for row in range(30)]
    recorded = [(TODAY, TODAY, 30, "M", "", "")] * 3000 + [(TODAY, TODAY, 30, "F", "", "")] * 30
    index.add(entries_of(nominals), np.vstack([crowd, others]), attributes_of(recorded))
    for probes in (1, 25):
        lists = index.search([template(probe[0])] * probes, limit=20, filters=Filters(sex=("F",)))
        assert all(len(found) == 20 and {one.nominal_id[0] for one in found} == {"N"} for found in lists)
    assert index.eligible(Filters(sex=("F",))) == 30
    index.delete([image for image, nominal in entries_of(nominals) if nominal[0] == "X"])
    (found,) = index.search([template(probe[0])], limit=20)
    assert {one.nominal_id[0] for one in found} == {"N"}


def test_an_image_is_searched_until_the_day_its_review_is_due(make):
    index = make(2)
    day = timedelta(days=1)
    recorded = [(None, due, None, "", "", "") for due in (TODAY - day, TODAY, TODAY + day, None)]
    index.add(entries_of("ABCD"), unit([[1, 0]] * 4), attributes_of(recorded))
    (found,) = index.search([template(unit([[1, 0]])[0])], limit=9, filters=Filters(review_on=TODAY))
    assert [one.nominal_id for one in found] == ["B", "C", "D"]
    assert len(index.search([template(unit([[1, 0]])[0])], limit=9)[0]) == 4


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (template([1, 0, 0]), "have 2 numbers; a probe has the shape"),
        (template([1, 0], "other@1"), "the gallery is of pack@0123456789ab, a probe is of other@1"),
        (template([np.nan, 1]), "finite and of unit length: a probe is not"),
        (template([2, 0]), "finite and of unit length: a probe is not"),
    ],
)
def test_probes_that_do_not_fit(make, wrong, said):
    index = make(2)
    index.add(entries_of("A"), unit([[1, 0]]))
    with pytest.raises(ModelError, match=said):
        index.search([wrong], limit=1)


@pytest.mark.parametrize(
    ("entries", "vectors", "error", "said"),
    [
        (entries_of("B"), [[1, 0, 0]], ModelError, "have 2 numbers; those to be added have 3"),
        (entries_of("B"), [[np.nan, 0]], ModelError, r"that of B/00000\.jpg is not"),
        (entries_of("B"), [[np.inf, 0]], ModelError, r"that of B/00000\.jpg is not"),
        (entries_of("B"), [[3, 4]], ModelError, "unit length"),
        (entries_of("BC"), [[1, 0]], WrongUse, "one template per custody image"),
        ([("b", "B")] * 2, [[1, 0]] * 2, WrongUse, "b came twice"),
        (entries_of("A"), [[1, 0]], WrongUse, r"A/00000\.jpg is there; delete it first"),
    ],
)
def test_templates_that_do_not_fit_change_nothing(make, entries, vectors, error, said):
    index = make(2)
    index.add(entries_of("A"), unit([[1, 0]]))
    before = index.info
    with pytest.raises(error, match=said):
        index.add(entries, np.array(vectors, np.float32))
    assert index.info == before
    with pytest.raises(WrongUse, match="came with the attributes of 1"):
        index.add(entries_of("XY", 5), unit([[1, 0]] * 2), attributes_of([(None, None, 1, "", "", "")]))


def test_requests_that_make_no_sense(make):
    index = make(2)
    for limit, threshold, said in ((0, -1.0, "limit 0"), (1, 1.5, "cosine"), (1, float("nan"), "cosine")):
        with pytest.raises(WrongUse, match=said):
            index.search([], limit=limit, threshold=threshold)
    backwards = Filters(captured_since=TODAY, captured_until=TODAY - timedelta(days=1))
    with pytest.raises(WrongUse, match="ends on or after its beginning"):
        index.search([], limit=1, filters=backwards)
    with pytest.raises(WrongUse, match="ages goes up"):
        index.search([], limit=1, filters=Filters(age_from=30, age_to=20))


def test_it_follows_the_protocol_and_says_what_it_is(make):
    index: GalleryIndex = make(2)
    index.add(entries_of("A"), unit([[1, 0]]))
    assert (index.model, index.dimension, index.info) == (MODEL, 2, GalleryInfo(1, index.info.version))
    assert repr(index) == f"{type(index).__name__}(1 custody images, version {index.info.version}, {MODEL})"


small = st.tuples(*[st.integers(-2, 2)] * 3).filter(any)
day = st.none() | st.dates(date(2026, 11, 20), date(2026, 11, 28))
row = st.tuples(
    day, day, st.none() | st.integers(18, 22), st.sampled_from(["F", "M", ""]), st.sampled_from(["convicted", "not"]),
    st.sampled_from(["", "north", "south"]), st.sampled_from(["", "Met"]), st.sampled_from(["", "s.64A", "consent"]),
)  # fmt: skip
some = lambda *values: st.lists(st.sampled_from(values), unique=True, max_size=2).map(tuple)  # noqa: E731
filter_ = st.builds(
    Filters,
    captured_since=st.none() | st.dates(date(2026, 11, 20), date(2026, 11, 24)),
    captured_until=st.none() | st.dates(date(2026, 11, 24), date(2026, 11, 28)),
    age_from=st.none() | st.integers(18, 20),
    age_to=st.none() | st.integers(20, 22),
    sex=some("F", "M"),
    conviction_status=some("convicted"),
    area=some("north", "south", "elsewhere"),
    force=some("Met", "Kent"),
    basis=some("s.64A", "consent"),
    exclude=some("N1", "N2", "N9"),
    review_on=st.none() | st.just(TODAY),
)


@pytest.mark.parametrize("engine", list(ENGINES))
@settings(max_examples=EXAMPLES)
@given(data=st.data())
def test_the_same_as_brute_force_through_any_life(engine, data):
    """Whatever is added, deleted and compacted in whatever steps: lists, sizes and versions are the oracle's."""
    folder = Path(tempfile.mkdtemp())
    try:
        index, held = ENGINES[engine](folder, 3), {}
        for _ in range(data.draw(st.integers(1, 4))):
            rows = data.draw(st.lists(st.tuples(small, row, st.integers(1, 5)), max_size=12))
            new = [(f"i{len(held) + n:03}-{data.draw(st.integers(0, 9))}", f"N{p}") for n, (_, _, p) in enumerate(rows)]
            new = [pair for pair in dict(new).items() if pair[0] not in held]
            rows = rows[: len(new)]
            vectors = unit([vector for vector, _, _ in rows]) if rows else np.empty((0, 3), np.float32)
            index.add(new, vectors, attributes_of([recorded for _, recorded, _ in rows]))
            held |= {image: (nominal, vector, recorded) for (image, nominal), vector, (_, recorded, _)
                     in zip(new, vectors, rows, strict=True)}  # fmt: skip
            gone = data.draw(st.lists(st.sampled_from(sorted(held)), unique=True, max_size=8)) if held else []
            index.delete(gone)
            for image in gone:
                del held[image]
            if data.draw(st.booleans()):
                before = index.info
                index.compact()
                assert index.info == before
                assert index.statistics().deleted_rows == 0
        asked = data.draw(filter_)
        probes = unit(data.draw(st.lists(small, min_size=1, max_size=4)))
        if data.draw(st.booleans()):
            probes = np.concatenate([probes] * 20)  # the way of many probes
        limit, threshold = data.draw(st.integers(1, 6)), data.draw(st.sampled_from([-1.0, 0.0, 0.5, 0.999]))
        lists = index.search([template(one) for one in probes], limit=limit, threshold=threshold, filters=asked)
        allowed = [(i, n, v) for i, (n, v, recorded) in held.items() if left(recorded, n, asked)]
        assert index.eligible(asked) == len(allowed)
        assert index.info.size == len(held)
        assert index.contents.counted_anew() == index.contents.digest
        for probe, found in zip(probes, lists, strict=True):
            assert plain(found) == brute_force(index, allowed, probe, limit, threshold)
        dropped(index)
    finally:
        shutil.rmtree(folder)
