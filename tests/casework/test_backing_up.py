"""Backups: whole, of one moment, tried by restoring, on record; and cases made again from them."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import signal
import subprocess
import sys
import tarfile
import threading
from datetime import UTC, date, datetime

import pytest

from stillgraph.casework import analysing, backing_up, governing, keying, receiving, restoring, searching, take_seat
from stillgraph.errors import (
    BackupDamaged,
    CaseExists,
    CaseInUse,
    DiskFull,
    Interrupted,
    NotFound,
    NotPermitted,
    WrongUse,
)
from stillgraph.governance import anchors
from stillgraph.store import CaseFile, archive, images, keys, snapshot
from stillgraph.store.images import ImageStore


def contents(directory):
    """Return every row of every table but the record, as text."""
    with CaseFile(directory).session(writing=False) as session:
        tables = [table for table in snapshot.rows(session) if table not in ("audit", "table_marks", "backups")]
        return {table: session.rows(f'SELECT * FROM held."{table}" ORDER BY ALL') for table in tables}


def seat(place):
    return take_seat(place, officer="desk", operation="OP-TEST", reason="test backups")


def put_back(backup, place):
    return restoring.restore(backup, place, officer="desk", reason="the disk broke")


@pytest.fixture(scope="module")
def kept(modules_case, tmp_path_factory):
    """A case and its backup."""
    file = tmp_path_factory.mktemp("backups") / "case.tar"
    return modules_case, backing_up.backup(modules_case.seat(), file)


def test_a_backup_holds_all_and_a_case_restored_from_it_finds_the_same(kept, tmp_path):
    case, made = kept
    assert made.check is not None
    assert (made.check.images, made.check.entries) == (made.images, made.entries)
    assert made.images == len(list((case.directory / "images").glob("*/*")))
    restored = put_back(made.file, tmp_path / "again")
    assert (restored.entries, restored.images, restored.to_upgrade) == (made.entries, made.images, False)
    assert contents(restored.case) == contents(case.directory)
    assert {p.name for p in tmp_path.iterdir()} == {"again"}
    report = governing.verify_audit(restored.case)
    assert (report.holds, report.entries) == (True, made.entries + 1)
    again = type(case)(restored.case)
    stills = sorted({still for _, still in contents(case.directory)["searched_stills"]})
    wanted, found = (searching.search(one.seat(), stills=stills) for one in (case, again))
    assert (found.probes, found.gallery) == (wanted.probes, wanted.gallery)
    assert any(probe.candidates for probe in found.probes)


def test_the_restored_case_says_so_and_who_did_it(kept, tmp_path):
    _, made = kept
    place = put_back(made.file, tmp_path / "again").case
    with CaseFile(place).session(writing=False) as session:
        (row,) = session.rows("SELECT officer, action, result, reason FROM audit ORDER BY sequence DESC LIMIT 1")
    assert row == ("desk", "restore case", "done", "the disk broke")


def test_the_restore_says_how_many_later_entries_are_lost(small_case, tmp_path, state_of_the_tests):
    made = backing_up.backup(small_case.seat(), tmp_path / "b.tar", check=False)
    number = small_case.seat().settings["case_id"]
    second = state_of_the_tests / "anchors" / f"{number}.jsonl"
    second.parent.mkdir(exist_ok=True)
    before = second.read_bytes() if second.exists() else None
    # Every copy of the small case has its number: heads that other tests noted are not this one's.
    second.unlink(missing_ok=True)
    try:
        key = keys.ring(small_case.directory).subkey("audit")
        head = (made.entries + 7, "7" * 64)
        anchors.note(second, small_case.directory, head, before=0, at=datetime.now(UTC), key=key)
        restored = put_back(made.file, tmp_path / "again")
    finally:
        second.unlink(missing_ok=True) if before is None else second.write_bytes(before)
    assert restored.lost == 7
    with CaseFile(restored.case).session(writing=False) as session:
        (said,) = session.one("SELECT details FROM held.audit WHERE action = 'restore case'")
    assert (json.loads(said)["lost"], json.loads(said)["entries"]) == (7, made.entries)


GO_ON = """
import sys
from stillgraph.casework import analysing, take_seat
desk = take_seat(sys.argv[1], officer="desk", operation="OP-TEST", reason="go on")
for _ in range(3):
    analysing.query(desk, "SELECT 1")
