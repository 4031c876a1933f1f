"""Searching faces of stills against the custody gallery."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from stillgraph.casework import accounting, indexing, outside, rating, self_checking
from stillgraph.casework.attempts import attempted
from stillgraph.casework.desk import Deed, Desk
from stillgraph.casework.progress import Progress, Step, silent
from stillgraph.casework.running import analyse_all, keep_run
from stillgraph.casework.wire import served
from stillgraph.errors import NotFound, WrongUse
from stillgraph.governance.permits import Action
from stillgraph.records import (
    AppliedThreshold,
    Candidate,
    Combined,
    EnhancementId,
    Face,
    FaceId,
    Filters,
    ModelId,
    Probe,
    ProbeTemplate,
    RefusedImage,
    SearchOutcome,
    SearchReport,
    StillId,
    Template,
    Vector,
)
from stillgraph.records.enhancements import FOUND_BY_ENHANCEMENT
from stillgraph.store import Session, enhancements, receipts, searches
from stillgraph.store import faces as face_store

if TYPE_CHECKING:
    from stillgraph.gallery import GalleryIndex

INVESTIGATION = -1.0
"""The threshold of investigation mode: cosines start at -1, so candidates come by rank alone and a person looks."""

DEFAULT_LIMIT = 20

FACES_AT_ONCE = 256
"""Faces that an index is given at once: enough for its products of matrices, few enough to be stopped between."""

EVERYBODY = Filters()


@served
@attempted(Action.SEARCH)
def search(
    desk: Desk,
    *,
    stills: Sequence[StillId] = (),
    unsearched: bool = False,
    image: Path | None = None,
    limit: int = DEFAULT_LIMIT,
    threshold: float = INVESTIGATION,
    fpir: float | None = None,
    enhancement: EnhancementId | None = None,
    filters: Filters = EVERYBODY,
    past_review: bool = False,
    progress: Progress = silent,
) -> SearchReport:
    """Search every usable face of some stills against the gallery, and store what came of it.

    Parameters
    ----------
    stills : sequence of StillId
        The stills to search; or
    unsearched : bool
        every still that no search has covered yet; or
    image : Path
        an image from outside the case, or a folder of them, each searched or refused with its reason. The search is
        recorded in the audit chain, faces and candidates are not kept: receive an image with a delivery to have it
        reviewed.
    limit : int
        The most persons on a candidate list.
    threshold : float
        The least score, a cosine, that puts a person on a list; -1 cuts nothing off.
    fpir : float, optional
        Instead of a threshold, the one that was set for this target FPIR (:func:`~.calibrating.set_threshold`). A face
        nobody reaches it for has an outcome of its own.
    enhancement : EnhancementId, optional
        An enhancement of the one still searched, whose views of its faces are added to the originals', each to its
        own and with the same weight. A face that is not in it is searched by its original alone.
    filters : Filters
        Which custody images to look at; ``review_on`` is set by ``past_review``.
    past_review : bool
        Whether to look at images too whose retention was to be reviewed before today; otherwise they are left out.
    progress : callable
        Told of each image of a folder analysed, and of the faces searched, :data:`FACES_AT_ONCE` at a time.

    Raises
    ------
    WrongUse
        Not exactly one of the three was asked for, limit or threshold make no sense, an enhancement was named with
        anything but its own still, or no threshold for the FPIR can be applied here.
    NotFound
        A still or the enhancement is not in the case.
    """
    _check(stills, unsearched, image, limit, threshold)
    if enhancement is not None and len(set(stills)) != 1:
        raise WrongUse("An enhancement is of one still: name that one, --still ID --enhanced N.")
    if fpir is not None and (threshold > INVESTIGATION or enhancement is not None):
        raise WrongUse("The threshold for an FPIR is set for faces as they came: leave out --threshold and --enhanced.")
    asked = _asked(desk, filters, past_review=past_review)
    if image is not None:
        return _search_outside(desk, image, limit, threshold, fpir=fpir, asked=asked, progress=progress)
    began = time.perf_counter()
    with desk.act(Action.SEARCH, limit=limit, threshold=threshold, model=desk.model) as deed:
        covered = tuple(dict.fromkeys(stills)) or receipts.unsearched_stills(deed.session)
        missing = receipts.missing_stills(deed.session, covered)
        if missing:
            raise NotFound(f"There is no still {missing[0]} in this case; receive its delivery first.")
        views = _views(deed.session, desk, covered, enhancement)
        faces = face_store.of_stills(deed.session, desk.model, covered)
        index = gallery_index(deed.session, desk)
        searched = _searched(deed, index, asked)
        applied = _applied(deed, desk, fpir)
        at = threshold if applied is None else applied.threshold
        probes = _probes(index, faces, limit, at, views, filters=asked, progress=progress)
        seen = {face.image_id for face in faces}
        report = SearchReport(
            search_id=None, gallery=index.info, model=desk.model, threshold=at, limit=limit,
            elapsed_s=time.perf_counter() - began, probes=probes,
            without_face=tuple(still for still in covered if still not in seen), enhancement=enhancement,
            filters=asked, images_searched=searched, fpir=applied, **engine_used(deed, index),
        )  # fmt: skip
        report = rating.rated(deed.session, report)
        if enhancement is not None:
            deed.note(enhancement=enhancement)
        deed.note(stills=len(covered), probes=len(probes), gallery=index.info.version, gallery_size=index.info.size)
        accounting.search(deed, desk, probes, stills=covered)
        if not covered:
            return report
        search_id = searches.add(
            deed.session, report, covered, officer=deed.officer, operation=deed.operation, reason=deed.reason,
            searched_at=deed.at,
        )  # fmt: skip
        deed.note(search=search_id, searched=list(covered))
        return replace(report, search_id=search_id)


@served
@attempted(Action.SEARCH)
def search_together(
    desk: Desk,
    faces: Sequence[FaceId],
    *,
    combine: Combined = Combined.MEAN,
    limit: int = DEFAULT_LIMIT,
    threshold: float = INVESTIGATION,
    filters: Filters = EVERYBODY,
    past_review: bool = False,
) -> SearchReport:
    """Search several faces that the officer takes for one person as one.

    Each face gets the one candidate list, to be reviewed like any other; nothing says that they are one person but the
    officer's reason, and nothing is linked by it. Their stills do not count as searched by this, as other faces in them
    were not.

    Parameters
    ----------
    faces : sequence of FaceId
        Two or more, of different stills.
    combine : Combined
        By the mean of their templates, a face weighing by the distance of its eyes, which finds more; or each person by
        the face that is most alike to them, which one face of somebody else spoils less.
    limit, threshold, filters, past_review
        As :func:`search`.

    Raises
    ------
    WrongUse
        Fewer than two faces, two of one still, one that cannot be searched, or a limit or threshold without sense.
    NotFound
        A face is not in the case.
    """
    wanted = tuple(dict.fromkeys(faces))
    check_numbers(limit, threshold)
    if len(wanted) < 2:
        raise WrongUse("Faces searched together are two or more; one alone is searched with its still, --still ID.")
    began = time.perf_counter()
    details = {
        "limit": limit, "threshold": threshold, "model": desk.model, "together": list(wanted), "combined": str(combine),
    }  # fmt: skip
    with desk.act(Action.SEARCH, **details) as deed:
        found = [searchable_face(deed.session, desk.model, face_id) for face_id in wanted]
        if len({face.image_id for face in found}) < len(found):
            raise WrongUse("Two faces in one still are two persons: search them apart.")
        index, asked = gallery_index(deed.session, desk), _asked(desk, filters, past_review=past_review)
        searched = _searched(deed, index, asked)
        listed = _together(index, found, combine, limit=max(limit, 2), filters=asked)
        probes = tuple(
            replace(listed_probe(face, listed, {}, limit=limit, threshold=threshold), template=ProbeTemplate.TOGETHER)
            for face in found
        )
        report = SearchReport(
            search_id=None, gallery=index.info, model=desk.model, threshold=threshold, limit=limit,
            elapsed_s=time.perf_counter() - began, probes=probes, together=True, combined=combine,
            filters=asked, images_searched=searched, **engine_used(deed, index),
        )  # fmt: skip
        report = rating.rated(deed.session, report)
        search_id = searches.add(
            deed.session, report, (), officer=deed.officer, operation=deed.operation, reason=deed.reason,
            searched_at=deed.at,
        )  # fmt: skip
        deed.note(search=search_id, gallery=index.info.version, gallery_size=index.info.size)
        accounting.search(deed, desk, probes, stills=[StillId(face.image_id) for face in found])
        return replace(report, search_id=search_id)


def _together(
    index: GalleryIndex, faces: Sequence[Face], combine: Combined, *, limit: int, filters: Filters
) -> tuple[Candidate, ...]:
    """Return the one candidate list of several faces."""
    from stillgraph.gallery.ranking import best_of

    templates = [face.template for face in faces if face.template is not None]
    if combine is Combined.MEAN:
        templates = [mean_template(index.model, faces)]
    return best_of(index.search(templates, limit=limit, filters=filters), limit)


def searchable_face(session: Session, model: ModelId, face_id: FaceId) -> Face:
    """Return a face with its template.

    Raises
    ------
    NotFound
        It is not in the case.
    WrongUse
        It cannot be searched.
    """
    face = face_store.one(session, model, face_id)
    if face is None:
        raise NotFound(f"There is no face {face_id} in this case; `stillgraph query` over the view faces lists them.")
    if not face.usable or face.template is None:
        raise WrongUse(f"Face {face_id} cannot be searched. {face.unusable_reason or 'It has no template.'}")
    return face


def mean_template(model: ModelId, faces: Sequence[Face]) -> Template:
    """Return the mean of some faces' templates, each with the distance of its eyes as weight."""
    from stillgraph.faces.embed import merged

    vectors = np.stack([face.template.vector for face in faces if face.template is not None])
    return Template(model, merged(vectors, [face.quality.inter_eye_px for face in faces]))


