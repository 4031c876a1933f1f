"""Applications by a person to have their custody images deleted, and an officer's decision.

Where the person was not convicted the presumption is that they are deleted: a refusal states the policing purpose it is
for. Somebody convicted may apply once their rule's period is over. A refusal sets the next review.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from stillgraph.casework import retention
from stillgraph.casework.desk import Deed, Desk
from stillgraph.casework.wire import served
from stillgraph.errors import NotFound, WrongUse
from stillgraph.governance import retention as rules
from stillgraph.governance.permits import Action
from stillgraph.records import Application, AtEnd, Due, Erasure, NominalId, RecordKind
from stillgraph.store import Session, holds
from stillgraph.store import retention as store


@dataclass(frozen=True, slots=True)
class Standing:
    """An application with what bears on it now.

    ``presumption`` says that deleting is presumed: no image's rule makes the person wait. ``stronger`` says that an
    image was taken when they were under 18. ``may_apply_from`` is the day from which all images may be applied for.
    """

    application: Application
    images: int
    presumption: bool
    stronger: bool
    may_apply_from: date | None
    held: bool


@dataclass(frozen=True, slots=True)
class Decision:
    """How an application was decided, and what a deletion came to."""

    application: Application
    erasure: Erasure | None


@served
def take(desk: Desk, nominal: NominalId, *, received_on: date, ground: str) -> Standing:
    """Record an application that a person made, and say what is presumed.

    Raises
    ------
    NotFound
        No such nominal is in the case.
    WrongUse
        There is no ground, or it was received on a day to come.
    """
    with desk.act(Action.TAKE_APPLICATION, nominal=nominal) as deed:
        if not ground.strip():
            raise WrongUse("An application needs the ground the person gives: --ground TEXT.")
        if received_on > deed.at.date():
            raise WrongUse(f"An application was received by today; {received_on.isoformat()} is still to come.")
        if not holds.images(deed.session, nominal):
            raise NotFound(f"There is no nominal {nominal} with a custody image in this case.")
        made = holds.take(
            deed.session, nominal, received_on=received_on, ground=ground.strip(), officer=deed.officer, at=deed.at
        )
        deed.note(application=made.application_id)
        return _standing(deed.session, made, deed.at.date())


@served
def applications(desk: Desk) -> tuple[Standing, ...]:
    """Return every application, the decided ones too."""
    with desk.act(Action.LIST_RETENTION, what="applications") as deed:
        return tuple(_standing(deed.session, one, deed.at.date()) for one in holds.applications(deed.session))


@served
def refuse(
    desk: Desk, application_id: int, *, because: str, purpose: str = "", next_review: date | None = None
) -> Decision:
    """Refuse an application: the images stay, and their review is due on the next day that is set.

    Raises
    ------
    WrongUse
        There is no reason or no next review; deleting is presumed and no policing purpose is stated; or it was decided.
    NotFound
        There is no such application.
    """
    with desk.act(Action.DECIDE_APPLICATION, application=application_id, outcome="refused") as deed:
        found = _open(deed, application_id)
        standing = _standing(deed.session, found, deed.at.date())
        if not because.strip():
            raise WrongUse("A refusal states its reason: --because TEXT.")
        if standing.presumption and not purpose.strip():
            raise WrongUse(
                "The person was not convicted, so deleting is presumed: a refusal states the policing purpose that the "
                "images are needed for: --purpose TEXT. Else delete: --delete."
            )
        if next_review is None or next_review <= deed.at.date():
            raise WrongUse("A refusal sets the day of the next review, which lies ahead: --next-review DATE.")
        for image, *_ in holds.images(deed.session, found.nominal_id):
            store.keep_on(
                deed.session, RecordKind.CUSTODY_IMAGE, image, until=next_review, because=because.strip(),
                officer=deed.officer, operation=deed.operation, at=deed.at,
            )  # fmt: skip
        holds.decide(
            deed.session, application_id, "refused", because=because.strip(), purpose=purpose.strip() or None,
            next_review=next_review, officer=deed.officer, at=deed.at,
        )  # fmt: skip
        deed.note(nominal=found.nominal_id, presumption=standing.presumption, next_review=next_review)
        return Decision(_one(deed.session, application_id), None)


@served
def grant(desk: Desk, application_id: int, *, because: str) -> Decision:
    """Grant an application: every custody image of the person is deleted, and so their record, as retention deletes.

    Raises
    ------
    WrongUse
        There is no reason, it was decided, or a legal hold keeps an image.
    NotFound
        There is no such application.
    """
    with desk.act(Action.DECIDE_APPLICATION, application=application_id, step="look") as deed:
        found = _open(deed, application_id)
        if not because.strip():
            raise WrongUse("A decision states its reason: --because TEXT.")
        _refuse_held(deed, found)
        chosen = [
            Due(RecordKind.CUSTODY_IMAGE, image, deed.at.date(), f"application {application_id}", because.strip(),
                AtEnd.DELETE)
            for image, *_ in holds.images(deed.session, found.nominal_id)
        ]  # fmt: skip
    if not chosen:
        raise NotFound(f"There is no custody image of {found.nominal_id} in this case any more.")

    def decided(deed: Deed, _: int) -> None:
        holds.decide(
            deed.session, application_id, "deleted", because=because.strip(), purpose=None, next_review=None,
            officer=deed.officer, at=deed.at,
        )  # fmt: skip
        deed.note(application=application_id, outcome="deleted")

    def still(deed: Deed) -> list[Due]:
        _refuse_held(deed, _open(deed, application_id))
        return chosen

    erasure = retention.erase(
        desk, chosen, Action.DECIDE_APPLICATION, because=f"application {application_id} of the person", still=still,
        also=decided,
    )  # fmt: skip
    with desk.case.session(writing=False) as session:
        return Decision(_one(session, application_id), erasure)


def _refuse_held(deed: Deed, asked: Application) -> None:
    if _standing(deed.session, asked, deed.at.date()).held:
        raise WrongUse(
            f"A legal hold keeps images of {asked.nominal_id}: it is released first, or the application refused."
        )


def _open(deed: Deed, application_id: int) -> Application:
    found = holds.application(deed.session, application_id)
    if found is None:
        raise NotFound(
            f"There is no application {application_id}; `stillgraph retention applications CASE` lists them."
        )
    if found.outcome is not None:
        raise WrongUse(f"Application {application_id} was decided before: {found.outcome}.")
    return found


def _one(session: Session, application_id: int) -> Application:
    found = holds.application(session, application_id)
    assert found is not None  # noqa: S101  (it was there a moment ago)
    return found


def _standing(session: Session, made: Application, today: date) -> Standing:
    images = holds.images(session, made.nominal_id)
    in_force = store.rules(session)
    days, waiting = [], False
    for _, captured_on, status, basis, _ in images:
        rule = rules.rule_for(in_force, RecordKind.CUSTODY_IMAGE, status, basis)
        waits = "" if rule is None else rule.apply_after
        waiting |= waits not in {"", "P0D"}
        days.append(rules.after(captured_on, waits) if waits else captured_on)
    kept = holds.kept(session, today)
    return Standing(
        made, len(images), presumption=bool(images) and not waiting,
        stronger=any(under_18 for *_, under_18 in images), may_apply_from=max(days, default=None),
        held=any((RecordKind.CUSTODY_IMAGE, image) in kept for image, *_ in images),
    )  # fmt: skip
