"""A case pack as one HTML page that loads nothing from anywhere; whatever anybody wrote is escaped."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from stillgraph.casework import hypertext, pack_parts, sketches, wording
from stillgraph.casework.pack_parts import NUMBERS, Grid, Section, shown
from stillgraph.records import CasePack

_PACK = (
    hypertext.HEAD
    + """<style>
body { max-width: 76rem }
h2 { border-top: 2px solid #1b2733; padding-top: .8rem; margin-top: 2.4rem; font-size: 1.25rem }
h3 { font-size: 1.02rem; margin: 1.4rem 0 .3rem } nav ul { columns: 3; font-size: .9rem }
svg { width: 100%; height: auto }
.list { font-size: .82rem; font-variant-numeric: tabular-nums } .list td, .list th { padding: .16rem .5rem .16rem 0 }
.list td:first-child { width: auto }
.list td, .list th { overflow-wrap: break-word } .list td:last-child { overflow-wrap: anywhere }
.list .right { text-align: right; white-space: nowrap }
.scroll { overflow-x: auto } .scale { color: #4a5a6a; font-size: .85rem }
.plates.faces figure { width: 7.2rem } .plates.faces figcaption { font-size: .72rem; overflow-wrap: anywhere }
.drawings { display: flex; flex-wrap: wrap; gap: 1rem; align-items: flex-start }
.drawings svg { flex: 1 1 20rem; min-width: 0 }
@media print { body { margin: 0; max-width: none; font-size: 10.5px } nav { display: none }
  .list { font-size: 7.5px } .list td, .list th { padding-right: 4px } .plates.faces figure { width: 2.6cm }
  h2 { break-before: page; border: 0 } h2, h3 { break-after: avoid } tr, figure { break-inside: avoid }
  a { color: inherit; text-decoration: none } @page { size: A4; margin: 15mm } }
</style>
<p class="scale">{{ scale }}</p>
{% if warning %}<p class="warning">{{ warning }}</p>
{% endif %}
<nav aria-label="Contents"><ul>
{% for section in sections if section.listed %}<li><a href="#{{ section.anchor }}">{{ section.heading }}</a></li>
{% endfor %}
</ul></nav>
<main>
{% for section in sections %}
<section id="{{ section.anchor }}">
{% if not loop.first %}<h{{ section.level }}>{{ section.heading }}</h{{ section.level }}>
{% endif %}
{% for paragraph in section.paragraphs %}<p>{{ paragraph }}</p>
{% endfor %}
{% if section.plates %}<div class="plates faces">
{% for caption, source in section.plates %}<figure><img src="{{ source }}" alt="Face, {{ caption }}">
<figcaption>{{ caption }}</figcaption></figure>
{% endfor %}</div>
{% endif %}
{% if section.facts %}<table>
{% for name, value in section.facts %}<tr><td>{{ name }}</td><td>{{ value }}</td></tr>
{% endfor %}</table>
{% endif %}
{% if section.points %}<ul>
{% for point in section.points %}<li>{{ point }}</li>
{% endfor %}</ul>
{% endif %}
{% if section.drawings %}<div class="drawings">{% for drawing in section.drawings %}{{ drawing }}{% endfor %}</div>
{% endif %}
{% if section.grid %}<div class="scroll" tabindex="0" role="region" aria-label="{{ section.heading }}">
<table class="list"><thead><tr>
{% for name, look in section.grid.head %}<th scope="col"{{ look }}>{{ name }}</th>{% endfor %}</tr></thead>
<tbody>
{% for row in section.grid.rows %}<tr>{% for cell, look in row %}<td{{ look }}>{{ cell }}</td>{% endfor %}</tr>
{% endfor %}</tbody></table></div>
{% endif %}
</section>
{% endfor %}
</main>
</body>
</html>
"""
)


def html(pack: CasePack) -> bytes:
    """Return a pack as an HTML page."""
    return hypertext.page(
        _PACK, title=pack_parts.title(pack), scale=pack_parts.scale_line(pack),
        warning=wording.SIMULATED if pack.simulated else "",
        sections=[_section(section) for section in pack_parts.sections(pack)],
    )  # fmt: skip


def _section(section: Section) -> dict[str, Any]:
    return {
        "heading": section.heading,
        "anchor": section.anchor,
        "level": 2 if section.chapter or section.anchor in pack_parts.LISTED else 3,
        "listed": section.chapter or section.anchor in pack_parts.LISTED,
        "paragraphs": section.paragraphs,
        "plates": [(plate.caption, hypertext.inline(plate.png)) for plate in section.plates],
        "facts": section.facts,
        "points": section.points,
        "drawings": [sketches.svg(sketch) for sketch in section.drawings],
        "grid": None if section.grid is None else _grid(section.grid),
    }


def _grid(grid: Grid) -> dict[str, Any]:
    right = [Markup(' class="right"') if column.kind in NUMBERS else "" for column in grid.columns]
    return {
        "head": [(column.name, at) for column, at in zip(grid.columns, right, strict=True)],
        "rows": [
            [(shown(c.kind, cell), at) for c, cell, at in zip(grid.columns, row, right, strict=True)]
            for row in grid.rows
        ],
    }
