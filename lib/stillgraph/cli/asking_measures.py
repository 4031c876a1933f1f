"""Questions about who offends with whom: who is together, central, in a group, between groups; newcomers; what-if."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from stillgraph.cli import common
from stillgraph.cli.asking import Borough, Retailer, Status, WithProposals, ask_app, narrowed
from stillgraph.cli.common import AsJson, Case, Officer, OperationOption, Reason, Since, Until

if TYPE_CHECKING:
    from stillgraph.casework.network_measures import Scope
    from stillgraph.records import Amount, Connected, Touched

Top = Annotated[int, typer.Option("--top", min=1, help="How many to print; JSON always holds all.")]
Seed = Annotated[int, typer.Option("--seed", min=0, help="Of what is drawn; the same seed, the same answer.")]
Engine = Annotated[
    str, typer.Option("--engine", metavar="networkx|igraph", help="What finds groups; igraph where it is installed.")
]
Proactive = Annotated[
    bool,
    typer.Option("--proactive/--no-proactive", help="Count proactively detected offences in harm (usually not)."),
]


def register(_: typer.Typer) -> None:
    """Add nothing more: these commands are of ``ask``, which :mod:`stillgraph.cli.asking` adds."""


@ask_app.command("together", epilog="Example: stillgraph ask together cases/autumn --of N314959")
def ask_together(
    case: Case,
    of: Annotated[
        list[str] | None, typer.Option("--of", metavar="PERSON", help="Only with this person; repeat for more.")
    ] = None,
    top: Top = 20,
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
    """Say who is linked to offences together: how many, the first, the last, and how sure that is."""
    from stillgraph.casework import network_measures

    desk = common.seat(case, officer, operation, reason)
    answer = network_measures.together(
        desk,
        wanted=narrowed(since, until, retailer, borough, status),
        with_proposals=with_proposals,
        of=tuple(of or ()),
    )
    if as_json:
        common.print_json(answer)
        return
    common.print_table(
        ["person", "and", "offences", "first", "last", "link"],
        [
            (p.person_id, p.other_id, p.offences, p.first_together, p.last_together, p.status)
            for p in answer.pairs[:top]
        ],
    )
    _print_scope(answer.scope, answer.note, len(answer.pairs), top, "pair")


@ask_app.command("central", epilog="Example: stillgraph ask central cases/autumn --by pagerank --top 10")
def ask_central(
    case: Case,
    by: Annotated[
        str,
        typer.Option(
            "--by",
            metavar="MEASURE",
            help="betweenness, co-offenders, offences-together, coreness, closeness, harmonic, eigenvector, pagerank.",
        ),
    ] = "betweenness",
    top: Top = 20,
    seed: Seed = 0,
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
    """Say who is central in the co-offending network, by eight measures."""
    from stillgraph.casework import network_measures

    desk = common.seat(case, officer, operation, reason)
    answer = network_measures.central(
        desk, wanted=narrowed(since, until, retailer, borough, status), with_proposals=with_proposals, by=by, seed=seed
    )
    if as_json:
        common.print_json(answer)
        return
    common.print_table(
        ["person", "co-offenders", "offences together", "coreness", "closeness", "harmonic", "eigenvector", "PageRank",
         "betweenness", "95 %"],
        [
            (p.person_id, p.co_offenders, p.offences_together, p.coreness, f"{p.closeness:.4f}", f"{p.harmonic:.4f}",
             None if p.eigenvector is None else f"{p.eigenvector:.4f}", f"{p.pagerank:.4f}", f"{p.betweenness:.4f}",
             "exact" if p.betweenness_low == p.betweenness_high
             else f"{p.betweenness_low:.4f}-{p.betweenness_high:.4f}")
            for p in answer.persons[:top]
        ],
    )  # fmt: skip
    if answer.sampled:
        print(f"Ways of {answer.sampled:,} persons are estimated from {answer.pivots:,} of them.")
    _print_scope(answer.scope, answer.note, len(answer.persons), top, "person")


@ask_app.command("communities", epilog="Example: stillgraph ask communities cases/autumn --runs 10 --json")
def ask_communities(
    case: Case,
    engine: Engine = "networkx",
    resolution: Annotated[float, typer.Option("--resolution", help="Above 1 for smaller groups.")] = 1.0,
    seed: Seed = 0,
    runs: Annotated[int, typer.Option("--runs", min=1, help="Seeds tried, to say how far groupings agree.")] = 5,
    top: Top = 20,
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
    """Group persons who offend together more than with others (Louvain), and say how sure the grouping is."""
    from stillgraph.casework import network_measures

    desk = common.seat(case, officer, operation, reason)
    answer = network_measures.groups(
        desk,
        wanted=narrowed(since, until, retailer, borough, status),
        with_proposals=with_proposals,
        engine=engine,
        resolution=resolution,
        seed=seed,
        runs=runs,
    )
    if as_json:
        common.print_json(answer)
        return
    found = answer.found
    common.print_table(
        ["group", "persons", "pairs", "offences together", "held by other seeds", "who"],
        [
            (g.number, len(g.persons), g.pairs, g.offences_together,
             None if g.held is None else f"{100 * g.held:.0f} %", ", ".join(g.persons))
            for g in found.groups[:top]
        ],
    )  # fmt: skip
    if found.modularity is not None:
        print(f"Modularity {found.modularity:.3f} by {found.engine}, resolution {found.resolution:g}.", end=" ")
    if found.agreement is not None:
        print(
            f"Adjusted Rand index with {found.runs - 1} other seeds: {found.agreement:.2f} on average, "
            f"{found.agreement_low:.2f} at least.",
            end=" ",
        )
    print(f"Without a co-offender: {common.count(found.persons_alone, 'person')}.")
    _print_scope(answer.scope, answer.note, len(found.groups), top, "group")


@ask_app.command("brokers", epilog="Example: stillgraph ask brokers cases/autumn --top 10")
def ask_brokers(
    case: Case,
    engine: Engine = "networkx",
    seed: Seed = 0,
    top: Top = 20,
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
    """Say who is between groups: betweenness, participation and constraint."""
    from stillgraph.casework import network_measures

    desk = common.seat(case, officer, operation, reason)
    answer = network_measures.between_groups(
        desk,
        wanted=narrowed(since, until, retailer, borough, status),
        with_proposals=with_proposals,
        engine=engine,
        seed=seed,
    )
    if as_json:
        common.print_json(answer)
        return
    common.print_table(
        ["person", "group", "reaches", "co-offenders", "betweenness", "participation", "constraint"],
        [
            (b.person_id, b.group, ", ".join(map(str, b.groups_reached)), b.co_offenders, f"{b.betweenness:.4f}",
             f"{b.participation:.2f}", f"{b.constraint:.2f}")
            for b in answer.brokers[:top]
        ],
    )  # fmt: skip
    _print_scope(answer.scope, answer.note, len(answer.brokers), top, "person")


@ask_app.command("recruiters", epilog="Example: stillgraph ask recruiters cases/autumn --top 10 --proactive")
def ask_recruiters(
    case: Case,
    proactive: Proactive = False,
    top: Top = 20,
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
    """Order persons by co-offenders times harm, with who was first seen in their company, and when."""
    from stillgraph.casework import network_measures

    desk = common.seat(case, officer, operation, reason)
    answer = network_measures.recruiters(
        desk,
        wanted=narrowed(since, until, retailer, borough, status),
        with_proposals=with_proposals,
        proactive=proactive,
    )
    if as_json:
        common.print_json(answer)
        return
    common.print_table(
        ["person", "co-offenders", "harm (days)", "product", "newcomers", "by month"],
        [
            (r.person_id, r.co_offenders, f"{r.harm_days:,.1f}", f"{r.score:,.1f}", len(r.newcomers),
             ", ".join(f"{month:%Y-%m}: {many}" for month, many in r.by_month))
            for r in answer.recruiters[:top]
        ],
    )  # fmt: skip
    _print_scope(answer.scope, answer.note, len(answer.recruiters), top, "person")


@ask_app.command("without", epilog="Example: stillgraph ask without cases/autumn --first 10 --json")
def ask_without(
    case: Case,
    person: Annotated[
        list[str] | None, typer.Option("--person", metavar="PERSON", help="Who is taken away; repeat for more.")
    ] = None,
    first: Annotated[int, typer.Option("--first", min=0, metavar="N", help="And the first N by a measure.")] = 0,
    by: Annotated[str, typer.Option("--by", metavar="harm|count|value", help="Who is first.")] = "harm",
    proactive: Proactive = False,
    worlds: Annotated[int, typer.Option("--worlds", min=0, help="Drawn for the intervals; 0 for none.")] = 1000,
    seed: Seed = 0,
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
    """Say what the past amounts to without some persons: arithmetic on what happened, not a forecast."""
    from stillgraph.casework import network_measures

    desk = common.seat(case, officer, operation, reason)
    answer = network_measures.without(
        desk, persons=tuple(person or ()), first=first, by=by, with_proposals=with_proposals, proactive=proactive,
        wanted=narrowed(since, until, retailer, borough, status), worlds=worlds, seed=seed,
    )  # fmt: skip
    if as_json:
        common.print_json(answer)
        return
    found = answer.found
    print(f"Without {', '.join(found.removed)}:")
    common.print_table(
        ["", "offences", "share", "harm (days)", "share", "value", "share"],
        [
            ("all linked", *_touched(found.all_linked)),
            ("linked to any of them", *_touched(found.theirs)),
            ("linked to nobody else", *_touched(found.only_theirs)),
        ],
    )
    common.print_table(
        ["", "persons", "pairs", "components", "largest", "pairs that reach each other"],
        [("with them", *_connected(found.before)), ("without them", *_connected(found.after))],
    )
    print(f"Left without a co-offender: {common.count(found.left_alone, 'person')}.")
    if found.worlds:
        print(f"Brackets: 95 % over {found.worlds:,} drawn worlds of which links hold.")
    _print_scope(answer.scope, found.note, len(found.removed), len(found.removed), "person")


def _touched(one: Touched) -> list[str]:
    return [
        _amount(one.offences, "{:,.0f}"), _amount(one.offences_share, "{:.0%}"), _amount(one.harm_days, "{:,.1f}"),
        _amount(one.harm_share, "{:.0%}"), _pounds(one.value_pence), _amount(one.value_share, "{:.0%}"),
    ]  # fmt: skip


def _connected(one: Connected) -> list[str]:
    counts = (one.persons, one.pairs, one.components, one.largest_component_persons)
    return [*(_amount(count, "{:,.0f}") for count in counts), _amount(one.reachable_share, "{:.1%}")]


def _amount(one: Amount, form: str) -> str:
    said = form.format(one.value)
    return said if one.low is None else f"{said} [{form.format(one.low)}, {form.format(one.high)}]"


def _pounds(one: Amount) -> str:
    said = common.pounds(round(one.value))
    if one.low is None or one.high is None:
        return said
    return f"{said} [{common.pounds(round(one.low))}, {common.pounds(round(one.high))}]"


def _print_scope(scope: Scope, note: str, many: int, shown: int, what: str) -> None:
    """Print what an answer is about and what it does not say."""
    if many > shown:
        print(f"{shown:,} of {common.count(many, what)} shown; --top shows more, --json all.")
    links = "links nobody has corroborated too" if scope.with_proposals else "corroborated links only"
    parts = (*scope.retailers, *scope.boroughs, *scope.statuses)
    only = f"; only {', '.join(parts)}" if parts else ""
    print(
        f"{scope.since or 'From the first offence'} to {scope.until or 'the last'}{only}; {links}; {scope.review}: "
        f"{common.count(scope.persons, 'person')}, {common.count(scope.offences, 'offence')}, "
        f"{common.count(scope.pairs, 'pair')}."
    )
    print(note)
