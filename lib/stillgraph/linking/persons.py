"""Faces to persons: what officers settled, then likeness for the rest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from stillgraph.errors import WrongUse
from stillgraph.linking.case import Case, LinkableFace, Rows
from stillgraph.linking.groups import Neighbours, grouped
from stillgraph.linking.proposals import Finder, Member, Proposing, held_by_similarity
from stillgraph.linking.rulings import stances
from stillgraph.linking.settled import Settled, settle
from stillgraph.records import (
    Contradiction,
    FaceId,
    FaceRuling,
    Linkage,
    LinkStatus,
    NominalId,
    Outcome,
    PersonId,
    Ruling,
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

At the same precision complete linkage put fewer than half as many pairs together on R01 to R06. Held out are
retailers, not people, some of whom are on both sides; stills in which another number of faces was found than is
there (7 usable faces) were left out. Few faces, all of made-up people: the figures say nothing of real ones, so set
the threshold anew on your own data.
"""


def link(
    faces: Sequence[LinkableFace],
    vectors: NDArray[np.float32],
    *,
    rulings: Mapping[FaceId, Ruling],
    neighbours: Neighbours,
    between: Sequence[FaceRuling] = (),
    threshold: float = DEFAULT_THRESHOLD,
    proposing: Proposing | None = None,
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
    neighbours
        Finds the pairs of templates that reach a score; the gallery's own exact search does.
    between
        Every ruling between faces, in any order, those taken back and what took them back among them.
    threshold
        The lowest cosine at which similarity groups; :data:`DEFAULT_THRESHOLD` says what it was measured to do.
    proposing
        What proposals rest on beside the stills; unless given, on the stills alone and the same threshold.

    Returns
    -------
    Linkage
        Persons: corroborated ones by nominal, then series, proposed and unknown persons, each numbered from 1 by
        most stills and earliest face id. The same for any order of the faces and rulings.

    Raises
    ------
    WrongUse
        If a face comes twice, the templates do not fit the faces, or the threshold is not from -1 to 1.
    """
    _check(faces, vectors, threshold)
    proposing = Proposing() if proposing is None else proposing
    propose_at = threshold if proposing.threshold is None else proposing.threshold
    case = _case(faces, vectors)
    settled = settle(case, _binding(rulings), stances(between))
    apart = {row: frozenset(others) for row, others in settled.apart.items()}
    known = _persons_of_officers(case, settled)

    taken = settled.taken
    left = [row for row, face in enumerate(case.faces) if face.usable and row not in taken]
    groups = grouped(case, left, apart, threshold, neighbours)
    unknown = _unknown(case, [*groups, *([row] for row in settled.alone)])
    by_likeness = [member for member in unknown if settled.alone.isdisjoint(member.rows)]

    return Linkage(
        persons=tuple(member.person for member in (*known, *unknown)),
        proposals=(
            *held_by_similarity(case, by_likeness),
            *Finder(case, apart, neighbours, proposing, propose_at).alike(by_likeness, known),
        ),
        contradictions=tuple(settled.contradictions),
    )


def contradictions(
    faces: Sequence[LinkableFace], rulings: Mapping[FaceId, Ruling], between: Sequence[FaceRuling]
) -> tuple[Contradiction, ...]:
    """Return what officers say that cannot all be true, as :func:`link` lists it, without grouping anything."""
    case = _case(faces, np.full((len(faces), 1), np.nan, dtype=np.float32))
    return tuple(settle(case, _binding(rulings), stances(between)).contradictions)


def _case(faces: Sequence[LinkableFace], vectors: NDArray[np.float32]) -> Case:
    order = sorted(range(len(faces)), key=lambda row: faces[row].face_id)
    templates = np.ascontiguousarray(vectors[order], dtype=np.float32)
    return Case(tuple(faces[row] for row in order), templates, np.all(np.isfinite(templates), axis=1))


def _binding(rulings: Mapping[FaceId, Ruling]) -> dict[FaceId, NominalId | None]:
    return {face: one.nominal_id for face, one in rulings.items() if one.outcome is Outcome.CORROBORATED}


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


def _persons_of_officers(case: Case, settled: Settled) -> list[Member]:
    """Return the persons whom officers made: by nominal, then series, then proposed ones."""
    named = [
        Member(case.person(rows, nominal, LinkStatus.CORROBORATED, nominal=nominal), tuple(rows))
        for nominal, rows in settled.named.items()
    ]
    part_of = {one.rows: one.part_of for one in settled.joined}
    series = case.by_most_stills(one.rows for one in settled.joined if one.corroborated)
    proposed = case.by_most_stills(one.rows for one in settled.joined if not one.corroborated)
    ids = {rows[0]: PersonId(f"series {number}") for number, rows in enumerate(series, start=1)}

    def joined(rows: Rows, person_id: str, status: LinkStatus) -> Member:
        of = part_of[tuple(rows)]
        proposed_as = ids[of] if isinstance(of, int) else of if of is None else PersonId(of)
        return Member(case.person(rows, person_id, status, proposed_as=proposed_as), tuple(rows))

    return [
        *named,
        *(joined(rows, ids[rows[0]], LinkStatus.CORROBORATED) for rows in series),
        *(joined(rows, f"proposed {n}", LinkStatus.PROPOSED) for n, rows in enumerate(proposed, start=1)),
    ]


def _unknown(case: Case, groups: Iterable[Rows]) -> list[Member]:
    """Return groups as unknown persons, numbered from 1 by most stills and earliest face id."""
    return [
        Member(case.person(rows, f"unknown {number}", LinkStatus.UNKNOWN), tuple(rows))
        for number, rows in enumerate(case.by_most_stills(groups), start=1)
    ]
