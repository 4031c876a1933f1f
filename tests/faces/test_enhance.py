"""Steps do to the pixels what they say, the same every time, and never to the picture they were given."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from scipy.ndimage import convolve, gaussian_filter

from stillgraph.faces import beside, enhance
from stillgraph.faces import steps as recipe
from stillgraph.records import Box

STARTS = [" ".join([kind, *(str(p.start) for p in recipe.parameters(kind))]) for kind in recipe.KINDS if kind != "crop"]


def noise(seed: int, width: int, height: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3)).astype(np.uint8)


@pytest.fixture(scope="module")
def face(custody_bytes):
    """Return a sharp picture of a synthetic face."""
    return np.asarray(Image.open(io.BytesIO(custody_bytes)).convert("RGB").resize((120, 150)))


def done(pixels: np.ndarray, *words: str) -> np.ndarray:
    return enhance.apply(pixels, [recipe.parse(one) for one in words])


def error(a: np.ndarray, b: np.ndarray) -> float:
    """Return the root mean square difference away from the edges, in levels."""
    return float(np.sqrt(((a.astype(float) - b)[8:-8, 8:-8] ** 2).mean()))


@settings(max_examples=60)
@given(
    words=st.lists(st.sampled_from(STARTS), min_size=1, max_size=3),
    width=st.integers(1, 24), height=st.integers(1, 24), shade=st.sampled_from([None, 0, 255]),
)  # fmt: skip
def test_the_same_steps_give_the_same_pixels_of_the_stated_size_and_leave_the_picture_alone(
    words, width, height, shade
):
    pixels = noise(1, width, height) if shade is None else np.full((height, width, 3), shade, np.uint8)
    before = pixels.copy()
    pixels.setflags(write=False)
    steps = [recipe.parse(one) for one in words]
    made, again = enhance.apply(pixels, steps), enhance.apply(pixels, steps)
    assert made.dtype == np.uint8
    assert made.shape == (*recipe.sizes(steps, width, height)[-1][::-1], 3)
    assert enhance.digest(made) == enhance.digest(again)
    assert (pixels == before).all()
    assert not np.shares_memory(made, pixels)


def test_a_recipe_may_be_cut_anywhere(face):
    words = ("crop 10 20 90 100", "denoise nlmeans 6", "gamma 1.4", "rotate 7", "upscale 1.5")
    whole = done(face, *words)
    for cut in range(1, len(words)):
        assert (done(done(face, *words[:cut]), *words[cut:]) == whole).all()


def test_the_order_of_steps_counts(face):
    first, second = "contrast levels 5 95", "denoise median 2"
    assert enhance.digest(done(face, first, second)) != enhance.digest(done(face, second, first))


def well_inside(at, pixels, steps):
    """Say whether the whole mark is in the picture after some steps: a crop may cut it off, and a turn hide that."""
    x, y, _ = np.linalg.inv(recipe.to_original(steps, 54, 44)) @ (at[0] + 0.5, at[1] + 0.5, 1)
    height, width = enhance.apply(pixels, steps).shape[:2]
    return 6 < x < width - 6 and 6 < y < height - 6


@settings(max_examples=40)
@given(
    at=st.tuples(st.integers(12, 40), st.integers(12, 30)),
    moves=st.lists(st.sampled_from(["rotate 31", "rotate -90", "rotate 4.5", "upscale 2", "upscale 1.7", "crop 2 3 40 32"]),
                   min_size=1, max_size=3, unique_by=lambda words: words.split()[0]),
)  # fmt: skip
def test_a_mark_is_found_where_the_geometry_says(at, moves):
    pixels = np.zeros((44, 54, 3), np.uint8)
    pixels[at[1] - 1 : at[1] + 2, at[0] - 1 : at[0] + 2] = 255
    steps = [recipe.parse(words) for words in moves]
    try:
        made = enhance.apply(pixels, steps)[:, :, 0].astype(float)
    except enhance.recipe.WrongUse:
        return
    if not all(well_inside(at, pixels, steps[: n + 1]) for n in range(len(steps))):
        return
    back = recipe.to_original(steps, 54, 44)
    rows, columns = np.mgrid[: made.shape[0], : made.shape[1]]
    centre = np.array([(made * (columns + 0.5)).sum(), (made * (rows + 0.5)).sum()]) / made.sum()
    assert np.abs(back @ (*centre, 1) - (at[0] + 0.5, at[1] + 0.5, 1)).max() < 0.15


@pytest.mark.parametrize("degrees", [90, 180, -90, -180])
def test_quarter_turns_lose_nothing(degrees):
    pixels = noise(2, 13, 7)
    turned = pixels
    for _ in range(4):
        turned = done(turned, f"rotate {degrees}")
    assert (turned == pixels).all()
    assert sorted(done(pixels, f"rotate {degrees}").ravel()) == sorted(pixels.ravel())


def test_steps_of_nothing_change_nothing():
    pixels = noise(3, 30, 20)
    pixels[0, :2] = [[0] * 3, [255] * 3]
    for words in ("rotate 0", "upscale 1", "gamma 1", "crop 0 0 30 20", "contrast levels 0 100"):
        changed = np.abs(done(pixels, words).astype(int) - pixels)
        assert changed.max() <= (1 if words.startswith("contrast") else 0), words


@pytest.mark.parametrize(("keep", "spoilt"), [("even", 1), ("odd", 0)])
def test_deinterlacing_takes_nothing_from_the_other_field(keep, spoilt):
    pixels = np.repeat(np.linspace(10, 240, 40).astype(np.uint8)[:, None, None], 30, axis=1).repeat(3, axis=2)
    comb = pixels.copy()
    comb[spoilt::2] = 0
    made = done(comb, f"deinterlace {keep}")
    assert (made[1 - spoilt :: 2] == pixels[1 - spoilt :: 2]).all()
    assert np.abs(made.astype(int) - pixels).max() <= 6, "a ramp is interpolated to itself, but for one row at an edge"


def test_gamma_lightens_shadows_and_keeps_black_and_white():
    ramp = np.arange(256, dtype=np.uint8)[None, :, None].repeat(3, axis=2)
    made = done(ramp, "gamma 1.8")[0, :, 0].astype(int)
    assert (made[0], made[255]) == (0, 255)
    assert (np.diff(made) >= 0).all()
    assert made[64] == round(255 * (64 / 255) ** (1 / 1.8))


def test_levels_and_clahe_raise_contrast(face):
    dull = (face // 4 + 60).astype(np.uint8)
    assert done(dull, "contrast levels 1 99").std() > 2 * dull.std()
    assert done(dull, "contrast clahe 0.02 8").std() > 1.3 * dull.std()


@pytest.mark.parametrize("words", ["denoise nlmeans 12", "denoise bilateral 30 1.5", "denoise median 1"])
def test_denoising_brings_a_noisy_picture_nearer_to_the_clean_one(face, words):
    noisy = np.clip(face + np.random.default_rng(4).normal(0, 12, face.shape), 0, 255).astype(np.uint8)
    assert error(done(noisy, words), face) < 0.9 * error(noisy, face)


@pytest.mark.parametrize(
    "words", ["deblur wiener 1.5 0.005", "deblur richardson-lucy 1.5 15", "deblur unsharp 1.5 0.8"]
)
def test_deblurring_brings_a_blurred_picture_nearer_to_the_sharp_one(face, words):
    blurred = gaussian_filter(face, (1.5, 1.5, 0))
    assert error(done(blurred, words), face) < 0.85 * error(blurred, face)


@pytest.mark.parametrize("angle", [0, 30, 90, -45])
def test_motion_is_undone_along_its_own_direction_alone(face, angle):
    kernel = enhance.motion(9, angle)
    smeared = np.asarray(convolve(face.astype(float), kernel[:, :, None]) + 0.5, np.uint8)
    right = error(done(smeared, f"deblur motion 9 {angle} 0.005"), face)
    assert right < 0.85 * error(smeared, face)
    assert right < error(done(smeared, f"deblur motion 9 {angle + 90} 0.005"), face)


@given(length=st.floats(2, 60), angle=st.floats(-180, 180))
def test_a_motions_kernel_is_a_share_and_symmetric(length, angle):
    kernel = enhance.motion(length, angle)
    assert kernel.sum() == pytest.approx(1, abs=1e-5)
    assert kernel.min() >= 0
    assert np.abs(kernel - kernel[::-1, ::-1]).max() < 1e-3


def test_edges_of_a_deblurred_picture_have_no_ripples():
    ramp = np.repeat(np.linspace(60, 180, 80)[None, :, None], 60, axis=0).repeat(3, axis=2).astype(np.uint8)
    for words in ("deblur wiener 2 0.01", "deblur richardson-lucy 2 10", "deblur motion 9 0 0.01"):
        assert np.abs(done(ramp, words).astype(int) - ramp).max() <= 6, words


def test_only_what_moves_is_done_to_the_original_beside():
    steps = [
        recipe.parse(words) for words in ("gamma 2", "crop 0 0 20 20", "denoise median 1", "rotate 5", "upscale 2")
    ]
    assert [step.step for step in enhance.geometric(steps)] == ["crop", "rotate", "upscale"]


@pytest.mark.parametrize("words", ["rotate 90", "rotate 33", "upscale 2.5", "crop 3 4 60 60"])
def test_a_box_keeps_its_centre_and_share_of_the_picture(words):
    back = recipe.to_original([recipe.parse(words)], 100, 80)
    box = Box(10, 20, 30, 12)
    moved = enhance.moved_box(box, back)
    area = abs(np.linalg.det(back[:2, :2]))
    assert moved.width * moved.height == pytest.approx(area * 30 * 12)
    assert np.allclose((moved.x + moved.width / 2, moved.y + moved.height / 2, 1), back @ (25, 26, 1))
    if words == "rotate 90":
        assert (moved.width, moved.height) == pytest.approx((12, 30))


def test_the_software_is_named_with_versions():
    assert [part.split()[0] for part in enhance.software().split(", ")] == [
        "stillgraph", "numpy", "scipy", "scikit-image", "pillow",
    ]  # fmt: skip


# --- side by side --------------------------------------------------------------------------------------------------


def opened(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)))


def test_both_pictures_stand_side_by_side_untouched_with_a_caption_each():
    left, right = noise(5, 400, 90), noise(6, 400, 90)
    sheet = opened(beside.beside(left, right, ("original", "enhanced: gamma 1.6")))
    assert (sheet[12:102, 12:412] == left).all()
    half = sheet.shape[1] // 2
    assert (sheet[12:102, half + 12 : half + 412] == right).all()
    for captions in (sheet[103:, :half], sheet[103:, half:]):
        assert captions.min() < 100


def test_a_long_caption_is_wrapped_and_a_large_picture_shown_smaller_and_said_so():
    small = noise(7, 30, 30)
    short, long = (opened(beside.beside(small, small, ("o", "gamma 1.6, " * n))) for n in (1, 20))
    assert long.shape[0] > short.shape[0]
    assert long.shape[1] == short.shape[1]
    large = np.zeros((100, 3200, 3), np.uint8)
    sheet = opened(beside.beside(large, large, ("original", "enhanced")))
    assert sheet.shape[1] == 2 * (1600 + 24)
    assert opened(beside.png(large, 1600)).shape == (50, 1600, 3)
    assert opened(beside.png(large)).shape == large.shape
