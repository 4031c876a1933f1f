"""What a machine proposes to people: persons alike enough to be looked at together. It joins nothing.

Persons are compared by the mean of their templates, which counts for more than any one of them, after the mean custody
template is taken off: what all faces share says nothing of any of them, and look-alikes share most of it (centring, as
before PLDA: Garcia-Romero and Espy-Wilson 2011).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from stillgraph.linking.case import Apart, Case
from stillgraph.linking.groups import DIGITS, SLACK, Neighbours
from stillgraph.records import FaceId, NominalId, Person, Proposal

PROPOSAL_THRESHOLD = 0.58
"""The lowest score, of mean templates without what all faces share, at which the shipped model proposes.

Chosen on R01 to R06 of the demonstration: of 0.40, 0.42, ... the lowest from which on 95 % of what was proposed to be a
corroborated person was, 0.56, and one step more, since that were ten proposals. docs/accuracy.md says what it does.
"""

_BLOCK = 2048


@dataclass(frozen=True, slots=True, eq=False)
class Member:
    """A person of this linking run and their rows, ascending."""

    person: Person
    rows: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Proposing:
    """What proposals rest on beside the stills.

    ``centre``: the mean custody template, float32, shape (d,), which is taken off; nothing is where it is ``None``.
    ``custody``: each nominal's custody templates, float32, shape (k, d), which count as faces of that person.
    ``excluded``: for a face, the nominals on its list where two officers said that no candidate is this person.
    ``ratios``: the calibrated likelihood ratio of a face's own search against a nominal, where it stated one; a
    proposal that one face is that nominal carries it.
    ``threshold``: the least score; that of grouping where it is ``None``.
    """

    centre: NDArray[np.float32] | None = None
    custody: Mapping[NominalId, NDArray[np.float32]] = field(default_factory=dict)
    excluded: Mapping[FaceId, frozenset[NominalId]] = field(default_factory=dict)
    ratios: Mapping[tuple[FaceId, NominalId], float] = field(default_factory=dict)
    threshold: float | None = None

    def centred(self, templates: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return templates, shape (n, d), without the centre and of unit length, float64."""
        left = templates.astype(np.float64)
        return _unit(left if self.centre is None else left - self.centre)


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
                    score=_cosine(scores.min()),
                    reason="grouped by similarity alone; the score is the lowest of any two of the faces",
                    persons=(member.person.person_id,),
                )
            )
    return proposals


