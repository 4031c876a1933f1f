"""Measuring face models on people who are known: a folder for each person, several models side by side.

No case is touched and nothing is kept. Who is in such a study has agreed to it, or is made up; what is recorded of them
(sex, ethnicity) comes from a file and is never guessed.
"""

from __future__ import annotations

import csv
import hashlib
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from stillgraph.casework.progress import Progress, adding, silent
from stillgraph.errors import ManifestError, NotFound, WrongUse
from stillgraph.records import Face, ModelId, Vector

if TYPE_CHECKING:
    from stillgraph.evaluation.measured import Measured
    from stillgraph.evaluation.paired import Paired
    from stillgraph.evaluation.searches import Searches
    from stillgraph.faces.embed import ImageRole
    from stillgraph.faces.packs import FacePack

AS_SENT = "as sent"
"""The condition of images that nothing is done to."""

IMAGES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp", ".heic"})
NARROWEST_PX, WIDEST_PX = 8, 512
LEAST_PEOPLE = 2


@dataclass(frozen=True, slots=True)
class Portrait:
    """An image of one person of a study; ``enrolled`` where it is their gallery image."""

    path: Path
    person: str
    enrolled: bool


@dataclass(frozen=True, slots=True)
class StudyRow:
    """What one model came to under one condition."""

    pack: str
    condition: str
    measured: Measured


@dataclass(frozen=True, slots=True)
class Beside:
    """Two models under one condition, trial by trial: whose difference can be said to be one."""

    first: str
    second: str
    condition: str
    compared: Paired
    sentence: str


@dataclass(frozen=True, slots=True)
class StudyReport:
    """A study, with all it takes to repeat it.

    ``digest`` is the SHA-256 of the names and bytes of all images and of the file of groups.
    """

    people: int
    images: int
    digest: str
    models: dict[str, ModelId]
    conditions: tuple[str, ...]
    by: tuple[str, ...]
    seed: int
    software: str
    rows: tuple[StudyRow, ...]
    beside: tuple[Beside, ...]
    limits: tuple[str, ...]
    elapsed_s: float


def study(
    folder: Path,
    *,
    models: Sequence[str] = (),
    groups: Path | None = None,
    by: Sequence[str] = (),
    widths_px: Sequence[int] = (),
    workers: int | None = None,
    seed: int = 0,
    progress: Progress = silent,
) -> StudyReport:
    """Measure 1:N search of everybody's images among everybody's first ones.

    Parameters
    ----------
    folder
        A folder for each person, with their images. The first by name is enrolled, the others are searched: once with
        the person in the gallery, once left out.
    models
        Packs to measure side by side, on the same images; the shipped one unless given.
    groups
        CSV with a column ``person`` and what is recorded of each, one column an attribute.
    by
        Attributes of that file to compare groups of.
    widths_px
        Face widths that searched images are made poor to, beside as they were sent.
    workers
        Threads; one for each core by default.
    seed
        Of noise and intervals.

    Raises
    ------
    NotFound
        There is no such folder, or no image in it.
    ManifestError
        The file of groups cannot be read, or lacks somebody.
    WrongUse
        Too few people, a width out of range, or an attribute that is not recorded.
    """
    from stillgraph import __version__
    from stillgraph.evaluation.measured import measured
    from stillgraph.faces import packs

    if any(not NARROWEST_PX <= width <= WIDEST_PX for width in widths_px):
        raise WrongUse(f"A face is measured at a width of {NARROWEST_PX} to {WIDEST_PX} pixels; give other --widths.")
    began = time.perf_counter()
    portraits = _portraits(folder)
    recorded = _recorded(groups, by, {one.person for one in portraits})
    loaded = [packs.load(name) for name in dict.fromkeys(models or (packs.DEFAULT_PACK,))]
    conditions = (AS_SENT, *(f"{width} px" for width in dict.fromkeys(widths_px)))
    made = {
        pack.name: _templates(
            portraits, pack, widths_px, workers=workers or os.cpu_count() or 1, seed=seed, progress=progress
        )
        for pack in loaded
    }
    searches = {
        (pack.name, condition): _searches(portraits, made[pack.name], condition, recorded, dimension=pack.dimension)
        for pack in loaded
        for condition in conditions
    }
    people = len({one.person for one in portraits})
    return StudyReport(
        people=people,
        images=len(portraits),
        digest=_digest(portraits, folder, groups),
        models={pack.name: pack.model for pack in loaded},
        conditions=conditions,
        by=tuple(by),
        seed=seed,
        software=f"stillgraph {__version__}",
        rows=tuple(
            StudyRow(pack, condition, measured(found, gallery=people, by=by, seed=seed))
            for (pack, condition), found in searches.items()
        ),
        beside=tuple(_beside(searches, [pack.name for pack in loaded], conditions, seed)),
        limits=_limits(people, conditions),
        elapsed_s=time.perf_counter() - began,
    )


