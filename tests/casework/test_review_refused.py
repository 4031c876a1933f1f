"""Whatever a rule of review refuses leaves one audit entry, refused, and nothing else changed anywhere in the case."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stillgraph.casework import governing, reviewing
from stillgraph.errors import NotFound, Refused, ReviewBlocked, StillgraphError, WrongUse
from stillgraph.records import Comparison, Outcome, Role, Strength, Verdict

FACE, RIGHT, WRONG = "R08/R08_0002.jpg#1", "N314959", "N834846"
GOOD = Comparison("in focus", "frontal")
STRONG = Comparison("in focus", "frontal", strength=Strength.STRONG)

acts = st.one_of(
    st.tuples(
        st.just("judge"),
        st.sampled_from(["desk", "first", "second", "third", "nobody"]),
        st.sampled_from(
            [
                (Verdict.SUPPORTS, RIGHT, STRONG), (Verdict.SUPPORTS, WRONG, STRONG), (Verdict.NO_CANDIDATE, None, GOOD),
                (Verdict.INCONCLUSIVE, None, GOOD), (Verdict.SUPPORTS, "N000000", STRONG), (Verdict.SUPPORTS, RIGHT, GOOD),
                (Verdict.SUPPORTS, None, STRONG), (Verdict.NO_CANDIDATE, None, None), (Verdict.NO_CANDIDATE, RIGHT, GOOD),
            ]
        ),
    ),
    st.tuples(st.sampled_from(["deal", "give back", "policy"]), st.sampled_from(["first", "second", "rev"]), st.none()),
)  # fmt: skip


def state(session):
    """Return every row of every table but the audit chain."""
    tables = [
        name for (name,) in session.rows(
            "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'held' AND database_name = current_database() "
            "ORDER BY table_name"
        ) if name not in {"audit", "templates", "faces"}
    ]  # fmt: skip
    return {table: session.rows(f"SELECT * FROM held.{table} ORDER BY ALL") for table in tables}


def do(case, act):
    kind, officer, given_ = act
    desk = case.seat(officer)
    if kind == "judge":
        verdict, nominal, comparison = given_
        reviewing.judge(desk, FACE, verdict, nominal_id=nominal, comparison=comparison)
    elif kind == "deal":
        reviewing.deal(desk)
    elif kind == "give back":
        reviewing.give_back(desk, FACE)
    else:
        reviewing.set_policy(desk, trial_share=0.0)


def caught(case, act):
    """Return what an act raised, ``None`` where it went through."""
    try:
        do(case, act)
    except StillgraphError as error:
        return error
    return None


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(acts, min_size=1, max_size=8))
def test_what_is_refused_changes_nothing_but_the_record(small_case, sequence):
    with small_case.seat().sitting(), small_case.seat().case.session(writing=True) as session:
        if session.one("SELECT count(*) FROM held.officers WHERE officer_id = 'rev'") == (0,):
            governing.add_officer(small_case.seat(), "rev", role=Role.REVIEWER)
        for table in ("judgements", "deals", "review_policies"):
            session.execute(f"DELETE FROM held.{table}")
        for act in sequence:
            before = state(session)
            (entries,) = session.one("SELECT count(*) FROM held.audit")
            raised = caught(small_case, act)
            if raised is not None:
                assert state(session) == before
                result = session.one("SELECT result, count(*) OVER () FROM held.audit ORDER BY sequence DESC LIMIT 1")
                assert result == ("refused" if isinstance(raised, Refused) else "failed", entries + 1)
                assert isinstance(raised, Refused | WrongUse | NotFound)


def test_giving_back_and_judging_again_restore_what_was(small_case):
    """A deal given back leaves the queue as it was; the verdict said before, said again, the outcome as it was."""
    with small_case.seat().sitting():
        before = reviewing.queue(small_case.seat("second"))
        held = reviewing.deal(small_case.seat("first"))
        reviewing.give_back(small_case.seat("first"), held.face_id)
        assert reviewing.queue(small_case.seat("second")) == before
        small_case.judge("first", FACE, Verdict.NO_CANDIDATE)
        outcome = small_case.judge("second", FACE, Verdict.NO_CANDIDATE)
        small_case.judge("first", FACE, Verdict.INCONCLUSIVE)
        assert small_case.judge("first", FACE, Verdict.NO_CANDIDATE) == outcome


def test_support_that_was_withdrawn_is_given_back_by_a_third_only(small_case):
    """The one undoing that is refused: it would not be blind."""
    with small_case.seat().sitting():
        for officer in ("first", "second"):
            small_case.judge(officer, FACE, RIGHT)
        assert small_case.judge("first", FACE, Verdict.NO_CANDIDATE).outcome is Outcome.DISPUTED
        with pytest.raises(ReviewBlocked, match="would not be blind"):
            small_case.judge("first", FACE, RIGHT)
        assert small_case.judge("third", FACE, RIGHT).nominal_id == RIGHT
