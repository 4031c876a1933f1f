"""Dealing: one list at a time, kept for one officer, trials mixed in that nothing tells from first reviews."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from stillgraph.casework import analysing, governing, reviewing, searching, take_seat
from stillgraph.errors import NotFound, NotPermitted, ReviewBlocked, WrongUse
from stillgraph.records import Comparison, Outcome, Role, Turn, Verdict
from stillgraph.store import persons

NOBODY = Verdict.NO_CANDIDATE
FIVE = 5


@pytest.fixture(autouse=True)
def kept_open(request):
    """Keep the case open from one action to the next: opening it is most of what a test would take."""
    if "processes" in request.node.name:
        yield
        return
    name = "corroborated" if "corroborated" in request.fixturenames else "small_case"
    with request.getfixturevalue(name).seat().sitting():
        yield


def at(case, officer, when):
    """Return an officer's desk at a stated time."""
    return take_seat(case.directory, officer=officer, operation="OP-TEST", reason="compare", clock=lambda: when)


NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


# --- one at a time -------------------------------------------------------------------------------------------------


def test_a_dealt_list_is_the_same_until_it_is_judged(small_case):
    first = small_case.seat("first")
    item = reviewing.deal(first)
    assert item.turn is Turn.INDEPENDENT
    assert reviewing.deal(first) == item
    small_case.judge("first", item.face_id, NOBODY)
    assert reviewing.deal(first).face_id != item.face_id


def test_what_one_officer_holds_waits_for_nobody_else_until_it_is_free_again(small_case):
    held = reviewing.deal(at(small_case, "first", NOON))
    assert held.reserved_until == NOON + timedelta(minutes=30)
    others = {item.face_id for item in reviewing.queue(at(small_case, "second", NOON))}
    assert held.face_id not in others
    assert held.face_id in {item.face_id for item in reviewing.queue(at(small_case, "first", NOON))}
    later = NOON + timedelta(minutes=30)
    assert held.face_id in {item.face_id for item in reviewing.queue(at(small_case, "second", later))}


def test_a_list_given_back_is_free_at_once_and_comes_last(small_case):
    first, second = small_case.seat("first"), small_case.seat("second")
    before = reviewing.queue(second)
    held = reviewing.deal(first)
    reviewing.give_back(first, held.face_id)
    assert reviewing.queue(second) == before
    dealt = []
    while (item := reviewing.deal(first)) is not None:
        dealt.append(item.face_id)
        small_case.judge("first", item.face_id, NOBODY)
    assert dealt[-1] == held.face_id
    assert len(dealt) == len(before)


def test_nobody_gives_back_what_they_do_not_hold(small_case):
    held = reviewing.deal(small_case.seat("first"))
    with pytest.raises(WrongUse, match=r"You hold no list of face .* to give back; `stillgraph review deal` deals one"):
        reviewing.give_back(small_case.seat("second"), held.face_id)
    small_case.judge("first", held.face_id, NOBODY)
    with pytest.raises(WrongUse, match="You hold no list"):
        reviewing.give_back(small_case.seat("first"), held.face_id)


def test_whoever_searched_is_dealt_nothing(small_case):
    assert reviewing.deal(small_case.seat("desk")) is None


def test_a_dispute_goes_to_a_third_who_knows_only_that(small_case):
    item = reviewing.queue(small_case.seat("first"))[0]
    small_case.judge("first", item.face_id, item.candidates[0][0])
    small_case.judge("second", item.face_id, NOBODY)
    waiting = {one.face_id: one for one in reviewing.queue(small_case.seat("third"))}
    assert {face for face, one in waiting.items() if one.turn is Turn.THIRD} == {item.face_id}
    assert {nominal for nominal, _ in waiting[item.face_id].candidates} == {n for n, _ in item.candidates}


