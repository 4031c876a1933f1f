"""Statements and photo arrays as HTML and PDF: two forms of one value, with the same words in the same order."""

from __future__ import annotations

import base64
import io
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stillgraph.records import Conclusion, Outcome, PhotoArray, Plate, ReviewPolicy, Statement

if TYPE_CHECKING:
    from jinja2 import Template

SIMULATED = "Simulated review: judgements here were made by a program, in a demonstration. They say nothing of anybody."

METHOD = (
    "Comparison by eye. Officers are asked for a morphological comparison, feature by feature from the top of the "
    "head down, after FISWG's feature list (version 2.0, 2018-09-11); what each of them wrote stands below. Stillgraph "
    "offers no distance, angle or ratio between landmarks. Each officer judged the whole candidate list; nobody is "
    "shown another's verdict before their own, and nobody judges a list they have searched for. The list was made by a "
    "program from scores, which say how alike two templates are and of nobody who they are."
)

SCALE = (
    "Strength of support: limited (some characteristics agree, the images show few, or common ones), moderate (several "
    "agree, some uncommon), strong (many agree in detail, marks or uncommon forms among them); in each, none differs "
    "without explanation. The scale is of words; no error rate belongs to a word."
)

NAMED = (
    "Officers, people and images are named by their ids; who they are is in the case. Officers' ids are as claimed at "
    "the time. `stillgraph audit verify` checks each entry named here against the whole record."
)

INSTRUCTION = (
    "The person you saw may or may not be among these people. Look at all of them before you answer. “None of them” "
    "and “I cannot say” are answers like any other."
)


@dataclass(frozen=True, slots=True)
class Part:
    """A heading with facts, a table under it, and plain paragraphs."""

    heading: str
    facts: tuple[tuple[str, str], ...] = ()
    table: tuple[tuple[str, ...], ...] = ()
    paragraphs: tuple[str, ...] = ()


def parts(made: Statement) -> tuple[Part, ...]:
    """Return a statement as headings, facts, tables and paragraphs, which both forms set."""
    search = made.search
    threshold = "none (investigation mode)" if search.threshold <= -1 else f"{search.threshold:.3f} (cosine)"
    searched = "all" if search.images_searched is None else str(search.images_searched)
    return (
        Part(
            "What was compared",
            (
                ("face", made.face_id), ("still", made.still), ("still taken", _time(made.captured_at)),
                ("offence", made.offence), ("outcome", _outcome(made)),
            ),
        ),
        Part(
            "How the candidate list was made",
            (
                ("search", f"{search.search_id}, {_time(made.searched_at)}"), ("searched by", made.searched_by),
                ("operation", made.search_operation), ("face model", search.model),
                ("gallery", f"version {search.gallery.version}, {search.gallery.size} custody images"),
                ("of them looked at", searched),
                ("threshold", threshold), ("list", f"{made.listed} people of at most {search.limit}"),
                ("enhancement added", search.enhancement or "none"),
                ("faces searched together", "yes" if search.together else "no"),
            ),
        ),
        Part("How it was compared", paragraphs=(METHOD, SCALE)),
        *(_conclusion(one) for one in made.conclusions),
        Part(
            "Record",
            (
                ("stated by", made.made_by), ("for operation", made.made_for), ("on", _time(made.made_at)),
                ("newest audit entry then", f"{made.audit_head[0]}, SHA-256 {made.audit_head[1]}"),
                ("software", ", ".join(f"{name} {version}" for name, version in made.software)),
            ),
            paragraphs=(NAMED,),
        ),
    )  # fmt: skip


def _outcome(made: Statement) -> str:
    return {
        Outcome.CORROBORATED: f"corroborated as {made.nominal_id}: two officers agreed, each on their own",
        Outcome.NOT_SUPPORTED: "not supported: two officers agreed that nobody on the list is supported",
        Outcome.DISPUTED: "disputed: three officers did not agree",
    }[made.outcome]


