"""Views that templates could be the mean of: those of the recipe, and what was tried beside them and dropped.

    python tests/benchmarks/views.py            # shipped synthetic people
    python tests/benchmarks/views.py london.csv # a list as for `stillgraph bench faces --people`

Each probe is shrunk to 24 and 28 px, blurred, given noise and compressed; flips and landmarks are the recipe's.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

from stillgraph import evaluation
from stillgraph.casework import benching
from stillgraph.faces import packs
from stillgraph.faces.ablation import foremost
from stillgraph.faces.degrade import Camera, degrade
from stillgraph.faces.embed import align, low_resolution_twin, unit
from stillgraph.faces.pixels import decode

WIDTHS_PX = (24, 28)

CROPS = {
    "face": lambda face, wide: face,
    "soft": lambda face, wide: wide.filter(ImageFilter.GaussianBlur(2.0)),
    "soft, same framing": lambda face, wide: face.filter(ImageFilter.GaussianBlur(1.5)),
    "wide": lambda face, wide: wide,
    "twin 16": lambda face, wide: low_resolution_twin(wide, 16),
    "twin 24": lambda face, wide: low_resolution_twin(wide, 24),
    "twin 32": lambda face, wide: low_resolution_twin(face, 32),
    "twin 48": lambda face, wide: low_resolution_twin(face, 48),
}

WAYS = {
    "the face alone, both sides": (["face"], ["face"]),
    "recipe": (["face", "soft"], ["face", "twin 24", "twin 48"]),
    "no soft view of the probe": (["face"], ["face", "twin 24", "twin 48"]),
    "no twins": (["face", "soft"], ["face", "soft"]),
    "one twin, 24": (["face", "soft"], ["face", "twin 24"]),
    "a third twin, 16": (["face", "soft"], ["face", "twin 16", "twin 24", "twin 48"]),
    "a third twin, 32": (["face", "soft"], ["face", "twin 24", "twin 32", "twin 48"]),
    "a third probe view, wide": (["face", "soft", "wide"], ["face", "twin 24", "twin 48"]),
    "a third probe view, soft": (["face", "soft", "soft, same framing"], ["face", "twin 24", "twin 48"]),
    "twins of the probe too": (["face", "soft", "twin 24", "twin 48"], ["face", "twin 24", "twin 48"]),
}
"""Views of the probe and of the custody image."""


def vectors(data: bytes, name: str, pack: packs.FacePack) -> dict[str, np.ndarray] | None:
    """Return the unit vector of each crop of the foremost face, each the sum with its mirror image."""
    pixels = decode(data, name)
    found = foremost(pack.detector.detect(pixels), pixels)
    if found is None:
        return None
    face, wide = align(pixels, found.landmarks), align(pixels, found.landmarks, 1.1)
    crops: list[Image.Image] = [make(face, wide) for make in CROPS.values()]
    made = pack.embedder.with_flips(crops)
    return {crop: unit(vector) for crop, vector in zip(CROPS, made, strict=True)}


def all_conditions(path: Path, is_probe: bool, pack: packs.FacePack) -> dict[str, dict[str, np.ndarray] | None]:
    data = path.read_bytes()
    made = {"clean": vectors(data, path.name, pack)}
    if is_probe:
        pixels = decode(data, path.name)
        face = foremost(pack.detector.detect(pixels), pixels)
        for width in WIDTHS_PX:
            poor = None if face is None else degrade(pixels, face.box, Camera(width), name=path.name)
            made[f"{width} px"] = None if poor is None else vectors(poor, path.name, pack)
    return made


def template(seen: dict[str, np.ndarray] | None, crops: list[str]) -> np.ndarray:
    return np.full(128, np.nan, np.float32) if seen is None else unit(np.sum([seen[crop] for crop in crops], axis=0))


def measure(people: Path | None) -> list[dict[str, object]]:
    """Return one row a way and condition."""
    photographs = benching._shipped_people() if people is None else benching._read_people(people)
    pack = packs.load()
    wanted = sorted({(one.path, one.is_probe) for one in photographs})
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        made = dict(zip(wanted, pool.map(lambda one: all_conditions(*one, pack), wanted), strict=True))
    rows = []
    for condition in ("clean", *(f"{width} px" for width in WIDTHS_PX)):
        for way, (of_probe, of_custody) in WAYS.items():
            folds = []
            for fold in sorted({one.fold for one in photographs}):
                ours = [one for one in photographs if one.fold == fold]
                gallery, probes = ([one for one in ours if one.is_probe == which] for which in (False, True))
                folds.append(
                    evaluation.Fold(
                        np.stack([template(made[one.path, False]["clean"], of_custody) for one in gallery]),
                        [one.person for one in gallery],
                        np.stack([template(made[one.path, True][condition], of_probe) for one in probes]),
                        [one.person for one in probes],
                    )
                )
            rows.append({"condition": condition, "way": way, "result": evaluation.separation(folds)})
    return rows


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("people", nargs="?", type=Path)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    rows = measure(given.people)
    table = [
        {
            "condition": row["condition"],
            "way": row["way"],
            "tar_at_far_0.001": round(row["result"].tar_at_far["0.001"].value, 3),
            "rank_1": round(row["result"].rank["1"].value, 3),
            "probes": row["result"].probes,
        }
        for row in rows
    ]
    if given.json:
        json.dump(table, sys.stdout)
        return
    for row in table:
        print(
            f"{row['condition']:>6}  {row['way']:<28} TAR@0.001 {row['tar_at_far_0.001']:.3f}  rank 1 {row['rank_1']:.3f}"
        )


if __name__ == "__main__":
    main()
