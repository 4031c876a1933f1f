"""Enrolment by batches: what is kept stays kept whatever ends the run, and the end is that of one that was not cut short."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import Future
from pathlib import Path

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillgraph.casework import enrolling, governing, indexing, pools, take_seat
from stillgraph.cli.app import run
from stillgraph.errors import CaseInUse, Interrupted, ManifestError, ModelError, NotPermitted, WorkerLost, WrongUse
from stillgraph.store import CaseFile, office, queries

DATA = Path(__file__).resolve().parents[2] / "data" / "demo" / "custody"
SEAT = {"officer": "desk", "operation": "OP", "reason": "enrol"}
BATCH = 4
PASSING = {"added_at", "opened_at", "received_at", "recorded_at", "analysed_at", "elapsed_s", "images_per_s", "workers",
           "compared_at"}  # fmt: skip


@pytest.fixture(scope="module")
def delivery(tmp_path_factory):
    """Return a manifest of 14 rows, some of them wrong in ways that show only beside earlier rows or the image."""
    folder = tmp_path_factory.mktemp("delivery")
    (folder / "images").mkdir()
    with (DATA / "manifest.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))[:10]
    for row in rows:
        shutil.copy(DATA / "images" / row["image"], folder / "images" / row["image"])
    shutil.copy(DATA / "images" / rows[0]["image"], folder / "images" / "again.jpg")
    (folder / "images" / "none.jpg").write_bytes(b"no image")
    rows.insert(2, rows[1] | {"image": "lost.jpg"})
    rows.insert(6, rows[0] | {"image": "again.jpg", "nominal_id": "N-AGAIN"})
    rows.insert(9, rows[3] | {"image": "none.jpg"})
    rows.insert(12, rows[11] | {"image": "../out.jpg", "captured_on": "soon"})
    rows[13] |= {"nominal_id": rows[0]["nominal_id"]}
    assert len(rows) == 14
    with (folder / "manifest.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    (folder / "arrests.csv").write_text(
        "nominal_id,arrested_on,offence_code,offence,disposal\n"
        f"{rows[0]['nominal_id']},2020-01-01,46,Shoplifting,caution\nN-NOBODY,2020-01-01,46,Shoplifting,caution\n"
    )
    return folder / "manifest.csv"


@pytest.fixture(scope="module")
def _empty(tmp_path_factory):
    case = tmp_path_factory.mktemp("empty") / "case"
    governing.create_case(case, encrypt=False)
    governing.add_officer(take_seat(case, **SEAT), "desk")
    governing.open_operation(take_seat(case, **SEAT), "OP", purpose="tests")
    return case


@pytest.fixture
def case(_empty, tmp_path):
    return Path(shutil.copytree(_empty, tmp_path / "case"))


@pytest.fixture
def by_threads(monkeypatch):
    """Let threads do what processes would: what this test asks is the same, and they start at once."""
    monkeypatch.setattr(pools, "processes", pools.threads)


def enrol(case, manifest, **options):
    options = {"workers": 1, "batch_rows": BATCH, "arrests": manifest.with_name("arrests.csv")} | options
    return enrolling.enrol(take_seat(case, **SEAT), manifest, **options)


def contents(case, *, without=()):
    """Return all that a case holds: every view, templates, the bytes beside it, and what its index holds."""
    with CaseFile(case).session(writing=True) as session:
        told = {}
        for view in queries.views(session):
            columns = [c[0] for c in session.rows(f"DESCRIBE main.{view}") if c[0] not in PASSING]
            told[view] = session.rows(f"SELECT {', '.join(columns)} FROM main.{view} ORDER BY ALL")
        told["templates"] = session.rows("SELECT * FROM held.templates ORDER BY ALL")
        told["index"] = indexing.current(session, case, take_seat(case, **SEAT).model).info
    told["images"] = sorted(path.name for path in (case / "images").glob("*/*"))
    told["left over"] = sorted(path.name for path in (case / "incoming").rglob("*") if not path.name.endswith(".lock"))
    return {name: rows for name, rows in told.items() if name not in without}


@pytest.fixture(scope="module")
def wanted(_empty, delivery, tmp_path_factory):
    """Return what an enrolment that nothing disturbed comes to."""
    case = Path(shutil.copytree(_empty, tmp_path_factory.mktemp("wanted") / "case"))
    return enrol(case, delivery), contents(case)


def same_but_for_time(report, other):
    return all(
        getattr(report, name) == getattr(other, name)
        for name in ("accepted", "refused", "faces", "without_face", "arrests_accepted", "arrests_refused", "provider")
    )


# --- one result ----------------------------------------------------------------------------------------------------


def test_batches_come_to_what_one_piece_comes_to(case, delivery, wanted, by_threads):
    report = enrol(case, delivery, batch_rows=500)
    assert same_but_for_time(report, wanted[0])
    reasons = {refusal.line: refusal.reason for refusal in report.refused}
    assert len(report.refused) == 5
    assert "missing file" in reasons[4]
    assert "byte for byte the same image as" in reasons[8]
    assert "not an image" in reasons[11]
    assert "path leaving the folder" in reasons[14]
    assert "not what was given before for the same nominal_id" in reasons[15]
    other = ("audit", "analysis_runs")  # there is one entry for each batch
    assert contents(case, without=other) == {k: v for k, v in wanted[1].items() if k not in other}


def test_each_batch_is_an_entry_in_the_record_that_says_which_rows(wanted):
    entries = [row for row in wanted[1]["audit"] if "enrol custody" in str(row)]
    assert len(entries) == 4
    for rows in ("[1, 4]", "[5, 8]", "[9, 12]", "[13, 14]"):
        assert any(f'"rows":{rows}'.replace(" ", "") in str(entry).replace(" ", "") for entry in entries), rows


def test_a_manifest_taken_in_again_is_refused_row_by_row(case, delivery, by_threads):
    enrol(case, delivery)
    again = enrol(case, delivery)
    assert (again.accepted, len(again.refused), again.rows_before) == (0, 14, 0)
    with CaseFile(case).session(writing=False) as session:
        looked_at = session.one("SELECT sum(images) FROM analysis_runs JOIN deliveries USING (delivery_id) "
                                "WHERE delivery_id = (SELECT max(delivery_id) FROM analysis_runs)")  # fmt: skip
    assert looked_at == (2,), "nobody looks for faces in an image that is held"


@given(size=st.integers(0, 40), workers=st.integers(1, 4), pixels=st.integers(1, 50))
def test_images_are_read_only_so_far_ahead_as_keeps_the_workers_at_work(size, workers, pixels):
    ahead, most, taken = 0, 0, []

    class Image:
        pixels = 10

    def supply():
        nonlocal ahead, most
        for number in range(size):
            ahead += 1
            most = max(most, ahead)
            yield number, None if number % 5 == 4 else Image()

    def submit(asked):
        done = Future()
        done.set_result(pools.Told(problem="none"))
        return done

    for number, told in pools.in_order(pools.Pool(submit, workers, pixels), supply()):
        taken.append(number)
        ahead -= 1
        assert (told is None) == (number % 5 == 4)
    assert taken == list(range(size))
    assert most <= 2 * workers
    assert most * 10 <= pixels + 10 + 10 * (size // 5), "those without an image cost nothing"


# --- cut short ------------------------------------------------------------------------------------------------------

DIES = """
import os, signal, sys
from pathlib import Path
from stillgraph.casework import enrolling, desk, recording, take_seat
from stillgraph.store import faces, images

