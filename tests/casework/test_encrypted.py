"""An encrypted case does all that another does, keeps nothing of anybody readable, and changes its key wholly or not."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from datetime import date

import duckdb
import pytest

from stillgraph import dashboards
from stillgraph.casework import (
    alike,
    analysing,
    backing_up,
    enrolling,
    governing,
    keying,
    linking,
    networking,
    ranking,
    receiving,
    restoring,
    retention,
    searching,
)
from stillgraph.errors import CaseInUse, MissingKey, WrongKey, WrongUse
from stillgraph.records import FaceId, RetailerId
from stillgraph.store import CaseFile, galleries, keys, receipts
from stillgraph.store.images import ImageStore

WORDS = "correct horse battery"
OFFICERS, OPERATION, REASON = ("desk", "first", "second", "third"), "OP-TEST", "test the workbench"


@pytest.fixture(autouse=True)
def passphrase_in_the_environment(monkeypatch):
    monkeypatch.setenv("STILLGRAPH_PASSPHRASE", WORDS)


@pytest.fixture(scope="module")
def _encrypted(small_inputs, modules_case, tmp_path_factory):
    """Return an encrypted case, made from nothing, on which all was done that the small case has, and reviewed."""
    directory = tmp_path_factory.mktemp("encrypted") / "case"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STILLGRAPH_PASSPHRASE", WORDS)
        governing.create_case(directory, secrets=keying.secrets())
        case = type(modules_case)(directory)
        for officer in OFFICERS:
            governing.add_officer(case.seat(), officer)
        governing.open_operation(case.seat(), OPERATION, purpose="tests")
        custody = small_inputs / "custody"
        enrolling.enrol(case.seat(), custody / "manifest.csv", arrests=custody / "arrests.csv")
        receiving.receive(
            case.seat(), small_inputs / "deliveries" / "R08" / "manifest.csv", retailer_id=RetailerId("R08"),
            stores=small_inputs / "stores.csv",
        )  # fmt: skip
        searching.search(case.seat(), unsearched=True)
    return directory


@pytest.fixture
def encrypted(_encrypted, modules_case, tmp_path):
    shutil.copytree(_encrypted, tmp_path / "sealed")
    return type(modules_case)(tmp_path / "sealed")


def rows(case, sql):
    with CaseFile(case.directory).session(writing=False) as session:
        return session.rows(sql)


def secrets_of(case):
    """Return what no file may hold: names, images as they came, and templates."""
    directory = case.directory
    with CaseFile(directory).session(writing=False) as session:
        names = [name.encode() for (full,) in session.rows("SELECT DISTINCT name FROM held.nominals")
                 for name in full.split() if len(name) > 4]  # fmt: skip
        digests = sorted(receipts.all_digests(session))
        model = CaseFile(directory).settings()["model"]
        ids = [image for (image,) in session.rows("SELECT custody_image_id FROM held.custody_images")]
        templates = [one.tobytes()[:32] for one in galleries.vectors(session, model, ids)]
    images = [ImageStore(directory).get(digest) for digest in digests]
    pieces = [data[at : at + 24] for data in images for at in (0, len(data) // 2)]
    return {"a name": names, "an image": [*pieces, b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0"], "a template": templates,
            "an image's SHA-256": [digest.encode() for digest in digests]}  # fmt: skip


def left_readable(case):
    """Return what of that is in which file, its name included."""
    found = []
    looked_for = secrets_of(case)
    for path in case.directory.rglob("*"):
        data = path.name.encode() + (path.read_bytes() if path.is_file() else b"")
        found += [(what, path.name) for what, pieces in looked_for.items() if any(piece in data for piece in pieces)]
    return found


def test_the_whole_of_an_officers_work_is_done_on_an_encrypted_case(encrypted, small_case):
    for sql in ("SELECT * EXCLUDE (searched_at, elapsed_s) FROM searches ORDER BY ALL", "FROM nominals ORDER BY ALL",
                "SELECT face_id, rank, nominal_id, score FROM candidates ORDER BY ALL"):  # fmt: skip
        assert rows(encrypted, sql) == rows(small_case, sql), "it came to what a plain case came to"
    face, nominal = rows(encrypted, "SELECT face_id, nominal_id FROM candidates WHERE rank = 1 ORDER BY ALL")[0]
    for officer in ("first", "second"):
        encrypted.judge(officer, face, nominal, reason="brow and ear agree")
    desk = encrypted.seat()
    linking.link(desk)
    assert rows(encrypted, f"SELECT outcome FROM reviews WHERE face_id = '{face}'") == [("corroborated",)]
    assert nominal in str(ranking.ranking(desk))
    assert networking.offence_network(desk) is not None
    assert analysing.query(desk, "SELECT count(*) AS n FROM nominals").n[0] > 0
    assert alike.alike(desk, [FaceId(face)]) is not None
    assert "<b>6</b>" in "".join(one.value for one in _everything(dashboards.overview(desk)) if hasattr(one, "value")
                                 and isinstance(one.value, str))  # fmt: skip
    assert governing.verify_audit(encrypted.directory).holds


def _everything(widget):
    return [widget, *(below for child in getattr(widget, "children", ()) for below in _everything(child))]


def test_no_file_of_an_encrypted_case_holds_a_name_an_image_or_a_template(encrypted, small_case):
    alike.alike(encrypted.seat(), [FaceId(rows(encrypted, "SELECT face_id FROM candidates")[0][0])])
    assert sum(path.is_file() for path in encrypted.directory.rglob("*")) > 25
    assert left_readable(encrypted) == []
    assert {what for what, _ in left_readable(small_case)} == {"a name", "an image", "a template", "an image's SHA-256"}
    with pytest.raises(duckdb.Error, match="without a key"):
        duckdb.connect(str(encrypted.directory / "case.duckdb"), read_only=True)


def test_what_is_deleted_from_an_encrypted_case_is_gone_from_it(encrypted):
    alike.alike(encrypted.seat(), [FaceId(rows(encrypted, "SELECT face_id FROM candidates")[0][0])])
    (digests,) = zip(*rows(encrypted, "SELECT sha256 FROM held.custody_images"), strict=True)
    images = ImageStore(encrypted.directory)
    assert all(images.path(digest).exists() for digest in digests)
    done = retention.apply(encrypted.seat(), date(2100, 1, 1)).erasure
    assert (done.left, rows(encrypted, "SELECT count(*) FROM held.custody_images")) == (0, [(0,)])
    assert not any(images.path(digest).exists() for digest in digests)
    with CaseFile(encrypted.directory).session(writing=False) as session:
        held = session.rows("SELECT encrypted FROM duckdb_databases() WHERE database_name = 'casefile'")
    assert held == [(True,)], "the case file was written anew, encrypted"
    assert governing.verify_audit(encrypted.directory).holds


def test_without_the_key_nothing_is_done_and_with_it_again_all(encrypted, monkeypatch):
    monkeypatch.setenv("STILLGRAPH_PASSPHRASE", "quite another one")
    keys.forget(encrypted.directory)
    with pytest.raises(WrongKey, match="does not open this case"):
        encrypted.seat()
    monkeypatch.delenv("STILLGRAPH_PASSPHRASE")
    with pytest.raises(MissingKey, match="encrypted and no key was given"):
        encrypted.seat()
    with pytest.raises(MissingKey):
        governing.verify_audit(encrypted.directory)
    monkeypatch.setenv("STILLGRAPH_PASSPHRASE", WORDS)
    assert encrypted.seat().settings["encrypted"] == "yes"


def test_a_backup_holds_encrypted_bytes_and_is_restored_by_the_same_key(encrypted, tmp_path):
    made = backing_up.backup(encrypted.seat(), tmp_path / "backup.tar")
    assert made.encrypted
    data = (tmp_path / "backup.tar").read_bytes()
    for what, pieces in secrets_of(encrypted).items():
        assert not any(piece in data for piece in pieces), what
    restoring.restore(tmp_path / "backup.tar", tmp_path / "again", officer="desk", reason=REASON)
    assert rows(type(encrypted)(tmp_path / "again"), "FROM nominals ORDER BY ALL") == rows(
        encrypted, "FROM nominals ORDER BY ALL"
    )


def everything(case):
    """Return all that a case holds but its record and its keys: every row, and every image."""
    with CaseFile(case.directory).session(writing=False) as session:
        tables = session.rows("SELECT table_name FROM duckdb_tables() WHERE database_name = 'casefile' "
                              "AND table_name NOT IN ('audit', 'settings', 'table_marks') ORDER BY ALL")  # fmt: skip
        held = {table: session.rows(f"SELECT * FROM held.{table} ORDER BY ALL") for (table,) in tables}
        digests = sorted(receipts.all_digests(session))
    images = ImageStore(case.directory)
    return held | {"images": [images.get(digest) for digest in digests]}


def test_a_plain_case_is_encrypted_and_holds_what_it_held(small_case):
    before = everything(small_case)
    found = keying.encrypt(small_case.seat(), passphrase=WORDS)
    assert (found.encrypted, [one.kind for one in found.keys]) == (True, ["passphrase"])
    assert everything(small_case) == before
    assert left_readable(small_case) == []
    assert governing.verify_audit(small_case.directory).holds
    assert rows(small_case, "SELECT action, result FROM audit ORDER BY sequence DESC LIMIT 2") == [
        ("encrypt case", "done"), ("encrypt case", "done"),
    ]  # fmt: skip
    with pytest.raises(WrongUse, match=r"The case is encrypted; `stillgraph case key rotate`"):
        keying.encrypt(small_case.seat())


def test_after_a_new_master_key_the_old_keys_open_nothing_and_nothing_is_lost(encrypted, tmp_path, monkeypatch):
    before, old = everything(encrypted), keys.ring(encrypted.directory).subkey("images")
    files = {path.name for path in (encrypted.directory / "images").rglob("*")}
    keying.add(encrypted.seat(), key_file=tmp_path / "second.key")
    found = keying.rotate(encrypted.seat(), key_file=tmp_path / "new.key")
    assert (found.generation, [one.name for one in found.keys]) == (2, ["key-file"])
    assert everything(encrypted) == before
    assert keys.ring(encrypted.directory).subkey("images") != old
    assert files.isdisjoint(path.name for path in (encrypted.directory / "images").glob("*/*")), "names are new too"
    assert governing.verify_audit(encrypted.directory).holds
    for name, value in (("PASSPHRASE", WORDS), ("KEY_FILE", str(tmp_path / "second.key"))):
        keys.forget(encrypted.directory)
        monkeypatch.setenv(f"STILLGRAPH_{name}", value)
        with pytest.raises((WrongKey, MissingKey)):
            encrypted.seat()
    monkeypatch.setenv("STILLGRAPH_KEY_FILE", str(tmp_path / "new.key"))
    searching.search(encrypted.seat(), unsearched=True)
    assert everything(encrypted)["images"] == before["images"]


def test_a_plain_case_has_no_key_to_rotate_and_needs_somebody_permitted(small_case):
    with pytest.raises(WrongUse, match=r"The case is not encrypted; `stillgraph case encrypt`"):
        keying.rotate(small_case.seat())
    assert not keying.listed(small_case.seat()).encrypted
    with small_case.seat().sitting(), pytest.raises(CaseInUse, match="The case is open in this process"):
        keying.encrypt(small_case.seat())


DEADLY = """
import os, signal, sys
from pathlib import Path
from stillgraph.casework import keying, take_seat
from stillgraph.store import casefile, engine, images, renewal

