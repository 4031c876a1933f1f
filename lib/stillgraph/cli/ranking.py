"""The command that ranks persons."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stillgraph.cli import common
from stillgraph.cli.common import AsJson, Case, Officer, OperationOption, Reason, Since, Until

if TYPE_CHECKING:
    from stillgraph.records import Ranking


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
    proactive: Annotated[
        bool,
        typer.Option("--proactive/--no-proactive", help="Count proactively detected offences in harm (usually not)."),
    ] = False,
    points: Annotated[
        Path | None, typer.Option("--points", metavar="FILE", help="A table of points for RFH, in CSV.")
    ] = None,
    draws: Annotated[int, typer.Option("--draws", min=1, help="How many worlds to draw.")] = 1000,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Where their randomness starts.")] = 0,
    top_n: Annotated[
        int, typer.Option("--top-n", min=1, help="How many are 'the first' of which top_share says how often.")
    ] = 10,
    from_trials: Annotated[
        bool, typer.Option("--from-trials", help="Learn from trials how often officers err; for supervisors.")
    ] = False,
    csv: Annotated[Path | None, typer.Option("--csv", metavar="FILE", help="Write the whole ranking as CSV.")] = None,
    officer: Officer = None,
    operation: OperationOption = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Rank prolific offenders by harm, count, value or recency-frequency-harm, with the intervals of their ranks."""
    from stillgraph.casework import ranking as rankings
    from stillgraph.casework.progress import bar

    with bar(shown=sys.stderr.isatty()) as progress:
        ranking = rankings.ranking(
            common.seat(case, officer, operation, reason),
            by=by,
            since=common.day(since, "--since"),
            until=common.day(until, "--until"),
            with_proposals=with_proposals,
            include_proactive=proactive,
            points=points,
            settings=rankings.world_settings(draws=draws, seed=seed, top_n=top_n),
            from_trials=from_trials,
            csv=csv,
            progress=progress,
        )
    if as_json:
        common.print_json(ranking)
        return
    _show(ranking, top, top_n)
    print(rankings.concentration_sentence(ranking))


def _show(ranking: Ranking, top: int, top_n: int) -> None:
    review = "; simulated review" if ranking.simulated else ""
    first, last = ranking.since or "the first offence", ranking.until or "the last"
    print(f"By {ranking.by}, {first} to {last}{review}. {ranking.scale}")
    common.print_table(
        ["rank", "95 %", f"in top {top_n}", "person", "link", "offences", "retailers", "harm (days)", "95 %", "value",
         "RFH", "prior arrests", "other ranks"],
        [
            (s.rank, f"{s.rank_low}-{s.rank_high}", "" if s.top_share is None else f"{100 * s.top_share:.0f} %",
             s.person_id, s.status, s.offences, s.retailers, f"{s.harm_days:,.1f}",
             f"{s.harm_low:,.1f}-{s.harm_high:,.1f}", common.pounds(s.value_pence), s.rfh,
             None if s.nominal_id is None else s.prior_arrests,
             f"harm {s.ranks.harm}, count {s.ranks.count}, value {s.ranks.value}" if s.ranks else "")
            for s in ranking.standings[:top]
        ],
    )  # fmt: skip
    print(f"in top {top_n}: share of worlds with the person among the first {top_n} (docs/ranking.md).")
