"""The view ``reviews`` and :mod:`stillgraph.review` state one rule, in SQL and in Python: each holds the other to it."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillgraph import review
from stillgraph.records import Judgement, Outcome, Verdict
from stillgraph.store import searches

AT = datetime(2026, 11, 1, tzinfo=UTC)
FACES = ("R01/a.jpg#1", "R01/a.jpg#2", "R02/b's.jpg#1")
SAYS = [(Verdict.SUPPORTS, "N1"), (Verdict.SUPPORTS, "N2"), (Verdict.NO_CANDIDATE, None), (Verdict.INCONCLUSIVE, None)]


@contextmanager
def undone(case):
    """Give a session whose changes are rolled back."""
    with case.session(writing=True) as session:
        session.execute("BEGIN TRANSACTION")
        try:
            yield session
        finally:
            session.execute("ROLLBACK")


def listed(session, faces=FACES, search=1):
    session.append("probes", [{"search_id": search, "face_id": f, "outcome": "candidates"} for f in faces])
    if search == 1:
        session.append("faces", [face_row(f) for f in faces])


def face_row(face_id):
    measures = ("x", "y", "width", "height", "inter_eye_px", "sharpness", "brightness", "contrast", "frontality",
                "detection_score")  # fmt: skip
    return {
        "face_id": face_id, "image_kind": "still", "image_id": face_id.split("#")[0], **dict.fromkeys(measures, 1.0),
        "landmarks": [0.0] * 10, "found_by": "test", "usable": True, "unusable_reason": None,
    }  # fmt: skip


def judgement(sequence, face, officer, says, simulated=False):
    return Judgement(sequence, face, 1, officer, *says, "ears", AT, simulated)


def append(session, judgements):
    rows = [{**asdict(j), "comparison": None, "officer_id": j.officer, "verdict": str(j.verdict)} for j in judgements]
    session.append("judgements", [{k: v for k, v in row.items() if k != "officer"} for row in rows])


def rows(session):
    return {
        face: (outcome, nominal, officers, kind)
        for face, outcome, nominal, officers, kind in session.rows(
            "SELECT face_id, outcome, nominal_id, officers, review_kind FROM main.reviews"
        )
    }


votes = st.tuples(st.sampled_from(FACES), st.sampled_from("abcd"), st.sampled_from(SAYS), st.booleans())


@given(st.lists(votes, max_size=14), st.randoms(use_true_random=False))
def test_the_view_and_the_rule_agree_on_every_set_of_judgements(open_case, cast, random):
    judgements = [judgement(n, *vote) for n, vote in enumerate(cast, start=1)]
    stored = list(judgements)
    random.shuffle(stored)
    with undone(open_case) as session:
        listed(session)
        append(session, stored)
        found = rows(session)
        assert searches.judgements(session) == judgements, "they come back in their sequence, however they are stored"
    for face in FACES:
        own = [j for j in judgements if j.face_id == face]
        ruling = review.ruling(own)
        kind = None if not own else "simulated review" if any(j.simulated for j in own) else "human review"
        assert found[face] == (ruling.outcome, ruling.nominal_id, len({j.officer for j in own}), kind)


by_list = st.tuples(st.sampled_from(FACES), st.sampled_from("abc"), st.sampled_from(SAYS), st.integers(1, 4))


@given(st.lists(by_list, max_size=14), st.sampled_from([None, 1, 2, 3, 4]))
def test_only_judgements_since_an_enrolment_opened_the_review_count(open_case, cast, opened):
    judgements = [
        Judgement(n, face, search, officer, *says, "ears", AT, simulated=False)
        for n, (face, officer, says, search) in enumerate(cast, start=1)
    ]
    with undone(open_case) as session:
        listed(session)
        for search in (1, 2, 3, 4):
            searched(session, search, "enrolment of delivery 7" if search == opened else None)
            if search > 1:
                listed(session, FACES[:1], search)
        append(session, judgements)
        found, counting = rows(session), searches.judgements_by_face(session)
        before = dict(session.rows("SELECT face_id, judged_before FROM main.reviews"))
        assert searches.judgements(session) == judgements, "all stay on record"
    for face in FACES:
        # Only the first face is on more than one list; the second and third were opened by the first search, if at all.
        since = opened if opened is not None and (face == FACES[0] or opened == 1) else 0
        own = [j for j in judgements if j.face_id == face and j.search_id >= since]
        assert counting.get(face, []) == own
        ruling = review.ruling(own)
        assert found[face][:3] == (ruling.outcome, ruling.nominal_id, len({j.officer for j in own}))
        assert before[face] == sum(j.face_id == face for j in judgements) - len(own)


def searched(session, search, occasion):
    session.execute(
        "INSERT INTO held.searches (search_id, officer_id, operation_id, reason, searched_at, model, gallery_size, "
        "gallery_version, threshold, list_limit, elapsed_s, occasion) VALUES (?, 'x', 'x', 'x', ?, 'm', 1, 'v', -1, 20, 0, ?)",
        [search, AT, occasion],
    )


@pytest.mark.parametrize("says", SAYS)
def test_one_officer_however_often_settles_nothing_in_sql_either(open_case, says):
    with undone(open_case) as session:
        listed(session)
        append(session, [judgement(n, FACES[0], "a", says) for n in range(1, 6)])
        assert rows(session)[FACES[0]][:3] == (Outcome.PENDING, None, 1)


def test_a_tie_of_four_is_disputed_and_names_nobody(open_case):
    with undone(open_case) as session:
        listed(session)
        append(session, [judgement(n, FACES[0], o, SAYS[n % 2]) for n, o in enumerate("abcd", start=1)])
        assert rows(session)[FACES[0]] == (Outcome.DISPUTED, None, 4, "human review")


def test_a_review_names_the_latest_search_that_gave_candidates(open_case):
    with undone(open_case) as session:
        listed(session)
        listed(session, FACES[:1], search=4)
        session.append("probes", [{"search_id": 5, "face_id": FACES[0], "outcome": "no candidate above threshold"}])
        found = dict(session.rows("SELECT face_id, search_id FROM main.reviews"))
    assert found == {FACES[0]: 4, FACES[1]: 1, FACES[2]: 1}


def test_a_face_without_candidates_is_not_under_review(open_case):
    with undone(open_case) as session:
        session.append("faces", [face_row(FACES[0])])
        session.append("probes", [{"search_id": 1, "face_id": FACES[0], "outcome": "not searched: unusable face"}])
        assert rows(session) == {}


def test_judgements_are_appended_in_one_gapless_sequence(open_case):
    with undone(open_case) as session:
        numbers = [
            searches.add_judgement(session, judgement(0, FACES[0], officer, (Verdict.NO_CANDIDATE, None)))
            for officer in "aab"
        ]
        assert numbers == [1, 2, 3]
        assert [j.sequence for j in searches.judgements(session, FACES[0])] == [1, 2, 3]


@pytest.mark.parametrize("says", [(Verdict.SUPPORTS, None), (Verdict.NO_CANDIDATE, "N1")])
def test_the_file_itself_refuses_a_support_of_nobody_and_a_denial_of_somebody(open_case, says):
    import duckdb

    with pytest.raises(duckdb.ConstraintException, match="CHECK"), undone(open_case) as session:
        append(session, [judgement(1, FACES[0], "a", says)])