def _portraits(folder: Path) -> list[Portrait]:
    if not folder.is_dir():
        raise NotFound(f"There is no folder {folder}; a study is a folder with one folder for each person.")
    portraits = []
    for person in sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")):
        images = sorted(path for path in person.iterdir() if path.suffix.lower() in IMAGES and path.is_file())
        portraits += [Portrait(path, person.name, enrolled=at == 0) for at, path in enumerate(images)]
    people = {one.person for one in portraits}
    if len(people) < LEAST_PEOPLE or all(one.enrolled for one in portraits):
        raise WrongUse(
            f"A study takes {LEAST_PEOPLE} people or more, each in a folder of their own, somebody with two images or "
            f"more; {folder.name} has {len(people)} with {len(portraits)} images."
        )
    return portraits


def _recorded(groups: Path | None, by: Sequence[str], people: set[str]) -> dict[str, dict[str, str]]:
    """Return what is recorded of each person, by attribute and person; empty where nothing is."""
    if not by:
        return {}
    if groups is None:
        raise WrongUse("Groups are recorded, never guessed: give the file that records them with --groups FILE.")
    if not groups.is_file():
        raise ManifestError(f"There is no file {groups}; it is a CSV with the columns person and {', '.join(by)}.")
    with groups.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.DictReader(stream)
        missing = [name for name in ("person", *by) if name not in (reader.fieldnames or ())]
        if missing:
            raise ManifestError(f"The file of groups needs the columns person, {', '.join(by)}; it lacks {missing[0]}.")
        rows = {str(row["person"]).strip(): row for row in reader}
    lacking = sorted(people - set(rows))
    if lacking:
        raise ManifestError(f"The file of groups lacks {len(lacking)} people of the study; add a row for each folder.")
    return {name: {person: str(rows[person][name] or "").strip() for person in people} for name in by}


def _digest(portraits: Sequence[Portrait], folder: Path, groups: Path | None) -> str:
    told = hashlib.sha256()
    for one in portraits:
        told.update(f"{one.path.relative_to(folder).as_posix()}\0".encode())
        told.update(hashlib.sha256(one.path.read_bytes()).digest())
    told.update(b"" if groups is None else groups.read_bytes())
    return told.hexdigest()


def _templates(
    portraits: Sequence[Portrait],
    pack: FacePack,
    widths_px: Sequence[int],
    *,
    workers: int,
    seed: int,
    progress: Progress,
) -> dict[tuple[Path, str], Face | None]:
    """Return the foremost face of each image under each condition; ``None`` where no usable one was found."""
    tell = adding(progress, f"{pack.name}: faces", len(portraits), unit="image")
    made: dict[tuple[Path, str], Face | None] = {}
    with ThreadPoolExecutor(workers, thread_name_prefix="study") as pool:
        work = [pool.submit(_of_portrait, one, pack, widths_px, seed) for one in portraits]
        try:
            for one, done in zip(portraits, work, strict=True):
                made |= {(one.path, condition): face for condition, face in done.result().items()}
                tell(1)
        finally:
            for waiting in work:
                waiting.cancel()
    return made


