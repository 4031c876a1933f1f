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
from stillgraph.gallery import compressed, contents, directory, exact, segments
from stillgraph.gallery.columns import Attributes, digests_of
from stillgraph.records import Filters, Template

MODEL = "pack@0123456789ab"

LIFE = """
import sys, pathlib, numpy as np
from stillgraph.gallery import compressed, exact
from stillgraph.records import Template
place, model = pathlib.Path(sys.argv[1]), "pack@0123456789ab"
index = exact.opened(place, model, 8) if sys.argv[3] == "exact" else compressed.opened(place, model, 8, trained_from=60)
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
    index.search([Template(model, vectors[0])], limit=1)
"""

READING = """
import sys, pathlib, numpy as np
from stillgraph.gallery import exact
from stillgraph.records import Template
model = "pack@0123456789ab"
index = exact.opened(pathlib.Path(sys.argv[1]), model, 8)
probe = np.zeros(8, np.float32); probe[int(sys.argv[2])] = 1
print("begun", flush=True)
while True:
    index.refresh()
    held, (found,) = index.info, index.search([Template(model, probe)], limit=5)
    assert index.info == held and index.contents.counted_anew() == index.contents.digest
    assert len(found) == min(5, held.size) and [one.rank for one in found] == list(range(1, len(found) + 1))
    print(held.version, held.size, flush=True)
"""


def opened(path, engine):
    if engine == "exact":
        return exact.opened(path, MODEL, 8)
    return compressed.opened(path, MODEL, 8, trained_from=60)


def unit(count, dimension=8, seed=0):
    rows = np.random.default_rng(seed).normal(size=(count, dimension))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def names(count, prefix="i"):
    return [(f"{prefix}{row}", f"N{row % 5}") for row in range(count)]


@pytest.mark.parametrize("engine", ["exact", "compressed"])
def test_killed_at_any_moment_it_is_as_it_was_or_as_it_was_to_be(tmp_path, engine):
    """kill -9 at random moments: what was acknowledged is there, nothing is half there, and life goes on."""
    chance, seen = random.Random(4), []
    for round_ in range(4):
        killed = subprocess.Popen(
            [sys.executable, "-c", LIFE, str(tmp_path / "g"), str(round_), engine], stdout=subprocess.PIPE, text=True
        )
        first = [killed.stdout.readline() for _ in range(chance.randrange(1, 12))]
        time.sleep(chance.uniform(0.0, 0.1))
        killed.send_signal(signal.SIGKILL)
        lines = [*first, *killed.stdout.read().splitlines()]
        acknowledged = [line.split() for line in lines if line.count(" ") == 1]
        killed.wait()
        killed.stdout.close()
        index = opened(tmp_path / "g", engine)
        assert index.contents.counted_anew() == index.contents.digest
        probe = [Template(MODEL, unit(1)[0])]
        assert index.search(probe, limit=1) == exact.opened(tmp_path / "g", MODEL, 8).search(probe, limit=1)
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
    codes = {name for name in left if name.startswith("code")}
    assert left - codes == said - {""}, "what a killed process left goes with the next change"
    assert {name.split(".")[0].removeprefix("codes-") for name in codes} - {"codebook"} <= said


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


def test_processes_read_whole_versions_while_another_writes(tmp_path):
    """Each version a reader saw is one the writer made, with all its entries; readers end with the last."""
    writer, place, random = exact.opened(tmp_path / "g", MODEL, 8), str(tmp_path / "g"), np.random.default_rng(8)
    readers = [
        subprocess.Popen([sys.executable, "-c", READING, place, str(axis)], stdout=subprocess.PIPE, text=True)
        for axis in range(2)
    ]
    try:
        for reader in readers:
            assert reader.stdout.readline() == "begun\n"
        made = {(writer.info.version, 0)}
        for step in range(60):
            writer.add(names(30, f"{step}-"), unit(30, seed=step))
            made.add((writer.info.version, writer.info.size))
            writer.delete([f"{step}-{row}" for row in random.choice(30, 10, replace=False)])
            made.add((writer.info.version, writer.info.size))
            if step % 10 == 0:
                writer.compact()
        time.sleep(0.5)
    finally:
        for reader in readers:
            reader.kill()
    for reader in readers:
        lines = [line.split() for line in reader.stdout.read().splitlines() if line.count(" ") == 1]
        reader.wait()
        reader.stdout.close()
        seen = [(version, int(size)) for version, size in lines]
        assert set(seen[:-1]) <= made
        assert len(set(seen)) > 1


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


def test_codes_left_half_written_go_once_nobody_can_be_writing_them(tmp_path):
    index = opened(tmp_path / "g", "compressed")
    index.add(names(80), unit(80))
    index.search([Template(MODEL, unit(1)[0])], limit=1)
    (part,) = index.contents.parts
    left = [tmp_path / "g" / f"codes-{part.name}.0123456789ab.0.99.new", tmp_path / "g" / "codebook.99.new"]
    for path in left:
        path.touch()
    index.delete(["i0"])
    assert all(path.exists() for path in left), "somebody may be writing them"
    for path in left:
        os.utime(path, (0, 0))
    index.delete(["i1"])
    assert not any(path.exists() for path in left)


