"""What keeping the record costs: a look at a case with its record and a bare transaction, and checking a long record.

Run by name: ``python tests/benchmarks/record.py``. The ratio is of a recorded action to a transaction that inserts one row
and brings it to the disk, in one opening of the case; the seconds are of this machine.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

ENTRIES = 100_000
ACTIONS = 200


def main() -> None:
    """Print the measures as one JSON document."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["STILLGRAPH_STATE"] = str(Path(folder) / "state")
        print(json.dumps(actions(Path(folder) / "case") | long_record(Path(folder))))


def actions(place: Path) -> dict[str, float]:
    """Return milliseconds of a recorded action and of a bare transaction, and their ratio."""
    from stillgraph.casework import governing, take_seat

    governing.create_case(place, encrypt=False)
    governing.add_officer(take_seat(place, officer="", operation="", reason=""), "one")
    seat = take_seat(place, officer="one", operation="OP", reason="measure")
    governing.open_operation(seat, "OP", purpose="measure")
    with seat.sitting(), seat.case.session(writing=True) as session:
        governing.open_workbench(seat, "lab")
        began = time.perf_counter()
        for _ in range(ACTIONS):
            governing.open_workbench(seat, "lab")
        recorded = (time.perf_counter() - began) / ACTIONS
        session.execute("CREATE TEMP TABLE mark (n INTEGER)")
        began = time.perf_counter()
        for n in range(ACTIONS):
            with session.transaction():
                session.execute("INSERT OR REPLACE INTO held.settings VALUES ('measure', ?)", [str(n)])
        bare = (time.perf_counter() - began) / ACTIONS
    return {"recorded_ms": recorded * 1e3, "bare_ms": bare * 1e3, "ratio": recorded / bare}


def long_record(folder: Path) -> dict[str, float]:
    """Return the seconds of appending to a long log once, and of checking all of it."""
    from stillgraph.governance import chain, checking, log

    key, began, made = b"k" * 32, datetime(2026, 1, 1, tzinfo=UTC), []
    for n in range(1, ENTRIES + 1):
        made.append(
            chain.entry(
                sequence=n, previous=made[-1].digest if made else chain.GENESIS, recorded_at=began + timedelta(seconds=n),
                officer="pc1", operation="OP", reason="a reason of usual length", action="view", result="done",
                details={"still": "R08/R08_0002.jpg", "n": n}, key=key,
            )
        )  # fmt: skip
    log.append(folder, made, key)
    start = time.perf_counter()
    log.append(folder, made[-1:], key)
    appended = time.perf_counter() - start
    start = time.perf_counter()
    lines = list(log.lines(folder))[:ENTRIES]
    plain = chain.verify(made, [chain.Anchor(ENTRIES, made[-1].digest)])
    evidence = checking.Evidence(made, lines, [], 0, [], "", None, key, None, None, "")
    problems = [one for one in checking.problems(evidence) if "seal" not in one.says]
    checked = time.perf_counter() - start
    assert plain.holds and not problems, problems[:3]  # noqa: PT018
    return {"append_to_100000_ms": appended * 1e3, "check_100000_s": checked}


if __name__ == "__main__":
    main()