def _of_portrait(one: Portrait, pack: FacePack, widths_px: Sequence[int], seed: int) -> dict[str, Face | None]:
    """Return one image's foremost face by condition; an enrolled image is as it was sent under all of them."""
    from stillgraph.faces import degrade
    from stillgraph.faces.embed import ImageRole
    from stillgraph.faces.pixels import decode

    data, name = one.path.read_bytes(), one.path.name
    role = ImageRole.CUSTODY if one.enrolled else ImageRole.STILL
    face = foremost_face(name, data, pack, role)
    made = {AS_SENT: face} | {f"{width} px": None for width in widths_px}
    if one.enrolled:
        return dict.fromkeys(made, face)
    if face is not None:
        pixels = decode(data, name)
        for width in widths_px:
            poor = degrade.degrade(pixels, face.box, degrade.Camera(float(width)), name=name, seed=seed)
            made[f"{width} px"] = foremost_face(name, poor, pack, role)
    return made


def foremost_face(name: str, data: bytes, pack: FacePack, role: ImageRole) -> Face | None:
    """Return the foremost usable face of an image, or ``None`` where it has none.

    Raises
    ------
    WrongUse
        The image cannot be taken in.
    """
    from stillgraph.faces.analyse import analyse_one
    from stillgraph.faces.foremost import foremost
    from stillgraph.intake import check_image

    check_image(name, data)
    return foremost(analyse_one(name, data, pack, role=role))


def _searches(
    portraits: Sequence[Portrait],
    made: Mapping[tuple[Path, str], Face | None],
    condition: str,
    recorded: Mapping[str, Mapping[str, str]],
    *,
    dimension: int,
) -> Searches:
    from stillgraph.evaluation.leaving_out import both_ways

    enrolled = [one for one in portraits if one.enrolled]
    probes = [one for one in portraits if not one.enrolled]
    found = [made[one.path, condition] for one in probes]
    bands = ["" if face is None else face.quality.band or "" for face in found]
    return both_ways(
        _stacked([made[one.path, condition] for one in enrolled], dimension),
        [one.person for one in enrolled],
        _stacked(found, dimension),
        [one.person for one in probes],
        {"band": bands} | {name: [people[one.person] for one in probes] for name, people in recorded.items()},
    )


def _stacked(faces: Sequence[Face | None], dimension: int) -> Vector:
    """Return templates as rows, NaN for an image without a usable face; float32, shape (n, d)."""
    lost = np.full(dimension, np.nan, np.float32)
    return np.stack([lost if face is None or face.template is None else face.template.vector for face in faces])


def _beside(
    searches: Mapping[tuple[str, str], Searches], packs: Sequence[str], conditions: Sequence[str], seed: int
) -> Iterator[Beside]:
    """Compare each two models, trial by trial: who has the person first, and who has them within the list."""
    from stillgraph.evaluation.measured import WITHIN_RANK
    from stillgraph.evaluation.paired import paired, sentence

    for first, second in combinations(packs, 2):
        for condition in conditions:
            one, other = searches[first, condition], searches[second, condition]
            mated = one.mated
            for rank in (1, WITHIN_RANK):
                compared = paired(
                    one.rank[mated] <= rank, other.rank[mated] <= rank, one.person[mated],
                    measure=f"person within rank {rank}, {condition}", seed=seed,
                )  # fmt: skip
                yield Beside(first, second, condition, compared, sentence(compared, first, second))


def _limits(people: int, conditions: Sequence[str]) -> tuple[str, ...]:
    made_poor = () if len(conditions) == 1 else (
        "Pictures made poor by a program are not those of a camera in a shop: they lack its angle, movement and cover.",
    )  # fmt: skip
    return (
        f"What holds for these {people} people, their photographs and this gallery need not hold for others.",
        "A search of a larger gallery errs more often: FPIR grows with it (docs/evaluation.md).",
        *made_poor,
    )
