"""Enhancing: the original never changes, every step is kept, and what is found adds to a search and replaces nothing."""

from __future__ import annotations

import io
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from stillgraph.casework import (
    analysing,
    enhancing,
    governing,
    linking,
    migrating,
    models,
    receiving,
    reviewing,
    searching,
)
from stillgraph.errors import CaseError, NotFound, ReviewBlocked, WrongUse
from stillgraph.faces.detect import Detection
from stillgraph.records import Box, ProbeTemplate, Verdict
from stillgraph.store import enhancements, faces

STILL, FACE, OTHER = "R08/R08_0002.jpg", "R08/R08_0002.jpg#1", "R08/R08_0088.jpg"
SFACE = Path(__file__).parents[2] / "lib" / "stillgraph" / "faces" / "models" / "sface.onnx"
STEPS = enhancing.steps_of(["crop 0 20 120 120", "gamma 1.6", "upscale 2"])
GAMMA = enhancing.steps_of(["gamma 1.6"])


@pytest.fixture(autouse=True)
def kept_open(small_case):
    """Keep the case open from one action to the next: opening it is most of what a test would take."""
    with small_case.seat().sitting():
        yield


def table(case, name, where="true"):
    with case.seat().case.session(writing=True) as session:
        return session.rows(f"SELECT * FROM held.{name} WHERE {where} ORDER BY ALL")


def stored(case):
    """Return what is held of stills and their faces, and every image file's bytes."""
    names = ("stills", "faces", "templates", "offences", "judgements")
    files = {path.name: path.read_bytes() for path in (case.directory / "images").rglob("*") if path.is_file()}
    return {name: table(case, name) for name in names}, files


def last_entry(case):
    with case.seat().case.session(writing=True) as session:
        action, result, details = session.rows(
            "SELECT action, result, details FROM held.audit ORDER BY sequence DESC LIMIT 1"
        )[0]
    return action, result, json.loads(details)


class Finds:
    """A detector that finds one face more than the case's own does."""

    def __init__(self, detector, box: Box) -> None:
        self.detector, self.box = detector, box

    def detect(self, pixels):
        corner = np.float32([self.box.x, self.box.y])
        points = corner + np.float32([[9, 12], [23, 12], [16, 20], [10, 28], [22, 28]])
        return [*self.detector.detect(pixels), Detection(self.box, points, 0.9, "1x")]


def seeing_more(case, officer="desk"):
    """Return a desk at which enhanced pictures show a face in their top left corner."""
    desk = case.seat(officer)
    desk.pack = replace(desk.pack, detector=Finds(desk.pack.detector, Box(2, 2, 32, 40)))
    return desk


# --- previews ------------------------------------------------------------------------------------------------------


def size(png):
    return Image.open(io.BytesIO(png)).size


def test_a_preview_shows_both_of_the_same_part_and_keeps_nothing_but_that_somebody_looked(small_case):
    before = stored(small_case)
    shown = enhancing.preview(small_case.seat(), STILL, STEPS)
    assert size(shown.original) == size(shown.enhanced) == (shown.width_px, shown.height_px) == (240, 240)
    assert shown.original != shown.enhanced
    assert shown.captions == (
        "original (crop 0 20 120 120, upscale 2)", "enhanced: crop 0 20 120 120, gamma 1.6, upscale 2",
    )  # fmt: skip
    assert size(shown.beside)[0] > 2 * 240
    assert stored(small_case) == before
    assert table(small_case, "enhancements") == []
    action, result, details = last_entry(small_case)
    assert (action, result) == ("view faces", "done")
    assert [step["step"] for step in details["steps"]] == ["crop", "gamma", "upscale"]
    assert "array" not in repr(shown)
    assert "PNG" not in repr(shown)


def test_without_a_step_both_are_the_still(small_case):
    shown = enhancing.preview(small_case.seat(), STILL)
    assert shown.original == shown.enhanced
    still = Image.open(io.BytesIO(receiving.still_image(small_case.seat(), STILL))).convert("RGB")
    assert (np.asarray(Image.open(io.BytesIO(shown.original))) == np.asarray(still)).all()


