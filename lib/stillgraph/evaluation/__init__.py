"""Error rates against known truth, each with its count of trials and interval.

Terms follow ISO/IEC 19795-1 and NIST's FRTE: a mated search is of somebody in the gallery, a non-mated one of
somebody who is not. A failure to acquire (no usable face) stays a trial in every rate.
"""

from stillgraph.evaluation.benchmark import Fold, Separation, separation
from stillgraph.evaluation.calibration import KnownSearch, calibrate, measure, ratio
from stillgraph.evaluation.grouping import Agreement, agreement
from stillgraph.evaluation.identification import (
    FPIR_TARGETS,
    GroupRates,
    IdentificationResult,
    IdentificationTrial,
    identification,
)
from stillgraph.evaluation.linkage import LinkageMeasure, Share, linkage
from stillgraph.evaluation.lookalike import look_alike
from stillgraph.evaluation.policy import applicable, fpir_thresholds
from stillgraph.evaluation.rates import wilson
from stillgraph.evaluation.truth import TruthFace, assign, read_truth
from stillgraph.evaluation.verbal import shown, verbal
from stillgraph.evaluation.verification import FAR_TARGETS, VerificationResult, verification

__all__ = [
    "FAR_TARGETS",
    "FPIR_TARGETS",
    "Agreement",
    "Fold",
    "GroupRates",
    "IdentificationResult",
    "IdentificationTrial",
    "KnownSearch",
    "LinkageMeasure",
    "Separation",
    "Share",
    "TruthFace",
    "VerificationResult",
    "agreement",
    "applicable",
    "assign",
    "calibrate",
    "fpir_thresholds",
    "identification",
    "linkage",
    "look_alike",
    "measure",
    "ratio",
    "read_truth",
    "separation",
    "shown",
    "verbal",
    "verification",
    "wilson",
]
