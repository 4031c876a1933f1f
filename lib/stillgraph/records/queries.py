"""Queries that officers keep by a name."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from stillgraph.records.identifiers import OfficerId


@dataclass(frozen=True, slots=True)
class SavedQuery:
    """A query kept by a name, for its officer or, where ``shared``, for everybody who works on the case.

    ``sql`` has every value as it was written, so it may hold personal data, and no ``repr`` shows it.
    """

    saved_id: int
    name: str
    officer: OfficerId
    shared: bool
    saved_at: datetime
    sql: str = field(repr=False)
