"""One page of why: every figure on it is the case's own, and what is not settled stays blind."""

from __future__ import annotations

import shutil

import pytest

from stillgraph import demo
from stillgraph.casework import analysing, explaining, explaining_words, governing, linking, ranking, take_seat, worth
from stillgraph.errors import NotFound, NotPermitted, WrongUse
from stillgraph.records import (
    Basis,
    ChangeKind,
    FaceEvidence,
    FaceId,
    LinkStatus,
    OfficerId,
    Opinion,
    Role,
    Says,
    Strength,
    Verdict,
    WhyFace,
)
from stillgraph.store import persons

FIRST = "N409987"


@pytest.fixture(scope="module")
def desk(demo_case):
    seat = demo.seat(demo_case, OfficerId(demo.ANALYST))
    with seat.sitting():
        yield seat


@pytest.fixture(scope="module")
def page(desk):
    return explaining.why(desk, FIRST)


def test_it_ranks_as_the_ranking_does_by_every_measure(desk, page):
    for by in ("harm", "count", "value", "rfh"):
        ranked = ranking.ranking(desk, by=by)
        (theirs,) = [s for s in ranked.standings if s.person_id == FIRST]
        assert page.place.ranks[by] == theirs.rank
        assert page.place.persons == len(ranked.standings)
    assert page.standing == next(s for s in ranking.ranking(desk).standings if s.person_id == FIRST)


def test_what_the_offences_bring_adds_up_to_what_the_person_has(page):
    brought = [o.contribution for o in page.offences if o.contribution is not None]
    for by in ("harm", "count", "value"):
        assert sum(c.brings[by] for c in brought) == pytest.approx(page.place.totals[by])
        assert sum(c.shares[by] for c in brought) == pytest.approx(1)
    assert page.place.totals["harm"] == page.standing.harm_days


def test_each_face_stands_with_its_review_and_the_list_it_was_judged_on(desk, page):
    told = {
        row.face_id: (row.list_rank, row.score, row.custody_image_id)
        for row in analysing.query(desk, f"SELECT * FROM v_link WHERE person_id = '{FIRST}'").itertuples()
    }
    faces = [face for offence in page.offences for face in offence.faces]
    assert {f.face_id: (f.list_rank, f.evidence.score, f.custody_image) for f in faces} == told
    assert {f.evidence.basis for f in faces} == {Basis.REVIEW}
    assert all(sum(o.agrees for o in f.evidence.judgements) == 2 for f in faces)
    assert explaining.officers(page) == demo.REVIEWERS


def test_doubts_are_of_the_surest_face_of_an_offence(page):
    several = [o for o in page.offences if len(o.faces) > 1]
    assert several
    for offence in several:
        alone = [explaining_words.doubts(offence.status, (face,)) for face in offence.faces]
        assert offence.doubts == min(alone, key=len)


def face(**told):
    evidence = FaceEvidence(
        FaceId("f"), Basis.REVIEW, **{k: v for k, v in told.items() if k in {"judgements", "likelihood_ratio"}}
    )
    rest = {"band": "A", "list_rank": 1, "ahead_by": 0.3} | {
        k: v for k, v in told.items() if k in {"band", "list_rank", "ahead_by"}
    }
    return WhyFace(FaceId("f"), "s", None, rest["band"], True, evidence, 1, rest["list_rank"], "c", rest["ahead_by"])


def opinion(strength=Strength.STRONG, *, agrees=True):
    return Opinion(OfficerId("pc1"), Verdict.SUPPORTS, strength, agrees)


