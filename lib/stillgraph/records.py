"""The vocabulary: frozen dataclasses, typed identifiers and enumerations shared by every layer.

Units stand in the names (``width_px``, ``value_pence``, ``harm_days``); shapes and dtypes in the docstrings. Nothing
here computes, reads or writes. No ``repr`` shows a template, a name or a date of birth.

``StillId``: ``<retailer_id>/<image>`` as in the retailer's manifest.
``CustodyImageId``: ``<nominal_id>/<image>`` as in the custody manifest.
``FaceId``: ``<StillId or CustodyImageId>#<n>``, the n-th face of the image from left to right, counted from 1.
``OffenceId``: the retailer's own reference, prefixed ``<retailer_id>/`` unless it starts so already.
``PersonId``: the nominal id of a person in custody records, else ``unknown <n>``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import NewType

import numpy as np
from numpy.typing import NDArray

OfficerId = NewType("OfficerId", str)
OperationId = NewType("OperationId", str)
RetailerId = NewType("RetailerId", str)
StoreId = NewType("StoreId", str)
StillId = NewType("StillId", str)
OffenceId = NewType("OffenceId", str)
NominalId = NewType("NominalId", str)
CustodyImageId = NewType("CustodyImageId", str)
FaceId = NewType("FaceId", str)
PersonId = NewType("PersonId", str)
SearchId = NewType("SearchId", int)
ModelId = NewType("ModelId", str)
"""``<pack name>@<12 hex digits>.r<recipe>``: :func:`stillgraph.faces.packs.model_id` says of what the digits are."""

Vector = NDArray[np.float32]


# --- retailers, stores, deliveries ---------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Store:
    """A retailer's store. Latitude and longitude in degrees (WGS 84)."""

    store_id: StoreId
    retailer_id: RetailerId
    retailer: str
    store: str
    borough: str
    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Offence:
    """One offence as its retailer reported it. ``occurred_at`` is the earliest still's time, UTC."""

    offence_id: OffenceId
    retailer_id: RetailerId
    store_id: StoreId
    occurred_at: datetime
    offence_code: str
    offence: str
    value_pence: int
    violence: str
    method: str
    how_detected: str


@dataclass(frozen=True, slots=True)
class Still:
    """One CCTV still. ``sha256`` is of the bytes as received; ``line`` is the manifest's line, the header being 1."""

    still_id: StillId
    retailer_id: RetailerId
    offence_id: OffenceId
    image: str
    camera: str
    captured_at: datetime
    width_px: int
    height_px: int
    sha256: str
    line: int
    note: str


@dataclass(frozen=True, slots=True)
class CustodyImage:
    """One custody image of a nominal. Personal particulars stay with :class:`Nominal`."""

    custody_image_id: CustodyImageId
    nominal_id: NominalId
    image: str
    captured_on: date
    custody_ref: str
    conviction_status: str
    review_due: date
    width_px: int
    height_px: int
    sha256: str
    line: int


@dataclass(frozen=True, slots=True)
class Nominal:
    """A person in custody records, as recorded; sex and ethnicity come from the record, never from an image."""

    nominal_id: NominalId
    name: str = field(repr=False)
    date_of_birth: date = field(repr=False)
    sex: str = field(repr=False)
    ethnicity: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Arrest:
    """One arrest of a nominal."""

    nominal_id: NominalId
    arrested_on: date
    offence_code: str
    offence: str
    disposal: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """A manifest row that was not taken in: its line (the header is 1), image, first wrong field, and why."""

    line: int
    image: str
    field: str
    reason: str


@dataclass(frozen=True, slots=True)
class IntakeReport:
    """What became of one manifest: rows accepted and refused, faces found, images kept without a face."""

    accepted: int
    refused: tuple[Refusal, ...]
    faces: int
    without_face: int
    elapsed_s: float
    arrests_accepted: int = 0
    """Arrests have a file of their own, which comes with custody images or not at all."""
    arrests_refused: tuple[Refusal, ...] = ()


# --- faces -----------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels of the original image, from its top left corner."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Quality:
    """What was measured of one face; each value's rule is in :mod:`stillgraph.faces.quality`."""

    inter_eye_px: float
    sharpness: float
    brightness: float
    contrast: float
    frontality: float
    detection_score: float


@dataclass(frozen=True, slots=True)
class Template:
    """A face template: ``vector`` is float32, shape (d,), of unit length; only templates of one model compare."""

    model: ModelId
    vector: Vector = field(repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """A face found in an image.

    ``landmarks`` is float32, shape (5, 2): right eye, left eye, nose tip, right and left mouth corner (the subject's
    right, so image left first), in pixels of the original image. ``found_by`` names the detection passes that saw it.
    An unusable face has a reason and may still have a template; it is kept and reported, not searched.
    """

    face_id: FaceId
    image_id: str
    box: Box
    landmarks: Vector = field(repr=False)
    quality: Quality
    found_by: str
    usable: bool
    unusable_reason: str | None
    template: Template | None


@dataclass(frozen=True, slots=True, eq=False)
class ImageAnalysis:
    """The faces of one image, left to right; ``width_px`` and ``height_px`` are the original's."""

    image_id: str
    width_px: int
    height_px: int
    faces: tuple[Face, ...]


# --- gallery and search ----------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class GalleryInfo:
    """Which gallery was searched: ``size`` in custody images, ``version`` a digest of its entries."""

    size: int
    version: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """One person on a candidate list, with that person's best custody image. ``score`` is a cosine, -1 to 1."""

    rank: int
    nominal_id: NominalId
    custody_image: CustodyImageId
    score: float
    likelihood_ratio: float | None = None
    """``None`` until a calibration is stored for the model."""


class SearchOutcome(StrEnum):
    """What a search of one face came to."""

    CANDIDATES = "candidates"
    NO_CANDIDATE = "no candidate above threshold"
    UNUSABLE = "not searched: unusable face"


@dataclass(frozen=True, slots=True)
class Probe:
    """One face of a search with its ranked candidates. ``still`` is the file name for an image from outside."""

    face_id: FaceId
    still: str
    box: Box
    quality: Quality
    usable: bool
    outcome: SearchOutcome
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True)
class SearchReport:
    """A search as stored: with which gallery, model, threshold and limit, and what came of it."""

    search_id: SearchId | None
    gallery: GalleryInfo
    model: ModelId
    threshold: float
    """A cosine; -1 cuts nothing off (investigation mode)."""
    limit: int
    elapsed_s: float
    probes: tuple[Probe, ...]
    without_face: tuple[str, ...] = ()
    """The stills searched in which no face was found."""


