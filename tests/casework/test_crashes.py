"""Crash safety: kill -9 in the middle of an action leaves no half of it, and the next run works."""

from __future__ import annotations

import csv
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from stillgraph.casework import analysing, enrolling, governing, receiving, searching
from stillgraph.errors import DiskFull, ManifestError, WrongUse
from stillgraph.governance import log
from stillgraph.store import office
from stillgraph.store.images import Incoming

DATA = Path(__file__).resolve().parents[2] / "data" / "demo"

RECEIVE = """
import os, signal, sys
from pathlib import Path
from stillgraph.casework import receiving, recording, take_seat
from stillgraph.governance import chain
from stillgraph.store import faces, images

def dies(module, name, after):
    plain, calls = getattr(module, name), []
    def deadly(*arguments, **options):
        calls.append(1)
        if len(calls) > after:
            os.kill(os.getpid(), signal.SIGKILL)
        return plain(*arguments, **options)
    setattr(module, name, deadly)

case, delivery, stores, when = sys.argv[1:]
if when == "half the images kept":
    dies(images.Incoming, "put", 2)
elif when == "an image half written":
    dies(os, "fsync", 1)
elif when == "rows written, nothing committed":
    plain = faces.add
    def add(*arguments):
        plain(*arguments)
        os.kill(os.getpid(), signal.SIGKILL)
    faces.add = add
elif when == "committed, not in the log":
    dies(recording, "follow", 0)
elif when == "in the log, not anchored":
    dies(chain, "drop_anchor", 0)
desk = take_seat(case, officer="desk", operation="OP-TEST", reason="receive")
receiving.receive(desk, Path(delivery), retailer_id="R09", stores=Path(stores), workers=1)
"""

COUNTS = """
SELECT (SELECT count(*) FROM deliveries) AS deliveries, (SELECT count(*) FROM stills) AS stills,
       (SELECT count(*) FROM offences) AS offences, (SELECT count(*) FROM faces) AS faces,
       (SELECT count(*) FROM refusals) AS refusals, (SELECT count(*) FROM audit) AS audit
"""


