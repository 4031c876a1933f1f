"""What is proposed of whom: by mean templates, without what all faces share, never against what officers settled."""

import numpy as np
import pytest

from stillgraph.gallery.neighbours import neighbours
from stillgraph.linking import LinkableFace, Proposing, link
from stillgraph.records import Box, Outcome, Ruling


def at(*degrees):
    angles = np.radians(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def face(name, still=None):
    return LinkableFace(name, still or f"s-{name}", "o", Box(0, 0, 1, 1), True)


def joins(names, vectors, corroborated=None, threshold=0.999, stills=None, **proposing):
    """Return who is proposed to be whom, and the score; nothing is grouped."""
    faces = [face(name, (stills or {}).get(name)) for name in names]
    outcomes = {one: Ruling(Outcome.CORROBORATED, nominal) for one, nominal in (corroborated or {}).items()}
    proposing = Proposing(**({"threshold": 0.8} | proposing))
    linkage = link(faces, vectors, rulings=outcomes, neighbours=neighbours, threshold=threshold, proposing=proposing)
    name = {p.person_id: p.nominal_id or "".join(f.face_id for f in p.faces) for p in linkage.persons}
    return [
        (*(name[one] for one in proposal.persons), round(proposal.score, 3), proposal.likelihood_ratio)
        for proposal in linkage.proposals
        if len(proposal.persons) == 2
    ]


def cosine(degrees):
    return round(float(np.cos(np.radians(degrees))), 3)


def test_the_most_alike_come_first_and_each_is_proposed_to_be_one_person_only():
    found = joins("abcd", at(0, 40, 12, 35), {"a": "N1", "b": "N2"})
    assert found[:2] == [("d", "N2", cosine(5), None), ("c", "N1", cosine(12), None)]


def test_custody_images_count_as_faces_of_the_nominal():
    assert joins("ab", at(0, 50), {"a": "N1"}) == []
    assert joins("ab", at(0, 50), {"a": "N1"}, custody={"N1": at(60, 60)}) == [
        ("b", "N1", pytest.approx(np.cos(np.radians(50 - 41)), abs=0.02), None)
    ]


def test_what_all_faces_share_is_taken_off():
    vectors = np.array([[5, 1, 0], [5, 0, 1]], dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    assert joins("ab", vectors, {"a": "N1"}) == [("b", "N1", pytest.approx(25 / 26, abs=1e-3), None)]
    shared = np.array([5, 0, 0], dtype=np.float32) / np.sqrt(26, dtype=np.float32)
    assert joins("ab", vectors, {"a": "N1"}, centre=shared) == []


def test_nobody_is_proposed_whom_two_officers_did_not_find_on_the_list():
    vectors = at(0, 30, 5)
    named = {"a": "N1", "b": "N2"}
    assert joins("abc", vectors, named)[0][:2] == ("c", "N1")
    assert joins("abc", vectors, named, excluded={"c": frozenset({"N1"})})[0][:2] == ("c", "N2")
    assert joins("abc", vectors, named, excluded={"c": frozenset({"N1", "N2"})}) == []


def test_unknown_persons_are_proposed_to_be_one_where_each_is_the_others_nearest():
    # b is nearest to a and to c; c is nearest to b, but b is nearer to a.
    assert joins("abc", at(0, 10, 25)) == [("b", "a", cosine(10), None)]
    assert joins("abc", at(0, 10, 25), stills={"a": "s", "b": "s"}) == [("c", "b", cosine(15), None)]
    assert joins("ab", at(0, 40)) == []


def test_unknown_persons_are_compared_by_their_means():
    found = joins("abcd", at(0, 10, 33, 43), threshold=0.93)
    assert found == [("cd", "ab", cosine(33), None)]


def test_one_faces_own_search_gives_the_proposal_its_likelihood_ratio():
    ratios = {("b", "N1"): 200.0, ("c", "N1"): 7.0}
    assert joins("ab", at(0, 5), {"a": "N1"}, ratios=ratios) == [("b", "N1", cosine(5), 200.0)]
    assert joins("ab", at(0, 5), {"a": "N2"}, ratios=ratios) == [("b", "N2", cosine(5), None)]
    assert joins("abc", at(0, 5, 5), {"a": "N1"}, ratios=ratios) == [("bc", "N1", cosine(5), None)]


def test_the_threshold_of_grouping_is_that_of_proposals_unless_one_is_given():
    faces = [face("a"), face("b")]
    ruled = {"a": Ruling(Outcome.CORROBORATED, "N1")}
    for threshold, proposed in ((0.9, 0), (0.8, 1)):
        linkage = link(faces, at(0, 30), rulings=ruled, neighbours=neighbours, threshold=threshold)
        assert len(linkage.proposals) == proposed
