"""How fast the engines are here, beside what one would use otherwise, in one run on one set of random templates.

Random unit vectors are the hard case for codes, having no structure to use, and the easy case for scores, since
nobody resembles anybody; how well faces are told apart is measured elsewhere.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from stillgraph.errors import WrongUse
from stillgraph.gallery import alone, compressed, exact, loss, scan
from stillgraph.gallery.alone import Alone
from stillgraph.gallery.contents import Number
from stillgraph.gallery.directory import number_for
from stillgraph.gallery.index import Entry, GalleryIndex
from stillgraph.records import CustodyImageId, ModelId, NominalId, Template

MODEL = ModelId("benchmark@000000000000")
BATCH = 302
"""Probes of a batch: the faces that one force's search of a day's stills covered."""

LIMIT = 20
IMAGES_PER_PERSON = 2
CHANGED = 1000
"""Custody images added, and deleted, at once."""

MATES = 1000
MATE_COSINE = 0.5
"""How alike a noisy probe is to its mate: what a face of some 35 pixels comes to with the shipped model."""

BLOCK = 1 << 18
"""Templates made and added at once."""

REPEATS = 100
LONGEST_S = 60.0
"""Seconds after which a timing of single probes ends, once it has ten."""

PAUSE_S = 0.03
"""Before and after those with threads of their own, which go on spinning for a while and slow down who comes next."""

PLAIN_FAISS = "faiss.IndexFlatIP"

READS = ("read", "read 2", "read 3", "read 4")
"""Take turns with the engines: ways to read the templates from memory and no more; the fastest counts each time."""

WITH_OWN_THREADS = {PLAIN_FAISS, "numpy", READS[-1]}

Search = Callable[[Sequence[Template]], object]


@dataclass(frozen=True, slots=True)
class Timing:
    """One probe at a time, milliseconds, and a batch of :data:`BATCH`, seconds."""

    best_ms: float
    p50_ms: float
    p95_ms: float
    batch_s: float


@dataclass(frozen=True, slots=True)
class Mates:
    """Noisy probes of people in the gallery: how many have their mate on the list, and what the codes lose."""

    probes: int
    cosine: float
    on_exact_list: int
    kept: int
    """Of those, on the list of the compressed gallery too."""
    upper_bound_lost: float
    said: str


@dataclass(frozen=True, slots=True)
class SearchBenchmark:
    """A benchmark of the engines, with all it takes to repeat it."""

    entries: int
    dimension: int
    seed: int
    cores: int
    read_gb_s: float
    """What all cores together read from memory, taking turns with the engines: median, 10**9 bytes a second."""
    read_best_gb_s: float
    """The fastest of these."""
    build_s: dict[str, float]
    built_per_s: dict[str, float]
    """Entries a second."""
    engines: dict[str, Timing]
    others: dict[str, Timing]
    times_faster: dict[str, dict[str, float]]
    """By engine: the median of one probe by each of the others, in times its own."""
    best_times_faster: dict[str, dict[str, float]]
    """Likewise of the fastest probes: what is left where other work on the machine disturbs none."""
    batch_times_faster: dict[str, dict[str, float]]
    """Likewise of the batch."""
    share_of_read: dict[str, float]
    """By exact engine: the bytes of all templates over the median of one probe, as a share of ``read_gb_s``."""
    best_share_of_read: dict[str, float]
    """Likewise the fastest probe, as a share of ``read_best_gb_s``."""
    changed: int
    add_s: float
    delete_s: float
    compressed_add_s: float
    """Codes made and brought to the disk too."""
    compressed_delete_s: float
    code_bytes: int
    alone: dict[str, Alone]
    """By engine: in a process of its own."""
    mates: Mates
    elapsed_s: float


def run(entries: int, dimension: int, folder: Path, *, seed: int = 0, show_progress: bool = False) -> SearchBenchmark:
    """Measure the engines.

    Parameters
    ----------
    entries
        Custody images in the gallery, two of each person.
    dimension
        Numbers of a template.
    folder
        Where the galleries are put meanwhile; about ``6 * entries * dimension`` bytes, or a third of it where
        float32 would not fit into memory. FAISS and NumPy are then not measured either.
    seed
        Of the templates.
    show_progress
        Whether to show progress on stderr.

    Raises
    ------
    WrongUse
        The gallery is too small to be compressed, or a template too short.
    """
    if entries < compressed.TRAINED_FROM or dimension < 8:
        raise WrongUse(
            f"A benchmark needs a gallery of {compressed.TRAINED_FROM:,} or more and templates of 8 numbers or more."
        )
    began = time.perf_counter()
    whole = number_for(entries, 3 * dimension) == "float32"
    engines, build_s, flat = _built(entries, dimension, folder, seed, whole=whole, show_progress=show_progress)
    half = engines["compressed"]
    rows, probes = _probes(half, seed)
    by_itself = _alone(engines, folder, probes)
    memory = half.contents.parts[0].segment.vectors if flat is None else _held_by(flat)
    others = {} if flat is None else _others(flat)
    searches = {name: _searcher(index) for name, index in engines.items()} | _readers(memory) | others
    timings = _timed(searches, probes, show_progress=show_progress)
    reading = timings.pop(READS[0])
    slower = {name: timings.pop(name) for name in others}
    found = _mates(half, rows, probes, show_progress=show_progress)
    added, deleted = _changes(engines[next(iter(engines))], dimension, entries, seed)
    codes_added, codes_deleted = _changes(half, dimension, entries, seed + 1)
    sizes = {"exact": 4, "exact, float16": 2}
    # As fast as memory is read, every engine's bytes would take this share of the time that reading took.
    bytes_share = {n: size * entries * dimension / memory.nbytes for n, size in sizes.items() if n in timings}
    return SearchBenchmark(
        entries=entries, dimension=dimension, seed=seed, cores=scan.cores(), build_s=build_s,
        built_per_s={name: entries / took for name, took in build_s.items()},
        read_gb_s=memory.nbytes / (reading.p50_ms * 1e6), read_best_gb_s=memory.nbytes / (reading.best_ms * 1e6),
        engines=timings, others=slower, times_faster=_faster(timings, slower, "p50_ms"),
        best_times_faster=_faster(timings, slower, "best_ms"), batch_times_faster=_faster(timings, slower, "batch_s"),
        share_of_read={name: share * reading.p50_ms / timings[name].p50_ms for name, share in bytes_share.items()},
        best_share_of_read={
            name: share * reading.best_ms / timings[name].best_ms for name, share in bytes_share.items()
        },
        changed=CHANGED, add_s=added, delete_s=deleted, compressed_add_s=codes_added,
        compressed_delete_s=codes_deleted, code_bytes=half.code_bytes(), alone=by_itself, mates=found,
        elapsed_s=time.perf_counter() - began,
    )  # fmt: skip


def _faster(timings: Mapping[str, Timing], slower: Mapping[str, Timing], which: str) -> dict[str, dict[str, float]]:
    return {
        name: {other: getattr(slow, which) / getattr(timing, which) for other, slow in slower.items()}
        for name, timing in timings.items()
    }


def _built(
    entries: int, dimension: int, folder: Path, seed: int, *, whole: bool, show_progress: bool
) -> tuple[dict[str, Any], dict[str, float], Any]:
    """Build each gallery on disk, block by block; return them, the seconds each took, and FAISS's index."""
    numbers: dict[str, Number] = {"exact": "float32"} if whole else {}
    numbers["exact, float16"] = "float16"
    engines: dict[str, Any] = {
        name: exact.opened(folder / name, MODEL, dimension, number=number) for name, number in numbers.items()
    }
    plain = np.empty((entries, dimension), np.float32) if whole else None
    build_s = dict.fromkeys(engines, 0.0)
    with tqdm(total=entries, unit="template", unit_scale=True, desc="galleries", disable=not show_progress) as bar:
        for first, own, vectors in _blocks(entries, dimension, seed):
            if plain is not None:
                plain[first : first + len(own)] = vectors
            for name, index in engines.items():
                since = time.perf_counter()
                index.add(own, vectors)
                build_s[name] += time.perf_counter() - since
            bar.update(len(own))
    half: GalleryIndex = engines["exact, float16"]
    engines["compressed"] = compressed.opened(folder / "exact, float16", half.model, dimension)
    since = time.perf_counter()
    engines["compressed"].prepare(show_progress=show_progress)
    build_s["compressed"] = build_s["exact, float16"] + time.perf_counter() - since
    if plain is None:
        return engines, build_s, None
    flat = scan.faiss.IndexFlatIP(dimension)
    flat.add(plain)
    return engines, build_s, flat


