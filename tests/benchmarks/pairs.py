"""Times `stillgraph evaluate verification` on pairs of image files, as many as the field's usual test has.

    python tests/benchmarks/pairs.py [--pairs 6000] [--images 7700] [--workers N]

Labeled Faces in the Wild has 6,000 pairs of some 7,700 photographs of 250 x 250 pixels (Huang and others 2007). Here they
are the demonstration's synthetic custody images, cut, lit and compressed a little differently each time: as many files to
read, decode, look through and embed. What the rates come to says nothing.
"""

from __future__ import annotations

import argparse
import csv
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image, ImageEnhance

from stillgraph.casework import verifying

CUSTODY = Path(__file__).resolve().parents[2] / "data" / "demo" / "custody"
SIDE = 250
SEED = 20261126


def photographs(folder: Path, number: int) -> list[tuple[str, str]]:
    """Write so many pictures; return each one's name, and whose it is."""
    with (CUSTODY / "manifest.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = [(row["image"], row["nominal_id"]) for row in csv.DictReader(stream)]
    dice, made = np.random.default_rng(SEED), []
    for at in range(number):
        name, person = rows[at % len(rows)]
        image = Image.open(CUSTODY / "images" / name).convert("RGB")
        edge = int(dice.integers(0, max(1, min(image.size) // 20)))
        image = image.crop((edge, edge, image.width - edge, image.height - edge)).resize((SIDE, SIDE))
        image = ImageEnhance.Brightness(image).enhance(float(dice.uniform(0.8, 1.2)))
        image.save(folder / f"{at:05d}.jpg", quality=int(dice.integers(80, 96)))
        made.append((f"{at:05d}.jpg", person))
    return made


def deal(images: list[tuple[str, str]], number: int) -> list[tuple[str, str, int]]:
    """Return pairs, half of one person and half of two, in which each image comes about as often."""
    dice, of = np.random.default_rng(SEED), {}
    for name, person in images:
        of.setdefault(person, []).append(name)
    names, pairs = dice.permutation([name for name, _ in images]), []
    whose = dict(images)
    for at in range(number):
        name = str(names[at % len(names)])
        same = at % 2 == 0 and len(of[whose[name]]) > 1
        others = [one for one in of[whose[name]] if one != name] if same else None
        while others is None:
            other = str(names[int(dice.integers(len(names)))])
            others = [other] if whose[other] != whose[name] else None
        pairs.append((name, str(others[int(dice.integers(len(others)))]), int(same)))
    return pairs


def main() -> None:
    """Make the pictures, time the command's work, print what it took."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=6000)
    parser.add_argument("--images", type=int, default=7700)
    parser.add_argument("--workers", type=int)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        pairs = deal(photographs(folder, asked.images), asked.pairs)
        listed = folder / "pairs.csv"
        with listed.open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows([("image_a", "image_b", "same"), *pairs])
        began = time.perf_counter()
        report = verifying.verification(listed, folder, workers=asked.workers, show_progress=True)
        took = time.perf_counter() - began
    images = len({name for a, b, _ in pairs for name in (a, b)})
    print(f"{len(pairs):,} pairs of {images:,} images: {took:.0f} s, {images / took:.0f} images a second")
    print(f"failures to acquire {report.failures_to_acquire}, AUC {report.auc:.4f}")


if __name__ == "__main__":
    main()
