"""The options and the output of comparing newly enrolled custody images with open stills."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from stillgraph.cli import common

if TYPE_CHECKING:
    from stillgraph.casework import Desk
    from stillgraph.records import OpenStillsReport

LEAD_CHANCE = 0.01

NoOpenStills = Annotated[
    bool, typer.Option("--no-open-stills", help="Do not compare with open stills; `search --open-stills` does later.")
]
OpenStills = Annotated[
    bool, typer.Option("--open-stills", help="Compare custody images not compared yet with every open still.")
]
Delivery = Annotated[
    list[int] | None,
    typer.Option("--delivery", metavar="N", help="With --open-stills: only of this custody delivery; repeatable."),
]
Chance = Annotated[
    float,
    typer.Option(
        "--lead-chance", metavar="P", help="That strangers make a lead of an open face, at most; less asks more."
    ),
]


def searched(
    desk: Desk, *, deliveries: list[int] | None, limit: int, threshold: float, chance: float, past_review: bool
) -> OpenStillsReport:
    """Compare what waits with open stills."""
    from stillgraph.casework import unsolved

    return unsolved.search_open_stills(
        desk, deliveries=deliveries or (), limit=limit, threshold=threshold, chance=chance, past_review=past_review
    )


def show(report: OpenStillsReport) -> None:
    """Print what the comparison came to."""
    if not report.images:
        print("Open stills: no custody image waits to be compared with them.")
        return
    said = (
        f"{common.count(report.images, 'new custody image')} of {common.count(report.newcomers, 'person')} compared "
        f"with {common.count(report.open_faces, 'open face')} of stills"
    )
    if not report.places:
        print(f"{said}.")
        return
    counted = "first on a list counts" if report.places == 1 else f"the first {report.places} of a list count"
    print(f"{said} ({counted}): {common.count(len(report.leads), 'lead')}, {report.elapsed_s:.1f} s")
    if not report.leads:
        return
    common.print_table(
        ["face", "rank", "newly enrolled", "score", "custody image", "judged before"],
        [
            (one.face_id, one.rank, one.nominal_id, f"{one.score:.3f}", one.custody_image,
             "yes" if one.judged_before else "no")
            for one in report.leads
        ],
    )  # fmt: skip
    print("Each has a new list, judged anew by two officers other than you: stillgraph review queue")
