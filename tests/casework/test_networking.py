"""The network of a real case: what its links rest on, what stays blind, what is recorded, what an export carries."""

from __future__ import annotations

import csv
import json
from datetime import date

import networkx as nx
import pytest

from stillgraph import demo
from stillgraph.casework import analysing, asking, governing, linking, networking
from stillgraph.cli.app import run
from stillgraph.errors import NotFound, WrongUse
from stillgraph.network.evidence import link_evidence
from stillgraph.records import Basis, LinkStatus, NetworkFilter, Outcome, RetailerId, Role, Strength, Verdict

A, B, C = "R08/R08_0002.jpg#1", "R08/R08_0033.jpg#1", "R08/R08_0088.jpg#1"
N1 = "N314959"
BY = ("--officer", "desk", "--operation", "OP-TEST", "--reason", "test")


def of(case, person, **options):
    graph = networking.offence_network(case.seat(), **options)
    node = f"person:{person}"
    return {told.to: told for told in (link_evidence(graph, node, other) for other in graph[node])}


def recorded(case):
    rows = analysing.query(case.seat(), "SELECT details FROM audit WHERE action = 'network' ORDER BY sequence")
    return json.loads(rows.details.iloc[-1])


def test_a_link_by_review_names_officers_strength_and_the_score_of_the_list_judged(small_case):
    small_case.judge("first", A, N1)
    small_case.judge("second", A, N1)
    linking.link(small_case.seat())
    (told,) = of(small_case, N1).values()
    (face,) = told.faces
    assert (told.status, told.review, told.strength) == (LinkStatus.CORROBORATED, "human review", Strength.MODERATE)
    assert (face.face_id, face.basis, face.outcome) == (A, Basis.REVIEW, Outcome.CORROBORATED)
    assert [(one.officer, one.verdict, one.strength, one.agrees) for one in face.judgements] == [
        (officer, Verdict.SUPPORTS, Strength.MODERATE, True) for officer in ("first", "second")
    ]
    listed = analysing.query(
        small_case.seat(), f"SELECT score FROM candidates WHERE face_id = '{A}' AND nominal_id = '{N1}'"
    )
    assert told.score == face.score == listed.score.max()
    assert told.likelihood_ratio is None


def test_one_who_does_not_agree_is_named_too_and_counts_as_nobody_s_strength(small_case):
    small_case.judge("first", A, N1)
    small_case.judge("second", A, Verdict.NO_CANDIDATE)
    small_case.judge("third", A, N1)
    linking.link(small_case.seat())
    (told,) = of(small_case, N1).values()
    assert [(one.officer, one.agrees) for one in told.faces[0].judgements] == [
        ("first", True), ("second", False), ("third", True),
    ]  # fmt: skip
    assert told.strength is Strength.MODERATE


def test_what_one_officer_said_of_a_list_stays_blind(small_case):
    small_case.judge("first", A, N1)
    linking.link(small_case.seat())
    graph = networking.offence_network(small_case.seat(), with_proposals=True)
    assert f"person:{N1}" not in graph
    assert {data["basis"] for *_, data in graph.edges(data=True)} == {"likeness"}
    assert "first" not in str(list(graph.edges(data=True)))


def test_a_reviewer_is_told_no_score_and_no_judgement(small_case):
    small_case.judge("first", A, N1)
    small_case.judge("second", A, N1)
    linking.link(small_case.seat())
    governing.add_officer(small_case.seat(), "rev", role=Role.REVIEWER)
    answer = asking.around(small_case.seat("rev"), [N1])
    (told,) = answer.links
    assert (told.status, told.score, told.strength) == (LinkStatus.CORROBORATED, None, None)
    assert [(face.face_id, face.basis, face.judgements) for face in told.faces] == [(A, Basis.NOT_STATED, ())]
    edges = networking.offence_network(small_case.seat("rev"), with_proposals=True).edges(data=True)
    assert all(not data["officers"] and "score" not in data for *_, data in edges if data["kind"] == "link")


def test_a_link_by_rulings_names_them_and_who_made_them_and_no_reason(small_case):
    linking.rule(small_case.seat("first"), [A, C], "same", reason="the same scar")
    linking.rule(small_case.seat("second"), [A, C], "same", reason="a tattoo")
    linking.link(small_case.seat())
    told = of(small_case, "series 1")
    assert {one.status for one in told.values()} == {LinkStatus.CORROBORATED}
    assert {one.strength for one in told.values()} == {None}
    faces = [face for one in told.values() for face in one.faces]
    assert sorted(face.face_id for face in faces) == [A, C]
    for face in faces:
        assert (face.basis, face.rulings, face.ruled_by) == (Basis.RULING, (1, 2), ("first", "second"))
        assert (face.outcome, face.judgements, face.review) == (None, (), "human review")
    said = str(list(networking.offence_network(small_case.seat()).edges(data=True)))
    assert "scar" not in said
    assert "tattoo" not in said


def test_a_ruling_taken_back_is_no_evidence(small_case):
    linking.rule(small_case.seat("first"), [A, C], "same")
    linking.rule(small_case.seat("second"), [A, C], "same")
    linking.undo(small_case.seat("second"), 2)
    linking.link(small_case.seat())
    told = of(small_case, "proposed 1", with_proposals=True)
    assert {face.ruled_by for one in told.values() for face in one.faces} == {("first",)}
    assert {one.status for one in told.values()} == {LinkStatus.PROPOSED}


