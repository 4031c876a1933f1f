"""How a case's officers stand: roles, suspension, whether roles are enforced and signing in is required."""

from __future__ import annotations

from dataclasses import replace

from stillgraph.casework.desk import Deed, Desk
from stillgraph.casework.wire import served
from stillgraph.errors import NotFound, NotPermitted, WrongUse
from stillgraph.governance import roles, roles_page
from stillgraph.governance.permits import SETTING_UP, Action
from stillgraph.records import Officer, Role
from stillgraph.store import office, sign_ins


@served
def give_role(desk: Desk, officer_id: str, role: Role, *, sees_faces: bool = False) -> Officer:
    """Give an officer a role by name, which binds them from their next action on.

    Parameters
    ----------
    sees_faces : bool
        Whether they see faces though their role does not: of a manager, auditor or administrator.

    Raises
    ------
    NotFound
        There is no such officer.
    NotPermitted
        It is the officer's own role, or nobody would be left to look after the case.
    WrongUse
        There is no such role, or it sees faces anyway.
    """
    role = roles.named(role)
    with desk.act(Action.CHANGE_OFFICER, of=officer_id, role=role, sees_faces=sees_faces) as deed:
        held = _known(deed, officer_id)
        # Whom no role binds yet may give themselves one: it only takes from what they may do.
        if officer_id == deed.officer and (roles.is_bound(held, enforced=deed.enforced) or sees_faces):
            raise NotPermitted("Nobody changes their own role; ask another administrator.")
        if sees_faces and role in roles.TABLE[Action.VIEW_FACES].may:
            raise WrongUse(f"{roles.article(role).capitalize()} {role} sees faces anyway: leave out --sees-faces.")
        new = replace(held, role=role, sees_faces=sees_faces, founder=False)
        _change(deed, held, new)
    return new


@served
def suspend(desk: Desk, officer_id: str, *, lift: bool = False) -> Officer:
    """Suspend an officer, who may do nothing from their next action on, or lift that again.

    Raises
    ------
    NotFound
        There is no such officer.
    NotPermitted
        It is the officer themselves, or nobody would be left to look after the case.
    WrongUse
        They are suspended already, or are not.
    """
    with desk.act(Action.CHANGE_OFFICER, of=officer_id, suspended=not lift) as deed:
        held = _known(deed, officer_id)
        if officer_id == deed.officer:
            raise NotPermitted("Nobody suspends themselves; ask another administrator.")
        if held.suspended is not lift:
            raise WrongUse(f"Officer {officer_id} is {'not suspended' if lift else 'suspended already'}.")
        new = replace(held, suspended=not lift)
        _change(deed, held, new)
    return new


@served
def list_officers(desk: Desk) -> tuple[Officer, ...]:
    """Return the officers of the case as they stand now, by id; without their names."""
    with desk.act(Action.LIST_OFFICES, what="officers") as deed:
        return tuple(replace(one, name="") for one in office.officers(deed.session))


@served
def enforces_roles(desk: Desk) -> bool:
    """Return whether the case enforces roles, so that every officer needs one."""
    with desk.act(Action.LIST_OFFICES, what="whether roles are enforced") as deed:
        return deed.enforced


@served
def enforce_roles(desk: Desk) -> tuple[str, ...]:
    """Enforce roles from now on, for good: every officer needs one; return who has none and may do nothing.

    Raises
    ------
    WrongUse
        They are enforced already, or no administrator could act after it.
    """
    with desk.act(Action.ENFORCE_ROLES) as deed:
        if office.switched_on(deed.session, office.ENFORCED):
            raise WrongUse("This case enforces roles already; that has no way back.")
        everybody = office.officers(deed.session)
        if not any(_looks_after(one, enforced=True) for one in everybody):
            raise WrongUse(
                "No administrator could act once roles are enforced; give the role first: `stillgraph case officer "
                "role CASE ID --role administrator`."
            )
        office.switch(deed.session, office.ENFORCED, on=True)
        without = tuple(one.officer_id for one in everybody if one.role is None)
        deed.note(without_role=len(without))
    return without


@served
def require_sign_in(desk: Desk, *, on: bool = True) -> None:
    """Let nobody act who has not signed in with a token, or let officers be claimed again.

    Raises
    ------
    WrongUse
        It is so already, or the one acting has no token that lets them in, so that they would shut themselves out.
    """
    with desk.act(Action.REQUIRE_SIGN_IN, on=on) as deed:
        if office.switched_on(deed.session, office.SIGN_IN_REQUIRED) is on:
            raise WrongUse(f"Signing in is {'required already' if on else 'not required'}.")
        if on and not sign_ins.working(deed.session, deed.officer, deed.at.date()):
            raise WrongUse(
                "You have no token that lets you in, and could do nothing after it; issue yourself one first: "
                "`stillgraph case officer token`."
            )
        office.switch(deed.session, office.SIGN_IN_REQUIRED, on=on)


def table() -> str:
    """Return the table of roles and actions, in Markdown."""
    return roles_page.markdown()


def actions() -> list[dict[str, object]]:
    """Return the table of roles and actions as rows: action, group, may, needs_operation, and why others may not."""
    return [
        {
            "action": action, "group": group.title, "may": [role for role in Role if role in may],
            "needs_operation": action not in SETTING_UP, "why": group.why,
        }
        for group in roles.GROUPS
        for action, may in group.may.items()
    ]  # fmt: skip


def _known(deed: Deed, officer_id: str) -> Officer:
    held = office.officer(deed.session, officer_id)
    if held is None:
        raise NotFound(
            f"There is no officer {officer_id} in this case; `stillgraph case officer list CASE` lists them."
        )
    return held


def _change(deed: Deed, held: Officer, new: Officer) -> None:
    """Let an officer stand otherwise from now on, unless nobody were left to look after the case."""
    others = [one for one in office.officers(deed.session) if one.officer_id != held.officer_id]
    if not any(_looks_after(one, enforced=deed.enforced) for one in [*others, new]):
        raise NotPermitted(
            "Nobody would be left who may look after the case's officers; make somebody else administrator first."
        )
    deed.note(before={"role": held.role, "sees_faces": held.sees_faces, "suspended": held.suspended})
    office.change_officer(deed.session, new, changed_by=deed.officer, changed_at=deed.at)


def _looks_after(one: Officer, *, enforced: bool) -> bool:
    return not one.suspended and roles.refusal(Action.CHANGE_OFFICER, one, enforced=enforced) is None