@dataclass(frozen=True, slots=True, eq=False)
class Finder:
    """Finds the persons of a linking run who may be one."""

    case: Case
    apart: Apart
    neighbours: Neighbours
    proposing: Proposing
    threshold: float

    def alike(self, unknown: Sequence[Member], known: Sequence[Member]) -> list[Proposal]:
        """Propose which unknown persons may be one that officers made, or one another; the most alike first.

        An unknown person is proposed to be the nearest of those officers made, never more than one; and to be another
        unknown person where each is the other's nearest (reciprocal neighbours: Zhong et al. 2017), which look-alikes
        of one person are not. Never below the threshold, of persons on one still, ruled apart, or excluded by review.
        """
        with_mean = [member for member in unknown if self.case.with_template[list(member.rows)].any()]
        if not with_mean:
            return []
        means = _unit([self._total(member.rows) for member in with_mean])
        found = [*self._of_known(with_mean, means, known), *self._of_one_another(with_mean, means)]
        return sorted(found, key=lambda proposal: (-proposal.score, proposal.faces))

    def _of_known(
        self, unknown: Sequence[Member], means: NDArray[np.float64], known: Sequence[Member]
    ) -> list[Proposal]:
        """Propose for each unknown person the nearest of the known ones that they may be."""
        totals = [self._total(member.rows, member.person.nominal_id) for member in known]
        there = [at for at, total in enumerate(totals) if total.any()]
        if not there:
            return []
        centres = _unit([totals[at] for at in there])
        proposals = []
        for start in range(0, len(unknown), _BLOCK):
            products = means[start : start + _BLOCK] @ centres.T
            which, places = np.nonzero(products >= self.threshold - SLACK)
            scores = np.round(products[which, places], DIGITS)
            proposed = set()
            for at in np.lexsort((places, -scores, which)).tolist():
                member, other = unknown[start + which[at]], known[there[places[at]]]
                if (
                    which[at] not in proposed
                    and scores[at] >= self.threshold
                    and self._may_be_one(member.rows, other.rows)
                    and not self._excluded(member, other)
                ):
                    proposed.add(which[at])
                    proposals.append(self._proposal(member, other, scores[at]))
        return proposals

    def _of_one_another(self, unknown: Sequence[Member], means: NDArray[np.float64]) -> list[Proposal]:
        """Propose the unknown persons each of whom is the other's nearest of those they may be."""
        one, other = self.neighbours(means.astype(np.float32), self.threshold - SLACK)
        scores = np.round(np.einsum("ij,ij->i", means[one], means[other]), DIGITS)
        nearest: dict[int, tuple[int, float]] = {}
        reached = np.flatnonzero(scores >= self.threshold)
        for at in reached[np.lexsort((other[reached], one[reached], -scores[reached]))].tolist():
            a, b = int(one[at]), int(other[at])
            if (a not in nearest or b not in nearest) and self._may_be_one(unknown[a].rows, unknown[b].rows):
                nearest.setdefault(a, (b, float(scores[at])))
                nearest.setdefault(b, (a, float(scores[at])))
        return [
            self._proposal(unknown[b], unknown[a], score)
            for a, (b, score) in sorted(nearest.items())
            if a < b and nearest[b][0] == a
        ]

    def _proposal(self, member: Member, other: Member, score: float) -> Proposal:
        nominal, ratio = other.person.nominal_id, None
        if nominal is not None and len(member.rows) == 1:
            ratio = self.proposing.ratios.get((self.case.faces[member.rows[0]].face_id, nominal))
        return Proposal(
            self.case.ids([*member.rows, *other.rows]),
            likelihood_ratio=ratio,
            score=_cosine(score),
            reason=f"looks like {other.person.person_id}; the score is of the mean templates of either side",
            persons=(member.person.person_id, other.person.person_id),
        )

    def _excluded(self, member: Member, other: Member) -> bool:
        """Say whether officers have said of a face that no candidate on its list is this person, who was on it."""
        of = other.person.nominal_id if other.person.proposed_as is None else other.person.proposed_as
        excluded = self.proposing.excluded
        return of is not None and any(of in excluded.get(self.case.faces[row].face_id, ()) for row in member.rows)

    def _may_be_one(self, rows: Collection[int], others: Collection[int]) -> bool:
        """Say whether neither a still nor a ruling keeps the faces apart."""
        inside = set(others)
        on_one_still = self.case.by_still(rows).keys() & self.case.by_still(others).keys()
        return not on_one_still and all(inside.isdisjoint(self.apart.get(row, ())) for row in rows)

    def _total(self, rows: Sequence[int], nominal: NominalId | None = None) -> NDArray[np.float64]:
        """Return the sum of a person's centred templates, custody's among them, shape (d,); zero without any."""
        own = self.case.templates[[row for row in rows if self.case.with_template[row]]]
        custody = None if nominal is None else self.proposing.custody.get(nominal)
        templates = own if custody is None or not len(custody) else np.concatenate([own, custody])
        return np.asarray(self.proposing.centred(templates).sum(axis=0))


def _unit(rows: Sequence[NDArray[np.float64]] | NDArray[np.float64]) -> NDArray[np.float64]:
    """Return rows at unit length, float64; a row of zeros stays so."""
    table = np.asarray(rows, dtype=np.float64)
    lengths = np.linalg.norm(table, axis=1, keepdims=True)
    return np.asarray(np.divide(table, lengths, out=np.zeros_like(table), where=lengths > 0))


def _cosine(score: float | np.floating) -> float:
    """Return a score without the rounding that takes it past 1."""
    return float(np.clip(score, -1.0, 1.0))
