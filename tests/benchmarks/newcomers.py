"""What comparing newly enrolled people with open stills finds and costs: by place on the list, and by score.

    python tests/benchmarks/newcomers.py cases/demo data/demo/truth.csv

Reads templates from a case with known truth. Each person of the gallery is taken as the one newly enrolled, the others
being there already: do the stills that show them get a lead, and how many that do not? Faces of people who are not in the
gallery count as open too. The cut through scores beside it is the one that lets as many strangers through.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from stillgraph.casework import Desk, evaluating, take_seat
from stillgraph.evaluation import read_truth
from stillgraph.evaluation.rates import wilson
from stillgraph.gallery.newcomers import LEAD_CHANCE, places
from stillgraph.store import faces as face_store

HALVES = {"R01-R06, chosen on": range(1, 7), "R07-R12, held out": range(7, 13)}
PLACES = (1, 2, 3, 5, 20)
BATCH = 15


def measure(desk: Desk, truth: Path, retailers: set[str]) -> None:
    """Print one line a rule."""
    whose = evaluating.truth_of_faces(desk, truth)
    with desk.case.session(writing=False) as session:
        entries, vectors = face_store.gallery(session, desk.model)
        faces = [
            face
            for face in face_store.of_stills(session, desk.model)
            if face.usable and face.image_id.split("/")[0] in retailers and face.face_id in whose
        ]
    people, person_of = np.unique([nominal for _, nominal in entries], return_inverse=True)
    scores = np.full((len(people), len(faces)), -2.0)
    np.maximum.at(scores, person_of, vectors @ np.stack([face.template.vector for face in faces]).T)
    own = people[:, None] == np.array([whose[face.face_id] or "" for face in faces])
    ranks = (-scores).argsort(axis=0).argsort(axis=0) + 1
    # A face that was not found, or is not usable, is one that is missed.
    shown = sum(t.nominal_id in set(people) and t.still.split("/")[0] in retailers for t in read_truth(truth))
    print(f"  {len(faces)} open faces; people of the gallery of {len(people)} are shown {shown} times")
    default = places(len(people), 1, chance=LEAD_CHANCE, limit=20)
    for last in PLACES:
        lead = ranks <= last
        strangers = lead[~own].mean()
        cut = np.quantile(scores[~own], 1 - strangers)
        said = " (the rule here)" if last == default else ""
        print(
            f"  first {last}{said}: on their own stills {rate(lead[own], shown)}, of strangers {100 * strangers:.2f} %, "
            f"false leads a person {lead[~own].sum() / len(people):.2f}; score from {cut:.3f}: {rate(scores[own] >= cut, shown)}"
        )
    rng, wrong = np.random.default_rng(0), []
    for _ in range(200):
        new = rng.choice(len(people), BATCH, replace=False)
        lead = ranks[new] <= places(len(people), BATCH, chance=LEAD_CHANCE, limit=20)
        wrong.append((lead & ~own[new]).any(axis=0).mean())
    print(f"  {BATCH} people at once: {100 * np.mean(wrong):.1f} % of faces get a lead that is false")


def rate(found: np.ndarray, trials: int) -> str:
    """Return a share with its Wilson 95 % interval."""
    said = wilson(int(found.sum()), trials)
    return f"{100 * said.value:.1f} % [{100 * said.low:.1f}, {100 * said.high:.1f}]"


def main() -> None:
    """Print the table for the half the rule was chosen on and for the held-out one."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("case", type=Path)
    parser.add_argument("truth", type=Path)
    given = parser.parse_args()
    desk = take_seat(given.case, officer="analyst-1", operation="OP-DEMO", reason="measure newcomers on open stills")
    for name, numbers in HALVES.items():
        print(name)
        measure(desk, given.truth, {f"R{number:02d}" for number in numbers})


if __name__ == "__main__":
    main()
