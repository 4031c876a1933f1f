"""Judgements of candidate lists, what they rest on, and what they amount to."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from stillgraph.records.identifiers import CustodyImageId, FaceId, NominalId, OfficerId, SearchId, StillId
from stillgraph.records.standings import Rate


class Verdict(StrEnum):
    """What one officer says of one candidate list."""

    SUPPORTS = "supports"
    NO_CANDIDATE = "no candidate"
    INCONCLUSIVE = "inconclusive"


class Strength(StrEnum):
    """How strongly a comparison supports that two images show one person: the verbal scale of ``SUPPORTS``.

    Words and no numbers, since nothing here has measured how often an officer who says them is right.
    """

    LIMITED = "limited support"
    MODERATE = "moderate support"
    STRONG = "strong support"


class Observation(StrEnum):
    """What was seen of one characteristic when two images were compared."""

    BOTH = "observed in both"
    DIFFERS = "differs"
    NOT_VISIBLE = "not visible"


class Outcome(StrEnum):
    """What the officers' verdicts together amount to."""

    PENDING = "pending"
    CORROBORATED = "corroborated"
    NOT_SUPPORTED = "not supported"
    DISPUTED = "disputed"


class Turn(StrEnum):
    """Why a list is put before an officer, as far as they may know.

    A first review, a blind second one and a trial are all ``INDEPENDENT``: none can be told from another.
    """

    INDEPENDENT = "independent"
    THIRD = "third"


@dataclass(frozen=True, slots=True)
class ChecklistEntry:
    """One line of the morphological checklist (:mod:`stillgraph.review.checklist`)."""

    component: str
    characteristic: str
    observation: Observation
    note: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a judgement rests on: an assessment of both images in words, and what was compared.

    ``strength`` goes with ``SUPPORTS``, and only with it. Never a distance or an angle: the checklist is of forms.
    """

    still: str
    """What the still allows and does not: pose, light, focus, what is covered."""
    custody: str
    """The same of the candidates' custody images."""
    checklist: tuple[ChecklistEntry, ...] = ()
    strength: Strength | None = None


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
    comparison: Comparison | None = None
    """``None`` of a judgement made before comparisons were asked for."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """The outcome of a review and, if corroborated, of whom."""

    outcome: Outcome
    nominal_id: NominalId | None = None


@dataclass(frozen=True, slots=True)
class ReviewItem:
    """A candidate list waiting for an officer, as that officer may see it: no score, nobody else's verdict.

    ``candidates`` stand in the order this officer is to see them in, which is not the rank order where the policy
    shuffles.
    """

    face_id: FaceId
    still: StillId
    search_id: SearchId
    candidates: tuple[tuple[NominalId, CustodyImageId], ...]
    turn: Turn = Turn.INDEPENDENT
    scores: tuple[float, ...] | None = None
    """Of the candidates, in their order; ``None`` while the policy is blind."""
    reserved_until: datetime | None = None
    """Until when it is kept for this officer, where it was dealt."""


@dataclass(frozen=True, slots=True)
class ReviewPolicy:
    """How reviews are dealt in a case; each change is a recorded action and counts from then on."""

    number: int = 0
    """Counts the policies of a case; 0 is what holds where none was set."""
    blind: bool = True
    """No score and no likelihood ratio before the officer has judged."""
    shuffled: bool = True
    """Candidates in an order of each officer's own, so that none of them tells the rank."""
    trial_share: float = 0.09
    """Share of dealt lists that are trials with the right person absent."""
    present_share: float = 0.03
    """Share that are trials with the right person present, without which no accuracy is corrected for chance."""
    reserved_minutes: int = 30
    """How long a dealt list is kept for one officer."""
    seed: int = 20261125


@dataclass(frozen=True, slots=True)
class ReviewerAccuracy:
    """How one officer did in trials, and how long they take over a list.

    Trials only: what two officers agreed on is not known to be true, and lists that a third decided are the hard ones.
    """

    officer: OfficerId
    absent: Rate
    """Of trials with the right person absent: supported nobody."""
    present: Rate
    """Of trials with the right person present: supported that person."""
    wrong_person: Rate
    """Of all trials: supported somebody who is not that person."""
    inconclusive: int
    """Of all trials, how many were left inconclusive; counted above as supporting nobody."""
    chance_corrected: float | None
    """``present`` + ``absent`` - 1: 1 of an officer who never errs, at most 0 of one who does not look."""
    chance_corrected_low: float | None
    chance_corrected_high: float | None
    insufficient: str | None
    """Why there is no chance-corrected accuracy, if there is none."""
    decisions: int
    """Dealt lists judged, trials among them, over which the times are taken."""
    seconds_median: float | None
    seconds_quartiles: tuple[float, float] | None
