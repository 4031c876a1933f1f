"""A transparency report as HTML, PDF and JSON: three forms of one value, with the same numbers in the same order."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC
from typing import Any

from stillgraph.casework import report_pages
from stillgraph.casework.report_pages import Pages
from stillgraph.casework.wording import SIMULATED, moment
from stillgraph.records.transparency import NOT_RECORDED, WITHHELD, TransparencyReport

FORMAT = 1
"""Of the JSON form; a later one that drops or renames a key has a higher number."""

PROVISIONAL = (
    "Not for publication: the period had not ended when this report was made. The difference between it and a later "
    "report of the same period could be a small count."
)
INTERNAL = "Internal: exact counts, operations and officers. Not for publication."
PUBLIC = "Public version: counts from 1 to 4, and others that would give them away, are withheld."
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
    entries = f"the last of SHA-256 {seal.last_digest}" if seal.last_digest else "none"
    if seal.first and seal.last:
        entries = f"{seal.first:,} to {seal.last:,}, {entries}"
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


def _pages(made: TransparencyReport) -> Pages:
    kind = "public" if made.public else "internal"
    footer = f"Faces searched, {made.since.isoformat()} to {made.until.isoformat()}, {kind}"
    kept_in = made.provisional or not made.public
    return Pages(
        title(made), warnings(made), facts(made), made.sections, texts=TEXTS,
        footer=f"{footer}, not for publication" if kept_in else footer,
    )  # fmt: skip


def html(made: TransparencyReport) -> bytes:
    """Return a report as one HTML page that loads nothing from anywhere; whatever anybody wrote is escaped."""
    return report_pages.html(_pages(made))


def pdf(made: TransparencyReport) -> bytes:
    """Return a report as a PDF, A4, its pages numbered."""
    return report_pages.pdf(_pages(made))


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
        "sections": {section.key: report_pages.document(section) for section in made.sections},
    }  # fmt: skip


def as_json(made: TransparencyReport) -> bytes:
    """Return a report as JSON; a count is a number, or ``withheld`` or ``not recorded`` in its place."""
    return (json.dumps(document(made), ensure_ascii=False, indent=1) + "\n").encode()


WRITERS: dict[str, Callable[[TransparencyReport], bytes]] = {".html": html, ".pdf": pdf, ".json": as_json}
"""How transparency reports are written, by a file's ending."""

WORDS = (WITHHELD, NOT_RECORDED)
"""What stands in the place of a count."""
