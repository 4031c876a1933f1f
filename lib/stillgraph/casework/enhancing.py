"""Enhancing stills: an analyst's tool, every step recorded, the original never touched and always shown beside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from stillgraph.casework import exporting
from stillgraph.casework.desk import Deed, Desk
from stillgraph.casework.wire import served
from stillgraph.errors import CaseError, NotFound, WrongUse
from stillgraph.governance.permits import Action
from stillgraph.records import (
    Enhancement,
    EnhancementId,
    Face,
    ModelId,
    OfficerId,
    OperationId,
    Preview,
    Reproduction,
    StillId,
    Template,
)
from stillgraph.store import enhancements, receipts
from stillgraph.store import faces as face_store

if TYPE_CHECKING:
    from stillgraph.faces.packs import FacePack
    from stillgraph.faces.pixels import Pixels
    from stillgraph.faces.steps import Parameter, Step, Steps

NOT_THERE = "; `stillgraph enhance CASE --list --still ID` lists a still's."


def steps_of(words: Sequence[str] = (), file: Path | None = None) -> Steps:
    """Return the steps of a file of JSON, then those typed as words, such as ``gamma 1.6``.

    Raises
    ------
    WrongUse
        A step cannot be read, or the file cannot; the message says what is wrong.
    """
    from stillgraph.faces import steps

    found: Steps = ()
    if file is not None:
        try:
            with file.open(encoding="utf-8") as stream:
                found = steps.read(stream.read(steps.LONGEST_TEXT + 1))
        except (OSError, UnicodeDecodeError) as error:
            raise WrongUse(
                f"{file.name} cannot be read as steps ({type(error).__name__}): name a file of JSON text."
            ) from error
    return steps.checked([*found, *(steps.parse(typed) for typed in words)])


def step_kinds() -> dict[str, tuple[str, tuple[Parameter, ...]]]:
    """Return every kind of step by name: what it does, and the parameters it is set by."""
    from stillgraph.faces import steps

    return {name: ((kind.__doc__ or "").splitlines()[0], steps.parameters(name)) for name, kind in steps.KINDS.items()}


@served(writes=("out",))
def preview(
    desk: Desk, still: StillId, steps: Sequence[Step] = (), *, longest_px: int | None = None, out: Path | None = None
) -> Preview:
    """Return a still beside what the steps make of it. Looking is recorded; nothing is kept in the case.

    Without steps both pictures are the still. With ``longest_px``, pictures with a longer side are shown smaller.
    ``out`` is a PNG file to write both beside each other to.

    Raises
    ------
    NotFound
        The still is not in the case.
    WrongUse
        A step does not fit the picture, or the file cannot be written.
    """
    from stillgraph.faces import beside, enhance
    from stillgraph.faces import steps as recipe

    with desk.act(Action.VIEW_FACES, still=still, what="enhancement preview", steps=recipe.recorded(steps)) as deed:
        original = _original(desk, deed, still)
        moving = enhance.geometric(steps)
        same_part, made = _applied(original, moving), _applied(original, steps)
        words = recipe.describe(steps) or "nothing yet"
        captions = (f"original ({recipe.describe(moving)})" if moving else "original", f"enhanced: {words}")
        both = beside.beside(same_part, made, captions)
        if out is not None:
            exporting.write(desk, deed, out, both, kind="picture", about=[still])
        return Preview(
            still, tuple(recipe.recorded(steps)), words, made.shape[1], made.shape[0], enhance.digest(made), captions,
            original=beside.png(same_part, longest_px), enhanced=beside.png(made, longest_px), beside=both,
        )  # fmt: skip


@served
def enhance(desk: Desk, still: StillId, steps: Sequence[Step]) -> Enhancement:
    """Keep an enhancement of a still: its steps, what they came to, and the faces the enhanced picture shows.

    Each face there that is one of the still's gets an additional template; one that the original did not show becomes
    a face of the still, whose only template is from the enhanced picture, and says so in ``found_by``. The same steps
    on the same still are kept once: asked for again, the enhancement that is there comes back.

    Raises
    ------
    NotFound
        The still is not in the case.
    WrongUse
        There are no steps, or one does not fit the picture.
    """
    from stillgraph.faces import enhance as pixels
    from stillgraph.faces import enhanced
    from stillgraph.faces import steps as recipe

    with desk.act(Action.ENHANCE, still=still, steps=recipe.recorded(steps), model=desk.model) as deed:
        recipe.checked(steps)
        original = _original(desk, deed, still)
        earlier = enhancements.of_still(deed.session, still)
        same = next((one for one in earlier if list(one.steps) == recipe.recorded(steps)), None)
        if same is not None:
            deed.note(enhancement=same.enhancement_id, made_now=False)
            return _worded(same)
        made = _applied(original, steps)
        known = face_store.of_stills(deed.session, desk.model, [still])
        number = len(earlier) + 1
        views, new = enhanced.look(still, original, made, steps=steps, known=known, pack=desk.pack, number=number)
        kept = Enhancement(
            EnhancementId(f"{still}~{number}"), still, tuple(recipe.recorded(steps)), recipe.describe(steps),
            made.shape[1], made.shape[0], pixels.digest(made), pixels.software(), OfficerId(deed.officer),
            OperationId(deed.operation), deed.at, faces=(), made_now=True,
        )  # fmt: skip
        face_store.add(deed.session, "still", new)
        enhancements.add(deed.session, kept, deed.reason, views)
        deed.note(enhancement=kept.enhancement_id, made_now=True, faces=len(views), new_faces=len(new))
        stored = enhancements.one(deed.session, kept.enhancement_id)
        return kept if stored is None else replace(kept, faces=stored.faces)


@served
def enhancements_of(desk: Desk, still: StillId) -> tuple[Enhancement, ...]:
    """Return the enhancements of a still, the first first.

    Raises
    ------
    NotFound
        The still is not in the case.
    """
    with desk.act(Action.VIEW_DETAIL, still=still, what="enhancements") as deed:
        if receipts.missing_stills(deed.session, [still]):
            raise NotFound(f"There is no still {still} in this case; receive its delivery first.")
        return tuple(_worded(one) for one in enhancements.of_still(deed.session, still))


@served
def reproduce(desk: Desk, enhancement_id: EnhancementId) -> Reproduction:
    """Do an enhancement's steps anew to the original, and say whether they give the recorded pixels.

    Another version of a library may round otherwise. That is reported, with the versions of then and now, and nothing
    recorded is changed.

    Raises
    ------
    NotFound
        There is no such enhancement.
    """
    from stillgraph.faces import enhance as pixels

    with desk.act(Action.VIEW_DETAIL, enhancement=enhancement_id, what="reproduction") as deed:
        kept = enhancements.one(deed.session, enhancement_id)
        if kept is None:
            raise NotFound(f"There is no enhancement {enhancement_id} in this case{NOT_THERE}")
        made = _applied(_original(desk, deed, kept.still), _stored_steps(kept))
        now = pixels.digest(made)
        same = (now, made.shape[1], made.shape[0]) == (kept.pixels_sha256, kept.width_px, kept.height_px)
        deed.note(same=same)
        return Reproduction(enhancement_id, same, kept.pixels_sha256, now, kept.software, pixels.software())


def embed_views_anew(desk: Desk, deed: Deed, since: ModelId, target: FacePack) -> None:
    """Make the templates that enhancements hold anew with another pack, inside the action that is open.

    The pictures are made again from the originals; each face is embedded where it was found in them.
    """
    from stillgraph.faces.embed import ImageRole

    for enhancement_id in enhancements.with_views(deed.session, since):
        kept = enhancements.one(deed.session, enhancement_id)
        if kept is None:
            continue
        made = _applied(_original(desk, deed, kept.still), _stored_steps(kept))
        anew = [
            replace(view, template=Template(target.model, target.embedder.embed(made, view.landmarks, ImageRole.STILL)))
            for view in enhancements.views(deed.session, enhancement_id, since)
        ]
        enhancements.add_views(deed.session, enhancement_id, anew)
    enhancements.drop_views(deed.session, since)


def words(kept: Enhancement) -> str:
    """Return what was done for an enhancement, in words."""
    return _worded(kept).words


def picture_of(kept: Enhancement, original: Pixels) -> Pixels:
    """Return the pixels of an enhancement, made anew from the original's."""
    return _applied(original, _stored_steps(kept))


