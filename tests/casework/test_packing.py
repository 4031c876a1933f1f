"""The case pack: the same figures in every form, whole or not there, recorded, and nothing that runs or reaches out."""

from __future__ import annotations

import hashlib
import io
import json
import re
import shutil
import stat
import zipfile
from datetime import UTC, date, datetime
from pathlib import Path

import openpyxl
import pytest

from stillgraph import demo
from stillgraph.casework import (
    governing,
    pack_html,
    pack_parts,
    pack_pdf,
    pack_sheets,
    packing,
    printing,
    sketches,
    take_seat,
)
from stillgraph.casework import ranking as rankings
from stillgraph.errors import NotFound, NotPermitted, WrongUse
from stillgraph.records import LinkStatus, OfficerId, Role
from stillgraph.store import CaseFile, office

FIRST = "N409987"
CLOCK = datetime(2026, 11, 26, 9, 30, tzinfo=UTC)
FORMS = (".pdf", ".html", ".xlsx", ".json")


@pytest.fixture(scope="module")
def desk(demo_case):
    seat = demo.seat(demo_case, OfficerId(demo.ANALYST))
    with seat.sitting():
        yield seat


@pytest.fixture(scope="module")
def pack(desk):
    return packing.case_pack(desk, top=3)


@pytest.fixture(scope="module")
def page(pack):
    return pack_html.html(pack).decode()


@pytest.fixture(scope="module")
def book(pack):
    return openpyxl.load_workbook(io.BytesIO(pack_sheets.xlsx(pack)))


def cells(sheet):
    """Return a sheet's rows below its head as dictionaries."""
    head, *rows = sheet.iter_rows(min_row=pack_sheets.HEAD_ROW, values_only=True)
    return [dict(zip(head, row, strict=True)) for row in rows]


def newest(case):
    with CaseFile(case).session(writing=False) as session:
        row = session.one("SELECT action, result, details FROM main.audit ORDER BY sequence DESC LIMIT 1")
    return row[0], row[1], json.loads(row[2])


# --- what it says --------------------------------------------------------------------------------------------------


def test_it_holds_the_first_of_the_ranking_and_the_whole_ranking(desk, pack):
    ranked = rankings.ranking(desk, keep=False)
    assert pack.ranking == ranked
    assert [p.person_id for p in pack.persons] == [s.person_id for s in ranked.standings[:3]]
    assert pack.simulated


def test_the_workbook_s_figures_are_the_ranking_s_as_numbers_and_dates(pack, book):
    rows = cells(book["Ranking"])
    assert [(r["person"], r["rank"], r["days of harm"], r["value (GBP)"]) for r in rows] == [
        (s.person_id, s.rank, s.harm_days, s.value_pence / 100) for s in pack.ranking.standings
    ]
    offences = cells(book["Offences"])
    assert len(offences) == sum(len(p.offences) for p in pack.persons)
    assert all(isinstance(r["when, UTC"], datetime) for r in offences)
    stills = {s.still: s.sha256 for s in pack.stills}
    assert {r["still"]: r["SHA-256 of its bytes"] for r in cells(book["Stills"])} == stills


def test_every_sheet_says_period_and_scale_and_stays_readable(pack, book):
    assert len(book.sheetnames) == 15
    for sheet in book:
        assert sheet["A2"].value == pack_parts.scale_line(pack)
        assert sheet.freeze_panes.endswith(str(pack_sheets.HEAD_ROW + 1))
        assert all(6 <= d.width <= 62 for d in sheet.column_dimensions.values())
    assert "simulated review" in pack_parts.scale_line(pack)
    assert book["Cover"]["A5"].value == "simulated"


def test_the_evidence_of_each_face_is_in_the_workbook(pack, book):
    faces = {f.face_id: f for p in pack.persons for o in p.offences for f in o.faces}
    rows = cells(book["Faces"])
    assert {r["face"]: r["place on the list"] for r in rows} == {name: f.list_rank for name, f in faces.items()}
    assert {r["face"]: r["score"] for r in rows} == pytest.approx({n: f.evidence.score for n, f in faces.items()})
    judged = [(r["face"], r["officer"], r["verdict"], r["strength"]) for r in cells(book["Judgements"])]
    assert sorted(judged) == sorted(
        (f.face_id, o.officer, str(o.verdict), o.strength and str(o.strength))
        for f in faces.values() for o in f.evidence.judgements
    )  # fmt: skip


def test_the_json_form_is_the_value_with_each_picture_s_digest(pack):
    told = json.loads(packing.as_json(pack))
    assert told["ranking"]["standings"][0]["person_id"] == FIRST
    assert told["chips"] == {face: hashlib.sha256(png).hexdigest() for face, png in pack.chips.items()}
    assert told["made_at"].endswith("+00:00")


