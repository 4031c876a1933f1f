"""The tokens by which officers sign in to the pages: how they are made, kept, checked, and who may issue them.

A token is a number and a secret of 256 random bits. Only the secret's Argon2id hash is kept (RFC 9106), so that whoever
reads the case file cannot sign in as anybody.
"""

from __future__ import annotations

import re
import secrets
from datetime import date, timedelta
from functools import cache
from typing import TYPE_CHECKING

from stillgraph.errors import NotPermitted, WrongUse
from stillgraph.governance.actions import Action
from stillgraph.governance.roles import refusal
from stillgraph.records import Officer, SignIn

if TYPE_CHECKING:
    from argon2 import PasswordHasher

DAYS, MOST_DAYS = 30, 366
"""Days a token lasts unless said otherwise, and at most."""
ENDED = (
    "Your sign-in has ended or was taken back. Sign in again; `stillgraph case officer token` issues a token to an "
    "officer."
)
UNKNOWN = "This token lets nobody in: it is none of this case's. `stillgraph case officer token` issues one."
_TOKEN = re.compile(r"(0|[1-9][0-9]{0,11})\.([A-Za-z0-9_-]{20,100})")


@cache
def _hasher() -> PasswordHasher:
    from argon2 import PasswordHasher

    return PasswordHasher()


@cache
def _nobodys() -> str:
    """Return the hash of a secret that nobody has, to check against where no token is kept."""
    return hashed(new_secret())


def new_secret() -> str:
    """Return a new secret: 256 random bits as text."""
    return secrets.token_urlsafe(32)


def written(token_id: int, secret: str) -> str:
    """Return a token as its officer gets it."""
    return f"{token_id}.{secret}"


def parts(token: str) -> tuple[int, str] | None:
    """Return a token's number and secret, or ``None`` where it is not written as one."""
    found = _TOKEN.fullmatch(token.strip())
    return None if found is None else (int(found[1]), found[2])


def hashed(secret: str) -> str:
    """Return what is kept of a secret: its Argon2id hash with salt and parameters."""
    return _hasher().hash(secret)


def holds(kept: SignIn | None, secret: str) -> bool:
    """Return whether a secret is that of the token kept; where none is kept, after as long as where one is."""
    from argon2.exceptions import InvalidHashError, VerificationError

    try:
        _hasher().verify(_nobodys() if kept is None else kept.hash, secret)
    except (VerificationError, InvalidHashError):
        return False
    return kept is not None


def lets_in(kept: SignIn | None, officer_id: str, today: date) -> bool:
    """Return whether a sign-in is that officer's and neither ended nor taken back."""
    return kept is not None and kept.officer_id == officer_id and not kept.revoked and today <= kept.until


def last_day(until: date | None, today: date) -> date:
    """Return the last day of a new token.

    Raises
    ------
    WrongUse
        The day has passed, or is too far off.
    """
    chosen = today + timedelta(days=DAYS) if until is None else until
    if not today <= chosen <= today + timedelta(days=MOST_DAYS):
        raise WrongUse(
            f"A token lasts until a day from today on and at most {MOST_DAYS} days ahead; give such a day with --until."
        )
    return chosen


def may_issue(officer: Officer | None, *, enforced: bool = False) -> None:
    """Return if an officer may take back the tokens of another.

    Raises
    ------
    NotPermitted
        They are not among those who may issue tokens.
    """
    refused = None if officer is None else refusal(Action.ISSUE_TOKEN, officer, enforced=enforced)
    if refused is not None:
        raise NotPermitted(refused)
