"""What the tests of faults share: their seed, a line of figures each, and inputs for actions that change a case."""

from __future__ import annotations

import csv
import os
import shutil
import statistics
from collections.abc import Sequence
from pathlib import Path

import pytest

DATA = Path(__file__).resolve().parents[2] / "data" / "demo"
SEED = int(os.environ.get("STILLGRAPH_CHAOS_SEED", "20261126"))
"""Where chance begins; another one by ``STILLGRAPH_CHAOS_SEED``."""

_TOLD: list[str] = []


@pytest.fixture(scope="session")
def seed() -> int:
    """Return where chance begins."""
    return SEED


@pytest.fixture(scope="session")
def tell():
    """Return what takes a run's figures: a name, counts by what, and seconds of each action if they were taken."""

    def told(name: str, seconds: Sequence[float] = (), **counts: object) -> None:
        line = f"{name}: " + ", ".join(f"{what} {value}" for what, value in counts.items())
        if seconds:
            slow = max(seconds)
            tail = statistics.quantiles(seconds, n=20)[-1] if len(seconds) > 1 else slow
            line += (
                f"; median {1000 * statistics.median(seconds):.0f} ms, p95 {1000 * tail:.0f} ms, "
                f"longest {1000 * slow:.0f} ms, {sum(seconds):.0f} s in all"
            )
        _TOLD.append(line)

    return told


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show what each run came to, and with which seed."""
    if _TOLD:
        terminalreporter.section(f"chaos, seed {SEED}")
        for line in _TOLD:
            terminalreporter.write_line(line)


@pytest.fixture(scope="module")
def inputs(small_inputs, tmp_path_factory):
    """Return a folder with a delivery, a custody manifest of two more images, and the stores."""
    folder = tmp_path_factory.mktemp("inputs")
    some(DATA / "deliveries" / "R09", folder / "R09", "stills", lambda rows: rows[:3])
    enrolled = {row["image"] for row in rows_of(small_inputs / "custody" / "manifest.csv")}
    some(
        DATA / "custody", folder / "more", "images",
        lambda rows: [row | {"review_due": "2099-12-31"} for row in rows if row["image"] not in enrolled][:2],
    )  # fmt: skip
    shutil.copy(small_inputs / "stores.csv", folder / "stores.csv")
    return folder


def rows_of(manifest):
    with manifest.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def some(source, folder, images, chosen):
    (folder / images).mkdir(parents=True)
    rows = chosen(rows_of(source / "manifest.csv"))
    with (folder / "manifest.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    for row in rows:
        shutil.copy(source / images / row["image"], folder / images)
