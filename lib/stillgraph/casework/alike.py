"""Comparing faces of stills with those of other stills: who else looks like this unknown person.

The index is the gallery's machinery over faces of stills, made from the case file and brought to agree with it before
each use, as the gallery's is. It keeps a still's retailer and borough where the gallery keeps force and area.

What comes of it is to look at: it links nothing, and names nobody but whom officers have corroborated.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from stillgraph.casework import accounting, indexing, searching
from stillgraph.casework.attempts import attempted
from stillgraph.casework.desk import Desk
from stillgraph.casework.wire import served
from stillgraph.errors import NotFound, WrongUse
from stillgraph.governance.permits import Action
from stillgraph.records import (
    AlikeFace,
    AlikeList,
    AlikeReport,
    Candidate,
    CustodyImageId,
    Face,
    FaceId,
    Filters,
    ModelId,
    NominalId,
    StillFilters,
    StillId,
)
from stillgraph.store import Session, galleries
from stillgraph.store import alike as alike_store
from stillgraph.store import faces as face_store
from stillgraph.store.alike import StillFace
from stillgraph.store.sealing import vault

if TYPE_CHECKING:
    from stillgraph.gallery.columns import Attributes
    from stillgraph.gallery.exact import ExactIndex

FOLDER = "gallery-stills"
"""The directory of a case that its index of stills' faces stands in."""

ALL_STILLS = StillFilters()


@served
@attempted(Action.SEARCH)
def alike(
    desk: Desk,
    faces: Sequence[FaceId] = (),
    *,
    still: StillId | None = None,
    limit: int = searching.DEFAULT_LIMIT,
    threshold: float = searching.INVESTIGATION,
    filters: StillFilters = ALL_STILLS,
) -> AlikeReport:
    """Compare some faces, or every usable face of a still, with the usable faces of all other stills.

    Of a person that officers have corroborated, with a nominal or without, the face that is most alike stands for all.
    No face of the same still is listed, nor anybody known who is on it: two faces of one still are two persons.

    Whoever asks has searched these faces, and may not judge their candidate lists: what others look like tells who
    somebody is, where they are known.

    Parameters
    ----------
    faces : sequence of FaceId
        The faces to compare; or
    still : StillId
        the still whose usable faces to compare.
    limit : int
        The most faces on a list.
    threshold : float
        The least score, a cosine, that puts a face on a list; -1 cuts nothing off.
    filters : StillFilters
        Which stills to look at.

    Raises
    ------
    WrongUse
        Not exactly one of the two was given, a face cannot be searched, limit or threshold make no sense, or there is
        no face to compare with.
    NotFound
        The still or a face is not in the case.
    """
    wanted = tuple(dict.fromkeys(faces))
    if bool(wanted) == (still is not None):
        raise WrongUse("Say whom to compare: --face ID, as often as needed, or --still ID; one of the two.")
    searching.check_numbers(limit, threshold)
    began = time.perf_counter()
    details = {"limit": limit, "threshold": threshold, "model": desk.model, "among_stills": True}
    with desk.act(Action.SEARCH, **details) as deed:
        session = deed.session
        probes = _of_still(session, desk.model, still) if still is not None else _named(session, desk.model, wanted)
        index, asked = current(session, desk.case.directory, desk.model), _asked(filters)
        count = index.eligible(asked)
        if not count:
            raise WrongUse(f"The filters leave none of {index.info.size} faces of stills to compare with; loosen them.")
        found = {
            face: index.search(
                [] if face.template is None else [face.template], limit=limit, threshold=threshold,
                filters=replace(asked, exclude=_known_on(session, desk.model, face)),
            )[0]
            for face in probes
        }  # fmt: skip
        report = AlikeReport(
            gallery=index.info, model=desk.model, threshold=threshold, limit=limit, filters=filters,
            faces_searched=count, lists=_described(session, desk.model, found), elapsed_s=time.perf_counter() - began,
        )  # fmt: skip
        alike_store.add(
            session, report, officer=deed.officer, operation=deed.operation, reason=deed.reason, searched_at=deed.at
        )
        deed.note(
            faces=[face.face_id for face in probes], gallery=index.info.version, gallery_size=index.info.size,
            faces_searched=count, listed=sum(len(one.alike) for one in report.lists),
        )  # fmt: skip
        accounting.account(
            deed, desk, stills={StillId(face.image_id) for face in probes}, faces=len(probes), usable=len(probes),
            lists=sum(bool(one.alike) for one in report.lists), listed=sum(len(one.alike) for one in report.lists),
        )  # fmt: skip
        return report


