"""Commands on the audit record: audit verify, phrase, search, export."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stillgraph.cli import common
from stillgraph.cli.common import AsJson, Case, Officer, OperationOption, Reason, Since, Until

if TYPE_CHECKING:
    from stillgraph.casework.auditing import Wanted

audit_app = typer.Typer(help="The audit record: whether it holds, and what it says.")

ByOfficer = Annotated[str | None, typer.Option("--by-officer", metavar="ID", help="What this officer did.")]
ForOperation = Annotated[str | None, typer.Option("--for-operation", metavar="OP", help="Done for this operation.")]
OfStill = Annotated[str | None, typer.Option("--still", metavar="STILL", help="Naming this still, or a face of it.")]
OfPerson = Annotated[
    str | None, typer.Option("--person", metavar="ID", help="Naming this person, by person or nominal id.")
]
OfAction = Annotated[str | None, typer.Option("--action", metavar="NAME", help="This action, e.g. search.")]
OfResult = Annotated[str | None, typer.Option("--result", help="done, refused, failed or found.")]


def register(app: typer.Typer) -> None:
    """Add these commands to the application."""
    app.add_typer(audit_app, name="audit")


@audit_app.command(
    "verify", epilog="Example: stillgraph audit verify cases/demo --anchor /safe/place/audit.anchors.jsonl"
)
def audit_verify(
    case: Case,
    anchor: Annotated[
        Path | None, typer.Option("--anchor", metavar="FILE", help="A copy of the anchors kept elsewhere.")
    ] = None,
    phrase: Annotated[
        str | None, typer.Option("--phrase", metavar="WORDS", help="A phrase that `audit phrase` printed earlier.")
    ] = None,
    deep: Annotated[bool, typer.Option("--deep", help="Read the bytes of every image too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Check the whole record; exit 1 and name the first broken entry if it does not hold.

    Checked are the chain, its log outside the case file, the anchors beside it and in the second place, every table,
    and whether every image is there. Anybody who can read the case may check it: it shows nothing of the case and
    writes nothing.
    """
    from stillgraph.casework import governing

    report = governing.verify_audit(case, anchor_file=anchor, phrase=phrase, deep=deep)
    if as_json:
        common.print_json(report)
    elif report.holds:
        entries = common.count(report.entries, "entry", "entries")
        print(f"The audit chain holds: {entries}, {common.count(report.anchors, 'anchor')}, head {report.head[:16]}.")
        print(f"In words: {report.phrase}.")
        if report.keyed:
            images = f"{common.count(report.images, 'image')} there, {report.images_read or 'none'} read"
            print(f"As the entries left them: {common.count(report.tables, 'table')}. {images}.")
        if report.unanchored:
            unanchored = common.count(report.unanchored, "entry", "entries")
            print(f"Not anchored yet: the newest {unanchored}; the next action does that.")
    else:
        print(f"The audit chain is broken at entry {report.first_broken}: {report.problem}.")
        for other in report.problems[1:]:
            print(f"Further, at entry {other.entry}: {other.says}.")
    if not as_json:
        for note in report.notes:
            print(note)
    if not report.holds:
        raise typer.Exit(1)


@audit_app.command("phrase", epilog="Example: stillgraph audit phrase cases/autumn")
def audit_phrase(case: Case, as_json: AsJson = False) -> None:
    """Print the phrase that stands for the whole record up to now, to be kept on paper or read over the telephone."""
    from stillgraph.casework import checking_record

    told = checking_record.phrase(case)
    if as_json:
        common.print_json(told)
    else:
        print(told.phrase)
        print(f'It is that of entry {told.sequence}. Later: stillgraph audit verify {case} --phrase "{told.phrase}"')


@audit_app.command("search", epilog='Example: stillgraph audit search cases/autumn --still R08/a.jpg --reason "audit"')
def audit_search(
    case: Case,
    by_officer: ByOfficer = None,
    for_operation: ForOperation = None,
    still: OfStill = None,
    person: OfPerson = None,
    action: OfAction = None,
    result: OfResult = None,
    since: Since = None,
    until: Until = None,
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, help="How many to show, the newest.")] = 200,
    officer: Officer = None,
    operation: OperationOption = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Search the record; that it was searched, and for what, goes on record."""
    from stillgraph.casework import auditing

    wanted = _wanted(by_officer, for_operation, still, person, action, result, since, until)
    found = auditing.search_audit(common.seat(case, officer, operation, reason), wanted, limit=limit)
    if as_json:
        common.print_json(found)
        return
    common.print_table(
        ["entry", "at", "officer", "operation", "action", "result", "details"],
        [
            (e.sequence, e.recorded_at[:19] + "Z", e.officer, e.operation, e.action, e.result, _short(e.details))
            for e in found.found
        ],
    )
    print(f"{common.count(found.entries, 'entry', 'entries')} in all, {len(found.found)} shown, the newest first.")


@audit_app.command("export", epilog="Example: stillgraph audit export cases/autumn --out audit.csv --since 2026-11-01")
def audit_export(
    case: Case,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="FILE.csv, FILE.jsonl or FILE.parquet.")],
    by_officer: ByOfficer = None,
    for_operation: ForOperation = None,
    still: OfStill = None,
    person: OfPerson = None,
    action: OfAction = None,
    result: OfResult = None,
    since: Since = None,
    until: Until = None,
    officer: Officer = None,
    operation: OperationOption = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Write the record, or what is asked for of it, into a file; that goes on record too."""
    from stillgraph.casework import auditing

    wanted = _wanted(by_officer, for_operation, still, person, action, result, since, until)
    written = auditing.export_audit(common.seat(case, officer, operation, reason), out, wanted)
    if as_json:
        common.print_json(written)
    else:
        entries = common.count(written.entries, "entry", "entries")
        print(f"Wrote {written.file}: {entries}, SHA-256 {written.sha256}.")


def _wanted(
    by_officer: str | None, for_operation: str | None, still: str | None, person: str | None, action: str | None,
    result: str | None, since: str | None, until: str | None,
) -> Wanted:  # fmt: skip
    from stillgraph.casework.auditing import Wanted

    return Wanted(
        officer=by_officer, operation=for_operation, action=action, result=result, still=still, person=person,
        since=common.day(since, "--since"), until=common.day(until, "--until"),
    )  # fmt: skip


def _short(details: dict[str, object]) -> str:
    said = ", ".join(f"{name}={common.plain(value)}" for name, value in details.items())
    return said if len(said) <= 100 else said[:97] + "..."
