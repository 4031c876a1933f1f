"""Looking at images and lists, files written for people, and measuring: what comes back, and what is not there."""

from __future__ import annotations

import csv
import hashlib
import io

import pytest
from PIL import Image

from stillgraph.casework import evaluating, governing, receiving, searching
from stillgraph.casework import ranking as rankings
from stillgraph.casework.shipped import shipped
from stillgraph.errors import CaseError, NotFound, WrongUse
from stillgraph.records import FaceId

STILL, FACE = "R08/R08_0002.jpg", "R08/R08_0002.jpg#1"
RIGHT, WRONG = "N314959", "N834846"


@pytest.fixture(autouse=True)
def kept_open(small_case):
    """Keep the case open from one action to the next: opening it is most of what a test would take."""
    with small_case.seat().sitting():
        yield


def rows(path):
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def test_a_still_comes_back_byte_for_byte(small_case, small_inputs):
    sent = (small_inputs / "deliveries" / "R08" / "stills" / "R08_0002.jpg").read_bytes()
    assert receiving.still_image(small_case.seat(), STILL) == sent


def test_an_altered_still_is_not_shown(small_case):
    digest = hashlib.sha256(receiving.still_image(small_case.seat(), STILL)).hexdigest()
    (small_case.directory / "images" / digest[:2] / digest).write_bytes(b"another")
    with pytest.raises(CaseError, match="has been altered"):
        receiving.still_image(small_case.seat(), STILL)


@pytest.mark.parametrize("size", [160, 48])
def test_chips_are_square_and_of_the_size_asked(small_case, small_inputs, size):
    custody = rows(small_inputs / "custody" / "manifest.csv")[0]
    image = f"{custody['nominal_id']}/{custody['image']}"
    chips = receiving.face_chips(small_case.seat(), [FACE, FACE], size=size)
    chips |= receiving.custody_chips(small_case.seat(), [image], size=size)
    assert set(chips) == {FACE, image}
    for chip in chips.values():
        assert Image.open(io.BytesIO(chip)).size == (size, size)


@pytest.mark.parametrize(
    ("look", "sentence"),
    [
        (lambda d: receiving.still_image(d, "R08/none.jpg"), r"There is no still R08/none\.jpg in this case"),
        (
            lambda d: receiving.face_chips(d, [FaceId("R08/x.jpg#1")]),
            r"There is no face R08/x\.jpg#1 in this case; `still",
        ),
        (lambda d: receiving.custody_chips(d, ["N1/1.jpg"]), r"There is no custody image N1/1\.jpg in this case"),
        (
            lambda d: searching.candidate_lists(d, "R08/none.jpg"),
            r"Still R08/none\.jpg has not been searched in this case",
        ),
        (
            lambda d: searching.search(d, stills=["R08/none.jpg"]),
            r"There is no still R08/none\.jpg in this case; receive",
        ),
    ],
)
def test_what_is_not_there_is_said_not_to_be(small_case, look, sentence):
    with pytest.raises(NotFound, match=sentence):
        look(small_case.seat())


def test_a_custody_image_without_a_face_is_looked_at_whole(small_case, small_inputs):
    custody = rows(small_inputs / "custody" / "manifest.csv")[0]
    image = f"{custody['nominal_id']}/{custody['image']}"
    with small_case.seat().case.session(writing=True) as session:
        session.execute(
            "DELETE FROM held.templates WHERE face_id IN (SELECT face_id FROM held.faces WHERE image_id = ?)", [image]
        )
    with pytest.raises(NotFound, match=r"No face was found in the custody image N.*; look at the image itself"):
        receiving.custody_chips(small_case.seat(), [image])


def test_the_list_that_was_stored_is_the_list_that_was_found(small_case):
    report = searching.search(small_case.seat(), stills=[STILL], limit=4, threshold=0.2)
    stored = searching.candidate_lists(small_case.seat(), STILL)
    assert stored == report
    assert [c.rank for c in stored.probes[0].candidates] == list(range(1, len(stored.probes[0].candidates) + 1))
    assert all(c.score >= 0.2 for c in stored.probes[0].candidates)


def test_each_person_is_on_a_list_once_with_their_best_image(small_case):
    with small_case.seat().case.session(writing=False) as session:
        repeated = session.rows(
            "SELECT face_id, nominal_id FROM held.candidates GROUP BY ALL HAVING count(*) > 1 UNION ALL "
            "SELECT a.face_id, a.nominal_id FROM held.candidates AS a JOIN held.candidates AS b USING (search_id, face_id) "
            "WHERE a.rank < b.rank AND a.score < b.score"
        )
    assert repeated == []


