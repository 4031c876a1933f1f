"""Quality measures on images whose answer is known, and the rule of use."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageFilter

from stillgraph.faces import quality
from stillgraph.faces.embed import FIVE_POINTS


def image(levels):
    return Image.fromarray(np.repeat(np.asarray(levels, np.uint8)[:, :, None], 3, axis=2))


def grey(level):
    return image(np.full((112, 112), level))


def checks(step):
    rows, columns = np.mgrid[0:112, 0:112] // step
    return image(255 * ((rows + columns) % 2))


def test_a_flat_crop_has_brightness_and_nothing_else():
    out = quality.measure(grey(51), FIVE_POINTS, 0.7)
    assert out.brightness == pytest.approx(0.2, abs=1e-4)
    assert out.contrast == pytest.approx(0, abs=1e-5)
    assert out.sharpness == pytest.approx(0, abs=1e-3)
    assert out.detection_score == 0.7


def test_black_and_white_in_equal_parts_is_full_contrast():
    out = quality.measure(checks(4), FIVE_POINTS, 0.7)
    assert out.contrast == pytest.approx(1, abs=1e-3)
    assert out.brightness == pytest.approx(0.5, abs=1e-3)


def test_sharpness_is_the_variance_of_the_laplacian_and_falls_with_blur():
    sharp = quality.measure(checks(1), FIVE_POINTS, 0.7).sharpness
    assert sharp == pytest.approx((4 * 255) ** 2, rel=1e-3)  # every pixel differs from its four neighbours by 255
    blurred = [
        quality.measure(checks(8).filter(ImageFilter.GaussianBlur(r)), FIVE_POINTS, 0.7).sharpness for r in (0, 1, 2, 4)
    ]
    assert blurred == sorted(blurred, reverse=True)
    assert blurred[-1] < blurred[0] / 100


def test_inter_eye_distance_is_euclidean():
    points = FIVE_POINTS.copy()
    points[:2] = [[10, 10], [13, 14]]
    assert quality.inter_eye_px(points) == 5


@pytest.mark.parametrize(("nose", "expected"), [(20, 1), (15, 0.5), (25, 0.5), (10, 0), (40, 0)])
def test_frontality_follows_the_nose(nose, expected):
    points = np.array([[10, 10], [30, 10], [nose, 25], [12, 40], [28, 40]], np.float32)
    assert quality.frontality(points) == pytest.approx(expected)


def test_frontality_of_coinciding_eyes_is_nothing():
    assert quality.frontality(np.zeros((5, 2), np.float32)) == 0


@given(st.floats(-3, 3), st.floats(0.2, 9))
def test_frontality_does_not_depend_on_roll_or_size(angle, scale):
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    turned = (scale * FIVE_POINTS @ turn.T).astype(np.float32)
    assert quality.frontality(turned) == pytest.approx(quality.frontality(FIVE_POINTS), abs=1e-3)


def test_a_face_is_searched_from_the_stated_limits_on():
    good = quality.measure(grey(100), FIVE_POINTS, quality.MINIMUM_DETECTION_SCORE)
    limit = dataclasses.replace(good, inter_eye_px=quality.MINIMUM_INTER_EYE_PX)
    assert quality.unusable_reason(limit) is None
    small = dataclasses.replace(good, inter_eye_px=5.9)
    assert quality.unusable_reason(small) == (
        "The eyes are 5.9 pixels apart; a face is searched from 6 pixels on. Ask for a larger original."
    )
    doubtful = dataclasses.replace(good, detection_score=0.41)
    assert quality.unusable_reason(doubtful) == (
        "The detector scores it 0.41; a face is searched from 0.55 on. Ask for a clearer original."
    )
