"""Stills out of films: each person of a film once, with their origin noted, whole or not at all."""

from __future__ import annotations

import csv
import hashlib
import multiprocessing
import os
import signal
import stat
import subprocess
import sys
import time

import numpy as np
import pytest
from PIL import Image

from stillgraph import __version__
from stillgraph.casework import extracting, receiving, searching
from stillgraph.casework.extracting import extract
from stillgraph.errors import NotFound, WrongUse
from stillgraph.records import RetailerId, StillId


def shop(size=(330, 180)):
    """An empty shop: shelves of flat colours."""
    blocks = np.random.default_rng(7).integers(60, 120, (size[1] // 15, size[0] // 15, 3), dtype=np.uint8)
    return Image.fromarray(np.kron(blocks, np.ones((15, 15, 1), np.uint8)))


@pytest.fixture(scope="module")
def scene(small_inputs, make_film, tmp_path_factory):
    """A film of four seconds: one person walks through, then another, both in view for half a second."""
    images = sorted((small_inputs / "custody" / "images").iterdir())
    first = Image.open(images[0]).convert("RGB").resize((110, 110))
    second = Image.open(next(p for p in images if p.name[:7] != images[0].name[:7])).convert("RGB").resize((100, 100))
    frames = []
    for n in range(100):
        frame = shop()
        if n < 50:
            frame.paste(first, (5 + 2 * n, 40))
        if 37 <= n < 90:
            frame.paste(second, (218 - (n - 37), 60))
        frames.append(frame)
    return make_film(tmp_path_factory.mktemp("scene") / "CAM04.mp4", frames)


@pytest.fixture
def pages(tmp_path):
    path = tmp_path / "pages.tif"
    shades = [Image.new("RGB", (40, 30), (shade, 10, 10)) for shade in (0, 100, 200)]
    shades[0].save(path, save_all=True, append_images=shades[1:])
    return path


def manifest(folder):
    with (folder / "manifest.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def taken(scene, tmp_path_factory):
    """What comes of the film with one and two frames of each appearance, by that number; by one worker and three."""
    place = tmp_path_factory.mktemp("taken")
    return {best: extract(scene, place / f"{best}", best=best, workers=2 * best - 1) for best in (1, 2)}


def test_each_person_of_a_film_comes_once_or_twice(taken):
    report = taken[1]
    assert (report.way, report.decoded, report.looked_at, report.out.name) == ("faces", 100, 8, "1")
    assert 2 <= report.appearances <= 4
    assert report.notes == ()
    kept = [(face.appearance, still.number) for still in report.stills for face in still.faces]
    assert sorted(number for number, _ in kept) == list(range(1, report.appearances + 1))
    # The first walks on the left until frame 50, the second comes in on the right at frame 38.
    assert any(still.number <= 50 and face.box.x < 160 for still in report.stills for face in still.faces)
    assert any(still.number > 37 and face.box.x > 160 for still in report.stills for face in still.faces)
    assert {path.name for path in (report.out / "stills").iterdir()} == {still.image for still in report.stills}


def test_more_frames_of_each_are_kept_where_asked(scene, taken, tmp_path):
    one, two = taken[1], taken[2]
    assert one.appearances == two.appearances
    assert {still.image for still in one.stills} < {still.image for still in two.stills}
    best = {face for still in one.stills for face in still.faces}
    assert best < {face for still in two.stills for face in still.faces}  # bit for bit, by one worker or three
    limited = extract(scene, tmp_path / "limited", best=2, limit=1)
    (top,) = limited.stills
    scores = {face.detection_score for still in two.stills for face in still.faces}
    assert max(face.detection_score for face in top.faces) == max(scores)
    assert limited.left_out == len(two.stills) - 1
    assert limited.notes == (
        f"{limited.left_out} stills in which faces are seen worse were left out; --limit N sets more.",
    )


def test_a_still_names_its_origin(scene, tmp_path):
    extract(scene, tmp_path / "out", every=50)
    digest = hashlib.sha256(scene.read_bytes()).hexdigest()
    rows = manifest(tmp_path / "out")
    assert [row["image"] for row in rows] == [f"CAM04_f{number:06}.png" for number in (1, 51)]
    note = f"frame 51 at 2.00 s of CAM04.mp4, sha256 {digest}; extracted by stillgraph {__version__}"
    assert rows[1]["note"] == note
    assert {value for row in rows for column, value in row.items() if column not in {"image", "note"}} == {""}
    with Image.open(tmp_path / "out" / "stills" / "CAM04_f000051.png") as image:
        assert (image.format, image.mode, image.size, image.text["Source"]) == ("PNG", "RGB", (330, 180), note)


def test_what_was_extracted_is_refused_until_filled_in_and_then_received(taken, small_case, small_inputs):
    report = taken[1]
    path = report.out / "manifest.csv"
    desk = small_case.seat()
    first = receiving.receive(desk, path, retailer_id=RetailerId("R08"))
    assert (first.accepted, len(first.refused)) == (0, len(report.stills))
    assert all(refusal.reason.startswith("empty, but required") for refusal in first.refused)
    with (small_inputs / "deliveries" / "R08" / "manifest.csv").open(encoding="utf-8", newline="") as stream:
        known = next(csv.DictReader(stream))
    filled = [known | {"image": row["image"], "note": row["note"]} for row in manifest(report.out)]
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(filled[0]))
        writer.writeheader()
        writer.writerows(filled)
    second = receiving.receive(desk, path, retailer_id=RetailerId("R08"))
    assert (second.accepted, second.refused, second.without_face) == (len(report.stills), (), 0)
    found = searching.search(desk, stills=[StillId(f"R08/{still.image}") for still in report.stills])
    assert all(probe.candidates for probe in found.probes)


def test_every_page_of_an_image_is_taken(pages, tmp_path):
    report = extract(pages, tmp_path / "out")
    assert (report.way, report.decoded, report.form) == ("all", 3, "TIFF image")
    assert [still.image for still in report.stills] == [f"pages_p{number:04}.png" for number in (1, 2, 3)]
    assert report.stills[1].note.startswith("page 2 of pages.tif, sha256 ")
    shades = [Image.open(tmp_path / "out" / "stills" / still.image).getpixel((0, 0)) for still in report.stills]
    assert shades == [(0, 10, 10), (100, 10, 10), (200, 10, 10)]


def test_streams_are_told_apart(make_film, tmp_path):
    film = make_film(tmp_path / "two.mkv", [Image.new("RGB", (64, 48), (n, n, n)) for n in (50, 90)], several=2)
    report = extract(film, tmp_path / "out", every=2)
    assert sorted(still.image for still in report.stills) == ["two_s1_f000001.png", "two_s2_f000001.png"]
    assert {still.note.split(" at ")[0] for still in report.stills} == {"stream 1, frame 1", "stream 2, frame 1"}


def test_the_limit_is_said(pages, tmp_path):
    report = extract(pages, tmp_path / "out", limit=2)
    assert [still.number for still in report.stills] == [1, 2]
    assert report.notes == ("It went no further than 2 stills, its limit; --limit N sets another.",)
    assert extract(pages, tmp_path / "all", limit=3).notes == ()


def test_a_film_without_faces_leaves_nothing(make_film, tmp_path):
    report = extract(make_film(tmp_path / "empty.mp4", [shop()] * 30), tmp_path / "out")
    assert (report.stills, report.out, report.appearances) == ((), None, 0)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty.mp4"]


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("CAM 04 (1).mp4", "CAM 04 (1)"), ("=cmd|' x'!A1.mp4", "cmd__ x__A1"), ("a\\b\n.mp4", "a_b_"), ("-+@.mp4", "film"),
        ("  x .mp4", "x"), ("n" * 200 + ".mp4", "n" * 80), ("Kamera-Süd.mp4", "Kamera-Süd"), ("_..mp4", "film"),
    ],
)  # fmt: skip
def test_names_of_stills_are_plain(name, stem):
    assert extracting._stem(name) == stem


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"every": 2, "scenes": True}, "Say in one way"), ({"every": 2, "best": 1}, "Say in one way"),
        ({"every": 0}, "--every takes a whole number from 1 on"), ({"best": 0}, "--best takes"),
        ({"limit": 0}, "--limit takes"),
    ],
)  # fmt: skip
def test_options_that_make_no_sense_are_refused(pages, tmp_path, options, said):
    with pytest.raises(WrongUse, match=said):
        extract(pages, tmp_path / "out", **options)


