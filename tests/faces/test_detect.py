"""Detection: the decoding rule, merging of passes, and faces (of synthetic people) found where they are."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from stillgraph.faces import detect, lighting, merging, passes
from stillgraph.faces.merging import Raw
from stillgraph.records import Box


def raw(*rows):
    """Rows of x, y, width, height, score; landmarks at the box's corner."""
    table = np.array(rows, np.float32).reshape(-1, 5)
    points = np.repeat(table[:, None, :2], 5, axis=1)
    return Raw(table[:, :4], points, table[:, 4])


def test_decoding_follows_the_published_rule():
    outputs = {}
    for stride in detect.STRIDES:
        cells = (64 // stride) ** 2
        for key, last in (("cls", 1), ("obj", 1), ("bbox", 4), ("kps", 10)):
            outputs[f"{key}_{stride}"] = np.zeros((1, cells, last), np.float32)
    cell = 1 * 4 + 3  # row 1, column 3 of the stride-16 grid
    outputs["cls_16"][0, cell] = 0.81
    outputs["obj_16"][0, cell] = 1.2  # clipped to 1
    outputs["bbox_16"][0, cell] = [0.5, 0.25, np.log(2), 0]
    outputs["kps_16"][0, cell] = np.arange(10) / 10
    out = detect.decode_grids(outputs, 64, 64, 0.3)
    assert out.scores.tolist() == pytest.approx([0.9])
    centre = (3.5 * 16, 1.25 * 16)
    assert out.boxes[0].tolist() == pytest.approx([centre[0] - 16, centre[1] - 8, 32, 16])
    assert out.landmarks[0, 0].tolist() == pytest.approx([48, 17.6])
    assert out.landmarks[0, 4].tolist() == pytest.approx([(3 + 0.8) * 16, (1 + 0.9) * 16])


def test_overlap_is_intersection_over_union():
    boxes = np.array([[0, 0, 10, 10], [5, 0, 10, 10], [10, 0, 10, 10], [0, 0, 5, 5]], np.float32)
    assert merging.overlaps(boxes[0], boxes).tolist() == pytest.approx([1, 1 / 3, 0, 0.25])


def test_suppression_keeps_the_best_of_each_face():
    kept = merging.suppress(raw((1, 0, 10, 10, 0.8), (0, 0, 10, 10, 0.9), (50, 0, 10, 10, 0.4)))
    assert kept.scores.tolist() == pytest.approx([0.9, 0.4])


def test_passes_are_averaged_by_score_and_named():
    found = {"1x": raw((0, 0, 10, 10, 0.6), (90, 0, 10, 10, 0.45)), "2x": raw((3, 0, 10, 10, 0.3), (40, 0, 9, 9, 0.7))}
    merged = merging.merge(found)
    assert [one.found_by for one in merged] == ["2x", "1x+2x"]
    both = merged[1]
    assert both.box.x == pytest.approx(1)
    assert both.landmarks[0, 0] == pytest.approx(1)
    assert both.score == pytest.approx(0.6)


@given(st.lists(st.tuples(st.floats(0, 80), st.floats(0, 80), st.floats(5, 20), st.floats(0.36, 1)), max_size=12))
def test_no_two_merged_faces_start_from_overlapping_best_detections(rows):
    pool = [(x, y, w, w, s) for x, y, w, s in rows]
    kept = merging.suppress(raw(*pool))
    for i, box in enumerate(kept.boxes):
        assert (merging.overlaps(box, kept.boxes[i + 1 :]) < merging.OVERLAP).all()
    assert len(merging.merge({"1x": kept})) == (kept.scores >= merging.ACCEPT).sum()


@pytest.mark.parametrize(
    ("size", "factors"),
    [
        ((200, 150), (1, 2)),
        ((640, 480), (1, 2)),
        ((1280, 720), (1,)),
        ((4000, 3000), (0.16, 0.48)),
        ((1600, 900), (0.4, 1)),
    ],
)
def test_passes_depend_on_the_size(size, factors):
    assert passes.pass_factors(*size) == pytest.approx(factors)


def test_lifting_shadows_brightens_a_dark_image_and_keeps_order():
    ramp = np.repeat(np.arange(60, dtype=np.uint8)[None, :, None], 3, axis=2)
    lifted = lighting.lift_shadows(ramp)
    assert lifted.mean() > 4 * ramp.mean()
    assert (np.diff(lifted[0, :, 0].astype(int)) >= 0).all()
    assert lighting.lift_shadows(np.full((4, 4, 3), 7, np.uint8)).shape == (4, 4, 3)


def test_a_box_centred_in_the_added_margin_is_no_face():
    assert passes.centre_inside(Box(90, 10, 19, 20), 100, 100)
    assert not passes.centre_inside(Box(95, 10, 20, 20), 100, 100)
    assert not passes.centre_inside(Box(10, -30, 20, 20), 100, 100)


def test_a_detection_in_the_added_margin_is_left_out():
    class Edge(detect.YuNet):
        def single_pass(self, pixels, factor):
            return raw((10, 10, 20, 20, 0.9), (95, 60, 20, 20, 0.9))

    (one,) = Edge(session=None).detect(np.full((100, 100, 3), 200, np.uint8))
    assert one.box.x == pytest.approx(10)


def test_a_face_is_found_where_it_is_at_any_size(pack, custody_pixels):
    (whole,) = pack.detector.detect(custody_pixels)
    height, width = custody_pixels.shape[:2]
    eyes, mouth = whole.landmarks[:2], whole.landmarks[3:]
    assert eyes[0, 0] < whole.landmarks[2, 0] < eyes[1, 0]  # the subject's right eye is left in the image
    assert eyes[:, 1].max() < whole.landmarks[2, 1] < mouth[:, 1].min()
    assert whole.score > 0.8
    small = np.asarray(Image.fromarray(custody_pixels).resize((width // 3, height // 3)))
    (little,) = pack.detector.detect(small)
    assert little.found_by == "1x+2x"
    assert np.abs(little.landmarks * 3 - whole.landmarks).max() < 0.1 * whole.box.width


def test_blue_and_red_are_not_swapped(pack, custody_pixels):
    right = pack.detector.single_pass(custody_pixels, 1.0)
    swapped = pack.detector.single_pass(np.ascontiguousarray(custody_pixels[:, :, ::-1]), 1.0)
    side = custody_pixels.shape[0]  # 288, a multiple of 32: nothing is filled up
    fed = custody_pixels[None, :, :, ::-1].transpose(0, 3, 1, 2).astype(np.float32)  # blue first
    values = pack.detector.session.run(None, {"input": fed})
    names = [o.name for o in pack.detector.session.get_outputs()]
    direct = merging.suppress(detect.decode_grids(dict(zip(names, values, strict=True)), side, side, merging.FLOOR))
    np.testing.assert_allclose(right.scores, direct.scores, atol=1e-5)
    assert abs(swapped.scores.max() - direct.scores.max()) > 1e-4


def test_a_dark_image_is_searched_again_with_its_shadows_lifted(pack, custody_pixels):
    dark = (custody_pixels[::3, ::3] * 0.12).astype(np.uint8)
    (face,) = pack.detector.detect(dark)
    assert "gamma 1.8" in face.found_by


def test_nothing_is_found_in_nothing(pack):
    assert pack.detector.detect(np.zeros((1, 1, 3), np.uint8)) == []
    assert pack.detector.detect(np.full((90, 140, 3), 127, np.uint8)) == []
