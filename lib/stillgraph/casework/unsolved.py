"""Comparing newly enrolled custody images with open stills: whoever they put on a list waits for review.

It is a search like any other, of the officer who enrols or asks for it: permitted, recorded, and not theirs to judge.
Every new image is compared with every open face; only a face on whose list somebody new may stand near the top is then
searched in the whole gallery. Images not compared yet are known as such, so what was left out or interrupted is made
good by the next run, once.
"""

from __future__ import annotations

import time
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from stillgraph.casework import accounting, rating, searching
from stillgraph.casework.attempts import attempted
from stillgraph.casework.desk import Deed, Desk
from stillgraph.casework.wire import served
from stillgraph.errors import NotFound, StillgraphError
from stillgraph.gallery import newcomers
from stillgraph.governance.permits import Action
from stillgraph.records import (
    Candidate,
    Combined,
    CustodyImageId,
    FaceId,
    Filters,
    IntakeReport,
    Lead,
    ModelId,
    OpenStillsReport,
    SearchId,
    SearchReport,
    Template,
)
from stillgraph.store import Session, enhancements, searches, unsolved
from stillgraph.store import faces as face_store
from stillgraph.store.unsolved import MadeWith

READ_AT_ONCE = 20_000
"""Templates of custody images read from the case file at a time."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a comparison was asked for: of which model and deliveries, how long a list, and what makes a lead."""

    model: ModelId
    deliveries: tuple[int, ...]
    limit: int
    threshold: float
    chance: float
    review_on: date | None


OWN = MadeWith()
"""A list made with the face's own template."""


@served
@attempted(Action.SEARCH)
def search_open_stills(
    desk: Desk,
    *,
    deliveries: Sequence[int] = (),
    limit: int = searching.DEFAULT_LIMIT,
    threshold: float = searching.INVESTIGATION,
    chance: float = newcomers.LEAD_CHANCE,
    past_review: bool = False,
) -> OpenStillsReport:
    """Compare custody images that have not been yet with every open face, and store the lists that somebody new is on.

    A face is open while it is usable and nobody is corroborated for it. Where a new image puts its person within the
    first places of the face's list, few enough that strangers would by ``chance`` at most, the face gets a new list of
    the whole gallery, and waits for review again whatever was judged of earlier ones, which stays on record. Whoever
    does this has searched those faces and may not judge them.

    Parameters
    ----------
    deliveries : sequence of int
        The custody deliveries whose images to compare; all with images that wait, unless given.
    limit : int
        The most persons on a candidate list.
    threshold : float
        The least score, a cosine, that puts a person on a list; -1 cuts nothing off.
    chance : float
        That new people who are on no still make a lead of a face, at most; the fewer, the nearer the top of its list
        somebody new must stand (:func:`stillgraph.gallery.newcomers.places`).
    past_review : bool
        Whether to compare images too whose retention was to be reviewed before today, and search them.

    Raises
    ------
    WrongUse
        Limit, threshold or chance make no sense.
    NotFound
        A delivery is not in the case, or not one of custody images.
    """
    searching.check_numbers(limit, threshold)
    began = time.perf_counter()
    details = {"limit": limit, "threshold": threshold, "model": desk.model, "open_stills": True, "chance": chance}
    with desk.act(Action.SEARCH, **details) as deed:
        review_on = None if past_review else deed.at.date()
        asked = _Asked(desk.model, _deliveries(deed.session, deliveries), limit, threshold, chance, review_on)
        report = replace(_compared(desk, deed, asked), elapsed_s=time.perf_counter() - began)
        unsolved.mark_compared(deed.session, asked.deliveries, review_on, deed.at)
        deed.note(
            deliveries=list(report.deliveries), images=report.images, newcomers=report.newcomers,
            open_faces=report.open_faces, places=report.places, leads=len(report.leads),
            searches=list(report.searches), reopened=[lead.face_id for lead in report.leads if lead.judged_before],
        )  # fmt: skip
        compared = report.open_faces if report.places else 0
        accounting.account(
            deed, desk, stills=unsolved.open_stills(deed.session, desk.model) if compared else (), faces=compared,
            usable=compared, lists=len(report.leads), listed=len(report.leads),
        )  # fmt: skip
        return report