def test_the_folder_is_new_or_empty_and_private(pages, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    extract(pages, out)
    assert stat.S_IMODE(out.stat().st_mode) == 0o700
    with pytest.raises(WrongUse, match="not empty; --out takes a folder that is new or empty"):
        extract(pages, out)
    with pytest.raises(WrongUse, match="not empty"):
        extract(pages, pages)
    with pytest.raises(NotFound, match=r"There is no folder .*none to make out in"):
        extract(pages, tmp_path / "none" / "out")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "pages.tif"]


def test_what_cannot_be_read_is_refused_by_name_and_leaves_nothing(tmp_path):
    path = tmp_path / "note.mp4"
    path.write_bytes(b"dear officer")
    with pytest.raises(WrongUse, match=r"^note.mp4: not a film that can be read, .*\.$"):
        extract(path, tmp_path / "out")
    with pytest.raises(NotFound, match=r"There is no file none.mp4"):
        extract(tmp_path / "none.mp4", tmp_path / "out")
    Image.new("RGB", (9, 9)).save(tmp_path / "one.png")
    with pytest.raises(WrongUse, match=r"^one.png: one picture only \(receive it as it is, with a delivery\)\.$"):
        extract(tmp_path / "one.png", tmp_path / "out")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["note.mp4", "one.png"]


