"""Legal holds: what is held is not deleted, whatever falls due, until the hold ends or is released."""

from __future__ import annotations

from datetime import date

from stillgraph.casework.desk import Desk
from stillgraph.casework.wire import served
from stillgraph.errors import NotFound, WrongUse
from stillgraph.governance.permits import Action
from stillgraph.records import Hold, NominalId, PersonId, RecordKind, StillId
from stillgraph.store import holds as store


@served
def hold(
    desk: Desk,
    *,
    because: str,
    person: PersonId | None = None,
    nominal: NominalId | None = None,
    still: StillId | None = None,
    until: date | None = None,
) -> tuple[Hold, ...]:
    """Place a legal hold on a nominal, a still, or a person: their nominal and every still they are on now.

    A hold on a nominal keeps their custody images, and the stills on which officers agree that it is them. That on a
    person is one for each record, since who is who can change with the next linking run.

    Raises
    ------
    WrongUse
        Not exactly one of the three is given, there is no reason, or the last day has passed.
    NotFound
        There is no such record.
    """
    named = {"person": person, "nominal": nominal, "still": still}
    details = {what: str(who) for what, who in named.items() if who is not None}
    with desk.act(Action.HOLD, until=until, **details) as deed:
        if len(details) != 1:
            raise WrongUse("Say what is held: --person ID, --nominal ID or --still ID; one of the three.")
        if not because.strip():
            raise WrongUse("A legal hold needs a reason: --because TEXT, e.g. the proceedings it is for.")
        if until is not None and until < deed.at.date():
            raise WrongUse(f"A hold cannot end before it is placed; {until.isoformat()} has passed.")
        if person is not None:
            found = store.of_person(deed.session, person)
            if found is None:
                raise NotFound(f"There is no person {person} of the last linking run; see the view persons.")
            records = [(RecordKind.STILL, one) for one in found[1]]
            records += [] if found[0] is None else [(RecordKind.NOMINAL, str(found[0]))]
        elif nominal is not None:
            records = [(RecordKind.NOMINAL, str(nominal))]
        else:
            records = [(RecordKind.STILL, str(still))]
        placed = []
        for kind, record in records:
            one = store.place(
                deed.session, kind, record, because=because.strip(), until=until, officer=deed.officer,
                operation=deed.operation, at=deed.at,
            )  # fmt: skip
            if one is None and person is None:
                raise NotFound(f"There is no {kind} {record} in this case.")
            placed += [] if one is None else [one]
        deed.note(holds=[one.hold_id for one in placed])
        return tuple(placed)


@served
def release(desk: Desk, hold_id: int, *, because: str) -> Hold:
    """Release a hold: what it kept is deleted again when it is due.

    Raises
    ------
    WrongUse
        There is no reason, or it was released before.
    NotFound
        There is no such hold.
    """
    with desk.act(Action.HOLD, released=hold_id) as deed:
        found = store.one(deed.session, hold_id)
        if found is None:
            raise NotFound(f"There is no hold {hold_id}; `stillgraph retention holds CASE` lists them.")
        if found.released_at is not None:
            raise WrongUse(f"Hold {hold_id} was released before.")
        if not because.strip():
            raise WrongUse("Releasing a hold needs a reason: --because TEXT.")
        store.release(deed.session, hold_id, officer=deed.officer, because=because.strip(), at=deed.at)
        released = store.one(deed.session, hold_id)
        assert released is not None  # noqa: S101  (it was there a moment ago)
        return released


@served
def holds(desk: Desk) -> tuple[Hold, ...]:
    """Return every hold, the released ones too."""
    with desk.act(Action.LIST_RETENTION, what="holds") as deed:
        return store.every(deed.session)
