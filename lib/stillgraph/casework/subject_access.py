"""The subject access report: all that a case holds on one person, with everybody else left out.

The right is that of DPA 2018 Part 3, s. 45. What the law lets a controller withhold (s. 45(4)) is for the force to
decide: read the report before it is sent.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

from stillgraph.casework import exporting, hypertext, printing, receiving, statements
from stillgraph.casework.attempts import attempted
from stillgraph.casework.desk import Deed, Desk
from stillgraph.casework.wire import served
from stillgraph.errors import NotFound, WrongUse
from stillgraph.governance.permits import Action
from stillgraph.records import (
    FaceId,
    NominalId,
    PersonId,
    SubjectExport,
    SubjectReport,
    SubjectTable,
)
from stillgraph.store import subjects
from stillgraph.store.casefile import case_id

CHIP_PX = 200
LIMITS = (
    "Other people are left out: no still is shown whole, no list says who else was on it, no officer is named.",
    "Officers' reasons are left out, but for what an operation is for and how your own applications were decided.",
    "Witnesses' answers and the audit record are left out; the record keeps ids and no name.",
    "Judgements are kept when images are deleted, by ids alone, as evidence of how a lead came about.",
    "Backups may hold what this case held before; each has a day by which it is removed.",
    "The force decides what the law lets it withhold (DPA 2018 s. 45(4)), and reads this before it is sent.",
)


@served(writes=("path",))
@attempted(Action.SUBJECT_ACCESS)
def write(
    desk: Desk,
    path: Path,
    *,
    nominal: NominalId | None = None,
    person: PersonId | None = None,
    received_on: date | None = None,
) -> SubjectExport:
    """Write all that is held on one person as HTML, PDF or JSON, by the file's ending; who asked is recorded.

    Parameters
    ----------
    nominal
        The person as custody knows them, with whom officers corroborated them as; or
    person
        somebody of the last linking run, not in custody records.
    received_on
        The day the person's request came in.

    Raises
    ------
    WrongUse
        Not one of the two was given, or the file has another ending, lies inside the case or cannot be written.
    NotFound
        Nothing is held of such a person.
    """
    writer = WRITERS.get(path.suffix.lower())
    if writer is None:
        raise WrongUse(f"A subject access report is written as {', '.join(WRITERS)}, by the file's ending.")
    if path.resolve().is_relative_to(desk.case.directory):
        raise WrongUse(f"{path.name} would lie inside the case; name a file in a folder of its own.")
    if (nominal is None) == (person is None):
        raise WrongUse("Say whom the report is on: --nominal ID, or --person ID where custody does not know them.")
    who = {"nominal": nominal} if person is None else {"person": person}
    with desk.act(Action.SUBJECT_ACCESS, received_on=received_on, **who) as deed:
        made = _made(desk, deed, nominal, person, received_on)
        data = writer(made)
        told = SubjectExport(
            str(path), hashlib.sha256(data).hexdigest(), made.subject,
            {table.title: len(table.rows) for table in made.tables}, len(made.pictures),
            made.missing,
        )  # fmt: skip
        deed.note(sha256=told.sha256, records=sum(told.tables.values()), pictures=told.pictures)
        linked = subjects.person_of(deed.session, nominal) if nominal is not None else person
        about = subjects.ids(deed.session, nominal, linked)
        exporting.write(desk, deed, path, data, kind="subject access report", about=about)
        return told


def _made(
    desk: Desk, deed: Deed, nominal: NominalId | None, person: PersonId | None, received_on: date | None
) -> SubjectReport:
    session = deed.session
    if nominal is not None:
        if not subjects.known(session, nominal):
            raise NotFound(f"Nothing is held of a nominal {nominal} in this case.")
        person = subjects.person_of(session, nominal)
    elif person is not None and not subjects.faces(session, person, least=("corroborated", "proposed", "unknown")):
        raise NotFound(f"There is no person {person} of the last linking run; see the view persons.")
    pictures, missing = _pictures(desk, deed, nominal, person)
    return SubjectReport(
        case_id=case_id(session), subject=str(nominal or person), made_at=deed.at, received_on=received_on,
        model=str(desk.model), software=_software(), tables=tuple(subjects.tables(session, nominal, person)),
        pictures=pictures, missing=missing, limits=LIMITS,
    )  # fmt: skip


def _software() -> str:
    return ", ".join(f"{name} {version}" for name, version in statements.software())


def _pictures(
    desk: Desk, deed: Deed, nominal: NominalId | None, person: PersonId | None
) -> tuple[tuple[tuple[str, bytes], ...], tuple[str, ...]]:
    """Return the person's custody images and their faces cut out of stills, and which of these cannot be shown.

    A face is theirs by a link that officers corroborated, or by a review that came after the last linking run.
    """
    images = [] if nominal is None else subjects.custody_images(deed.session, nominal)
    statuses = ("corroborated",) if nominal is not None else ("corroborated", "proposed", "unknown")
    faces = set[FaceId]() if person is None else set(subjects.faces(deed.session, person, least=statuses))
    faces |= set[FaceId]() if nominal is None else set(subjects.reviewed_faces(deed.session, nominal))
    custody, _ = receiving.cut_custody(desk, deed, images, size=CHIP_PX)
    cut, _ = receiving.cut_faces(desk, deed, sorted(faces), size=CHIP_PX)
    pictures = (
        *((f"Custody image {image}", png) for image, png in custody.items()),
        *((f"Face {face}, cut out of its still", png) for face, png in cut.items()),
    )
    # What an officer is told of a face that is missing is of no use to the person, who is told that it is held.
    missing = (
        *(
            f"Custody image {image} is held; no face was found in it to show."
            for image in images
            if image not in custody
        ),
        *(f"Face {face} is held; it cannot be cut out of its still." for face in sorted(faces) if face not in cut),
    )
    return pictures, missing


def _facts(made: SubjectReport) -> list[tuple[str, str]]:
    return [
        ("On", made.subject), ("Case", made.case_id), ("Made", _said(made.made_at)),
        ("Request received", _said(made.received_on) or "not stated"), ("Face model", made.model),
        ("Software", made.software),
    ]  # fmt: skip


def _said(value: object) -> str:
    """Return a value as the report writes it."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M} UTC"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


