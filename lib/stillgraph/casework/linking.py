"""Linking: which faces are one person, as officers rule in the open and similarity proposes.

What an officer rules is kept for ever and shows in the persons of the next :func:`link`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from stillgraph.casework.analysing import is_simulated
from stillgraph.casework.attempts import attempted
from stillgraph.casework.desk import Deed, Desk
from stillgraph.casework.progress import Progress, adding, silent
from stillgraph.casework.wire import served
from stillgraph.errors import NotFound, RulingBlocked, WrongUse
from stillgraph.governance import chain
from stillgraph.governance.permits import Action
from stillgraph.records import (
    Box,
    Contradiction,
    Face,
    FaceId,
    FaceRuling,
    Linkage,
    OfficerId,
    OperationId,
    Outcome,
    Person,
    PersonId,
    Proposal,
    Ruling,
    Says,
    StillId,
    Vector,
)
from stillgraph.store import Session, office, persons, receipts, searches
from stillgraph.store import faces as face_store
from stillgraph.store import rulings as ruling_store
from stillgraph.store.rulings import Said

if TYPE_CHECKING:
    from stillgraph.linking import LinkableFace, Proposing

LINKING_PARTS = 3
"""Parts of a linking run that are told of: what is known read, faces grouped, persons put in the case."""


@dataclass(frozen=True, slots=True)
class Ruled:
    """What an action recorded: its rulings, by which number it is taken back, and the contradictions it is now in."""

    act: int
    rulings: tuple[FaceRuling, ...]
    contradictions: tuple[Contradiction, ...]


@dataclass(frozen=True, slots=True)
class GroupFace:
    """A face of a person. ``score``: with the mean template of the person's other faces, a cosine.

    ``None`` where there is none to compare with, and for reviewers, who decide without a score. ``odd``: that score is
    below the threshold of the last linking run.
    """

    face_id: FaceId
    still: StillId
    box: Box
    score: float | None
    odd: bool


@dataclass(frozen=True, slots=True)
class Group:
    """A person of the last linking run for people to look at: faces nearest the centre first, and what is proposed.

    Reviewers, who decide without a score, are shown no proposals.
    """

    person: Person
    faces: tuple[GroupFace, ...]
    proposals: tuple[Proposal, ...]


@served
@attempted(Action.LINK)
def link(desk: Desk, *, threshold: float | None = None, progress: Progress = silent) -> Linkage:
    """Link faces to persons anew: rulings bind, similarity proposes, contradictions are shown.

    ``threshold`` is the least cosine at which similarity groups unknown faces and proposes; by default those measured
    for the shipped model (:data:`stillgraph.linking.DEFAULT_THRESHOLD`, :data:`stillgraph.linking.PROPOSAL_THRESHOLD`).
    ``progress`` is told of each part of the work; stopped between two, the persons stay those of the last run.

    Raises
    ------
    WrongUse
        No threshold is given and the case is bound to another model, of whose scores none is known.
    """
    from stillgraph import linking
    from stillgraph.faces.packs import DEFAULT_PACK
    from stillgraph.gallery.neighbours import neighbours

    if threshold is None and desk.settings["pack"] != DEFAULT_PACK:
        raise WrongUse(
            f"The threshold for grouping was measured for {DEFAULT_PACK}, and this case is bound to {desk.model}. "
            "Give one with --threshold, measured on faces you know."
        )

    chosen = linking.DEFAULT_THRESHOLD if threshold is None else threshold
    propose_at = linking.PROPOSAL_THRESHOLD if threshold is None else None
    with desk.act(Action.LINK, threshold=chosen, model=desk.model) as deed:
        part = adding(progress, "linking", LINKING_PARTS, unit="part")
        found = face_store.of_stills(deed.session, desk.model)
        outcomes, between = _outcomes(deed.session), ruling_store.rulings(deed.session)
        part(1)
        linkage = linking.link(
            _linkable(deed.session, found), _vectors(found), rulings=outcomes, between=between, neighbours=neighbours,
            threshold=chosen, proposing=_proposing(deed.session, desk, outcomes, propose_at),
        )  # fmt: skip
        part(1)
        persons.replace(deed.session, linkage, linked_at=deed.at, model=desk.model, threshold=chosen)
        part(1)
        deed.note(
            persons=len(linkage.persons), proposals=len(linkage.proposals), contradictions=len(linkage.contradictions),
            rulings=len(outcomes), rulings_between_faces=len(between),
        )  # fmt: skip
        return replace(linkage, simulated=is_simulated(deed.session))


@served
def rule(
    desk: Desk,
    faces: Sequence[FaceId],
    says: Says | str,
    *,
    others: Sequence[FaceId] = (),
    reason: str | None = None,
) -> Ruled:
    """Rule in the open that faces are, or are not, one person.

    One officer's ``same`` proposes a person, two officers' corroborate a series; one officer's ``not same`` keeps the
    faces apart. Naming anybody takes review of a candidate list.

    Parameters
    ----------
    faces : sequence of FaceId
        The faces ruled on, two at least where there are no others.
    says : Says
        ``same``: all are one person. ``not same``: no two of them are.
    others : sequence of FaceId, optional
        Faces of the other side: then the ruling is about each of ``faces`` with each of these.
    reason : str, optional
        What the ruling rests on; the reason given at the desk by default.

    Raises
    ------
    WrongUse
        Fewer than two faces, a face on both sides, or another word than these two.
    NotFound
        A face is not in the case, or is not one of a still.
    RulingBlocked
        The rules do not let this officer rule so; the message says why.
    """
    with desk.act(Action.RULE, says=str(says), faces=list(faces), others=list(others)) as deed:
        return _rule(deed, [_said(says, faces, others)], reason)


@served
def move(desk: Desk, face_id: FaceId, to_person: str, *, reason: str | None = None) -> Ruled:
    """Rule that a face is not the person it is with now, and is another person of the last linking run.

    Raises
    ------
    NotFound
        The last linking run has no such person, or the face is not in the case.
    WrongUse
        The face is that person already.
    RulingBlocked
        The rules do not let this officer rule so.
    """
    with desk.act(Action.RULE, move=face_id, to=to_person) as deed:
        now = _person_of(deed.session, face_id)
        target = persons.persons(deed.session, to_person)
        if not target:
            raise NotFound(
                f"There is no person {to_person} in the last linking run; `stillgraph persons groups CASE` lists them."
            )
        there = [face.face_id for face in target[0].faces]
        if face_id in there:
            raise WrongUse(f"Face {face_id} is {to_person} already: choose another person.")
        left = [] if now is None else [face.face_id for face in now.faces if face.face_id != face_id]
        said = [_said(Says.NOT_SAME, [face_id], left)] if left else []
        return _rule(deed, [*said, _said(Says.SAME, [face_id], there)], reason)


@served
def split(desk: Desk, faces: Sequence[FaceId], *, reason: str | None = None) -> Ruled:
    """Rule that faces of a person of the last linking run are not that person's other faces.

    Raises
    ------
    WrongUse
        The faces are not of one person, or are all of that person's.
    RulingBlocked
        The rules do not let this officer rule so.
    """
    with desk.act(Action.RULE, split=list(faces)) as deed:
        of = [_person_of(deed.session, face) for face in faces]
        if not of or of[0] is None or any(one != of[0] for one in of):
            raise WrongUse("Faces are split off one person: name faces of one person of the last linking run.")
        rest = [face.face_id for face in of[0].faces if face.face_id not in set(faces)]
        if not rest:
            raise WrongUse(f"These are all faces of {of[0].person_id}: leave those in it that stay together.")
        return _rule(deed, [_said(Says.NOT_SAME, faces, rest)], reason)


@served
def undo(desk: Desk, sequence: int, *, reason: str | None = None) -> Ruled:
    """Take a ruling back, and with it all that the same action ruled; what took it back is a ruling of its own.

    Raises
    ------
    NotFound
        There is no such ruling.
    WrongUse
        It has been taken back, or took one back itself.
    RulingBlocked
        Another officer made it, and the one acting is no supervisor or administrator.
    """
    from stillgraph import linking

    with desk.act(Action.TAKE_BACK, ruling=sequence) as deed:
        held = ruling_store.rulings(deed.session)
        found = next((one for one in held if one.sequence == sequence), None)
        if found is None:
            raise NotFound(f"There is no ruling {sequence}; `stillgraph persons rulings CASE` lists them.")
        standing = [one for one in linking.standing(held) if one.act == found.act]
        if not standing:
            raise WrongUse(f"Ruling {sequence} does not stand: there is nothing to take back. Rule anew instead.")
        officer = office.officer(deed.session, deed.officer)
        if officer is None or not linking.may_take_back(officer, found):
            raise RulingBlocked(
                f"Ruling {sequence} is {found.officer}'s: they may take it back, or a supervisor or administrator; or "
                "rule yourself, and the disagreement is listed."
            )
        said = [Said(Says.TAKEN_BACK, one.faces, one.others, undoes=one.sequence) for one in standing]
        return _record(deed, said, reason)


@served
def rulings(desk: Desk) -> tuple[FaceRuling, ...]:
    """Return every ruling between faces, in its sequence, those taken back and what took them back among them."""
    with desk.act(Action.VIEW_DETAIL, what="rulings between faces") as deed:
        return tuple(ruling_store.rulings(deed.session))


@served
def groups(desk: Desk) -> tuple[Group, ...]:
    """Return the persons of the last linking run who have several faces or are in a proposal, in its order.

    A face is odd if its score with the mean template of the person's other faces is below the threshold at which the
    run grouped. Nothing is odd where the case was last linked by an earlier Stillgraph, which did not keep it.
    """
    from stillgraph.linking.centres import scores_to_others

    with desk.act(Action.VIEW_DETAIL, what="groups") as deed:
        blind = office.is_reviewer(deed.session, deed.officer)
        threshold = persons.threshold(deed.session)
        templates = {face.face_id: face for face in face_store.of_stills(deed.session, desk.model)}
        linkage = persons.linkage(deed.session)
        of: defaultdict[PersonId, list[Proposal]] = defaultdict(list)
        for proposal in linkage.proposals:
            for joined in proposal.persons:
                of[joined].append(proposal)
        found = []
        for person in linkage.persons:
            proposed = () if blind else tuple(of[person.person_id])
            if len(person.faces) > 1 or proposed:
                scores = scores_to_others(_vectors([templates[face.face_id] for face in person.faces]))
                found.append(Group(person, _nearest_first(person, scores, threshold, blind=blind), proposed))
        return tuple(found)


def _nearest_first(
    person: Person, scores: Vector | np.ndarray, threshold: float | None, *, blind: bool
) -> tuple[GroupFace, ...]:
    """Return a person's faces, the nearest to the others first, those without a score last."""
    order = sorted(range(len(scores)), key=lambda at: (np.isnan(scores[at]), -scores[at], person.faces[at].face_id))
    return tuple(
        GroupFace(
            face_id=(face := person.faces[at]).face_id, still=face.still, box=face.box,
            score=None if blind or np.isnan(scores[at]) else float(scores[at]),
            odd=threshold is not None and bool(scores[at] < threshold),
        )
        for at in order
    )  # fmt: skip


