"""Likelihood ratios and thresholds for a stated FPIR, from known truth to the search that uses them."""

from __future__ import annotations

import shutil
from dataclasses import fields
from pathlib import Path

import pytest

from stillgraph import demo
from stillgraph.casework import calibrating, evaluating, reviewing, searching, take_seat
from stillgraph.errors import NotFound, WrongUse
from stillgraph.evaluation import read_truth
from stillgraph.records import ReviewItem, SearchOutcome, StillId

DATA = Path(__file__).resolve().parents[2] / "data" / "demo"
TRUTH = DATA / "truth.csv"
LEARNED = tuple(f"R{n:02}" for n in range(1, 7))
HELD_OUT = tuple(f"R{n:02}" for n in range(7, 13))


def seat(directory, officer=demo.ANALYST):
    return take_seat(directory, officer=officer, operation=demo.OPERATION, reason="test scores")


@pytest.fixture(scope="module")
def calibrated(demo_case, tmp_path_factory):
    """Return a copy of the demonstration with a calibration and a threshold, and the report on the former."""
    directory = tmp_path_factory.mktemp("calibrated") / "case"
    shutil.copytree(demo_case, directory)
    report = calibrating.calibrate(seat(directory), TRUTH, retailers=LEARNED, measured_on=HELD_OUT)
    policy = calibrating.set_threshold(seat(directory), TRUTH, fpir=0.1, retailers=LEARNED)
    return directory, report, policy


def test_a_calibration_says_what_it_was_learned_from_and_measured_on(calibrated):
    _, report, _ = calibrated
    made = report.calibration
    assert made.synthetic
    assert (made.gallery, made.retailers, made.source) == (150, LEARNED, "truth.csv")
    assert made.software.startswith("lir 1.")
    assert {curve.band for curve in made.curves} == {"A", "B", "C", "D"}
    (best,) = (curve for curve in made.curves if (curve.band, curve.gallery) == ("A", 150))
    assert best.insufficient is None
    assert best.checked.cllr_low < best.checked.cllr < best.checked.cllr_high < 1
    assert report.held_out["A"].cllr < 1
    # D has too few people in either half.
    assert report.held_out["D"].cllr is None
    assert "insufficient: needs first candidates of 20 people" in report.held_out["D"].insufficient
    assert report.held_out_others["A"].same_people < report.held_out["A"].same_people


def test_calibrating_again_comes_to_the_same(calibrated):
    directory, report, _ = calibrated
    again = calibrating.calibrate(seat(directory), TRUTH, retailers=tuple(reversed(LEARNED)))
    assert again.calibration.curves == report.calibration.curves
    assert again.calibration.digest == report.calibration.digest


def test_a_search_gives_the_first_candidate_a_ratio_and_says_where_there_is_none(calibrated):
    directory, report, _ = calibrated
    desk = seat(directory)
    stills = [row.still for row in _truth() if row.still.startswith("R07/")][:25]
    done = searching.search(desk, stills=stills, past_review=True)
    assert done.calibration is not None
    curves = {c.band: c for c in report.calibration.curves if c.gallery == 150}
    seen = set()
    for probe in done.probes:
        ratios = [candidate.likelihood_ratio for candidate in probe.candidates]
        assert all(ratio is None for ratio in ratios[1:])
        curve = curves[probe.quality.band]
        assert (ratios[:1] == [None]) == (curve.insufficient is not None)
        if curve.insufficient is None:
            seen.add(probe.quality.band)
            assert 10**curve.lower <= ratios[0] <= 10**curve.upper
    assert "A" in seen
    assert all(sentence.startswith("band ") for sentence in done.without_ratio)
    warned = [probe for probe in done.probes if probe.look_alike is not None]
    assert all(p.candidates[0].score - p.candidates[1].score < 0.07 for p in warned)
    assert warned
    kept = searching.candidate_lists(desk, done.probes[0].still)
    assert kept.calibration == done.calibration
    assert kept.probes[0].candidates == done.probes[0].candidates
    assert kept.probes[0].look_alike == done.probes[0].look_alike


def test_a_list_of_one_still_warns_of_the_second(calibrated):
    directory, _, _ = calibrated
    desk = seat(directory)
    stills = [row.still for row in _truth() if row.still.startswith("R08/")][:12]
    long = searching.search(desk, stills=stills, past_review=True)
    short = searching.search(desk, stills=stills, limit=1, past_review=True)
    assert [probe.look_alike for probe in short.probes] == [probe.look_alike for probe in long.probes]
    assert any(probe.look_alike for probe in short.probes)