def dies(module, name, after, *, when="before"):
    plain, calls = getattr(module, name), []
    def deadly(*arguments, **options):
        calls.append(1)
        if len(calls) > after and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = plain(*arguments, **options)
        if len(calls) > after:
            os.kill(os.getpid(), signal.SIGKILL)
        return result
    setattr(module, name, deadly)

if __name__ == "__main__":
    case, manifest, when = sys.argv[1:]
    {
        "in the first batch": lambda: dies(images.Incoming, "put", 2),
        "while images are looked at": lambda: dies(images.Incoming, "put", 6),
        "rows written, nothing committed": lambda: dies(faces, "add", 1, when="after"),
        "images moved, nothing committed": lambda: dies(desk.Desk, "record", 2),
        "committed, not anchored": lambda: dies(recording, "follow", 1),
        "while the index is brought along": lambda: dies(enrolling.indexing, "_agree", 1, when="after"),
    }[when]()
    seat = take_seat(case, officer="desk", operation="OP", reason="enrol")
    enrolling.enrol(
        seat, Path(manifest), arrests=Path(manifest).with_name("arrests.csv"), workers=1, batch_rows=4
    )
"""


@pytest.mark.parametrize(
    ("when", "done"),
    [
        ("in the first batch", 0),
        ("while images are looked at", 4),
        ("rows written, nothing committed", 4),
        ("images moved, nothing committed", 8),
        ("committed, not anchored", 8),
        ("while the index is brought along", 8),
    ],
)
def test_killed_at_any_moment_it_goes_on_and_ends_as_if_nothing_had_been(case, delivery, wanted, tmp_path, when, done):
    (tmp_path / "dies.py").write_text(DIES)
    killed = subprocess.Popen(
        [sys.executable, str(tmp_path / "dies.py"), str(case), str(delivery), when],
        start_new_session=True, stderr=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    out, err = killed.communicate(timeout=120)
    assert (killed.returncode, out) == (-signal.SIGKILL, b"")
    assert b"Traceback" not in err
    deadline = time.monotonic() + 20
    while left := [p.pid for p in psutil.process_iter() if _session(p.pid) == killed.pid]:
        assert time.monotonic() < deadline, f"workers outlive the process they work for: {left}"
        time.sleep(0.1)
    assert governing.verify_audit(case).holds
    with CaseFile(case).session(writing=False) as session:
        rows = session.rows("SELECT rows_done, rows_read, accepted + refused FROM deliveries WHERE kind = 'custody'")
    assert rows == ([(done, 14, done)] if done else [])
    report = enrol(case, delivery)
    assert report.rows_before == done
    assert same_but_for_time(report, wanted[0])
    assert contents(case) == wanted[1]


def _session(pid):
    try:
        return os.getsid(pid)
    except ProcessLookupError:
        return None


def stops_at(monkeypatch, number, error):
    """Raise an error as the image so counted is read, in this process."""
    from stillgraph import intake

    plain, calls = intake.open_image, []

    def stopping(*arguments):
        calls.append(1)
        if len(calls) == number:
            raise error
        return plain(*arguments)

    monkeypatch.setattr(intake, "open_image", stopping)


def test_ctrl_c_says_what_is_kept_and_how_to_go_on(case, delivery, wanted, by_threads, monkeypatch, capsys):
    stops_at(monkeypatch, 11, KeyboardInterrupt())
    words = ["custody", "add", str(case), str(delivery), "--arrests", str(delivery.with_name("arrests.csv"))]
    words += ["--batch", str(BATCH), "--workers", "1", "--officer", "desk", "--operation", "OP", "--reason", "enrol"]
    assert run(words) == 1
    assert capsys.readouterr().err == (
        "Interrupted. 8 of 14 rows are taken in and kept; give the same command again to go on with the others.\n"
    )
    with CaseFile(case).session(writing=False) as session:
        last = office.chain(session)[-1]
    said = json.loads(last.details)
    assert (last.result, said["why"], said["rows_done"]) == ("failed", "KeyboardInterrupt", 8)
    monkeypatch.undo()
    monkeypatch.setattr(pools, "processes", pools.threads)
    assert run(words) == 0
    assert "Gone on behind 8 rows of an earlier run; of all together:\n9 accepted, 5 refused" in capsys.readouterr().out
    assert contents(case, without=["audit"]) == {k: v for k, v in wanted[1].items() if k != "audit"}


def test_ctrl_c_in_the_first_batch_leaves_nothing(case, delivery, by_threads, monkeypatch):
    stops_at(monkeypatch, 2, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        enrol(case, delivery)
    assert not list((case / "images").glob("*/*"))
    assert not list((case / "incoming" / "custody").glob("*"))


def test_an_interruption_is_an_error_of_its_own(case, delivery, by_threads, monkeypatch):
    stops_at(monkeypatch, 11, KeyboardInterrupt())
    with pytest.raises(Interrupted, match=r"Interrupted\. 8 of 14 rows are taken in and kept; give the same command"):
        enrol(case, delivery)


def test_another_batch_size_goes_on_too(case, delivery, wanted, by_threads, monkeypatch):
    stops_at(monkeypatch, 11, KeyboardInterrupt())
    with pytest.raises(Interrupted):
        enrol(case, delivery)
    monkeypatch.undo()
    monkeypatch.setattr(pools, "processes", pools.threads)
    assert same_but_for_time(enrol(case, delivery, batch_rows=5), wanted[0])


def test_a_manifest_that_was_changed_meanwhile_is_another_delivery(case, delivery, by_threads, monkeypatch, tmp_path):
    shutil.copytree(delivery.parent, tmp_path / "changed")
    manifest = tmp_path / "changed" / "manifest.csv"
    stops_at(monkeypatch, 11, KeyboardInterrupt())
    with pytest.raises(Interrupted):
        enrol(case, manifest)
    monkeypatch.undo()
    monkeypatch.setattr(pools, "processes", pools.threads)
    manifest.write_text(manifest.read_text(encoding="utf-8") + "\n")
    report = enrol(case, manifest)
    assert report.rows_before == 0
    assert sum("already received" in refusal.reason for refusal in report.refused) == 6


# --- beside others --------------------------------------------------------------------------------------------------


def test_another_process_can_write_while_images_are_looked_at(case, delivery, wanted, by_threads, monkeypatch):
    from stillgraph import intake

    plain, calls = intake.open_image, []

    def while_others_write(*arguments):
        calls.append(1)
        if len(calls) in {3, 10}:
            words = ["case", "officer", "add", str(case), f"pc{len(calls)}", "--officer", "desk", "--reason", "joins"]
            command = [sys.executable, "-c", "from stillgraph.cli import main; main()", *words]
            assert subprocess.run(command, check=False, timeout=60).returncode == 0
        return plain(*arguments)

    monkeypatch.setattr(intake, "open_image", while_others_write)
    assert same_but_for_time(enrol(case, delivery), wanted[0])
    with CaseFile(case).session(writing=False) as session:
        assert session.one("SELECT count(*) FROM officers") == (3,)
    assert governing.verify_audit(case).holds


def test_a_batch_waits_for_the_case_file_again_and_again(case, delivery, wanted, by_threads, monkeypatch):
    plain, calls = enrolling._commit, []

    def busy(*arguments):
        calls.append(1)
        if len(calls) in {2, 3}:
            raise CaseInUse("The case is in use.")
        return plain(*arguments)

    monkeypatch.setattr(enrolling, "_commit", busy)
    assert same_but_for_time(enrol(case, delivery), wanted[0])
    assert len(calls) == 6


def test_a_case_held_too_long_says_how_to_go_on(case, delivery, by_threads, monkeypatch):
    plain, calls = enrolling._commit, []

    def busy(*arguments):
        calls.append(1)
        if len(calls) > 1:
            raise CaseInUse("The case is in use.")
        return plain(*arguments)

    monkeypatch.setattr(enrolling, "_commit", busy)
    with pytest.raises(CaseInUse, match=r"The case is in use\. 4 of 14 rows are taken in and kept; give the same"):
        enrol(case, delivery)
    assert len(calls) == 1 + enrolling.CASE_ATTEMPTS


def test_an_image_that_leaves_the_case_while_its_row_comes_again_is_refused(case, delivery, by_threads, monkeypatch):
    enrol(case, delivery)
    from stillgraph import intake

    plain = intake.open_image

    def leaves(*arguments):
        with CaseFile(case).session(writing=True) as session, session.transaction():
            session.execute("DELETE FROM held.custody_images WHERE line = 2")
        return plain(*arguments)

    monkeypatch.setattr(intake, "open_image", leaves)
    report = enrol(case, delivery)
    assert {r.line: r.reason for r in report.refused}[2] == (
        "cannot be analysed: it left the case meanwhile; deliver it again"
    )


# --- who may, and with what -----------------------------------------------------------------------------------------


def test_whoever_may_not_enrol_is_told_before_anything_is_read(case, delivery, monkeypatch):
    monkeypatch.setattr("stillgraph.intake.custody_table", None)
    desk = take_seat(case, officer="nobody", operation="OP", reason="enrol")
    with pytest.raises(NotPermitted):
        enrolling.enrol(desk, delivery)
    with CaseFile(case).session(writing=False) as session:
        assert office.chain(session)[-1].result == "refused"


def test_an_arrests_file_that_cannot_be_read_stops_it_before_it_begins(case, delivery, tmp_path):
    (tmp_path / "arrests.csv").write_text("nothing,of,the,kind\n1,2,3,4\n")
    with pytest.raises(ManifestError, match="lacks the columns"):
        enrol(case, delivery, arrests=tmp_path / "arrests.csv")
    with CaseFile(case).session(writing=False) as session:
        assert session.one("SELECT count(*) FROM deliveries") == (0,)
        assert office.chain(session)[-1].result == "failed"


def test_a_batch_of_no_row_is_refused(case, delivery):
    with pytest.raises(WrongUse, match="A batch has at least one row: give --batch 1 or more"):
        enrol(case, delivery, batch_rows=0)


def test_a_worker_with_other_weights_or_software_refuses(case, delivery, monkeypatch):
    pack = take_seat(case, **SEAT).pack
    asked, right = pools.Asked("N1/a.jpg", b""), pools.needed(pack)
    assert pools.look_far(right, asked).problem is not None
    other = pools.Model(right.pack, "other@0123456789ab.r2", right.software)
    with pytest.raises(ModelError, match=r"bound to the model other@\S+, but a worker has yunet-sface@\S+ as yunet"):
        pools.look_far(other, asked)
    software = tuple((name, "0.0.1" if name == "onnxruntime" else number) for name, number in right.software)
    with pytest.raises(ModelError, match=r"A worker has onnxruntime \S+, not 0\.0\.1: install the same versions"):
        pools.look_far(pools.Model(right.pack, right.model, software), asked)
    monkeypatch.setattr(pools, "needed", lambda _: other)
    with pytest.raises(ModelError, match="put the case's pack on every worker"):
        enrol(case, delivery)
    with CaseFile(case).session(writing=False) as session:
        assert session.one("SELECT count(*) FROM deliveries") == (0,)


def test_a_worker_that_is_killed_is_told_and_the_next_run_goes_on(case, delivery, wanted, monkeypatch):
    plain, calls = pools.Asked.pixels.fget, []

    def kills(asked):
        calls.append(1)
        if len(calls) == 9:
            for child in psutil.Process().children():
                if "multiprocessing.spawn" in " ".join(child.cmdline()):
                    child.kill()
        return plain(asked)

    monkeypatch.setattr(pools.Asked, "pixels", property(kills))
    with pytest.raises(WorkerLost, match=r"perhaps for want of memory.*[48] of 14 rows are taken in and kept"):
        enrol(case, delivery)
    monkeypatch.undo()
    assert same_but_for_time(enrol(case, delivery), wanted[0])


# --- Dask -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def cluster():
    """Give a scheduler and two workers, processes of this machine, at 127.0.0.1."""
    distributed = pytest.importorskip("distributed")
    with pools.local_cluster(distributed, 2) as made:
        yield made


def test_a_dask_cluster_comes_to_the_same_templates(case, delivery, wanted, cluster):
    report = enrol(case, delivery, dask=cluster.scheduler_address)
    assert same_but_for_time(report, wanted[0])
    assert contents(case) == wanted[1]


def test_a_dask_worker_with_other_weights_refuses(case, delivery, cluster, monkeypatch):
    right = pools.needed(take_seat(case, **SEAT).pack)
    monkeypatch.setattr(pools, "needed", lambda _: pools.Model(right.pack, "other@0.r2", right.software))
    with pytest.raises(ModelError, match="put the case's pack on every worker"):
        enrol(case, delivery, dask=cluster.scheduler_address)


def test_a_cluster_of_ones_own_for_trying_out(case, delivery, wanted):
    pytest.importorskip("distributed")
    assert same_but_for_time(enrol(case, delivery, dask="local", batch_rows=500), wanted[0])


def test_without_dask_it_says_what_to_install(case, delivery, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(WrongUse, match=r"is not installed: pip install 'stillgraph\[dask\]'"):
        enrol(case, delivery, dask="local")


@pytest.mark.parametrize("address", ["tcp://10.1.2.3:8786", "tcp://scheduler.example:8786"])
def test_images_never_leave_the_machine_in_the_clear(case, delivery, address):
    with pytest.raises(WrongUse, match=r"cross a network encrypted or not at all.*tls://HOST:PORT"):
        enrol(case, delivery, dask=address)


@pytest.mark.parametrize("address", ["", "here", "http://127.0.0.1:8786", "tcp://"])
def test_what_is_no_address_is_refused(case, delivery, address):
    with pytest.raises(WrongUse, match="takes a scheduler's address like tls://host:8786, or local"):
        enrol(case, delivery, dask=address)


def test_a_scheduler_that_does_not_answer_is_told(case, delivery, monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr(pools, "PATIENCE_S", 0.5)
    with pytest.raises(WrongUse, match=r"No Dask scheduler answers at tcp://127\.0\.0\.1:9"):
        enrol(case, delivery, dask="tcp://127.0.0.1:9")


def test_a_scheduler_without_workers_is_told(case, delivery):
    distributed = pytest.importorskip("distributed")
    with (
        pools.local_cluster(distributed, 0) as empty,
        pytest.raises(WrongUse, match=r"has no workers; start some with `dask worker`"),
    ):
        enrol(case, delivery, dask=empty.scheduler_address)
