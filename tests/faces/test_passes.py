"""The passes beyond those at several scales: near, tile, turned, and contrast raised place by place."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from stillgraph.faces import lighting, merging, passes, turning
from stillgraph.faces.merging import Detection, Raw
from stillgraph.records import Box

SIDES = st.integers(1, 5000)
TURNS = st.sampled_from([0, *turning.TURNS])


def raw(*rows):
    """Rows of x, y, width, height, score; landmarks at the box's corner."""
    table = np.array(rows, np.float32).reshape(-1, 5)
    return Raw(table[:, :4], np.repeat(table[:, None, :2], 5, axis=1), table[:, 4])


def face(x, y, width, height, score=0.9, found_by="1x"):
    return Detection(Box(x, y, width, height), np.full((5, 2), [x, y], np.float32), score, found_by)


def enlarged(pixels, width, height=None):
    return np.asarray(Image.fromarray(pixels).resize((width, height or width), Image.Resampling.BICUBIC))


@pytest.fixture(scope="module")
def upright_face(pack, custody_pixels):
    (found,) = pack.detector.detect(custody_pixels)
    return found


# turned


@given(SIDES, SIDES, TURNS, st.integers(0, 2**32 - 1))
def test_turning_back_undoes_turning_for_every_pixel(width, height, degrees, seed):
    """Coordinates are halves of pixels, which single precision holds exactly: the way back is exact."""
    height = min(height, 40_000 // width + 1)
    image = np.arange(width * height * 3, dtype=np.uint32).reshape(height, width, 3)
    seen = turning.turn(image, degrees)
    random = np.random.default_rng(seed)
    y, x = random.integers(0, seen.shape[0], 50), random.integers(0, seen.shape[1], 50)
    centres = np.stack([x + 0.5, y + 0.5], axis=1).astype(np.float32)
    back = turning.turn_back(centres, degrees, width, height)
    assert back.dtype == np.float32
    columns, rows = (back - 0.5).astype(int).T
    assert (back - 0.5 == np.stack([columns, rows], axis=1)).all()
    assert (image[rows, columns] == seen[y, x]).all()


@given(TURNS, st.tuples(*[st.integers(-40, 400)] * 2), st.tuples(*[st.integers(1, 300)] * 2))
def test_a_box_is_turned_back_with_what_is_in_it(degrees, corner, size):
    box = Box(*(float(v) for v in (*corner, *size)))
    back = turning.turn_box_back(box, degrees, 640, 480)
    inside = np.random.default_rng(0).uniform(0, 1, (20, 2)) * size + corner
    x, y = turning.turn_back(inside, degrees, 640, 480).T
    assert ((x >= back.x) & (x <= back.x + back.width)).all()
    assert ((y >= back.y) & (y <= back.y + back.height)).all()
    assert back.width * back.height == box.width * box.height


def test_turning_is_clockwise():
    image = np.zeros((2, 3, 3), np.uint8)
    image[0, 0] = 255  # the upper left corner goes to the upper right
    assert turning.turn(image, 90).shape == (3, 2, 3)
    assert turning.turn(image, 90)[0, 1, 0] == 255
    assert turning.turn(image, 180)[1, 2, 0] == 255
    assert turning.turn(image, 270)[2, 0, 0] == 255


@pytest.mark.parametrize("degrees", turning.TURNS)
@pytest.mark.parametrize("small", [1, 4])
def test_a_turned_face_is_found_with_the_landmarks_it_has_upright(pack, custody_pixels, degrees, small):
    pixels = np.ascontiguousarray(custody_pixels[::small, ::small])
    (true,) = pack.detector.detect(pixels)
    height, width = pixels.shape[:2]
    lying = turning.turn(pixels, degrees)
    (found,) = pack.detector.detect(lying)
    assert found.found_by.startswith(f"turned {360 - degrees}: 1x")
    # What undoes a turn is a turn too: the landmarks, brought into the upright image, are those of the upright image.
    there = turning.turn_back(found.landmarks, degrees, width, height)
    assert np.abs(there - true.landmarks).max() < 2
    back = turning.turn_box_back(found.box, degrees, width, height)
    np.testing.assert_allclose([back.x, back.y, back.width, back.height], merging.row(true), atol=2)


def test_an_upright_face_stays_as_it_is_beside_one_that_lies(pack, custody_pixels):
    both = np.concatenate([custody_pixels, turning.turn(custody_pixels, 90)], axis=1)
    (true,) = pack.detector.detect(custody_pixels)
    found = sorted(pack.detector.detect(both), key=lambda one: one.box.x)
    assert len(found) == 2
    assert np.abs(found[0].landmarks - true.landmarks).max() < 3
    for one in found:
        assert np.isfinite(one.landmarks).all()


class Scripted:
    """A detector that finds what the test says, by the size of what it is given."""

    def __init__(self, by_size, otherwise=None):
        self.by_size, self.otherwise, self.seen = by_size, raw() if otherwise is None else otherwise, []

    def __call__(self, pixels, factor):
        self.seen.append((pixels.shape[1], pixels.shape[0], factor))
        return self.by_size.get(pixels.shape[1::-1], self.otherwise)


def test_a_standing_face_is_kept_when_the_best_one_lies():
    side = 2 * turning.CELL_PX
    cells = iter(
        [
            raw((90, 10, 50, 50, 0.9)),  # the best face: better by a quarter turn
            raw((90, 10, 50, 50, 0.9)),  # asked again, of each, the best first
            raw((10, 10, 50, 50, 0.8)),  # the other stands
        ]
    )

    class Beside(Scripted):
        def __call__(self, pixels, factor):
            return next(cells) if pixels.shape[:2] == (side, side) else super().__call__(pixels, factor)

    upright = raw((10, 10, 40, 40, 0.7), (150, 10, 40, 40, 0.85))
    look = Beside({(300, 200): upright, (200, 300): raw((150, 155, 40, 40, 0.9))})
    found = passes.in_passes(look, np.full((200, 300, 3), 128, np.uint8))
    assert [(one.found_by, merging.row(one)) for one in found] == [
        ("1x+2x", (10, 10, 40, 40)),
        ("turned 90: 1x+2x", (155, 10, 40, 40)),
    ]


def test_a_face_beyond_doubt_is_not_looked_at_in_other_turns():
    for score, looks in ((0.95, 2), (0.85, 3)):
        detector = Scripted({(300, 200): raw((10, 10, 40, 40, score))})
        assert len(passes.in_passes(detector, np.full((200, 300, 3), 128, np.uint8))) == 1
        assert len(detector.seen) == looks


def test_each_picture_of_four_keeps_its_own_scores():
    found = raw(
        (5, 5, 60, 60, 0.5), (85, 5, 60, 60, 0.6), (5, 85, 60, 60, 0.7), (85, 85, 60, 60, 0.8), (40, 40, 80, 80, 0.9)
    )
    assert turning.scores_by_turn(found, 80).tolist() == pytest.approx([0.5, 0.6, 0.7, 0.8])
    cell = np.zeros((4, 4, 3), np.uint8)
    cell[0, 0] = 1
    corners = turning.four_turns(cell)[:, :, 0]
    assert {tuple(place) for place in np.argwhere(corners).tolist()} == {(0, 0), (0, 7), (7, 3), (7, 4)}


@given(st.tuples(*[st.integers(-60, 150)] * 2), st.tuples(*[st.floats(0.5, 120)] * 2))
def test_the_square_round_a_face_is_black_beyond_the_image(corner, size):
    cell = turning.patch(np.full((90, 120, 3), 200, np.uint8), Box(*corner, *size))
    assert cell.shape == (turning.CELL_PX, turning.CELL_PX, 3)
    half = max(*size, 1.0) * turning.CELL_ROOM / 2
    x, y = corner[0] + size[0] / 2, corner[1] + size[1] / 2
    if x - half >= 0 and y - half >= 0 and x + half <= 119 and y + half <= 89:
        assert (cell[2:-2, 2:-2] == 200).all()
    if x + half < -1 or y - half > 91:
        assert not cell.any()


# tile


@given(st.integers(1, 20_000), st.integers(100, 1500), st.data())
def test_tiles_cover_every_pixel_and_overlap_as_stated(length, tile, data):
    overlap = data.draw(st.integers(0, tile // 2))
    starts = passes.tile_starts(length, tile, overlap)
    assert starts[0] == 0
    assert starts[-1] + tile >= length
    assert starts[-1] == max(length - tile, 0)
    assert all(a < b and a + tile - b >= overlap for a, b in pairwise(starts))


@settings(max_examples=30)
@given(st.data())
def test_every_face_up_to_the_stated_size_is_whole_in_a_tile(data):
    width, height = data.draw(st.integers(2881, 6000)), data.draw(st.integers(300, 4000))
    most = passes.TILE_OVERLAP_PX - 2 * passes.TILE_EDGE_PX
    size = np.array([data.draw(st.integers(8, min(most, side))) for side in (width, height)])
    x, y = (data.draw(st.integers(0, side - own)) for side, own in zip((width, height), size, strict=True))

    def sees(pixels, factor):
        """Report the face where it lies in the tile, cut at the tile's edges as detectors do."""
        left, top = pixels[0, 0, :2].astype(int) * 256 + pixels[0, 1, :2].astype(int)
        low = np.maximum([x - left, y - top], 0)
        high = np.minimum([x - left + size[0], y - top + size[1]], pixels.shape[1::-1])
        return raw((*low, *(high - low), 0.9)) if (high > low).all() else raw()

    image = Places(width, height)
    found = passes.in_tiles(passes.Look(sees), image)
    assert found.scores.size >= 1
    np.testing.assert_array_equal(found.boxes, np.tile([x, y, *size], (found.scores.size, 1)))
    assert len(merging.merge({"tile": found})) == 1


class Places:
    """An image that answers any crop with a small array of its size whose first pixels say where it was cut."""

    def __init__(self, width, height):
        self.shape = (height, width, 3)

    def __getitem__(self, cut):
        rows, columns = cut
        top, left = rows.start, columns.start
        bottom, right = min(rows.stop, self.shape[0]), min(columns.stop, self.shape[1])
        tile = np.broadcast_to(np.zeros(3, np.uint8), (bottom - top, right - left, 3)).copy()
        tile[0, 0], tile[0, 1] = (left // 256, top // 256, 0), (left % 256, top % 256, 0)
        return tile


def test_a_large_image_is_seen_in_tiles_and_a_smaller_one_is_not():
    for width, tiles in ((2880, 0), (2881, 3)):
        detector = Scripted({}, raw((100, 100, 40, 40, 0.95)))
        passes.ordinary(passes.Look(detector), np.full((900, width, 3), 128, np.uint8))
        assert len(detector.seen) == 2 + tiles


def test_a_detector_of_fixed_size_is_given_tiles_it_can_take():
    detector = Scripted({})
    passes.in_tiles(passes.Look(detector, (640, 480)), np.zeros((1200, 3000, 3), np.uint8))
    assert {(min(1.0, 640 / w, 480 / h), w, h) for w, h, _ in detector.seen} == {(480 / 512, 512, 512)}
    assert {factor for *_, factor in detector.seen} == {480 / 512}


def test_a_part_of_a_face_that_only_tiles_saw_is_left_out():
    whole, part, other = (
        face(0, 0, 400, 400),
        face(100, 100, 150, 150, found_by="tile"),
        face(900, 0, 60, 60, found_by="tile"),
    )
    also_shrunk = face(100, 100, 150, 150, found_by="0.48x+tile")
    assert passes.without_parts([whole, part, other]) == [whole, other]
    assert passes.without_parts([whole, also_shrunk]) == [whole, also_shrunk]
    assert passes.without_parts([]) == []


def test_a_distant_face_in_a_large_image_is_found_once(pack, custody_pixels, upright_face):
    """At the corner of four tiles, and too small once the image is shrunk."""
    scale = 26 / upright_face.box.width
    small = enlarged(custody_pixels, round(custody_pixels.shape[1] * scale), round(custody_pixels.shape[0] * scale))
    scene = np.full((1500, 3600, 3), 110, np.uint8)
    (_, second, *_), (_, down, *_) = (
        passes.tile_starts(n, passes.TILE_PX, passes.TILE_OVERLAP_PX) for n in (3600, 1500)
    )
    top, left = down + 10, second + 10
    scene[top : top + small.shape[0], left : left + small.shape[1]] = small
    (found,) = pack.detector.detect(scene)
    assert "tile" in found.found_by
    true = upright_face.landmarks * scale + [left, top]
    assert np.abs(found.landmarks - true).max() < 4


# near


@pytest.mark.parametrize("side", [640, 1270, 2000])
def test_a_face_that_fills_the_frame_is_found_whole_and_once(pack, custody_pixels, upright_face, side):
    box = upright_face.box
    low = np.array([box.x - 0.05 * box.width, box.y - 0.05 * box.height]).astype(int)
    high = np.array([box.x + 1.05 * box.width, box.y + 1.05 * box.height]).astype(int)
    part = np.ascontiguousarray(custody_pixels[low[1] : high[1], low[0] : high[0]])
    scale = side / max(part.shape[:2])
    large = enlarged(part, round(part.shape[1] * scale), round(part.shape[0] * scale))
    (found,) = pack.detector.detect(large)
    true = (upright_face.landmarks - low) * scale
    eyes = np.linalg.norm(true[1] - true[0])
    assert np.linalg.norm(found.landmarks - true, axis=1).mean() < 0.25 * eyes


def test_a_face_of_the_near_pass_replaces_its_parts_and_no_other_face():
    parts, other = [face(200, 200, 300, 300), face(500, 300, 250, 250)], face(1200, 0, 90, 90)
    near = raw((100, 100, 800, 800, 0.9))
    found = passes.with_near([*parts, other], near, "near")
    assert [(one.found_by, one.box.x) for one in found] == [("1x", 1200), ("near", 100)]


def test_a_face_that_another_pass_found_stays_as_it_is():
    known = face(120, 90, 780, 820)
    assert passes.with_near([known], raw((100, 100, 800, 800, 0.99)), "near") == [known]
    assert passes.with_near([known], raw(), "near") == [known]


@given(
    st.lists(st.tuples(*[st.floats(0, 900)] * 2, st.floats(20, 500), st.floats(0.55, 1)), max_size=6),
    st.tuples(*[st.floats(0, 500)] * 2, st.floats(400, 900)),
)
def test_joined_faces_are_never_there_twice(rows, large):
    found = merging.merge({"1x": merging.suppress(raw(*((x, y, w, w, s) for x, y, w, s in rows)))})
    near = raw((large[0], large[1], large[2], large[2], 0.9))
    joined = passes.with_near(found, near, "near")
    boxes = np.array([merging.row(one) for one in joined], np.float32)
    (number,) = [n for n, one in enumerate(joined) if one.found_by == "near"] or [None]
    if number is None:
        assert (merging.overlaps(near.boxes[0], boxes) >= passes.NEAR_SAME).any()
    else:
        others = [one for n, one in enumerate(joined) if n != number]
        assert not any(passes.centre_in(one.box, joined[number].box) for one in others)
    assert {id(one) for one in joined if one.found_by != "near"} <= {id(one) for one in found}


def test_the_near_pass_reports_only_large_faces_in_the_image():
    """Boxes in the thumbnail of 128 pixels, in which an image of 960 x 480 lies 96 wide from (16, 40) on."""
    pixels = np.full((480, 960, 3), 128, np.uint8)
    for box, count in (
        ((20, 42, 50, 44, 0.9), 1),
        ((20, 42, 20, 20, 0.9), 0),
        ((20, 42, 50, 44, 0.69), 0),
        ((0, 0, 60, 60, 0.9), 0),
    ):
        found = passes.near(passes.Look(Scripted({(128, 128): raw(box)})), pixels)
        assert found.scores.size == count
        if count:
            assert found.boxes[0].tolist() == pytest.approx([40, 20, 500, 440])
            assert found.landmarks[0, 0].tolist() == pytest.approx([40, 20])


# light


def test_contrast_is_raised_place_by_place():
    """In a dark half and in a bright one; lifting shadows everywhere takes it from the bright one."""
    random = np.random.default_rng(0)
    halves = [np.repeat(random.integers(low, low + 20, (160, 80, 1), np.uint8), 3, axis=2) for low in (5, 230)]
    raised, lifted = (
        [
            half.std() / old.std()
            for half, old in zip(np.split(change(np.hstack(halves)), 2, axis=1), halves, strict=True)
        ]
        for change in (lighting.equalise_locally, lighting.lift_shadows)
    )
    assert min(raised) > 2
    assert lifted[1] < 1


@given(st.integers(1, 70), st.integers(1, 600), st.integers(0, 255))
def test_raising_contrast_takes_any_size_and_keeps_plain_areas_plain(width, height, level):
    pixels = np.full((height, width, 3), level, np.uint8)
    raised = lighting.equalise_locally(pixels)
    assert raised.shape == pixels.shape
    assert raised.dtype == np.uint8


def test_a_face_seen_only_with_contrast_raised_needs_a_good_score():
    class InTheDark(Scripted):
        def __call__(self, pixels, factor):
            raised = pixels.shape == self.source.shape and (pixels == lighting.equalise_locally(self.source)).all()
            return raw((40, 40, 60, 60, self.score)) if raised else raw()

    for score, names in ((0.8, ["1x CLAHE+2x CLAHE"]), (0.7, [])):
        detector = InTheDark({})
        detector.source = np.random.default_rng(0).integers(0, 90, (200, 300, 3), np.uint8)
        detector.score = score
        assert [one.found_by for one in passes.upright(passes.Look(detector), detector.source)] == names


# nobody


@pytest.mark.parametrize("size", [(60, 60), (300, 200), (500, 700), (90, 2900)])
def test_nobody_is_found_in_blank_and_noisy_images_by_any_pass(pack, size):
    random = np.random.default_rng(3)
    for pixels in (
        np.zeros((*size, 3), np.uint8),
        np.full((*size, 3), 180, np.uint8),
        random.integers(0, 256, (*size, 3), np.uint8),
        random.integers(0, 30, (*size, 3), np.uint8),
    ):
        assert pack.detector.detect(pixels) == []


def test_what_the_passes_before_these_found_is_found_unchanged(pack, custody_pixels):
    """Up to the last bit: templates made before compare with those made now."""
    small = np.ascontiguousarray(custody_pixels[::3, ::3])
    for pixels in (custody_pixels, small, (small * 0.12).astype(np.uint8)):
        found = {passes.name(f): pack.detector.single_pass(pixels, f) for f in (1.0, 2.0)}
        if pixels.mean() < passes.DARK:
            lifted = lighting.lift_shadows(pixels)
            found |= {f"{passes.name(f)} gamma 1.8": pack.detector.single_pass(lifted, f) for f in (1.0, 2.0)}
        (old,), (new,) = merging.merge(found), pack.detector.detect(pixels)
        assert (old.box, old.score, old.found_by) == (new.box, new.score, new.found_by)
        assert (old.landmarks == new.landmarks).all()
