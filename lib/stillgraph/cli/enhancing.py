"""The command that enhances a still: a preview, an enhancement kept, those there are, one made anew."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stillgraph.cli import common
from stillgraph.cli.common import AsJson, Case, Officer, OperationOption, Reason

if TYPE_CHECKING:
    from stillgraph.casework import Desk
    from stillgraph.records import Enhancement, StillId

FOR_THE_EYE = (
    "An enhancement is for the eye; it adds no information, and can hide detail or feign it. Judge the original."
)


def register(app: typer.Typer) -> None:
    """Add this command to the application."""
    app.command(
        "enhance",
        epilog='Example: stillgraph enhance cases/autumn --still R08/R08_0002.jpg --step "gamma 1.6" --out two.png',
    )(enhance)


def enhance(
    case: Case,
    still: Annotated[str | None, typer.Option("--still", metavar="ID", help="The still, RETAILER/IMAGE.")] = None,
    step: Annotated[
        list[str] | None,
        typer.Option("--step", metavar="WORDS", help="A step and its parameters; repeatable, in order."),
    ] = None,
    steps: Annotated[
        Path | None, typer.Option("--steps", metavar="FILE", help="Steps as JSON; --step adds to them.")
    ] = None,
    preview: Annotated[bool, typer.Option("--preview", help="Make the picture and keep nothing.")] = False,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Where the PNG of original and enhanced goes.")
    ] = None,
    show: Annotated[bool, typer.Option("--list", help="The still's enhancements.")] = False,
    reproduce: Annotated[
        str | None, typer.Option("--reproduce", metavar="ID", help="Do an enhancement's steps anew; compare.")
    ] = None,
    officer: Officer = None,
    operation: OperationOption = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Enhance a still by recorded steps; the original is never changed, and is always shown beside it.

    Steps: crop X Y WIDTH HEIGHT; rotate DEGREES; deinterlace even|odd; gamma VALUE; contrast clahe|levels;
    denoise median|bilateral|nlmeans; deblur unsharp|wiener|motion|richardson-lucy; upscale FACTOR.
    """
    from stillgraph.errors import WrongUse
    from stillgraph.records import StillId

    given = bool(step) or steps is not None
    if reproduce is not None:
        if still is not None or given or show or preview or out is not None:
            raise WrongUse("--reproduce ID stands alone: the enhancement knows its still and its steps.")
        _reproduce(common.seat(case, officer, operation, reason), reproduce, as_json=as_json)
        return
    if still is None:
        raise WrongUse("Say which still: --still ID; or which enhancement to make anew: --reproduce ID.")
    if show and (given or preview or out is not None):
        raise WrongUse("--list shows what was made; leave the steps, --preview and --out out, or leave --list out.")
    if preview and out is None:
        raise WrongUse("A preview is a picture: say where it goes with --out FILE.")
    desk = common.seat(case, officer, operation, reason)
    if show:
        _list(desk, StillId(still), as_json=as_json)
    elif preview and out is not None:
        _preview(desk, StillId(still), step or [], steps, out, as_json=as_json)
    else:
        _keep(desk, StillId(still), step or [], steps, out, as_json=as_json)


def _preview(desk: Desk, still: StillId, words: list[str], file: Path | None, out: Path, *, as_json: bool) -> None:
    from stillgraph.casework import enhancing

    shown = enhancing.preview(desk, still, enhancing.steps_of(words, file), out=out)
    if as_json:
        said = {name: value for name, value in asdict(shown).items() if not isinstance(value, bytes)}
        common.print_json({**said, "out": out})
    else:
        print(f"Wrote {out}: the original left; right, {shown.words}. Nothing is kept.")
        print(FOR_THE_EYE)


def _keep(desk: Desk, still: StillId, words: list[str], file: Path | None, out: Path | None, *, as_json: bool) -> None:
    from stillgraph.casework import enhancing

    steps = enhancing.steps_of(words, file)
    kept = enhancing.enhance(desk, still, steps)
    if out is not None:
        enhancing.preview(desk, still, steps, out=out)
    if as_json:
        common.print_json(kept)
        return
    print(f"{kept.enhancement_id}: {kept.words}" + ("" if kept.made_now else "; it was there already"))
    _print_faces(kept)
    if out is not None:
        print(f"Wrote {out}: the original left, the enhanced picture right.")
    print(FOR_THE_EYE)


def _print_faces(kept: Enhancement) -> None:
    if not kept.faces:
        print("No face was found in the enhanced picture.")
        return
    common.print_table(
        ["face", "in the enhanced picture", "in the original"],
        [
            (face.face_id, common.plain(face.enhanced_box), "not found" if face.only_enhanced else "found")
            for face in kept.faces
        ],
    )


def _list(desk: Desk, still: StillId, *, as_json: bool) -> None:
    from stillgraph.casework import enhancing

    found = enhancing.enhancements_of(desk, still)
    if as_json:
        common.print_json({"enhancements": found})
        return
    print(f"{common.count(len(found), 'enhancement')} of {still}")
    if found:
        common.print_table(
            ["enhancement", "steps", "pixels", "faces", "by", "made"],
            [
                (e.enhancement_id, e.words, f"{e.width_px} x {e.height_px}", len(e.faces), e.officer, e.made_at)
                for e in found
            ],
        )


def _reproduce(desk: Desk, enhancement_id: str, *, as_json: bool) -> None:
    from stillgraph.casework import enhancing
    from stillgraph.records import EnhancementId

    found = enhancing.reproduce(desk, EnhancementId(enhancement_id))
    if as_json:
        common.print_json(found)
    elif found.same:
        print(f"{enhancement_id}: the steps give the same pixels again (SHA-256 {found.pixels_sha256}).")
    else:
        print(
            f"{enhancement_id}: the steps give OTHER pixels now (SHA-256 {found.pixels_sha256_now}) than when it was "
            f"made ({found.pixels_sha256}). Made with {found.software}; here is {found.software_now}."
        )
