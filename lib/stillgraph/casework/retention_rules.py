"""The rules by which a case keeps its records: shipped, replaced by an officer, and asked before storing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from pathlib import Path

from stillgraph.casework.desk import Deed, Desk
from stillgraph.casework.shipped import shipped
from stillgraph.casework.wire import served
from stillgraph.governance import retention as rules
from stillgraph.governance.permits import Action
from stillgraph.records import CustodyImage, CustodyImageId, RecordKind, RetentionRule
from stillgraph.store import Session
from stillgraph.store import retention as store

RULES_TABLE = "data/reference/retention.csv"
SHIPPED = "Stillgraph"
"""Who set the rules of a case that nobody has set others for."""


@dataclass(frozen=True, slots=True)
class RulesReport:
    """The rules in force, who set them and when, and which kinds of record have none and so cannot be stored."""

    set_by: str
    set_at: datetime | None
    rules: tuple[RetentionRule, ...]
    without_rule: tuple[RecordKind, ...]
    dates_changed: int = 0


def give_shipped(session: Session, at: datetime) -> None:
    """Give a case the shipped rules, unless it has some already, and its stills the review dates that follow."""
    if not store.rules(session):
        store.set_rules(session, rules.read_rules(shipped(RULES_TABLE)), officer=SHIPPED, at=at)
        date_stills(session)


@served
def show(desk: Desk) -> RulesReport:
    """Return the rules in force."""
    with desk.act(Action.VIEW, what="retention rules") as deed:
        return _report(deed.session)


@served
def replace(desk: Desk, table: Path) -> RulesReport:
    """Keep the case's records by other rules from now on; review dates that nobody set by hand follow.

    The review dates of stills are counted anew. Those of custody images are custody's own and are only brought forward,
    where a rule counts from the day of capture and ends before.

    Raises
    ------
    NotFound, ManifestError
        There is no such file, or it is no table of rules.
    """
    with desk.act(Action.SET_RETENTION, file=table.name) as deed:
        new = rules.read_rules(table)
        store.set_rules(deed.session, new, officer=deed.officer, at=deed.at)
        changed = date_stills(deed.session)
        for status, basis in store.custody_statuses(deed.session):
            rule = rules.rule_for(new, RecordKind.CUSTODY_IMAGE, status, basis)
            if rule is not None and rule.counted_from == "capture" and rule.keep_for:
                due = partial(rules.after, period=rule.keep_for)
                changed += store.bring_forward(deed.session, status, basis, due)
        report = _report(deed.session, changed)
        deed.note(rules=len(new), without_rule=list(map(str, report.without_rule)), dates_changed=changed)
        return report


def require(session: Session, kind: RecordKind) -> None:
    """Check that some rule says how long records of a kind are kept, before one is stored. For use inside an action.

    Raises
    ------
    NoRule
        None does.
    """
    found = store.rules(session)
    if not any(rule.kind is kind for rule in found):
        rules.required(found, kind)


def custody_without_rule(session: Session, images: Sequence[CustodyImage]) -> dict[CustodyImageId, str]:
    """Return the custody images of a conviction status or basis that no rule is for, each with why it is refused.

    Raises
    ------
    NoRule
        There is no rule for custody images at all.
    """
    require(session, RecordKind.CUSTODY_IMAGE)
    require(session, RecordKind.NOMINAL)
    found = store.rules(session)
    return {
        image.custody_image_id: "no retention rule for this conviction status and basis: `stillgraph retention rules`"
        for image in images
        if rules.rule_for(found, RecordKind.CUSTODY_IMAGE, image.conviction_status, image.basis) is None
    }


def date_custody(deed: Deed) -> None:
    """Bring the review dates of custody images forward where their rule ends before custody's own date."""
    found = store.rules(deed.session)
    for status, basis in store.custody_statuses(deed.session):
        rule = rules.rule_for(found, RecordKind.CUSTODY_IMAGE, status, basis)
        if rule is not None and rule.counted_from == "capture" and rule.keep_for:
            store.bring_forward(deed.session, status, basis, partial(rules.after, period=rule.keep_for))


def date_stills(session: Session) -> int:
    """Give each still the review date of the rule it is under now; return how many changed. For use inside an action.

    A still without a rule of its status keeps the date it has, and one that has none yet is due on the day of capture.
    """
    found = store.rules(session)

    def due(status: str, captured_on: date) -> date:
        rule = rules.rule_for(found, RecordKind.STILL, status)
        if rule is None:
            return captured_on
        return rules.after(captured_on, rule.keep_for) if rule.keep_for else date.max

    return store.date_stills(session, due)


def _report(session: Session, changed: int = 0) -> RulesReport:
    found, who = store.rules(session), store.rules_set(session)
    set_by, set_at = who if who is not None else ("nobody", None)
    return RulesReport(set_by, set_at, found, rules.without(found), changed)
