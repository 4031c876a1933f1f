"""Measuring how often the search is wrong, on a case with known truth."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stillgraph.casework.attempts import attempted
from stillgraph.casework.desk import Desk
from stillgraph.casework.searching import INVESTIGATION, gallery_index
from stillgraph.casework.wire import served
from stillgraph.errors import WrongUse
from stillgraph.governance.permits import Action
from stillgraph.records import (
    Candidate,
    Face,
    FaceId,
    GalleryInfo,
    ModelId,
    Nominal,
    NominalId,
    Rate,
    StillId,
)
from stillgraph.store import Session, receipts
from stillgraph.store import faces as face_store

if TYPE_CHECKING:
    from stillgraph.evaluation import GroupRates, IdentificationResult, IdentificationTrial, TruthFace
    from stillgraph.evaluation.measured import Measured
    from stillgraph.evaluation.searches import Searches

GROUPS = ("ethnicity", "sex")
"""What rates can be split by: attributes of the nominal's record, never guessed from an image."""


@dataclass(frozen=True, slots=True)
class IdentificationReport:
    """1:N error rates of a case against known truth, with what they were measured on.

    ``stills_not_in_case`` are stills of the truth table that the case does not hold; they are no trials. ``measured``
    states more of the same faces, with intervals over people; there everybody's own images are left out once too, which
    makes a non-mated search of each. ``synthetic`` where the people are a demonstration's.
    """

    model: ModelId
    gallery: GalleryInfo
    gallery_nominals: int
    mated: int
    nonmated: int
    failures_to_acquire: int
    failures_to_acquire_nonmated: int
    hit_rate: dict[str, float | None]
    hit_rate_interval: dict[str, tuple[float, float] | None]
    fnir_at_fpir: dict[str, float | None]
    fnir_interval: dict[str, tuple[float, float] | None]
    thresholds: dict[str, float | None]
    insufficient: dict[str, str]
    groups: dict[str, dict[str, GroupRates]]
    within_rank: int
    stills_not_in_case: int
    elapsed_s: float
    measured: Measured
    synthetic: bool


@dataclass(frozen=True, slots=True)
class KnownSearches:
    """Every face of known truth in a case, searched against all of the gallery.

    ``faces`` and ``lists`` hold the usable ones; whoever of ``known`` is in neither was not found or is unusable.
    """

    known: tuple[TruthFace, ...]
    faces: dict[TruthFace, Face]
    lists: dict[TruthFace, tuple[Candidate, ...]]
    enrolled: frozenset[NominalId]
    gallery: GalleryInfo


def search_known(
    session: Session, desk: Desk, table: Sequence[TruthFace], *, limit: int | None = None
) -> KnownSearches:
    """Search every face of a truth table that the case holds, inside an action.

    Each list holds the whole gallery, unless ``limit`` says how many persons.
    """
    from stillgraph import evaluation

    widths = receipts.still_widths(session)
    faces = {face.face_id: face for face in face_store.of_stills(session, desk.model)}
    index = gallery_index(session, desk)
    entries, _ = face_store.gallery(session, desk.model)
    enrolled = frozenset(nominal for _, nominal in entries)
    known = tuple(t for t in table if t.still in widths)
    assigned = evaluation.assign(known, by_still(faces), widths)
    usable = {
        t: face
        for t, face_id in assigned.items()
        if face_id is not None and (face := faces[face_id]).usable and face.template is not None
    }
    templates = [face.template for face in usable.values() if face.template is not None]
    most = max(len(enrolled), 1) if limit is None else limit
    found = index.search(templates, limit=most, threshold=INVESTIGATION)
    return KnownSearches(known, usable, dict(zip(usable, found, strict=True)), enrolled, index.info)


