"""Every command helps with an example, at once: heavy imports wait until they are needed."""

from __future__ import annotations

import os
import shlex
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest
import typer

from stillgraph import __version__
from stillgraph.cli.app import app

HEAVY = {"numpy", "pandas", "duckdb", "onnxruntime", "onnx", "faiss", "networkx", "scipy", "pyarrow", "plotly", "PIL", "cv2",
         "pydantic", "skimage", "ipywidgets", "voila", "jupyterlab", "openpyxl", "tqdm", "insightface"}  # fmt: skip


def commands(group=None, path=()):
    """Return every command with its path, groups included."""
    group = group if group is not None else typer.main.get_command(app)
    yield path, group
    for name, command in getattr(group, "commands", {}).items():
        yield from commands(command, (*path, name))


ALL = dict(commands())
LEAVES = {path: command for path, command in ALL.items() if not hasattr(command, "commands")}


def test_the_commands_of_the_interface_are_there():
    expected = {
        "demo", "case create", "case officer add", "case operation open", "custody add", "stills receive", "search",
        "review queue", "review judge", "link", "enhance", "rank", "network", "evaluate verification", "evaluate identification",
        "query", "audit verify", "models list", "models check", "models add", "lab", "dashboards",
    }  # fmt: skip
    assert expected <= {" ".join(path) for path in LEAVES}


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_it_helps_and_exits_0(run, path):
    ran = run(*path, "--help")
    assert (ran.code, ran.err) == (0, "")
    assert "--help" in ran.out


@pytest.mark.parametrize("path", LEAVES, ids=" ".join)
def test_its_help_has_an_example_that_parses(run, path):
    text = " ".join(run(*path, "--help").out.split())
    assert "Example: stillgraph " in text
    words = shlex.split(text.split("Example: ", 1)[1])
    assert tuple(words[1 : 1 + len(path)]) == path, "the example is of this very command"
    with LEAVES[path].make_context(path[-1], words[1 + len(path) :]):
        pass


WITHOUT_A_SEAT = {("audit", "verify"), ("audit", "phrase"), ("case", "create"), ("restore",), ("serve",)}
"""What shows nothing of a case, or comes before there is anybody in it to act: a server's officers are its clients'."""


@pytest.mark.parametrize("path", LEAVES, ids=" ".join)
def test_every_command_on_a_case_takes_who_for_what_and_why(path):
    options = {option for p in LEAVES[path].params if p.param_type_name == "option" for option in p.opts}
    on_a_case = any(p.name == "case" and p.param_type_name == "argument" for p in LEAVES[path].params)
    if on_a_case and path not in WITHOUT_A_SEAT:
        assert {"--officer", "--operation", "--reason"} <= options
    assert "--json" in options or path in {("lab",), ("dashboards",)}


def test_no_arguments_help_too(run):
    ran = run()
    assert (ran.code, ran.err) == (0, "")
    assert "Start with: stillgraph demo" in ran.out


def test_the_version_is_the_packages(run):
    assert run("--version").out == f"stillgraph {__version__}\n"


def test_importing_the_command_line_imports_nothing_heavy():
    code = "import sys, stillgraph.cli; print(*sorted({m.split('.')[0] for m in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "typer" in loaded
    assert not HEAVY & set(loaded)


def test_help_answers_in_half_a_second():
    """By the processor's time where others load the machine: the median of five runs."""
    script = Path(sys.executable).with_name("stillgraph")
    command = [str(script)] if script.exists() else [sys.executable, "-c", "from stillgraph.cli import main; main()"]
    wall, processor = [], []
    for _ in range(5):
        before, began = os.times(), time.perf_counter()
        subprocess.run([*command, "--help"], capture_output=True, check=True)
        wall.append(time.perf_counter() - began)
        after = os.times()
        processor.append(after.children_user + after.children_system - before.children_user - before.children_system)
    assert min(statistics.median(wall), statistics.median(processor)) < 0.5
