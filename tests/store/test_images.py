"""The bytes of images: kept once under their digest, and given back only as they were received."""

import hashlib

import pytest

from stillgraph.errors import CaseError, NotFound
from stillgraph.store.images import ImageStore


def test_bytes_come_back_under_their_digest_and_are_kept_once(tmp_path):
    store = ImageStore(tmp_path)
    digest = store.put(b"pixels")
    assert digest == hashlib.sha256(b"pixels").hexdigest()
    assert store.get(digest) == b"pixels"
    assert store.put(b"pixels") == digest
    assert [p.name for p in tmp_path.rglob("*") if p.is_file()] == [digest]


def test_a_missing_image_is_said_to_be_missing(tmp_path):
    with pytest.raises(NotFound, match=r"SHA-256 abababababab\.\.\. is missing from .*; restore it from a backup"):
        ImageStore(tmp_path).get("ab" * 32)


def test_an_altered_image_is_never_shown(tmp_path):
    store = ImageStore(tmp_path)
    digest = store.put(b"pixels")
    (tmp_path / "images" / digest[:2] / digest).write_bytes(b"pixelz")
    with pytest.raises(CaseError, match=r"has been altered in .*; restore it from a backup"):
        store.get(digest)


def test_a_write_that_fails_leaves_no_half_image(tmp_path, monkeypatch):
    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("stillgraph.store.images.os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        ImageStore(tmp_path).put(b"pixels")
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == []
