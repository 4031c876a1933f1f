"""Every kind of tampering, one by one, on a case file, its log, anchors, second place, seal and images: all is found.

The short form is part of every run; the long one, which goes through ``audit verify`` for each table, is `make chaos`.
"""

from __future__ import annotations

import importlib.util
import json
import random
import shutil
import subprocess
import sys
from contextlib import nullcontext
from dataclasses import asdict, replace
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stillgraph.casework import analysing, checking_record, governing, linking, recording, saving, searching
from stillgraph.errors import StillgraphError
from stillgraph.governance import anchors, chain, log, seals
from stillgraph.records import AuditEntry, StillId
from stillgraph.store import keys, office, tablestates
from stillgraph.store.casefile import CASE_FILE_NAME

_spec = importlib.util.spec_from_file_location("tampering", Path(__file__).with_name("tampering.py"))
_changes = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_changes)
cells, duplicate, made_up = _changes.cells, _changes.duplicate, _changes.made_up

COLUMNS = {
    "recorded_at": "recorded_at + INTERVAL 1 SECOND", "officer": "officer || 'x'", "operation": "'OP-OTHER'",
    "reason": "'another'", "action": "'query'", "result": "'refused'", "details": "'{}'",
    "previous": "repeat('0', 64)", "digest": "repeat('a', 64)", "tables": "'{}'", "keyed": "repeat('b', 64)",
}  # fmt: skip


def verify(directory, **options):
    return checking_record.verify(Path(directory), **options)


def sql(case, *statements):
    with duckdb.connect(str(case.directory / CASE_FILE_NAME)) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for statement in statements:
            connection.execute(statement)


def act(case):
    governing.open_workbench(case.seat(), "dashboards")


def second_place(case):
    return recording.second_place(keys.ring(case.directory).case_id)


@pytest.fixture
def whole(small_case, monkeypatch, tmp_path):
    """Return a case with a second place of its own, worked on there, and whole."""
    monkeypatch.setenv("STILLGRAPH_ANCHORS", str(tmp_path / "elsewhere"))
    (tmp_path / "elsewhere").mkdir()
    for _ in range(3):
        act(small_case)
        recording.finish(small_case.directory)
    report = verify(small_case.directory, deep=True)
    assert report.holds, report.problem
    assert (report.keyed, report.second_place, report.log_entries) == (True, 3, report.entries)
    assert report.images == report.images_read > 0
    assert report.notes == ()
    return small_case


def lines(path):
    return path.read_bytes().splitlines(keepends=True)


# --- the entries, in the case file and in the log -------------------------------------------------------------------


@pytest.mark.parametrize("column", COLUMNS)
def test_an_entry_altered_in_the_case_file(whole, column):
    sql(whole, f"UPDATE held.audit SET {column} = {COLUMNS[column]} WHERE sequence = 4")
    report = verify(whole.directory)
    assert (report.holds, report.first_broken) == (False, 4)


@pytest.mark.parametrize("name", [*AuditEntry.__slots__, "carried", "carried_at", "mac"])
def test_an_entry_altered_in_the_log(whole, name):
    path = log.place(whole.directory)
    kept = lines(path)
    said = json.loads(kept[3])
    said[name] = said[name] + 1 if name == "sequence" else "2020-01-01T00:00:00+00:00"
    path.write_bytes(b"".join([*kept[:3], json.dumps(said).encode() + b"\n", *kept[4:]]))
    report = verify(whole.directory)
    assert (report.holds, report.first_broken) == (False, 4)


LOGS = {
    "a line removed": lambda kept: [*kept[:3], *kept[4:]], "a line inserted": lambda kept: [*kept[:4], *kept[3:]],
    "two swapped": lambda kept: [*kept[:3], kept[4], kept[3], *kept[5:]], "the end cut": lambda kept: kept[:-1],
    "half a line cut": lambda kept: [*kept[:-1], kept[-1][:40]], "all cut": lambda kept: [],
    "garbage": lambda kept: [*kept[:3], b"\xff\xfe\n", *kept[4:]],
}  # fmt: skip


@pytest.mark.parametrize("how", LOGS)
def test_the_log_altered(whole, how):
    path = log.place(whole.directory)
    kept = lines(path)
    path.write_bytes(b"".join(LOGS[how](kept)))
    report = verify(whole.directory)
    cut = {"the end cut": len(kept), "half a line cut": len(kept), "all cut": 1, "a line inserted": 5}
    assert (report.holds, report.first_broken) == (False, cut.get(how, 4))


