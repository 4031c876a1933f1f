"""The rules of rulings between faces: what one officer says in the open of two faces or more.

The governing rule: **one officer's "not same" keeps faces apart; one officer's "same" proposes, two officers'
corroborates; nothing that cannot be true binds.**

1. A ruling stands until it is taken back; of one officer's rulings on two faces the latest counts.
2. Two faces in one still are two persons, whatever anybody rules.
3. Whoever has judged a face's candidate list rules on the face only once that review is settled: a ruling in the open
   would tell the second officer what the first said.
4. A ruling is taken back by the officer who made it, or by a supervisor or administrator.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product

from stillgraph.records import FaceId, FaceRuling, Officer, OfficerId, Role, Says, StillId

OFFICERS_NEEDED = 2
"""How many officers must rule the same before a link between faces is corroborated."""

Pair = tuple[FaceId, FaceId]
"""Two faces, ascending."""


@dataclass(frozen=True, slots=True)
class Stance:
    """What officers say now of two faces, and by which rulings."""

    same: frozenset[OfficerId]
    apart: frozenset[OfficerId]
    rulings: tuple[int, ...]

    @property
    def corroborated(self) -> bool:
        """Whether enough officers rule the faces one person; where any rules them apart, nothing binds all the same."""
        return len(self.same) >= OFFICERS_NEEDED


def standing(rulings: Iterable[FaceRuling]) -> list[FaceRuling]:
    """Return the rulings that are not taken back, in their sequence."""
    held = sorted(rulings, key=lambda ruling: ruling.sequence)
    gone = {ruling.undoes for ruling in held if ruling.says is Says.TAKEN_BACK}
    return [ruling for ruling in held if ruling.says is not Says.TAKEN_BACK and ruling.sequence not in gone]


def pairs(faces: Sequence[FaceId], others: Sequence[FaceId]) -> Iterable[Pair]:
    """Return the pairs a ruling is about, each ascending."""
    together = product(faces, others) if others else combinations(sorted(faces), 2)
    return ((one, other) if one < other else (other, one) for one, other in together)


def stances(rulings: Iterable[FaceRuling]) -> dict[Pair, Stance]:
    """Return what officers say now of every two faces that a standing ruling is about, in the order of the pairs."""
    latest: dict[Pair, dict[OfficerId, FaceRuling]] = defaultdict(dict)
    for ruling in standing(rulings):
        for pair in pairs(ruling.faces, ruling.others):
            latest[pair][ruling.officer] = ruling
    return {
        pair: Stance(
            same=frozenset(officer for officer, ruling in said.items() if ruling.says is Says.SAME),
            apart=frozenset(officer for officer, ruling in said.items() if ruling.says is Says.NOT_SAME),
            rulings=tuple(sorted(ruling.sequence for ruling in said.values())),
        )
        for pair, said in sorted(latest.items())
    }


def blockers(
    faces: Collection[FaceId],
    says: Says,
    *,
    stills: Mapping[FaceId, StillId],
    under_own_review: Collection[FaceId],
    reason: str,
) -> tuple[str, ...]:
    """Return everything that stands in the way of this ruling, as sentences for the officer.

    Parameters
    ----------
    faces
        Every face the ruling is about, those of both sides.
    stills
        The still of each.
    under_own_review
        Faces whose candidate list the officer has judged and whose review is not settled.
    """
    sentences = []
    if says is Says.SAME:
        by_still: defaultdict[StillId, list[FaceId]] = defaultdict(list)
        for face in sorted(faces):
            by_still[stills[face]].append(face)
        sentences += [
            f"{' and '.join(twins)} are in one still, and two faces in one still are two persons: leave one out."
            for twins in by_still.values()
            if len(twins) > 1
        ]
    judged = sorted(set(faces) & set(under_own_review))
    if judged:
        sentences.append(
            f"You have judged the candidate list of {judged[0]} and its review is not settled: a ruling in the open "
            "would tell the next officer what you said. Rule when it is settled, or ask another officer."
        )
    if not reason.strip():
        sentences.append("A ruling needs its reason: write what you compared.")
    return tuple(sentences)


def may_take_back(officer: Officer, ruling: FaceRuling) -> bool:
    """Say whether an officer may take a ruling back: their own, or any as supervisor or administrator."""
    return officer.officer_id == ruling.officer or officer.role in {Role.SUPERVISOR, Role.ADMINISTRATOR}
