"""Aligned pictures: the eyes always in the same two places, shapes kept, nothing but the picture told."""

from __future__ import annotations

import io
import math
from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from stillgraph.faces import portraits
from stillgraph.faces.portraits import CANVAS_PX, EYES, GREY, in_context, portrait
from stillgraph.records import Box

RED, BLUE = (220, 20, 20), (20, 20, 220)


def scene(middle, between, angle, size=(400, 300)):
    """Return a picture with a red and a blue spot for eyes, the face's box, and its landmarks."""
    away = np.array([math.cos(angle), math.sin(angle)]) * between / 2
    eyes = np.array([middle - away, middle + away])
    image = Image.new("RGB", (size[0] * 4, size[1] * 4), (230, 230, 200))
    draw = ImageDraw.Draw(image)
    for (x, y), ink in zip(eyes * 4, (RED, BLUE), strict=True):
        radius = between * 4 / 8
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=ink)
    pixels = np.asarray(image.resize(size, Image.Resampling.BOX))
    landmarks = np.vstack([eyes, np.zeros((3, 2))]).astype(np.float32)
    box = Box(middle[0] - 1.2 * between, middle[1] - 1.3 * between, 2.4 * between, 3.0 * between)
    return pixels, box, landmarks


def opened(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)


def spot(pixels, ink):
    """Return the middle (x, y) of what is near an ink."""
    near = np.abs(pixels - np.array(ink)).sum(axis=2) < 120
    down, across = np.nonzero(near)
    return across.mean() + 0.5, down.mean() + 0.5


@settings(max_examples=25)  # each makes a picture of more than a million pixels
@given(
    x=st.floats(120, 280), y=st.floats(100, 200), between=st.floats(12, 90), angle=st.floats(-math.pi / 3, math.pi / 3)
)
def test_the_eyes_come_to_lie_in_their_places_wherever_they_were(x, y, between, angle):
    made = portrait(*scene(np.array([x, y]), between, angle))
    seen = opened(made.png)
    assert seen.shape == (CANVAS_PX[1], CANVAS_PX[0], 3)
    assert not made.turned
    for ink, place in zip((RED, BLUE), EYES, strict=True):
        assert spot(seen, ink) == pytest.approx(place, abs=2.0 + 100 / between)


def test_a_circle_stays_a_circle():
    pixels, box, landmarks = scene(np.array([200.0, 150.0]), 60.0, 0.4)
    red = np.abs(opened(portrait(pixels, box, landmarks).png) - np.array(RED)).sum(axis=2) < 120
    across, down = (np.ptp(np.nonzero(red.any(axis=axis))[0]) for axis in (0, 1))
    assert across == pytest.approx(down, abs=4)


def test_a_face_turned_away_gets_its_size_from_its_box_and_stays_upright():
    pixels, box, landmarks = scene(np.array([200.0, 150.0]), 60.0, 0.0)
    landmarks[:2] = [(199.0, 149.0), (201.0, 151.0)]
    made = portrait(pixels, box, landmarks)
    assert made.turned
    red, blue = (spot(opened(made.png), ink) for ink in (RED, BLUE))
    assert red[1] == pytest.approx(blue[1], abs=2)
    assert (red[0] + blue[0]) / 2 == pytest.approx(500, abs=2)
    assert blue[0] - red[0] == pytest.approx(60 * portraits.TALLEST * 200 / box.height, abs=4)


def test_beyond_the_edge_is_grey():
    pixels, box, landmarks = scene(np.array([200.0, 15.0]), 20.0, 0.0)
    seen = opened(portrait(pixels, box, landmarks).png)
    assert (seen[5, 500] == GREY).all()
    assert not (seen[600, 500] == GREY).all()


def test_a_face_that_lies_outside_its_picture_is_a_grey_canvas():
    pixels, box, landmarks = scene(np.array([200.0, 150.0]), 20.0, 0.0)
    landmarks += 5000
    assert (opened(portrait(pixels, box, landmarks).png) == GREY).all()


@pytest.mark.parametrize(("between", "words"), [(200.0, "as large as"), (60.0, "a few times"), (12.0, "many times")])
def test_how_far_it_was_enlarged_is_told_in_words_alone(between, words):
    made = portrait(*scene(np.array([200.0, 150.0]), between, 0.0))
    assert words in made.enlarged
    assert {field.name for field in fields(made)} == {"png", "turned", "enlarged"}
    assert "png" not in repr(made)


def test_in_context_the_face_is_framed_and_not_covered():
    pixels, box, _landmarks = scene(np.array([200.0, 150.0]), 40.0, 0.0)
    seen = opened(in_context(pixels, box, 1400))
    assert seen.shape == (600, 800, 3)
    inside = seen[
        int(box.y * 2) + 1 : int((box.y + box.height) * 2) - 1, int(box.x * 2) + 1 : int((box.x + box.width) * 2) - 1
    ]
    assert not (inside == 255).all(axis=2).any()
    assert (seen == 255).all(axis=2).sum() > 500
    assert opened(in_context(np.zeros((3000, 2000, 3), np.uint8), box, 1400)).shape[:2] == (1400, 933)
