"""What reviews, months and trials of a case say: counted anew from its tables."""

from __future__ import annotations

import shutil

import pytest

from stillgraph import demo
from stillgraph.casework import evaluating, evaluating_review, take_seat
from stillgraph.casework.shipped import shipped
from stillgraph.errors import NotPermitted, WrongUse
from stillgraph.evaluation import wilson
from stillgraph.evaluation.process import LEAST_TRIALS


@pytest.fixture(scope="module")
def desk(demo_case, tmp_path_factory):
    directory = tmp_path_factory.mktemp("evaluated") / "demo"
    shutil.copytree(demo_case, directory)
    return take_seat(directory, officer=demo.ANALYST, operation=demo.OPERATION, reason="test the evaluation")


def _one(desk, sql):
    with desk.case.session(writing=False) as session:
        return session.one(sql)[0]


def test_settled_lists_are_counted_as_the_view_has_them(desk):
    found = evaluating_review.reviews(desk)
    settled = _one(desk, "SELECT count(*) FROM reviews WHERE outcome IN ('corroborated', 'not supported')")
    corroborated = _one(desk, "SELECT count(*) FROM reviews WHERE outcome = 'corroborated'")
    first = _one(
        desk,
        "SELECT count(*) FROM reviews AS r JOIN candidates AS c USING (search_id, face_id) "
        "WHERE r.outcome = 'corroborated' AND c.nominal_id = r.nominal_id AND c.rank = 1",
    )
    assert found.simulated
    assert (found.reviewed.settled, found.reviewed.corroborated.successes) == (settled, corroborated)
    assert found.reviewed.first_of_corroborated["1"].successes == first
    plain = wilson(corroborated, settled)
    low, high = found.reviewed.corroborated.low, found.reviewed.corroborated.high
    assert low < plain.low < plain.high < high, "lists of one person go together"


def test_months_add_up_to_the_whole_and_are_of_what_is_asked(desk):
    found = evaluating_review.drift(desk, months_of="captured")
    settled = _one(desk, "SELECT count(*) FROM reviews WHERE outcome IN ('corroborated', 'not supported')")
    acceptance = found.charts[0]
    assert sum(month.rate.trials for month in acceptance.months) == settled
    assert len(acceptance.months) > 6
    assert acceptance.insufficient is None
    searched = evaluating_review.drift(desk)
    assert "insufficient" in (searched.charts[0].insufficient or ""), "a demonstration is searched in one go"
    with pytest.raises(WrongUse, match="searched or captured"):
        evaluating_review.drift(desk, months_of="born")


def test_the_process_needs_trials_and_says_how_many(desk):
    found = evaluating_review.process(desk, truth=shipped("data/demo") / "truth.csv")
    assert found.process.scenarios == ()
    assert found.process.insufficient == (
        f"insufficient: it takes {LEAST_TRIALS} more of target-absent trials, {LEAST_TRIALS} more of target-present trials"
    )
    assert (found.process.measured.listed.successes, found.process.measured.listed.trials) == (248, 263)
    nothing = evaluating_review.process(desk)
    assert "searches of people in the gallery" in (nothing.process.insufficient or "")


def test_trials_of_everybody_are_for_supervisors(small_case):
    assert evaluating_review.reviews(small_case.seat()).reviewed.insufficient is not None
    with small_case.seat().case.session(writing=True) as session:
        session.execute("UPDATE held.officers SET role = 'analyst' WHERE officer_id = 'first'")
    with pytest.raises(NotPermitted):
        evaluating_review.process(small_case.seat("first"))


def test_identification_states_groups_with_intervals_over_people(desk):
    found = evaluating.identification(desk, shipped("data/demo") / "truth.csv", by=("ethnicity", "sex"))
    told = found.measured
    assert found.synthetic
    assert told is not None
    assert (told.mated, told.nonmated) == (263, 374)
    assert told.hit_rate["20"].successes == round((found.hit_rate["20"] or 0) * 263)
    low, high = found.hit_rate_interval["1"]
    assert told.hit_rate["1"].low < low, "searches of one person are not several people"
    assert told.hit_rate["1"].high > high
    assert {one.attribute for one in told.differentials} == {"ethnicity", "sex", "ethnicity and sex"}
    assert not any("differential." in one.sentence for one in told.differentials)
    assert set(told.parts) == {"band", "ethnicity", "sex", "ethnicity and sex"}
    assert told.parts["sex"]["F"].mated + told.parts["sex"]["M"].mated == 263