def test_stills_stand_with_the_digest_of_their_bytes(desk, pack):
    from stillgraph.casework import receiving

    for still in pack.stills[:3]:
        assert hashlib.sha256(receiving.still_image(desk, still.still)).hexdigest() == still.sha256
    assert {s.still for s in pack.stills} == {f.still for p in pack.persons for o in p.offences for f in o.faces}


def test_html_says_what_the_sections_say_and_loads_nothing(pack, page):
    for section in pack_parts.sections(pack):
        assert f'id="{section.anchor}"' in page
    assert "default-src &#39;none&#39;" in page or "default-src 'none'" in page
    assert re.findall(r'(?:src|href)="(?!data:|#)[^"]*"', page) == []
    assert "<script" not in page
    assert page.count("<img") == sum(len(pack_parts.plates(pack, p)) for p in pack.persons) > 10
    anchors = re.findall(r'href="#([^"]+)"', page)
    assert anchors
    assert set(anchors) <= set(re.findall(r'id="([^"]+)"', page))


def test_html_prints_the_same_figures_as_the_ranking(pack, page):
    for standing in pack.ranking.standings[:25]:
        cells = [
            pack_parts.shown(c.kind, v)
            for c, v in zip(pack_parts.RANKING, pack_parts.standing_row(standing), strict=True)
        ]
        assert re.search(r"\s*".join(f"<td[^>]*>{re.escape(cell)}</td>" for cell in cells), page)


def test_the_pdf_is_one_with_pages_and_text(pack):
    made = pack_pdf.pdf(pack)
    assert made.startswith(b"%PDF-")
    assert made.count(b"/Type /Page\n") + made.count(b"/Type /Page ") >= 8
    assert b"Case pack: " in made, "its title"


@pytest.mark.parametrize("make", [pack_pdf.pdf, pack_html.html, pack_sheets.xlsx, packing.as_json])
def test_the_same_pack_makes_the_same_bytes(pack, make):
    assert make(pack) == make(pack)


def test_the_same_case_and_clock_make_the_same_pack(demo_case, tmp_path):
    made = []
    for name in ("one", "other"):
        shutil.copytree(demo_case, tmp_path / name / "case")
        seat = take_seat(
            tmp_path / name / "case", officer=demo.ANALYST, operation=demo.OPERATION, reason="x", clock=lambda: CLOCK
        )
        made.append(packing.case_pack(seat, top=2))
    assert made[0] == made[1]
    assert pack_sheets.xlsx(made[0]) == pack_sheets.xlsx(made[1])


def test_custody_images_are_shown_of_corroborated_nominals_alone(desk):
    made = packing.case_pack(desk, people=["unknown 1", FIRST], with_proposals=True)
    assert [p.person_id for p in made.persons] == ["unknown 1", FIRST]
    assert {image.split("/")[0] for image in made.custody_chips} == {FIRST}
    unknown, named = (pack_parts.plates(made, p) for p in made.persons)
    assert not any("custody" in plate.caption for plate in unknown)
    assert "custody image" in named[0].caption
    assert "links nobody has corroborated counted too" in pack_parts.scale_line(made)


def test_no_name_and_no_date_of_birth_is_in_any_form(desk, pack):
    with desk.case.session(writing=False) as session:
        named = session.rows("SELECT name, date_of_birth::VARCHAR FROM main.nominals")
    people = {p.nominal_id for p in pack.persons}
    assert people
    text = pack_html.html(pack).decode() + packing.as_json(pack).decode()
    assert [name for name, _ in named if name in text] == []


def test_a_period_is_that_of_every_part(desk):
    june = {"since": date(2026, 6, 1), "until": date(2026, 6, 30)}
    made = packing.case_pack(desk, top=2, **june)
    assert {o.occurred_at.month for p in made.persons for o in p.offences} == {6}
    assert pack_parts.period(made) == "2026-06-01 to 2026-06-30"
    assert made.counts.first_offence.month == made.counts.last_offence.month == 6
    assert all(pair.first_together.month == 6 for pair in made.pairs)


# --- odd texts and empty cases -------------------------------------------------------------------------------------

ODD = '=HYPERLINK("x")<script>alert(1)</script> & O\'Brien “ł” Ωμέγα Жуков 漢字 שלום \x07' + "very long " * 30


@pytest.fixture
def odd(demo_case, tmp_path):
    shutil.copytree(demo_case, tmp_path / "case")
    with CaseFile(tmp_path / "case").session(writing=True) as session:
        session.execute("UPDATE held.stores SET store = ?, retailer = '+SUM(A1)'", [ODD])
        session.execute("UPDATE held.offences SET offence = '@cmd', method = ?", [ODD])
        session.execute("UPDATE held.operations SET purpose = ?", [ODD])
    return take_seat(tmp_path / "case", officer=demo.ANALYST, operation=demo.OPERATION, reason="test")


