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
from stillgraph.records import Verdict


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


def test_a_deletion_makes_no_corroborated_list_another_and_takes_its_place_out_of_the_ranks(demo_case, tmp_path):
    shutil.copytree(demo_case, tmp_path / "demo")
    desk = take_seat(tmp_path / "demo", officer=demo.ANALYST, operation=demo.OPERATION, reason="test the evaluation")
    before, months = evaluating_review.reviews(desk).reviewed, evaluating_review.drift(desk, months_of="captured")
    with desk.case.session(writing=True) as session:
        nominal = session.one("SELECT nominal_id FROM reviews WHERE outcome = 'corroborated' ORDER BY face_id LIMIT 1")[
            0
        ]
        gone = session.one("SELECT count(*) FROM reviews WHERE nominal_id = ?", [nominal])[0]
        session.execute("DELETE FROM held.candidates WHERE nominal_id = ?", [nominal])
    after, later = evaluating_review.reviews(desk).reviewed, evaluating_review.drift(desk, months_of="captured")
    assert after.corroborated == before.corroborated
    assert after.by_band == before.by_band
    assert (before.places_unknown, after.places_unknown) == (0, gone)
    assert after.first_of_corroborated["20"].trials == before.corroborated.successes - gone
    assert later.charts[0] == months.charts[0]
    assert sum(month.rate.trials for month in later.charts[2].months) == before.corroborated.successes - gone


def test_officers_differ_only_where_the_first_two_would_settle_on_different_things(small_case):
    with small_case.seat().case.session(writing=False) as session:
        lists = session.rows("SELECT face_id, nominal_id FROM candidates WHERE rank = 1 ORDER BY face_id LIMIT 3")
    (agreed, _), (differed, whom), (withdrawn, other) = lists
    small_case.judge("first", agreed, Verdict.NO_CANDIDATE)
    small_case.judge("second", agreed, Verdict.INCONCLUSIVE)
    small_case.judge("first", differed, Verdict.INCONCLUSIVE)
    small_case.judge("second", differed, whom)
    small_case.judge("first", withdrawn, other)
    small_case.judge("second", withdrawn, other)
    small_case.judge("first", withdrawn, Verdict.NO_CANDIDATE)
    with small_case.seat().case.session(writing=False) as session:
        told = {row[0]: row[1:] for row in session.rows(
            evaluating_review._LISTED + "SELECT face_id, outcome, disputed FROM listed"
        )}  # fmt: skip
    assert told[agreed] == ("not supported", False)
    assert told[differed] == ("disputed", True)
    assert told[withdrawn] == ("disputed", False), "which they were not while they were blind to each other"


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
