"""Retention: exactly what is due and not held goes, all of it everywhere, and nothing of it is found afterwards."""

from __future__ import annotations

import base64
import csv
import importlib.util
import json
import shutil
import signal
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stillgraph.casework import (
    alike,
    applications,
    asking,
    enrolling,
    governing,
    holding,
    linking,
    packing,
    ranking,
    receiving,
    retention,
    retention_rules,
    saving,
    searching,
    subject_access,
    take_seat,
    uploading,
)
from stillgraph.cli.app import run
from stillgraph.errors import CaseInUse, NoRule, NotFound, NotPermitted, WrongUse
from stillgraph.governance.permits import Action
from stillgraph.records import AtEnd, FaceId, NominalId, PersonId, RecordKind, RetailerId, Role, StillId
from stillgraph.store import galleries

_spec = importlib.util.spec_from_file_location("erased", Path(__file__).with_name("erased.py"))
erased = importlib.util.module_from_spec(_spec)
sys.modules["erased"] = erased
_spec.loader.exec_module(erased)

RULES = Path(__file__).resolve().parents[2] / "data" / "reference" / "retention.csv"
FAR = date(2098, 1, 1)


def images_of(case):
    with case.seat().case.session(writing=False) as session:
        return dict(session.rows("SELECT custody_image_id, nominal_id FROM held.custody_images ORDER BY 1"))


def stills_of(case):
    with case.seat().case.session(writing=False) as session:
        return [row[0] for row in session.rows("SELECT still_id FROM held.stills ORDER BY 1")]


def set_review(case, days, table="custody_images", column="custody_image_id"):
    """Let records be due on some days, as custody, or an officer, would have set them."""
    with case.seat().found(Action.SET_RETENTION, "desk") as deed:
        for record, day in days.items():
            deed.session.execute(
                f"UPDATE held.{table} SET review_due = ?, review_set_by = 'desk' WHERE {column} = ?", [day, record]
            )
        if table == "custody_images":
            galleries.changed(deed.session, list(days))


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def write_rows(path, rows):
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def some_rules(tmp_path, *, without=(), change=None):
    rows = [row for row in rows_of(RULES) if row["kind"] not in without]
    for row in rows:
        row.update((change or {}).get(row["kind"], {}))
    return write_rows(tmp_path / "own.csv", rows)


# --- what is due -----------------------------------------------------------------------------------------------------


