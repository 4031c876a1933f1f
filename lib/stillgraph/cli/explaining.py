"""The command that says why: one page about one person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from stillgraph.cli import common
from stillgraph.cli.common import AsJson, Case, Officer, OperationOption, Reason, Since, Until

if TYPE_CHECKING:
    from stillgraph.records import Explanation, WhyOffence


def register(app: typer.Typer) -> None:
    """Add this command to the application."""
    app.command("why", epilog="Example: stillgraph why cases/autumn N409987 --by count")(why)


def why(
    case: Case,
    person: Annotated[str, typer.Argument(metavar="PERSON", help="The person, as `rank` or `link` names them.")],
    by: Annotated[str, typer.Option("--by", metavar="harm|count|value|rfh", help="What they are ranked by.")] = "harm",
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
    """Say why a person ranks where they do: each link and its evidence, what it brings, what would change it."""
    from stillgraph.casework import explaining
    from stillgraph.records import PersonId

    page = explaining.why(
        common.seat(case, officer, operation, reason),
        PersonId(person),
        by=by,
        since=common.day(since, "--since"),
        until=common.day(until, "--until"),
        with_proposals=with_proposals,
    )
    if as_json:
        common.print_json(page)
    else:
        _print(page)


def _print(page: Explanation) -> None:
    from stillgraph.casework import explaining_words

    review = "; simulated review" if page.simulated else ""
    print(f"{page.person_id}, {page.status}{review}. {page.scale}")
    for sentence in page.sentences:
        print(f"  {sentence}")
    common.print_table(
        [
            "offence",
            "when",
            "class",
            "store",
            "days",
            "value",
            "link",
            "faces",
            f"place by {page.by} without",
            "doubts",
        ],
        [_row(page, offence) for offence in page.offences],
    )
    print("What would change the place:")
    for sentence in explaining_words.changes(page):
        print(f"  {sentence}")
    print("What this does not say:")
    for sentence in page.unsaid:
        print(f"  {sentence}")


def _row(page: Explanation, offence: WhyOffence) -> tuple[object, ...]:
    without = None if offence.contribution is None else offence.contribution.without.ranks[page.by]
    return (
        offence.offence_id,
        f"{offence.occurred_at:%Y-%m-%d}",
        offence.offence,
        offence.store,
        f"{offence.harm_days:,.1f}",
        common.pounds(offence.value_pence),
        str(offence.status) if offence.counts else f"{offence.status}, not counted",
        len(offence.faces),
        without,
        "; ".join(offence.doubts),
    )
