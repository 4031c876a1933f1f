"""Differentials that were planted are found with the stated power, and none is found where there is none."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from stillgraph.errors import WrongUse
from stillgraph.evaluation import differentials
from stillgraph.evaluation.differentials import Says, differential, power
from stillgraph.evaluation.rates import needed


def _trials(rates: list[float], each: int, seed: int, of_one_person: int = 1):
    rng = np.random.default_rng(seed)
    labels = np.repeat([f"group {i}" for i in range(len(rates))], each)
    return rng.random(len(labels)) < np.repeat(rates, each), np.arange(len(labels)) // of_one_person, labels


def _compared(rates: list[float], each: int, seed: int = 0, of_one_person: int = 1, **asked: object):
    events, persons, labels = _trials(rates, each, seed, of_one_person)
    asked = {"measure": "FPIR", "attribute": "ethnicity", "least_trials": 30, "seed": seed, **asked}
    return differential(events, persons, labels, **asked)


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(differentials, "SHUFFLES", 2000)
    monkeypatch.setattr(differentials, "DRAWS", 100)


@pytest.mark.usefixtures("quick")
def test_a_planted_threefold_differential_is_found_with_the_stated_power() -> None:
    runs, level = 60, 0.001
    stated = power(0.02, 0.06, 600, 600, level)
    found = sum(_compared([0.02, 0.06], 600, run, level=level).says is Says.DIFFERENTIAL for run in range(runs))
    assert 0.5 < stated < 0.8
    assert binom.ppf(0.0005, runs, stated - 0.03) <= found <= binom.ppf(0.9995, runs, stated + 0.03)


@pytest.mark.usefixtures("quick")
def test_parity_is_never_a_finding() -> None:
    said = [_compared([0.05, 0.05], 400, run) for run in range(60)]
    assert {one.says for one in said} <= {Says.NOT_EXCLUDED}
    assert all("parity is not excluded" in one.sentence for one in said)


def test_rates_that_many_trials_bound_are_called_alike() -> None:
    found = _compared([0.2, 0.2], 20_000)
    assert found.says is Says.ALIKE
    assert found.max_min is not None
    assert found.max_min.high is not None
    assert found.max_min.high <= 1.25


def test_too_few_trials_are_insufficient_and_say_how_many_more() -> None:
    found = _compared([0.003, 0.009], 400, least_trials=needed(0.003))
    assert found.says is Says.INSUFFICIENT
    assert [one.more for one in found.groups] == [600, 600]
    assert all("needs 600 more searches" in (one.insufficient or "") for one in found.groups)
    assert all(one.rate.value is None for one in found.groups)


def test_a_group_of_few_people_has_no_rate_however_many_its_searches() -> None:
    found = _compared([0.2, 0.4, 0.2], 200, of_one_person=50)
    assert found.says is Says.INSUFFICIENT
    assert "needs 6 more people" in (found.groups[0].insufficient or "")


def test_searches_of_one_person_are_not_taken_for_people() -> None:
    """Twenty people of each group, one all wrong: as searches it is 25 against 0, as people 1 against 0."""
    labels = np.repeat(["a", "b"], 500)
    persons = np.arange(1000) // 25
    events = persons == 0
    found = differential(events, persons, labels, measure="FPIR", attribute="sex", least_trials=30)
    assert found.says is Says.NOT_EXCLUDED
    assert found.chance is not None
    assert found.chance > 0.5


def test_distances_are_those_counted_by_hand() -> None:
    events = np.concatenate([np.arange(100) < k for k in (10, 20, 40)])
    labels = np.repeat(["a", "b", "c"], 100)
    found = differential(events, np.arange(300), labels, measure="FNIR", attribute="sex", least_trials=30)
    smooth = np.array([10.5, 20.5, 40.5]) / 101
    assert found.max_min is not None
    assert found.max_geomean is not None
    assert found.gini is not None
    assert found.max_min.value == pytest.approx(40.5 / 10.5)
    assert found.max_geomean.value == pytest.approx(smooth[2] / smooth.prod() ** (1 / 3))
    gaps = np.abs(smooth[:, None] - smooth[None, :]).sum()
    assert found.gini.value == pytest.approx(gaps / (2 * 9 * smooth.mean()) * 3 / 2)
    assert (found.highest, found.lowest) == ("c", "a")
    assert found.says is Says.DIFFERENTIAL


def test_the_pair_that_the_test_found_is_named_and_not_a_small_group_with_a_high_rate() -> None:
    """A few people have the highest rate by chance; what is found is the difference of the two large groups."""
    counted = {"A": (100, 2000), "B": (240, 2000), "C": (5, 30)}
    events = np.concatenate([np.arange(trials) < errors for errors, trials in counted.values()])
    labels = np.repeat(list(counted), [trials for _, trials in counted.values()])
    found = differential(events, np.arange(len(events)), labels, measure="FPIR", attribute="sex", least_trials=30)
    assert found.says is Says.DIFFERENTIAL
    assert [(one.higher, one.lower) for one in found.pairs] == [("B", "A")]
    assert found.pairs[0].ratio.value == pytest.approx(240.5 / 100.5)
    assert "B has 2.39 times" in found.sentence
    assert "240 of 2000 against 100 of 2000" in found.sentence
    assert " C " not in found.sentence
    assert (found.highest, found.lowest) == ("C", "A"), "which describes"


def test_every_pair_that_lies_so_far_apart_is_found_the_farthest_first() -> None:
    events = np.concatenate([np.arange(1000) < k for k in (50, 60, 150, 300)])
    labels = np.repeat(["a", "b", "c", "d"], 1000)
    found = differential(events, np.arange(4000), labels, measure="FNIR", attribute="sex", least_trials=30)
    pairs = [(one.higher, one.lower) for one in found.pairs]
    assert pairs == [("d", "a"), ("d", "b"), ("d", "c"), ("c", "a"), ("c", "b")]
    assert all(one.chance < differentials.LEVEL for one in found.pairs)
    assert found.chance == found.pairs[0].chance
    assert "So is found: d with" in found.sentence


def test_rates_and_their_ratio_are_those_of_fairlearn() -> None:
    """fairlearn's MetricFrame as the oracle: false negative rates of groups, and the lowest over the highest."""
    from fairlearn.metrics import MetricFrame, false_negative_rate

    events, persons, labels = _trials([0.2, 0.3, 0.5], 400, 3)
    found = differential(events, persons, labels, measure="FNIR", attribute="sex", least_trials=30)
    oracle = MetricFrame(
        metrics=false_negative_rate, y_true=np.ones(len(events)), y_pred=~events, sensitive_features=labels
    )
    assert {one.group: one.rate.value for one in found.groups} == pytest.approx(oracle.by_group.to_dict())
    assert found.max_min is not None
    # Ours has half an error added to each group.
    assert found.max_min.value == pytest.approx(1 / oracle.ratio(), rel=0.02)


def test_who_is_not_recorded_is_left_out_and_who_is_in_two_groups_refused() -> None:
    events, persons = np.zeros(80, dtype=bool), np.arange(80)
    labels = np.array(["a"] * 40 + [""] * 40)
    assert [
        one.group for one in differential(events, persons, labels, measure="F", attribute="x", least_trials=30).groups
    ] == ["a"]
    with pytest.raises(WrongUse, match="one group of an attribute"):
        differential(events, persons // 2, np.array(["a", "b"] * 40), measure="F", attribute="x", least_trials=30)


def test_an_intersection_is_known_where_both_are() -> None:
    labels = {"sex": np.array(["F", "M", ""]), "ethnicity": np.array(["White", "", "Black"])}
    assert differentials.intersections(labels, ["ethnicity", "sex"]).tolist() == ["White, F", "", ""]
