"""Measuring the face core on photographs made poor: what each part of the recipe brings at each face width.

No case is touched and nothing is kept.
"""

from __future__ import annotations

import csv
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from stillgraph.casework.shipped import shipped
from stillgraph.decoding.rows import inside, lacking, read_rows
from stillgraph.errors import ManifestError, WrongUse
from stillgraph.records import ModelId, Vector

if TYPE_CHECKING:
    from stillgraph.evaluation import Fold, Separation
    from stillgraph.faces import degrade
    from stillgraph.faces.packs import FacePack

Race = dict[str, dict[str, float]]
"""By contender what :data:`stillgraph.faces.rivals.Pace` holds."""

Made = dict[str, Vector | None]
"""One image's template by stage; ``None`` where that stage found no face."""

CLEAN = "clean"
"""The condition of probes that nothing is done to."""

SHIPPED_PEOPLE = "data/demo/custody"
"""Synthetic people: later custody images are searched among everybody's first ones, and the other way round."""


RACED_PICTURES, ROUNDS = 10, 3
"""Stills in the races, half as many custody images beside them; rounds, of which medians are taken."""

OPENCV, INSIGHTFACE = RIVALS = ("opencv", "insightface")
"""Other programs that Stillgraph is raced against; the second is the name of a kind of pack, too."""

NO_RACE = "--no-speed was asked for"
NO_INSIGHTFACE_PACK = "its FaceAnalysis runs packs in its own format only, and none of the packs measured is one"


@dataclass(frozen=True, slots=True)
class Photograph:
    """An image of one person, for the gallery of a fold or to be made poor and searched."""

    path: Path
    person: str
    fold: int
    is_probe: bool


@dataclass(frozen=True, slots=True)
class Row:
    """What one stage of the recipe came to, of one pack, under one condition (``clean`` or a face width, ``28 px``)."""

    pack: str
    condition: str
    stage: str
    result: Separation


@dataclass(frozen=True, slots=True)
class FacesBenchmark:
    """A benchmark of the face core, with all it takes to repeat it."""

    people: str
    models: dict[str, ModelId]
    seed: int
    camera: dict[str, float]
    rows: tuple[Row, ...]
    elapsed_s: float
    ratios: dict[str, dict[str, float]]
    """By pack and condition: how many times the plain model's TAR at FAR 0.001 the whole recipe reaches."""
    speed: Race
    """The shipped pack against OpenCV on the same weights: :data:`stillgraph.faces.rivals.Pace` by contender."""
    speed_insightface: dict[str, Race]
    """Each pack in InsightFace's format against InsightFace on the same weights, likewise, by pack."""
    not_raced: dict[str, str]
    """Whom nothing was raced against, and why."""


def bench_faces(
    *,
    people: Path | None = None,
    packs: Sequence[str] = (),
    widths_px: Sequence[int] | None = None,
    workers: int | None = None,
    seed: int = 0,
    speed: bool = True,
    show_progress: bool = False,
) -> FacesBenchmark:
    """Measure recognition of faces shrunk, blurred, given noise and compressed, plain and with the whole recipe.

    Parameters
    ----------
    people : Path, optional
        CSV with ``image,person,use``, paths relative to it, ``use`` being ``gallery`` or ``probe``; each person once in
        the gallery. The shipped synthetic people unless given.
    packs : sequence of str
        The packs to measure, by default the shipped one.
    widths_px : sequence of int, optional
        Widths of the probes' faces, those of :data:`stillgraph.faces.degrade.WIDTHS_PX` by default; unchanged
        photographs are always measured too.
    workers : int, optional
        Threads; one for each core by default.
    seed : int
        Of the noise.
    speed : bool
        Whether to race the shipped pack against OpenCV too, and packs in InsightFace's format against InsightFace.

    Raises
    ------
    ManifestError
        ``people`` cannot be read, or an image in it is not there.
    WrongUse
        A width is not from 8 to 512 pixels.
    ModelError
        A pack cannot be used, or there is no OpenCV to race against.
    """
    import os

    from stillgraph.faces import degrade
    from stillgraph.faces.packs import DEFAULT_PACK, load

    widths = tuple(degrade.WIDTHS_PX if widths_px is None else dict.fromkeys(widths_px))
    if any(not 8 <= width <= 512 for width in widths):
        raise WrongUse("A face is measured at a width of 8 to 512 pixels; give other --widths.")
    began = time.perf_counter()
    photographs = _shipped_people() if people is None else _read_people(people)
    cameras = [degrade.Camera(float(width)) for width in widths]
    loaded = [load(name) for name in dict.fromkeys(packs or (DEFAULT_PACK,))]
    rows: list[Row] = []
    with ThreadPoolExecutor(workers or os.cpu_count() or 1, thread_name_prefix="bench") as pool:
        for pack in loaded:
            made = _templates(pool, photographs, pack, cameras, seed, show_progress=show_progress)
            rows += _rows(pack, photographs, made)
    opencv, insightface, not_raced = _speed(loaded) if speed else ({}, {}, dict.fromkeys(RIVALS, NO_RACE))
    return FacesBenchmark(
        people="shipped: synthetic custody images" if people is None else people.name,
        models={pack.name: pack.model for pack in loaded},
        seed=seed,
        camera={"blur_px": cameras[0].blur_px, "noise": cameras[0].noise, "jpeg_quality": cameras[0].jpeg_quality},
        rows=tuple(rows),
        ratios=_ratios(rows),
        speed=opencv,
        speed_insightface=insightface,
        not_raced=not_raced,
        elapsed_s=time.perf_counter() - began,
    )


