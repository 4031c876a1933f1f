"""Newly enrolled people against open stills: leads for review, whole or not at all, once, and blind."""

from __future__ import annotations

import csv
import json
import shutil
import signal
import subprocess
import sys

import pytest

from stillgraph.casework import enrolling, governing, receiving, reviewing, searching, take_seat, unsolved
from stillgraph.cli.app import run
from stillgraph.cli.newcomers import LEAD_CHANCE as SAID_IN_HELP
from stillgraph.errors import DiskFull, GalleryDamaged, NotFound, ReviewBlocked, WrongUse
from stillgraph.gallery.newcomers import LEAD_CHANCE
from stillgraph.records import Combined, Comparison, Strength, Verdict

SEAT = ["--officer", "desk", "--operation", "OP-TEST", "--reason", "new custody images"]


class Case:
    """A case directory, officers' seats at it, and SQL."""

    def __init__(self, directory):
        self.directory = directory

    def seat(self, officer="desk"):
        return take_seat(self.directory, officer=officer, operation="OP-TEST", reason="test the workbench")

    def rows(self, sql, *values):
        with self.seat().case.session(writing=False) as session:
            return session.rows(sql, list(values))

    def change(self, sql, *values):
        with self.seat().case.session(writing=True) as session:
            session.execute(sql, list(values))


