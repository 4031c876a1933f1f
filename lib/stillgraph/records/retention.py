"""Retention: kinds of record, the rules they are kept by, and what is due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from stillgraph.records.identifiers import NominalId


class RecordKind(StrEnum):
    """What a case holds, as rules name it. A kind without a rule cannot be stored."""

    CUSTODY_IMAGE = "custody image"
    STILL = "still"
    NOMINAL = "nominal record"
    ARREST = "arrest"
    SEARCH = "search"
    JUDGEMENT = "judgement"
    ENHANCEMENT = "enhancement"
    ARRAY = "photo array"
    RANKING = "ranking"
    EXPORT = "export"
    SAVED_QUERY = "saved query"
    UPLOAD = "upload"
    NOTEBOOK = "notebook"
    AUDIT = "audit entry"


class AtEnd(StrEnum):
    """What happens to a record when its period is over: deleted, decided by an officer, or kept for good."""

    DELETE = "delete"
    REVIEW = "review"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class RetentionRule:
    """How long one kind of record is kept, of one status and basis or of all (``*``).

    ``keep_for`` and ``apply_after`` are ISO 8601 periods (``P6Y``, ``P18M``, ``P30D``) or empty; after the second a
    person may have an image deleted on application, at once where it is ``P0D``. ``ours`` marks what is a default of
    Stillgraph's, which the force is to confirm.
    """

    kind: RecordKind
    status: str
    basis: str
    keep_for: str
    counted_from: str
    at_end: AtEnd
    apply_after: str
    source: str
    version: str
    ours: bool

    def __str__(self) -> str:
        narrowed = [one for one in (self.status, self.basis) if one != "*"]
        return ", ".join([str(self.kind), *narrowed])


@dataclass(frozen=True, slots=True)
class Due:
    """A record whose period is over: since when, by which rule and why, and the legal hold that keeps it."""

    kind: RecordKind
    id: str
    due_on: date
    rule: str
    why: str
    at_end: AtEnd
    held: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A place where something of what was deleted is still to be found, and what it is."""

    place: str
    what: str


@dataclass(frozen=True, slots=True)
class Outside:
    """A copy that Stillgraph cannot delete: what, where it was last known to be, and why or until when."""

    what: str
    place: str
    why: str


@dataclass(frozen=True, slots=True)
class Erasure:
    """What a deletion came to: records gone, files removed, what a scan found, and what lies outside our reach."""

    erasure_id: int
    deleted: tuple[Due, ...]
    files_removed: int
    left: int
    found: tuple[Found, ...]
    outside: tuple[Outside, ...]


@dataclass(frozen=True, slots=True)
class RetentionReport:
    """What is due on a day, and what was deleted of it, where that was asked for."""

    on: date
    due: tuple[Due, ...]
    erasure: Erasure | None = None


@dataclass(frozen=True, slots=True)
class Hold:
    """A legal hold: what it is of stays until it ends or is released."""

    hold_id: int
    kind: str
    record_id: str
    because: str
    until: date | None
    placed_by: str
    placed_at: datetime
    released_by: str | None = None
    released_at: datetime | None = None
    release_because: str | None = None


@dataclass(frozen=True, slots=True)
class Application:
    """A person's application to have what is held on them deleted, and how it was decided."""

    application_id: int
    nominal_id: NominalId
    received_on: date
    ground: str
    recorded_by: str
    recorded_at: datetime
    outcome: str | None = None
    because: str | None = None
    purpose: str | None = None
    next_review: date | None = None
    decided_by: str | None = None
    decided_at: datetime | None = None
