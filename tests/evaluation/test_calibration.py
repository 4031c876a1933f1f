import itertools
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from stillgraph.errors import WrongUse
from stillgraph.evaluation import KnownSearch, calibrate, measure, ratio
from stillgraph.evaluation import calibration as calibration_module
from stillgraph.evaluation.calibration import LEAST_PEOPLE, LISTED, QUANTILES, places_of_best
from stillgraph.records import Calibration, ModelId, OfficerId

MODEL = ModelId("net@1.r1")


def searches(count, seed=0, *, mate=0.6, other=0.4, spread=0.05, each=1, band="A"):
    """Return searches whose best other person and whose mate have normal scores; the mate is all but always first."""
    rng = np.random.default_rng(seed)
    return [
        KnownSearch(f"{seed}-{n}-{m}", f"p{n}", band, rng.normal(mate, spread), np.array([rng.normal(other, spread)]))
        for n in range(count)
        for m in range(each)
    ]


def calibration(curves, gallery=1):
    at = datetime(2026, 1, 1, tzinfo=UTC)
    return Calibration(
        1, MODEL, gallery, "v", "truth.csv", "0", (), "method", "lir", 0, False, tuple(curves), OfficerId("o"), at
    )


def analytic(score, mate=0.6, other=0.4, spread=0.05):
    return np.log10(norm.pdf(score, mate, spread) / norm.pdf(score, other, spread))


def test_it_recovers_the_known_ratio_of_normal_scores():
    (curve,) = calibrate(searches(1500), gallery=1)
    scores = np.linspace(0.42, 0.58, 17)
    learned = curve.intercept + curve.slope * scores
    known = analytic(scores)
    inside = (known > curve.lower) & (known < curve.upper)
    assert inside.sum() > 10
    assert np.abs(learned - known)[inside].max() < 0.3
    fresh = measure([curve], searches(4000, seed=1), gallery=1)["A"]
    llr = np.clip(analytic(np.random.default_rng(2).normal(0.6, 0.05, 100_000)), -3.6, 3.6)
    assert fresh.cllr == pytest.approx(np.log2(1 + 10**-llr).mean(), abs=0.02)
    assert fresh.cllr_low < fresh.cllr < fresh.cllr_high
    assert fresh.cllr_min <= fresh.cllr + 1e-9
    assert sum(one.same for one in fresh.support) == fresh.same


@settings(max_examples=8)
@given(seed=st.integers(0, 10_000), gap=st.floats(0.05, 0.3), count=st.integers(LEAST_PEOPLE, 60))
def test_a_ratio_rises_with_the_score_and_stays_within_what_the_people_carry(seed, gap, count):
    curves = calibrate(searches(count, seed, mate=0.4 + gap), gallery=1)
    made = calibration(curves)
    if curves[0].insufficient is not None:
        return
    found = [ratio(made, score, model=MODEL, band="A", gallery=1) for score in np.linspace(-1, 1, 50)]
    assert found == sorted(found)
    assert (
        1 / (curves[0].same_people + 1) / 1.03 <= found[0] <= 1 <= found[-1] <= 1.03 * (curves[0].different_people + 1)
    )


@settings(max_examples=3)
@given(order=st.permutations(range(60)))
def test_the_order_of_searches_changes_nothing(order):
    some = searches(30, each=2)
    assert calibrate([some[i] for i in order], gallery=1) == calibrate(some, gallery=1)


def test_bounds_rest_on_people_and_not_on_their_stills():
    once = calibrate(searches(40, spread=0.02), gallery=1)[0]
    often = calibrate(searches(40, spread=0.02, each=10), gallery=1)[0]
    assert often.same == 10 * once.same
    assert often.upper <= np.log10(41) + 0.02
    assert often.upper == pytest.approx(once.upper, abs=0.2)


def test_too_few_people_get_no_curve_however_many_stills_they_are_on():
    (curve,) = calibrate(searches(LEAST_PEOPLE - 1, each=20), gallery=1)
    assert curve.slope is None
    assert curve.insufficient == (
        "insufficient: needs first candidates of 20 people who are the person and of 20 who are not, there are 19 and 19"
    )
    assert measure([curve], searches(30, seed=1), gallery=1)["A"].insufficient == curve.insufficient
    assert ratio(calibration([curve]), 0.5, model=MODEL, band="A", gallery=1) == f"band A: {curve.insufficient}"


def test_scores_that_say_nothing_get_no_curve():
    rng = np.random.default_rng(0)
    # The person is first in every other search, with scores of no other kind than the best other person's.
    some = []
    for n in range(200):
        mate, best = rng.normal(0.5, 0.1, 2)
        some.append(KnownSearch(f"m{n}", f"p{n}", None, mate, np.array([mate - 0.01])))
        some.append(KnownSearch(f"n{n}", f"q{n}", None, None, np.array([best])))
    (curve,) = calibrate(some, gallery=1)
    assert curve.band == "all"
    assert curve.insufficient.startswith("insufficient: ")
    assert "no better than saying nothing" in curve.insufficient or "not above" in curve.insufficient


