"""The README's commands on one's own data are run, one after the other, as they stand there."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest


def _commands(root: Path) -> list[str]:
    text = (root / "README.md").read_text(encoding="utf-8").split("## Your own data")[1].split("\n## ")[0]
    (block,) = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    return block.strip().splitlines()


@pytest.fixture
def place(small_inputs: Path, tmp_path: Path) -> Path:
    """Return an empty directory with data where the README says it is to be."""
    shutil.copytree(small_inputs, tmp_path / "mydata")
    return tmp_path


def _environment() -> dict[str, str]:
    return {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}


def test_the_commands_on_own_data_run_as_they_stand(root, place):
    *commands, last = _commands(root)
    assert [c.split()[1] for c in commands if c.startswith("stillgraph")] == [
        "case", "case", "case", "case", "case", "custody", "stills", "search", "review", "review", "review", "link",
        "rank", "why", "ask", "report", "report",
    ]  # fmt: skip
    script = "set -euo pipefail\n" + "\n".join(commands)
    told = subprocess.run(
        ["bash", "-c", script], cwd=place, env=_environment(), capture_output=True, text=True, timeout=300, check=False
    )
    assert told.returncode == 0, told.stderr
    assert "corroborated (N314959)" in told.stdout
    assert (place / "autumn.pdf").read_bytes().startswith(b"%PDF")
    assert re.search(r"^ +1 +1-1 +(?:100 % +)?N314959 +corroborated", told.stdout, re.MULTILINE), told.stdout
    exports = "\n".join(command for command in commands if command.startswith("export"))
    assert _first_line(f"{exports}\nexec {last}", place).startswith("Dashboards: http://127.0.0.1:")


def _first_line(script: str, place: Path) -> str:
    """Return the first line that a command prints which runs until it is interrupted."""
    server = subprocess.Popen(
        ["bash", "-c", script], cwd=place, env=_environment(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        text=True, start_new_session=True,
    )  # fmt: skip
    assert server.stdout is not None
    try:
        return server.stdout.readline()
    finally:
        os.killpg(server.pid, signal.SIGINT)
        try:
            server.wait(timeout=30)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()
        server.stdout.close()


def test_the_two_commands_are_targets_of_the_makefile(root):
    block = (root / "README.md").read_text(encoding="utf-8").split("## Two commands")[1].split("\n## ")[0]
    named = re.findall(r"^    make (\w+)", block, re.MULTILINE)
    targets = re.findall(r"^(\w+):", (root / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert named == ["demo", "test"]
    assert set(named) <= set(targets)


def test_the_picture_says_what_it_shows(root):
    (alt,) = re.findall(r"!\[([^\]]+)\]\(docs/images/overview\.png\)", (root / "README.md").read_text(encoding="utf-8"))
    assert len(alt.split()) > 12
