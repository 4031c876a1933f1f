"""Templates: alignment against known transforms, colour order, roles and the recogniser's own arithmetic."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from stillgraph.faces import embed
from stillgraph.faces.embed import FIVE_POINTS, ImageRole


def moved(points, angle, scale, shift):
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return scale * points @ turn.T + shift


def landmarks(pack, pixels):
    (face,) = pack.detector.detect(pixels)
    return face.landmarks


@given(st.floats(-3.1, 3.1), st.floats(0.05, 20), st.floats(-500, 500), st.floats(-500, 500))
def test_similarity_recovers_any_rotation_scale_and_shift(angle, scale, x, y):
    source = FIVE_POINTS.astype(np.float64)
    target = moved(source, angle, scale, np.array([x, y]))
    matrix = embed.similarity(source, target)
    np.testing.assert_allclose(source @ matrix[:, :2].T + matrix[:, 2], target, atol=1e-6 * (1 + scale * 100))


def test_similarity_never_mirrors():
    matrix = embed.similarity(FIVE_POINTS, FIVE_POINTS * np.array([-1, 1], np.float32))
    assert np.linalg.det(matrix[:, :2]) > 0


def test_similarity_is_the_least_squares_answer():
    rng = np.random.default_rng(0)
    target = FIVE_POINTS * 0.4 + rng.normal(0, 3, (5, 2))
    best = embed.similarity(FIVE_POINTS, target)

    def error(matrix):
        return np.square(FIVE_POINTS @ matrix[:, :2].T + matrix[:, 2] - target).sum()

    a = np.zeros((10, 4))  # x' = p x - q y + u, y' = q x + p y + v: linear in (p, q, u, v)
    a[0::2] = np.c_[FIVE_POINTS[:, 0], -FIVE_POINTS[:, 1], np.ones(5), np.zeros(5)]
    a[1::2] = np.c_[FIVE_POINTS[:, 1], FIVE_POINTS[:, 0], np.zeros(5), np.ones(5)]
    p, q, u, v = np.linalg.lstsq(a, target.ravel(), rcond=None)[0]
    assert error(best) == pytest.approx(error(np.array([[p, -q, u], [q, p, v]])), rel=1e-6)


def crop_of_the_whole(pixels, points, wider):
    """The crop of an image taken whole, reduced whole: what alignment does, without looking only where the face is."""
    points = points.astype(np.float64)
    points = points.mean(axis=0) + (points - points.mean(axis=0)) * wider
    steps = max(int(1 / np.sqrt(np.linalg.det(embed.similarity(points, FIVE_POINTS)[:, :2]))), 1)
    forward = np.vstack([embed.similarity(points / steps, FIVE_POINTS), [0, 0, 1]])
    image = Image.fromarray(pixels).reduce(steps) if steps > 1 else Image.fromarray(pixels)
    inverse = tuple(np.linalg.inv(forward)[:2].ravel())
    return image.transform((112, 112), Image.Transform.AFFINE, inverse, Image.Resampling.BICUBIC)


NOISE = np.random.default_rng(5).integers(0, 256, (400, 500, 3), np.uint8)


@given(
    st.integers(20, 400), st.integers(20, 500), st.floats(-3.1, 3.1), st.floats(0.03, 6), st.floats(-0.3, 1.3),
    st.floats(-0.3, 1.3), st.sampled_from([1.0, embed.WIDER]),
)  # fmt: skip
def test_a_crop_is_that_of_the_whole_image_though_only_a_part_is_looked_at(height, width, angle, scale, x, y, wider):
    pixels = NOISE[:height, :width]
    points = moved(FIVE_POINTS - 56.0, angle, scale, np.array([x * width, y * height])).astype(np.float32)
    got, whole = (
        np.asarray(one, int) for one in (embed.align(pixels, points, wider), crop_of_the_whole(pixels, points, wider))
    )
    assert np.abs(got - whole).max() <= 1


@pytest.mark.parametrize("scale", [0.4, 1.0, 2.5, 7.0])
def test_alignment_brings_landmarks_to_their_places(scale):
    """A white disc at each landmark of a turned face comes to lie at the ArcFace positions."""
    points = moved(FIVE_POINTS.astype(np.float64), 0.3, scale, np.array([60.0, 20.0]))
    yy, xx = np.mgrid[0 : int(160 * scale) + 80, 0 : int(160 * scale) + 80] + 0.5
    light = sum(np.exp(-((xx - x) ** 2 + (yy - y) ** 2) / (2 * (2.5 * scale) ** 2)) for x, y in points)
    pixels = np.repeat((255 * np.clip(light, 0, 1)).astype(np.uint8)[:, :, None], 3, axis=2)
    out = np.asarray(embed.align(pixels, points.astype(np.float32)), np.float64)[:, :, 0]
    rows, columns = np.mgrid[0:112, 0:112] + 0.5
    for x, y in FIVE_POINTS:
        near = out * (np.hypot(columns - x, rows - y) < 7)
        centre = (near * columns).sum() / near.sum(), (near * rows).sum() / near.sum()
        assert centre == pytest.approx((x, y), abs=0.35)


def test_a_wider_frame_keeps_the_middle_and_draws_the_rest_in(custody_pixels, pack):
    points = landmarks(pack, custody_pixels)
    plain, wide = (np.asarray(embed.align(custody_pixels, points, w)).astype(float) for w in (1.0, 1.25))
    middle = FIVE_POINTS.mean(axis=0)
    rows, columns = np.mgrid[40:80:4, 30:80:4] + 0.5
    there = middle[0] + (columns - middle[0]) / 1.25, middle[1] + (rows - middle[1]) / 1.25
    seen = wide[there[1].astype(int), there[0].astype(int)]
    assert np.abs(seen - plain[rows.astype(int), columns.astype(int)]).mean() < 8
    assert np.abs(wide - plain).mean() > 8


def test_coinciding_landmarks_still_give_a_crop_and_a_template(pack, custody_pixels):
    points = np.full((5, 2), 40, np.float32)
    assert embed.align(custody_pixels, points).size == (112, 112)
    vector = pack.embedder.embed(custody_pixels, points, ImageRole.STILL)
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-6)


def test_a_template_is_the_sum_over_views_and_flips(pack, custody_pixels):
    points = landmarks(pack, custody_pixels)
    face = embed.align(custody_pixels, points)

    def seen(image):
        crop = np.asarray(image, np.float32).transpose(2, 0, 1)[None]
        both = np.concatenate([crop, crop[..., ::-1]])
        total = pack.embedder.recogniser.session.run(None, {"data": both})[0].astype(np.float64).sum(axis=0)
        return total / np.linalg.norm(total)

    wide = embed.align(custody_pixels, points, embed.WIDER)
    expected = seen(face) + seen(embed.low_resolution_twin(wide, 24)) + seen(embed.low_resolution_twin(face, 48))
    got = pack.embedder.embed(custody_pixels, points, ImageRole.CUSTODY)
    assert got.dtype == np.float32
    assert got.shape == (pack.dimension,)
    np.testing.assert_allclose(got, expected / np.linalg.norm(expected), atol=1e-5)
    assert got @ pack.embedder.embed(custody_pixels, points, ImageRole.STILL) < 0.9999


def test_sface_is_given_red_first(pack, custody_pixels):
    points = landmarks(pack, custody_pixels)
    crop = np.asarray(embed.align(custody_pixels, points))
    recogniser = pack.embedder.recogniser
    redder = recogniser.session.run(None, {"data": crop.astype(np.float32).transpose(2, 0, 1)[None]})[0]
    np.testing.assert_array_equal(recogniser.vectors(crop[None]), redder)
    np.testing.assert_array_equal(
        pack.embedder.with_flips([Image.fromarray(crop)]), redder + recogniser.vectors(crop[None, :, ::-1])
    )
    assert not np.allclose(recogniser.vectors(crop[None, :, :, ::-1]), redder, atol=1e-2)


def test_a_mirrored_face_has_the_same_template(pack, custody_pixels):
    points = landmarks(pack, custody_pixels)
    mirrored = points[[1, 0, 2, 4, 3]] * np.array([-1, 1], np.float32) + np.array(
        [custody_pixels.shape[1], 0], np.float32
    )
    a = pack.embedder.embed(custody_pixels, points, ImageRole.STILL)
    b = pack.embedder.embed(np.ascontiguousarray(custody_pixels[:, ::-1]), mirrored, ImageRole.STILL)
    assert a @ b > 0.99  # the ArcFace positions themselves are not quite symmetrical


def test_the_twin_brings_a_custody_image_nearer_to_a_small_still(pack, custody_pixels):
    points = landmarks(pack, custody_pixels)
    face = embed.align(custody_pixels, points)
    small = face.resize((30, 30), Image.Resampling.BOX)
    probe = pack.embedder.embed(np.asarray(small), (FIVE_POINTS * 30 / 112).astype(np.float32), ImageRole.STILL)
    as_still, as_custody = (pack.embedder.embed(custody_pixels, points, role) for role in ImageRole)
    assert probe @ as_custody > probe @ as_still


@pytest.mark.parametrize("role", list(ImageRole))
def test_views_for_a_larger_crop_show_the_same(pack, custody_pixels, role):
    points = landmarks(pack, custody_pixels)
    for small, large in zip(
        embed.views(custody_pixels, points, role), embed.views(custody_pixels, points, role, 224), strict=True
    ):
        assert (small.size, large.size) == ((112, 112), (224, 224))
        shrunk = np.asarray(large.resize((112, 112), Image.Resampling.BOX), float)
        assert np.abs(shrunk - np.asarray(small, float)).mean() < 3


@given(st.integers(0, 2**32 - 1), st.lists(st.floats(0.01, 100), min_size=2, max_size=4))
def test_the_cosine_of_fused_vectors_is_the_weighted_mean_of_the_cosines(seed, weights):
    rng = np.random.default_rng(seed)
    faces = [[embed.unit(rng.standard_normal(8 * (n + 1))) for n in range(len(weights))] for _ in range(2)]
    a, b = (embed.fuse(vectors, weights) for vectors in faces)
    apart = [float(x @ y) for x, y in zip(*faces, strict=True)]
    assert a @ b == pytest.approx(np.average(apart, weights=weights), abs=1e-6)
    assert np.linalg.norm(a) == pytest.approx(1, abs=1e-6)


def test_unit_of_nothing_is_nothing():
    assert embed.unit(np.zeros(4, np.float32)).tolist() == [0, 0, 0, 0]
