"""A reviewer's accuracy in trials: counts, intervals, and what guessing comes to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillgraph.evaluation import reviewers, wilson
from stillgraph.records import Verdict

SUPPORTS, NOBODY, UNSURE = Verdict.SUPPORTS, Verdict.NO_CANDIDATE, Verdict.INCONCLUSIVE

answers = st.lists(
    st.one_of(
        st.tuples(st.just("absent"), st.sampled_from(Verdict), st.just(False)),
        st.tuples(st.just("present"), st.just(SUPPORTS), st.booleans()),
        st.tuples(st.just("present"), st.sampled_from([NOBODY, UNSURE]), st.just(False)),
    ),
    max_size=60,
)


def test_each_rate_counts_what_it_says():
    told = [("absent", NOBODY, False)] * 8 + [("absent", UNSURE, False)] + [("absent", SUPPORTS, False)] * 3
    told += [("present", SUPPORTS, True)] * 10 + [("present", SUPPORTS, False)] + [("present", NOBODY, False)] * 4
    found = reviewers.measured("a", told, [30.0, 40.0, 50.0, 60.0])
    assert (found.absent, found.present) == (wilson(9, 12), wilson(10, 15))
    assert found.wrong_person == wilson(4, 27)
    assert found.inconclusive == 1
    assert found.chance_corrected == pytest.approx(9 / 12 + 10 / 15 - 1)
    assert (found.decisions, found.seconds_median, found.seconds_quartiles) == (4, 45.0, (37.5, 52.5))


def test_newcombes_interval_is_that_of_his_paper():
    # Newcombe 1998, table II (a): 56/70 against 48/80, method 10: 0.0524 to 0.3339.
    value, low, high = reviewers.informedness(wilson(56, 70), wilson(80 - 48, 80))
    assert (value, low, high) == pytest.approx((0.2, 0.0524, 0.3339), abs=5e-5)


@pytest.mark.parametrize(("absent", "present"), [(9, 30), (30, 9), (0, 0)])
def test_too_few_trials_of_either_kind_give_no_corrected_accuracy(absent, present):
    found = reviewers.measured("a", [("absent", NOBODY, False)] * absent + [("present", SUPPORTS, True)] * present, [])
    assert found.chance_corrected is found.chance_corrected_low is found.chance_corrected_high is None
    assert found.insufficient.startswith(f"insufficient: {absent} absent and {present} present trials")
    assert found.seconds_median is found.seconds_quartiles is None


@given(answers)
def test_intervals_hold_their_values_and_stay_on_the_scale(told):
    found = reviewers.measured("a", told, [])
    assert found.absent.trials + found.present.trials == found.wrong_person.trials == len(told)
    if found.chance_corrected is not None:
        assert -1 <= found.chance_corrected_low <= found.chance_corrected <= found.chance_corrected_high <= 1


@given(st.integers(10, 200), st.integers(10, 200), st.floats(0, 1), st.floats(0, 1))
def test_who_does_not_look_reaches_no_more_than_chance(absent, present, nobody, first_is_right):
    """Answers "nobody" so often, else the first on the list, who is right so often: at most 0 in expectation."""
    expected = (1 - nobody) * first_is_right + nobody - 1
    assert expected <= 1e-12
    told = [("absent", NOBODY, False)] * absent + [("present", NOBODY, False)] * present
    assert reviewers.measured("a", told, []).chance_corrected == 0.0, "who always says nobody is at 0"