@pytest.mark.parametrize("how", ["the end cut", "all cut"])
def test_a_log_that_was_cut_and_filled_again_by_the_next_action(whole, how):
    path = log.place(whole.directory)
    path.write_bytes(b"".join(LOGS[how](lines(path))))
    act(whole)
    report = verify(whole.directory)
    assert not report.holds
    assert "was cut, and put back" in " ".join(one.says for one in report.problems)


def test_a_log_deleted(whole):
    log.place(whole.directory).unlink()
    assert verify(whole.directory).first_broken == 1


def test_the_case_file_and_the_log_cut_both(whole):
    entries = verify(whole.directory).entries
    sql(whole, f"DELETE FROM held.audit WHERE sequence = {entries}")
    path = log.place(whole.directory)
    path.write_bytes(b"".join(lines(path)[:-1]))
    report = verify(whole.directory)
    assert (report.holds, report.first_broken) == (False, entries)


def test_everything_in_the_case_cut_to_the_same_entry_is_found_by_the_second_place(whole):
    shutil.copytree(whole.directory, whole.directory.with_name("older"))
    for _ in range(2):
        act(whole)
    recording.finish(whole.directory)
    shutil.rmtree(whole.directory)
    whole.directory.with_name("older").rename(whole.directory)
    report = verify(whole.directory)
    assert not report.holds
    assert "whose head is in the second place, is no longer there" in report.problem
    act(whole)
    assert not verify(whole.directory).holds, "not even when work goes on from there"


def forged(entries, key):
    """Return a chain with one entry changed, whole in itself, keyed with some key."""
    made = []
    for old in entries:
        new = replace(old, previous=made[-1].digest if made else chain.GENESIS, keyed="", digest="")
        new = replace(new, reason="as it should have been") if old.sequence == 4 else new
        new = replace(new, digest=chain.digest(new))
        made.append(replace(new, keyed=chain.keyed_digest(new, key)))
    return made


def forge(case, key):
    """Write a forged chain to the case file, the log, the anchors and the seal."""
    with case.seat().case.session(writing=False) as session:
        made = forged(office.chain(session), key)
    with duckdb.connect(str(case.directory / CASE_FILE_NAME)) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("DELETE FROM held.audit")
        connection.executemany(
            f"INSERT INTO held.audit VALUES ({', '.join('?' * 12)})", [list(asdict(entry).values()) for entry in made]
        )
    log.place(case.directory).unlink()
    (case.directory / chain.ANCHOR_FILE_NAME).unlink()
    log.append(case.directory, made, key)
    for entry in made:
        chain.drop_anchor(
            case.directory / chain.ANCHOR_FILE_NAME, chain.Anchor(entry.sequence, entry.digest), entry.recorded_at, key
        )
    seal = seals.Seal("", len(made), made[-1].digest, 0, 0).keyed(key)
    seals.place(case.directory).write_bytes(seal.written())


def test_a_whole_forgery_without_the_key(whole):
    forge(whole, b"x" * 32)
    second_place(whole).unlink()
    report = verify(whole.directory)
    assert (report.holds, report.first_broken) == (False, 1)
    assert "was not written with the case's key" in report.problem


def test_a_whole_forgery_with_the_key_is_found_by_the_second_place_alone(whole):
    forge(whole, keys.ring(whole.directory).subkey("audit"))
    report = verify(whole.directory)
    assert not report.holds
    assert report.problem.endswith("whose head is in the second place, has been rewritten")
    second_place(whole).unlink()
    assert verify(whole.directory).holds, "what nothing in reach of a forger with the key can show"


@settings(max_examples=12)
@given(data=st.data())
def test_no_change_to_any_entry_or_line_goes_unseen(data, modules_case, tmp_path_factory):
    directory = tmp_path_factory.mktemp("changed") / "case"
    shutil.copytree(modules_case.directory, directory)
    path = log.place(directory)
    kept = lines(path)
    place = data.draw(st.integers(0, len(kept) - 1))
    at = data.draw(st.integers(0, len(kept[place]) - 2))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != kept[place][at]))
    new = kept[place][:at] + bytes([byte]) + kept[place][at + 1 :]
    try:
        same = json.loads(new) == json.loads(kept[place])
    except ValueError:
        same = False
    path.write_bytes(b"".join([*kept[:place], new, *kept[place + 1 :]]))
    assert verify(directory).holds == same


