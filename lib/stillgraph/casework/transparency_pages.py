"""A transparency report as HTML, PDF and JSON: three forms of one value, with the same numbers in the same order."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC
from typing import Any

from markupsafe import Markup

from stillgraph.casework import hypertext, printing
from stillgraph.casework.wording import SIMULATED, moment
from stillgraph.records.transparency import (
    NOT_RECORDED,
    WITHHELD,
    Shown,
    TransparencyRate,
    TransparencyReport,
    TransparencySection,
    TransparencyTable,
)

FORMAT = 1
"""Of the JSON form; a later one that drops or renames a key has a higher number."""

PROVISIONAL = (
    "Not for publication: the period had not ended when this report was made. The difference between it and a later "
    "report of the same period could be a small count."
)
INTERNAL = "Internal: exact counts, operations and officers. Not for publication."
PUBLIC = "Public version: counts from 1 to 4, and others that would give them away, are withheld."
RATE_HEAD = ("rate", "share", "95 % interval", "count")
TEXTS = frozenset({"version", "size", "at", "officer", "action", "why"})
"""Columns that are set to the left."""


def title(made: TransparencyReport) -> str:
    """Return what the report is called."""
    return f"How faces were searched, {made.since.isoformat()} to {made.until.isoformat()}"


def warnings(made: TransparencyReport) -> list[str]:
    """Return what must be read before anything else."""
    said = [PROVISIONAL] if made.public and made.provisional else []
    return said + ([SIMULATED] if made.simulated else [])


def facts(made: TransparencyReport) -> list[tuple[str, str]]:
    """Return what the report is made of: period, version, and where the record stood."""
    seal = made.seal
    entries = f"{seal.first:,} to {seal.last:,}, the last of SHA-256 {seal.last_digest}" if seal.last else "none"
    told = [
        ("period", f"{made.since.isoformat()} to {made.until.isoformat()}, both days within, UTC"),
        ("version", PUBLIC if made.public else INTERNAL),
        ("made from", "the audit record alone"),
        ("entries of the period", entries),
        ("newest entry then", f"{seal.sequence:,}, SHA-256 {seal.digest}"),
    ]
    told.append(("checked", seal.checked))
    if seal.phrase:
        told.append(("said as words", seal.phrase))
    return [*told, ("made at", moment(made.made_at))]


def shown(cell: Shown) -> str:
    """Return a cell as text."""
    return cell if isinstance(cell, str) else f"{cell:,}"


def rate_row(rate: TransparencyRate) -> tuple[str, str, str, str]:
    """Return a rate as cells: what it is of, the share, its interval, and the counts behind it."""
    word = next((c for c in (rate.successes, rate.trials) if isinstance(c, str)), None)
    if word is not None:
        return rate.label, word, "", ""
    if rate.value is None or rate.low is None or rate.high is None:
        return rate.label, "no rate", "", "of none"
    return (
        rate.label, f"{100 * rate.value:.1f} %", f"{100 * rate.low:.1f} to {100 * rate.high:.1f} %",
        f"{shown(rate.successes)} of {shown(rate.trials)}",
    )  # fmt: skip


def html(made: TransparencyReport) -> bytes:
    """Return a report as one HTML page that loads nothing from anywhere; whatever anybody wrote is escaped."""
    return hypertext.page(
        _PAGE, title=title(made), warnings=warnings(made), facts=facts(made), rate_head=RATE_HEAD,
        sections=[_section(section) for section in made.sections],
    )  # fmt: skip


def _section(section: TransparencySection) -> dict[str, Any]:
    return {
        "key": section.key, "heading": section.heading, "paragraphs": section.paragraphs, "facts": section.facts,
        "rates": [(rate.key, rate_row(rate)) for rate in section.rates],
        "tables": [_grid(section, table) for table in section.tables], "points": section.points,
    }  # fmt: skip


def _grid(section: TransparencySection, table: TransparencyTable) -> dict[str, Any]:
    sides = ["" if key in TEXTS else Markup(' class="right"') for key, _ in table.columns]
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


def pdf(made: TransparencyReport) -> bytes:
    """Return a report as a PDF, A4, its pages numbered."""
    from reportlab.lib.units import mm
    from reportlab.platypus import Spacer

    flow: list[Any] = [printing.paragraph(title(made), "title")]
    for said in warnings(made):
        flow += [printing.paragraph(said, "warning"), Spacer(0, 6 * mm)]
    flow.append(printing.table([list(fact) for fact in facts(made)], (38, printing.WIDTH_MM - 38)))
    for section in made.sections:
        flow.append(Spacer(0, 4 * mm))
        flow += _flow(section)
    kind = "public" if made.public else "internal"
    footer = f"Faces searched, {made.since.isoformat()} to {made.until.isoformat()}, {kind}"
    return printing.built(flow, title(made), footer=f"{footer}, not for publication" if _kept_in(made) else footer)


def _kept_in(made: TransparencyReport) -> bool:
    return made.provisional or not made.public


def _flow(section: TransparencySection) -> list[Any]:
    from reportlab.lib.units import mm
    from reportlab.platypus import Spacer

    flow: list[Any] = [printing.paragraph(section.heading, "chapter", anchor=section.key)]
    flow += [printing.paragraph(text, "text") for text in section.paragraphs]
    if section.facts:
        flow += [Spacer(0, 2 * mm), printing.table([list(f) for f in section.facts], (45, printing.WIDTH_MM - 45))]
    if section.rates:
        rows = [list(RATE_HEAD), *(list(rate_row(rate)) for rate in section.rates)]
        flow.append(printing.table(rows, (89, 22, 33, 30), headed=True, small=True, right={1, 2, 3}))
    for table in section.tables:
        flow.append(printing.paragraph(table.heading, "heading"))
        flow.append(_printed(table))
        if table.note:
            flow.append(printing.paragraph(table.note, "caption"))
    flow += [printing.paragraph(text, "item", bullet=True) for text in section.points]
    return flow


def _printed(table: TransparencyTable) -> Any:
    rows = [[table.first, *(label for _, label in table.columns)]]
    rows += [[row.label, *(shown(cell) for cell in row.cells)] for row in table.rows]
    count = len(table.columns)
    if {key for key, _ in table.columns} >= {"why"}:
        widths: tuple[float, ...] = (14, 28, 26, 30, printing.WIDTH_MM - 98)
    else:
        each = min(36.0, (printing.WIDTH_MM - 44) / count)
        widths = (min(printing.WIDTH_MM - each * count, 100.0), *([each] * count))
    right = {n for n, (key, _) in enumerate(table.columns, start=1) if key not in TEXTS}
    return printing.table(rows, widths, headed=True, small=True, right=right)


def document(made: TransparencyReport) -> dict[str, Any]:
    """Return a report as JSON has it: keyed by section, table, row and column (docs/interface.md)."""
    seal = made.seal
    return {
        "report": "transparency", "format": FORMAT, "version": "public" if made.public else "internal",
        "period": {"since": made.since.isoformat(), "until": made.until.isoformat()}, "provisional": made.provisional,
        "simulated": made.simulated, "made_at": made.made_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "seal": {
            "sequence": seal.sequence, "digest": seal.digest, "phrase": seal.phrase, "first": seal.first,
            "last": seal.last, "last_digest": seal.last_digest, "checked": seal.checked,
        },
        "warnings": warnings(made),
        "sections": {section.key: _document(section) for section in made.sections},
    }  # fmt: skip


def _document(section: TransparencySection) -> dict[str, Any]:
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


def as_json(made: TransparencyReport) -> bytes:
    """Return a report as JSON; a count is a number, or ``withheld`` or ``not recorded`` in its place."""
    return (json.dumps(document(made), ensure_ascii=False, indent=1) + "\n").encode()


WRITERS: dict[str, Callable[[TransparencyReport], bytes]] = {".html": html, ".pdf": pdf, ".json": as_json}
"""How transparency reports are written, by a file's ending."""

WORDS = (WITHHELD, NOT_RECORDED)
"""What stands in the place of a count."""