def test_a_large_picture_may_be_asked_for_smaller(small_case):
    shown = enhancing.preview(small_case.seat(), STILL, STEPS, longest_px=100)
    assert size(shown.original) == size(shown.enhanced) == (100, 100)
    assert shown.width_px == 240


# --- keeping -------------------------------------------------------------------------------------------------------


def test_an_enhancement_is_kept_with_everything_and_changes_nothing_of_the_original(small_case):
    before = stored(small_case)
    kept = enhancing.enhance(small_case.seat(), STILL, STEPS)
    assert stored(small_case) == before
    assert (kept.enhancement_id, kept.still, kept.made_now) == (f"{STILL}~1", STILL, True)
    assert [step["step"] for step in kept.steps] == ["crop", "gamma", "upscale"]
    assert (kept.officer, kept.operation) == ("desk", "OP-TEST")
    (face,) = kept.faces
    assert (face.face_id, face.only_enhanced) == (FACE, False)
    expected = (2 * face.box.x, 2 * (face.box.y - 20))
    assert np.abs(np.subtract((face.enhanced_box.x, face.enhanced_box.y), expected)).max() < 8
    frame = analysing.query(small_case.seat(), "FROM enhancements")
    assert frame.enhancement_id.tolist() == [kept.enhancement_id]
    assert json.loads(frame.steps[0]) == [dict(step) for step in kept.steps]
    assert frame.pixels_sha256[0] == kept.pixels_sha256
    assert (frame.width_px[0], frame.height_px[0], frame.faces[0]) == (240, 240, 1)
    assert enhancing.enhancements_of(small_case.seat(), STILL) == (replace(kept, made_now=False),)
    assert enhancing.enhancements_of(small_case.seat(), OTHER) == ()


def test_the_audit_names_the_steps_and_what_they_came_to(small_case):
    enhancing.enhance(small_case.seat(), STILL, GAMMA)
    assert last_entry(small_case) == ("enhance", "done", {
        "still": STILL, "steps": [{"step": "gamma", "value": 1.6}], "model": small_case.seat().model,
        "enhancement": f"{STILL}~1", "made_now": True, "faces": 1, "new_faces": 0,
    })  # fmt: skip
    assert governing.verify_audit(small_case.directory).holds


def test_the_same_steps_are_kept_once_and_another_order_is_another(small_case):
    first = enhancing.enhance(small_case.seat(), STILL, STEPS)
    again = enhancing.enhance(small_case.seat("first"), STILL, STEPS)
    assert again == replace(first, made_now=False)
    turned = enhancing.enhance(small_case.seat(), STILL, (STEPS[1], STEPS[0], STEPS[2]))
    assert turned.enhancement_id == f"{STILL}~2"
    elsewhere = enhancing.enhance(small_case.seat(), OTHER, GAMMA)
    assert elsewhere.enhancement_id == f"{OTHER}~1"
    assert len(table(small_case, "enhancements")) == 3


def test_a_face_that_only_the_enhancement_shows_is_a_new_face_and_says_so(small_case):
    before = stored(small_case)
    kept = enhancing.enhance(seeing_more(small_case), STILL, enhancing.steps_of(["gamma 1.6", "upscale 2"]))
    assert [(face.face_id, face.only_enhanced) for face in kept.faces] == [(FACE, False), (f"{STILL}#2", True)]
    after = stored(small_case)
    for name in ("faces", "templates"):
        assert set(map(str, before[0][name])) < set(map(str, after[0][name]))
        assert len(after[0][name]) == len(before[0][name]) + 1
    frame = analysing.query(small_case.seat(), f"SELECT found_by, x, y, width FROM faces WHERE face_id = '{STILL}#2'")
    assert frame.found_by[0] == "enhancement 1: gamma 1.6, upscale 2"
    assert frame[["x", "y", "width"]].to_numpy().tolist() == [[1, 1, 16]]
    other = enhancing.enhance(small_case.seat(), STILL, GAMMA)
    assert [face.face_id for face in other.faces] == [FACE]


