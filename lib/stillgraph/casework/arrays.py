"""Photo arrays: one candidate among fillers of similar recorded description, for a witness or a second look."""

from __future__ import annotations

import hashlib
from pathlib import Path

from stillgraph.casework import exporting, statement_pages, statements
from stillgraph.casework.attempts import attempted
from stillgraph.casework.desk import Deed, Desk
from stillgraph.casework.wire import served
from stillgraph.errors import NotFound, WrongUse
from stillgraph.governance.permits import Action
from stillgraph.records import (
    ArrayAnswer,
    ArrayPosition,
    FaceId,
    NominalId,
    OfficerId,
    Outcome,
    PhotoArray,
    Plate,
)
from stillgraph.review import arrays as rules
from stillgraph.store import Session, reviews, searches
from stillgraph.store import statements as store

CANDIDATE = "the candidate"
"""Why the candidate is in the array."""


@served
def photo_array(
    desk: Desk,
    nominal_id: NominalId | None = None,
    *,
    face_id: FaceId | None = None,
    size: int = rules.SIZE,
    age_within: int = rules.AGE_WITHIN,
    captured_within: int = rules.CAPTURED_WITHIN,
    seed: int | None = None,
) -> PhotoArray:
    """Make and keep a photo array of one candidate, by what custody recorded and never by a model.

    Parameters
    ----------
    nominal_id : NominalId, optional
        The candidate; without one, whom the face is corroborated as.
    face_id : FaceId, optional
        The face in question: nobody else on its list, or supported for a face of its offence, may be in the array.
        Without one, nobody who was supported for an offence that the candidate is corroborated in.
    size : int
        How many people, the candidate among them.
    age_within, captured_within : int
        Years by which fillers may differ: in age when photographed, and between the photographs.
    seed : int, optional
        What fillers and order are drawn from; by default one made of the policy's seed and the array's number.

    Raises
    ------
    NotFound
        There is no such candidate with a picture in this case, or they are not on the face's list.
    WrongUse
        Nobody is named, or too few people are alike enough.
    """
    with desk.act(Action.MAKE_ARRAY, face=face_id, nominal=nominal_id, size=size) as deed:
        session = deed.session
        who = _candidate(session, nominal_id, face_id)
        number = store.next_array(session)
        drawn_from = reviews.policy(session).seed + number if seed is None else seed
        pool = [
            rules.Described(one.nominal_id, one.custody_image, one.sex, one.ethnicity, one.age, one.captured_on)
            for one in store.recorded(session, desk.model)
        ]
        own = [one for one in pool if one.nominal_id == who]
        if not own:
            raise NotFound(f"There is no custody image of {who} with a face in it: without one there is no array.")
        candidate = max(own, key=lambda one: (one.captured_on, one.custody_image))
        found = rules.fillers(
            candidate, pool, not_these=store.under_the_same_offence(session, who, face_id), size=size,
            age_within=age_within, captured_within=captured_within, seed=drawn_from,
        )  # fmt: skip
        why = {one.nominal_id: reason for one, reason in found} | {who: CANDIDATE}
        people = rules.positions([candidate, *(one for one, _ in found)], drawn_from)
        made = PhotoArray(
            number, who, face_id, drawn_from,
            tuple(ArrayPosition(n, p.nominal_id, p.custody_image, why[p.nominal_id]) for n, p in enumerate(people, 1)),
            OfficerId(deed.officer), deed.at,
        )  # fmt: skip
        store.add_array(session, made)
        deed.note(array=number, seed=drawn_from, candidate=who)
        return made


@served
def array_pictures(desk: Desk, array_id: int) -> tuple[Plate, ...]:
    """Return the pictures of a photo array in its order, each called by its position alone. Looking is recorded.

    Raises
    ------
    NotFound
        There is no such array.
    """
    with desk.act(Action.VIEW_FACES, what="photo array", array=array_id) as deed:
        return _plates(desk, deed, _kept(deed.session, array_id))


@served(writes=("path",))
@attempted(Action.VIEW_FACES)
def write(desk: Desk, array_id: int, path: Path) -> None:
    """Write a photo array as HTML or PDF, by the file's ending: positions and pictures, no name and no id of a person.

    Raises
    ------
    NotFound
        There is no such array.
    WrongUse
        The ending is neither, or the file cannot be written.
    """
    writers = statement_pages.WRITERS.get(path.suffix.lower())
    if writers is None:
        raise WrongUse(
            f"A photo array is written as {' or '.join(statement_pages.WRITERS)}: name such a file, not {path.name}."
        )
    with desk.act(Action.VIEW_FACES, what="photo array", array=array_id) as deed:
        kept = _kept(deed.session, array_id)
        page = writers[1](kept, _plates(desk, deed, kept))
        deed.note(form=path.suffix.lower().removeprefix("."), sha256=hashlib.sha256(page).hexdigest())
        about = [*(one.nominal_id for one in kept.positions), *(one.custody_image for one in kept.positions)]
        exporting.write(desk, deed, path, page, kind="photo array", about=about)


@served
def record_answer(desk: Desk, array_id: int, position: int | None, words: str) -> ArrayAnswer:
    """Record what a witness answered: a position, or ``None`` for none of them, in their own words.

    It settles nothing: no review, link or record changes by it.

    Raises
    ------
    NotFound
        There is no such array.
    WrongUse
        The array has no such position, or the words are missing.
    """
    with desk.act(Action.RECORD_ANSWER, array=array_id) as deed:
        kept = _kept(deed.session, array_id)
        if position is not None and position not in {place.position for place in kept.positions}:
            raise WrongUse(f"Array {array_id} has positions 1 to {len(kept.positions)}; give one of them, or none.")
        if not words.strip():
            raise WrongUse("An answer is recorded in the witness's own words: give them.")
        chosen = next((place.nominal_id for place in kept.positions if place.position == position), None)
        answer = ArrayAnswer(
            array_id, position, words, chosen == kept.nominal_id, OfficerId(deed.officer), deed.at
        )  # fmt: skip
        store.add_answer(deed.session, answer)
        return answer


def _candidate(session: Session, nominal_id: NominalId | None, face_id: FaceId | None) -> NominalId:
    from stillgraph import review

    if face_id is None:
        if nominal_id is None:
            raise WrongUse("A photo array is of one candidate: name a nominal, or a face that is corroborated.")
        return nominal_id
    if nominal_id is None:
        ruled = review.ruling(searches.counting(session, face_id))
        if ruled.outcome is not Outcome.CORROBORATED or ruled.nominal_id is None:
            raise WrongUse(f"{face_id} is not corroborated as anybody: name the candidate of the array too.")
        return ruled.nominal_id
    listed = searches.listed(session, face_id)
    if not listed or nominal_id not in {nominal for nominal, _ in listed[0].candidates}:
        raise NotFound(f"{nominal_id} is not on a candidate list of {face_id}: an array is of a candidate that is.")
    return nominal_id


def _kept(session: Session, array_id: int) -> PhotoArray:
    kept = store.array(session, array_id)
    if kept is None:
        raise NotFound(f"There is no photo array {array_id} in this case; `stillgraph review array` makes one.")
    return kept


def _plates(desk: Desk, deed: Deed, kept: PhotoArray) -> tuple[Plate, ...]:
    plates = []
    for place in kept.positions:
        png = statements.custody_plate(desk, deed, place.custody_image)
        if png is None:
            raise NotFound(
                f"The picture at position {place.position} of array {kept.array_id} is in the case no more: make "
                "another array."
            )
        plates.append(Plate(str(place.position), png))
    return tuple(plates)
