"""Officers' review of candidate lists: what waits for whom, and one judgement at a time."""

from __future__ import annotations

from stillgraph.casework.desk import Desk
from stillgraph.errors import NotFound, ReviewBlocked
from stillgraph.governance import chain
from stillgraph.governance.permits import Action
from stillgraph.records import FaceId, NominalId, OfficerId, ReviewItem, Ruling, Verdict
from stillgraph.store import office, searches


def queue(desk: Desk) -> tuple[ReviewItem, ...]:
    """Return what waits for the officer at the desk.

    The lists are in rank order, with no score and nobody else's verdict; the officer's own searches and what they have
    judged already are not in it.
    """
    from stillgraph import review

    with desk.act(Action.VIEW_QUEUE) as deed:
        me = OfficerId(deed.officer)
        judged = searches.judgements_by_face(deed.session)
        items = tuple(
            ReviewItem(listed.face_id, listed.still, listed.search_id, listed.candidates)
            for listed in searches.listed(deed.session)
            if review.waiting(me, listed.searched_by, judged.get(listed.face_id, []))
        )
        deed.note(waiting=len(items))
        return items


def judge(
    desk: Desk,
    face_id: FaceId,
    verdict: Verdict,
    *,
    nominal_id: NominalId | None = None,
    reason: str | None = None,
) -> Ruling:
    """Record one officer's judgement of one face's candidate list; return what the officers' verdicts now amount to.

    Parameters
    ----------
    nominal_id : NominalId, optional
        The candidate supported; with ``Verdict.SUPPORTS`` only.
    reason : str, optional
        What the judgement rests on; the reason given at the desk by default.

    Raises
    ------
    NotFound
        The face has no candidate list.
    ReviewBlocked
        The rules of review do not let this officer give this judgement now; the message says why.
    """
    from stillgraph import review

    with desk.act(Action.JUDGE, face=face_id) as deed:
        found = searches.listed(deed.session, face_id)
        if not found:
            raise NotFound(f"Face {face_id} has no candidate list to review; search its still first.")
        (listed,) = found
        officer = office.officer(deed.session, deed.officer)
        before = searches.judgements(deed.session, face_id)
        simulated = officer is not None and officer.simulated
        rests_on = reason if reason is not None else deed.reason
        blockers = review.blockers(
            officer=OfficerId(deed.officer),
            searched_by=listed.searched_by,
            judgements=before,
            verdict=verdict,
            nominal_id=nominal_id,
            listed={nominal for nominal, _ in listed.candidates},
            reason=rests_on,
        )
        if blockers:
            raise ReviewBlocked(" ".join(blockers))
        sequence = searches.add_judgement(
            deed.session, face_id=face_id, search_id=listed.search_id, officer=OfficerId(deed.officer), verdict=verdict,
            nominal_id=nominal_id, reason=rests_on, judged_at=deed.at, simulated=simulated,
        )  # fmt: skip
        after = searches.judgements(deed.session, face_id)
        # The seal says nothing of the verdict to who reads the chain, and everything to who checks it.
        deed.note(judgement=sequence, search=listed.search_id, seal=chain.seal(after[-1]))
        return review.ruling(after)
