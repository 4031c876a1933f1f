"""Photographs as they come from anywhere, out of those of the London set: turned, askew, ill lit, half hidden.

    python tests/benchmarks/unconstrained.py LONDON FOLDER [--seed N]
    stillgraph bench faces --people FOLDER/people.csv --widths 28

Frontal photographs in even light are all told apart, so they cannot show whether the recipe costs anything on good
ones. These are sharp, with faces 100 pixels wide, and hard: each is turned (standard deviation 11 degrees), squeezed as
a turned head is (by 14 % across, 8 % down), put in perspective, brightened or darkened, lit from a side and tinted, and
of four in ten a part of the face is covered by a plain rectangle. A stand-in for pose, light and covering, no more.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

import numpy as np
from london import rows
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from stillgraph.faces import packs
from stillgraph.faces.ablation import foremost
from stillgraph.faces.degrade import generator
from stillgraph.faces.pixels import Pixels, decode
from stillgraph.records import Box

FACE_PX = 100
SIDE_PX = 260
"""Width of the face, and of the square photograph round it."""


def askew(pixels: Pixels, face: Box, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return the face and what is round it turned, squeezed and in perspective, 0-1, shape (side, side, 3)."""
    angle, shear = np.radians(rng.normal(0, 11)), rng.normal(0, 0.09)
    across, down = 1 - abs(rng.normal(0, [0.14, 0.08]))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    back = np.linalg.inv(turn @ [[across, shear], [0, down]] * (FACE_PX / face.width))
    centre = [face.x + face.width / 2, face.y + face.height / 2]
    shift = centre - back @ (SIDE_PX / 2 + rng.normal(0, 0.04 * SIDE_PX, 2))
    steps = max(int(face.width / FACE_PX), 1)
    matrix = np.hstack([back, shift[:, None]]) / steps
    perspective = rng.normal(0, [0.0013, 0.0007])
    image = (
        Image.fromarray(pixels)
        .reduce(steps)
        .transform(
            (SIDE_PX, SIDE_PX), Image.Transform.PERSPECTIVE, (*matrix.ravel(), *perspective), Image.Resampling.BICUBIC
        )
    )
    return np.asarray(image, np.float64) / 255


def ill_lit(picture: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Return the picture brighter or darker, lit from a side and from above or below, and tinted."""
    place = np.linspace(-1, 1, SIDE_PX)
    sideways, downwards = np.clip(rng.normal(0, [0.38, 0.22]), -0.8, 0.8)
    light = (1 + sideways * place)[None, :, None] + (downwards * place)[:, None, None]
    return np.clip(picture ** np.exp(rng.normal(0, 0.38)) * light * np.exp(rng.normal(0, 0.11, 3)), 0, 1)


def half_hidden(picture: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Return the picture, four times in ten with a rectangle over a part of the face."""
    if rng.random() < 0.4:
        top, left = (SIDE_PX / 2 + FACE_PX * rng.uniform([-0.55, -0.5], [0.25, 0.2])).astype(int)
        high, wide = (FACE_PX * rng.uniform([0.1, 0.3], [0.3, 0.8])).astype(int)
        picture[top : top + high, left : left + wide] = rng.random(3)
    return picture


def main() -> None:
    """Write the photographs and the list of people."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("london", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    detector, listed = packs.load().detector, [("image", "person", "use")]
    for path, person, use in rows(given.london):
        pixels, rng = decode(Path(path).read_bytes(), path), generator(f"{person} {use}", given.seed)
        face = foremost(detector.detect(pixels), pixels)
        assert face is not None
        picture = half_hidden(ill_lit(askew(pixels, face.box, rng), rng), rng)
        name = f"{person}_{use}.jpg"
        softened = Image.fromarray((picture * 255).astype(np.uint8)).filter(
            ImageFilter.GaussianBlur(rng.uniform(0, 0.7))
        )
        softened.save(given.folder / name, quality=88)
        listed.append((name, person, use))
    with (given.folder / "people.csv").open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows(listed)


if __name__ == "__main__":
    main()