# --- anchors, second place, seal --------------------------------------------------------------------------------------

ANCHORS = {
    "one removed": lambda kept: [*kept[:3], *kept[4:]], "the end cut": lambda kept: kept[:-1],
    "two swapped": lambda kept: [*kept[:3], kept[4], kept[3], *kept[5:]], "all cut": lambda kept: [],
    "one twice": lambda kept: [*kept[:4], *kept[3:]], "garbage": lambda kept: [*kept[:3], b"nothing\n", *kept[4:]],
    "a time": lambda kept: [*kept[:3], kept[3].replace(b'"at": "20', b'"at": "19'), *kept[4:]],
    "a digest": lambda kept: [*kept[:3], kept[3].replace(b'"digest": "', b'"digest": "0')[:-1] + b"\n", *kept[4:]],
    "a number": lambda kept: [*kept[:3], kept[3].replace(b'"sequence": 4', b'"sequence": 5'), *kept[4:]],
}  # fmt: skip


@pytest.mark.parametrize("how", ANCHORS)
def test_the_anchors_beside_the_case_file_altered(whole, how):
    path = whole.directory / chain.ANCHOR_FILE_NAME
    path.write_bytes(b"".join(ANCHORS[how](lines(path))))
    assert not verify(whole.directory).holds


def test_the_anchors_beside_the_case_file_deleted(whole):
    (whole.directory / chain.ANCHOR_FILE_NAME).unlink()
    assert not verify(whole.directory).holds


SECOND = {
    "the first removed": lambda kept: kept[1:], "one removed": lambda kept: [kept[0], *kept[2:]],
    "the end cut": lambda kept: kept[:-1], "all cut": lambda kept: [],
    "a time": lambda kept: [kept[0].replace(b'"at": "20', b'"at": "19'), *kept[1:]],
    "a digest": lambda kept: [kept[0].replace(b'"digest": "', b'"digest": "0'), *kept[1:]],
    "garbage": lambda kept: [b"nothing\n", *kept[1:]],
}  # fmt: skip


@pytest.mark.parametrize("how", SECOND)
def test_the_second_place_altered(whole, how):
    path = second_place(whole)
    path.write_bytes(b"".join(SECOND[how](lines(path))))
    assert not verify(whole.directory).holds


def test_the_second_place_deleted(whole):
    second_place(whole).unlink()
    report = verify(whole.directory)
    assert not report.holds
    assert "was noted in the second place and is gone from there" in report.problem


@pytest.mark.parametrize("how", ["deleted", "garbled", "altered"])
def test_the_seal_altered(whole, how):
    path = seals.place(whole.directory)
    said = json.loads(path.read_bytes())
    if how == "deleted":
        path.unlink()
    else:
        path.write_text("{" if how == "garbled" else json.dumps(said | {"noted": 0}))
    assert not verify(whole.directory).holds


def test_an_older_seal_put_back_changes_nothing_that_is_believed(whole):
    kept = seals.place(whole.directory).read_bytes()
    act(whole)
    seals.place(whole.directory).write_bytes(kept)
    assert verify(whole.directory).holds, "what it says is true, only old"
    act(whole)
    assert verify(whole.directory).holds


# --- every table ------------------------------------------------------------------------------------------------------


def tables(case):
    with duckdb.connect(str(case.directory / CASE_FILE_NAME), read_only=True) as connection:
        rows = connection.execute("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'held' ORDER BY 1")
        return [name for (name,) in rows.fetchall()]


def test_a_row_altered_added_or_removed_in_any_table_changes_how_it_stands(whole):
    key = keys.ring(whole.directory).subkey("audit")
    with whole.seat().case.session(writing=True) as session:
        tried = 0
        for name in tablestates.names(session):
            if name == tablestates.STRUCTURE:
                continue
            before = tablestates.state(session, name, key)
            new = made_up(session, name)
            assert any(seen(session, name, key, before, one) for one in new), f"no row can be made up for {name}"
            changes = [duplicate(session, name), f"DELETE FROM held.{name} WHERE rowid = 0", *cells(session, name)]
            for change in changes if before.rows else []:
                tried += seen(session, name, key, before, change)
        assert tried > 150
        session.written.clear()