def _conclusion(one: Conclusion) -> Part:
    said = one.judgement
    which = {1: "First officer", 2: "Second officer", 3: "Third officer", None: "Of an earlier list"}[one.turn]
    facts = [
        ("officer", said.officer + (" (simulated)" if said.simulated else "")), ("judged", _time(said.judged_at)),
        ("verdict", str(said.verdict)), ("conclusion", one.sentence), ("reason", said.reason),
    ]  # fmt: skip
    compared = said.comparison
    if compared is not None:
        facts += [("of the still", compared.still), ("of the custody images", compared.custody)]
    else:
        facts += [("assessment of the images", "none: judged before it was asked for")]
    facts += [("dealt", _policy(one.policy)), ("audit entry", f"{one.audit_sequence}, SHA-256 {one.audit_digest}")]
    entries = () if compared is None else compared.checklist
    table = tuple((e.component, e.characteristic, str(e.observation), e.note) for e in entries)
    heading = which + _no_longer(one)
    return Part(
        heading, tuple(facts), (("component", "characteristic", "observation", "note"), *table) if table else ()
    )


def _no_longer(one: Conclusion) -> str:
    if one.turn is None:
        return " (somebody was enrolled since, and the list judged anew: it does not count)"
    return " (replaced by a later judgement of theirs)" if one.replaced else ""


def _policy(held: ReviewPolicy | None) -> str:
    if held is None:
        return "before policies were recorded"
    order = "in an order of the officer's own" if held.shuffled else "in rank order"
    return f"under policy {held.number}: {'no score shown' if held.blind else 'scores shown'}, candidates {order}"


def _time(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def html(made: Statement) -> bytes:
    """Return a statement as one HTML page that loads nothing from anywhere; whatever officers wrote is escaped."""
    return _page(
        _STATEMENT, title=f"Statement of comparison: {made.face_id}", warning=SIMULATED if made.simulated else "",
        parts=parts(made), plates=[(plate.caption, _inline(plate.png)) for plate in made.plates],
    )  # fmt: skip


def array_html(array: PhotoArray, plates: Sequence[Plate]) -> bytes:
    """Return a photo array as one HTML page: positions and pictures, no name and no id of a person."""
    return _page(
        _ARRAY, title=f"Photo array {array.array_id}", instruction=INSTRUCTION,
        plates=[(plate.caption, _inline(plate.png)) for plate in plates],
    )  # fmt: skip


def _page(source: str, **values: Any) -> bytes:
    return _template(source).render(**values).encode()


@cache
def _template(source: str) -> Template:
    from jinja2 import Environment, StrictUndefined

    return Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True).from_string(
        source
    )


