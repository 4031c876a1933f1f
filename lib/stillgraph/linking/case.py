"""The faces of a case as linking sees them: rows, ascending by face id, with their templates."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stillgraph.records import (
    Box,
    FaceId,
    LinkStatus,
    NominalId,
    OffenceId,
    Person,
    PersonFace,
    PersonId,
    StillId,
)

Rows = Sequence[int]
"""Rows of faces, ascending, which is by face id; as a person, never empty."""

Named = dict[NominalId, list[int]]
"""The rows of each nominal's faces."""

Apart = Mapping[int, frozenset[int]]
"""The rows that officers ruled not to be the person of a row."""


@dataclass(frozen=True, slots=True)
class LinkableFace:
    """A face found in a still. An unusable one is linked only if officers ruled on it all the same."""

    face_id: FaceId
    still: StillId
    offence_id: OffenceId
    box: Box
    usable: bool


@dataclass(frozen=True, slots=True)
class Case:
    """The faces, ascending by face id, and their templates, float32, shape (n, d), NaN where there is none."""

    faces: tuple[LinkableFace, ...]
    templates: NDArray[np.float32]
    with_template: NDArray[np.bool_]

    def by_nominal(self, named: Mapping[FaceId, NominalId | None]) -> Named:
        """Gather the rows of each nominal's faces; ascending, as the nominals are."""
        gathered: defaultdict[NominalId, list[int]] = defaultdict(list)
        for row, face in enumerate(self.faces):
            nominal = named.get(face.face_id)
            if nominal is not None:
                gathered[nominal].append(row)
        return dict(sorted(gathered.items()))

    def by_still(self, rows: Iterable[int]) -> dict[StillId, list[int]]:
        """Gather rows by still."""
        gathered: defaultdict[StillId, list[int]] = defaultdict(list)
        for row in rows:
            gathered[self.faces[row].still].append(row)
        return dict(gathered)

    def by_most_stills(self, groups: Iterable[Rows]) -> list[Rows]:
        """Sort groups by most stills, then by earliest face id."""
        return sorted(groups, key=lambda rows: (-len(self.by_still(rows)), rows[0]))

    def ids(self, rows: Iterable[int]) -> tuple[FaceId, ...]:
        """Return the face ids of rows."""
        return tuple(self.faces[row].face_id for row in rows)

    def person(
        self,
        rows: Rows,
        person_id: str,
        status: LinkStatus,
        *,
        nominal: NominalId | None = None,
        proposed_as: PersonId | None = None,
    ) -> Person:
        """Return rows as a person."""
        faces = [self.faces[row] for row in rows]
        return Person(
            person_id=PersonId(person_id),
            nominal_id=nominal,
            status=status,
            faces=tuple(PersonFace(face.face_id, face.still, face.box) for face in faces),
            stills=tuple(sorted({face.still for face in faces})),
            offences=tuple(sorted({face.offence_id for face in faces})),
            proposed_as=proposed_as,
        )
