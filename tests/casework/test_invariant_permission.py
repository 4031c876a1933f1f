"""Invariant 1: no action without an officer, an operation and a purpose; a refused attempt is recorded too."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from stillgraph.casework import (
    accuracy_report,
    alike,
    analysing,
    applications,
    arrays,
    asking,
    backing_up,
    beginning,
    calibrating,
    enhancing,
    enrolling,
    evaluating,
    evaluating_linking,
    evaluating_review,
    explaining,
    galleries,
    governing,
    harm,
    holding,
    legal,
    linking,
    looking,
    migrating,
    network_views,
    networking,
    offices,
    operations,
    packing,
    picturing,
    receiving,
    retention,
    retention_rules,
    reviewing,
    saving,
    searching,
    series,
    sights,
    statements,
    stored_scores,
    subject_access,
    take_seat,
    unsolved,
    upgrading,
    uploading,
    waiting,
    worth,
)
from stillgraph.casework import ranking as rankings
from stillgraph.errors import NotPermitted, WrongUse
from stillgraph.records import Comparison, EngineChoice, Filters, NetworkFilter, RecordKind, Role, Verdict
from stillgraph.store import CaseFile, office

RETENTION = Path(__file__).parents[2] / "data" / "reference" / "retention.csv"
LATER = date(2098, 1, 1)
BASES = Path(__file__).parents[2] / "data" / "reference" / "legal_bases.csv"
CHI = Path(__file__).parents[2] / "data" / "reference" / "cambridge_chi.csv"

MODULES = (
    backing_up,
    upgrading,
    offices,
    operations,
    legal,
    sights,
    retention,
    retention_rules,
    holding,
    applications,
    subject_access,
    stored_scores,
    saving,
    picturing,
    beginning,
    network_views,
    asking,
    networking,
    alike,
    analysing,
    calibrating,
    harm,
    rankings,
    arrays,
    enhancing,
    enrolling,
    evaluating,
    galleries,
    evaluating_linking,
    evaluating_review,
    accuracy_report,
    governing,
    linking,
    looking,
    migrating,
    receiving,
    reviewing,
    searching,
    series,
    unsolved,
    uploading,
    waiting,
    statements,
    worth,
    explaining,
    packing,
)
FACE = "R08/R08_0002.jpg#1"
OTHER = "R08/R08_0033.jpg#1"
STILL = "R08/R08_0002.jpg"


def person_without(linkage, face):
    return next(p.person_id for p in linkage.persons if face not in {one.face_id for one in p.faces})


def split_off(desk, face):
    linking.rule(desk, [face, OTHER], "same")
    linking.link(desk)
    return linking.split(desk, [face])


def applied(desk, inputs):
    nominal = custody_image(inputs).split("/")[0]
    return applications.take(desk, nominal, received_on=date(2026, 1, 1), ground="g")


def ask(desk):
    with asking.asked(desk, "nothing", with_proposals=False, wanted=None):
        pass


def dropped(desk, inputs):
    return uploading.keep(desk, [("manifest.csv", (inputs / "deliveries" / "R08" / "manifest.csv").read_bytes())])


CALLS = {
    "backing_up.backup": lambda d, i: backing_up.backup(d, i.parent / f"{uuid4()}.tar", check=False),
    "backing_up.listed": lambda d, _: backing_up.listed(d),
    "asking.asked": lambda d, _: ask(d),
    "asking.connect": lambda d, _: asking.connect(d, ["unknown 1", "unknown 2"], with_proposals=True),
    "asking.around": lambda d, _: asking.around(d, ["unknown 1"], with_proposals=True),
    "asking.timeline": lambda d, _: asking.timeline(d, ["unknown 1"], with_proposals=True),
    "asking.travel": lambda d, _: asking.travel(d),
    "asking.find_path": lambda d, _: asking.find_path(d, "unknown 1", "unknown 2", with_proposals=True),
    "analysing.at_a_glance": lambda d, _: analysing.at_a_glance(d),
    "linking.link": lambda d, _: linking.link(d),
    "linking.rule": lambda d, _: linking.rule(d, [FACE, OTHER], "same"),
    "linking.move": lambda d, _: linking.move(d, FACE, person_without(linking.link(d), FACE)),
    "linking.split": lambda d, _: split_off(d, FACE),
    "linking.undo": lambda d, _: linking.undo(d, linking.rule(d, [FACE, OTHER], "same").act),
    "linking.rulings": lambda d, _: linking.rulings(d),
    "linking.groups": lambda d, _: linking.groups(d),
    "ranking.ranking": lambda d, _: rankings.ranking(d),
    "worth.quiet": lambda d, _: worth.quiet(d),
    "worth.back_test": lambda d, _: worth.back_test(d),
    "worth.concentration": lambda d, _: worth.concentration(d, of="stores"),
    "network_views.network_view": lambda d, _: network_views.network_view(d),
    "network_views.network_file": lambda d, _: network_views.network_file(d, "json", NetworkFilter()),
    "network_views.faces_of": lambda d, _: network_views.faces_of(d, persons=["unknown 1"]),
    "networking.offence_network": lambda d, _: networking.offence_network(d),
    "networking.network_summary": lambda d, _: networking.network_summary(d),
    "retention.due": lambda d, _: retention.due(d, date(2026, 1, 1)),
    "retention.apply": lambda d, _: retention.apply(d, date(2000, 1, 1)),
    "retention.keep": lambda d, _: retention.keep(d, RecordKind.STILL, STILL, until=LATER, because="b"),
    "retention_rules.show": lambda d, _: retention_rules.show(d),
    "retention_rules.replace": lambda d, _: retention_rules.replace(d, RETENTION),
    "holding.hold": lambda d, _: holding.hold(d, still=STILL, because="b"),
    "holding.release": lambda d, _: holding.release(
        d, holding.hold(d, still=STILL, because="b")[0].hold_id, because="b"
    ),
    "holding.holds": lambda d, _: holding.holds(d),
    "applications.take": applied,
    "applications.refuse": lambda d, inputs: applications.refuse(
        d, applied(d, inputs).application.application_id, because="b", purpose="p", next_review=LATER
    ),
    "applications.grant": lambda d, inputs: applications.grant(
        d, applied(d, inputs).application.application_id, because="b"
    ),
    "applications.applications": lambda d, _: applications.applications(d),
    "subject_access.write": lambda d, inputs: subject_access.write(
        d, inputs.parent / "subject.json", nominal=custody_image(inputs).split("/")[0]
    ),
    "harm.show": lambda d, _: harm.show(d),
    "harm.replace": lambda d, _: harm.replace(d, CHI),
    "analysing.offence_days": lambda d, _: analysing.offence_days(d),
    "analysing.unknown_series": lambda d, _: analysing.unknown_series(d),
    "analysing.offence_places": lambda d, _: analysing.offence_places(d),
    "analysing.person": lambda d, _: analysing.person(d, "unknown 1"),
    "packing.case_pack": lambda d, _: packing.case_pack(d),
    "packing.write": lambda d, inputs: packing.write(d, inputs.parent / "pack.json"),
    "explaining.why": lambda d, _: explaining.why(d, "unknown 1"),
    "analysing.query": lambda d, _: analysing.query(d, "SELECT 1"),
    "analysing.query_table": lambda d, _: analysing.query_table(d, "SELECT 1"),
    "series.series": lambda d, _: series.series(d),
    "calibrating.calibrate": lambda d, inputs: calibrating.calibrate(d, inputs / "truth.csv", retailers=["R08"]),
    "calibrating.set_threshold": lambda d, inputs: calibrating.set_threshold(
        d, inputs / "truth.csv", fpir=0.5, retailers=["R08"]
    ),
    "enhancing.preview": lambda d, _: enhancing.preview(d, STILL, enhancing.steps_of(["gamma 1.6"])),
    "enhancing.enhance": lambda d, _: enhancing.enhance(d, STILL, enhancing.steps_of(["gamma 1.6"])),
    "enhancing.enhancements_of": lambda d, _: enhancing.enhancements_of(d, STILL),
    "enhancing.reproduce": lambda d, _: enhancing.reproduce(d, f"{STILL}~1"),
    "evaluating.identification": lambda d, i: evaluating.identification(d, i / "truth.csv"),
    "accuracy_report.write": lambda d, i: accuracy_report.write(d, i.parent / "accuracy.json"),
    "evaluating_review.reviews": lambda d, _: evaluating_review.reviews(d),
    "evaluating_review.drift": lambda d, _: evaluating_review.drift(d),
    "evaluating_review.process": lambda d, _: evaluating_review.process(d),
    "evaluating.truth_of_faces": lambda d, i: evaluating.truth_of_faces(d, i / "truth.csv"),
    "evaluating.leads_against_truth": lambda d, i: evaluating.leads_against_truth(d, i / "truth.csv"),
    "galleries.status": lambda d, _: galleries.status(d),
    "galleries.choose_engine": lambda d, _: galleries.choose_engine(d, EngineChoice.EXACT),
    "evaluating_linking.linking": lambda d, i: evaluating_linking.linking(d, i / "truth.csv"),
    "governing.add_officer": lambda d, _: governing.add_officer(d, "newcomer"),
    "operations.open_operation": lambda d, _: operations.open_operation(d, "OP-NEW"),
    "operations.close_operation": lambda d, _: operations.close_operation(d, "OP-TEST"),
    "operations.list_operations": lambda d, _: operations.list_operations(d),
    "operations.show_operation": lambda d, _: operations.show_operation(d, "OP-TEST"),
    "legal.show": lambda d, _: legal.show(d),
    "legal.replace": lambda d, _: legal.replace(d, BASES),
    "sights.sight": lambda d, _: sights.sight(d),
    "offices.give_role": lambda d, _: offices.give_role(d, "third", Role.ANALYST),
    "offices.suspend": lambda d, _: offices.suspend(d, "third"),
    "offices.list_officers": lambda d, _: offices.list_officers(d),
    "offices.enforces_roles": lambda d, _: offices.enforces_roles(d),
    "offices.enforce_roles": lambda d, _: offices.enforce_roles(d),
    "governing.record_stage_times": lambda d, _: governing.record_stage_times(d, (("a stage", 1.0),)),
    "governing.open_workbench": lambda d, _: governing.open_workbench(d, "lab"),
    "governing.opened_workbench": lambda d, _: governing.opened_workbench(d, "lab"),
    "looking.face_quality": lambda d, _: looking.face_quality(d, STILL),
    "receiving.receive": lambda d, i: receiving.receive(
        d, i / "deliveries" / "R08" / "manifest.csv", retailer_id="R08", workers=1
    ),
    "enrolling.enrol": lambda d, i: enrolling.enrol(d, i / "custody" / "manifest.csv", workers=1),
    "receiving.still_image": lambda d, _: receiving.still_image(d, STILL),
    "receiving.face_chips": lambda d, _: receiving.face_chips(d, [FACE]),
    "receiving.custody_chips": lambda d, i: receiving.custody_chips(d, [custody_image(i)]),
    "reviewing.queue": lambda d, _: reviewing.queue(d),
    "reviewing.deal": lambda d, _: reviewing.deal(d),
    "reviewing.give_back": lambda d, _: reviewing.give_back(d, reviewing.deal(d).face_id),
    "reviewing.judge": lambda d, _: reviewing.judge(
        d, FACE, Verdict.NO_CANDIDATE, comparison=Comparison("in focus", "frontal")
    ),
    "reviewing.history": lambda d, _: reviewing.history(d, FACE),
    "reviewing.accuracy": lambda d, _: reviewing.accuracy(d),
    "reviewing.accuracies": lambda d, _: reviewing.accuracies(d),
    "reviewing.policy": lambda d, _: reviewing.policy(d),
    "reviewing.set_policy": lambda d, _: reviewing.set_policy(d, shuffled=False),
    "searching.search": lambda d, _: searching.search(d, stills=[STILL]),
    "searching.search_together": lambda d, _: searching.search_together(d, [FACE, "R08/R08_0033.jpg#1"]),
    "alike.alike": lambda d, _: alike.alike(d, [FACE]),
    "unsolved.search_open_stills": lambda d, _: unsolved.search_open_stills(d),
    "searching.candidate_lists": lambda d, _: searching.candidate_lists(d, STILL),
    "uploading.keep": dropped,
    "beginning.begin": lambda d, _: beginning.begin(d),
    "picturing.stills": lambda d, _: picturing.stills(d),
    "picturing.still_of": lambda d, _: picturing.still_of(d, b"x"),
    "picturing.picture": lambda d, _: picturing.picture(d, STILL),
    "picturing.histories": lambda d, _: picturing.histories(d, ["N1"]),
    "picturing.recorded": lambda d, _: picturing.recorded(d),
    "picturing.shows_scores": lambda d, _: picturing.shows_scores(d),
    "picturing.search_dropped": lambda d, i: picturing.search_dropped(
        d,
        "x.jpg",
        (i / "deliveries" / "R08" / "stills" / "R08_0002.jpg").read_bytes(),
        limit=5,
        filters=Filters(),
        past_review=False,
    ),
    "saving.save_query": lambda d, _: saving.save_query(d, "one", "SELECT 1"),
    "saving.saved_queries": lambda d, _: saving.saved_queries(d),
    "saving.run_saved": lambda d, _: (saving.save_query(d, "one", "SELECT 1"), saving.run_saved(d, "one")),
    "saving.delete_query": lambda d, _: (saving.save_query(d, "one", "SELECT 1"), saving.delete_query(d, "one")),
    "saving.view_columns": lambda d, _: saving.view_columns(d),
    "waiting.search_waiting": lambda d, _: waiting.search_waiting(d),
    "stored_scores.stored": lambda d, _: stored_scores.stored(d),
    "uploading.retailers": lambda d, _: uploading.retailers(d),
    "uploading.uploads": lambda d, _: uploading.uploads(d),
    "uploading.discard": lambda d, i: uploading.discard(d, dropped(d, i).upload_id),
    "uploading.take_in": lambda d, i: uploading.take_in(d, dropped(d, i).upload_id, retailer_id="R08", workers=1),
}

BY_ANOTHER = {"reviewing.judge", "reviewing.give_back"}
"""What whoever searched may not do."""

NO_ACTIONS = {
    "backing_up.write": "a step of a backup and an upgrade, permitted as that: tests/casework/test_backing_up.py",
    "backing_up.remove": "needs a backup: tests/casework/test_backing_up.py",
    "upgrading.upgrade": "needs a case of an earlier version: tests/casework/test_upgrading_every_version.py",
    "operations.extend_operation": "needs an operation with an end: tests/casework/test_operations.py",
    "offices.require_sign_in": "needs a token of who asks: tests/casework/test_offices.py",
    "retention.erase": "a step of retention.apply and applications.grant, permitted as these are",
    "retention.finish_left_over": "finishes what an officer was permitted: tests/casework/test_retention.py",
    "analysing.with_file": "a step of query_table and run_saved, inside their session",
    "stored_scores.known_truth": "says where the shipped demonstration's truth lies, and reads nothing",
    "statements.statement": "needs a settled review: tests/casework/test_statements.py",
    "statements.write": "the same",
    "statements.custody_plate": "a picture of a statement or photo array, inside its session",
    "receiving.cut_faces": "a step of receiving.face_chips and of a case pack, inside their session",
    "receiving.cut_custody": "the same",
    "arrays.photo_array": "needs people who are alike: tests/casework/test_arrays.py",
    "arrays.array_pictures": "the same",
    "arrays.write": "the same",
    "arrays.record_answer": "the same",
    "migrating.migrate": "needs another pack, and is more than one action: tests/casework/test_migrating.py",
    "galleries.check": "needs a gallery large enough to have codes: tests/casework/test_galleries.py",
    "governing.upgrade_case": "needs a case of an earlier version: tests/casework/test_upgrading.py",
    "enhancing.embed_views_anew": "a step of models migrate, inside its session",
    "governing.notebooks_of": "copies the shipped notebooks beside the case and touches nothing of the case",
    "unsolved.nothing_open": "a step of enrolment, inside its session",
    "unsolved.after_enrolment": "search_open_stills, with a sentence more where it fails",
    "evaluating.search_known": "a step of evaluation and calibration, inside their session",
    "searching.gallery_index": "a step of search and evaluation, inside their session",
}

SETTING_UP = {
    "backing_up.backup", "backing_up.listed",
    "governing.add_officer", "operations.open_operation", "operations.close_operation",
    "operations.list_operations", "operations.show_operation", "legal.show", "offices.give_role", "offices.suspend",
    "offices.list_officers", "offices.enforces_roles", "offices.enforce_roles",
}  # fmt: skip

LACKING = {
    "no officer": ({"officer": None}, "say who is acting: --officer ID"),
    "an unknown officer": ({"officer": "nobody"}, "no officer nobody in this case"),
    "no reason": ({"reason": None}, "state the reason: --reason TEXT"),
    "no operation": ({"operation": None}, "say for which operation: --operation OP"),
    "an unknown operation": ({"operation": "OP-NONE"}, "no operation OP-NONE in this case"),
    "an ended operation": ({"operation": "OP-ENDED"}, "Operation OP-ENDED ended on"),
}


def custody_image(inputs):
    import csv

    with (inputs / "custody" / "manifest.csv").open(encoding="utf-8-sig", newline="") as stream:
        row = next(csv.DictReader(stream))
    return f"{row['nominal_id']}/{row['image']}"


def actions():
    """Return every public function of casework that takes a desk."""
    return {
        f"{module.__name__.rsplit('.', 1)[1]}.{name}"
        for module in MODULES
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__
        and not name.startswith("_")
        and "desk" in inspect.signature(function).parameters
    }


def state(case):
    """Return a digest of every table but the audit chain, and the files beside the case file."""
    with CaseFile(case.directory).session(writing=False) as session:
        tables = [
            row[0]
            for row in session.rows("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'held' ORDER BY 1")
        ]
        assert len(tables) > 15
        rows = {
            table: session.one(f"SELECT count(*), sum(hash(t)) FROM held.{table} AS t")
            for table in tables
            if table != "audit"
        }
    return rows, sorted(p.name for p in case.directory.rglob("*") if p.suffix != ".wal")


def audit(case):
    with CaseFile(case.directory).session(writing=False) as session:
        return session.rows("SELECT officer, operation, reason, result, details FROM main.audit ORDER BY sequence")


@pytest.fixture(scope="module")
def used_case(_small_case, tmp_path_factory):
    """Return one open copy of the small case with an operation that has ended; refusals change only its audit."""
    import shutil
    from types import SimpleNamespace

    directory = tmp_path_factory.mktemp("used") / "case"
    shutil.copytree(_small_case, directory)
    desk = take_seat(directory, officer="desk", operation="", reason="test")
    governing.open_operation(desk, "OP-ENDED", until=datetime.now(UTC).date())
    with desk.sitting():
        yield SimpleNamespace(directory=directory)


def test_every_action_of_casework_is_tested_here():
    assert actions() == set(CALLS) | set(NO_ACTIONS)


@pytest.mark.parametrize(
    ("action", "lacking"),
    [
        (action, lacking)
        for action in CALLS
        for lacking, (claim, _) in LACKING.items()
        # Setting a case up comes before there is an operation.
        if not (action in SETTING_UP and "operation" in claim)
    ],
)
def test_it_is_refused_recorded_and_changes_nothing(used_case, small_inputs, action, lacking):
    claim, sentence = LACKING[lacking]
    given = {"officer": "desk", "operation": "OP-TEST", "reason": "test", **claim}
    # What is None comes from the environment, which the tests empty.
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    desk = take_seat(used_case.directory, **given, clock=lambda: tomorrow)
    before, chain = state(used_case), audit(used_case)
    with pytest.raises(NotPermitted, match=sentence) as refused:
        CALLS[action](desk, small_inputs)
    assert state(used_case) == before
    *earlier, (officer, operation, reason, result, details) = audit(used_case)
    assert earlier == chain
    assert result == "refused"
    assert officer == (given["officer"] or "(none)")
    expected = "OP-NEW" if action == "operations.open_operation" else given["operation"]
    assert operation == (expected or "(none)")
    assert reason == (given["reason"] or "")
    assert json.loads(details)["why"] == str(refused.value)


@pytest.mark.parametrize("action", CALLS)
def test_with_all_three_the_same_call_goes_through_and_is_recorded(small_case, small_inputs, action):
    linking.link(small_case.seat())
    enhancing.enhance(small_case.seat(), STILL, enhancing.steps_of(["upscale 2"]))
    before = len(audit(small_case))
    CALLS[action](small_case.seat("first" if action in BY_ANOTHER else "desk"), small_inputs)
    entries = audit(small_case)[before:]
    assert entries, "it is recorded"
    assert {entry[3] for entry in entries} == {"done"}


def test_refusals_and_deeds_stand_in_one_chain_that_holds(used_case):
    report = governing.verify_audit(used_case.directory)
    assert report.holds
    assert report.unanchored == 0


# --- setting up ----------------------------------------------------------------------------------------------------


@pytest.fixture
def new_case(tmp_path):
    governing.create_case(tmp_path / "case")

    def seat(officer="", operation="", reason=""):
        return take_seat(tmp_path / "case", officer=officer, operation=operation, reason=reason)

    return seat


def test_the_first_officer_adds_themselves_as_administrator_and_nobody_after_that(new_case):
    assert governing.add_officer(new_case(), "pc1").role == "administrator"
    with pytest.raises(NotPermitted, match="To add officer, say who is acting"):
        governing.add_officer(new_case(), "pc2")
    with pytest.raises(NotPermitted, match="no officer pc2 in this case"):
        governing.add_officer(new_case("pc2", reason="cover"), "pc2")
    assert governing.add_officer(new_case("pc1", reason="cover"), "pc2").role is None


def test_nothing_is_permitted_before_there_is_an_officer(new_case):
    with pytest.raises(NotPermitted, match="To query, say who is acting"):
        analysing.query(new_case(), "SELECT 1")
    with pytest.raises(NotPermitted, match="no officer pc1"):
        governing.open_operation(new_case("pc1"), "OP-1", purpose="tests")


def test_of_two_who_come_at_once_only_one_is_the_first(new_case, monkeypatch):
    add = "import sys; from stillgraph.casework import governing, take_seat; governing.add_officer(take_seat(sys.argv[1]), 'late')"
    command = [sys.executable, "-c", add, str(new_case().case.directory)]
    counts = office.officers_count
    late = []

    def slowly(session):
        if not late:
            late.append(subprocess.Popen(command, stderr=subprocess.PIPE))
            time.sleep(1.5)
        return counts(session)

    monkeypatch.setattr(office, "officers_count", slowly)
    assert governing.add_officer(new_case(), "pc1").role == "administrator"
    _, said = late[0].communicate(timeout=60)
    assert b"NotPermitted: To add officer, say who is acting" in said


@pytest.mark.parametrize(("given", "sentence"), [(" ", "An officer needs an id"), ("pc1", "There is an officer pc1")])
def test_an_officer_needs_an_id_of_their_own(new_case, given, sentence):
    governing.add_officer(new_case(), "pc1")
    with pytest.raises(WrongUse, match=sentence):
        governing.add_officer(new_case("pc1", reason="cover"), given)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"operation_id": " ", "purpose": "x"}, "An operation needs an id and a purpose"),
        ({"operation_id": "OP-1", "purpose": "x"}, "There is an operation OP-1 in this case already"),
        (
            {"operation_id": "OP-2", "purpose": "x", "until": date(2020, 1, 1)},
            "cannot end before it is opened; 2020-01-01",
        ),
    ],
)
def test_an_operation_needs_an_id_a_purpose_and_a_day_to_come(new_case, arguments, sentence):
    governing.add_officer(new_case(), "pc1")
    governing.open_operation(new_case("pc1"), "OP-1", purpose="tests")
    with pytest.raises(WrongUse, match=sentence):
        governing.open_operation(new_case("pc1"), **arguments)
    assert analysing.query(new_case("pc1", "OP-1", "look"), "SELECT operation_id FROM operations").to_dict("list") == {
        "operation_id": ["OP-1"]
    }


def test_the_stated_purpose_of_an_operation_is_recorded_as_the_reason(new_case):
    governing.add_officer(new_case(), "pc1")
    governing.open_operation(new_case("pc1"), "OP-1", purpose="shop theft")
    with pytest.raises(NotPermitted, match="To open operation, state the reason"):
        governing.open_operation(new_case("pc1"), "OP-2")
    rows = analysing.query(new_case("pc1", "OP-1", "look"), "SELECT reason FROM audit WHERE action = 'open operation'")
    assert rows["reason"].tolist() == ["shop theft", ""]


def test_a_case_needs_naming(monkeypatch):
    with pytest.raises(
        WrongUse, match="Say which case: give its directory, or its server's address, or set STILLGRAPH_CASE"
    ):
        take_seat()


def test_the_environment_seats_an_officer_only_where_nothing_was_given(small_case, monkeypatch):
    for name, value in {
        "CASE": str(small_case.directory),
        "OFFICER": "first",
        "OPERATION": "OP-TEST",
        "REASON": "env",
    }.items():
        monkeypatch.setenv(f"STILLGRAPH_{name}", value)
    analysing.query(take_seat(), "SELECT 1")
    analysing.query(take_seat(officer="second", reason="given"), "SELECT 1")
    assert [entry[:3] for entry in audit(small_case)[-2:]] == [
        ("first", "OP-TEST", "env"),
        ("second", "OP-TEST", "given"),
    ]
