"""Measuring a whole operation: image files of retailers from the disk to stored candidates, against a large gallery.

Everything happens in a case of its own, made for it and removed; the gallery is the demonstration's custody images and
made-up ones with random templates, in case file and index alike.
"""

from __future__ import annotations

import csv
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from stillgraph.casework import enrolling, governing, indexing, receiving, searching, take_seat
from stillgraph.casework.desk import Desk
from stillgraph.casework.progress import Progress, silent
from stillgraph.casework.shipped import shipped
from stillgraph.errors import WrongUse
from stillgraph.records import IntakeReport, RetailerId, StillId
from stillgraph.store import made_up

MADE_AT_ONCE = 100_000
"""Random templates made at a time."""

BYTES_A_NUMBER = 12
"""Disk for each number of a template: in the case file, while it is written, and in the index."""


@dataclass(frozen=True, slots=True)
class OperationBenchmark:
    """What a whole operation took, in seconds of the clock and of all cores' time.

    ``seconds`` has the operation's stages: ``read``, image files read and decoded to be checked, rows judged and
    stored; ``analyse``, faces found, measured and embedded; ``search``, the index brought along and every face
    compared; ``store``, candidates stored and recorded.
    """

    entries: int
    dimension: int
    seed: int
    cores: int
    stills: int
    refused: int
    faces: int
    searched: int
    candidates: int
    elapsed_s: float
    core_s: float
    seconds: dict[str, float]
    prepare_s: dict[str, float]
    """What comes before: custody images enrolled, made-up ones written, the index built."""
    one_more: dict[str, float]
    """One custody image more: ``enrol`` it, and ``search`` one still after it."""


def bench_operation(
    *,
    entries: int = 100_000,
    folder: Path | None = None,
    workers: int | None = None,
    seed: int = 0,
    progress: Progress = silent,
) -> OperationBenchmark:
    """Take in all deliveries of the demonstration and search their faces, in a case with that many custody images more.

    Parameters
    ----------
    entries : int
        Made-up custody images.
    folder : Path, optional
        Where to put the case meanwhile, in a directory of its own; the system's place for such unless given.
    workers : int, optional
        Threads that analyse images; one for each core by default.
    seed : int
        Of the templates.
    progress : callable
        Told of the images looked at.

    Raises
    ------
    WrongUse
        There is no such folder, or it has not the room.
    """
    from stillgraph.faces import packs

    place = Path(tempfile.gettempdir()) if folder is None else folder
    if not place.is_dir():
        raise WrongUse(f"There is no directory {place} to put the case in; make it, or name another with --folder.")
    dimension = packs.describe(packs.DEFAULT_PACK).dimension
    needed = BYTES_A_NUMBER * entries * dimension
    if shutil.disk_usage(place).free < needed:
        raise WrongUse(f"The benchmark needs {needed / 1e9:,.1f} GB at {place}; name another place with --folder.")
    with tempfile.TemporaryDirectory(dir=place, prefix="stillgraph-bench-") as made:
        return _measured(
            Path(made),
            shipped("data/demo"),
            entries,
            dimension,
            workers=workers,
            seed=seed,
            progress=progress,
        )


def _measured(
    place: Path, data: Path, entries: int, dimension: int, *, workers: int | None, seed: int, progress: Progress
) -> OperationBenchmark:
    prepare: dict[str, float] = {}
    desk, last = _case(place, data, prepare, workers, progress)
    with _timed(prepare, "write"):
        _fill(desk, entries, dimension, seed)
    with _timed(prepare, "index"), desk.case.session(writing=True) as session:
        indexing.current(session, desk.case.directory, desk.model)
    began, core = time.perf_counter(), time.process_time()
    taken, analyse_s = _received(desk, data, workers, progress)
    received = time.perf_counter()
    report = searching.search(desk, unsearched=True, past_review=True)
    ended = time.perf_counter()
    core_s = time.process_time() - core
    one_more: dict[str, float] = {}
    with _timed(one_more, "enrol"):
        enrolling.enrol(desk, last, workers=workers, open_stills=False)
    with _timed(one_more, "search"):
        still = StillId(next(probe.still for probe in report.probes if probe.usable))
        searching.search(desk, stills=[still], past_review=True)
    return OperationBenchmark(
        entries=report.gallery.size, dimension=dimension, seed=seed, cores=os.cpu_count() or 1,
        stills=sum(one.accepted for one in taken), refused=sum(len(one.refused) for one in taken),
        faces=sum(one.faces for one in taken), searched=sum(probe.usable for probe in report.probes),
        candidates=sum(len(probe.candidates) for probe in report.probes), elapsed_s=ended - began, core_s=core_s,
        seconds={
            "read": received - began - analyse_s, "analyse": analyse_s, "search": report.elapsed_s,
            "store": ended - received - report.elapsed_s,
        },
        prepare_s=prepare, one_more=one_more,
    )  # fmt: skip


def _case(
    place: Path, data: Path, prepare: dict[str, float], workers: int | None, progress: Progress
) -> tuple[Desk, Path]:
    """Make a case with all of the demonstration's custody images but one; return a manifest of that one, too."""
    with (data / "custody" / "manifest.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    most, last = _manifest(place / "most", data, rows[:-1]), _manifest(place / "last", data, rows[-1:])
    directory = place / "case"
    governing.create_case(directory, encrypt=False)  # everybody in it is made up
    desk = take_seat(directory, officer="desk", operation="BENCH", reason="a benchmark on synthetic people")
    governing.add_officer(desk, "desk")
    governing.open_operation(desk, "BENCH", purpose="a benchmark on synthetic people")
    assert desk.pack.model  # noqa: S101  (loaded here, so that loading it is in no stage)
    with _timed(prepare, "enrol"):
        enrolling.enrol(desk, most, workers=workers, progress=progress)
    return desk, last


def _manifest(folder: Path, data: Path, rows: Sequence[dict[str, str]]) -> Path:
    (folder / "images").mkdir(parents=True)
    for row in rows:
        shutil.copy(data / "custody" / "images" / row["image"], folder / "images")
    with (folder / "manifest.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return folder / "manifest.csv"


def _fill(desk: Desk, entries: int, dimension: int, seed: int) -> None:
    """Write made-up custody images with random templates into the case file."""
    rng = np.random.default_rng(seed)
    for first in range(0, entries, MADE_AT_ONCE):
        vectors = rng.standard_normal((min(MADE_AT_ONCE, entries - first), dimension), dtype=np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        with desk.case.session(writing=True) as session, session.transaction():
            made_up.add_custody(session, desk.model, 1, first, vectors)


def _received(desk: Desk, data: Path, workers: int | None, progress: Progress) -> tuple[list[IntakeReport], float]:
    """Take in every delivery; return what came of each, and the seconds their images were analysed for."""
    taken = [
        receiving.receive(
            desk, manifest, retailer_id=RetailerId(manifest.parent.name), stores=data / "stores.csv", workers=workers,
            progress=progress,
        )
        for manifest in sorted(data.glob("deliveries/*/manifest.csv"))
    ]  # fmt: skip
    with desk.case.session(writing=False) as session:
        row = session.one("SELECT sum(elapsed_s) FROM main.analysis_runs WHERE purpose = 'stills'")
    return taken, float(row[0]) if row is not None and row[0] is not None else 0.0


@contextmanager
def _timed(seconds: dict[str, float], name: str) -> Iterator[None]:
    began = time.perf_counter()
    yield
    seconds[name] = time.perf_counter() - began
