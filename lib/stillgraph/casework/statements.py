"""Statements of settled reviews: who compared what, when, how, and with what conclusion, for people and for court."""

from __future__ import annotations

import hashlib
import io
import json
from importlib import metadata
from pathlib import Path

from stillgraph.casework import exporting, statement_pages, trials
from stillgraph.casework.attempts import attempted
from stillgraph.casework.desk import Deed, Desk
from stillgraph.casework.wire import served
from stillgraph.errors import NotFound, ReviewBlocked, WrongUse
from stillgraph.governance.permits import Action
from stillgraph.records import (
    Conclusion,
    CustodyImageId,
    Face,
    FaceId,
    Judgement,
    NominalId,
    OfficerId,
    Outcome,
    Plate,
    Statement,
    StillId,
    Verdict,
)
from stillgraph.store import comparisons, office, receipts, reviews, searches
from stillgraph.store import faces as face_store
from stillgraph.store import statements as store

PLATE_PX = (500, 600)
"""Width and height of the faces' pictures in a statement."""

CONTEXT_PX = 900
LIBRARIES = ("numpy", "pillow", "onnxruntime", "faiss-cpu", "duckdb")


@served
def statement(desk: Desk, face_id: FaceId) -> Statement:
    """Return the statement of a review that is settled, or that three officers left disputed.

    Raises
    ------
    NotFound
        The face has no candidate list.
    ReviewBlocked
        An officer may still judge it: the statement would tell them what the others said.
    """
    with desk.act(Action.EXPORT_STATEMENT, face=face_id) as deed:
        return _statement(desk, deed, face_id)


@served(writes=("path",))
@attempted(Action.EXPORT_STATEMENT)
def write(desk: Desk, face_id: FaceId, path: Path) -> Statement:
    """Write the statement of a review as HTML or PDF, by the file's ending, and record the file's SHA-256.

    Raises
    ------
    WrongUse
        The ending is neither, or the file cannot be written.
    NotFound, ReviewBlocked
        As in :func:`statement`.
    """
    writers = statement_pages.WRITERS.get(path.suffix.lower())
    if writers is None:
        raise WrongUse(
            f"A statement is written as {' or '.join(statement_pages.WRITERS)}: name such a file, not {path.name}."
        )
    with desk.act(Action.EXPORT_STATEMENT, face=face_id) as deed:
        made = _statement(desk, deed, face_id)
        page = writers[0](made)
        deed.note(form=path.suffix.lower().removeprefix("."), sha256=hashlib.sha256(page).hexdigest())
        supported = [j.nominal_id for j in searches.judgements(deed.session, face_id) if j.nominal_id is not None]
        exporting.write(desk, deed, path, page, kind="statement", about=[made.still, *supported])
        return made


def _statement(desk: Desk, deed: Deed, face_id: FaceId) -> Statement:
    from stillgraph import review

    session, me = deed.session, OfficerId(deed.officer)
    listed = searches.listed(session, face_id)
    if not listed:
        raise NotFound(f"Face {face_id} has no candidate list, so there is nothing to state; search its still first.")
    judgements = searches.judgements(session, face_id)
    counting = searches.counting(session, face_id)
    ruled = review.ruling(counting)
    # To an officer it is a trial for, the face looks as if it were open still.
    open_trial = face_id in {trial.face_id for trial in trials.waiting(session, me)}
    undecided = len({j.officer for j in counting}) < review.OFFICERS_AT_MOST and ruled.outcome is Outcome.DISPUTED
    if open_trial or undecided or ruled.outcome is Outcome.PENDING:
        raise ReviewBlocked(
            f"The review of {face_id} is not settled, and a statement would tell the next officer what others said: "
            "export it when it is."
        )
    face = face_store.one(session, desk.model, face_id)
    assert face is not None  # noqa: S101  (a face with a list is in the case)
    still, search_id = listed[0].still, listed[0].search_id
    captured_at, offence = store.still_facts(session, still)
    searched_by, operation, searched_at = store.search_facts(session, search_id)
    head = office.chain_head(session)
    assert head is not None  # noqa: S101  (a case begins with an entry)
    supported = list(dict.fromkeys(j.nominal_id for j in judgements if j.nominal_id is not None))
    return Statement(
        face_id=face_id, still=still, captured_at=captured_at, offence=offence, outcome=ruled.outcome,
        nominal_id=ruled.nominal_id, simulated=any(j.simulated for j in judgements),
        search=searches.report_of(session, search_id), searched_by=searched_by, searched_at=searched_at,
        search_operation=operation, listed=len(listed[0].candidates),
        conclusions=_conclusions(deed, judgements, counting, len(listed[0].candidates)),
        plates=_plates(desk, deed, face, still, supported), software=software(),
        made_by=me, made_for=deed.operation, made_at=deed.at, audit_head=head,
    )  # fmt: skip


