"""Rulings between faces: they bind, they survive, they are taken back; what cannot be true joins nothing."""

from datetime import UTC, datetime
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stillgraph.gallery.neighbours import neighbours
from stillgraph.linking import LinkableFace, blockers, contradictions, link, may_take_back, stances, standing
from stillgraph.records import Box, FaceRuling, LinkStatus, Officer, Outcome, Role, Ruling, Says

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def face(name, still=None, usable=True):
    return LinkableFace(name, still or f"s-{name}", f"o-{name}", Box(0, 0, 1, 1), usable)


def ruling(sequence, says, faces, others=(), officer="x", undoes=None):
    says = {"same": Says.SAME, "not": Says.NOT_SAME, "back": Says.TAKEN_BACK}[says]
    return FaceRuling(
        sequence, sequence, tuple(faces), tuple(others), says, undoes, officer, "OP", "compared them", NOW, False
    )


def linked(faces, between, corroborated=None, vectors=None):
    """Link faces that are like nobody, unless vectors are given."""
    vectors = np.eye(len(faces), dtype=np.float32) if vectors is None else vectors
    outcomes = {one: Ruling(Outcome.CORROBORATED, nominal) for one, nominal in (corroborated or {}).items()}
    return link(faces, vectors, rulings=outcomes, between=between, neighbours=neighbours, threshold=0.8)


def who(linkage):
    return {one.person_id: "".join(face.face_id for face in one.faces) for one in linkage.persons}


FACES = [face(name) for name in "abcde"]
ALIKE = np.tile(np.array([[1, 0]], dtype=np.float32), (5, 1))


def test_one_officer_proposes_and_two_corroborate_a_series_of_nobody_named():
    one = [ruling(1, "same", "ab")]
    linkage = linked(FACES, one)
    assert who(linkage) == {"proposed 1": "ab", "unknown 1": "c", "unknown 2": "d", "unknown 3": "e"}
    assert (linkage.persons[0].status, linkage.persons[0].nominal_id) == (LinkStatus.PROPOSED, None)
    assert linkage.contradictions == ()
    linkage = linked(FACES, [*one, ruling(2, "same", "ab", officer="y")])
    assert who(linkage)["series 1"] == "ab"
    assert (linkage.persons[0].status, linkage.persons[0].nominal_id) == (LinkStatus.CORROBORATED, None)
    assert who(linked(FACES, [*one, ruling(2, "same", "ab")]))["proposed 1"] == "ab", "one officer twice is one officer"


def test_rulings_bind_unusable_faces_and_by_way_of_others():
    faces = [*FACES[:4], face("e", usable=False)]
    assert who(linked(faces, [ruling(1, "same", "ab"), ruling(2, "same", "be", officer="y")]))["proposed 1"] == "abe"
    assert "e" not in "".join(who(linked(faces, [])).values())


def test_what_is_corroborated_stays_so_beside_what_one_officer_adds():
    sure = [ruling(1, "same", "ab"), ruling(2, "same", "ab", officer="y")]
    linkage = linked(FACES, [*sure, ruling(3, "same", "bc")])
    assert who(linkage) == {"series 1": "ab", "proposed 1": "c", "unknown 1": "d", "unknown 2": "e"}
    assert [one.proposed_as for one in linkage.persons] == [None, "series 1", None, None]


def test_faces_ruled_to_be_a_nominals_are_proposed_to_be_them_however_many_say_so():
    between = [ruling(1, "same", "ab"), ruling(2, "same", "ab", officer="y")]
    linkage = linked(FACES, between, corroborated={"a": "N1"})
    assert who(linkage)["N1"] == "a"
    (beside,) = [one for one in linkage.persons if one.proposed_as is not None]
    assert (who(linkage)["proposed 1"], beside.status, beside.nominal_id) == ("b", LinkStatus.PROPOSED, None)
    assert beside.proposed_as == "N1"


def test_a_series_ruled_to_be_a_nominal_or_another_series_keeps_its_own():
    sure = [ruling(1, "same", "ab"), ruling(2, "same", "ab", officer="y")]
    more = [ruling(3, "same", "cd"), ruling(4, "same", "cd", officer="y"), ruling(5, "same", "bc")]
    linkage = linked(FACES, [*sure, *more])
    assert {one.person_id: one.proposed_as for one in linkage.persons[:2]} == {"series 1": None, "series 2": "series 1"}
    linkage = linked(FACES, [*sure, ruling(3, "same", "ae")], corroborated={"e": "N1"})
    assert [(one.person_id, one.proposed_as) for one in linkage.persons[:2]] == [("N1", None), ("series 1", "N1")]


