"""Commands that set a case up: case, and the demonstration."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from stillgraph.cli import common
from stillgraph.cli.common import AsJson, Case, Officer, OperationOption, Reason

case_app = typer.Typer(help="Make a case; add officers; open operations.")
officer_app = typer.Typer(help="Officers of a case.")
operation_app = typer.Typer(help="Operations of a case.")


def register(app: typer.Typer) -> None:
    """Add these commands to the application."""
    case_app.add_typer(officer_app, name="officer")
    case_app.add_typer(operation_app, name="operation")
    app.command("demo", epilog="Example: stillgraph demo --case cases/demo")(demo)
    app.add_typer(case_app, name="case")


def demo(
    case: Annotated[Path, typer.Option("--case", metavar="CASE", help="Where the demonstration case goes.")] = Path(
        "cases/demo"
    ),
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Build it anew where there is one already.")] = False,
    workers: common.Workers = None,
    as_json: AsJson = False,
) -> None:
    """Build the demonstration case through every stage and print what came of it. Synthetic people only."""
    from stillgraph import demo as demonstration
    from stillgraph.cli.demonstration import show

    summary = demonstration.build(case, rebuild=rebuild, workers=workers, say=None if as_json else print)
    if as_json:
        common.print_json(summary)
    else:
        show(summary)


@case_app.command("create", epilog="Example: stillgraph case create cases/autumn")
def create(
    case: Case,
    model: Annotated[
        str | None, typer.Option("--model", metavar="PACK", help="The face model pack (see `models list`).")
    ] = None,
    encrypt: Annotated[
        bool,
        typer.Option(
            "--encrypt/--no-encrypt", help="Encrypt the case file, its images and its indexes, as is done by default."
        ),
    ] = True,
    key_file: Annotated[
        Path | None,
        typer.Option("--key-file", metavar="FILE", help="What opens it: a key file, made where there is none yet."),
    ] = None,
    passphrase: Annotated[
        bool, typer.Option("--passphrase", help="What opens it: a passphrase, asked for twice (STILLGRAPH_PASSPHRASE).")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make a new, empty case, bound to one face model pack, and encrypted.

    What opens it is a key file or a passphrase, or, where none is given or set, a key file made for it.
    """
    from stillgraph.casework import governing, keying
    from stillgraph.cli.keying import new_passphrase, tell_of_key, warn_plain
    from stillgraph.errors import WrongUse

    if not encrypt and (key_file is not None or passphrase):
        raise WrongUse("A case that is not encrypted has no key of yours: leave out --no-encrypt, or the key.")
    secrets = keying.secrets(key_file, new_passphrase() if passphrase else None) if encrypt else {}
    made = governing.create_case(case, pack=model, encrypt=encrypt, secrets=secrets)
    settings = made.settings()
    if encrypt:
        tell_of_key(made.directory)
    else:
        warn_plain(made.directory)
    if as_json:
        common.print_json({
            "case": str(made.directory), "pack": settings["pack"], "model": settings["model"], "encrypted": encrypt,
        })  # fmt: skip
    else:
        print(f"Made the case {made.path} (model {settings['model']}).")
        print(f"Next: stillgraph case officer add {case} YOUR-ID")


