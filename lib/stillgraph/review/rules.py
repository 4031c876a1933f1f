"""The rules of human review.

The governing rule: **no face is anybody until two different officers, the second blind to the first and to
the score, say so of the same person.** Nothing one officer does alone settles anything, and no order of rows
changes an outcome.

1. Each officer's latest judgement counts; earlier ones stay on record.
2. ``inconclusive`` supports nobody, so it stands on the side of ``no candidate``.
3. Fewer than two officers: pending.
4. A verdict given by two or more officers, and by more officers than any other verdict, carries: a nominal is
   corroborated, ``no candidate`` is not supported.
5. Anything else is disputed, and a third officer may judge. There is no fourth.
6. Nobody judges a face they have searched, whoever searched it since. An officer may replace their own judgement,
   but once another officer has judged too, only to withdraw support: new support would not be blind.
7. Whatever the verdict, both images are assessed in words and a reason is given. A support says how strong it is; that
   nobody on the list is this person never asks for more than a support does.
8. Who has ruled on a face in the open, between it and others, does not judge its list afterwards.
9. Where an enrolment put somebody new on the list, only judgements since then are given here: it is another question.

Not checked here, but where an officer is let in: roles, the operation, and that the second officer saw
neither score nor verdict.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Sequence

from stillgraph.errors import WrongUse
from stillgraph.records import Comparison, Judgement, NominalId, OfficerId, Outcome, Ruling, Verdict
from stillgraph.review import checklist

OFFICERS_NEEDED = 2
"""How many officers must agree before anything is settled."""

OFFICERS_AT_MOST = 3
"""Two, and a third where they disagree."""


def _latest(judgements: Iterable[Judgement]) -> dict[OfficerId, Judgement]:
    """Return each officer's latest judgement, by sequence."""
    latest: dict[OfficerId, Judgement] = {}
    for judgement in judgements:
        held = latest.get(judgement.officer)
        if held is None or judgement.sequence > held.sequence:
            latest[judgement.officer] = judgement
    if len({judgement.face_id for judgement in latest.values()}) > 1:
        raise WrongUse("A ruling is about one face: give the judgements of one face at a time.")
    return latest


def _supported(judgement: Judgement) -> NominalId | None:
    """Return whom a judgement supports; ``None`` for nobody, said or inconclusive."""
    return judgement.nominal_id if judgement.verdict is Verdict.SUPPORTS else None


def ruling(judgements: Iterable[Judgement]) -> Ruling:
    """Say what the judgements of one face together amount to.

    Parameters
    ----------
    judgements
        All judgements of one face, in any order.

    Returns
    -------
    Ruling
        With a ``nominal_id`` exactly where the outcome is ``corroborated``.

    Raises
    ------
    WrongUse
        If the judgements are of more than one face.
    """
    latest = _latest(judgements)
    if len(latest) < OFFICERS_NEEDED:
        return Ruling(Outcome.PENDING)
    votes = Counter(_supported(judgement) for judgement in latest.values())
    most = max(votes.values())
    leaders = [says for says, officers in votes.items() if officers == most]
    if len(leaders) > 1:  # Among two officers or more, a verdict that leads alone has at least two of them.
        return Ruling(Outcome.DISPUTED)
    if leaders[0] is None:
        return Ruling(Outcome.NOT_SUPPORTED)
    return Ruling(Outcome.CORROBORATED, leaders[0])


def _closed(officer: OfficerId, searched_by: Container[OfficerId], judgements: Sequence[Judgement]) -> tuple[str, ...]:
    """Return why this officer may not judge this face, whatever they would say, as sentences."""
    judges = _latest(judgements).keys()
    sentences = []
    if officer in searched_by:
        sentences.append("An officer may not judge a search they made: ask another officer.")
    if officer in judges:
        return tuple(sentences)
    if ruling(judgements).outcome in {Outcome.CORROBORATED, Outcome.NOT_SUPPORTED}:
        sentences.append("This review is settled: only an officer who judged it may judge it again.")
    elif len(judges) >= OFFICERS_AT_MOST:
        sentences.append("Three officers have judged this face and that is the most: one of them may judge it again.")
    return tuple(sentences)


