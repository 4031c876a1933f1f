"""Offences compared by how they were committed: what was learned from solved series, and what it proposes."""

from __future__ import annotations

from dataclasses import dataclass

from stillgraph.records.identifiers import FaceId, OffenceId


@dataclass(frozen=True, slots=True)
class Part:
    """A logistic regression of pairs of offences.

    The ratio's decimal logarithm is ``intercept`` plus the sum of ``weights`` times ``features``, in their own units.
    """

    features: tuple[str, ...]
    weights: tuple[float, ...]
    intercept: float


@dataclass(frozen=True, slots=True)
class Reached:
    """How many pairs known to be of one person, and known to be of different ones, reach a likelihood ratio."""

    ratio: float
    linked: int
    unlinked: int


@dataclass(frozen=True, slots=True)
class PairCheck:
    """Likelihood ratios of pairs of offences, measured on people who had no part in learning them.

    ``groups`` are sets of people who offended together, the units of the bootstrap behind the 95 % intervals.
    ``auc``: the chance that a linked pair has a higher ratio than an unlinked one. ``cllr`` and ``cllr_min`` as in
    :class:`~stillgraph.records.Checked`.
    """

    linked: int
    unlinked: int
    groups: int
    auc: float | None = None
    auc_low: float | None = None
    auc_high: float | None = None
    cllr: float | None = None
    cllr_min: float | None = None
    reached: tuple[Reached, ...] = ()
    insufficient: str | None = None


@dataclass(frozen=True, slots=True)
class SeriesModel:
    """What solved series say of pairs of offences.

    The logarithms of both parts are added, as if how an offence is committed and how its faces look were independent
    given who did it; the sum is multiplied by ``damping``, at most 1, shifted by ``shift``, and held between ``lower``
    and ``upper``. ``behaviour_check`` and ``check`` are cross-validated, of behaviour alone and of both.
    """

    series: int
    offences: int
    linked: int
    unlinked: int
    behaviour: Part | None = None
    faces: Part | None = None
    damping: float = 1.0
    shift: float = 0.0
    lower: float | None = None
    upper: float | None = None
    behaviour_check: PairCheck | None = None
    check: PairCheck | None = None
    insufficient: str | None = None


@dataclass(frozen=True, slots=True)
class SeriesProposal:
    """Two offences that may be one person's, for people to look into; never a link.

    ``faces`` are the two most alike, ``score`` their cosine; none where an offence has no usable face. The ratios of
    either part are before damping, within the same bounds. ``known`` names whom review corroborated for one of them.
    """

    offences: tuple[OffenceId, OffenceId]
    faces: tuple[FaceId, ...]
    likelihood_ratio: float
    behaviour_ratio: float
    face_ratio: float | None
    score: float | None
    known: tuple[str, ...]
    reason: str
