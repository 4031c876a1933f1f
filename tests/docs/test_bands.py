"""The bands of docs/accuracy.md are the figures officers are told, and those that the demonstration still gives."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from stillgraph import demo
from stillgraph.casework import analysing, evaluating
from stillgraph.evaluation import wilson
from stillgraph.faces import bands

FEW = 4  # another processor rounds differently and may move a face or two over a limit


def _table(root: Path, beginning: str) -> dict[str, list[str]]:
    text = (root / "docs" / "accuracy.md").read_text(encoding="utf-8").split("### What a band means")[1]
    lines = text.replace("**", "").split(beginning)[1].split("\n\n")[0].splitlines()[2:]
    rows = [[cell.strip() for cell in line.strip("| ").split("|")] for line in lines]
    return {name: cells for name, *cells in rows}


def _said(successes: int, trials: int) -> str:
    rate = wilson(successes, trials)
    return f"{100 * rate.value:.1f} % [{100 * rate.low:.1f}, {100 * rate.high:.1f}]"


def test_officers_are_told_the_documented_figures(root):
    table = _table(root, "| band | searches")
    assert list(table) == [one.band for one in bands.FIGURES]
    for one in bands.FIGURES:
        searches, first, twenty, rate_1, rate_20, _ = table[one.band]
        assert (int(searches), int(first), int(twenty)) == (one.searches, one.not_first, one.not_in_twenty)
        assert (rate_1, rate_20) == (_said(one.not_first, one.searches), _said(one.not_in_twenty, one.searches))
    text = (root / "docs" / "accuracy.md").read_text(encoding="utf-8")
    assert f"gallery of {bands.PEOPLE} people:" in text
    assert f"Only faces of\n`{bands.MEASURED_ON}` have a band" in text
    assert " and ".join(f".{10 * limit:.0f}" for _, limit in bands.LIMITS[1:]) in text


@pytest.fixture(scope="module")
def measured(root, demo_case):
    """Return searches and searches not first by band, of the stills of R07 to R12 as they came."""
    desk = demo.seat(demo_case, demo.ANALYST)
    people = evaluating.truth_of_faces(desk, root / "data" / "demo" / "truth.csv")
    rows = analysing.query_table(
        desk,
        "SELECT f.face_id, f.band, c.nominal_id FROM faces AS f "
        "LEFT JOIN candidates AS c ON c.face_id = f.face_id AND c.rank = 1 WHERE f.still_id >= 'R07'",
    ).to_pylist()
    mated = [row for row in rows if people.get(row["face_id"]) is not None]
    first = Counter(row["band"] for row in mated if row["nominal_id"] != people[row["face_id"]])
    return Counter(row["band"] for row in mated), first


def test_the_demonstration_still_gives_the_documented_figures(root, measured):
    searches, not_first = measured
    for band, (number, rate, *_) in _table(root, "| band | stills as they came").items():
        assert searches[band] == pytest.approx(int(number), abs=FEW)
        share = float(re.match(r"[\d.]+", rate)[0]) / 100
        assert not_first[band] == pytest.approx(share * int(number), abs=FEW)
