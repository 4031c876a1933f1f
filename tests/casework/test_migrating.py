"""Bringing a case to another model: whole, resumable, the old templates kept until the end."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from stillgraph.casework import analysing, governing, migrating, models, searching
from stillgraph.errors import ModelError, NotPermitted, WrongUse
from stillgraph.store import CaseFile

SFACE = Path(__file__).parents[2] / "lib" / "stillgraph" / "faces" / "models" / "sface.onnx"

KILLED = """
import sys
from stillgraph.casework import migrating, take_seat
migrating.BATCH_IMAGES = 2
add = migrating.templates.add
def say(session, model, made):
    add(session, model, made)
    print("batch", flush=True)
migrating.templates.add = say
migrating.migrate(take_seat(sys.argv[1], officer="desk", operation="OP-TEST", reason="kill"), "copy", workers=1)
"""


@pytest.fixture(autouse=True)
def copy(tmp_path):
    """A pack of the same network under another name: other templates' ids, the same numbers."""
    shutil.copy(SFACE, tmp_path / "copy.onnx")
    path = tmp_path / "copy.toml"
    path.write_text(
        'kind = "onnx"\nfile = "copy.onnx"\ncolour = "rgb"\nmean = 0\nstd = 1\ndimension = 128\nlicence = "Apache-2.0"\n'
    )
    models.add_model(path)


def held(case):
    with CaseFile(case.directory).session(writing=False) as session:
        rows = session.rows("SELECT model, face_id, vector FROM held.templates ORDER BY ALL")
    return {model: {face: vector for m, face, vector in rows if m == model} for model, _, _ in rows}


def lists(report):
    return [(p.face_id, [(c.nominal_id, c.custody_image, c.score) for c in p.candidates]) for p in report.probes]


def test_a_migrated_case_searches_with_the_new_model_as_if_made_with_it(small_case):
    desk = small_case.seat()
    before, old = held(small_case), desk.model
    stills = ["R08/R08_0002.jpg"]
    listed = lists(searching.search(desk, stills=stills))
    done = migrating.migrate(desk, "copy")
    assert (done.since, done.to) == (old, desk.model)
    assert done.to.startswith("copy@")
    assert done.templates == len(before[old])
    (run,) = analysing.query(desk, "SELECT * FROM analysis_runs WHERE purpose = 'migration'").itertuples()
    assert (run.model, run.pack, run.provider, run.images) == (done.to, "copy", done.provider, done.images)
    assert run.images_per_s == pytest.approx(done.images_per_s)
    after = held(small_case)
    assert set(after) == {done.to}, "the old templates are gone"
    assert after[done.to] == before[old], "the same network at the same places gives the same numbers"
    report = searching.search(desk, stills=stills)
    assert report.model == done.to
    assert lists(report) == listed
    assert governing.verify_audit(small_case.directory).holds
    with pytest.raises(WrongUse, match="already"):
        migrating.migrate(desk, "copy")


def test_bands_go_with_the_model_that_they_were_measured_on(small_case):
    def banded():
        with CaseFile(small_case.directory).session(writing=False) as session:
            return dict(session.rows("SELECT face_id, band FROM held.faces"))

    before = banded()
    assert set(before.values()) <= {"A", "B", "C", "D"}
    migrating.migrate(small_case.seat(), "copy")
    assert banded() == dict.fromkeys(before)
    migrating.migrate(small_case.seat(), "yunet-sface")
    assert banded() == before


def test_killed_on_the_way_it_leaves_the_case_as_it_was_and_goes_on_from_there(small_case):
    before = held(small_case)
    (old,) = before
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(small_case.directory)], stdout=subprocess.PIPE, text=True
    )
    with process:
        assert [process.stdout.readline() for _ in range(3)] == ["batch\n"] * 3
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=30)
    between = held(small_case)
    assert between[old] == before[old]
    (new,) = set(between) - {old}
    assert 2 <= len(between[new]) < len(between[old])
    desk = small_case.seat()
    assert desk.model == old
    searching.search(desk, stills=["R08/R08_0002.jpg"])
    done = migrating.migrate(desk, "copy")
    assert set(held(small_case)) == {new}
    assert 0 < done.images < len({face.rsplit("#")[0] for face in before[old]})


def test_interrupted_it_ends_at_once_and_loses_nothing(small_case, monkeypatch):
    before = held(small_case)
    monkeypatch.setattr(migrating, "BATCH_IMAGES", 2)
    calls = []

    def interrupt(*arguments):
        calls.append(time.monotonic())
        raise KeyboardInterrupt

    with monkeypatch.context() as then:
        then.setattr(migrating.templates, "add", interrupt)
        with pytest.raises(KeyboardInterrupt):
            migrating.migrate(small_case.seat(), "copy")
    assert len(calls) == 1
    assert held(small_case) == before


def test_an_image_that_was_altered_stops_it_and_says_which(small_case):
    from stillgraph.errors import CaseError

    image = next(path for path in (small_case.directory / "images").glob("*/*"))
    image.write_bytes(image.read_bytes() + b"x")
    with pytest.raises(CaseError, match=f"SHA-256 {image.name[:12]}.* has been altered"):
        migrating.migrate(small_case.seat(), "copy")
    assert small_case.seat().model.startswith("yunet-sface@")


def test_only_a_pack_that_is_here_and_an_officer_who_may(small_case):
    with pytest.raises(ModelError, match="no face model pack"):
        migrating.migrate(small_case.seat(), "none")
    with pytest.raises(NotPermitted):
        migrating.migrate(small_case.seat(officer="stranger"), "copy")
    with CaseFile(small_case.directory).session(writing=False) as session:
        done = session.rows("SELECT officer, result FROM audit WHERE action = 'migrate face model' ORDER BY sequence")
    assert done == [("desk", "failed"), ("stranger", "refused")]


def test_a_case_of_another_recipe_says_how_to_bring_it_here(small_case):
    with CaseFile(small_case.directory).session(writing=True) as session:
        session.execute("UPDATE held.settings SET value = 'yunet-sface@2456d6f081df.r1' WHERE key = 'model'")
        session.execute("UPDATE held.templates SET model = 'yunet-sface@2456d6f081df.r1'")
    with pytest.raises(ModelError, match="models migrate CASE --to PACK"):
        _ = small_case.seat().pack
    done = migrating.migrate(small_case.seat(), "yunet-sface")
    assert (done.since[-2:], done.to[-2:]) == ("r1", "r2")
    assert searching.search(small_case.seat(), stills=["R08/R08_0002.jpg"]).probes
