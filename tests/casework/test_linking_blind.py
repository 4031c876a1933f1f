"""Linking shows nothing of a review that is going on: the second officer could look there before judging."""

from __future__ import annotations

import pytest

from stillgraph.casework import analysing, linking
from stillgraph.records import LinkStatus

FACE, OTHER, RIGHT = "R08/R08_0002.jpg#1", "R08/R08_0088.jpg#1", "N314959"
TWIN, BESIDE, PERSON = "R08/R08_0171.jpg#1", "R08/R08_0171.jpg#2", "N834846"


def support(case, officer, face, nominal):
    case.judge(officer, face, nominal)


def test_one_officers_support_names_nobody_anywhere(small_case):
    support(small_case, "first", FACE, RIGHT)
    linkage = linking.link(small_case.seat("second"))
    (person,) = [p for p in linkage.persons if FACE in {face.face_id for face in p.faces}]
    assert (person.nominal_id, person.status) == (None, LinkStatus.UNKNOWN)
    for part in (linkage.persons, linkage.proposals, linkage.contradictions):
        assert RIGHT not in repr(part)
    named = analysing.query(small_case.seat("second"), "SELECT * FROM persons WHERE nominal_id IS NOT NULL")
    assert named.empty


@pytest.mark.parametrize(
    ("corroborated", "face", "nominal"),
    [(None, FACE, RIGHT), (OTHER, FACE, RIGHT), (TWIN, BESIDE, PERSON)],
    ids=["nobody is named yet", "the nominal is named elsewhere", "the nominal is named in the same still"],
)
def test_one_officers_support_changes_nothing_that_linking_shows(small_case, corroborated, face, nominal):
    if corroborated is not None:
        for officer in ("first", "second"):
            support(small_case, officer, corroborated, nominal)
    before = linking.link(small_case.seat("second"))
    assert (nominal in {person.nominal_id for person in before.persons}) == (corroborated is not None)
    support(small_case, "first", face, nominal)
    assert linking.link(small_case.seat("second")) == before
    support(small_case, "second", face, nominal)
    assert linking.link(small_case.seat("second")) != before, "once they agree it shows"
