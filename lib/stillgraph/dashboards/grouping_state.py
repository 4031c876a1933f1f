"""What the grouping panel shows and what its officer has chosen: traits, no widget."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from traitlets import Any as AnyTrait
from traitlets import HasTraits, Unicode

from stillgraph.dashboards.guard import attempt
from stillgraph.dashboards.progress_state import LongWork
from stillgraph.records import FaceId

if TYPE_CHECKING:
    from stillgraph.casework.linking import Group, Ruled
    from stillgraph.casework.progress import Progress
    from stillgraph.dashboards.grouping_source import GroupingSource

MOST = 60
"""Faces shown of one person, the nearest to the others first; more would be leafed over, not looked at."""


class GroupingState(HasTraits):
    """The persons of the last linking run, one of them open, and the faces of it that are chosen.

    ``said`` is what the last action came to; ``problem`` the sentence of the last failure, empty after a success. A
    ruling shows in the persons once they are linked anew.
    """

    groups = AnyTrait(default_value=())
    person_id = Unicode("")
    chosen = AnyTrait(default_value=frozenset())
    reason = Unicode("")
    said = Unicode("")
    acts = AnyTrait(default_value=())
    """What was ruled here and can be undone, each the numbers that one action is taken back by; the last one last."""
    known = AnyTrait(default_value=None)
    """What is held of the open person, once somebody has asked."""
    problem = Unicode("")

    def __init__(self, source: GroupingSource) -> None:
        super().__init__()
        self._source = source
        self.work = LongWork()
        self.chips: Mapping[FaceId, bytes] = {}
        self._read()

    def __repr__(self) -> str:
        return "GroupingState()"

    @property
    def group(self) -> Group | None:
        """The person that is open."""
        return next((group for group in self.groups if group.person.person_id == self.person_id), None)

    @property
    def shown(self) -> tuple[FaceId, ...]:
        """The faces shown of that person, nearest to the others first."""
        return () if self.group is None else tuple(face.face_id for face in self.group.faces[:MOST])

    def open(self, person_id: str) -> None:
        """Look at a person; nothing of the last one stays chosen."""

        def act() -> None:
            self.chips = self._faces_of(self.groups, person_id)
            with self.hold_trait_notifications():
                self.chosen, self.person_id, self.known = frozenset(), person_id, None

        self._try(act)

    def learn(self) -> None:
        """Ask what is held of the open person."""

        def act() -> None:
            self.known = self._source.known(self.person_id)

        self._try(act)

    def choose(self, faces: Collection[FaceId]) -> None:
        """Choose these faces and no others."""
        self.chosen = frozenset(faces) & frozenset(self.shown)

    def odd(self) -> tuple[FaceId, ...]:
        """Return the faces shown that lie far from the others."""
        return () if self.group is None else tuple(face.face_id for face in self.group.faces[:MOST] if face.odd)

    def confirm(self) -> None:
        """Rule that the chosen faces are one person."""
        self._rule("Ruled: {count} are one person.", lambda faces: [self._source.same(faces, self.reason)])

    def part(self) -> None:
        """Rule that the chosen faces are not the person's other faces."""
        self._rule("Ruled: {count} are not the others.", lambda faces: [self._source.split(faces, self.reason)])

    def move(self, to_person: str) -> None:
        """Rule that the chosen faces are another person of this linking run, and not this one."""
        self._rule(f"Ruled: {{count}} moved to {to_person}.", lambda faces: self._moved(faces, to_person))

    def undo(self) -> None:
        """Take back what was last ruled here; taking back is a ruling of its own."""

        def act() -> None:
            *before, last = self.acts
            for number in reversed(last):
                self._source.undo(number, self.reason)
            self.acts = tuple(before)
            self.said = "Taken back."

        if self.acts:
            self._try(act)

    def link(self) -> None:
        """Begin to link all faces anew, so that what was ruled shows."""
        self.problem = ""
        self.work.start(self._link, lambda _linked: self._linked(), begins="Reading what was ruled")

    def _link(self, progress: Progress) -> bool:
        self._source.link(progress)
        return True

    def _linked(self) -> None:
        self._read()
        self.said = "Linked anew."

    def _rule(self, said: str, rule: Callable[[Sequence[FaceId]], Sequence[Ruled]]) -> None:
        def act() -> None:
            faces = [face for face in self.shown if face in self.chosen]
            made = rule(faces)
            count = f"{len(faces)} face" + ("" if len(faces) == 1 else "s")
            against = list(dict.fromkeys(one.reason for ruled in made for one in ruled.contradictions))
            with self.hold_trait_notifications():
                self.acts = (*self.acts, tuple(ruled.act for ruled in made))
                self.said = " ".join([said.format(count=count), *against])
                self.chosen = frozenset()

        self._try(act)

    def _moved(self, faces: Sequence[FaceId], to_person: str) -> list[Ruled]:
        with self._source.sitting():
            return [self._source.move(face, to_person, self.reason) for face in faces]

    def _read(self) -> None:
        groups = self._source.groups()
        ids = [group.person.person_id for group in groups]
        first = self.person_id if self.person_id in ids else next(iter(ids), "")
        self.chips = self._faces_of(groups, first)
        with self.hold_trait_notifications():
            self.groups, self.person_id, self.chosen, self.known = groups, first, frozenset(), None

    def _faces_of(self, groups: Sequence[Group], person_id: str) -> Mapping[FaceId, bytes]:
        found = [face.face_id for one in groups if one.person.person_id == person_id for face in one.faces[:MOST]]
        return self._source.face_chips(found) if found else {}

    def _try(self, act: Callable[[], None]) -> None:
        self.problem = ""
        attempt(act, self._tell)

    def _tell(self, sentence: str) -> None:
        self.problem = sentence
