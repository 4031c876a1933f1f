"""Linking: rulings bind, similarity proposes, contradictions are shown, nothing is transitive."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stillgraph.errors import WrongUse
from stillgraph.gallery.neighbours import neighbours
from stillgraph.linking import LinkableFace, link
from stillgraph.records import Box, LinkStatus, Outcome, Ruling

NONE = (np.nan, np.nan)
"""The row of a face without template."""


def at(*degrees):
    """Templates in a plane: the cosine of two is that of the angle between them."""
    return [NONE if one is None else (np.cos(np.radians(one)), np.sin(np.radians(one))) for one in degrees]


def face(still, number=1, usable=True, offence=None):
    return LinkableFace(f"R01/{still}#{number}", f"R01/{still}", offence or f"R01/{still[0]}", Box(1, 2, 3, 4), usable)


def linked(faces, vectors, corroborated=None, threshold=0.8, **others):
    rulings = {one: Ruling(Outcome.CORROBORATED, nominal) for one, nominal in (corroborated or {}).items()}
    array = np.array(vectors, dtype=np.float32).reshape(len(faces), 2)
    return link(faces, array, rulings=rulings | others, neighbours=neighbours, threshold=threshold)


def who(linkage):
    """Each person's faces, by person id, without the retailer."""
    return {person.person_id: [one.face_id.removeprefix("R01/") for one in person.faces] for person in linkage.persons}


def test_rulings_bind_whatever_the_similarity():
    faces = [face("a"), face("b"), face("c", usable=False), face("d")]
    linkage = linked(faces, at(0, 180, None, 1), corroborated={"R01/a#1": "N1", "R01/b#1": "N1", "R01/c#1": "N1"})
    assert who(linkage) == {"N1": ["a#1", "b#1", "c#1"], "unknown 1": ["d#1"]}
    person = linkage.persons[0]
    assert (person.nominal_id, person.status) == ("N1", LinkStatus.CORROBORATED)
    assert person.stills == ("R01/a", "R01/b", "R01/c")
    assert person.faces[0].box == Box(1, 2, 3, 4)


def test_only_corroborated_rulings_bind():
    linkage = link(
        [face("a"), face("b"), face("c")],
        np.array(at(0, 90, 180), dtype=np.float32),
        rulings={
            "R01/a#1": Ruling(Outcome.DISPUTED),
            "R01/b#1": Ruling(Outcome.NOT_SUPPORTED),
            "R01/c#1": Ruling(Outcome.PENDING),
            "R01/gone#1": Ruling(Outcome.CORROBORATED, "N1"),
        },
        neighbours=neighbours,
        threshold=0.8,
    )
    assert [person.status for person in linkage.persons] == [LinkStatus.UNKNOWN] * 3


def test_similarity_is_not_passed_on():
    # a-b and b-c are alike at 0.8 (37 degrees), a-c are not: the nearer pair is one person, the third is not.
    linkage = linked([face("a"), face("b"), face("c")], at(0, 25, 55))
    assert who(linkage) == {"unknown 1": ["a#1", "b#1"], "unknown 2": ["c#1"]}
    (proposal,) = linkage.proposals
    assert proposal.score == pytest.approx(np.cos(np.radians(25)))
    assert "by similarity alone" in proposal.reason


def test_two_faces_in_one_still_are_two_persons_even_by_way_of_a_third():
    linkage = linked([face("a", 1), face("a", 2), face("b")], at(0, 2, 1))
    groups = list(who(linkage).values())
    assert sorted(map(len, groups)) == [1, 2]
    assert ["a#1", "a#2"] not in groups


def test_every_usable_face_is_one_person_and_an_unusable_one_nobody():
    linkage = linked([face("a"), face("b", usable=False), face("c")], at(0, 0, None))
    assert who(linkage) == {"unknown 1": ["a#1"], "unknown 2": ["c#1"]}
    assert linkage.proposals == ()


