"""Commands on the gallery of a case: what it holds, the engine it is searched with, and what that loses."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from stillgraph.cli import common
from stillgraph.cli.common import AsJson, Case, Officer, OperationOption, Reason

if TYPE_CHECKING:
    from stillgraph.records import GalleryStatus

gallery_app = typer.Typer(help="The gallery of a case: what it holds and how it is searched.")


def register(app: typer.Typer) -> None:
    """Add these commands to the application."""
    app.add_typer(gallery_app, name="gallery")


@gallery_app.command("status", epilog="Example: stillgraph gallery status cases/autumn --officer pc1234")
def status(
    case: Case,
    officer: Officer = None,
    operation: OperationOption = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Show what the gallery holds, the engine it is searched with and why, and what is known of losses."""
    from stillgraph.casework import galleries

    _show(galleries.status(common.seat(case, officer, operation, reason)), as_json=as_json)


@gallery_app.command("engine", epilog="Example: stillgraph gallery engine cases/autumn --set compressed")
def engine(
    case: Case,
    wanted: Annotated[str, typer.Option("--set", metavar="ENGINE", help="auto, exact or compressed.")],
    officer: Officer = None,
    operation: OperationOption = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Set how the gallery is searched from now on: exact, by codes first (compressed), or by the rule (auto)."""
    from stillgraph.casework import galleries
    from stillgraph.errors import WrongUse
    from stillgraph.records import EngineChoice

    if wanted not in set(EngineChoice):
        raise WrongUse(f"There is no engine {wanted}; a case is searched with {', '.join(EngineChoice)}.")
    desk = common.seat(case, officer, operation, reason)
    _show(galleries.choose_engine(desk, EngineChoice(wanted)), as_json=as_json)


@gallery_app.command("check", epilog="Example: stillgraph gallery check cases/autumn --probes 1000")
def check(
    case: Case,
    probes: Annotated[int, typer.Option("--probes", metavar="N", help="The most faces of stills to search.")] = 1000,
    limit: Annotated[int, typer.Option("--limit", help="The most persons on a list.")] = 20,
    seed: Annotated[int, typer.Option("--seed", help="Of the sample.")] = 0,
    officer: Officer = None,
    operation: OperationOption = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Measure what a search by codes loses: faces of the case's stills are searched by codes and again exactly."""
    from stillgraph.casework import galleries

    desk = common.seat(case, officer, operation, reason)
    found = galleries.check(desk, probes=probes, limit=limit, seed=seed, show_progress=sys.stderr.isatty())
    sentence = galleries.sentence(found)
    if as_json:
        common.print_json({"check": found, "said": sentence})
        return
    print(f"{sentence}. Lists of {found.limit}; {common.count(found.differing, 'list')} differ anywhere.")
    print(f"Kept as check {found.check_id} of gallery {found.gallery.version} ({found.gallery.size:,} custody images).")


def _show(found: GalleryStatus, *, as_json: bool) -> None:
    if as_json:
        common.print_json(found)
        return
    print(
        f"Gallery {found.gallery.version}: {common.count(found.gallery.size, 'custody image')} of "
        f"{common.count(found.persons, 'person')}, {found.model}."
    )
    print(f"Searched with: {found.engine}, since {found.why} (set: {found.choice}).")
    print(found.said)
    common.print_table(
        ["segments", "deleted rows", "numbers", "templates, MB", "codes, MB", "on disk, MB"],
        [[
            found.segments, found.deleted_rows, f"{found.dimension} {found.number}",
            *(f"{size / 1e6:,.1f}" for size in (found.vector_bytes, found.code_bytes, found.disk_bytes)),
        ]],
    )  # fmt: skip