def face_in(kept: Enhancement, original: Pixels, face: Face) -> Face | None:
    """Return a face of the original where the enhancement shows it; ``None`` where its eyes were cropped away."""
    from stillgraph.faces import enhance as pixels
    from stillgraph.faces.steps import to_original

    back = to_original(_stored_steps(kept), original.shape[1], original.shape[0])
    there = np.asarray(np.linalg.inv(back), np.float64)
    landmarks = pixels.moved_points(face.landmarks, there)
    eyes = landmarks[:2].mean(axis=0)
    if (eyes < 0).any() or (eyes >= (kept.width_px, kept.height_px)).any():
        return None
    return replace(face, box=pixels.moved_box(face.box, there), landmarks=landmarks)


def _original(desk: Desk, deed: Deed, still: StillId) -> Pixels:
    from stillgraph.faces.pixels import decode

    digests = receipts.still_digests(deed.session, [still])
    if still not in digests:
        raise NotFound(f"There is no still {still} in this case; receive its delivery first.")
    return decode(desk.images.get(digests[still]), still)


def _applied(original: Pixels, steps: Sequence[Step]) -> Pixels:
    from stillgraph.faces import enhance as pixels

    try:
        return pixels.apply(original, steps)
    except MemoryError as error:
        raise WrongUse(
            "The steps need more memory than this machine has; crop the picture to the part that matters first."
        ) from error


def _stored_steps(kept: Enhancement) -> Steps:
    import json

    from stillgraph.faces import steps

    try:
        return steps.read(json.dumps(list(kept.steps)))
    except WrongUse as error:
        raise CaseError(
            f"The steps of enhancement {kept.enhancement_id} cannot be done by this Stillgraph: they were altered in "
            "the case file, or made by another version. Use the one it was made with, or restore a backup."
        ) from error


def _worded(kept: Enhancement) -> Enhancement:
    from stillgraph.faces import steps

    return replace(kept, words=steps.describe(_stored_steps(kept)))
