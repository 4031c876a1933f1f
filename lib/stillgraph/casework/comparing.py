"""Looking at a face beside its candidates: pictures aligned on the eyes, for a comparison by eye.

What is returned is what a reviewer may see before deciding: no score, no rank, no verdict, no measure of a face. The
candidate's other stills are those whose own reviews two officers have settled; the still under review is never among
them, nor another face of it, whose outcome would say who else was there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stillgraph.casework import enhancing, trials
from stillgraph.casework.desk import Deed, Desk
from stillgraph.casework.wire import served
from stillgraph.errors import NotFound
from stillgraph.governance.permits import Action
from stillgraph.records import (
    Comparable,
    Comparison,
    CustodyImageId,
    EnhancementId,
    Face,
    FaceId,
    NominalId,
    OfficerId,
    Pictured,
    Portrayed,
    ReviewItem,
    Side,
    StillId,
    Verdict,
)
from stillgraph.store import comparisons, enhancements, receipts
from stillgraph.store import faces as face_store

if TYPE_CHECKING:
    from stillgraph.faces.pixels import Pixels

ORIGINAL = "still"
"""The key of the still as received."""
ENHANCED, CUSTODY, OTHER = "enhancement ", "custody ", "face "
"""How the keys of the others begin; their own ids follow."""

LONGEST_PX = 1400
"""A still with a longer side is shown smaller."""


@served
def comparable(desk: Desk, face_id: FaceId, nominal_id: NominalId) -> Comparable:
    """Return what there is to look at of a face and one of the candidates on its list. Looking is recorded.

    Raises
    ------
    NotFound
        The face has no candidate list, or the nominal is not on it.
    """
    with desk.act(Action.VIEW_FACES, what="comparison", face=face_id, nominal=nominal_id) as deed:
        return _comparable(desk, deed, face_id, nominal_id)


@served
def portrayed(desk: Desk, face_id: FaceId, nominal_id: NominalId, key: str) -> Portrayed:
    """Return one of the pictures of a comparison, aligned on the eyes. Looking is recorded.

    Raises
    ------
    NotFound
        The face has no candidate list, the nominal is not on it, or no picture of the two has this key.
    """
    from stillgraph.faces import portraits

    with desk.act(Action.VIEW_FACES, what="comparison picture", face=face_id, nominal=nominal_id, picture=key) as deed:
        known = {pictured.key for pictured in _comparable(desk, deed, face_id, nominal_id).pictures}
        if key not in known:
            raise NotFound(f"There is no picture “{key}” of {face_id} and {nominal_id}; choose one that is listed.")
        face, pixels = _seen(desk, deed, face_id, ORIGINAL if key.startswith(ENHANCED) else key)
        if key.startswith(ENHANCED):
            face, pixels = _remade(deed, EnhancementId(key.removeprefix(ENHANCED)), face, pixels)
        made = portraits.portrait(pixels, face.box, face.landmarks)
        turned = "turned away: aligned on the middle of the eyes and the size of the face; " if made.turned else ""
        return Portrayed(made.png, turned + made.enlarged)


@served
def in_context(desk: Desk, face_id: FaceId) -> bytes:
    """Return the whole still with the face framed, as the bytes of a PNG. Looking is recorded.

    Raises
    ------
    NotFound
        There is no such face of a still.
    """
    from stillgraph.faces import portraits

    with desk.act(Action.VIEW_FACES, what="still in context", face=face_id) as deed:
        face, pixels = _seen(desk, deed, face_id, ORIGINAL)
        return portraits.in_context(pixels, face.box, LONGEST_PX)


def components() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return the checklist: each component with its characteristics, from the top of the head down."""
    from stillgraph import review

    return review.COMPONENTS