def test_what_anybody_wrote_is_shown_and_never_run(odd):
    made = packing.case_pack(odd, top=1)
    page = pack_html.html(made).decode()
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert pack_pdf.pdf(made).startswith(b"%PDF-")
    for sheet in openpyxl.load_workbook(io.BytesIO(pack_sheets.xlsx(made))):
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type != "f"
                assert not str(cell.value or "").startswith(("=", "+", "@"))


def test_a_pdf_draws_greek_and_cyrillic_and_writes_as_codes_what_it_cannot():
    assert printing.spelled("Ωμέγα Жуков “ł”") == "Ωμέγα Жуков “ł”"
    assert printing.spelled("漢") == "[U+6F22]"
    assert printing.spelled("של") == "[U+05E9][U+05DC]", "it would stand in the wrong order"


@pytest.mark.parametrize("form", FORMS)
def test_a_case_in_which_nothing_happened_has_a_pack_that_says_so(tmp_path, form):
    governing.create_case(tmp_path / "case")
    seat = take_seat(tmp_path / "case", officer="pc1", operation="OP-1", reason="test")
    governing.add_officer(seat, "pc1")
    governing.open_operation(seat, "OP-1", purpose="tests")
    told = packing.write(seat, tmp_path / f"pack{form}")
    assert (told.persons, told.standings, told.stills, told.pictures) == ((), 0, 0, 0)
    made = packing.case_pack(seat)
    said = [text for section in pack_parts.sections(made) for text in (*section.paragraphs, *section.points)]
    assert "Nobody is ranked: no link counts in this period. Search, review and link first." in said
    assert pack_parts.period(made) == "no offence in the period"


# --- writing and recording -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
def test_the_file_is_its_owner_s_and_its_digest_is_on_record(desk, tmp_path, form):
    path = tmp_path / f"pack{form.upper()}"
    told = packing.write(desk, path, top=1)
    data = path.read_bytes()
    assert told.sha256 == hashlib.sha256(data).hexdigest()
    assert told.bytes == len(data)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [p.name for p in tmp_path.iterdir()] == [path.name], "nothing is left beside it"
    with desk.case.session(writing=False) as session:
        row = session.one("SELECT action, result, details FROM main.audit ORDER BY sequence DESC LIMIT 1")
        head = office.chain_head(session)
    details = json.loads(row[2])
    assert row[:2] == ("export case pack", "done")
    assert details["sha256"] == told.sha256
    assert details["persons"] == [FIRST]
    assert head is not None


def test_the_audit_entry_named_is_the_one_before_the_pack_s_own(demo_case, tmp_path):
    shutil.copytree(demo_case, tmp_path / "case")
    seat = take_seat(tmp_path / "case", officer=demo.ANALYST, operation=demo.OPERATION, reason="test")
    packing.write(seat, tmp_path / "pack.json", top=1)
    sequence, digest = json.loads((tmp_path / "pack.json").read_text())["audit_head"]
    with CaseFile(tmp_path / "case").session(writing=False) as session:
        rows = session.rows("SELECT sequence, digest, action FROM held.audit ORDER BY sequence DESC LIMIT 2")
    assert [rows[1][0], rows[1][1]] == [sequence, digest]
    assert rows[0][2] == "export case pack"
    assert governing.verify_audit(tmp_path / "case").holds


def test_a_file_that_was_there_is_whole_until_the_new_one_is(desk, tmp_path, monkeypatch):
    path = tmp_path / "pack.html"
    path.write_text("before")
    monkeypatch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(WrongUse, match=r"pack.html cannot be written \(No space left on device\)"):
        packing.write(desk, path, top=1)
    assert path.read_text() == "before"
    assert [p.name for p in tmp_path.iterdir()] == ["pack.html"]


@pytest.mark.parametrize(
    ("name", "options", "error", "sentence"),
    [
        (
            "pack.doc",
            {},
            WrongUse,
            "written as .pdf, .html, .xlsx, .json, by the file's ending; name such a file, not pack.doc",
        ),
        ("nowhere/pack.pdf", {"top": 1}, WrongUse, "cannot be written"),
        ("pack.pdf", {"top": 0}, WrongUse, "pages of one person or more, not of 0"),
        ("pack.pdf", {"people": ["N0"]}, NotFound, "no person N0 in the last linking run"),
        ("pack.pdf", {"by": "luck"}, WrongUse, "choose one of them instead of 'luck'"),
        ("pack.pdf", {"since": date(2026, 6, 2), "until": date(2026, 6, 1)}, WrongUse, "A period ends on or after"),
    ],
)
def test_what_cannot_be_written_is_refused_and_leaves_nothing(desk, tmp_path, name, options, error, sentence):
    with pytest.raises(error, match=sentence):
        packing.write(desk, tmp_path / name, **options)
    assert list(tmp_path.iterdir()) == []


