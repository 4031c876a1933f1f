"""The command that ranks persons."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from stillgraph.cli import common
from stillgraph.cli.common import AsJson, Case, Officer, OperationOption, Reason, Since, Until


def register(app: typer.Typer) -> None:
    """Add this command to the application."""
    app.command("rank", epilog="Example: stillgraph rank cases/autumn --by harm --since 2026-01-01 --csv top.csv")(rank)


def rank(
    case: Case,
    since: Since = None,
    until: Until = None,
    by: Annotated[str, typer.Option("--by", metavar="harm|count|value|rfh", help="What to rank by.")] = "harm",
    top: Annotated[int, typer.Option("--top", min=1, help="How many to print; JSON and CSV always hold all.")] = 20,
    with_proposals: Annotated[
        bool, typer.Option("--with-proposals", help="Count links that nobody has corroborated too.")
    ] = False,
    csv: Annotated[Path | None, typer.Option("--csv", metavar="FILE", help="Write the whole ranking as CSV.")] = None,
    officer: Officer = None,
    operation: OperationOption = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Rank prolific offenders by harm, count, value or recency-frequency-harm, with the intervals of their ranks."""
    from stillgraph.casework import ranking as rankings
    from stillgraph.errors import WrongUse

    if by not in {"harm", "count", "value", "rfh"}:
        raise WrongUse(f"--by takes harm, count, value or rfh, not {by!r}.")
    desk = common.seat(case, officer, operation, reason)
    ranking = rankings.ranking(
        desk,
        by=by,
        since=common.day(since, "--since"),
        until=common.day(until, "--until"),
        with_proposals=with_proposals,
    )
    if csv is not None:
        rankings.write_ranking(ranking, csv)
    if as_json:
        common.print_json(ranking)
        return
    review = "; simulated review" if ranking.simulated else ""
    print(f"By {by}, {ranking.since or 'the first offence'} to {ranking.until or 'the last'}{review}. {ranking.scale}")
    common.print_table(
        ["rank", "95 %", "person", "link", "offences", "retailers", "harm (days)", "value", "RFH", "prior arrests"],
        [
            (s.rank, f"{s.rank_low}-{s.rank_high}", s.person_id, s.status, s.offences, s.retailers,
             f"{s.harm_days:,.1f}", common.pounds(s.value_pence), s.rfh,
             None if s.nominal_id is None else s.prior_arrests)
            for s in ranking.standings[:top]
        ],
    )  # fmt: skip
    print(rankings.concentration_sentence(ranking))
