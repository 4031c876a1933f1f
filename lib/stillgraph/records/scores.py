"""What scores mean: likelihood ratios learned from searches of known truth, and thresholds for a stated FPIR."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from stillgraph.records.identifiers import ModelId, OfficerId


@dataclass(frozen=True, slots=True)
class SupportCount:
    """How often likelihood ratios of one verbal class were given, rightly and not.

    ``same`` and ``different`` are first candidates who were the person and who were somebody else. Counted in the whole
    gallery only.
    """

    support: str
    same: int
    different: int


@dataclass(frozen=True, slots=True)
class Checked:
    """Likelihood ratios measured on first candidates that had no part in learning them.

    ``cllr`` is the cost of the log likelihood ratio (Brummer and du Preez 2006): 0 is perfect, 1 is no better than
    saying nothing; its interval is a bootstrap's over people. ``cllr_min`` is what perfect calibration would leave of
    it, ``devpav`` how far the ratios lie from those that pool-adjacent-violators make of them, in powers of ten
    (Vergeer et al. 2021); ``None`` where that is not defined.
    """

    same: int
    same_people: int
    different: int
    different_people: int
    cllr: float | None = None
    cllr_low: float | None = None
    cllr_high: float | None = None
    cllr_min: float | None = None
    devpav: float | None = None
    support: tuple[SupportCount, ...] = ()
    insufficient: str | None = None


@dataclass(frozen=True, slots=True)
class Curve:
    """From score to likelihood ratio, for faces of one band in a gallery of so many persons.

    The ratio's decimal logarithm is ``intercept + slope * score``, held between ``lower`` and ``upper``; all four are
    ``None`` where data are too thin, and ``insufficient`` says so. ``checked`` is by cross-validation over people.
    """

    band: str
    gallery: int
    same: int
    same_people: int
    different: int
    different_people: int
    slope: float | None = None
    intercept: float | None = None
    lower: float | None = None
    upper: float | None = None
    checked: Checked | None = None
    insufficient: str | None = None


@dataclass(frozen=True, slots=True)
class Calibration:
    """The curves learned from one set of searches of known truth, and where they come from.

    ``gallery`` is in persons. ``digest`` is the SHA-256 of the rows of truth used, ``synthetic`` whether they are of a
    demonstration's made-up people.
    """

    calibration_id: int | None
    model: ModelId
    gallery: int
    gallery_version: str
    source: str
    digest: str
    retailers: tuple[str, ...]
    method: str
    software: str
    seed: int
    synthetic: bool
    curves: tuple[Curve, ...]
    officer: OfficerId
    made_at: datetime


@dataclass(frozen=True, slots=True)
class FpirThreshold:
    """The threshold at which at most ``fpir`` of searches for a stranger return anybody, in a gallery of N persons.

    ``band`` is ``all`` or one band's. It was read off ``searches`` non-mated searches of ``people`` people in a gallery
    of ``measured_gallery``, of which ``returned`` returned somebody at it; ``low`` and ``high`` bound it with 95 %.
    """

    band: str
    fpir: float
    gallery: int
    measured_gallery: int
    searches: int
    people: int
    threshold: float | None = None
    low: float | None = None
    high: float | None = None
    returned: int | None = None
    insufficient: str | None = None


@dataclass(frozen=True, slots=True)
class FpirPolicy:
    """A threshold for a stated FPIR as an officer set it, with the data it rests on; see :class:`Calibration`."""

    policy_id: int | None
    model: ModelId
    fpir: float
    gallery: int
    measured_gallery: int
    gallery_version: str
    source: str
    digest: str
    retailers: tuple[str, ...]
    seed: int
    synthetic: bool
    thresholds: tuple[FpirThreshold, ...]
    officer: OfficerId
    made_at: datetime
