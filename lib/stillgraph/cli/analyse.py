"""Commands that ask questions of a case: network, query, evaluate."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stillgraph.cli import common
from stillgraph.cli.asking import Borough, Retailer, Status, narrowed
from stillgraph.cli.common import AsJson, Case, Officer, OperationOption, Reason, Since, Until

if TYPE_CHECKING:
    from stillgraph.casework.verifying import VerificationReport

evaluate_app = typer.Typer(help="Error rates, with their counts and intervals.")


def register(app: typer.Typer) -> None:
    """Add these commands to the application."""
    app.command("network", epilog="Example: stillgraph network cases/autumn --export network.graphml")(network)
    app.command(
        "query",
        epilog='Example: stillgraph query cases/autumn "SELECT retailer, count(*) FROM offences GROUP BY 1"',
    )(query)
    app.add_typer(evaluate_app, name="evaluate")


def network(
    case: Case,
    export: Annotated[
        Path | None, typer.Option("--export", metavar="FILE", help=".graphml, .gexf, .json or .csv")
    ] = None,
    gephi: Annotated[
        Path | None, typer.Option("--gephi", metavar="DIR", help="Gephi's nodes.csv and edges.csv, into this folder.")
    ] = None,
    kinds: Annotated[
        str, typer.Option("--kinds", metavar="KINDS", help="Nodes of the export too: store,retailer,borough,arrest.")
    ] = "",
    of: Annotated[
        list[str] | None, typer.Option("--of", metavar="PERSON", help="Only this person's neighbourhood; repeat.")
    ] = None,
    depth: Annotated[int, typer.Option("--depth", metavar="N", help="How many steps deep, with --of.")] = 1,
    with_proposals: Annotated[
        bool, typer.Option("--with-proposals", help="Links that nobody has corroborated too.")
    ] = False,
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
    """Summarise the offence-offender graph, and export it."""
    from stillgraph.casework import networking

    desk = common.seat(case, officer, operation, reason)
    summary = networking.network_summary(
        desk, with_proposals=with_proposals, export=export, gephi=gephi, of=of or (), depth=depth,
        kinds=common.names(kinds),
        wanted=narrowed(since, until, retailer, borough, status),
    )  # fmt: skip
    if as_json:
        common.print_json(summary)
        return
    for name, value in common.plain(summary).items():
        if not isinstance(value, list | dict):
            print(f"  {name.replace('_', ' ')}: {value}")
    for written in (export, gephi):
        if written is not None:
            print(f"Wrote {written}.")


def query(
    case: Case,
    sql: Annotated[
        str | None, typer.Argument(metavar="SQL", help="One SELECT over the documented views (docs/views.md).")
    ] = None,
    saved: Annotated[str | None, typer.Option("--saved", metavar="NAME", help="Instead of SQL, a saved query.")] = None,
    output: Annotated[
        str, typer.Option("--format", metavar="table|csv|json|parquet", help="How to print it.")
    ] = "table",
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Where Parquet goes.")] = None,
    officer: Officer = None,
    operation: OperationOption = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Run one read-only SELECT over the documented views, as it is given or as it was saved."""
    import sys

    from stillgraph.casework import analysing, saving
    from stillgraph.errors import WrongUse

    if (sql is None) == (saved is None):
        raise WrongUse('Say what to ask: the SQL itself, "SELECT ...", or --saved NAME; one of them.')
    form = "json" if as_json else output
    if form not in {"table", "csv", "json", "parquet"}:
        raise WrongUse(f"--format takes table, csv, json or parquet, not {output!r}.")
    if form != "parquet" and out is not None:
        raise WrongUse(f"--out is where Parquet goes; {form} is printed: add --format parquet, or use > {out.name}.")
    if form == "parquet" and out is None and sys.stdout.isatty():
        raise WrongUse("Parquet is binary: say where it goes with --out FILE, or pipe it on.")
    desk = common.seat(case, officer, operation, reason)
    if saved is not None:
        table = saving.run_saved(desk, saved, out=out)
    else:
        table = analysing.query_table(desk, sql or "", out=out)
    if out is not None:
        return
    if form == "parquet":
        analysing.write_parquet(table, sys.stdout.buffer)
    elif form == "json":
        common.print_json(table.to_pylist())
    elif form == "csv":
        analysing.write_csv(table, sys.stdout)
    else:
        common.print_table(table.column_names, [list(row.values()) for row in table.to_pylist()])
        print(common.count(table.num_rows, "row"))


