"""Made-up faces of made-up people, to measure linking on: many, and with known truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stillgraph.linking.case import LinkableFace
from stillgraph.records import Box, FaceId, NominalId, OffenceId, Outcome, Ruling, StillId

COMMON = 0.2
"""How much of a template all faces share: the median score of two people on the demonstration's stills."""

OF_PERSON = np.array([0.39, 0.30, 0.18, 0.13])
"""How much is the person's, by quality band A to D: with the common part, median scores of 0.59, 0.5, 0.38 and 0.33 of
two faces of one person, as on the demonstration's stills R01 to R06."""

BANDS = np.array([0.42, 0.24, 0.19, 0.15])
"""How many faces are of each band."""

MOST_FACES = 40
LOOK_ALIKES = 0.2
"""The share of people who have look-alikes, five of a kind."""

KIND = 1.25
"""How much of a look-alike is of the kind, to 1 of their own: what is a person's has a score of 0.61 with another's."""

FACES_IN_STILL = (0.75, 0.18, 0.07)
"""How many stills have one face, two and three."""

NAMED, NAMED_FACES = 0.3, 0.5
"""The share of people whom review has named, and of their faces on which it did."""


@dataclass(frozen=True, slots=True, eq=False)
class MadeUp:
    """Faces with their templates, float32, shape (n, d), the mean of all, who is who, and what review has settled."""

    faces: tuple[LinkableFace, ...]
    templates: NDArray[np.float32]
    centre: NDArray[np.float32]
    person: NDArray[np.int64]
    rulings: dict[FaceId, Ruling]


def made_up(faces: int, *, dimension: int = 128, seed: int = 0) -> MadeUp:
    """Return so many faces of people with 1 to 40 faces each, as often as the number is small."""
    rng = np.random.default_rng(seed)
    sizes = 1 / np.arange(1, MOST_FACES + 1)
    drawn = rng.choice(MOST_FACES, size=faces, p=sizes / sizes.sum()) + 1
    person = np.repeat(np.arange(faces), drawn)[:faces]
    people = int(person[-1]) + 1
    likeness = _unit(rng.normal(size=(people, dimension)))
    kin = np.flatnonzero(rng.random(people) < LOOK_ALIKES)
    kinds = _unit(rng.normal(size=(len(kin) // 5 + 1, dimension)))
    likeness[kin] = _unit(likeness[kin] + KIND * kinds[np.arange(len(kin)) // 5])
    band = rng.choice(len(BANDS), size=faces, p=BANDS)
    own = OF_PERSON[band][:, None]
    common = _unit(rng.normal(size=(1, dimension)))
    noise = _unit(rng.normal(size=(faces, dimension)))
    templates = _unit(
        np.sqrt(COMMON) * common + np.sqrt(own) * likeness[person] + np.sqrt(1 - COMMON - own) * noise
    ).astype(np.float32)
    still = _stills(person, rng)
    made = tuple(
        LinkableFace(FaceId(f"S/{n:07}#1"), StillId(f"S/{at:07}"), OffenceId(f"S/{at // 2:07}"), Box(0, 0, 1, 1), True)
        for n, at in enumerate(still.tolist())
    )
    named = (rng.random(people) < NAMED)[person] & (rng.random(faces) < NAMED_FACES)
    rulings = {
        made[at].face_id: Ruling(Outcome.CORROBORATED, NominalId(f"N{person[at]}"))
        for at in np.flatnonzero(named).tolist()
    }
    return MadeUp(made, templates, templates.mean(axis=0), person, rulings)


def _stills(person: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """Put faces on stills, shape (n,), no person twice on one."""
    order = rng.permutation(len(person))
    size = rng.choice(len(FACES_IN_STILL), size=len(person), p=FACES_IN_STILL) + 1
    still_of_place = np.repeat(np.arange(len(size)), size)[: len(person)]
    still = np.empty(len(person), np.int64)
    still[order] = still_of_place
    # Who would be on a still twice is on one of their own.
    _, first = np.unique(np.stack([still, person], axis=1), axis=0, return_index=True)
    again = np.setdiff1d(np.arange(len(person)), first)
    still[again] = still.max(initial=0) + 1 + np.arange(len(again))
    return still


def _unit(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True))
