"""PDF pages: what statements, photo arrays and case packs share."""

from __future__ import annotations

import importlib.util
import io
import os
import unicodedata
from collections.abc import Collection, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from stillgraph.records import Plate

WIDTH_MM = 174.0
"""Of what is printed, between the margins of an A4 page."""

_RIGHT_TO_LEFT = frozenset({"R", "AL"})


def built(flow: list[Any], title: str, *, footer: str = "") -> bytes:
    """Return flowables as a PDF, A4, its pages numbered; the same ones make the same bytes.

    Parameters
    ----------
    footer
        What every page says at its foot; the title unless given.
    """
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.units import mm
    from reportlab.platypus import SimpleDocTemplate

    def number(canvas: Any, document: Any) -> None:
        canvas.setFont(fonts()[0], 8)
        canvas.drawString(18 * mm, 10 * mm, spelled(footer or title))
        canvas.drawRightString(A4[0] - 18 * mm, 10 * mm, f"page {document.page}")

    out = io.BytesIO()
    document = SimpleDocTemplate(
        out, pagesize=A4, leftMargin=18 * mm, rightMargin=18 * mm, topMargin=16 * mm, bottomMargin=18 * mm,
        title=title, author="Stillgraph", invariant=1,
    )  # fmt: skip
    document.build(flow, onFirstPage=number, onLaterPages=number)
    return out.getvalue()