"""


def test_a_lost_case_is_restored_to_its_own_place_and_work_goes_on(small_case, tmp_path, monkeypatch):
    (tmp_path / "anchors").mkdir()
    monkeypatch.setenv("STILLGRAPH_ANCHORS", str(tmp_path / "anchors"))
    case = small_case.directory
    made = backing_up.backup(small_case.seat(), tmp_path / "b.tar")
    subprocess.run([sys.executable, "-c", GO_ON, case], check=True)
    assert len(list((tmp_path / "anchors").iterdir())) == 1, "its heads are in the second place"
    shutil.rmtree(case)
    # The backup was copied before its own entry was made.
    assert put_back(made.file, case).lost == 4
    for _ in range(2):
        report = governing.verify_audit(case)
        assert report.holds, report.problem
        assert any("lost when the case was restored" in note for note in report.notes)
        subprocess.run([sys.executable, "-c", GO_ON, case], check=True)


def test_nobody_unknown_restores_and_nothing_is_left(kept, tmp_path):
    _, made = kept
    with pytest.raises(NotPermitted):
        restoring.restore(made.file, tmp_path / "again", officer="stranger", reason="curious")
    with pytest.raises(NotPermitted, match="reason"):
        restoring.restore(made.file, tmp_path / "again", officer="desk", reason="")
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_restored_over_anything(kept, tmp_path):
    _, made = kept
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thing").touch()
    with pytest.raises(CaseExists, match="restored to a new place, over nothing"):
        put_back(made.file, tmp_path / "full")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    with pytest.raises(CaseExists):
        put_back(made.file, tmp_path / "link")
    (tmp_path / "empty").mkdir()
    assert put_back(made.file, tmp_path / "empty").case == tmp_path / "empty"
    with pytest.raises(NotFound, match=r"no backup .*; give the file"):
        put_back(tmp_path / "none.tar", tmp_path / "new")


def test_the_backup_is_on_record_and_its_file_can_be_removed(small_case, tmp_path):
    made = backing_up.backup(small_case.seat(), tmp_path / "b.tar", keep_days=0, check=False)
    assert made.check is None
    (one,) = backing_up.listed(small_case.seat())
    assert (one.backup.place, one.backup.sha256, one.there, one.overdue) == (
        str(tmp_path / "b.tar"), made.sha256, True, False,
    )  # fmt: skip
    assert one.backup.overdue(date(2999, 1, 1))
    assert analysing.query(small_case.seat(), "SELECT officer_id FROM backups").officer_id.tolist() == ["desk"]
    backing_up.remove(small_case.seat(), made.backup_id)
    assert not (tmp_path / "b.tar").exists()
    assert backing_up.listed(small_case.seat()) == []
    with pytest.raises(NotFound, match="no backup 1 to remove"):
        backing_up.remove(small_case.seat(), made.backup_id)


def test_a_place_that_is_taken_within_the_case_or_nowhere_is_refused_and_recorded(small_case, tmp_path):
    (tmp_path / "taken").write_text("precious")
    for place, why in (
        (tmp_path / "taken", "is there already, and a backup overwrites nothing"),
        (small_case.directory / "b.tar", "put it elsewhere"),
        (tmp_path / "nowhere" / "b.tar", "There is no folder"),
    ):
        with pytest.raises(WrongUse, match=why):
            backing_up.backup(small_case.seat(), place)
    with pytest.raises(WrongUse, match="keep-days"):
        backing_up.backup(small_case.seat(), tmp_path / "b.tar", keep_days=-1)
    assert (tmp_path / "taken").read_text() == "precious"
    with small_case.seat().case.session(writing=False) as session:
        results = session.rows("SELECT result FROM audit WHERE action = 'back up case' ORDER BY sequence")
    assert [row[0] for row in results] == ["failed"] * 3


def test_what_reads_a_case_file_for_a_process_that_was_killed_ends_without_a_word(tmp_path):
    (tmp_path / "large").write_bytes(bytes(4 << 20))
    command = [sys.executable, "-I", "-S", "-c", snapshot._READ, str(tmp_path / "large")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as reading:
        assert reading.stdout.read(1)
        reading.stdout.close()
        assert reading.stderr.read() == b""


def test_a_disk_without_room_is_said_before_anything_is_written(small_case, tmp_path, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 5_000_000}))
    with pytest.raises(DiskFull, match=r"has 5 MB free, and the backup, with trying it, needs \d+ MB; make room"):
        backing_up.backup(small_case.seat(), tmp_path / "b.tar")
    assert {p.name for p in tmp_path.iterdir()} == {"case"}


def test_stopped_on_the_way_it_leaves_nothing(small_case, tmp_path):
    def stop(step):
        if step.what == "images copied" and step.done == 3:
            raise Interrupted("Cancelled.")

    with pytest.raises(Interrupted):
        backing_up.backup(small_case.seat(), tmp_path / "b.tar", progress=stop)
    assert {p.name for p in tmp_path.iterdir()} == {"case"}


def test_others_work_on_while_images_are_copied_and_the_backup_is_of_one_moment(small_case, tmp_path):
    worked = []

    def working(step):
        if step.what == "images copied" and not worked:
            worked.append(analysing.query(small_case.seat(), "SELECT 1"))
            with pytest.raises(CaseInUse, match="backup of this case"), ImageStore(small_case.directory).removing():
                pass

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(images, "PATIENCE_S", 0.1)
        made = backing_up.backup(small_case.seat(), tmp_path / "b.tar", progress=working)
    assert worked
    manifest, _, _ = archive.manifest_of(made.file)
    assert manifest.rows["audit"] == manifest.entries == made.entries
    with ImageStore(small_case.directory).removing():
        pass


def test_the_case_file_stays_locked_while_it_is_copied(small_case, tmp_path, monkeypatch):
    """A process that closes a handle on a file loses its locks on it; so another process has to read it."""
    tried = []
    plain = archive.Writer.add
    other = "import duckdb, sys; duckdb.connect(':memory:').execute(f\"ATTACH '{sys.argv[1]}' AS other\")"

    def add(self, name, stream, size):
        member = plain(self, name, stream, size)
        told = subprocess.run(
            [sys.executable, "-c", other, str(small_case.directory / "case.duckdb")], capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        tried.append((name, told.returncode, "Could not set lock" in told.stderr))
        return member

    with monkeypatch.context() as patch:
        patch.setattr(archive.Writer, "add", add)
        patch.setattr(snapshot, "WITH_IT", ())
        patch.setattr(backing_up.ImageStore, "path", lambda self, digest: (_ for _ in ()).throw(RuntimeError))
        patch.setattr(backing_up, "_bytes", lambda *_: 0)
        with pytest.raises(RuntimeError):
            backing_up.backup(small_case.seat(), tmp_path / "b.tar")
    assert tried == [("case.duckdb", 1, True)]


def test_a_backup_of_an_encrypted_case_is_encrypted_and_opens_with_its_key(small_inputs, tmp_path, monkeypatch):
    monkeypatch.setenv("STILLGRAPH_PASSPHRASE", "a long passphrase for a test")
    place = tmp_path / "case"
    governing.create_case(place, secrets=keying.secrets())
    governing.add_officer(seat(place), "desk")
    governing.open_operation(seat(place), "OP-TEST", purpose="tests")
    receiving.receive(
        seat(place), small_inputs / "deliveries" / "R08" / "manifest.csv", retailer_id="R08",
        stores=small_inputs / "stores.csv", workers=1,
    )  # fmt: skip
    made = backing_up.backup(seat(place), tmp_path / "b.tar")
    assert made.encrypted
    data = made.file.read_bytes()
    still = next((small_inputs / "deliveries" / "R08" / "stills").iterdir())
    for plain in (still.read_bytes()[:64], b"R08_0002.jpg", hashlib.sha256(still.read_bytes()).hexdigest().encode()):
        assert plain not in data
    shutil.rmtree(place)
    restored = put_back(made.file, tmp_path / "again")
    assert analysing.query(seat(restored.case), "SELECT count(*) AS n FROM stills").n.tolist() == [6]
    assert governing.verify_audit(restored.case).holds


# --- files that are no backups, or no longer ---------------------------------------------------------------------


def spoiled(made, place, change):
    """Write a backup's members again, each as ``change`` leaves it."""
    with tarfile.open(made.file) as source, tarfile.open(place, "w") as out:
        for member in source:
            data = source.extractfile(member).read()
            for told, left in change(member, data):
                told.size = len(left) if told.isreg() else 0
                out.addfile(told, io.BytesIO(left) if told.isreg() else None)
    return place