@served
def candidate_lists(desk: Desk, still: StillId) -> SearchReport:
    """Return what the latest search of a still came to, as it was stored.

    Raises
    ------
    NotFound
        The still is not in the case, or has not been searched.
    """
    with desk.act(Action.VIEW_DETAIL, still=still, what="candidate lists") as deed:
        stored = searches.of_still(deed.session, still)
        if stored is None:
            raise NotFound(
                f"Still {still} has not been searched in this case; `stillgraph search CASE --still {still}` does."
            )
        search_id, found = stored
        report = searches.report_of(deed.session, search_id)
        faces = face_store.of_stills(deed.session, desk.model, [still])
        views = _views(deed.session, desk, [still], report.enhancement)
        probes = tuple(
            replace(_probe(face, outcome, candidates, views), look_alike=look_alike)
            for face in faces
            if face.face_id in found
            for outcome, candidates, look_alike in (found[face.face_id],)
        )
        return replace(
            report, probes=probes, without_face=() if probes else (still,), said=indexing.said_of(report)
        )  # fmt: skip


def _check(stills: Sequence[StillId], unsearched: bool, image: Path | None, limit: int, threshold: float) -> None:
    if sum((bool(stills), unsearched, image is not None)) != 1:
        raise WrongUse(
            "Say what to search: --unsearched, or --still ID (as often as needed), or --image FILE; one of them."
        )
    check_numbers(limit, threshold)


