"""The command that compares faces of stills with those of other stills."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from stillgraph.cli import common
from stillgraph.cli.common import AsJson, Case, Officer, OperationOption, Reason

if TYPE_CHECKING:
    from stillgraph.records import AlikeReport


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command("alike", epilog='Example: stillgraph alike cases/autumn --face "R01/R01_0001.jpg#1" --borough Camden')(
        alike
    )


def alike(
    case: Case,
    face: Annotated[
        list[str] | None, typer.Option("--face", metavar="ID", help="A face to compare; again for more.")
    ] = None,
    still: Annotated[
        str | None, typer.Option("--still", metavar="ID", help="The still whose usable faces to compare.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", help="The most faces on a list.")] = 20,
    threshold: Annotated[
        float, typer.Option("--threshold", help="The least score (cosine) for the list; -1 cuts nothing off.")
    ] = -1.0,
    retailer: Annotated[
        list[str] | None, typer.Option("--retailer", metavar="ID", help="Stills of this retailer; again for more.")
    ] = None,
    borough: Annotated[
        list[str] | None, typer.Option("--borough", metavar="NAME", help="Stills of stores there; again for more.")
    ] = None,
    since: common.Since = None,
    until: common.Until = None,
    officer: Officer = None,
    operation: OperationOption = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Show which faces of other stills look most like a face: who else looks like this unknown person.

    It links nothing and names nobody but whom officers have corroborated. Who asks may not judge these faces' lists.
    """
    from stillgraph.casework import alike as casework
    from stillgraph.records import FaceId, RetailerId, StillFilters, StillId

    filters = StillFilters(
        retailer=tuple(RetailerId(one) for one in retailer or ()), borough=tuple(borough or ()),
        since=common.day(since, "--since"), until=common.day(until, "--until"),
    )  # fmt: skip
    report = casework.alike(
        common.seat(case, officer, operation, reason), [FaceId(one) for one in face or ()],
        still=None if still is None else StillId(still), limit=limit, threshold=threshold, filters=filters,
    )  # fmt: skip
    if as_json:
        common.print_json(report)
    else:
        _show(report)


def _show(report: AlikeReport) -> None:
    of_all = "" if report.faces_searched == report.gallery.size else f"{report.faces_searched} of "
    print(
        f"{common.count(len(report.lists), 'face')} compared with {of_all}"
        f"{common.count(report.gallery.size, 'usable face')} of stills ({report.model}) in {report.elapsed_s:.1f} s"
    )
    common.print_table(
        ["face", "rank", "alike", "score", "corroborated", "faces", "borough", "captured", "offence"],
        [
            (listed.face_id, one.rank, one.face_id, f"{one.score:.3f}", one.person_id, one.faces, one.borough,
             one.captured_at, one.offence_id)
            for listed in report.lists
            for one in listed.alike
        ],
    )  # fmt: skip
    print(
        "A score says how alike two templates are, not who somebody is. Nothing is linked by it: officers rule on "
        "faces, `stillgraph persons rule`."
    )