def renamed(member, name, **kind):
    other = tarfile.TarInfo(name)
    for key, value in kind.items():
        setattr(other, key, value)
    return other


FIRST_IMAGE = "images/"
CHANGES = {
    "a byte of an image": (
        lambda m, d: [(m, d[:-1] + bytes([d[-1] ^ 1]) if m.name.startswith(FIRST_IMAGE) else d)],
        "a file in it has been altered",
    ),
    "no manifest": (lambda m, d: [] if m.name == "manifest.json" else [(m, d)], "it has no manifest"),
    "an image less": (
        lambda m, d: [] if m.name.startswith(FIRST_IMAGE) else [(m, d)],
        "a file that its manifest names is missing",
    ),
    "a file more": (
        lambda m, d: [(m, d), (renamed(m, "more.txt"), b"x")] if m.name == "case.duckdb" else [(m, d)],
        "holds a file that its manifest does not name",
    ),
    "a path upwards": (lambda m, d: [(m, d), (renamed(m, "../out"), b"x")], "names a file that no backup holds"),
    "a path from the root": (lambda m, d: [(m, d), (renamed(m, "/tmp/out"), b"x")], "names a file that no backup holds"),
    "a link": (
        lambda m, d: [(m, d), (renamed(m, "link", type=tarfile.SYMTYPE, linkname="/etc/passwd"), b"")],
        "something else than plain files",
    ),
    "a device": (
        lambda m, d: [(m, d), (renamed(m, "dev", type=tarfile.CHRTYPE), b"")],
        "something else than plain files",
    ),
    "a manifest of nothing": (
        lambda m, d: [(m, b"[]" if m.name == "manifest.json" else d)],
        "its manifest cannot be read",
    ),
    "a manifest of lies": (
        lambda m, d: [(m, d.replace(b'"head": "', b'"head": "0') if m.name == "manifest.json" else d)],
        "was not sealed with the case's key",
    ),
    "no seal": (lambda m, d: [] if m.name == "manifest.seal" else [(m, d)], "was not sealed with the case's key"),
}  # fmt: skip


