"""Every schema version there ever was, with rows in every table, comes to the newest with nothing lost."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta

import pytest

from stillgraph.casework import backing_up, governing, recording, restoring, take_seat, upgrading
from stillgraph.errors import DiskFull, OutdatedCase, WrongUse
from stillgraph.governance import chain
from stillgraph.store import CaseFile, casefile, keys, office, queries, reviews, rulings

VERSIONS = range(1, casefile.SCHEMA_VERSION)
ROWS = 3
BEGAN = datetime(2026, 3, 1, 12, tzinfo=UTC)
SAID = {
    "role": ["administrator", "analyst", "reviewer"], "status": ["corroborated", "proposed", "unknown"],
    "verdict": ["supports"], "says": ["same"], "undoes": [None], "ended_by": ["judged", "given back", None],
    "ranked_by": ["harm", "count", "value"], "image_kind": ["still", "custody", "still"],
    "change": ["opened", "extended", "closed"], "trial_share": [0.1], "present_share": [0.2], "suspended": [False],
    "comparison": ['{"still": "sharp", "custody": "lit", "checklist": [], "strength": "moderate support"}'],
    "trial_answers.sequence": [11, 12, 13], "backup_id": [91, 92, 93],
    "at_end": ["delete", "review", "keep"], "retention_applications.outcome": ["deleted", "refused", None],
    "retention_holds.kind": ["still", "person", "custody image"], "deliveries.kind": ["stills", "custody", "arrests"], "kind": ["absent", "present", "absent"],
}  # fmt: skip
"""What columns hold that do not take any word, by name or by table and name."""
BY_THE_UPGRADE = {"settings", "audit", "harm_values", "table_marks", "officer_changes", "operation_changes", "backups",
                  "retention_rules"}  # fmt: skip
"""Tables that an upgrade adds rows to; none of those there before may be lost all the same."""


def value(table, column, kind, number):
    """Return a value for a column of the row of this number, from 1."""
    said = SAID.get(f"{table}.{column}", SAID.get(column))
    if said is not None:
        return said[(number - 1) % len(said)]
    if kind.endswith("]"):
        base, length = kind[:-1].split("[")
        return [value(table, column, base, number + at) for at in range(int(length or 2))]
    if kind == "VARCHAR":
        # Ids are the same in every table that has them, so that views join what belongs together.
        return f"{column}-{number}" if column.endswith("_id") else f"{table} {column} {number}: O'Neill, é, ;--"
    return {
        "BOOLEAN": number % 2 == 0, "DOUBLE": number / 8, "FLOAT": number / 8, "DATE": date(2026, 1, number),
        "TIMESTAMP WITH TIME ZONE": BEGAN + timedelta(hours=number),
    }.get(kind, number)  # fmt: skip


def columns(session):
    """Return the names and kinds of the columns of each table of a case."""
    found = {}
    for table, column, kind in session.rows(
        "SELECT table_name, column_name, data_type FROM duckdb_columns() WHERE schema_name = 'held' "
        "AND database_name = current_database() ORDER BY table_name, column_index"
    ):
        found.setdefault(table, {})[column] = kind
    return found


def contents(session, wanted):
    """Return the rows of tables, of the columns that are wanted of each."""
    return {
        table: session.rows(f"SELECT {', '.join(names)} FROM held.{table} ORDER BY ALL")
        for table, names in wanted.items()
    }


def earlier(directory, version, *, images=True):
    """Make a case as a Stillgraph of this schema version left it, with rows in every table and a record that holds.

    Its images are made up and their files not there, so a case that is to be whole is made without.
    """
    directory.mkdir()
    case = CaseFile(directory)
    with case.session(writing=True) as session:
        for name in casefile.MIGRATIONS[:version]:
            session.execute(casefile._sql(name))
        for key, said in {"schema_version": str(version), "model": "m", "pack": "p", "kind": "case"}.items():
            session.execute("INSERT INTO held.settings VALUES (?, ?)", [key, said])
        if office.is_keyed(session):
            keys.given_to_plain(directory, casefile.case_id(session), BEGAN)
        for table, kinds in columns(session).items():
            left = () if images else ("stills", "custody_images")
            if table in ("settings", "audit", "table_marks", *left):
                continue
            for number in range(1, ROWS + 1):
                row = [value(table, column, kind, number) for column, kind in kinds.items()]
                session.execute(f"INSERT INTO held.{table} VALUES ({', '.join('?' * len(row))})", row)
        record(session, directory)
    return directory


def record(session, directory):
    """Record what was filled in as actions do: each judgement and ruling by its seal."""
    told = [{}]
    told += [{"judgement": one.sequence, "seal": chain.seal(one)} for one in reviews.sealed(session)]
    told += [{"ruling_seals": {one.sequence: chain.seal_of_ruling(one)}} for one in rulings.sealed(session)]
    previous = chain.GENESIS
    for sequence, details in enumerate(told, start=1):
        entry = chain.entry(
            sequence=sequence, previous=previous, recorded_at=BEGAN, officer="officer_id-1", operation="operation_id-1",
            reason="as it was", action="create case", result="done", details=details,
            key=recording.key_of(session, directory),
        )  # fmt: skip
        office.append_entry(session, entry)
        recording.follow(session, directory, entry, BEGAN)
        previous = entry.digest
    if recording.key_of(session, directory) is None:
        # What follows an entry notes its head by itself from the version on that has keys.
        chain.drop_anchor(directory / chain.ANCHOR_FILE_NAME, chain.Anchor(sequence, previous), BEGAN)


def desk(place):
    return take_seat(place, officer="officer_id-1", reason="new version", outdated=True)


@pytest.fixture(scope="module")
def newest(tmp_path_factory):
    """What a new case's tables and views are like."""
    case = CaseFile.create(tmp_path_factory.mktemp("newest") / "case", {"model": "m", "pack": "p"})
    return shape(case)


