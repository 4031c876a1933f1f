"""What the gallery in Milvus does beyond the protocol; the protocol itself is in test_conformance."""

from __future__ import annotations

import os
import socket
import uuid

import numpy as np
import pytest

from stillgraph.errors import ModelError, WrongUse
from stillgraph.gallery import exact, milvus, milvus_rows
from stillgraph.gallery.columns import Attributes
from stillgraph.records import Filters, Template

MODEL = "pack@0123456789ab"
ENTRIES = [("i'1", "O'Neil"), ('i"2', 'x" or key > 0 or image == "'), ("i3", "N3\\"), ("i4", "{N4}"), ("ï5", "Ñ5")]


SERVER = os.environ.get("STILLGRAPH_TEST_MILVUS")


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """Return the server to be tested, or the file of one milvus-lite."""
    for package in ("pymilvus", *(["milvus_lite"] if SERVER is None else [])):
        pytest.importorskip(package, reason="the extra stillgraph[milvus] is not installed")
    return str(tmp_path_factory.mktemp("milvus") / "gallery.db") if SERVER is None else SERVER


def vectors(rows=5):
    made = np.random.default_rng(7).normal(size=(rows, 8))
    return (made / np.linalg.norm(made, axis=1, keepdims=True)).astype(np.float32)


def recorded():
    plain = Attributes.unrecorded(5)
    area = np.array(["King's Cross", "north", "] or age > -5", "", "north"])
    return Attributes(
        plain.captured_on,
        plain.review_due,
        plain.age,
        plain.sex,
        plain.conviction_status,
        area,
        plain.force,
        plain.basis,
    )


@pytest.fixture
def gallery(file, request):
    letters = "".join(letter if letter.isascii() and letter.isalnum() else "_" for letter in request.node.name)
    index = milvus.opened(file, MODEL, 8, collection=f"test_{uuid.uuid4().hex[:8]}_{letters}")
    index.add(ENTRIES, vectors(), recorded())
    yield index
    collections = index.contents.collections
    for name in (collections._rows, collections._state):
        collections._client.drop_collection(name)


def again(file, index):
    return milvus.opened(file, MODEL, 8, collection=index.contents.collections._rows)


def listed(index, **asked):
    probe = Template(MODEL, vectors()[0])
    return [one.custody_image for one in index.search([probe], limit=9, filters=Filters(**asked))[0]]


def test_lists_scores_and_version_are_those_of_the_exact_engine(gallery):
    same = exact.build(MODEL, ENTRIES, vectors(), recorded())
    probes = [Template(MODEL, row) for row in vectors()]
    assert gallery.search(probes, limit=3) == same.search(probes, limit=3)
    assert gallery.info == same.info


@pytest.mark.parametrize("nominal", [nominal for _, nominal in ENTRIES])
def test_text_in_a_filter_is_a_value_and_no_expression(gallery, nominal):
    assert sorted(listed(gallery, exclude=(nominal,))) == sorted(i for i, n in ENTRIES if n != nominal)
    assert listed(gallery, area=("King's Cross",)) == ["i'1"]
    assert listed(gallery, area=("] or age > -5",)) == ["i3"]
    assert listed(gallery, area=("x'] or age in [-1",)) == []
    gallery.delete([next(image for image, other in ENTRIES if other == nominal)])
    assert gallery.info.size == 4


def test_it_is_there_when_opened_again(file, gallery):
    gallery.delete(["i3"])
    other = again(file, gallery)
    assert other.info == gallery.info
    assert listed(other) == listed(gallery)
    assert other.contents.counted_anew() == other.contents.digest