def software() -> tuple[tuple[str, str], ...]:
    """Return the name and version of what made the pictures, templates and lists."""
    from stillgraph import __version__

    return (("stillgraph", __version__), *((name, metadata.version(name)) for name in LIBRARIES))


def _conclusions(
    deed: Deed, judgements: list[Judgement], counting: list[Judgement], listed: int
) -> tuple[Conclusion, ...]:
    turns = {officer: n for n, officer in enumerate(dict.fromkeys(j.officer for j in counting), start=1)}
    newest = {j.officer: j.sequence for j in counting}
    counted = {j.sequence for j in counting}
    entries = store.judgement_entries(deed.session, [j.sequence for j in judgements])
    found = []
    for judgement in judgements:
        sequence, digest, details = entries[judgement.sequence]
        number = json.loads(details).get("policy")
        held = None if number is None else reviews.policy(deed.session, number)
        turn = turns[judgement.officer] if judgement.sequence in counted else None
        replaced = newest.get(judgement.officer) != judgement.sequence
        found.append(Conclusion(judgement, turn, replaced, held, sequence, digest, sentence(judgement, listed)))
    return tuple(found)


def sentence(judgement: Judgement, listed: int) -> str:
    """Return a verdict in the words of the verdict scale."""
    if judgement.verdict is Verdict.NO_CANDIDATE:
        return f"In the officer's opinion none of the {listed} people on the list is the person in the still."
    if judgement.verdict is Verdict.INCONCLUSIVE:
        return "The images do not let the officer say whether anybody on the list is the person in the still."
    strength = judgement.comparison.strength if judgement.comparison is not None else None
    said = "support, of a strength that was not recorded," if strength is None else f"{strength}"
    return (
        f"In the officer's opinion the comparison gives {said} that the person in the still is the person held in "
        f"custody records as {judgement.nominal_id}."
    )


def _plates(desk: Desk, deed: Deed, face: Face, still: StillId, supported: list[NominalId]) -> tuple[Plate, ...]:
    """Return the still, the face aligned, and the newest aligned custody image of everybody an officer supported."""
    from stillgraph.faces import portraits
    from stillgraph.faces.pixels import decode

    pixels = decode(desk.images.get(receipts.still_digests(deed.session, [still])[still]), still)
    aligned = portraits.portrait(pixels, face.box, face.landmarks)
    found = [
        Plate(f"Still {still} with the face framed, as received", portraits.in_context(pixels, face.box, CONTEXT_PX)),
        Plate(f"Face {face.face_id}, cropped and aligned on the eyes; {aligned.enlarged}", _smaller(aligned.png)),
    ]
    for nominal in supported:
        for image, captured_on in comparisons.custody_images(deed.session, nominal):
            plate = custody_plate(desk, deed, image)
            if plate is not None:
                caption = f"Custody image {image}, captured {captured_on.isoformat()}, cropped and aligned on the eyes"
                found.append(Plate(caption, plate))
                break
    return tuple(found)


def custody_plate(desk: Desk, deed: Deed, image: CustodyImageId) -> bytes | None:
    """Return a custody image cropped and aligned on the eyes, a PNG; ``None`` where no face was found in it."""
    from stillgraph.faces import portraits
    from stillgraph.faces.pixels import decode

    face = face_store.of_custody_image(deed.session, desk.model, image)
    digest = receipts.custody_digests(deed.session, [image]).get(image)
    if face is None or digest is None:
        return None
    pixels = decode(desk.images.get(digest), image)
    return _smaller(portraits.portrait(pixels, face.box, face.landmarks).png)


def _smaller(png: bytes) -> bytes:
    from PIL import Image

    out = io.BytesIO()
    with Image.open(io.BytesIO(png)) as picture:
        picture.resize(PLATE_PX, Image.Resampling.LANCZOS).save(out, "PNG", optimize=True)
    return out.getvalue()
