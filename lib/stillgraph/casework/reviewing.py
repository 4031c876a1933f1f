"""Officers' review of candidate lists: what waits for whom, dealt one at a time, and one judgement at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import timedelta

from stillgraph.casework import trials
from stillgraph.casework.desk import Deed, Desk
from stillgraph.casework.wire import served
from stillgraph.errors import NotFound, NotPermitted, ReviewBlocked, WrongUse
from stillgraph.governance import chain
from stillgraph.governance.permits import Action
from stillgraph.records import (
    Comparison,
    FaceId,
    Judgement,
    NominalId,
    OfficerId,
    Outcome,
    Rate,
    ReviewerAccuracy,
    ReviewItem,
    ReviewPolicy,
    Role,
    Ruling,
    Turn,
    Verdict,
)
from stillgraph.store import Session, office, reviews, rulings, searches
from stillgraph.store.reviews import Trial
from stillgraph.store.searches import Listed

SUPERVISES = frozenset({Role.SUPERVISOR, Role.ADMINISTRATOR})
"""Who may see how another officer did."""


@served
def queue(desk: Desk) -> tuple[ReviewItem, ...]:
    """Return what waits for the officer at the desk, and is not kept for another, by face.

    No score and nobody else's verdict; each list in the order this officer is to see it. The officer's own searches and
    what they have judged already are not in it. Trials are, and nothing tells them from first reviews.
    """
    with desk.act(Action.VIEW_QUEUE) as deed:
        items = _waiting(desk, deed)
        deed.note(waiting=len(items))
        return items


@served
def deal(desk: Desk) -> ReviewItem | None:
    """Put the next list before the officer and keep it for them for a while; ``None`` where nothing waits.

    Whoever holds a list already is given that one again, so that nobody leafs through lists to choose from. When the
    time is over, or it is given back, it is free for others.
    """
    from stillgraph.review import dealing

    with desk.act(Action.DEAL) as deed:
        session, me = deed.session, OfficerId(deed.officer)
        policy = reviews.policy(session)
        items = {item.face_id: item for item in _waiting(desk, deed)}
        # A face that has a new list is dealt anew: what the officer looked at is not what would be judged.
        current = {item.face_id: item.search_id for item in items.values()}
        held = [
            d for d in reviews.open_deals(session, deed.at) if d.officer == me and current.get(d.face_id) == d.search_id
        ]
        if held:
            deed.note(face=held[0].face_id, search=held[0].search_id, again=True)
            return replace(items[held[0].face_id], reserved_until=held[0].reserved_until)
        if not items:
            deed.note(waiting=0)
            return None
        item = items[dealing.next_one(policy, me, items.keys(), reviews.given_back(session, me))]
        until = deed.at + timedelta(minutes=policy.reserved_minutes)
        # A trial is dealt as a first review, whatever became of its face.
        tried = reviews.trial_of(session, me, item.face_id) is not None
        turn = 1 if tried else dealing.turn(searches.counting(session, item.face_id))
        reviews.add_deal(
            session, officer=me, face_id=item.face_id, search_id=item.search_id, turn=turn,
            policy_number=policy.number, shown=[nominal for nominal, _ in item.candidates], at=deed.at,
            reserved_until=until,
        )  # fmt: skip
        deed.note(face=item.face_id, search=item.search_id, until=until)
        return replace(item, reserved_until=until)


@served
def give_back(desk: Desk, face_id: FaceId) -> None:
    """Give back a list that was dealt, unjudged: it is free for others at once, and comes to this officer last.

    Raises
    ------
    WrongUse
        The officer holds no such list.
    """
    with desk.act(Action.GIVE_BACK, face=face_id) as deed:
        if not reviews.end_deal(deed.session, OfficerId(deed.officer), face_id, by="given back", at=deed.at):
            raise WrongUse(f"You hold no list of face {face_id} to give back; `stillgraph review deal` deals one.")


@served
def judge(
    desk: Desk,
    face_id: FaceId,
    verdict: Verdict,
    *,
    nominal_id: NominalId | None = None,
    comparison: Comparison | None = None,
    reason: str | None = None,
) -> Ruling:
    """Record one officer's judgement of one face's candidate list; return what the officers' verdicts now amount to.

    Judging a list needs no deal, and ends one.

    Parameters
    ----------
    nominal_id : NominalId, optional
        The candidate supported; with ``Verdict.SUPPORTS`` only.
    comparison : Comparison
        What the judgement rests on: an assessment of both images whatever the verdict; the strength of a support.
        ``None`` is refused.
    reason : str, optional
        Why, in the officer's words; the reason given at the desk by default.

    Raises
    ------
    NotFound
        The face has no candidate list.
    ReviewBlocked
        The rules of review do not let this officer give this judgement now, or the list that was dealt to them is not
        the face's list any more; the message says why.
    """
    from stillgraph import review

    with desk.act(Action.JUDGE, face=face_id) as deed:
        session, me = deed.session, OfficerId(deed.officer)
        listed, trial = trials.list_for(session, me, face_id)
        if listed is None:
            raise NotFound(f"Face {face_id} has no candidate list to review; search its still first.")
        if reviews.dealt_list(session, me, face_id) not in {None, listed.search_id}:
            raise ReviewBlocked(
                "The face has a new list since one was dealt to you, and that is what would be judged: look at it "
                "first, `stillgraph review deal`, or give the old one back."
            )
        before = _judgements(session, me, face_id, trial)
        officer = office.officer(session, deed.officer)
        said = Judgement(
            0, face_id, listed.search_id, me, verdict, nominal_id, reason if reason is not None else deed.reason,
            deed.at, officer is not None and officer.simulated, "", comparison,
        )  # fmt: skip
        blockers = review.blockers(
            officer=me, searched_by=listed.searched_by, judgements=before, verdict=verdict, nominal_id=nominal_id,
            listed={nominal for nominal, _ in listed.candidates}, comparison=comparison, reason=said.reason,
            ruled_in_open=face_id in rulings.faces_ruled_by(session, me),
        )  # fmt: skip
        if blockers:
            raise ReviewBlocked(" ".join(blockers))
        sequence = (
            searches.add_judgement(session, said) if trial is None else reviews.add_trial_answer(session, trial, said)
        )
        reviews.end_deal(session, me, face_id, by="judged", at=deed.at)
        after = _judgements(session, me, face_id, trial)
        # The seal says nothing of the verdict to who reads the chain, and everything to who checks it.
        deed.note(judgement=sequence, search=listed.search_id, seal=chain.seal(after[-1]))
        deed.note(policy=reviews.policy(session).number)
        ruled = review.ruling(after) if trial is None else Ruling(Outcome.PENDING)
        deed.note(outcome=str(ruled.outcome), **_verdicts(ruled, after))
        return ruled


def _verdicts(ruled: Ruling, said: Sequence[Judgement]) -> dict[str, object]:
    """Return how often each verdict was given, once no officer is to judge who could read it in the record."""
    from stillgraph.review import OFFICERS_AT_MOST

    newest = {one.officer: str(one.verdict) for one in said}
    settled = ruled.outcome in {Outcome.CORROBORATED, Outcome.NOT_SUPPORTED} or len(newest) >= OFFICERS_AT_MOST
    return {"verdicts": dict(sorted(Counter(newest.values()).items()))} if settled else {}


@served
def history(desk: Desk, face_id: FaceId) -> tuple[Judgement, ...]:
    """Return the officer's own judgements of a face, in their order, nobody else's.

    The last one counts, unless an enrolment has put somebody new on the face's list since.
    """
    with desk.act(Action.VIEW_DETAIL, face=face_id, what="own judgements") as deed:
        session, me = deed.session, OfficerId(deed.officer)
        tried = reviews.trial_of(session, me, face_id) is not None
        said = reviews.trial_answers(session, me, face_id) if tried else searches.judgements(session, face_id)
        return tuple(one for one in said if one.officer == me)


@served
def policy(desk: Desk) -> ReviewPolicy:
    """Return how reviews are dealt in this case."""
    with desk.act(Action.VIEW, what="review policy") as deed:
        return reviews.policy(deed.session)


@served
def set_policy(
    desk: Desk,
    *,
    blind: bool | None = None,
    shuffled: bool | None = None,
    trial_share: float | None = None,
    present_share: float | None = None,
    reserved_minutes: int | None = None,
    seed: int | None = None,
) -> ReviewPolicy:
    """Change how reviews are dealt from now on; what is not given stays. Earlier policies stay on record.

    Raises
    ------
    NotPermitted
        The officer has a role, and it is neither supervisor nor administrator.
    WrongUse
        A share or the minutes make no sense.
    """
    from stillgraph.review.dealing import MOST_TRIALS

    given = {
        "blind": blind, "shuffled": shuffled, "trial_share": trial_share, "present_share": present_share,
        "reserved_minutes": reserved_minutes, "seed": seed,
    }  # fmt: skip
    changes = {name: value for name, value in given.items() if value is not None}
    with desk.act(Action.SET_POLICY, **changes) as deed:
        held = reviews.policy(deed.session)
        new = ReviewPolicy(**asdict(held) | changes | {"number": held.number + 1})
        if min(new.trial_share, new.present_share) < 0 or not new.trial_share + new.present_share <= MOST_TRIALS:
            raise WrongUse(f"The shares of trials are from 0 to {MOST_TRIALS} together, e.g. 0.09 and 0.03.")
        if new.reserved_minutes < 1:
            raise WrongUse("A dealt list is kept for one minute at least; give --reserved-minutes 1 or more.")
        reviews.set_policy(deed.session, new, officer=deed.officer, at=deed.at)
        deed.note(policy=new.number)
        return new


@served
def accuracy(desk: Desk, officer: OfficerId | None = None) -> ReviewerAccuracy:
    """Return how an officer did in trials, the one at the desk by default, and how long they take.

    An officer's own is for them; anybody's for supervisors and administrators.

    Raises
    ------
    NotPermitted
        It is another officer's, and the one asking is neither. The attempt is recorded.
    NotFound
        There is no such officer.
    """
    of = officer if officer is not None else OfficerId(desk.claim.officer or "")
    with desk.act(Action.VIEW_ACCURACY, of=of) as deed:
        if of != deed.officer:
            _check_supervises(deed)
        if office.officer(deed.session, of) is None:
            raise NotFound(f"There is no officer {of} in this case; the view officers lists them.")
        return _accuracy(deed.session, of)


@served
def accuracies(desk: Desk) -> tuple[ReviewerAccuracy, ...]:
    """Return how every officer who has judged did in trials, by officer; for supervisors and administrators.

    Raises
    ------
    NotPermitted
        The officer is neither. The attempt is recorded.
    """
    with desk.act(Action.VIEW_ACCURACY, of="everybody") as deed:
        _check_supervises(deed)
        return tuple(_accuracy(deed.session, officer) for officer in reviews.judges(deed.session))


def wrong_supports(deed: Deed) -> tuple[int, int]:
    """Return how many supports in trials were of somebody else, and of how many; for supervisors and administrators.

    For use inside an action, which permits and records it.

    Raises
    ------
    NotPermitted
        The officer is neither.
    """
    supports = [right for _, verdict, right in _everybodys_answers(deed) if verdict is Verdict.SUPPORTS]
    return supports.count(False), len(supports)


def trial_shares(deed: Deed) -> tuple[Rate, Rate, Rate]:
    """Return what officers did in trials, all together; for supervisors and administrators, inside an action.

    Of target-absent trials those in which somebody was supported; of target-present ones those in which the right
    person was, and those in which somebody else was.

    Raises
    ------
    NotPermitted
        The officer is neither.
    """
    from stillgraph.evaluation import wilson

    answers = _everybodys_answers(deed)
    absent = [verdict is Verdict.SUPPORTS for kind, verdict, _ in answers if kind == "absent"]
    present = [(verdict is Verdict.SUPPORTS, right) for kind, verdict, right in answers if kind == "present"]
    return (
        wilson(sum(absent), len(absent)),
        wilson(sum(right for _, right in present), len(present)),
        wilson(sum(supports and not right for supports, right in present), len(present)),
    )


def _everybodys_answers(deed: Deed) -> list[tuple[str, Verdict, bool]]:
    """Return the answers in trials of every officer who has judged; for supervisors and administrators."""
    _check_supervises(deed)
    return [one for officer in reviews.judges(deed.session) for one in reviews.tried(deed.session, officer)]


def _check_supervises(deed: Deed) -> None:
    officer = office.officer(deed.session, deed.officer)
    if officer is None or officer.role not in SUPERVISES:
        raise NotPermitted(
            "How another officer did in review is for that officer, supervisors and administrators to see: ask one."
        )


def _accuracy(session: Session, officer: OfficerId) -> ReviewerAccuracy:
    from stillgraph.evaluation import reviewers

    return reviewers.measured(officer, reviews.tried(session, officer), reviews.decision_seconds(session, officer))


def _waiting(desk: Desk, deed: Deed) -> tuple[ReviewItem, ...]:
    """Return what waits for the officer, trials mixed in, by face."""
    from stillgraph import review
    from stillgraph.review import dealing

    session, me = deed.session, OfficerId(deed.officer)
    held_policy, judged = reviews.policy(session), searches.judgements_by_face(session)
    tried = reviews.tried_faces(session, me)
    real = [
        listed
        for listed in searches.listed(session, still_open=True)
        if listed.face_id not in tried and review.waiting(me, listed.searched_by, judged.get(listed.face_id, []))
    ]
    trials.prepare(session, desk.case.directory, desk.model, deed.at)
    trials.mix_in(session, me, real, held_policy, deed.at)
    mixed = [(listed, dealing.turn(judged.get(listed.face_id, []))) for listed in real]
    mixed += [(trials.as_listed(trial), 1) for trial in trials.waiting(session, me)]
    elsewhere = {d.face_id for d in reviews.open_deals(session, deed.at) if d.officer != me}
    elsewhere |= rulings.faces_ruled_by(session, me)
    items = (_item(held_policy, me, listed, turn) for listed, turn in mixed if listed.face_id not in elsewhere)
    return tuple(sorted(items, key=lambda item: item.face_id))


def _item(held: ReviewPolicy, officer: OfficerId, listed: Listed, turn: int) -> ReviewItem:
    from stillgraph.review import dealing

    images = dict(listed.candidates)
    scores = dict(zip(images, listed.scores, strict=True))
    shown = dealing.order(held, officer, listed.face_id, listed.search_id, list(images))
    return ReviewItem(
        listed.face_id, listed.still, listed.search_id, tuple((nominal, images[nominal]) for nominal in shown),
        Turn.THIRD if turn == 3 else Turn.INDEPENDENT,
        None if held.blind else tuple(scores[nominal] for nominal in shown),
    )  # fmt: skip


def _judgements(session: Session, officer: OfficerId, face_id: FaceId, trial: Trial | None) -> list[Judgement]:
    """Return the judgements that one of this face joins: the face's, or in a trial the officer's own answers.

    Both are read either way, so that a trial takes as long as a review.
    """
    real, answers = searches.counting(session, face_id), reviews.trial_answers(session, officer, face_id)
    return real if trial is None else answers