def shape(case):
    with case.session(writing=False) as session:
        views = session.rows(
            "SELECT view_name, sql FROM duckdb_views() WHERE schema_name = 'main' AND NOT internal "
            "AND database_name = current_database() ORDER BY 1"
        )
        return columns(session), views


def as_it_was(place, version, before):
    """Say that nothing is lost and all works."""
    case = CaseFile.open(place)
    with case.session(writing=False) as session:
        after = contents(session, before[0])
        for view in queries.views(session):
            session.rows(f"SELECT * FROM main.{view}")
    for table, rows in before[1].items():
        kept = set(map(repr, rows)) - ({repr(("schema_version", str(version)))} if table == "settings" else set())
        assert kept <= set(map(repr, after[table])), table
        assert table in BY_THE_UPGRADE or len(after[table]) == len(rows), table
    report = governing.verify_audit(place)
    # Its images were never there.
    assert all("images are missing" in one.says for one in report.problems), report.problem


def remembered(place):
    with CaseFile(place).session(writing=False) as session:
        wanted = {table: list(kinds) for table, kinds in columns(session).items()}
        return wanted, contents(session, wanted)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_case_of_every_version_comes_to_the_newest_with_nothing_lost(tmp_path, newest, version):
    place = earlier(tmp_path / "case", version)
    before = remembered(place)
    assert all(len(rows) >= ROWS for table, rows in before[1].items() if table not in ("audit", "table_marks"))
    with pytest.raises(OutdatedCase):
        take_seat(place)
    assert governing.upgrade_case(desk(place)) == (version, casefile.SCHEMA_VERSION)
    as_it_was(place, version, before)
    held, views = shape(CaseFile(place))
    assert {table: set(kinds.items()) for table, kinds in held.items()} == {
        table: set(kinds.items()) for table, kinds in newest[0].items()
    }
    assert views == newest[1]


def test_a_view_of_an_earlier_version_that_is_no_more_goes(tmp_path, newest):
    place = earlier(tmp_path / "case", 5)
    with CaseFile(place).session(writing=True) as session:
        session.execute("CREATE VIEW main.once AS SELECT * FROM held.nominals")
    governing.upgrade_case(desk(place))
    assert shape(CaseFile(place))[1] == newest[1]


# From 20 on a record says what each action left in the tables, which rows filled in here have nobody to say of.
@pytest.mark.parametrize("version", [1, 8, 19])
def test_a_backup_comes_first_from_which_the_case_is_made_again_as_it_was(tmp_path, version):
    place = earlier(tmp_path / "case", version, images=False)
    before = remembered(place)
    upgraded = upgrading.upgrade(desk(place))
    assert (upgraded.since, upgraded.to) == (version, casefile.SCHEMA_VERSION)
    assert upgraded.backup.name.startswith(f"case-version-{version}-")
    on_record = backing_up.listed(take_seat(place, officer="officer_id-1", reason="look"))
    assert str(upgraded.backup) in [one.backup.place for one in on_record]
    restored = restoring.restore(upgraded.backup, tmp_path / "again", officer="officer_id-1", reason="to look again")
    assert restored.to_upgrade
    assert (restored.schema_version, CaseFile(restored.case).version()) == (version, version)
    assert upgrading.upgrade(desk(restored.case), without=True).backup is None
    as_it_was(restored.case, version, before)


