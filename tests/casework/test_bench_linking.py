"""The benchmark of linking: its keys are documented, what it measures adds up, and ours agrees with average linkage."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from stillgraph.casework import bench_linking
from stillgraph.cli.app import run
from stillgraph.errors import WrongUse


def keys(document: object) -> set[str]:
    if isinstance(document, dict):
        return set(document).union(*map(keys, document.values()))
    return set()


def test_the_command_prints_what_is_documented(capsys):
    assert run(["bench", "linking", "--faces", "600", "--baseline-faces", "400", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    root = Path(__file__).resolve().parents[2]
    text = (root / "docs" / "interface.md").read_text(encoding="utf-8")
    said = text.split("    bench linking      {")[1].split("\n    bench search")[0].split("; precision")[0]
    documented = set(re.findall(r"[a-z_]+", said)) - {"ratio"}
    assert keys(printed) - {"value", "low", "high"} == documented - {"value", "low", "high"}
    assert (printed["made"]["faces"], printed["beside"]["ours"]["faces"]) == (600, 400)
    assert printed["agrees"] is True
    assert run(["bench", "linking", "--faces", "600", "--baseline-faces", "400"]) == 0
    assert "The same groups as scikit-learn's average linkage: yes." in capsys.readouterr().out


def test_too_few_faces_measure_nothing():
    with pytest.raises(WrongUse, match="needs 100 faces at least"):
        bench_linking.bench_linking(faces=10)