def test_one_s_own_history_is_one_s_own(small_case):
    item = reviewing.queue(small_case.seat("first"))[0]
    small_case.judge("first", item.face_id, NOBODY)
    small_case.judge("first", item.face_id, Verdict.INCONCLUSIVE)
    small_case.judge("second", item.face_id, NOBODY)
    own = reviewing.history(small_case.seat("first"), item.face_id)
    assert [judgement.verdict for judgement in own] == [NOBODY, Verdict.INCONCLUSIVE]
    assert own[0].comparison == Comparison("in focus", "frontal")


DEAL_AND_JUDGE = """
import sys, time
from stillgraph.casework import reviewing, take_seat
from stillgraph.records import Comparison, Verdict
case, officer, rounds = sys.argv[1:]
desk = take_seat(case, officer=officer, operation="OP-TEST", reason="compared ears")
for _ in range(int(rounds)):
    item = reviewing.deal(desk)
    print(officer, item.face_id, flush=True)
    time.sleep(0.05)
    reviewing.judge(desk, item.face_id, Verdict.NO_CANDIDATE, comparison=Comparison("in focus", "frontal"))
"""


def test_processes_that_deal_at_once_hold_no_list_together(small_case):
    rounds = 3
    dealt = [
        subprocess.Popen(
            [sys.executable, "-c", DEAL_AND_JUDGE, str(small_case.directory), officer, str(rounds)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for officer in ("first", "second")
    ]  # fmt: skip
    for process in dealt:
        _, said = process.communicate(timeout=180)
        assert (process.returncode, said) == (0, "")
    with small_case.seat().case.session(writing=False) as session:
        ended = session.one(
            "SELECT count(*), count(DISTINCT officer_id), bool_and(ended_by = 'judged') FROM held.deals"
        )
        entries = session.rows(
            "SELECT officer, action, details FROM held.audit WHERE action IN ('deal review', 'judge') ORDER BY sequence"
        )
    assert ended == (2 * rounds, 2, True)
    # By the order of the record: an entry's time is from before its process waited for the case file.
    holders = {}
    for officer, action, details in entries:
        face = json.loads(details)["face"]
        assert holders.get(face) in {None, officer}, "nobody is dealt, or judges, what another holds"
        holders[face] = officer if action == "deal review" else None
    assert len(entries) == 4 * rounds


# --- the policy ----------------------------------------------------------------------------------------------------


def test_shuffled_lists_stand_in_an_order_of_each_officer_s_own(small_case):
    ranked = reviewing.set_policy(small_case.seat(), shuffled=False)
    by_rank = {item.face_id: item.candidates for item in reviewing.queue(small_case.seat("first"))}
    assert by_rank == {item.face_id: item.candidates for item in reviewing.queue(small_case.seat("second"))}
    assert reviewing.set_policy(small_case.seat(), shuffled=True).number == ranked.number + 1
    first = {item.face_id: item.candidates for item in reviewing.queue(small_case.seat("first"))}
    second = {item.face_id: item.candidates for item in reviewing.queue(small_case.seat("second"))}
    assert first == {item.face_id: item.candidates for item in reviewing.queue(small_case.seat("first"))}
    assert len({str(lists) for lists in (by_rank, first, second)}) == 3
    for face, listed in by_rank.items():
        assert sorted(first[face]) == sorted(second[face]) == sorted(listed)


def test_a_deal_keeps_the_order_shown_and_the_policy(small_case):
    held = reviewing.set_policy(small_case.seat(), seed=7)
    item = reviewing.deal(small_case.seat("first"))
    with small_case.seat().case.session(writing=False) as session:
        kept = session.rows("SELECT officer_id, face_id, turn, policy, shown FROM held.deals")
    assert kept == [("first", item.face_id, 1, held.number, [nominal for nominal, _ in item.candidates])]


@pytest.mark.parametrize("role", [Role.SUPERVISOR, Role.ADMINISTRATOR])
def test_a_supervisor_sets_the_policy_and_it_is_on_record(small_case, role):
    governing.add_officer(small_case.seat(), "chief", role=role)
    new = reviewing.set_policy(small_case.seat("chief"), trial_share=0.2, present_share=0.1)
    assert (new.trial_share, new.present_share, new.blind) == (0.2, 0.1, True)
    assert reviewing.policy(small_case.seat("first")) == new
    (last,) = analysing.query_table(
        small_case.seat(), "FROM audit WHERE action = 'set review policy' ORDER BY sequence DESC LIMIT 1"
    ).to_pylist()
    assert json.loads(last["details"]) == {"trial_share": 0.2, "present_share": 0.1, "policy": new.number}


def test_a_reviewer_does_not_set_the_policy(small_case):
    governing.add_officer(small_case.seat(), "rev", role=Role.REVIEWER)
    before = reviewing.policy(small_case.seat())
    with pytest.raises(NotPermitted, match="for a supervisor or administrator to set: ask one of them"):
        reviewing.set_policy(small_case.seat("rev"), trial_share=0.0)
    assert reviewing.policy(small_case.seat()) == before


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"trial_share": 0.4, "present_share": 0.2}, r"from 0 to 0\.5 together"),
        ({"trial_share": -0.1}, "from 0 to"),
        ({"trial_share": float("nan")}, "from 0 to"),
        ({"reserved_minutes": 0}, "one minute at least"),
    ],
)
def test_a_policy_without_sense_is_refused(small_case, given, sentence):
    with pytest.raises(WrongUse, match=sentence):
        reviewing.set_policy(small_case.seat(), **given)


