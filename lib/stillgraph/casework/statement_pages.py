"""Statements and photo arrays as HTML and PDF: two forms of one value, with the same words in the same order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from stillgraph.casework import hypertext, printing
from stillgraph.casework.wording import SIMULATED, moment
from stillgraph.records import Conclusion, Outcome, PhotoArray, Plate, ReviewPolicy, Statement

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
                ("face", made.face_id), ("still", made.still), ("still taken", moment(made.captured_at)),
                ("offence", made.offence), ("outcome", _outcome(made)),
            ),
        ),
        Part(
            "How the candidate list was made",
            (
                ("search", f"{search.search_id}, {moment(made.searched_at)}"), ("searched by", made.searched_by),
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
                ("stated by", made.made_by), ("for operation", made.made_for), ("on", moment(made.made_at)),
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
        ("officer", said.officer + (" (simulated)" if said.simulated else "")), ("judged", moment(said.judged_at)),
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


def html(made: Statement) -> bytes:
    """Return a statement as one HTML page that loads nothing from anywhere; whatever officers wrote is escaped."""
    return hypertext.page(
        _STATEMENT, title=f"Statement of comparison: {made.face_id}", warning=SIMULATED if made.simulated else "",
        parts=parts(made), plates=[(plate.caption, hypertext.inline(plate.png)) for plate in made.plates],
    )  # fmt: skip


def array_html(array: PhotoArray, plates: Sequence[Plate]) -> bytes:
    """Return a photo array as one HTML page: positions and pictures, no name and no id of a person."""
    return hypertext.page(
        _ARRAY, title=f"Photo array {array.array_id}", instruction=INSTRUCTION,
        plates=[(plate.caption, hypertext.inline(plate.png)) for plate in plates],
    )  # fmt: skip


_STATEMENT = (
    hypertext.HEAD
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
    hypertext.HEAD
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

    flow: list[Any] = [printing.paragraph(f"Statement of comparison: {made.face_id}", "title")]
    if made.simulated:
        flow += [printing.paragraph(SIMULATED, "warning"), Spacer(0, 3 * mm)]
    first, *others = made.plates
    flow += printing.figures([first], 1, 120) + printing.figures(others, 3, 54)
    for part in parts(made):
        flow.append(printing.paragraph(part.heading, "heading"))
        if part.facts:
            flow.append(printing.table([[name, value] for name, value in part.facts], (38, 136)))
        if part.table:
            flow += [
                Spacer(0, 2 * mm),
                printing.table([list(row) for row in part.table], (34, 48, 34, 58), headed=True),
            ]
        flow += [printing.paragraph(paragraph, "text") for paragraph in part.paragraphs]
    return printing.built(flow, f"Statement of comparison: {made.face_id}")


def array_pdf(array: PhotoArray, plates: Sequence[Plate]) -> bytes:
    """Return a photo array as a PDF: positions and pictures, no name and no id of a person."""
    title = f"Photo array {array.array_id}"
    flow: list[Any] = [printing.paragraph(title, "title"), printing.paragraph(INSTRUCTION, "text")]
    flow += printing.figures(list(plates), 3, 56, style="number")
    return printing.built(flow, title)


WRITERS: dict[str, tuple[Callable[[Statement], bytes], Callable[[PhotoArray, Sequence[Plate]], bytes]]] = {
    ".html": (html, array_html),
    ".pdf": (pdf, array_pdf),
}
"""How statements and photo arrays are written, by a file's ending."""
