"""Which faces are one person.

The governing rule: **rulings bind, similarity proposes, contradictions are shown, nothing is transitive.**

* Faces that two officers corroborated as one nominal are that person. Nothing else ever joins them.
* A face under review is like any other: what one officer said of it is not known here, and shows nowhere, since the
  second officer judges blind.
* Every other usable face belongs to exactly one unknown person, alone or in a group. Two groups become one
  only while the mean score over *all* their pairs reaches the threshold (average linkage), so being alike is
  not passed on from pair to pair. Over-merged people are worse than split ones; the threshold is chosen so.
* Two faces in one still are two persons. No group holds both, by whatever way. Where officers corroborated
  both as one nominal, a ruling is wrong and nothing here can know which, so neither binds: both faces leave
  the nominal and stand alone as unknown persons, grouped with nobody, until officers judge again.

Memory: one float32 matrix of faces x faces (1.6 GB for 20,000) while groups are sought.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial.distance import squareform

from stillgraph.errors import WrongUse
from stillgraph.records import (
    Box,
    Contradiction,
    FaceId,
    Linkage,
    LinkStatus,
    NominalId,
    OffenceId,
    Outcome,
    Person,
    PersonFace,
    PersonId,
    Proposal,
    Ruling,
    StillId,
)

DEFAULT_THRESHOLD = 0.6
"""The lowest mean cosine at which two groups of faces become one unknown person, for the shipped model.

Chosen for precision, on the synthetic retailers R01 to R06 of the demonstration alone: of 0.40, 0.425, ...
0.775 the lowest at which 99 % of the pairs put together were one person. 85 % of the faces with a custody
record, drawn anew 100 times, counted as named and were left out. Means over the draws:

======================  =========  ======  ========================  ====================
retailers               precision  recall  pairs right/wrong of all  groups right of made
======================  =========  ======  ========================  ====================
R01 to R06 (chosen on)       .994    .215  81.1 / 0.5 of 377         13.2 of 13.5
R07 to R12 (held out)        .957    .343  13.9 / 0.6 of 41          6.9 of 7.5
all twelve                   .978    .194  123.3 / 2.8 of 637        26.0 of 28.0
======================  =========  ======  ========================  ====================

At the same precision complete linkage put fewer than half as many pairs together on R01 to R06. Of the
unknown persons proposed to be a corroborated one, 70 % (R01 to R06), 60 % (held out) and 55 % (all twelve)
were: leads to look at, no more. Held out are retailers, not people, some of whom are on both sides; stills in
which another number of faces was found than is there (7 usable faces) were left out. Few faces, all of made-up
people: the figures say nothing of real ones, so set the threshold anew on your own data.
"""

_FORBIDDEN = 1e9
"""The distance put between two faces of one still: no mean over the pairs of two groups hides it, since other
distances go from 0 to 2 and two groups of 20,000 faces have at most 100 million pairs."""

Rows = Sequence[int]
"""Rows of faces, ascending, which is by face id; as a person, never empty."""

Named = dict[NominalId, list[int]]
"""The rows of each nominal's faces."""


@dataclass(frozen=True, slots=True)
class LinkableFace:
    """A face found in a still. An unusable one is linked only if officers ruled on it all the same."""

    face_id: FaceId
    still: StillId
    offence_id: OffenceId
    box: Box
    usable: bool


