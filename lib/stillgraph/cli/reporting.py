"""Reports for people: the case pack, accuracy and transparency."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from stillgraph.cli import common
from stillgraph.cli.common import AsJson, Case, Officer, OperationOption, Reason, Since, Until

report_app = typer.Typer(help="Reports for people.")


def register(app: typer.Typer) -> None:
    """Add these commands to the application."""
    app.add_typer(report_app, name="report")


@report_app.command("case", epilog="Example: stillgraph report case cases/autumn --out pack.pdf --top 10")
def report_case(
    case: Case,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help=".pdf, .html, .xlsx or .json")],
    person: Annotated[
        list[str] | None, typer.Option("--person", metavar="ID", help="Somebody with a page; repeat for more.")
    ] = None,
    top: Annotated[int, typer.Option("--top", min=1, help="How many of the ranking get pages, nobody named.")] = 10,
    by: Annotated[str, typer.Option("--by", metavar="harm|count|value|rfh", help="What to rank by.")] = "harm",
    since: Since = None,
    until: Until = None,
    with_proposals: Annotated[
        bool, typer.Option("--with-proposals", help="Count links that nobody has corroborated too.")
    ] = False,
    officer: Officer = None,
    operation: OperationOption = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Write the case pack: ranking, one page of why for each person, network, method, limits, stills with hashes."""
    from stillgraph.casework import packing
    from stillgraph.records import PersonId

    told = packing.write(
        common.seat(case, officer, operation, reason),
        out,
        people=[PersonId(one) for one in person or ()],
        top=top,
        by=by,
        since=common.day(since, "--since"),
        until=common.day(until, "--until"),
        with_proposals=with_proposals,
    )
    if as_json:
        common.print_json(told)
        return
    review = " Simulated review." if told.simulated else ""
    print(
        f"Wrote {told.file}: {common.count(len(told.persons), 'person')} with a page of "
        f"{common.count(told.standings, 'person')} ranked, {common.count(told.stills, 'still')}, "
        f"{common.count(told.pictures, 'picture')}.{review}"
    )
    for one in told.missing:
        print(f"Not shown: {one}")
    print(f"SHA-256 {told.sha256}, recorded.")


@report_app.command(
    "accuracy",
    epilog="Example: stillgraph report accuracy cases/demo --out accuracy.html --truth data/demo/truth.csv "
    "--by ethnicity,sex",
)
def report_accuracy(
    case: Case,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help=".html, .pdf or .json")],
    truth: Annotated[
        Path | None, typer.Option("--truth", metavar="FILE", help="Who is on each still, left to right.")
    ] = None,
    by: Annotated[str, typer.Option("--by", metavar="GROUPS", help="Recorded groups, e.g. ethnicity,sex.")] = "",
    officer: Officer = None,
    operation: OperationOption = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Write how often search and review are wrong, for whom, as far as the data bear it, and what is not known."""
    from stillgraph.casework import accuracy_report

    told = accuracy_report.write(common.seat(case, officer, operation, reason), out, truth=truth, by=common.names(by))
    if as_json:
        common.print_json(told)
        return
    print(f"Wrote {told.file}. SHA-256 {told.sha256}, recorded.")


@report_app.command(
    "transparency", epilog="Example: stillgraph report transparency cases/autumn --out report.html --internal"
)
def report_transparency(
    case: Case,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help=".html, .pdf or .json")],
    since: Since = None,
    until: Until = None,
    public: Annotated[
        bool,
        typer.Option("--public/--internal", help="Small counts withheld, of one quarter; or exact, of any period."),
    ] = True,
    officer: Officer = None,
    operation: OperationOption = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Write what the audit record says of a period: searches, what came of them, errors, deletions, attempts.

    CASE may be the audit log of a case, or a copy of it (log.jsonl): then the report is made from that alone.
    """
    from stillgraph.casework import transparency

    first, last = common.day(since, "--since"), common.day(until, "--until")
    if case.suffix == ".jsonl":
        told = transparency.write_from_log(case, out, since=first, until=last, public=public)
    else:
        seat = common.seat(case, officer, operation, reason)
        told = transparency.write(seat, out, since=first, until=last, public=public)
    if as_json:
        common.print_json(told)
        return
    kind = "public" if told.public else "internal"
    print(f"Wrote {told.file}: {told.since} to {told.until}, {kind} version, from the audit record up to entry "
          f"{told.sequence}.")  # fmt: skip
    if told.provisional:
        print("The period has not ended: not for publication.")
    print(f"SHA-256 {told.sha256}{', from a log, recorded nowhere' if case.suffix == '.jsonl' else ', recorded'}.")


@report_app.command(
    "cards",
    epilog="Example: stillgraph report cards cases/demo --out docs --truth data/demo/truth.csv --by ethnicity,sex",
)
def report_cards(
    case: Case,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="The folder to write both cards into.")],
    truth: Annotated[Path, typer.Option("--truth", metavar="FILE", help="Who is on each still, left to right.")],
    by: Annotated[str, typer.Option("--by", metavar="GROUPS", help="Recorded groups, e.g. ethnicity,sex.")] = "",
    officer: Officer = None,
    operation: OperationOption = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Write a model card and a system card as Markdown, filled from an evaluation of the case."""
    from stillgraph.casework import cards

    names = cards.write(common.seat(case, officer, operation, reason), out, truth=truth, by=common.names(by))
    if as_json:
        common.print_json({"cards": list(names), "folder": str(out)})
        return
    print(f"Wrote {' and '.join(names)} in {out}.")
