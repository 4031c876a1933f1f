"""Commands on what opens an encrypted case: case key, case encrypt."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stillgraph.cli import common
from stillgraph.cli.cases import case_app
from stillgraph.cli.common import AsJson, Case, Officer, OperationOption, Reason

if TYPE_CHECKING:
    from stillgraph.casework import Desk
    from stillgraph.casework.keying import Keys

key_app = typer.Typer(help="What opens an encrypted case.")

KeyFile = Annotated[
    Path | None, typer.Option("--key-file", metavar="FILE", help="A key file, made where there is none yet.")
]
Passphrase = Annotated[
    bool, typer.Option("--passphrase", help="A passphrase, asked for twice (or from STILLGRAPH_NEW_PASSPHRASE).")
]
NEW_PASSPHRASE, PASSPHRASE = "STILLGRAPH_NEW_PASSPHRASE", "STILLGRAPH_PASSPHRASE"


def register(app: typer.Typer) -> None:
    """Add these commands to the commands on cases."""
    del app
    case_app.add_typer(key_app, name="key")


def new_passphrase(variable: str = PASSPHRASE) -> str:
    """Return a new passphrase: from the environment, else asked for twice at the terminal.

    Raises
    ------
    WrongUse
        There is neither, or the two differ.
    """
    import os

    from stillgraph.casework import keying
    from stillgraph.errors import WrongUse

    if said := os.environ.get(variable):
        return said
    first = keying.asked("New passphrase, at least 12 characters: ")
    if first is None:
        raise WrongUse(f"--passphrase asks for it at a terminal, and there is none here: set {variable}.")
    if first != keying.asked("The same again: "):
        raise WrongUse("The two passphrases differ; begin again.")
    return first


def tell_of_key(case: Path) -> None:
    """Say on stderr where the key file lies that was made for a case, and what comes of losing it."""
    from stillgraph.casework import keying

    made = keying.generated_file(case)
    if made is None:
        _say("The case is encrypted. Without its key nobody can open it again, Stillgraph's makers included.")
        return
    _say(
        f"THE CASE IS ENCRYPTED, and its key is the file {made}.",
        "Copy that file to a safe place now, apart from the case: without it nobody can ever open the case again.",
        "It protects a copy of the case, and a disk without this file; not against whoever uses this account.",
    )


def warn_plain(case: Path) -> None:
    """Say on stderr that a case is not encrypted."""
    _say(
        f"WARNING: THE CASE {case} IS NOT ENCRYPTED.",
        "Whoever reads its files or a copy of them sees every name, image and template in it.",
        "Do not keep real people in it; `stillgraph case encrypt` encrypts it.",
    )


@key_app.command("list", epilog="Example: stillgraph case key list cases/autumn")
def key_list(
    case: Case,
    officer: Officer = None,
    operation: OperationOption = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """List the ways to open a case, by name; no key is shown."""
    from stillgraph.casework import keying

    _show(keying.listed(common.seat(case, officer, operation, reason)), as_json=as_json)


@key_app.command("add", epilog="Example: stillgraph case key add cases/autumn --key-file /safe/place/autumn.key")
def key_add(
    case: Case,
    key_file: KeyFile = None,
    passphrase: Passphrase = False,
    name: Annotated[str | None, typer.Option("--name", metavar="NAME", help="What to call it.")] = None,
    officer: Officer = None,
    operation: OperationOption = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Add a way to open a case; to change a passphrase, add the new one and remove the old."""
    from stillgraph.casework import keying

    desk = common.seat(case, officer, operation, reason)
    asked = new_passphrase(NEW_PASSPHRASE) if passphrase else None
    _show(keying.add(desk, name, key_file=key_file, passphrase=asked), as_json=as_json)


@key_app.command("remove", epilog="Example: stillgraph case key remove cases/autumn generated")
def key_remove(
    case: Case,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Which one (see `case key list`).")],
    officer: Officer = None,
    operation: OperationOption = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Remove a way to open a case, but the last. `case key rotate` too where somebody may have kept a copy of it."""
    from stillgraph.casework import keying

    _show(keying.remove(common.seat(case, officer, operation, reason), name), as_json=as_json)


@key_app.command("rotate", epilog="Example: stillgraph case key rotate cases/autumn --passphrase")
def key_rotate(
    case: Case,
    key_file: KeyFile = None,
    passphrase: Passphrase = False,
    officer: Officer = None,
    operation: OperationOption = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Encrypt a case anew under a new master key; what opened it before opens it no more, but backups made before."""
    from stillgraph.casework import keying

    _anew(keying.rotate, case, key_file, passphrase, common.seat(case, officer, operation, reason), as_json)


@case_app.command("encrypt", epilog="Example: stillgraph case encrypt cases/autumn --key-file /safe/place/autumn.key")
def encrypt(
    case: Case,
    key_file: KeyFile = None,
    passphrase: Passphrase = False,
    officer: Officer = None,
    operation: OperationOption = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Encrypt a case that is not: its case file, its images and its indexes."""
    from stillgraph.casework import keying

    _anew(keying.encrypt, case, key_file, passphrase, common.seat(case, officer, operation, reason), as_json)


def _anew(
    do: Callable[..., Keys], case: Path, key_file: Path | None, passphrase: bool, desk: Desk, as_json: bool
) -> None:
    from stillgraph.casework import progress

    asked = new_passphrase(NEW_PASSPHRASE) if passphrase else None
    with progress.bar(shown=not as_json and sys.stderr.isatty()) as shown:
        found = do(desk, key_file=key_file, passphrase=asked, progress=shown)
    tell_of_key(case)
    _show(found, as_json=as_json)


def _show(found: Keys, *, as_json: bool) -> None:
    if as_json:
        common.print_json(found)
        return
    said = "encrypted" if found.encrypted else "not encrypted; its keys seal its record"
    print(f"The case is {said}. Master key number {found.generation}, opened by:")
    common.print_table(["name", "kind", "added (UTC)"], [(one.name, one.kind, one.added_at) for one in found.keys])


def _say(*lines: str) -> None:
    print("\n".join(lines), file=sys.stderr)
