"""Photo arrays in a case: kept as made, shown without names, answered without settling anything."""

from __future__ import annotations

import json

import pytest

from stillgraph.casework import analysing, arrays
from stillgraph.errors import NotFound, NotPermitted, WrongUse
from stillgraph.records import Verdict

FACE, RIGHT = "R08/R08_0002.jpg#1", "N314959"


@pytest.fixture(autouse=True)
def kept_open(small_case):
    """Keep the case open from one action to the next: opening it is most of what a test would take."""
    with small_case.seat().sitting() as _, small_case.seat().case.session(writing=True) as session:
        # The small case holds a dozen people; here they are alike by what is recorded.
        session.execute("UPDATE held.nominals SET sex = 'F', ethnicity = 'White', date_of_birth = '1990-05-01'")
        session.execute("UPDATE held.custody_images SET captured_on = '2024-03-02'")
        yield


def entries(case):
    return rows(case, "SELECT sequence, result FROM held.audit ORDER BY sequence")


def rows(case, sql):
    with case.seat().case.session(writing=False) as session:
        return session.rows(sql)


def test_an_array_is_kept_as_it_was_made(small_case):
    made = arrays.photo_array(small_case.seat(), RIGHT, size=6, seed=4)
    assert [place.position for place in made.positions] == [1, 2, 3, 4, 5, 6]
    assert len({place.nominal_id for place in made.positions}) == 6
    (candidate,) = [place for place in made.positions if place.nominal_id == RIGHT]
    assert candidate.why == arrays.CANDIDATE
    kept = rows(small_case, "SELECT position, nominal_id, why FROM held.array_positions ORDER BY position")
    assert kept == [(p.position, p.nominal_id, p.why) for p in made.positions]
    assert all("recorded sex and ethnicity" in p.why for p in made.positions if p is not candidate)
    assert rows(small_case, "SELECT seed, made_by, nominal_id FROM held.arrays") == [(4, "desk", RIGHT)]
    again = arrays.photo_array(small_case.seat(), RIGHT, size=6, seed=4)
    assert (again.positions, again.array_id) == (made.positions, made.array_id + 1)
    (last,) = analysing.query_table(small_case.seat(), "FROM audit ORDER BY sequence DESC LIMIT 1").to_pylist()
    assert (last["action"], json.loads(last["details"])["seed"]) == ("make photo array", 4)


def test_nobody_under_the_same_offence_is_a_filler(small_case):
    others = [
        n for (n,) in rows(small_case, "SELECT DISTINCT nominal_id FROM held.custody_images ORDER BY 1") if n != RIGHT
    ]
    suspected = others[0]
    for officer in ("first", "second"):
        small_case.judge(officer, FACE, RIGHT)
    still = FACE.split("#", maxsplit=1)[0]
    with small_case.seat().case.session(writing=True) as session:
        # Another face of the same offence, of whom one officer said it is somebody else.
        session.execute(
            "INSERT INTO held.faces BY NAME SELECT f.* REPLACE (? AS face_id) FROM held.faces AS f WHERE face_id = ?",
            [f"{still}#2", FACE],
        )
        session.execute(
            "INSERT INTO held.judgements SELECT 90, ?, search_id, officer_id, verdict, ?, reason, judged_at, simulated, "
            "salt, comparison FROM held.judgements LIMIT 1",
            [f"{still}#2", suspected],
        )
    most = len(others)
    with pytest.raises(WrongUse, match=f"and {most - 1} are alike enough by what is recorded.*nobody under the same"):
        arrays.photo_array(small_case.seat(), RIGHT, size=most + 1)
    made = arrays.photo_array(small_case.seat(), RIGHT, size=most)
    assert suspected not in {place.nominal_id for place in made.positions}


def test_of_a_face_nobody_else_on_its_list_is_a_filler(small_case):
    on_list = {n for (n,) in rows(small_case, f"SELECT nominal_id FROM candidates WHERE face_id = '{FACE}'")}
    everybody = {n for (n,) in rows(small_case, "SELECT DISTINCT nominal_id FROM held.custody_images")}
    assert on_list == everybody, "the small case has fewer people than a list holds"
    with pytest.raises(WrongUse, match="and 0 are alike enough"):
        arrays.photo_array(small_case.seat(), RIGHT, face_id=FACE)


@pytest.mark.parametrize(
    ("given", "error", "sentence"),
    [
        ({}, WrongUse, "of one candidate: name a nominal"),
        ({"nominal_id": RIGHT, "size": 5}, WrongUse, "6 people at least"),
        ({"nominal_id": "N000000"}, NotFound, "no custody image of N000000 with a face"),
        ({"nominal_id": "N000000", "face_id": FACE}, NotFound, "N000000 is not on a candidate list of"),
        ({"face_id": FACE}, WrongUse, "is not corroborated as anybody"),
    ],
)
def test_an_array_without_sense_is_refused(small_case, given, error, sentence):
    with pytest.raises(error, match=sentence):
        arrays.photo_array(small_case.seat(), **given)
    assert rows(small_case, "SELECT count(*) FROM held.arrays") == [(0,)]