@evaluate_app.command(
    "identification",
    epilog="Example: stillgraph evaluate identification cases/demo --truth data/demo/truth.csv --by ethnicity,sex",
)
def evaluate_identification(
    case: Case,
    truth: Annotated[Path, typer.Option("--truth", metavar="FILE", help="Who is on each still, left to right.")],
    by: Annotated[str, typer.Option("--by", metavar="GROUPS", help="Recorded groups, e.g. ethnicity,sex.")] = "",
    officer: Officer = None,
    operation: OperationOption = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Measure 1:N error rates on a case with known truth; a face that was not found counts as an error."""
    from stillgraph.casework import evaluating, measured_words

    desk = common.seat(case, officer, operation, reason)
    result = evaluating.identification(desk, truth, by=common.names(by))
    if as_json:
        common.print_json(result)
    else:
        for line in evaluating.sentences(result):
            print(line)
        print("== The same faces, everybody's own images left out once; intervals over people")
        for line in measured_words.sentences(result.measured):
            print(line)
        if result.synthetic:
            print(measured_words.SYNTHETIC)


@evaluate_app.command(
    "linking", epilog="Example: stillgraph evaluate linking cases/demo --truth data/demo/truth.csv --json"
)
def evaluate_linking(
    case: Case,
    truth: Annotated[Path, typer.Option("--truth", metavar="FILE", help="Who is on each still, left to right.")],
    retailer: Annotated[
        list[str] | None, typer.Option("--retailer", metavar="ID", help="Only this retailer's stills; repeat for more.")
    ] = None,
    officer: Officer = None,
    operation: OperationOption = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Measure the last linking run: who was put together rightly and wrongly, with intervals over people."""
    from stillgraph.casework import evaluating_linking

    desk = common.seat(case, officer, operation, reason)
    result = evaluating_linking.linking(desk, truth, retailers=tuple(retailer or ()))
    if as_json:
        common.print_json(result)
    else:
        for line in evaluating_linking.sentences(result):
            print(line)


@evaluate_app.command(
    "network",
    epilog="Example: stillgraph evaluate network cases/demo --truth data/demo/truth.csv "
    "--circles data/demo/truth_circles.csv",
)
def evaluate_network(
    case: Case,
    truth: Annotated[Path, typer.Option("--truth", metavar="FILE", help="Who is on each still, left to right.")],
    circles: Annotated[Path, typer.Option("--circles", metavar="FILE", help="Who offends together: person,circle.")],
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of groups and intervals.")] = 0,
    officer: Officer = None,
    operation: OperationOption = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Measure what the network and the ranking find again: known circles as groups, and the true first ten."""
    from stillgraph.casework import evaluating_network

    desk = common.seat(case, officer, operation, reason)
    result = evaluating_network.network(desk, truth, circles, seed=seed)
    if as_json:
        common.print_json(result)
    else:
        for line in evaluating_network.sentences(result):
            print(line)


@evaluate_app.command("verification", epilog="Example: stillgraph evaluate verification pairs.csv --images photos/")
def evaluate_verification(
    pairs: Annotated[Path, typer.Argument(metavar="PAIRS", help="CSV: image_a,image_b,same")],
    images: Annotated[Path, typer.Option("--images", metavar="DIR", help="Where the images lie.")],
    model: Annotated[
        list[str] | None, typer.Option("--model", metavar="PACK", help="A pack; again for more, side by side.")
    ] = None,
    workers: common.Workers = None,
    as_json: AsJson = False,
) -> None:
    """Measure 1:1 error rates of face models on pairs of images; no case is involved."""
    import sys

    from stillgraph.casework import verifying

    shown = sys.stderr.isatty()
    if model is None or len(model) == 1:
        pack = model[0] if model else None
        found = verifying.verification(pairs, images, pack=pack, workers=workers, show_progress=shown)
        _show_rates(found, as_json=as_json)
        return
    report = verifying.side_by_side(pairs, images, model, workers=workers, show_progress=shown)
    if as_json:
        common.print_json(report)
        return
    for one in report.models:
        _show_rates(one, as_json=False)
    print("== Side by side")
    for compared in report.beside:
        print(compared.sentence)
    if report.insufficient is not None:
        print(report.insufficient)


def _show_rates(found: VerificationReport, *, as_json: bool) -> None:
    if as_json:
        common.print_json(found)
        return
    # The curve is for those who draw it.
    told = [(name, value) for name, value in common.plain(found).items() if name != "det"]
    common.print_table(["measure", "value"], told)
