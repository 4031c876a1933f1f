"""Measures detection: the passes it had at first against those it has now, on the same pictures in one run.

    python tests/benchmarks/detection.py data/demo
    python tests/benchmarks/detection.py data/demo --london ../shared/data/london --json

On stills, whose truth says how many faces there are but not where, a face found is one up to that number, and a false
one one beyond it. On custody images and the Face Research Lab London Set (DeBruine and Jones, CC BY 4.0; not part of
the project), a face is found when its five landmarks lie, on average, within a quarter of the distance of the eyes of
where they were in the picture that the degraded one was made of; everything else reported is false, parts of a face and
faces with misplaced landmarks included: no template of those is of any use.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from stillgraph.evaluation.rates import wilson
from stillgraph.faces import packs, passes
from stillgraph.faces.degrade import WIDTHS_PX, Camera, degrade, generator
from stillgraph.faces.detect import Detection
from stillgraph.faces.lighting import lift_shadows
from stillgraph.faces.merging import Raw, merge
from stillgraph.faces.passes import Look
from stillgraph.faces.pixels import Pixels, UnusableImage, decode, luminance, resize
from stillgraph.faces.turning import TURNS, turn
from stillgraph.records import Vector

FRAME = (640, 480)
SCENE = (4000, 3000)
SCENE_FACES_PX = (30, 60)
FILLING_SIDES_PX = (640, 1000, 1280, 2000)
FILLS = 0.9
CLOSE = 0.25
WAYS = ("before", "after")


@dataclass(frozen=True, eq=False)
class Trial:
    """A picture, the faces in it, and which row it counts in; ``landmarks`` (n, 5, 2), or only their number is known."""

    row: tuple[str, str]
    pixels: Pixels
    landmarks: Vector | None
    count: int


def before(look: Look, pixels: Pixels) -> list[Detection]:
    """Return the faces by the first passes: two scales, and again with lifted shadows where dark or nobody is found."""
    found = _scales(look, pixels, "")
    merged = merge(found)
    if not merged or float(luminance(pixels).mean()) < passes.DARK:
        found |= _scales(look, lift_shadows(pixels), " gamma")
        merged = merge(found)
    return [one for one in merged if passes.centre_inside(one.box, pixels.shape[1], pixels.shape[0])]


def _scales(look: Look, pixels: Pixels, suffix: str) -> dict[str, Raw]:
    factors = passes.pass_factors(pixels.shape[1], pixels.shape[0])
    return {passes.name(factor) + suffix: look.single_pass(pixels, factor) for factor in factors}


def stills(demo: Path) -> Iterator[Trial]:
    """Yield the demonstration's stills as they are and turned, with the number of faces that the truth says."""
    with (demo / "truth.csv").open(encoding="utf-8", newline="") as stream:
        there: dict[tuple[str, str], int] = {}
        for row in csv.DictReader(stream):
            there[row["retailer_id"], row["image"]] = there.get((row["retailer_id"], row["image"]), 0) + 1
    for path in sorted((demo / "deliveries").glob("*/stills/*.jpg")):
        retailer = path.parts[-3]
        half = "stills R01-R06" if retailer <= "R06" else "stills R07-R12"
        try:
            pixels = decode(path.read_bytes(), path.name)
        except UnusableImage:  # a few are broken on purpose
            continue
        count = there.get((retailer, path.name), 0)
        if count or "noface" in path.stem:
            yield Trial((half, "as delivered"), pixels, None, count)
            for degrees in TURNS:
                yield Trial((half, "turned 90, 180, 270"), turn(pixels, degrees), None, count)


def pictures(name: str, paths: list[Path], look: Look) -> Iterator[Trial]:
    """Yield degraded pictures of persons, one of whom is on each path."""
    for number, path in enumerate(paths):
        pixels = decode(path.read_bytes(), path.name)
        face = max(before(look, pixels), key=lambda one: one.score)
        for width in WIDTHS_PX:
            shot, points = _shot(pixels, face, width, path.name)
            yield Trial((name, f"{width} px in a frame"), *_placed(shot, points, FRAME, path.name))
            if width in {28, 48}:
                dark = _darkened(shot, path.name)
                yield Trial((name, f"{width} px, dark"), *_placed(dark, points, FRAME, path.name, 0.04))
            if width == 48:
                framed = _placed(shot, points, FRAME, path.name)
                yield from _turned(name, "48 px in a frame, turned", framed[0], points=framed[1])
        yield from _turned(name, "whole picture, turned", pixels, face.landmarks[None])
        yield _filling(name, pixels, face, FILLING_SIDES_PX[number % len(FILLING_SIDES_PX)])
        if number % 3 == 0:
            for width in SCENE_FACES_PX:
                shot, points = _shot(pixels, face, width, path.name)
                yield Trial((name, f"{width} px in 4000 x 3000"), *_placed(shot, points, SCENE, path.name))


