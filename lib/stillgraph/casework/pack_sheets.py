"""A case pack as a workbook: one sheet a table, numbers and dates as such, and nothing that a spreadsheet would run."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from stillgraph.casework import pack_parts, pack_words, tables, wording
from stillgraph.casework.pack_parts import NUMBERS, Cell, Column, Grid
from stillgraph.records import CasePack, Explanation

FORMATS = {
    "count": "#,##0", "days": "#,##0.0", "money": "#,##0.00", "score": "0.000", "km": "0.0", "date": "yyyy-mm-dd",
    "time": "yyyy-mm-dd hh:mm", "percent": "0.0%", "text": "@",
}  # fmt: skip

_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""What a workbook cannot hold."""

MOST_CHARACTERS = 32_767
"""Of a cell."""

HEAD_ROW = 4


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet: its name, at most 31 characters, and its table."""

    name: str
    grid: Grid


def xlsx(pack: CasePack) -> bytes:
    """Return a pack as a workbook; the same pack makes the same bytes."""
    from openpyxl import Workbook

    book = Workbook()
    for unasked in book.worksheets:
        book.remove(unasked)
    scale = pack_parts.scale_line(pack)
    for sheet in _sheets(pack):
        _write(book.create_sheet(sheet.name), sheet, scale)
    book.properties.title, book.properties.creator = pack_parts.title(pack), "Stillgraph"
    made = pack.made_at.astimezone(UTC).replace(tzinfo=None, microsecond=0)
    book.properties.created = book.properties.modified = made
    out = io.BytesIO()
    book.save(out)
    return _still(out.getvalue(), made)


def _still(data: bytes, made: datetime) -> bytes:
    """Return a workbook whose archive says when the pack was made instead of when it was zipped."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in sorted(old.namelist(), key=lambda n: (n != "[Content_Types].xml", n)):
            entry = zipfile.ZipInfo(name, made.timetuple()[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            content = old.read(name)
            if name == "docProps/core.xml":
                stamp = f"{made:%Y-%m-%dT%H:%M:%SZ}".encode()
                content = re.sub(rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>" + stamp, content)
            new.writestr(entry, content)
    return out.getvalue()


def _write(page: Any, sheet: Sheet, scale: str) -> None:
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.utils import get_column_letter

    page.append([tables.cell(sheet.name)])
    page.append([tables.cell(scale)])
    page.append([])
    page.append([tables.cell(column.name) for column in sheet.grid.columns])
    page.cell(1, 1).font = Font(bold=True, size=13)
    page.cell(2, 1).font = Font(italic=True, color="4A5A6A")
    for cell in page[HEAD_ROW]:
        cell.font, cell.fill = Font(bold=True), PatternFill("solid", fgColor="EEF1F4")
        cell.alignment = Alignment(wrap_text=True, vertical="top")
    for at, row in enumerate(sheet.grid.rows, start=HEAD_ROW + 1):
        for number, (column, value) in enumerate(zip(sheet.grid.columns, row, strict=True), start=1):
            cell = page.cell(at, number, _value(column, value))
            cell.number_format = FORMATS[column.kind]
            cell.alignment = Alignment(
                vertical="top", wrap_text=column.kind == "text", horizontal="right" if column.kind in NUMBERS else None
            )
    for number, column in enumerate(sheet.grid.columns, start=1):
        page.column_dimensions[get_column_letter(number)].width = _width(sheet.grid, number - 1, column)
    page.freeze_panes = page.cell(HEAD_ROW + 1, 2 if len(sheet.grid.columns) > 2 else 1)
    if sheet.grid.rows:
        page.auto_filter.ref = (
            f"A{HEAD_ROW}:{get_column_letter(len(sheet.grid.columns))}{HEAD_ROW + len(sheet.grid.rows)}"
        )
    page.page_setup.orientation, page.page_setup.fitToWidth, page.page_setup.fitToHeight = "landscape", 1, 0
    page.sheet_properties.pageSetUpPr.fitToPage = True
    page.print_title_rows = f"{HEAD_ROW}:{HEAD_ROW}"


def _value(column: Column, value: Cell) -> Any:
    if value is None:
        return None
    if isinstance(value, datetime):
        at = value.astimezone(UTC).replace(tzinfo=None)
        return at.date() if column.kind == "date" else at
    if isinstance(value, str):
        return str(tables.cell(_NOT_XML.sub("\ufffd", value)))[:MOST_CHARACTERS]
    return value / 100 if column.kind == "money" and isinstance(value, int | float) else value


def _width(grid: Grid, number: int, column: Column) -> float:
    longest = max((len(pack_parts.shown(column.kind, row[number])) for row in grid.rows), default=0)
    return float(min(max(longest, len(column.name) * 0.7, 6) + 2, 60))


def _sheets(pack: CasePack) -> Iterator[Sheet]:
    cover, summary = pack_parts.sections(pack)[:2]
    facts = (Column("what"), Column("is"))
    simulated = (("simulated", wording.SIMULATED),) if pack.simulated else ()
    told = [*simulated, *cover.facts, *(("note", text) for text in cover.paragraphs)]
    yield Sheet("Cover", Grid(facts, tuple(told)))
    yield Sheet("Summary", Grid(facts, (*summary.facts, *(("in words", text) for text in summary.points))))
    yield Sheet(
        "Ranking", Grid(_pounds(pack_parts.RANKING), tuple(map(pack_parts.standing_row, pack.ranking.standings)))
    )
    yield Sheet("Why", Grid((Column("person"), Column("sentence")), tuple(
        (page.person_id, text) for page in pack.persons for text in page.sentences)))  # fmt: skip
    yield Sheet("Offences", Grid((Column("person"), *_pounds(pack_parts.OFFENCES)), tuple(
        (page.person_id, *row) for page in pack.persons for row in pack_parts.offence_rows(page))))  # fmt: skip
    yield Sheet("Contributions", Grid(_CONTRIBUTIONS, tuple(r for p in pack.persons for r in _contributions(p))))
    yield Sheet("Faces", Grid(_FACES, tuple(row for page in pack.persons for row in _faces(page))))
    yield Sheet("Judgements", Grid(_JUDGEMENTS, tuple(row for page in pack.persons for row in _judgements(page))))
    yield Sheet("Changes", Grid(_CHANGES, tuple(row for page in pack.persons for row in _changes(page))))
    yield Sheet("Arrests", Grid((Column("person"), *pack_parts.ARRESTS), tuple(
        (p.person_id, a.arrested_on, a.offence_code, a.offence, a.disposal, a.custody_from, a.released_on)
        for p in pack.persons for a in p.arrests)))  # fmt: skip
    yield Sheet("Same stills", Grid(pack_parts.PAIRS, tuple(
        (p.one, p.other, p.offences, p.first_together, p.last_together, str(p.status))
        for p in pack.pairs)))  # fmt: skip
    yield Sheet("Concentration", Grid(pack_parts.SHARES, pack_parts.share_rows(pack)))
    yield Sheet("Stills", Grid(pack_parts.STILLS, tuple(
        (s.still, s.offence_id, s.captured_at, s.delivery_id, ", ".join(s.persons), s.sha256)
        for s in pack.stills)))  # fmt: skip
    notes = [("method", text) for text in pack_words.method(pack)] + [
        ("limit", text) for text in pack_words.limits(pack)
    ]
    yield Sheet("Method and limits", Grid(facts, tuple(notes)))
    yield Sheet("Words", Grid((Column("word"), Column("meaning")), pack_words.GLOSSARY))


def _pounds(columns: tuple[Column, ...]) -> tuple[Column, ...]:
    return tuple(
        Column(f"{column.name} (GBP)", column.kind, column.share) if column.kind == "money" else column
        for column in columns
    )


_CONTRIBUTIONS = (
    Column("person"), Column("offence"), Column("link"), Column("counts"), Column("days", "days"),
    Column("share of days", "percent"), Column("value (GBP)", "money"), Column("share of value", "percent"),
    Column("points", "count"), Column("place by harm without", "count"), Column("place by count without", "count"),
    Column("place by value without", "count"), Column("place by RFH without", "count"),
)  # fmt: skip


def _contributions(page: Explanation) -> Iterator[tuple[Cell, ...]]:
    for offence in page.offences:
        brought = offence.contribution
        if brought is None:
            yield (page.person_id, offence.offence_id, str(offence.status), "no", *[None] * 9)
            continue
        ranks = brought.without.ranks
        yield (
            page.person_id, offence.offence_id, str(offence.status), "yes", brought.brings["harm"],
            brought.shares["harm"], brought.brings["value"], brought.shares["value"], brought.brings["rfh"],
            ranks["harm"], ranks["count"], ranks["value"], ranks["rfh"],
        )  # fmt: skip


_FACES = (
    Column("person"), Column("offence"), Column("face"), Column("still"), Column("taken, UTC", "time"), Column("band"),
    Column("basis"), Column("outcome"), Column("review"), Column("place on the list", "count"),
    Column("score", "score"),
    Column("ahead by", "score"), Column("likelihood ratio", "score"), Column("custody image"), Column("rulings"),
    Column("ruled by"),
)  # fmt: skip


def _faces(page: Explanation) -> Iterator[tuple[Cell, ...]]:
    for offence in page.offences:
        for face in offence.faces:
            seen = face.evidence
            yield (
                page.person_id, offence.offence_id, face.face_id, face.still, face.captured_at, face.band,
                str(seen.basis), None if seen.outcome is None else str(seen.outcome), seen.review, face.list_rank,
                seen.score, face.ahead_by, seen.likelihood_ratio, face.custody_image,
                ", ".join(map(str, seen.rulings)), ", ".join(seen.ruled_by),
            )  # fmt: skip


_JUDGEMENTS = (
    Column("person"), Column("face"), Column("officer"), Column("verdict"), Column("strength"), Column("agrees"),
)  # fmt: skip


def _judgements(page: Explanation) -> Iterator[tuple[Cell, ...]]:
    for face in (face for offence in page.offences for face in offence.faces):
        for one in face.evidence.judgements:
            yield (
                page.person_id, face.face_id, one.officer, str(one.verdict),
                None if one.strength is None else str(one.strength), "yes" if one.agrees else "no",
            )  # fmt: skip


_CHANGES = (
    Column("person"), Column("what"), Column("offences"), Column("other person"), Column("likelihood ratio", "score"),
    Column("score", "score"), Column("place then", "count"), Column("of", "count"), Column("days then", "days"),
    Column("offences then", "count"), Column("in words"),
)  # fmt: skip


def _changes(page: Explanation) -> Iterator[tuple[Cell, ...]]:
    for change in page.changes:
        yield (
            page.person_id, str(change.kind), ", ".join(change.offences), change.other, change.likelihood_ratio,
            change.score, change.place.ranks[page.by], change.place.persons, change.place.totals["harm"],
            round(change.place.totals["count"]), change.sentence,
        )  # fmt: skip