def _said(says: Says | str, faces: Sequence[FaceId], others: Sequence[FaceId]) -> Said:
    """Return what a ruling shall say, its faces each once and in order."""
    if says not in {Says.SAME, Says.NOT_SAME}:
        raise WrongUse(f"A ruling says “same” or “not same”, not “{says}”.")
    one, other = tuple(sorted(set(faces))), tuple(sorted(set(others)))
    if not one or len(one) + len(other) < 2:
        raise WrongUse("A ruling is about two faces or more: name each.")
    if set(one) & set(other):
        raise WrongUse(f"Face {min(set(one) & set(other))} is on both sides of the ruling: name it on one.")
    return Said(Says(says), one, other)


def _rule(deed: Deed, said: Sequence[Said], reason: str | None) -> Ruled:
    """Check and record what an officer rules."""
    from stillgraph import linking

    named = {face for one in said for face in (*one.faces, *one.others)}
    stills = {face: still for face, (still, _, _) in face_store.places(deed.session, named).items()}
    missing = sorted(named - stills.keys())
    if missing:
        raise NotFound(f"There is no face {missing[0]} on a still of this case; the view `faces` lists them.")
    own = _under_own_review(deed.session, OfficerId(deed.officer))
    blockers = [
        sentence
        for one in said
        for sentence in linking.blockers(
            (*one.faces, *one.others), one.says, stills=stills, under_own_review=own, reason=_stated(deed, reason)
        )
    ]
    if blockers:
        raise RulingBlocked(" ".join(dict.fromkeys(blockers)))
    return _record(deed, said, reason)


