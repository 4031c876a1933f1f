"""The vocabulary: frozen dataclasses, typed identifiers and enumerations shared by every layer.

Units stand in the names (``width_px``, ``value_pence``, ``harm_days``); shapes and dtypes in the docstrings. Nothing
here computes, reads or writes. No ``repr`` shows a template, a name or a date of birth.

``StillId``: ``<retailer_id>/<image>`` as in the retailer's manifest.
``CustodyImageId``: ``<nominal_id>/<image>`` as in the custody manifest.
``FaceId``: ``<StillId or CustodyImageId>#<n>``, the n-th face of the image from left to right, counted from 1; faces
that only an enhancement showed come after those.
``EnhancementId``: ``<StillId>~<n>``, the n-th enhancement of the still, counted from 1.
``OffenceId``: the retailer's own reference, prefixed ``<retailer_id>/`` unless it starts so already.
``PersonId``: the nominal id of a person in custody records, else ``series <n>`` (corroborated, not named),
``proposed <n>`` or ``unknown <n>``.
"""

from stillgraph.records.comparisons import Comparable, Pictured, Portrayed, Side
from stillgraph.records.enhancements import EnhancedFace, EnhancedView, Enhancement, Preview, Reproduction
from stillgraph.records.faces import AnalysisRun, Box, Face, ImageAnalysis, Quality, Template
from stillgraph.records.identifiers import (
    CustodyImageId,
    EnhancementId,
    FaceId,
    ModelId,
    NominalId,
    OffenceId,
    OfficerId,
    OperationId,
    PersonId,
    RetailerId,
    SearchId,
    StillId,
    StoreId,
    Vector,
)
from stillgraph.records.offices import AuditEntry, Officer, Operation, Role
from stillgraph.records.persons import (
    Contradiction,
    FaceRuling,
    Linkage,
    LinkStatus,
    Participation,
    Person,
    PersonFace,
    Proposal,
    Says,
)
from stillgraph.records.receipts import Arrest, CustodyImage, IntakeReport, Nominal, Offence, Refusal, Still, Store
from stillgraph.records.reviews import (
    ChecklistEntry,
    Comparison,
    Judgement,
    Observation,
    Outcome,
    ReviewerAccuracy,
    ReviewItem,
    ReviewPolicy,
    Ruling,
    Strength,
    Turn,
    Verdict,
)
from stillgraph.records.searches import (
    Candidate,
    Filters,
    GalleryInfo,
    GalleryStatistics,
    Lead,
    OpenStillsReport,
    Probe,
    ProbeTemplate,
    RefusedImage,
    SearchOutcome,
    SearchReport,
)
from stillgraph.records.standings import Concentration, Ranking, Rate, Standing

__all__ = [
    "AnalysisRun",
    "Arrest",
    "AuditEntry",
    "Box",
    "Candidate",
    "ChecklistEntry",
    "Comparable",
    "Comparison",
    "Concentration",
    "Contradiction",
    "CustodyImage",
    "CustodyImageId",
    "EnhancedFace",
    "EnhancedView",
    "Enhancement",
    "EnhancementId",
    "Face",
    "FaceId",
    "FaceRuling",
    "Filters",
    "GalleryInfo",
    "GalleryStatistics",
    "ImageAnalysis",
    "IntakeReport",
    "Judgement",
    "Lead",
    "LinkStatus",
    "Linkage",
    "ModelId",
    "Nominal",
    "NominalId",
    "Observation",
    "Offence",
    "OffenceId",
    "Officer",
    "OfficerId",
    "OpenStillsReport",
    "Operation",
    "OperationId",
    "Outcome",
    "Participation",
    "Person",
    "PersonFace",
    "PersonId",
    "Pictured",
    "Portrayed",
    "Preview",
    "Probe",
    "ProbeTemplate",
    "Proposal",
    "Quality",
    "Ranking",
    "Rate",
    "Refusal",
    "RefusedImage",
    "Reproduction",
    "RetailerId",
    "ReviewItem",
    "ReviewPolicy",
    "ReviewerAccuracy",
    "Role",
    "Ruling",
    "Says",
    "SearchId",
    "SearchOutcome",
    "SearchReport",
    "Side",
    "Standing",
    "Still",
    "StillId",
    "Store",
    "StoreId",
    "Strength",
    "Template",
    "Turn",
    "Vector",
    "Verdict",
]
