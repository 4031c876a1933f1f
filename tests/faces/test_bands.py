"""The bands: total, in order, only of the model they were measured on, and worded from the measured figures."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillgraph.faces import bands, packs
from stillgraph.records import Quality

SHARE = st.floats(0, 1)


@st.composite
def qualities(draw):
    return Quality(
        inter_eye_px=draw(st.floats(0, 3000)),
        sharpness=draw(st.floats(0, 1e5)),
        brightness=draw(SHARE),
        contrast=draw(SHARE),
        frontality=draw(SHARE),
        detection_score=draw(SHARE),
        pitch=draw(st.floats(-5, 5)),
        occlusion=draw(st.none() | SHARE),
    )


GOOD = Quality(60, 300, 0.5, 0.25, 1, 0.95, pitch=bands.STRAIGHT, occlusion=0.0)


def letter(quality):
    return bands.band(quality, bands.MEASURED_ON)


@given(qualities())
def test_every_measured_face_has_one_band_and_always_the_same(quality):
    assert letter(quality) in {"A", "B", "C", "D"}
    assert letter(quality) == letter(dataclasses.replace(quality, band="A", jpeg_quality=3.0, sharpness=1.0))


@given(qualities(), st.floats(1, 4), st.floats(0, 1))
def test_what_is_smaller_flatter_more_covered_or_seen_from_higher_up_is_never_in_a_better_band(quality, less, more):
    worse = (
        dataclasses.replace(quality, inter_eye_px=quality.inter_eye_px / less),
        dataclasses.replace(quality, contrast=quality.contrast / less),
        dataclasses.replace(quality, pitch=quality.pitch + (more if quality.pitch >= bands.STRAIGHT else -more)),
    )
    assert all(letter(one) >= letter(quality) for one in worse)
    if quality.occlusion is not None:
        covered = dataclasses.replace(quality, occlusion=min(1.0, quality.occlusion + more))
        assert letter(covered) >= letter(quality)


def test_the_bands_begin_at_their_limits():
    for name, limit in bands.LIMITS:
        at = dataclasses.replace(GOOD, inter_eye_px=2 ** ((limit - rest()) / bands.PER_DOUBLING_OF_INTER_EYE) + 1e-6)
        under = dataclasses.replace(at, inter_eye_px=at.inter_eye_px * 0.999)
        assert letter(at) == name
        assert letter(under) == chr(ord(name) + 1)


def rest():
    """Return the expected score of a good face whose eyes are one pixel apart."""
    return bands.expected_score(dataclasses.replace(GOOD, inter_eye_px=1.0))


def test_a_good_face_is_in_the_best_band_and_each_fault_alone_costs_one():
    assert letter(GOOD) == "A"
    assert letter(dataclasses.replace(GOOD, inter_eye_px=9)) > "A"
    assert letter(dataclasses.replace(GOOD, occlusion=0.9)) > "A"


def test_only_faces_of_the_model_it_was_measured_on_have_a_band():
    assert bands.band(GOOD, bands.MEASURED_ON) == "A"
    assert bands.band(GOOD, "yunet-sface@2456d6f081df.r1") is None
    assert bands.band(GOOD, "mine@0a1b2c3d4e5f.r2") is None


def test_the_shipped_pack_is_the_one_it_was_measured_on():
    """If this fails, templates are made another way: measure the bands again, as tests/benchmarks/quality.py says."""
    assert packs.describe(packs.DEFAULT_PACK).model == bands.MEASURED_ON


def test_without_a_measure_it_needs_a_face_has_no_band():
    assert letter(dataclasses.replace(GOOD, pitch=None)) is None
    assert letter(dataclasses.replace(GOOD, occlusion=None)) == "A"


def test_worse_bands_came_to_more_errors():
    shares = [(one.not_first / one.searches, one.not_in_twenty / one.searches) for one in bands.FIGURES]
    assert [one.band for one in bands.FIGURES] == [*(name for name, _ in bands.LIMITS), bands.WORST]
    assert shares == sorted(shares)
    assert [twenty for _, twenty in shares] == sorted(twenty for _, twenty in shares)


def test_the_sentence_gives_the_figures_and_their_number():
    worst = bands.FIGURES[-1]
    said = bands.sentence("D")
    assert said.startswith(f"band D: of {worst.searches} such faces in the measurement, the right person of ")
    assert f"{worst.not_first} ({round(100 * worst.not_first / worst.searches)} %) was not first" in said
    with pytest.raises(KeyError):
        bands.sentence("E")
