from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillgraph.errors import WrongUse
from stillgraph.evaluation import KnownSearch, applicable, fpir_thresholds
from stillgraph.evaluation.policy import target_there
from stillgraph.records import FpirPolicy, ModelId, OfficerId

MODEL = ModelId("net@1.r1")


def searches(best, band="A"):
    return [KnownSearch(f"s{n}", f"p{n}", band, None, np.array([score], np.float64)) for n, score in enumerate(best)]


@given(
    best=st.lists(st.floats(-1, 1, width=32), min_size=10, max_size=60),
    fpir=st.sampled_from([0.3, 0.4, 0.5]),
)
def test_the_threshold_is_the_lowest_that_keeps_to_the_target(best, fpir):
    every, _ = fpir_thresholds(searches(best), fpir=fpir, measured_gallery=10, gallery=10)
    scores = np.array(best)
    assert every.returned == (scores >= every.threshold).sum() <= fpir * len(best)
    lower = np.nextafter(np.float32(every.threshold), np.float32(-2))
    if every.threshold > -1:
        assert (scores >= lower).sum() > fpir * len(best)
    assert every.low <= every.high


def test_too_few_searches_say_how_many_more_are_needed():
    every, band = fpir_thresholds(searches(np.zeros(216)), fpir=0.01, measured_gallery=150, gallery=150)
    assert every.threshold is None
    assert every.insufficient == (
        "insufficient: FPIR 0.01 needs at least 300 searches for strangers, there are 216: 84 more"
    )
    assert (every.band, band.band) == ("all", "A")


def test_searches_of_one_person_widen_the_interval():
    rng = np.random.default_rng(0)
    people = rng.normal(0.4, 0.1, 40)
    apart = searches(rng.normal(0.4, 0.1, 400))
    together = [
        KnownSearch(f"s{n}", f"p{n % 40}", None, None, np.array([people[n % 40] + rng.normal(0, 0.01)]))
        for n in range(400)
    ]
    width = []
    for some in (apart, together):
        every = fpir_thresholds(some, fpir=0.1, measured_gallery=10, gallery=10)[0]
        assert every.low < every.threshold < every.high
        width.append(every.high - every.low)
    assert width[1] > 2 * width[0]


def test_the_interval_covers_the_true_threshold():
    rng = np.random.default_rng(1)
    true, covered = 0.4 + 0.1 * 1.2815515655446004, 0
    for _ in range(30):
        every = fpir_thresholds(searches(rng.normal(0.4, 0.1, 200)), fpir=0.1, measured_gallery=9, gallery=9)[0]
        covered += every.low <= true <= every.high
    assert covered >= 24


def test_extrapolation_keeps_to_the_target_in_a_larger_gallery():
    rng = np.random.default_rng(2)
    others = rng.normal(0.2, 0.1, (4000, 400))
    small = searches(others[:2000, :100].max(axis=1))
    every = fpir_thresholds(small, fpir=0.1, measured_gallery=100, gallery=400)[0]
    assert every.gallery == 400
    fpir = (others[2000:].max(axis=1) >= every.threshold).mean()
    assert 0.07 < fpir < 0.13
    as_measured = fpir_thresholds(small, fpir=0.1, measured_gallery=100, gallery=100)[0]
    assert as_measured.threshold < every.threshold
    smaller = fpir_thresholds(small, fpir=0.1, measured_gallery=100, gallery=20)[0]
    assert smaller.threshold == as_measured.threshold


def test_an_extrapolated_target_needs_more_searches():
    assert target_there(0.1, 100, 400) == pytest.approx(1 - 0.9**0.25)
    every = fpir_thresholds(searches(np.zeros(100)), fpir=0.1, measured_gallery=100, gallery=400)[0]
    assert every.insufficient.startswith(
        "insufficient: FPIR 0.1 (0.026 in the gallery of 100 measured) needs at least 116"
    )


@pytest.mark.parametrize("fpir", [0, -0.1, 0.51])
def test_a_target_out_of_range_is_refused(fpir):
    with pytest.raises(WrongUse, match=r"above 0 and at most 0\.5"):
        fpir_thresholds(searches([0.1]), fpir=fpir, measured_gallery=1, gallery=1)


def test_a_gallery_too_far_from_the_one_measured_is_refused():
    with pytest.raises(WrongUse, match="extrapolated to 4 times as many at most, not to 41"):
        fpir_thresholds(searches([0.1]), fpir=0.1, measured_gallery=10, gallery=41)


def test_a_policy_holds_for_its_model_and_its_gallery():
    thresholds = fpir_thresholds(searches(np.linspace(0, 0.5, 40)), fpir=0.1, measured_gallery=100, gallery=100)
    at = datetime(2026, 1, 1, tzinfo=UTC)
    policy = FpirPolicy(1, MODEL, 0.1, 100, 100, "v", "t.csv", "0", (), 0, False, thresholds, OfficerId("o"), at)
    assert applicable(policy, model=MODEL, gallery=110) is thresholds[0]
    with pytest.raises(WrongUse, match="was set for a gallery of 100 persons, and there are 111 now"):
        applicable(policy, model=MODEL, gallery=111)
    with pytest.raises(WrongUse, match=r"belongs to one model: that for FPIR 0\.1 was set with net@1\.r1"):
        applicable(policy, model=ModelId("other"), gallery=100)
