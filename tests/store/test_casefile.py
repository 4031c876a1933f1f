"""The case file: made once, opened with patience, changed whole or not at all."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from contextlib import ExitStack, contextmanager

import duckdb
import pytest

from stillgraph.errors import CaseExists, CaseInUse, NotACase, OutdatedCase
from stillgraph.store import CaseFile, casefile, keys
from stillgraph.store.casefile import SCHEMA_VERSION

HOLD = """
import sys
from pathlib import Path
from stillgraph.store import CaseFile
with CaseFile(Path(sys.argv[1])).session(writing=sys.argv[2] == "writing") as session:
    print("held", session.one("SELECT count(*) FROM held.settings")[0], flush=True)
    sys.stdin.readline()
"""


@contextmanager
def held_elsewhere(case, how):
    """Hold the case file in another process until the block ends, or ``release`` is called."""
    other = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(case.directory), how], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with other:
        try:
            assert other.stdout.readline().startswith("held")
            yield lambda: (other.stdin.write("\n"), other.stdin.flush())
        finally:
            other.stdin.close()
            other.wait(timeout=30)


def test_a_case_is_made_with_its_settings_and_opens_again(tmp_path):
    made = CaseFile.create(tmp_path / "new" / "case", {"model": "m@1", "kind": "case"})
    assert CaseFile.open(made.directory).settings() == {
        "schema_version": str(SCHEMA_VERSION),
        "case_id": keys.ring(made.directory).case_id,
        "model": "m@1",
        "kind": "case",
    }
    assert made.directory.stat().st_mode & 0o777 == 0o700, "nobody else looks in"


@pytest.mark.parametrize("what", ["file", "directory with something in it", "case"])
def test_a_case_takes_no_place_that_is_taken(tmp_path, case_file, what):
    place = {"file": tmp_path / "f", "case": case_file.directory}.get(what, tmp_path)
    if what == "file":
        place.write_text("mine")
    with pytest.raises(CaseExists, match=r"there already and is not an empty directory; choose a new place"):
        CaseFile.create(place, {})


def test_a_place_without_a_case_file_is_no_case(tmp_path):
    with pytest.raises(NotACase, match=r"There is no case in .*: it has no case.duckdb. Make one with"):
        CaseFile.open(tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("content", [b"", b"not a database, whatever it is called" * 400])
def test_a_file_of_something_else_is_no_case(tmp_path, content):
    (tmp_path / "unlocked").mkdir()
    (tmp_path / "unlocked" / "case.duckdb").write_bytes(content)
    began = time.monotonic()
    with pytest.raises(NotACase, match=r"cannot be opened as a case file; restore it|is a DuckDB file but not a case"):
        CaseFile.open(tmp_path / "unlocked")
    assert time.monotonic() - began < 5, "nothing to wait for, though the path says lock"


def test_another_database_is_no_case(tmp_path):
    duckdb.connect(str(tmp_path / "case.duckdb")).close()
    with pytest.raises(NotACase, match=r"is a DuckDB file but not a case; make a case with"):
        CaseFile.open(tmp_path)


def test_a_case_of_a_newer_stillgraph_is_left_alone(case_file):
    with case_file.session(writing=True) as session:
        session.execute("UPDATE held.settings SET value = '99' WHERE key = 'schema_version'")
    with pytest.raises(
        NotACase, match=rf"schema version 99; this Stillgraph reads {SCHEMA_VERSION}. Use the Stillgraph it was made"
    ):
        CaseFile.open(case_file.directory)


@pytest.mark.parametrize("version", range(1, SCHEMA_VERSION))
def test_a_case_of_an_earlier_stillgraph_asks_to_be_upgraded(tmp_path, monkeypatch, version):
    with monkeypatch.context() as earlier:
        as_of(version, earlier)
        old = CaseFile.create(tmp_path / "old", {"kind": "case"})
        add_a_face(old)
    with pytest.raises(OutdatedCase, match=r"made by an earlier Stillgraph. Keep a copy .* `stillgraph case upgrade"):
        CaseFile.open(old.directory)
    with old.session(writing=True) as session, session.transaction():
        casefile.migrate(session, since=version)
    upgraded = CaseFile.open(old.directory)
    assert upgraded.version() == SCHEMA_VERSION
    with upgraded.session(writing=False) as session:
        assert session.rows("SELECT face_id, sharpness, roll_degrees, band FROM faces") == [("R/a#1", 4.0, None, None)]
        new = CaseFile.create(tmp_path / "new", {"kind": "case"})
        with new.session(writing=False) as fresh:
            assert columns(session) == columns(fresh), "an upgraded case has the shape of a new one"


def as_of(version, monkeypatch):
    monkeypatch.setattr(casefile, "MIGRATIONS", casefile.MIGRATIONS[:version])
    monkeypatch.setattr(casefile, "SCHEMA_VERSION", version)
    ours = casefile._sql
    monkeypatch.setattr(casefile, "_sql", lambda name: "" if name == "views.sql" else ours(name))


def add_a_face(case):
    row = {"face_id": "R/a#1", "image_kind": "still", "image_id": "R/a", "landmarks": [0.0] * 10, "sharpness": 4.0}
    numbers = dict.fromkeys(("x", "y", "width", "height", "inter_eye_px", "brightness", "contrast", "frontality"), 1.0)
    with case.session(writing=True) as session:
        session.append("faces", [row | numbers | {"detection_score": 1.0, "found_by": "1x", "usable": True}])


def columns(session):
    return session.rows(
        "SELECT schema_name, table_name, column_name, data_type FROM duckdb_columns() "
        "WHERE schema_name IN ('held', 'main') AND NOT internal ORDER BY ALL"
    )


def test_a_path_with_an_apostrophe_is_a_path(tmp_path):
    case = CaseFile.create(tmp_path / "O'Neill's; DROP TABLE x --", {"note": "it's"})
    assert CaseFile.open(case.directory).settings()["note"] == "it's"


def half_done(session, error):
    with session.transaction():
        session.execute("INSERT INTO held.settings VALUES ('half', 'done')")
        raise error


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_whatever_ends_a_transaction_it_is_whole_or_nothing(case_file, error):
    with case_file.session(writing=True) as session:
        with pytest.raises(error):
            half_done(session, error)
        with session.transaction():
            session.execute("INSERT INTO held.settings VALUES ('whole', 'done')")
    assert {"half", "whole"} & set(case_file.settings()) == {"whole"}


def test_rows_are_bound_by_column_name_whatever_is_in_them(case_file):
    nasty = ["O'Neill", '"quoted"', "'); DROP TABLE held.settings; --", "$1 ? :x", "naïve\n", ""]
    with case_file.session(writing=True) as session:
        session.append("settings", [{"value": text, "key": str(n)} for n, text in enumerate(nasty)])
        session.append("settings", [])
        session.execute("INSERT INTO held.settings VALUES (?, ?)", ["o'clock", nasty[2]])
    settings = case_file.settings()
    assert [settings[str(n)] for n in range(len(nasty))] == nasty
    assert settings["o'clock"] == nasty[2]


def test_a_reading_session_cannot_write(case_file):
    with case_file.session(writing=False) as session, pytest.raises(duckdb.InvalidInputException, match="read-only"):
        session.execute("INSERT INTO held.settings VALUES ('a', 'b')")


def test_nothing_is_fetched_or_loaded_by_itself(case_file):
    with case_file.session(writing=False) as session:
        said = session.rows(
            "SELECT value FROM duckdb_settings() WHERE name IN "
            "('autoinstall_known_extensions', 'autoload_known_extensions')"
        )
    assert said == [("false",), ("false",)]


def test_threads_of_one_process_take_turns(case_file):
    def add(name):
        for n in range(5):
            with case_file.session(writing=True) as session, session.transaction():
                session.execute("INSERT INTO held.settings VALUES (?, '')", [f"{name}{n}"])
            case_file.settings()

    threads = [threading.Thread(target=add, args=(name,)) for name in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(key[0] in "abc" and len(key) == 2 for key in case_file.settings()) == 15


def test_within_a_sitting_every_session_is_the_same_open_file(case_file):
    with case_file.sitting(), case_file.session(writing=True) as outer, case_file.session(writing=False) as inner:
        assert inner is outer
    with case_file.session(writing=True) as later:
        assert later is not outer


@pytest.mark.parametrize("how", ["writing", "reading"])
def test_who_finds_the_case_held_waits_and_then_goes_on(case_file, how):
    with held_elsewhere(case_file, how) as release:
        release_later = threading.Timer(0.5, release)
        began = time.monotonic()
        release_later.start()
        with case_file.session(writing=True) as session:
            waited = time.monotonic() - began
            session.execute("INSERT INTO held.settings VALUES ('after', 'waiting')")
        release_later.join()
    assert waited >= 0.5
    assert case_file.settings()["after"] == "waiting"


def test_patience_ends_in_a_plain_sentence(case_file, monkeypatch):
    monkeypatch.setattr(casefile, "PATIENCE_S", 1.0)
    with held_elsewhere(case_file, "writing"):
        began = time.monotonic()
        with (
            pytest.raises(
                CaseInUse,
                match=r"in use by another process \(number \d+\) for 1 seconds; try again when that is done\.$",
            ),
            case_file.session(writing=False),
        ):
            pass
        assert time.monotonic() - began >= 1.0
    assert case_file.settings(), "and the case is none the worse"


def test_many_processes_read_at_once(case_file):
    with ExitStack() as readers:
        for _ in range(3):
            readers.enter_context(held_elsewhere(case_file, "reading"))
        with case_file.session(writing=False) as session:
            assert session.one("SELECT count(*) FROM held.settings") == (5,)


def test_a_long_query_draws_nothing_on_stdout(small_case):
    with small_case.seat().case.session(writing=False) as session:
        assert session.one("SELECT current_setting('enable_progress_bar')") == (False,)