def _shot(pixels: Pixels, face: Detection, width: int, name: str) -> tuple[Pixels, Vector]:
    """Return what a poor camera makes of a picture, and the landmarks in it."""
    shot = decode(degrade(pixels, face.box, Camera(width), name=name), name)
    return shot, face.landmarks * (shot.shape[1] / pixels.shape[1])


def _darkened(pixels: Pixels, name: str) -> Pixels:
    """Return the picture at gamma 3 with noise of standard deviation 4 levels."""
    noise = generator(name, 1).normal(0, 4, pixels.shape)
    return np.clip((pixels / 255.0) ** 3 * 255 + noise + 0.5, 0, 255).astype(np.uint8)


def _placed(
    shot: Pixels, points: Vector, size: tuple[int, int], name: str, light: float = 1.0
) -> tuple[Pixels, Vector, int]:
    """Return a scene of cloudy noise with the picture somewhere in it, the landmarks there, and their number, 1."""
    random = generator(name, 2)
    coarse = random.uniform(40, 200, (size[1] // 40, size[0] // 40, 3)) * light
    scene = np.array(Image.fromarray(coarse.astype(np.uint8)).resize(size, Image.Resampling.BICUBIC))
    top, left = (int(random.integers(0, room + 1)) for room in (size[1] - shot.shape[0], size[0] - shot.shape[1]))
    scene[top : top + shot.shape[0], left : left + shot.shape[1]] = shot
    return scene, (points + np.array([left, top], np.float32))[None], 1


def _turned(name: str, row: str, pixels: Pixels, points: Vector) -> Iterator[Trial]:
    """Yield the picture turned clockwise by 90, 180 and 270 degrees, with its landmarks turned along."""
    height, width = pixels.shape[:2]
    x, y = points[..., 0], points[..., 1]
    there = {90: (height - y, x), 180: (width - x, height - y), 270: (y, width - x)}
    for degrees in TURNS:
        yield Trial((name, row), turn(pixels, degrees), np.stack(there[degrees], axis=-1), 1)


def _filling(name: str, pixels: Pixels, face: Detection, side: int) -> Trial:
    """Return the picture cropped so that the face fills most of it, enlarged to a longest side."""
    box = face.box
    left, top = (
        max(0, round(low - size * (1 / FILLS - 1) / 2)) for low, size in ((box.x, box.width), (box.y, box.height))
    )
    part = pixels[top : top + round(box.height / FILLS), left : left + round(box.width / FILLS)]
    scale = side / max(part.shape[:2])
    large = resize(np.ascontiguousarray(part), round(part.shape[1] * scale), round(part.shape[0] * scale))
    points = (face.landmarks - np.array([left, top], np.float32)) * scale
    return Trial((name, f"filling {FILLS:.0%} of the frame"), large, points[None], 1)


def negatives(demo: Path, look: Look) -> Iterator[Trial]:
    """Yield pictures without a face: stills with the faces filled in or smeared, their lower parts, textures, noise."""
    for path in sorted((demo / "deliveries").glob("R*/stills/R*_0*.jpg")):
        half = "no face, R01-R06" if path.parts[-3] <= "R06" else "no face, R07-R12"
        pixels = decode(path.read_bytes(), path.name)
        found = before(look, pixels)
        if found:
            yield Trial((half, "faces filled in"), _without(pixels, found, 1), None, 0)
            yield Trial((half, "faces smeared"), _without(pixels, found, 4), None, 0)
            lowest = max(round(one.box.y + 1.25 * one.box.height) for one in found)
            if lowest < pixels.shape[0] - 40:
                yield Trial((half, "below the faces"), np.ascontiguousarray(pixels[lowest:]), None, 0)
    random = generator("negatives", 0)
    for _ in range(100):
        height, width = (int(side) for side in random.integers(80, 500, 2))
        yield Trial(("no face", "textures"), _texture(random, height, width), None, 0)
        noise = random.integers(0, 256, (height // 2, width // 2, 3), np.uint8)
        yield Trial(("no face", "noise"), noise, None, 0)


def _without(pixels: Pixels, found: list[Detection], cells: int) -> Pixels:
    """Return the picture with every face and what is round it replaced by so many cells, squared, of their colours."""
    out = pixels.copy()
    for one in found:
        box = one.box
        left, top = (max(0, round(v)) for v in (box.x - 0.35 * box.width, box.y - 0.35 * box.height))
        part = out[top : round(box.y + 1.35 * box.height), left : round(box.x + 1.35 * box.width)]
        smeared = Image.fromarray(part).resize((cells, cells), Image.Resampling.BOX)
        part[:] = np.asarray(smeared.resize(part.shape[1::-1], Image.Resampling.BICUBIC))
    return out


def _texture(random: np.random.Generator, height: int, width: int) -> Pixels:
    """Return clouds: noise whose amplitude falls with its frequency, as that of photographs does."""
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width))
    frequency[0, 0] = 1
    spectrum = np.fft.fft2(random.standard_normal((3, height, width))) / frequency
    clouds = np.fft.ifft2(spectrum).real
    clouds = (clouds - clouds.mean()) / clouds.std() * 45 + 120
    return np.clip(clouds, 0, 255).astype(np.uint8).transpose(1, 2, 0)


def counted(trial: Trial, found: list[Detection]) -> tuple[int, int]:
    """Return how many of the picture's faces were found, and how many false ones were."""
    if trial.landmarks is None:
        right = min(len(found), trial.count)
        return right, len(found) - right
    right = 0
    for true in trial.landmarks:
        eyes = float(np.linalg.norm(true[1] - true[0]))
        right += any(np.linalg.norm(one.landmarks - true, axis=1).mean() <= CLOSE * eyes for one in found)
    return right, len(found) - right


def measure(trials: Iterator[Trial], look: Look, workers: int) -> dict[tuple[str, str], dict[str, dict[str, float]]]:
    """Return for each row and way the faces there, those found, the false ones, the pictures, and the seconds."""
    ways: dict[str, Callable[[Pixels], list[Detection]]] = {
        "before": lambda pixels: before(look, pixels),
        "after": lambda pixels: passes.in_passes(look.single_pass, pixels),
    }

    def one(trial: Trial) -> list[tuple[str, int, int, float]]:
        out = []
        for way in WAYS:
            began = time.perf_counter()
            found = ways[way](trial.pixels)
            out.append((way, *counted(trial, found), time.perf_counter() - began))
        return out

    table: dict[tuple[str, str], dict[str, dict[str, float]]] = {}
    with ThreadPoolExecutor(workers) as pool:
        for trial, results in tqdm(_ahead(pool, one, trials, 4 * workers), desc="pictures", file=sys.stderr):
            for way, right, false, seconds in results:
                zero = dict.fromkeys(("pictures", "faces", "found", "false", "seconds"), 0.0)
                cell = table.setdefault(trial.row, {}).setdefault(way, zero)
                for what, value in zip(cell, (1, trial.count, right, false, seconds), strict=True):
                    cell[what] += value
    return table


def _ahead(
    pool: ThreadPoolExecutor, work: Callable, trials: Iterator[Trial], most: int
) -> Iterator[tuple[Trial, list]]:
    """Yield each trial with its result, in order, no more than ``most`` of them at work or waiting."""
    waiting: list = []
    for trial in trials:
        waiting.append((trial, pool.submit(work, trial)))
        if len(waiting) >= most:
            first, future = waiting.pop(0)
            yield first, future.result()
    yield from ((trial, future.result()) for trial, future in waiting)


def as_text(table: dict[tuple[str, str], dict[str, dict[str, float]]]) -> Iterator[str]:
    """Yield the table in Markdown: faces found with the Wilson 95 % interval, and false faces, by each way."""
    yield "| pictures | what was done | n | faces | found before | found after | false before | false after | time |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for (name, what), cells in table.items():
        found = [_rate(cells[way]) for way in WAYS]
        false = [f"{cells[way]['false']:.0f}" for way in WAYS]
        counts = [f"{cells['before'][which]:.0f}" for which in ("pictures", "faces")]
        slower = f"{cells['after']['seconds'] / cells['before']['seconds']:.2f}"
        yield f"| {' | '.join([name, what, *counts, *found, *false, slower])} |"


def _rate(cell: dict[str, float]) -> str:
    rate = wilson(int(cell["found"]), int(cell["faces"]))
    if rate.value is None or rate.low is None or rate.high is None:
        return "-"
    return f"{100 * rate.value:.1f} % [{100 * rate.low:.1f}, {100 * rate.high:.1f}]"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("demo", type=Path, help="the demonstration's data")
    parser.add_argument("--london", type=Path, help="the Face Research Lab London Set, where there is one")
    parser.add_argument("--every", type=int, default=4, help="take every n-th custody image and London person")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--json", action="store_true", help="print JSON")
    given = parser.parse_args()
    look = Look(packs.load().detector.single_pass)

    def trials() -> Iterator[Trial]:
        yield from stills(given.demo)
        yield from negatives(given.demo, look)
        yield from pictures(
            "custody images", sorted((given.demo / "custody/images").glob("*.jpg"))[:: given.every], look
        )
        if given.london is not None and given.london.is_dir():
            yield from pictures("London", sorted((given.london / "smiling_front").glob("*.jpg"))[:: given.every], look)

    table = measure(trials(), look, given.workers)
    if given.json:
        rows = [{"pictures": name, "done": what, **cells} for (name, what), cells in table.items()]
        sys.stdout.write(json.dumps(rows, indent=2) + "\n")
    else:
        sys.stdout.write("\n".join(as_text(table)) + "\n")


if __name__ == "__main__":
    main()