def nothing_open(deed: Deed, desk: Desk, delivery_id: int) -> bool:
    """Say, as a step of enrolment, whether there is no open face; then nothing waits to be compared with one."""
    if unsolved.count_open(deed.session, desk.model):
        return False
    unsolved.mark_compared(deed.session, [delivery_id], None, deed.at)
    return True


def after_enrolment(desk: Desk, report: IntakeReport, delivery_id: int, *, chance: float) -> IntakeReport:
    """Compare what was enrolled with open stills, an action of its own: an enrolment that was kept stays kept.

    Raises
    ------
    StillgraphError
        As :func:`search_open_stills`, saying that the images are enrolled.
    """
    try:
        found = search_open_stills(desk, deliveries=[delivery_id], chance=chance)
    except StillgraphError as error:
        raise type(error)(
            f"The custody images are enrolled, and not compared with open stills: {error} "
            "Then run `stillgraph search CASE --open-stills`."
        ) from error
    return replace(report, open_stills=found)


def _deliveries(session: Session, wanted: Sequence[int]) -> tuple[int, ...]:
    if not wanted:
        return unsolved.deliveries(session, waiting=True)
    known = set(unsolved.deliveries(session))
    for one in wanted:
        if one not in known:
            raise NotFound(f"There is no delivery {one} of custody images in this case; see the view deliveries.")
    return tuple(sorted(set(wanted)))


def _compared(desk: Desk, deed: Deed, asked: _Asked) -> OpenStillsReport:
    """Return what the comparison came to, the lists stored."""
    session = deed.session
    images, persons, gallery = unsolved.count_new(session, asked.model, asked.deliveries, asked.review_on)
    last_place = newcomers.places(gallery, persons, chance=asked.chance, limit=asked.limit)
    faces = unsolved.open_faces(session, asked.model)
    report = OpenStillsReport(
        searches=(), deliveries=asked.deliveries, images=images, newcomers=persons, open_faces=len(faces.ids),
        places=last_place if images and faces.ids else 0, chance=asked.chance, limit=asked.limit,
        threshold=asked.threshold, leads=(), elapsed_s=0.0,
    )  # fmt: skip
    if not report.places:
        return report
    made = _as_last_searched(session, asked.model, faces)
    scores, new = np.full(len(faces.ids), -np.inf, np.float32), set[CustodyImageId]()
    for block in _blocks(session, asked):
        np.maximum(scores, newcomers.highest(faces.vectors, block.vectors), out=scores)
        new.update(block.images)
    held = unsolved.last_places(session, asked.model, faces.ids, last_place, asked.review_on)
    suspects = newcomers.suspects(scores, held, asked.threshold, faces.vectors.shape[1])
    if not len(suspects):
        return report
    groups = _searched_for_the_best(session, made, [faces.ids[at] for at in suspects])
    wanted = {faces.ids[at] for at in suspects}.union(*groups)
    vectors = zip(faces.ids, faces.vectors, strict=True)
    templates = {face: Template(asked.model, vector) for face, vector in vectors if face in wanted}
    found, searched = _searched(desk, deed, asked, templates, groups)
    leads = tuple(_leads(session, found, new, last_place))
    by_way: dict[MadeWith, dict[FaceId, tuple[Candidate, ...]]] = {}
    for lead in leads:
        by_way.setdefault(made.get(lead.face_id, OWN), {})[lead.face_id] = found[lead.face_id]
    stored = tuple(_stored(deed, searched, way, lists) for way, lists in by_way.items())
    return replace(report, searches=stored, leads=leads)


def _as_last_searched(session: Session, model: ModelId, faces: unsolved.OpenFaces) -> Mapping[FaceId, MadeWith]:
    """Take in a face's place what its newest list was made with, where that is more than its own template.

    Its new list is then one that the people of the earlier one are on as they were.
    """
    rows = {face: at for at, face in enumerate(faces.ids)}
    made = {face: way for face, way in unsolved.lists_made_otherwise(session, model).items() if face in rows}
    for face in face_store.some(session, model, made):
        way, template = made[face.face_id], face.template
        if way.together is not None and way.combined is Combined.MEAN:
            others = unsolved.probes(session, way.together)
            template = searching.mean_template(model, face_store.some(session, model, others))
        elif way.enhancement is not None:
            template = searching.template_with(face, enhancements.vectors(session, way.enhancement, model))
        if template is not None:
            faces.vectors[rows[face.face_id]] = template.vector
    return made