def test_machines_proposals_join_persons_of_the_network_with_proposals_only(demo_case):
    desk = demo.seat(demo_case, demo.ANALYST)
    kinds = {data["kind"] for *_, data in networking.offence_network(desk).edges(data=True)}
    assert kinds == {"link"}
    graph = networking.offence_network(desk, with_proposals=True)
    joins = [(a, b, data) for a, b, data in graph.edges(data=True) if data["kind"] == "proposed join"]
    pairs = analysing.query(
        desk, "SELECT count(*) AS n FROM persons WHERE status = 'unknown'"
    )  # the views hold no proposals, so they are counted from what linking gave
    assert 0 < len(joins) <= int(pairs.n.iloc[0])
    assert all(data["score"] > 0 and data["status"] == "unknown" and data["reason"] for *_, data in joins)
    assert {data["review"] for *_, data in joins} == {""}


def test_what_is_asked_is_recorded_and_what_cannot_be_is_said(small_case):
    linking.link(small_case.seat())
    wanted = NetworkFilter(since=date(2020, 1, 1), retailers=(RetailerId("R08"),), statuses=(LinkStatus.UNKNOWN,))
    asking.around(small_case.seat(), ["unknown 1"], depth=2, with_proposals=True, wanted=wanted)
    assert recorded(small_case) == {
        "question": "around", "persons": ["unknown 1"], "depth": 2, "with_proposals": True, "since": "2020-01-01",
        "retailers": ["R08"], "statuses": ["unknown"],
    }  # fmt: skip
    with pytest.raises(WrongUse, match="Links that are not corroborated are in a network with proposals only"):
        networking.offence_network(small_case.seat(), wanted=wanted)
    with pytest.raises(WrongUse, match="nodes are store, retailer, borough, arrest; shop is none of them"):
        networking.offence_network(small_case.seat(), kinds=["shop"])
    with pytest.raises(NotFound, match="Person unknown 1 has no link in this network"):
        asking.timeline(small_case.seat(), ["unknown 1"])
    with pytest.raises(NotFound, match="No store of the case has retailer R99"):
        asking.travel(small_case.seat(), wanted=NetworkFilter(retailers=(RetailerId("R99"),)))


def test_a_timeline_has_the_arrests_of_its_days(demo_case):
    desk = demo.seat(demo_case, demo.ANALYST)
    told = asking.timeline(desk, [N1])
    rows = analysing.query(desk, f"SELECT * FROM arrests WHERE nominal_id = '{N1}'")
    assert told.arrests == len(rows)
    assert told.offences == int(
        analysing.query(
            desk, f"SELECT count(*) AS n FROM person_offences WHERE person_id = '{N1}' AND status = 'corroborated'"
        ).n[0]
    )
    later = asking.timeline(desk, [N1], wanted=NetworkFilter(since=date(2026, 6, 1)))
    assert later.arrests < told.arrests
    assert all(row.on >= date(2026, 6, 1) for row in later.rows)


def test_an_export_is_of_a_neighbourhood_with_kinds_and_says_what_it_is_of(demo_case, tmp_path):
    desk = demo.seat(demo_case, demo.ANALYST)
    wanted = NetworkFilter(since=date(2026, 1, 1))
    whole = networking.network_summary(desk, wanted=wanted)
    part = networking.network_summary(
        desk, export=tmp_path / "n.graphml", gephi=tmp_path / "gephi", kinds=["store", "arrest"], wanted=wanted, of=[N1],
        depth=2,
    )  # fmt: skip
    assert 1 < part.persons < whole.persons
    graph = nx.read_graphml(tmp_path / "n.graphml")
    kinds = [kind for _, kind in graph.nodes(data="kind")]
    assert (kinds.count("person"), kinds.count("offence")) == (part.persons, part.offences)
    assert {"store", "arrest"} <= set(kinds)
    assert (graph.graph["since"], graph.graph["with_proposals"]) == ("2026-01-01", "no")
    assert "does not say that they acted together" in graph.graph["note"]
    with (tmp_path / "gephi" / "nodes.csv").open(encoding="utf-8", newline="") as stream:
        assert len(list(csv.DictReader(stream))) == len(graph)
    (tmp_path / "file").write_text("")
    with pytest.raises(WrongUse, match="cannot be written"):
        networking.network_summary(desk, gephi=tmp_path / "file" / "gephi")


ASKED = {
    ("path", "--from", "N204093", "--to", "N354554", "--most", "2"): (
        "Way 1: 2 links.",
        "There are other ways as short",
        "Least sure: N",
    ),
    ("path", "--from", "N204093", "--to", "N409987"): ("No way from N204093 to N409987",),
    ("path", "--from", "N307040", "--to", "N354554", "--in-time-order"): ("Way 1 in time order: 2 links.",),
    ("connect", "--of", N1, "--of", "N116984", "--of", "N409987"): (
        "are joined by 2 links",
        "none of the others: N409987.",
    ),
    ("around", "--of", N1, "--depth", "2", "--most", "2"): ("2 persons,", "more persons are as near"),
    ("timeline", "--of", N1): ("9 offences, 2026-", "Longest gap:", "nor where anybody was"),
    ("travel", "--most", "3"): ("of 69 persons", "Haringey", "it is no route"),
    ("travel", "--of", "N409987"): ("of 1 person", "Journeys of N409987:", "Cobalt Pharmacy Southwark"),
}


@pytest.mark.parametrize("asked", ASKED, ids=lambda words: " ".join(words[:3]))
def test_answers_are_printed_with_what_they_do_not_say(demo_case, demo_seat, capsys, asked):
    question, *options = asked
    capsys.readouterr()
    assert run(["ask", question, str(demo_case), *options]) == 0
    printed = capsys.readouterr().out
    for said in (*ASKED[asked], "simulated review", "does not say that they acted together"):
        assert said in printed


def test_a_status_there_is_not_is_refused(demo_case, demo_seat, capsys):
    assert run(["ask", "travel", str(demo_case), "--status", "sure"]) == 2
    assert "--status takes corroborated, proposed, unknown, not 'sure'" in capsys.readouterr().err