def test_a_file_that_changes_meanwhile_is_refused(pages, tmp_path, monkeypatch):
    plain = extracting._png

    def change(*arguments):
        pages.write_bytes(pages.read_bytes() + b"more")
        return plain(*arguments)

    monkeypatch.setattr(extracting, "_png", change)
    with pytest.raises(WrongUse, match=r"pages.tif changed while it was read"):
        extract(pages, tmp_path / "out")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["pages.tif"]


@pytest.mark.parametrize("options", [{}, {"every": 1}], ids=["faces", "every"])
def test_an_error_midway_leaves_nothing(scene, tmp_path, monkeypatch, options):
    plain, calls = extracting._png, []

    def fails(*arguments):
        calls.append(arguments)
        if len(calls) > 3:
            raise KeyboardInterrupt
        return plain(*arguments)

    monkeypatch.setattr(extracting, "_png", fails)
    with pytest.raises(KeyboardInterrupt):
        extract(scene, tmp_path / "out", **options)
    assert list(tmp_path.iterdir()) == []
    assert multiprocessing.active_children() == []


def test_a_full_disk_is_said(pages, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_bytes", full)
    with pytest.raises(WrongUse, match=r"cannot be written \(No space left on device\)"):
        extract(pages, tmp_path / "out")


@pytest.mark.skipif(os.name != "posix", reason="other systems have no such signal")
def test_an_interrupt_ends_all_and_leaves_nothing(scene, tmp_path):
    command = [sys.executable, "-c", "from stillgraph.cli import main; main()", "stills", "extract", str(scene)]
    process = subprocess.Popen(
        [*command, "--out", str(tmp_path / "out"), "--every", "1"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    until = time.monotonic() + 30
    while not any(tmp_path.glob(".out.*/stills/*")) and time.monotonic() < until:
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal's Ctrl-C does, to the child too
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (1, "")
    assert err == "Interrupted; what was not finished has left nothing behind.\n"
    assert list(tmp_path.iterdir()) == []
    until = time.monotonic() + 30
    while group_lives(process.pid) and time.monotonic() < until:
        time.sleep(0.01)
    assert not group_lives(process.pid)


def group_lives(group):
    """Say whether any process of a group is left."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
