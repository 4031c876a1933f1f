"""A report of sections as HTML, PDF and JSON: three forms of one value, with the same numbers in the same order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup

from stillgraph.casework import hypertext, printing, sketches
from stillgraph.casework.sketches import Sketch
from stillgraph.records.reports import ReportRate, ReportSection, ReportTable, Shown

RATE_HEAD = ("rate", "share", "95 % interval", "count")


@dataclass(frozen=True, slots=True)
class Pages:
    """What the forms of a report set: its title, what must be read first, what it is made of, and its sections.

    ``drawings`` go by section. ``texts`` are keys of columns that are set to the left.
    """

    title: str
    warnings: Sequence[str]
    facts: Sequence[tuple[str, str]]
    sections: Sequence[ReportSection]
    drawings: Mapping[str, Sequence[Sketch]] = field(default_factory=dict)
    texts: frozenset[str] = frozenset()
    footer: str = ""


def shown(cell: Shown) -> str:
    """Return a cell as text."""
    return cell if isinstance(cell, str) else f"{cell:,}"


def rate_row(rate: ReportRate) -> tuple[str, str, str, str]:
    """Return a rate as cells: what it is of, the share, its interval, and the counts behind it."""
    word = next((c for c in (rate.successes, rate.trials) if isinstance(c, str)), None)
    if word is not None:
        return rate.label, word, "", ""
    if rate.value is None or rate.low is None or rate.high is None:
        return rate.label, "no rate", "", f"of {shown(rate.trials)}"
    return (
        rate.label, f"{100 * rate.value:.1f} %", f"{100 * rate.low:.1f} to {100 * rate.high:.1f} %",
        f"{shown(rate.successes)} of {shown(rate.trials)}",
    )  # fmt: skip


def html(pages: Pages) -> bytes:
    """Return a report as one HTML page that loads nothing from anywhere; whatever anybody wrote is escaped."""
    return hypertext.page(
        _PAGE, title=pages.title, warnings=pages.warnings, facts=pages.facts, rate_head=RATE_HEAD,
        sections=[_section(section, pages) for section in pages.sections],
    )  # fmt: skip


def _section(section: ReportSection, pages: Pages) -> dict[str, Any]:
    return {
        "key": section.key, "heading": section.heading, "paragraphs": section.paragraphs, "facts": section.facts,
        "drawings": [sketches.svg(one) for one in pages.drawings.get(section.key, ())],
        "rates": [(rate.key, rate_row(rate)) for rate in section.rates],
        "tables": [_grid(section, table, pages.texts) for table in section.tables], "points": section.points,
    }  # fmt: skip


def _grid(section: ReportSection, table: ReportTable, texts: frozenset[str]) -> dict[str, Any]:
    sides = ["" if key in texts else Markup(' class="right"') for key, _ in table.columns]
    return {
        "id": f"{section.key}-{table.key}", "heading": table.heading, "first": table.first, "note": table.note,
        "columns": [(label, side) for (_, label), side in zip(table.columns, sides, strict=True)],
        "rows": [
            (row.key, row.label, [(shown(cell), side) for cell, side in zip(row.cells, sides, strict=True)])
            for row in table.rows
        ],
    }  # fmt: skip


_PAGE = (
    hypertext.HEAD
    + """<style>
