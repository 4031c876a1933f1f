"""The command that proposes offences that may be one person's."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stillgraph.cli import common
from stillgraph.cli.common import AsJson, Case, Officer, OperationOption, Reason

if TYPE_CHECKING:
    from stillgraph.casework.series import SeriesReport
    from stillgraph.records import PairCheck


def register(app: typer.Typer) -> None:
    """Add this command to the application."""
    app.command("series", epilog="Example: stillgraph series cases/autumn --least-ratio 10 --most 20")(series)


def series(
    case: Case,
    retailer: Annotated[
        list[str] | None, typer.Option("--retailer", metavar="ID", help="Learn from this retailer only; repeatable.")
    ] = None,
    truth: Annotated[
        Path | None, typer.Option("--truth", metavar="FILE", help="Known truth to measure on, with --measure-on.")
    ] = None,
    measure_on: Annotated[
        list[str] | None,
        typer.Option("--measure-on", metavar="ID", help="Measure on this retailer's offences; repeatable."),
    ] = None,
    least_ratio: Annotated[
        float, typer.Option("--least-ratio", metavar="R", help="The least likelihood ratio of a proposal.")
    ] = 2.0,
    most: Annotated[int, typer.Option("--most", metavar="N", help="The most proposals.")] = 50,
    officer: Officer = None,
    operation: OperationOption = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Propose offences that may be one person's, by how they were committed and how alike their faces are.

    Learned from the case's corroborated series; too few of them, and nothing is proposed. A proposal links nobody.
    """
    from stillgraph.casework import progress
    from stillgraph.casework import series as work

    with progress.bar(shown=sys.stderr.isatty()) as shown:
        report = work.series(
            common.seat(case, officer, operation, reason), retailers=retailer or (), truth=truth,
            measured_on=measure_on or (), least_ratio=least_ratio, most=most, progress=shown,
        )  # fmt: skip
    if as_json:
        common.print_json(report)
    else:
        _print(report)


def _print(report: SeriesReport) -> None:
    from stillgraph.casework.rating import said_of_ratio
    from stillgraph.casework.series import by_chance

    model = report.model
    review = "; simulated review" if report.simulated else ""
    print(
        f"Learned from {common.count(model.offences, 'solved offence')}, {model.series} people with several: "
        f"{model.linked} pairs of one person, {model.unlinked} of different people{review}"
    )
    if model.insufficient is not None:
        print(f"Nothing is proposed. {model.insufficient}.")
        return
    common.print_table(
        ["measured on", "of", "pairs of one person", "of different", "AUC", "Cllr"],
        [(where, of, found.linked, found.unlinked, *_figures(found)) for where, of, found in _checks(report)],
    )
    common.print_table(
        ["offence", "and", "likelihood ratio", "corroborated", "why"],
        [(*p.offences, said_of_ratio(p.likelihood_ratio), ", ".join(p.known), p.reason) for p in report.proposals],
    )
    print(by_chance(report))
    print("These are proposals: no link is made, and none follows from a ratio.")


def _checks(report: SeriesReport) -> list[tuple[str, str, PairCheck]]:
    model = report.model
    found = [("cross-validated", model.behaviour_check, model.check)]
    for where, held in ((", ".join(report.measured_on), report.held_out), ("others only", report.held_out_others)):
        if held is not None:
            found.append((where, held.behaviour, held.both))
    return [
        (where if first else "", "behaviour" if first else "with faces", check)
        for where, *checks in found
        for first, check in zip((True, False), checks, strict=True)
        if check is not None
    ]


def _figures(found: PairCheck) -> tuple[str, str]:
    if found.auc is None or found.cllr is None:
        return "none", ""
    interval = "" if found.auc_low is None else f" ({found.auc_low:.2f} to {found.auc_high:.2f})"
    return f"{found.auc:.2f}{interval}", f"{found.cllr:.2f}"
