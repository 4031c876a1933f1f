"""What of a case its officer may see, so that a page asks for no more and says why it shows no more."""

from __future__ import annotations

from dataclasses import dataclass

from stillgraph.casework.desk import Desk
from stillgraph.casework.wire import served
from stillgraph.governance import roles
from stillgraph.governance.permits import Action


@dataclass(frozen=True, slots=True)
class Sight:
    """What the officer's role lets them see or do; ``why`` says in a sentence why no face is on a page."""

    faces: bool = True
    persons: bool = True
    network: bool = True
    explains: bool = True
    judges: bool = True
    uploads: bool = True
    why: str = ""


WHOLE = Sight()
"""What an officer sees whom no role keeps from anything."""


@served
def sight(desk: Desk) -> Sight:
    """Return what of the case the officer at the desk may see."""
    with desk.act(Action.VIEW, what="what is shown") as deed:
        officer, enforced = deed.by, deed.enforced
    if officer is None:
        return WHOLE

    def may(action: Action) -> bool:
        return roles.refusal(action, officer, enforced=enforced) is None

    persons = may(Action.VIEW_DETAIL)
    why = (
        f"This page shows numbers, and nobody's face, to {roles.article(officer.role)} {officer.role}. An "
        "administrator can let an officer see faces; an analyst can tell you more."
    )
    return Sight(
        faces=may(Action.VIEW_FACES), persons=persons, network=may(Action.NETWORK), explains=may(Action.EXPLAIN),
        judges=may(Action.VIEW_QUEUE), uploads=may(Action.UPLOAD), why="" if persons else why,
    )  # fmt: skip