TITLE = "What is held on you"

_PAGE = (
    hypertext.HEAD
    + """<table>
{% for name, value in facts %}<tr><td>{{ name }}</td><td>{{ value }}</td></tr>
{% endfor %}</table>
{% for table in tables %}
<h2>{{ table.title }}</h2>
{% if table.rows %}<table class="list"><tr>{% for name in table.columns %}<th>{{ name }}</th>{% endfor %}</tr>
{% for row in table.rows %}<tr>{% for cell in row %}<td>{{ cell }}</td>{% endfor %}</tr>
{% endfor %}</table>{% else %}<p>Nothing is held.</p>{% endif %}
{% if table.note %}<p>{{ table.note }}</p>{% endif %}
{% endfor %}
<h2>Pictures</h2>
<div class="plates">{% for caption, png in pictures %}<figure><img alt="" src="{{ png }}">
<figcaption>{{ caption }}</figcaption></figure>{% endfor %}</div>
{% if missing %}<ul>{% for one in missing %}<li>{{ one }}</li>{% endfor %}</ul>{% endif %}
<h2>What this leaves out</h2>
<ul>{% for limit in limits %}<li>{{ limit }}</li>{% endfor %}</ul>
</body></html>
"""
)


def html(made: SubjectReport) -> bytes:
    """Return a report as one HTML page that loads nothing."""
    return hypertext.page(
        _PAGE, title=TITLE, facts=_facts(made), limits=made.limits,
        tables=[{"title": t.title, "columns": t.columns, "note": t.note, "rows": _rows(t)} for t in made.tables],
        pictures=[(caption, hypertext.inline(png)) for caption, png in made.pictures], missing=made.missing,
    )  # fmt: skip


def pdf(made: SubjectReport) -> bytes:
    """Return a report as PDF."""
    from stillgraph.records import Plate

    flow: list[Any] = [printing.paragraph(TITLE, "title"), printing.table(_facts(made), (38, printing.WIDTH_MM - 38))]
    for table in made.tables:
        flow.append(printing.paragraph(table.title, "heading"))
        if table.rows:
            width = printing.WIDTH_MM / len(table.columns)
            flow.append(
                printing.table([table.columns, *_rows(table)], [width] * len(table.columns), headed=True, small=True)
            )
        else:
            flow.append(printing.paragraph("Nothing is held.", "text"))
        flow += [printing.paragraph(table.note, "text")] if table.note else []
    flow.append(printing.paragraph("Pictures", "heading"))
    flow += printing.figures([Plate(caption, png) for caption, png in made.pictures], 4, 38)
    flow += [printing.paragraph(one, "item", bullet=True) for one in made.missing]
    flow.append(printing.paragraph("What this leaves out", "heading"))
    flow += [printing.paragraph(limit, "item", bullet=True) for limit in made.limits]
    return printing.built(flow, TITLE)


def as_json(made: SubjectReport) -> bytes:
    """Return a report as JSON; of each picture its SHA-256."""
    said = {
        "subject": made.subject, "case_id": made.case_id, "made_at": made.made_at.isoformat(),
        "received_on": _said(made.received_on) or None, "model": made.model, "software": made.software,
        "limits": list(made.limits),
        "tables": [
            {"title": t.title, "columns": list(t.columns), "note": t.note, "rows": _rows(t)} for t in made.tables
        ],
        "pictures": [{"caption": one, "sha256": hashlib.sha256(png).hexdigest()} for one, png in made.pictures],
        "missing": list(made.missing),
    }  # fmt: skip
    return (json.dumps(said, ensure_ascii=False, indent=1) + "\n").encode()


def _rows(table: SubjectTable) -> list[tuple[str, ...]]:
    return [tuple(_said(cell) for cell in row) for row in table.rows]


WRITERS: dict[str, Callable[[SubjectReport], bytes]] = {".html": html, ".pdf": pdf, ".json": as_json}
"""How reports are written, by a file's ending."""
