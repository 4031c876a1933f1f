"""The bytes of images: kept once under their digest, given back only as they were received, taken in whole or not at all."""

import hashlib
import subprocess
import sys

import pytest

from stillgraph.errors import CaseError, CaseInUse, NotFound
from stillgraph.store.images import ImageStore, Incoming

DIES = """
import os, signal, sys
from pathlib import Path
from stillgraph.store.images import ImageStore

incoming = ImageStore(Path(sys.argv[1])).incoming("stills")
with incoming.alone(), incoming.moved([incoming.put(b"new"), incoming.put(b"more")]):
    incoming.put(b"refused")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def digest_of(data):
    return hashlib.sha256(data).hexdigest()


def files(folder):
    return sorted(p.name for p in folder.rglob("*") if p.is_file() and not p.name.endswith(".lock"))


def take_in(store, *images, kind="stills"):
    with store.incoming(kind).alone():
        incoming = store.incoming(kind)
        with incoming.moved([incoming.put(data) for data in images]):
            pass


def test_bytes_come_back_under_their_digest_and_are_kept_once(tmp_path):
    store = ImageStore(tmp_path)
    take_in(store, b"pixels")
    assert store.get(digest_of(b"pixels")) == b"pixels"
    take_in(store, b"pixels", b"others", kind="custody")
    assert files(tmp_path) == sorted([digest_of(b"pixels"), digest_of(b"others")])


def test_a_missing_image_is_said_to_be_missing(tmp_path):
    with pytest.raises(NotFound, match=r"SHA-256 abababababab\.\.\. is missing from .*; restore it from a backup"):
        ImageStore(tmp_path).get("ab" * 32)


def test_an_altered_image_is_never_shown(tmp_path):
    store, digest = ImageStore(tmp_path), digest_of(b"pixels")
    take_in(store, b"pixels")
    (tmp_path / "images" / digest[:2] / digest).write_bytes(b"pixelz")
    with pytest.raises(CaseError, match=r"has been altered in .*; restore it from a backup"):
        store.get(digest)


def test_a_write_that_fails_leaves_no_half_image(tmp_path, monkeypatch):
    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("stillgraph.store.files.os.fsync", full)
    with pytest.raises(OSError, match="No space left"), ImageStore(tmp_path).incoming("stills").alone():
        ImageStore(tmp_path).incoming("stills").put(b"pixels")
    assert files(tmp_path) == []


def test_what_was_moved_for_a_transaction_that_failed_is_moved_out_again(tmp_path):
    store = ImageStore(tmp_path)
    take_in(store, b"held")
    incoming = store.incoming("custody")

    def fails():
        with incoming.alone():
            incoming.put(b"refused")
            with incoming.moved([incoming.put(b"new"), incoming.put(b"held")]):
                assert store.get(digest_of(b"new")) == b"new"
                raise ValueError("not committed")

    with pytest.raises(ValueError, match="not committed"):
        fails()
    assert files(tmp_path) == [digest_of(b"held")]


@pytest.mark.parametrize("committed", [False, True])
def test_what_a_killed_process_was_moving_stays_only_if_it_was_taken_in(tmp_path, committed):
    killed = subprocess.run([sys.executable, "-c", DIES, str(tmp_path)], check=False, capture_output=True)
    assert (killed.returncode, killed.stderr) == (-9, b"")
    store, new = ImageStore(tmp_path), {digest_of(b"new"), digest_of(b"more")}
    with pytest.raises(ValueError, match="refused at the door"), store.incoming("stills").alone():
        raise ValueError("refused at the door")  # whoever comes in and goes without clearing leaves it told
    with store.incoming("stills").alone():
        store.incoming("stills").clear(lambda digests: new.intersection(digests) if committed else ())
    assert files(tmp_path) == (sorted(new) if committed else [])


def test_one_process_at_a_time_takes_in_images_of_a_kind(tmp_path, monkeypatch):
    monkeypatch.setattr("stillgraph.store.images.PATIENCE_S", 0.1)
    store = ImageStore(tmp_path)
    with (
        store.incoming("custody").alone(),
        store.incoming("stills").alone(),
        pytest.raises(CaseInUse, match="Another process has been taking in custody images"),
    ):
        store.incoming("custody").alone().__enter__()


def test_incoming_images_are_apart_from_those_of_the_case(tmp_path):
    store = ImageStore(tmp_path)
    with store.incoming("custody").alone():
        digest = Incoming(store, tmp_path / "incoming" / "custody").put(b"pixels")
        assert store.sweep(()) == 0
        with pytest.raises(NotFound, match="is missing"):
            store.get(digest)
    assert files(tmp_path) == []
