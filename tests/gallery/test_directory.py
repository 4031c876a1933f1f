"""A gallery's life on disk: killed at any moment, read while it is written, damaged, left over, and kept small."""

from __future__ import annotations

import fcntl
import os
import random
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from stillgraph.errors import CaseInUse, GalleryDamaged, ModelError
from stillgraph.gallery import contents, directory, exact, segments
from stillgraph.gallery.columns import Attributes, digests_of
from stillgraph.records import Filters, Template

MODEL = "pack@0123456789ab"

LIFE = """
import sys, pathlib, numpy as np
from stillgraph.gallery import exact
index = exact.opened(pathlib.Path(sys.argv[1]), "pack@0123456789ab", 8)
random = np.random.default_rng(int(sys.argv[2]))
held = []
print("begun", flush=True)
for step in range(100_000):
    number = int(random.integers(1, 40))
    vectors = random.normal(size=(number, 8))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    entries = [(f"{sys.argv[2]}-{step}-{row}", f"N{row % 9}") for row in range(number)]
    index.add(entries, vectors)
    print(index.info.version, index.info.size, flush=True)
    held += [image for image, _ in entries]
    if step % 3 == 0:
        gone, held = held[: number // 2], held[number // 2 :]
        index.delete(gone)
        print(index.info.version, index.info.size, flush=True)
    if step % 7 == 0:
        index.compact()
"""


def unit(count, dimension=8, seed=0):
    rows = np.random.default_rng(seed).normal(size=(count, dimension))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def names(count, prefix="i"):
    return [(f"{prefix}{row}", f"N{row % 5}") for row in range(count)]


def test_killed_at_any_moment_it_is_as_it_was_or_as_it_was_to_be(tmp_path):
    """kill -9 at random moments: what was acknowledged is there, nothing is half there, and life goes on."""
    chance, seen = random.Random(4), []
    for round_ in range(6):
        killed = subprocess.Popen(
            [sys.executable, "-c", LIFE, str(tmp_path / "g"), str(round_)], stdout=subprocess.PIPE, text=True
        )
        killed.stdout.readline()
        time.sleep(chance.uniform(0.0, 0.25))
        killed.send_signal(signal.SIGKILL)
        acknowledged = [line.split() for line in killed.stdout.read().splitlines() if line.count(" ") == 1]
        killed.wait()
        killed.stdout.close()
        index = exact.opened(tmp_path / "g", MODEL, 8)
        assert index.contents.counted_anew() == index.contents.digest
        sizes = [int(size) for _, size in acknowledged]
        seen.append(index.info.size)
        if acknowledged and index.info.version != acknowledged[-1][0]:
            # The one change after the last acknowledged had been made good, and only it: at most 39 images.
            assert 0 < abs(index.info.size - sizes[-1]) < 40
        rows = np.concatenate([start + part.live_rows for start, part in
                               zip(index.contents.starts, index.contents.parts, strict=False)] or [np.empty(0, int)])  # fmt: skip
        images = [image for image, _ in index.contents.entries(rows)]
        assert len(set(images)) == len(images) == index.info.size
    assert max(seen) > 100, "the processes must have got somewhere"
    index.add(names(1, "last"), unit(1))
    said = {part.name for part in index.contents.parts} | {part.deleted_name for part in index.contents.parts}
    left = {path.name for path in (tmp_path / "g").iterdir()} - {"manifest.json", "writer.lock", "manifest.json.new"}
    assert left == said - {""}, "what a killed process left goes with the next change"


@pytest.mark.parametrize("at", range(1, 9))
def test_a_change_that_fails_at_any_step_changes_nothing(tmp_path, monkeypatch, at):
    """Every write that reaches the disk is made to fail once; before the manifest is swapped nothing has changed."""
    index = exact.opened(tmp_path / "g", MODEL, 8)
    index.add(names(20), unit(20))
    before, calls, fsync = index.info, [], os.fsync

    def failing(handle):
        calls.append(handle)
        if len(calls) == at:
            raise OSError(28, "No space left on device")
        fsync(handle)

    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", failing)
        try:
            index.delete(["i3"])
            index.add(names(50, "new"), unit(50, seed=1))
        except OSError:
            pass
    found = exact.opened(tmp_path / "g", MODEL, 8)
    assert found.info.size in {20, 19, 69}
    assert (found.info == before) == (found.info.size == 20)
    assert found.contents.counted_anew() == found.contents.digest
    index.add(names(1, "after"), unit(1, seed=2))
    assert index.info.size == found.info.size + 1