def rows_of(path):
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def write(folder, rows, source):
    (folder / "images").mkdir(parents=True)
    for row in rows:
        shutil.copy(source / row["image"], folder / "images" / row["image"])
    with (folder / "manifest.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return folder / "manifest.csv"


@pytest.fixture(scope="module")
def mates(small_inputs):
    """Return the nominals on the small case's stills, by still."""
    stills = {row["image"] for row in rows_of(small_inputs / "deliveries" / "R08" / "manifest.csv")}
    return {
        f"R08/{row['image']}": row["nominal_id"]
        for row in rows_of(small_inputs / "truth.csv")
        if row["image"] in stills and row["nominal_id"]
    }


@pytest.fixture(scope="module")
def newcomers(small_inputs, mates, tmp_path_factory):
    """Return the manifest of those nominals, who are enrolled last."""
    source = small_inputs / "custody"
    rows = [row for row in rows_of(source / "manifest.csv") if row["nominal_id"] in set(mates.values())]
    return write(tmp_path_factory.mktemp("newcomers"), rows, source / "images")


@pytest.fixture(scope="module")
def _open_case(small_inputs, mates, tmp_path_factory):
    """A case of the others' images and the stills, searched: nobody on a still is in the gallery."""
    directory = tmp_path_factory.mktemp("open") / "case"
    source = small_inputs / "custody"
    rows = [row for row in rows_of(source / "manifest.csv") if row["nominal_id"] not in set(mates.values())]
    before = write(tmp_path_factory.mktemp("before"), rows, source / "images")
    governing.create_case(directory)
    case = Case(directory)
    for officer in ("desk", "first", "second", "third"):
        governing.add_officer(case.seat(), officer)
    governing.open_operation(case.seat(), "OP-TEST", purpose="tests")
    assert enrolling.enrol(case.seat(), before).open_stills is None, "there is no still yet to compare with"
    receiving.receive(
        case.seat(), small_inputs / "deliveries" / "R08" / "manifest.csv", retailer_id="R08",
        stores=small_inputs / "stores.csv",
    )  # fmt: skip
    searching.search(case.seat(), unsearched=True)
    return directory


@pytest.fixture
def open_case(_open_case, tmp_path):
    shutil.copytree(_open_case, tmp_path / "case")
    return Case(tmp_path / "case")


@pytest.fixture(scope="module")
def _waiting_case(_open_case, newcomers, tmp_path_factory):
    """The same with the newcomers enrolled, who wait to be compared."""
    directory = shutil.copytree(_open_case, tmp_path_factory.mktemp("waiting") / "case")
    enrolling.enrol(Case(directory).seat(), newcomers, open_stills=False)
    return directory


@pytest.fixture
def waiting_case(_waiting_case, tmp_path):
    shutil.copytree(_waiting_case, tmp_path / "waiting")
    return Case(tmp_path / "waiting")


def copy_of(case, name):
    return Case(shutil.copytree(case.directory, case.directory.parent / name))


def face_of(case, still):
    return case.rows("SELECT face_id FROM reviews WHERE still_id = ? ORDER BY 1", still)[0][0]


def judge(case, officer, face, nominal=None):
    supports = nominal is not None
    return reviewing.judge(
        case.seat(officer), face, Verdict.SUPPORTS if supports else Verdict.NO_CANDIDATE, nominal_id=nominal,
        comparison=Comparison("in focus", "frontal", strength=Strength.MODERATE if supports else None), reason="ears",
    )  # fmt: skip


def test_whoever_is_enrolled_and_stands_first_waits_for_review_by_others(open_case, newcomers, mates):
    before = dict(open_case.rows("SELECT face_id, search_id FROM reviews"))
    report = enrolling.enrol(open_case.seat(), newcomers)
    found = report.open_stills
    assert found.places == 1, "more newcomers than one in a hundred: only who comes first counts"
    assert (found.images, found.newcomers, found.deliveries) == (report.accepted, len(set(mates.values())), (3,))
    assert {lead.still: lead.nominal_id for lead in found.leads}.items() >= mates.items()
    assert all(lead.rank == 1 and not lead.judged_before for lead in found.leads)
    (search_id,) = found.searches
    assert open_case.rows(
        "SELECT officer_id, occasion, stills, probes FROM searches WHERE search_id = ?", search_id
    ) == [("desk", "enrolment of delivery 3", 0, len(found.leads))]
    waiting = {item.face_id: item for item in reviewing.queue(open_case.seat("first"))}
    for lead in found.leads:
        assert waiting[lead.face_id].search_id == search_id > before[lead.face_id]
        assert (lead.nominal_id, lead.custody_image) in waiting[lead.face_id].candidates
        assert len(waiting[lead.face_id].candidates) > 1, "a list of one would say who is meant"
    assert not {item.face_id for item in reviewing.queue(open_case.seat("desk"))} & {x.face_id for x in found.leads}
    with pytest.raises(ReviewBlocked, match="may not judge a search they made"):
        judge(open_case, "desk", found.leads[0].face_id)
    entries = open_case.rows("SELECT action, result, details FROM audit ORDER BY sequence")
    (details,) = [json.loads(d) for action, _, d in entries if action == "search" and "open_stills" in d]
    assert (details["leads"], details["searches"], details["deliveries"]) == (len(found.leads), [search_id], [3])
    assert details["engine"] == "exact", "recorded as of any search"


def test_leads_are_those_a_whole_search_would_find(waiting_case, newcomers):
    """Oracle: search every open face in the whole gallery, and look who of the new stands where."""
    expected = copy_of(waiting_case, "oracle")
    new = {f"{row['nominal_id']}/{row['image']}" for row in rows_of(newcomers)}
    stills = [row[0] for row in expected.rows("SELECT still_id FROM stills ORDER BY 1")]
    whole = searching.search(expected.seat(), stills=stills)
    for chance in (0.01, 0.6, 1.0):
        case = copy_of(waiting_case, f"chance {chance}")
        found = unsolved.search_open_stills(case.seat(), chance=chance)
        wanted = {
            probe.face_id: next(c for c in probe.candidates if c.custody_image in new)
            for probe in whole.probes
            if any(c.custody_image in new and c.rank <= found.places for c in probe.candidates)
        }
        assert {lead.face_id: lead.custody_image for lead in found.leads} == {
            face: candidate.custody_image for face, candidate in wanted.items()
        }
        stored = case.rows(
            "SELECT face_id, list(custody_image_id ORDER BY rank) FROM candidates WHERE search_id = ? GROUP BY 1",
            *found.searches,
        )
        assert dict(stored) == {
            p.face_id: [c.custody_image for c in p.candidates] for p in whole.probes if p.face_id in wanted
        }


def test_what_was_judged_of_an_earlier_list_stays_on_record_and_the_face_is_judged_anew(waiting_case, mates):
    still, nominal = next(iter(mates.items()))
    face = face_of(waiting_case, still)
    for officer in ("first", "second"):
        judge(waiting_case, officer, face)
    state = "SELECT outcome, officers, judged_before FROM reviews WHERE face_id = ?"
    assert waiting_case.rows(state, face) == [("not supported", 2, 0)]
    report = unsolved.search_open_stills(waiting_case.seat())
    assert next(lead for lead in report.leads if lead.face_id == face).judged_before
    assert waiting_case.rows(state, face) == [("pending", 0, 2)]
    for officer in ("first", "second", "third"):
        assert face in {item.face_id for item in reviewing.queue(waiting_case.seat(officer))}
    assert judge(waiting_case, "third", face, nominal).outcome == "pending", "one officer settles nothing"
    assert judge(waiting_case, "first", face, nominal).outcome == "corroborated"
    assert waiting_case.rows(
        "SELECT outcome, nominal_id, officers, judged_before FROM reviews WHERE face_id = ?", face
    ) == [("corroborated", nominal, 2, 2)]
    assert waiting_case.rows("SELECT count(*) FROM held.judgements WHERE face_id = ?", face) == [(4,)]
    assert governing.verify_audit(waiting_case.directory).holds


def test_one_verdict_before_and_one_after_an_enrolment_do_not_agree(waiting_case, mates):
    face = face_of(waiting_case, next(iter(mates)))
    judge(waiting_case, "first", face)
    unsolved.search_open_stills(waiting_case.seat())
    assert judge(waiting_case, "second", face).outcome == "pending", "they judged two different lists"
    assert judge(waiting_case, "first", face).outcome == "not supported"


def test_nobody_judges_a_list_that_they_have_not_seen(waiting_case):
    """An enrolment may change the list between the look and the word."""
    dealt = reviewing.deal(waiting_case.seat("first"))
    leads = unsolved.search_open_stills(waiting_case.seat(), chance=1.0).leads
    assert dealt.face_id in {lead.face_id for lead in leads}, "with every place counting every list is a new one"
    with pytest.raises(ReviewBlocked, match=r"new list since one was dealt to you.*review deal"):
        judge(waiting_case, "first", dealt.face_id)
    again = reviewing.deal(waiting_case.seat("first"))
    while again.face_id != dealt.face_id:
        judge(waiting_case, "first", again.face_id)
        again = reviewing.deal(waiting_case.seat("first"))
    assert again.search_id > dealt.search_id
    assert judge(waiting_case, "first", dealt.face_id).outcome == "pending"


def test_a_search_that_an_officer_asks_for_does_not_open_a_review_anew(open_case, mates):
    still = next(iter(mates))
    face = face_of(open_case, still)
    judge(open_case, "first", face)
    judge(open_case, "second", face)
    searching.search(open_case.seat(), stills=[still])
    assert open_case.rows("SELECT outcome, judged_before FROM reviews WHERE face_id = ?", face) == [
        ("not supported", 0)
    ]


def test_a_face_with_somebody_corroborated_is_not_open(waiting_case, mates):
    still = next(iter(mates))
    face, search = waiting_case.rows("SELECT face_id, search_id FROM reviews WHERE still_id = ?", still)[0]
    ((other,),) = waiting_case.rows("SELECT nominal_id FROM candidates WHERE face_id = ? AND rank = 1", face)
    for officer in ("first", "second"):
        judge(waiting_case, officer, face, other)
    report = unsolved.search_open_stills(waiting_case.seat())
    assert face not in {lead.face_id for lead in report.leads}
    assert waiting_case.rows("SELECT search_id, outcome FROM reviews WHERE face_id = ?", face) == [
        (search, "corroborated")
    ]


def test_left_out_it_is_made_good_once(open_case, waiting_case, newcomers, capsys):
    case = str(open_case.directory)
    assert run(["custody", "add", case, str(newcomers), "--no-open-stills", "--json", *SEAT]) == 0
    assert json.loads(capsys.readouterr().out)["open_stills"] is None
    assert run(["search", case, "--open-stills", "--json", *SEAT]) == 0
    found = json.loads(capsys.readouterr().out)
    wanted = unsolved.search_open_stills(waiting_case.seat())
    assert [(x["face_id"], x["custody_image"]) for x in found["leads"]] == [
        (lead.face_id, lead.custody_image) for lead in wanted.leads
    ]
    assert run(["search", case, "--open-stills", *SEAT]) == 0
    assert capsys.readouterr().out == "Open stills: no custody image waits to be compared with them.\n"
    again = unsolved.search_open_stills(open_case.seat(), deliveries=[3])
    assert (again.images, again.searches, again.leads) == (0, (), ()), "what was compared is not compared again"


def test_the_command_says_what_waits(open_case, newcomers, capsys):
    assert run(["custody", "add", str(open_case.directory), str(newcomers), *SEAT]) == 0
    out = capsys.readouterr().out
    assert "open faces of stills (first on a list counts)" in out
    assert "judged anew by two officers other than you" in out


def test_whom_a_search_has_listed_since_is_no_lead(waiting_case):
    stills = [row[0] for row in waiting_case.rows("SELECT still_id FROM stills")]
    searching.search(waiting_case.seat("third"), stills=stills)
    found = unsolved.search_open_stills(waiting_case.seat())
    assert (found.leads, found.searches) == ((), ())
    assert found.images > 0


def test_an_image_past_its_review_is_not_compared_and_waits(waiting_case, mates):
    still, nominal = next(iter(mates.items()))
    waiting_case.change("UPDATE held.custody_images SET review_due = DATE '2020-01-01' WHERE nominal_id = ?", nominal)
    found = unsolved.search_open_stills(waiting_case.seat())
    assert nominal not in {lead.nominal_id for lead in found.leads}
    assert {row[0] for row in waiting_case.rows("SELECT nominal_id FROM custody_images WHERE compared_at IS NULL")} == {
        nominal
    }
    late = unsolved.search_open_stills(waiting_case.seat(), past_review=True)
    assert (still, nominal) in {(lead.still, lead.nominal_id) for lead in late.leads}


@pytest.mark.parametrize("combine", list(Combined))
def test_a_list_of_several_faces_together_stays_one(open_case, newcomers, combine):
    """Whoever is on a list by the mean of templates does not fall off it because somebody was enrolled."""
    faces = [
        row[0] for row in open_case.rows("SELECT min(face_id) FROM faces WHERE usable GROUP BY still_id ORDER BY 1")
    ]
    searching.search_together(open_case.seat(), faces[:2], combine=combine)
    enrolling.enrol(open_case.seat(), newcomers, open_stills=False)
    wanted = copy_of(open_case, "wanted")
    whole = searching.search_together(wanted.seat(), faces[:2], combine=combine)
    found = unsolved.search_open_stills(open_case.seat(), chance=1.0)
    assert len(found.searches) == 2, "one of the faces together, one of the others"
    lists = dict(
        open_case.rows(
            "SELECT c.face_id, list(c.custody_image_id ORDER BY c.rank) FROM candidates AS c JOIN searches USING (search_id) "
            "WHERE occasion IS NOT NULL AND combined = ? GROUP BY 1",
            str(combine),
        )
    )
    assert lists == {face: [c.custody_image for c in whole.probes[0].candidates] for face in faces[:2]}


KILLED = """
import os, signal, sys
from pathlib import Path
from stillgraph.casework import enrolling, take_seat
from stillgraph.store import faces, searches, unsolved
case, manifest, when = sys.argv[1:]
module, name = {"enrolling": (faces, "add"), "comparing": (searches, "add"), "marking": (unsolved, "mark_compared")}[when]
plain = getattr(module, name)
def deadly(*arguments, **options):
    plain(*arguments, **options)
    os.kill(os.getpid(), signal.SIGKILL)
setattr(module, name, deadly)
desk = take_seat(case, officer="desk", operation="OP-TEST", reason="enrol")
enrolling.enrol(desk, Path(manifest), workers=1)
"""

STATE = """
SELECT (SELECT count(*) FROM custody_images), (SELECT count(*) FROM searches), (SELECT count(*) FROM candidates),
       (SELECT count(*) FROM custody_images WHERE compared_at IS NULL)
"""


@pytest.mark.parametrize("when", ["enrolling", "comparing", "marking"])
def test_killed_there_is_no_half_of_it_and_the_next_run_makes_it_good(open_case, waiting_case, newcomers, when):
    wanted = unsolved.search_open_stills(waiting_case.seat())
    ((images, searched, candidates, _),) = open_case.rows(STATE)
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(open_case.directory), str(newcomers), when],
        capture_output=True, check=False, timeout=120,
    )  # fmt: skip
    assert (killed.returncode, killed.stderr) == (-signal.SIGKILL, b"")
    if when == "enrolling":
        assert open_case.rows(STATE) == [(images, searched, candidates, 0)], "neither images nor leads"
        found = enrolling.enrol(open_case.seat(), newcomers).open_stills
    else:
        new = wanted.images
        assert open_case.rows(STATE) == [(images + new, searched, candidates, new)], "images that wait, and no lead"
        found = unsolved.search_open_stills(open_case.seat())
    assert [(x.face_id, x.custody_image) for x in found.leads] == [(x.face_id, x.custody_image) for x in wanted.leads]
    assert governing.verify_audit(open_case.directory).holds


