"""Commands that say what a ranking is worth: concentration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from stillgraph.cli import common
from stillgraph.cli.common import AsJson, Case, Officer, OperationOption, Reason, Since, Until

if TYPE_CHECKING:
    from stillgraph.records import Estimate

WithProposals = Annotated[bool, typer.Option("--with-proposals", help="Count links that nobody has corroborated too.")]
WithoutProactive = Annotated[
    bool, typer.Option("--without-proactive", help="Leave proactively detected offences out of days of harm.")
]


def register(app: typer.Typer) -> None:
    """Add these commands to the application."""
    app.command("concentration", epilog="Example: stillgraph concentration cases/autumn --of stores --by count")(
        concentration
    )


def concentration(
    case: Case,
    of: Annotated[
        str, typer.Option("--of", metavar="persons|stores|retailers|boroughs", help="Among whom or what.")
    ] = "persons",
    by: Annotated[str, typer.Option("--by", metavar="harm|count|value", help="What is concentrated.")] = "harm",
    since: Since = None,
    until: Until = None,
    with_proposals: WithProposals = False,
    without_proactive: WithoutProactive = False,
    officer: Officer = None,
    operation: OperationOption = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Say how few persons, stores, retailers or boroughs hold how much of the harm, with intervals."""
    from stillgraph.casework import worth

    report = worth.concentration(
        common.seat(case, officer, operation, reason), of=of, by=by, since=common.day(since, "--since"),
        until=common.day(until, "--until"), with_proposals=with_proposals, include_proactive=not without_proactive,
    )  # fmt: skip
    if as_json:
        common.print_json(report)
        return
    review = " Simulated review." if report.simulated else ""
    print(f"{_period(report.since, report.until)} {report.scale}{review}")
    print(report.statement)
    common.print_table(
        [f"first {of}", "%", "hold %", "95 %"],
        [
            (units, f"{100 * units / report.found.units:.1f}", *_shown(percent))
            for units, percent in sorted({share.units: share.percent for share in report.found.shares}.items())
        ],
    )
    for note in report.notes:
        print(note)


def _shown(estimate: Estimate) -> tuple[str, str]:
    value = "" if estimate.value is None else f"{estimate.value:.1f}"
    if estimate.low is None or estimate.high is None:
        return value, "insufficient"
    return value, f"{estimate.low:.1f}-{estimate.high:.1f}"


def _period(since: object, until: object) -> str:
    return f"{since or 'The first offence'} to {until or 'the last'}."