@pytest.fixture(scope="module")
def delivery(tmp_path_factory):
    """Return the manifest of a small delivery of another retailer."""
    folder = tmp_path_factory.mktemp("R09")
    (folder / "stills").mkdir()
    source = DATA / "deliveries" / "R09"
    with (source / "manifest.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))[:4]
    with (folder / "manifest.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    for row in rows:
        shutil.copy(source / "stills" / row["image"], folder / "stills" / row["image"])
    return folder / "manifest.csv"


def counts(case):
    with case.seat().case.session(writing=False) as session:
        return session.frame(COUNTS).iloc[0].to_dict()


def receive(case, delivery, small_inputs):
    return receiving.receive(case.seat(), delivery, retailer_id="R09", stores=small_inputs / "stores.csv", workers=1)


def contents(case):
    """Return all that a delivery leaves in a case, times and digests of the chain aside."""
    asked = {
        "deliveries": "* EXCLUDE (received_at, elapsed_s, delivery_id)", "stills": "* EXCLUDE (delivery_id)",
        "offences": "*", "faces": "*", "refusals": "* EXCLUDE (delivery_id)", "stores": "*",
    }  # fmt: skip
    with case.seat().case.session(writing=False) as session:
        return {view: session.rows(f"SELECT {what} FROM main.{view} ORDER BY ALL") for view, what in asked.items()}


@pytest.mark.parametrize(
    "when",
    [
        "half the images kept", "an image half written", "rows written, nothing committed", "committed, not in the log",
        "in the log, not anchored",
    ],
)  # fmt: skip
def test_a_delivery_killed_half_way_is_whole_or_not_there_and_the_next_run_works(
    small_case, small_inputs, delivery, tmp_path, when
):
    shutil.copytree(small_case.directory, tmp_path / "clean")
    clean = type(small_case)(tmp_path / "clean")
    receive(clean, delivery, small_inputs)
    before = counts(small_case)
    killed = subprocess.run(
        [sys.executable, "-c", RECEIVE, str(small_case.directory), str(delivery), str(small_inputs / "stores.csv"), when],
        capture_output=True, check=False, timeout=120,
    )  # fmt: skip
    assert (killed.returncode, killed.stderr) == (-signal.SIGKILL, b"")
    report = governing.verify_audit(small_case.directory)
    assert report.holds
    if when in {"committed, not in the log", "in the log, not anchored"}:
        assert (report.unanchored, report.not_carried) == (1, when == "committed, not in the log")
        assert contents(small_case) == contents(clean)
        analysing.query(small_case.seat(), "SELECT 1")
        report = governing.verify_audit(small_case.directory)
        assert report.holds, report.problem
        assert (report.unanchored, report.not_carried) == (0, 0), "the next action carries it over and anchors it"
        carried = [line.carried for line in log.lines(small_case.directory)]
        assert carried.count(log.AFTER_CRASH) == (when == "committed, not in the log")
    else:
        assert counts(small_case) == before
        assert receive(small_case, delivery, small_inputs).accepted == 4
        assert contents(small_case) == contents(clean)
        assert images(small_case) == images(clean), "no image of the killed delivery stays beside the case"
    wanted = searching.search(clean.seat(), unsearched=True)
    found = searching.search(small_case.seat(), unsearched=True)
    assert (found.probes, found.gallery) == (wanted.probes, wanted.gallery)


def images(case):
    return {path.name for path in (case.directory / "images").glob("*/*")}


def test_a_delivery_that_fails_leaves_its_entry_and_no_rows(small_case, small_inputs, delivery, monkeypatch):
    before, kept = counts(small_case), images(small_case)

    def fails(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("stillgraph.store.faces.add", fails)
    with pytest.raises(DiskFull):
        receive(small_case, delivery, small_inputs)
    assert counts(small_case) == {**before, "audit": before["audit"] + 1}
    assert images(small_case) == kept
    monkeypatch.undo()
    assert receive(small_case, delivery, small_inputs).accepted == 4


def test_a_still_that_changes_while_it_is_taken_in_is_not_taken_in(small_case, small_inputs, delivery, monkeypatch):
    before = counts(small_case)
    monkeypatch.setattr(Incoming, "put", lambda self, data: "0" * 64)
    with pytest.raises(WrongUse, match=r"The file of R09/\S+ changed while it was being taken in; deliver it again"):
        receive(small_case, delivery, small_inputs)
    assert counts(small_case) == {**before, "audit": before["audit"] + 1}


def test_the_same_delivery_again_is_refused_row_by_row(small_case, small_inputs, delivery):
    receive(small_case, delivery, small_inputs)
    again = receive(small_case, delivery, small_inputs)
    assert (again.accepted, len(again.refused)) == (0, 4)
    assert len({refusal.line for refusal in again.refused}) == 4


def test_custody_is_all_or_nothing_with_its_arrests(small_case, tmp_path):
    shutil.copytree(DATA / "custody" / "images", tmp_path / "images")
    rows = (DATA / "custody" / "manifest.csv").read_text(encoding="utf-8-sig").splitlines()
    (tmp_path / "manifest.csv").write_text("\n".join([rows[0], *rows[-2:]]) + "\n")
    (tmp_path / "arrests.csv").write_text("nothing,of,the,kind\n1,2,3,4\n")
    with small_case.seat().case.session(writing=False) as session:
        before = session.one("SELECT count(*) FROM held.custody_images")
    with pytest.raises(ManifestError):
        enrolling.enrol(small_case.seat(), tmp_path / "manifest.csv", arrests=tmp_path / "arrests.csv", workers=1)
    with small_case.seat().case.session(writing=False) as session:
        assert session.one("SELECT count(*) FROM held.custody_images") == before
        assert office.chain(session)[-1].result == "failed"