def test_a_face_found_by_one_enhancement_is_that_face_in_the_next(small_case):
    enhancing.enhance(seeing_more(small_case), STILL, GAMMA)
    kept = enhancing.enhance(seeing_more(small_case), STILL, enhancing.steps_of(["gamma 2"]))
    assert [face.face_id for face in kept.faces] == [FACE, f"{STILL}#2"]
    assert len(table(small_case, "faces", f"image_id = '{STILL}'")) == 2


def test_an_enhancement_that_fails_leaves_nothing_behind(small_case, monkeypatch):
    before = stored(small_case)

    def breaks(*_):
        raise WrongUse("No more.")

    monkeypatch.setattr(enhancements, "add", breaks)
    with pytest.raises(WrongUse, match="No more"):
        enhancing.enhance(seeing_more(small_case), STILL, GAMMA)
    assert stored(small_case) == before


# --- doing it again ------------------------------------------------------------------------------------------------


def test_the_steps_give_the_same_pixels_again(small_case):
    kept = enhancing.enhance(small_case.seat(), STILL, STEPS)
    found = enhancing.reproduce(small_case.seat("second"), kept.enhancement_id)
    assert found.same
    assert found.pixels_sha256 == found.pixels_sha256_now == kept.pixels_sha256
    assert found.software == found.software_now
    assert last_entry(small_case)[2]["same"] is True


