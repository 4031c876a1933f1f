"""Officers with known error rates, dealt lists and trials by the product itself: what it says of them, and what time tells.

    python tests/benchmarks/dealt.py cases/demo data/demo/truth.csv [--seed 1] [--errors 0.05,0.2,0.4]

Works on a copy of a demonstration, whose judgements are taken out of it. Two officers who do not err judge half of the
faces, which makes trials of many; then officers with known errors are dealt everything else, with as many trials as the
policy allows. Printed: what `review accuracy` says of each beside what is known, and how long `deal` and `judge` take
over a trial and over a real list (their ratio; the machine's speed does not matter).
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

from stillgraph import demo
from stillgraph.casework import evaluating, governing, reviewing, take_seat
from stillgraph.records import Comparison, Strength, Verdict
from stillgraph.store.casefile import SCHEMA_VERSION

SEEN = "simulated: not looked at"


def seat(case: Path, officer: str, **more):
    return take_seat(case, officer=officer, operation=demo.OPERATION, reason="simulated review", **more)


def answer(rng, listed, right, error):
    """Return what an officer says who errs so often: overlooks the right person or supports another, at even odds."""
    wrong = [nominal for nominal in listed if nominal != right]
    errs = rng.random() < error
    if right in listed:
        return right if not errs else None if rng.random() < 0.5 else rng.choice(wrong)
    return rng.choice(wrong) if errs else None


def judge(desk, face_id, nominal):
    strength = None if nominal is None else Strength.LIMITED
    verdict = Verdict.NO_CANDIDATE if nominal is None else Verdict.SUPPORTS
    said = Comparison(SEEN, SEEN, strength=strength)
    return reviewing.judge(desk, face_id, verdict, nominal_id=nominal, comparison=said)


def prepared(source: Path, target: Path, truth: Path):
    """Copy the case, take its judgements out, and have half of its faces judged without error by two."""
    shutil.copytree(source, target)
    desk = seat(target, demo.ANALYST, outdated=True)
    if desk.case.version() < SCHEMA_VERSION:
        governing.upgrade_case(desk)
    desk = seat(target, demo.ANALYST)
    with desk.case.session(writing=True) as session:
        session.execute("DELETE FROM held.judgements")
    whose = evaluating.truth_of_faces(desk, truth)
    sure = ("sure-1", "sure-2")
    with desk.sitting():
        for officer in sure:
            governing.add_officer(desk, officer, simulated=True)
        half = reviewing.queue(seat(target, sure[0]))[::2]
        for officer in sure:
            for item in half:
                right = whose.get(item.face_id)
                judge(seat(target, officer), item.face_id, right if right in dict(item.candidates) else None)
    reviewing.set_policy(desk, trial_share=0.25, present_share=0.25)
    return desk, whose


def measure(case: Path, officer: str, error: float, whose, rng):
    """Deal everything to one officer; return what is said of them and the seconds of trials and real lists."""
    governing.add_officer(seat(case, demo.ANALYST), officer, simulated=True)
    desk, seconds = seat(case, officer), []
    with desk.sitting():
        while True:
            began = time.perf_counter()
            item = reviewing.deal(desk)
            dealt = time.perf_counter() - began
            if item is None:
                break
            said = answer(rng, [nominal for nominal, _ in item.candidates], whose.get(item.face_id), error)
            began = time.perf_counter()
            judge(desk, item.face_id, said)
            seconds.append((item.face_id, dealt, time.perf_counter() - began))
        with desk.case.session(writing=False) as session:
            trials = {
                face for (face,) in session.rows("SELECT face_id FROM held.trials WHERE officer_id = ?", [officer])
            }
        return reviewing.accuracy(desk), [(face in trials, *times) for face, *times in seconds]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("case", type=Path)
    parser.add_argument("truth", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--errors", default="0.05,0.2,0.4", help="one officer each, one after the other")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        case = Path(folder) / "case"
        _, whose = prepared(asked.case, case, asked.truth)
        for number, error in enumerate(map(float, asked.errors.split(","))):
            found, seconds = measure(case, f"err-{number}", error, whose, np.random.default_rng([asked.seed, number]))
            medians = {
                (kind, what): statistics.median(row[column] for row in seconds if row[0] is kind)
                for kind in (True, False)
                for column, what in ((1, "deal"), (2, "judge"))
            }
            print(
                json.dumps(
                    {
                        "error": error,
                        "lists": len(seconds),
                        "trials": sum(row[0] for row in seconds),
                        **{name: [getattr(found, name).successes, getattr(found, name).trials, getattr(found, name).low,
                                  getattr(found, name).high] for name in ("absent", "present")},
                        "known": 1 - error,
                        "corrected": [found.chance_corrected, found.chance_corrected_low, found.chance_corrected_high],
                        "corrected known": 1 - 2 * error,
                        "ms": {f"{what}, {'trial' if kind else 'real'}": round(1000 * s, 1) for (kind, what), s in medians.items()},
                        "ratio": {what: medians[True, what] / medians[False, what] for what in ("deal", "judge")},
                    }
                ),
                flush=True,
            )  # fmt: skip


if __name__ == "__main__":
    main()
