"""Operations: opened for a purpose on a basis in law, extended by a new act, closed for a reason."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from stillgraph.casework import legal
from stillgraph.casework.desk import Deed, Desk
from stillgraph.casework.wire import served
from stillgraph.errors import NotFound, NotPermitted, WrongUse
from stillgraph.governance.permits import Action
from stillgraph.records import OfficerId, Operation, OperationId, Role
from stillgraph.store import office

AUTHORISES = frozenset({Role.SUPERVISOR, Role.ADMINISTRATOR})
"""Who may be named as authorising an operation; an officer without a role too, where roles are not enforced."""


@served
def open_operation(
    desk: Desk,
    operation_id: str,
    *,
    purpose: str | None = None,
    until: date | None = None,
    begins: date | None = None,
    legal_basis: str | None = None,
    authorised_by: str | None = None,
) -> OperationId:
    """Open an operation under which actions are permitted, from ``begins`` (today) to the end of ``until``, if given.

    Where roles are enforced, it states its basis in law, its last day, and an authorising officer who is not the one
    that opens it.

    Raises
    ------
    WrongUse
        No id or purpose was given, the id is taken, or its days make no sense; the legal basis or the authorising
        officer is none of the case's, or missing where roles are enforced.
    NotPermitted
        Nobody is named as acting, or the officer named may not authorise it.
    """
    reason = desk.claim.reason or purpose
    stated = (purpose or reason or "").strip()
    acting = Desk(desk.case, replace(desk.claim, operation=operation_id, reason=reason), desk.clock)
    with acting.act(Action.OPEN_OPERATION, opened=operation_id, begins=begins, until=until) as deed:
        if not operation_id.strip() or not stated:
            raise WrongUse(
                "An operation needs an id and a purpose: `stillgraph case operation open CASE ID --purpose TEXT`."
            )
        if office.operation(deed.session, operation_id) is not None:
            raise WrongUse(f"There is an operation {operation_id} in this case already; choose another id.")
        _check_days(begins, until, deed.at.date())
        if deed.enforced and not (legal_basis and authorised_by and until):
            raise WrongUse(
                "Where roles are enforced, an operation states its basis in law, who authorises it and its last day: "
                "--legal-basis CODE --authorised-by OFFICER --until DATE."
            )
        basis = None if legal_basis is None else legal.check(deed.session, legal_basis)
        authorising = None if authorised_by is None else _authorising(deed, authorised_by)
        deed.note(legal_basis=basis, authorised_by=authorising)
        new = Operation(OperationId(operation_id), stated, deed.at, until, begins, basis, authorising)
        office.open_operation(deed.session, new, opened_by=OfficerId(deed.officer))
    return OperationId(operation_id)


@served
def extend_operation(desk: Desk, operation_id: str, *, until: date, authorised_by: str | None = None) -> Operation:
    """Let an operation, ended or not, permit until the end of a later day; what it stated before stays on record.

    Raises
    ------
    NotFound
        There is no such operation.
    WrongUse
        It was closed, has no end, or ``until`` is no later day; where roles are enforced, nobody authorises it.
    """
    with _acting(desk, operation_id).act(Action.EXTEND_OPERATION, extended=operation_id, until=until) as deed:
        held = _open(deed, operation_id)
        if held.until is None:
            raise WrongUse(f"Operation {operation_id} has no end: it needs no extension.")
        if until <= held.until or until < deed.at.date():
            raise WrongUse(f"An operation is extended to a day to come, and after {held.until.isoformat()}.")
        if deed.enforced and not authorised_by:
            raise WrongUse("Where roles are enforced, an extension is authorised anew: --authorised-by OFFICER.")
        authorising = held.authorised_by if authorised_by is None else _authorising(deed, authorised_by)
        new = replace(held, until=until, authorised_by=authorising)
        deed.note(since=held.until, authorised_by=authorising)
        _change(deed, new, "extended")
    return new


@served
def close_operation(desk: Desk, operation_id: str) -> Operation:
    """Close an operation, for the reason at the desk: it permits nothing from now on, and is not opened again.

    Raises
    ------
    NotFound
        There is no such operation.
    WrongUse
        It was closed before.
    """
    with _acting(desk, operation_id).act(Action.CLOSE_OPERATION, closed=operation_id) as deed:
        new = replace(_open(deed, operation_id), closed_at=deed.at)
        _change(deed, new, "closed")
    return new


@served
def list_operations(desk: Desk) -> tuple[Operation, ...]:
    """Return the operations of the case as they stand now, the newest first."""
    with desk.act(Action.LIST_OFFICES, what="operations") as deed:
        return office.operations(deed.session)


@served
def show_operation(desk: Desk, operation_id: str) -> Operation:
    """Return one operation as it stands now.

    Raises
    ------
    NotFound
        There is no such operation.
    """
    with desk.act(Action.LIST_OFFICES, what="operation", shown=operation_id) as deed:
        return _known(deed, operation_id)


def state(of: Operation, today: date) -> str:
    """Return in a word how an operation stands: ``open``, ``closed``, ``ended`` or ``to begin``."""
    if of.closed_at is not None:
        return "closed"
    if of.begins is not None and today < of.begins:
        return "to begin"
    return "ended" if of.until is not None and today > of.until else "open"


def _acting(desk: Desk, operation_id: str) -> Desk:
    return Desk(desk.case, replace(desk.claim, operation=operation_id), desk.clock)


def _change(deed: Deed, new: Operation, change: str) -> None:
    office.change_operation(deed.session, new, change, reason=deed.reason, changed_by=deed.officer, changed_at=deed.at)


def _known(deed: Deed, operation_id: str) -> Operation:
    held = office.operation(deed.session, operation_id)
    if held is None:
        raise NotFound(
            f"There is no operation {operation_id} in this case; `stillgraph case operation list CASE` lists them."
        )
    return held


def _open(deed: Deed, operation_id: str) -> Operation:
    held = _known(deed, operation_id)
    if held.closed_at is not None:
        raise WrongUse(f"Operation {operation_id} is closed, for good; open another.")
    return held


def _check_days(begins: date | None, until: date | None, today: date) -> None:
    if until is not None and until < today:
        raise WrongUse(f"An operation cannot end before it is opened; {until.isoformat()} has passed.")
    if begins is not None and begins < today:
        raise WrongUse(f"An operation cannot begin before it is opened; {begins.isoformat()} has passed.")
    if begins is not None and until is not None and until < begins:
        raise WrongUse("An operation ends on the day it begins, or later.")


def _authorising(deed: Deed, officer_id: str) -> OfficerId:
    """Return an officer who may be named as authorising an operation."""
    named = office.officer(deed.session, officer_id)
    if named is None:
        raise NotFound(f"There is no officer {officer_id} in this case who could authorise an operation; name another.")
    free = named.role is None and not deed.enforced
    if named.suspended or not (free or named.role in AUTHORISES):
        raise NotPermitted(
            f"Officer {officer_id} may not authorise an operation: that is for a supervisor or administrator who is "
            "not suspended; name one with --authorised-by."
        )
    if deed.enforced and officer_id == deed.officer:
        raise NotPermitted(
            "Where roles are enforced, whoever opens or extends an operation does not authorise it themselves; name "
            "another officer with --authorised-by."
        )
    return named.officer_id