def test_scores_are_shown_where_the_policy_says_so_and_nowhere_else(corroborated):
    assert {item.scores for item in reviewing.queue(corroborated.seat("third"))} == {None}
    items = with_trials(corroborated, trial_share=0.25, present_share=0.25, blind=False)
    trials = dict(held(corroborated, "SELECT face_id, kind FROM held.trials WHERE officer_id = 'third'"))
    assert trials
    for item in items:
        assert len(item.scores) == len(item.candidates)
        assert list(item.scores) == sorted(item.scores, reverse=True), "this policy does not shuffle"
        if trials.get(item.face_id) != "absent":
            kept = held(
                corroborated,
                f"SELECT score FROM candidates WHERE face_id = '{item.face_id}' AND search_id = {item.search_id} ORDER BY rank",
            )
            assert item.scores == tuple(score for (score,) in kept)
    reviewing.set_policy(corroborated.seat(), shuffled=True)
    by_nominal = {i.face_id: dict(zip(i.candidates, i.scores, strict=True)) for i in items}
    for item in reviewing.queue(corroborated.seat("third")):
        assert dict(zip(item.candidates, item.scores, strict=True)) == by_nominal[item.face_id]


# --- trials --------------------------------------------------------------------------------------------------------


@pytest.fixture
def corroborated(small_case):
    """The small case with short lists, all but two of them corroborated as whom the machine put first."""
    desk = small_case.seat()
    with desk.sitting():
        stills = [row["still_id"] for row in analysing.query_table(desk, "SELECT still_id FROM stills").to_pylist()]
        searching.search(desk, stills=stills, limit=FIVE)
        reviewing.set_policy(desk, shuffled=False, trial_share=0.0, present_share=0.0)
        for item in reviewing.queue(small_case.seat("first"))[2:]:
            for officer in ("first", "second"):
                small_case.judge(officer, item.face_id, item.candidates[0][0])
    return small_case


def with_trials(case, **shares):
    """Deal with so many trials that some come up, and return the queue of the third officer."""
    reviewing.set_policy(case.seat(), **shares)
    return reviewing.queue(case.seat("third"))


def held(case, sql):
    with case.seat().case.session(writing=False) as session:
        return session.rows(sql)


