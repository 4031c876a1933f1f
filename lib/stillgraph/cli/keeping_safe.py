"""Commands that keep a case safe: backups, what is on record of them, and restoring."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stillgraph.cli import common
from stillgraph.cli.common import AsJson, Case, Officer, OperationOption, Reason

if TYPE_CHECKING:
    from stillgraph.casework.backing_up import Check

backups_app = typer.Typer(help="The backups of a case: which there are, whether one holds, removing one.")
File = Annotated[Path, typer.Argument(metavar="FILE", help="The backup.")]


def register(app: typer.Typer) -> None:
    """Add these commands to the application."""
    app.command("backup", epilog="Example: stillgraph backup cases/autumn /backups/autumn-2026-11-26.tar")(backup)
    app.command("restore", epilog="Example: stillgraph restore backups/autumn.tar cases/again")(restore)
    app.add_typer(backups_app, name="backups")


def backup(
    case: Case,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where the backup goes; overwrites nothing.")],
    notebooks: Annotated[bool, typer.Option("--notebooks", help="Take analysts' notebooks along.")] = False,
    keep_days: Annotated[
        int, typer.Option("--keep-days", metavar="N", min=0, help="Days after which it is to be removed.")
    ] = 31,
    quick: Annotated[bool, typer.Option("--quick", help="Do not try it by restoring; `backups verify` can.")] = False,
    officer: Officer = None,
    operation: OperationOption = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Write the case, as it is now, into one file while it is in use, and try that file by restoring it."""
    from stillgraph.casework import backing_up, progress

    desk = common.seat(case, officer, operation, reason)
    with progress.bar(shown=sys.stderr.isatty()) as shown:
        made = backing_up.backup(desk, file, notebooks=notebooks, keep_days=keep_days, check=not quick, progress=shown)
    if not made.encrypted:
        print(
            "The case is not encrypted, and neither is the backup: whoever has the file has every image, name and "
            "template in it. Keep it on an encrypted disk.",
            file=sys.stderr,
        )
    if as_json:
        common.print_json(made)
        return
    size = f"{made.size_bytes / 1e6:,.1f} MB"
    print(f"Backup {made.backup_id}: {made.file}, {size}, up to audit entry {made.entries}, SHA-256 {made.sha256}.")
    print(f"It is to be removed after {made.keep_until}.")
    if made.check is None:
        print("It was not tried: stillgraph backups verify FILE does that.")
    else:
        _show(made.check)


def _show(check: Check) -> None:
    print(
        f"Tried by restoring it: {common.count(check.rows, 'row')} in {common.count(check.tables, 'table')}, "
        f"{common.count(check.images, 'image')} as received, an audit chain that holds."
    )


def restore(
    file: File,
    case: Annotated[Path, typer.Argument(metavar="CASE", help="A new place for the case.")],
    officer: Officer = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Make a case again from a backup, at a new place; it appears when it is whole, and its record says so."""
    from stillgraph.casework import progress, restoring

    with progress.bar(shown=sys.stderr.isatty()) as shown:
        restored = restoring.restore(file, case, officer=officer, reason=reason, progress=shown)
    if as_json:
        common.print_json(restored)
        return
    print(
        f"Restored {restored.case} as it was on {restored.made_at}: {common.count(restored.images, 'image')}, "
        f"up to audit entry {restored.entries}. What was done later is not in it."
    )
    if restored.lost:
        print(f"Known of after that, and lost: {common.count(restored.lost, 'audit entry', 'audit entries')}.")
    print(
        "Whoever was deleted after the backup was made is in the case again: delete them anew before anybody searches "
        "it (stillgraph retention CASE --on DATE --apply, and what applications and the old record say)."
    )
    print("Its index is made anew by the next search.")
    if restored.to_upgrade:
        print(f"It was made by an earlier Stillgraph; next: stillgraph case upgrade {restored.case}")


@backups_app.command("list", epilog='Example: stillgraph backups list cases/autumn --reason "weekly look"')
def backups_list(
    case: Case,
    officer: Officer = None,
    operation: OperationOption = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """List the backups on record: where, until when they are kept, and which should be gone by now."""
    from stillgraph.casework import backing_up

    found = backing_up.listed(common.seat(case, officer, operation, reason))
    if as_json:
        common.print_json({"backups": found})
        return
    print(f"{common.count(len(found), 'backup')} on record.")
    if found:
        common.print_table(
            ["number", "made", "by", "up to entry", "MB", "keep until", "", "file"],
            [
                (
                    one.backup.backup_id, one.backup.made_at, one.backup.officer_id, one.backup.entries,
                    f"{one.backup.size_bytes / 1e6:.1f}", one.backup.keep_until,
                    "overdue" if one.overdue else "", one.backup.place if one.there else f"{one.backup.place} (gone)",
                )
                for one in found
            ],
        )  # fmt: skip


@backups_app.command("verify", epilog="Example: stillgraph backups verify /backups/autumn-2026-11-26.tar")
def backups_verify(file: File, as_json: AsJson = False) -> None:
    """Try a backup: restore it into a temporary folder beside it, look whether it holds, and remove that again."""
    from stillgraph.casework import backing_up, progress

    with progress.bar(shown=sys.stderr.isatty()) as shown:
        check = backing_up.verify(file, progress=shown)
    if as_json:
        common.print_json(check)
    else:
        _show(check)


@backups_app.command("remove", epilog='Example: stillgraph backups remove cases/autumn 3 --reason "past its day"')
def backups_remove(
    case: Case,
    number: Annotated[int, typer.Argument(metavar="N", help="The number of the backup, from `backups list`.")],
    officer: Officer = None,
    operation: OperationOption = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Remove a backup's file and keep on record that it was removed; copies made elsewhere are yours to remove."""
    from stillgraph.casework import backing_up

    removed = backing_up.remove(common.seat(case, officer, operation, reason), number)
    if as_json:
        common.print_json({"removed": removed.backup_id, "place": removed.place})
    else:
        print(f"Removed backup {removed.backup_id}: {removed.place}. Copies made of it elsewhere are still there.")
