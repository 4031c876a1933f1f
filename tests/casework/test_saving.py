"""Saved queries: kept as written, an officer's own or shared, run as any query is, and recorded without values."""

from __future__ import annotations

import json

import pytest

from stillgraph.casework import governing, saving
from stillgraph.errors import NotFound, NotPermitted, QueryRefused, WrongUse
from stillgraph.records import Role
from stillgraph.store import office

SQL = "SELECT count(*) AS n FROM stills WHERE retailer_id = 'R08' AND width_px > 10"


def record(case, count):
    with case.seat().case.session(writing=False) as session:
        return [(one.action, one.result, json.loads(one.details)) for one in office.chain(session)[-count:]]


def test_a_query_is_kept_as_written_and_run_by_its_name(small_case):
    desk = small_case.seat()
    kept = saving.save_query(desk, "  R08   stills ", SQL)
    assert (kept.name, kept.sql, kept.shared, kept.officer) == ("R08 stills", SQL, False, "desk")
    assert "R08'" not in repr(kept)
    assert saving.saved_queries(desk) == (kept,)
    assert saving.run_saved(desk, "R08 stills").to_pylist() == [{"n": 6}]
    said = record(small_case, 3)
    assert [one[:2] for one in said] == [("save query", "done"), ("view", "done"), ("query", "done")]
    assert (
        said[0][2]["sql"]
        == said[2][2]["sql"]
        == "SELECT count(*) AS n FROM stills WHERE retailer_id = ? AND width_px > ?"
    )
    assert said[2][2]["saved"] == kept.saved_id


def test_saved_again_it_takes_the_place_of_ones_own(small_case):
    desk = small_case.seat()
    saving.save_query(desk, "n", SQL)
    again = saving.save_query(desk, "n", "SELECT 1 AS one", shared=True)
    assert saving.saved_queries(desk) == (again,)
    assert saving.run_saved(desk, "n").to_pylist() == [{"one": 1}]


def test_others_have_what_is_shared_and_nothing_else_and_their_own_comes_first(small_case):
    mine, other = small_case.seat("desk"), small_case.seat("first")
    saving.save_query(mine, "private", "SELECT 1 AS n")
    shared = saving.save_query(mine, "shared", "SELECT 2 AS n", shared=True)
    assert saving.saved_queries(other) == (shared,)
    with pytest.raises(
        NotFound,
        match=r"You have no saved query of that name, and nobody shares one; `stillgraph queries list` lists them\.",
    ):
        saving.run_saved(other, "private")
    own = saving.save_query(other, "shared", "SELECT 3 AS n")
    assert saving.saved_queries(other) == (own, shared)
    assert saving.run_saved(other, "shared").to_pylist() == [{"n": 3}]
    assert saving.run_saved(mine, "shared").to_pylist() == [{"n": 2}]
    with pytest.raises(WrongUse, match=r"Another officer shares a query of that name: choose another"):
        saving.save_query(other, "shared", "SELECT 4", shared=True)


@pytest.mark.parametrize(
    ("name", "sql", "error", "why"),
    [
        (" ", "SELECT 1", WrongUse, r"A saved query has a name of 1 to 80 characters on one line"),
        ("x" * 81, "SELECT 1", WrongUse, r"A saved query has a name of 1 to 80 characters"),
        ("a\x07", "SELECT 1", WrongUse, r"on one line: give it one"),
        ("long", "SELECT 1 -- " + "x" * 20_000, WrongUse, r"at most 20,000 characters: keep this one in a file"),
        ("bad", "DELETE FROM stills", QueryRefused, r"A query is one SELECT statement"),
        ("foreign", "SELECT * FROM held.saved_queries", QueryRefused, r"reads the documented views only"),
        ("wrong", "SELECT nothing FROM stills", QueryRefused, r"DuckDB cannot run this SQL: Binder Error"),
    ],
)
def test_what_cannot_be_kept_is_refused_and_not_kept(small_case, name, sql, error, why):
    with pytest.raises(error, match=why):
        saving.save_query(small_case.seat(), name, sql)
    assert saving.saved_queries(small_case.seat()) == ()


def test_deleted_by_whoever_saved_it_or_who_supervises(small_case):
    mine, other = small_case.seat("desk"), small_case.seat("first")
    governing.add_officer(small_case.seat(), "chief", role=Role.SUPERVISOR)
    saving.save_query(mine, "a", "SELECT 1", shared=True)
    saving.save_query(mine, "b", "SELECT 1", shared=True)
    with pytest.raises(
        NotPermitted, match="A shared query is deleted by whoever saved it, a supervisor or an administrator"
    ):
        saving.delete_query(other, "a")
    saving.delete_query(small_case.seat("chief"), "a")
    saving.delete_query(mine, "b")
    assert saving.saved_queries(mine) == ()
    with pytest.raises(NotFound, match="You have no saved query of that name, and nobody shares one"):
        saving.delete_query(mine, "b")


def test_a_reviewer_runs_no_saved_query_either(small_case):
    governing.add_officer(small_case.seat(), "blind", role=Role.REVIEWER)
    saving.save_query(small_case.seat(), "scores", "SELECT score FROM candidates", shared=True)
    with pytest.raises(NotPermitted, match="To query is not for a reviewer"):
        saving.run_saved(small_case.seat("blind"), "scores")


def test_the_text_of_a_shared_query_is_shown_to_who_may_read_what_it_reads(small_case):
    desk = small_case.seat()
    for role in Role:
        governing.add_officer(desk, role.value, role=role)
    named = saving.save_query(desk, "named", "FROM nominals WHERE name = 'Example'", shared=True)
    counted = saving.save_query(desk, "counted", "SELECT count(*) AS n FROM deliveries", shared=True)
    shown = {role: saving.saved_queries(small_case.seat(role.value)) for role in Role}
    assert shown[Role.ANALYST] == shown[Role.SUPERVISOR] == (counted, named)
    assert shown[Role.REVIEWER] == shown[Role.MANAGER] == ()
    assert shown[Role.AUDITOR] == (counted,)
    # An administrator deletes what others shared, and needs no more than its name for that.
    assert [(one.name, one.sql) for one in shown[Role.ADMINISTRATOR]] == [("counted", ""), ("named", "")]
    saving.delete_query(small_case.seat("administrator"), "named")
    own = saving.save_query(small_case.seat("auditor"), "own", "SELECT count(*) AS n FROM audit")
    assert saving.saved_queries(small_case.seat("auditor")) == (counted, own)


def test_views_and_columns_are_those_a_query_may_read(small_case):
    found = saving.view_columns(small_case.seat())
    assert found["retailers"] == ("retailer_id", "retailer", "stores", "stills")
    assert not [name for name in found if name.startswith(("duckdb", "pg_", "sqlite"))]
    assert "saved_queries" not in found