def test_an_enrolment_that_fails_leaves_neither_leads_nor_images(open_case, newcomers, monkeypatch):
    before = open_case.rows(STATE)

    def fails(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("stillgraph.store.faces.add", fails)
    with pytest.raises(DiskFull):
        enrolling.enrol(open_case.seat(), newcomers)
    assert open_case.rows(STATE) == before


def test_an_enrolment_that_was_kept_says_so_where_the_comparison_fails(open_case, newcomers, monkeypatch):
    def damaged(*_, **__):
        raise GalleryDamaged("Files of the gallery's index are missing: remove it.")

    monkeypatch.setattr("stillgraph.casework.searching.gallery_index", damaged)
    with pytest.raises(GalleryDamaged, match=r"images are enrolled, and not compared.*search CASE --open-stills"):
        enrolling.enrol(open_case.seat(), newcomers)
    monkeypatch.undo()
    assert unsolved.search_open_stills(open_case.seat()).leads


def test_what_makes_no_sense_is_refused(open_case, capsys):
    with pytest.raises(NotFound, match=r"no delivery 2 of custody images.*view deliveries"):
        unsolved.search_open_stills(open_case.seat(), deliveries=[2])
    with pytest.raises(WrongUse, match="A chance is above 0"):
        unsolved.search_open_stills(open_case.seat(), chance=0.0)
    with pytest.raises(WrongUse, match="at least one person"):
        unsolved.search_open_stills(open_case.seat(), limit=0)
    case = str(open_case.directory)
    for options, said in (
        (["--open-stills", "--unsearched"], "leave out --still"),
        (["--open-stills", "--sex", "F"], "leave out --still"),
        (["--unsearched", "--delivery", "1"], "give both or neither"),
    ):
        assert run(["search", case, *options, *SEAT]) == 2
        assert said in capsys.readouterr().err
    assert SAID_IN_HELP == LEAD_CHANCE
