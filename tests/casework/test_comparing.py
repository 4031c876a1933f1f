"""What a reviewer looks at: aligned pictures of the two, nothing that would end blindness, every look on record."""

from __future__ import annotations

import io
import json
from dataclasses import asdict

import pytest
from PIL import Image

from stillgraph.casework import analysing, comparing, enhancing, reviewing, searching
from stillgraph.errors import NotFound
from stillgraph.faces.portraits import CANVAS_PX
from stillgraph.records import Side


@pytest.fixture
def item(small_case):
    return reviewing.queue(small_case.seat("first"))[0]


def looked(small_case):
    rows = analysing.query(small_case.seat(), "SELECT officer, details FROM audit WHERE action = 'view faces'")
    return [(row.officer, json.loads(row.details)) for row in rows.itertuples()]


def keys(found, side=None):
    return [picture.key for picture in found.pictures if side in {None, picture.side}]


def test_there_is_the_still_and_every_custody_image_of_the_candidate(small_case, item):
    nominal, image = item.candidates[0]
    found = comparing.comparable(small_case.seat("first"), item.face_id, nominal)
    held = analysing.query(
        small_case.seat(), f"SELECT custody_image_id FROM custody_images WHERE nominal_id = '{nominal}' AND searchable"
    )
    assert keys(found, Side.STILL) == ["still"]
    assert set(keys(found, Side.CANDIDATE)) == {f"custody {one}" for one in held.custody_image_id}
    assert f"custody {image}" in keys(found)
    assert found.pictures[0].caption == f"still {item.still}, as received"


def test_every_picture_is_on_the_same_canvas(small_case, item):
    desk = small_case.seat("first")
    enhancing.enhance(small_case.seat("third"), item.still, enhancing.steps_of(["gamma 1.6", "upscale 2"]))
    found = comparing.comparable(desk, item.face_id, item.candidates[0][0])
    assert keys(found, Side.STILL) == ["still", f"enhancement {item.still}~1"]
    assert found.pictures[1].caption == "enhanced: gamma 1.6, upscale 2"
    shown = {key: comparing.portrayed(desk, item.face_id, item.candidates[0][0], key) for key in keys(found)}
    assert {Image.open(io.BytesIO(one.png)).size for one in shown.values()} == {CANVAS_PX}
    assert len({one.png for one in shown.values()}) == len(shown)


def test_an_enhancement_that_cropped_the_face_away_is_not_offered(small_case, item):
    enhancing.enhance(small_case.seat("third"), item.still, enhancing.steps_of(["crop 0 0 16 16"]))
    found = comparing.comparable(small_case.seat("first"), item.face_id, item.candidates[0][0])
    assert keys(found, Side.STILL) == ["still"]


def test_the_candidates_other_stills_are_those_two_officers_settled(small_case, item):
    other = next(one for one in reviewing.queue(small_case.seat("first")) if one.still != item.still)
    nominal = item.candidates[0][0]
    for officer in ("first", "second"):
        before = comparing.comparable(small_case.seat("third"), item.face_id, nominal)
        assert f"face {other.face_id}" not in keys(before)
        small_case.judge(officer, other.face_id, nominal)
    after = comparing.comparable(small_case.seat("third"), item.face_id, nominal)
    assert keys(after)[-1] == f"face {other.face_id}"
    assert comparing.portrayed(small_case.seat("third"), item.face_id, nominal, f"face {other.face_id}").png
    of_itself = comparing.comparable(small_case.seat("third"), other.face_id, nominal)
    assert f"face {other.face_id}" not in keys(of_itself), "a review shows nothing of its own outcome"


def test_no_score_rank_or_verdict_is_among_what_is_returned(small_case, item):
    nominal = item.candidates[0][0]
    small_case.judge("first", item.face_id, nominal, reason="a scar")
    found = comparing.comparable(small_case.seat("second"), item.face_id, nominal)
    said = json.dumps(asdict(found))
    scores = analysing.query(small_case.seat(), "SELECT score FROM candidates").score
    assert len(scores)
    assert not [score for score in scores if f"{score:.2f}" in said]
    for word in ("score", "rank", "supports", "scar", "first"):
        assert word not in said
    shown = comparing.portrayed(small_case.seat("second"), item.face_id, nominal, "still")
    assert set(shown.__slots__) == {"png", "note"}


def test_every_look_is_on_record(small_case, item):
    desk, nominal = small_case.seat("first"), item.candidates[0][0]
    comparing.comparable(desk, item.face_id, nominal)
    comparing.portrayed(desk, item.face_id, nominal, "still")
    comparing.in_context(desk, item.face_id)
    said = [details for officer, details in looked(small_case) if officer == "first"]
    assert [one["what"] for one in said] == ["comparison", "comparison picture", "still in context"]
    assert {one["face"] for one in said} == {item.face_id}
    assert said[1]["picture"] == "still"


def test_a_still_is_shown_whole_around_its_face(small_case, item):
    picture = Image.open(io.BytesIO(comparing.in_context(small_case.seat("first"), item.face_id)))
    still = analysing.query(small_case.seat(), "SELECT still_id, width_px, height_px FROM stills")
    row = still[still.still_id == item.still].iloc[0]
    assert picture.width / picture.height == pytest.approx(row.width_px / row.height_px, rel=0.02)


def test_only_what_is_on_the_list_can_be_compared(small_case, item):
    desk = small_case.seat("first")
    with pytest.raises(NotFound, match=r"N000000 is not on the candidate list of .*: compare a candidate that is"):
        comparing.comparable(desk, item.face_id, "N000000")
    with pytest.raises(NotFound, match=r"has no candidate list to compare with; search its still first"):
        comparing.comparable(desk, "R08/none.jpg#1", item.candidates[0][0])
    strange = next(n for n, _ in item.candidates if n != item.candidates[0][0])
    for key in ("", "enhancement R08/none.jpg~1", "custody ../../etc/passwd", f"custody {strange}/{strange}_1.jpg"):
        with pytest.raises(NotFound, match=r"There is no picture .*; choose one that is listed"):
            comparing.portrayed(desk, item.face_id, item.candidates[0][0], key)
    with pytest.raises(NotFound, match=r"There is no face R08/none.jpg#1 of a still"):
        comparing.in_context(desk, "R08/none.jpg#1")


def test_a_trial_is_compared_by_its_own_list_and_looks_like_any_review(small_case):
    stills = sorted({one.still for one in reviewing.queue(small_case.seat("first"))})
    searching.search(small_case.seat(), stills=stills, limit=4)  # so that somebody can step in for who is left out
    item = reviewing.queue(small_case.seat("first"))[0]
    nominal = item.candidates[0][0]
    for officer in ("first", "second"):
        small_case.judge(officer, item.face_id, nominal)
    reviewing.set_policy(small_case.seat(), trial_share=0.5, present_share=0.0)
    third = small_case.seat("third")
    (trial,) = (one for one in reviewing.queue(third) if one.face_id == item.face_id)
    listed = [one for one, _ in trial.candidates]
    assert len(listed) == 4
    assert nominal not in listed
    with pytest.raises(NotFound, match="is not on the candidate list"):
        comparing.comparable(third, item.face_id, nominal)
    found = comparing.comparable(third, item.face_id, listed[0])
    assert keys(found, Side.STILL) == ["still"]
    assert comparing.portrayed(third, item.face_id, listed[0], keys(found, Side.CANDIDATE)[0]).png
    assert "trial" not in json.dumps([asdict(found), *(details for _, details in looked(small_case))])