def test_unknown_persons_are_numbered_by_stills_then_face():
    linkage = linked([face(name) for name in "abcdef"], at(90, 180, 0, 91, 181, 1)[:5] + at(89))
    assert who(linkage) == {
        "unknown 1": ["a#1", "d#1", "f#1"],
        "unknown 2": ["b#1", "e#1"],
        "unknown 3": ["c#1"],
    }


def test_offences_are_each_once():
    linkage = linked([face("a", offence="R01/x"), face("b", offence="R01/x"), face("c")], at(0, 1, 2))
    assert linkage.persons[0].offences == ("R01/c", "R01/x")


def test_one_nominal_twice_in_a_still_binds_neither_and_is_shown():
    faces = [face("a", 1), face("a", 2), face("b"), face("c")]
    ruled = {"R01/a#1": "N1", "R01/a#2": "N1", "R01/b#1": "N1"}
    linkage = linked(faces, at(0, 1, 0, 0), corroborated=ruled)
    # c looks like a#1, and still neither group holds a face whose ruling is in doubt.
    assert who(linkage) == {"N1": ["b#1"], "unknown 1": ["a#1"], "unknown 2": ["a#2"], "unknown 3": ["c#1"]}
    (contradiction,) = linkage.contradictions
    assert contradiction.faces == ("R01/a#1", "R01/a#2")
    assert "until officers judge again" in contradiction.reason
    assert all("R01/a#1" not in proposal.faces for proposal in linkage.proposals)


def test_an_unknown_person_like_a_corroborated_one_is_proposed_and_not_joined():
    faces = [face("a"), face("b"), face("c"), face("d")]
    linkage = linked(faces, at(0, 20, 30, 28), corroborated={"R01/a#1": "N1", "R01/b#1": "N2"})
    assert who(linkage) == {"N1": ["a#1"], "N2": ["b#1"], "unknown 1": ["c#1", "d#1"]}
    joining = linkage.proposals[-1]
    assert joining.faces == ("R01/c#1", "R01/d#1", "R01/b#1")
    assert joining.score == pytest.approx(np.cos(np.radians(9)), abs=1e-6)
    assert "looks like N2" in joining.reason


def test_nobody_is_proposed_to_be_a_person_on_the_same_still():
    faces = [face("a", 1), face("a", 2), face("b")]
    linkage = linked(faces, at(0, 5, 20), corroborated={"R01/a#1": "N1", "R01/b#1": "N2"})
    assert [proposal.faces for proposal in linkage.proposals] == [("R01/a#2", "R01/b#1")]


def test_nothing_to_link():
    linkage = link([], np.empty((0, 4), dtype=np.float32), rulings={}, neighbours=neighbours, threshold=0.5)
    assert (linkage.persons, linkage.proposals, linkage.contradictions) == ((), (), ())


def test_requests_that_make_no_sense():
    with pytest.raises(WrongUse, match="a face id came twice"):
        linked([face("a"), face("a")], at(0, 1))
    with pytest.raises(WrongUse, match=r"1 faces came with an array of shape \(2, 2\)"):
        link([face("a")], np.zeros((2, 2), np.float32), rulings={}, neighbours=neighbours, threshold=0.5)
    with pytest.raises(WrongUse, match="a cosine from -1 to 1"):
        linked([face("a")], at(0), threshold=float("nan"))


@st.composite
def cases(draw):
    """Some faces in a few stills; few directions, so that ties and close calls are common."""
    count = draw(st.integers(0, 14))
    faces = [
        LinkableFace(
            f"R01/{number:02}#1",
            f"R01/s{draw(st.integers(0, 8))}",
            f"R01/o{draw(st.integers(0, 3))}",
            Box(0, 0, 1, 1),
            draw(st.integers(0, 5)) > 0,
        )
        for number in range(count)
    ]
    vectors = at(*(draw(st.sampled_from([0, 10, 20, 30, 40, 60, 90, 120, 180])) for _ in faces))
    ids = st.sampled_from([one.face_id for one in faces] or ["R01/none#1"])
    ruled = draw(st.dictionaries(ids, st.sampled_from(["N1", "N2"]), max_size=6))
    return faces, np.array(vectors, dtype=np.float32).reshape(count, 2), ruled