def _inline(png: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(png).decode()


_HEAD = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>{{ title }}</title>
<style>
body { font: 15px/1.45 system-ui, sans-serif; color: #1b2733; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.5rem } h2 { font-size: 1.1rem; margin: 1.6rem 0 .4rem }
table { border-collapse: collapse; width: 100% }
td, th { text-align: left; vertical-align: top; padding: .2rem .6rem .2rem 0; overflow-wrap: anywhere }
td:first-child { width: 12rem; color: #4a5a6a }
th, .list td { border-bottom: 1px solid #d5dce3 } .list td:first-child { color: inherit }
.plates { display: flex; flex-wrap: wrap; gap: 1rem } figure { margin: 0; width: 17rem } figure.wide { width: 30rem }
.nine figure { width: 17rem } img { width: 100% } figcaption { font-size: .85rem; color: #4a5a6a }
.warning { background: #fff3cd; border: 1px solid #d9b94a; padding: .6rem .9rem }
.nine figcaption { font-size: 1.3rem; color: #1b2733; text-align: center }
</style>
</head>
<body>
<h1>{{ title }}</h1>
"""

_STATEMENT = (
    _HEAD
    + """{% if warning %}<p class="warning">{{ warning }}</p>
{% endif %}
<div class="plates">
{% for caption, source in plates %}
<figure{% if loop.first %} class="wide"{% endif %}>
<img src="{{ source }}" alt="{{ caption }}">
<figcaption>{{ caption }}</figcaption>
</figure>
{% endfor %}
</div>
{% for part in parts %}
<h2>{{ part.heading }}</h2>
{% if part.facts %}
<table>
{% for name, value in part.facts %}
<tr><td>{{ name }}</td><td>{{ value }}</td></tr>
{% endfor %}
</table>
{% endif %}
{% if part.table %}
<table class="list">
<tr>{% for cell in part.table[0] %}<th>{{ cell }}</th>{% endfor %}</tr>
{% for row in part.table[1:] %}
<tr>{% for cell in row %}<td>{{ cell }}</td>{% endfor %}</tr>
{% endfor %}
</table>
{% endif %}
{% for paragraph in part.paragraphs %}
<p>{{ paragraph }}</p>
{% endfor %}
{% endfor %}
</body>
</html>
"""
)

_ARRAY = (
    _HEAD
    + """<p>{{ instruction }}</p>
<div class="plates nine">
{% for caption, source in plates %}
<figure><img src="{{ source }}" alt="Person {{ caption }}"><figcaption>{{ caption }}</figcaption></figure>
{% endfor %}
</div>
</body>
</html>
"""
)


def pdf(made: Statement) -> bytes:
    """Return a statement as a PDF, A4, its pages numbered; a character that its font lacks is written as its code."""
    from reportlab.lib.units import mm
    from reportlab.platypus import Spacer

    flow: list[Any] = [_paragraph(f"Statement of comparison: {made.face_id}", "title")]
    if made.simulated:
        flow += [_paragraph(SIMULATED, "warning"), Spacer(0, 3 * mm)]
    first, *others = made.plates
    flow += _figures([first], 1, 120) + _figures(others, 3, 54)
    for part in parts(made):
        flow.append(_paragraph(part.heading, "heading"))
        if part.facts:
            flow.append(_table([[name, value] for name, value in part.facts], (38, 136)))
        if part.table:
            flow += [Spacer(0, 2 * mm), _table([list(row) for row in part.table], (34, 48, 34, 58), headed=True)]
        flow += [_paragraph(paragraph, "text") for paragraph in part.paragraphs]
    return _built(flow, f"Statement of comparison: {made.face_id}")


def array_pdf(array: PhotoArray, plates: Sequence[Plate]) -> bytes:
    """Return a photo array as a PDF: positions and pictures, no name and no id of a person."""
    title = f"Photo array {array.array_id}"
    flow: list[Any] = [_paragraph(title, "title"), _paragraph(INSTRUCTION, "text")]
    flow += _figures(list(plates), 3, 56, style="number")
    return _built(flow, title)


def _built(flow: list[Any], title: str) -> bytes:
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.units import mm
    from reportlab.platypus import SimpleDocTemplate

    def number(canvas: Any, document: Any) -> None:
        canvas.setFont(_fonts()[0], 8)
        canvas.drawString(18 * mm, 10 * mm, _spelled(title))
        canvas.drawRightString(A4[0] - 18 * mm, 10 * mm, f"page {document.page}")

    out = io.BytesIO()
    document = SimpleDocTemplate(
        out, pagesize=A4, leftMargin=18 * mm, rightMargin=18 * mm, topMargin=16 * mm, bottomMargin=18 * mm,
        title=title, author="Stillgraph", invariant=1,
    )  # fmt: skip
    document.build(flow, onFirstPage=number, onLaterPages=number)
    return out.getvalue()


@cache
def _fonts() -> tuple[str, str]:
    """Register the fonts that come with ReportLab, which PDF readers need not have; return plain and bold."""
    import reportlab
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    folder = Path(os.fspath(reportlab.__file__)).parent / "fonts"
    for name, file in (("Stillgraph", "Vera.ttf"), ("Stillgraph-Bold", "VeraBd.ttf")):
        pdfmetrics.registerFont(TTFont(name, str(folder / file)))
    return "Stillgraph", "Stillgraph-Bold"


def _spelled(text: str) -> str:
    """Return a text with what the font cannot draw as its code, so that nothing an officer wrote is lost unseen."""
    from reportlab.pdfbase import pdfmetrics

    drawn = pdfmetrics.getFont(_fonts()[0]).face.charToGlyph
    return "".join(c if ord(c) in drawn or c == "\n" else f"[U+{ord(c):04X}]" for c in text)


@cache
def _style(name: str) -> Any:
    from reportlab.lib.colors import HexColor
    from reportlab.lib.styles import ParagraphStyle

    plain, bold = _fonts()
    # Long ids and digests have no space to break at.
    shared = {"fontName": plain, "fontSize": 9, "leading": 12.5, "splitLongWords": 1}
    styles: dict[str, dict[str, Any]] = {
        "text": {"spaceBefore": 4},
        "title": {"fontName": bold, "fontSize": 14, "leading": 18, "spaceAfter": 8},
        "heading": {"fontName": bold, "fontSize": 10.5, "leading": 14, "spaceBefore": 10, "spaceAfter": 3,
                    "keepWithNext": 1},
        "cell": {},
        "bold": {"fontName": bold},
        "faint": {"textColor": HexColor("#4a5a6a")},
        "caption": {"fontSize": 7.5, "leading": 10, "textColor": HexColor("#4a5a6a")},
        "number": {"fontSize": 14, "leading": 18, "alignment": 1},
        "warning": {"backColor": HexColor("#fff3cd"), "borderColor": HexColor("#d9b94a"), "borderWidth": 0.7,
                    "borderPadding": 5},
    }  # fmt: skip
    return ParagraphStyle(name, **(shared | styles[name]))


def _paragraph(text: str, style: str) -> Any:
    from xml.sax.saxutils import escape

    from reportlab.platypus import Paragraph

    return Paragraph(escape(_spelled(text)).replace("\n", "<br/>"), _style(style))


def _table(rows: list[list[str]], widths_mm: Sequence[float], *, headed: bool = False) -> Any:
    from reportlab.lib.colors import HexColor
    from reportlab.lib.units import mm
    from reportlab.platypus import Table

    def style(row: int, column: int) -> str:
        return "bold" if headed and row == 0 else "faint" if column == 0 and not headed else "cell"

    cells = [[_paragraph(cell, style(y, x)) for x, cell in enumerate(row)] for y, row in enumerate(rows)]
    lines: list[tuple[Any, ...]] = [("VALIGN", (0, 0), (-1, -1), "TOP"), ("LEFTPADDING", (0, 0), (-1, -1), 0)]
    lines += [("TOPPADDING", (0, 0), (-1, -1), 1), ("BOTTOMPADDING", (0, 0), (-1, -1), 1)]
    if headed:
        lines.append(("LINEBELOW", (0, 0), (-1, -1), 0.4, HexColor("#d5dce3")))
    return Table(cells, [width * mm for width in widths_mm], style=lines, hAlign="LEFT", repeatRows=int(headed))


def _figures(plates: Sequence[Plate], columns: int, width_mm: float, *, style: str = "caption") -> list[Any]:
    """Return pictures with their captions, side by side in rows that no page breaks."""
    from reportlab.lib.units import mm
    from reportlab.platypus import Image, Table

    def cell(plate: Plate) -> list[Any]:
        picture = Image(io.BytesIO(plate.png))
        picture._restrictSize(width_mm * mm, 95 * mm)  # noqa: SLF001  (ReportLab's own way to keep proportions)
        return [picture, _paragraph(plate.caption, style)]

    rows = [[cell(plate) for plate in plates[at : at + columns]] for at in range(0, len(plates), columns)]
    lines = [("VALIGN", (0, 0), (-1, -1), "TOP"), ("LEFTPADDING", (0, 0), (-1, -1), 0)]
    padded = [row + [""] * (columns - len(row)) for row in rows]
    return [Table(padded, [(width_mm + 4) * mm] * columns, style=lines, hAlign="LEFT")] if padded else []


WRITERS: dict[str, tuple[Callable[[Statement], bytes], Callable[[PhotoArray, Sequence[Plate]], bytes]]] = {
    ".html": (html, array_html),
    ".pdf": (pdf, array_pdf),
}
"""How statements and photo arrays are written, by a file's ending."""