@settings(max_examples=4, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(data=st.data())
def test_exactly_what_is_past_its_review_is_due_and_what_is_held_says_so(modules_case, data):
    case = modules_case
    days = st.integers(-20, 20).map(lambda n: date(2026, 6, 15) + timedelta(n))
    images, stills = images_of(case), stills_of(case)
    custody = {image: data.draw(days) for image in images}
    seen = {still: data.draw(days) for still in stills}
    set_review(case, custody)
    set_review(case, seen, "stills", "still_id")
    on = data.draw(days)
    held_nominals = data.draw(st.sets(st.sampled_from(sorted(set(images.values()))), max_size=3))
    held_stills = data.draw(st.sets(st.sampled_from(stills), max_size=2))
    placed = [one for who in held_nominals for one in holding.hold(case.seat(), nominal=NominalId(who), because="t")]
    placed += [one for still in held_stills for one in holding.hold(case.seat(), still=StillId(still), because="t")]
    report = retention.due(case.seat(), on)
    found = {one.id: one for one in report.due if one.kind in {RecordKind.CUSTODY_IMAGE, RecordKind.STILL}}
    assert set(found) == {i for i, day in custody.items() if day <= on} | {s for s, day in seen.items() if day <= on}
    assert {i for i, one in found.items() if one.held} == (
        {i for i in found if images.get(i) in held_nominals} | (held_stills & set(found))
    )
    assert all(found[record].due_on == day for record, day in {**custody, **seen}.items() if record in found)
    for hold in placed:
        holding.release(case.seat(), hold.hold_id, because="test over")


def test_stills_are_due_by_what_they_are_and_follow_when_rules_change(small_case, tmp_path):
    with small_case.seat().case.session(writing=False) as session:
        rows = session.rows("SELECT captured_at::DATE, review_due FROM held.stills")
    assert all(due.year - captured.year in {1, 2} for captured, due in rows)
    change = {"still": {"keep_for": "P10Y"}}
    report = retention_rules.replace(small_case.seat(), some_rules(tmp_path, change=change))
    assert report.dates_changed == len(rows)
    assert report.set_by == "desk"
    with small_case.seat().case.session(writing=False) as session:
        rows = session.rows("SELECT captured_at::DATE, review_due FROM held.stills")
    assert all(due.year - captured.year == 10 for captured, due in rows)


def test_a_rule_counted_from_capture_brings_custody_s_date_forward_and_never_back(small_case, tmp_path):
    change = {"custody image": {"counted_from": "capture", "keep_for": "P6Y"}}
    retention_rules.replace(small_case.seat(), some_rules(tmp_path, change=change))
    with small_case.seat().case.session(writing=False) as session:
        rows = session.rows("SELECT captured_on, review_due FROM held.custody_images")
    assert rows
    assert all(due.year - captured.year == 6 for captured, due in rows)
    searching.search(small_case.seat(), stills=[StillId(stills_of(small_case)[0])], past_review=True)


def test_what_is_to_be_reviewed_is_listed_and_waits_for_an_officer(small_case, tmp_path):
    image = next(iter(images_of(small_case)))
    set_review(small_case, {image: date(2020, 1, 1)})
    retention_rules.replace(small_case.seat(), some_rules(tmp_path, change={"custody image": {"at_end": "review"}}))
    report = retention.apply(small_case.seat(), date(2026, 1, 1))
    assert [(one.id, one.at_end) for one in report.due] == [(image, AtEnd.REVIEW)]
    assert report.erasure is None
    retention.keep(small_case.seat(), RecordKind.CUSTODY_IMAGE, image, until=FAR, because="still wanted")
    assert retention.due(small_case.seat(), date(2026, 1, 1)).due == ()


@pytest.mark.parametrize(
    ("asked", "match"),
    [
        ({"because": " "}, "needs a reason"),
        ({"until": date(2020, 1, 1)}, "must lie ahead"),
        ({"kind": RecordKind.RANKING}, "has no review date of its own"),
        ({"record": "N0/none.jpg"}, "There is no custody image N0/none.jpg"),
    ],
)
def test_a_record_is_not_kept_beyond_its_review_without_ground(modules_case, asked, match):
    said = {"kind": RecordKind.CUSTODY_IMAGE, "record": "N0/none.jpg", "until": FAR, "because": "b"} | asked
    with pytest.raises(WrongUse, match=match):
        retention.keep(modules_case.seat(), said.pop("kind"), said.pop("record"), **said)


# --- no rule, no record ----------------------------------------------------------------------------------------------


STORES = {
    "still": lambda case, tmp: receiving.receive(case.seat(), tmp / "m.csv", retailer_id=RetailerId("R08")),
    "custody image": lambda case, tmp: enrolling.enrol(case.seat(), tmp / "m.csv"),
    "search": lambda case, tmp: searching.search(case.seat(), unsearched=True),
    "ranking": lambda case, tmp: ranking.ranking(case.seat()),
    "saved query": lambda case, tmp: saving.save_query(case.seat(), "one", "SELECT 1"),
    "upload": lambda case, tmp: uploading.keep(case.seat(), [("manifest.csv", b"image\n")]),
    "export": lambda case, tmp: packing.write(case.seat(), tmp / "pack.json"),
    "judgement": lambda case, tmp: case.judge("first", "R08/none#1", "N1"),
}


@pytest.mark.parametrize("kind", STORES)
def test_a_kind_of_record_without_a_rule_cannot_be_stored(small_case, tmp_path, kind):
    retention_rules.replace(small_case.seat(), some_rules(tmp_path, without=(kind,)))
    assert kind in map(str, retention_rules.show(small_case.seat()).without_rule)
    with pytest.raises(NoRule, match=f"no retention rule for the kind of record '{kind}'"):
        STORES[kind](small_case, tmp_path)


def test_a_custody_row_of_a_status_without_a_rule_is_refused_and_the_others_are_not(small_inputs, tmp_path):
    case = tmp_path / "new"
    governing.create_case(case)
    seat = take_seat(case, officer="desk", operation="OP", reason="r")
    governing.add_officer(seat, "desk")
    governing.open_operation(seat, "OP", purpose="p")
    rows = [row for row in rows_of(RULES) if row["kind"] != "custody image" or row["status"] == "convicted"]
    retention_rules.replace(seat, write_rows(tmp_path / "own.csv", rows))
    shutil.copytree(small_inputs / "custody", tmp_path / "custody")
    people = rows_of(tmp_path / "custody" / "manifest.csv")[:4]
    people[1]["conviction_status"] = "under investigation"
    report = enrolling.enrol(seat, write_rows(tmp_path / "custody" / "manifest.csv", people))
    assert report.accepted == 3
    assert [one.line for one in report.refused] == [3]
    assert "no retention rule for this conviction status" in report.refused[0].reason


# --- deleting --------------------------------------------------------------------------------------------------------


def two_to_delete(case):
    """Let one nominal with all images and one still be due; return their ids."""
    images = images_of(case)
    nominal = min(set(images.values()))
    theirs, still = [i for i, who in images.items() if who == nominal], stills_of(case)[0]
    set_review(case, dict.fromkeys(theirs, date(2020, 1, 1)))
    set_review(case, {still: date(2020, 1, 1)}, "stills", "still_id")
    return nominal, theirs, still


def test_nothing_of_what_was_deleted_is_found_anywhere(small_case, tmp_path):
    case, seat = small_case.directory, small_case.seat()
    nominal, images, still = two_to_delete(small_case)
    alike.alike(seat, still=StillId(stills_of(small_case)[1]))
    traces = erased.Traces.of(case, images=images, stills=[still], nominals=[nominal])
    with seat.case.session(writing=False) as session:
        name = session.one("SELECT name FROM held.nominals WHERE nominal_id = ?", [nominal])[0]
    saving.save_query(seat, "whom", f"SELECT * FROM nominals WHERE name = '{name}'")
    saving.save_query(seat, "other", "SELECT count(*) FROM nominals")
    picture = base64.b64encode(traces.images[0]).decode()
    book = {"nbformat": 4, "nbformat_minor": 5, "metadata": {"widgets": {"state": {}}}, "cells": [
        {"cell_type": "code", "id": "a", "metadata": {}, "source": "1", "execution_count": 3,
         "outputs": [{"output_type": "display_data", "metadata": {}, "data": {"image/png": picture, "text/plain": name}}]},
        {"cell_type": "markdown", "id": "b", "metadata": {}, "source": "# notes"},
    ]}  # fmt: skip
    (case / "notebooks" / ".ipynb_checkpoints").mkdir(parents=True)
    for place in ("mine.ipynb", ".ipynb_checkpoints/mine-checkpoint.ipynb"):
        (case / "notebooks" / place).write_text(json.dumps(book), encoding="utf-8")
    upload = uploading.keep(seat, [("manifest.csv", b"image\nx.jpg\n"), ("x.jpg", traces.images[-1])])
    before = traces.left(case)
    assert {what for _, what in before} >= {"image", "image in base64", "template, float32", "name"}
    report = retention.apply(seat, date(2026, 1, 1))
    assert report.erasure.left == 0
    assert report.erasure.found == ()
    assert traces.left(case) == []
    kept_records = {("erased_records", "record_id"), ("audit", "details"), ("judgements", "nominal_id"),
                    ("gallery_changes", "custody_image_id"), ("alike_searches", "face_id"), ("deals", "face_id")}  # fmt: skip
    words = [name, nominal, *images, still]
    assert {(t, c) for t, c, _ in erased.left_in_tables(case, words)} <= kept_records
    assert [one.name for one in saving.saved_queries(seat)] == ["other"]
    assert json.loads((case / "notebooks" / "mine.ipynb").read_text())["cells"][1]["source"] == "# notes"
    assert (case / "uploads" / upload.upload_id / "manifest.csv").exists()
    assert governing.verify_audit(case).holds
    found = searching.search(seat, stills=[StillId(stills_of(small_case)[0])], past_review=True)
    assert found.gallery.size == len(images_of(small_case))
    assert nominal not in {c.nominal_id for probe in found.probes for c in probe.candidates}
    assert retention.due(seat, date(2026, 1, 1)).due == ()


def test_a_name_that_nobody_should_have_written_down_is_said_to_be_left(small_case):
    nominal, _, _ = two_to_delete(small_case)
    with small_case.seat().case.session(writing=False) as session:
        name = session.one("SELECT name FROM held.nominals WHERE nominal_id = ?", [nominal])[0]
    searching.search(small_case.seat(reason=f"looking for {name}"), stills=[StillId(stills_of(small_case)[1])])
    (small_case.directory / "notes.txt").write_text(f"ask {name}", encoding="utf-8")
    report = retention.apply(small_case.seat(), date(2026, 1, 1))
    places = {one.place for one in report.erasure.found}
    assert report.erasure.left == len(report.erasure.found) > 0
    assert {"notes.txt", "case file: audit, reason", "case file: searches, reason"} <= places


def test_an_export_is_deleted_where_it_lies_as_written_and_else_listed(small_case, tmp_path):
    seat = small_case.seat()
    nominal, _, _ = two_to_delete(small_case)
    for name in ("as written.json", "changed.html", "moved.pdf"):
        subject_access.write(seat, tmp_path / name, nominal=NominalId(nominal))
    other = next(who for who in images_of(small_case).values() if who != nominal)
    subject_access.write(seat, tmp_path / "other.json", nominal=NominalId(other))
    (tmp_path / "changed.html").write_text("signed", encoding="utf-8")
    (tmp_path / "moved.pdf").rename(tmp_path / "sent.pdf")
    report = retention.apply(seat, date(2026, 1, 1))
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == [
        "changed.html",
        "other.json",
        "sent.pdf",
    ]
    assert {Path(one.place).name: one.why for one in report.erasure.outside} == {
        "changed.html": "changed since it was written, so not deleted",
        "moved.pdf": "not where it was written any more",
    }


def test_tables_networks_and_pictures_that_may_hold_a_person_are_deleted_with_them(small_case, tmp_path):
    case = small_case.directory
    two_to_delete(small_case)
    goes, stays = stills_of(small_case)[:2]
    names = ("r.csv", "q.parquet", "s.parquet", "n.graphml", "goes.png", "stays.png", "gephi")
    out = {name: tmp_path / name for name in names}
    commands = [
        ["rank", case, "--draws", "20", "--csv", out["r.csv"]],
        ["query", case, "SELECT * FROM nominals", "--format", "parquet", "--out", out["q.parquet"]],
        ["queries", "save", case, "everybody", "SELECT * FROM nominals"],
        ["query", case, "--saved", "everybody", "--format", "parquet", "--out", out["s.parquet"]],
        ["network", case, "--export", out["n.graphml"], "--gephi", out["gephi"]],
        ["enhance", case, "--still", goes, "--step", "gamma 1.2", "--preview", "--out", out["goes.png"]],
        ["enhance", case, "--still", stays, "--step", "gamma 1.2", "--out", out["stays.png"]],
    ]
    for words in commands:
        assert run([*map(str, words), "--officer", "desk", "--operation", "OP-TEST", "--reason", "test"]) == 0
    assert all(path.exists() for path in out.values())
    erasure = retention.apply(small_case.seat(), date(2026, 1, 1)).erasure
    assert erasure.outside == ()
    left = {
        str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file() and case not in path.parents
    }
    assert left == {"stays.png"}
    assert governing.verify_audit(case).holds


def test_a_backup_that_holds_what_was_deleted_is_listed_until_it_is_removed(small_case, tmp_path):
    from stillgraph.casework import backing_up

    two_to_delete(small_case)
    backing_up.backup(small_case.seat(), tmp_path / "kept.sgbackup", check=False)
    report = retention.apply(small_case.seat(), date(2026, 1, 1))
    (outside,) = [one for one in report.erasure.outside if one.what.startswith("backup")]
    assert outside.place.endswith("kept.sgbackup")
    assert "to be removed by" in outside.why


def test_a_person_who_was_corroborated_keeps_links_by_id_and_nothing_else(demo_case, tmp_path):
    case = tmp_path / "case"
    shutil.copytree(demo_case, case)
    seat = take_seat(case, officer="analyst-1", operation="OP-DEMO", reason="test")
    with seat.case.session(writing=False) as session:
        nominal, name = session.one(
            "SELECT nominal_id, name FROM main.nominals JOIN main.persons USING (nominal_id) WHERE status = 'corroborated' "
            "ORDER BY offences DESC, nominal_id LIMIT 1"
        )
        images = [
            r[0]
            for r in session.rows("SELECT custody_image_id FROM held.custody_images WHERE nominal_id = ?", [nominal])
        ]
        reviews = session.one("SELECT count(*) FROM main.reviews WHERE outcome = 'corroborated'")
    traces = erased.Traces.of(case, images=images, nominals=[nominal])
    taken = applications.take(seat, NominalId(nominal), received_on=date(2026, 1, 1), ground="acquitted")
    decided = applications.grant(seat, taken.application.application_id, because="no purpose")
    assert decided.erasure.left == 0
    assert traces.left(case) == []
    with seat.case.session(writing=False) as session:
        assert session.one("SELECT count(*) FROM main.reviews WHERE outcome = 'corroborated'") == reviews
        assert session.one("SELECT count(*) FROM main.persons WHERE nominal_id = ?", [nominal]) == (1,)
        assert session.rows("SELECT * FROM main.nominals WHERE nominal_id = ?", [nominal]) == []
        assert session.rows("SELECT * FROM main.arrests WHERE nominal_id = ?", [nominal]) == []
    linking.link(seat)
    packing.write(seat, tmp_path / "pack.html", top=5)
    assert name not in (tmp_path / "pack.html").read_text(encoding="utf-8")
    assert asking.around(seat, [PersonId(nominal)]) is not None
    assert governing.verify_audit(case).holds


def test_an_encrypted_case_is_deleted_from_and_stays_encrypted(small_inputs, tmp_path):
    case = tmp_path / "sealed"
    governing.create_case(case, encrypt=True)
    seat = take_seat(case, officer="desk", operation="OP", reason="r")
    governing.add_officer(seat, "desk")
    governing.open_operation(seat, "OP", purpose="p")
    enrolling.enrol(seat, small_inputs / "custody" / "manifest.csv")
    report = retention.apply(seat, date(2099, 12, 31))
    assert report.erasure.left == 0
    assert len([one for one in report.erasure.deleted if one.kind is RecordKind.CUSTODY_IMAGE]) == len(report.due) > 0
    assert not list((case / "images").glob("*/*"))
    assert b"convicted" not in (case / "case.duckdb").read_bytes()
    again = take_seat(case, officer="desk", operation="OP", reason="r")
    assert retention.due(again, date(2099, 12, 31)).due == ()
    assert governing.verify_audit(case).holds


def test_what_has_the_case_open_here_is_told_and_the_next_opening_finishes(small_case):
    _, images, still = two_to_delete(small_case)
    traces = erased.Traces.of(small_case.directory, images=images, stills=[still])
    desk = small_case.seat()
    with desk.sitting(), pytest.raises(CaseInUse, match="open in this process"):
        retention.apply(desk, date(2026, 1, 1))
    assert (small_case.directory / "erasing.json").exists()
    small_case.seat()
    assert not (small_case.directory / "erasing.json").exists()
    assert traces.left(small_case.directory) == []


# --- kill -9 ---------------------------------------------------------------------------------------------------------

KILLED = """
import os, signal, sys
from datetime import date
from pathlib import Path
from stillgraph.casework import desk, erasing, indexing, retention, scanning, take_seat
from stillgraph.store import casefile, rewriting

def dies(owner, name, *, before, calls=1):
    plain, seen = getattr(owner, name), []
    def deadly(*arguments, **options):
        seen.append(1)
        if before and len(seen) == calls:
            os.kill(os.getpid(), signal.SIGKILL)
        result = plain(*arguments, **options)
        if not before and len(seen) == calls:
            os.kill(os.getpid(), signal.SIGKILL)
        return result
    setattr(owner, name, deadly)

case, when = sys.argv[1:]
seat = take_seat(case, officer="desk", operation="OP-TEST", reason="retention")
{
    "marked, not committed": lambda: dies(erasing, "mark", before=False),
    "committed, nothing removed": lambda: dies(erasing, "remove", before=True),
    "one file removed": lambda: dies(Path, "unlink", before=False),
    "images removed, not the index": lambda: dies(indexing, "bring_along", before=True),
    "copied, not in place": lambda: dies(rewriting, "_check_alike", before=False),
    "in place, not looked for": lambda: dies(scanning, "tables", before=True),
    "looked for, not told": lambda: dies(erasing, "done", before=True),
}[when]()
retention.apply(seat, date(2026, 1, 1))
"""

EARLY = ("marked, not committed",)
LATE = ("committed, nothing removed", "copied, not in place")
OTHERS = ("one file removed", "images removed, not the index", "in place, not looked for", "looked for, not told")


def killed(case, when):
    _, images, still = two_to_delete(case)
    traces = erased.Traces.of(case.directory, images=images, stills=[still])
    rows = len(images_of(case)), len(stills_of(case))
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(case.directory), when], capture_output=True, text=True, check=False
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    report = governing.verify_audit(case.directory)
    assert report.holds, report.problem
    assert any("cut short" in note for note in report.notes) == (when not in EARLY)
    seat = case.seat()
    assert not (case.directory / "erasing.json").exists()
    assert not list(case.directory.glob(".rewritten-*"))
    assert governing.verify_audit(case.directory).holds
    gone = (len(images_of(case)), len(stills_of(case))) != rows
    if gone:
        assert traces.left(case.directory) == []
        assert (len(images_of(case)), len(stills_of(case))) == (rows[0] - len(images), rows[1] - 1)
    else:
        assert {what for _, what in traces.left(case.directory)} >= {"image", "template, float32"}
        assert retention.apply(seat, date(2026, 1, 1)).erasure.left == 0
        assert traces.left(case.directory) == []
    found = searching.search(case.seat(), stills=[StillId(stills_of(case)[0])], past_review=True)
    assert found.gallery.size == len(images_of(case))
    return gone