def link(
    faces: Sequence[LinkableFace],
    vectors: NDArray[np.float32],
    *,
    rulings: Mapping[FaceId, Ruling],
    threshold: float = DEFAULT_THRESHOLD,
) -> Linkage:
    """Say which faces are one person, and how that is known.

    Parameters
    ----------
    faces
        All faces found, in any order.
    vectors
        float32, shape (n, d): their templates of one model, of unit length; a row of NaN where there is none.
    rulings
        What the officers' judgements of each face amount to; only corroborated ones bind.
    threshold
        The lowest cosine at which similarity groups or proposes; :data:`DEFAULT_THRESHOLD` says what it was
        measured to do.

    Returns
    -------
    Linkage
        Persons: corroborated ones by nominal, then unknown ones, numbered from 1 by most
        stills and earliest face id. The same for any order of the faces.

    Raises
    ------
    WrongUse
        If a face comes twice, the templates do not fit the faces, or the threshold is not from -1 to 1.
    """
    _check(faces, vectors, threshold)
    order = sorted(range(len(faces)), key=lambda row: faces[row].face_id)
    templates = np.ascontiguousarray(vectors[order], dtype=np.float32)
    with_template: NDArray[np.bool_] = np.all(np.isfinite(templates), axis=1)
    case = _Case(tuple(faces[row] for row in order), templates, with_template)

    binding = {face: one.nominal_id for face, one in rulings.items() if one.outcome is Outcome.CORROBORATED}
    corroborated, disputed, contradictions = _without_twins(case, case.by_nominal(binding))

    taken = {row for rows in corroborated.values() for row in rows} | disputed
    left = [row for row, face in enumerate(case.faces) if face.usable and row not in taken]
    grouped = case.by_most_stills(_groups(case, left, threshold))
    unknown = case.by_most_stills([*grouped, *([row] for row in disputed)])

    return Linkage(
        persons=(
            *(case.corroborated(rows, nominal) for nominal, rows in corroborated.items()),
            *(case.unknown(rows, number) for number, rows in enumerate(unknown, start=1)),
        ),
        proposals=(
            *_held_by_similarity(case, grouped),
            *_alike(case, grouped, corroborated, threshold),
        ),
        contradictions=tuple(contradictions),
    )


def _check(faces: Sequence[LinkableFace], vectors: NDArray[np.float32], threshold: float) -> None:
    """Check what :func:`link` was given."""
    if len({face.face_id for face in faces}) != len(faces):
        raise WrongUse("Each face is linked once: a face id came twice.")
    if vectors.ndim != 2 or len(vectors) != len(faces):
        raise WrongUse(
            f"Linking needs one row of templates per face, of NaN where there is none: {len(faces)} faces "
            f"came with an array of shape {vectors.shape}."
        )
    if not -1.0 <= threshold <= 1.0:
        raise WrongUse(f"A threshold is a cosine from -1 to 1: {threshold} is not.")


@dataclass(frozen=True, slots=True)
class _Case:
    """The faces, ascending by face id, and their templates, shape (n, d), NaN where there is none."""

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

    def mean(self, rows: Rows) -> NDArray[np.float32]:
        """Return the mean template of the rows that have one, of unit length; one at least must have."""
        known = [row for row in rows if self.with_template[row]]
        total: NDArray[np.float32] = np.sum(self.templates[known], axis=0)
        length = float(np.linalg.norm(total))
        return total if length == 0.0 else total / np.float32(length)

    def corroborated(self, rows: Rows, nominal: NominalId) -> Person:
        """Return rows as the person whom officers agreed on."""
        return self._person(rows, PersonId(nominal), nominal, LinkStatus.CORROBORATED)

    def unknown(self, rows: Rows, number: int) -> Person:
        """Return rows as the unknown person of this number."""
        return self._person(rows, PersonId(f"unknown {number}"), None, LinkStatus.UNKNOWN)

    def _person(self, rows: Rows, person_id: PersonId, nominal: NominalId | None, status: LinkStatus) -> Person:
        faces = [self.faces[row] for row in rows]
        return Person(
            person_id=person_id,
            nominal_id=nominal,
            status=status,
            faces=tuple(PersonFace(face.face_id, face.still, face.box) for face in faces),
            stills=tuple(sorted({face.still for face in faces})),
            offences=tuple(sorted({face.offence_id for face in faces})),
        )