@pytest.mark.parametrize(
    ("told", "doubt"),
    [
        ({}, None),
        ({"band": "B", "ahead_by": None, "list_rank": None}, None),
        ({"band": "C"}, "the face is of band C"),
        ({"list_rank": 2, "ahead_by": -0.1}, "stood 2nd on the candidate list"),
        ({"list_rank": 13, "ahead_by": -0.1}, "stood 13th on the candidate list"),
        ({"list_rank": 21, "ahead_by": -0.1}, "stood 21st on the candidate list"),
        ({"ahead_by": 0.0699}, "somebody else on the list scored within 0.07"),
        ({"ahead_by": 0.07}, None),
        ({"likelihood_ratio": 9.9}, "likelihood ratio 9.9, weak support at most"),
        ({"likelihood_ratio": 10.0}, None),
        ({"judgements": (opinion(), opinion(Strength.LIMITED))}, "an officer found limited support only"),
        ({"judgements": (opinion(), opinion(agrees=False))}, "one of three officers did not agree"),
        ({"judgements": (opinion(), opinion(None))}, None),
    ],
)
def test_what_makes_a_link_doubtful(told, doubt):
    assert explaining_words.doubts(LinkStatus.CORROBORATED, (face(**told),)) == ((doubt,) if doubt else ())


def test_a_link_that_is_not_corroborated_says_so_first():
    assert explaining_words.doubts(LinkStatus.UNKNOWN, (face(),))[0].startswith("by likeness alone")
    assert explaining_words.doubts(LinkStatus.PROPOSED, (face(),))[0].startswith("proposed: one officer")


def test_what_would_change_is_computed_for_every_doubt_and_every_proposal(desk, page):
    doubtful = {o.offence_id for o in page.offences if o.doubts}
    assert doubtful
    fails = {c.offences for c in page.changes if c.kind is ChangeKind.LINK_FAILS}
    assert fails == {(one,) for one in doubtful}
    (all_of_them,) = [c for c in page.changes if c.kind is ChangeKind.DOUBTFUL_FAIL]
    assert set(all_of_them.offences) == doubtful
    assert all_of_them.place.totals["count"] == len(page.offences) - len(doubtful)
    joins = {c.other for c in page.changes if c.kind is ChangeKind.JOIN_CORROBORATED}
    with desk.case.session(writing=False) as session:
        proposed = [p for p in persons.linkage(session).proposals if p.persons[1:] == (FIRST,)]
    assert joins == {p.persons[0] for p in proposed} != set()
    first, second = (abs(c.place.ranks["harm"] - page.place.ranks["harm"]) for c in page.changes[:2])
    assert first >= second, "what moves the place most comes first"


def test_a_person_nobody_has_named_is_not_ranked_and_the_page_says_what_would_rank_them(desk):
    page = explaining.why(desk, "unknown 1")
    assert page.standing is None
    assert set(page.place.ranks.values()) == {None}
    assert "Not ranked: no link of theirs is corroborated" in page.sentences[0]
    assert not any(o.counts for o in page.offences)
    every = next(c for c in page.changes if c.kind is ChangeKind.ALL_CORROBORATED)
    counted = explaining.why(desk, "unknown 1", with_proposals=True)
    assert every.place.totals == counted.place.totals
    assert counted.standing is not None
    assert {o.doubts[0] for o in counted.offences} == {"by likeness alone: no officer holds it to be this person"}


def test_whoever_is_beside_them_is_there_as_often_as_in_the_case(desk, page):
    asked = analysing.person(desk, FIRST).co_offenders
    assert {c.person_id: len(c.offences) for c in page.co_offenders} == dict(
        zip(asked.person_id, asked.offences_together, strict=True)
    )


def test_a_period_counts_its_offences_and_no_other(desk):
    from datetime import date

    page = explaining.why(desk, FIRST, since=date(2026, 6, 1), until=date(2026, 6, 30))
    assert {o.occurred_at.month for o in page.offences} == {6}
    assert page.standing.offences == len(page.offences)
    assert page.silence.silence.days == (date(2026, 6, 30) - page.offences[-1].occurred_at.date()).days