def test_readers_keep_what_they_opened_while_one_writes(tmp_path):
    writer = exact.opened(tmp_path / "g", MODEL, 8)
    vectors = unit(300)
    writer.add(names(300), vectors)
    reader = exact.opened(tmp_path / "g", MODEL, 8)
    then, probe = reader.info, Template(MODEL, vectors[7])
    before = reader.search([probe], limit=5)
    writer.delete([f"i{row}" for row in range(0, 300, 2)])
    writer.compact()
    writer.add(names(10, "more"), unit(10, seed=3))
    assert reader.info == then
    assert reader.search([probe], limit=5) == before
    reader.refresh()
    assert reader.info == writer.info != then
    assert reader.search([probe], limit=5) == writer.search([probe], limit=5)


def test_two_writers_take_turns_and_lose_nothing(tmp_path):
    one, two = exact.opened(tmp_path / "g", MODEL, 8), exact.opened(tmp_path / "g", MODEL, 8)
    one.add(names(5, "a"), unit(5))
    two.add(names(5, "b"), unit(5, seed=1))
    one.delete(["b2"])
    one.refresh()
    assert one.info.size == 9
    two.refresh()
    assert two.info == one.info


def test_a_writer_that_does_not_end_is_waited_for_and_then_named(tmp_path, monkeypatch):
    monkeypatch.setattr(directory, "PATIENCE_S", 0.1)
    index = exact.opened(tmp_path / "g", MODEL, 8)
    with (tmp_path / "g" / "writer.lock").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(CaseInUse, match="changed by another process"):
            index.add(names(1), unit(1))
        assert index.search([Template(MODEL, unit(1)[0])], limit=1) == [()]
    index.add(names(1), unit(1))


def test_what_is_erased_is_in_no_file(tmp_path):
    index = exact.opened(tmp_path / "g", MODEL, 8)
    vectors = unit(50)
    index.add(names(50), vectors)
    index.delete(["i7"])
    index.compact()
    held = b"".join(path.read_bytes() for path in (tmp_path / "g").iterdir())
    assert vectors[7].tobytes() not in held
    assert vectors[8].tobytes() in held
    assert index.info == exact.opened(tmp_path / "g", MODEL, 8).info


def test_adding_costs_in_proportion_to_what_is_added(tmp_path, monkeypatch):
    """With full segments, a later addition writes its own rows and leaves every full segment's file alone."""
    monkeypatch.setattr(contents, "SEGMENT_BYTES", 100 * 8 * 4)
    index = exact.opened(tmp_path / "g", MODEL, 8)
    index.add(names(1000), unit(1000))
    assert len(index.contents.parts) == 10
    full = {part.name for part in index.contents.parts}
    written = []
    ours = segments.write
    monkeypatch.setattr(segments, "write", lambda segment, path: (written.append(len(segment)), ours(segment, path)))
    for row in range(64):
        index.add([(f"one{row}", "N1")], unit(1, seed=row))
    assert full <= {part.name for part in index.contents.parts}
    assert sum(written) < 64 * 7, "a row is written a logarithmic number of times"
    assert len(index.contents.parts) < 10 + 7
    written.clear()
    index.delete([f"i{row}" for row in range(0, 1000, 100)])
    assert written == []
    index.compact()
    assert sum(written) == 10 * 99