@served
@attempted(Action.EVALUATE)
def identification(desk: Desk, truth: Path, *, by: Sequence[str] = ()) -> IdentificationReport:
    """Measure the search of every face of known truth against the gallery.

    A person of the truth whose face was not found, or is unusable, is a trial all the same, and an error where that
    person is in the gallery.

    Parameters
    ----------
    truth : Path
        The truth table; see :func:`stillgraph.evaluation.read_truth`.
    by : sequence of str
        Recorded attributes to split mated rates by, of :data:`GROUPS`.

    Raises
    ------
    WrongUse
        ``by`` names something that is not recorded.
    ManifestError
        The truth table cannot be read.
    """
    from stillgraph import evaluation
    from stillgraph.evaluation.measured import WITHIN_RANK, measured

    unknown = [name for name in by if name not in GROUPS]
    if unknown:
        raise WrongUse(f"Rates can be split by {' and '.join(GROUPS)}, as recorded for nominals; not by {unknown[0]}.")
    began = time.perf_counter()
    table = evaluation.read_truth(truth)
    with desk.act(Action.EVALUATE, what="identification", by=list(by)) as deed:
        done = search_known(deed.session, desk, table)
        trials = [_trial(t, done.lists.get(t), t.nominal_id in done.enrolled) for t in done.known]
        groups = _groups(done.known, receipts.nominals(deed.session), by)
        rates = evaluation.identification(trials, gallery=len(done.enrolled), within_rank=WITHIN_RANK, groups=groups)
        deed.note(trials=len(trials), gallery=done.gallery.version, measured=_measured(desk, rates, len(done.enrolled)))
        return IdentificationReport(
            model=desk.model, gallery=done.gallery, gallery_nominals=len(done.enrolled), mated=rates.mated,
            nonmated=rates.nonmated, failures_to_acquire=rates.failures_to_acquire,
            failures_to_acquire_nonmated=rates.failures_to_acquire_nonmated, hit_rate=rates.hit_rate,
            hit_rate_interval=rates.hit_rate_interval, fnir_at_fpir=rates.fnir_at_fpir,
            fnir_interval=rates.fnir_interval, thresholds=rates.thresholds, insufficient=rates.insufficient,
            groups=rates.groups, within_rank=rates.within_rank,
            stills_not_in_case=len({t.still for t in table} - {t.still for t in done.known}),
            measured=measured(
                searches_both_ways(done, {name: groups[name] for name in by}), gallery=len(done.enrolled), by=by,
                within_rank=WITHIN_RANK,
            ),
            synthetic=desk.settings.get("kind") == "demonstration",
            elapsed_s=time.perf_counter() - began,
        )  # fmt: skip


def _measured(desk: Desk, rates: IdentificationResult, nominals: int) -> dict[str, object]:
    """Return the rates as the record has them: as counts of trials, so that their intervals can be worked out."""

    def counts(shares: Mapping[str, float | None], of: int) -> dict[str, int]:
        return {name: round(share * of) for name, share in shares.items() if share is not None}

    return {
        "model": str(desk.model), "gallery": nominals, "mated": rates.mated, "nonmated": rates.nonmated,
        "failures": rates.failures_to_acquire, "within_rank": rates.within_rank,
        "within": counts(rates.hit_rate, rates.mated), "missed": counts(rates.fnir_at_fpir, rates.mated),
        "groups": {
            attribute: {
                label: {"mated": group.mated, "within": counts(group.hit_rate, group.mated)}
                for label, group in found.items() if group.insufficient is None
            }
            for attribute, found in rates.groups.items()
        },
        "synthetic": desk.settings.get("kind") == "demonstration",
    }  # fmt: skip


def sentences(report: IdentificationReport) -> list[str]:
    """Return the report in sentences for people, each rate with its count of trials and interval."""
    people = f"{report.gallery_nominals} people"
    lost = f"{report.failures_to_acquire} faces not found or unusable, counted as errors where mated"
    of_mated = f"of {report.mated} mated searches"
    lines = [
        f"Model {report.model}; gallery {report.gallery.version}, {report.gallery.size} custody images of {people}",
        f"{report.mated} mated searches (the person is in the gallery), {report.nonmated} non-mated; {lost}",
    ]
    lines += [
        f"Within rank {rank}: {_percent(rate)} {of_mated} ({_range(report.hit_rate_interval[rank])})"
        for rank, rate in report.hit_rate.items()
        if rate is not None
    ]
    lines += [
        f"FNIR at FPIR {target}: {_percent(rate)} ({_range(report.fnir_interval[target])}), threshold "
        f"{report.thresholds[target]:.3f}, within rank {report.within_rank}"
        for target, rate in report.fnir_at_fpir.items()
        if rate is not None
    ]
    lines += [f"FPIR {target}: {why}" for target, why in report.insufficient.items()]
    for attribute, groups in report.groups.items():
        for label, rates in groups.items():
            if rates.insufficient is not None:
                lines.append(f"{attribute} {label}: {rates.insufficient}")
                continue
            first = f"{_percent(rates.hit_rate['1'])} ({_range(rates.hit_rate_interval['1'])})"
            lines.append(f"{attribute} {label}: within rank 1 {first} of {rates.mated} mated searches")
    return lines


@served
def truth_of_faces(desk: Desk, truth: Path) -> dict[FaceId, NominalId | None]:
    """Return whose each face is that a truth table accounts for: for demonstrations and evaluation only.

    A face the table accounts for and whose person is not in custody records has ``None``; a face that is nobody's is
    absent.
    """
    from stillgraph import evaluation

    with desk.act(Action.EVALUATE, what="truth of faces") as deed:
        widths = receipts.still_widths(deed.session)
        faces = {face.face_id: face for face in face_store.of_stills(deed.session, desk.model)}
        known = [t for t in evaluation.read_truth(truth) if t.still in widths]
        assigned = evaluation.assign(known, by_still(faces), widths)
        return {face_id: t.nominal_id for t, face_id in assigned.items() if face_id is not None}


