"""Whether an enhancement helps a search: ``python tests/benchmarks/enhancement.py [CASE]``.

For every face of the held-out stills (R07 to R12) of somebody in the gallery: the rank of the right person by the
original alone, by the original with the view of one enhancement added, and by the enhanced view alone. Each
enhancement is a crop round the face and one step with the parameters its sliders start at; none was tuned. Prints the
table of docs/accuracy.md. A face that was not found counts as an error; where the enhanced picture shows no face there,
the original stands alone.
"""

from __future__ import annotations

import csv
import shutil
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from tqdm import tqdm

from stillgraph import demo
from stillgraph.casework import Desk, evaluating, searching
from stillgraph.evaluation import wilson
from stillgraph.faces import enhance, enhanced, steps
from stillgraph.faces.embed import ImageRole, unit
from stillgraph.faces.pixels import Pixels, decode
from stillgraph.records import Face, Template
from stillgraph.store import faces, receipts

ROOT = Path(__file__).resolve().parents[2]
HELD_OUT = tuple(f"R{number:02d}" for number in range(7, 13))
RANKS = (1, 5, 20)
AROUND = 3.0
"""Side of the crop as a multiple of the face's longer side."""

ONE_STEP = ("", *(name for name in steps.KINDS if name not in {"crop", "rotate", "deinterlace", "deblur motion"}))
"""The step after the crop; none; turning, de-interlacing and motion want a fault that these stills do not have."""


def recipe(face: Face, pixels: Pixels, name: str) -> steps.Steps:
    """Return a crop round the face and the step at its sliders' start."""
    half = AROUND * max(face.box.width, face.box.height) / 2
    centre = np.array([face.box.x + face.box.width / 2, face.box.y + face.box.height / 2])
    low = np.clip(np.floor(centre - half), 0, None).astype(int)
    high = np.clip(np.ceil(centre + half), None, [pixels.shape[1], pixels.shape[0]]).astype(int)
    crop = steps.parse(f"crop {low[0]} {low[1]} {high[0] - low[0]} {high[1] - low[1]}")
    if not name:
        return (crop,)
    return crop, steps.parse(" ".join([name, *(str(parameter.start) for parameter in steps.parameters(name))]))


def view(desk: Desk, face: Face, pixels: Pixels, name: str) -> np.ndarray | None:
    """Return the face's template from the enhanced picture, or ``None`` where it shows no face there."""
    done = recipe(face, pixels, name)
    views, _ = enhanced.look(
        face.image_id, pixels, enhance.apply(pixels, done), steps=done, known=[face], pack=desk.pack, number=1
    )
    return next((one.template.vector for one in views if one.face_id == face.face_id), None)


def cells(ranks: list[int | None], trials: int) -> list[str]:
    """Return rates of the right person within each rank, with Wilson 95 % intervals."""
    found = [wilson(sum(rank is not None and rank <= most for rank in ranks), trials) for most in RANKS]
    return [f"{100 * r.value:.1f} % [{100 * r.low:.1f}, {100 * r.high:.1f}]" for r in found]


def held_out_truth(folder: Path) -> Path:
    """Write the truth of the held-out retailers alone."""
    with (ROOT / "data" / "demo" / "truth.csv").open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["retailer_id"] in HELD_OUT]
    with (folder / "truth.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return folder / "truth.csv"


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(case: Path) -> None:
    """Measure on a copy of the demonstration and print the table."""
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as scratch:
        shutil.copytree(case, Path(scratch) / "case")
        desk = demo.seat(Path(scratch) / "case", demo.ANALYST)
        truth = held_out_truth(Path(scratch))
        report = evaluating.identification(desk, truth)
        whose = {face: nominal for face, nominal in evaluating.truth_of_faces(desk, truth).items() if nominal}
        with desk.case.session(writing=False) as session:
            index = searching.gallery_index(session, desk)
            digests = receipts.still_digests(session)
            enrolled = {nominal for _, nominal in faces.gallery(session, desk.model)[0]}
            found = [
                face
                for face in faces.of_stills(session, desk.model)
                if whose.get(face.face_id) in enrolled and face.usable and face.template is not None
            ]
        pixels = {face.image_id: decode(desk.images.get(digests[face.image_id]), face.image_id) for face in found}

        def ranks(vectors: list[np.ndarray | None]) -> list[int | None]:
            probes = [Template(desk.model, vector) for vector in vectors if vector is not None]
            lists = iter(index.search(probes, limit=index.info.size))
            return [
                None if vector is None
                else next((c.rank for c in next(lists) if c.nominal_id == whose[face.face_id]), None)
                for face, vector in zip(found, vectors, strict=True)
            ]  # fmt: skip

        originals = [desk.pack.embedder.embed(pixels[f.image_id], f.landmarks, ImageRole.STILL) for f in found]
        say(f"{report.mated} mated searches, {len(found)} with a usable face; gallery {index.info.size}")
        say(
            "| after a crop | face found | rank 1 | rank 5 | rank 20 | rank 1, enhanced alone |\n|---|---|---|---|---|---|"
        )
        say(f"| original alone | | {' | '.join(cells(ranks(originals), report.mated))} | |")
        with ThreadPoolExecutor(2) as pool:
            for name in tqdm(ONE_STEP, unit="step", disable=not sys.stderr.isatty()):
                seen = list(pool.map(lambda face, name=name: view(desk, face, pixels[face.image_id], name), found))
                both = [one if other is None else unit(one + other) for one, other in zip(originals, seen, strict=True)]
                words = recipe(found[0], pixels[found[0].image_id], name)[1:]
                row = [f"+ {steps.describe(words) or 'nothing'}", f"{sum(one is not None for one in seen)}"]
                row += [*cells(ranks(both), report.mated), cells(ranks(seen), report.mated)[0]]
                say(f"| {' | '.join(row)} |")
        sys.stderr.write(f"{time.perf_counter() - began:.0f} s" + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "cases" / "demo"))
