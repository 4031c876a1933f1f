"""What comes to whom next, in which order, and when a trial goes with it: each a function of the seed, so repeatable.

Chance here is a SHA-256 of the seed and of what is decided, so that the same case and seed deal the same lists to the
same officers whatever the order of rows, the machine or the day, and no decision depends on another.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence

from stillgraph.records import FaceId, Judgement, NominalId, OfficerId, ReviewPolicy, SearchId

MOST_TRIALS = 0.5
"""The largest share of trials: with more of them than of real lists an officer would work for the trials."""

ABSENT, PRESENT = "absent", "present"
"""The kinds of trial: the right person left out of the list, or in it."""


def chance(seed: int, *what: object) -> float:
    """Return a number in [0, 1) that belongs to this seed and subject, uniform over subjects."""
    digest = hashlib.sha256("\x1f".join(map(str, (seed, *what))).encode()).digest()
    return int.from_bytes(digest[:7], "big") / 2**56


def turn(judgements: Iterable[Judgement]) -> int:
    """Return which review of its face the next one is: 1, 2 or 3."""
    return min(len({judgement.officer for judgement in judgements}), 2) + 1


def order(
    policy: ReviewPolicy, officer: OfficerId, face_id: FaceId, search_id: SearchId, listed: Sequence[NominalId]
) -> tuple[NominalId, ...]:
    """Return the nominals of a list in the order this officer is to see them.

    The rank order where the policy does not shuffle; else one that belongs to officer, face and search, so that an
    officer who comes back sees what they saw.
    """
    if not policy.shuffled:
        return tuple(listed)
    return tuple(sorted(listed, key=lambda nominal: chance(policy.seed, "order", officer, face_id, search_id, nominal)))


def trial_beside(policy: ReviewPolicy, officer: OfficerId, face_id: FaceId, search_id: SearchId) -> str | None:
    """Return which kind of trial goes with this real list in this officer's queue, or ``None``.

    With a share *a* of absent and *p* of present trials among all lists, each real one brings an absent trial with
    chance a / (1 - a - p) and a present one with p / (1 - a - p).
    """
    real = 1 - policy.trial_share - policy.present_share
    drawn = chance(policy.seed, "trial", officer, face_id, search_id) * real
    if drawn < policy.trial_share:
        return ABSENT
    return PRESENT if drawn < policy.trial_share + policy.present_share else None


def pick(policy: ReviewPolicy, officer: OfficerId, beside: str, faces: Collection[FaceId]) -> FaceId | None:
    """Return which of these faces becomes the trial beside a real list, or ``None`` where there is none."""
    return min(faces, key=lambda face: (chance(policy.seed, "pick", officer, beside, face), face), default=None)


def next_one(
    policy: ReviewPolicy, officer: OfficerId, faces: Collection[FaceId], given_back: Collection[FaceId]
) -> FaceId:
    """Return which of the faces that wait is dealt next: by chance, those the officer gave back last."""
    return min(faces, key=lambda face: (face in given_back, chance(policy.seed, "next", officer, face), face))