def by_still(faces: Mapping[FaceId, Face]) -> dict[StillId, list[Face]]:
    """Gather faces by still."""
    grouped: dict[StillId, list[Face]] = {}
    for face in faces.values():
        grouped.setdefault(StillId(face.image_id), []).append(face)
    return grouped


def _trial(truth: TruthFace, candidates: Sequence[Candidate] | None, mated: bool) -> IdentificationTrial:
    from stillgraph.evaluation import IdentificationTrial

    mate = next((c for c in candidates or () if c.nominal_id == truth.nominal_id), None)
    return IdentificationTrial(
        trial_id=f"{truth.still}@{truth.position}",
        mated=mated,
        acquired=candidates is not None,
        rank=None if mate is None else mate.rank,
        mate_score=None if mate is None else mate.score,
        best_score=candidates[0].score if candidates else None,
        person=truth.person,
    )


def searches_both_ways(done: KnownSearches, groups: Mapping[str, Mapping[str, str]]) -> Searches:
    """Return every face of known truth as a search, and once more with its person's own images left out.

    The first is mated where the person is in the gallery. The second is a search of a stranger in either case, and is
    the only one of who is not in the gallery. ``groups`` goes by attribute and trial, as recorded.
    """
    import numpy as np

    from stillgraph.evaluation.searches import Searches

    people = {person: code for code, person in enumerate(sorted({t.person for t in done.known}))}
    rows = [(t, done.lists.get(t), True) for t in done.known if t.nominal_id in done.enrolled]
    rows += [(t, done.lists.get(t), False) for t in done.known]
    place, own, best = (np.full(len(rows), start) for start in (np.inf, -np.inf, -np.inf))
    for at, (t, listed, mated) in enumerate(rows):
        mate = next((c for c in listed or () if c.nominal_id == t.nominal_id), None)
        if mated and mate is not None:
            place[at], own[at] = mate.rank, mate.score
        best[at] = max((c.score for c in listed or () if mated or c is not mate), default=-np.inf)
    faces = [done.faces.get(t) for t, _, _ in rows]
    bands = ["" if face is None else face.quality.band or "" for face in faces]
    named = {name: [of.get(f"{t.still}@{t.position}", "") for t, _, _ in rows] for name, of in groups.items()}
    return Searches(
        person=np.array([people[t.person] for t, _, _ in rows], dtype=np.intp),
        mated=np.array([mated for _, _, mated in rows]),
        rank=place,
        mate_score=own,
        best_score=best,
        acquired=np.array([face is not None for face in faces]),
        labels={name: np.array(column, dtype=np.str_) for name, column in {"band": bands, **named}.items()},
    )


def _groups(
    truth: Sequence[TruthFace], nominals: Mapping[NominalId, Nominal], by: Sequence[str]
) -> dict[str, dict[str, str]]:
    return {
        attribute: {
            f"{t.still}@{t.position}": str(getattr(nominals[t.nominal_id], attribute))
            for t in truth
            if t.nominal_id is not None and t.nominal_id in nominals
        }
        for attribute in by
    }


def _percent(rate: float | None) -> str:
    return "no trials" if rate is None else f"{100 * rate:.1f} %"


def _range(interval: tuple[float, float] | None) -> str:
    return "no interval" if interval is None else f"95 %: {100 * interval[0]:.1f} to {100 * interval[1]:.1f}"


@dataclass(frozen=True, slots=True)
class LeadErrors:
    """Corroborated leads against known truth: how many are wrong, and how many mated faces have none.

    ``missed`` counts faces of the truth whose person is in the gallery, found or not.
    """

    wrong: Rate
    missed: Rate


@served
def leads_against_truth(desk: Desk, truth: Path) -> LeadErrors:
    """Measure corroborated leads against known truth: the whole process, search and review together."""
    from stillgraph import evaluation

    whose = truth_of_faces(desk, truth)
    with desk.act(Action.EVALUATE, what="leads against truth") as deed:
        leads = dict(deed.session.rows("SELECT face_id, nominal_id FROM reviews WHERE outcome = 'corroborated'"))
        held = set(receipts.still_widths(deed.session))
        enrolled = {nominal for _, nominal in face_store.gallery(deed.session, desk.model)[0]}
    mated = sum(t.still in held and t.nominal_id in enrolled for t in evaluation.read_truth(truth))
    right = sum(whose.get(face) == nominal for face, nominal in leads.items())
    return LeadErrors(
        wrong=evaluation.wilson(len(leads) - right, len(leads)),
        missed=evaluation.wilson(mated - right, mated),
    )
