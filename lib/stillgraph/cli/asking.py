"""Questions to the network of persons and offences: paths, connections, surroundings, timelines, travel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from stillgraph.cli import common
from stillgraph.cli.common import AsJson, Case, Officer, OperationOption, Reason, Since, Until

if TYPE_CHECKING:
    from stillgraph.records import LinkEvidence, NetworkFilter, NetworkNode, TimelineRow

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


def _held(row: TimelineRow) -> str | None:
    """Return what came of an arrest, and the days of custody on record."""
    if row.custody_from is None:
        return row.disposal
    return f"{row.disposal}; in custody {row.custody_from} to {row.released_on or 'this record'}"


def _officers(link: LinkEvidence) -> list[str]:
    agreed = {opinion.officer for face in link.faces for opinion in face.judgements if opinion.agrees}
    return sorted(agreed | {officer for face in link.faces for officer in face.ruled_by})


@ask_app.command(
    "connect", epilog="Example: stillgraph ask connect cases/autumn --of N314959 --of N116984 --of N283283"
)
def ask_connect(
    case: Case,
    of: Annotated[list[str], typer.Option("--of", metavar="PERSON", help="Whom to join; repeat for each.")],
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
    """Find a small network that joins several persons, over offences and others."""
    from stillgraph.casework import asking

    desk = common.seat(case, officer, operation, reason)
    wanted = narrowed(since, until, retailer, borough, status)
    answer = asking.connect(desk, of, with_proposals=with_proposals, wanted=wanted)
    if as_json:
        common.print_json(answer)
        return
    for part in answer.parts:
        smallest = (
            "none has fewer"
            if part.least_possible == len(part.links)
            else f"the smallest has {part.least_possible} at least"
        )
        print(f"{', '.join(part.persons)} are joined by {common.count(len(part.links), 'link')} ({smallest}).")
        print_nodes(part.nodes)
        print_links(part.links)
        print_least_sure(part.least_sure)
    if answer.apart:
        print(f"Joined to none of the others: {', '.join(answer.apart)}.")
    print_note(answer.review)


@ask_app.command("around", epilog="Example: stillgraph ask around cases/autumn --of N314959 --depth 2 --json")
def ask_around(
    case: Case,
    of: Annotated[list[str], typer.Option("--of", metavar="PERSON", help="Of whom; repeat for more.")],
    depth: Annotated[int, typer.Option("--depth", metavar="N", help="How many steps from person to person.")] = 1,
    most: Annotated[int, typer.Option("--most", metavar="N", help="How many persons are shown at most.")] = 500,
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
    """Show who is within so many steps of somebody, and the offences between."""
    from stillgraph.casework import asking

    desk = common.seat(case, officer, operation, reason)
    wanted = narrowed(since, until, retailer, borough, status)
    answer = asking.around(desk, of, depth=depth, most=most, with_proposals=with_proposals, wanted=wanted)
    if as_json:
        common.print_json(answer)
        return
    people = common.count(len(answer.neighbours), "person")
    print(f"{people}, {common.count(len(answer.offences), 'offence')}, {common.count(len(answer.links), 'link')}.")
    common.print_table(
        ["steps", "person", "link", "offences here"],
        [
            (one.steps, one.person.id, one.person.status,
             sum(link.kind == "link" and link.person_id == one.person.id for link in answer.links))
            for one in answer.neighbours
        ],
    )  # fmt: skip
    print_nodes(answer.offences)
    if answer.left_out:
        print(f"{answer.left_out} more persons are as near; --most shows more of them.")
    print_least_sure(answer.least_sure)
    print_note(answer.review)


@ask_app.command("timeline", epilog="Example: stillgraph ask timeline cases/autumn --of N314959 --since 2026-01-01")
def ask_timeline(
    case: Case,
    of: Annotated[list[str], typer.Option("--of", metavar="PERSON", help="Of whom; repeat for a group.")],
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
    """Show a person's or a group's offences and arrests in the order of time, with whom, and the longest gaps."""
    from stillgraph.casework import asking

    desk = common.seat(case, officer, operation, reason)
    wanted = narrowed(since, until, retailer, borough, status)
    answer = asking.timeline(desk, of, with_proposals=with_proposals, wanted=wanted)
    if as_json:
        common.print_json(answer)
        return
    span = "" if answer.first_at is None else f", {answer.first_at:%Y-%m-%d} to {answer.last_at:%Y-%m-%d}"
    print(f"{common.count(answer.offences, 'offence')}{span}; {common.count(answer.arrests, 'arrest')}.")
    common.print_table(
        ["when", "what", "days since", "who", "with", "where", "offence", "value", "link"],
        [
            (
                row.occurred_at or row.on,
                row.offence_id or row.kind,
                None if row.days_since is None else f"{row.days_since:.1f}",
                ", ".join(row.persons),
                ", ".join(row.together_with) + (" ..." if row.others > len(row.together_with) else ""),
                row.store or _held(row),
                row.offence,
                None if row.value_pence is None else common.pounds(row.value_pence),
                ", ".join(sorted({link.status for link in row.links})),
            )
            for row in answer.rows
        ],
    )
    for gap in answer.gaps[:1]:
        arrests = common.count(gap.arrests, "arrest")
        print(f"Longest gap: {gap.days:.0f} days from {gap.begins_at:%Y-%m-%d}, with {arrests} on record in it.")
    print("A gap is time without an offence linked here; it does not say that there was none, nor where anybody was.")
    print_least_sure(answer.least_sure)
    print_note(answer.review)


@ask_app.command("travel", epilog="Example: stillgraph ask travel cases/autumn --most 10")
def ask_travel(
    case: Case,
    of: Annotated[
        list[str] | None,
        typer.Option("--of", metavar="PERSON", help="Of whom; repeat for more; everybody if left out."),
    ] = None,
    most: Annotated[int, typer.Option("--most", metavar="N", help="How many travellers are shown.")] = 20,
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
    """Show who was seen in several boroughs or at several retailers, with their journeys between stores."""
    from stillgraph.casework import asking

    desk = common.seat(case, officer, operation, reason)
    wanted = narrowed(since, until, retailer, borough, status)
    answer = asking.travel(desk, of or (), most=most, with_proposals=with_proposals, wanted=wanted)
    if as_json:
        common.print_json(answer)
        return
    print(
        f"In several boroughs {answer.in_several_boroughs}, at several retailers {answer.at_several_retailers} of "
        f"{common.count(answer.persons, 'person')}; {common.count(answer.journeys, 'journey')}."
    )
    common.print_table(
        ["person", "offences", "stores", "boroughs", "retailers", "journeys", "km", "least sure"],
        [
            (one.person.id, one.offences, one.stores, ", ".join(name for name, _ in one.boroughs), len(one.retailers),
             len(one.journeys), f"{one.km:.1f}", None if one.least_sure is None else one.least_sure.status)
            for one in answer.travellers
        ],
    )  # fmt: skip
    for one in answer.travellers if of else ():
        print(f"Journeys of {one.person.id}:")
        common.print_table(
            ["from", "left after", "to", "reached by", "days", "km", "link", ""],
            [
                (j.from_store, j.begins_at, j.to_store, j.ends_at, f"{j.days:.2f}", f"{j.km:.1f}", j.status,
                 "too fast for one person" if j.too_fast else "")
                for j in one.journeys
            ],
        )  # fmt: skip
    common.print_table(
        ["from borough", "to borough", "journeys", "persons"],
        [(f.from_borough, f.to_borough, f.journeys, f.persons) for f in answer.flows[:most]],
    )
    if answer.too_fast:
        print(
            f"{common.count(answer.too_fast, 'journey is', 'journeys are')} too fast: a link is wrong, or a clock is."
        )
    print("A journey joins two offences that follow each other; it is no route. Distances are great-circle.")
    print_note(answer.review)