def test_an_absent_trial_leaves_out_who_the_face_is_and_takes_the_next_in(corroborated):
    items = with_trials(corroborated, trial_share=0.5)
    real = {item.face_id for item in reviewing.queue(corroborated.seat("first"))}
    trials = {item.face_id: item for item in items if item.face_id not in real}
    assert trials
    for face, nominal, listed in held(
        corroborated, "SELECT face_id, nominal_id, nominals FROM held.trial_lists WHERE kind = 'absent'"
    ):
        ranked = [
            n
            for (n,) in held(
                corroborated,
                f"SELECT nominal_id FROM candidates WHERE face_id = '{face}' AND search_id = (SELECT max(search_id) FROM candidates) ORDER BY rank",
            )
        ]
        assert nominal not in listed
        assert listed[: FIVE - 1] == [n for n in ranked if n != nominal]
        assert len(listed) == len(set(listed)) == FIVE
        if face in trials:
            assert {n for n, _ in trials[face].candidates} == set(listed)


def test_a_present_trial_is_the_list_as_it_was(corroborated):
    items = with_trials(corroborated, present_share=0.5)
    trials = dict(held(corroborated, "SELECT face_id, kind FROM held.trials"))
    assert set(trials.values()) == {"present"}
    for item in items:
        if item.face_id in trials:
            ((nominal, listed),) = held(
                corroborated,
                f"SELECT nominal_id, nominals FROM held.trial_lists WHERE kind = 'present' AND face_id = '{item.face_id}'",
            )
            assert nominal in listed
            assert {n for n, _ in item.candidates} == set(listed)


def test_nothing_tells_a_trial_from_a_first_review(corroborated):
    items = with_trials(corroborated, trial_share=0.25, present_share=0.25)
    trials = {face for (face,) in held(corroborated, "SELECT face_id FROM held.trials WHERE officer_id = 'third'")}
    assert trials
    assert len(trials) < len(items)
    bland = {replace(item, face_id="", still="", candidates=tuple(("", "") for _ in item.candidates)) for item in items}
    assert len(bland) == 1, "they differ in whom and what they are about, and in nothing else"
    assert [item.face_id for item in items] == sorted(item.face_id for item in items)


def test_a_trial_s_answer_looks_recorded_like_any_other_and_touches_no_record(corroborated):
    items = with_trials(corroborated, trial_share=0.5)
    trial = next(f for (f,) in held(corroborated, "SELECT face_id FROM held.trials WHERE officer_id = 'third'"))
    real = next(i.face_id for i in items if i.face_id in {w.face_id for w in reviewing.queue(corroborated.seat("first"))} or
                not held(corroborated, f"SELECT 1 FROM held.trials WHERE face_id = '{i.face_id}'"))  # fmt: skip
    tables = ("judgements", "reviews", "persons", "person_faces", "candidates", "probes")
    before = {
        t: held(corroborated, f"SELECT * FROM {'main' if t == 'reviews' else 'held'}.{t} ORDER BY ALL") for t in tables
    }
    listed = next(item for item in items if item.face_id == trial)
    said = corroborated.judge("third", trial, listed.candidates[0][0])
    assert (said.outcome, said.nominal_id) == (Outcome.PENDING, None), "as of a first review"
    for table, rows in before.items():
        assert (
            held(corroborated, f"SELECT * FROM {'main' if table == 'reviews' else 'held'}.{table} ORDER BY ALL") == rows
        )
    assert corroborated.judge("third", real, NOBODY).outcome is Outcome.PENDING
    keys = [
        (set(json.loads(details)), result)
        for details, result in held(
            corroborated, "SELECT details, result FROM held.audit WHERE action = 'judge' ORDER BY sequence DESC LIMIT 2"
        )
    ]
    assert keys[0] == keys[1]
    numbers = [
        json.loads(d)["judgement"]
        for (d,) in held(corroborated, "SELECT details FROM held.audit WHERE action = 'judge' ORDER BY sequence")
    ]
    assert numbers == list(range(1, len(numbers) + 1)), "one sequence, so that no number is missing"
    assert governing.verify_audit(corroborated.directory).holds


