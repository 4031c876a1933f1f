"""Offences that may be one person's: learned from corroborated series, proposed, and never linked."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from stillgraph import demo
from stillgraph.casework import series, take_seat
from stillgraph.errors import NotFound, WrongUse
from stillgraph.store import CaseFile

TRUTH = Path(__file__).resolve().parents[2] / "data" / "demo" / "truth.csv"
LEARNED = tuple(f"R{n:02}" for n in range(1, 7))
HELD_OUT = tuple(f"R{n:02}" for n in range(7, 13))


def seat(directory):
    return take_seat(directory, officer=demo.ANALYST, operation=demo.OPERATION, reason="test series")


def contents(directory):
    """Return a digest of every table but the audit chain."""
    with CaseFile(directory).session(writing=False) as session:
        tables = session.rows("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'held' ORDER BY 1")
        return {
            table: session.one(f"SELECT count(*), sum(hash(t)) FROM held.{table} AS t")
            for (table,) in tables
            if table != "audit"
        }


@pytest.fixture(scope="module")
def case(demo_case, tmp_path_factory):
    """Return a copy of the demonstration."""
    directory = tmp_path_factory.mktemp("series") / "case"
    shutil.copytree(demo_case, directory)
    return directory


@pytest.fixture(scope="module")
def report(case):
    """Return what is proposed by the first half's series, measured on the other."""
    before = contents(case)
    found = series.series(seat(case), retailers=LEARNED, truth=TRUTH, measured_on=HELD_OUT)
    assert contents(case) == before, "proposals change nothing"
    return found


def test_it_is_measured_on_people_and_offences_never_learned_from(report):
    assert report.simulated
    assert report.model.insufficient is None
    assert report.retailers == LEARNED
    assert report.held_out.behaviour.auc > 0.65
    assert report.held_out.both.auc > report.held_out.behaviour.auc
    assert report.held_out.both.cllr < 1
    assert 0 < report.held_out_others.both.linked < report.held_out.both.linked
    assert report.model.check.auc_low < report.model.check.auc < report.model.check.auc_high


def test_proposals_are_of_unsolved_offences_best_first_with_their_reasons(case, report):
    with CaseFile(case).session(writing=False) as session:
        solved = dict(
            session.rows(
                "SELECT offence_id, list(person_id) FROM person_offences WHERE status = 'corroborated' GROUP BY 1"
            )
        )
        still_of = dict(session.rows("SELECT face_id, offence_id FROM faces JOIN stills USING (still_id)"))
    ratios = [proposal.likelihood_ratio for proposal in report.proposals]
    assert ratios == sorted(ratios, reverse=True)
    assert len(ratios) == series.MOST
    assert all(2 <= ratio <= 10**report.model.upper * 1.001 for ratio in ratios)
    for proposal in report.proposals:
        assert not set(proposal.offences) <= set(solved)
        assert set(proposal.known) == {person for one in proposal.offences for person in solved.get(one, ())}
        assert [still_of[face] for face in proposal.faces] == list(proposal.offences)
        assert " km and " in proposal.reason
        assert f"score {proposal.score:.2f}" in proposal.reason


def test_how_many_come_by_chance_is_said(report):
    said = series.by_chance(report)
    assert said.startswith("Cross-validated on 4,467 pairs known to be of different people, ")
    assert "reach 10: by chance alone about " in said


def test_the_same_series_teach_the_same(case, report):
    again = series.series(seat(case), retailers=tuple(reversed(LEARNED)))
    assert again.model == report.model
    assert again.proposals == report.proposals
    assert again.held_out is None


def test_too_few_series_propose_nothing_and_say_so(small_case):
    found = series.series(small_case.seat())
    assert found.proposals == ()
    assert found.model.insufficient.startswith("insufficient: needs 20 people with at least two solved offences")
    assert series.by_chance(found) == "How many pairs reach a ratio by chance is not known."


def test_what_cannot_be_asked_for_is_refused(small_case):
    desk = small_case.seat()
    with pytest.raises(WrongUse, match="give a truth table and the retailers to measure on"):
        series.series(desk, truth=TRUTH)
    with pytest.raises(WrongUse, match="give a truth table and the retailers to measure on"):
        series.series(desk, measured_on=["R08"])
    with pytest.raises(WrongUse, match="R08 cannot be both learned from and measured on"):
        series.series(desk, retailers=["R08"], truth=TRUTH, measured_on=["R08"])
    with pytest.raises(NotFound, match="no retailer R99 in this case"):
        series.series(desk, retailers=["R99"])
