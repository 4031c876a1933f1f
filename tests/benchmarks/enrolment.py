"""Bulk enrolment: images a second and memory over time, and threads against processes, on altered synthetic people.

    python tests/benchmarks/enrolment.py run 10000
    python tests/benchmarks/enrolment.py race 240

``run`` enrols so many images by batches, as `stillgraph custody add` does, and prints for each tenth of the run the
images a second and the resident memory of the process that commits and of all that analyse. ``race`` enrols the same
images in one piece by threads and by batches by processes, in turns, each time into a new case. Of both take images a
second of a core's time where the machine has other work; starting processes and loading networks is in it.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import resource
import shutil
import tempfile
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import psutil
from PIL import Image

from stillgraph.casework import enrolling, governing, progress, take_seat

SOURCE = Path(__file__).resolve().parents[2] / "data" / "demo" / "custody"


def delivery(folder: Path, count: int, seed: int = 0) -> Path:
    """Write a manifest of ``count`` custody images, the demonstration's shifted, lightened and encoded anew."""
    rng = np.random.default_rng(seed)
    with (SOURCE / "manifest.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    pictures = [Image.open(SOURCE / "images" / row["image"]).convert("RGB") for row in rows]
    (folder / "images").mkdir(parents=True)
    with (folder / "manifest.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        for number in range(count):
            row, picture = rows[number % len(rows)], pictures[number % len(rows)]
            pixels = np.roll(np.asarray(picture, np.int16), rng.integers(-4, 5, 2), axis=(0, 1)) + rng.integers(-9, 10)
            made, image = io.BytesIO(), f"B{number:06d}.jpg"
            Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(made, "JPEG", quality=int(rng.integers(70, 96)))
            (folder / "images" / image).write_bytes(made.getvalue() + number.to_bytes(4, "big"))
            writer.writerow(row | {"image": image, "nominal_id": f"{row['nominal_id']}-{number // len(rows)}"})
    return folder / "manifest.csv"


def new_case(folder: Path) -> Path:
    governing.create_case(folder)
    seat = {"officer": "desk", "operation": "OP", "reason": "benchmark"}
    governing.add_officer(take_seat(folder, **seat), "desk")
    governing.open_operation(take_seat(folder, **seat), "OP", purpose="benchmark", until=None)
    return folder


def core_s() -> float:
    """Return the seconds of the cores' time that this process and its children that ended have had."""
    uses = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(use.ru_utime + use.ru_stime for use in uses)


class Memory:
    """Resident memory of this process and of its children, in MiB, every second."""

    def __enter__(self) -> Memory:
        self.samples: list[tuple[float, float, float]] = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        us = psutil.Process()
        while not self._ended.wait(1):
            children = 0
            for child in us.children(recursive=True):
                try:
                    children += child.memory_info().rss
                except psutil.NoSuchProcess:
                    continue
            self.samples.append((time.time(), us.memory_info().rss / 2**20, children / 2**20))

    def near(self, moment: float) -> tuple[float, float]:
        return min(self.samples, key=lambda sample: abs(sample[0] - moment))[1:]


def run(folder: Path, count: int, workers: int | None) -> dict[str, object]:
    began = time.perf_counter()
    manifest = delivery(folder / "delivery", count)
    made_s = time.perf_counter() - began
    case = new_case(folder / "case")
    desk = take_seat(case, officer="desk", operation="OP", reason="benchmark")
    cpu = core_s()
    with Memory() as memory, progress.bar(shown=True) as shown:
        report = enrolling.enrol(desk, manifest, workers=workers, progress=shown)
    with desk.case.session(writing=False) as session:
        batches = session.rows("SELECT analysed_at, images, elapsed_s FROM analysis_runs ORDER BY run_id")
    tenths = []
    for tenth in range(1, 11):
        at = max(1, round(len(batches) * tenth / 10)) - 1
        since = round(len(batches) * (tenth - 1) / 10)
        ours, workers_mib = memory.near(batches[at][0].replace(tzinfo=UTC).timestamp())
        some = batches[since : at + 1]
        tenths.append(
            {
                "images": sum(b[1] for b in batches[: at + 1]),
                "images_per_s": round(sum(b[1] for b in some) / max(1e-9, sum(b[2] for b in some)), 2),
                "commits_rss_mib": round(ours),
                "workers_rss_mib": round(workers_mib),
            }
        )
    return {
        "when": datetime.now(UTC).isoformat(timespec="seconds"), "images": report.accepted, "made_s": round(made_s, 1),
        "elapsed_s": round(report.elapsed_s, 1), "images_per_s": round(report.accepted / report.elapsed_s, 2),
        "images_per_core_s": round(report.accepted / (core_s() - cpu), 2), "without_face": report.without_face, "tenths": tenths,
        "case_mb": round((case / "case.duckdb").stat().st_size / 1e6, 1),
    }  # fmt: skip


def race(folder: Path, count: int, workers: int | None, rounds: int) -> dict[str, object]:
    manifest = delivery(folder / "delivery", count)
    told: dict[str, list[dict[str, float]]] = {"threads, one piece": [], "processes, batches": []}
    for turn in range(rounds):
        for name, batch in zip(told, (count, max(1, count // 4)), strict=True):
            case = new_case(folder / f"case-{turn}-{batch}")
            desk = take_seat(case, officer="desk", operation="OP", reason="benchmark")
            assert desk.pack.model
            before = core_s()
            report = enrolling.enrol(desk, manifest, workers=workers, batch_rows=batch)
            spent = core_s() - before
            told[name].append(
                {
                    "images_per_s": round(report.accepted / report.elapsed_s, 2),
                    "images_per_core_s": round(report.accepted / spent, 2),
                }
            )
            shutil.rmtree(case)
    return {"images": count, "rounds": told}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["run", "race"])
    parser.add_argument("count", type=int)
    parser.add_argument("--workers", type=int)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="where to work; removed afterwards")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=asked.folder, prefix="stillgraph-enrolment-") as made:
        place = Path(made)
        if asked.what == "run":
            print(json.dumps(run(place, asked.count, asked.workers), indent=1))
        else:
            print(json.dumps(race(place, asked.count, asked.workers, asked.rounds), indent=1))


if __name__ == "__main__":
    main()