@pytest.mark.parametrize("when", EARLY + LATE)
def test_killed_at_any_point_all_of_it_is_deleted_or_nothing(small_case, when):
    assert killed(small_case, when) == (when not in EARLY)


@pytest.mark.chaos
@pytest.mark.parametrize("when", OTHERS)
def test_killed_at_other_points_too(small_case, when):
    assert killed(small_case, when)


# --- holds, applications, access -------------------------------------------------------------------------------------


def test_a_hold_keeps_what_is_due_until_it_is_released(small_case):
    nominal, images, still = two_to_delete(small_case)
    (hold,) = holding.hold(small_case.seat(), nominal=NominalId(nominal), because="trial", until=FAR)
    report = retention.apply(small_case.seat(), date(2026, 1, 1))
    assert [one.id for one in report.erasure.deleted] == [still]
    assert {one.id: one.held for one in report.due if one.held} == dict.fromkeys(images, f"legal hold {hold.hold_id}")
    assert set(images) <= set(images_of(small_case))
    taken = applications.take(small_case.seat(), NominalId(nominal), received_on=date(2026, 1, 1), ground="g")
    assert taken.held
    with pytest.raises(WrongUse, match="A legal hold keeps images"):
        applications.grant(small_case.seat(), taken.application.application_id, because="b")
    holding.release(small_case.seat(), hold.hold_id, because="over")
    assert retention.apply(small_case.seat(), date(2026, 1, 1)).erasure.left == 0
    assert not set(images) & set(images_of(small_case))
    with pytest.raises(WrongUse, match="was released before"):
        holding.release(small_case.seat(), hold.hold_id, because="over")