def _record(deed: Deed, said: Sequence[Said], reason: str | None) -> Ruled:
    """Append rulings and their seals; return them with the contradictions that the faces are now in."""
    officer = office.officer(deed.session, deed.officer)
    made = ruling_store.add(
        deed.session, said, officer=OfficerId(deed.officer), operation=OperationId(deed.operation),
        reason=_stated(deed, reason), ruled_at=deed.at, simulated=officer is not None and officer.simulated,
    )  # fmt: skip
    deed.note(
        rulings=[one.sequence for one in made], ruling_seals={one.sequence: chain.seal_of_ruling(one) for one in made}
    )
    concerned = {face for one in made for face in (*one.faces, *one.others)}
    return Ruled(made[0].act, tuple(made), _contradictions(deed.session, concerned))


def _contradictions(session: Session, concerned: set[FaceId]) -> tuple[Contradiction, ...]:
    """Return the contradictions that faces are in as officers rule now, without linking anew."""
    from stillgraph import linking

    outcomes, between = _outcomes(session), ruling_store.rulings(session)
    spoken_of = {face for one in between for face in (*one.faces, *one.others)}
    spoken_of |= {face for face, one in outcomes.items() if one.nominal_id is not None}
    offences = receipts.still_offences(session)
    faces = [
        linking.LinkableFace(face, still, offences[still], box, usable)
        for face, (still, box, usable) in face_store.places(session, spoken_of).items()
    ]
    listed = linking.contradictions(faces, outcomes, between)
    return tuple(one for one in listed if concerned & set(one.faces))


