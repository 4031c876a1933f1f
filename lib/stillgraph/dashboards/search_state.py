"""What the search page shows and what its analyst asks: traits, no widget."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from traitlets import Any as AnyTrait
from traitlets import Bool, HasTraits, Unicode

from stillgraph.casework import looking, picturing, receiving, searching, waiting
from stillgraph.dashboards.guard import attempt
from stillgraph.dashboards.progress_state import LongWork
from stillgraph.errors import NotFound
from stillgraph.records import Box, CustodyImageId, FaceId, Filters, NominalId, Quality, StillId

if TYPE_CHECKING:
    from stillgraph.casework.desk import Desk
    from stillgraph.casework.picturing import History, Picture, StillListed
    from stillgraph.casework.progress import Progress
    from stillgraph.casework.waiting import SearchedAll
    from stillgraph.records import Probe, SearchReport

CARDS = 10
"""Candidates shown as cards; the list has more."""


@dataclass(frozen=True, slots=True)
class SeenFace:
    """A face of the picture that is looked at."""

    face_id: FaceId
    box: Box
    usable: bool
    why_not: str | None
    quality: Quality
    band_means: str | None


class SearchSource(Protocol):
    """The questions; :class:`CaseSearches` answers them from a case, a test from what it made up."""

    # ruff: noqa: D102 - said once, at CaseSearches

    def sitting(self) -> AbstractContextManager[None]: ...
    def stills(self) -> tuple[StillListed, ...]: ...
    def shows_scores(self) -> bool: ...
    def recorded(self) -> Mapping[str, tuple[str, ...]]: ...
    def still_of(self, data: bytes) -> StillId | None: ...
    def picture(self, still: StillId) -> Picture: ...
    def shown(self, data: bytes, name: str) -> Picture: ...
    def faces(self, still: StillId) -> tuple[SeenFace, ...]: ...
    def kept(self, still: StillId) -> SearchReport | None: ...
    def search(self, still: StillId, filters: Filters, *, past_review: bool) -> SearchReport: ...
    def search_dropped(self, name: str, data: bytes, filters: Filters, *, past_review: bool) -> SearchReport: ...
    def search_waiting(self, progress: Progress) -> SearchedAll: ...
    def custody_chips(self, images: Sequence[CustodyImageId]) -> Mapping[CustodyImageId, bytes]: ...
    def histories(self, nominals: Sequence[NominalId]) -> Mapping[NominalId, History]: ...


class CaseSearches:
    """A case as its analyst searches it; ``casework`` permits and records every question."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def __repr__(self) -> str:
        return "CaseSearches()"

    def sitting(self) -> AbstractContextManager[None]:
        """Keep the case open over several questions."""
        return self._desk.sitting()

    def stills(self) -> tuple[StillListed, ...]:
        """Return the stills, those not searched yet first."""
        return picturing.stills(self._desk)

    def shows_scores(self) -> bool:
        """Say whether this officer is to see scores."""
        return picturing.shows_scores(self._desk)

    def recorded(self) -> Mapping[str, tuple[str, ...]]:
        """Return the words that custody recorded, to narrow the gallery by."""
        return picturing.recorded(self._desk)

    def still_of(self, data: bytes) -> StillId | None:
        """Return the still that has these very bytes."""
        return picturing.still_of(self._desk, data)

    def picture(self, still: StillId) -> Picture:
        """Return a still to look at."""
        return picturing.picture(self._desk, still)

    def shown(self, data: bytes, name: str) -> Picture:
        """Return a picture from outside to look at."""
        return picturing.shown(data, name)

    def faces(self, still: StillId) -> tuple[SeenFace, ...]:
        """Return the faces of a still, left to right."""
        found = looking.face_quality(self._desk, still).faces
        return tuple(SeenFace(f.face_id, f.box, f.usable, f.unusable_reason, f.quality, f.band_means) for f in found)

    def kept(self, still: StillId) -> SearchReport | None:
        """Return what the latest search of a still came to, ``None`` where there was none."""
        try:
            return searching.candidate_lists(self._desk, still)
        except NotFound:
            return None

    def search(self, still: StillId, filters: Filters, *, past_review: bool) -> SearchReport:
        """Search a still; its lists go to review."""
        return searching.search(self._desk, stills=[still], filters=filters, past_review=past_review)

    def search_dropped(self, name: str, data: bytes, filters: Filters, *, past_review: bool) -> SearchReport:
        """Search a picture from outside; nothing of it is kept."""
        return picturing.search_dropped(
            self._desk, name, data, limit=searching.DEFAULT_LIMIT, filters=filters, past_review=past_review
        )

    def search_waiting(self, progress: Progress) -> SearchedAll:
        """Search every still that waits."""
        return waiting.search_waiting(self._desk, progress=progress)

    def custody_chips(self, images: Sequence[CustodyImageId]) -> Mapping[CustodyImageId, bytes]:
        """Return custody images' faces."""
        return receiving.custody_chips(self._desk, images)

    def histories(self, nominals: Sequence[NominalId]) -> Mapping[NominalId, History]:
        """Return what custody holds of nominals."""
        return picturing.histories(self._desk, nominals)