def test_other_pixels_are_reported_with_the_software_of_then_and_now_and_nothing_is_changed(small_case, monkeypatch):
    from stillgraph.faces import enhance

    kept = enhancing.enhance(small_case.seat(), STILL, GAMMA)
    monkeypatch.setattr(enhance, "_done", lambda _step, pixels: pixels // 2)
    monkeypatch.setattr(enhance, "software", lambda: "stillgraph 9")
    found = enhancing.reproduce(small_case.seat(), kept.enhancement_id)
    assert not found.same
    assert found.pixels_sha256 == kept.pixels_sha256 != found.pixels_sha256_now
    assert (found.software, found.software_now) == (kept.software, "stillgraph 9")
    assert enhancing.enhancements_of(small_case.seat(), STILL)[0].pixels_sha256 == kept.pixels_sha256


def test_steps_altered_in_the_case_file_are_not_done(small_case):
    kept = enhancing.enhance(small_case.seat(), STILL, GAMMA)
    with small_case.seat().case.session(writing=True) as session:
        session.execute("""UPDATE held.enhancements SET steps = '[{"step": "erase"}]'""")
    with pytest.raises(CaseError, match=rf"The steps of enhancement {kept.enhancement_id} cannot be done"):
        enhancing.reproduce(small_case.seat(), kept.enhancement_id)


def test_an_altered_original_is_not_enhanced(small_case):
    digest = table(small_case, "stills", f"still_id = '{STILL}'")[0][9]
    (small_case.directory / "images" / digest[:2] / digest).write_bytes(b"another")
    with pytest.raises(CaseError, match="has been altered"):
        enhancing.preview(small_case.seat(), STILL, GAMMA)


# --- searching -----------------------------------------------------------------------------------------------------


def scores(report, face):
    return {
        c.custody_image: c.score for probe in report.probes if probe.face_id == face for c in probe.candidates
    }  # fmt: skip


def test_a_search_with_an_enhancement_adds_its_view_and_is_stored_so(small_case):
    kept = enhancing.enhance(small_case.seat(), STILL, STEPS)
    plain = searching.search(small_case.seat(), stills=[STILL])
    report = searching.search(small_case.seat(), stills=[STILL], enhancement=kept.enhancement_id)
    assert (plain.enhancement, report.enhancement) == (None, kept.enhancement_id)
    assert [probe.template for probe in plain.probes] == [ProbeTemplate.ORIGINAL]
    assert [probe.template for probe in report.probes] == [ProbeTemplate.BOTH]
    assert searching.candidate_lists(small_case.seat(), STILL) == report
    found = analysing.query(small_case.seat(), "SELECT enhancement_id FROM searches ORDER BY search_id DESC LIMIT 1")
    assert found.enhancement_id.tolist() == [kept.enhancement_id]
    assert last_entry(small_case)[0] == "query"

    desk = small_case.seat()
    with desk.case.session(writing=True) as session:
        entries, gallery = faces.gallery(session, desk.model)
        original = faces.one(session, desk.model, FACE).template.vector
        view = enhancements.vectors(session, kept.enhancement_id, desk.model)[FACE]
    probe = original.astype(float) + view
    probe /= np.linalg.norm(probe)
    expected = dict(zip((image for image, _ in entries), gallery @ probe, strict=True))
    assert scores(report, FACE) == pytest.approx({image: expected[image] for image in scores(report, FACE)}, abs=1e-6)
    assert scores(report, FACE) != scores(plain, FACE)


def test_a_face_that_only_the_enhancement_shows_is_searched_by_that_alone_and_says_so(small_case):
    kept = enhancing.enhance(seeing_more(small_case), STILL, enhancing.steps_of(["gamma 1.6"]))
    report = searching.search(small_case.seat(), stills=[STILL], enhancement=kept.enhancement_id)
    by_face = {probe.face_id: probe for probe in report.probes}
    assert by_face[FACE].template is ProbeTemplate.BOTH
    assert by_face[f"{STILL}#2"].template is ProbeTemplate.ENHANCED
    assert by_face[f"{STILL}#2"].candidates
    assert searching.candidate_lists(small_case.seat(), STILL) == report
    plain = searching.search(small_case.seat(), stills=[STILL])
    alone = {probe.face_id: probe for probe in plain.probes}[f"{STILL}#2"]
    assert alone.template is ProbeTemplate.ENHANCED
    assert scores(plain, f"{STILL}#2") == pytest.approx(scores(report, f"{STILL}#2"), abs=1e-6)


@pytest.mark.parametrize(
    ("what", "sentence"),
    [
        ({"unsearched": True}, "An enhancement is of one still: name that one"),
        ({"stills": [STILL, OTHER]}, "An enhancement is of one still: name that one"),
        ({"stills": [OTHER]}, rf"Enhancement {STILL}~1 is of still {STILL}: search that one with it"),
    ],
)
def test_an_enhancement_goes_with_its_own_still_alone(small_case, what, sentence):
    kept = enhancing.enhance(small_case.seat(), STILL, GAMMA)
    with pytest.raises(WrongUse, match=sentence):
        searching.search(small_case.seat(), enhancement=kept.enhancement_id, **what)


def test_an_enhancement_without_a_face_adds_nothing_to_a_search_and_is_refused(small_case):
    kept = enhancing.enhance(small_case.seat(), STILL, enhancing.steps_of(["crop 0 0 20 20"]))
    with pytest.raises(WrongUse, match=f"No face was found in enhancement {kept.enhancement_id}: search the still"):
        searching.search(small_case.seat(), stills=[STILL], enhancement=kept.enhancement_id)


def test_views_and_faces_that_only_an_enhancement_shows_come_along_to_another_model(small_case, tmp_path):
    shutil.copy(SFACE, tmp_path / "copy.onnx")
    (tmp_path / "copy.toml").write_text(
        'kind = "onnx"\nfile = "copy.onnx"\ncolour = "rgb"\nmean = 0\nstd = 1\ndimension = 128\nlicence = "Apache-2.0"\n'
    )
    models.add_model(tmp_path / "copy.toml")
    kept = enhancing.enhance(seeing_more(small_case), STILL, STEPS)
    assert len(kept.faces) == 2
    desk = small_case.seat()
    before = searching.search(desk, stills=[STILL], enhancement=kept.enhancement_id)
    migrating.migrate(desk, "copy")
    after = searching.search(desk, stills=[STILL], enhancement=kept.enhancement_id)
    assert before.model != after.model
    assert [probe.template for probe in after.probes] == [probe.template for probe in before.probes]
    for face in (FACE, f"{STILL}#2"):
        assert scores(after, face) == pytest.approx(scores(before, face), abs=1e-5)
    assert {row[2] for row in table(small_case, "enhanced_templates")} == {after.model}


# --- what it does not touch ----------------------------------------------------------------------------------------


def test_linking_takes_no_account_of_enhanced_views(small_case):
    before = linking.link(small_case.seat())
    for words in ("gamma 1.6", "denoise median 3", "upscale 3"):
        assert enhancing.enhance(small_case.seat(), STILL, enhancing.steps_of([words])).faces
    assert linking.link(small_case.seat()) == before


def test_who_enhances_may_still_judge_and_who_searches_with_it_may_not(small_case):
    waiting = reviewing.queue(small_case.seat("first"))
    kept = enhancing.enhance(small_case.seat("first"), STILL, GAMMA)
    assert reviewing.queue(small_case.seat("first")) == waiting
    searching.search(small_case.seat("first"), stills=[STILL], enhancement=kept.enhancement_id)
    assert FACE not in {item.face_id for item in reviewing.queue(small_case.seat("first"))}
    with pytest.raises(ReviewBlocked, match="a search they made"):
        small_case.judge("first", FACE, Verdict.NO_CANDIDATE)


def test_a_judgement_stands_when_its_still_is_enhanced(small_case):
    small_case.judge("first", FACE, Verdict.NO_CANDIDATE)
    before = table(small_case, "judgements"), analysing.query(small_case.seat(), "FROM reviews").to_dict("list")
    enhancing.enhance(seeing_more(small_case), STILL, GAMMA)
    assert (
        table(small_case, "judgements"),
        analysing.query(small_case.seat(), "FROM reviews").to_dict("list"),
    ) == before


# --- what is refused -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("act", "sentence"),
    [
        (lambda d: enhancing.preview(d, "R08/none.jpg", GAMMA), r"There is no still R08/none\.jpg in this case"),
        (lambda d: enhancing.enhance(d, "R08/none.jpg", GAMMA), r"There is no still R08/none\.jpg in this case"),
        (lambda d: enhancing.enhancements_of(d, "R08/none.jpg"), r"There is no still R08/none\.jpg in this case"),
        (lambda d: enhancing.reproduce(d, f"{STILL}~7"), r"There is no enhancement R08/R08_0002\.jpg~7 in this case;"),
        (
            lambda d: searching.search(d, stills=[STILL], enhancement=f"{STILL}~7"),
            r"There is no enhancement R08/R08_0002\.jpg~7 in this case; `stillgraph enhance CASE --list",
        ),
    ],
)
def test_what_is_not_there_is_said_not_to_be(small_case, act, sentence):
    with pytest.raises(NotFound, match=sentence):
        act(small_case.seat())


def test_an_enhancement_without_steps_is_none(small_case):
    with pytest.raises(WrongUse, match="An enhancement has 1 to 20 steps, not 0"):
        enhancing.enhance(small_case.seat(), STILL, ())


def test_steps_that_need_more_memory_than_there_is_are_said_to(small_case, monkeypatch):
    from stillgraph.faces import enhance

    def full(*_):
        raise MemoryError

    monkeypatch.setattr(enhance, "_done", full)
    with pytest.raises(WrongUse, match="need more memory than this machine has; crop the picture"):
        enhancing.preview(small_case.seat(), STILL, GAMMA)


def test_steps_come_from_a_file_then_from_words(tmp_path):
    file = tmp_path / "steps.json"
    file.write_text('[{"step": "upscale", "factor": 2}]', encoding="utf-8")
    assert [step.words() for step in enhancing.steps_of(["gamma 2"], file)] == ["upscale 2", "gamma 2"]
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(WrongUse, match=r"steps\.json cannot be read as steps \(UnicodeDecodeError\)"):
        enhancing.steps_of([], file)
    with pytest.raises(WrongUse, match=r"none\.json cannot be read as steps \(FileNotFoundError\)"):
        enhancing.steps_of([], tmp_path / "none.json")
