"""The figures of docs/accuracy.md and the README are those that the demonstration gives."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from stillgraph import demo
from stillgraph.casework import evaluating

HALVES = {"tuned on": range(1, 7), "held out": range(7, 13), "all": range(1, 13)}
TOLERANCE = 1.5  # percentage points: another processor rounds differently and may turn one or two searches


def _table(root: Path) -> dict[str, list[str]]:
    """Return the cells of the table of searches, by the row's name."""
    text = (root / "docs" / "accuracy.md").read_text(encoding="utf-8").replace("**", "")
    table = text.split("## 1:N search")[1].split("| | tuned on")[1].split("\n\n")[0]
    rows = [[cell.strip() for cell in line.strip("| ").split("|")] for line in table.splitlines()[2:]]
    return {name: cells for name, *cells in rows}


@pytest.fixture(scope="module", params=list(HALVES))
def measured(request, root, demo_case, tmp_path_factory):
    """Return one column's place in the table and the report that belongs there."""
    retailers = {f"R{number:02d}" for number in HALVES[request.param]}
    with (root / "data" / "demo" / "truth.csv").open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["retailer_id"] in retailers]
    truth = tmp_path_factory.mktemp("truth") / "truth.csv"
    with truth.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return list(HALVES).index(request.param), evaluating.identification(demo.seat(demo_case, demo.ANALYST), truth)


def test_the_figures_of_search_are_those_measured(root, measured):
    column, report = measured
    table = {name: cells[column] for name, cells in _table(root).items()}
    assert table["mated / non-mated searches"] == f"{report.mated} / {report.nonmated}"
    assert int(table["faces not found or unusable"]) == pytest.approx(report.failures_to_acquire, abs=2)
    stated = {
        "right person at rank 1": (report.hit_rate["1"], report.hit_rate_interval["1"]),
        "within rank 5": (report.hit_rate["5"], report.hit_rate_interval["5"]),
        "within rank 20": (report.hit_rate["20"], report.hit_rate_interval["20"]),
    }
    for row, (rate, interval) in stated.items():
        value, low, high = (float(number) for number in re.findall(r"[\d.]+(?= %|,|\])", table[row]))
        assert (value, low, high) == pytest.approx([100 * rate, 100 * interval[0], 100 * interval[1]], abs=TOLERANCE)


def test_the_readme_states_the_held_out_figures(root):
    held_out = {name: cells[1] for name, cells in _table(root).items()}
    text = (root / "README.md").read_text(encoding="utf-8").split("## How good is it?")[1].split("\n## ")[0]
    first, trials, twenty = re.findall(r"\b(\d+) % of (\d+) faces.*?\b(\d+) %", text, re.DOTALL)[0]
    assert float(first) == pytest.approx(float(held_out["right person at rank 1"].split(" %")[0]), abs=0.5)
    assert trials == held_out["mated / non-mated searches"].split(" / ")[0]
    assert float(twenty) == pytest.approx(float(held_out["within rank 20"].split(" %")[0]), abs=0.5)


def test_the_table_of_enhancements_starts_from_the_held_out_figures(root):
    held_out = {name: cells[1] for name, cells in _table(root).items()}
    text = (root / "docs" / "accuracy.md").read_text(encoding="utf-8").split("## Enhancement")[1].split("\n## ")[0]
    (line,) = [line for line in text.splitlines() if line.startswith("| nothing: original alone")]
    stated = [cell.strip() for cell in line.strip("| ").split("|")][2:5]
    assert stated == [held_out[name] for name in ("right person at rank 1", "within rank 5", "within rank 20")]
    assert f"{held_out['mated / non-mated searches'].split(' / ')[0]} mated searches" in text
