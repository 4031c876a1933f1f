"""What the review page shows and what its officer has done: traits, no widget."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from traitlets import Any as AnyTrait
from traitlets import Dict, HasTraits, Int, Unicode

from stillgraph.casework import comparing
from stillgraph.dashboards.guard import attempt
from stillgraph.records import (
    ChecklistEntry,
    Comparison,
    CustodyImageId,
    NominalId,
    Observation,
    Outcome,
    Portrayed,
    ReviewItem,
    Strength,
    Verdict,
)

if TYPE_CHECKING:
    from stillgraph.dashboards.review_source import ReviewSource

SETTLED = frozenset({Outcome.CORROBORATED, Outcome.NOT_SUPPORTED})
"""Outcomes that may be told to who brought them about: nobody judges the face blind after that. That a review is still
pending, or that two officers differ, would say how the other judged, so it is not told."""

BETWEEN = " / "
"""Between a component and a characteristic, as the checklist writes them."""


@dataclass(frozen=True, slots=True)
class Done:
    """A judgement just recorded; ``outcome`` only where it may be told."""

    item: ReviewItem
    verdict: Verdict
    nominal_id: NominalId | None
    outcome: Outcome | None


class ReviewState(HasTraits):
    """A dealt list and what its officer has written so far.

    ``item`` is the list under review, ``None`` where nothing waits or it was just judged (``done``). ``nominal`` is the
    candidate being compared, empty at first; ``entries`` are the checklist's, each candidate's own. ``problem`` is the
    sentence of the last failure, empty after a success; what failed leaves everything as it was.
    """

    item = AnyTrait(default_value=None)
    done = AnyTrait(default_value=None)
    waiting = Int(0)
    nominal = Unicode("")
    comparable = AnyTrait(default_value=None)
    entries = Dict()
    still_words = Unicode("")
    custody_words = Unicode("")
    strength = Unicode("")
    reason = Unicode("")
    record = AnyTrait(default_value=None)
    problem = Unicode("")

    def __init__(self, source: ReviewSource) -> None:
        super().__init__()
        self._source = source
        self.officer = source.officer
        self.context: bytes | None = None
        self.chips: Mapping[CustodyImageId, bytes] = {}
        self._entries: dict[str, dict[str, dict[str, str]]] = {}
        self._deal()

    def __repr__(self) -> str:
        return "ReviewState()"

    def next(self) -> None:
        """Have the next list dealt."""
        self._try(self._deal)

    def give_back(self) -> None:
        """Give the list back unjudged and have another dealt."""

        def act() -> None:
            self._source.give_back(self.item.face_id)
            self._deal()

        if self.item is not None:
            self._try(act)

    def again(self) -> None:
        """Take up the list just judged again, with all that was written: the later judgement counts."""
        if self.done is not None:
            with self.hold_trait_notifications():
                self.item, self.done = self.done.item, None

    def choose(self, nominal: str) -> None:
        """Compare a candidate; what was noted of another is kept until the list is judged."""

        def act() -> None:
            found = self._source.comparable(self.item.face_id, NominalId(nominal))
            if self.nominal:
                self._entries[self.nominal] = dict(self.entries)
            with self.hold_trait_notifications():
                self.nominal, self.comparable = nominal, found
                self.entries = self._entries.get(nominal, {})

        if self.item is not None and nominal != self.nominal:
            self._try(act)

    def portrayed(self, key: str) -> Portrayed:
        """Return a picture of the comparison that is open."""
        return self._source.portrayed(self.item.face_id, NominalId(self.nominal), key)

    def comparison(self, verdict: Verdict) -> Comparison:
        """Return what a judgement would rest on; a verdict that supports nobody says of whom its checklist is."""
        supports = verdict is Verdict.SUPPORTS
        checklist = []
        for name, said in self.entries.items():
            component, _, characteristic = name.partition(BETWEEN)
            note = str(said["note"])
            note = note if supports else f"{self.nominal}: {note}".rstrip(": ")
            checklist.append(ChecklistEntry(component, characteristic, Observation(said["observation"]), note))
        strength = Strength(self.strength) if supports and self.strength else None
        return Comparison(self.still_words, self.custody_words, tuple(checklist), strength)

    def blockers(self, verdict: Verdict) -> tuple[str, ...]:
        """Return what stands in the way of a verdict as far as this page knows it, as sentences."""
        if self.item is None:
            return ()
        nominal = NominalId(self.nominal) if verdict is Verdict.SUPPORTS and self.nominal else None
        return comparing.blockers(self.item, verdict, nominal, self.comparison(verdict), self.reason)

    def judge(self, verdict: Verdict) -> None:
        """Record a verdict of the list; supporting is supporting the candidate that is being compared."""

        def act() -> None:
            item: ReviewItem = self.item
            nominal = NominalId(self.nominal) if verdict is Verdict.SUPPORTS and self.nominal else None
            ruling = self._source.judge(item.face_id, verdict, nominal, self.comparison(verdict), self.reason)
            told = ruling.outcome if ruling.outcome in SETTLED else None
            waiting = self._source.waiting()
            with self.hold_trait_notifications():
                self.item, self.done = None, Done(item, verdict, nominal, told)
                self.waiting = waiting

        if self.item is not None:
            self._try(act)

    def look_at_record(self) -> None:
        """Ask for the officer's own record as it is now."""

        def act() -> None:
            self.record = self._source.record()

        self._try(act)

    def _deal(self) -> None:
        with self._source.sitting():
            item = self._source.deal()
            waiting = self._source.waiting()
            context = None if item is None else self._source.in_context(item.face_id)
            chips = {} if item is None else self._source.custody_chips([image for _, image in item.candidates])
        self._entries = {}
        self.context, self.chips = context, chips
        with self.hold_trait_notifications():
            self.nominal, self.comparable, self.entries = "", None, {}
            self.still_words = self.custody_words = self.strength = self.reason = ""
            self.item, self.done, self.waiting = item, None, waiting

    def _try(self, act: Callable[[], None]) -> None:
        self.problem = ""
        attempt(act, self._tell)

    def _tell(self, sentence: str) -> None:
        self.problem = sentence
