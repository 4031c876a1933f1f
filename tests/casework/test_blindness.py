"""What keeps the second judgement blind and every judgement as it was given."""

from dataclasses import replace

import duckdb
import pytest

from stillgraph.casework import governing, reviewing, searching
from stillgraph.errors import ReviewBlocked
from stillgraph.governance import chain
from stillgraph.records import Outcome, Verdict
from stillgraph.store import searches


def first_item(small_case, officer="first"):
    return reviewing.queue(small_case.seat(officer))[0]


def test_searching_a_face_again_does_not_open_its_review_to_who_searched_it_before(small_case):
    item = first_item(small_case)
    searching.search(small_case.seat("third"), stills=[item.still], limit=1)
    for searcher in ("desk", "third"):
        assert item.face_id not in {waiting.face_id for waiting in reviewing.queue(small_case.seat(searcher))}
        with pytest.raises(ReviewBlocked, match="a search they made"):
            small_case.judge(searcher, item.face_id, Verdict.NO_CANDIDATE)


def test_nobody_can_try_candidates_until_one_is_corroborated(small_case):
    item = first_item(small_case)
    one, other = (nominal for nominal, _ in item.candidates[:2])
    small_case.judge("first", item.face_id, one)
    ruling = small_case.judge("second", item.face_id, other)
    assert ruling.outcome is Outcome.DISPUTED
    with pytest.raises(ReviewBlocked, match="would not be blind"):
        small_case.judge("second", item.face_id, one)
    withdrawn = small_case.judge("second", item.face_id, Verdict.NO_CANDIDATE)
    assert withdrawn.outcome is Outcome.DISPUTED


@pytest.mark.parametrize(
    ("tampering", "problem"),
    [
        ("UPDATE held.judgements SET verdict = 'no candidate', nominal_id = NULL", "has been altered"),
        ("UPDATE held.judgements SET officer_id = 'third'", "has been altered"),
        ("UPDATE held.judgements SET judged_at = judged_at + INTERVAL 1 SECOND", "has been altered"),
        ("DELETE FROM held.judgements", "is no longer there"),
        (
            (
                "INSERT INTO held.judgements SELECT 2, face_id, search_id, 'second', verdict, nominal_id, reason, judged_at, "
                "simulated, salt, comparison FROM held.judgements"
            ),
            "no entry records judgement 2",
        ),
    ],
)
def test_a_judgement_changed_behind_the_records_back_breaks_the_chain(small_case, tampering, problem):
    item = first_item(small_case)
    small_case.judge("first", item.face_id, item.candidates[0][0])
    assert governing.verify_audit(small_case.directory).holds
    with duckdb.connect(str(small_case.directory / "case.duckdb")) as connection:
        connection.execute(tampering)
    report = governing.verify_audit(small_case.directory)
    assert not report.holds
    assert problem in str(report.problem)


def test_the_record_of_a_judgement_does_not_say_what_was_judged(small_case):
    item = first_item(small_case)
    chosen = item.candidates[0][0]
    small_case.judge("first", item.face_id, chosen)
    with duckdb.connect(str(small_case.directory / "case.duckdb"), read_only=True) as connection:
        (details,) = connection.execute("SELECT details FROM audit WHERE action = 'judge'").fetchall()[0]
    assert chosen not in details
    assert "supports" not in details


def test_the_seal_does_not_let_anybody_guess_the_verdict_from_the_audit_view(small_case):
    """Everything a seal covers but the verdict is in plain sight, and a list has few candidates."""
    item = first_item(small_case)
    chosen = item.candidates[0][0]
    small_case.judge("first", item.face_id, chosen)
    with small_case.seat().case.session(writing=False) as session:
        (kept,) = searches.judgements(session, item.face_id)
    guessed = {chain.seal(replace(kept, salt="", nominal_id=nominal)) for nominal, _ in item.candidates}
    assert len(kept.salt) == 32
    assert chain.seal(kept) not in guessed
