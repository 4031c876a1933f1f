"""Who may do what: every action needs a known officer, a reason, and, once casework begins, an open operation.

There is no default officer. An officer without a role may do everything; that nobody judges their own search is a rule
of review (:mod:`stillgraph.review`), not of permits.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from stillgraph.errors import NotPermitted
from stillgraph.governance.sign_in import ENDED, lets_in
from stillgraph.records import Officer, Operation, Role, SignIn


class Action(StrEnum):
    """What an officer can do, as the audit chain names it."""

    CREATE_CASE = "create case"
    UPGRADE_CASE = "upgrade case"
    BACK_UP = "back up case"
    RESTORE = "restore case"
    REMOVE_BACKUP = "remove backup"
    LIST_BACKUPS = "list backups"
    ADD_OFFICER = "add officer"
    OPEN_OPERATION = "open operation"
    MIGRATE_MODEL = "migrate face model"
    ENROL_CUSTODY = "enrol custody images"
    UPLOAD = "upload delivery"
    RECEIVE_STILLS = "receive stills"
    ENHANCE = "enhance"
    SEARCH = "search"
    CHOOSE_ENGINE = "choose gallery engine"
    CHECK_GALLERY = "check gallery"
    VIEW = "view"
    VIEW_QUEUE = "view review queue"
    DEAL = "deal review"
    GIVE_BACK = "give back review"
    JUDGE = "judge"
    SET_POLICY = "set review policy"
    VIEW_ACCURACY = "view reviewer accuracy"
    EXPORT_STATEMENT = "export statement"
    MAKE_ARRAY = "make photo array"
    RECORD_ANSWER = "record array answer"
    LINK = "link"
    PROPOSE_SERIES = "propose series"
    RULE = "rule between faces"
    TAKE_BACK = "take back ruling"
    SET_HARM = "set harm table"
    RANK = "rank"
    NETWORK = "network"
    EXPLAIN = "explain"
    EXPORT_CASE_PACK = "export case pack"
    REPORT_TRANSPARENCY = "report transparency"
    QUERY = "query"
    SAVE_QUERY = "save query"
    DELETE_QUERY = "delete saved query"
    EVALUATE = "evaluate"
    CALIBRATE = "calibrate scores"
    SET_THRESHOLD = "set threshold"
    RECORD_TIMES = "record stage times"
    OPEN_WORKBENCH = "open workbench"
    ISSUE_TOKEN = "issue sign-in token"  # noqa: S105 - the name of an action
    REVOKE_TOKEN = "revoke sign-in token"  # noqa: S105 - likewise
    SIGN_IN = "sign in"


SETTING_UP = frozenset({
    Action.ADD_OFFICER, Action.OPEN_OPERATION, Action.UPGRADE_CASE, Action.ISSUE_TOKEN, Action.REVOKE_TOKEN,
    Action.BACK_UP, Action.RESTORE, Action.REMOVE_BACKUP, Action.LIST_BACKUPS,
})  # fmt: skip
"""Actions on the case itself, which come before any operation, so need none."""


KEPT_FROM = {Role.REVIEWER: frozenset({Action.QUERY, Action.EXPLAIN, Action.EXPORT_CASE_PACK})}
"""What a role does not permit. A reviewer who could look a face up in the views could see scores, and tell a trial."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Who asks to act, for what: as given, unproven; ``None`` where nothing was given.

    ``sign_in`` is the number of the token by which the officer signed in to a page, where they did.
    """

    officer: str | None
    operation: str | None
    reason: str | None
    sign_in: int | None = None


def permit(
    action: Action,
    claim: Claim,
    officer: Officer | None,
    operation: Operation | None,
    today: date,
    *,
    signed_in: SignIn | None = None,
) -> None:
    """Return if the claim covers the action.

    Parameters
    ----------
    officer, operation, signed_in
        What the case file holds under the claimed ids, ``None`` where it holds nothing.

    Raises
    ------
    NotPermitted
        Saying what is missing and how to give it.
    """
    if not claim.officer:
        raise NotPermitted(
            f"To {action}, say who is acting: --officer ID (or STILLGRAPH_OFFICER). There is no default officer."
        )
    if officer is None:
        raise NotPermitted(
            f"There is no officer {claim.officer} in this case; add them with `stillgraph case officer add`."
        )
    if claim.sign_in is not None and not lets_in(signed_in, claim.officer, today):
        raise NotPermitted(ENDED)
    if not (claim.reason or "").strip():
        raise NotPermitted(f"To {action}, state the reason: --reason TEXT (or STILLGRAPH_REASON).")
    if officer.role is not None and action in KEPT_FROM.get(officer.role, ()):
        raise NotPermitted(
            f"To {action} is not for a {officer.role}: it shows scores, and what others have settled, to whoever is to "
            "judge blind. Ask an officer of another role."
        )
    if action in SETTING_UP:
        return
    if not claim.operation:
        raise NotPermitted(
            f"To {action}, say for which operation: --operation OP (or STILLGRAPH_OPERATION). "
            "Open one with `stillgraph case operation open`."
        )
    if operation is None:
        raise NotPermitted(
            f"There is no operation {claim.operation} in this case; open it with `stillgraph case operation open`."
        )
    if operation.until is not None and today > operation.until:
        raise NotPermitted(
            f"Operation {operation.operation_id} ended on {operation.until.isoformat()} and permits nothing now; "
            "open another with `stillgraph case operation open`."
        )