def test_gaps_are_the_longest_stretches_and_name_arrests_within(page):
    days = [gap.between.days for gap in page.gaps]
    assert days == sorted(days, reverse=True)
    assert min(days) >= explaining.GAP_DAYS
    for gap in page.gaps:
        assert [o for o in page.offences if gap.since < o.occurred_at.date() < gap.until] == []
        assert gap.between.days == (gap.until - gap.since).days - 1
        assert gap.between.in_custody + gap.between.at_liberty + gap.between.not_known == gap.between.days
        assert all(gap.since <= a.arrested_on <= gap.until for a in gap.arrests)


def test_the_silence_since_the_last_offence_is_that_of_the_report_of_silences(desk, page):
    told = {silence.person_id: silence for silence in worth.quiet(desk).silences}
    assert page.silence == told[FIRST]
    assert page.silence.last_offence == page.offences[-1].occurred_at.date()
    assert explaining.why(desk, "unknown 1").silence is None, "none of their links counts"


def test_a_person_there_is_not_and_one_without_a_link_in_the_period(desk):
    from datetime import date

    with pytest.raises(NotFound, match="no person N0 in the last linking run; `stillgraph link CASE --json` lists"):
        explaining.why(desk, "N0")
    with pytest.raises(NotFound, match=f"No link of person {FIRST} is in this period"):
        explaining.why(desk, FIRST, until=date(2025, 12, 1))


def test_an_unknown_measure_is_refused(desk):
    with pytest.raises(WrongUse, match="choose one of them instead of 'luck'"):
        explaining.why(desk, FIRST, by="luck")


def test_the_same_case_makes_the_same_page(desk, page):
    assert explaining.why(desk, FIRST) == page


@pytest.fixture
def changeable(demo_case, tmp_path):
    shutil.copytree(demo_case, tmp_path / "case")
    return take_seat(tmp_path / "case", officer=demo.ANALYST, operation=demo.OPERATION, reason="test")


def test_a_reviewer_may_not_ask_why(changeable):
    governing.add_officer(changeable, "pc1", role=Role.REVIEWER)
    seat = take_seat(changeable.case.directory, officer="pc1", operation=demo.OPERATION, reason="test")
    with pytest.raises(NotPermitted, match="To explain is not for a reviewer"):
        explaining.why(seat, FIRST)


def test_a_person_officers_rule_to_be_another_is_told_of_with_that_one(changeable):
    before = explaining.why(changeable, FIRST)
    unknown = explaining.why(changeable, "unknown 1")
    of_unknown = [face.face_id for o in unknown.offences for face in o.faces]
    linking.rule(changeable, [of_unknown[0], before.offences[0].faces[0].face_id], Says.SAME)
    linkage = linking.link(changeable)
    (proposed,) = [p for p in linkage.persons if p.proposed_as == FIRST]
    with pytest.raises(WrongUse, match=f"Officers rule {proposed.person_id} to be {FIRST}, as whom they count"):
        explaining.why(changeable, proposed.person_id)
    after = explaining.why(changeable, FIRST)
    assert after.place == before.place, "one officer's ruling counts only where proposals do"
    (waiting,) = [o for o in after.offences if not o.counts]
    assert waiting.status is LinkStatus.PROPOSED
    assert waiting.faces[0].evidence.basis is Basis.RULING
    assert ChangeKind.LINK_CORROBORATED in {c.kind for c in after.changes}
    counted = explaining.why(changeable, FIRST, with_proposals=True)
    assert counted.standing.offences == before.standing.offences + 1
    assert counted.standing.status is LinkStatus.PROPOSED


def test_what_is_said_of_faces_not_settled_is_in_no_page(small_case):
    small_case.judge("first", "R08/R08_0002.jpg#1", Verdict.NO_CANDIDATE)
    linkage = linking.link(small_case.seat())
    owner = next(p for p in linkage.persons if "R08/R08_0002.jpg#1" in {f.face_id for f in p.faces})
    page = explaining.why(small_case.seat(), owner.person_id)
    assert [f.evidence.judgements for o in page.offences for f in o.faces] == [()] * len(owner.faces)
