"""What is held on one person, for a report that they may ask for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class SubjectTable:
    """One kind of record held on a person: its columns, and a row for each record; ``note`` says what is left out."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class SubjectReport:
    """All that a case holds on one person, others left out.

    ``pictures`` are the person's custody images, and their faces cut out of stills on which officers agree that it is
    them, as PNG by caption. No still is shown whole, since others may be on it. ``missing`` says which of them are held
    and could not be shown.
    """

    case_id: str
    subject: str
    made_at: datetime
    received_on: date | None
    model: str
    software: str
    tables: tuple[SubjectTable, ...]
    pictures: tuple[tuple[str, bytes], ...]
    missing: tuple[str, ...]
    limits: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SubjectExport:
    """A subject access report that was written: the file, its SHA-256, and how many records and pictures it has.

    ``missing`` says which pictures are held and not in it.
    """

    file: str
    sha256: str
    subject: str
    tables: dict[str, int]
    pictures: int
    missing: tuple[str, ...] = ()
