"""Measuring the gallery's engines on random templates; no case is touched and nothing is kept."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from stillgraph.errors import WrongUse

if TYPE_CHECKING:
    from stillgraph.gallery.benchmark import SearchBenchmark  # noqa: TC004  (named again for those above)

__all__ = ["SearchBenchmark", "bench_search"]

BYTES_A_NUMBER = 6
"""Disk for each number of a template: float32 and float16 galleries side by side."""


def bench_search(
    *,
    entries: int = 200_000,
    dimension: int = 128,
    folder: Path | None = None,
    seed: int = 0,
    show_progress: bool = False,
) -> SearchBenchmark:
    """Measure the engines beside FAISS as one would use it, NumPy, and what the machine reads from memory.

    Parameters
    ----------
    entries : int
        Custody images in the gallery.
    dimension : int
        Numbers of a template.
    folder : Path, optional
        Where to put the galleries meanwhile, in a directory of their own; the system's place for such unless given.
    seed : int
        Of the templates.

    Raises
    ------
    WrongUse
        There is no such folder, it has not the room, or the gallery is too small to be compressed.
    """
    from stillgraph.gallery import benchmark

    place = Path(tempfile.gettempdir()) if folder is None else folder
    if not place.is_dir():
        raise WrongUse(
            f"There is no directory {place} to put the galleries in; make it, or name another with --folder."
        )
    needed = BYTES_A_NUMBER * entries * dimension
    if shutil.disk_usage(place).free < needed:
        raise WrongUse(f"The benchmark needs {needed / 1e9:,.1f} GB at {place}; name another place with --folder.")
    with tempfile.TemporaryDirectory(dir=place, prefix="stillgraph-bench-") as made:
        return benchmark.run(entries, dimension, Path(made), seed=seed, show_progress=show_progress)
