"""What a machine proposes to people: faces that are alike enough to be looked at together. It joins nothing."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stillgraph.linking.case import Apart, Case
from stillgraph.records import Person, Proposal

_BLOCK = 2048


@dataclass(frozen=True, slots=True)
class Member:
    """A person of this linking run and their rows."""

    person: Person
    rows: tuple[int, ...]


def held_by_similarity(case: Case, members: Sequence[Member]) -> list[Proposal]:
    """Propose each unknown person of several faces for people to look at, with the lowest score inside."""
    proposals = []
    for member in members:
        if len(member.rows) > 1:
            rows = list(member.rows)
            scores = (case.templates[rows] @ case.templates[rows].T)[np.triu_indices(len(rows), k=1)]
            proposals.append(
                Proposal(
                    case.ids(rows),
                    likelihood_ratio=None,
                    score=cosine(scores.min()),
                    reason="grouped by similarity alone; the score is the lowest of any two of the faces",
                    persons=(member.person.person_id,),
                )
            )
    return proposals


def alike(
    case: Case, unknown: Sequence[Member], known: Sequence[Member], apart: Apart, threshold: float
) -> list[Proposal]:
    """Propose that an unknown person is the one, of those officers made, whose mean template is nearest to theirs.

    Never of a person who is on one of the same stills or ruled not to be them, never below the threshold, and never
    more than one.
    """
    unknown = [member for member in unknown if case.with_template[list(member.rows)].any()]
    known = [member for member in known if case.with_template[list(member.rows)].any()]
    if not unknown or not known:
        return []
    centres = np.array([mean(case, member.rows) for member in known])
    proposals = []
    for at in range(0, len(unknown), _BLOCK):
        block = unknown[at : at + _BLOCK]
        scores = np.array([mean(case, member.rows) for member in block]) @ centres.T
        for member, row_scores in zip(block, scores, strict=True):
            reached = np.flatnonzero(row_scores >= threshold)
            best_first = sorted(reached.tolist(), key=lambda of: (-row_scores[of], of))
            best = next((of for of in best_first if may_be_one(case, member.rows, known[of].rows, apart)), None)
            if best is not None:
                proposals.append(
                    Proposal(
                        case.ids([*member.rows, *known[best].rows]),
                        likelihood_ratio=None,
                        score=cosine(row_scores[best]),
                        reason=f"looks like {known[best].person.person_id}; "
                        "the score is of the mean templates of either side",
                        persons=(member.person.person_id, known[best].person.person_id),
                    )
                )
    return proposals


def may_be_one(case: Case, rows: Collection[int], others: Collection[int], apart: Apart) -> bool:
    """Say whether neither a still nor a ruling keeps the faces apart."""
    inside = set(others)
    return case.by_still(rows).keys().isdisjoint(case.by_still(others).keys()) and all(
        inside.isdisjoint(apart.get(row, ())) for row in rows
    )


def mean(case: Case, rows: Sequence[int]) -> NDArray[np.float32]:
    """Return the mean template of the rows that have one, float32, shape (d,), of unit length; one at least must."""
    known = [row for row in rows if case.with_template[row]]
    total: NDArray[np.float32] = np.sum(case.templates[known], axis=0)
    length = float(np.linalg.norm(total))
    return total if length == 0.0 else total / np.float32(length)


def cosine(score: float | np.floating) -> float:
    """Return a score without the rounding that takes it past 1."""
    return float(np.clip(score, -1.0, 1.0))
