"""The benchmark of the gallery's engines: what it measures adds up, and it cleans up after itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from stillgraph.casework import bench_search
from stillgraph.cli.app import run
from stillgraph.errors import WrongUse
from stillgraph.gallery import alone, benchmark

ENTRIES = 20_000


@pytest.fixture(autouse=True)
def short(monkeypatch):
    """Take few probes: what is tested is not how fast it is."""
    monkeypatch.setattr(benchmark, "REPEATS", 12)
    monkeypatch.setattr(benchmark, "BATCH", 30)
    monkeypatch.setattr(benchmark, "MATES", 60)


def documented(root: Path) -> set[str]:
    import re

    text = (root / "docs" / "interface.md").read_text(encoding="utf-8")
    said = text.split("    bench search       {")[1].split("\n    demo")[0]
    return set(re.findall(r"[a-z_0-9]+", said)) - {"engine", "other", "seconds", "ratio"}


def keys(document: object) -> set[str]:
    if not isinstance(document, dict):
        return set()
    names = {
        key for key in document if key not in {"exact", "exact, float16", "compressed", "numpy"} and "." not in key
    }
    return names.union(*map(keys, document.values()))


def test_ratios_are_those_of_the_times_it_states(tmp_path, capsys):
    root = Path(__file__).resolve().parents[2]
    assert (
        run(["bench", "search", "--entries", str(ENTRIES), "--dimension", "64", "--folder", str(tmp_path), "--json"])
        == 0
    )
    told = json.loads(capsys.readouterr().out)
    assert list(tmp_path.iterdir()) == [], "nothing is kept"
    assert keys(told) == documented(root)
    assert set(told["engines"]) == {"exact", "exact, float16", "compressed"}
    assert set(told["others"]) == {"numpy", "faiss.IndexFlatIP"}
    for engine, ratios in told["times_faster"].items():
        for other, ratio in ratios.items():
            assert ratio == pytest.approx(told["others"][other]["p50_ms"] / told["engines"][engine]["p50_ms"])
    share = 4 * ENTRIES * 64 / (told["engines"]["exact"]["p50_ms"] * 1e6) / told["read_gb_s"]
    assert told["share_of_read"]["exact"] == pytest.approx(share)
    assert all(0 < timing["p50_ms"] <= timing["p95_ms"] for timing in told["engines"].values())
    mates = told["mates"]
    assert 0 < mates["kept"] <= mates["on_exact_list"] <= mates["probes"] == 60
    assert mates["said"].startswith(f"{mates['on_exact_list'] - mates['kept']} of {mates['on_exact_list']} mates lost")


def test_a_gallery_too_large_for_memory_is_measured_without_what_needs_it_there(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(benchmark, "number_for", lambda *_: "float16")
    result = bench_search.bench_search(entries=ENTRIES, dimension=16, folder=tmp_path)
    assert set(result.engines) == {"exact, float16", "compressed"}
    assert result.others == {}
    assert result.times_faster == {"exact, float16": {}, "compressed": {}}
    monkeypatch.setattr(bench_search, "bench_search", lambda **_: result)
    assert run(["bench", "search"]) == 0
    assert "compressed" in capsys.readouterr().out


def test_an_interrupted_or_killed_benchmark_leaves_nothing_behind(tmp_path, monkeypatch):
    killed = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    left = tmp_path / f"stillgraph-bench-{int(killed.stdout)}-abc"
    left.mkdir()
    (left / "rows").touch()
    (tmp_path / "stillgraph-bench-notes-of-mine").mkdir()
    monkeypatch.setattr(benchmark, "_probes", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        bench_search.bench_search(entries=ENTRIES, dimension=16, folder=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["stillgraph-bench-notes-of-mine"]
    running = tmp_path / f"stillgraph-bench-{os.getpid()}-abc"
    running.mkdir()
    with pytest.raises(KeyboardInterrupt):
        bench_search.bench_search(entries=ENTRIES, dimension=16, folder=tmp_path)
    assert running.exists(), "it is another's, and runs"


def test_an_engine_alone_says_what_it_takes_in_memory(tmp_path, monkeypatch):
    result = bench_search.bench_search(entries=ENTRIES, dimension=16, folder=tmp_path)
    assert set(result.alone) == set(result.engines)
    for found in result.alone.values():
        assert found.resident_bytes == found.anonymous_bytes + found.mapped_bytes <= found.peak_bytes
        assert found.searches >= 10
        assert 0 < found.p50_ms <= found.p95_ms
    assert alone._resident()[0] > 0
    monkeypatch.setattr(alone, "STATUS", tmp_path / "none")
    assert alone._resident() == (0, 0)


def test_what_cannot_be_measured_is_refused(tmp_path):
    for wrong in ({"entries": 100}, {"dimension": 4}):
        with pytest.raises(WrongUse, match="20,000 or more"):
            bench_search.bench_search(folder=tmp_path, **wrong)
    with pytest.raises(WrongUse, match="no directory"):
        bench_search.bench_search(folder=tmp_path / "none")
    with pytest.raises(WrongUse, match=r"needs 6,000\.0 GB"):
        bench_search.bench_search(entries=10**9, dimension=1000, folder=tmp_path)
