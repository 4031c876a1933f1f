"""Questions to the network of persons and offences: paths, connections, surroundings, timelines, travel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from stillgraph.cli import common
from stillgraph.cli.common import AsJson, Case, Officer, OperationOption, Reason, Since, Until

if TYPE_CHECKING:
    from stillgraph.records import LinkEvidence, NetworkFilter, NetworkNode

ask_app = typer.Typer(help="Questions to the network of persons and offences; each answer says what it rests on.")

WithProposals = Annotated[
    bool, typer.Option("--with-proposals", help="Links that nobody has corroborated too, and machines' proposals.")
]
Retailer = Annotated[
    list[str] | None, typer.Option("--retailer", metavar="ID", help="Only this retailer's offences; repeat for more.")
]
Borough = Annotated[
    list[str] | None, typer.Option("--borough", metavar="NAME", help="Only offences there; repeat for more.")
]
Status = Annotated[
    list[str] | None,
    typer.Option("--status", metavar="STATUS", help="Only links that are corroborated, proposed or unknown; repeat."),
]


def register(app: typer.Typer) -> None:
    """Add these commands to the application."""
    app.add_typer(ask_app, name="ask")


def narrowed(
    since: str | None,
    until: str | None,
    retailer: Sequence[str] | None = None,
    borough: Sequence[str] | None = None,
    status: Sequence[str] | None = None,
) -> NetworkFilter:
    """Read the options that say which links count."""
    from stillgraph.errors import WrongUse
    from stillgraph.records import LinkStatus, NetworkFilter, RetailerId

    statuses = [one.value for one in LinkStatus]
    for one in status or ():
        if one not in statuses:
            raise WrongUse(f"--status takes {', '.join(statuses)}, not {one!r}.")
    return NetworkFilter(
        since=common.day(since, "--since"),
        until=common.day(until, "--until"),
        retailers=tuple(RetailerId(one) for one in retailer or ()),
        boroughs=tuple(borough or ()),
        statuses=tuple(LinkStatus(one) for one in status or ()),
    )


@ask_app.command("path", epilog="Example: stillgraph ask path cases/autumn --from N314959 --to N116984")
def ask_path(
    case: Case,
    source: Annotated[str, typer.Option("--from", metavar="PERSON", help="Where the way begins.")],
    target: Annotated[str, typer.Option("--to", metavar="PERSON", help="Where it ends.")],
    most: Annotated[int, typer.Option("--most", metavar="K", help="How many of the shortest ways.")] = 1,
    in_time_order: Annotated[
        bool,
        typer.Option("--in-time-order", help="Each next offence not before the previous; fewest links and earliest."),
    ] = False,
    with_proposals: WithProposals = False,
    since: Since = None,
    until: Until = None,
    retailer: Retailer = None,
    borough: Borough = None,
    status: Status = None,
    officer: Officer = None,
    operation: OperationOption = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Find the shortest ways from one person to another over offences that both ends of a step are linked to."""
    from stillgraph.casework import asking

    desk = common.seat(case, officer, operation, reason)
    answer = asking.find_path(
        desk, source, target, most=most, in_time_order=in_time_order, with_proposals=with_proposals,
        wanted=narrowed(since, until, retailer, borough, status),
    )  # fmt: skip
    if as_json:
        common.print_json(answer)
        return
    order = " in time order" if in_time_order else ""
    if not answer.paths:
        print(f"No way{order} from {source} to {target} in this network.")
    for number, path in enumerate(answer.paths, start=1):
        print(f"Way {number}{order}: {common.count(len(path.links), 'link')}.")
        print_nodes(path.nodes)
        print_links(path.links)
        print_least_sure(path.least_sure)
    if answer.more:
        print(f"There are other ways as short; --most {2 * most} shows more.")
    print_note(answer.review)


def print_nodes(nodes: Sequence[NetworkNode]) -> None:
    """Print persons and offences, one a line."""
    common.print_table(
        ["what", "id", "when", "offence", "retailer", "store", "borough"],
        [(n.kind, n.id, n.occurred_at, n.offence, n.retailer, n.store, n.borough) for n in nodes],
    )


def print_links(links: Sequence[LinkEvidence]) -> None:
    """Print what links rest on, one a line."""
    common.print_table(
        ["person", "linked to", "link", "strength", "likelihood ratio", "score", "officers", "faces"],
        [
            (
                link.person_id,
                link.to,
                link.status if link.kind == "link" else link.kind,
                link.strength,
                None if link.likelihood_ratio is None else f"{link.likelihood_ratio:,.3g}",
                None if link.score is None else f"{link.score:.3f}",
                ", ".join(_officers(link)),
                ", ".join(face.face_id for face in link.faces),
            )
            for link in links
        ],
    )


def print_least_sure(link: LinkEvidence | None) -> None:
    """Print the least sure of the links an answer uses."""
    if link is not None:
        said = "nobody has ruled on it" if link.kind != "link" else f"{link.status}, {link.strength or 'no strength'}"
        print(f"Least sure: {link.person_id} - {link.to} ({said}).")


def print_note(review: str) -> None:
    """Print how links were reviewed, and what a link does not say."""
    from stillgraph.casework import networking

    print(f"Links by {review or 'no review'}. {networking.NOTE}")


def _officers(link: LinkEvidence) -> list[str]:
    agreed = {opinion.officer for face in link.faces for opinion in face.judgements if opinion.agrees}
    return sorted(agreed | {officer for face in link.faces for officer in face.ruled_by})
