"""On a full disk, a real and small one: a plain sentence, nothing half done, and everything works once there is room."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
SIZE_MB = 160
FREE = (0, 4_096, 40_000, 200_000, 600_000, 1_500_000)
ALL = ("query", "receive", "enrol", "judge", "search", "back_up", "delete")


def mount(disk, *command):
    """Return the command that runs another one with a small disk of its own, which ends with it."""
    script = f'mount -t tmpfs -o size={SIZE_MB}m none "$0" && exec "$@"'
    return ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, str(disk), *map(str, command)]


@pytest.fixture(scope="module")
def small_disk(tmp_path_factory):
    """Return where a small disk may be mounted; skipped where the system lets nobody."""
    disk = tmp_path_factory.mktemp("disk")
    there = shutil.which("unshare") is not None
    if not there or subprocess.run(mount(disk, "true"), capture_output=True, check=False).returncode != 0:
        pytest.skip("this system lets nobody mount a small disk in a namespace of their own")
    return disk


def ran(disk, case, inputs, actions, free):
    environment = {**os.environ, "STILLGRAPH_TEST_ACTIONS": " ".join(actions)}
    told = subprocess.run(
        mount(disk, sys.executable, HERE / "small_disk.py", disk, case, inputs, *free), capture_output=True, text=True,
        check=False, env=environment, timeout=1200,
    )  # fmt: skip
    assert told.returncode == 0, told.stderr[-2000:]
    return [json.loads(line) for line in told.stdout.splitlines()]


def nothing_is_half_done(told):
    for one in told:
        assert one["outcome"] in ("done", "full", "freed later"), one
        assert not one["waiting"], one
        assert one["holds"], one
        assert one["holds_then"], one
        assert one["images"], one
        assert one["afterwards"] == "done", one
        assert one["index"] == "done", one
        if one["outcome"] == "full":
            assert one["said"].startswith("The disk"), one
            assert one["unchanged"], one
            assert one["again"] == "done", one
            assert one["beside"] == ["case"], one
    assert "full" in {one["outcome"] for one in told}, "the disk was never full"


def test_a_delivery_on_a_full_disk_is_whole_or_not_there(small_disk, modules_case, inputs):
    nothing_is_half_done(ran(small_disk, modules_case.directory, inputs, ["receive"], [4_096]))


@pytest.mark.chaos
@pytest.mark.parametrize("action", ALL)
def test_every_action_on_a_full_disk_is_whole_or_not_there(small_disk, modules_case, inputs, action):
    nothing_is_half_done(ran(small_disk, modules_case.directory, inputs, [action], FREE))
