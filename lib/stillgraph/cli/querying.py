"""Commands on saved queries: queries list, save, delete."""

from __future__ import annotations

from typing import Annotated

import typer

from stillgraph.cli import common
from stillgraph.cli.common import AsJson, Case, Officer, OperationOption, Reason

queries_app = typer.Typer(help="Queries kept by a name.")

Name = Annotated[str, typer.Argument(metavar="NAME", help="What it is called by.")]


def register(app: typer.Typer) -> None:
    """Add these commands to the application."""
    app.add_typer(queries_app, name="queries")


@queries_app.command("list", epilog="Example: stillgraph queries list cases/autumn")
def queries_list(
    case: Case,
    officer: Officer = None,
    operation: OperationOption = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """List your own saved queries and those that are shared; `stillgraph query CASE --saved NAME` runs one."""
    from stillgraph.casework import saving

    found = saving.saved_queries(common.seat(case, officer, operation, reason))
    if as_json:
        common.print_json(found)
        return
    if not found:
        print("No query is saved; `stillgraph queries save` keeps one.")
        return
    common.print_table(
        ["name", "of", "shared", "saved", "SQL"],
        [
            (one.name, one.officer, "yes" if one.shared else "no", one.saved_at, " ".join(one.sql.split())[:80])
            for one in found
        ],
    )


@queries_app.command(
    "save",
    epilog='Example: stillgraph queries save cases/autumn boroughs "SELECT borough, count(*) FROM offences GROUP BY 1"',
)
def queries_save(
    case: Case,
    name: Name,
    sql: Annotated[str, typer.Argument(metavar="SQL", help="One SELECT; it is kept as written, values and all.")],
    shared: Annotated[bool, typer.Option("--shared", help="For everybody who works on the case.")] = False,
    officer: Officer = None,
    operation: OperationOption = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Keep a query by a name, in place of your own of that name; it is checked, and not run."""
    from stillgraph.casework import saving

    kept = saving.save_query(common.seat(case, officer, operation, reason), name, sql, shared=shared)
    if as_json:
        common.print_json(kept)
    else:
        print(f"Saved {kept.name!r}{', shared' if kept.shared else ''}: stillgraph query CASE --saved {kept.name!r}")


@queries_app.command("delete", epilog="Example: stillgraph queries delete cases/autumn boroughs")
def queries_delete(
    case: Case,
    name: Name,
    officer: Officer = None,
    operation: OperationOption = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Delete a saved query: your own, or, for a supervisor or administrator, one that another officer shared."""
    from stillgraph.casework import saving

    saving.delete_query(common.seat(case, officer, operation, reason), name)
    if as_json:
        common.print_json({"deleted": name})
    else:
        print(f"Deleted {name!r}.")