def _searched_for_the_best(
    session: Session, made: Mapping[FaceId, MadeWith], suspects: Sequence[FaceId]
) -> list[list[FaceId]]:
    """Return the open faces of each search together, by the best score, of which one is a suspect.

    Whoever comes near the top of a list of all does so by the score of one, which is then a suspect.
    """
    ways = {made[face] for face in suspects if face in made and made[face].combined is Combined.BEST}
    groups = [unsolved.probes(session, way.together) for way in ways if way.together is not None]
    return sorted([face for face in group if face in made] for group in groups)


def _blocks(session: Session, asked: _Asked) -> Iterator[unsolved.NewImages]:
    """Yield the images that wait, so many at a time."""
    after = ""
    while True:
        block = unsolved.new_images(
            session, asked.model, asked.deliveries, asked.review_on, after=after, limit=READ_AT_ONCE
        )
        if not block.images:
            return
        yield block
        after = block.images[-1]


def _searched(
    desk: Desk, deed: Deed, asked: _Asked, templates: Mapping[FaceId, Template], groups: Sequence[Sequence[FaceId]]
) -> tuple[dict[FaceId, tuple[Candidate, ...]], SearchReport]:
    """Search some faces in the whole gallery; return their lists, one for each group, and the search without probes."""
    from stillgraph.gallery.ranking import best_of

    began = time.perf_counter()
    index, filters = searching.gallery_index(deed.session, desk), Filters(review_on=asked.review_on)
    found = index.search(list(templates.values()), limit=asked.limit, threshold=asked.threshold, filters=filters)
    deed.note(gallery=index.info.version, gallery_size=index.info.size, filters=searches.filters_said(filters))
    report = SearchReport(
        search_id=None, gallery=index.info, model=asked.model, threshold=asked.threshold, limit=asked.limit,
        elapsed_s=time.perf_counter() - began, probes=(), filters=filters, images_searched=index.eligible(filters),
        occasion=_occasion(asked.deliveries), **searching.engine_used(deed, index),
    )  # fmt: skip
    lists = dict(zip(templates, found, strict=True))
    for group in groups:
        lists |= dict.fromkeys(group, best_of([lists[face] for face in group], asked.limit))
    return lists, report


def _leads(
    session: Session, lists: Mapping[FaceId, Sequence[Candidate]], new: Container[CustodyImageId], last_place: int
) -> Iterator[Lead]:
    """Yield a lead for each face on whose list a new image stands near the top that was not on the one before."""
    seen = unsolved.on_last_list(session, list(lists))
    judged = {judgement.face_id for judgement in searches.judgements(session)}
    stills = unsolved.stills_of(session, list(lists))
    for face, listed in lists.items():
        images = {one.custody_image for one in listed if one.custody_image in new}
        first = newcomers.lead(listed, {image for image in images if (face, image) not in seen}, last_place)
        if first is not None:
            yield Lead(
                face, stills[face], first.rank, first.nominal_id, first.custody_image, first.score,
                judged_before=face in judged,
            )  # fmt: skip


def _stored(
    deed: Deed, searched: SearchReport, way: MadeWith, lists: Mapping[FaceId, tuple[Candidate, ...]]
) -> SearchId:
    """Store the lists with leads that were made one way, as a search."""
    faces = face_store.some(deed.session, searched.model, lists)
    probes = tuple(searching.listed_probe(face, lists[face.face_id], {}) for face in faces)
    report = replace(searched, probes=probes, together=way.together is not None, combined=way.combined,
                     enhancement=way.enhancement)  # fmt: skip
    if way == OWN:
        report = rating.rated(deed.session, report)
    return searches.add(
        deed.session, report, (), officer=deed.officer, operation=deed.operation, reason=deed.reason,
        searched_at=deed.at,
    )  # fmt: skip


def _occasion(deliveries: Sequence[int]) -> str:
    said = ", ".join(map(str, deliveries))
    return f"enrolment of delivery {said}" if len(deliveries) == 1 else f"enrolment of deliveries {said}"
