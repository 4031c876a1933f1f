"""Measuring one engine in a process of its own: what it takes in memory, and how long its searches take there."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from stillgraph.records import ModelId, Template

STATUS = Path("/proc/self/status")
"""Where Linux says how much memory a process has; no other system has it."""


@dataclass(frozen=True, slots=True)
class Alone:
    """A fresh process that opens a gallery and searches one probe after the other.

    Bytes are those in physical memory after the search that left most there: ``anonymous`` is the process's own,
    ``mapped`` are pages of files, which other processes that search the gallery share and the system takes back where
    memory is short; ``resident`` is both. ``None`` where the system does not say.
    """

    open_s: float
    """Until the first search can begin: files are mapped and codes read."""
    searches: int
    first_ms: float
    p50_ms: float
    p95_ms: float
    anonymous_bytes: int | None
    mapped_bytes: int | None
    resident_bytes: int | None
    peak_bytes: int | None
    """The most that was ever resident, within searches and while opening too."""


def measure(
    engine: str, path: Path, model: ModelId, probes: Sequence[Template], *, limit: int, longest_s: float
) -> Alone:
    """Measure an engine on a gallery on disk.

    Parameters
    ----------
    engine
        ``exact`` or ``compressed``.
    path
        The directory of the gallery.
    model
        Of the gallery and the probes.
    probes
        Searched in turn, each alone.
    limit
        Persons on a list.
    longest_s
        Seconds after which it ends, once it has done ten.
    """
    vectors = np.stack([probe.vector for probe in probes])
    # Spawned, not forked: a fork would begin with all the memory of the process that measures.
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(_measured, engine, path, model, vectors, limit=limit, longest_s=longest_s).result()


def _measured(
    engine: str, path: Path, model: ModelId, vectors: NDArray[np.float32], *, limit: int, longest_s: float
) -> Alone:
    from stillgraph.gallery import compressed, exact

    began = time.perf_counter()
    index: exact.ExactIndex
    if engine == "compressed":
        index = held = compressed.opened(path, model, vectors.shape[1])
        held.prepare()
    else:
        index = exact.opened(path, model, vectors.shape[1])
    opened = time.perf_counter()
    times, most = [], (0, 0)
    for vector in vectors:
        since = time.perf_counter()
        index.search([Template(model, vector)], limit=limit)
        times.append(time.perf_counter() - since)
        most = max(most, _resident(), key=sum)
        if len(times) >= 10 and time.perf_counter() - opened > longest_s:
            break
    p50, p95 = 1000 * np.quantile(times, [0.5, 0.95])
    status = _status()
    said = bool(status)
    return Alone(
        open_s=opened - began, searches=len(times), first_ms=1000 * times[0], p50_ms=float(p50), p95_ms=float(p95),
        anonymous_bytes=most[0] if said else None, mapped_bytes=most[1] if said else None,
        resident_bytes=sum(most) if said else None, peak_bytes=status["VmHWM"] if said else None,
    )  # fmt: skip


def _resident() -> tuple[int, int]:
    """Return the bytes of this process in physical memory: its own, and those of files; 0 where nobody says."""
    said = _status()
    return said.get("RssAnon", 0), said.get("RssFile", 0) + said.get("RssShmem", 0)


def _status() -> dict[str, int]:
    """Return what the system says this process takes, bytes; empty where it says nothing."""
    try:
        lines = STATUS.read_text(encoding="ascii").splitlines()
    except OSError:
        return {}
    wanted = {"RssAnon", "RssFile", "RssShmem", "VmHWM"}
    pairs = (line.split(":", 1) for line in lines)
    return {name: int(value.split()[0]) * 1024 for name, value in pairs if name in wanted}