def _stated(deed: Deed, reason: str | None) -> str:
    return reason if reason is not None else deed.reason


def _person_of(session: Session, face_id: FaceId) -> Person | None:
    row = session.one("SELECT person_id FROM person_faces WHERE face_id = ?", [face_id])
    return None if row is None else persons.persons(session, row[0])[0]


def _under_own_review(session: Session, officer: OfficerId) -> set[FaceId]:
    """Return the faces whose candidate list the officer has judged and whose review is not settled."""
    from stillgraph import review

    return {
        face
        for face, judgements in searches.judgements_by_face(session).items()
        if any(one.officer == officer for one in judgements)
        and review.ruling(judgements).outcome in {Outcome.PENDING, Outcome.DISPUTED}
    }


def _outcomes(session: Session) -> dict[FaceId, Ruling]:
    """Return what the judgements of each face judged so far amount to."""
    from stillgraph import review

    by_face = searches.judgements_by_face(session)
    return {face_id: review.ruling(judgements) for face_id, judgements in by_face.items()}


def _proposing(session: Session, desk: Desk, outcomes: Mapping[FaceId, Ruling], threshold: float | None) -> Proposing:
    """Return what proposals rest on beside the stills: custody templates, and what settled reviews exclude."""
    from stillgraph.linking import Proposing

    named = {one.nominal_id for one in outcomes.values() if one.nominal_id is not None}
    listed = {one.face_id: one for one in searches.listed(session)}
    return Proposing(
        centre=face_store.mean_of_custody(session, desk.model),
        custody=face_store.of_nominals(session, desk.model, named),
        excluded={
            face: frozenset(nominal for nominal, _ in listed[face].candidates)
            for face, one in outcomes.items()
            if one.outcome is Outcome.NOT_SUPPORTED and face in listed
        },
        ratios=searches.likelihood_ratios(session),
        threshold=threshold,
    )


def _linkable(session: Session, faces: Iterable[Face]) -> list[LinkableFace]:
    from stillgraph import linking

    offences = receipts.still_offences(session)
    return [
        linking.LinkableFace(f.face_id, still := StillId(f.image_id), offences[still], f.box, f.usable) for f in faces
    ]


def _vectors(faces: Sequence[Face]) -> Vector:
    """Return the faces' templates, float32, shape (n, d); a face without one is a row of NaN."""
    width = max((face.template.vector.size for face in faces if face.template is not None), default=0)
    rows = [face.template.vector if face.template is not None else np.full(width, np.nan, np.float32) for face in faces]
    return np.asarray(rows, dtype=np.float32).reshape(len(faces), width)