def test_an_answer_in_a_trial_is_sealed_too(corroborated):
    with_trials(corroborated, trial_share=0.5)
    face = held(corroborated, "SELECT face_id FROM held.trials WHERE officer_id = 'third'")[0][0]
    corroborated.judge("third", face, NOBODY)
    with corroborated.seat().case.session(writing=True) as session:
        session.execute("UPDATE held.trial_answers SET verdict = 'inconclusive'")
    report = governing.verify_audit(corroborated.directory)
    assert not report.holds
    assert "has been altered" in report.problem


def test_a_trial_answered_again_still_touches_nothing_and_is_no_way_in(corroborated):
    with_trials(corroborated, trial_share=0.5)
    face = held(corroborated, "SELECT face_id FROM held.trials WHERE officer_id = 'third'")[0][0]
    with corroborated.seat().case.session(writing=False) as session:
        linked = persons.linkage(session)
    for verdict in (NOBODY, Verdict.INCONCLUSIVE):
        assert corroborated.judge("third", face, verdict).outcome is Outcome.PENDING
    assert [j.verdict for j in reviewing.history(corroborated.seat("third"), face)] == [NOBODY, Verdict.INCONCLUSIVE]
    with corroborated.seat().case.session(writing=False) as session:
        assert persons.linkage(session) == linked
        assert session.one("SELECT count(*) FROM held.judgements WHERE officer_id = 'third'") == (0,)
    assert face not in {item.face_id for item in reviewing.queue(corroborated.seat("third"))}


def test_a_trial_goes_by_the_rules_of_review(corroborated):
    with_trials(corroborated, trial_share=0.5)
    face, nominal = held(
        corroborated,
        "SELECT t.face_id, l.nominal_id FROM held.trials AS t JOIN held.trial_lists AS l USING (face_id, kind)",
    )[0]
    with pytest.raises(ReviewBlocked, match=f"{nominal} is not on this candidate list"):
        corroborated.judge("third", face, nominal)
    with pytest.raises(ReviewBlocked, match="rests on both images"):
        reviewing.judge(corroborated.seat("third"), face, NOBODY)
    assert held(corroborated, "SELECT count(*) FROM held.trial_answers") == [(0,)]


def test_nobody_who_searched_or_judged_a_face_is_tried_with_it(corroborated):
    for officer in ("desk", "first", "second", "third"):
        reviewing.set_policy(corroborated.seat(), trial_share=0.25, present_share=0.25)
        reviewing.queue(corroborated.seat(officer))
    assert {officer for (officer,) in held(corroborated, "SELECT DISTINCT officer_id FROM held.trials")} == {"third"}


def test_a_trial_whose_corroboration_falls_is_one_no_longer(corroborated):
    with_trials(corroborated, trial_share=0.5)
    face = held(corroborated, "SELECT face_id FROM held.trials WHERE officer_id = 'third'")[0][0]
    assert face in {item.face_id for item in reviewing.queue(corroborated.seat("third"))}
    corroborated.judge("second", face, NOBODY)
    assert face not in {item.face_id for item in reviewing.queue(corroborated.seat("third"))}


def test_the_same_seed_mixes_in_the_same_trials(corroborated, tmp_path):
    shutil.copytree(corroborated.directory, tmp_path / "other")
    other = replace(corroborated, directory=tmp_path / "other")
    assert with_trials(corroborated, trial_share=0.25, present_share=0.25, seed=3) == with_trials(
        other, trial_share=0.25, present_share=0.25, seed=3
    )


