"""Does one action after another on a case and says on stdout, line by line, what was acknowledged; for test_killed.

Arguments: the case or its server, a folder of inputs (as conftest.py makes them), a folder for backups, the actions. It
says ``ready``, and begins when a line comes in. At a server it is the officer of its token; what is refused it says, and
ends.
"""

from __future__ import annotations

import json
import sys
from datetime import date
from pathlib import Path

from stillgraph.casework import analysing, backing_up, enrolling, receiving, retention, reviewing, searching, take_seat
from stillgraph.errors import StillgraphError
from stillgraph.records import Comparison, Verdict

CASE, (INPUTS, BACKUPS) = sys.argv[1], (Path(argument) for argument in sys.argv[2:4])
SERVED = "://" in CASE


def seat(officer="desk"):
    return take_seat(CASE, officer=None if SERVED else officer, operation="OP-TEST", reason="work that is killed")


def receive():
    report = receiving.receive(
        seat(), INPUTS / "R09" / "manifest.csv", retailer_id="R09", stores=INPUTS / "stores.csv", workers=1
    )
    return {"stills": report.accepted}


def enrol():
    return {"custody": enrolling.enrol(seat(), INPUTS / "more" / "manifest.csv", workers=1).accepted}


def judge():
    waiting = reviewing.queue(seat("first"))
    if not waiting:  # everybody has been deleted
        return {}
    face = waiting[0].face_id
    reviewing.judge(seat("first"), face, Verdict.NO_CANDIDATE, reason="nobody", comparison=Comparison("sharp", "lit"))
    return {"face": face}


def search():
    return {"searched": len(searching.search(seat(), unsearched=True).probes)}


def query():
    return {"asked": len(analysing.query(seat(), "SELECT 1"))}


def back_up():
    made = backing_up.backup(seat(), BACKUPS / f"{len(list(BACKUPS.glob('*.tar')))}.tar")
    return {"backup": str(BACKUPS / made.file.name), "sha256": made.sha256}


def delete():
    erased = retention.apply(seat(), date(2100, 1, 1)).erasure
    return {"erasure": None if erased is None else erased.erasure_id}


def say(said):
    print(json.dumps(said), flush=True)  # noqa: T201 - what the test reads


say("ready")
sys.stdin.readline()
for name in sys.argv[4:]:
    try:
        say({"did": name, **globals()[name]()})
    except StillgraphError as error:
        say({"refused": str(error)})
        break
say("done")
