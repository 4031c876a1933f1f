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
    """An officer; ``role`` is ``None`` where none was given. A simulated officer exists in demonstrations only."""

    officer_id: OfficerId
    role: Role | None
    name: str = field(repr=False)
    simulated: bool = False


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation under which actions are permitted, until its end."""

    operation_id: OperationId
    purpose: str
    opened_at: datetime
    until: date | None


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
