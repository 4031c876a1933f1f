"""Trials: lists with a known answer, mixed unannounced into officers' queues. They touch no real record.

A trial is made of a face that two officers have corroborated. *Absent*: the same search with that nominal left out,
whoever ranks next taken in, so that the list is as long as ever. *Present*: the list as it was. It is put only before
an officer who neither searched nor judged the face, nor was dealt it. Everything about trials lies in tables of their
own, which no view shows and which reviews, linking and ranking never read.

The lists are made ahead and for everybody alike, so that nothing, time included, tells who is given one.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from stillgraph.casework import indexing
from stillgraph.records import CustodyImageId, FaceId, ModelId, NominalId, OfficerId, ReviewPolicy
from stillgraph.store import Session, galleries, reviews, rulings, searches
from stillgraph.store import faces as face_store
from stillgraph.store.reviews import Trial
from stillgraph.store.searches import Listed

List = tuple[tuple[NominalId, CustodyImageId, float], ...]


def prepare(session: Session, directory: Path, model: ModelId, at: datetime) -> int:
    """Make the lists of trials that corroborated faces allow and that are not there yet; return of how many faces.

    A face searched with an enhancement or together with others makes none: its list cannot be made again from its
    own template alone.
    """
    from stillgraph.review.dealing import ABSENT, PRESENT

    wanting = reviews.faces_without_trial_lists(session)
    for search_id in sorted({listed.search_id for listed, _ in wanting}):
        of_search = [(listed, nominal) for listed, nominal in wanting if listed.search_id == search_id]
        without = _without(session, directory, model, of_search)
        for listed, nominal in of_search:
            shown = tuple((*one, score) for one, score in zip(listed.candidates, listed.scores, strict=True))
            lists: dict[str, List] = {PRESENT: shown, ABSENT: without.get(listed.face_id, ())}
            for kind, candidates in lists.items():
                # A list of another length would tell; an empty one only says that there is none to make.
                usable = len(candidates) == len(listed.candidates) and (kind == ABSENT) != _names(candidates, nominal)
                reviews.add_trial_list(session, listed, kind, nominal, candidates if usable else (), at=at)
    return len(wanting)


def _names(candidates: List, nominal: NominalId) -> bool:
    return nominal in {listed for listed, _, _ in candidates}


def _without(
    session: Session, directory: Path, model: ModelId, faces: Sequence[tuple[Listed, NominalId]]
) -> dict[FaceId, List]:
    """Return each face's list of one search made again without the nominal it was corroborated as."""
    report = searches.report_of(session, faces[0][0].search_id)
    apart = report.enhancement is None and not report.together and report.model == model
    if not apart or not galleries.state(session).images:
        return {}
    held = [(listed, nominal, face_store.one(session, model, listed.face_id)) for listed, nominal in faces]
    probes = [(listed, nominal, face.template) for listed, nominal, face in held if face is not None and face.template]
    found = indexing.current(session, directory, model).search(
        [template for _, _, template in probes], limit=report.limit + 1, threshold=report.threshold,
        filters=report.filters,
    )  # fmt: skip
    # One more than the limit, less the nominal: each person is listed once, so that is a search without them.
    return {
        listed.face_id: tuple((c.nominal_id, c.custody_image, c.score) for c in candidates if c.nominal_id != nominal)[
            : report.limit
        ]
        for (listed, nominal, _), candidates in zip(probes, found, strict=True)
    }


def mix_in(session: Session, officer: OfficerId, real: Sequence[Listed], policy: ReviewPolicy, at: datetime) -> None:
    """Put trials beside the real lists that the policy's chance says, where a corroborated face allows one."""
    from stillgraph.review import dealing

    beside = {f"{listed.face_id}@{listed.search_id}": listed for listed in real}
    wanted = [
        (place, kind)
        for place in sorted(set(beside) - reviews.places_with_trials(session, officer))
        if (kind := dealing.trial_beside(policy, officer, beside[place].face_id, beside[place].search_id)) is not None
    ]
    # Asked for whether any is wanted or not, so that time does not tell.
    out = rulings.faces_ruled_by(session, officer)
    faces = {kind: set(reviews.faces_for_trial(session, officer, kind)) for kind in (dealing.ABSENT, dealing.PRESENT)}
    for place, kind in wanted:
        face_id = dealing.pick(policy, officer, place, faces[kind] - out)
        if face_id is not None:
            reviews.add_trial(session, officer, face_id, kind, beside=place, policy_number=policy.number, at=at)
            out.add(face_id)


def list_for(session: Session, officer: OfficerId, face_id: FaceId) -> tuple[Listed | None, Trial | None]:
    """Return the list of a face as this officer is to see it, and the trial it is of, if it is one.

    Whoever shows or judges a list asks here, so that a trial is shown and judged like any other; both are looked up
    either way, so that it takes as long.
    """
    trial, found = reviews.trial_of(session, officer, face_id), searches.listed(session, face_id)
    if trial is not None:
        return as_listed(trial), trial
    return (found[0] if found else None), None


def as_listed(trial: Trial) -> Listed:
    """Return a trial as the list it looks like; nobody its officer need keep from has searched it."""
    return Listed(trial.face_id, trial.still, trial.search_id, frozenset(), trial.candidates, trial.scores)


def waiting(session: Session, officer: OfficerId) -> list[Trial]:
    """Return the trials mixed in for this officer that they have not answered and whose answer still holds."""
    return reviews.open_trials(session, officer)
