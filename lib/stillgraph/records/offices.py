"""Officers, operations and the audit chain."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from stillgraph.records.identifiers import OfficerId, OperationId


class Role(StrEnum):
    """An officer's role."""

    ANALYST = "analyst"
    REVIEWER = "reviewer"
    SUPERVISOR = "supervisor"
    MANAGER = "manager"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


@dataclass(frozen=True, slots=True)
class Officer:
    """An officer; ``role`` is ``None`` where none was given. A simulated officer exists in demonstrations only.

    The ``founder`` is administrator for having been the first, and not because anybody said so. ``sees_faces`` lets a
    manager, auditor or administrator see what their role does not show. Who is ``suspended`` may do nothing.
    """

    officer_id: OfficerId
    role: Role | None
    name: str = field(repr=False)
    simulated: bool = False
    founder: bool = False
    sees_faces: bool = False
    suspended: bool = False


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation under which actions are permitted, from its first day to its last, unless it is closed.

    ``legal_basis`` is a basis of ``data/reference/legal_bases.csv``, ``authorised_by`` the officer named as answering
    for it; either is ``None`` where nobody stated it.
    """

    operation_id: OperationId
    purpose: str
    opened_at: datetime
    until: date | None
    begins: date | None = None
    legal_basis: str | None = None
    authorised_by: OfficerId | None = None
    closed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SignIn:
    """A token that was issued to an officer: until the end of ``until``, or taken back. The token itself is nowhere."""

    token_id: int
    officer_id: OfficerId
    hash: str = field(repr=False)
    until: date
    revoked: bool


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One link of the audit chain; ``details`` is JSON text without personal data, ``digest`` a SHA-256 in hex.

    ``tables`` is JSON text of what the action left in each table it wrote, and empty where it wrote none. ``keyed`` is
    the digest's HMAC under the case's key, in hex, and empty in entries of before there was one.
    """

    sequence: int
    recorded_at: datetime
    officer: str
    operation: str
    reason: str
    action: str
    result: str
    details: str
    previous: str
    digest: str
    tables: str = ""
    keyed: str = ""