def blockers(
    item: ReviewItem, verdict: Verdict, nominal_id: NominalId | None, comparison: Comparison, reason: str
) -> tuple[str, ...]:
    """Return what stands in the way of a judgement as far as its own words go, as sentences; nothing is recorded.

    Whether the officer may judge this list at all, which others' judgements decide, is seen to when they do.
    """
    from stillgraph import review

    return review.blockers(
        officer=OfficerId(""), searched_by=(), judgements=(), verdict=verdict, nominal_id=nominal_id,
        listed={nominal for nominal, _ in item.candidates}, comparison=comparison, reason=reason,
    )  # fmt: skip


def _comparable(desk: Desk, deed: Deed, face_id: FaceId, nominal_id: NominalId) -> Comparable:
    listed, _ = trials.list_for(deed.session, OfficerId(deed.officer), face_id)
    if listed is None:
        raise NotFound(f"Face {face_id} has no candidate list to compare with; search its still first.")
    if nominal_id not in {nominal for nominal, _ in listed.candidates}:
        raise NotFound(f"{nominal_id} is not on the candidate list of {face_id}: compare a candidate that is.")
    pictures = [Pictured(ORIGINAL, Side.STILL, f"still {listed.still}, as received")]
    pictures += _enhanced(desk, deed, face_id, listed.still)
    left_out = []
    for image, captured_on in comparisons.custody_images(deed.session, nominal_id):
        if face_store.of_custody_image(deed.session, desk.model, image) is None:
            left_out.append(f"No face was found in custody image {image}, so it cannot be aligned.")
        else:
            said = f"custody image {image}, {captured_on.day} {captured_on:%b %Y}"
            pictures.append(Pictured(f"{CUSTODY}{image}", Side.CANDIDATE, said))
    pictures += [
        Pictured(f"{OTHER}{face}", Side.CANDIDATE, f"still {other}, held by two officers to show {nominal_id}")
        for face, other in comparisons.corroborated_faces(deed.session, nominal_id)
        if other != listed.still
    ]
    return Comparable(face_id, nominal_id, tuple(pictures), tuple(left_out))


def _enhanced(desk: Desk, deed: Deed, face_id: FaceId, still: StillId) -> list[Pictured]:
    kept = enhancements.of_still(deed.session, still)
    if not kept:
        return []
    face, pixels = _seen(desk, deed, face_id, ORIGINAL)
    return [
        Pictured(f"{ENHANCED}{one.enhancement_id}", Side.STILL, f"enhanced: {enhancing.words(one)}")
        for one in kept
        if enhancing.face_in(one, pixels, face) is not None
    ]


def _remade(deed: Deed, enhancement_id: EnhancementId, face: Face, original: Pixels) -> tuple[Face, Pixels]:
    """Return the face where an enhancement's picture shows it, and that picture, made anew."""
    kept = enhancements.one(deed.session, enhancement_id)
    assert kept is not None  # noqa: S101  (only what is listed is asked for, and it shows the face)
    moved = enhancing.face_in(kept, original, face)
    assert moved is not None  # noqa: S101
    return moved, enhancing.picture_of(kept, original)


def _seen(desk: Desk, deed: Deed, face_id: FaceId, key: str) -> tuple[Face, Pixels]:
    """Return the face that a key stands for and the pixels it is in."""
    from stillgraph.faces.pixels import decode

    if key.startswith(CUSTODY):
        image = CustodyImageId(key.removeprefix(CUSTODY))
        face = face_store.of_custody_image(deed.session, desk.model, image)
        digest = receipts.custody_digests(deed.session, [image]).get(image)
    else:
        face = face_store.one(deed.session, desk.model, FaceId(key.removeprefix(OTHER)) if key != ORIGINAL else face_id)
        still = None if face is None else StillId(face.image_id)
        digest = None if still is None else receipts.still_digests(deed.session, [still]).get(still)
    if face is None or digest is None:
        raise NotFound(f"There is no face {face_id} of a still in this case; the view faces lists them.")
    return face, decode(desk.images.get(digest), face.image_id)
