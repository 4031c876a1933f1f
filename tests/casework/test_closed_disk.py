"""A case that cannot be written to: a plain sentence, and its record can still be checked."""

from __future__ import annotations

import errno
import shutil
import subprocess
import sys

import duckdb
import pytest

from stillgraph.errors import DiskFull, NotFound, ReadOnly
from stillgraph.store import disk

WORK = """
import sys
from pathlib import Path
from stillgraph.casework import analysing, governing, take_seat
from stillgraph.cli.app import run
from stillgraph.errors import ReadOnly
case = sys.argv[1]
assert governing.verify_audit(Path(case)).holds
try:
    analysing.query(take_seat(case, officer="desk", operation="OP-TEST", reason="look"), "SELECT 1")
except ReadOnly as error:
    assert "a case on a read-only disk" in str(error)
else:
    raise SystemExit("it was looked at without being recorded")
sys.exit(run(["query", case, "SELECT 1", "--officer", "desk", "--operation", "OP-TEST", "--reason", "look"]))
"""


def test_a_case_on_a_read_only_disk_is_not_looked_at_and_its_record_can_be_checked(small_case):
    place = str(small_case.directory)
    closed = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@"'
    inside = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", closed, place]
    if (
        shutil.which("unshare") is None
        or subprocess.run([*inside, "true"], capture_output=True, check=False).returncode
    ):
        pytest.skip("this system lets nobody mount anything in a namespace of their own")
    ran = subprocess.run([*inside, sys.executable, "-c", WORK, place], capture_output=True, text=True, check=False)
    assert "cannot be written to. Every look at a case is recorded in it" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert ran.returncode == 1


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), DiskFull),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), DiskFull),
        (duckdb.TransactionException("Failed to commit: Could not write file: No space left on device"), DiskFull),
        (OSError(errno.EROFS, "Read-only file system"), ReadOnly),
    ],
)
def test_what_a_disk_does_is_said_plainly_whatever_came_of_it(tmp_path, error, expected):
    with pytest.raises(expected, match=str(tmp_path)), disk.plainly(tmp_path):
        raise error
    led_to = RuntimeError("a rollback that failed")
    led_to.__context__ = error
    with pytest.raises(expected), disk.plainly(tmp_path):
        raise led_to


def test_everything_else_stays_what_it_is(tmp_path):
    for error in (ValueError("x"), OSError(errno.EPERM, "no"), NotFound("No space left on device")):
        with pytest.raises(type(error)) as raised, disk.plainly(tmp_path):
            raise error
        assert raised.value is error
