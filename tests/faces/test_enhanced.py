"""A face in an enhanced picture is the still's own where it lies on it, and a new one elsewhere."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from stillgraph.errors import WrongUse
from stillgraph.faces import enhance, enhanced
from stillgraph.faces import steps as recipe
from stillgraph.faces.analyse import analyse_one
from stillgraph.faces.detect import Detection
from stillgraph.faces.fakes import POINTS, card, fake_pack
from stillgraph.faces.pixels import decode
from stillgraph.records import Box

STILL = "R01/a.png"


class Finds:
    """A detector that finds what it is told."""

    def __init__(self, *boxes: Box) -> None:
        self.boxes = boxes

    def detect(self, pixels: np.ndarray) -> list[Detection]:
        assert pixels.shape[1] > 0
        return [Detection(box, POINTS + np.float32([box.x - 8, box.y - 8]), 0.9, "1x") for box in self.boxes]


def look(*boxes: Box, words: tuple[str, ...] = ("gamma 1.5",), persons: tuple[int, ...] = (10, 20, 30)):
    """Return the still's own faces, and what is seen in an enhancement in which a detector finds these boxes."""
    data = card(persons)
    known = analyse_one(STILL, data, fake_pack()).faces
    original, steps = decode(data, STILL), [recipe.parse(one) for one in words]
    pack = replace(fake_pack(), detector=Finds(*boxes))
    made = enhance.apply(original, steps)
    return known, *enhanced.look(STILL, original, made, steps=steps, known=known, pack=pack, number=3)


def test_faces_where_the_still_has_them_are_those():
    known, views, new = look(Box(10, 9, 32, 36), Box(104, 8, 32, 36))
    assert [view.face_id for view in views] == [f"{STILL}#1", f"{STILL}#3"]
    assert new == []
    assert len(known) == 3


def test_a_face_elsewhere_is_new_and_says_by_what_it_was_found():
    _, views, (face,) = look(Box(56, 8, 32, 36), Box(30, 8, 32, 36))
    assert [view.face_id for view in views] == [f"{STILL}#4", f"{STILL}#2"]
    assert (face.face_id, face.image_id) == (f"{STILL}#4", STILL)
    assert face.found_by == "enhancement 3: gamma 1.5"
    assert face.template is not None
    assert (face.template.vector == views[0].template.vector).all()


def test_a_new_face_is_placed_and_measured_in_the_original():
    _, (view,), (face,) = look(Box(4, 16, 64, 72), words=("upscale 2",), persons=(0, 7))
    assert view.box == Box(4, 16, 64, 72)
    assert (face.box.x, face.box.y, face.box.width, face.box.height) == pytest.approx((2, 8, 32, 36))
    assert np.allclose(face.landmarks, view.landmarks / 2)
    assert face.quality.inter_eye_px == pytest.approx(8), "enlarging brings the eyes no pixels"


def test_of_two_that_lie_on_one_face_the_nearer_is_that_face_and_the_other_no_new_one():
    _, views, new = look(Box(14, 8, 32, 36), Box(9, 8, 32, 36))
    assert [(view.face_id, view.box.x) for view in views] == [(f"{STILL}#1", 9)]
    assert new == []


def test_a_still_without_a_face_gets_its_first():
    known, (view,), (face,) = look(Box(8, 8, 32, 36), persons=(0,))
    assert known == ()
    assert face.face_id == view.face_id == f"{STILL}#1"


def test_where_nothing_is_found_nothing_is_added():
    assert look()[1:] == ([], [])


def test_a_turned_face_is_found_on_the_still_s_own():
    turn = recipe.parse("rotate 30")
    forward = turn.forward(144, 48)
    centre = forward @ (24, 26, 1)
    _, (view,), new = look(Box(centre[0] - 16, centre[1] - 18, 32, 36), words=("rotate 30",))
    assert (view.face_id, new) == (f"{STILL}#1", [])


def test_what_stops_the_analysis_is_said_with_a_way_out():
    class Fails:
        def detect(self, pixels):
            raise ValueError(pixels.shape)

    data = card((1,))
    pixels, steps = decode(data, STILL), [recipe.parse("gamma 2")]
    with pytest.raises(WrongUse, match=r"enhanced picture failed \(ValueError\); crop it"):
        enhanced.look(
            STILL, pixels, pixels, steps=steps, known=(), pack=replace(fake_pack(), detector=Fails()), number=1
        )