def test_without_room_for_the_backup_nothing_is_upgraded(tmp_path, monkeypatch):
    place = earlier(tmp_path / "case", 3, images=False)
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 1_000}))
    with pytest.raises(DiskFull, match="make room"):
        upgrading.upgrade(desk(place))
    assert desk(place).case.version() == 3
    assert {p.name for p in tmp_path.iterdir()} == {"case"}
    with pytest.raises(WrongUse, match="Leave out --no-backup"):
        upgrading.upgrade(desk(place), backup=tmp_path / "b.tar", without=True)
    monkeypatch.undo()
    upgrading.upgrade(desk(place))
    with pytest.raises(WrongUse, match="up to date"):
        upgrading.upgrade(desk(place))


KILLED = """
import os, signal, sys
from stillgraph.casework import harm, recording, take_seat, upgrading
from stillgraph.store import Session, archive, casefile, keys
from pathlib import Path

def dies(owner, name, before):
    plain = getattr(owner, name)
    def deadly(*arguments, **options):
        told = None if before else plain(*arguments, **options)
        os.kill(os.getpid(), signal.SIGKILL)
        return told
    setattr(owner, name, deadly)

place, when = sys.argv[1:]
plain = Session.execute
if when == "half the migrations":
    def execute(self, sql, parameters=()):
        if "gallery_checks" in sql:
            os.kill(os.getpid(), signal.SIGKILL)
        plain(self, sql, parameters)
    Session.execute = execute
elif when == "all written, nothing committed":
    dies(upgrading.backing_up, "keep", False)
elif when == "keys given, nothing committed":
    dies(keys, "given_to_plain", False)
elif when == "committed, not anchored":
    dies(recording, "follow", True)
elif when == "half the backup":
    dies(archive.Writer, "finish", True)
seat = take_seat(place, officer="officer_id-1", reason="new version", outdated=True)
upgrading.upgrade(seat, backup=Path(place).parent / "b.tar")
"""


@pytest.mark.parametrize(
    "when",
    [
        "half the migrations", "committed, not anchored", "half the backup",
        pytest.param("all written, nothing committed", marks=pytest.mark.chaos),
        pytest.param("keys given, nothing committed", marks=pytest.mark.chaos),
    ],
)  # fmt: skip
def test_killed_on_the_way_it_is_the_old_version_or_the_new_one(tmp_path, when):
    place = earlier(tmp_path / "case", 4, images=False)
    before = remembered(place)
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(place), when], capture_output=True, check=False, timeout=120
    )
    assert (killed.returncode, killed.stderr) == (-signal.SIGKILL, b"")
    version = CaseFile(place).version()
    assert version == (casefile.SCHEMA_VERSION if when == "committed, not anchored" else 4)
    assert governing.verify_audit(place).holds, governing.verify_audit(place).problem
    if version == 4:
        (tmp_path / "b.tar").unlink(missing_ok=True)
        upgrading.upgrade(desk(place), backup=tmp_path / "b.tar")
    else:
        backing_up.listed(take_seat(place, officer="officer_id-1", reason="look"))
    as_it_was(place, 4, before)
    assert {p.name for p in tmp_path.iterdir()} == {"case", "b.tar"}


@pytest.mark.chaos
def test_killed_at_any_moment_it_is_the_old_version_or_the_new_one(tmp_path):
    place = earlier(tmp_path / "case", 2, images=False)
    command = (
        "import sys; from stillgraph.casework import governing, take_seat; sys.stdin.readline(); "
        "governing.upgrade_case(take_seat(sys.argv[1], officer='officer_id-1', reason='new', outdated=True))"
    )
    before = remembered(place)
    seen = set()
    for moment in (0.01, 0.05, 0.1, 0.2, 0.4):
        shutil.rmtree(tmp_path / "copy", ignore_errors=True)
        shutil.copytree(place, tmp_path / "copy")
        with subprocess.Popen([sys.executable, "-c", command, str(tmp_path / "copy")], stdin=subprocess.PIPE) as work:
            work.stdin.write(b"now\n")
            work.stdin.flush()
            try:
                work.wait(moment + 0.4)
            except subprocess.TimeoutExpired:
                os.kill(work.pid, signal.SIGKILL)
        version = CaseFile(tmp_path / "copy").version()
        seen.add(version)
        assert version in (2, casefile.SCHEMA_VERSION)
        if version == 2:
            governing.upgrade_case(desk(tmp_path / "copy"))
        as_it_was(tmp_path / "copy", 2, before)
    assert seen
