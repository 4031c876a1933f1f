"""How long the search page takes from a picture dropped to its candidates, in a gallery of 100,000 made-up people more.

    python tests/benchmarks/search_panel.py cases/demo [--entries 100000] [--repeats 12] [--json]

Works on a copy of a built demonstration, with random templates added to case file and index. Timed is what the page does
in its kernel (read the picture, find its faces, search, fetch the candidates' pictures and histories) and, with
``--browser``, from the files chosen in a real Chromium to the first card on the screen.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from hashlib import sha256
from pathlib import Path

import numpy as np

from stillgraph import demo
from stillgraph.casework import Desk, indexing, take_seat
from stillgraph.dashboards.search_state import CARDS, CaseSearches, SearchState
from stillgraph.records import Filters
from stillgraph.store import made_up

DELIVERIES = Path(__file__).resolve().parents[2] / "data" / "demo" / "deliveries"
SEAT = {"officer": demo.ANALYST, "operation": demo.OPERATION, "reason": "measure the search page"}
AT_ONCE = 100_000


def fill(desk: Desk, entries: int, seed: int) -> None:
    """Add made-up people with random templates, to case file and index."""
    rng = np.random.default_rng(seed)
    for first in range(0, entries, AT_ONCE):
        vectors = rng.standard_normal((min(AT_ONCE, entries - first), 128), dtype=np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        with desk.case.session(writing=True) as session, session.transaction():
            made_up.add_custody(session, desk.model, 1, first, vectors)
    with desk.case.session(writing=True) as session:
        indexing.current(session, desk.case.directory, desk.model)


def portray(desk: Desk, some: list[bytes]) -> None:
    """Give the made-up people who are candidates of these pictures, or of the stills picked, a picture to be shown by."""
    source = CaseSearches(desk)
    stills = [source.search(one.still, Filters(), past_review=False) for one in source.stills()[: len(some)]]
    reports = stills + [source.search_dropped("x.jpg", data, Filters(), past_review=False) for data in some]
    listed = {one.custody_image for report in reports for probe in report.probes for one in probe.candidates[:CARDS]}
    with desk.case.session(writing=True) as session:
        digest, *box = session.one(
            "SELECT i.sha256, f.x, f.y, f.width, f.height FROM held.custody_images AS i "
            "JOIN held.faces AS f ON f.image_id = i.custody_image_id WHERE i.nominal_id NOT LIKE 'X%' ORDER BY 1 LIMIT 1"
        )
        face = desk.images.get(digest)
        for number, image in enumerate(sorted(one for one in listed if one.startswith("X"))):
            own = face + number.to_bytes(4, "big")
            path = desk.images.path(sha256(own).hexdigest())
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(own)
            session.execute("UPDATE held.custody_images SET sha256 = ? WHERE custody_image_id = ?", [path.name, image])
            session.execute(
                "UPDATE held.faces SET x = ?, y = ?, width = ?, height = ? WHERE image_id = ?", [*box, image]
            )


def pictures(count: int) -> list[bytes]:
    """Return stills as pictures from outside: byte for byte none of the case."""
    found = sorted(DELIVERIES.glob("*/stills/*.jpg"))
    return [path.read_bytes() + b"\0" for path in found[:: max(1, len(found) // count)][:count]]


def kernel_s(desk: Desk, some: list[bytes]) -> dict[str, list[float]]:
    """Return seconds from a picture dropped, and a still picked and searched, to the cards, after one to warm up."""
    state, dropped, searched = SearchState(CaseSearches(desk)), [], []
    state.drop("warm.jpg", some[0])
    for data in some:
        began = time.perf_counter()
        state.drop("dropped.jpg", data)
        dropped.append(time.perf_counter() - began)
        assert not state.problem, state.problem
    for one in state.stills[: len(some)]:
        began = time.perf_counter()
        state.pick(one.still)
        state.search()
        searched.append(time.perf_counter() - began)
        assert not state.problem, state.problem
    return {"dropped": dropped, "picked and searched": searched}


def browser_s(directory: Path, some: list[bytes], folder: Path) -> list[float]:
    """Return seconds from a picture chosen in Chromium to its first card on the screen, after one to warm up."""
    from playwright.sync_api import sync_playwright

    seat = [f"--{name}={value}" for name, value in SEAT.items()]
    command = [sys.executable, "-c", "from stillgraph.cli import main; main()", "lab", str(directory), *seat]
    took = []
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server,
        sync_playwright() as play,
    ):
        try:
            url = server.stdout.readline().removeprefix("JupyterLab: ").strip().replace("start.ipynb", "search.ipynb")
            page = play.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"]).new_page()
            page.goto(url)
            page.locator(".jp-NotebookPanel h1").first.wait_for(timeout=90_000)
            page.wait_for_function(
                "document.querySelector('.jp-Notebook-ExecutionIndicator')?.dataset.status == 'idle'"
            )
            page.get_by_role("menuitem", name="Run", exact=True).click()
            page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
            for number, data in enumerate([some[-1], *some]):
                file = folder / f"picture{number}.jpg"
                file.write_bytes(data)
                with page.expect_file_chooser(timeout=90_000) as chooser:
                    page.get_by_role("button", name="Choose a picture").click(timeout=90_000)
                page.evaluate("document.querySelectorAll('.sg-candidate').forEach((card) => card.remove())")
                began = time.perf_counter()
                chooser.value.set_files(file)
                page.locator(".sg-candidate img").first.wait_for(timeout=90_000)
                took.append(time.perf_counter() - began)
        finally:
            server.send_signal(signal.SIGTERM)
    return took[1:]


def main() -> None:
    """Measure, and print medians and the slowest."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("case", type=Path)
    parser.add_argument("--entries", type=int, default=100_000)
    parser.add_argument("--repeats", type=int, default=12)
    parser.add_argument("--browser", action="store_true")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="stillgraph-bench-") as made:
        directory = Path(made) / "case"
        shutil.copytree(given.case, directory)
        desk = take_seat(directory, **SEAT)
        fill(desk, given.entries, 0)
        some = pictures(given.repeats)
        portray(desk, some)
        times = kernel_s(desk, some)
        if given.browser:
            times["dropped, in a browser"] = browser_s(directory, some, Path(made))
        with desk.case.session(writing=False) as session:
            size = session.one("SELECT count(*) FROM main.custody_images WHERE searchable")[0]
    result = {
        "entries": size, "cores": os.cpu_count(), "load": os.getloadavg()[0],
        "seconds": {what: {"median": statistics.median(all_s), "slowest": max(all_s), "of": len(all_s)}
                    for what, all_s in times.items()},
    }  # fmt: skip
    if given.json:
        print(json.dumps(result))
        return
    print(f"{size:,} custody images, {result['cores']} cores, load {result['load']:.1f}")
    for what, said in result["seconds"].items():
        print(f"  {what}: median {said['median']:.2f} s, slowest {said['slowest']:.2f} s of {said['of']}")


if __name__ == "__main__":
    main()