@pytest.mark.parametrize(
    ("asked", "error", "match"),
    [
        ({"because": "b"}, WrongUse, "Say what is held"),
        ({"nominal": NominalId("N1"), "still": StillId("s"), "because": "b"}, WrongUse, "one of the three"),
        ({"nominal": NominalId("N1"), "because": ""}, WrongUse, "needs a reason"),
        ({"nominal": NominalId("N1"), "because": "b"}, NotFound, "There is no nominal record N1"),
        ({"person": PersonId("unknown 999"), "because": "b"}, NotFound, "There is no person unknown 999"),
        ({"still": StillId("s"), "because": "b", "until": date(2020, 1, 1)}, WrongUse, "cannot end before"),
    ],
)
def test_a_hold_is_of_one_thing_that_is_there_for_a_reason(modules_case, asked, error, match):
    with pytest.raises(error, match=match):
        holding.hold(modules_case.seat(), **asked)


def test_only_supervisors_and_administrators_hold_and_only_supervisors_delete(small_case):
    for role in (Role.ANALYST, Role.SUPERVISOR, Role.AUDITOR):
        governing.add_officer(small_case.seat(), str(role), role=role)
    still = StillId(stills_of(small_case)[0])
    for role in ("analyst", "auditor"):
        with pytest.raises(NotPermitted, match="for a supervisor to decide"):
            holding.hold(small_case.seat(role), still=still, because="b")
        with pytest.raises(NotPermitted, match="for a supervisor to decide"):
            retention.apply(small_case.seat(role), date(2026, 1, 1)) if role == "auditor" else applications.refuse(
                small_case.seat(role), 1, because="b"
            )
    assert holding.hold(small_case.seat("supervisor"), still=still, because="b")
    assert retention.due(small_case.seat("auditor"), date(2000, 1, 1)).due == ()