def _speed(packs: Sequence[FacePack]) -> tuple[Race, dict[str, Race], dict[str, str]]:
    """Race on a few of the shipped pictures, stills and custody images.

    Returns what came of the shipped pack against OpenCV, of each pack in InsightFace's format against InsightFace, and
    who was not raced against and why.
    """
    from stillgraph.faces import rivals
    from stillgraph.faces.packs import load

    folder = shipped("data/demo")
    stills = sorted((folder / "deliveries" / "R08" / "stills").glob("*.jpg"))[:RACED_PICTURES]
    custody = sorted((folder / "custody" / "images").glob("*.jpg"))[: RACED_PICTURES // 2]
    pictures = [(path.name, path.read_bytes()) for path in (*stills, *custody)]
    insightface = {
        pack.name: rivals.against_insightface(pack, pictures, ROUNDS) for pack in packs if pack.kind == INSIGHTFACE
    }
    missing = {} if insightface else {INSIGHTFACE: NO_INSIGHTFACE_PACK}
    return rivals.against_opencv(load(), pictures, ROUNDS), insightface, missing


def _shipped_people() -> list[Photograph]:
    """Return the shipped custody images as two folds: first images as the gallery, and last ones."""
    folder = shipped(SHIPPED_PEOPLE)
    with (folder / "manifest.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = sorted(csv.DictReader(stream), key=lambda row: (row["nominal_id"], row["captured_on"], row["image"]))
    by_person: dict[str, list[Path]] = {}
    for row in rows:
        path = folder / "images" / row["image"]
        if path.is_file():  # the manifest has rows that are wrong on purpose
            by_person.setdefault(row["nominal_id"], []).append(path)
    return [
        Photograph(path, person, fold, is_probe=at != in_gallery)
        for fold, in_gallery in enumerate((0, -1))
        for person, paths in by_person.items()
        for at, path in enumerate(paths)
        for in_gallery in [in_gallery % len(paths)]
    ]


def _read_people(path: Path) -> list[Photograph]:
    if not path.is_file():
        raise ManifestError(f"There is no file {path}; it is a CSV with the columns image, person and use.")
    there, rows = read_rows(path)
    if lacking(("image", "person", "use"), there):
        raise ManifestError(f"A benchmark's people have the columns image, person and use; {path.name} has not.")
    read = []
    for line, row in rows:
        image = inside(Path("/"), str(path.parent.absolute() / row["image"]))
        if row["use"] not in {"gallery", "probe"} or image is None:
            what = "its image is not there" if image is None else "in the column use stands gallery or probe"
            raise ManifestError(f"Line {line} of {path.name} is wrong: {what}.")
        read.append(Photograph(image, row["person"], 0, is_probe=row["use"] == "probe"))
    if {one.is_probe for one in read} != {True, False}:
        raise ManifestError(f"{path.name} needs both uses: gallery and probe.")
    return read


def _templates(
    pool: ThreadPoolExecutor,
    photographs: Sequence[Photograph],
    pack: FacePack,
    cameras: Sequence[degrade.Camera],
    seed: int,
    *,
    show_progress: bool,
) -> dict[tuple[Path, bool, str], Made]:
    """Return the templates of each photograph by use and condition, each made once."""
    from tqdm import tqdm

    wanted = sorted({(one.path, one.is_probe) for one in photographs})
    work = [pool.submit(_of_photograph, path, is_probe, pack, cameras, seed) for path, is_probe in wanted]
    try:
        shown = tqdm(work, unit="photograph", desc=pack.name, disable=not show_progress, leave=False)
        return {
            (path, is_probe, condition): made
            for (path, is_probe), one in zip(wanted, shown, strict=True)
            for condition, made in one.result().items()
        }
    finally:
        for one in work:
            one.cancel()


def _of_photograph(
    path: Path, is_probe: bool, pack: FacePack, cameras: Sequence[degrade.Camera], seed: int
) -> dict[str, Made]:
    """Return one photograph's templates by condition: a probe's under each, a gallery image's as it is."""
    from stillgraph.faces import ablation, degrade
    from stillgraph.faces.embed import ImageRole
    from stillgraph.faces.pixels import decode

    data, name = path.read_bytes(), path.name
    made = {CLEAN: ablation.templates(data, name, pack, ImageRole.STILL if is_probe else ImageRole.CUSTODY)}
    if is_probe:
        pixels = decode(data, name)
        face = ablation.foremost(pack.detector.detect(pixels), pixels)
        for camera in cameras:
            poor = None if face is None else degrade.degrade(pixels, face.box, camera, name=name, seed=seed)
            made[f"{camera.face_px:g} px"] = (
                dict.fromkeys(made[CLEAN]) if poor is None else ablation.templates(poor, name, pack, ImageRole.STILL)
            )
    return made


def _rows(
    pack: FacePack, photographs: Sequence[Photograph], made: Mapping[tuple[Path, bool, str], Made]
) -> Iterator[Row]:
    from stillgraph import evaluation

    conditions = dict.fromkeys(condition for _, is_probe, condition in made if is_probe)
    stages = next(iter(made.values()))
    for condition in conditions:
        for stage in stages:
            folds = [
                _fold([one for one in photographs if one.fold == fold], made, condition, stage, pack.dimension)
                for fold in sorted({one.fold for one in photographs})
            ]
            yield Row(pack.name, condition, stage, evaluation.separation(folds))


def _ratios(rows: Sequence[Row]) -> dict[str, dict[str, float]]:
    from stillgraph.faces.ablation import FULL, PLAIN

    tar = {(row.pack, row.condition, row.stage): row.result.tar_at_far["0.001"] for row in rows}
    ratios: dict[str, dict[str, float]] = {}
    for pack, condition in dict.fromkeys((row.pack, row.condition) for row in rows):
        plain, full = tar[pack, condition, PLAIN.name], tar[pack, condition, FULL.name]
        if plain is not None and full is not None and plain.value and full.value is not None:
            ratios.setdefault(pack, {})[condition] = full.value / plain.value
    return ratios


def _fold(
    photographs: Sequence[Photograph],
    made: Mapping[tuple[Path, bool, str], Made],
    condition: str,
    stage: str,
    dimension: int,
) -> Fold:
    from stillgraph import evaluation

    gallery = [one for one in photographs if not one.is_probe]
    probes = [one for one in photographs if one.is_probe]
    return evaluation.Fold(
        gallery=_stacked([made[one.path, False, CLEAN][stage] for one in gallery], dimension),
        gallery_people=[one.person for one in gallery],
        probes=_stacked([made[one.path, True, condition][stage] for one in probes], dimension),
        probe_people=[one.person for one in probes],
    )


def _stacked(vectors: Iterable[Vector | None], dimension: int) -> Vector:
    """Return templates as rows, NaN for an image without a face; float32, shape (n, d)."""
    lost = np.full(dimension, np.nan, np.float32)
    return np.stack([lost if vector is None else vector for vector in vectors])
