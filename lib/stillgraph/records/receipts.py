"""What retailers and custody send: stores, offences, stills, custody images, and what became of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from stillgraph.records.identifiers import CustodyImageId, NominalId, OffenceId, RetailerId, StillId, StoreId
from stillgraph.records.searches import OpenStillsReport


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
    force: str = ""
    area: str = ""
    basis: str = ""
    """What the manifest says of whose image it is, where the person was in custody, and why it may be held."""


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
    """One arrest of a nominal; the first five tell one from another.

    ``custody_from`` and ``released_on`` are the first and last day of the one stretch for which the person was held for
    it, on remand or sentence; without ``released_on`` they were held still when the record was made. ``disposed_on``
    without ``custody_from`` says that they were not held. With neither the record says nothing of custody.
    """

    nominal_id: NominalId
    arrested_on: date
    offence_code: str
    offence: str
    disposal: str
    disposed_on: date | None = None
    custody_from: date | None = None
    released_on: date | None = None


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
    provider: str | None = None
    """The onnxruntime provider that really ran the networks."""
    images_per_s: float | None = None
    """Images analysed a second; ``None`` where there were none."""
    rows_before: int = 0
    """Rows that an earlier run of the same manifest, cut short, had taken in."""
    open_stills: OpenStillsReport | None = None
    """What came of comparing new images with open stills; ``None`` where there were none, or it was left out."""
