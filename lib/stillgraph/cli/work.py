"""Commands that move a case on: custody, stills, search, link."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stillgraph.cli import common, filtering, listing, newcomers
from stillgraph.cli.common import AsJson, Case, Officer, OperationOption, Reason

if TYPE_CHECKING:
    from stillgraph.records import EnhancementId, IntakeReport

custody_app = typer.Typer(help="Custody images.")
stills_app = typer.Typer(help="Retailers' stills.")


def register(app: typer.Typer) -> None:
    """Add these commands to the application."""
    app.add_typer(custody_app, name="custody")
    app.add_typer(stills_app, name="stills")
    app.command("search", epilog="Example: stillgraph search cases/autumn --unsearched --limit 20")(search)
    app.command("link", epilog="Example: stillgraph link cases/autumn --json")(link)


@custody_app.command(
    "add",
    epilog="Example: stillgraph custody add cases/autumn custody/manifest.csv --arrests custody/arrests.csv",
)
def custody_add(
    case: Case,
    manifest: Annotated[Path, typer.Argument(metavar="MANIFEST", help="CSV or XLSX, the images beside it in images/.")],
    arrests: Annotated[Path | None, typer.Option("--arrests", metavar="FILE", help="The nominals' arrests.")] = None,
    no_open_stills: newcomers.NoOpenStills = False,
    lead_chance: newcomers.Chance = newcomers.LEAD_CHANCE,
    workers: common.Workers = None,
    batch: Annotated[
        int,
        typer.Option("--batch", min=1, metavar="ROWS", help="Rows kept at a time; a larger manifest can be resumed."),
    ] = 500,
    dask: Annotated[
        str | None,
        typer.Option("--dask", metavar="ADDRESS", help="A Dask scheduler, tls://HOST:PORT, whose workers analyse."),
    ] = None,
    officer: Officer = None,
    operation: OperationOption = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Enrol custody images and compare them with open stills; rows that cannot be taken in are refused with reasons.

    Cut short, the same command goes on behind the last batch that was kept.
    """
    from stillgraph.casework import enrolling, progress

    desk = common.seat(case, officer, operation, reason)
    with progress.bar(shown=_terminal()) as shown:
        report = enrolling.enrol(
            desk, manifest, arrests=arrests, workers=workers, progress=shown, open_stills=not no_open_stills,
            lead_chance=lead_chance, batch_rows=batch, dask=dask,
        )  # fmt: skip
    if report.rows_before and not as_json:
        print(f"Gone on behind {common.count(report.rows_before, 'row')} of an earlier run; of all together:")
    _print_intake(report, as_json=as_json)
    if arrests is not None and not as_json:
        print(f"{common.count(report.arrests_accepted, 'arrest')} accepted, {len(report.arrests_refused)} refused")
        common.print_refusals(report.arrests_refused)
    if report.open_stills is not None and not as_json:
        newcomers.show(report.open_stills)


