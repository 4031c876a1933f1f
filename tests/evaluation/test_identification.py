from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stillgraph.errors import WrongUse
from stillgraph.evaluation import IdentificationTrial, identification, wilson


def _mated(n: int, rank: int | None = 1, score: float = 0.9, acquired: bool = True) -> IdentificationTrial:
    if not acquired:
        return IdentificationTrial(f"m{n}", True, False)
    mate = None if rank is None else score
    return IdentificationTrial(f"m{n}", True, True, rank, mate, max(score, 0.5))


def _nonmated(n: int, best: float | None, acquired: bool = True) -> IdentificationTrial:
    return IdentificationTrial(f"n{n}", False, acquired, best_score=best)


def test_rates_counted_by_hand() -> None:
    mated = [
        _mated(1, 1, 0.95),
        _mated(2, 1, 0.60),
        _mated(3, 1, 0.50),  # exactly the score that is kept out
        _mated(4, 3, 0.40),
        _mated(5, 20, 0.30),
        _mated(6, 21, 0.90),
        _mated(7, None),
        _mated(8, acquired=False),
    ]
    # 40 non-mated searches: FPIR .1 lets four through; the fifth best score is .50, and two searches share it.
    best = [0.8, 0.7, 0.6, 0.55, 0.5, 0.5, *[0.2] * 32, None]
    nonmated = [*(_nonmated(n, b) for n, b in enumerate(best)), _nonmated(99, None, acquired=False)]
    result = identification([*mated, *nonmated], gallery=150)
    assert (result.gallery, result.mated, result.nonmated) == (150, 8, 40)
    assert (result.failures_to_acquire, result.failures_to_acquire_nonmated) == (2, 1)
    assert result.hit_rate == {"1": 3 / 8, "5": 4 / 8, "20": 5 / 8}
    rate = wilson(3, 8)
    assert result.hit_rate_interval["1"] == (rate.low, rate.high)
    assert result.thresholds["0.1"] == pytest.approx(0.5, abs=1e-6)
    assert result.fpir["0.1"] == 4 / 40
    # Returned at or above it: the first two. The mate at .90 is beyond rank 20, the one at .50 is kept out.
    assert result.fnir_at_fpir["0.1"] == 6 / 8
    rate = wilson(6, 8)
    assert result.fnir_interval["0.1"] == (rate.low, rate.high)
    wider = identification([*mated, *nonmated], gallery=150, within_rank=21)
    assert wider.fnir_at_fpir["0.1"] == 5 / 8


def test_a_target_too_fine_for_the_trials_is_answered_by_a_sentence() -> None:
    trials = [_mated(1), *(_nonmated(n, 0.1) for n in range(111))]
    result = identification(trials, gallery=10)
    assert result.fnir_at_fpir["0.1"] == result.fnir_at_fpir["0.03"] == 0
    for target, least in (("0.01", 300), ("0.003", 1000)):
        assert result.fnir_at_fpir[target] is None
        assert result.fnir_interval[target] is None
        assert result.thresholds[target] is None
        assert result.fpir[target] is None
        assert result.insufficient[target] == (
            f"insufficient: needs at least {least} non-mated searches, there are 111"
        )
    assert set(result.insufficient) == {"0.01", "0.003"}


def test_exactly_enough_trials_are_enough() -> None:
    trials = [_mated(1, score=0.6), *(_nonmated(n, n / 1001) for n in range(1000))]
    result = identification(trials, gallery=10)
    assert result.insufficient == {}
    assert result.fpir["0.003"] == 0.003
    assert result.fnir_at_fpir == {"0.1": 1, "0.03": 1, "0.01": 1, "0.003": 1}


def test_without_mated_searches_nothing_is_said_of_misses() -> None:
    result = identification([_nonmated(n, 0.1) for n in range(30)], gallery=10)
    assert result.hit_rate == {"1": None, "5": None, "20": None}
    assert result.fnir_at_fpir["0.1"] is None
    assert result.insufficient["0.1"] == "insufficient: needs at least 1 mated searches, there are 0"
    assert "rank 1" in result.insufficient
    assert identification([], gallery=0).fnir_at_fpir == dict.fromkeys(("0.1", "0.03", "0.01", "0.003"))


def test_where_nobody_is_returned_wrongly_nothing_is_cut_off() -> None:
    result = identification([_mated(1, 1, -0.5), *(_nonmated(n, None) for n in range(30))], gallery=10)
    assert result.thresholds["0.1"] == -1
    assert result.fnir_at_fpir["0.1"] == 0


