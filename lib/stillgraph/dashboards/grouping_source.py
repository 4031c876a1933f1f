"""What the grouping panel asks of a case: the persons of the last linking run, and rulings between their faces."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from stillgraph.casework import analysing, explaining, linking, receiving
from stillgraph.casework.analysing import Dossier
from stillgraph.casework.desk import Desk
from stillgraph.casework.linking import Group, Ruled
from stillgraph.casework.progress import Progress
from stillgraph.records import Explanation, FaceId, PersonId, Says


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """All that a case holds of one person: records and co-offenders, and each offence with what links it."""

    held: Dossier
    page: Explanation


class GroupingSource(Protocol):
    """The questions; :class:`CaseGroups` answers them from a case, a test from what it made up."""

    # ruff: noqa: D102 - said once, at CaseGroups

    def sitting(self) -> AbstractContextManager[None]: ...
    def groups(self) -> tuple[Group, ...]: ...
    def face_chips(self, faces: Iterable[FaceId]) -> Mapping[FaceId, bytes]: ...
    def known(self, person_id: str) -> Known: ...
    def same(self, faces: Sequence[FaceId], reason: str) -> Ruled: ...
    def split(self, faces: Sequence[FaceId], reason: str) -> Ruled: ...
    def move(self, face: FaceId, to_person: str, reason: str) -> Ruled: ...
    def undo(self, number: int, reason: str) -> Ruled: ...
    def link(self, progress: Progress) -> None: ...


class CaseGroups:
    """A case as its officer may see and rule it; ``casework`` permits and records every question."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def __repr__(self) -> str:
        return "CaseGroups()"

    def sitting(self) -> AbstractContextManager[None]:
        """Keep the case open over several actions, each still permitted and recorded by itself."""
        return self._desk.sitting()

    def groups(self) -> tuple[Group, ...]:
        """Return the persons of several faces, and those in a proposal, faces nearest to the others first."""
        return linking.groups(self._desk)

    def face_chips(self, faces: Iterable[FaceId]) -> Mapping[FaceId, bytes]:
        """Return faces of stills as PNG."""
        return receiving.face_chips(self._desk, faces)

    def known(self, person_id: str) -> Known:
        """Return what is held of a person, links that nobody has corroborated among it."""
        with self._desk.sitting():
            return Known(
                analysing.person(self._desk, person_id),
                explaining.why(self._desk, PersonId(person_id), with_proposals=True),
            )

    def same(self, faces: Sequence[FaceId], reason: str) -> Ruled:
        """Rule that faces are one person."""
        return linking.rule(self._desk, faces, Says.SAME, reason=reason or None)

    def split(self, faces: Sequence[FaceId], reason: str) -> Ruled:
        """Rule that faces are not the other faces of their person."""
        return linking.split(self._desk, faces, reason=reason or None)

    def move(self, face: FaceId, to_person: str, reason: str) -> Ruled:
        """Rule that a face is another person."""
        return linking.move(self._desk, face, to_person, reason=reason or None)

    def undo(self, number: int, reason: str) -> Ruled:
        """Take an action's rulings back."""
        return linking.undo(self._desk, number, reason=reason or None)

    def link(self, progress: Progress) -> None:
        """Link all faces anew."""
        linking.link(self._desk, progress=progress)
