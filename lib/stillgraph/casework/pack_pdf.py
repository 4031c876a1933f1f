"""A case pack as a PDF: A4, its pages numbered, every page with period and scale."""

from __future__ import annotations

from typing import Any

from stillgraph.casework import pack_parts, printing, sketches, wording
from stillgraph.casework.pack_parts import NUMBERS, Grid, Section, shown
from stillgraph.records import CasePack

PLATE_MM, PLATES_A_ROW = 25.0, 6


def pdf(pack: CasePack) -> bytes:
    """Return a pack as a PDF; a character that no font of it draws is written as its code."""
    from reportlab.lib.units import mm
    from reportlab.platypus import Spacer

    first, *others = pack_parts.sections(pack)
    flow: list[Any] = [printing.paragraph(first.heading, "title")]
    if pack.simulated:
        flow += [printing.paragraph(wording.SIMULATED, "warning"), Spacer(0, 4 * mm)]
    flow += _section(first, titled=False)
    flow += [printing.paragraph("Contents", "heading"), *_contents(others)]
    for section in others:
        flow += _section(section)
    return printing.built(flow, first.heading, footer=pack_parts.footer(pack))


def _contents(sections: list[Section]) -> list[Any]:
    chapters = [section for section in sections if section.chapter or section.anchor in pack_parts.LISTED]
    return [printing.link(section.heading, section.anchor) for section in chapters]


def _section(section: Section, *, titled: bool = True) -> list[Any]:
    from reportlab.lib.units import mm
    from reportlab.platypus import PageBreak, Spacer

    flow: list[Any] = [PageBreak()] if section.chapter else []
    if titled:
        look = "chapter" if section.chapter else "heading"
        flow.append(printing.paragraph(section.heading, look, anchor=section.anchor))
    flow += [printing.paragraph(text, "text") for text in section.paragraphs]
    if section.plates:
        flow += [Spacer(0, 2 * mm), *printing.figures(section.plates, PLATES_A_ROW, PLATE_MM, style="tiny")]
    if section.facts:
        flow.append(printing.table([[name, value] for name, value in section.facts], (38, printing.WIDTH_MM - 38)))
    flow += [printing.paragraph(text, "item", bullet=True) for text in section.points]
    for sketch in section.drawings:
        flow += [Spacer(0, 2 * mm), sketches.flowable(sketch)]
    if section.grid is not None:
        flow.append(_grid(section.grid))
    return flow


def _grid(grid: Grid) -> Any:
    whole = sum(column.share for column in grid.columns)
    rows = [[column.name for column in grid.columns]]
    rows += [[shown(column.kind, cell) for column, cell in zip(grid.columns, row, strict=True)] for row in grid.rows]
    return printing.table(
        rows, [printing.WIDTH_MM * column.share / whole for column in grid.columns], headed=True, small=True,
        right={n for n, column in enumerate(grid.columns) if column.kind in NUMBERS},
    )  # fmt: skip