:root { color-scheme: light dark }
h2 { border-top: 2px solid currentColor; padding-top: .8rem; margin-top: 2.2rem; font-size: 1.25rem }
caption { text-align: left; font-weight: 600; padding: .9rem 0 .25rem }
.list { width: auto; min-width: min(34rem, 100%); max-width: 100%; font-variant-numeric: tabular-nums }
.list td, .list th { padding: .22rem 1.2rem .22rem 0; border-bottom: 1px solid #d5dce3; overflow-wrap: break-word }
.list th[scope=row] { font-weight: 400; max-width: 30rem } .list th[scope=col] { font-weight: 600 }
.list td:first-child { width: auto; color: inherit } .list .right { text-align: right; white-space: nowrap }
.list tr[data-key=all] > * { font-weight: 600 }
.scroll { overflow-x: auto } .note { color: #4a5a6a; font-size: .88rem; margin: .3rem 0 0 }
.drawings { display: flex; flex-wrap: wrap; gap: 1rem } .drawings svg { flex: 1 1 20rem; min-width: 0 }
.drawings svg { background: #fff }
nav ul { columns: 2; font-size: .92rem } li { margin: .25rem 0 }
:focus-visible { outline: 2px solid currentColor; outline-offset: 2px }
@media (prefers-color-scheme: dark) {
  body { background: #14191f; color: #dfe6ee } a { color: #9cc9ff }
  td:first-child, .note { color: #a9b7c6 } .list td, .list th { border-color: #3a4653 }
  .warning { background: #3d3414; border-color: #8a7430; color: #f5e9c4 }
}
@media print {
  :root { color-scheme: light } body { margin: 0; max-width: none; font-size: 10.5px; background: #fff; color: #1b2733 }
  nav { display: none } h2, caption { break-after: avoid } tr, table { break-inside: avoid }
  td:first-child, .note { color: #4a5a6a } .list td, .list th { border-color: #d5dce3 }
  .warning { background: #fff3cd; border-color: #d9b94a; color: #1b2733 } @page { size: A4; margin: 15mm }
}
</style>
{% for said in warnings %}<p class="warning" role="note">{{ said }}</p>
{% endfor %}
<table id="seal">
{% for name, value in facts %}<tr><td>{{ name }}</td><td>{{ value }}</td></tr>
{% endfor %}</table>
<nav aria-label="Contents"><ul>
{% for section in sections %}<li><a href="#{{ section.key }}">{{ section.heading }}</a></li>
{% endfor %}</ul></nav>
<main>
{% for section in sections %}
<section id="{{ section.key }}" aria-labelledby="{{ section.key }}-heading">
<h2 id="{{ section.key }}-heading">{{ section.heading }}</h2>
{% for paragraph in section.paragraphs %}<p>{{ paragraph }}</p>
{% endfor %}
{% if section.facts %}<table>
{% for name, value in section.facts %}<tr><td>{{ name }}</td><td>{{ value }}</td></tr>
{% endfor %}</table>
{% endif %}
{% if section.drawings %}<div class="drawings">{% for drawing in section.drawings %}{{ drawing }}{% endfor %}</div>
{% endif %}
{% if section.rates %}<div class="scroll" tabindex="0" role="region" aria-label="Rates: {{ section.heading }}">
<table class="list" id="{{ section.key }}-rates"><thead><tr>
<th scope="col">{{ rate_head[0] }}</th>
{% for name in rate_head[1:] %}<th scope="col" class="right">{{ name }}</th>{% endfor %}
</tr></thead><tbody>
{% for key, cells in section.rates %}<tr data-key="{{ key }}"><th scope="row">{{ cells[0] }}</th>
{% for cell in cells[1:] %}<td class="right">{{ cell }}</td>{% endfor %}</tr>
{% endfor %}</tbody></table></div>
{% endif %}
{% for table in section.tables %}<div class="scroll" tabindex="0" role="region" aria-label="{{ table.heading }}">
<table class="list" id="{{ table.id }}"><caption>{{ table.heading }}</caption>
<thead><tr><th scope="col">{{ table.first }}</th>
{% for name, side in table.columns %}<th scope="col"{{ side }}>{{ name }}</th>{% endfor %}</tr></thead><tbody>
{% for key, label, cells in table.rows %}<tr data-key="{{ key }}"><th scope="row">{{ label }}</th>
{% for cell, side in cells %}<td{{ side }}>{{ cell }}</td>{% endfor %}</tr>
{% endfor %}</tbody></table></div>
{% if table.note %}<p class="note">{{ table.note }}</p>
{% endif %}
{% endfor %}
{% if section.points %}<ul>
{% for point in section.points %}<li>{{ point }}</li>
{% endfor %}</ul>
{% endif %}
</section>
{% endfor %}
</main>
</body>
</html>
"""
)


def pdf(pages: Pages) -> bytes:
    """Return a report as a PDF, A4, its pages numbered."""
    from reportlab.lib.units import mm
    from reportlab.platypus import Spacer

    flow: list[Any] = [printing.paragraph(pages.title, "title")]
    for said in pages.warnings:
        flow += [printing.paragraph(said, "warning"), Spacer(0, 6 * mm)]
    flow.append(printing.table([list(fact) for fact in pages.facts], (38, printing.WIDTH_MM - 38)))
    for section in pages.sections:
        flow.append(Spacer(0, 4 * mm))
        flow += _flow(section, pages)
    return printing.built(flow, pages.title, footer=pages.footer)


def _flow(section: ReportSection, pages: Pages) -> list[Any]:
    from reportlab.lib.units import mm
    from reportlab.platypus import Spacer

    flow: list[Any] = [printing.paragraph(section.heading, "chapter", anchor=section.key)]
    flow += [printing.paragraph(text, "text") for text in section.paragraphs]
    if section.facts:
        flow += [Spacer(0, 2 * mm), printing.table([list(f) for f in section.facts], (45, printing.WIDTH_MM - 45))]
    flow += [sketches.flowable(one) for one in pages.drawings.get(section.key, ())]
    if section.rates:
        rows = [list(RATE_HEAD), *(list(rate_row(rate)) for rate in section.rates)]
        flow.append(printing.table(rows, (89, 22, 33, 30), headed=True, small=True, right={1, 2, 3}))
    for table in section.tables:
        flow.append(printing.paragraph(table.heading, "heading"))
        flow.append(_printed(table, pages.texts))
        if table.note:
            flow.append(printing.paragraph(table.note, "caption"))
    flow += [printing.paragraph(text, "item", bullet=True) for text in section.points]
    return flow


def _printed(table: ReportTable, texts: frozenset[str]) -> Any:
    rows = [[table.first, *(label for _, label in table.columns)]]
    rows += [[row.label, *(shown(cell) for cell in row.cells)] for row in table.rows]
    count = len(table.columns)
    if {key for key, _ in table.columns} >= {"officer", "why"}:
        widths: tuple[float, ...] = (14, 28, 26, 30, printing.WIDTH_MM - 98)
        return printing.table(rows, widths, headed=True, small=True)
    if count == 2:
        return printing.table(rows, (32.0, 48.0, printing.WIDTH_MM - 80), headed=True, small=True)
    each = min(36.0, (printing.WIDTH_MM - 44) / count)
    widths = (min(printing.WIDTH_MM - each * count, 100.0), *([each] * count))
    right = {n for n, (key, _) in enumerate(table.columns, start=1) if key not in texts}
    return printing.table(rows, widths, headed=True, small=True, right=right)


def document(section: ReportSection) -> dict[str, Any]:
    """Return a section as JSON has it: keyed by table, row and column (docs/interface.md)."""
    return {
        "heading": section.heading, "paragraphs": list(section.paragraphs),
        "facts": [list(fact) for fact in section.facts],
        "rates": {
            rate.key: {
                "label": rate.label, "successes": rate.successes, "trials": rate.trials, "rate": rate.value,
                "low": rate.low, "high": rate.high,
            }
            for rate in section.rates
        },
        "tables": {
            table.key: {
                "heading": table.heading, "note": table.note,
                "rows": {
                    row.key: {"label": row.label} | dict(zip((key for key, _ in table.columns), row.cells, strict=True))
                    for row in table.rows
                },
            }
            for table in section.tables
        },
        "points": list(section.points),
    }  # fmt: skip