def test_a_trial_can_be_looked_at_like_any_list(corroborated):
    from stillgraph.casework import comparing

    items = {item.face_id: item for item in with_trials(corroborated, trial_share=0.5)}
    face = held(corroborated, "SELECT face_id FROM held.trials WHERE officer_id = 'third'")[0][0]
    for nominal, _ in items[face].candidates:
        assert comparing.comparable(corroborated.seat("third"), face, nominal).pictures


def test_no_view_shows_a_trial(corroborated):
    items = with_trials(corroborated, trial_share=0.5)
    face = held(corroborated, "SELECT face_id FROM held.trials WHERE officer_id = 'third'")[0][0]
    corroborated.judge("third", face, next(i for i in items if i.face_id == face).candidates[0][0])
    definitions = held(corroborated, "SELECT sql FROM duckdb_views() WHERE schema_name = 'main' AND NOT internal")
    for (definition,) in definitions:
        for table in ("trial", "deals", "review_policies"):
            assert table not in definition


# --- how an officer does -------------------------------------------------------------------------------------------


def test_accuracy_counts_first_answers_in_trials_whose_answer_still_holds(corroborated):
    items = with_trials(corroborated, trial_share=0.5)
    tried = [
        f for (f,) in held(corroborated, "SELECT face_id FROM held.trials WHERE officer_id = 'third' ORDER BY face_id")
    ]
    assert len(tried) >= 2
    third = corroborated.seat("third")
    assert reviewing.accuracy(third).absent.trials == 0
    listed = next(item for item in items if item.face_id == tried[0])
    corroborated.judge("third", tried[0], listed.candidates[0][0])
    corroborated.judge("third", tried[0], NOBODY)
    corroborated.judge("third", tried[1], NOBODY)
    found = reviewing.accuracy(third)
    assert (found.absent.successes, found.absent.trials, found.present.trials) == (1, 2, 0)
    assert (found.wrong_person.successes, found.wrong_person.trials) == (1, 2)
    assert found.chance_corrected is None
    corroborated.judge("second", tried[0], NOBODY)
    assert reviewing.accuracy(third).absent.trials == 1


def test_time_is_taken_from_deal_to_judgement(small_case):
    for minutes in (1, 3):
        item = reviewing.deal(at(small_case, "first", NOON))
        reviewing.judge(
            at(small_case, "first", NOON + timedelta(minutes=minutes)), item.face_id, NOBODY,
            comparison=Comparison("in focus", "frontal"),
        )  # fmt: skip
    small_case.judge("first", reviewing.queue(small_case.seat("first"))[0].face_id, NOBODY)
    found = reviewing.accuracy(small_case.seat("first"))
    assert (found.decisions, found.seconds_median) == (2, 120.0), "a list judged without a deal has no time"


def test_accuracy_is_one_s_own_and_a_supervisors(small_case):
    governing.add_officer(small_case.seat(), "rev", role=Role.REVIEWER)
    governing.add_officer(small_case.seat(), "chief", role=Role.SUPERVISOR)
    small_case.judge("first", reviewing.queue(small_case.seat("first"))[0].face_id, NOBODY)
    assert reviewing.accuracy(small_case.seat("rev")).officer == "rev"
    assert reviewing.accuracy(small_case.seat("chief"), "rev").officer == "rev"
    assert [one.officer for one in reviewing.accuracies(small_case.seat("chief"))] == ["first"]
    for asking in ("rev", "second"):
        for ask in (lambda seat: reviewing.accuracy(seat, "first"), reviewing.accuracies):
            with pytest.raises(NotPermitted, match="for that officer, supervisors and administrators to see"):
                ask(small_case.seat(asking))
            ((action, result, details),) = held(
                small_case, "SELECT action, result, details FROM held.audit ORDER BY sequence DESC LIMIT 1"
            )
            assert (action, result) == ("view reviewer accuracy", "refused")
            assert json.loads(details)["of"] in {"first", "everybody"}
    with pytest.raises(NotFound, match="There is no officer nobody in this case"):
        reviewing.accuracy(small_case.seat("chief"), "nobody")