def test_a_second_search_of_everything_covers_nothing(small_case):
    before = searching.candidate_lists(small_case.seat(), STILL)
    report = searching.search(small_case.seat(), unsearched=True)
    assert (report.search_id, report.probes) == (None, ())
    assert searching.candidate_lists(small_case.seat(), STILL) == before


# --- what is written for people ------------------------------------------------------------------------------------


def test_an_empty_ranking_is_written_with_its_columns_and_said_to_be_too_small(small_case, tmp_path):
    ranking = rankings.ranking(small_case.seat())
    assert rankings.concentration_sentence(ranking) == "Concentration: too few persons to state (0)."
    (tmp_path / "empty.csv").write_bytes(rankings.csv_of(ranking))
    assert rows(tmp_path / "empty.csv") == []


def test_the_own_notebooks_of_a_case_are_copied_once_and_then_left_alone(small_case):
    own = governing.notebooks_of(small_case.seat())
    assert own == small_case.directory / "notebooks"
    notebook = own / "start.ipynb"
    assert notebook.read_bytes() == (shipped("notebooks") / "start.ipynb").read_bytes()
    notebook.write_text("mine")
    governing.notebooks_of(small_case.seat())
    assert notebook.read_text() == "mine"


def test_the_workbench_seats_its_kernels_as_the_officer_who_opened_it(small_case):
    assert governing.open_workbench(small_case.seat("first"), "lab") == {
        "STILLGRAPH_CASE": str(small_case.directory.resolve()),
        "STILLGRAPH_OFFICER": "first",
        "STILLGRAPH_OPERATION": "OP-TEST",
        "STILLGRAPH_REASON": "test the workbench",
    }


def test_what_is_not_shipped_is_said_to_be_missing():
    with pytest.raises(NotFound, match=r"data/none is missing from this installation; install Stillgraph again"):
        shipped("data/none")


# --- measuring -----------------------------------------------------------------------------------------------------


def test_leads_are_counted_against_truth(small_case, small_inputs):
    truth = small_inputs / "truth.csv"
    whose = evaluating.truth_of_faces(small_case.seat(), truth)
    assert whose[FACE] == RIGHT
    assert evaluating.leads_against_truth(small_case.seat(), truth).wrong.trials == 0
    for officer in ("first", "second"):
        for face, nominal in ((FACE, RIGHT), ("R08/R08_0088.jpg#1", WRONG)):
            small_case.judge(officer, face, nominal)
    errors = evaluating.leads_against_truth(small_case.seat(), truth)
    assert (errors.wrong.successes, errors.wrong.trials) == (1, 2)
    # Six faces of truth.csv in these stills are of people in this gallery; one has a right lead.
    assert (errors.missed.successes, errors.missed.trials) == (5, 6)


def test_rates_agree_with_a_count_by_hand(small_case, small_inputs):
    truth = small_inputs / "truth.csv"
    report = evaluating.identification(small_case.seat(), truth)
    whose = evaluating.truth_of_faces(small_case.seat(), truth)
    first = 0
    for face, nominal in whose.items():
        lists = searching.candidate_lists(small_case.seat(), face.split("#")[0])
        probe = next(p for p in lists.probes if p.face_id == face)
        first += bool(nominal and probe.candidates and probe.candidates[0].nominal_id == nominal)
    assert report.mated == 6
    assert report.hit_rate["1"] == first / 6


def test_rates_are_split_only_by_what_is_recorded(small_case, small_inputs):
    with pytest.raises(
        WrongUse, match="Rates can be split by ethnicity and sex, as recorded for nominals; not by height"
    ):
        evaluating.identification(small_case.seat(), small_inputs / "truth.csv", by=("height",))


def test_a_face_that_was_not_found_is_an_error_not_a_dropped_trial(small_case, small_inputs):
    truth = small_inputs / "truth.csv"
    before = evaluating.identification(small_case.seat(), truth)
    with small_case.seat().case.session(writing=True) as session:
        session.execute("DELETE FROM held.faces WHERE face_id = ?", [FACE])
    after = evaluating.identification(small_case.seat(), truth)
    assert after.mated == before.mated
    assert after.failures_to_acquire == before.failures_to_acquire + 1
    assert after.hit_rate["1"] == pytest.approx(before.hit_rate["1"] - 1 / 6)