def test_groups_have_their_own_rates_and_small_ones_none() -> None:
    trials = [*(_mated(n, 1 if n % 3 else None) for n in range(40)), *(_nonmated(n, 0.1) for n in range(5))]
    labels = {f"m{n}": "F" if n < 30 else "M" for n in range(38)}
    result = identification(trials, gallery=10, groups={"sex": labels | {"n0": "F", "m38": ""}})
    assert list(result.groups) == ["sex"]
    assert list(result.groups["sex"]) == ["F", "M", "not recorded"]
    f, m, rest = result.groups["sex"].values()
    assert (f.mated, f.nonmated, f.insufficient) == (30, 1, None)
    assert f.hit_rate["1"] == 20 / 30
    assert f.hit_rate_interval["1"] == (wilson(20, 30).low, wilson(20, 30).high)
    assert (m.mated, m.hit_rate["1"], m.hit_rate_interval["1"]) == (8, None, None)
    assert m.insufficient == "insufficient: needs at least 30 mated searches, there are 8"
    assert (rest.mated, rest.nonmated) == (2, 4)


@pytest.mark.parametrize(("people", "rate"), [(1, None), (9, None), (10, 1.0)])
def test_a_group_of_few_people_has_no_rates_however_many_its_searches(people: int, rate: float | None) -> None:
    trials = [replace(_mated(n), person=f"p{n % people}") for n in range(40)]
    group = identification(trials, gallery=10, groups={"sex": {f"m{n}": "F" for n in range(40)}}).groups["sex"]["F"]
    assert group.hit_rate["1"] == rate
    told = f"insufficient: needs mated searches of at least 10 people, there are {people}"
    assert group.insufficient == (None if rate else told)


@st.composite
def _trials(draw: Any) -> list[IdentificationTrial]:
    scores = st.integers(-4, 10).map(lambda n: n / 10)
    trials = []
    for n in range(draw(st.integers(0, 12))):
        rank = draw(st.one_of(st.none(), st.integers(1, 25)))
        trials.append(_mated(n, rank, draw(scores), acquired=draw(st.booleans()) or rank is not None))
    for n in range(draw(st.integers(28, 110))):
        best = draw(st.one_of(st.none(), scores))
        trials.append(_nonmated(n, best, acquired=best is not None or draw(st.booleans())))
    return trials


@settings(max_examples=40, deadline=None)
@given(trials=_trials(), random=st.randoms(use_true_random=False))
def test_rates_agree_with_counting_one_by_one(trials: list[IdentificationTrial], random: Any) -> None:
    result = identification(trials, gallery=25)
    shuffled = list(trials)
    random.shuffle(shuffled)
    assert identification(shuffled, gallery=25) == result
    mated = [t for t in trials if t.mated]
    nonmated = [t for t in trials if not t.mated]

    def fpir(at: float) -> float:
        return sum(1 for t in nonmated if t.best_score is not None and t.best_score >= at) / len(nonmated)

    for name, target in (("0.1", 0.1), ("0.03", 0.03)):
        if len(nonmated) * target < 3:
            assert result.fnir_at_fpir[name] is None
            continue
        # Every threshold that tells one score on a tenth from the next, from the lowest.
        at = next(t for t in (n / 10 + 0.05 for n in range(-12, 12)) if fpir(t) <= target + 1e-12)
        assert result.fpir[name] == pytest.approx(fpir(at))
        missed = sum(1 for t in mated if t.rank is None or t.rank > 20 or t.mate_score is None or t.mate_score < at)
        assert result.fnir_at_fpir[name] == (pytest.approx(missed / len(mated)) if mated else None)
    for rank in (1, 5, 20):
        there = sum(1 for t in mated if t.rank is not None and t.rank <= rank)
        assert result.hit_rate[str(rank)] == (there / len(mated) if mated else None)


@pytest.mark.parametrize(
    "trial",
    [
        IdentificationTrial("t", True, False, 1, 0.5, 0.5),
        IdentificationTrial("t", True, False, best_score=0.5),
        IdentificationTrial("t", False, True, 1, 0.5, 0.5),
        IdentificationTrial("t", True, True, 1, None, 0.5),
        IdentificationTrial("t", True, True, None, 0.5, 0.5),
        IdentificationTrial("t", True, True, 0, 0.5, 0.5),
        IdentificationTrial("t", True, True, 1, 0.5, None),
        IdentificationTrial("t", True, True, 1, float("nan"), 0.5),
        IdentificationTrial("t", False, True, best_score=7.0),
    ],
)
def test_a_trial_that_contradicts_itself_is_refused(trial: IdentificationTrial) -> None:
    with pytest.raises(WrongUse, match="trial t contradicts that"):
        identification([trial], gallery=1)


def test_a_trial_given_twice_is_refused() -> None:
    with pytest.raises(WrongUse, match="m1 is given twice"):
        identification([_mated(1), _mated(1)], gallery=1)


def test_a_rank_below_one_is_refused() -> None:
    with pytest.raises(WrongUse, match="within rank 0 is nothing"):
        identification([], gallery=1, within_rank=0)
