"""What several images of one person are worth, of stills and of custody: by the mean of templates, or the best score.

    python tests/benchmarks/fusion.py cases/demo data/demo/truth.csv

Reads templates from a case with known truth. For each person in the gallery with enough stills, groups of that many
faces are drawn (seeded) and searched; every person counts once a size, with the mean over their groups. Then every face
alone, the custody images of a person counting by the best of them or by their mean.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np

from stillgraph.casework import Desk, evaluating, take_seat
from stillgraph.faces.embed import merged
from stillgraph.store import faces as face_store

SIZES = (1, 2, 3, 4)
GROUPS = 40
HELD_OUT = ("R07", "R08", "R09", "R10", "R11", "R12")


def measure(desk: Desk, truth: Path, retailers: tuple[str, ...] | None, seed: int = 0) -> list[dict[str, object]]:
    """Return one row a size and way: persons, and the mean share found at ranks 1 and 5."""
    whose = evaluating.truth_of_faces(desk, truth)
    with desk.case.session(writing=False) as session:
        entries, vectors = face_store.gallery(session, desk.model)
        faces = face_store.of_stills(session, desk.model)
    nominals = np.array([nominal for _, nominal in entries])
    people, person_of = np.unique(nominals, return_inverse=True)
    by_person = defaultdict(list)
    for face in faces:
        nominal = whose.get(face.face_id)
        if nominal in set(people) and (retailers is None or face.image_id.split("/")[0] in retailers):
            by_person[nominal].append((face.template.vector, face.quality.inter_eye_px))

    def rank(image_scores: np.ndarray, nominal: str) -> int:
        best = np.full(len(people), -2.0)
        np.maximum.at(best, person_of, image_scores)
        return int((best >= best[people == nominal]).sum())

    rows = []
    rng_of_intervals = np.random.default_rng(seed)
    for size in SIZES:
        ranks: dict[str, dict[str, list[int]]] = {way: defaultdict(list) for way in ("mean", "mean by size", "best")}
        for nominal, own in sorted(by_person.items()):
            if len(own) < max(SIZES):
                continue  # the same people at every size
            rng = np.random.default_rng([seed, *nominal.encode()])
            for _ in range(GROUPS):
                drawn = [own[i] for i in rng.choice(len(own), size, replace=False)]
                group, sizes = np.stack([vector for vector, _ in drawn]), [eyes for _, eyes in drawn]
                ranks["mean"][nominal].append(rank(vectors @ merged(group), nominal))
                ranks["mean by size"][nominal].append(rank(vectors @ merged(group, sizes), nominal))
                ranks["best"][nominal].append(rank((vectors @ group.T).max(axis=1), nominal))
        for way, by in ranks.items():
            row: dict[str, object] = {"stills": size, "way": way, "persons": len(by)}
            for limit in (1, 5):
                shares = np.array([np.mean(np.array(found) <= limit) for found in by.values()])
                drawn = rng_of_intervals.choice(shares, (2000, len(shares))).mean(axis=1)
                low, high = np.percentile(drawn, (2.5, 97.5))  # bootstrap over persons
                row[f"rank_{limit}"] = [round(float(v), 3) for v in (shares.mean(), low, high)]
            rows.append(row)
    return rows


def custody(desk: Desk, truth: Path, retailers: tuple[str, ...] | None) -> dict[str, object]:
    """Return of how many mated faces the right person is within ranks 1 and 5, by best and by mean custody image."""
    whose = evaluating.truth_of_faces(desk, truth)
    with desk.case.session(writing=False) as session:
        entries, vectors = face_store.gallery(session, desk.model)
        faces = face_store.of_stills(session, desk.model)
    nominals = np.array([nominal for _, nominal in entries])
    people, person_of = np.unique(nominals, return_inverse=True)
    mated = [
        face
        for face in faces
        if face.template is not None
        and whose.get(face.face_id) in set(people)
        and (retailers is None or face.image_id.split("/")[0] in retailers)
    ]
    probes = np.stack([face.template.vector for face in mated])
    best = np.full((len(people), len(mated)), -2.0)
    np.maximum.at(best, person_of, vectors @ probes.T)
    mean = np.stack([merged(vectors[person_of == person]) for person in range(len(people))]) @ probes.T
    own = people[:, None] == np.array([whose[face.face_id] for face in mated])
    found: dict[str, object] = {"mated": len(mated)}
    for way, scores in (("best", best), ("mean", mean)):
        ranks = (scores >= scores.T[own.T][None]).sum(axis=0)
        found |= {f"{way}_rank_{limit}": int((ranks <= limit).sum()) for limit in (1, 5)}
    return found


def main() -> None:
    """Print the table for all retailers and for the held-out half."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("case", type=Path)
    parser.add_argument("truth", type=Path)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    desk = take_seat(given.case, officer="analyst-1", operation="OP-DEMO", reason="measure fusion of stills")
    result = {name: measure(desk, given.truth, which) for name, which in (("all", None), ("R07-R12", HELD_OUT))}
    result |= {
        f"custody, {name}": [custody(desk, given.truth, which)]
        for name, which in (("all", None), ("R07-R12", HELD_OUT))
    }
    if given.json:
        json.dump(result, sys.stdout)
        return
    for name, rows in result.items():
        print(name)
        for row in rows:
            print("  ", *(f"{key}={value}" for key, value in row.items()))


if __name__ == "__main__":
    main()
