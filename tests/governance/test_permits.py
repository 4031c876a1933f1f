"""Who may do what: each missing part of a claim is refused by itself, with the way out."""

from datetime import UTC, date, datetime

import pytest

from stillgraph.errors import NotPermitted
from stillgraph.governance.permits import SETTING_UP, Action, Claim, permit
from stillgraph.records import Officer, Operation, Role

TODAY = date(2026, 11, 20)
OFFICER = Officer("pc1", Role.ANALYST, "Somebody")
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
    with pytest.raises(NotPermitted, match=r"OP-1 ended on 2026-11-19 and permits nothing now; open another"):
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
    assert {
        Action.ADD_OFFICER,
        Action.OPEN_OPERATION,
        Action.UPGRADE_CASE,
        Action.ISSUE_TOKEN,
        Action.REVOKE_TOKEN,
        Action.BACK_UP,
        Action.RESTORE,
        Action.REMOVE_BACKUP,
        Action.LIST_BACKUPS,
    } == SETTING_UP
