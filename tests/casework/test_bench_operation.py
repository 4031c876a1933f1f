"""The benchmark of a whole operation: it does what officers would, adds up, and cleans up after itself."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from stillgraph.casework import bench_operation
from stillgraph.cli.app import run
from stillgraph.errors import WrongUse

INTERFACE = Path(__file__).resolve().parents[2] / "docs" / "interface.md"


@pytest.fixture(autouse=True)
def little(monkeypatch, small_inputs):
    """Measure on a folder like the demonstration's, with a few images."""
    monkeypatch.setattr(bench_operation, "shipped", lambda _: small_inputs)


def test_it_searches_every_face_of_every_still_and_its_stages_add_up(tmp_path, capsys):
    assert run(["bench", "operation", "--entries", "700", "--folder", str(tmp_path), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert list(tmp_path.iterdir()) == [], "nothing is kept"
    said = INTERFACE.read_text(encoding="utf-8").split("    bench operation    {")[1].split("}\n")[0]
    names = {name for key, value in told.items() for name in (key, *(value if isinstance(value, dict) else ()))}
    assert names == set(re.findall(r"[a-z_]+", said))
    assert told["entries"] > 700, "custody images of people beside the made-up ones"
    assert (told["stills"], told["refused"]) == (6, 0)
    assert told["searched"] <= told["faces"]
    assert told["candidates"] == told["searched"] * 20
    assert sum(told["seconds"].values()) == pytest.approx(told["elapsed_s"])
    assert min(told["seconds"].values()) > 0
    assert min(told["one_more"].values()) > 0


def test_it_says_for_people_what_it_measured(tmp_path, capsys):
    assert run(["bench", "operation", "--entries", "30", "--folder", str(tmp_path), "--workers", "1"]) == 0
    out = capsys.readouterr().out
    assert re.match(r"6 stills from the disk to \d+ stored candidates in [\d.]+ s", out)
    assert re.search(r"One custody image more: enrolled in [\d.]+ s, one still searched after it in [\d.]+ s\.", out)


def test_a_place_that_is_not_there_or_too_small_is_refused(tmp_path):
    with pytest.raises(WrongUse, match=r"There is no directory .* to put the case in"):
        bench_operation.bench_operation(folder=tmp_path / "none")
    with pytest.raises(WrongUse, match=r"The benchmark needs [\d,.]+ GB at .*; name another place with --folder"):
        bench_operation.bench_operation(folder=tmp_path, entries=10**12)