def check_numbers(limit: int, threshold: float) -> None:
    """Check the two numbers of a search, in the words of its options.

    Raises
    ------
    WrongUse
        They make no sense.
    """
    if limit < 1:
        raise WrongUse("A candidate list holds at least one person; give --limit 1 or more.")
    if not -1.0 <= threshold <= 1.0:
        raise WrongUse("A threshold is a cosine, from -1 (cuts nothing off) to 1.")


def _search_outside(
    desk: Desk, place: Path, limit: int, threshold: float, *, fpir: float | None, asked: Filters, progress: Progress
) -> SearchReport:
    """Search an image from outside the case, or every file of a folder, each of which is searched or refused."""
    from stillgraph.faces.analyse import threads
    from stillgraph.faces.embed import ImageRole

    began = time.perf_counter()
    with desk.act(Action.SEARCH, limit=limit, threshold=threshold, model=desk.model, from_outside=True) as deed:
        refused: dict[str, str] = {}
        files = outside.listed(place) if outside.is_folder(place) else None
        images = [outside.only(place)] if files is None else outside.readable(files, refused)
        count = 1 if files is None else len(files)
        analyses, failed, run = analyse_all(
            desk, images, count, ImageRole.STILL, min(count, threads(None)), progress=progress if count > 1 else silent
        )
        if failed and files is None:
            name, reason = failed.popitem()
            raise WrongUse(f"{name}: {reason}.")
        refused |= failed
        keep_run(deed, desk.pack, run, "search")
        index = gallery_index(deed.session, desk)
        searched = _searched(deed, index, asked)
        applied = _applied(deed, desk, fpir)
        at = threshold if applied is None else applied.threshold
        faces = [face for analysis in analyses for face in analysis.faces]
        probes = _probes(index, faces, limit, at, filters=asked)
        deed.note(images=len(analyses), refused=len(refused), probes=len(probes))
        deed.note(gallery=index.info.version, gallery_size=index.info.size)
        accounting.search(deed, desk, probes, images=len(analyses))
        report = SearchReport(
            search_id=None, gallery=index.info, model=desk.model, threshold=at, limit=limit,
            elapsed_s=time.perf_counter() - began, probes=probes, fpir=applied,
            without_face=tuple(analysis.image_id for analysis in analyses if not analysis.faces),
            refused=tuple(RefusedImage(name, reason) for name, reason in sorted(refused.items())),
            provider=run.provider, images_per_s=run.images_per_s, filters=asked, images_searched=searched,
            **engine_used(deed, index),
        )  # fmt: skip
        return rating.rated(deed.session, report)


