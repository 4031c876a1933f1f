"""Commands on retention: what is due, deleting it, and the rules."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from stillgraph.cli import common
from stillgraph.cli.common import AsJson, Case, Officer, OperationOption, Reason

if TYPE_CHECKING:
    from stillgraph.records import Erasure, RetentionReport

DUE = "due"


class _CaseOrCommand(TyperGroup):
    """A group that takes what is no command of its own for a case: ``retention CASE --on DATE``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the command that lists in front where none is named."""
        if args and args[0] not in self.commands and args[0] != "--help":
            args = [DUE, *args]
        return super().parse_args(ctx, args)


retention_app = typer.Typer(
    cls=_CaseOrCommand, help="What is due for deletion, deleting it, and the rules: retention CASE --on DATE [--apply]."
)


def register(app: typer.Typer) -> None:
    """Add these commands to the application."""
    app.add_typer(retention_app, name="retention")
    app.command("subject-access", epilog="Example: stillgraph subject-access cases/autumn --nominal N1 --out n1.pdf")(
        subject_access
    )


@retention_app.command(DUE, epilog="Example: stillgraph retention due cases/autumn --on 2026-12-31 --apply")
def due(
    case: Case,
    on: Annotated[str | None, typer.Option("--on", metavar="DATE", help="The day; today unless given.")] = None,
    apply: Annotated[bool, typer.Option("--apply", help="Delete what is due, not held and not to be decided.")] = False,
    officer: Officer = None,
    operation: OperationOption = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """List what is due for deletion on a day and why; with --apply delete it everywhere, and look for it afterwards."""
    from stillgraph.casework import retention

    desk = common.seat(case, officer, operation, reason)
    day = common.day(on, "--on") or desk.clock().date()
    report = retention.apply(desk, day) if apply else retention.due(desk, day)
    if as_json:
        common.print_json(_plain(report))
    else:
        _show(report)


def _plain(report: RetentionReport) -> dict[str, Any]:
    """Return a report as other tools read it; ``left`` and what belongs to it where something was deleted."""
    said: dict[str, Any] = {"on": report.on, "due": report.due, "deleted": [], "left": None}
    if report.erasure is not None:
        said |= common.plain(report.erasure)
    return said


def _show(report: RetentionReport) -> None:
    if not report.due:
        print(f"Nothing is due for deletion on {report.on}.")
        return
    common.print_table(
        ["kind", "record", "due on", "at the end", "held", "why"],
        [(d.kind, d.id, d.due_on, d.at_end, d.held or "", d.why) for d in report.due],
    )
    held = sum(one.held is not None for one in report.due)
    print(f"{common.count(len(report.due), 'record')} due on {report.on}, {held} of them held.")
    if report.erasure is not None:
        show_erasure(report.erasure)


def show_erasure(erasure: Erasure) -> None:
    """Print what a deletion came to."""
    print(
        f"Deleted {common.count(len(erasure.deleted), 'record')} and {common.count(erasure.files_removed, 'file')}. "
        f"Looked through the whole case afterwards: left: {erasure.left}."
    )
    for found in erasure.found:
        print(f"Still there: {found.what}, in {found.place}")
    for outside in erasure.outside:
        print(f"Outside our reach: {outside.what}, {outside.place}: {outside.why}")


@retention_app.command("rules", epilog="Example: stillgraph retention rules cases/autumn --set our-rules.csv")
def rules(
    case: Case,
    new: Annotated[
        Path | None, typer.Option("--set", metavar="FILE", help="A table of rules in CSV, in force from now on.")
    ] = None,
    officer: Officer = None,
    operation: OperationOption = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Show the rules by which the case keeps its records, or replace them; a kind without one cannot be stored."""
    from stillgraph.casework import retention_rules

    desk = common.seat(case, officer, operation, reason)
    report = retention_rules.show(desk) if new is None else retention_rules.replace(desk, new)
    if as_json:
        common.print_json(report)
        return
    when = "" if report.set_at is None else f" on {report.set_at.date()}"
    print(f"{common.count(len(report.rules), 'rule')}, set by {report.set_by}{when}.")
    common.print_table(
        ["kind", "status", "basis", "keep for", "counted from", "at the end", "ours", "source"],
        [
            (r.kind, r.status, r.basis, r.keep_for, r.counted_from, r.at_end, "yes" if r.ours else "no", r.source)
            for r in report.rules
        ],
    )
    for kind in report.without_rule:
        print(f"No rule: {kind}. None can be stored.")
    if any(rule.ours for rule in report.rules):
        print("Rules marked as ours are Stillgraph's defaults, for the force to confirm.")


