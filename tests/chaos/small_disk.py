"""Runs one action after another on a disk that is full, or nearly, and says what became of each; for test_full_disk.

Arguments: a folder on a small disk, a case to copy there, a folder of inputs, and free bytes, one number or more. Prints
one line of JSON for each action and number. Run in a mount namespace of its own.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from datetime import date
from pathlib import Path

from stillgraph.casework import (
    analysing,
    backing_up,
    enrolling,
    governing,
    receiving,
    retention,
    reviewing,
    searching,
    take_seat,
)
from stillgraph.errors import CaseError, DiskFull
from stillgraph.records import Comparison, Verdict

DISK, SOURCE, INPUTS = (Path(argument) for argument in sys.argv[1:4])
CASE, FILL, BACKUP = DISK / "case", DISK / "fill", DISK / "backup.tar"
DAY = date(2100, 1, 1)
COUNTS = """
SELECT (SELECT count(*) FROM held.deliveries) AS deliveries, (SELECT count(*) FROM held.stills) AS stills,
       (SELECT count(*) FROM held.custody_images) AS custody, (SELECT count(*) FROM held.faces) AS faces,
       (SELECT count(*) FROM held.searches) AS searches, (SELECT count(*) FROM held.judgements) AS judgements,
       (SELECT count(*) FROM held.backups) AS backups
"""


def seat(officer="desk"):
    return take_seat(CASE, officer=officer, operation="OP-TEST", reason="a full disk")


def receive():
    receiving.receive(
        seat(), INPUTS / "R09" / "manifest.csv", retailer_id="R09", stores=INPUTS / "stores.csv", workers=1
    )


def enrol():
    enrolling.enrol(seat(), INPUTS / "more" / "manifest.csv", workers=1, open_stills=False)


def judge():
    waiting = reviewing.queue(seat("first"))[0]
    reviewing.judge(
        seat("first"), waiting.face_id, Verdict.NO_CANDIDATE, reason="nobody", comparison=Comparison("sharp", "lit")
    )


def search():
    shutil.rmtree(CASE / "gallery", ignore_errors=True)
    searching.search(seat(), stills=["R08/R08_0002.jpg"])


def query():
    analysing.query(seat(), "SELECT 1")


def back_up():
    BACKUP.unlink(missing_ok=True)
    backing_up.backup(seat(), BACKUP)


def searched(after):
    if after != "delete":  # which leaves nobody to search for
        searching.search(seat(), stills=["R08/R08_0002.jpg"])


def delete():
    retention.apply(seat(), DAY)


ACTIONS = {one.__name__: one for one in (query, receive, enrol, judge, search, back_up, delete)}


def counts():
    with seat().case.session(writing=False) as session:
        return session.frame(COUNTS).iloc[0].to_dict()


def fill(free):
    with FILL.open("ab") as file:
        room = shutil.disk_usage(DISK).free - free
        if room > 0:
            os.posix_fallocate(file.fileno(), 0, room)


def images():
    return {path.name for path in (CASE / "images").glob("*/*")}


def attempt(action):
    try:
        action()
    except DiskFull as error:
        return "full", str(error)
    except CaseError as error:
        # A deletion is committed before its blocks are freed, which the next opening does.
        return ("freed later" if "Make room on the disk" in str(error) else type(error).__name__), str(error)
    except Exception as error:  # noqa: BLE001 - what it was is told
        return type(error).__name__, str(error)[:300]
    return "done", ""


def tried(name, free):
    """Do an action on a disk with so many bytes free, then with room; say how it came out and what is left."""
    shutil.rmtree(CASE, ignore_errors=True)
    FILL.unlink(missing_ok=True)
    BACKUP.unlink(missing_ok=True)
    shutil.copytree(SOURCE, CASE)
    os.environ["STILLGRAPH_ANCHORS"] = tempfile.mkdtemp()  # what is tried next is another case of this number and place
    before = counts()
    fill(free)
    outcome, said = attempt(ACTIONS[name])
    FILL.unlink()
    left = counts()
    report = governing.verify_audit(CASE)
    told = {
        "action": name, "free": free, "outcome": outcome, "said": said, "unchanged": left == before,
        "holds": report.holds, "problem": report.problem, "afterwards": "", "again": "",
        "images": len(images()) == left["stills"] + left["custody"], "beside": sorted(p.name for p in DISK.iterdir()),
    }  # fmt: skip
    told["afterwards"], _ = attempt(query)
    if outcome == "full":
        told["again"], told["said_again"] = attempt(ACTIONS[name])
    told["index"], told["said_index"] = attempt(lambda: searched(name))
    told["waiting"] = (CASE / "erasing.json").exists()
    told["holds_then"] = governing.verify_audit(CASE).holds
    return told


wanted = os.environ.get("STILLGRAPH_TEST_ACTIONS", "").split() or list(ACTIONS)
for name in wanted:
    for free in map(int, sys.argv[4:]):
        print(json.dumps(tried(name, free)), flush=True)  # noqa: T201 - what the test reads