def test_no_pack_lands_inside_the_case(desk, tmp_path):
    (tmp_path / "elsewhere").symlink_to(desk.case.directory)
    case = desk.case.directory
    for place in (case / "case.pdf", case / "images" / "pack.html", tmp_path / "elsewhere" / "pack.json"):
        with pytest.raises(WrongUse, match="would lie inside the case; name a file in a folder of its own"):
            packing.write(desk, place)
        assert not place.exists()


def test_a_reviewer_may_not_have_one(demo_case, tmp_path):
    shutil.copytree(demo_case, tmp_path / "case")
    seat = take_seat(tmp_path / "case", officer=demo.ANALYST, operation=demo.OPERATION, reason="test")
    governing.add_officer(seat, "pc1", role=Role.REVIEWER)
    theirs = take_seat(tmp_path / "case", officer="pc1", operation=demo.OPERATION, reason="test")
    with pytest.raises(NotPermitted, match="To export case pack is not for a reviewer"):
        packing.write(theirs, tmp_path / "pack.pdf")
    assert not (tmp_path / "pack.pdf").exists()
    assert newest(tmp_path / "case")[:2] == ("export case pack", "refused")


def test_a_face_that_cannot_be_cut_out_is_said(demo_case, tmp_path):
    shutil.copytree(demo_case, tmp_path / "case")
    seat = take_seat(tmp_path / "case", officer=demo.ANALYST, operation=demo.OPERATION, reason="test")
    with CaseFile(tmp_path / "case").session(writing=True) as session:
        session.execute("DELETE FROM held.templates WHERE face_id = 'R03/R03_0292.jpg#1'")
    made = packing.case_pack(seat, people=[FIRST])
    assert any("R03/R03_0292.jpg#1" in one for one in made.missing) == ("R03/R03_0292.jpg#1" not in made.chips)


# --- drawings ------------------------------------------------------------------------------------------------------


def test_drawings_are_the_same_lines_in_both_forms(pack):
    drawn = [sketch for section in pack_parts.sections(pack) for sketch in section.drawings]
    assert len(drawn) >= 2 * len(pack.persons)
    for sketch in drawn:
        assert sketches.svg(sketch).count("<text") == sum(isinstance(s, sketches.Word) for s in sketch.shapes)
        assert len(sketches.flowable(sketch).contents) == len(sketch.shapes)
        assert sketch.alt


def test_a_timeline_has_a_dot_for_each_offence_hollow_where_it_does_not_count(desk):
    made = packing.case_pack(desk, people=["unknown 1"])
    (page,) = made.persons
    dots = [
        s for s in sketches.timeline([page], date(2025, 11, 1), date(2026, 11, 1)).shapes if isinstance(s, sketches.Dot)
    ]
    assert len(dots) == len(page.offences)
    assert {(dot.fill, dot.colour) for dot in dots} == {(None, sketches.COLOURS[LinkStatus.UNKNOWN])}


def test_a_journey_needs_two_places_and_keeps_their_distances(pack):
    page = pack.persons[0]
    sketch = sketches.journey(page)
    route = next(s for s in sketch.shapes if isinstance(s, sketches.Stroke) and len(s.points) == len(page.offences))
    bar = next(s for s in sketch.shapes if isinstance(s, sketches.Stroke) and len(s.points) == 2)
    told = next(
        float(s.text.removesuffix(" km"))
        for s in sketch.shapes
        if isinstance(s, sketches.Word) and s.text.endswith(" km")
    )
    mm_a_km = (bar.points[1][0] - bar.points[0][0]) / told
    for n in range(1, len(page.offences)):
        (x1, y1), (x2, y2) = route.points[n - 1 : n + 1]
        km = pack_parts.distance_km(page.offences[n - 1], page.offences[n])
        assert ((x2 - x1) ** 2 + (y2 - y1) ** 2) ** 0.5 == pytest.approx(km * mm_a_km, rel=0.01, abs=0.05)
    assert all(0 <= x <= sketch.width and 0 <= y <= sketch.height for x, y in route.points)


def test_the_archive_says_when_the_pack_was_made(pack):
    with zipfile.ZipFile(io.BytesIO(pack_sheets.xlsx(pack))) as archive:
        stamps = {entry.date_time for entry in archive.infolist()}
    assert stamps == {(*pack.made_at.timetuple()[:5], pack.made_at.second // 2 * 2)}