def dies(module, name, after):
    plain, calls = getattr(module, name), []
    def deadly(*arguments, **options):
        calls.append(1)
        if len(calls) > after:
            os.kill(os.getpid(), signal.SIGKILL)
        return plain(*arguments, **options)
    setattr(module, name, deadly)

case, new, when = sys.argv[1:]
{"copying": lambda: dies(images.ImageStore, "sealed", 2),
"whole": lambda: dies(renewal, "_move", 0), "moving": lambda: dies(Path, "replace", 2)}[when]()
desk = take_seat(case, officer="desk", operation="OP-TEST", reason="rotate")
keying.rotate(desk, key_file=Path(new))
print("not killed")
"""


@pytest.mark.parametrize(("when", "opens"), [("copying", "old"), ("whole", "new"), ("moving", "new")])
def test_killed_while_the_key_is_changed_the_case_opens_with_one_key_and_has_everything(
    encrypted, tmp_path, monkeypatch, when, opens
):
    before, new = everything(encrypted), tmp_path / "new.key"
    keys.new_key_file(new)
    ran = subprocess.run(
        [sys.executable, "-c", DEADLY, encrypted.directory, new, when], capture_output=True, text=True, check=False
    )
    assert ran.returncode == -signal.SIGKILL, ran.stdout + ran.stderr
    keys.forget(encrypted.directory)
    if opens == "new":
        monkeypatch.delenv("STILLGRAPH_PASSPHRASE")
        monkeypatch.setenv("STILLGRAPH_KEY_FILE", str(new))
    assert everything(encrypted) == before
    assert not (encrypted.directory / "rekeyed").exists()
    assert governing.verify_audit(encrypted.directory).holds
    assert keying.rotate(encrypted.seat(), key_file=tmp_path / "third.key").generation == (2 if opens == "old" else 3)
    assert everything(encrypted) == before
    assert not (encrypted.directory / "rekeying").exists()
