"""Linking: which faces are one person, as officers rule and similarity proposes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from stillgraph.casework.analysing import is_simulated
from stillgraph.casework.desk import Desk
from stillgraph.errors import WrongUse
from stillgraph.governance.permits import Action
from stillgraph.records import Face, FaceId, Linkage, Ruling, Vector
from stillgraph.store import Session, persons, receipts, searches
from stillgraph.store import faces as face_store


def link(desk: Desk, *, threshold: float | None = None) -> Linkage:
    """Link faces to persons anew: rulings bind, similarity proposes, contradictions are shown.

    ``threshold`` is the least cosine at which similarity groups unknown faces; by default the one measured for the
    shipped model (:data:`stillgraph.linking.DEFAULT_THRESHOLD`).

    Raises
    ------
    WrongUse
        No threshold is given and the case is bound to another model, of whose scores none is known.
    """
    from stillgraph import linking
    from stillgraph.faces.packs import DEFAULT_PACK

    if threshold is None and desk.settings["pack"] != DEFAULT_PACK:
        raise WrongUse(
            f"The threshold for grouping was measured for {DEFAULT_PACK}, and this case is bound to {desk.model}. "
            "Give one with --threshold, measured on faces you know."
        )

    chosen = linking.DEFAULT_THRESHOLD if threshold is None else threshold
    with desk.act(Action.LINK, threshold=chosen, model=desk.model) as deed:
        found = face_store.of_stills(deed.session, desk.model)
        offences = receipts.still_offences(deed.session)
        faces = [
            linking.LinkableFace(f.face_id, f.image_id, offences[f.image_id], f.box, f.usable)  # type: ignore[index, arg-type]
            for f in found
        ]
        rulings = _rulings(deed.session)
        linkage = linking.link(faces, _vectors(found), rulings=rulings, threshold=chosen)
        persons.replace(deed.session, linkage)
        deed.note(
            persons=len(linkage.persons), proposals=len(linkage.proposals), contradictions=len(linkage.contradictions),
            rulings=len(rulings),
        )  # fmt: skip
        return replace(linkage, simulated=is_simulated(deed.session))


def _rulings(session: Session) -> dict[FaceId, Ruling]:
    """Return what the judgements of each face judged so far amount to."""
    from stillgraph import review

    by_face = searches.judgements_by_face(session)
    return {face_id: review.ruling(judgements) for face_id, judgements in by_face.items()}


def _vectors(faces: Sequence[Face]) -> Vector:
    """Return the faces' templates, float32, shape (n, d); a face without one is a row of NaN."""
    width = max((face.template.vector.size for face in faces if face.template is not None), default=0)
    rows = [face.template.vector if face.template is not None else np.full(width, np.nan, np.float32) for face in faces]
    return np.asarray(rows, dtype=np.float32).reshape(len(faces), width)
