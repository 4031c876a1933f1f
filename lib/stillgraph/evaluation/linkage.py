"""How right a linking is: pairs of faces, B-cubed, and persons merged wrongly, with intervals over people.

A pair of faces is *put together* where one person holds both, and *true* where one person of the truth is on both. A
face that was not found takes part in no pair put together, and is an error of recall in every pair it should be in.
Intervals are 95 % percentiles over people drawn with replacement (Efron and Tibshirani 1993): pairs of one person are
not independent, so that counting pairs alone would promise too much.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

DRAWS = 1000
"""How many times people are drawn."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Share:
    """A share with its 95 % interval over people; ``None`` where there is nothing to count."""

    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class LinkageMeasure:
    """How right one way of putting faces together is.

    ``merged`` are persons with several faces of the truth, ``wrongly_merged`` those of them that hold more than one
    person. Pairs are counted; B-cubed (Bagga and Baldwin 1998) is the mean over faces, so that one large person does
    not count for everybody.
    """

    merged: int
    wrongly_merged: int
    pairs_together: int
    pairs_right: int
    pairs_true: int
    precision: Share
    recall: Share
    bcubed_precision: Share
    bcubed_recall: Share


def linkage(
    truth: Mapping[Hashable, str],
    held: Mapping[Hashable, str],
    *,
    beside: Sequence[tuple[Hashable, Hashable]] = (),
    draws: int = DRAWS,
    seed: int = 0,
) -> LinkageMeasure:
    """Measure who was put together with whom against the truth.

    Parameters
    ----------
    truth
        Whom each face of the truth shows; a face that was not found is one too, under a key of its own.
    held
        The person that holds each face; a face in no person is alone. Faces the truth does not hold are left out.
    beside
        Further pairs of faces counted as put together, each once: those that proposals would add. B-cubed takes no
        account of them.
    draws, seed
        Of the intervals.
    """
    clusters: defaultdict[str, list[Hashable]] = defaultdict(list)
    for face, person in held.items():
        if face in truth:
            clusters[person].append(face)
    people = {person: number for number, person in enumerate(sorted(set(truth.values())))}
    sizes = Counter(truth.values())
    right, wrong = np.zeros(len(people)), Counter[tuple[int, int]]()
    for inside in (Counter(people[truth[face]] for face in faces) for faces in clusters.values()):
        for one, count in inside.items():
            right[one] += count * (count - 1) // 2
        for one, other in combinations(sorted(inside), 2):
            wrong[one, other] += inside[one] * inside[other]
    for pair in {frozenset(pair) for pair in beside if truth.keys() >= set(pair) and not _one(held, *pair)}:
        one, other = sorted(people[truth[face]] for face in pair)
        if one == other:
            right[one] += 1
        else:
            wrong[one, other] += 1
    possible = np.array([sizes[person] * (sizes[person] - 1) / 2 for person in people])
    drawn = _drawn(len(people), draws, seed)
    of_wrong = _wrong(wrong, drawn)
    several = [faces for faces in clusters.values() if len(faces) > 1]
    precise, recalled, faces_of = _bcubed(truth, clusters, people)
    return LinkageMeasure(
        merged=len(several),
        wrongly_merged=sum(len({truth[face] for face in faces}) > 1 for faces in several),
        pairs_together=int(right.sum()) + wrong.total(),
        pairs_right=int(right.sum()),
        pairs_true=int(possible.sum()),
        precision=_share(drawn @ right, drawn @ right + of_wrong),
        recall=_share(drawn @ right, drawn @ possible),
        bcubed_precision=_share(drawn @ precise, drawn @ faces_of),
        bcubed_recall=_share(drawn @ recalled, drawn @ faces_of),
    )


def _one(held: Mapping[Hashable, str], face: Hashable, other: Hashable) -> bool:
    """Say whether two faces are one, or one person's already."""
    return face == other or (face in held and held.get(other) == held[face])


def _drawn(people: int, draws: int, seed: int) -> Floats:
    """Return how often each person is in each draw, shape (1 + draws, people); first, everybody once."""
    rng = np.random.default_rng(seed)
    counts = rng.multinomial(people, np.full(people, 1 / people), size=draws) if people else np.zeros((draws, 0))
    return np.vstack([np.ones((1, people)), counts]).astype(np.float64)


def _wrong(wrong: Mapping[tuple[int, int], int], drawn: Floats) -> Floats:
    """Return how many pairs of two persons each draw has: as often as both were drawn."""
    if not wrong:
        return np.zeros(len(drawn))
    pairs = np.array(list(wrong))
    return np.asarray(
        (drawn[:, pairs[:, 0]] * drawn[:, pairs[:, 1]]) @ np.array(list(wrong.values()), dtype=np.float64)
    )


def _bcubed(
    truth: Mapping[Hashable, str], clusters: Mapping[str, Sequence[Hashable]], people: Mapping[str, int]
) -> tuple[Floats, Floats, Floats]:
    """Return, for each person, the sums over their faces of B-cubed precision and recall, and how many they have.

    A face in no person is alone: all of precision, and of its own person only itself.
    """
    sizes = Counter(truth.values())
    precise, recalled = np.zeros(len(people)), np.zeros(len(people))
    faces_of = np.array([float(sizes[person]) for person in people])
    placed = set()
    for faces in clusters.values():
        inside = Counter(truth[face] for face in faces)
        for person, count in inside.items():
            precise[people[person]] += count * count / len(faces)
            recalled[people[person]] += count * count / sizes[person]
        placed |= set(faces)
    for face, person in truth.items():
        if face not in placed:
            precise[people[person]] += 1.0
            recalled[people[person]] += 1.0 / sizes[person]
    return precise, recalled, faces_of


def _share(of: Floats, all_: Floats) -> Share:
    """Return the share of the first row and the interval of the others; draws with nothing to count are left out."""
    if all_[0] == 0:
        return Share(None, None, None)
    counted = all_[1:] > 0
    shares = of[1:][counted] / all_[1:][counted]
    low, high = np.percentile(shares, [2.5, 97.5]) if len(shares) else (np.nan, np.nan)
    value = float(of[0] / all_[0])
    # The value itself lies in its interval, however few the people.
    return Share(value, min(float(low), value), max(float(high), value))
