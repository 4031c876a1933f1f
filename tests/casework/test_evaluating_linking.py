"""Linking against known truth: what is counted, what is left out, and what the command prints."""

from __future__ import annotations

import pytest

from stillgraph.casework import evaluating_linking, linking
from stillgraph.errors import NotFound, WrongUse

TRUE = ["R08/R08_0002.jpg#1", "R08/R08_0088.jpg#1"]
OTHER = "R08/R08_0033.jpg#1"


def test_a_linking_run_is_measured_against_the_truth(small_case, small_inputs):
    truth = small_inputs / "truth.csv"
    with pytest.raises(WrongUse, match="has not been linked yet"):
        evaluating_linking.linking(small_case.seat(), truth)
    linking.link(small_case.seat(), threshold=0.99)
    nothing = evaluating_linking.linking(small_case.seat(), truth).measures["persons"]
    assert (nothing.pairs_together, nothing.recall.value) == (0, 0.0)
    for officer in ("first", "second"):
        linking.rule(small_case.seat(officer), TRUE, "same")
    linking.link(small_case.seat(), threshold=0.99)
    found = evaluating_linking.linking(small_case.seat(), truth)
    sure = found.measures["corroborated"]
    assert (sure.merged, sure.wrongly_merged, sure.pairs_right) == (1, 0, 1)
    assert sure.pairs_true == nothing.pairs_true
    linking.rule(small_case.seat("first"), [OTHER, TRUE[0]], "same")
    linking.link(small_case.seat(), threshold=0.99)
    again = evaluating_linking.linking(small_case.seat(), truth)
    assert again.measures["corroborated"] == sure, "what one officer proposes is not corroborated"
    assert found.faces == again.faces > found.people > 1
    assert (again.threshold, again.draws) == (0.99, 1000)


def test_proposals_are_measured_by_whom_they_would_join(small_case, small_inputs):
    for officer in ("first", "second"):
        linking.rule(small_case.seat(officer), [TRUE[0], OTHER], "same")
    linkage = linking.link(small_case.seat(), threshold=-1.0)
    joins = [one for one in linkage.proposals if len(one.persons) == 2]
    assert joins
    found = evaluating_linking.linking(small_case.seat(), small_inputs / "truth.csv")
    counted = found.proposals["to_corroborated"]
    assert (counted.trials, counted.successes) == (sum("series 1" in one.persons for one in joins), 0)
    persons, accepted = found.measures["persons"], found.measures["with_proposals"]
    assert accepted.pairs_together > persons.pairs_together
    assert (persons.wrongly_merged, found.measures["corroborated"].wrongly_merged) == (persons.wrongly_merged, 1)


def test_some_retailers_stills_alone_can_be_measured(small_case, small_inputs):
    linking.link(small_case.seat())
    truth = small_inputs / "truth.csv"
    whole = evaluating_linking.linking(small_case.seat(), truth)
    assert evaluating_linking.linking(small_case.seat(), truth, retailers=["R08"]).measures == whole.measures
    with pytest.raises(NotFound, match="holds no still of these retailers"):
        evaluating_linking.linking(small_case.seat(), truth, retailers=["R01"])


def test_it_is_said_with_counts_and_intervals(small_case, small_inputs):
    linking.link(small_case.seat())
    first, *lines = evaluating_linking.sentences(
        evaluating_linking.linking(small_case.seat(), small_inputs / "truth.csv")
    )
    assert "all retailers" in first
    assert all("nothing to count" in line or "95 %" in line for line in lines)
    assert any("of 0 persons of several faces wrongly merged" in line for line in lines)
