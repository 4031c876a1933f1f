"""The command that measures network and ranking: oracles, a made-up county, and the demonstration's known truth."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stillgraph.cli import common
from stillgraph.cli.bench import bench_app
from stillgraph.cli.common import AsJson

if TYPE_CHECKING:
    from stillgraph.casework.bench_network import NetworkBenchmark, Oracles


def register(_: typer.Typer) -> None:
    """Add nothing more: this command is of ``bench``, which :mod:`stillgraph.cli.bench` adds."""


@bench_app.command("network", epilog="Example: stillgraph bench network --case cases/demo --json")
def bench_network(
    case: Annotated[
        Path | None,
        typer.Option("--case", metavar="CASE", help="A demonstration; one is built meanwhile unless given."),
    ] = None,
    persons: Annotated[int, typer.Option("--persons", metavar="N", help="Of the made-up county.")] = 100_000,
    links: Annotated[int, typer.Option("--links", metavar="N", help="Of its persons and offences.")] = 1_000_000,
    worlds: Annotated[int, typer.Option("--worlds", metavar="N", help="Drawn for the ranking.")] = 1_000,
    networks: Annotated[int, typer.Option("--networks", metavar="N", help="Random ones, for the oracles.")] = 200,
    beside_persons: Annotated[
        int, typer.Option("--beside-persons", metavar="N", help="Of the county on which plain loops are timed.")
    ] = 10_000,
    sampled_persons: Annotated[
        int, typer.Option("--sampled-persons", metavar="N", help="Of the one whose betweenness is exact and sampled.")
    ] = 6_000,
    without_case: Annotated[bool, typer.Option("--without-case", help="Leave the demonstration out.")] = False,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of everything made up.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Measure network and ranking: against oracles, on a made-up county beside plain loops, and on known truth."""
    from stillgraph import demo
    from stillgraph.casework import bench_network as benching
    from stillgraph.casework.shipped import shipped

    def tell(what: str) -> None:
        print(what, file=sys.stderr)

    with tempfile.TemporaryDirectory(prefix="stillgraph-bench-") as place:
        known = {}
        if not without_case:
            if case is None:
                case = Path(place) / "demo"
                tell("building the demonstration")
                demo.build(case)
            data = shipped("data/demo")
            known = {"truth": data / "truth.csv", "circles": data / "truth_circles.csv"}
        result = benching.bench_network(
            persons=persons, links=links, worlds=worlds, networks=networks, beside_persons=beside_persons,
            sampled_persons=sampled_persons, seed=seed,
            desk=None if case is None or without_case else demo.seat(case, demo.ANALYST), tell=tell, **known,
        )  # fmt: skip
    if as_json:
        common.print_json(result)
    else:
        _show(result)


def _show(result: NetworkBenchmark) -> None:
    from stillgraph.casework import evaluating_network

    _show_oracles(result.oracles, result.networks)
    county = result.county
    print(
        f"A county of {county.persons:,} persons, {county.offences:,} offences, {county.links:,} links and "
        f"{county.repeated_links:,} that proposals repeat; {county.pairs:,} pairs, the largest component of "
        f"{county.largest_component_persons:,} persons; {result.cores} cores, load {result.load:.1f}:"
    )
    common.print_table(
        ["stage", "seconds", "of all cores"],
        [(stage, f"{spent:.1f}", f"{county.core_seconds[stage]:.1f}") for stage, spent in county.seconds.items()],
    )
    peak = "unknown" if county.peak_mb is None else f"{county.peak_mb:,.0f} MB"
    print(
        f"The network in all {county.network_s:.1f} s; ranking with {county.worlds:,} worlds {county.ranking_s:.1f} s; "
        f"{county.pivots:,} pivots. At most {peak}."
    )
    print(f"Beside plain loops, on {result.beside_persons:,} persons and {result.beside_links:,} links:")
    common.print_table(
        ["stage", "ours, s of all cores", "loops", "times faster", "same", "loops"],
        [
            (stage, f"{one.ours_s:.3f}", f"{one.loops_s:.3f}", f"{one.times_faster:.1f}",
             "" if one.same is None else "yes" if one.same else "no", one.loops)
            for stage, one in result.beside.items()
        ],
    )  # fmt: skip
    if result.demonstration is not None:
        for line in evaluating_network.sentences(result.demonstration):
            print(line)


def _show_oracles(oracles: Oracles, networks: int) -> None:
    print(f"Against oracles, on {networks:,} random networks:")
    common.print_table(
        ["measure", "agreed", "of", "largest difference", "oracle"],
        [
            (name, held.agreed, held.networks, f"{held.largest_difference:.1e}", held.oracle)
            for name, held in oracles.measures.items()
        ],
    )
    print(", ".join(f"{name.replace('_', ' ')} {count}" for name, count in oracles.questions.items()) + ".")
    sampled = oracles.sampled_betweenness
    print(
        f"Sampled betweenness, {sampled.pivots} pivots, {sampled.draws} draws: {100 * sampled.held:.1f} % of the exact "
        f"figures of {sampled.persons:,} persons inside their 95 % intervals, {100 * sampled.first_held:.1f} % of the "
        f"first fifty's, which are off by {100 * sampled.relative_error_first:.1f} % on average."
    )
    common.print_table(
        ["95 % interval of", "figures", "covered", "below", "above", "of one value alone"],
        [
            (one.measure, one.figures, f"{100 * one.covered / one.figures:.1f} %", one.below, one.above,
             one.point_figures)
            for one in oracles.rank_intervals
        ],
    )  # fmt: skip
    common.print_table(
        ["Gini of", "known", "ours"], [(one.population, f"{one.known:.5f}", one.found) for one in oracles.gini]
    )
    if oracles.totals is not None:
        print(
            f"Harm, offences and value of {oracles.totals.agreed} of {oracles.totals.persons} persons agree with SQL; "
            f"{oracles.totals.harm_days:,.1f} days in all."
        )
