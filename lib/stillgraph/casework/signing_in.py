"""Officers sign in to the pages with a token of their own: issued once, kept as a hash, checked at every action."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from stillgraph.casework.desk import Desk, now, take_seat
from stillgraph.casework.wire import served
from stillgraph.casework.wire.place import server_of
from stillgraph.errors import NotFound, NotPermitted, WrongUse
from stillgraph.governance import sign_in as rules
from stillgraph.governance.permits import Action
from stillgraph.records import OfficerId, SignIn
from stillgraph.store import CaseFile, Session, office, sign_ins


@dataclass(frozen=True, slots=True)
class Issued:
    """A token just issued; ``token`` is shown once and kept nowhere."""

    token_id: int
    officer_id: OfficerId
    until: date
    token: str = field(repr=False)


@served
def issue_token(desk: Desk, officer_id: str, *, until: date | None = None) -> Issued:
    """Issue a token to an officer, who signs in to the pages with it.

    Raises
    ------
    NotFound
        There is no such officer.
    WrongUse
        ``until`` has passed or is too far off.
    NotPermitted
        Whoever acts may not issue tokens.
    """
    with desk.act(Action.ISSUE_TOKEN, to=officer_id, until=until) as deed:
        if office.officer(deed.session, officer_id) is None:
            raise NotFound(
                f"There is no officer {officer_id} in this case; add them first: `stillgraph case officer add`."
            )
        last, secret = rules.last_day(until, deed.at.date()), rules.new_secret()
        new = SignIn(
            sign_ins.next_number(deed.session), OfficerId(officer_id), rules.hashed(secret), last, revoked=False
        )
        sign_ins.issue(deed.session, new, issued_by=deed.officer, issued_at=deed.at)
        deed.note(token=new.token_id, until=last)
    return Issued(new.token_id, new.officer_id, last, rules.written(new.token_id, secret))


@served
def revoke_tokens(desk: Desk, officer_id: str) -> tuple[int, ...]:
    """Take back every token of an officer that lets them in still; return their numbers.

    Pages that the officer has open permit nothing from the next action on.

    Raises
    ------
    NotFound
        The officer has no such token.
    NotPermitted
        Whoever acts may not take tokens back.
    """
    with desk.act(Action.REVOKE_TOKEN, of=officer_id) as deed:
        # Whose token it is may always give it up, whatever their role.
        if deed.officer != officer_id:
            rules.may_issue(deed.by, enforced=deed.enforced)
        working = sign_ins.working(deed.session, officer_id, deed.at.date())
        if not working:
            raise NotFound(f"Officer {officer_id} has no token that lets them in; there is nothing to take back.")
        sign_ins.revoke(deed.session, working, revoked_by=deed.officer, revoked_at=deed.at)
        deed.note(tokens=working)
    return tuple(working)


def sign_in(case: Path, token: str, *, operation: str, reason: str) -> SignIn:
    """Let the officer in whose token this is, and record it; a token that lets nobody in is recorded too.

    Raises
    ------
    NotPermitted
        It lets nobody in, or the operation permits nothing.
    """
    url = server_of(case)
    if url is not None:
        from stillgraph.casework.wire import readers

        return readers.let_in(url, token)
    given = rules.parts(token)
    nobody = take_seat(case, officer="", operation=operation, reason=reason)
    with nobody.case.session(writing=False) as session:
        kept = None if given is None else sign_ins.sign_in(session, given[0])
    if given is None or not rules.holds(kept, given[1]) or kept is None:
        refused = NotPermitted(rules.UNKNOWN)
        nobody.record_failure(Action.SIGN_IN, refused, **({} if kept is None else {"token": kept.token_id}))
        raise refused
    theirs = take_seat(case, officer=kept.officer_id, operation=operation, reason=reason, sign_in=kept.token_id)
    with theirs.act(Action.SIGN_IN):
        return kept


def still_signed_in(case: Path, officer_id: str, token_id: int) -> bool:
    """Return whether an officer who signed in may go on; asked of every page, so read alone and not recorded."""
    url = server_of(case)
    if url is not None:
        from stillgraph.casework.wire import readers

        return readers.goes_on(url, officer_id, token_id)
    with _reading(case) as session:
        return rules.lets_in(sign_ins.sign_in(session, token_id), officer_id, now().date())


def session_of(case: Path, officer_id: str, token_id: int) -> str:
    """Return the secret by which a reader's page acts where a server keeps the case; empty where none does."""
    url = server_of(case)
    if url is None:
        return ""
    from stillgraph.casework.wire import readers

    return readers.secret_of(url, officer_id, token_id)


def is_officer(case: Path, officer_id: str) -> bool:
    """Return whether somebody whom a trusted proxy names is an officer of the case.

    Raises
    ------
    WrongUse
        A server keeps the case: it believes tokens alone.
    """
    if server_of(case) is not None:
        raise WrongUse("A server that keeps a case believes no proxy: let readers sign in, `dashboards --sign-in`.")
    with _reading(case) as session:
        return office.officer(session, officer_id) is not None


@contextmanager
def _reading(case: Path) -> Iterator[Session]:
    """Open a case once, its version read in the session that is open: this is done for every page."""
    with CaseFile(case).session(writing=False) as session:
        CaseFile.open(case)
        yield session
