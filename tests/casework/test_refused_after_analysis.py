"""An image that opens and then cannot be analysed is a refused row: the others come in, and it leaves nothing behind."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import pytest

from stillgraph.casework import enrolling, receiving
from stillgraph.faces.detect import YuNet
from stillgraph.records import RetailerId

DATA = Path(__file__).resolve().parents[2] / "data" / "demo"


def rows_of(path):
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def delivered(folder, source, images, rows):
    (folder / images).mkdir(parents=True)
    for row in rows:
        shutil.copy(source / images / row["image"], folder / images / row["image"])
    with (folder / "manifest.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return folder / "manifest.csv"


@pytest.fixture
def fails_on(monkeypatch):
    """Make the detector fail on the n-th images it is given, counted from 0."""

    def fail(*places):
        plain, seen = YuNet.detect, []

        def detect(self, pixels):
            seen.append(1)
            if len(seen) - 1 in places:
                raise ValueError("odd pixels")
            return plain(self, pixels)

        monkeypatch.setattr(YuNet, "detect", detect)

    return fail


def kept_files(case):
    return {path.name for path in (case.directory / "images").rglob("*") if path.is_file()}


def frame(case, sql):
    with case.seat().case.session(writing=False) as session:
        return session.frame(sql)


def test_a_still(small_case, tmp_path, fails_on):
    source = DATA / "deliveries" / "R09"
    rows = rows_of(source / "manifest.csv")[:4]
    # The second and third are of one offence, and the second dates it.
    rows[2] = rows[1] | {"image": rows[2]["image"], "captured_at": "2026-10-01T10:00:00"}
    rows[1] = rows[1] | {"captured_at": "2026-09-30T10:00:00"}
    rows.append(rows[0] | {"image": "none.jpg"})
    shutil.copy(source / "stills" / rows[0]["image"], tmp_path / "spare.jpg")
    manifest = delivered(tmp_path / "R09", source, "stills", rows[:4])
    with manifest.open("a", encoding="utf-8", newline="") as stream:
        csv.DictWriter(stream, list(rows[0])).writerow(rows[4])
    before = kept_files(small_case)
    fails_on(0, 1)
    report = receiving.receive(
        small_case.seat(), manifest, retailer_id=RetailerId("R09"), stores=DATA / "stores.csv", workers=1
    )
    assert report.accepted == 2
    assert [(r.line, r.image, r.field) for r in report.refused] == [
        (2, rows[0]["image"], "image"),
        (3, rows[1]["image"], "image"),
        (6, "none.jpg", "image"),
    ]
    assert report.refused[0].reason.startswith("cannot be analysed: it opens, but looking for faces in it failed")
    stills = frame(small_case, "SELECT still_id FROM stills WHERE retailer_id = 'R09' ORDER BY 1").still_id.tolist()
    assert stills == sorted(f"R09/{row['image']}" for row in rows[2:4])
    offences = frame(small_case, "SELECT offence_id, occurred_at FROM offences WHERE retailer_id = 'R09'")
    assert len(offences) == 2
    assert str(offences.occurred_at.min()).startswith("2026-")
    assert "2026-09-30" not in " ".join(map(str, offences.occurred_at))
    assert len(kept_files(small_case) - before) == 2

    # Delivered again once it can be analysed, only what was refused comes in; and it dates its offence earlier.
    fails_on()
    again = receiving.receive(small_case.seat(), manifest, retailer_id=RetailerId("R09"), workers=1)
    assert (again.accepted, len(again.refused)) == (2, 3)
    dates = frame(small_case, "SELECT occurred_at FROM offences WHERE retailer_id = 'R09'").occurred_at
    assert "2026-09-30" in " ".join(map(str, dates))


def test_a_custody_image(small_case, tmp_path, fails_on):
    source = DATA / "custody"
    known = set(frame(small_case, "SELECT nominal_id FROM nominals").nominal_id)
    rows = [row for row in rows_of(source / "manifest.csv") if row["nominal_id"] not in known][:3]
    manifest = delivered(tmp_path / "custody", source, "images", rows)
    before = kept_files(small_case)
    fails_on(0)
    report = enrolling.enrol(small_case.seat(), manifest, workers=1)
    assert (report.accepted, [r.line for r in report.refused]) == (2, [2])
    assert report.refused[0].reason.startswith("cannot be analysed: it opens")
    images = set(frame(small_case, "SELECT custody_image_id FROM custody_images").custody_image_id)
    assert f"{rows[0]['nominal_id']}/{rows[0]['image']}" not in images
    left = {row["nominal_id"] for row in rows[1:]}
    assert set(frame(small_case, "SELECT nominal_id FROM nominals").nominal_id) == known | left
    assert len(kept_files(small_case) - before) == 2


def test_bytes_that_the_case_holds_otherwise_stay(small_case, tmp_path, fails_on):
    """A still's bytes that come as a custody image too are not lost with the refusal of that."""
    row = rows_of(DATA / "custody" / "manifest.csv")[0] | {"nominal_id": "N1", "image": "R08_0002.jpg"}
    shutil.copytree(DATA / "deliveries" / "R08" / "stills", tmp_path / "source" / "images")
    manifest = delivered(tmp_path / "custody", tmp_path / "source", "images", [row])
    before = kept_files(small_case)
    fails_on(0)
    report = enrolling.enrol(small_case.seat(), manifest, workers=1)
    assert (report.accepted, len(report.refused)) == (0, 1)
    assert kept_files(small_case) == before
    assert receiving.still_image(small_case.seat(), "R08/R08_0002.jpg")
