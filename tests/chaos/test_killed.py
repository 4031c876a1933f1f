"""kill -9 at random moments: what was acknowledged is there, nothing is half done, index and case file agree."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from stillgraph.casework import backing_up, governing, receiving, searching, take_seat
from stillgraph.store import CaseFile, receipts
from stillgraph.store.images import ImageStore

WORK = Path(__file__).with_name("work.py")
ACTIONS = ("receive", "search", "enrol", "judge", "back_up", "query", "delete", "query")
PARTS = {
    "analyst": ("receive", "search", "query", "enrol", "search", "query", "query"),
    "reviewer": ("judge", "judge", "judge"),
    "administrator": ("back_up", "back_up"),
    "supervisor": ("query", "query", "query", "query", "delete"),
}
"""What each does at a server, all at once."""
GONE = ("broke off", "No Stillgraph server answers")
DELETED = ("gallery is empty", "deliver it again", "left the case", "has no candidate list")
"""What others are told while everybody is deleted, and after."""
KEPT = "SELECT count(*) FROM held.stills WHERE retailer_id = 'R09'"


class Work:
    """A process at work that can be killed."""

    def __init__(self, case, inputs, backups, actions, environment=None):
        command = [sys.executable, "-u", str(WORK), str(case), str(inputs), str(backups), *actions]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
        )  # fmt: skip
        assert self.process.stdout.readline() == '"ready"\n', self.process.stderr.read()

    def go(self):
        self.process.stdin.write("go\n")
        self.process.stdin.flush()

    def kill(self):
        """Kill it and return what it had acknowledged."""
        self.process.send_signal(signal.SIGKILL)
        return self.end()

    def end(self):
        """Wait until it has ended and return what it had acknowledged."""
        said, wrong = self.process.communicate(timeout=180)
        assert wrong == "", wrong
        # A line that was torn was not acknowledged.
        lines = [json.loads(line) for line in said.splitlines(keepends=True) if line.endswith("\n")]
        return [one for one in lines if one != "done"]


def seat(case):
    return take_seat(case, officer="desk", operation="OP-TEST", reason="look after what was killed")


def acknowledged_is_there(case, acks):
    """Say that all that was acknowledged is in the case, unless a later action deleted it."""
    deleted = any(one["did"] == "delete" for one in acks)
    with CaseFile(case).session(writing=False) as session:
        done = [row[0] for row in session.rows("SELECT action FROM main.audit WHERE result = 'done' ORDER BY sequence")]
        erased = bool(session.rows("SELECT 1 FROM held.erasures"))
        for one in acks:
            if "stills" in one and not erased:
                assert session.one(KEPT)[0] == one["stills"]
            if "face" in one and not erased:
                assert session.rows("SELECT 1 FROM held.judgements WHERE face_id = ?", [one["face"]])
            if "backup" in one:
                assert session.rows("SELECT 1 FROM held.backups WHERE sha256 = ?", [one["sha256"]])
                assert hashlib.sha256(Path(one["backup"]).read_bytes()).hexdigest() == one["sha256"]
            if one.get("erasure") is not None:
                assert session.rows("SELECT 1 FROM held.erasures WHERE erasure_id = ?", [one["erasure"]])
    assert not deleted or erased
    assert done.count("query") >= sum(one["did"] == "query" for one in acks)
    assert done.count("receive stills") >= sum(one["did"] == "receive" for one in acks)


def nothing_is_half_done(case, inputs, acks):
    """Say that the case is whole, at once and after the next action."""
    report = governing.verify_audit(case)
    assert report.holds, report.problem
    acknowledged_is_there(case, acks)
    with CaseFile(case).session(writing=False) as session:
        assert session.one(KEPT)[0] in (0, 3), "a delivery is whole or not there"
    receiving.receive(
        seat(case), inputs / "R09" / "manifest.csv", retailer_id="R09", stores=inputs / "stores.csv", workers=1
    )
    with CaseFile(case).session(writing=False) as session:
        held = receipts.all_digests(session)
    store = ImageStore(case)
    assert {path.name for path in (case / "images").glob("*/*")} == {store.named(digest) for digest in held}
    for digest in held:
        store.get(digest)
    index_agrees(case)
    assert governing.verify_audit(case).holds


def index_agrees(case):
    """Say that a search by the index as it was left finds what one by an index made anew finds."""
    with CaseFile(case).session(writing=False) as session:
        stills = [row[0] for row in session.rows("SELECT still_id FROM held.stills ORDER BY 1 LIMIT 3")]
        enrolled = session.one("SELECT count(*) FROM held.custody_images")[0]
    if not enrolled:
        return
    found = searching.search(seat(case), stills=stills)
    shutil.rmtree(case / "gallery")
    anew = searching.search(seat(case), stills=stills)
    assert (found.probes, found.gallery) == (anew.probes, anew.gallery)


@pytest.fixture
def fresh(tmp_path, monkeypatch):
    """Return a function that copies a case: where the copy lies, and where its backups go, until the next one."""

    def copied(case):
        shutil.rmtree(tmp_path)
        shutil.copytree(case, tmp_path / "case")
        for folder in ("backups", "anchors"):
            (tmp_path / folder).mkdir()
        # Each copy has a second place of its own: of one case in one place, what another one did would be a rewriting.
        monkeypatch.setenv("STILLGRAPH_ANCHORS", str(tmp_path / "anchors"))
        return tmp_path / "case", tmp_path / "backups"

    return copied


def killed(small, inputs, fresh, moment, actions=ACTIONS):
    """Copy a case, kill work on it at a moment, in seconds, and look at what is left; return how many were acknowledged."""
    case, backups = fresh(small)
    work = Work(case, inputs, backups, actions)
    work.go()
    time.sleep(moment)
    acks = work.kill()
    nothing_is_half_done(case, inputs, acks)
    for file in backups.glob("[!.]*"):
        backing_up.verify(file)
    return len(acks)


def test_killed_at_a_few_moments_nothing_is_lost_or_half_done(modules_case, inputs, fresh):
    moments = random.Random()
    for longest in (1.5, 4.0, 8.0):
        moment = moments.uniform(0.1, longest)
        acks = killed(modules_case.directory, inputs, fresh, moment)
        assert acks <= len(ACTIONS), moment


@pytest.mark.chaos
@pytest.mark.parametrize("part", range(10))
def test_killed_at_a_hundred_moments_nothing_is_lost_or_half_done(modules_case, inputs, fresh, part):
    moments = random.Random()
    counts = [killed(modules_case.directory, inputs, fresh, moments.uniform(0.05, 12)) for _ in range(10)]
    assert max(counts) > 0, part


@pytest.fixture(scope="module")
def team():
    """Return what the tests of a server start one with."""
    spec = importlib.util.spec_from_file_location("team_conftest", Path(__file__).parents[1] / "team" / "conftest.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def teams_case(modules_case, team, tmp_path_factory):
    """Return a case with officers of every role, and their tokens."""
    case = tmp_path_factory.mktemp("team") / "case"
    shutil.copytree(modules_case.directory, case)
    return case, team.with_tokens(case)


def killed_in_a_team(team, teams_case, inputs, fresh, moment, victim):
    """Kill the server, or one of those at work at it, at a moment; return how many actions were acknowledged to all."""
    whole, tokens = teams_case
    case, backups = fresh(whole)
    served = team.start(case, tokens, "--backups", str(backups))
    work = {
        role: Work(served.url, inputs, backups, actions, served.environment(role)) for role, actions in PARTS.items()
    }
    for one in work.values():
        one.go()
    time.sleep(moment)
    if victim == "server":
        served.process.kill()
    said = {role: one.kill() if role == victim else one.end() for role, one in work.items()}
    if victim == "server":
        served.process.wait(30)
        served.process.stdout.close()
    else:
        assert served.end() == 0
    acks = [one for told in said.values() for one in told if "did" in one]
    expected = (*GONE, *DELETED) if victim == "server" else DELETED
    for role, told in said.items():
        refused = [one["refused"] for one in told if "refused" in one]
        assert all(any(word in sentence for word in expected) for sentence in refused), (role, refused)
        assert victim in ("server", role) or refused or len(told) == len(PARTS[role]), (role, told)
    nothing_is_half_done(case, inputs, acks)
    for file in backups.glob("[!.]*"):
        backing_up.verify(file)
    return len(acks)


def test_a_server_killed_at_work_loses_nothing(team, teams_case, inputs, fresh):
    killed_in_a_team(team, teams_case, inputs, fresh, random.Random().uniform(0.5, 6), "server")


@pytest.mark.chaos
@pytest.mark.parametrize("victim", ["server", *PARTS])
def test_killed_in_a_team_at_many_moments_nothing_is_lost_or_half_done(team, teams_case, inputs, fresh, victim):
    dice = random.Random()
    moments = [dice.uniform(0.05, 12) for _ in range(20 if victim == "server" else 5)]
    counts = [killed_in_a_team(team, teams_case, inputs, fresh, moment, victim) for moment in moments]
    assert max(counts) > 0
