"""Galleries, candidates and searches."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from stillgraph.records.faces import Box, Quality
from stillgraph.records.identifiers import CustodyImageId, EnhancementId, FaceId, ModelId, NominalId, SearchId, StillId


@dataclass(frozen=True, slots=True)
class GalleryInfo:
    """Which gallery was searched: ``size`` in custody images, ``version`` a digest of its entries."""

    size: int
    version: str


@dataclass(frozen=True, slots=True)
class Filters:
    """Which custody images a search is to look at, by what custody recorded; nothing is inferred from a face.

    What is empty or ``None`` filters nothing. An image of which an attribute is not recorded is left out where there
    is a filter on it.
    """

    captured_since: date | None = None
    captured_until: date | None = None
    sex: tuple[str, ...] = ()
    age_from: int | None = None
    """Whole years at capture, by the recorded date of birth."""
    age_to: int | None = None
    conviction_status: tuple[str, ...] = ()
    area: tuple[str, ...] = ()
    """Where the person was in custody, as the manifest calls it."""
    force: tuple[str, ...] = ()
    """The police force whose image it is."""
    basis: tuple[str, ...] = ()
    """The lawful basis on which it is held."""
    exclude: tuple[NominalId, ...] = ()
    """Nominals never to be listed."""
    review_on: date | None = None
    """Images whose retention was to be reviewed before this day are not searched."""


@dataclass(frozen=True, slots=True)
class GalleryStatistics:
    """What an index holds: custody images, persons, and what they cost."""

    engine: str
    images: int
    persons: int
    segments: int
    deleted_rows: int
    """Rows marked as deleted and not yet erased by a compaction."""
    dimension: int
    number: str
    """How a template's numbers are kept: ``float32`` or ``float16``."""
    vector_bytes: int


class EngineChoice(StrEnum):
    """How the gallery of a case is to be searched."""

    AUTO = "auto"
    """By the rule of :mod:`stillgraph.gallery.choice`."""
    EXACT = "exact"
    COMPRESSED = "compressed"


@dataclass(frozen=True, slots=True)
class LossCheck:
    """Faces of the case searched by the gallery's codes and again exactly: how many mates the codes lost.

    Whom the exact search lists first stands for the mate.
    """

    check_id: int
    checked_at: datetime
    model: ModelId
    gallery: GalleryInfo
    limit: int
    """Persons on a list."""
    seed: int
    """Of the sample."""
    probes: int
    lost: int
    """Probes whose mate is on no list of the codes."""
    differing: int
    """Probes whose lists differ anywhere."""
    upper_bound: float
    """Upper end of the one-sided 95 % Clopper-Pearson interval of the share lost."""
    bound: float
    """The share that was to be shown not to be exceeded."""


@dataclass(frozen=True, slots=True)
class GalleryStatus:
    """How the gallery of a case is searched now, what it holds, and what is known of its losses."""

    choice: EngineChoice
    engine: str
    """The engine in use: ``exact`` or ``compressed``."""
    why: str
    gallery: GalleryInfo
    model: ModelId
    persons: int
    segments: int
    deleted_rows: int
    dimension: int
    number: str
    vector_bytes: int
    code_bytes: int
    """What codes take in memory; 0 where there are none."""
    disk_bytes: int
    check: LossCheck | None
    """The check that tells most, of this gallery or of what it was before."""
    said: str
    """What may be said of losses, and no more."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One person on a candidate list, with that person's best custody image. ``score`` is a cosine, -1 to 1."""

    rank: int
    nominal_id: NominalId
    custody_image: CustodyImageId
    score: float
    likelihood_ratio: float | None = None
    """How many times more likely this score is if this is the person than if it is the best of all others; ``None`` for
    all but the first, and where no calibration covers the face (:mod:`stillgraph.evaluation.calibration`)."""


class SearchOutcome(StrEnum):
    """What a search of one face came to."""

    CANDIDATES = "candidates"
    NO_CANDIDATE = "no candidate above threshold"
    NOBODY_AT_FPIR = "no candidate above the threshold for the FPIR"
    UNUSABLE = "not searched: unusable face"


class ProbeTemplate(StrEnum):
    """From which picture the template of a probe is."""

    ORIGINAL = "original"
    BOTH = "original and enhanced picture"
    ENHANCED = "enhanced picture only"
    TOGETHER = "several faces together"


class Combined(StrEnum):
    """How several faces are searched as one."""

    MEAN = "mean"
    """By the mean of their templates."""
    BEST = "best"
    """Each person by the face that is most alike to them."""


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
    template: ProbeTemplate = ProbeTemplate.ORIGINAL
    look_alike: str | None = None
    """A warning where the second candidate scores nearly as high as the first."""


@dataclass(frozen=True, slots=True)
class RefusedImage:
    """A file from outside the case that was not searched, and why."""

    image: str
    reason: str


@dataclass(frozen=True, slots=True)
class AppliedThreshold:
    """The threshold of a stored policy that a search was made with; see :class:`~stillgraph.records.FpirThreshold`."""

    policy_id: int
    fpir: float
    gallery: int
    threshold: float
    low: float | None
    high: float | None
    searches: int


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
    provider: str | None = None
    """The onnxruntime provider that really ran the networks, where an image from outside was analysed."""
    images_per_s: float | None = None
    """Likewise: images analysed a second."""
    enhancement: EnhancementId | None = None
    """The enhancement whose views were added to the probes."""
    together: bool = False
    """Whether the probes were searched as one."""
    combined: Combined | None = None
    """How, where they were."""
    refused: tuple[RefusedImage, ...] = ()
    """The files of a folder from outside that could not be searched."""
    filters: Filters = Filters()
    """Which custody images the search was to look at."""
    images_searched: int | None = None
    """How many the filters left; ``None`` of a search made before there were any, which looked at all."""
    occasion: str | None = None
    """What made it but an officer's asking: ``enrolment of delivery 3``."""
    engine: str = "exact"
    """``exact``: every image the filters left was compared; ``compressed``: codes first, the best scored exactly."""
    check: LossCheck | None = None
    """The check that told most of a compressed search; ``None`` of an exact one, which loses nobody."""
    said: str = ""
    """What may be said of whom the engine loses, and no more."""
    calibration: int | None = None
    """The number of the calibration behind the likelihood ratios."""
    without_ratio: tuple[str, ...] = ()
    """Why likelihood ratios are missing, in sentences."""
    fpir: AppliedThreshold | None = None
    """The policy the threshold is of, where a target FPIR was asked for."""


@dataclass(frozen=True, slots=True)
class Lead:
    """An open face on whose candidate list somebody newly enrolled stands, so that it waits for review."""

    face_id: FaceId
    still: StillId
    rank: int
    nominal_id: NominalId
    custody_image: CustodyImageId
    score: float
    """A cosine, -1 to 1."""
    judged_before: bool
    """Whether officers had judged an earlier list, so that their judgements count no more."""


@dataclass(frozen=True, slots=True)
class OpenStillsReport:
    """What came of comparing new custody images with the faces of open stills."""

    searches: tuple[SearchId, ...]
    """The searches whose lists wait for review, as a rule one; none without a lead."""
    deliveries: tuple[int, ...]
    """The custody deliveries that the images came with."""
    images: int
    """The new custody images with a template that were compared."""
    newcomers: int
    """Whose they are, in persons."""
    open_faces: int
    places: int
    """Within how many first places of a list somebody new makes a lead; 0 where there was nothing to compare."""
    chance: float
    """That people who are on no still make a lead of a face, at most."""
    limit: int
    threshold: float
    leads: tuple[Lead, ...]
    elapsed_s: float