def test_equal_scores_get_no_curve():
    same = [KnownSearch(f"m{n}", f"p{n}", "A", 0.5, np.array([0.4])) for n in range(30)]
    different = [KnownSearch(f"n{n}", f"q{n}", "A", None, np.array([0.5])) for n in range(30)]
    equal = [replace(one, others=np.array([0.5])) for one in same]
    (curve,) = calibrate([*equal, *different], gallery=1)
    assert curve.same == 0
    (curve,) = calibrate(same, gallery=1)
    assert curve.upper <= np.log10(31) + 0.02, "scores without overlap claim no more than their number carries"


@pytest.mark.parametrize(("others", "drawn"), [(6, 2), (7, 1), (8, 5), (9, 9)])
def test_the_place_of_the_best_of_some_others_is_that_of_all_ways_to_draw_them(others, drawn):
    best = sorted(min(draw) for draw in itertools.combinations(range(others), drawn))
    quantiles = (np.arange(QUANTILES) + 0.5) / QUANTILES
    counted = [best[int(np.ceil(q * len(best))) - 1] for q in quantiles]
    assert places_of_best(others, drawn).tolist() == counted


def test_a_smaller_gallery_has_curves_of_its_own_that_give_a_score_more_weight():
    rng = np.random.default_rng(3)
    some = [
        KnownSearch(f"s{n}", f"p{n}", "A", rng.normal(0.6, 0.1), np.sort(rng.normal(0.2, 0.1, 99))[::-1])
        for n in range(60)
    ]
    curves = calibrate(some, gallery=100)
    assert [curve.gallery for curve in curves] == [100, 50, 25]
    made = calibration(curves, gallery=100)
    of_100, of_50, of_25 = (ratio(made, 0.5, model=MODEL, band="A", gallery=n) for n in (100, 50, 25))
    assert of_100 < of_50 < of_25
    assert ratio(made, 0.5, model=MODEL, band="A", gallery=51) == of_50, "up to a tenth more"
    assert ratio(made, 0.5, model=MODEL, band="A", gallery=56) == of_100
    assert ratio(made, 0.5, model=MODEL, band="A", gallery=110) == of_100
    assert "has grown to 111 persons since it was calibrated with 100" in ratio(
        made, 0.5, model=MODEL, band="A", gallery=111
    )


def test_the_first_of_the_others_are_enough():
    rng = np.random.default_rng(4)
    whole = [
        KnownSearch(f"s{n}", f"p{n}", "A", rng.normal(0.6, 0.1), np.sort(rng.normal(0.2, 0.1, 399))[::-1])
        for n in range(60)
    ]
    cut = [replace(one, others=one.others[:LISTED], others_searched=399) for one in whole]
    assert calibrate(cut, gallery=400) == calibrate(whole, gallery=400)


def test_a_band_never_searched_has_no_ratio_and_another_model_is_refused():
    made = calibration(calibrate(searches(30), gallery=1))
    assert ratio(made, 0.5, model=MODEL, band="D", gallery=1) == (
        "band D: insufficient: no such face was searched with known truth"
    )
    with pytest.raises(
        WrongUse, match=r"belongs to one model: this one was made with net@1.r1, the scores are of other"
    ):
        ratio(made, 0.5, model=ModelId("other"), band="A", gallery=1)


def test_searches_that_cannot_be_are_refused():
    one = searches(1)[0]
    with pytest.raises(WrongUse, match="give each an id of its own"):
        calibrate([one, one], gallery=1)
    for wrong in (replace(one, mate_score=1.2), replace(one, others=np.array([0.1, 0.2]))):
        with pytest.raises(WrongUse, match="those of other people highest first"):
            measure([], [wrong], gallery=1)


def test_curves_cannot_be_measured_without_either_kind():
    curves = calibrate(searches(30), gallery=1)
    some = [replace(one, mate_score=None) for one in searches(5, seed=9)]
    assert measure(curves, some, gallery=1)["A"].insufficient.startswith("insufficient: needs first candidates who are")
    assert measure([], some, gallery=1)["A"].insufficient == "insufficient: no curve"


def test_nobody_is_both_learned_from_and_measured_on(monkeypatch):
    learned_from = []
    fit = calibration_module._fit

    def recorded(first, rng):
        learned_from.append(set(first.people.tolist()))
        return fit(first, rng)

    monkeypatch.setattr(calibration_module, "_fit", recorded)
    calibrate(searches(30, each=4), gallery=1)
    everybody, *folds = learned_from
    assert len(folds) == 10
    left_out = [everybody - fold for fold in folds]
    assert sorted(person for some in left_out for person in some) == sorted(everybody)