@stills_app.command(
    "receive",
    epilog="Example: stillgraph stills receive cases/autumn R01/manifest.csv --retailer R01 --stores stores.csv",
)
def stills_receive(
    case: Case,
    manifest: Annotated[Path, typer.Argument(metavar="MANIFEST", help="CSV or XLSX, the stills beside it in stills/.")],
    retailer: Annotated[str, typer.Option("--retailer", metavar="ID", help="Whose delivery it is.")],
    stores: Annotated[
        Path | None,
        typer.Option("--stores", metavar="FILE", help="The stores file; once, or when it changes."),
    ] = None,
    workers: common.Workers = None,
    officer: Officer = None,
    operation: OperationOption = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Take in one retailer's delivery and find the faces in it; bad rows are refused with their reasons."""
    from stillgraph.casework import progress, receiving
    from stillgraph.records import RetailerId

    desk = common.seat(case, officer, operation, reason)
    with progress.bar(shown=_terminal()) as shown:
        report = receiving.receive(
            desk, manifest, retailer_id=RetailerId(retailer), stores=stores, workers=workers, progress=shown
        )
    _print_intake(report, as_json=as_json)


def search(
    case: Case,
    unsearched: Annotated[bool, typer.Option("--unsearched", help="Every still not searched yet.")] = False,
    still: Annotated[
        list[str] | None, typer.Option("--still", metavar="ID", help="A still, RETAILER/IMAGE; repeatable.")
    ] = None,
    image: Annotated[
        Path | None, typer.Option("--image", metavar="FILE", help="An image from outside the case, or a folder.")
    ] = None,
    together: Annotated[
        list[str] | None,
        typer.Option("--together", metavar="FACE", help="A face to search as one with others; repeat for each."),
    ] = None,
    combine: filtering.Combine = None,
    open_stills: newcomers.OpenStills = False,
    delivery: newcomers.Delivery = None,
    lead_chance: newcomers.Chance = newcomers.LEAD_CHANCE,
    limit: Annotated[int, typer.Option("--limit", help="The most persons on a candidate list.")] = 20,
    threshold: Annotated[
        float, typer.Option("--threshold", help="The least score (cosine) for the list; -1 cuts nothing off.")
    ] = -1.0,
    fpir: Annotated[
        float | None,
        typer.Option("--fpir", metavar="X", help="With the threshold that was set for this FPIR, e.g. 0.01."),
    ] = None,
    enhanced: Annotated[
        str | None, typer.Option("--enhanced", metavar="N", help="Add an enhancement of the still: its number or id.")
    ] = None,
    captured_since: filtering.CapturedSince = None,
    captured_until: filtering.CapturedUntil = None,
    sex: filtering.Sex = None,
    age: filtering.Age = None,
    conviction: filtering.Conviction = None,
    force: filtering.Force = None,
    area: filtering.Area = None,
    basis: filtering.Basis = None,
    exclude: filtering.Exclude = None,
    past_review: filtering.PastReview = False,
    officer: Officer = None,
    operation: OperationOption = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Search the faces of stills against the custody gallery: ranked candidates for people to look at.

    A score is how alike two templates are, no more; a candidate becomes a lead only by two officers' review.
    """
    from stillgraph.casework import progress, searching
    from stillgraph.errors import WrongUse
    from stillgraph.records import FaceId, Filters, StillId

    desk = common.seat(case, officer, operation, reason)
    filters = filtering.filters(
        captured_since, captured_until, sex=sex, age=age, conviction=conviction, force=force, area=area, basis=basis,
        exclude=exclude,
    )  # fmt: skip
    if combine is not None and not together:
        raise WrongUse("--combine says how the faces of --together are taken as one; give both or neither.")
    if open_stills:
        asked_else = still or unsearched or image is not None or enhanced is not None or together or fpir is not None
        if asked_else or filters != Filters():
            raise WrongUse(
                "--open-stills compares whole deliveries with every open face; leave out --still, filters and the like."
            )
        found = newcomers.searched(
            desk, deliveries=delivery, limit=limit, threshold=threshold, chance=lead_chance, past_review=past_review
        )
        if as_json:
            common.print_json(found)
        else:
            newcomers.show(found)
        return
    if delivery:
        raise WrongUse("--delivery names a delivery for --open-stills; give both or neither.")
    if together:
        if still or unsearched or image is not None or enhanced is not None or fpir is not None:
            raise WrongUse("--together names all faces of the search; leave out --still, --fpir and the like.")
        report = searching.search_together(
            desk, [FaceId(f) for f in together], combine=filtering.combined(combine), limit=limit,
            threshold=threshold, filters=filters,
            past_review=past_review,
        )  # fmt: skip
    else:
        with progress.bar(shown=_terminal()) as shown:
            report = searching.search(
                desk, stills=tuple(StillId(s) for s in still or ()), unsearched=unsearched, image=image, limit=limit,
                threshold=threshold, fpir=fpir, enhancement=_enhancement(enhanced, still or []), filters=filters,
                past_review=past_review, progress=shown,
            )  # fmt: skip
    if as_json:
        common.print_json(report)
    elif unsearched and report.search_id is None:
        print("Nothing to search: every still has been searched.")
    else:
        listing.print_search(report, from_outside=image is not None)


def link(
    case: Case,
    threshold: Annotated[
        float | None, typer.Option("--threshold", help="The least score that groups unknown faces.")
    ] = None,
    officer: Officer = None,
    operation: OperationOption = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Link faces to persons: what officers agree on binds, similarity groups the unknown, contradictions are shown."""
    from stillgraph.casework import linking, progress
    from stillgraph.records import LinkStatus

    with progress.bar(shown=_terminal()) as shown:
        linkage = linking.link(common.seat(case, officer, operation, reason), threshold=threshold, progress=shown)
    if as_json:
        common.print_json(linkage)
        return
    if linkage.simulated:
        print("Corroborated links rest on simulated review.")
    for status in LinkStatus:
        persons = [p for p in linkage.persons if p.status is status]
        several = [p for p in persons if len(p.stills) > 1]
        print(f"{status}: {common.count(len(persons), 'person')}, {len(several)} on several stills")
    common.print_table(
        ["person", "status", "stills", "offences", "retailers"],
        [
            (p.person_id, p.status, len(p.stills), len(p.offences), len({s.split("/")[0] for s in p.stills}))
            for p in linkage.persons
            if len(p.stills) > 1
        ],
    )
    print(
        f"{common.count(len(linkage.proposals), 'proposal')} for review, "
        f"{common.count(len(linkage.contradictions), 'contradiction')}"
    )
    for contradiction in linkage.contradictions:
        print(f"  {', '.join(contradiction.faces)}: {contradiction.reason}")


def _print_intake(report: IntakeReport, *, as_json: bool) -> None:
    if as_json:
        common.print_json(report)
        return
    print(
        f"{report.accepted} accepted, {len(report.refused)} refused, {common.count(report.faces, 'face')}, "
        f"{report.without_face} without a face, {report.elapsed_s:.1f} s{listing.rate(report)}"
    )
    common.print_refusals(report.refused)


def _enhancement(enhanced: str | None, stills: list[str]) -> EnhancementId | None:
    """Return the enhancement that is named, by its number among the still's or by its id."""
    from stillgraph.records import EnhancementId

    if enhanced is None:
        return None
    by_number = enhanced.isascii() and enhanced.isdigit() and len(stills) > 0
    return EnhancementId(f"{stills[0]}~{enhanced}" if by_number else enhanced)


def _terminal() -> bool:
    return sys.stderr.isatty()
