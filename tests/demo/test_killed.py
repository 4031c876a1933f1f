"""Killing ``stillgraph demo`` half way and running it again ends in the same state as one clean run.

This builds the demonstration once more; ``-k "not killed"`` leaves it out.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from stillgraph import demo
from stillgraph.cli.app import run
from stillgraph.errors import CaseExists
from stillgraph.store import CaseFile, queries

COMMAND = (sys.executable, "-u", "-c", "from stillgraph.cli import main; main()", "demo", "--case")

PASSING = {
    "added_at",
    "changed_at",
    "opened_at",
    "received_at",
    "searched_at",
    "recorded_at",
    "analysed_at",
    "compared_at",
    "linked_at",
    "made_at",
    "elapsed_s",
    "images_per_s",
}
"""Columns that say when, or how long: two runs differ in them."""

NONE_MADE = {"alike_searches", "backups", "calibrations", "enhancements", "fpir_thresholds", "gallery_checks", "rulings",
             "sign_in_tokens"}  # fmt: skip
"""Views of what the demonstration does not do."""


BUILT_RANKINGS = 1
"""How many rankings building the demonstration keeps; they are the first."""


@dataclass(frozen=True)
class Rerun:
    """The demonstration as it is after a build was killed half way and run again."""

    case: Path
    left_by_the_killed: tuple[str, ...]
    beside_it_after: tuple[str, ...]
    out: str


@pytest.fixture(scope="module")
def rerun(tmp_path_factory) -> Rerun:
    folder = tmp_path_factory.mktemp("killed")
    case = folder / "demo"
    with subprocess.Popen([*COMMAND, str(case)], stdout=subprocess.PIPE, text=True, start_new_session=True) as build:
        for line in build.stdout:
            if line.startswith("stills received"):
                break
        time.sleep(4)
        assert build.poll() is None, "it is killed at work, in the middle of the deliveries"
        os.killpg(build.pid, signal.SIGKILL)
    left = tuple(sorted(p.name for p in folder.iterdir()))
    again = subprocess.run([*COMMAND, str(case)], capture_output=True, text=True, check=False)
    assert (again.returncode, again.stderr) == (0, "")
    return Rerun(case, left, tuple(sorted(p.name for p in folder.iterdir())), again.stdout)


def views(case):
    """Return the rows of every documented view, and the judgements behind them, times and salts aside.

    Of the audit chain and of the rankings kept, what building wrote: other tests rank the demonstration too. A
    judgement's seal is of its time too.
    """
    with CaseFile(case).session(writing=False) as session:
        told = {}
        for view in queries.views(session):
            columns = [c[0] for c in session.rows(f"DESCRIBE main.{view}") if c[0] not in PASSING]
            told[view] = session.rows(f"SELECT {', '.join(columns)} FROM main.{view} ORDER BY ALL")
        until = session.one("SELECT max(sequence) FROM main.audit WHERE action = 'record stage times'")[0]
        told["audit"] = [
            (*rest, {key: value for key, value in json.loads(details).items() if key != "seal"})
            for *rest, details in told["audit"][:until]
        ]
        told["rankings"] = told["rankings"][:BUILT_RANKINGS]
        standings = "SELECT * EXCLUDE (ranking_id) FROM held.standings WHERE ranking_id <= ? ORDER BY ALL"
        told["v_ranking"] = session.rows(standings, [BUILT_RANKINGS])
        told["judgements"] = session.rows("SELECT * EXCLUDE (judged_at, salt) FROM held.judgements ORDER BY sequence")
    return told


def documents(case, capsys):
    seat = ["--officer", demo.ANALYST, "--operation", demo.OPERATION, "--reason", "compare", "--json"]
    told = []
    for command in (["rank"], ["rank", "--by", "rfh", "--with-proposals"], ["link"], ["network"]):
        assert run([command[0], str(case), *command[1:], *seat]) == 0
        told.append(json.loads(capsys.readouterr().out))
    return told


def test_a_build_killed_half_way_and_run_again_is_the_same_as_one_clean_run(rerun, demo_case, tmp_path, capsys):
    assert re.fullmatch(r"\.demo\.building-\d+", " ".join(rerun.left_by_the_killed)), (
        "a killed build is never taken for one"
    )
    assert rerun.beside_it_after == ("demo",), "what the killed build left is swept away"
    clean, again = views(demo_case), views(rerun.case)
    assert len(clean) > 15
    assert clean.keys() == again.keys()
    for view, rows in clean.items():
        assert bool(rows) == (view not in NONE_MADE), view
        assert again[view] == rows, view
    for name, source in (("clean", demo_case), ("again", rerun.case)):
        shutil.copytree(source, tmp_path / name)
    assert documents(tmp_path / "again", capsys) == documents(tmp_path / "clean", capsys)
    kept = [{p.name for p in (case / "images").rglob("*") if p.is_file()} for case in (demo_case, rerun.case)]
    assert kept[0] == kept[1]


def test_the_run_after_a_killed_one_tells_of_every_stage(rerun):
    assert rerun.out.startswith(
        "Everybody in this demonstration is synthetic; every review in it is a simulated review."
    )
    stages = ["custody images enrolled ...", "stills received ...", "faces searched ...",
              "candidate lists reviewed (simulated review) ...", "faces linked to persons ...",
              "offenders ranked, network built ...", "Yield, and what it is worth", "The top ten by harm"]  # fmt: skip
    places = [rerun.out.index(stage) for stage in stages]
    assert places == sorted(places)
    refused = re.findall(r"^  refused: (R\d\d) line (\d+), (\S+), (\w+): (.+)$", rerun.out, re.MULTILINE)
    with CaseFile(rerun.case).session(writing=False) as session:
        rows = session.rows("SELECT retailer_id, line, image, field, reason FROM main.refusals WHERE kind = 'stills'")
    assert len(rows) >= 7
    assert sorted(refused) == sorted((r[0], str(r[1]), *r[2:]) for r in rows)
    assert re.search(r"\d+ stills accepted, \d+ rows refused; \d+ faces found; \d+ stills without one, kept", rerun.out)
    assert re.search(r"\d+ persons named by corroborated leads, \d+ unknown, \d+ of them on several stills", rerun.out)
    for reviewer in demo.REVIEWERS:
        assert re.search(rf"{reviewer}: \d+ lists judged, stated error rate 5 %", rerun.out)


# --- what a build leaves behind, without one -----------------------------------------------------------------------


def test_only_what_dead_builds_left_is_swept(tmp_path, monkeypatch):
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        pass
    dead, alive = tmp_path / f".demo.building-{gone.pid}", tmp_path / f".demo.building-{os.getpid()}"
    other = tmp_path / f".other.building-{gone.pid}"
    for folder in (dead, alive, other):
        folder.mkdir()

    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(demo, "_build", stop)
    with pytest.raises(KeyboardInterrupt):
        demo.build(tmp_path / "demo")
    assert {p.name for p in tmp_path.iterdir()} == {alive.name, other.name}


def test_a_place_that_is_taken_is_left_alone(tmp_path):
    (tmp_path / "demo").mkdir()
    for rebuild in (False, True):
        with pytest.raises(CaseExists, match=r"is there already and is not a demonstration; give another place with"):
            demo.build(tmp_path / "demo", rebuild=rebuild)


def test_somebodys_case_is_never_rebuilt_into_a_demonstration(small_case):
    with pytest.raises(CaseExists, match="is not a demonstration"):
        demo.build(small_case.directory, rebuild=True)
    assert small_case.seat().settings["kind"] == "case"
