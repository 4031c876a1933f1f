"""Rulings between faces on a real case: kept and sealed, surviving every linking run, blind to review."""

from __future__ import annotations

import json

import duckdb
import pytest

from stillgraph.casework import analysing, governing, linking, networking, reviewing
from stillgraph.casework import ranking as rankings
from stillgraph.errors import NotFound, NotPermitted, ReviewBlocked, RulingBlocked, WrongUse
from stillgraph.records import Verdict

A, B, C = "R08/R08_0002.jpg#1", "R08/R08_0033.jpg#1", "R08/R08_0088.jpg#1"
TWIN, BESIDE = "R08/R08_0171.jpg#1", "R08/R08_0171.jpg#2"
N1 = "N314959"


def persons(case):
    return {p.person_id: (str(p.status), [f.face_id for f in p.faces]) for p in linking.link(case.seat()).persons}


def of(case, face):
    return next((name, status, faces) for name, (status, faces) in persons(case).items() if face in faces)


def test_a_ruling_survives_every_run_and_taking_it_back_restores_what_was(small_case):
    before = linking.link(small_case.seat())
    ruled = linking.rule(small_case.seat("first"), [A, C], "same", reason="the same scar")
    assert (ruled.act, ruled.contradictions) == (1, ())
    assert persons(small_case) == persons(small_case)
    assert of(small_case, A) == ("proposed 1", "proposed", [A, C])
    linking.rule(small_case.seat("second"), [C, A], "same")
    assert of(small_case, A) == ("series 1", "corroborated", [A, C])
    with pytest.raises(RulingBlocked, match="Ruling 1 is first's: they may take it back, or a supervisor"):
        linking.undo(small_case.seat("second"), 1)
    linking.undo(small_case.seat("second"), 2)
    assert of(small_case, A)[1] == "proposed"
    linking.undo(small_case.seat("first"), 1)
    assert linking.link(small_case.seat()) == before
    with pytest.raises(WrongUse, match="Ruling 1 does not stand"):
        linking.undo(small_case.seat("first"), 1)
    rows = analysing.query(small_case.seat(), "SELECT says, undoes, stands, officer_id FROM rulings ORDER BY sequence")
    assert rows.says.tolist() == ["same", "same", "taken back", "taken back"]
    assert not rows.stands.any()
    kept = linking.rulings(small_case.seat())
    assert [one.reason for one in kept][:2] == ["the same scar", "test the workbench"]
    assert governing.verify_audit(small_case.directory).holds


def test_an_administrator_takes_back_anybodys_ruling(small_case):
    linking.rule(small_case.seat("first"), [A, C], "same")
    linking.undo(small_case.seat("desk"), 1)
    assert of(small_case, A)[1] == "unknown"


def test_what_is_corroborated_by_rulings_counts_and_what_is_proposed_only_where_asked(small_case):
    linking.rule(small_case.seat("first"), [A, B], "same")
    linking.link(small_case.seat())
    assert rankings.ranking(small_case.seat()).standings == ()
    asked = {s.person_id: s for s in rankings.ranking(small_case.seat(), with_proposals=True).standings}
    assert (asked["proposed 1"].offences, asked["proposed 1"].status) == (2, "proposed")
    graph = networking.offence_network(small_case.seat(), with_proposals=True)
    assert graph.nodes["person:proposed 1"]["status"] == "proposed"
    assert "person:proposed 1" not in networking.offence_network(small_case.seat())
    linking.rule(small_case.seat("second"), [A, B], "same")
    linking.link(small_case.seat())
    (one,) = rankings.ranking(small_case.seat()).standings
    assert (one.person_id, one.nominal_id, one.status, one.prior_arrests) == ("series 1", None, "corroborated", 0)
    assert analysing.person(small_case.seat(), "series 1").review_kind == "human review"


def test_faces_ruled_to_be_a_nominals_count_as_theirs_only_where_asked(small_case):
    for officer in ("first", "second"):
        small_case.judge(officer, A, N1)
    for officer in ("first", "second"):
        linking.rule(small_case.seat(officer), [A, B], "same")
    linkage = linking.link(small_case.seat())
    (beside,) = [p for p in linkage.persons if p.proposed_as is not None]
    assert (beside.proposed_as, beside.nominal_id, beside.status, [f.face_id for f in beside.faces]) == (
        N1, None, "proposed", [B],
    )  # fmt: skip
    (plain,) = rankings.ranking(small_case.seat()).standings
    assert (plain.person_id, plain.offences) == (N1, 1)
    asked = {s.person_id: s for s in rankings.ranking(small_case.seat(), with_proposals=True).standings}
    assert (asked[N1].offences, asked[N1].nominal_id, asked[N1].status) == (2, N1, "proposed")
    assert not any(name.startswith("proposed") for name in asked)
    assert analysing.person(small_case.seat(), beside.person_id).person == beside


def test_who_judges_a_list_rules_on_its_face_only_when_that_review_is_settled(small_case):
    small_case.judge("first", A, N1)
    with pytest.raises(RulingBlocked, match=f"You have judged the candidate list of {A} and its review is not settled"):
        linking.rule(small_case.seat("first"), [A, C], "same")
    linking.rule(small_case.seat("third"), [A, C], "same")
    small_case.judge("second", A, Verdict.NO_CANDIDATE)
    with pytest.raises(RulingBlocked, match="is not settled"):
        linking.rule(small_case.seat("second"), [A, C], "not same")
    with pytest.raises(ReviewBlocked, match="You have ruled on this face in the open"):
        small_case.judge("third", A, N1)
    assert A not in {item.face_id for item in reviewing.queue(small_case.seat("third"))}
    small_case.judge("first", A, Verdict.NO_CANDIDATE)
    linking.rule(small_case.seat("first"), [A, C], "same")


