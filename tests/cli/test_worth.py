"""What people read of concentration, back-tests and silence: every figure with its interval, every note."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import pytest

from stillgraph import demo

MANIFEST = Path(__file__).parents[2] / "data" / "demo" / "custody" / "manifest.csv"
SEAT = ("--officer", demo.ANALYST, "--operation", demo.OPERATION, "--reason", "test the commands")


def test_concentration_says_how_few_hold_how_much(run, demo_case):
    told = run("concentration", demo_case, "--of", "stores", seat=SEAT)
    document = run("concentration", demo_case, "--of", "stores", "--json", seat=SEAT).document
    assert told.code == 0
    assert document["statement"] in told.out
    assert "first stores" in told.out
    few = next(share for share in document["found"]["shares"] if share["units"] == 10)["percent"]
    assert f"{few['value']:.1f}  {few['low']:.1f}-{few['high']:.1f}" in " ".join(told.out.split("\n"))
    assert "  insufficient" in told.out, "of the one or two first stores there is no interval"
    for note in document["notes"]:
        assert note in told.out
    counted = run("concentration", demo_case, "--proactive", "--json", seat=SEAT).document
    assert "proactively detected offences counted too" in counted["scale"]
    assert counted["found"]["total"] > run("concentration", demo_case, "--json", seat=SEAT).document["found"]["total"]


def test_a_back_test_stands_beside_count_and_random_lists(run, demo_case, tmp_path):
    told = run("backtest", demo_case, "--by", "harm", "--csv", tmp_path / "b.csv", seat=SEAT)
    assert told.code == 0
    assert told.out.count("\n  random ") == 3
    assert "Mean over the splits:" in told.out
    assert "harm less random, share of harm, points: " in told.out
    assert "so no officer could have drawn it up then" in told.out
    with (tmp_path / "b.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["by"] for row in rows] == ["harm", "count", "random"] * 3
    one = run("backtest", demo_case, "--split", "2026-01-02", seat=SEAT)
    assert "Split 2026-01-02: insufficient (" in one.out
    assert "\n  random " not in one.out


def test_an_offence_in_custody_is_read_as_a_contradiction(run, demo_case, tmp_path):
    case = tmp_path / "case"
    shutil.copytree(demo_case, case)
    first = run("quiet", case, "--json", seat=SEAT).document["silences"]
    one = next(s for s in first if s["offences"] > 2)
    folder = tmp_path / "custody"
    folder.mkdir()
    (folder / "images").mkdir()
    header, row, *_ = MANIFEST.read_text(encoding="utf-8-sig").splitlines()
    (folder / "manifest.csv").write_text(f"{header}\n{row}\n", encoding="utf-8")
    (folder / "arrests.csv").write_text(
        "nominal_id,arrested_on,offence_code,offence,disposal,disposed_on,custody_from,released_on\n"
        f"{one['nominal_id']},2025-01-02,46,Shoplifting,convicted,2025-03-01,2025-03-01,\n",
        encoding="utf-8",
    )
    enrolled = run("custody", "add", case, folder / "manifest.csv", "--arrests", folder / "arrests.csv", seat=SEAT)
    assert "1 arrest accepted, 0 refused" in enrolled.out
    told = run("quiet", case, seat=SEAT)
    assert f"{one['offences']} offences dated in custody: the link is wrong, or a date." in told.out
    assert "2025-03-01" in told.out
    document = run("quiet", case, "--json", seat=SEAT).document
    assert {c["person_id"] for c in document["contradictions"]} == {one["person_id"]}
    assert next(s for s in document["silences"] if s["person_id"] == one["person_id"])["reading"] == "in custody"


@pytest.mark.parametrize("option", [("--top", "3"), ("--active-days", "400")])
def test_quiet_prints_the_longest_silent_first(run, demo_case, option):
    told = run("quiet", demo_case, *option, seat=SEAT)
    assert told.code == 0
    lines = [line for line in told.out.splitlines() if line.startswith("  N")]
    assert len(lines) == (3 if option[0] == "--top" else 20)
    latest = [line.split()[2] for line in lines]
    assert latest == sorted(latest)
    assert ("custody not known" in lines[0]) == (option[0] == "--top")
    assert "It says nothing of why somebody is silent." in told.out
