"""The measures of a still's faces: as they were stored, with their rules, and OFIQ's beside them where asked."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from stillgraph.casework import looking, searching
from stillgraph.errors import ModelError, NotFound
from stillgraph.faces import bands, ofiq

STILL = "R08/R08_0002.jpg"
LATER = ("roll_degrees", "pitch", "underexposed", "overexposed", "jpeg_quality", "occlusion", "detail", "band")


@pytest.fixture(autouse=True)
def kept_open(small_case):
    with small_case.seat().sitting():
        yield


def test_every_measure_of_a_still_is_taken_kept_and_shown(small_case):
    found = looking.face_quality(small_case.seat(), STILL)
    (face,) = found.faces
    assert found.still == STILL
    assert all(getattr(face.quality, measure) is not None for measure in found.rules)
    assert 45 <= face.quality.jpeg_quality <= 85  # as the demonstration was made
    assert face.band_means == bands.sentence(face.quality.band)
    assert face.ofiq is None


def test_the_band_is_that_of_the_stored_measures_and_stands_in_a_search(small_case):
    (face,) = looking.face_quality(small_case.seat(), STILL).faces
    assert face.quality.band == bands.band(face.quality, small_case.seat().model)
    (probe,) = searching.candidate_lists(small_case.seat(), STILL).probes
    assert probe.quality == face.quality


def test_faces_analysed_before_there_were_such_measures_are_still_read(small_case):
    with small_case.seat().case.session(writing=True) as session:
        session.execute("UPDATE held.faces SET " + ", ".join(f"{column} = NULL" for column in LATER))
    (face,) = looking.face_quality(small_case.seat(), STILL).faces
    assert [getattr(face.quality, measure) for measure in LATER] == [None] * len(LATER)
    assert face.quality.inter_eye_px > 6
    assert face.band_means is None
    assert searching.search(small_case.seat(), stills=[STILL]).probes[0].candidates


def test_looking_at_measures_is_recorded(small_case):
    looking.face_quality(small_case.seat(), STILL)
    with small_case.seat().case.session(writing=False) as session:
        action, details = session.one("SELECT action, details FROM main.audit ORDER BY sequence DESC LIMIT 1")
    assert action == "view detail"
    assert '"quality"' in details
    assert STILL in details


def test_a_still_that_is_not_there_is_said_not_to_be(small_case):
    with pytest.raises(NotFound, match=r"There is no still R08/none\.jpg in this case"):
        looking.face_quality(small_case.seat(), "R08/none.jpg")


def test_ofiq_is_shown_each_face_and_nothing_of_it_is_kept(small_case, monkeypatch):
    seen = []

    def components(pixels):
        seen.append(pixels.shape)
        return {"Sharpness": float(np.ptp(pixels) > 0), "EyesVisible": None}

    monkeypatch.setattr(ofiq, "components", components)
    (face,) = looking.face_quality(small_case.seat(), STILL, ofiq=True).faces
    assert face.ofiq == {"Sharpness": 1.0, "EyesVisible": None}
    assert len(seen) == 1
    assert looking.face_quality(small_case.seat(), STILL).faces[0].ofiq is None


def test_ofiq_that_is_not_here_is_said_not_to_be(small_case, monkeypatch):
    monkeypatch.setitem(sys.modules, "ofiq", None)
    with pytest.raises(ModelError, match="OFIQ is not installed here"):
        looking.face_quality(small_case.seat(), STILL, ofiq=True)


def test_bands_are_explained_once_each_best_first():
    assert looking.band_sentences(["D", None, "A", "D"]) == [bands.sentence("A"), bands.sentence("D")]
    assert looking.band_sentences([None]) == []