@pytest.mark.parametrize("change", list(CHANGES))
def test_what_was_altered_is_found_and_nothing_is_restored(kept, tmp_path, change):
    _, made = kept
    how, why = CHANGES[change]
    place = spoiled(made, tmp_path / "spoiled.tar", how)
    with pytest.raises(BackupDamaged, match=why):
        backing_up.verify(place)
    with pytest.raises(BackupDamaged, match=why):
        put_back(place, tmp_path / "again")
    assert {p.name for p in tmp_path.iterdir()} == {"spoiled.tar"}


@pytest.mark.parametrize("share", [0.0, 0.001, 0.5, 0.9, 0.999])
def test_what_was_cut_short_is_found(kept, tmp_path, share):
    _, made = kept
    data = made.file.read_bytes()
    (tmp_path / "cut.tar").write_bytes(data[: int(len(data) * share)])
    with pytest.raises(BackupDamaged):
        backing_up.verify(tmp_path / "cut.tar")
    assert {p.name for p in tmp_path.iterdir()} == {"cut.tar"}


def test_a_backup_that_does_not_hold_when_tried_is_removed(small_case, tmp_path):
    image = next((small_case.directory / "images").glob("*/*"))
    image.write_bytes(image.read_bytes()[:-1])
    with pytest.raises(Exception, match="has been altered"):
        backing_up.backup(small_case.seat(), tmp_path / "b.tar")
    assert {p.name for p in tmp_path.iterdir()} == {"case"}