@pytest.mark.parametrize("change", ["add", "delete"])
def test_a_change_cut_short_never_counts_and_is_undone_by_the_next(file, gallery, change, monkeypatch):
    before, was = gallery.info, listed(gallery)
    with monkeypatch.context() as patch:
        patch.setattr(milvus_rows.Collections, "save", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            gallery.add([("i9", "N9")], vectors()[:1]) if change == "add" else gallery.delete(["i'1"])
    other = again(file, gallery)
    assert (other.info, listed(other)) == (before, was)
    other.add([("i8", "N8")], vectors(6)[5:])
    assert sorted(listed(other)) == sorted([*was, "i8"])
    assert other.contents.counted_anew() == other.contents.digest
    assert (gallery.info, listed(gallery)) == (before, was), "a reader keeps what it opened"
    gallery.refresh()
    assert gallery.info == other.info


def test_a_snapshot_says_so_once_its_rows_are_erased(gallery):
    then = gallery.snapshot()
    with pytest.raises(WrongUse, match="A snapshot of a gallery does not change"):
        then.delete(["i3"])
    gallery.delete(["i3"])
    assert "i3" in listed(then)
    gallery.compact()
    with pytest.raises(WrongUse, match="have been erased since"):
        listed(then)
    assert gallery.statistics().deleted_rows == 0
    assert "i3" not in listed(gallery)


def test_more_images_than_milvus_returns_are_no_shorter_list(gallery, monkeypatch):
    monkeypatch.setattr(milvus, "MOST_FETCHED", 2)
    with pytest.raises(WrongUse, match="at most 2 images for a face"):
        listed(gallery)


def test_an_id_too_long_for_milvus_changes_nothing(gallery):
    before = gallery.info
    with pytest.raises(WrongUse, match="up to 1,024 bytes"):
        gallery.add([("i9", "N9"), ("ï" * 513, "N10")], vectors()[:2])
    assert (gallery.info, len(listed(gallery))) == (before, 5)


def test_a_gallery_of_another_model_or_with_a_lossy_index_is_refused(file, gallery):
    name = gallery.contents.collections._rows
    with pytest.raises(ModelError, match="not of other@1"):
        milvus.opened(file, "other@1", 8, collection=name)
    client = gallery.contents.collections._client
    client.release_collection(name)
    client.drop_index(name, "vector")
    lossy = client.prepare_index_params()
    lossy.add_index("vector", index_type="HNSW", metric_type="IP", params={"M": 8, "efConstruction": 64})
    client.create_index(name, lossy)
    with pytest.raises(WrongUse, match="other than FLAT"):
        milvus.opened(file, MODEL, 8, collection=name)


@pytest.mark.parametrize("kind", ["HNSW", "IVF_FLAT", "IVF_SQ8", "HNSW_SQ", "DISKANN", "AUTOINDEX"])
def test_only_a_flat_index_is_offered(tmp_path, kind):
    with pytest.raises(WrongUse, match=f"FLAT index, not {kind}"):
        milvus.opened(str(tmp_path / "g.db"), MODEL, 8, index_type=kind)


def test_what_is_missing_is_said(tmp_path, monkeypatch):
    with pytest.raises(WrongUse, match="named by letters"):
        milvus.opened(str(tmp_path / "g.db"), MODEL, 8, collection="a'b")
    monkeypatch.setattr(milvus_rows, "find_spec", lambda name: None)
    with pytest.raises(WrongUse, match=r"pip install 'stillgraph\[milvus\]'"):
        milvus.opened(str(tmp_path / "g.db"), MODEL, 8)
    monkeypatch.setattr(milvus_rows, "find_spec", lambda name: name)
    with pytest.raises(WrongUse, match=r"ends in \.db"):
        milvus.opened(str(tmp_path / "g"), MODEL, 8)


def test_a_server_that_does_not_answer_is_said_without_its_address(file, monkeypatch):
    monkeypatch.setattr(milvus_rows, "PATIENCE", 1)
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
        with pytest.raises(WrongUse, match="Check that the server runs") as said:
            milvus.opened(f"http://127.0.0.1:{port}", MODEL, 8, token="user:secret")
    assert "secret" not in str(said.value)
    assert str(port) not in str(said.value)
