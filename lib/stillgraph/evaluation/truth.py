"""Known truth: who is on which still, and which of the faces found there is whose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.optimize import linear_sum_assignment

from stillgraph.decoding.rows import lacking, read_rows
from stillgraph.errors import ManifestError, NotFound
from stillgraph.records import Face, FaceId, NominalId, StillId

COLUMNS = ("retailer_id", "image", "position", "person", "nominal_id")

_WORDS = {"only": 1, "left": 1, "right": 2}


@dataclass(frozen=True, slots=True, order=True)
class TruthFace:
    """One person on one still.

    ``position`` counts from the left, from 1; ``nominal_id`` is ``None`` for a person not in custody records.
    """

    still: StillId
    position: int
    person: str
    nominal_id: NominalId | None


def read_truth(path: Path) -> tuple[TruthFace, ...]:
    """Read a truth table in CSV, one row a person on a still, further columns being ignored.

    ``position`` is ``only``, ``left`` or ``right``, or the place from the left, from 1.

    Raises
    ------
    NotFound
        There is no such file.
    ManifestError
        A column is missing, a position is none of these, or a still has a position twice or left out.
    """
    if not path.is_file():
        raise NotFound(f"The truth table {path.name} is not there. Give the path of a truth table in CSV.")
    there, rows = read_rows(path)
    missing = lacking(COLUMNS, there)
    if missing:
        raise ManifestError(f"A truth table needs the columns {', '.join(COLUMNS)}; {path.name} lacks {missing[0]}.")
    truth = tuple(_truth_face(row, line, path.name) for line, (_, row) in enumerate(rows, start=2))
    for still, faces in _by_still(truth).items():
        if [face.position for face in faces] != list(range(1, len(faces) + 1)):
            raise ManifestError(
                f"The persons on a still have positions 1 to their number, each once; correct {still} in {path.name}."
            )
    return truth


def _truth_face(row: Mapping[str, str | None], line: int, file: str) -> TruthFace:
    cell = {column: (row[column] or "").strip() for column in COLUMNS}
    word = cell["position"].lower()
    position = _WORDS.get(word, int(word) if word.isascii() and word.isdigit() and len(word) < 7 else 0)
    if position < 1 or not all(cell[column] for column in ("retailer_id", "image", "person")):
        raise ManifestError(
            "A truth row names retailer_id, image and person, and its position is only, left, right or a "
            f"number from 1; correct line {line} of {file}."
        )
    still = StillId(f"{cell['retailer_id']}/{cell['image']}")
    return TruthFace(still, position, cell["person"], NominalId(cell["nominal_id"]) if cell["nominal_id"] else None)


def _by_still(truth: Sequence[TruthFace]) -> dict[StillId, list[TruthFace]]:
    stills: dict[StillId, list[TruthFace]] = {}
    for face in sorted(truth, key=lambda face: (face.still, face.position, face.person)):
        stills.setdefault(face.still, []).append(face)
    return stills


def assign(
    truth: Sequence[TruthFace], faces: Mapping[StillId, Sequence[Face]], widths: Mapping[StillId, int]
) -> dict[TruthFace, FaceId | None]:
    """Say which found face is which person of the truth; ``None`` is a failure to acquire.

    As many faces as persons are taken in order from the left. Of more, the ones with the best detection
    scores are taken (of equal scores the larger), then in order. Fewer are laid, in order, on the places
    nearest to them, the persons of a still being expected at even distances over its width. No face is
    assigned twice.

    Parameters
    ----------
    truth
        Persons on stills.
    faces
        Faces found, by still, usable or not; a still without an entry has none.
    widths
        Widths of the stills in pixels; needed where fewer faces than persons were found.

    Raises
    ------
    NotFound
        A still's width is needed and not given.
    """
    assigned: dict[TruthFace, FaceId | None] = dict.fromkeys(truth)
    for still, there in _by_still(truth).items():
        best = sorted(faces.get(still, ()), key=_best_first)[: len(there)]
        found = sorted(best, key=lambda face: (_centre_x(face), face.face_id))
        places = list(range(len(there)))
        if 0 < len(found) < len(there):
            if still not in widths:
                raise NotFound(
                    f"The width of still {still} is needed to place its faces. Give the width of every still."
                )
            places = _nearest_places(found, len(there), widths[still])
        for place, face in zip(places, found, strict=False):
            assigned[there[place]] = face.face_id
    return assigned


def _centre_x(face: Face) -> float:
    return face.box.x + face.box.width / 2


def _best_first(face: Face) -> tuple[float, float, float, str]:
    return (-face.quality.detection_score, -face.box.width * face.box.height, face.box.x, face.face_id)


def _nearest_places(found: Sequence[Face], persons: int, width: int) -> list[int]:
    """Return the places, ascending, that faces ordered from the left lie nearest to."""
    expected = (np.arange(persons) + 0.5) / persons
    centres = np.array([_centre_x(face) / width for face in found])
    # With squared distances the best choice of places is also best taken in order, so faces keep theirs.
    _, chosen = linear_sum_assignment((centres[:, None] - expected[None, :]) ** 2)
    return sorted(int(place) for place in chosen)