def current(session: Session, case: Path, model: ModelId) -> ExactIndex:
    """Open the index of a case's faces of stills and bring it to agree with the case file.

    Parameters
    ----------
    session
        The case file, held by this process alone, so that nobody else changes the index meanwhile.
    case
        The case directory.
    model
        The model the case is bound to; indexes of others are removed.

    Raises
    ------
    WrongUse
        No still has a usable face.
    GalleryDamaged
        Files of the index are missing or cut short.
    """
    (count, mark), dimension = alike_store.state(session, model), galleries.dimension(session, model)
    if not count or dimension is None:
        raise WrongUse("No still in this case has a usable face; receive a delivery with `stillgraph stills receive`.")
    indexing.remove_others(case / FOLDER, model)
    index = indexing.opened(case / FOLDER, model, dimension, count=count, vault=vault(case, "gallery-stills"))
    if index.note != mark:
        indexing.agree(
            index, _held(index), alike_store.faces(session, model), attributes=_attributes,
            entry=lambda one: (CustodyImageId(one.face), NominalId(one.known)),
            vectors=lambda some: alike_store.vectors(session, model, [one.face for one in some]),
        )  # fmt: skip
        index.remember(mark)
    return index


def _held(index: ExactIndex) -> list[StillFace]:
    found: list[StillFace] = []
    for part in index.contents.parts:
        recorded, entries = part.segment.attributes(part.live_rows), part.segment.entries(part.live_rows)
        said = zip(entries, recorded.captured_on.tolist(), recorded.area, recorded.force, strict=True)
        found += [StillFace(FaceId(f), k, day, str(area), str(force)) for (f, k), day, area, force in said]
    return found


def _attributes(faces: Sequence[StillFace]) -> Attributes:
    from stillgraph.gallery.columns import Attributes

    return replace(
        Attributes.unrecorded(len(faces)),
        captured_on=np.array([face.captured_on for face in faces], "datetime64[D]"),
        area=np.array([face.borough for face in faces], np.str_),
        force=np.array([face.retailer for face in faces], np.str_),
    )


def _asked(filters: StillFilters) -> Filters:
    """Return the filters in the gallery's words."""
    return Filters(
        captured_since=filters.since, captured_until=filters.until, area=filters.borough, force=filters.retailer
    )


def _named(session: Session, model: ModelId, faces: Sequence[FaceId]) -> list[Face]:
    return [searching.searchable_face(session, model, face) for face in faces]


def _of_still(session: Session, model: ModelId, still: StillId) -> list[Face]:
    found = face_store.of_stills(session, model, [still])
    usable = [face for face in found if face.usable and face.template is not None]
    if not usable:
        raise NotFound(f"There is no still {still} with a usable face in this case; see the view faces.")
    return usable


def _known_on(session: Session, model: ModelId, face: Face) -> tuple[NominalId, ...]:
    """Return who is on a face's still, itself too, as the index names them: none of them is listed."""
    return tuple(NominalId(known) for known in alike_store.known_on(session, model, StillId(face.image_id)))


def _described(session: Session, model: ModelId, found: dict[Face, tuple[Candidate, ...]]) -> tuple[AlikeList, ...]:
    said = alike_store.described(session, [FaceId(one.custody_image) for listed in found.values() for one in listed])
    counts = alike_store.counts(session, model, [one.nominal_id for listed in found.values() for one in listed])
    return tuple(
        AlikeList(face.face_id, StillId(face.image_id), tuple(_face(one, said, counts) for one in listed))
        for face, listed in found.items()
    )


def _face(one: Candidate, said: dict[FaceId, alike_store.Described], counts: dict[str, int]) -> AlikeFace:
    face = FaceId(one.custody_image)
    about = said[face]
    return AlikeFace(
        one.rank, face, about.still, about.retailer_id, about.borough, about.captured_at, about.offence_id,
        about.nominal_id, about.person_id, counts[one.nominal_id], one.score,
    )  # fmt: skip
