"""How often the face of another still that is most alike is the same person.

    python tests/benchmarks/alike.py cases/demo data/demo/truth.csv

For every usable face of a person who is on another still too, by truth, is the first face listed theirs, or one of the
first five? Nobody is corroborated for this. A face that was not found, or is not usable, counts as an error.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from stillgraph import evaluation
from stillgraph.casework import Desk, take_seat
from stillgraph.evaluation.rates import wilson
from stillgraph.store import faces as face_store
from stillgraph.store import receipts

HALVES = {"R01-R06": range(1, 7), "R07-R12": range(7, 13), "all": range(1, 13)}


def measure(desk: Desk, truth: Path, retailers: set[str]) -> str:
    """Return shares within rank 1 and 5 with their intervals, of stills of these retailers among themselves."""
    with desk.case.session(writing=False) as session:
        widths = receipts.still_widths(session)
        faces = face_store.of_stills(session, desk.model)
    by_still: dict[str, list] = {}
    for face in faces:
        by_still.setdefault(face.image_id, []).append(face)
    known = [t for t in evaluation.read_truth(truth) if t.still in widths and t.still.split("/")[0] in retailers]
    found = {t: face for t, face in evaluation.assign(known, by_still, widths).items() if face is not None}
    usable = {face.face_id: face for face in faces if face.usable}
    listed = [(t, usable[face]) for t, face in found.items() if face in usable]
    vectors = np.stack([face.template.vector for _, face in listed])
    person = np.array([t.person for t, _ in listed])
    still = np.array([t.still for t, _ in listed])
    scores = vectors @ vectors.T
    scores[still[:, None] == still] = -2.0
    order = (-scores).argsort(axis=1)
    stills_of: dict[str, set[str]] = {}
    for t in known:
        stills_of.setdefault(t.person, set()).add(t.still)
    trials = sum(len(stills_of[t.person]) > 1 for t in known)
    said = []
    for limit in (1, 5):
        right = [(person[order[at, :limit]] == person[at]).any() for at in range(len(listed))]
        rate = wilson(int(sum(right)), trials)
        said.append(f"within {limit}: {100 * rate.value:.1f} % [{100 * rate.low:.1f}, {100 * rate.high:.1f}]")
    return f"{trials} faces of people on several stills, {len(listed)} faces: {', '.join(said)}"


def main() -> None:
    """Print one line a half."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("case", type=Path)
    parser.add_argument("truth", type=Path)
    given = parser.parse_args()
    desk = take_seat(
        given.case, officer="analyst-1", operation="OP-DEMO", reason="measure faces of stills among themselves"
    )
    for name, numbers in HALVES.items():
        print(f"{name}: {measure(desk, given.truth, {f'R{number:02d}' for number in numbers})}")


if __name__ == "__main__":
    main()
