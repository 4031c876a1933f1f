"""A simulated month of review: how often two blind officers corroborate somebody wrong, and how well trials measure.

    python tests/benchmarks/month.py [--months 200] [--lists 500] [--seed 1]

Nothing here is about people: reviewers are dice with known error rates. Each list has the right person on it or not, and
one look-alike. A reviewer who errs on a list with the right person overlooks them or supports the look-alike, at even
odds; on a list without, supports the look-alike. *Shared* is the correlation of two reviewers' errors on one list: the
look-alike that draws one draws the other too. Outcomes are those of ``stillgraph.review``, a third officer deciding
where two differ; accuracy is that of ``stillgraph.evaluation.reviewers`` on the trials a month brings.
"""

from __future__ import annotations

import argparse
import json
import math
from collections import Counter
from datetime import UTC, datetime

import numpy as np

from stillgraph import review
from stillgraph.evaluation import reviewers, wilson
from stillgraph.records import Judgement, Outcome, ReviewPolicy, Verdict
from stillgraph.review import dealing

AT = datetime(2026, 11, 1, tzinfo=UTC)
RIGHT, LOOK_ALIKE = "N1", "N2"
PRESENT_SHARE = 0.6
"""Share of real lists with the right person on them."""

ERRORS = (0.05, 0.2, 0.4)
SHARED = (0.0, 0.3, 0.6)


def says(rng, officers, *, present, error, shared):
    """Return what each of some officers says of one list: a nominal, or ``None`` for nobody.

    Each officer looks at the list's own draw with chance sqrt(shared), else at one of their own, so that the errors of
    two have that correlation.
    """
    common, own = rng.random(2), rng.random((officers, 2))
    follows = rng.random(officers) < math.sqrt(shared)
    drawn = np.where(follows[:, None], common, own)
    answers = []
    for errs, how in zip(drawn[:, 0] < error, drawn[:, 1], strict=True):
        if present:
            answers.append(RIGHT if not errs else None if how < 0.5 else LOOK_ALIKE)
        else:
            answers.append(LOOK_ALIKE if errs else None)
    return answers


def outcome(answers):
    """Return the ruling on a list by the rules of review: two officers, and a third where they differ."""
    judgements = []
    for number, supported in enumerate(answers[:3], start=1):
        verdict = Verdict.SUPPORTS if supported else Verdict.NO_CANDIDATE
        judgements.append(Judgement(number, "f", 1, f"o{number}", verdict, supported, "seen", AT, simulated=True))
        ruled = review.ruling(judgements)
        if ruled.outcome not in {Outcome.PENDING, Outcome.DISPUTED}:
            break
    return ruled


def months(count, lists, *, error, shared, seed):
    """Return how often one officer, and two blind ones with a third, take somebody for another, over many months."""
    rng = np.random.default_rng([seed, int(1000 * error), int(1000 * shared)])
    seen = Counter()
    for _ in range(count * lists):
        present = rng.random() < PRESENT_SHARE
        answers = says(rng, 3, present=present, error=error, shared=shared)
        right = RIGHT if present else None
        ruled = outcome(answers)
        seen["one supports"] += answers[0] is not None
        seen["one wrong"] += answers[0] not in {None, right}
        seen["one right"] += answers[0] is not None and answers[0] == right
        seen["two support"] += ruled.nominal_id is not None
        seen["two wrong"] += ruled.nominal_id not in {None, right}
        seen["two right"] += ruled.nominal_id is not None and ruled.nominal_id == right
        seen["present"] += present
    trials = count * lists
    return {
        "one wrong of lists": wilson(seen["one wrong"], trials),
        "two wrong of lists": wilson(seen["two wrong"], trials),
        "one wrong of supported": wilson(seen["one wrong"], seen["one supports"]),
        "two wrong of corroborated": wilson(seen["two wrong"], seen["two support"]),
        "one right of present": wilson(seen["one right"], seen["present"]),
        "two right of present": wilson(seen["two right"], seen["present"]),
    }


def trials_of_a_month(seed, officer, lists, policy):
    """Return how many absent and present trials the product mixes into this many real lists of an officer."""
    drawn = Counter(dealing.trial_beside(policy, officer, f"f{seed}/{n}", 1) for n in range(lists))
    return drawn[dealing.ABSENT], drawn[dealing.PRESENT]


def coverage(count, lists, *, error, seed):
    """Return how often the intervals of a month's accuracy hold the officer's known one, over many months.

    ``present`` and ``absent`` of every month, the chance-corrected only of months with trials enough.
    """
    rng, policy = np.random.default_rng([seed, int(1000 * error)]), ReviewPolicy(seed=seed)
    known_present, known_absent = 1 - error, 1 - error
    held, given, trials = Counter(), Counter(), Counter()
    for month in range(count):
        absent, present = trials_of_a_month(month, f"o{error}", lists, policy)
        told = [("absent", _verdict(a), False) for a in (
            says(rng, 1, present=False, error=error, shared=0)[0] for _ in range(absent))]  # fmt: skip
        told += [("present", _verdict(a), a == RIGHT) for a in (
            says(rng, 1, present=True, error=error, shared=0)[0] for _ in range(present))]  # fmt: skip
        found = reviewers.measured("o", told, [])
        trials.update(absent=absent, present=present)
        for name, rate, known in (("absent", found.absent, known_absent), ("present", found.present, known_present)):
            if rate.low is not None:
                given[name] += 1
                held[name] += rate.low <= known <= rate.high
        if found.chance_corrected_low is not None:
            given["corrected"] += 1
            low, high = found.chance_corrected_low, found.chance_corrected_high
            held["corrected"] += low <= known_present + known_absent - 1 <= high
    return {
        **{name: wilson(held[name], given[name]) for name in ("absent", "present", "corrected")},
        "trials a month": {kind: trials[kind] / count for kind in ("absent", "present")},
    }


def _verdict(answer):
    return Verdict.NO_CANDIDATE if answer is None else Verdict.SUPPORTS


def said(rate):
    return f"{100 * rate.value:.2f} % [{100 * rate.low:.2f}, {100 * rate.high:.2f}]"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--months", type=int, default=200)
    parser.add_argument("--lists", type=int, default=500, help="real lists of a month, and of an officer")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    for error in ERRORS:
        for shared in SHARED:
            found = months(asked.months, asked.lists, error=error, shared=shared, seed=asked.seed)
            print(json.dumps({"error": error, "shared": shared, **{k: said(v) for k, v in found.items()}}))
    for error in ERRORS:
        found = coverage(10 * asked.months, asked.lists, error=error, seed=asked.seed)
        trials = found.pop("trials a month")
        print(json.dumps({"coverage at error": error, **{k: said(v) for k, v in found.items()}, "trials": trials}))


if __name__ == "__main__":
    main()