KILLED = """
import os, signal, sys
from pathlib import Path
from stillgraph.casework import backing_up, take_seat
def die(step):
    if step.what == sys.argv[3] and step.done == 2:
        os.kill(os.getpid(), signal.SIGKILL)
desk = take_seat(sys.argv[1], officer="desk", reason="weekly")
backing_up.backup(desk, Path(sys.argv[2]), progress=die)
"""


def test_killed_while_writing_there_is_no_backup_and_the_next_one_clears_up(small_case, tmp_path):
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(small_case.directory), str(tmp_path / "b.tar"), "images copied"],
        capture_output=True, check=False, timeout=60,
    )  # fmt: skip
    assert (killed.returncode, killed.stderr) == (-signal.SIGKILL, b"")
    left = {p.name for p in tmp_path.iterdir()} - {"case"}
    assert len(left) == 1
    assert left.pop().startswith(".b.tar.unfinished-")
    assert governing.verify_audit(small_case.directory).holds
    backing_up.backup(small_case.seat(), tmp_path / "b.tar")
    assert {p.name for p in tmp_path.iterdir()} == {"case", "b.tar"}
    assert (tmp_path / "b.tar").stat().st_mode & 0o777 == 0o600


def test_notebooks_come_along_where_they_are_asked_for(small_case, tmp_path):
    folder = small_case.directory / "notebooks"
    (folder / ".ipynb_checkpoints").mkdir(parents=True)
    (folder / "mine.ipynb").write_text("{}")
    (folder / ".ipynb_checkpoints" / "mine.ipynb").write_text("{}")
    for name, asked in (("without", False), ("with", True)):
        backing_up.backup(small_case.seat(), tmp_path / name, notebooks=asked, check=False)
    names = [set(archive.manifest_of(tmp_path / name)[0].named()) for name in ("without", "with")]
    assert names[1] - names[0] == {"notebooks/mine.ipynb"}


def test_everything_in_a_case_is_copied_or_known_not_to_be(demo_case, small_case):
    """What somebody puts beside the case file from now on is to be in a backup, or stated not to be."""
    known = {snapshot.CASE_FILE_NAME, snapshot.WAL, snapshot.NOTEBOOKS, snapshot.IMAGES, *snapshot.WITH_IT,
             *snapshot.MADE_ANEW, *snapshot.OF_NO_BACKUP}  # fmt: skip
    for directory in (demo_case, small_case.directory):
        assert {p.name for p in directory.iterdir()} <= known


def test_several_backups_at_once_and_threads(small_case, tmp_path):
    made = []
    threads = [
        threading.Thread(target=lambda n=n: made.append(backing_up.backup(small_case.seat(), tmp_path / f"{n}.tar")))
        for n in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one.backup_id for one in made) == [1, 2, 3]
    assert all((tmp_path / f"{n}.tar").is_file() for n in range(3))