def test_the_threshold_for_an_fpir_has_an_outcome_of_its_own(calibrated):
    directory, _, policy = calibrated
    desk = seat(directory)
    every = policy.thresholds[0]
    assert every.band == "all"
    assert every.low < every.threshold < every.high
    assert every.returned <= 0.1 * every.searches
    stills = [row.still for row in _truth() if row.still.startswith("R07/")][:25]
    done = searching.search(desk, stills=stills, fpir=0.1, past_review=True)
    assert done.threshold == done.fpir.threshold == every.threshold
    outcomes = {probe.outcome for probe in done.probes}
    assert {SearchOutcome.CANDIDATES, SearchOutcome.NOBODY_AT_FPIR} <= outcomes
    assert SearchOutcome.NO_CANDIDATE not in outcomes
    assert all(c.score >= every.threshold for probe in done.probes for c in probe.candidates)
    nobody = next(probe for probe in done.probes if probe.outcome is SearchOutcome.NOBODY_AT_FPIR)
    kept = searching.candidate_lists(desk, nobody.still)
    assert kept.fpir == done.fpir
    assert nobody.outcome in {probe.outcome for probe in kept.probes}


def test_the_same_threshold_by_hand_is_no_policy(calibrated):
    directory, _, policy = calibrated
    done = searching.search(
        seat(directory),
        stills=[StillId("R08/R08_0002.jpg")],
        threshold=policy.thresholds[0].threshold,
        past_review=True,
    )
    assert done.fpir is None
    assert [probe.outcome for probe in done.probes] == [SearchOutcome.NO_CANDIDATE]


def test_too_few_searches_set_no_threshold_and_say_how_many_more(calibrated):
    directory, _, _ = calibrated
    with pytest.raises(
        WrongUse, match=r"No threshold is set\. insufficient: FPIR 0\.01 needs at least 300 .*: 84 more"
    ):
        calibrating.set_threshold(seat(directory), TRUTH, fpir=0.01, retailers=LEARNED)
    with pytest.raises(WrongUse, match=r"No threshold was set for FPIR 0\.01 in this case: `stillgraph threshold"):
        searching.search(seat(directory), stills=[StillId("R08/R08_0002.jpg")], fpir=0.01, past_review=True)


def test_calibration_and_threshold_of_another_model_are_not_used(calibrated, tmp_path):
    directory = tmp_path / "case"
    shutil.copytree(calibrated[0], directory)
    desk = seat(directory)
    with desk.case.session(writing=True) as session:
        session.execute("UPDATE held.calibrations SET model = 'other@1'")
        session.execute("UPDATE held.fpir_policies SET model = 'other@1'")
    still = [StillId("R08/R08_0002.jpg")]
    done = searching.search(desk, stills=still, past_review=True)
    assert done.calibration is None
    assert done.without_ratio[0].startswith("scores were calibrated for other@1, and the case is bound to yunet-sface@")
    assert all(c.likelihood_ratio is None for probe in done.probes for c in probe.candidates)
    with pytest.raises(WrongUse, match=r"belongs to one model: that for FPIR 0\.1 was set with other@1"):
        searching.search(desk, stills=still, fpir=0.1, past_review=True)


def test_faces_searched_together_have_no_ratio_and_a_reason(calibrated):
    desk = seat(calibrated[0])
    faces = list(evaluating.truth_of_faces(desk, TRUTH))
    one, other = (next(f for f in faces if f.startswith(retailer)) for retailer in ("R07", "R08"))
    done = searching.search_together(desk, [one, other], past_review=True)
    assert done.without_ratio == ("scores of templates of several faces together are not calibrated",)


def test_what_waits_for_blind_review_shows_neither_score_nor_ratio(small_case):
    names = {field.name for field in fields(ReviewItem)}
    assert not {name for name in names if "ratio" in name or "alike" in name}
    waiting = reviewing.queue(small_case.seat("first"))
    assert waiting
    assert all(item.scores is None for item in waiting)


def test_a_small_case_is_too_thin_and_says_so(small_case, small_inputs):
    desk = small_case.seat()
    done = searching.search(desk, stills=[StillId("R08/R08_0002.jpg")])
    assert done.without_ratio == ("scores are not calibrated in this case: `stillgraph calibrate`",)
    report = calibrating.calibrate(desk, small_inputs / "truth.csv", retailers=["R08"])
    assert all(curve.insufficient is not None for curve in report.calibration.curves)
    assert not report.calibration.synthetic
    done = searching.search(desk, stills=[StillId("R08/R08_0002.jpg")])
    assert done.calibration == 1
    assert "insufficient: needs first candidates of 20 people" in done.without_ratio[0]


def test_what_cannot_be_asked_for_is_refused(small_case, small_inputs):
    desk, truth = small_case.seat(), small_inputs / "truth.csv"
    with pytest.raises(WrongUse, match="R08 cannot be both learned from and measured on"):
        calibrating.calibrate(desk, truth, retailers=["R08"], measured_on=["R08"])
    with pytest.raises(NotFound, match="has no still of retailer R99"):
        calibrating.calibrate(desk, truth, retailers=["R99"])
    with pytest.raises(NotFound, match="holds no still that the truth table names"):
        calibrating.set_threshold(desk, truth, fpir=0.1, retailers=["R01"])
    for more in ({"threshold": 0.5}, {"enhancement": "R08/R08_0002.jpg~1"}):
        with pytest.raises(WrongUse, match="is set for faces as they came"):
            searching.search(desk, stills=[StillId("R08/R08_0002.jpg")], fpir=0.1, **more)


def _truth():
    return [row for row in read_truth(TRUTH) if row.nominal_id is not None]
