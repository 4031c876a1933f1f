"""Officers sign in with tokens of their own: issued once, recorded, and useless the moment they are taken back."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from stillgraph.casework import analysing, governing, signing_in, take_seat
from stillgraph.errors import NotFound, NotPermitted
from stillgraph.records import Role

HERE = {"operation": "OP-TEST", "reason": "test"}


@pytest.fixture
def audit(small_case):
    def of(action):
        with small_case.seat().case.session(writing=False) as session:
            rows = session.rows(
                "SELECT officer, result, details FROM main.audit WHERE action = ? ORDER BY sequence", [action]
            )
        return [(officer, result, json.loads(details)) for officer, result, details in rows]

    return of


def test_a_token_lets_its_officer_in_and_every_action_says_by_which(small_case, audit):
    issued = signing_in.issue_token(small_case.seat("desk"), "first")
    assert issued.token not in repr(issued)
    entered = signing_in.sign_in(small_case.directory, issued.token, **HERE)
    assert (entered.officer_id, entered.token_id) == ("first", issued.token_id)
    assert audit("sign in") == [("first", "done", {"sign_in": 1})]
    seat = take_seat(small_case.directory, officer="first", sign_in=1, **HERE)
    analysing.at_a_glance(seat)
    assert audit("view")[-1] == ("first", "done", {"sign_in": 1, "what": "at a glance"})


def test_the_token_itself_is_nowhere_in_the_case(small_case, audit):
    issued = signing_in.issue_token(small_case.seat("desk"), "first")
    secret = issued.token.split(".")[1]
    kept = audit("issue sign-in token")
    assert kept == [("desk", "done", {"to": "first", "token": 1, "until": str(issued.until)})]
    for path in small_case.directory.rglob("*"):
        if path.is_file():
            assert secret.encode() not in path.read_bytes(), path
    with small_case.seat().case.session(writing=False) as session:
        columns = {row[0] for row in session.rows("DESCRIBE main.sign_in_tokens")}
    assert "hash" not in columns


def test_a_token_taken_back_ends_what_is_open(small_case):
    desk = small_case.seat("desk")
    one, two = (signing_in.issue_token(desk, "first") for _ in range(2))
    other = signing_in.issue_token(desk, "second")
    seat = take_seat(small_case.directory, officer="first", sign_in=one.token_id, **HERE)
    analysing.at_a_glance(seat)
    assert signing_in.still_signed_in(small_case.directory, "first", one.token_id)
    assert signing_in.revoke_tokens(desk, "first") == (one.token_id, two.token_id)
    with pytest.raises(NotPermitted, match="Your sign-in has ended"):
        analysing.at_a_glance(seat)
    assert not signing_in.still_signed_in(small_case.directory, "first", one.token_id)
    assert signing_in.still_signed_in(small_case.directory, "second", other.token_id)
    with pytest.raises(NotPermitted, match="Your sign-in has ended"):
        signing_in.sign_in(small_case.directory, one.token, **HERE)
    with pytest.raises(NotFound, match="Officer first has no token that lets them in"):
        signing_in.revoke_tokens(desk, "first")


def test_a_token_ends_with_its_last_day(small_case, monkeypatch):
    today = datetime.now(UTC).date()
    issued = signing_in.issue_token(small_case.seat("desk"), "first", until=today)
    assert signing_in.still_signed_in(small_case.directory, "first", 1)
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    monkeypatch.setattr(signing_in, "now", lambda: tomorrow)
    assert not signing_in.still_signed_in(small_case.directory, "first", issued.token_id)
    late = take_seat(small_case.directory, officer="first", sign_in=1, clock=lambda: tomorrow, **HERE)
    with pytest.raises(NotPermitted, match="Your sign-in has ended"):
        analysing.at_a_glance(late)


@pytest.mark.parametrize("token", ["", "1", "1.short", "rubbish", "9.{secret}", "1.{secret}x", "2.{secret}"])
def test_a_token_that_is_none_lets_nobody_in_and_is_recorded(small_case, audit, token):
    issued = signing_in.issue_token(small_case.seat("desk"), "first")
    signing_in.issue_token(small_case.seat("desk"), "second")
    wrong = token.format(secret=issued.token.split(".")[1])
    with pytest.raises(NotPermitted, match=r"^This token lets nobody in: it is none of this case's"):
        signing_in.sign_in(small_case.directory, wrong, **HERE)
    ((officer, result, details),) = audit("sign in")
    assert (officer, result) == ("(none)", "failed")
    assert issued.token.split(".")[1] not in json.dumps(details)


def test_one_officers_sign_in_is_no_other_officers(small_case):
    signing_in.issue_token(small_case.seat("desk"), "first")
    with pytest.raises(NotPermitted, match="Your sign-in has ended"):
        analysing.at_a_glance(take_seat(small_case.directory, officer="second", sign_in=1, **HERE))


def test_nobody_is_let_in_for_an_operation_that_permits_nothing(small_case):
    issued = signing_in.issue_token(small_case.seat("desk"), "first")
    with pytest.raises(NotPermitted, match="no operation OP-9"):
        signing_in.sign_in(small_case.directory, issued.token, operation="OP-9", reason="test")


def test_tokens_are_issued_to_officers_by_those_who_may(small_case):
    with pytest.raises(NotFound, match="There is no officer nobody in this case; add them first"):
        signing_in.issue_token(small_case.seat("desk"), "nobody")
    governing.add_officer(small_case.seat("desk"), "ann", role=Role.ANALYST)
    with pytest.raises(
        NotPermitted,
        match=r"To issue sign-in token is not for an analyst: .* for an administrator to look after; ask one",
    ):
        signing_in.issue_token(small_case.seat("ann"), "first")
    signing_in.issue_token(small_case.seat("desk"), "ann")
    signing_in.issue_token(small_case.seat("desk"), "first")
    with pytest.raises(NotPermitted, match="To issue sign-in token is not for an analyst"):
        signing_in.revoke_tokens(small_case.seat("ann"), "first")
    assert len(signing_in.revoke_tokens(small_case.seat("ann"), "ann")) == 1, "one's own may always be given up"


def test_whom_a_proxy_names_is_an_officer_of_the_case_or_not(small_case):
    assert signing_in.is_officer(small_case.directory, "first")
    assert not signing_in.is_officer(small_case.directory, "FIRST")
