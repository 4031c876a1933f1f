"""Who may do what: the one table of roles and actions, which :mod:`.permits` asks and ``docs/roles.md`` is made from.

A role binds the officer to whom it was given by name. An officer without one, or who holds only the administrator's
role that the first officer of a case has of itself, may do everything, until the case's roles are enforced or the case
is served to a team (``docs/decisions/0027-roles.md``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from stillgraph.errors import WrongUse
from stillgraph.governance.actions import Action
from stillgraph.records import Officer, Role


@dataclass(frozen=True, slots=True)
class Rule:
    """The roles that may do something, and why another may not: the rest of a sentence, with the way out."""

    may: frozenset[Role]
    why: str


@dataclass(frozen=True, slots=True)
class Group:
    """Actions that stand together for one reason: which roles may do each."""

    title: str
    why: str
    may: Mapping[Action, frozenset[Role]]


_A, _R, _S = Role.ANALYST, Role.REVIEWER, Role.SUPERVISOR
_M, _U, _D = Role.MANAGER, Role.AUDITOR, Role.ADMINISTRATOR


def _roles(*may: Role) -> frozenset[Role]:
    return frozenset(may)


def _each(actions: Iterable[Action], *may: Role) -> dict[Action, frozenset[Role]]:
    return dict.fromkeys(actions, frozenset(may))


GROUPS = (
    Group(
        "Setting the case up",
        "who has a part in a case, and the case itself, are for an administrator to look after; ask one",
        _each(
            (
                Action.CREATE_CASE, Action.UPGRADE_CASE, Action.ADD_OFFICER, Action.CHANGE_OFFICER,
                Action.ENFORCE_ROLES, Action.REQUIRE_SIGN_IN, Action.ISSUE_TOKEN, Action.BACK_UP, Action.RESTORE,
                Action.REMOVE_BACKUP, Action.LIST_BACKUPS, Action.LIST_KEYS, Action.ADD_KEY, Action.REMOVE_KEY,
                Action.ROTATE_KEY, Action.ENCRYPT_CASE, Action.SERVE,
            ),
            _D,
        ),
    ),
    Group(
        "Operations",
        "an operation is opened, extended and closed by those who answer for it; ask an administrator or a supervisor",
        _each((Action.OPEN_OPERATION, Action.EXTEND_OPERATION, Action.CLOSE_OPERATION), _D, _S),
    ),
    Group(
        "What everybody may",
        "anybody with a role may",
        _each((Action.VIEW, Action.OPEN_WORKBENCH, Action.SIGN_IN, Action.REVOKE_TOKEN, Action.LIST_OFFICES), *Role),
    ),
    Group(
        "Faces and people",
        "it shows people's faces, or what is held of one person; ask an analyst, a reviewer or a supervisor",
        _each((Action.VIEW_DETAIL, Action.VIEW_FACES), _A, _R, _S)
        | {Action.NETWORK: _roles(_A, _R, _S), Action.RULE: _roles(_A, _R, _S)}
        | {Action.TAKE_BACK: _roles(_A, _R, _S, _D), Action.EXPORT_STATEMENT: _roles(_A, _R, _S)}
        | {Action.RECORD_ANSWER: _roles(_A, _R, _S)},
    ),
    Group(
        "Searching and analysing",
        "it searches for people, or changes what is known of them; ask an analyst or a supervisor",
        _each(
            (
                Action.ENROL_CUSTODY, Action.UPLOAD, Action.RECEIVE_STILLS, Action.ENHANCE, Action.SEARCH,
                Action.CHECK_GALLERY, Action.LINK, Action.PROPOSE_SERIES, Action.MAKE_ARRAY, Action.EXPLAIN,
                Action.EXPORT_CASE_PACK, Action.EVALUATE, Action.CALIBRATE, Action.OPEN_LAB,
            ),
            _A, _S,
        )
        | {Action.RECORD_TIMES: _roles(_A, _S, _D)},
    ),
    Group(
        "Ranking",
        "it tells who does how much harm; ask an analyst, a supervisor or a manager",
        {Action.RANK: _roles(_A, _S, _M)},
    ),
    Group(
        "Queries",
        "it reads whatever the views hold; ask an analyst or a supervisor",
        _each((Action.QUERY, Action.SAVE_QUERY), _A, _S, _U) | {Action.DELETE_QUERY: _roles(_A, _S, _U, _D)},
    ),
    Group(
        "Review",
        "a list is judged blind, by somebody who searches for nobody and sees no scores; ask a reviewer",
        _each((Action.VIEW_QUEUE, Action.DEAL, Action.GIVE_BACK, Action.JUDGE), _R, _S),
    ),
    Group(
        "Oversight of review",
        "how reviewers do is for them, supervisors and administrators",
        {Action.VIEW_ACCURACY: _roles(_R, _S, _D)},
    ),
    Group(
        "Policy",
        "it is for a supervisor or administrator to set: ask one of them",
        _each((Action.SET_POLICY, Action.CHOOSE_ENGINE, Action.MIGRATE_MODEL, Action.SET_HARM), _S, _D)
        | {Action.SET_THRESHOLD: _roles(_S)},
    ),
    Group(
        "Retention",
        "what is kept and what is deleted is for a supervisor to decide, and for auditors to read",
        _each((Action.APPLY_RETENTION, Action.KEEP_ON, Action.DECIDE_APPLICATION, Action.SUBJECT_ACCESS), _S)
        | _each((Action.HOLD, Action.SET_RETENTION), _S, _D)
        | {Action.LIST_RETENTION: _roles(_A, _S, _U), Action.TAKE_APPLICATION: _roles(_A, _S)},
    ),
    Group(
        "The record and reports",
        "the record is for auditors and supervisors to read, and reports are for them and for managers",
        {
            Action.SEARCH_AUDIT: _roles(_U, _S),
            Action.EXPORT_AUDIT: _roles(_U, _S),
            Action.REPORT_TRANSPARENCY: _roles(_S, _M, _U),
        },
    ),
)  # fmt: skip
"""Every action, once. A later action without a row here can be done by nobody who has a role, and fails a test."""

TABLE: Mapping[Action, Rule] = MappingProxyType(
    {action: Rule(may, group.why) for group in GROUPS for action, may in group.may.items()}
)
SEEING = frozenset({Action.VIEW_FACES, Action.VIEW_DETAIL})
"""What an officer may do beside what their role lets them, once an administrator lets them see faces."""
BLIND = "it shows scores, and what others have settled, to whoever is to judge blind. Ask an officer of another role"
KEPT_FROM = {Role.REVIEWER: frozenset({Action.QUERY, Action.EXPLAIN, Action.EXPORT_CASE_PACK, Action.SEARCH})}
"""What keeps a reviewer blind: a reason of their own why they may not."""
READS = MappingProxyType({
    Role.AUDITOR: frozenset({
        "audit", "officers", "officer_changes", "operations", "operation_changes", "sign_in_tokens", "gallery_checks",
        "deliveries", "refusals", "stage_times", "retailers",
    }),
})  # fmt: skip
"""The only views a query of this role reads; of any other role that may query, all of them. None has a name or face."""


def is_bound(officer: Officer, *, enforced: bool) -> bool:
    """Return whether the table holds for an officer: their role was given by name, or the case enforces roles."""
    return enforced or (officer.role is not None and not officer.founder)


def refusal(action: Action, officer: Officer, *, enforced: bool) -> str | None:
    """Return why an officer's role does not let them do something, or ``None`` where it does.

    Parameters
    ----------
    enforced : bool
        Whether the case enforces roles, or is served to a team: then an officer without a role may do nothing.
    """
    if not is_bound(officer, enforced=enforced):
        return None
    if officer.role is None:
        return (
            f"To {action}, officer {officer.officer_id} needs a role, since this case enforces roles; an administrator "
            "gives one with `stillgraph case officer role`."
        )
    if action in SEEING and officer.sees_faces:
        return None
    rule = TABLE.get(action)
    if rule is not None and officer.role in rule.may:
        return None
    why = (
        BLIND if action in KEPT_FROM.get(officer.role, ()) else "nobody's role lets them" if rule is None else rule.why
    )
    return f"To {action} is not for {article(officer.role)} {officer.role}: {why}."


def named(role: str) -> Role:
    """Return the role that a value names; nothing else ever stands in a case, where whoever reads it would fail.

    Raises
    ------
    WrongUse
        It names none.
    """
    try:
        return Role(role)
    except ValueError:
        raise WrongUse(f"There is no such role; there are {', '.join(Role)}.") from None


def article(role: Role | None) -> str:
    """Return ``a`` or ``an``, as it stands before a role."""
    return "an" if str(role)[0] in "aeiou" else "a"


def sees_faces(officer: Officer | None, *, enforced: bool = False) -> bool:
    """Return whether an officer may look at people's faces."""
    return officer is not None and refusal(Action.VIEW_FACES, officer, enforced=enforced) is None


def readable(officer: Officer, *, enforced: bool) -> frozenset[str] | None:
    """Return the views an officer's queries may read; ``None`` for all of them."""
    return READS.get(officer.role) if officer.role is not None and is_bound(officer, enforced=enforced) else None
