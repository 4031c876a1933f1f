"""Commands on face model packs: which are here, whether one works here, adding one."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from stillgraph.cli import common
from stillgraph.cli.common import AsJson, Case, Officer, OperationOption, Reason

models_app = typer.Typer(help="Face model packs.")


def register(app: typer.Typer) -> None:
    """Add these commands to the application."""
    app.add_typer(models_app, name="models")


@models_app.command("list", epilog="Example: stillgraph models list --json")
def models_list(as_json: AsJson = False) -> None:
    """List the face model packs that are here, with licence and hashes; each file is checked."""
    from stillgraph.casework import models

    packs = models.model_packs()
    if as_json:
        common.print_json({"packs": packs})
        return
    for pack in packs:
        if pack["problem"]:
            print(f"{pack['name']}  cannot be used: {pack['problem']}")
        else:
            _print_card(pack)
    for pack in packs:
        _warn(pack)


@models_app.command("check", epilog="Example: stillgraph models check yunet-sface")
def models_check(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The pack's name (see `models list`).")],
    as_json: AsJson = False,
) -> None:
    """Load a pack, check its hashes and dimension, and time it here on a synthetic face."""
    from stillgraph.casework import models

    _show_tried(models.check_model(name), as_json=as_json)


@models_app.command("add", epilog="Example: stillgraph models add packs/edgeface.toml --name edgeface")
def models_add(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="An InsightFace directory, or a TOML (docs/models.md).")],
    name: Annotated[str | None, typer.Option("--name", metavar="N", help="Its name; default: the path's.")] = None,
    licence: Annotated[
        str | None, typer.Option("--licence", metavar="TEXT", help="The licence of its weights.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check a pack and keep it under a name. Its files stay where they are; nothing is downloaded."""
    from stillgraph.casework import models

    _show_tried(models.add_model(path, name=name, licence=licence), as_json=as_json)


@models_app.command("migrate", epilog="Example: stillgraph models migrate cases/autumn --to edgeface")
def models_migrate(
    case: Case,
    to: Annotated[str, typer.Option("--to", metavar="PACK", help="The pack to bring the case to.")],
    workers: common.Workers = None,
    officer: Officer = None,
    operation: OperationOption = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Make every template of a case anew with another pack; interrupted, it goes on from there when called again."""
    from stillgraph.casework import migrating, progress

    desk = common.seat(case, officer, operation, reason)
    with progress.bar(shown=sys.stderr.isatty()) as shown:
        done = migrating.migrate(desk, to, workers=workers, progress=shown)
    if as_json:
        common.print_json(done)
    else:
        rate = "" if done.images_per_s is None else f" ({done.images_per_s:.1f} images a second on {done.provider})"
        print(f"The case is bound to {done.to} now: {common.count(done.templates, 'template')} made anew{rate}.")
        print(f"Searches made before keep {done.since} and their scores; search again to compare like with like.")


def _show_tried(tried: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        common.print_json(tried)
    else:
        times = tried["milliseconds"]
        _print_card(tried)
        print(f"It works here, on {', '.join(tried['providers'])} with one thread:")
        print(f"    {times['detect']} ms to find the faces of an image, {times['embed']} ms a face for its template")
        if "kept" in tried:
            print(f"Kept in {tried['kept']}. Next: stillgraph case create CASE --model {tried['name']}")
    _warn(tried)


def _print_card(pack: dict[str, Any]) -> None:
    print(f"{pack['name']}  ({pack['kind']}, {pack['dimension']} values a face)  {pack['model']}")
    print(f"    licence: {pack['licence']}")
    for file, digest in pack["files"].items():
        print(f"    {digest[:16]}  {file}")


def _warn(pack: dict[str, Any]) -> None:
    if pack["licence_warning"]:
        print(f"{pack['name']}: {pack['licence_warning']}", file=sys.stderr)
