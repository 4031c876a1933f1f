"""Which faces of a film's frames go on from one frame to the next, and in which frames each is seen best.

It groups what follows closely in time, so that one person walking past does not make a hundred stills. It says of
nobody who they are: somebody who comes back later, or turns away for long, makes another appearance and another still,
which costs a look; two people taken for one would cost a person.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stillgraph.faces.detect import overlaps
from stillgraph.records import Face, Vector

OVERLAP = 0.3
"""From this intersection over union on, the boxes of two frames say that a face may have stayed where it was."""

LIKE_WITH_OVERLAP = 0.3
"""Cosine from which a face goes on where the boxes of two frames in a row overlap; 18 % of pairs of different persons
reach it on the demonstration's tuning half (22,307 pairs), and they seldom change places within half a second."""

LIKE_ALONE = 0.5
"""Cosine from which a face goes on wherever it is; 0.9 % of those pairs reach it."""

MOST_MISSED = 6
"""An appearance ends when so many frames looked at in a row show nothing of it: three seconds at two a second."""


class Worth(NamedTuple):
    """How well a face is seen, better ones greater: the detector's score, then the distance of the eyes.

    On the demonstration's tuning half, of two stills of one person the one with the greater score had the greater
    cosine to the person's custody image in 77 % of 547 pairs (held out: 74 % of 140); by inter-eye distance it was 63 %
    and 71 %, by inter-eye distance times sharpness 58 % both times (docs/accuracy.md).
    """

    detection_score: float
    inter_eye_px: float


@dataclass(frozen=True, slots=True, eq=False)
class Sighting:
    """A face in one frame; ``place`` is the frame's number."""

    place: int
    face: Face
    worth: Worth


@dataclass(slots=True, eq=False)
class Appearance:
    """One face through the frames that follow each other: its best sightings so far, best first, and its last."""

    number: int
    last: Face
    best: list[Sighting] = field(default_factory=list)
    seen: int = 0
    missed: int = 0

    def add(self, sighting: Sighting, most: int) -> None:
        """Take one more sighting, and keep the ``most`` best; of equal ones the earlier."""
        self.last, self.missed = sighting.face, 0
        self.seen += 1
        self.best = sorted([*self.best, sighting], key=lambda s: s.worth, reverse=True)[:most]


class Appearances:
    """Groups the faces of one stream's frames, taken one after the other."""

    def __init__(self, best: int) -> None:
        self.all: list[Appearance] = []
        self._going_on: list[Appearance] = []
        self._settled: set[int] = set()
        self._best = best

    def see(self, place: int, faces: Sequence[Face]) -> None:
        """Take the faces of the next frame looked at. Two faces of one frame are two appearances.

        Parameters
        ----------
        place
            The frame's number.
        faces
            Its faces, each with a template.
        """
        pairs = _pairs(self._going_on, faces)
        for one in self._going_on:
            one.missed += 1
        for n, face in enumerate(faces):
            appearance = pairs.get(n) or self._begun(face)
            appearance.add(Sighting(place, face, worth(face)), self._best)
        for one in [one for one in self._going_on if one.missed >= MOST_MISSED]:
            self._going_on.remove(one)
            self._settled |= _places(one)

    def places(self) -> set[int]:
        """Return the numbers of the frames that show some appearance at its best."""
        return self._settled.union(*map(_places, self._going_on))

    def _begun(self, face: Face) -> Appearance:
        one = Appearance(len(self.all) + 1, face)
        self.all.append(one)
        self._going_on.append(one)
        return one


def _places(one: Appearance) -> set[int]:
    return {sighting.place for sighting in one.best}


def worth(face: Face) -> Worth:
    """Return how well a face is seen."""
    return Worth(face.quality.detection_score, face.quality.inter_eye_px)


def _pairs(going_on: Sequence[Appearance], faces: Sequence[Face]) -> dict[int, Appearance]:
    """Return which appearance each face goes on with, by its place in ``faces``: the likest pair first, each once."""
    if not going_on or not faces:
        return {}
    likeness = _templates([one.last for one in going_on]) @ _templates(faces).T
    boxes = _boxes(faces)
    shared = np.stack([overlaps(box, boxes) for box in _boxes([one.last for one in going_on])])
    # After a frame without it somebody else may stand in its place, at a till for one: then likeness alone decides.
    stayed = (shared >= OVERLAP) & np.array([one.missed == 0 for one in going_on])[:, None]
    may = (likeness >= LIKE_ALONE) | ((likeness >= LIKE_WITH_OVERLAP) & stayed)
    pairs: dict[int, Appearance] = {}
    while may.any():
        old, new = np.unravel_index(int(np.argmax(np.where(may, likeness, -np.inf))), may.shape)
        pairs[int(new)] = going_on[int(old)]
        may[old, :] = may[:, new] = False
    return pairs


def _templates(faces: Sequence[Face]) -> Vector:
    return np.stack([face.template.vector for face in faces if face.template is not None])


def _boxes(faces: Sequence[Face]) -> NDArray[np.float32]:
    return np.array([(f.box.x, f.box.y, f.box.width, f.box.height) for f in faces], np.float32)
