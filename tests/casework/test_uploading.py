"""Deliveries dropped into a page: bounded, kept in their own folder, taken in like any other, and never lost half-way."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import stat
import subprocess
import sys
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from stillgraph.casework import progress, receiving, retention, uploading
from stillgraph.errors import Interrupted, NotFound, WrongUse
from stillgraph.records import RecordKind
from stillgraph.store import office

DATA = Path(__file__).resolve().parents[2] / "data" / "demo"
SOURCE = DATA / "deliveries" / "R09"


def rows(count):
    with (SOURCE / "manifest.csv").open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))[:count]


def manifest(some):
    out = io.StringIO()
    writer = csv.DictWriter(out, list(some[0]))
    writer.writeheader()
    writer.writerows(some)
    return out.getvalue().encode()


def zipped(files, **options):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files:
            archive.writestr(name, data)
    return out.getvalue()


@pytest.fixture(scope="module")
def files():
    """Return a small delivery as a page drops it: the manifest, its images, the stores."""
    some = rows(3)
    images = [(row["image"], (SOURCE / "stills" / row["image"]).read_bytes()) for row in some]
    return [("R09 autumn.csv", manifest(some)), *images, ("stores.csv", (DATA / "stores.csv").read_bytes())]


def inside(case):
    return sorted(
        str(p.relative_to(case.directory / "uploads")) for p in (case.directory / "uploads").rglob("*") if p.is_file()
    )


def test_files_and_an_archive_of_them_come_to_the_same(small_case, files):
    desk = small_case.seat()
    apart = uploading.keep(desk, files)
    folders = [(f"R09/stills/{name}" if name.endswith(".jpg") else f"R09/{name}", data) for name, data in files]
    together = uploading.keep(desk, [("R09.zip", zipped(folders))])
    assert (apart.manifest, apart.stores, apart.images) == ("manifest.csv", "stores.csv", 3)
    assert (together.manifest, together.stores, together.images, together.size_bytes) == (
        apart.manifest, apart.stores, apart.images, apart.size_bytes,
    )  # fmt: skip
    assert uploading.uploads(desk) == (apart, together)
    assert len({p.split("/", 1)[1] for p in inside(small_case)}) == 6
    assert stat.S_IMODE((small_case.directory / "uploads").stat().st_mode) == 0o700
    report = uploading.take_in(desk, together.upload_id, retailer_id="R09", workers=1)
    assert (report.accepted, report.refused) == (3, ())
    assert uploading.uploads(desk) == (apart,)
    uploading.discard(desk, apart.upload_id)
    assert uploading.uploads(desk) == ()
    assert inside(small_case) == []
    with desk.case.session(writing=False) as session:
        said = [json.loads(one.details) if isinstance(one.details, str) else one.details for one in office.chain(session)
                if one.action == "upload delivery"]  # fmt: skip
    assert said[0]["images"] == 3
    assert said[-1] == {"discarded": apart.upload_id}


def test_nothing_that_an_archive_names_leaves_the_folder(small_case, files):
    odd = [
        ("../../evil.csv", files[0][1]), ("/etc/passwd.jpg", b"x"), ("..\\..\\win.jpg", b"y"), ("a/.hidden", b"z"),
        ("__MACOSX/._R09.jpg", b"q"), ("deep/er/", b""), ("control\x01.jpg", b"c"), ("..", b"d"), ("n" * 300 + ".jpg", b"e"),
    ]  # fmt: skip
    link = zipfile.ZipInfo("link.jpg")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    before = sorted(p for p in small_case.directory.parent.rglob("*") if "uploads" not in p.parts)
    kept = uploading.keep(small_case.seat(), [("odd.zip", zipped([*odd, (link, b"/etc/passwd")]))])
    assert (kept.images, kept.passed_over) == (2, 7)
    assert {p.split("/", 1)[1] for p in inside(small_case)} == {
        "about.json", "manifest.csv", "stills/passwd.jpg", "stills/win.jpg",
    }  # fmt: skip
    assert sorted(p for p in small_case.directory.parent.rglob("*") if "uploads" not in p.parts) == before


def locked(data):
    """Return an archive whose first entry says that it is locked."""
    data = bytearray(data)
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


def damaged(data):
    at = data.index(b"PK\x01\x02")
    return data[: at - 20] + bytes(b ^ 255 for b in data[at - 20 : at]) + data[at:]


CASES = {
    "no manifest": (lambda f: f[1:4], r"There is no manifest: drop the CSV or XLSX file too"),
    "two manifests": (lambda f: [*f, ("other.csv", f[0][1])], r"There are two tables, R09 autumn.csv and other.csv"),
    "one name twice": (
        lambda f: [("a.zip", zipped([(f"x/{f[1][0]}", b"1"), (f"y/{f[1][0].upper()}", b"2"), f[0]]))],
        r"Two files are called R09_\d+\.JPG: give each image a name of its own",
    ),
    "no archive": (lambda f: [("a.zip", b"PK\x03\x04 nothing")], r"a\.zip cannot be read as a ZIP archive"),
    "locked": (lambda f: [("a.zip", locked(zipped(f)))], r"a\.zip is locked with a password"),
    "damaged": (lambda f: [("a.zip", damaged(zipped([f[0]])))], r"R09 autumn\.csv is damaged in its ZIP archive"),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_no_delivery_is_not_kept(small_case, files, case):
    make, why = CASES[case]
    with pytest.raises(WrongUse, match=why):
        uploading.keep(small_case.seat(), make(files))
    assert inside(small_case) == []
    assert list((small_case.directory / "uploads").iterdir()) == []


def test_a_bomb_is_stopped_at_the_bound_and_leaves_nothing(small_case, files, monkeypatch):
    monkeypatch.setattr(uploading, "MOST_BYTES", 2**20)
    bomb = zipped([files[0], ("bomb.jpg", b"\0" * 2**26)])
    assert len(bomb) < 2**17
    with pytest.raises(
        WrongUse, match=r"The delivery unpacks to over 0 GiB: split it\. `stillgraph stills receive` takes"
    ):
        uploading.keep(small_case.seat(), [("bomb.zip", bomb)])
    assert inside(small_case) == []


def test_one_image_too_large_is_kept_cut_and_refused_as_too_large(small_case, files, monkeypatch):
    some = rows(1)
    large = files[1][1] + b"\0" * (64 * 2**20)
    kept = uploading.keep(
        small_case.seat(), [("m.csv", manifest(some)), ("all.zip", zipped([(some[0]["image"], large)])), files[-1]]
    )
    (held,) = (small_case.directory / "uploads").rglob("*.jpg")
    assert held.stat().st_size == 64 * 2**20 + 1
    report = uploading.take_in(small_case.seat(), kept.upload_id, retailer_id="R09", workers=1)
    assert [one.reason.split(":")[0] for one in report.refused] == ["image too large"]


def test_too_many_files_are_refused(small_case, files, monkeypatch):
    monkeypatch.setattr(uploading, "MOST_FILES", 3)
    with pytest.raises(WrongUse, match=r"A page takes in 3 files at a time: split the delivery\."):
        uploading.keep(small_case.seat(), files)
    with pytest.raises(WrongUse, match=r"a\.zip holds over 6 entries: split the delivery\."):
        uploading.keep(small_case.seat(), [("a.zip", zipped([(f"{n}.jpg", b"x") for n in range(7)]))])


@pytest.mark.parametrize("upload_id", ["", "..", "../../images", "0" * 16, "x/y"])
def test_a_delivery_that_is_not_there_is_not_found(small_case, upload_id):
    with pytest.raises(NotFound, match="There is no such delivery waiting here"):
        uploading.take_in(small_case.seat(), upload_id, retailer_id="R09")
    with pytest.raises(NotFound, match="There is no such delivery waiting here"):
        uploading.discard(small_case.seat(), upload_id)


@pytest.mark.parametrize(
    "about",
    [None, "", "{", "[]", "{}", '{"kept_at": "2026-01-01"}', '{"kept_at": 3}', "[" * 100_000, b"\xff\xfe", "elsewhere"],
    ids=lambda about: repr(about)[:20],
)
def test_cut_short_it_is_listed_due_and_thrown_away_and_never_taken_in(small_case, files, about):
    desk = small_case.seat()
    whole, cut = (uploading.keep(desk, files) for _ in range(2))
    note = small_case.directory / "uploads" / cut.upload_id / "about.json"
    if about is None:
        note.unlink()
    elif about == "elsewhere":
        note.write_text(note.read_text(encoding="utf-8").replace('"manifest.csv"', '"/etc/passwd"'), encoding="utf-8")
    else:
        note.write_bytes(about if isinstance(about, bytes) else about.encode())
    long_ago = datetime(2020, 1, 2, tzinfo=UTC).timestamp()
    os.utime(note.parent, (long_ago, long_ago))
    first, last = uploading.uploads(desk)
    assert (first.upload_id, first.cut_short, first.images, first.officer) == (cut.upload_id, True, 3, "")
    assert first.kept_at == datetime(2020, 1, 2, tzinfo=UTC)
    assert (last, last.cut_short) == (whole, False)
    listed = retention.due(desk, desk.clock().date()).due
    assert [one.id for one in listed if one.kind is RecordKind.UPLOAD] == [cut.upload_id]
    with pytest.raises(WrongUse, match="was cut short while it was kept: throw it away, and drop it again"):
        uploading.take_in(desk, cut.upload_id, retailer_id="R09")
    uploading.discard(desk, cut.upload_id)
    assert uploading.uploads(desk) == (whole,)


def test_killed_while_it_is_kept_it_was_cut_short(small_case, files, monkeypatch):
    moved = Path.replace

    def die(path, target):  # as a kill between the writing of the last file and its moving
        if target.name == "about.json":
            raise SystemExit
        return moved(path, target)

    monkeypatch.setattr(Path, "replace", die)
    monkeypatch.setattr(uploading.shutil, "rmtree", lambda *_, **__: None)
    with pytest.raises(SystemExit):
        uploading.keep(small_case.seat(), files)
    monkeypatch.undo()
    (left,) = uploading.uploads(small_case.seat())
    assert left.cut_short
    uploading.discard(small_case.seat(), left.upload_id)
    assert inside(small_case) == []


def test_stopped_or_refused_it_waits_whole_and_is_taken_in_then(small_case, files):
    desk = small_case.seat()
    kept = uploading.keep(desk, files)

    def stop(_step):
        raise progress.cancelled()

    with pytest.raises(Interrupted, match="Cancelled"):
        uploading.take_in(desk, kept.upload_id, retailer_id="R09", workers=1, progress=stop)
    assert uploading.uploads(desk) == (kept,)
    assert uploading.take_in(desk, kept.upload_id, retailer_id="R09", workers=1).accepted == 3


KILLED = """
import os, signal, sys
from stillgraph.casework import take_seat, uploading
case, upload_id = sys.argv[1:]
def die(step):
    if step.what == "faces (still)":
        os.kill(os.getpid(), signal.SIGKILL)
desk = take_seat(case, officer="desk", operation="OP-TEST", reason="receive")
uploading.take_in(desk, upload_id, retailer_id="R09", workers=1, progress=die)
"""


def test_killed_it_waits_whole_and_is_taken_in_then(small_case, files):
    kept = uploading.keep(small_case.seat(), files)
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(small_case.directory), kept.upload_id], check=False, timeout=120,
        env={**os.environ}, capture_output=True,
    )  # fmt: skip
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert uploading.uploads(small_case.seat()) == (kept,)
    report = uploading.take_in(small_case.seat(), kept.upload_id, retailer_id="R09", workers=1)
    assert (report.accepted, report.refused) == (3, ())
    assert receiving.still_image(small_case.seat(), f"R09/{files[1][0]}") == files[1][1]