Because = Annotated[str, typer.Option("--because", metavar="TEXT", help="The reason, which is kept.")]


@retention_app.command(
    "keep",
    epilog='Example: stillgraph retention keep cases/autumn --image N1/1.jpg --until 2030-01-01 --because "appeal"',
)
def keep(
    case: Case,
    because: Because,
    until: Annotated[str, typer.Option("--until", metavar="DATE", help="The day of the next review.")],
    image: Annotated[str | None, typer.Option("--image", metavar="ID", help="A custody image.")] = None,
    still: Annotated[str | None, typer.Option("--still", metavar="ID", help="A still.")] = None,
    officer: Officer = None,
    operation: OperationOption = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Keep a custody image or still beyond its review, with a reason and the day of the next."""
    from stillgraph.casework import retention
    from stillgraph.errors import WrongUse
    from stillgraph.records import RecordKind

    if (image is None) == (still is None):
        raise WrongUse("Say what is kept: --image ID or --still ID; one of the two.")
    kind, record = (RecordKind.CUSTODY_IMAGE, image) if image is not None else (RecordKind.STILL, still)
    day = common.day(until, "--until")
    assert day is not None and record is not None  # noqa: S101, PT018  (both are given)
    retention.keep(common.seat(case, officer, operation, reason), kind, record, until=day, because=because)
    if as_json:
        common.print_json({"kind": kind, "id": record, "review_due": day})
    else:
        print(f"The {kind} {record} is kept; its next review is due on {day}.")


@retention_app.command(
    "hold",
    epilog='Example: stillgraph retention hold cases/autumn --nominal N1 --because "trial R v X" --until 2027-06-30',
)
def hold(
    case: Case,
    because: Because,
    person: Annotated[str | None, typer.Option("--person", metavar="ID", help="A person: nominal and stills.")] = None,
    nominal: Annotated[str | None, typer.Option("--nominal", metavar="ID", help="A nominal.")] = None,
    still: Annotated[str | None, typer.Option("--still", metavar="ID", help="A still.")] = None,
    until: common.Until = None,
    officer: Officer = None,
    operation: OperationOption = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Place a legal hold: what is held is not deleted until it ends or is released."""
    from stillgraph.casework import holding
    from stillgraph.records import NominalId, PersonId, StillId

    placed = holding.hold(
        common.seat(case, officer, operation, reason),
        because=because,
        person=None if person is None else PersonId(person),
        nominal=None if nominal is None else NominalId(nominal),
        still=None if still is None else StillId(still),
        until=common.day(until, "--until"),
    )
    if as_json:
        common.print_json({"holds": placed})
        return
    for one in placed:
        print(f"Hold {one.hold_id} on the {one.kind} {one.record_id}" + (f" until {one.until}." if one.until else "."))


@retention_app.command(
    "release", epilog='Example: stillgraph retention release cases/autumn --hold 1 --because "the trial is over"'
)
def release(
    case: Case,
    because: Because,
    number: Annotated[int, typer.Option("--hold", metavar="N", help="The number of the hold.")],
    officer: Officer = None,
    operation: OperationOption = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Release a legal hold: what it kept is deleted again when it is due."""
    from stillgraph.casework import holding

    released = holding.release(common.seat(case, officer, operation, reason), number, because=because)
    if as_json:
        common.print_json(released)
    else:
        print(f"Hold {released.hold_id} on the {released.kind} {released.record_id} is released.")


@retention_app.command("holds", epilog="Example: stillgraph retention holds cases/autumn")
def holds(
    case: Case,
    officer: Officer = None,
    operation: OperationOption = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """List the legal holds, the released ones too."""
    from stillgraph.casework import holding

    found = holding.holds(common.seat(case, officer, operation, reason))
    if as_json:
        common.print_json({"holds": found})
        return
    common.print_table(
        ["hold", "kind", "record", "until", "placed by", "because", "released"],
        [(h.hold_id, h.kind, h.record_id, h.until, h.placed_by, h.because, h.released_at) for h in found],
    )


@retention_app.command(
    "apply",
    epilog='Example: stillgraph retention apply cases/autumn --nominal N1 --received 2026-11-20 --ground "acquitted"',
)
def apply_to_delete(
    case: Case,
    nominal: Annotated[str, typer.Option("--nominal", metavar="ID", help="Whose images.")],
    received: Annotated[str, typer.Option("--received", metavar="DATE", help="The day it came in.")],
    ground: Annotated[str, typer.Option("--ground", metavar="TEXT", help="What the person gives as the ground.")],
    officer: Officer = None,
    operation: OperationOption = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Record a person's application to have their custody images deleted, and say what is presumed."""
    from stillgraph.casework import applications
    from stillgraph.records import NominalId

    day = common.day(received, "--received")
    assert day is not None  # noqa: S101  (it is given)
    taken = applications.take(
        common.seat(case, officer, operation, reason), NominalId(nominal), received_on=day, ground=ground
    )
    if as_json:
        common.print_json(taken)
        return
    number = taken.application.application_id
    print(f"Application {number} of {nominal}: {common.count(taken.images, 'custody image')}.")
    if taken.presumption:
        print(
            "The person was not convicted: deleting is presumed"
            + (", and they were under 18." if taken.stronger else ".")
        )
    else:
        print(f"Somebody convicted: may be deleted on application from {taken.may_apply_from} on by the rules.")
    if taken.held:
        print("A legal hold keeps images of theirs.")


@retention_app.command("applications", epilog="Example: stillgraph retention applications cases/autumn")
def applications_list(
    case: Case,
    officer: Officer = None,
    operation: OperationOption = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """List applications to delete, and how each was decided."""
    from stillgraph.casework import applications

    found = applications.applications(common.seat(case, officer, operation, reason))
    if as_json:
        common.print_json({"applications": found})
        return
    common.print_table(
        ["number", "nominal", "received", "presumption", "outcome", "next review"],
        [
            (s.application.application_id, s.application.nominal_id, s.application.received_on,
             "delete" if s.presumption else "", s.application.outcome, s.application.next_review)
            for s in found
        ],
    )  # fmt: skip


@retention_app.command(
    "decide", epilog='Example: stillgraph retention decide cases/autumn --application 1 --delete --because "acquitted"'
)
def decide(
    case: Case,
    because: Because,
    number: Annotated[int, typer.Option("--application", metavar="N", help="The number of the application.")],
    delete: Annotated[bool, typer.Option("--delete", help="Grant it: delete the images, and so the record.")] = False,
    refuse: Annotated[bool, typer.Option("--refuse", help="Refuse it: state why, and the next review.")] = False,
    purpose: Annotated[str, typer.Option("--purpose", metavar="TEXT", help="The policing purpose of a refusal.")] = "",
    next_review: Annotated[
        str | None, typer.Option("--next-review", metavar="DATE", help="The day of the next review, of a refusal.")
    ] = None,
    officer: Officer = None,
    operation: OperationOption = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Decide an application to delete; where the person was not convicted, deleting is presumed."""
    from stillgraph.casework import applications
    from stillgraph.errors import WrongUse

    if delete == refuse:
        raise WrongUse("Say how it is decided: --delete or --refuse; one of the two.")
    desk = common.seat(case, officer, operation, reason)
    if delete:
        decided = applications.grant(desk, number, because=because)
    else:
        day = common.day(next_review, "--next-review")
        decided = applications.refuse(desk, number, because=because, purpose=purpose, next_review=day)
    if as_json:
        common.print_json(decided)
        return
    print(f"Application {number} was decided: {decided.application.outcome}.")
    if decided.erasure is not None:
        show_erasure(decided.erasure)


def subject_access(
    case: Case,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help=".html, .pdf or .json")],
    nominal: Annotated[str | None, typer.Option("--nominal", metavar="ID", help="As custody knows them.")] = None,
    person: Annotated[
        str | None, typer.Option("--person", metavar="ID", help="Somebody custody does not know.")
    ] = None,
    received: Annotated[str | None, typer.Option("--received", metavar="DATE", help="When it was asked for.")] = None,
    officer: Officer = None,
    operation: OperationOption = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Write all that is held on one person, everybody else left out, for them to have; read it before it is sent."""
    from stillgraph.casework import subject_access as access
    from stillgraph.records import NominalId, PersonId

    told = access.write(
        common.seat(case, officer, operation, reason),
        out,
        nominal=None if nominal is None else NominalId(nominal),
        person=None if person is None else PersonId(person),
        received_on=common.day(received, "--received"),
    )
    if as_json:
        common.print_json(told)
        return
    for title, count in told.tables.items():
        print(f"  {title}: {count}")
    for one in told.missing:
        print(one)
    print(f"Wrote {told.file}: {common.count(told.pictures, 'picture')}. SHA-256 {told.sha256}, recorded.")
