"""Ten thousand spoiled inputs through every way in: each is done or refused in plain words, and nothing else happens.

No crash, no traceback, nothing written beside the folders given, no personal data and no terminal's commands in what is
said, a bounded memory and time, and a case whose record holds afterwards. `doors.py` beside this file says what is tried.
A fault is tried again by its door, seed and number: ``python tests/chaos/doors.py``.
"""

from __future__ import annotations

import csv
import http.client
import importlib.util
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from pathlib import Path

import pytest

from stillgraph.casework import analysing, governing, tables, take_seat
from stillgraph.dashboards import serve

HERE = Path(__file__).resolve().parent
WORKERS = 2
GIVEN = ("delivery", "given", "pack", "record", "films", "case", "film.mp4", "backup.tar", "state", "home")
"""What doors may change in their workplace."""
MOST_S = 90.0
"""Seconds that no single try may take, what spoils included; a query has 60 of its own."""


def _doors():
    spec = importlib.util.spec_from_file_location("chaos_doors", HERE / "doors.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


doors = _doors()
SHORT = {door: short for door, (_, _, short) in doors.DOORS.items() if short}
LONG = {door: long for door, (_, long, _) in doors.DOORS.items()}


def test_they_are_ten_thousand():
    assert sum(LONG.values()) == 10_000
    assert 280 <= sum(SHORT.values()) <= 350


@pytest.fixture(scope="module")
def place(small_inputs, _small_case, tmp_path_factory):
    """Return a workplace with a secret beside it, and a case."""
    root = tmp_path_factory.mktemp("doors")
    for name in ("outside.txt", "secret.txt"):
        (root / name).write_text(doors.OUTSIDE)
    (root / "place").mkdir()
    (root / "place" / "outside.txt").write_text(doors.OUTSIDE)
    shutil.copytree(_small_case, root / "place" / "case")
    return doors.Place(root / "place", small_inputs, root / "place" / "case")


def whole(case: Path) -> tuple[int, int]:
    """Check a case's record, and return how many entries and stills it has."""
    seat = take_seat(case, officer="desk", operation="OP-TEST", reason="look after it")
    report = governing.verify_audit(case)
    assert report.holds, report.problem
    counts = analysing.query(seat, "SELECT (SELECT count(*) FROM audit) AS a, (SELECT count(*) FROM stills) AS s").iloc[
        0
    ]
    return int(counts["a"]), int(counts["s"])


def judged(told: list[dict], tell, name: str) -> None:
    """Fail where a try was neither done nor refused, and say what all came to."""
    faults = [one for one in told if one["outcome"] == "fault"]
    slow = [one for one in told if one["seconds"] > MOST_S]
    outcomes = Counter(one["outcome"] for one in told)
    tell(name, [one["seconds"] for one in told], tried=len(told), **outcomes)
    shown = "\n\n".join(f"{one['door']} {one['number']}: {one['fault']}" for one in faults[:8])
    assert not faults, f"{len(faults)} of {len(told)}\n{shown}"
    assert not slow, slow[:5]
    if len(told) >= 50:
        # What spoils nothing, or everything, tries nothing.
        assert outcomes["refused"] > 0, outcomes


@pytest.mark.parametrize("door", SHORT)
def test_some_spoiled_inputs(door, place, seed, tell, monkeypatch):
    monkeypatch.chdir(place.root)
    before, entries = doors.surroundings(place.root.parent, ()), whole(place.case)
    told = [doors.tried(door, place, seed, number) for number in range(SHORT[door])]
    judged(told, tell, f"spoiled {door}, in short")
    after = doors.surroundings(place.root.parent, ())
    changed = {
        name for name in before.keys() | after.keys()
        if before.get(name) != after.get(name) and not name.startswith(tuple(f"place/{part}" for part in GIVEN))
    }  # fmt: skip
    assert changed == set()
    now = whole(place.case)
    assert now[0] >= entries[0]
    assert now[1] >= entries[1]


@pytest.fixture(scope="module")
def pages(_small_case, tmp_path_factory):
    """Serve a case's pages and yield the port."""
    case = tmp_path_factory.mktemp("served") / "case"
    shutil.copytree(_small_case, case)
    with socket.socket() as probe:
        probe.bind((serve.HOST, 0))
        port = probe.getsockname()[1]
    notebooks = HERE.parents[1] / "notebooks" / "dashboards"
    seat = {"STILLGRAPH_CASE": str(case), "STILLGRAPH_OFFICER": "desk", "STILLGRAPH_OPERATION": "OP-TEST",
            "STILLGRAPH_REASON": "try the doors", **serve.token_environment("t" * 32)}  # fmt: skip
    process = subprocess.Popen(
        serve.voila_command(notebooks, port=port, ready=False), env={**os.environ, **seat},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        for _ in range(300):
            try:
                urllib.request.urlopen(f"http://{serve.HOST}:{port}/login", timeout=5).close()
                break
            except OSError:
                time.sleep(0.2)
        yield port
        assert process.poll() is None, "the server is still there"
    finally:
        process.terminate()
        process.wait(timeout=30)


@pytest.mark.chaos
@pytest.mark.parametrize("door", LONG)
def test_many_spoiled_inputs(door, place, pages, seed, tell, tmp_path, state_of_the_tests):
    share = -(-LONG[door] // WORKERS)
    workers = []
    for number in range(WORKERS):
        root = tmp_path / f"worker{number}" / "place"
        root.mkdir(parents=True)
        for beside in (root.parent, root):
            (beside / "outside.txt").write_text(doors.OUTSIDE)
        shutil.copytree(place.case, root / "case")
        first, count = number * share, min(share, LONG[door] - number * share)
        arguments = [door, first, count, seed, root, place.inputs, root / "case", pages]
        before, entries = doors.surroundings(root.parent, ()), whole(root / "case")
        with (tmp_path / f"{number}.err").open("w") as log:
            process = subprocess.Popen(
                [sys.executable, "-W", "error::ResourceWarning", str(HERE / "doors.py"), *map(str, arguments)], cwd=root,
                env={**os.environ, "HOME": str(root / "home")}, stdout=subprocess.PIPE, stderr=log, text=True,
            )  # fmt: skip
        workers.append((root, count, process, before, entries))
    told = []
    for number, (root, count, process, before, entries) in enumerate(workers):
        lines = [json.loads(line) for line in process.communicate(timeout=3_000)[0].splitlines()]
        assert process.returncode == 0, f"ended with {process.returncode} after {len(lines)} of {door}, worker {number}"
        assert len(lines) == count
        noise = (tmp_path / f"{number}.err").read_text()
        assert "Traceback" not in noise, noise[-2_000:]
        assert not any(word in noise for word in doors.PRIVATE), noise[-2_000:]
        told += lines
        after = doors.surroundings(root.parent, ())
        assert {
            name for name in before.keys() | after.keys()
            if before.get(name) != after.get(name) and not name.startswith(tuple(f"place/{part}" for part in GIVEN))
        } == set()  # fmt: skip
        assert whole(root / "case")[0] >= entries[0]
    judged(told, tell, f"spoiled {door}")
    tell(f"memory of {door}", most_MiB=max(one["rss"] for one in told) // 2**20)


@pytest.mark.chaos
def test_a_foreign_name_and_a_way_out_are_turned_away(pages):
    """DNS rebinding: a page of somebody else's reaches 127.0.0.1 by its own name, and is told nothing."""
    for host, status in ((f"127.0.0.1:{pages}", 200), ("evil.example", 403), ("127.0.0.1.evil.example", 403)):
        connection = http.client.HTTPConnection(serve.HOST, pages, timeout=30)
        connection.request("GET", "/login", headers={"Host": host})
        answer = connection.getresponse()
        assert answer.status == status, host
        if status == 200:
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Referrer-Policy"] == "same-origin"
            assert "frame-ancestors 'self'" in answer.headers["Content-Security-Policy"]
            assert "object-src 'none'" in answer.headers["Content-Security-Policy"]
            cookies = " ".join(answer.headers.get_all("Set-Cookie") or [])
            assert "HttpOnly" in cookies or "_xsrf" in cookies
        connection.close()


NAMES = ("O'Brien", "Robert'); DROP TABLE nominals; --", 'Ada "Countess" Byron', "D'Ângelo-O'Neill", "=1+1 O'Hara")


def test_names_with_apostrophes_travel_the_whole_way(small_case, small_inputs, tmp_path):
    """From the manifest through enrolment, search, a query and a file: as they were written, and no table is lost."""
    from stillgraph.casework import enrolling, linking, searching

    folder = tmp_path / "O'Brien's delivery"
    shutil.copytree(small_inputs / "custody" / "images", folder / "images")
    rows = doors.rows_of(small_inputs / "custody" / "manifest.csv", len(NAMES))
    for row, name in zip(rows, NAMES, strict=True):
        data = (folder / "images" / row["image"]).read_bytes() + name.encode()
        row |= {"name": name, "nominal_id": f"X{name}", "image": f"{name.replace('/', '')}.jpg", "custody_ref": name}
        (folder / "images" / row["image"]).write_bytes(data)
    with (folder / "manifest.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    desk = small_case.seat()
    before = analysing.query(desk, "SELECT count(*) AS n FROM nominals")["n"][0]
    report = enrolling.enrol(desk, folder / "manifest.csv")
    assert (report.accepted, report.refused) == (len(NAMES), ())
    assert analysing.query(desk, "SELECT count(*) AS n FROM nominals")["n"][0] == before + len(NAMES)
    for name in NAMES:
        quoted = name.replace("'", "''")
        found = analysing.query(desk, f"SELECT nominal_id, name FROM nominals WHERE name = '{quoted}'")
        assert found.to_dict("records") == [{"nominal_id": f"X{name}", "name": name}]
    searching.search(desk, image=folder / "images" / f"{NAMES[0]}.jpg")
    linking.link(desk)
    told = analysing.query(desk, "SELECT name FROM nominals")
    read = list(csv.reader(tables.as_file(told, "csv").decode("utf-8-sig").splitlines()))
    assert {row[0] for row in read} >= {*NAMES[:4], f"'{NAMES[4]}"}
    assert whole(small_case.directory)[1] > 0