def test_what_another_process_changed_is_taken_over_and_the_rest_stays_mapped(tmp_path, monkeypatch):
    """A refresh costs in proportion to the change: segments that stayed, and their codes, are not read again."""
    monkeypatch.setattr(contents, "SEGMENT_BYTES", 100 * 8 * 2)
    writer, reader = (compressed.opened(tmp_path / "g", MODEL, 8, trained_from=60) for _ in range(2))
    writer.add(names(300), unit(300))
    reader.refresh()
    reader.prepare()
    before = [part.segment for part in reader.contents.parts]
    writer.delete(["i7"])
    writer.add(names(1, "new"), unit(1))
    reader.refresh()
    assert reader.info == writer.info
    assert [part.segment for part in reader.contents.parts][:3] == before
    made = []
    monkeypatch.setattr(reader, "_coded", lambda part: made.append(len(part.segment)) or [])
    reader.prepare()
    assert made == [1]


def test_pages_that_were_let_go_are_read_again(tmp_path, monkeypatch):
    monkeypatch.setattr(compressed, "COUNTED_BYTES", 0)
    index = compressed.opened(tmp_path / "g", MODEL, 8, trained_from=60)
    index.add(names(3000), unit(3000))
    let_go = []
    ours = segments.Segment.let_go
    monkeypatch.setattr(segments.Segment, "let_go", lambda segment: (let_go.append(segment), ours(segment)))
    probes = [Template(MODEL, row) for row in unit(3000)[:20]]
    assert index.search(probes, limit=1) == index.exactly().search(probes, limit=1)
    assert index.search(probes, limit=1) == index.exactly().search(probes, limit=1)
    assert len(let_go) == 2
    segments.make([("a", "A")], unit(1), Attributes.unrecorded(1)).let_go()


def test_adding_costs_in_proportion_to_what_is_added(tmp_path, monkeypatch):
    """With full segments, a later addition writes its own rows and leaves every full segment's file alone."""
    monkeypatch.setattr(contents, "SEGMENT_BYTES", 100 * 8 * 4)
    index = exact.opened(tmp_path / "g", MODEL, 8)
    index.add(names(1000), unit(1000))
    assert len(index.contents.parts) == 10
    full = {part.name for part in index.contents.parts}
    written = []
    ours = segments.write
    monkeypatch.setattr(segments, "write", lambda segment, *to: (written.append(len(segment)), ours(segment, *to)))
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


@pytest.mark.parametrize("seed", range(3))
def test_joined_segments_are_as_if_made_at_once(seed):
    random = np.random.default_rng(seed)

    def some(count, prefix):
        entries = [(f"{prefix}ä{row}", f"N{row % 7}" * int(random.integers(0, 3))) for row in range(count)]
        plain = Attributes.unrecorded(count)
        recorded = Attributes(**{name: getattr(plain, name) for name in Attributes.__dataclass_fields__} | {
            "age": random.integers(-1, 90, count).astype(np.int16), "sex": random.choice(["F", "M", "", prefix], count),
        })  # fmt: skip
        vectors = unit(count, seed=seed)
        return entries, vectors, recorded, segments.make(entries, vectors, recorded)

    pieces = [some(50, "a"), some(30, "b"), some(9, "c")]
    rows = [np.flatnonzero(random.random(50) < 0.6), np.arange(30), np.array([], np.intp)]
    found = segments.joined([(piece[3], own) for piece, own in zip(pieces, rows, strict=True)])
    together = list(zip(pieces, rows, strict=True))
    recorded = Attributes(*(np.concatenate([getattr(piece[2], name)[own] for piece, own in together])
                            for name in Attributes.__dataclass_fields__))  # fmt: skip
    entries = [piece[0][row] for piece, own in together for row in own]
    made = segments.make(entries, np.concatenate([piece[1][own] for piece, own in together]), recorded)
    for name in made.columns:
        assert np.array_equal(found.columns[name], made.columns[name]), name
    assert found.values == made.values
    assert all(np.array_equal(found.lookup[name], made.lookup[name]) for name in made.lookup)
    assert np.array_equal(found.text, made.text)
    assert np.array_equal(found.vectors, made.vectors)


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
    monkeypatch.setattr(directory, "available_bytes", lambda: 4096 * 1000)
    assert directory.number_for(1000, 512) == "float32"
    assert directory.number_for(1001, 512) == "float16"


def test_memory_to_be_had_is_what_the_system_says_or_else_what_is_free(monkeypatch, tmp_path):
    said = tmp_path / "meminfo"
    said.write_text("MemTotal:  9 kB\nMemFree:  1 kB\nMemAvailable:   5 kB\n")
    monkeypatch.setattr(directory, "MEMORY", said)
    assert directory.available_bytes() == 5 * 1024
    monkeypatch.setattr(directory, "MEMORY", tmp_path / "none")
    monkeypatch.setattr(os, "sysconf", lambda name: {"SC_AVPHYS_PAGES": 1000, "SC_PAGE_SIZE": 4096}[name])
    assert directory.available_bytes() == 4096 * 1000


def test_a_gallery_of_another_users_files_is_not_readable_by_others(tmp_path):
    index = exact.opened(tmp_path / "g", MODEL, 8)
    index.add(names(3), unit(3))
    index.delete(["i0"])
    modes = {
        path.name: path.stat().st_mode & 0o077 for path in (tmp_path / "g").iterdir() if path.name != "writer.lock"
    }
    assert set(modes.values()) == {0}
    assert (tmp_path / "g").stat().st_mode & 0o077 == 0
