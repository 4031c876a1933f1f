"""Quality measures on images whose answer is known, and the rule of use."""

import dataclasses
import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageFilter

from stillgraph.faces import quality
from stillgraph.faces.analyse import analyse
from stillgraph.faces.embed import FIVE_POINTS, align
from stillgraph.records import Quality


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


def test_every_measure_has_its_rule_in_a_line():
    assert list(quality.RULES) == [field.name for field in dataclasses.fields(Quality)]


# --- pose ------------------------------------------------------------------------------------------------------------


def turned(points, degrees):
    """Return points turned clockwise as seen, about the origin."""
    angle = np.radians(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return (points.astype(np.float64) @ turn.T).astype(np.float32)


@given(st.floats(-179, 179), st.floats(0.1, 20))
def test_roll_is_the_angle_that_the_face_was_turned_by(degrees, scale):
    level = FIVE_POINTS.copy()
    level[1, 1] = level[0, 1]
    assert quality.roll_degrees(scale * turned(level, degrees)) == pytest.approx(degrees, abs=1e-2)


@given(st.floats(-3, 3), st.floats(0.2, 9), st.floats(-500, 500))
def test_pitch_does_not_depend_on_roll_size_or_place(angle, scale, shift):
    moved = (scale * turned(FIVE_POINTS, np.degrees(angle)) + np.float32(shift)).astype(np.float32)
    assert quality.pitch(moved) == pytest.approx(quality.pitch(FIVE_POINTS), abs=1e-2)


@pytest.mark.parametrize(("nose", "expected"), [(10, 0), (25, 0.5), (40, 1), (46, 1.2)])
def test_pitch_follows_the_nose_from_the_eyes_to_the_mouth(nose, expected):
    points = np.array([[10, 10], [30, 10], [23, nose], [12, 40], [28, 40]], np.float32)
    assert quality.pitch(points) == pytest.approx(expected)


@given(st.floats(0, 112), st.floats(0, 112))
def test_a_face_and_its_mirror_image_are_equally_frontal_and_lean_the_other_way(x, y):
    points = FIVE_POINTS.copy()
    points[2] = x, y
    mirrored = (points * [-1, 1])[[1, 0, 2, 4, 3]].astype(np.float32)
    assert quality.frontality(mirrored) == pytest.approx(quality.frontality(points), abs=1e-5)
    assert quality.pitch(mirrored) == pytest.approx(quality.pitch(points), abs=1e-5)
    assert quality.roll_degrees(mirrored) == pytest.approx(-quality.roll_degrees(points), abs=1e-5)


def test_landmarks_that_coincide_have_no_pose():
    nowhere = np.zeros((5, 2), np.float32)
    assert (quality.roll_degrees(nowhere), quality.pitch(nowhere)) == (None, None)


# --- exposure --------------------------------------------------------------------------------------------------------


def ramp():
    return np.tile(np.linspace(0, 255, 112), (112, 1))


@given(st.floats(1, 4), st.floats(0.1, 3))
def test_a_darker_picture_is_never_less_underexposed_nor_more_overexposed(gamma, further):
    darker, darkest = (
        quality.measure(image(255 * (ramp() / 255) ** power), FIVE_POINTS, 0.7) for power in (gamma, gamma + further)
    )
    assert darkest.underexposed >= darker.underexposed
    assert darkest.overexposed <= darker.overexposed


@pytest.mark.parametrize(
    ("level", "under", "over"), [(0, 1, 0), (25, 1, 0), (26, 0, 0), (246, 0, 0), (247, 0, 1), (255, 0, 1)]
)
def test_black_and_white_begin_where_it_is_said(level, under, over):
    out = quality.measure(grey(level), FIVE_POINTS, 0.7)
    assert (out.underexposed, out.overexposed) == (under, over)


def test_half_in_shadow_is_half_underexposed():
    levels = np.full((112, 112), 120)
    levels[:, :56] = 10
    assert quality.measure(image(levels), FIVE_POINTS, 0.7).underexposed == 0.5


# --- occlusion -------------------------------------------------------------------------------------------------------

SKINS = ((224, 172, 145), (198, 134, 100), (141, 85, 60), (80, 50, 36))


def face_of(skin):
    return np.broadcast_to(np.asarray(skin, np.uint8), (112, 112, 3)).copy()


@pytest.mark.parametrize("skin", SKINS)
@pytest.mark.parametrize("cloth", [(90, 140, 190), (230, 230, 230), (20, 20, 20), (40, 90, 40)])
def test_covering_more_of_a_face_raises_occlusion(skin, cloth):
    shares = []
    for rows in (112, 96, 88, 80):
        crop = face_of(skin)
        crop[rows:] = cloth
        shares.append(quality.occlusion(crop))
    assert shares[0] == 0
    assert shares == sorted(set(shares))
    assert shares[-1] < 0.5


@pytest.mark.parametrize("skin", SKINS)
def test_a_shadow_covers_nothing(skin):
    crop = face_of(skin)
    crop[:, 56:] = (crop[:, 56:] * 0.55).astype(np.uint8)
    assert quality.occlusion(crop) == 0


def test_without_colour_or_light_it_cannot_be_said_what_is_covered():
    assert quality.occlusion(np.full((112, 112, 3), 128, np.uint8)) is None
    assert quality.occlusion(face_of((14, 9, 6))) is None


@pytest.mark.parametrize("skin", SKINS)
def test_what_has_the_colour_of_skin_is_not_seen_to_cover(skin):
    crop = face_of(skin)
    crop[80:] = (np.asarray(skin) * 0.9).astype(np.uint8)
    assert quality.occlusion(crop) == 0


# --- of a real file --------------------------------------------------------------------------------------------------


def saved(pixels, form, **how):
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, form, **how)
    return out.getvalue()


def test_a_face_carries_the_quality_of_its_file(pack, custody_pixels):
    files = [("jpeg", saved(custody_pixels, "JPEG", quality=41)), ("png", saved(custody_pixels, "PNG"))]
    jpeg, png = (one.faces[0].quality for one in analyse(files, pack, workers=1))
    assert (jpeg.jpeg_quality, png.jpeg_quality) == (41, None)
    assert jpeg.pitch == pytest.approx(png.pitch, abs=0.05)


def test_a_masked_face_measures_more_covered_than_the_same_face_bare(pack, custody_pixels):
    (bare,) = next(iter(analyse([("bare", saved(custody_pixels, "PNG"))], pack, workers=1))).faces
    mouth = bare.landmarks[3:].mean(axis=0)
    top = int((bare.landmarks[2, 1] + mouth[1]) / 2)
    masked = custody_pixels.copy()
    left, right = int(bare.box.x), int(bare.box.x + bare.box.width)
    masked[top : int(bare.box.y + bare.box.height), left:right] = (110, 150, 190)
    covered = quality.occlusion(np.asarray(align(masked, bare.landmarks)))
    assert covered > bare.quality.occlusion + 0.15
