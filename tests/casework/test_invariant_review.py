"""Invariant 2: nothing is corroborated without two different officers agreeing, the second blind. Invariants 6 and 7."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import shutil
import subprocess
import sys

import pytest

from stillgraph.casework import analysing, governing, linking, networking, reviewing, searching
from stillgraph.casework import ranking as rankings
from stillgraph.errors import NotFound, ReviewBlocked
from stillgraph.records import LinkStatus, Outcome, ReviewItem, Verdict
from stillgraph.store import persons, queries

FACE, OTHER = "R08/R08_0002.jpg#1", "R08/R08_0088.jpg#1"
RIGHT, WRONG = "N314959", "N834846"
TWO_FACES = ("R08/R08_0171.jpg#1", "R08/R08_0171.jpg#2")
SUPPORTS, NOBODY, UNSURE = Verdict.SUPPORTS, Verdict.NO_CANDIDATE, Verdict.INCONCLUSIVE


@pytest.fixture(autouse=True)
def kept_open(small_case, request):
    """Keep the case open from one action to the next: opening it is most of what a test would take."""
    with contextlib.nullcontext() if "processes" in request.node.name else small_case.seat().sitting():
        yield


def judge(case, officer, nominal=RIGHT, face=FACE, verdict=SUPPORTS):
    return case.judge(officer, face, nominal if verdict is SUPPORTS else verdict)


def review_of(case, face=FACE):
    frame = analysing.query_table(
        case.seat(), f"SELECT outcome, nominal_id, officers FROM reviews WHERE face_id = '{face}'"
    )
    (row,) = frame.to_pylist()
    return row


def test_two_officers_who_agree_corroborate_a_lead(small_case):
    first = judge(small_case, "first")
    assert (first.outcome, first.nominal_id) == (Outcome.PENDING, None)
    second = judge(small_case, "second")
    assert (second.outcome, second.nominal_id) == (Outcome.CORROBORATED, RIGHT)
    assert review_of(small_case) == {"outcome": "corroborated", "nominal_id": RIGHT, "officers": 2}


def test_one_officer_twice_settles_nothing(small_case):
    for _ in range(3):
        assert judge(small_case, "first").outcome is Outcome.PENDING
    assert review_of(small_case) == {"outcome": "pending", "nominal_id": None, "officers": 1}


@pytest.mark.parametrize("verdict", Verdict)
def test_nobody_judges_a_search_they_made(small_case, verdict):
    with pytest.raises(ReviewBlocked, match="may not judge a search they made: ask another officer"):
        judge(small_case, "desk", verdict=verdict)
    assert review_of(small_case)["officers"] == 0
    assert reviewing.queue(small_case.seat("desk")) == ()


def test_a_later_search_by_somebody_else_does_not_let_the_first_searcher_judge(small_case):
    searching.search(small_case.seat("first"), stills=["R08/R08_0002.jpg"])
    for officer in ("desk", "first"):
        with pytest.raises(ReviewBlocked, match="may not judge a search they made"):
            judge(small_case, officer)
        assert FACE not in {i.face_id for i in reviewing.queue(small_case.seat(officer))}
    assert judge(small_case, "second").outcome is Outcome.PENDING


def told(case):
    """Return all an officer can ask for, seals and times aside: every view, linking and ranking."""
    seat = case.seat("second")
    linkage, ranking = linking.link(seat), rankings.ranking(seat, with_proposals=True, keep=False)
    with seat.case.session(writing=False) as session:
        rows = {
            view: session.rows(f"SELECT * FROM main.{view} ORDER BY ALL")
            for view in queries.views(session)
            if view != "audit"
        }
        audit = session.rows("SELECT officer, operation, reason, action, result, details FROM main.audit")
    sealed = [(*rest, {k: v for k, v in json.loads(d).items() if k != "seal"}) for *rest, d in audit]
    return linkage, ranking, rows, sealed


@pytest.mark.parametrize("verdict", [NOBODY, UNSURE])
def test_nothing_tells_the_second_officer_what_the_first_said(small_case, tmp_path, verdict):
    shutil.copytree(small_case.directory, tmp_path / "other")
    other = type(small_case)(tmp_path / "other")
    judge(small_case, "first")
    judge(other, "first", verdict=verdict)
    assert told(small_case) == told(other)


def test_an_officer_who_judged_first_cannot_follow_the_second(small_case):
    judge(small_case, "first", verdict=NOBODY)
    judge(small_case, "second")
    with pytest.raises(ReviewBlocked, match="new support would not be blind"):
        judge(small_case, "first")
    assert review_of(small_case)["outcome"] == "disputed"


def test_the_second_officer_is_blind_to_the_first_and_to_the_score(small_case):
    before = reviewing.queue(small_case.seat("second"))
    judge(small_case, "first")
    assert reviewing.queue(small_case.seat("second")) == before, "the list looks the same, judged or not"
    assert {f.name for f in dataclasses.fields(ReviewItem)} == {
        "face_id", "still", "search_id", "candidates", "turn", "scores", "reserved_until",
    }  # fmt: skip
    item = next(i for i in before if i.face_id == FACE)
    assert RIGHT in {nominal for nominal, _ in item.candidates}
    assert all(len(candidate) == 2 for candidate in item.candidates), "a nominal and an image, no score"


def test_what_an_officer_judged_leaves_their_queue_and_what_is_settled_leaves_everybodys(small_case):
    judge(small_case, "first")
    assert FACE not in {i.face_id for i in reviewing.queue(small_case.seat("first"))}
    judge(small_case, "second")
    assert FACE not in {i.face_id for i in reviewing.queue(small_case.seat("third"))}
    with pytest.raises(ReviewBlocked, match="This review is settled"):
        judge(small_case, "third")


def test_two_who_differ_dispute_it_and_a_third_decides(small_case):
    judge(small_case, "first")
    assert judge(small_case, "second", WRONG).outcome is Outcome.DISPUTED
    assert FACE in {i.face_id for i in reviewing.queue(small_case.seat("third"))}
    assert judge(small_case, "third").nominal_id == RIGHT


def test_undoing_is_a_new_judgement_and_the_old_one_stays(small_case):
    judge(small_case, "first")
    judge(small_case, "second")
    assert judge(small_case, "second", verdict=NOBODY).outcome is Outcome.DISPUTED
    frame = analysing.query(small_case.seat(), "SELECT details FROM audit WHERE action = 'judge' AND result = 'done'")
    assert len(frame) == 3
    with small_case.seat().case.session(writing=False) as session:
        kept = session.rows("SELECT sequence, officer_id, verdict FROM held.judgements ORDER BY sequence")
    assert kept == [(1, "first", "supports"), (2, "second", "supports"), (3, "second", "no candidate")]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"nominal": "N000000"}, "N000000 is not on this candidate list"),
        ({"nominal": None}, "To support is to support somebody"),
    ],
)
def test_a_judgement_is_of_the_list_that_was_shown(small_case, arguments, sentence):
    with pytest.raises(ReviewBlocked, match=sentence):
        judge(small_case, "first", **arguments)
    assert review_of(small_case)["officers"] == 0


def test_a_judgement_states_what_it_rests_on(small_case):
    with pytest.raises(ReviewBlocked, match="A judgement needs its reason"):
        small_case.judge("first", FACE, NOBODY, reason=" ")


def test_a_blocked_judgement_is_recorded_as_refused(small_case):
    with pytest.raises(ReviewBlocked, match="may not judge"):
        judge(small_case, "desk")
    last = analysing.query_table(small_case.seat("first"), "FROM audit ORDER BY sequence DESC LIMIT 1").to_pylist()[0]
    assert (last["officer"], last["action"], last["result"]) == ("desk", "judge", "refused")


def test_a_face_that_was_not_searched_has_nothing_to_judge(small_case):
    with pytest.raises(NotFound, match=r"Face R08/none\.jpg#1 has no candidate list to review; search its still first"):
        judge(small_case, "first", face="R08/none.jpg#1")


def test_a_human_review_is_called_one_and_a_simulated_one_is_not(small_case):
    governing.add_officer(small_case.seat(), "robot", simulated=True)
    judge(small_case, "first")
    judge(small_case, "robot", face=OTHER)
    kinds = analysing.query(small_case.seat(), "SELECT face_id, review_kind FROM reviews WHERE review_kind IS NOT NULL")
    assert dict(kinds.itertuples(index=False)) == {FACE: "human review", OTHER: "simulated review"}
    assert analysing.at_a_glance(small_case.seat()).simulated


JUDGE_ALL = """
import sys
from stillgraph.casework import reviewing, take_seat
from stillgraph.records import Comparison, Strength, Verdict
case, officer, pick = sys.argv[1:]
desk = take_seat(case, officer=officer, operation="OP-TEST", reason="compared ears")
for item in reviewing.queue(desk):
    chosen = sorted(item.candidates)[int(pick)][0]
    said = Comparison("in focus", "frontal", strength=Strength.LIMITED)
    reviewing.judge(desk, item.face_id, Verdict.SUPPORTS, nominal_id=chosen, comparison=said)
