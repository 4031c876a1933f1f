"""Sign-in tokens in the case file: their hashes, and what took them back. Rows are only ever added."""

from __future__ import annotations

from datetime import date, datetime

from stillgraph.records import OfficerId, SignIn
from stillgraph.store.casefile import Session


def sign_in(session: Session, token_id: int) -> SignIn | None:
    """Return what is kept of a token, or ``None``."""
    row = session.one(
        "SELECT t.token_id, t.officer_id, t.hash, t.until, r.token_id IS NOT NULL FROM held.sign_in_tokens AS t "
        "LEFT JOIN held.revoked_tokens AS r USING (token_id) WHERE t.token_id = ?",
        [token_id],
    )
    return None if row is None else SignIn(row[0], OfficerId(row[1]), row[2], row[3], row[4])


def next_number(session: Session) -> int:
    """Return the number of the next token."""
    row = session.one("SELECT coalesce(max(token_id), 0) + 1 FROM held.sign_in_tokens")
    return 1 if row is None else int(row[0])


def issue(session: Session, new: SignIn, *, issued_by: str, issued_at: datetime) -> None:
    """Add a token."""
    session.execute(
        "INSERT INTO held.sign_in_tokens VALUES (?, ?, ?, ?, ?, ?)",
        [new.token_id, new.officer_id, new.hash, issued_by, issued_at, new.until],
    )


def working(session: Session, officer_id: str, today: date) -> list[int]:
    """Return the numbers of an officer's tokens that let them in today."""
    return [
        int(row[0])
        for row in session.rows(
            "SELECT token_id FROM held.sign_in_tokens WHERE officer_id = ? AND until >= ? "
            "AND token_id NOT IN (SELECT token_id FROM held.revoked_tokens) ORDER BY token_id",
            [officer_id, today],
        )
    ]


def revoke(session: Session, token_ids: list[int], *, revoked_by: str, revoked_at: datetime) -> None:
    """Take tokens back."""
    session.append(
        "revoked_tokens",
        [{"token_id": one, "revoked_by": revoked_by, "revoked_at": revoked_at} for one in token_ids],
    )
