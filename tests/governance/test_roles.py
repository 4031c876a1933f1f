"""The table of roles and actions: every pair is decided, and decided so."""

from collections import Counter
from itertools import product

import pytest

from stillgraph.governance.actions import Action
from stillgraph.governance.roles import GROUPS, READS, TABLE, readable, refusal, sees_faces
from stillgraph.records import Officer, Role

PAIRS = list(product(Action, Role))


def officer(role, **more):
    return Officer("pc1", role, "Somebody", **more)


def test_every_action_stands_in_the_table_once():
    assert Counter(action for group in GROUPS for action in group.may) == Counter(Action)
    assert set(TABLE) == set(Action)
    assert all(rule.may for rule in TABLE.values()), "each is for somebody"


@pytest.mark.parametrize(("action", "role"), PAIRS)
def test_every_pair_is_decided_and_a_refusal_says_why(action, role):
    said = refusal(action, officer(role), enforced=False)
    assert (said is None) == (role in TABLE[action].may)
    assert said == refusal(action, officer(role), enforced=True), "a role given by name binds with and without"
    if said is not None:
        assert said.startswith(f"To {action} is not for a")
        assert "Somebody" not in said


@pytest.mark.parametrize("action", Action)
def test_who_has_no_role_or_was_the_first_is_free_until_roles_are_enforced(action):
    founder = officer(Role.ADMINISTRATOR, founder=True)
    assert refusal(action, officer(None), enforced=False) is None
    assert refusal(action, founder, enforced=False) is None
    assert "needs a role" in refusal(action, officer(None), enforced=True)
    assert refusal(action, founder, enforced=True) == refusal(action, officer(Role.ADMINISTRATOR), enforced=True)


def test_who_searches_does_not_judge_and_who_judges_does_not_search():
    for role in (Role.ANALYST, Role.REVIEWER):
        assert (role in TABLE[Action.SEARCH].may) != (role in TABLE[Action.JUDGE].may)
    blind = {Action.SEARCH, Action.QUERY, Action.EXPLAIN, Action.EXPORT_CASE_PACK, Action.RANK, Action.OPEN_LAB}
    assert not [action for action in blind if Role.REVIEWER in TABLE[action].may]


def test_an_administrator_searches_nobody_and_sees_nobody():
    about_people = {
        Action.SEARCH, Action.ENROL_CUSTODY, Action.ENHANCE, Action.LINK, Action.RANK, Action.NETWORK, Action.QUERY,
        Action.EXPLAIN, Action.EXPORT_CASE_PACK, Action.EXPORT_STATEMENT, Action.VIEW_DETAIL, Action.VIEW_FACES,
        Action.JUDGE, Action.SUBJECT_ACCESS, Action.OPEN_LAB,
    }  # fmt: skip
    assert not [action for action in about_people if Role.ADMINISTRATOR in TABLE[action].may]


@pytest.mark.parametrize("role", [Role.MANAGER, Role.AUDITOR, Role.ADMINISTRATOR])
def test_managers_auditors_and_administrators_see_no_faces_unless_it_is_said(role):
    assert not sees_faces(officer(role))
    assert sees_faces(officer(role, sees_faces=True))
    more = {action for action in Action if refusal(action, officer(role, sees_faces=True), enforced=False) is None}
    assert more - {action for action in Action if role in TABLE[action].may} == {Action.VIEW_FACES, Action.VIEW_DETAIL}


def test_a_supervisor_may_whatever_an_analyst_may():
    assert not [
        action for action, rule in TABLE.items() if Role.ANALYST in rule.may and Role.SUPERVISOR not in rule.may
    ]


def test_no_role_may_change_the_record():
    on_the_record = [action for action in Action if "audit" in action or "record" in action]
    assert {Action.SEARCH_AUDIT, Action.EXPORT_AUDIT, Action.RECORD_ANSWER, Action.RECORD_TIMES} == set(on_the_record)


def test_an_auditor_s_queries_read_no_person():
    assert readable(officer(Role.AUDITOR), enforced=False) == READS[Role.AUDITOR]
    assert readable(officer(Role.ANALYST), enforced=True) is None
    assert not READS[Role.AUDITOR] & {"nominals", "persons", "custody_images", "candidates", "arrests", "faces"}


def test_an_action_without_a_row_is_for_nobody_with_a_role():
    assert "nobody's role lets them" in refusal("juggle", officer(Role.SUPERVISOR), enforced=False)
