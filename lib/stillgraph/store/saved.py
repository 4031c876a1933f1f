"""Saved queries in the case file."""

from __future__ import annotations

from datetime import datetime

from stillgraph.records import OfficerId, SavedQuery
from stillgraph.store.casefile import Session

_COLUMNS = "saved_id, name, officer_id, shared, saved_at, sql"


def save(
    session: Session, name: str, sql: str, *, officer: OfficerId, operation: str, shared: bool, at: datetime
) -> SavedQuery:
    """Keep a query by a name, in place of the officer's own of that name."""
    session.execute("DELETE FROM held.saved_queries WHERE name = ? AND officer_id = ?", [name, officer])
    row = session.one(
        "INSERT INTO held.saved_queries VALUES (nextval('held.saved_query_ids'), ?, ?, ?, ?, ?, ?) "  # noqa: S608
        f"RETURNING {_COLUMNS}",
        [name, officer, operation, shared, sql, at],
    )
    assert row is not None  # noqa: S101  (INSERT ... RETURNING of one row returns one row)
    return _saved(row)


def there_for(session: Session, officer: OfficerId) -> tuple[SavedQuery, ...]:
    """Return an officer's own saved queries and those that are shared, by name, their own first of two of one name."""
    rows = session.rows(
        f"SELECT {_COLUMNS} FROM held.saved_queries WHERE officer_id = $officer OR shared "  # noqa: S608
        "ORDER BY lower(name), name, officer_id <> $officer, saved_id",
        {"officer": officer},
    )
    return tuple(_saved(row) for row in rows)


def delete(session: Session, saved_id: int) -> None:
    """Delete a saved query."""
    session.execute("DELETE FROM held.saved_queries WHERE saved_id = ?", [saved_id])


def _saved(row: tuple[object, ...]) -> SavedQuery:
    return SavedQuery(*row)  # type: ignore[arg-type]
