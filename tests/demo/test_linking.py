"""The demonstration's linking against its truth table: nobody corroborated is merged, and proposals are mostly right."""

from __future__ import annotations

from pathlib import Path

import pytest

from stillgraph import demo
from stillgraph.casework import evaluating_linking, linking
from stillgraph.records import OfficerId

TRUTH = Path(__file__).resolve().parents[2] / "data" / "demo" / "truth.csv"
HELD_OUT = ["R07", "R08", "R09", "R10", "R11", "R12"]


@pytest.fixture(scope="module")
def desk(demo_case):
    desk = demo.seat(demo_case, OfficerId(demo.ANALYST))
    linking.link(desk)
    return desk


def test_no_corroborated_person_is_two_people(desk):
    assert evaluating_linking.linking(desk, TRUTH).measures["corroborated"].wrongly_merged == 0


@pytest.mark.parametrize(("retailers", "right"), [([], 0.95), (HELD_OUT, 0.8)], ids=["all", "held out"])
def test_what_is_put_together_and_proposed_is_mostly_right_and_worth_it(desk, retailers, right):
    found = evaluating_linking.linking(desk, TRUTH, retailers=retailers)
    persons, accepted = found.measures["persons"], found.measures["with_proposals"]
    assert persons.precision.value > 0.97
    added = accepted.pairs_together - persons.pairs_together
    assert accepted.pairs_right - persons.pairs_right >= right * added > 0
    assert accepted.recall.value > persons.recall.value + 0.05 > found.measures["corroborated"].recall.value + 0.05
