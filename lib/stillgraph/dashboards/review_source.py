"""What the review page asks of a case, as the officer at the desk may ask it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from typing import Protocol

from stillgraph.casework import comparing, receiving, reviewing
from stillgraph.casework.desk import Desk
from stillgraph.records import (
    Comparable,
    Comparison,
    CustodyImageId,
    FaceId,
    NominalId,
    Portrayed,
    ReviewerAccuracy,
    ReviewItem,
    Ruling,
    Verdict,
)


class ReviewSource(Protocol):
    """The questions; :class:`CaseReviews` answers them from a case, a test from what it made up."""

    # ruff: noqa: D102 - said once, at CaseReviews

    @property
    def officer(self) -> str: ...
    def sitting(self) -> AbstractContextManager[None]: ...
    def waiting(self) -> int: ...
    def deal(self) -> ReviewItem | None: ...
    def give_back(self, face_id: FaceId) -> None: ...
    def in_context(self, face_id: FaceId) -> bytes: ...
    def custody_chips(self, images: Iterable[CustodyImageId]) -> Mapping[CustodyImageId, bytes]: ...
    def comparable(self, face_id: FaceId, nominal_id: NominalId) -> Comparable: ...
    def portrayed(self, face_id: FaceId, nominal_id: NominalId, key: str) -> Portrayed: ...
    def judge(
        self, face_id: FaceId, verdict: Verdict, nominal_id: NominalId | None, comparison: Comparison, reason: str
    ) -> Ruling: ...
    def record(self) -> ReviewerAccuracy: ...


class CaseReviews:
    """A case as its reviewer may see it; ``casework`` permits and records every question."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def __repr__(self) -> str:
        return "CaseReviews()"

    @property
    def officer(self) -> str:
        """Who reviews; empty where nobody is named."""
        return self._desk.claim.officer or ""

    def sitting(self) -> AbstractContextManager[None]:
        """Keep the case open over several questions, each still permitted and recorded by itself."""
        return self._desk.sitting()

    def waiting(self) -> int:
        """Return how many lists wait for the officer."""
        return len(reviewing.queue(self._desk))

    def deal(self) -> ReviewItem | None:
        """Return the next list, kept for the officer for a while; ``None`` where nothing waits."""
        return reviewing.deal(self._desk)

    def give_back(self, face_id: FaceId) -> None:
        """Give a dealt list back unjudged."""
        reviewing.give_back(self._desk, face_id)

    def in_context(self, face_id: FaceId) -> bytes:
        """Return the whole still with the face framed, as a PNG."""
        return comparing.in_context(self._desk, face_id)

    def custody_chips(self, images: Iterable[CustodyImageId]) -> Mapping[CustodyImageId, bytes]:
        """Return custody images' faces as PNG."""
        return receiving.custody_chips(self._desk, images)

    def comparable(self, face_id: FaceId, nominal_id: NominalId) -> Comparable:
        """Return what there is to look at of a face and a candidate."""
        return comparing.comparable(self._desk, face_id, nominal_id)

    def portrayed(self, face_id: FaceId, nominal_id: NominalId, key: str) -> Portrayed:
        """Return one of those pictures, aligned on the eyes."""
        return comparing.portrayed(self._desk, face_id, nominal_id, key)

    def judge(
        self, face_id: FaceId, verdict: Verdict, nominal_id: NominalId | None, comparison: Comparison, reason: str
    ) -> Ruling:
        """Record the officer's judgement; return what the officers' verdicts amount to."""
        return reviewing.judge(
            self._desk, face_id, verdict, nominal_id=nominal_id, comparison=comparison, reason=reason
        )

    def record(self) -> ReviewerAccuracy:
        """Return how the officer did in trials, and how long they take."""
        return reviewing.accuracy(self._desk)