def _follows_another(officer: OfficerId, judgements: Sequence[Judgement], nominal_id: NominalId | None) -> bool:
    """Say whether this support would be a change of mind after another officer has judged."""
    latest = _latest(judgements)
    return (
        nominal_id is not None and officer in latest and len(latest) > 1 and nominal_id != _supported(latest[officer])
    )


def blockers(
    *,
    officer: OfficerId,
    searched_by: Container[OfficerId],
    judgements: Sequence[Judgement],
    verdict: Verdict | None,
    nominal_id: NominalId | None,
    listed: Container[NominalId],
    comparison: Comparison | None,
    reason: str,
    ruled_in_open: bool = False,
) -> tuple[str, ...]:
    """Return everything that stands in the way of this judgement, as sentences for the officer.

    Parameters
    ----------
    officer
        Who would judge.
    searched_by
        Everybody who has searched this face.
    judgements
        All judgements of this face so far, in any order.
    verdict
        What the officer says; ``None`` while nothing is chosen, which blocks.
    nominal_id
        Whom the officer supports; only and always with ``Verdict.SUPPORTS``.
    listed
        The nominals on the candidate list.
    comparison
        What the judgement rests on; ``None`` where nothing was compared, which blocks.
    reason
        Why, in the officer's words.
    ruled_in_open
        Whether the officer has ever ruled on this face in the open, between it and other faces.

    Returns
    -------
    tuple of str
        Empty if the judgement may be made. No sentence says what another officer found.
    """
    sentences = list(_closed(officer, searched_by, judgements))
    if ruled_in_open and officer not in _latest(judgements):
        sentences.append(
            "You have ruled on this face in the open, where the next officer may have read it, so they would not be "
            "blind to you: ask another officer."
        )
    if verdict is None:
        sentences.append("A judgement needs a verdict: choose supports, no candidate or inconclusive.")
    elif verdict is Verdict.SUPPORTS and nominal_id is None:
        sentences.append("To support is to support somebody: choose one nominal from the candidate list.")
    elif verdict is not Verdict.SUPPORTS and nominal_id is not None:
        sentences.append(f"“{verdict}” names nobody: leave the nominal out, or choose supports.")
    if _follows_another(officer, judgements, nominal_id):
        sentences.append(
            "Another officer has judged since you did, so new support would not be blind: a third may give it."
        )
    if nominal_id is not None and nominal_id not in listed:
        sentences.append(f"{nominal_id} is not on this candidate list: choose a listed nominal, or say no candidate.")
    sentences += _unfounded(verdict, comparison)
    if not reason.strip():
        sentences.append("A judgement needs its reason: write what you compared.")
    return tuple(sentences)


def _unfounded(verdict: Verdict | None, comparison: Comparison | None) -> list[str]:
    """Return what a judgement lacks of the comparison it is to rest on, as sentences."""
    if comparison is None or not (comparison.still.strip() and comparison.custody.strip()):
        return ["A judgement rests on both images: say of the still, and of the custody images, what they let you see."]
    sentences = list(checklist.problems(comparison.checklist))
    if verdict is Verdict.SUPPORTS and comparison.strength is None:
        sentences.append("Say how strong the support is: limited, moderate or strong support.")
    elif verdict is not None and verdict is not Verdict.SUPPORTS and comparison.strength is not None:
        sentences.append(f"“{verdict}” has no strength: leave it out, or choose supports.")
    return sentences


def waiting(officer: OfficerId, searched_by: Container[OfficerId], judgements: Sequence[Judgement]) -> bool:
    """Say whether a candidate list belongs in this officer's queue.

    It does while it is pending, or disputed between two, unless the officer has searched or judged the face.
    """
    return not _closed(officer, searched_by, judgements) and all(
        judgement.officer != officer for judgement in judgements
    )