def seen(session, name, key, before, change):
    """Make one change, look how the table stands, and take it back; say whether a constraint let it be made."""
    session.execute("BEGIN TRANSACTION")
    try:
        session.execute(change)
    except duckdb.ConstraintException:
        return False
    else:
        assert tablestates.state(session, name, key) != before, f"unseen: {change}"
        return True
    finally:
        session.execute("ROLLBACK")


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE held.stills SET camera = camera || 'x' WHERE rowid = 0", "DELETE FROM held.nominals WHERE rowid = 0",
        "INSERT INTO held.stage_times VALUES (9, 'none', 1.0)", "DROP TABLE held.saved_queries",
        "CREATE TABLE held.more (x INTEGER)", "CREATE OR REPLACE VIEW main.officers AS SELECT 1 AS officer_id",
        "UPDATE held.table_marks SET sequence = 1 WHERE name = 'stills'", "DELETE FROM held.settings WHERE rowid = 2",
        "ALTER TABLE held.stills ADD COLUMN more INTEGER", "UPDATE held.templates SET vector = list_reverse(vector) WHERE rowid = 0",
    ],
)  # fmt: skip
def test_a_change_made_without_stillgraph_is_found_at_once_and_by_the_next_opening(whole, change):
    sql(whole, change)
    report = verify(whole.directory)
    assert (report.holds, report.first_broken) == (False, report.entries + 1)
    assert "The case file is not as it was last closed" in " ".join(report.notes)
    if "table_marks" in change or "DROP" in change or "settings" in change:
        return
    act(whole)
    after = verify(whole.directory)
    assert (after.holds, after.first_broken, after.entries) == (False, report.entries + 1, report.entries + 2)
    assert f"between entries {report.entries} and {report.entries + 1} somebody wrote the case file" in after.problem


def test_an_older_case_file_put_in_the_place_of_the_newer(whole):
    path = whole.directory / CASE_FILE_NAME
    kept = path.read_bytes()
    act(whole)
    path.write_bytes(kept)
    report = verify(whole.directory)
    assert (report.holds, report.first_broken) == (False, report.entries + 1)


def test_bytes_flipped_in_the_case_file(whole):
    path = whole.directory / CASE_FILE_NAME
    data, rng = path.read_bytes(), random.Random(20261126)
    for place in rng.sample(range(len(data)), 25):
        changed = bytearray(data)
        changed[place] ^= 1 << rng.randrange(8)
        path.write_bytes(changed)
        try:
            report = verify(whole.directory)
        except (StillgraphError, duckdb.Error):
            # It does not open, or its record cannot be read: nobody can overlook that.
            continue
        # Where nothing that is held lies, nothing that is held is changed; that it was touched is said.
        assert not report.holds or any("not as it was last closed" in note for note in report.notes)


# --- images -----------------------------------------------------------------------------------------------------------


def test_an_image_altered_removed_or_added(whole):
    path = min((whole.directory / "images").glob("*/*"))
    kept = path.read_bytes()
    path.write_bytes(kept + b"x")
    assert verify(whole.directory).holds, "its bytes are read where asked for"
    assert "has been altered" in verify(whole.directory, deep=True).problem
    path.unlink()
    assert "1 of" in verify(whole.directory).problem
    path.write_bytes(kept)
    assert verify(whole.directory, deep=True).holds
    path.with_name("0" * 64).write_bytes(b"x")
    assert "no entry took in" in verify(whole.directory).problem


# --- the phrase -------------------------------------------------------------------------------------------------------


def test_a_phrase_holds_as_long_as_the_record_does(whole):
    words = checking_record.phrase(whole.directory).phrase
    act(whole)
    assert verify(whole.directory, phrase=words).holds
    short = " ".join(word[:4] for word in words.upper().split())
    assert verify(whole.directory, phrase=short).holds
    forge(whole, keys.ring(whole.directory).subkey("audit"))
    second_place(whole).unlink()
    assert verify(whole.directory, phrase=words).problem.startswith("no entry has that phrase")


# --- no false alarm ---------------------------------------------------------------------------------------------------

KILLED = """
import os, signal, sys, random
from stillgraph.casework import governing, harm, recording, take_seat
from stillgraph.governance import chain, log
from stillgraph.store import files

at = int(sys.argv[2])
calls = [0]
def deadly(module, name):
    plain = getattr(module, name)
    def call(*arguments, **options):
        calls[0] += 1
        if calls[0] == at:
            os.kill(os.getpid(), signal.SIGKILL)
        return plain(*arguments, **options)
    setattr(module, name, call)
for module, name in ((os, "fsync"), (log, "append"), (chain, "drop_anchor"), (recording, "_seal"), (files, "put"),
                     (recording, "_note")):
    deadly(module, name)
seat = take_seat(sys.argv[1], officer="desk", operation="OP-TEST", reason="killed")
for n in range(3):
    governing.open_workbench(seat, "lab")
    governing.open_operation(seat, f"OP-{at}-{n}", purpose="killed")
"""


