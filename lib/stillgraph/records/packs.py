"""The case pack: everything that its forms set, as one value."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from stillgraph.records.explanations import Explanation
from stillgraph.records.identifiers import CustodyImageId, FaceId, OffenceId, OfficerId, PersonId, StillId
from stillgraph.records.persons import LinkStatus
from stillgraph.records.standings import Ranking
from stillgraph.records.worth import Concentrated


@dataclass(frozen=True, slots=True)
class PackStill:
    """A still of the index: where it came from and the SHA-256 of its bytes as received."""

    still: StillId
    offence_id: OffenceId
    retailer: str
    store: str
    captured_at: datetime
    delivery_id: int
    received_at: datetime
    sha256: str
    persons: tuple[PersonId, ...]


@dataclass(frozen=True, slots=True)
class PackPair:
    """Two persons of the pack's network and how many offences have both on their stills."""

    one: PersonId
    other: PersonId
    offences: int
    first_together: date
    last_together: date
    status: LinkStatus


@dataclass(frozen=True, slots=True)
class PackNode:
    """A person of the pack's network and where the drawing has them, -1 to 1 either way; places measure nothing."""

    person_id: PersonId
    status: LinkStatus
    x: float
    y: float
    has_page: bool


@dataclass(frozen=True, slots=True)
class PackCounts:
    """What the period holds."""

    offences: int
    offences_with_corroborated: int
    retailers: int
    stores: int
    stills: int
    faces: int
    faces_usable: int
    faces_pending: int
    faces_corroborated: int
    faces_not_supported: int
    faces_disputed: int
    value_pence: int
    harm_days: float | None
    first_offence: datetime | None
    last_offence: datetime | None


@dataclass(frozen=True, slots=True)
class CasePack:
    """What a case pack says. Officers, people and images are named by their ids; there are no names in it.

    ``persons`` are those with a page, by rank; ``printed`` how many standings its ranking prints. ``audit_head`` is the
    chain's newest entry, sequence and SHA-256, before the one that records the pack. ``missing`` are faces and custody
    images that could not be cut out.
    """

    case: str
    kind: str
    made_at: datetime
    officer: OfficerId
    operation: str
    purpose: str
    by: str
    since: date | None
    until: date | None
    with_proposals: bool
    simulated: bool
    harm_source: str
    harm_version: str
    model: str
    linking_threshold: float | None
    software: tuple[tuple[str, str], ...]
    audit_head: tuple[int, str]
    counts: PackCounts
    ranking: Ranking
    printed: int
    persons: tuple[Explanation, ...]
    concentrated: Concentrated
    concentration: str
    concentration_notes: tuple[str, ...]
    nodes: tuple[PackNode, ...]
    pairs: tuple[PackPair, ...]
    stills: tuple[PackStill, ...]
    chips: dict[FaceId, bytes] = field(repr=False)
    custody_chips: dict[CustodyImageId, bytes] = field(repr=False)
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PackReport:
    """What was written: which file, its form, bytes and SHA-256, and how much is in it."""

    file: str
    form: str
    sha256: str
    bytes: int
    by: str
    since: date | None
    until: date | None
    with_proposals: bool
    persons: tuple[PersonId, ...]
    standings: int
    stills: int
    pictures: int
    missing: tuple[str, ...]
    simulated: bool