@case_app.command("upgrade", epilog='Example: stillgraph case upgrade cases/autumn --reason "new version"')
def upgrade(
    case: Case,
    backup: Annotated[
        Path | None,
        typer.Option("--backup", metavar="FILE", help="Where the backup made first goes; beside the case otherwise."),
    ] = None,
    no_backup: Annotated[bool, typer.Option("--no-backup", help="Make no backup first; keep a copy yourself.")] = False,
    officer: Officer = None,
    operation: OperationOption = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Bring a case made by an earlier Stillgraph up to date, all of it or nothing, after a backup of it as it was."""
    from stillgraph.casework import progress, upgrading

    desk = common.seat(case, officer, operation, reason, outdated=True)
    with progress.bar(shown=sys.stderr.isatty()) as shown:
        upgraded = upgrading.upgrade(desk, backup=backup, without=no_backup, progress=shown)
    if as_json:
        common.print_json(upgraded)
        return
    if upgraded.backup is not None:
        print(f"The case as it was is in the backup {upgraded.backup}, which was tried by restoring it.")
    print(f"The case was brought from schema version {upgraded.since} to {upgraded.to}.")


@case_app.command("harm", epilog="Example: stillgraph case harm cases/autumn our-edition.csv")
def harm(
    case: Case,
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="A harm table in CSV, to count with from now on.")
    ] = None,
    officer: Officer = None,
    operation: OperationOption = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Show the harm table the case counts with, or replace it; codes it lacks stop a ranking."""
    from stillgraph.casework import harm as tables

    desk = common.seat(case, officer, operation, reason)
    report = tables.show(desk) if file is None else tables.replace(desk, file)
    if as_json:
        common.print_json(report)
        return
    counts = "The case counts from now on" if report.replaced else "The case counts"
    print(f"{counts} with {report.source}, version {report.version}: {common.count(report.codes, 'offence code')}.")
    if not report.replaced:
        common.print_table(
            ["code", "offence", "subgroup", "harm (days)"],
            [(v.offence_code, v.offence, v.subgroup, f"{v.harm_days:g}") for v in report.values],
        )
    for code, offences in report.without_value:
        print(f"No days of harm: code {code}, {common.count(offences, 'offence')}; a ranking stops at it.")


@officer_app.command(
    "add", epilog="Example: stillgraph case officer add cases/autumn pc1234 --role reviewer --officer sgt1"
)
def officer_add(
    case: Case,
    officer_id: Annotated[str, typer.Argument(metavar="ID", help="The new officer's id.")],
    role: Annotated[
        str | None,
        typer.Option("--role", help="analyst, reviewer, supervisor, manager, auditor or administrator."),
    ] = None,
    name: Annotated[str, typer.Option("--name", help="The officer's name; never logged.")] = "",
    officer: Officer = None,
    operation: OperationOption = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Add an officer. The first one adds themselves; after that --officer and --reason say who adds them and why."""
    from stillgraph.casework import governing

    desk = common.seat(case, officer, operation, reason)
    added = governing.add_officer(desk, officer_id, role=None if role is None else common.role(role), name=name)
    if as_json:
        common.print_json({"officer": added.officer_id, "role": added.role})
    else:
        print(f"Added officer {added.officer_id}" + (f" ({added.role})." if added.role else "."))


@officer_app.command("token", epilog="Example: stillgraph case officer token cases/autumn pc1234 --until 2026-12-31")
def officer_token(
    case: Case,
    officer_id: Annotated[str, typer.Argument(metavar="ID", help="The officer who signs in with it.")],
    until: Annotated[
        str | None, typer.Option("--until", metavar="DATE", help="The last day it lets them in; 30 days by default.")
    ] = None,
    revoke: Annotated[
        bool, typer.Option("--revoke", help="Take back every token of this officer instead; open pages end too.")
    ] = False,
    officer: Officer = None,
    operation: OperationOption = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Issue a token with which an officer signs in to the pages (`dashboards --sign-in`). It is shown this once."""
    from stillgraph.casework import signing_in
    from stillgraph.errors import WrongUse

    desk = common.seat(case, officer, operation, reason)
    if revoke:
        if until is not None:
            raise WrongUse("--revoke takes tokens back at once: leave out --until.")
        taken = signing_in.revoke_tokens(desk, officer_id)
        if as_json:
            common.print_json({"officer": officer_id, "revoked": taken})
        else:
            print(f"Took back {common.count(len(taken), 'token')} of officer {officer_id}.")
        return
    issued = signing_in.issue_token(desk, officer_id, until=common.day(until, "--until"))
    if as_json:
        common.print_json({"officer": issued.officer_id, "token": issued.token, "until": issued.until})
    else:
        print(issued.token)
        print(f"Officer {issued.officer_id}'s token until {issued.until}; it is not shown again.", file=sys.stderr)
