"""Searching the record: by who acted, for what, when, on which still and of which person; and taking it out as a file."""

from __future__ import annotations

import csv
import json
from datetime import timedelta

import pyarrow.parquet
import pytest

from stillgraph.casework import auditing, governing, receiving, reviewing
from stillgraph.casework.auditing import Wanted
from stillgraph.errors import NotPermitted, WrongUse
from stillgraph.governance import log
from stillgraph.records import Comparison, Role, Strength, Verdict

STILL = "R08/R08_0002.jpg"
NONE = ({"result": "refused"}, {"still": STILL[:-5]}, {"officer": "nobody"})
GOOD = Comparison("sharp", "lit", strength=Strength.MODERATE)


@pytest.fixture(scope="module")
def worked(modules_case):
    """Return a case in which two officers agreed on a person, and one supported another person of whom nobody agreed yet."""
    case = modules_case
    agreed, open_ = reviewing.queue(case.seat("first"))[:2]
    with case.seat().case.session(writing=False) as session:
        firsts = dict(
            session.rows("SELECT face_id, nominal_id FROM main.candidates WHERE rank = 1 AND face_id IN (?, ?)",
                         [agreed.face_id, open_.face_id])
        )  # fmt: skip
    for officer in ("first", "second"):
        reviewing.judge(
            case.seat(officer), agreed.face_id, Verdict.SUPPORTS, nominal_id=firsts[agreed.face_id], reason="alike",
            comparison=GOOD,
        )  # fmt: skip
    reviewing.judge(
        case.seat("first"), open_.face_id, Verdict.SUPPORTS, nominal_id=firsts[open_.face_id], reason="alike",
        comparison=GOOD,
    )  # fmt: skip
    governing.open_operation(case.seat(), "OP-OTHER", purpose="another")
    receiving.still_image(case.seat(operation="OP-OTHER"), STILL)
    return case, agreed.face_id, firsts[agreed.face_id], open_.face_id, firsts[open_.face_id]


def entries(case):
    return [line.entry for line in log.lines(case.directory)]


def found(case, **wanted):
    search = auditing.search_audit(case.seat(), Wanted(**wanted), limit=10_000)
    assert search.entries == len(search.found)
    numbers = [one.sequence for one in search.found]
    assert numbers == sorted(numbers, reverse=True)
    return set(numbers)


@pytest.mark.parametrize(
    ("wanted", "is_one"),
    [
        ({"officer": "first"}, lambda e: e.officer == "first"),
        ({"operation": "OP-OTHER"}, lambda e: e.operation == "OP-OTHER"),
        ({"action": "judge"}, lambda e: e.action == "judge"),
        ({"result": "refused"}, lambda e: e.result == "refused"),
        ({"officer": "first", "action": "judge"}, lambda e: (e.officer, e.action) == ("first", "judge")),
        ({"still": STILL}, lambda e: STILL in e.details),
        ({"still": STILL[:-5]}, lambda _: False),
        ({"officer": "nobody"}, lambda _: False),
    ],
)
def test_each_way_of_asking_finds_exactly_its_entries(worked, wanted, is_one):
    case = worked[0]
    before = entries(case)
    expected = {entry.sequence for entry in before if is_one(entry)}
    assert found(case, **wanted) == expected
    assert (not expected) == (wanted in NONE)


def test_days_are_counted_from_and_to(worked):
    case = worked[0]
    every = entries(case)
    day = every[-1].recorded_at.date()
    assert found(case, since=day - timedelta(1), until=day) >= {entry.sequence for entry in every}
    assert found(case, since=day + timedelta(1)) == set()
    assert found(case, until=day - timedelta(1)) == set()


def test_a_person_is_found_by_what_the_case_knows_to_be_of_them(worked):
    case, face, nominal, open_face, supported = worked
    judged = {e.sequence: json.loads(e.details) for e in entries(case) if e.action == "judge"}
    of_agreed = {number for number, details in judged.items() if details["face"] == face}
    of_open = {number for number, details in judged.items() if details["face"] == open_face}
    assert len(of_agreed) == 2
    assert len(of_open) == 1
    assert found(case, person=nominal, action="judge") == of_agreed
    # Nobody may learn from the record whom an officer supported before the list is settled.
    assert found(case, person=supported, action="judge") & of_open == set()
    assert found(case, person=nominal[:-1]) == set()


def test_only_the_newest_are_shown_and_all_are_counted(worked):
    case = worked[0]
    search = auditing.search_audit(case.seat(), Wanted(officer="first"), limit=2)
    assert len(search.found) == 2
    assert search.entries > 2
    assert search.found[0].sequence == max(found(case, officer="first"))
    with pytest.raises(WrongUse, match="--limit 1 or more"):
        auditing.search_audit(case.seat(), Wanted(), limit=0)


@pytest.mark.parametrize("ending", auditing.KINDS)
def test_a_file_has_the_entries_asked_for_the_oldest_first(worked, tmp_path, ending):
    case = worked[0]
    path = tmp_path / f"first{ending}"
    expected = sorted(found(case, officer="first"))
    written = auditing.export_audit(case.seat(), path, Wanted(officer="first"))
    if ending == ".csv":
        with path.open(newline="", encoding="utf-8-sig") as stream:
            rows = list(csv.DictReader(stream))
    elif ending == ".jsonl":
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    else:
        rows = pyarrow.parquet.read_table(path).to_pylist()
    assert [int(row["sequence"]) for row in rows] == expected
    assert written.entries == len(expected)
    assert {row["officer"] for row in rows} == {"first"}


def test_reading_the_record_is_on_record_and_not_for_everybody(small_case):
    governing.add_officer(small_case.seat(), "ann", role=Role.ANALYST)

    with pytest.raises(NotPermitted):
        auditing.search_audit(small_case.seat("ann"), Wanted(still=STILL))
    auditing.search_audit(small_case.seat(), Wanted(still=STILL))
    told = [(e.action, e.officer, e.result) for e in entries(small_case) if e.action == "search audit"]
    assert told == [("search audit", "ann", "refused"), ("search audit", "desk", "done")]