def test_a_refused_ruling_writes_only_an_audit_entry(small_case):
    linking.link(small_case.seat())
    before = len(linking.rulings(small_case.seat()))
    for faces, says, error, sentence in [
        ([TWIN, BESIDE], "same", RulingBlocked, "two faces in one still are two persons"),
        ([A, "R08/none.jpg#1"], "same", NotFound, "no face R08/none.jpg#1 on a still"),
        ([A], "same", WrongUse, "about two faces or more"),
        ([A, C], "perhaps", WrongUse, "not “perhaps”"),
        ([A, C], "taken back", WrongUse, "not “taken back”"),
    ]:
        with pytest.raises(error, match=sentence):
            linking.rule(small_case.seat("first"), faces, says)
    with pytest.raises(WrongUse, match="is on both sides"):
        linking.rule(small_case.seat("first"), [A, C], "same", others=[A])
    with pytest.raises(RulingBlocked, match="needs its reason"):
        linking.rule(small_case.seat("first"), [A, C], "same", reason=" ")
    with pytest.raises(NotPermitted, match="To rule between faces, say for which operation"):
        linking.rule(small_case.seat("first", operation=""), [A, C], "same")
    with pytest.raises(NotFound, match="no ruling 99"):
        linking.undo(small_case.seat("first"), 99)
    assert len(linking.rulings(small_case.seat())) == before == 0
    tried = analysing.query(small_case.seat(), "SELECT result FROM audit WHERE action = 'rule between faces'")
    assert len(tried) == 8
    assert "done" not in set(tried.result)


def test_moving_and_splitting_are_rulings_taken_back_in_one(small_case):
    linking.rule(small_case.seat("first"), [A, B, C], "same")
    before = persons(small_case)
    moved = linking.move(small_case.seat("first"), C, next(n for n, (_, f) in before.items() if TWIN in f))
    assert [str(one.says) for one in moved.rulings] == ["not same", "same"]
    assert of(small_case, C)[2] == [C, TWIN]
    assert of(small_case, A)[2] == [A, B]
    linking.undo(small_case.seat("first"), moved.rulings[1].sequence)
    assert persons(small_case) == before
    linking.split(small_case.seat("first"), [B], reason="another hairline")
    assert of(small_case, B)[2] == [B]
    assert of(small_case, A)[2] == [A, C]


def test_moves_and_splits_that_make_no_sense(small_case):
    linking.rule(small_case.seat("first"), [A, C], "same")
    name, _, _ = of(small_case, A)
    with pytest.raises(WrongUse, match=f"is {name} already"):
        linking.move(small_case.seat("first"), A, name)
    with pytest.raises(NotFound, match="no person unknown 99 in the last linking run"):
        linking.move(small_case.seat("first"), A, "unknown 99")
    with pytest.raises(WrongUse, match="Faces are split off one person"):
        linking.split(small_case.seat("first"), [A, B])
    with pytest.raises(WrongUse, match=f"These are all faces of {name}"):
        linking.split(small_case.seat("first"), [A, C])


def test_a_disagreement_is_told_at_once_and_listed(small_case):
    linking.rule(small_case.seat("first"), [A, C], "same")
    told = linking.rule(small_case.seat("second"), [A, C], "not same").contradictions
    assert [one.faces for one in told] == [(A, C)]
    linkage = linking.link(small_case.seat())
    assert linkage.contradictions == told
    assert of(small_case, A)[2] == [A]


def test_groups_show_the_nearest_first_and_mark_the_odd(small_case):
    linking.rule(small_case.seat("first"), [A, B, C], "same")
    linkage = linking.link(small_case.seat(), threshold=0.5)
    (group,) = [g for g in linking.groups(small_case.seat()) if g.person.person_id == "proposed 1"]
    assert group.person in linkage.persons
    scores = [face.score for face in group.faces]
    assert scores == sorted(scores, reverse=True)
    assert [face.odd for face in group.faces] == [score < 0.5 for score in scores]
    assert any(face.odd for face in group.faces)
    governing.add_officer(small_case.seat(), "blind", role="reviewer")
    (seen,) = [g for g in linking.groups(small_case.seat("blind")) if g.person.person_id == "proposed 1"]
    assert {face.score for face in seen.faces} == {None}


@pytest.mark.parametrize("change", [
    "UPDATE held.rulings SET says = 'not same'",
    "DELETE FROM held.rulings",
    "INSERT INTO held.rulings SELECT * REPLACE (sequence + 1 AS sequence) FROM held.rulings",
])  # fmt: skip
def test_a_ruling_altered_removed_or_slipped_in_breaks_the_chain(small_case, change):
    linking.rule(small_case.seat("first"), [A, C], "same")
    assert governing.verify_audit(small_case.directory).holds
    with duckdb.connect(str(small_case.directory / "case.duckdb")) as connection:
        connection.execute(change)
    report = governing.verify_audit(small_case.directory)
    assert not report.holds
    assert "ruling" in report.problem


def test_the_record_says_what_was_ruled(small_case):
    linking.rule(small_case.seat("first"), [A], "not same", others=[C], reason="another jaw")
    details = analysing.query(small_case.seat(), "SELECT details FROM audit WHERE action = 'rule between faces'")
    said = json.loads(details.details[0])
    assert (said["faces"], said["others"], said["says"], said["rulings"]) == ([A], [C], "not same", [1])
    assert "another jaw" not in details.details[0]