def test_deleting_is_presumed_of_the_unconvicted_and_a_refusal_states_the_purpose(small_case):
    free, done = sorted(set(images_of(small_case).values()))[:2]
    with small_case.seat().case.session(writing=True) as session:
        session.execute(
            "UPDATE held.custody_images SET conviction_status = 'not convicted' WHERE nominal_id = ?", [free]
        )
    seat = small_case.seat()
    presumed = applications.take(seat, NominalId(free), received_on=date(2026, 1, 1), ground="not charged")
    convicted = applications.take(seat, NominalId(done), received_on=date(2026, 1, 1), ground="long ago")
    assert (presumed.presumption, convicted.presumption) == (True, False)
    assert convicted.may_apply_from > presumed.may_apply_from or convicted.may_apply_from.year > 2000
    number = presumed.application.application_id
    later = datetime.now(UTC).date() + timedelta(400)
    with pytest.raises(WrongUse, match="deleting is presumed"):
        applications.refuse(seat, number, because="b", next_review=later)
    with pytest.raises(WrongUse, match="day of the next review"):
        applications.refuse(seat, number, because="b", purpose="p")
    with pytest.raises(WrongUse, match="states its reason"):
        applications.refuse(seat, number, because=" ", purpose="p", next_review=later)
    refused = applications.refuse(seat, number, because="b", purpose="linked series under inquiry", next_review=later)
    assert (refused.application.outcome, refused.application.next_review) == ("refused", later)
    with seat.case.session(writing=False) as session:
        days = session.rows("SELECT DISTINCT review_due FROM held.custody_images WHERE nominal_id = ?", [free])
    assert days == [(later,)]
    with pytest.raises(WrongUse, match="was decided before: refused"):
        applications.grant(seat, number, because="b")
    with pytest.raises(NotFound, match="There is no application 99"):
        applications.grant(seat, 99, because="b")
    granted = applications.grant(seat, convicted.application.application_id, because="period over")
    assert granted.erasure.left == 0
    assert granted.application.ground == "removed with the records"
    assert done not in set(images_of(small_case).values())
    assert [one.application.outcome for one in applications.applications(seat)] == ["refused", "deleted"]