@settings(max_examples=200, deadline=None)
@given(cases(), st.randoms(use_true_random=False), st.sampled_from([0.5, 0.8, 0.95]))
def test_the_rules_hold_for_any_case_in_any_order(case, random, threshold):
    faces, vectors, ruled = case
    linkage = linked(faces, vectors, ruled, threshold)
    order = list(range(len(faces)))
    random.shuffle(order)
    assert linked([faces[i] for i in order], vectors[order], ruled, threshold) == linkage

    held = [one.face_id for person in linkage.persons for one in person.faces]
    assert len(held) == len(set(held))
    assert {one.face_id for one in faces if one.usable} <= set(held)
    assert set(held) <= {one.face_id for one in faces if one.usable} | set(ruled)
    assert len({person.person_id for person in linkage.persons}) == len(linkage.persons)

    row = {one.face_id: number for number, one in enumerate(faces)}
    contradicted = {one for contradiction in linkage.contradictions for one in contradiction.faces}
    for person in linkage.persons:
        stills = [one.still for one in person.faces]
        assert len(stills) == len(set(stills)), "two faces of one still in one person"
        members = [one.face_id for one in person.faces]
        if person.status is LinkStatus.CORROBORATED:
            assert all(ruled[one] == person.nominal_id for one in members)
        else:
            assert person.status is LinkStatus.UNKNOWN
            assert person.nominal_id is None
            rows = [row[one] for one in members]
            scores = (vectors[rows] @ vectors[rows].T)[np.triu_indices(len(rows), 1)]
            assert len(rows) == 1 or scores.mean() >= threshold - 1e-6
            assert len(members) == 1 or not set(members) & set(ruled), "a ruled face grouped by similarity"
    corroborated = {
        one.face_id
        for one_person in linkage.persons
        for one in one_person.faces
        if one_person.status is LinkStatus.CORROBORATED
    }
    assert {one for one in ruled if one in row} <= corroborated | contradicted, "a ruling lost without a word"


@settings(max_examples=200, deadline=None)
@given(cases(), st.sampled_from([0.5, 0.8, 0.95]))
def test_no_two_groups_that_may_and_should_be_one_are_left_apart(case, threshold):
    faces, vectors, _ = case
    row = {one.face_id: number for number, one in enumerate(faces)}
    groups = [
        [row[one.face_id] for one in person.faces] for person in linked(faces, vectors, threshold=threshold).persons
    ]
    for at_, one in enumerate(groups):
        for other in groups[:at_]:
            together = [faces[number].still for number in one + other]
            if len(set(together)) == len(together):
                assert (vectors[one] @ vectors[other].T).mean() < threshold + 1e-6


def test_a_chain_of_faces_each_like_the_next_is_not_one_person():
    faces = [face(f"{number:02}") for number in range(19)]
    linkage = linked(faces, at(*range(0, 190, 10)))
    assert max(len(person.faces) for person in linkage.persons) < 8


def test_forbidden_pairs_outweigh_any_number_of_good_ones():
    # Two long series that differ in nothing but one still in which both were seen.
    faces = [*(face(f"{number:04}") for number in range(1000)), face("twin", 1), face("twin", 2)]
    persons = linked(faces, at(*[0] * 1002)).persons
    assert sorted(len(person.faces) for person in persons) == [1, 1001]


def test_five_thousand_faces_take_seconds():
    random = np.random.default_rng(0)
    people = random.normal(size=(1500, 128))
    of_whom = random.integers(0, 1500, 5000)
    vectors = people[of_whom] + 0.4 * random.normal(size=(5000, 128))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    faces = [face(f"{number:04}") for number in range(5000)]
    began = time.perf_counter()
    linkage = link(faces, vectors, rulings={}, neighbours=neighbours, threshold=0.6)
    assert time.perf_counter() - began < 60
    truth = [{of_whom[int(one.still[4:])] for one in person.faces} for person in linkage.persons]
    assert all(len(one) == 1 for one in truth)
    assert len(linkage.persons) == len(set(of_whom))
