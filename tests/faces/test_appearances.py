"""Faces that go on from frame to frame: one appearance each, two of one frame never one, the best frame kept."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillgraph.faces.appearances import LIKE_ALONE, LIKE_WITH_OVERLAP, MOST_MISSED, Appearances
from stillgraph.records import Box, Face, FaceId, ModelId, Quality, Template

MODEL = ModelId("test@000000000000.r1")


def face(direction, x=0.0, score=0.9, eyes=20.0):
    """A face with the template at this angle (radians) in a plane, its box at x, 10 x 10."""
    vector = np.array([np.cos(direction), np.sin(direction)], np.float32)
    return Face(
        face_id=FaceId("f#1"), image_id="f", box=Box(x, 0, 10, 10), landmarks=np.zeros((5, 2), np.float32),
        quality=Quality(eyes, 100.0, 0.5, 0.5, 1.0, score), found_by="1x", usable=True, unusable_reason=None,
        template=Template(MODEL, vector),
    )  # fmt: skip


def angle(cosine):
    return float(np.arccos(cosine))


def seen(*frames, best=1):
    appearances = Appearances(best)
    for place, faces in enumerate(frames, start=1):
        appearances.see(place, faces)
    return appearances


def test_a_face_that_stays_is_one_appearance_and_its_best_frame_is_kept():
    appearances = seen([face(0, score=0.8)], [face(0, score=0.95)], [face(0, score=0.9)])
    (one,) = appearances.all
    assert (one.seen, [sighting.place for sighting in one.best], appearances.places()) == (3, [2], {2})


def test_of_equal_scores_the_wider_eyes_count_and_then_the_earlier_frame():
    assert seen([face(0, eyes=20)], [face(0, eyes=30)], [face(0, eyes=30)]).places() == {2}
    assert seen(*[[face(0)]] * 5, best=2).places() == {1, 2}


@pytest.mark.parametrize(
    ("cosine", "moved", "one"),
    [
        (LIKE_WITH_OVERLAP + 0.01, 0, True), (LIKE_WITH_OVERLAP - 0.01, 0, False),
        (LIKE_WITH_OVERLAP + 0.01, 5, True),  # a third of both boxes
        (LIKE_WITH_OVERLAP + 0.01, 6, False),  # a quarter
        (LIKE_ALONE + 0.01, 500, True), (LIKE_ALONE - 0.01, 500, False),
    ],
)  # fmt: skip
def test_likeness_and_place_decide_as_stated(cosine, moved, one):
    assert len(seen([face(0)], [face(angle(cosine), x=moved)]).all) == (1 if one else 2)


def test_whoever_takes_a_place_that_was_empty_for_a_frame_is_somebody_else_unless_alike():
    assert len(seen([face(0)], [face(angle(0.4))]).all) == 1
    assert len(seen([face(0)], [], [face(angle(0.4))]).all) == 2
    assert len(seen([face(0)], [], [face(angle(LIKE_ALONE + 0.01))]).all) == 1


def test_the_likest_pair_goes_on_first():
    appearances = seen([face(0.0, x=0), face(0.5, x=3)], [face(0.45, x=0), face(0.05, x=3)])
    assert [one.seen for one in appearances.all] == [2, 2]
    first, second = appearances.all
    assert (first.last.box.x, second.last.box.x) == (3, 0)


@pytest.mark.parametrize(("missed", "number"), [(MOST_MISSED - 1, 1), (MOST_MISSED, 2)])
def test_an_appearance_outlasts_a_short_absence_only(missed, number):
    assert len(seen([face(0)], *[[]] * missed, [face(0)]).all) == number


FRAMES = st.lists(
    st.lists(
        st.builds(face, st.floats(0, 6.28), st.floats(0, 40), st.sampled_from([0.6, 0.7, 0.8, 0.9]), st.floats(6, 40)),
        max_size=4,
    ),
    max_size=15,
)


@given(FRAMES, st.integers(1, 3))
def test_every_face_belongs_to_one_appearance_and_no_frame_twice_to_one(frames, best):
    appearances = seen(*frames, best=best)
    assert sum(one.seen for one in appearances.all) == sum(map(len, frames))
    places = [sighting.place for one in appearances.all for sighting in one.best]
    assert set(places) == appearances.places()
    for one in appearances.all:
        own = [sighting.place for sighting in one.best]
        assert len(own) == len(set(own)) == min(best, one.seen)
        assert [sighting.worth for sighting in one.best] == sorted((s.worth for s in one.best), reverse=True)
    # Whoever is seen best of all is on a kept frame.
    if places:
        top = max((f.quality.detection_score, f.quality.inter_eye_px) for faces in frames for f in faces)
        assert top in {tuple(sighting.worth) for one in appearances.all for sighting in one.best}
