"""The wide views say what the plain ones say, row by row: nothing is lost, counted twice or told too early."""

from __future__ import annotations

import shutil
from collections import Counter
from itertools import pairwise

import networkx as nx
import pytest

from stillgraph import demo
from stillgraph.casework import networking
from stillgraph.casework import ranking as rankings
from stillgraph.network import co_offending
from stillgraph.records import OfficerId
from stillgraph.store import CaseFile

ONE_ROW_A = {
    "v_offence": "offences",
    "v_person": "persons",
    "v_link": "person_faces",
    "v_candidate": "candidates",
    "v_search": "searches",
    "v_still": "stills",
    "v_store": "stores",
}


@pytest.fixture(scope="module")
def session(demo_case):
    with CaseFile(demo_case).session(writing=True) as opened:
        yield opened


@pytest.mark.parametrize(("wide", "plain"), ONE_ROW_A.items())
def test_each_has_one_row_where_the_plain_view_has_one(session, wide, plain):
    key = {"v_candidate": "search_id, face_id, rank"}.get(
        wide, {"v_link": "face_id"}.get(wide, "search_id" if wide == "v_search" else f"{plain[:-1]}_id")
    )
    ours = session.rows(f"SELECT {key} FROM {wide} ORDER BY ALL")
    assert ours
    assert ours == session.rows(f"SELECT {key} FROM {plain} ORDER BY ALL")


@pytest.mark.parametrize("wide", ONE_ROW_A)
def test_counts_are_whole_numbers_that_every_format_holds(session, wide):
    assert [row[:2] for row in session.rows(f"DESCRIBE {wide}") if "HUGEINT" in row[1] or "DECIMAL" in row[1]] == []


@pytest.mark.parametrize("wide", ["v_offence", "v_search", "v_still"])
def test_faces_under_review_add_up(session, wide):
    total = "sum(leads)::BIGINT, sum(pending + corroborated + not_supported + disputed)::BIGINT"
    reviews = session.one("SELECT count(*) FROM reviews")[0]
    assert session.one(f"SELECT {total} FROM {wide}") == (reviews, reviews)


def test_a_person_s_co_offenders_are_their_neighbours_in_the_network(demo_case, session):
    told = dict(session.rows("SELECT person_id, co_offenders FROM v_person"))
    graph = networking.offence_network(demo.seat(demo_case, OfficerId(demo.ANALYST)), with_proposals=True)
    together: nx.Graph = co_offending(graph)
    assert {together.nodes[n]["person_id"]: together.degree(n) for n in together} == told


def test_a_person_s_totals_are_those_of_the_ranking(demo_case, session):
    ranked = rankings.ranking(demo.seat(demo_case, OfficerId(demo.ANALYST)), include_proactive=True)
    columns = "person_id, offences, retailers, harm_days, value_pence, arrests"
    told = {row[0]: row[1:] for row in session.rows(f"SELECT {columns} FROM v_person WHERE status = 'corroborated'")}
    assert told == {
        s.person_id: (s.offences, s.retailers, s.harm_days, s.value_pence, s.prior_arrests) for s in ranked.standings
    }


def test_an_offence_lists_whom_its_stills_show(session):
    shown: dict[str, set[str]] = {}
    for person, offence in session.rows("SELECT person_id, offence_id FROM person_faces"):
        shown.setdefault(offence, set()).add(person)
    for offence, persons, ids, link in session.rows("SELECT offence_id, persons, person_ids, link FROM v_offence"):
        assert ids == sorted(shown.get(offence, ()))
        assert persons == len(ids)
        assert (link is None) == (not ids)


def test_a_link_s_score_is_that_of_whom_review_named_on_the_list_judged(session):
    rows = session.rows(
        "SELECT l.face_id, l.score, l.list_rank, l.custody_image_id, r.search_id, r.nominal_id "
        "FROM v_link AS l JOIN reviews AS r USING (face_id) WHERE r.outcome = 'corroborated'"
    )
    listed = {
        (search, face, nominal): (score, rank, image)
        for search, face, nominal, score, rank, image in session.rows(
            "SELECT search_id, face_id, nominal_id, score, rank, custody_image_id FROM candidates"
        )
    }
    assert len(rows) > 100
    assert all(listed[search, face, named] == (s, n, i) for face, s, n, i, search, named in rows)
    unnamed = "SELECT count(*) FROM v_link WHERE outcome IS DISTINCT FROM 'corroborated' AND score IS NOT NULL"
    assert session.one(unnamed) == (0,)


