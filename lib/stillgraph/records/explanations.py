"""Why somebody ranks where they do: what a page about one person says, each figure with what it rests on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from stillgraph.records.identifiers import CustodyImageId, FaceId, NominalId, OffenceId, PersonId, SearchId, StillId
from stillgraph.records.networks import FaceEvidence
from stillgraph.records.persons import Contradiction, LinkStatus
from stillgraph.records.receipts import Arrest
from stillgraph.records.standings import Standing
from stillgraph.records.worth import CustodyContradiction, Exposure, Silence


@dataclass(frozen=True, slots=True)
class Place:
    """A place among ``persons`` by each measure: ``harm``, ``count``, ``value`` and ``rfh``.

    ``ranks`` are ``None`` without a link that counts. ``totals`` are days, offences, pence and points.
    """

    ranks: dict[str, int | None]
    totals: dict[str, float]
    persons: int


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one offence brings a person: by each measure in its unit and as a share of theirs (0 to 1), and without it.

    Points do not add up: an offence can bring none, or many by passing a step of the table. A share is ``None`` where
    the person has nothing of the measure.
    """

    offence_id: OffenceId
    brings: dict[str, float]
    shares: dict[str, float | None]
    without: Place


@dataclass(frozen=True, slots=True)
class WhyFace:
    """A face of a person on a still of one offence, and why it counts as theirs.

    ``list_rank`` is where the corroborated nominal stood on the list of ``search_id``, ``custody_image`` their image
    most alike; ``ahead_by`` how much higher their score was than the next on the list, negative where somebody stood
    before them. All are ``None`` of a face that review has not named.
    """

    face_id: FaceId
    still: StillId
    captured_at: datetime
    band: str | None
    usable: bool
    evidence: FaceEvidence
    search_id: SearchId | None
    list_rank: int | None
    custody_image: CustodyImageId | None
    ahead_by: float | None


@dataclass(frozen=True, slots=True)
class WhyOffence:
    """One offence of a person, what links them to it, and what it brings them; ``harm_days`` of the harm table.

    ``counts`` is false of a link that the ranking leaves out, as nobody has corroborated it; it brings nothing then.
    ``doubts`` say why the link is less sure than others, in sentences; none were found where there are none.
    """

    offence_id: OffenceId
    occurred_at: datetime
    offence_code: str
    offence: str
    retailer: str
    store: str
    borough: str
    latitude: float
    longitude: float
    value_pence: int
    harm_days: float
    how_detected: str
    proactive: bool
    status: LinkStatus
    counts: bool
    faces: tuple[WhyFace, ...]
    beside: tuple[PersonId, ...]
    contribution: Contribution | None
    doubts: tuple[str, ...]


class ChangeKind(StrEnum):
    """What would have to come out for a place to change."""

    LINK_FAILS = "a link does not hold"
    DOUBTFUL_FAIL = "no doubtful link holds"
    LINK_CORROBORATED = "a proposed link is corroborated"
    ALL_CORROBORATED = "every link is corroborated"
    JOIN_CORROBORATED = "a proposed person is corroborated to be this one"
    BECOMES_PART = "this person is corroborated to be another"


@dataclass(frozen=True, slots=True)
class Change:
    """What would change a person's place, and to what: ``place`` is computed, and says nothing of how likely it is.

    ``offences`` are lost or gained; ``other`` is the person of a join, of whom ``place`` is where this one would be
    part of them. ``likelihood_ratio`` and ``score`` (a cosine) are the proposal's, where there is one.
    """

    kind: ChangeKind
    offences: tuple[OffenceId, ...]
    other: PersonId | None
    likelihood_ratio: float | None
    score: float | None
    place: Place
    sentence: str


@dataclass(frozen=True, slots=True)
class CoOffender:
    """Somebody on stills of the same offences; that they acted together it does not say."""

    person_id: PersonId
    status: LinkStatus
    offences: tuple[OffenceId, ...]
    first_together: datetime
    last_together: datetime


@dataclass(frozen=True, slots=True)
class Gap:
    """Days without an offence that counts, between two of them, and how many of the days between were in custody.

    ``arrests`` were made in it, which may be why. Stores that sent nothing look the same.
    """

    since: date
    until: date
    between: Exposure
    arrests: tuple[Arrest, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """One page of why.

    Attributes
    ----------
    standing
        Their standing in the ranking, with its intervals; ``None`` where no link of theirs counts in it.
    place, persons
        Their place by every measure, among how many.
    offences
        In the order of time, those that do not count in the ranking among them.
    changes
        What would change the place, those that move it most by ``by`` first.
    gaps
        The longest between two offences that count, the longest first.
    silence
        What is known of the time since the last of them; ``None`` without one.
    held_then
        Offences dated on a day that custody records say they were in custody: the link is wrong, or a date is.
    sentences
        What the page says, in words.
    unsaid
        What it does not say, in words.
    """

    person_id: PersonId
    nominal_id: NominalId | None
    status: LinkStatus
    proposed_as: PersonId | None
    review_kind: str | None
    simulated: bool
    by: str
    since: date | None
    until: date | None
    scale: str
    with_proposals: bool
    standing: Standing | None
    place: Place
    offences: tuple[WhyOffence, ...]
    changes: tuple[Change, ...]
    co_offenders: tuple[CoOffender, ...]
    arrests: tuple[Arrest, ...]
    gaps: tuple[Gap, ...]
    silence: Silence | None
    held_then: tuple[CustodyContradiction, ...]
    contradictions: tuple[Contradiction, ...]
    sentences: tuple[str, ...]
    unsaid: tuple[str, ...]
