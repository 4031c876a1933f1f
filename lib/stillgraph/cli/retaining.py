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