@pytest.mark.parametrize("form", ["html", "json", "pdf"])
def test_a_subject_access_report_tells_of_one_person_and_of_nobody_else(demo_case, tmp_path, form):
    case = tmp_path / "case"
    shutil.copytree(demo_case, case)
    seat = take_seat(case, officer="analyst-1", operation="OP-DEMO", reason="test")
    with seat.case.session(writing=False) as session:
        nominal, name = session.one("SELECT nominal_id, name FROM main.nominals JOIN main.persons USING (nominal_id) "
                                    "WHERE status = 'corroborated' ORDER BY 1 LIMIT 1")  # fmt: skip
        others = session.rows(
            "SELECT nominal_id, name FROM held.nominals WHERE nominal_id <> ? AND name <> ?", [nominal, name]
        )
        officers = [row[0] for row in session.rows("SELECT officer_id FROM held.officers WHERE simulated")]
    told = subject_access.write(seat, tmp_path / f"n.{form}", nominal=NominalId(nominal), received_on=date(2026, 1, 2))
    assert told.tables["Custody images"] > 0
    assert told.tables["Searches whose candidate lists you were on"] > 0
    assert told.pictures >= told.tables["Custody images"]
    if form != "pdf":
        text = (tmp_path / f"n.{form}").read_text(encoding="utf-8")
        assert name in text
        assert not [one for row in others for one in row if one in text]
        assert not [one for one in officers if one in text]
        assert "analyst-1" not in text
        assert "Made by officer" not in text
    with seat.case.session(writing=False) as session:
        entry = session.one(
            "SELECT details FROM held.audit WHERE action = 'subject access report' ORDER BY sequence DESC LIMIT 1"
        )
    assert nominal in entry[0]
    assert name not in entry[0]