def test_a_corroborated_face_names_its_candidate(small_case):
    for officer in ("first", "second"):
        small_case.judge(officer, FACE, RIGHT)
    with pytest.raises(WrongUse, match="and 0 are alike enough"):
        arrays.photo_array(small_case.seat(), face_id=FACE)


def test_the_page_shows_positions_and_nobodys_name_or_id(small_case, tmp_path):
    made = arrays.photo_array(small_case.seat(), RIGHT, size=6)
    for name in ("array.html", "array.pdf"):
        arrays.write(small_case.seat(), made.array_id, tmp_path / name)
    page = (tmp_path / "array.html").read_text(encoding="utf-8")
    shown = page.replace("data:image/png;base64,", "").split("<body>")[1]
    for place in made.positions:
        assert f"<figcaption>{place.position}</figcaption>" in shown
        assert f"{place.nominal_id}" not in page
    assert "may or may not be among these people" in page
    assert (tmp_path / "array.pdf").read_bytes().startswith(b"%PDF-")
    assert [plate.caption for plate in arrays.array_pictures(small_case.seat(), made.array_id)] == list("123456")
    with pytest.raises(WrongUse, match=r"is written as \.html or \.pdf"):
        arrays.write(small_case.seat(), made.array_id, tmp_path / "array.docx")
    with pytest.raises(NotFound, match="There is no photo array 99"):
        arrays.write(small_case.seat(), 99, tmp_path / "array.pdf")


def test_an_array_whose_picture_is_gone_is_shown_no_more(small_case):
    made = arrays.photo_array(small_case.seat(), RIGHT, size=6)
    with small_case.seat().case.session(writing=True) as session:
        session.execute("DELETE FROM held.templates WHERE face_id LIKE ? || '#%'", [made.positions[2].custody_image])
    with pytest.raises(NotFound, match="The picture at position 3 of array 1 is in the case no more"):
        arrays.array_pictures(small_case.seat(), made.array_id)


def test_an_answer_is_kept_in_the_witnesss_words_and_settles_nothing(small_case):
    made = arrays.photo_array(small_case.seat(), RIGHT, size=6)
    where = next(place.position for place in made.positions if place.nominal_id == RIGHT)
    before = rows(small_case, "SELECT * FROM reviews ORDER BY ALL")
    assert arrays.record_answer(small_case.seat(), 1, where, "That is him, I think.").is_candidate
    assert not arrays.record_answer(small_case.seat(), 1, where % 6 + 1, "Perhaps this one.").is_candidate
    assert not arrays.record_answer(small_case.seat(), 1, None, "None of them.").is_candidate
    assert rows(small_case, "SELECT position, words, recorded_by FROM held.array_answers ORDER BY answer_id") == [
        (where, "That is him, I think.", "desk"), (where % 6 + 1, "Perhaps this one.", "desk"), (None, "None of them.", "desk"),
    ]  # fmt: skip
    assert rows(small_case, "SELECT * FROM reviews ORDER BY ALL") == before
    details = rows(small_case, "SELECT details FROM held.audit WHERE action = 'record array answer'")
    assert all("him" not in row[0] for row in details), "a witness's words are in the case and not in the chain"
    for position, words, sentence in (
        (7, "x", "positions 1 to 6"),
        (0, "x", "positions 1 to 6"),
        (1, " ", "own words"),
    ):
        with pytest.raises(WrongUse, match=sentence):
            arrays.record_answer(small_case.seat(), 1, position, words)


def test_an_array_says_nothing_to_review(small_case):
    arrays.photo_array(small_case.seat("first"), RIGHT, size=6)
    assert small_case.judge("first", FACE, Verdict.NO_CANDIDATE)


CALLS = {
    "photo_array": lambda desk, _: arrays.photo_array(desk, RIGHT, size=6),
    "array_pictures": lambda desk, _: arrays.array_pictures(desk, 1),
    "write": lambda desk, path: arrays.write(desk, 1, path),
    "record_answer": lambda desk, _: arrays.record_answer(desk, 1, None, "nobody"),
}


LACKING = [
    ({"officer": None}, "There is no default officer"),
    ({"reason": None}, "state the reason"),
    ({"operation": None}, "say for which operation"),
]


@pytest.mark.parametrize(("given", "sentence"), LACKING)
@pytest.mark.parametrize("action", CALLS)
def test_it_is_permitted_like_every_action_and_a_refusal_is_recorded(small_case, action, given, sentence, tmp_path):
    before = entries(small_case)
    with pytest.raises(NotPermitted, match=sentence):
        CALLS[action](small_case.seat(**given), tmp_path / "page.html")
    assert not (tmp_path / "page.html").exists()
    after = entries(small_case)
    assert next(entry for entry in after if entry not in before)[1] == "refused"
    assert len(after) == len(before) + 1