@pytest.mark.parametrize("at", [1, 4, 9, 14])
def test_a_process_killed_anywhere_leaves_a_record_that_holds(whole, at):
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(whole.directory), str(at)], capture_output=True, check=False, timeout=120
    )
    assert (killed.returncode, killed.stderr) == (-9, b"")
    report = verify(whole.directory)
    assert report.holds, report.problems
    act(whole)
    report = verify(whole.directory)
    assert report.holds, report.problems
    assert (report.not_carried, report.unanchored) == (0, 0)


def test_a_copy_of_a_case_holds_and_one_that_goes_its_own_way_is_said(whole, tmp_path):
    shutil.copytree(whole.directory, tmp_path / "copy")
    assert verify(tmp_path / "copy").holds
    other = type(whole)(tmp_path / "copy")
    for case in (other, whole, whole):
        act(case)
        recording.finish(case.directory)
    for case in (other, whole):
        report = verify(case.directory)
        assert report.holds, report.problems
        assert "went its own way" in " ".join(report.notes)


def test_a_reader_without_the_key_checks_the_plain_chain(whole, monkeypatch, tmp_path):
    monkeypatch.setenv("STILLGRAPH_STATE", str(tmp_path / "nobody"))
    keys.forget(whole.directory)
    report = verify(whole.directory)
    assert (report.holds, report.keyed, report.tables) == (True, False, 0)
    assert "key is not here" in report.notes[0]
    sql(whole, "UPDATE held.audit SET reason = 'x' WHERE sequence = 4")
    assert verify(whole.directory).first_broken == 4


def test_a_head_goes_to_the_second_place_every_so_many_entries(whole, monkeypatch):
    monkeypatch.setenv("STILLGRAPH_ANCHOR_EVERY", "4")
    for _ in range(9):
        act(whole)
    newest = verify(whole.directory).entries
    noted = [one.sequence for one in anchors.read(second_place(whole))]
    assert len(noted) == 5
    assert newest - noted[-1] < 4


def refused(case):
    with pytest.raises(StillgraphError):
        governing.open_workbench(case.seat("nobody"), "lab")


@pytest.mark.chaos
def test_five_hundred_actions_of_many_kinds_raise_no_alarm(whole):
    rng = random.Random(20261126)
    done = {
        "look": act, "query": lambda case: analysing.query(case.seat(), "SELECT count(*) FROM stills"),
        "search": lambda case: searching.search(case.seat(), stills=[StillId("R08/R08_0002.jpg")]),
        "link": lambda case: linking.link(case.seat()),
        "operation": lambda case: governing.open_operation(case.seat(), f"OP-{rng.random()}", purpose="many"),
        "saved": lambda case: saving.save_query(case.seat(), f"q{rng.randrange(9)}", "SELECT 1", shared=False),
        "refused": refused,
        "end": lambda case: recording.finish(case.directory),
    }  # fmt: skip
    for number in range(500):
        what = rng.choices(list(done), [8, 4, 1, 1, 3, 3, 1, 1])[0]
        with whole.seat().sitting() if rng.random() < 0.2 and what != "end" else nullcontext():
            done[what](whole)
        if number % 100 == 99:
            report = verify(whole.directory)
            assert report.holds, report.problems
    assert report.entries > 400


@pytest.mark.chaos
def test_a_change_to_any_table_is_named_by_a_verification(whole, tmp_path):
    with whole.seat().case.session(writing=False) as session:
        changes = {name: made_up(session, name) for name in tablestates.names(session) if name != tablestates.STRUCTURE}
    path = whole.directory / CASE_FILE_NAME
    kept = path.read_bytes()
    for name, new in changes.items():
        path.write_bytes(kept)
        with duckdb.connect(str(path)) as connection:
            for one in new:
                try:
                    connection.execute(one)
                    break
                except duckdb.ConstraintException:
                    continue
        report = verify(whole.directory)
        assert not report.holds, f"unseen: a row in {name}"
        assert f"the table {name} is not as" in " ".join(one.says for one in report.problems)