def _alone(engines: Mapping[str, Any], folder: Path, probes: Sequence[Template]) -> dict[str, Alone]:
    """Measure each engine in a process of its own; the compressed one lies beside the rows of float16."""
    places = {name: folder / ("exact, float16" if name == "compressed" else name) for name in engines}
    return {
        name: alone.measure(index.engine, places[name], MODEL, probes, limit=LIMIT, longest_s=LONGEST_S / 3)
        for name, index in engines.items()
    }


def _blocks(entries: int, dimension: int, seed: int) -> Iterator[tuple[int, list[Entry], NDArray[np.float32]]]:
    for first in range(0, entries, BLOCK):
        count = min(BLOCK, entries - first)
        rows = range(first, first + count)
        own = [(CustodyImageId(f"N{r // 2:08}/{r % 2}.jpg"), NominalId(f"N{r // IMAGES_PER_PERSON:08}")) for r in rows]
        yield first, own, _unit(np.random.default_rng([seed, first]), count, dimension)


def _unit(random: np.random.Generator, count: int, dimension: int) -> NDArray[np.float32]:
    vectors = random.standard_normal((count, dimension), dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


def _probes(index: exact.ExactIndex, seed: int) -> tuple[NDArray[np.intp], list[Template]]:
    """Return rows of the gallery and a noisy probe of each, :data:`MATE_COSINE` alike to it."""
    contents = index.contents
    random = np.random.default_rng([seed, 1])
    rows = random.choice(contents.info.size, MATES, replace=False)
    mates = scan.floats(contents.vectors(rows))
    mates /= np.linalg.norm(mates, axis=1, keepdims=True)
    noise = _unit(random, MATES, contents.dimension)
    noise -= (noise * mates).sum(axis=1, keepdims=True) * mates
    noise /= np.linalg.norm(noise, axis=1, keepdims=True)
    made = MATE_COSINE * mates + np.float32(np.sqrt(1 - MATE_COSINE**2)) * noise
    return rows, [Template(MODEL, vector) for vector in made]


def _searcher(index: GalleryIndex) -> Search:
    return lambda probes: index.search(probes, limit=LIMIT)


def _timed(searches: Mapping[str, Search], probes: Sequence[Template], *, show_progress: bool) -> dict[str, Timing]:
    """Time single probes, each another, the searches taking turns, and then one batch of each.

    Taking turns, they are all as much disturbed by what else the machine does. The first search, which maps and
    warms, is not counted.
    """
    times: dict[str, list[float]] = {name: [] for name in searches}
    for search in searches.values():
        search(probes[:1])
        search(probes[: BATCH // 10])
    began = time.perf_counter()
    for number, probe in enumerate(tqdm(probes[:REPEATS], unit="probe", desc="turns", disable=not show_progress)):
        for name, search in searches.items():
            pause = PAUSE_S if name in WITH_OWN_THREADS else 0.0
            time.sleep(pause)
            times[name].append(_seconds(search, [probe]))
            time.sleep(pause)
        if number >= 10 and time.perf_counter() - began > LONGEST_S:
            break
    reads = [times.pop(name) for name in READS if name in times]
    times[READS[0]] = list(np.min(reads, axis=0))
    quantiles = {name: 1000 * np.quantile(some, [0.0, 0.5, 0.95]) for name, some in times.items()}
    return {
        name: Timing(float(best), float(p50), float(p95), _seconds(searches[name], probes[:BATCH]))
        for name, (best, p50, p95) in quantiles.items()
    }


def _seconds(search: Search, probes: Sequence[Template]) -> float:
    since = time.perf_counter()
    search(probes)
    return time.perf_counter() - since


def _others(flat: Any) -> dict[str, Search]:
    """Return searches by NumPy, and by FAISS's flat index as one would use it; they find images, not persons."""
    vectors = _held_by(flat)
    found = LIMIT * IMAGES_PER_PERSON

    def by_faiss(some: Sequence[Template]) -> object:
        return flat.search(np.stack([one.vector for one in some]), found)

    def by_numpy(some: Sequence[Template]) -> object:
        rows = []
        for at in range(0, len(some), 16):  # 16 by 1 M scores are 64 MB
            scores = np.stack([one.vector for one in some[at : at + 16]]) @ vectors.T
            rows.append(np.argpartition(-scores, found, axis=1)[:, :found])
        return rows

    return {"numpy": by_numpy, PLAIN_FAISS: by_faiss}


def _held_by(flat: Any) -> NDArray[np.float32]:
    """Return the templates that FAISS's flat index holds, where it holds them, shape (n, d)."""
    held: NDArray[np.float32] = scan.faiss.rev_swig_ptr(flat.get_xb(), flat.ntotal * flat.d).reshape(-1, flat.d)
    return held


def _readers(array: NDArray[Any]) -> dict[str, Search]:
    """Return several ways to read all of an array with all cores, none of which is the fastest on every machine."""
    numbers = array.reshape(-1)
    numbers = numbers[: len(numbers) // 16 * 16].view(np.uint64)
    pieces = np.array_split(numbers, scan.cores())
    ways = [_in_pieces(np.bitwise_or.reduce, pieces), _in_pieces(np.max, pieces)]
    if array.dtype == np.float32:
        floats = numbers.view(np.float32)
        ways += [_in_pieces(_dot, np.array_split(floats, scan.cores())), _in_pieces(_dot, [floats])]
    return dict(zip(READS, ways, strict=False))


def _in_pieces(read: Callable[[Any], object], pieces: Sequence[Any]) -> Search:
    return lambda _: wait([scan.threads().submit(read, piece) for piece in pieces])


def _dot(part: NDArray[np.float32]) -> object:
    return np.dot(part, part)


def _changes(index: exact.ExactIndex, dimension: int, entries: int, seed: int) -> tuple[float, float]:
    """Return the seconds that adding, and deleting as many spread over the gallery, take to reach the disk."""
    new = [(CustodyImageId(f"new{seed}/{row}"), NominalId("new")) for row in range(CHANGED)]
    vectors = _unit(np.random.default_rng([seed, 2]), CHANGED, dimension)
    spread = range(seed % 2, entries, entries // CHANGED)
    gone = [CustodyImageId(f"N{r // 2:08}/{r % 2}.jpg") for r in spread][:CHANGED]
    index.refresh()
    _prepared(index)
    times = [time.perf_counter()]
    index.add(new, vectors)
    _prepared(index)
    times.append(time.perf_counter())
    index.delete(gone)
    _prepared(index)
    times.append(time.perf_counter())
    return times[1] - times[0], times[2] - times[1]


def _prepared(index: exact.ExactIndex) -> None:
    if isinstance(index, compressed.CompressedIndex):
        index.prepare()


def _mates(
    index: compressed.CompressedIndex, rows: NDArray[np.intp], probes: Sequence[Template], *, show_progress: bool
) -> Mates:
    """Count the probes whose mate is on the exact list, and of these whose is on the compressed one."""
    by_rows, whole, found = index.exactly(), [], []
    for at in tqdm(range(0, len(probes), BATCH), unit="batch", desc="mates", disable=not show_progress):
        whole += by_rows.search(probes[at : at + BATCH], limit=LIMIT)
        found += index.search(probes[at : at + BATCH], limit=LIMIT)
    mates = [nominal for _, nominal in index.contents.entries(rows)]
    listed = [mate in {one.nominal_id for one in some} for mate, some in zip(mates, whole, strict=True)]
    kept = [mate in {one.nominal_id for one in some} for mate, some in zip(mates, found, strict=True)]
    both = sum(a and b for a, b in zip(listed, kept, strict=True))
    lost = sum(listed) - both
    upper = loss.upper_bound(lost, sum(listed)) if any(listed) else 1.0
    said = loss.Loss(sum(listed), lost, 0, upper, loss.STATED_BOUND).sentence()
    return Mates(len(probes), MATE_COSINE, sum(listed), both, upper, said)
