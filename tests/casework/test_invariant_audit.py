"""Invariant 3 on a real case file: whatever is done to the chain behind Stillgraph's back, ``audit verify`` shows it."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import asdict, replace

import duckdb
import pytest

from stillgraph.casework import analysing, governing, searching
from stillgraph.cli.app import run
from stillgraph.errors import NotPermitted, StillgraphError, WrongUse
from stillgraph.governance import chain
from stillgraph.records import Verdict
from stillgraph.store import office

COLUMNS = {
    "recorded_at": "recorded_at + INTERVAL 1 SECOND",
    "officer": "officer || 'x'",
    "operation": "'OP-OTHER'",
    "reason": "'another reason'",
    "action": "'query'",
    "result": "CASE result WHEN 'done' THEN 'refused' ELSE 'done' END",
    "details": "'{}'",
    "previous": "repeat('0', 63) || '1'",
    "digest": "repeat('a', 64)",
}


def sql(case, *statements):
    with duckdb.connect(str(case.directory / "case.duckdb")) as connection:
        for statement in statements:
            connection.execute(statement)


def verify(case, capsys, *options):
    """Return the exit code, and what ``audit verify --json`` prints."""
    code = run(["audit", "verify", str(case.directory), "--json", *options])
    return code, json.loads(capsys.readouterr().out)


def anchors(case):
    return case.directory / chain.ANCHOR_FILE_NAME


def entries(case):
    with case.seat().case.session(writing=False) as session:
        return office.chain(session)


def test_the_chain_of_a_case_at_work_holds(small_case, capsys):
    assert run(["audit", "verify", str(small_case.directory)]) == 0
    assert capsys.readouterr().out.startswith(f"The audit chain holds: {len(entries(small_case))} entries")
    code, report = verify(small_case, capsys)
    assert (code, report["holds"], report["unanchored"]) == (0, True, 0)
    assert report["head"] == entries(small_case)[-1].digest


def test_checking_writes_nothing(small_case):
    before = (small_case.directory / "case.duckdb").read_bytes(), anchors(small_case).read_bytes()
    run(["audit", "verify", str(small_case.directory)])
    assert ((small_case.directory / "case.duckdb").read_bytes(), anchors(small_case).read_bytes()) == before


@pytest.mark.parametrize("column", COLUMNS)
def test_altering_a_field_is_seen(small_case, capsys, column):
    sql(small_case, f"UPDATE held.audit SET {column} = {COLUMNS[column]} WHERE sequence = 4")
    code, report = verify(small_case, capsys)
    assert (code, report["first_broken"]) == (1, 4)
    assert run(["audit", "verify", str(small_case.directory)]) == 1
    assert "The audit chain is broken at entry 4: " in capsys.readouterr().out


def test_removing_an_entry_is_seen(small_case, capsys):
    sql(small_case, "DELETE FROM held.audit WHERE sequence = 3")
    assert verify(small_case, capsys)[1]["first_broken"] == 3


def test_removing_an_entry_and_closing_the_gap_is_seen(small_case, capsys):
    sql(
        small_case,
        "DELETE FROM held.audit WHERE sequence = 3",
        "CREATE TABLE copy AS FROM held.audit",
        "DELETE FROM held.audit WHERE sequence > 3",
        "INSERT INTO held.audit SELECT sequence - 1, * EXCLUDE (sequence) FROM copy WHERE sequence > 3",
    )
    assert verify(small_case, capsys)[1]["first_broken"] == 3


def test_inserting_an_entry_is_seen(small_case, capsys):
    newest = len(entries(small_case))
    sql(
        small_case,
        f"INSERT INTO held.audit SELECT {newest + 1}, * EXCLUDE (sequence) FROM held.audit WHERE sequence = 5",
    )
    assert verify(small_case, capsys)[1]["first_broken"] == newest + 1


def test_swapping_two_entries_is_seen(small_case, capsys):
    sql(
        small_case,
        "CREATE TABLE copy AS FROM held.audit",
        "DELETE FROM held.audit WHERE sequence IN (3, 5)",
        "INSERT INTO held.audit SELECT 8 - sequence, * EXCLUDE (sequence) FROM copy WHERE sequence IN (3, 5)",
    )
    assert verify(small_case, capsys)[1]["first_broken"] == 3


@pytest.mark.parametrize("left", [0, 1, 5])
def test_cutting_off_the_end_is_seen(small_case, capsys, left):
    sql(small_case, f"DELETE FROM held.audit WHERE sequence > {left}")
    code, report = verify(small_case, capsys)
    assert (code, report["first_broken"]) == (1, left + 1)


def forge(case):
    """Change one entry and give all of them, and the anchors, new digests; return the anchors as they were."""
    kept = anchors(case).read_text()
    forged = []
    for old in entries(case):
        unsealed = replace(old, previous=forged[-1].digest if forged else chain.GENESIS)
        unsealed = replace(unsealed, reason="as it should have been") if old.sequence == 4 else unsealed
        forged.append(replace(unsealed, digest=chain.digest(unsealed)))
    with duckdb.connect(str(case.directory / "case.duckdb")) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("DELETE FROM held.audit")
        connection.executemany(
            f"INSERT INTO held.audit VALUES ({', '.join('?' * 12)})", [list(asdict(e).values()) for e in forged]
        )
    return kept, forged


def test_rewriting_everything_is_seen_by_the_anchors(small_case, capsys):
    forge(small_case)
    code, report = verify(small_case, capsys)
    assert (code, report["first_broken"]) == (1, 4)
    assert "rewritten" in report["problem"]


def test_rewriting_the_anchors_too_is_seen_by_the_log_and_by_a_copy_kept_elsewhere(small_case, tmp_path, capsys):
    kept, forged = forge(small_case)
    (tmp_path / "kept.jsonl").write_text(kept)
    anchors(small_case).unlink()
    for e in forged:
        chain.drop_anchor(anchors(small_case), chain.Anchor(e.sequence, e.digest), e.recorded_at)
    code, report = verify(small_case, capsys)
    assert (code, report["first_broken"]) == (1, 1)
    said = [one["says"] for one in report["problems"]]
    assert "the anchor of entry 1 was not written with the case's key" in said
    assert "entry 4 does not say the same in the log and in the case file" in said
    code, report = verify(small_case, capsys, "--anchor", str(tmp_path / "kept.jsonl"))
    assert code == 1
    found = {"entry": 4, "says": "entry 4 is not the one that was anchored: the chain has been rewritten"}
    assert found in report["problems"]


def test_a_copy_kept_elsewhere_goes_on_holding_while_work_goes_on(small_case, tmp_path, capsys):
    shutil.copy(anchors(small_case), tmp_path / "kept.jsonl")
    analysing.query(small_case.seat(), "SELECT 1")
    code, report = verify(small_case, capsys, "--anchor", str(tmp_path / "kept.jsonl"))
    assert (code, report["unanchored"]) == (0, 1)


def test_removing_the_anchors_is_seen(small_case, capsys):
    anchors(small_case).unlink()
    code, report = verify(small_case, capsys)
    assert (code, report["problem"]) == (1, "there is no anchor to hold the chain to")


def test_removing_the_chain_and_the_anchors_is_seen(small_case, capsys):
    anchors(small_case).unlink()
    sql(small_case, "DELETE FROM held.audit")
    assert verify(small_case, capsys)[0] == 1


def test_new_anchors_after_removal_hold_only_what_came_after(small_case, tmp_path, capsys):
    shutil.copy(anchors(small_case), tmp_path / "kept.jsonl")
    anchors(small_case).unlink()
    sql(small_case, "DELETE FROM held.audit WHERE sequence > 5")
    analysing.query(small_case.seat(), "SELECT 1")
    assert verify(small_case, capsys, "--anchor", str(tmp_path / "kept.jsonl"))[1]["first_broken"] == 6


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("UPDATE held.judgements SET nominal_id = 'N834846' WHERE sequence = 1", "judgement 1, .* has been altered"),
        ("UPDATE held.judgements SET officer_id = 'third' WHERE sequence = 1", "judgement 1, .* has been altered"),
        ("UPDATE held.judgements SET reason = 'another' WHERE sequence = 2", "judgement 2, .* has been altered"),
        ("UPDATE held.judgements SET simulated = NOT simulated WHERE sequence = 2", "judgement 2, .* has been altered"),
        ("DELETE FROM held.judgements WHERE sequence = 1", "judgement 1, .* is no longer there"),
        ("DELETE FROM held.judgements", "judgement 1, .* is no longer there"),
        (
            "INSERT INTO held.judgements SELECT 3, * EXCLUDE (sequence) FROM held.judgements WHERE sequence = 2",
            "no entry records judgement 3",
        ),
    ],
)
def test_a_judgement_altered_removed_or_slipped_in_is_seen(small_case, capsys, statement, problem):
    for officer in ("first", "second"):
        small_case.judge(officer, "R08/R08_0002.jpg#1", "N314959", reason="scar")
    assert verify(small_case, capsys)[0] == 0
    sql(small_case, statement)
    code, report = verify(small_case, capsys)
    assert code == 1
    assert re.search(problem, report["problem"])


def test_a_torn_last_anchor_is_a_crash_and_no_tampering(small_case, capsys):
    with anchors(small_case).open("ab") as file:
        file.write(b'{"sequence": 99, "dig')
    code, report = verify(small_case, capsys)
    assert (code, report["unanchored"]) == (0, 0)
    analysing.query(small_case.seat(), "SELECT 1")
    code, report = verify(small_case, capsys)
    assert (code, report["unanchored"]) == (0, 0)


def test_an_anchor_file_cut_after_it_was_left_whole_is_seen(small_case, capsys):
    anchors(small_case).write_bytes(anchors(small_case).read_bytes()[:-30])
    code, report = verify(small_case, capsys)
    assert (code, report["first_broken"]) == (1, report["entries"])
    assert report["problem"] == "audit.anchors.jsonl was cut: it is shorter than it was left"


def test_a_garbled_anchor_file_is_said_to_be_one(small_case, capsys):
    lines = anchors(small_case).read_bytes().split(b"\n")
    anchors(small_case).write_bytes(b"\n".join([lines[0], b"\xff\xfe", *lines[2:]]))
    assert run(["audit", "verify", str(small_case.directory)]) == 1
    assert "Line 2 of the anchor file audit.anchors.jsonl cannot be read; use a copy" in capsys.readouterr().out


def test_a_copy_that_is_not_there_is_wrong_use(small_case, tmp_path):
    with pytest.raises(WrongUse, match=r"There is no anchor file .*none\.jsonl; give the file kept as --anchor FILE"):
        governing.verify_audit(small_case.directory, anchor_file=tmp_path / "none.jsonl")


# --- what is recorded ----------------------------------------------------------------------------------------------


def test_an_action_that_fails_leaves_its_entry_and_nothing_else(small_case, monkeypatch):
    def fails(*_, **__):
        raise RuntimeError("Ben Wray")

    before = entries(small_case)
    monkeypatch.setattr("stillgraph.review.ruling", fails)
    with pytest.raises(RuntimeError):
        small_case.judge("first", "R08/R08_0002.jpg#1", Verdict.NO_CANDIDATE)
    *earlier, last = entries(small_case)
    assert earlier == before
    assert (last.officer, last.action, last.result) == ("first", "judge", "failed")
    assert json.loads(last.details)["why"] == "RuntimeError", "what kind it was, not what it said"
    with small_case.seat().case.session(writing=False) as session:
        assert session.one("SELECT count(*) FROM held.judgements") == (0,)


def test_a_request_that_cannot_be_carried_out_is_recorded_as_failed(small_case):
    with pytest.raises(StillgraphError, match="There is no still R99/none"):
        searching.search(small_case.seat(), stills=["R99/none.jpg"])
    last = entries(small_case)[-1]
    assert (last.action, last.result) == ("search", "failed")
    assert "R99/none.jpg" in json.loads(last.details)["why"]


def test_a_refused_query_is_recorded_as_refused(small_case):
    with pytest.raises(StillgraphError, match="documented views only"):
        analysing.query(small_case.seat(), "SELECT * FROM held.officers WHERE name = 'Ben Wray'")
    last = entries(small_case)[-1]
    assert (last.action, last.result) == ("query", "refused")
    assert json.loads(last.details)["sql"] == "SELECT * FROM held.officers WHERE name = ?"


def test_an_attempt_with_words_of_all_kinds_is_recorded_as_it_was(small_case):
    for nasty in ("O'Neill", "'); DROP TABLE held.audit; --", '"}', "naïve\n\u2028", "?$1"):
        with pytest.raises(NotPermitted):
            analysing.query(small_case.seat(officer=nasty, operation=nasty, reason=nasty), "SELECT 1")
        last = entries(small_case)[-1]
        assert (last.officer, last.operation, last.reason) == (nasty, nasty, nasty)
    assert governing.verify_audit(small_case.directory).holds
