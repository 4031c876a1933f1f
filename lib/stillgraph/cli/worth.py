"""Commands that say what a ranking is worth: concentration, backtest, quiet."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stillgraph.cli import common
from stillgraph.cli.common import AsJson, Case, Officer, OperationOption, Reason, Since, Until

if TYPE_CHECKING:
    from stillgraph.records import Estimate, ListWorth, SplitWorth

WithProposals = Annotated[bool, typer.Option("--with-proposals", help="Count links that nobody has corroborated too.")]
Proactive = Annotated[
    bool,
    typer.Option("--proactive/--no-proactive", help="Count proactively detected offences in harm (usually not)."),
]


def register(app: typer.Typer) -> None:
    """Add these commands to the application."""
    app.command("concentration", epilog="Example: stillgraph concentration cases/autumn --of stores --by count")(
        concentration
    )
    app.command("backtest", epilog="Example: stillgraph backtest cases/autumn --split 2026-07-01 --top 20")(backtest)
    app.command("quiet", epilog="Example: stillgraph quiet cases/autumn --on 2026-10-31")(quiet)


def concentration(
    case: Case,
    of: Annotated[
        str, typer.Option("--of", metavar="persons|stores|retailers|boroughs", help="Among whom or what.")
    ] = "persons",
    by: Annotated[str, typer.Option("--by", metavar="harm|count|value", help="What is concentrated.")] = "harm",
    since: Since = None,
    until: Until = None,
    with_proposals: WithProposals = False,
    proactive: Proactive = False,
    officer: Officer = None,
    operation: OperationOption = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Say how few persons, stores, retailers or boroughs hold how much of the harm, with intervals."""
    from stillgraph.casework import worth

    report = worth.concentration(
        common.seat(case, officer, operation, reason), of=of, by=by, since=common.day(since, "--since"),
        until=common.day(until, "--until"), with_proposals=with_proposals, include_proactive=proactive,
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


def backtest(
    case: Case,
    split: Annotated[
        list[str] | None,
        typer.Option("--split", metavar="DATE", help="First day of a next period; again for more. Default: three."),
    ] = None,
    top: Annotated[int, typer.Option("--top", help="How many are on a list.")] = 10,
    by: Annotated[
        list[str] | None,
        typer.Option("--by", metavar="harm|count|value|rfh", help="Lists by this; again for more. Default: harm, rfh."),
    ] = None,
    since: Since = None,
    until: Until = None,
    with_proposals: WithProposals = False,
    proactive: Proactive = False,
    as_known: Annotated[
        bool, typer.Option("--as-known", help="Lists of links only that had been made by their last day.")
    ] = False,
    csv: Annotated[Path | None, typer.Option("--csv", metavar="FILE", help="Write every figure as CSV.")] = None,
    officer: Officer = None,
    operation: OperationOption = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Rank on one period and measure on the next: what lists were worth, beside count alone and random lists."""
    from stillgraph.casework import progress, worth

    days = [day for text in split or () if (day := common.day(text, "--split")) is not None]
    with progress.bar(shown=sys.stderr.isatty()) as shown:
        report = worth.back_test(
            common.seat(case, officer, operation, reason), splits=days, by=tuple(by or ("harm", "rfh")), top=top,
            since=common.day(since, "--since"), until=common.day(until, "--until"), with_proposals=with_proposals,
            as_known=as_known, include_proactive=proactive, progress=shown,
        )  # fmt: skip
    if csv is not None:
        worth.write_back_test(report, csv)
    if as_json:
        common.print_json(report)
        return
    print(f"Lists of {report.top}. {report.scale}{' Simulated review.' if report.simulated else ''}")
    for one, statement in zip(report.splits, report.statements, strict=True):
        print(statement)
        _print_lists(one.lists, one)
    if report.overall:
        print("Mean over the splits:")
        _print_lists(report.overall)
        for difference in report.overall_differences:
            if difference.measure == "harm":
                print(
                    f"  {difference.by} less {difference.against}, share of harm, points: {_range(difference.points)}"
                )
    for note in report.notes:
        print(note)


def _print_lists(lists: Sequence[ListWorth], split: SplitWorth | None = None) -> None:
    if not lists:
        return
    rows: list[tuple[str, ...]] = [
        (one.by, _range(one.active), _range(one.harm), _range(one.offences), _range(one.not_listed),
         _range(one.newcomers), _range(one.rank_correlation, 2))
        for one in lists
    ]  # fmt: skip
    if split is not None:
        rows.append(
            (
                "random",
                _range(split.random_active),
                _range(split.random_harm),
                _range(split.random_offences),
                "",
                "",
                "",
            )
        )
    common.print_table(
        ["list by", "active next %", "harm %", "offences %", "of next not listed %", "newcomers %", "rank correlation"],
        rows,
    )


def _range(estimate: Estimate, digits: int = 0) -> str:
    if estimate.value is None:
        return "insufficient"
    if estimate.low is None or estimate.high is None:
        return f"{estimate.value:.{digits}f}"
    return f"{estimate.value:.{digits}f} ({estimate.low:.{digits}f} to {estimate.high:.{digits}f})"


def quiet(
    case: Case,
    on: Annotated[
        str | None, typer.Option("--on", metavar="DATE", help="The day of the reading; default: of the latest offence.")
    ] = None,
    since: Since = None,
    active_days: Annotated[
        int, typer.Option("--active-days", help="Days at liberty after an offence that count as active.")
    ] = 28,
    with_proposals: WithProposals = False,
    top: Annotated[int, typer.Option("--top", min=1, help="How many to print; JSON always holds all.")] = 20,
    officer: Officer = None,
    operation: OperationOption = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Say who has been silent for how long, and whether they were at liberty: somebody in custody is not quiet."""
    from stillgraph.casework import worth

    report = worth.quiet(
        common.seat(case, officer, operation, reason), on=common.day(on, "--on"), since=common.day(since, "--since"),
        with_proposals=with_proposals, active_days=active_days,
    )  # fmt: skip
    if as_json:
        common.print_json(report)
        return
    review = " Simulated review." if report.simulated else ""
    print(f"On {report.on}, {common.count(len(report.silences), 'person')}, the longest silent first.{review}")
    common.print_table(
        ["person", "offences", "last", "reading", "a 30 days", "95 %", "chance of it"],
        [
            (one.person_id, one.offences, one.last_offence, worth.silence_statement(one), *_rate(one.per_30_days),
             None if one.chance is None else f"{one.chance:.2g}")
            for one in report.silences[:top]
        ],
    )  # fmt: skip
    if report.contradictions:
        print(f"{common.count(len(report.contradictions), 'offence')} dated in custody: the link is wrong, or a date.")
        common.print_table(
            ["person", "offence", "on", "custody from", "released"],
            [
                (one.person_id, one.offence_id, one.occurred_on, one.custody_from, one.released_on)
                for one in report.contradictions
            ],
        )
    for note in report.notes:
        print(note)


def _rate(rate: Estimate) -> tuple[str, str]:
    if rate.value is None or rate.low is None or rate.high is None:
        return "insufficient", ""
    return f"{rate.value:.1f}", f"{rate.low:.1f}-{rate.high:.1f}"


def _shown(estimate: Estimate) -> tuple[str, str]:
    value = "" if estimate.value is None else f"{estimate.value:.1f}"
    if estimate.low is None or estimate.high is None:
        return value, "insufficient"
    return value, f"{estimate.low:.1f}-{estimate.high:.1f}"


def _period(since: object, until: object) -> str:
    return f"{since or 'The first offence'} to {until or 'the last'}."