def _without_twins(case: _Case, named: Named) -> tuple[Named, set[int], list[Contradiction]]:
    """Take out the faces corroborated as one nominal twice in one still.

    Returns
    -------
    dict, set of int, list of Contradiction
        What is left of each nominal, the rows taken out, and why.
    """
    out: set[int] = set()
    contradictions = []
    for nominal, rows in named.items():
        for still, twins in case.by_still(rows).items():
            if len(twins) > 1:
                out.update(twins)
                contradictions.append(
                    Contradiction(
                        case.ids(twins),
                        f"{len(twins)} faces in {still} are each said to be {nominal}, but two faces in one "
                        "still are two persons: none of them counts until officers judge again",
                    )
                )
    left = {nominal: [row for row in rows if row not in out] for nominal, rows in named.items()}
    return {nominal: rows for nominal, rows in left.items() if rows}, out, contradictions


def _groups(case: _Case, rows: Sequence[int], threshold: float) -> list[list[int]]:
    """Group faces by similarity, no two of one still together; a face without template stays alone.

    Groups are sought inside each connected part of the graph of allowed pairs at or above the threshold: no
    group can reach beyond one, so the answer is the same and the expensive step stays small.
    """
    known = case.with_template[list(rows)]
    alone = [[row] for row, has_template in zip(rows, known, strict=True) if not has_template]
    rows = [row for row, has_template in zip(rows, known, strict=True) if has_template]
    if not rows:
        return alone
    distances = 1.0 - case.templates[rows] @ case.templates[rows].T
    still = np.unique([case.faces[row].still for row in rows], return_inverse=True)[1]
    distances[still[:, None] == still[None, :]] = _FORBIDDEN
    cut = float(np.float32(1.0 - threshold))
    parts = connected_components(csr_array(distances <= cut), directed=False)[1]
    labels = np.zeros(len(rows), dtype=np.intp)
    for part in np.flatnonzero(np.bincount(parts) > 1):
        members = np.flatnonzero(parts == part)
        inside = squareform(distances[np.ix_(members, members)], checks=False).astype(np.float64)
        labels[members] = fcluster(linkage(inside, "average"), cut, criterion="distance")
    grouped: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
    for row, part, label in zip(rows, parts, labels, strict=True):
        grouped[int(part), int(label)].append(row)
    return [*grouped.values(), *alone]


def _held_by_similarity(case: _Case, groups: Sequence[Rows]) -> list[Proposal]:
    """Propose each unknown person of several faces for people to look at, with the lowest score inside."""
    proposals = []
    for rows in groups:
        if len(rows) > 1:
            scores = (case.templates[rows] @ case.templates[rows].T)[np.triu_indices(len(rows), k=1)]
            proposals.append(
                Proposal(
                    case.ids(rows),
                    likelihood_ratio=None,
                    score=_cosine(scores.min()),
                    reason="grouped by similarity alone; the score is the lowest of any two of the faces",
                )
            )
    return proposals


def _alike(case: _Case, groups: Sequence[Rows], corroborated: Named, threshold: float) -> list[Proposal]:
    """Propose that an unknown person is the corroborated one whose mean template is nearest to theirs.

    Never of a person who is on one of the same stills, never below the threshold, and never more than one.
    """
    groups = [rows for rows in groups if case.with_template[rows[0]]]
    nominals = [nominal for nominal, rows in corroborated.items() if case.with_template[rows].any()]
    if not groups or not nominals:
        return []
    unknown = np.array([case.mean(rows) for rows in groups])
    known = np.array([case.mean(corroborated[nominal]) for nominal in nominals])
    stills = {nominal: case.by_still(rows).keys() for nominal, rows in corroborated.items()}
    proposals = []
    for rows, row_scores in zip(groups, unknown @ known.T, strict=True):
        own = case.by_still(rows).keys()
        reached = [at for at in np.flatnonzero(row_scores >= threshold) if own.isdisjoint(stills[nominals[at]])]
        if reached:
            best = max(reached, key=lambda at: (row_scores[at], -at))
            proposals.append(
                Proposal(
                    case.ids([*rows, *corroborated[nominals[best]]]),
                    likelihood_ratio=None,
                    score=_cosine(row_scores[best]),
                    reason=f"looks like {nominals[best]}; the score is of the mean templates of either side",
                )
            )
    return proposals


def _cosine(score: float | np.floating) -> float:
    """Return a score without the rounding that takes it past 1."""
    return float(np.clip(score, -1.0, 1.0))
