"""Many at once at one server: nothing is lost, nobody sees a lock, and the record is whole. A short version."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from stillgraph.casework import analysing, governing

USER = Path(__file__).with_name("a_user.py")
USERS, ACTIONS = 4, 16
P95_S = 5.0


def test_many_users_lose_nothing_and_see_no_lock(small_case, serve):
    served = serve(small_case.directory)
    users = {
        f"user-{at}": subprocess.Popen(
            [sys.executable, str(USER), f"user-{at}", str(ACTIONS), "calls"],
            env={**served.environment("ann"), "STILLGRAPH_CASE": served.url},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for at in range(USERS)
    }  # fmt: skip
    took = []
    for process in users.values():
        out, err = process.communicate(timeout=300)
        assert (process.returncode, err) == (0, "")
        took += json.loads(out)
    assert len(took) == USERS * ACTIONS
    assert sorted(took)[int(len(took) * 0.95)] < P95_S
    kept = analysing.query(served.seat("ann"), "SELECT count(*) AS n FROM audit WHERE action = 'save query'")
    assert kept["n"][0] == USERS * ACTIONS // 4
    assert served.end() == 0
    report = governing.verify_audit(small_case.directory)
    assert report.holds, report.problem
