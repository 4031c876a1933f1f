"""Who may do what: each missing part of a claim is refused by itself, with the way out."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from stillgraph.errors import NotPermitted, WrongUse
from stillgraph.governance.permits import SETTING_UP, Action, Claim, permit
from stillgraph.governance.roles import GROUPS
from stillgraph.records import Officer, Operation, Role, SignIn

TODAY = date(2026, 11, 20)
OFFICER = Officer("pc1", None, "Somebody")
OPEN = Operation("OP-1", "tests", datetime(2026, 11, 1, tzinfo=UTC), None)
CASEWORK = sorted(set(Action) - SETTING_UP)


def ask(action=Action.SEARCH, claim=None, officer=OFFICER, operation=OPEN):
    permit(action, claim if claim is not None else Claim("pc1", "OP-1", "why"), officer, operation, TODAY)


@pytest.mark.parametrize("action", Action)
def test_a_whole_claim_covers_every_action(action):
    ask(action)


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("given", [None, ""])
def test_there_is_no_default_officer(action, given):
    with pytest.raises(NotPermitted, match=rf"^To {action}, say who is acting: --officer ID .*no default officer"):
        ask(action, Claim(given, "OP-1", "why"), officer=None)


@pytest.mark.parametrize("action", Action)
def test_an_officer_unknown_to_the_case_is_refused(action):
    with pytest.raises(NotPermitted, match=r"no officer pc9 in this case; add them with `stillgraph case officer add`"):
        ask(action, Claim("pc9", "OP-1", "why"), officer=None)


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("given", [None, "", "  \n"])
def test_every_action_needs_a_reason(action, given):
    with pytest.raises(NotPermitted, match=rf"^To {action}, state the reason: --reason TEXT"):
        ask(action, Claim("pc1", "OP-1", given))


@pytest.mark.parametrize("action", CASEWORK)
@pytest.mark.parametrize("given", [None, ""])
def test_casework_needs_an_operation(action, given):
    with pytest.raises(NotPermitted, match=rf"^To {action}, say for which operation: --operation OP"):
        ask(action, Claim("pc1", given, "why"), operation=None)


@pytest.mark.parametrize("action", CASEWORK)
def test_an_operation_unknown_to_the_case_is_refused(action):
    with pytest.raises(NotPermitted, match=r"no operation OP-9 in this case; open it with `stillgraph case operation"):
        ask(action, Claim("pc1", "OP-9", "why"), operation=None)


@pytest.mark.parametrize("action", CASEWORK)
def test_an_operation_permits_on_its_last_day_and_not_after_it(action):
    ask(action, operation=Operation("OP-1", "tests", OPEN.opened_at, TODAY))
    with pytest.raises(NotPermitted, match=r"OP-1 ended on 2026-11-19 and permits nothing now; extend it with"):
        ask(action, operation=Operation("OP-1", "tests", OPEN.opened_at, date(2026, 11, 19)))


def test_a_reviewer_looks_at_lists_and_runs_no_queries():
    reviewer = Officer("pc1", Role.REVIEWER, "Somebody")
    with pytest.raises(
        NotPermitted, match=r"^To query is not for a reviewer: it shows scores, .*Ask an officer of another"
    ):
        ask(Action.QUERY, officer=reviewer)
    ask(Action.DEAL, officer=reviewer)
    ask(Action.QUERY, officer=Officer("pc1", None, "Somebody"))


@pytest.mark.parametrize("action", sorted(SETTING_UP))
def test_setting_up_comes_before_there_is_an_operation(action):
    ask(action, Claim("pc1", None, "why"), operation=None)


def test_only_what_is_done_to_the_case_itself_comes_before_an_operation():
    assert not SETTING_UP & (set(Action) - {a for g in GROUPS[:3] for a in g.may})
    assert not SETTING_UP & {Action.SEARCH, Action.VIEW, Action.QUERY, Action.SIGN_IN, Action.OPEN_WORKBENCH}


def test_a_closed_operation_and_one_yet_to_begin_permit_nothing():
    closed = replace(OPEN, closed_at=datetime(2026, 11, 19, tzinfo=UTC))
    with pytest.raises(NotPermitted, match=r"OP-1 was closed on 2026-11-19 and permits nothing now; open another"):
        ask(operation=closed)
    ask(operation=replace(OPEN, begins=TODAY))
    with pytest.raises(NotPermitted, match=r"OP-1 begins on 2026-11-21 and permits nothing before; act from then on"):
        ask(operation=replace(OPEN, begins=date(2026, 11, 21)))


@pytest.mark.parametrize("action", Action)
def test_who_is_suspended_may_do_nothing(action):
    with pytest.raises(NotPermitted, match=r"^Officer pc1 is suspended and may do nothing in this case"):
        ask(action, officer=replace(OFFICER, suspended=True))


def test_where_signing_in_is_required_a_claim_alone_is_not_enough():
    with pytest.raises(NotPermitted, match=r"lets nobody act who has not signed in: give your token in "):
        permit(Action.VIEW, Claim("pc1", "OP-1", "why"), OFFICER, OPEN, TODAY, sign_in_required=True)
    token = SignIn(1, "pc1", "hash", TODAY, revoked=False)
    permit(
        Action.VIEW, Claim("pc1", "OP-1", "why", sign_in=1), OFFICER, OPEN, TODAY, signed_in=token,
        sign_in_required=True,
    )  # fmt: skip


def test_a_team_needs_roles_whatever_the_case_says():
    permit(Action.VIEW, Claim("pc1", "OP-1", "why"), OFFICER, OPEN, TODAY)
    with pytest.raises(NotPermitted, match="officer pc1 needs a role"):
        permit(Action.VIEW, Claim("pc1", "OP-1", "why", team=True), OFFICER, OPEN, TODAY)


@pytest.mark.parametrize(
    "wrong", [12, 7.5, True, b"desk", ["desk"], "x" * 2_001, "half \ud83d of a character", "a\0b"], ids=repr
)
@pytest.mark.parametrize("part", ["officer", "operation", "reason"])
def test_what_the_record_could_not_hold_as_it_was_given_is_no_claim(part, wrong):
    with pytest.raises(WrongUse, match=f"The {part} is given as text"):
        Claim(**{"officer": "ana", "operation": "OP", "reason": "why", part: wrong})


def test_a_claim_may_lack_parts_and_have_long_reasons():
    assert Claim(None, None, "x" * 2_000).operation is None
    with pytest.raises(WrongUse, match="at most 200 characters"):
        Claim("x" * 201, None, None)