class SearchState(HasTraits):
    """A picture, its faces, one of them chosen, and the candidates of the last search.

    ``still`` is the case's still that is looked at, empty where the picture was dropped and is not the case's.
    ``in_review`` says that the lists shown were sent to review. ``report`` falls when another picture is looked at;
    ``cards`` is what is shown of the chosen face's candidates. ``problem`` is the sentence of the last failure, empty
    after a success.
    """

    stills = AnyTrait(default_value=())
    still = Unicode("")
    picture = AnyTrait(default_value=None)
    faces = AnyTrait(default_value=())
    face_id = Unicode("")
    report = AnyTrait(default_value=None)
    in_review = Bool(default_value=False)
    cards = AnyTrait(default_value=())
    said = Unicode("")
    problem = Unicode("")

    def __init__(self, source: SearchSource) -> None:
        super().__init__()
        self._source = source
        self._dropped: tuple[str, bytes] | None = None
        self.work = LongWork()
        self.filters, self.past_review = Filters(), False
        self.shows_scores = source.shows_scores()
        self.recorded = source.recorded()
        self.chips: Mapping[CustodyImageId, bytes] = {}
        self.histories: Mapping[NominalId, History] = {}
        self.stills = source.stills()

    def __repr__(self) -> str:
        return "SearchState()"

    @property
    def probe(self) -> Probe | None:
        """The chosen face as it was searched."""
        probes = () if self.report is None else self.report.probes
        return next((one for one in probes if one.face_id == self.face_id), None)

    @property
    def waiting(self) -> int:
        """How many stills no search has covered yet."""
        return sum(not one.searched for one in self.stills)

    def pick(self, still: str) -> None:
        """Look at a still of the case, and at the candidates it has already."""

        def act() -> None:
            picture, faces = self._source.picture(StillId(still)), self._source.faces(StillId(still))
            kept = self._source.kept(StillId(still))
            self._dropped = None
            self._show(still, picture, faces, kept)

        if still:
            self._try(act)

    def drop(self, name: str, data: bytes) -> None:
        """Look at a picture that was dropped; if it is a still of the case, byte for byte, at that one."""

        def act() -> None:
            held = self._source.still_of(data)
            if held is not None:
                self.pick(held)
                self.said = self.said or f"That is {held} of this case."
                return
            picture = self._source.shown(data, name)
            report = self._source.search_dropped(name, data, self.filters, past_review=self.past_review)
            self._dropped = (name, data)
            self._show("", picture, _seen(report), report)

        self._try(act)

    def choose(self, face_id: str) -> None:
        """Choose a face."""
        self._try(lambda: self._deal(face_id))

    def search(self) -> None:
        """Search the picture; the lists of a still of the case go to review."""

        def act() -> None:
            if self._dropped is not None:
                found = self._source.search_dropped(*self._dropped, self.filters, past_review=self.past_review)
            else:
                found = self._source.search(StillId(self.still), self.filters, past_review=self.past_review)
            kept = self.face_id
            with self.hold_trait_notifications():
                self.report, self.in_review = found, self._dropped is None
            self._deal(kept)
            if self._dropped is None:
                self.stills = self._source.stills()
                self.said = "Searched and sent to review. You searched it, so two other officers judge it."

        if self.picture is not None:
            self._try(act)

    def search_waiting(self) -> None:
        """Begin to search every still that waits."""
        self.work.start(self._source.search_waiting, self._searched, begins="Reading which stills wait")

    def _searched(self, done: SearchedAll) -> None:
        self.stills = self._source.stills()
        self.said = f"{done.stills:,} stills and {done.faces:,} faces searched; {done.lists:,} lists went to review."

    def _show(self, still: str, picture: Picture, faces: Sequence[SeenFace], report: SearchReport | None) -> None:
        first = next((one.face_id for one in faces if one.usable), faces[0].face_id if faces else FaceId(""))
        with self.hold_trait_notifications():
            self.still, self.picture, self.faces = still, picture, tuple(faces)
            self.report, self.in_review = report, report is not None and bool(still)
        self._deal(first)

    def _deal(self, face_id: str) -> None:
        """Show the candidates of one face."""
        probes = () if self.report is None else self.report.probes
        probe = next((one for one in probes if one.face_id == face_id), None)
        shown = () if probe is None else probe.candidates[:CARDS]
        self.chips = self._source.custody_chips([one.custody_image for one in shown]) if shown else {}
        self.histories = self._source.histories([one.nominal_id for one in shown]) if shown else {}
        with self.hold_trait_notifications():
            self.face_id, self.cards = face_id, (self.report, shown)

    def _try(self, act: Callable[[], None]) -> None:
        with self.hold_trait_notifications():
            self.problem = self.said = ""

        def sit() -> None:
            with self._source.sitting():
                act()

        attempt(sit, self._tell)

    def _tell(self, sentence: str) -> None:
        self.problem = sentence


def _seen(report: SearchReport) -> tuple[SeenFace, ...]:
    """Return the faces of a picture from outside, which were found when it was searched."""
    bands = {probe.quality.band for probe in report.probes}
    means = {band: " ".join(looking.band_sentences([band])) or None for band in bands}
    return tuple(
        SeenFace(
            probe.face_id, probe.box, probe.usable, None if probe.usable else "too small or unclear to be searched",
            probe.quality, means.get(probe.quality.band),
        )
        for probe in report.probes
    )  # fmt: skip