def test_how_far_ahead_a_candidate_is_reaches_to_the_next_of_the_same_list(session):
    lists: dict[tuple, list[tuple]] = {}
    for search, face, score, ahead in session.rows(
        "SELECT search_id, face_id, score, ahead_by FROM v_candidate ORDER BY search_id, face_id, rank"
    ):
        lists.setdefault((search, face), []).append((score, ahead))
    for rows in lists.values():
        assert [ahead for _, ahead in rows[:-1]] == [a[0] - b[0] for a, b in pairwise(rows)]
        assert rows[-1][1] is None


def test_harm_is_left_out_rather_than_understated_where_the_table_lacks_a_code(demo_case, tmp_path):
    shutil.copytree(demo_case, tmp_path / "case")
    with CaseFile(tmp_path / "case").session(writing=True) as session:
        session.execute("DELETE FROM held.harm_values WHERE offence_code = '34A'")
        for view, key in (("v_person", "person_id"), ("v_store", "store_id")):
            robbed = session.rows(
                f"SELECT DISTINCT {key} FROM (SELECT person_id, store_id, offence_code FROM v_link UNION ALL "
                f"SELECT NULL, store_id, offence_code FROM v_offence) WHERE offence_code = '34A' AND {key} IS NOT NULL"
            )
            without = session.rows(f"SELECT {key} FROM {view} WHERE harm_days IS NULL")
            assert sorted(without) == sorted(robbed) != []
        assert session.one("SELECT count(*) FROM v_store WHERE offences = 0 AND harm_days <> 0") == (0,)
        lacking = session.rows("SELECT DISTINCT offence_code FROM v_offence WHERE harm_days IS NULL")
        assert lacking == [("34A",)]


def test_stores_hold_the_offences_of_the_case_between_them(session):
    ours = session.one("SELECT sum(offences)::BIGINT, sum(value_pence)::BIGINT, sum(stills)::BIGINT FROM v_store")
    plain = "SELECT count(*), sum(value_pence)::BIGINT, (SELECT count(*) FROM stills) FROM offences"
    assert ours == session.one(plain)


def stages(case):
    with case.seat().case.session(writing=False) as session:
        return dict(session.rows("SELECT still_id, stage FROM v_still"))


def test_a_still_s_stage_follows_its_review(small_case):
    from stillgraph.records import Verdict

    still, face = "R08/R08_0002.jpg", "R08/R08_0002.jpg#1"
    before = stages(small_case)
    assert before[still] == "pending"
    small_case.judge("first", face, Verdict.NO_CANDIDATE)
    assert stages(small_case) == before, "one officer's verdict moves nothing"
    small_case.judge("second", face, Verdict.NO_CANDIDATE)
    assert Counter(stages(small_case).values()) - Counter(before.values()) == Counter({"not supported": 1})


def test_one_officer_s_verdict_shows_in_no_wide_view_but_as_a_count(small_case):
    from stillgraph.records import Verdict

    face = "R08/R08_0002.jpg#1"
    small_case.judge("first", face, Verdict.NO_CANDIDATE)
    with small_case.seat().case.session(writing=False) as session:
        told = session.rows("SELECT outcome, officers, corroborated FROM v_candidate WHERE face_id = ?", [face])
    assert set(told) == {("pending", 1, False)}


def test_a_face_searched_again_is_counted_with_its_newest_list(small_case):
    from stillgraph.casework import searching

    before = _of_searches(small_case)
    searching.search(small_case.seat("third"), stills=["R08/R08_0002.jpg"], limit=1)
    after = _of_searches(small_case)
    assert len(after) == len(before) + 1
    assert after[0][1] == before[0][1], "its lists are still its own"
    assert after[0][2] == before[0][2] - after[1][2], "but no longer the newest"
    assert after[1][1] == after[1][2] >= 1


def _of_searches(case):
    with case.seat().case.session(writing=False) as session:
        return session.rows("SELECT search_id, leads, newest_lists FROM v_search ORDER BY search_id")