def test_one_officers_not_same_keeps_likeness_from_grouping_and_from_proposing():
    assert who(linked(FACES, [], vectors=ALIKE))["unknown 1"] == "abcde"
    apart = [ruling(1, "not", "a", others="bcde")]
    assert sorted(who(linked(FACES, apart, vectors=ALIKE)).values()) == ["a", "bcde"]
    linkage = linked(FACES, apart, corroborated={"b": "N1"}, vectors=ALIKE)
    assert all("a" not in proposal.faces for proposal in linkage.proposals)
    assert any(proposal.persons[-1] == "N1" for proposal in linkage.proposals)


def test_officers_who_disagree_are_listed_and_the_faces_kept_apart():
    between = [ruling(1, "same", "abc"), ruling(2, "not", "c", others="ab", officer="y")]
    linkage = linked(FACES, between, vectors=ALIKE)
    assert who(linkage)["proposed 1"] == "ab"
    assert not any({"a", "c"} <= {f.face_id for f in one.faces} for one in linkage.persons)
    (listed,) = linkage.contradictions
    assert (listed.faces, listed.rulings) == (("a", "b", "c"), (1, 2))
    assert "officers disagree" in listed.reason


def test_a_contradiction_by_way_of_others_joins_nothing():
    between = [ruling(1, "same", "ab"), ruling(2, "same", "bc"), ruling(3, "not", "ac")]
    linkage = linked(FACES, between, vectors=ALIKE)
    assert sorted(who(linkage).values()) == ["a", "b", "c", "de"]
    (listed,) = linkage.contradictions
    assert listed.faces == ("a", "b", "c")
    assert "a and c were ruled not to be one person" in listed.reason
    assert "rulings 1 and 2 say" in listed.reason


def test_two_faces_of_one_still_are_two_persons_whatever_officers_rule():
    faces = [face("a", "s"), face("b", "s"), face("c")]
    linkage = linked(faces, [ruling(1, "same", "ac"), ruling(2, "same", "bc")])
    assert sorted(who(linkage).values()) == ["a", "b", "c"]
    assert "two faces of s would then be one person" in linkage.contradictions[0].reason


def test_rulings_do_not_make_two_nominals_one():
    linkage = linked(FACES, [ruling(1, "same", "ac"), ruling(2, "same", "bc")], corroborated={"a": "N1", "b": "N2"})
    assert who(linkage) == {"N1": "a", "N2": "b", "unknown 1": "c", "unknown 2": "d", "unknown 3": "e"}
    assert "corroborated N1 and N2 among them" in linkage.contradictions[0].reason
    directly = linked(FACES, [ruling(1, "same", "ab")], corroborated={"a": "N1", "b": "N2"})
    assert (who(directly)["N1"], who(directly)["N2"]) == ("a", "b")
    assert directly.contradictions[0].faces == ("a", "b")


def test_a_ruling_against_a_corroborated_review_is_listed_and_takes_the_odd_face_out():
    named = dict.fromkeys("abc", "N1")
    linkage = linked(FACES, [ruling(1, "not", "c", others="ab")], corroborated=named, vectors=ALIKE)
    assert who(linkage) == {"N1": "ab", "unknown 1": "de", "unknown 2": "c"}
    (listed,) = linkage.contradictions
    assert listed.faces == ("c",)
    assert "review corroborated these as N1, but ruling 1 says" in listed.reason
    both = linked(FACES, [ruling(1, "not", "bc")], corroborated=named)
    assert who(both)["N1"] == "a", "of two kept apart nobody knows which is the odd one"
    assert both.contradictions[0].faces == ("b", "c")


def test_of_one_officers_rulings_on_two_faces_the_latest_counts():
    between = [ruling(1, "same", "abc"), ruling(2, "not", "ab")]
    stance = stances(between)["a", "b"]
    assert (stance.same, stance.apart, stance.rulings) == (frozenset(), {"x"}, (2,))
    again = [*between, ruling(3, "same", "ab"), ruling(4, "back", "ab", undoes=3)]
    assert stances(again)["a", "b"] == stance, "taken back, the one before counts again"
    assert [one.sequence for one in standing(again)] == [1, 2]


def test_what_officers_may_not_rule():
    stills = {"a": "s", "b": "s", "c": "t"}

    def said(says, **others):
        return blockers("abc", says, stills=stills, **({"under_own_review": set(), "reason": "looked"} | others))

    assert said(Says.NOT_SAME) == ()
    assert said(Says.SAME) == ("a and b are in one still, and two faces in one still are two persons: leave one out.",)
    (sentence,) = said(Says.NOT_SAME, under_own_review={"b", "z"})
    assert "You have judged the candidate list of b" in sentence
    assert said(Says.NOT_SAME, reason=" ") == ("A ruling needs its reason: write what you compared.",)


@pytest.mark.parametrize(("officer", "role", "may"), [
    ("x", None, True), ("y", None, False), ("y", Role.ANALYST, False), ("y", Role.SUPERVISOR, True),
    ("y", Role.ADMINISTRATOR, True),
])  # fmt: skip
def test_who_may_take_a_ruling_back(officer, role, may):
    assert may_take_back(Officer(officer, role, ""), ruling(1, "same", "ab")) is may


