"""A server keeps a case: commands work by its address as they do by its directory, and it ends in order."""

from __future__ import annotations

import json

import pytest

from stillgraph.casework import analysing, governing, reviewing, signing_in
from stillgraph.casework.wire import place
from stillgraph.errors import CaseInUse, NotPermitted, QueryRefused
from stillgraph.records import Comparison, Role, Verdict
from stillgraph.store import CaseFile


@pytest.mark.parametrize("by_directory", [False, True])
def test_commands_work_by_the_servers_address_as_by_the_directory(served, by_directory) -> None:
    case = str(served.directory) if by_directory else served.url
    asked = served.run("ann", "query", "CASE", "SELECT count(*) AS stills FROM stills", "--json", case=case)
    assert (asked.returncode, json.loads(asked.stdout)) == (0, [{"stills": 6}]), asked.stderr


def test_a_search_and_a_review_go_through_the_server(served) -> None:
    still = analysing.query(served.seat("ann"), "SELECT still_id FROM stills ORDER BY 1")["still_id"][0]
    found = json.loads(served.run("ann", "search", "CASE", "--still", still, "--limit", "3", "--json").stdout)
    assert len(found["probes"][0]["candidates"]) == 3
    desk = served.seat("rev")
    item = reviewing.queue(desk)[0]
    reviewing.judge(desk, item.face_id, Verdict.INCONCLUSIVE, comparison=Comparison("in focus", "frontal"))
    assert [j.officer for j in reviewing.history(desk, item.face_id)] == ["rev"]


def test_what_is_returned_is_what_the_case_itself_returns(served, modules_case) -> None:
    sql = "SELECT still_id, captured_at, faces, searched FROM stills ORDER BY still_id"
    here, there = analysing.query(modules_case.seat(), sql), analysing.query(served.seat("ann"), sql)
    assert there.equals(here)
    assert (there.dtypes == here.dtypes).all()


def test_sql_reads_the_documented_views_only(served) -> None:
    with pytest.raises(QueryRefused, match="documented views only"):
        analysing.query(served.seat("ann"), "SELECT * FROM held.settings")


def test_an_officer_acts_as_nobody_but_themselves(served) -> None:
    with pytest.raises(NotPermitted, match="another officer"):
        analysing.query(served.seat("ann", named="desk"), "SELECT 1")
    tried = analysing.query(
        served.seat("ann"), "SELECT officer FROM audit WHERE details::VARCHAR LIKE '%claimed%' ORDER BY sequence"
    )
    assert list(tried["officer"]) == ["ann"]


def test_an_officer_without_a_role_does_nothing_in_team_mode(served) -> None:
    with pytest.raises(NotPermitted, match="needs a role"):
        analysing.query(served.seat("lee"), "SELECT 1")


def test_a_token_that_is_taken_back_ends_what_is_open(served) -> None:
    admin = served.seat("desk")
    governing.add_officer(admin, "temp", role=Role.ANALYST)
    served.tokens["temp"] = signing_in.issue_token(admin, "temp").token
    open_still = served.seat("temp")
    assert len(analysing.query(open_still, "SELECT 1")) == 1
    signing_in.revoke_tokens(admin, "temp")
    with pytest.raises(NotPermitted, match="taken back"):
        analysing.query(open_still, "SELECT 1")


def test_the_server_ends_in_order_and_its_note_goes(small_case, serve) -> None:
    running = serve(small_case.directory)
    assert place.server_of(small_case.directory) == running.url
    with pytest.raises(CaseInUse, match="Stillgraph server at"):
        CaseFile.open(small_case.directory)
    assert running.end() == 0
    assert place.noted(small_case.directory) is None
    assert not small_case.directory.joinpath("case.duckdb.wal").exists()
    assert governing.verify_audit(small_case.directory).holds


def test_what_a_killed_server_left_counts_for_nothing(small_case, serve) -> None:
    running = serve(small_case.directory)
    running.process.kill()
    running.process.wait()
    assert place.noted(small_case.directory) is not None
    assert len(analysing.query(small_case.seat(), "SELECT 1")) == 1