# --- review ----------------------------------------------------------------------------------------------------------
class Verdict(StrEnum):
    """What one officer says of one candidate list."""

    SUPPORTS = "supports"
    NO_CANDIDATE = "no candidate"
    INCONCLUSIVE = "inconclusive"


class Outcome(StrEnum):
    """What the officers' verdicts together amount to."""

    PENDING = "pending"
    CORROBORATED = "corroborated"
    NOT_SUPPORTED = "not supported"
    DISPUTED = "disputed"


@dataclass(frozen=True, slots=True)
class Judgement:
    """One officer's judgement of one candidate list; appended, never changed. ``nominal_id`` only with ``SUPPORTS``."""

    sequence: int
    """Orders judgements: an officer's later judgement of the same face replaces their earlier one."""
    face_id: FaceId
    search_id: SearchId
    officer: OfficerId
    verdict: Verdict
    nominal_id: NominalId | None
    reason: str
    judged_at: datetime
    simulated: bool
    salt: str = field(default="", repr=False)
    """Random text that keeps the verdict from being guessed from the judgement's seal in the audit chain."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """The outcome of a review and, if corroborated, of whom."""

    outcome: Outcome
    nominal_id: NominalId | None = None


@dataclass(frozen=True, slots=True)
class ReviewItem:
    """A candidate list waiting for an officer, as that officer may see it: no score, nobody else's verdict."""

    face_id: FaceId
    still: StillId
    search_id: SearchId
    candidates: tuple[tuple[NominalId, CustodyImageId], ...]


# --- persons ---------------------------------------------------------------------------------------------------------
class LinkStatus(StrEnum):
    """How a person, or a person's part in an offence, is known.

    ``PROPOSED`` is reserved for links that people propose in the open, which no action does yet. It is never what an
    officer under review said, which stays blind, nor what a machine proposes, which stands in ``Linkage.proposals``.
    """

    CORROBORATED = "corroborated"
    PROPOSED = "proposed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class PersonFace:
    """A face that belongs to a person."""

    face_id: FaceId
    still: StillId
    box: Box


@dataclass(frozen=True, slots=True)
class Person:
    """Faces held to be one person, and why.

    ``corroborated``: in custody records, every face there by two officers' agreement. ``unknown``: not named; the faces
    are grouped by similarity alone. ``proposed`` is reserved (:class:`LinkStatus`).
    """

    person_id: PersonId
    nominal_id: NominalId | None
    status: LinkStatus
    faces: tuple[PersonFace, ...]
    stills: tuple[StillId, ...]
    offences: tuple[OffenceId, ...]


@dataclass(frozen=True, slots=True)
class Proposal:
    """Faces a machine proposes to be one person, for people to decide. ``score`` is a cosine, -1 to 1."""

    faces: tuple[FaceId, ...]
    likelihood_ratio: float | None
    score: float
    reason: str


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Statements that cannot all be true, shown and left to people."""

    faces: tuple[FaceId, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Linkage:
    """The result of linking, each part in a reproducible order; ``simulated``: the reviews behind it were."""

    persons: tuple[Person, ...]
    proposals: tuple[Proposal, ...]
    contradictions: tuple[Contradiction, ...]
    simulated: bool = False


@dataclass(frozen=True, slots=True)
class Participation:
    """One person's part in one offence, and how it is known."""

    person_id: PersonId
    nominal_id: NominalId | None
    offence_id: OffenceId
    status: LinkStatus
    faces: tuple[FaceId, ...]


# --- ranking and rates -----------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Standing:
    """One person's place in a ranking. ``rank_low`` and ``rank_high`` bound the rank (95 %)."""

    rank: int
    rank_low: int
    rank_high: int
    person_id: PersonId
    nominal_id: NominalId | None
    offences: int
    harm_days: float
    value_pence: int
    rfh: int
    retailers: int
    prior_arrests: int
    status: LinkStatus


@dataclass(frozen=True, slots=True)
class Concentration:
    """How concentrated the ranked measure is. Gini after Bernasco & Steenbeek (2017) with a bootstrap 95 % interval."""

    gini: float | None
    gini_low: float | None
    gini_high: float | None
    top_10_percent_share: float | None
    persons: int


@dataclass(frozen=True, slots=True)
class Ranking:
    """A ranking of persons; ``scale`` states the harm table behind the figures and, by ``rfh``, the points."""

    by: str
    since: date | None
    until: date | None
    scale: str
    standings: tuple[Standing, ...]
    concentration: Concentration
    simulated: bool


@dataclass(frozen=True, slots=True)
class Rate:
    """A proportion with its count of trials and Wilson 95 % interval; ``value`` is ``None`` without trials."""

    successes: int
    trials: int
    value: float | None
    low: float | None
    high: float | None


# --- governance ------------------------------------------------------------------------------------------------------
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
class AuditEntry:
    """One link of the audit chain; ``details`` is JSON text without personal data, ``digest`` a SHA-256 in hex."""

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