"""


def test_processes_that_judge_at_once_lose_no_judgement(small_case):
    faces = len(reviewing.queue(small_case.seat("first")))
    assert faces > 5
    judges = [
        subprocess.Popen(
            [sys.executable, "-c", JUDGE_ALL, str(small_case.directory), officer, str(pick)], stderr=subprocess.PIPE
        )
        for pick, officer in enumerate(("first", "second", "third"))
    ]
    for process in judges:
        _, said = process.communicate(timeout=120)
        assert (process.returncode, said) == (0, b"")
    counts = analysing.query_table(
        small_case.seat(),
        "SELECT sum(officers)::INT AS judged, count(*) FILTER (outcome = 'disputed') AS disputed FROM reviews",
    ).to_pylist()
    assert counts == [{"judged": 3 * faces, "disputed": faces}]
    with small_case.seat().case.session(writing=False) as session:
        assert session.rows("SELECT min(sequence), max(sequence), count(*) FROM held.judgements") == [
            (1, 3 * faces, 3 * faces)
        ]
    report = governing.verify_audit(small_case.directory)
    assert (report.holds, report.unanchored) == (True, 0)


# --- linking -------------------------------------------------------------------------------------------------------


def by_face(linkage):
    return {face.face_id: person for person in linkage.persons for face in person.faces}


def test_the_same_case_links_the_same_way_every_time(small_case):
    judge(small_case, "first")
    judge(small_case, "second")
    first = linking.link(small_case.seat())
    assert linking.link(small_case.seat()) == first
    with small_case.seat().case.session(writing=False) as session:
        assert dataclasses.replace(persons.linkage(session), simulated=first.simulated) == first, (
            "and is kept as it was"
        )


@pytest.mark.parametrize("threshold", [None, -1.0])
def test_two_faces_of_one_still_are_two_persons(small_case, threshold):
    for face, nominal in zip(TWO_FACES, (WRONG, "N283283"), strict=True):
        judge(small_case, "first", nominal, face)
        judge(small_case, "second", nominal, face)
    linkage = linking.link(small_case.seat(), threshold=threshold)
    for person in linkage.persons:
        assert len(person.stills) == len(person.faces), "each face of a person is on a still of its own"
    assert sum(len(p.faces) for p in linkage.persons) == len(by_face(linkage))


def test_even_a_ruling_does_not_put_one_person_twice_on_a_still(small_case):
    for face in TWO_FACES:
        judge(small_case, "first", WRONG, face)
        judge(small_case, "second", WRONG, face)
    linkage = linking.link(small_case.seat())
    for person in linkage.persons:
        assert len(person.stills) == len(person.faces)
    assert any(set(TWO_FACES) <= set(c.faces) for c in linkage.contradictions), "it is shown, and left to people"


def test_a_ruling_survives_every_rerun_whatever_similarity_says(small_case):
    # Wrong on purpose: the two officers name somebody whom the machine ranks second.
    judge(small_case, "first", WRONG)
    judge(small_case, "second", WRONG)
    for threshold in (None, -1.0, 1.0, None):
        person = by_face(linking.link(small_case.seat(), threshold=threshold))[FACE]
        assert (person.nominal_id, person.status) == (WRONG, LinkStatus.CORROBORATED)
    searching.search(small_case.seat(), stills=["R08/R08_0002.jpg"])
    assert by_face(linking.link(small_case.seat()))[FACE].nominal_id == WRONG


def test_the_machine_alone_names_nobody(small_case):
    linkage = linking.link(small_case.seat())
    assert {p.status for p in linkage.persons} == {LinkStatus.UNKNOWN}
    assert {p.nominal_id for p in linkage.persons} == {None}
    judge(small_case, "first")
    assert linking.link(small_case.seat()) == linkage, "nor does one officer"


def test_a_ranking_counts_corroborated_links_only_unless_asked(small_case):
    judge(small_case, "first")
    linking.link(small_case.seat())
    assert rankings.ranking(small_case.seat()).standings == ()
    with_proposals = rankings.ranking(small_case.seat(), with_proposals=True)
    assert {s.status for s in with_proposals.standings} == {LinkStatus.UNKNOWN}
    judge(small_case, "second")
    judge(small_case, "first", face=OTHER)
    judge(small_case, "second", face=OTHER)
    linking.link(small_case.seat())
    (standing,) = rankings.ranking(small_case.seat()).standings
    assert (standing.person_id, standing.nominal_id, standing.status) == (RIGHT, RIGHT, LinkStatus.CORROBORATED)
    dossier = analysing.person(small_case.seat(), RIGHT)
    assert set(dossier.person.stills) == {"R08/R08_0002.jpg", "R08/R08_0088.jpg"}
    assert dossier.review_kind == "human review"
    places = analysing.offence_places(small_case.seat())
    assert set(places.loc[places["persons"] > 0, "offence_id"]) == set(dossier.person.offences)
    assert len(networking.offence_network(small_case.seat())) > 0


def test_a_person_of_no_linking_run_is_not_found(small_case):
    with pytest.raises(NotFound, match=r"no person unknown 99 in the last linking run; `stillgraph link CASE --json`"):
        analysing.person(small_case.seat(), "unknown 99")