def test_a_subject_access_report_shows_faces_of_reviews_since_linking_and_names_what_it_cannot_show(
    small_case, tmp_path
):
    with small_case.seat().case.session(writing=False) as session:
        face, still, nominal = session.one(
            "SELECT face_id, still_id, nominal_id FROM candidates WHERE rank = 1 ORDER BY face_id LIMIT 1"
        )
        image = session.one("SELECT min(custody_image_id) FROM held.custody_images WHERE nominal_id = ?", [nominal])[0]
        assert session.rows("SELECT 1 FROM held.person_faces") == [], "nothing was linked"
    small_case.judge("first", face, nominal)
    small_case.judge("second", face, nominal)
    subject_access.write(small_case.seat(), tmp_path / "n.json", nominal=NominalId(nominal))
    told = json.loads((tmp_path / "n.json").read_text(encoding="utf-8"))
    captions = [one["caption"] for one in told["pictures"]]
    assert f"Face {face}, cut out of its still" in captions
    assert f"Custody image {image}" in captions
    assert told["missing"] == []
    assert "asked_by" not in told
    with small_case.seat().case.session(writing=True) as session:
        assert still in session.one("SELECT about FROM held.exports WHERE kind = 'subject access report'")[0]
        session.execute("DELETE FROM held.templates WHERE face_id IN (SELECT face_id FROM held.faces WHERE image_id = ?)",
                        [image])  # fmt: skip
        session.execute("DELETE FROM held.faces WHERE image_id = ?", [image])
    for form in ("html", "pdf", "json"):
        made = subject_access.write(small_case.seat(), tmp_path / f"again.{form}", nominal=NominalId(nominal))
    said = f"Custody image {image} is held; no face was found in it to show."
    assert json.loads((tmp_path / "again.json").read_text(encoding="utf-8"))["missing"] == [said]
    assert made.missing == (said,)
    assert said in (tmp_path / "again.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("asked", "match"),
    [
        ({"path": "n.docx", "nominal": NominalId("N1")}, "is written as .html, .pdf, .json"),
        ({"path": "n.pdf"}, "Say whom the report is on"),
        ({"path": "n.pdf", "nominal": NominalId("N1")}, "Nothing is held of a nominal N1"),
        ({"path": "n.pdf", "person": PersonId("unknown 999")}, "There is no person unknown 999"),
    ],
)
def test_a_subject_access_report_is_on_somebody_in_a_form_there_is(modules_case, tmp_path, asked, match):
    said = dict(asked)
    with pytest.raises(WrongUse, match=match):
        subject_access.write(modules_case.seat(), tmp_path / said.pop("path"), **said)


def test_face_ids_are_not_reused_by_what_comes_after(small_case):
    """A face's id is its still's: a still delivered again gets the judgements' ids back, so it is refused while they stay."""
    _, _, still = two_to_delete(small_case)
    retention.apply(small_case.seat(), date(2026, 1, 1))
    with small_case.seat().case.session(writing=False) as session:
        assert session.rows("SELECT face_id FROM held.faces WHERE image_id = ?", [still]) == []
        assert session.rows("SELECT 1 FROM held.candidates WHERE face_id = ?", [FaceId(f"{still}#1")]) == []