@cache
def fonts() -> tuple[str, str]:
    """Register the fonts that a PDF carries within it, as readers need not have them; return plain and bold.

    DejaVu Sans, which draws Greek, Cyrillic, Armenian and Georgian too, where Matplotlib is installed, as it is with
    Stillgraph's own dependencies; else Vera, which it was made of and which comes with ReportLab.
    """
    import reportlab
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    folder, files = Path(os.fspath(reportlab.__file__)).parent / "fonts", ("Vera.ttf", "VeraBd.ttf")
    found = importlib.util.find_spec("matplotlib")
    if found is not None and found.origin is not None:
        wider = Path(found.origin).parent / "mpl-data" / "fonts" / "ttf"
        if all((wider / file).is_file() for file in ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf")):
            folder, files = wider, ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf")
    names = ("Stillgraph", "Stillgraph-Bold")
    for name, file in zip(names, files, strict=True):
        pdfmetrics.registerFont(TTFont(name, str(folder / file)))
    return names


def spelled(text: str) -> str:
    """Return a text with what is not drawn as its code, so that nothing that anybody wrote is lost unseen.

    Scripts that run from right to left are written as codes too: their letters would stand in the wrong order.
    """
    from reportlab.pdfbase import pdfmetrics

    drawn = pdfmetrics.getFont(fonts()[0]).face.charToGlyph
    return "".join(
        c
        if c == "\n" or (ord(c) in drawn and unicodedata.bidirectional(c) not in _RIGHT_TO_LEFT)
        else f"[U+{ord(c):04X}]"
        for c in text
    )


@cache
def look(name: str) -> Any:
    """Return a paragraph style by its name."""
    from reportlab.lib.colors import HexColor
    from reportlab.lib.styles import ParagraphStyle

    plain, bold = fonts()
    # Long ids and digests have no space to break at.
    shared = {"fontName": plain, "fontSize": 9, "leading": 12.5, "splitLongWords": 1}
    small = {"fontSize": 7.2, "leading": 9.2}
    styles: dict[str, dict[str, Any]] = {
        "text": {"spaceBefore": 4},
        "item": {"spaceBefore": 2, "leftIndent": 9, "bulletIndent": 0},
        "title": {"fontName": bold, "fontSize": 14, "leading": 18, "spaceAfter": 8},
        "chapter": {"fontName": bold, "fontSize": 12.5, "leading": 16, "spaceBefore": 4, "spaceAfter": 5,
                    "keepWithNext": 1},
        "heading": {"fontName": bold, "fontSize": 10.5, "leading": 14, "spaceBefore": 10, "spaceAfter": 3,
                    "keepWithNext": 1},
        "cell": {},
        "bold": {"fontName": bold},
        "faint": {"textColor": HexColor("#4a5a6a")},
        "small": small,
        "small right": {**small, "alignment": 2},
        "small bold": {**small, "fontName": bold},
        "small bold right": {**small, "fontName": bold, "alignment": 2},
        "caption": {"fontSize": 7.5, "leading": 10, "textColor": HexColor("#4a5a6a")},
        "tiny": {"fontSize": 5.6, "leading": 6.8, "textColor": HexColor("#4a5a6a")},
        "number": {"fontSize": 14, "leading": 18, "alignment": 1},
        "warning": {"backColor": HexColor("#fff3cd"), "borderColor": HexColor("#d9b94a"), "borderWidth": 0.7,
                    "borderPadding": 5},
    }  # fmt: skip
    return ParagraphStyle(name, **(shared | styles[name]))


def paragraph(text: str, style: str, *, bullet: bool = False, anchor: str = "") -> Any:
    """Return a text as a flowable; a line break in it stays one.

    Parameters
    ----------
    bullet
        Whether it is an item of a list.
    anchor
        Where a :func:`link` of this name leads.
    """
    from reportlab.platypus import Paragraph

    target = f'<a name="{anchor}"/>' if anchor else ""
    return Paragraph(target + _written(text), look(style), bulletText="\N{BULLET}" if bullet else None)


def link(text: str, anchor: str) -> Any:
    """Return a text that leads to the paragraph of an anchor."""
    from reportlab.platypus import Paragraph

    return Paragraph(f'<a href="#{anchor}">{_written(text)}</a>', look("item"))


def _written(text: str) -> str:
    from xml.sax.saxutils import escape

    return escape(spelled(text)).replace("\n", "<br/>")


def table(
    rows: Sequence[Sequence[str]],
    widths_mm: Sequence[float],
    *,
    headed: bool = False,
    small: bool = False,
    right: Collection[int] = (),
) -> Any:
    """Return rows as a table that pages may break, its head repeated.

    Parameters
    ----------
    headed
        Whether the first row is the head; without one the first column is.
    small
        Whether it is set in small print.
    right
        Columns set to the right, in small print.
    """
    from reportlab.lib.colors import HexColor
    from reportlab.lib.units import mm
    from reportlab.platypus import Table

    def style(row: int, column: int) -> str:
        if small:
            return f"small{' bold' if headed and row == 0 else ''}{' right' if column in right else ''}"
        return "bold" if headed and row == 0 else "faint" if column == 0 and not headed else "cell"

    cells = [[paragraph(cell, style(y, x)) for x, cell in enumerate(row)] for y, row in enumerate(rows)]
    lines: list[tuple[Any, ...]] = [("VALIGN", (0, 0), (-1, -1), "TOP"), ("LEFTPADDING", (0, 0), (-1, -1), 0)]
    lines += [("TOPPADDING", (0, 0), (-1, -1), 1), ("BOTTOMPADDING", (0, 0), (-1, -1), 1)]
    if small:
        lines.append(("RIGHTPADDING", (0, 0), (-1, -1), 3))
        lines += [("RIGHTPADDING", (column, 0), (column, -1), 5) for column in sorted(right)]
    if headed:
        lines.append(("LINEBELOW", (0, 0), (-1, -1), 0.4, HexColor("#d5dce3")))
    made = Table(cells, [width * mm for width in widths_mm], style=lines, hAlign="LEFT", repeatRows=int(headed))
    made.spaceBefore = 2 * mm if small else 0
    return made


def figures(plates: Sequence[Plate], columns: int, width_mm: float, *, style: str = "caption") -> list[Any]:
    """Return pictures with their captions, side by side in rows that no page breaks."""
    from reportlab.lib.units import mm
    from reportlab.platypus import Image, Table

    def cell(plate: Plate) -> list[Any]:
        picture = Image(io.BytesIO(plate.png))
        picture._restrictSize(width_mm * mm, 95 * mm)  # noqa: SLF001  (ReportLab's own way to keep proportions)
        return [picture, paragraph(plate.caption, style)]

    rows = [[cell(plate) for plate in plates[at : at + columns]] for at in range(0, len(plates), columns)]
    lines = [("VALIGN", (0, 0), (-1, -1), "TOP"), ("LEFTPADDING", (0, 0), (-1, -1), 0)]
    padded = [row + [""] * (columns - len(row)) for row in rows]
    return [Table(padded, [(width_mm + 4) * mm] * columns, style=lines, hAlign="LEFT")] if padded else []
