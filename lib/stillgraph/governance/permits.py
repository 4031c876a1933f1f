"""Whether a claim covers an action: an officer whose role lets them, a reason and, for casework, an open operation.

There is no default officer. Which role may do what stands in :mod:`.roles`; that nobody judges their own search is a
rule of review (:mod:`stillgraph.review`), not of permits.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from stillgraph.errors import NotPermitted, WrongUse
from stillgraph.governance.actions import SETTING_UP, Action
from stillgraph.governance.roles import refusal
from stillgraph.governance.sign_in import ENDED, lets_in
from stillgraph.records import Officer, Operation, SignIn

__all__ = ["SETTING_UP", "Action", "Claim", "permit"]

MOST_ID, MOST_REASON = 200, 2_000
"""Characters: of what the record says of who acts, for which operation; and why."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Who asks to act, for what: as given, unproven; ``None`` where nothing was given.

    ``sign_in`` is the number of the token by which the officer signed in, where they did. ``team`` says that a server
    acts for a team of officers, so that each needs a role. ``token`` is one that is yet to be tried. ``by_proxy``
    says that a trusted proxy named the officer.
    """

    officer: str | None
    operation: str | None
    reason: str | None
    sign_in: int | None = None
    team: bool = False
    token: str = field(default="", repr=False)
    by_proxy: bool = False

    def __post_init__(self) -> None:
        """Refuse what the record could not hold as it was given.

        Raises
        ------
        WrongUse
            Officer, operation or reason is no text, or too long.
        """
        for name, text in (("officer", self.officer), ("operation", self.operation), ("reason", self.reason)):
            if text is None:
                continue
            most = MOST_REASON if name == "reason" else MOST_ID
            if not recordable(text, most):
                raise WrongUse(f"The {name} is given as text of at most {most:,} characters.")


def recordable(value: object, most: int) -> bool:
    """Say whether a value is text of at most so many characters that is written as UTF-8 and read back as it was."""
    return (
        isinstance(value, str)
        and len(value) <= most
        and "\0" not in value
        and not any("\ud800" <= letter <= "\udfff" for letter in value)
    )


def permit(
    action: Action,
    claim: Claim,
    officer: Officer | None,
    operation: Operation | None,
    today: date,
    *,
    signed_in: SignIn | None = None,
    enforced: bool = False,
    sign_in_required: bool = False,
) -> None:
    """Return if the claim covers the action.

    Parameters
    ----------
    officer, operation, signed_in
        What the case file holds under the claimed ids, ``None`` where it holds nothing.
    enforced : bool
        Whether the case enforces roles; a claim of a team's does so too.
    sign_in_required : bool
        Whether the case lets nobody act who has not signed in.

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
    if officer.suspended:
        raise NotPermitted(suspended(officer))
    if claim.sign_in is not None and not lets_in(signed_in, claim.officer, today):
        raise NotPermitted(ENDED)
    if sign_in_required and claim.sign_in is None and not claim.by_proxy:
        raise NotPermitted(
            "This case lets nobody act who has not signed in: give your token in STILLGRAPH_TOKEN or with --token-file "
            "FILE; `stillgraph case officer token` issues one."
        )
    if not (claim.reason or "").strip():
        raise NotPermitted(f"To {action}, state the reason: --reason TEXT (or STILLGRAPH_REASON).")
    refused = refusal(action, officer, enforced=enforced or claim.team)
    if refused is not None:
        raise NotPermitted(refused)
    if action not in SETTING_UP:
        _cover(action, claim, operation, today)


def suspended(officer: Officer) -> str:
    """Return what a suspended officer is told."""
    return (
        f"Officer {officer.officer_id} is suspended and may do nothing in this case; an administrator lifts that "
        "with `stillgraph case officer suspend --lift`."
    )


def _cover(action: Action, claim: Claim, operation: Operation | None, today: date) -> None:
    """Return if an operation permits anything today."""
    if not claim.operation:
        raise NotPermitted(
            f"To {action}, say for which operation: --operation OP (or STILLGRAPH_OPERATION). "
            "Open one with `stillgraph case operation open`."
        )
    if operation is None:
        raise NotPermitted(
            f"There is no operation {claim.operation} in this case; open it with `stillgraph case operation open`."
        )
    another = "open another with `stillgraph case operation open`."
    if operation.closed_at is not None:
        raise NotPermitted(
            f"Operation {operation.operation_id} was closed on {operation.closed_at.date().isoformat()} and permits "
            f"nothing now; {another}"
        )
    if operation.begins is not None and today < operation.begins:
        raise NotPermitted(
            f"Operation {operation.operation_id} begins on {operation.begins.isoformat()} and permits nothing before; "
            f"act from then on, or {another}"
        )
    if operation.until is not None and today > operation.until:
        raise NotPermitted(
            f"Operation {operation.operation_id} ended on {operation.until.isoformat()} and permits nothing now; "
            f"extend it with `stillgraph case operation extend`, or {another}"
        )