@pytest.mark.parametrize("seed", range(3))
def test_a_gallery_in_many_segments_ranks_as_one(tmp_path, monkeypatch, seed):
    vectors, probes = unit(2000, 16, seed), [Template(MODEL, row) for row in unit(30, 16, seed + 9)]
    whole = exact.build(MODEL, names(2000), vectors)
    monkeypatch.setattr(contents, "SEGMENT_BYTES", 64 * 16 * 4)
    index = exact.opened(tmp_path / "g", MODEL, 16)
    index.add(names(2000), vectors)
    assert len(index.contents.parts) == 32
    assert index.info == whole.info
    for some in (probes[:1], probes):
        assert index.search(some, limit=3) == whole.search(some, limit=3)
    gone = [f"i{row}" for row in np.random.default_rng(seed).choice(2000, 700, replace=False)]
    index.delete(gone)
    whole.delete(gone)
    for some in (probes[:1], probes):
        assert index.search(some, limit=3) == whole.search(some, limit=3)


def test_damage_is_named_with_the_way_out(tmp_path):
    index = exact.opened(tmp_path / "g", MODEL, 8)
    index.add(names(20), unit(20))
    index.delete(["i1"])
    (part,) = index.contents.parts
    with pytest.raises(ModelError, match="of another model"):
        exact.opened(tmp_path / "g", "other@1", 8)
    cases = [
        (part.name, b"", "is cut short"),
        (part.deleted_name, b"", "is cut short"),
        ("manifest.json", b"{", "manifest"),
    ]
    for name, damage, said in cases:
        whole = (tmp_path / "g" / name).read_bytes()
        (tmp_path / "g" / name).write_bytes(damage)
        with pytest.raises(GalleryDamaged, match=said):
            exact.opened(tmp_path / "g", MODEL, 8)
        (tmp_path / "g" / name).write_bytes(whole)
    (tmp_path / "g" / part.name).unlink()
    with pytest.raises(GalleryDamaged, match="are missing"):
        exact.opened(tmp_path / "g", MODEL, 8)


def test_a_flipped_bit_shows_when_the_digest_is_counted_anew(tmp_path):
    index = exact.opened(tmp_path / "g", MODEL, 8)
    index.add(names(20), unit(20))
    path = tmp_path / "g" / index.contents.parts[0].name
    data = bytearray(path.read_bytes())
    data[100] ^= 1
    path.write_bytes(data)
    found = exact.opened(tmp_path / "g", MODEL, 8)
    assert found.contents.counted_anew() != found.contents.digest


def test_what_is_noted_stays_until_it_is_noted_anew(tmp_path):
    index = exact.opened(tmp_path / "g", MODEL, 8)
    index.add(names(3), unit(3))
    index.remember("state 1")
    index.delete(["i0"])
    assert exact.opened(tmp_path / "g", MODEL, 8).note == "state 1"
    before = index.info
    index.remember("state 2")
    assert (index.note, index.info) == ("state 2", before)


def test_who_shares_a_digest_with_somebody_left_out_is_searched_all_the_same(monkeypatch):
    """Nominals are compared by 64 bits first; two with the same are told apart by their text."""
    monkeypatch.setattr(segments, "digests_of", lambda texts: digests_of(["same"] * len(texts)))
    monkeypatch.setattr("stillgraph.gallery.columns.digests_of", lambda texts: digests_of(["same"] * len(texts)))
    segment = segments.make([("a", "A"), ("b", "B")], unit(2), Attributes.unrecorded(2))
    assert segments.mask(segment, Filters(exclude=("B",))).tolist() == [True, False]


def test_numbers_are_kept_whole_where_memory_allows(monkeypatch):
    monkeypatch.setattr(os, "sysconf", lambda name: {"SC_AVPHYS_PAGES": 1000, "SC_PAGE_SIZE": 4096}[name])
    assert directory.number_for(1000, 512) == "float32"
    assert directory.number_for(1001, 512) == "float16"


def test_a_gallery_of_another_users_files_is_not_readable_by_others(tmp_path):
    index = exact.opened(tmp_path / "g", MODEL, 8)
    index.add(names(3), unit(3))
    index.delete(["i0"])
    modes = {
        path.name: path.stat().st_mode & 0o077 for path in (tmp_path / "g").iterdir() if path.name != "writer.lock"
    }
    assert set(modes.values()) == {0}
    assert (tmp_path / "g").stat().st_mode & 0o077 == 0