def _applied(deed: Deed, desk: Desk, fpir: float | None) -> AppliedThreshold | None:
    """Return the threshold that was set for an FPIR, where one is asked for, and record it."""
    if fpir is None:
        return None
    applied = rating.threshold_for(deed.session, desk.model, fpir)
    deed.note(fpir=fpir, policy=applied.policy_id, threshold=applied.threshold)
    return applied


def gallery_index(session: Session, desk: Desk) -> GalleryIndex:
    """Return the index over every custody template of the case's model, brought to agree with the case file.

    It is exact or compressed, as is set for the case or as the rule of :mod:`stillgraph.gallery.choice` says.

    Raises
    ------
    WrongUse
        There is none: a search of nobody would look like a search that found nobody.
    """
    return indexing.searchable(session, indexing.current(session, desk.case.directory, desk.model))


def engine_used(deed: Deed, index: GalleryIndex) -> indexing.Said:
    """Let the engine check itself; return what the report says of it, and record it."""
    self_checking.go_on(deed, index)
    found = indexing.engine_said(deed.session, index)
    deed.note(engine=found["engine"], gallery_check=None if found["check"] is None else found["check"].check_id)
    return found


def _asked(desk: Desk, filters: Filters, *, past_review: bool) -> Filters:
    """Return the filters of a search, those of retention too."""
    return replace(filters, review_on=None if past_review else desk.clock().date())


def _searched(deed: Deed, index: GalleryIndex, filters: Filters) -> int:
    """Return how many custody images the filters leave, and record both; a search of nobody is refused."""
    indexing.check_exclusions(deed.session, filters)
    count = index.eligible(filters)
    deed.note(filters=searches.filters_said(filters), images_searched=count)
    if not count:
        raise WrongUse(
            f"The filters leave none of {index.info.size} custody images to search; loosen them. Images past their "
            "review date are searched with --past-review only."
        )
    return count


