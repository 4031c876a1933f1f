"""The command that makes stills of films and of files of several pages."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stillgraph.cli import common
from stillgraph.cli.common import AsJson
from stillgraph.cli.work import stills_app

if TYPE_CHECKING:
    from stillgraph.casework.extracting import ExtractReport


def register(_: typer.Typer) -> None:
    """Add this command to those on stills."""
    stills_app.command("extract", epilog="Example: stillgraph stills extract CAM04.mp4 --out deliveries/cam04")(extract)


def extract(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A film, or an image of several pages or frames.")],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="The delivery's folder, new or empty.")],
    every: Annotated[int | None, typer.Option("--every", metavar="N", help="Take every n-th frame or page.")] = None,
    scenes: Annotated[bool, typer.Option("--scenes", help="Take the frames where the scene changes.")] = False,
    best: Annotated[
        int | None,
        typer.Option("--best", metavar="N", help="Frames kept of each face's appearance; of a film 1 unless given."),
    ] = None,
    limit: Annotated[int, typer.Option("--limit", metavar="N", help="The most stills written.")] = 1000,
    workers: common.Workers = None,
    as_json: AsJson = False,
) -> None:
    """Write stills of a film or a multi-page file, and a manifest to fill in and receive. No case is touched.

    Of an image every page is taken, of a film the frames in which each face is seen best, unless you say otherwise.
    """
    from stillgraph.casework import extracting

    report = extracting.extract(
        file,
        out,
        every=every,
        scenes=scenes,
        best=best,
        limit=limit,
        workers=workers,
        show_progress=sys.stderr.isatty(),
    )
    if as_json:
        common.print_json(report)
    else:
        _print_report(report)


def _print_report(report: ExtractReport) -> None:
    stills = common.count(len(report.stills), "still")
    looked = f"{report.decoded} decoded, {report.looked_at} looked at"
    print(f"{report.file} ({report.form}): {looked}, {stills}, {report.elapsed_s:.1f} s")
    if report.way == "faces":
        print(
            f"{common.count(report.appearances, 'appearance')} of faces, grouped by likeness and place; somebody who "
            f"comes back makes another. {common.count(report.unusable, 'sighting')} too small or unclear for a search."
        )
    if report.stills:
        rows = [
            (still.image, "" if still.seconds is None else f"{still.seconds:.2f}", len(still.faces) or "")
            for still in report.stills[:20]
        ]
        common.print_table(["still", "at (s)", "kept for faces"], rows)
        if len(report.stills) > len(rows):
            print(f"  and {len(report.stills) - len(rows)} more")
    for note in report.notes:
        print(note)
    if report.out is None:
        print("No still came of it, and nothing was written; --every N takes frames whatever they show.")
    else:
        print(f"Fill in {report.out / 'manifest.csv'}; then: stillgraph stills receive CASE MANIFEST --retailer ID")
