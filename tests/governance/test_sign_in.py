"""Sign-in tokens: checked at every action, kept as hashes, and issued by those who may."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillgraph.errors import NotPermitted, WrongUse
from stillgraph.governance import sign_in
from stillgraph.governance.permits import Action, Claim, permit
from stillgraph.records import Officer, OfficerId, Operation, Role, SignIn

TODAY = date(2026, 11, 20)
OFFICER = Officer(OfficerId("pc1"), None, "Somebody")
OPEN = Operation("OP-1", "tests", None, None)
CLAIM = Claim("pc1", "OP-1", "why", sign_in=3)


def kept(officer="pc1", until=TODAY, revoked=False, held="") -> SignIn:
    return SignIn(3, OfficerId(officer), held, until, revoked)


@pytest.mark.parametrize("action", Action)
def test_a_sign_in_covers_every_action_on_its_last_day(action):
    permit(action, CLAIM, OFFICER, OPEN, TODAY, signed_in=kept())


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize(
    "held",
    [None, kept(until=TODAY - timedelta(days=1)), kept(revoked=True), kept(officer="pc2")],
    ids=["unknown", "ended", "taken back", "of somebody else"],
)
def test_a_sign_in_that_does_not_hold_covers_nothing(action, held):
    with pytest.raises(NotPermitted, match=r"^Your sign-in has ended or was taken back\. Sign in again; `stillgraph"):
        permit(action, CLAIM, OFFICER, OPEN, TODAY, signed_in=held)


def test_a_secret_is_kept_as_an_argon2id_hash_and_holds_alone():
    secret = sign_in.new_secret()
    held = kept(held=sign_in.hashed(secret))
    assert held.hash.startswith("$argon2id$")
    assert secret not in held.hash
    assert held.hash not in repr(held)
    assert sign_in.holds(held, secret)
    assert not sign_in.holds(held, secret + "x")
    assert not sign_in.holds(held, "")
    assert not sign_in.holds(None, secret)
    assert not sign_in.holds(kept(held="not a hash"), secret)


def test_two_secrets_are_two():
    assert sign_in.new_secret() != sign_in.new_secret()
    assert len(sign_in.new_secret()) >= 43


@given(st.integers(0, 10**12 - 1), st.integers(0, 3), st.integers(0, 3))
def test_a_token_is_read_as_it_was_written(number, before, after):
    secret = sign_in.new_secret()
    token = " " * before + sign_in.written(number, secret) + "\n" * after
    assert sign_in.parts(token) == (number, secret)


@given(st.text())
def test_nothing_else_is_a_token(text):
    found = sign_in.parts(text)
    assert found is None or sign_in.written(*found) == text.strip()


def test_a_token_lasts_thirty_days_or_as_said():
    assert sign_in.last_day(None, TODAY) == TODAY + timedelta(days=30)
    for day in (TODAY, TODAY + timedelta(days=366)):
        assert sign_in.last_day(day, TODAY) == day


@pytest.mark.parametrize("days", [-1, 367])
def test_a_token_that_has_ended_or_never_would_is_not_made(days):
    with pytest.raises(WrongUse, match=r"from today on and at most 366 days ahead; give such a day with --until"):
        sign_in.last_day(TODAY + timedelta(days=days), TODAY)


@pytest.mark.parametrize("role", Role)
def test_only_an_administrator_or_an_officer_without_a_role_issues(role):
    sign_in.may_issue(None)
    sign_in.may_issue(Officer(OfficerId("pc1"), None, ""))
    officer = Officer(OfficerId("pc1"), role, "")
    if role is Role.ADMINISTRATOR:
        sign_in.may_issue(officer)
    else:
        with pytest.raises(
            NotPermitted, match=rf"To issue sign-in token is not for an? {role}: .*an administrator to look after"
        ):
            sign_in.may_issue(officer)