def _views(
    session: Session, desk: Desk, stills: Sequence[StillId], enhancement: EnhancementId | None
) -> Mapping[FaceId, Vector]:
    """Return the faces' templates from an enhancement of the one still that is searched, or none without one."""
    if enhancement is None:
        return {}
    kept = enhancements.one(session, enhancement)
    if kept is None:
        raise NotFound(
            f"There is no enhancement {enhancement} in this case; `stillgraph enhance CASE --list --still ID` lists "
            "a still's."
        )
    if list(stills) != [kept.still]:
        raise WrongUse(f"Enhancement {enhancement} is of still {kept.still}: search that one with it.")
    found = enhancements.vectors(session, enhancement, desk.model)
    if not found:
        raise WrongUse(f"No face was found in enhancement {enhancement}: search the still without it.")
    return found


def template_with(face: Face, views: Mapping[FaceId, Vector]) -> Template | None:
    """Return what a face is searched with: its template and, where an enhancement shows it too, that view's."""
    from stillgraph.faces.embed import unit

    if face.template is None or face.face_id not in views:
        return face.template
    return Template(face.template.model, unit(face.template.vector + views[face.face_id]))


def _made_of(face: Face, views: Mapping[FaceId, Vector]) -> ProbeTemplate:
    """Return from which picture a face's template is."""
    if face.found_by.startswith(FOUND_BY_ENHANCEMENT):
        return ProbeTemplate.ENHANCED
    return ProbeTemplate.BOTH if face.face_id in views else ProbeTemplate.ORIGINAL


def _probes(
    index: GalleryIndex,
    faces: Sequence[Face],
    limit: int,
    threshold: float,
    views: Mapping[FaceId, Vector] | None = None,
    *,
    filters: Filters,
    progress: Progress = silent,
) -> tuple[Probe, ...]:
    added = {} if views is None else views
    templates = {face.face_id: template_with(face, added) for face in faces if face.usable}
    searchable = {face_id: template for face_id, template in templates.items() if template is not None}
    wanted, found = list(searchable.values()), list[tuple[Candidate, ...]]()
    for at in range(0, len(wanted), FACES_AT_ONCE):
        found += index.search(wanted[at : at + FACES_AT_ONCE], limit=max(limit, 2), filters=filters)
        progress(Step("faces searched", len(found), len(wanted), "face"))
    lists = dict(zip(searchable, found, strict=True))
    return tuple(listed_probe(face, lists.get(face.face_id), added, limit=limit, threshold=threshold) for face in faces)


def listed_probe(
    face: Face,
    ranked: tuple[Candidate, ...] | None,
    views: Mapping[FaceId, Vector],
    *,
    limit: int | None = None,
    threshold: float = INVESTIGATION,
) -> Probe:
    """Return a face as the probe of a search with its candidates; ``None`` where it could not be searched.

    Where the list is cut here, by ``limit`` or ``threshold``, a look-alike that is cut off is still seen.
    """
    from stillgraph.evaluation import look_alike

    if ranked is None or face.template is None:
        return _probe(face, SearchOutcome.UNUSABLE, (), views)
    candidates = tuple(candidate for candidate in ranked[:limit] if candidate.score >= threshold)
    if not candidates:
        return _probe(face, SearchOutcome.NO_CANDIDATE, (), views)
    probe = _probe(face, SearchOutcome.CANDIDATES, candidates, views)
    return replace(probe, look_alike=look_alike(ranked, face.template.model))


def _probe(
    face: Face, outcome: SearchOutcome, candidates: tuple[Candidate, ...], views: Mapping[FaceId, Vector]
) -> Probe:
    return Probe(
        face.face_id, face.image_id, face.box, face.quality, face.usable, outcome, candidates, _made_of(face, views)
    )