NAMES = "abcdefgh"


@st.composite
def cases(draw):
    """Faces in few stills and directions, some named, and rulings of few officers, some taken back."""
    stills = [draw(st.integers(0, 5)) for _ in NAMES]
    faces = [
        face(name, f"s{still}", usable=draw(st.integers(0, 6)) > 0) for name, still in zip(NAMES, stills, strict=True)
    ]
    angles = np.radians([draw(st.sampled_from([0, 10, 25, 60, 180])) for _ in NAMES])
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    named = draw(st.dictionaries(st.sampled_from(NAMES), st.sampled_from(["N1", "N2"]), max_size=4))
    some = st.lists(st.sampled_from(NAMES), min_size=2, max_size=4, unique=True)
    made = draw(
        st.lists(st.tuples(st.sampled_from(["same", "not"]), some, st.sampled_from("xyz"), st.booleans()), max_size=7)
    )
    between = []
    for sequence, (says, members, officer, two_sides) in enumerate(made, start=1):
        one, other = (members[:1], members[1:]) if two_sides else (members, [])
        between.append(ruling(sequence, says, sorted(one), sorted(other), officer))
    for one in draw(st.lists(st.sampled_from(between), max_size=2, unique_by=lambda r: r.sequence)) if between else []:
        between.append(ruling(len(between) + 1, "back", one.faces, one.others, one.officer, undoes=one.sequence))
    return faces, vectors, named, between


@settings(max_examples=300)
@given(cases(), st.randoms(use_true_random=False))
def test_the_rules_hold_for_any_rulings_in_any_order(case, random):
    faces, vectors, named, between = case
    linkage = linked(faces, between, named, vectors)
    order = list(range(len(faces)))
    random.shuffle(order)
    shuffled = random.sample(between, len(between))
    assert linked([faces[i] for i in order], shuffled, named, vectors[order]) == linkage

    held = [one.face_id for person in linkage.persons for one in person.faces]
    assert len(held) == len(set(held))
    assert {one.face_id for one in faces if one.usable} <= set(held)
    said = stances(between)
    for person in linkage.persons:
        members = [one.face_id for one in person.faces]
        assert len({one.still for one in person.faces}) == len(members), "two faces of one still in one person"
        for pair in combinations(members, 2):
            assert pair not in said or not said[pair].apart, "ruled apart and in one person"
        if person.status is LinkStatus.CORROBORATED and person.nominal_id is None:
            assert all(any(said.get(tuple(sorted((a, b))), None) and len(said[tuple(sorted((a, b)))].same) > 1
                           for b in members if b != a) for a in members)  # fmt: skip
        if person.nominal_id is not None:
            assert all(named[one] == person.nominal_id for one in members)
        if person.proposed_as is not None:
            assert person.proposed_as in {one.person_id for one in linkage.persons if one.status == "corroborated"}
    where = {one.face_id: person.person_id for person in linkage.persons for one in person.faces}
    listed = {one for contradiction in linkage.contradictions for one in contradiction.faces}
    numbers = {number for contradiction in linkage.contradictions for number in contradiction.rulings}
    of = {person.person_id: person.proposed_as or person.person_id for person in linkage.persons}
    for (a, b), stance in said.items():
        in_doubt = {a, b} & listed or set(stance.rulings) & numbers
        if stance.same and not stance.apart and not in_doubt:
            assert of[where[a]] == of[where[b]], "a ruling lost without a word"
        if stance.same and stance.apart:
            assert in_doubt, "a disagreement not listed"


@settings(max_examples=200)
@given(cases(), st.sampled_from(["same", "not"]), st.lists(st.sampled_from(NAMES), min_size=2, max_size=4, unique=True))
def test_taking_a_ruling_back_restores_exactly_what_was(case, says, members):
    faces, vectors, named, between = case
    before = linked(faces, between, named, vectors)
    number = len(between) + 1
    more = [*between, ruling(number, says, sorted(members), officer="w")]
    undone = [*more, ruling(number + 1, "back", sorted(members), officer="w", undoes=number)]
    assert linked(faces, undone, named, vectors) == before
    assert contradictions(faces, {}, undone) == contradictions(faces, {}, between)


@settings(max_examples=200)
@given(cases())
def test_no_rulings_of_one_officer_corroborate_anything(case):
    faces, vectors, _, between = case
    alone = [ruling(one.sequence, {"same": "same", "not same": "not", "taken back": "back"}[one.says], one.faces,
                    one.others, "x", one.undoes) for one in between]  # fmt: skip
    assert {one.status for one in linked(faces, alone, {}, vectors).persons} <= {
        LinkStatus.PROPOSED,
        LinkStatus.UNKNOWN,
    }
