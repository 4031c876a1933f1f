"""Which face a photograph is of: the larger one, and of those about as large the one nearer to the middle."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stillgraph.faces.foremost import prominence
from stillgraph.records import Box

sides = st.floats(16, 2000)
places = st.floats(-500, 2500)
boxes = st.builds(Box, places, places, sides, sides)


def test_who_stands_in_the_middle_is_put_before_somebody_nearer_at_the_edge():
    middle, edge = Box(80, 80, 90, 90), Box(-40, 60, 110, 120)
    assert prominence(middle, 250, 250) > prominence(edge, 250, 250)


def test_somebody_far_off_in_the_middle_is_put_behind_whom_the_photograph_is_of():
    behind, near = Box(310, 230, 24, 24), Box(60, 120, 150, 180)
    assert prominence(near, 640, 480) > prominence(behind, 640, 480)


@given(boxes, st.floats(1.01, 3))
def test_at_one_place_the_larger_is_before_the_smaller(box, times):
    wide, high = box.width * times, box.height * times
    larger = Box(box.x - (wide - box.width) / 2, box.y - (high - box.height) / 2, wide, high)
    least = prominence(box, 1000, 800)
    assert prominence(larger, 1000, 800) > least or least < 1e-6


@given(boxes, boxes, st.sampled_from([0.25, 0.5, 2.0, 4.0]))
def test_who_is_before_whom_does_not_depend_on_the_resolution(one, other, times):
    def at(box):
        return prominence(box, 1000, 800), prominence(
            Box(box.x * times, box.y * times, box.width * times, box.height * times), 1000 * times, 800 * times
        )

    (a, a_resized), (b, b_resized) = at(one), at(other)
    assert (a > b) == (a_resized > b_resized)


@given(boxes)
def test_a_photograph_turned_round_or_mirrored_is_of_the_same_face(box):
    mirrored = Box(1000 - box.x - box.width, box.y, box.width, box.height)
    assert abs(prominence(box, 1000, 800) - prominence(mirrored, 1000, 800)) < 1e-3
