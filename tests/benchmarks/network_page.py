"""Milliseconds from a filter's click to the painted frame, on a network page of 10,000 nodes and 20,000 links.

``python tests/benchmarks/network_page.py`` serves the page by Voila over made-up records and clicks in a real Chromium.
It says how long the page took to its first drawing, too.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "browser"))

CELL = """import sys
sys.path.insert(0, {here!r})
from network_page import MadeUp
from stillgraph.dashboards import analysis_pages
analysis_pages.network_of(MadeUp())"""
CLICKS = """async () => {
  const root = document.querySelector(".sgn");
  const box = [...document.querySelectorAll(".widget-checkbox")].find(one => one.textContent.includes("unknown links"));
  const took = [];
  for (let n = 0; n < 10; n++) {
    const before = root.dataset.drawn, began = performance.now();
    box.querySelector("input").click();
    await new Promise(done => {
      const look = () => root.dataset.drawn !== before ? done() : requestAnimationFrame(look);
      look();
    });
    took.push(performance.now() - began);
    await new Promise(done => setTimeout(done, 400));
  }
  return [took, Number(root.dataset.ms)];
}"""


class MadeUp:
    """A network of 3,000 persons and 7,000 offences, of which most links are near and some far."""

    def __init__(self, persons: int = 3000, offences: int = 7000, links: int = 20_000, seed: int = 5) -> None:
        from stillgraph.casework.network_views import NetworkView
        from stillgraph.network import columns
        from stillgraph.records import Coded, LinkTable, OffenceTable

        rng = np.random.default_rng(seed)
        who = rng.integers(persons, size=links)
        what = (who * offences // persons + rng.integers(40, size=links)) % offences
        far = rng.random(links) < 0.02
        what[far] = rng.integers(offences, size=int(far.sum()))
        pairs = np.unique(np.column_stack([who, what]), axis=0).astype(np.int32)

        def coded(names: list[str]) -> Coded:
            return Coded(tuple(names), rng.integers(len(names), size=offences).astype(np.int32))

        retailers = [f"R{n:02d}" for n in range(12)]
        table = LinkTable(
            tuple(f"N{n:06d}" for n in range(persons)),
            (None,) * persons,
            OffenceTable(
                ids=tuple(f"R01/{n:05d}" for n in range(offences)),
                occurred_at=np.datetime64("2025-11-01", "s")
                + rng.integers(0, 365 * 86_400, offences).astype("timedelta64[s]"),
                harm_days=rng.integers(1, 400, offences).astype(float),
                value_pence=rng.integers(100, 90_000, offences),
                proactive=np.zeros(offences, dtype=bool),
                code=coded(["46"]), offence=coded(["Shoplifting"]), retailer=coded(retailers),
                store=coded([f"S{n}" for n in range(60)]), borough=coded([f"Borough {n:02d}" for n in range(32)]),
                latitude=np.full(offences, 51.5), longitude=np.zeros(offences),
            ),
            pairs[:, 0], pairs[:, 1], rng.integers(0, 3, len(pairs)).astype(np.int8),
            np.full(len(pairs), -1, dtype=np.int32), (),
        )  # fmt: skip
        places = columns.places(table).astype(np.float32)
        self.drawn = NetworkView(table, places, columns.surest(table), {one: one for one in retailers}, simulated=True)

    def view(self):
        """Return the network."""
        return self.drawn

    def faces(self, _persons, _offences):
        """Return nobody's faces."""
        return pd.DataFrame(columns=["person_id", "face_id", "still_id", "offence_id", "captured_at", "status"])

    def face_chips(self, _faces):
        """Return no pictures."""
        return {}


def main() -> int:
    """Measure and print one line of JSON; return 2 where there is no Chromium."""
    import conftest

    executable = conftest.chromium()
    if executable is None:
        sys.stderr.write("There is no Chromium here; install one to measure.\n")
        return 2
    with tempfile.TemporaryDirectory() as folder:
        cell = {"cell_type": "code", "execution_count": None, "id": "page", "metadata": {}, "outputs": [],
                "source": CELL.format(here=str(HERE))}  # fmt: skip
        kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
        notebook = {"cells": [cell], "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}
        (Path(folder) / "page.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
        with conftest.served(dict(os.environ), pages=Path(folder)) as site, conftest.watched(executable) as seen:
            began = time.perf_counter()
            seen.page.goto(f"{site.root}/voila/render/page.ipynb?token={site.token}")
            seen.page.wait_for_selector(".sgn[data-drawn]", timeout=120_000)
            first = time.perf_counter() - began
            seen.page.wait_for_timeout(2000)
            took, drawing = seen.page.evaluate(CLICKS)
    print(json.dumps({"first_drawing_s": round(first, 1), "filter_ms": [round(one) for one in took],
                      "median_ms": round(float(np.median(took))), "most_ms": round(max(took)), "drawing_ms": drawing}))  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
