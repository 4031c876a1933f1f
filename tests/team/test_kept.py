"""A case that is kept open serves all threads in turn, and goes on after what DuckDB calls fatal."""

from __future__ import annotations

import threading

import duckdb
import pytest

from stillgraph.casework import analysing, hosting
from stillgraph.records import SignIn
from stillgraph.store import CaseFile

COUNT = "SELECT count(*) FROM held.settings"


def test_it_is_opened_anew_after_what_is_fatal(small_case):
    case = CaseFile.open(small_case.directory)
    with case.kept():
        with case.session(writing=True) as session:
            before, instance = session.one(COUNT), session._connection
            session.execute("CREATE TABLE held.kept_test AS SELECT 1 AS one")
        with pytest.raises(duckdb.FatalException), case.session(writing=True):
            raise duckdb.FatalException("the disk is full")
        with case.session(writing=True) as session:
            assert session._connection is not instance
            assert session.one(COUNT) == before
            assert session.one("SELECT one FROM held.kept_test") == (1,)
            assert session.confined
            session.execute("DROP TABLE held.kept_test")
    assert small_case.seat().case.version() > 0


def test_threads_take_turns_and_each_is_itself(small_case):
    with hosting.hosting(small_case.directory) as host:
        seen, failed = [], []

        def look(officer):
            try:
                desk = host.desk(SignIn(0, officer, "", None, revoked=False), "OP-TEST", officer)
                desk.claim = type(desk.claim)(officer, "OP-TEST", officer)
                for _ in range(5):
                    analysing.query(desk, "SELECT 1")
                seen.append(officer)
            except Exception as error:  # noqa: BLE001 - whatever a thread raises, the test says
                failed.append(error)

        threads = [threading.Thread(target=look, args=(officer,)) for officer in ("desk", "first", "second")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert failed == []
    assert sorted(seen) == ["desk", "first", "second"]
    acted = small_case.seat()
    with acted.case.session(writing=False) as session:
        rows = session.rows("SELECT officer, count(*) FROM main.audit WHERE reason = officer GROUP BY 1 ORDER BY 1")
    assert rows == [("desk", 5), ("first", 5), ("second", 5)]
