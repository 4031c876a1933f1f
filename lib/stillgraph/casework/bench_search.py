"""Measuring the gallery's engines on random templates; no case is touched and nothing is kept."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from stillgraph.errors import WrongUse

if TYPE_CHECKING:
    from stillgraph.gallery.benchmark import SearchBenchmark  # noqa: TC004  (named again for those above)

__all__ = ["SearchBenchmark", "bench_search"]

PREFIX = "stillgraph-bench-"
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
    show_progress : bool
        Whether to show progress on stderr.

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
    _remove_left_over(place)
    with tempfile.TemporaryDirectory(dir=place, prefix=f"{PREFIX}{os.getpid()}-") as made:
        return benchmark.run(entries, dimension, Path(made), seed=seed, show_progress=show_progress)


def _remove_left_over(place: Path) -> None:
    """Remove what benchmarks of this user put there whose process was killed before it could."""
    for path in place.glob(f"{PREFIX}*-*"):
        process = path.name.removeprefix(PREFIX).split("-")[0]
        if process.isdigit() and path.stat().st_uid == os.getuid() and not _runs(int(process)):
            shutil.rmtree(path)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
