"""Changing a case's master key, killed at many random moments: it opens with the old key or the new, and has everything."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time

import pytest

from stillgraph.casework import governing, keying
from stillgraph.errors import MissingKey, WrongKey
from stillgraph.store import CaseFile, keys, receipts
from stillgraph.store.images import ImageStore

pytestmark = pytest.mark.chaos

KILLS = 20
ROTATE = """
import sys
from pathlib import Path
from stillgraph.casework import keying, take_seat
desk = take_seat(sys.argv[1], officer="desk", operation="OP-TEST", reason="rotate")
print("ready", flush=True)
keying.rotate(desk, key_file=Path(sys.argv[2]))
"""


def everything(directory):
    with CaseFile(directory).session(writing=False) as session:
        tables = session.rows("SELECT table_name FROM duckdb_tables() WHERE database_name = 'casefile' "
                              "AND table_name NOT IN ('audit', 'settings', 'table_marks') ORDER BY ALL")  # fmt: skip
        held = {table: session.rows(f"SELECT * FROM held.{table} ORDER BY ALL") for (table,) in tables}
        digests = sorted(receipts.all_digests(session))
    images = ImageStore(directory)
    return held | {"images": [images.get(digest) for digest in digests]}


def opens(directory, key, monkeypatch):
    keys.forget(directory)
    monkeypatch.setenv("STILLGRAPH_KEY_FILE", str(key))
    try:
        keys.ring(directory)
    except (WrongKey, MissingKey):
        return False
    return True


def test_killed_at_random_moments_nothing_is_lost(small_case, tmp_path, monkeypatch):
    dice, directory, took = random.Random(7), small_case.directory, 4.0
    old = tmp_path / "0.key"
    keying.encrypt(small_case.seat(), key_file=old)
    monkeypatch.setenv("STILLGRAPH_KEY_FILE", str(old))
    before, came = everything(directory), {"old": 0, "new": 0}
    for number in range(1, KILLS + 1):
        new = tmp_path / f"{number}.key"
        keys.new_key_file(new)
        with subprocess.Popen(
            [sys.executable, "-c", ROTATE, directory, new], stdout=subprocess.PIPE, start_new_session=True
        ) as process:
            process.stdout.readline()
            began = time.monotonic()
            try:
                process.wait(timeout=dice.uniform(0, took))
                took = time.monotonic() - began
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
        with_new = opens(directory, new, monkeypatch)
        assert with_new or opens(directory, old, monkeypatch), number
        old = new if with_new else old
        came["new" if with_new else "old"] += 1
        assert everything(directory) == before, number
        assert governing.verify_audit(directory).holds, number
    assert came["old"] > 0, came
    assert came["new"] > 0, came
