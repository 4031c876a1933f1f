"""What scores say on the demonstration: the figures of docs/scores.md and docs/accuracy.md.

    python tests/benchmarks/scores.py cases/demo data/demo/truth.csv

Prints, for retailers R01 to R06 (chosen on) and R07 to R12 (held out): how often the first candidate is the person by
their lead over the second, and which margin parts them best; the FPIR that thresholds extrapolated from parts of the
gallery come to in all of it; what other calibrators would come to; and what curves learned from pairs at random would
claim of strangers who stand first.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from stillgraph import evaluation
from stillgraph.casework import take_seat
from stillgraph.casework.evaluating import search_known
from stillgraph.evaluation import KnownSearch, fpir_thresholds, wilson
from stillgraph.evaluation.calibration import _first_candidates
from stillgraph.governance.permits import Action

CHOSEN_ON = tuple(f"R{n:02}" for n in range(1, 7))


def known(case: Path, truth: Path) -> tuple[dict[str, list[KnownSearch]], int]:
    """Return the searches of known truth of either half, and the persons in the gallery."""
    desk = take_seat(case, officer="analyst-1", operation="OP-DEMO", reason="measure what scores say")
    with desk.act(Action.EVALUATE, what="scores") as deed:
        done = search_known(deed.session, desk, evaluation.read_truth(truth))
    halves: dict[str, list[KnownSearch]] = {"R01-R06": [], "R07-R12": []}
    for row, face in done.faces.items():
        mate = [c.score for c in done.lists[row] if c.nominal_id == row.nominal_id]
        others = np.array([c.score for c in done.lists[row] if c.nominal_id != row.nominal_id])
        half = "R01-R06" if row.still[:3] in CHOSEN_ON else "R07-R12"
        halves[half].append(
            KnownSearch(f"{row.still}@{row.position}", row.person, face.quality.band, mate[0] if mate else None, others)
        )
    return halves, len(done.enrolled)


def rate(successes: int, trials: int) -> str:
    """Return a proportion with its Wilson interval, in per cent."""
    found = wilson(int(successes), int(trials))
    if found.value is None:
        return f"0 of {trials}"
    return f"{100 * found.value:.1f} [{100 * found.low:.1f}, {100 * found.high:.1f}] of {trials}"


def leads(searches: list[KnownSearch]) -> tuple[np.ndarray, np.ndarray]:
    """Return the first candidate's lead over the second in each search, and whether the first is the person."""
    lead, right = [], []
    for one in searches:
        mate = -2.0 if one.mate_score is None else one.mate_score
        first, second = np.sort(np.append(one.others[:2], mate))[::-1][:2]
        lead.append(first - second)
        right.append(mate > one.others[0])
    return np.array(lead), np.array(right)


def print_margins(halves: dict[str, list[KnownSearch]]) -> None:
    """Print how the lead parts first candidates."""
    lead, right = leads(halves["R01-R06"])
    margins = np.arange(1, 16) / 100
    youden = [(lead[~right] < m).mean() - (lead[right] < m).mean() for m in margins]
    print("margin chosen on R01-R06:", margins[int(np.argmax(youden))])
    for half, searches in halves.items():
        lead, right = leads(searches)
        for margin in (0.03, 0.05, 0.07, 0.1):
            close = lead < margin
            print(
                f"  {half} lead < {margin}: first is the person {rate(right[close].sum(), close.sum())}; "
                f"else {rate(right[~close].sum(), (~close).sum())}"
            )


def print_extrapolation(halves: dict[str, list[KnownSearch]], gallery: int) -> None:
    """Print the FPIR reached in the whole gallery by thresholds measured with random parts of it."""
    rng = np.random.default_rng(0)
    for half, searches in halves.items():
        best = np.array([one.others[0] for one in searches])
        for share in (0.25, 0.5, 1.0):
            size, reached = round(share * gallery), []
            for _ in range(50 if share < 1 else 1):
                part = [replace(one, others=np.sort(rng.permutation(one.others)[:size])[::-1]) for one in searches]
                every = fpir_thresholds(part, fpir=0.1, measured_gallery=size, gallery=gallery)[0]
                if every.threshold is not None:
                    reached.append((best >= every.threshold).mean())
            said = f"{100 * np.mean(reached):.1f} %" if reached else f"none: {every.insufficient}"
            print(f"  {half}: measured with {size} persons for FPIR 0.1 at {gallery}: {said}")


def held_out_cost(name: str, first, people_folds: int = 10) -> float:
    """Return the cross-validated Cllr of one of lir's calibrators on first candidates."""
    from lir.algorithms.bayeserror import elub
    from lir.algorithms.isotonic_regression import IsotonicCalibrator
    from lir.algorithms.kde import KDECalibrator
    from lir.algorithms.logistic_regression import LogitCalibrator
    from lir.data.models import LLRData
    from lir.metrics import cllr

    makes = {
        "logistic": lambda: LogitCalibrator(C=1e6, solver="newton-cholesky", max_iter=1000),
        "kernel density": lambda: KDECalibrator("silverman"),
        "isotonic": lambda: IsotonicCalibrator(add_misleading=1),
    }
    z = (first.scores - first.scores.mean()) / first.scores.std()
    y = first.same.astype(int)
    people, whose = np.unique(first.people, return_inverse=True)
    fold = (np.random.default_rng(0).permutation(len(people)) % people_folds)[whose]
    shaped = z.reshape(-1, 1) if name == "kernel density" else z
    found = np.zeros(len(z))
    for held in range(people_folds):
        learned = makes[name]().fit(shaped[fold != held], y[fold != held])
        inside, outside = (np.asarray(learned.transform(shaped[rows])).ravel() for rows in (fold != held, fold == held))
        found[fold == held] = np.clip(outside, *elub(inside.copy(), y[fold != held]))
    return cllr(LLRData(features=found, labels=y))


def print_calibrators(halves: dict[str, list[KnownSearch]], gallery: int) -> None:
    """Print what other calibrators come to, band by band, on the half that choices are made on."""
    for band in "ABCD":
        first = _first_candidates([one for one in halves["R01-R06"] if one.band == band], gallery, gallery)
        print(
            f"  band {band}:",
            {n: round(held_out_cost(n, first), 3) for n in ("logistic", "kernel density", "isotonic")},
        )


def print_pairs(halves: dict[str, list[KnownSearch]]) -> None:
    """Print what a curve learned from pairs at random claims of strangers who stand first."""
    from lir.algorithms.logistic_regression import LogitCalibrator

    chosen = [one for one in halves["R01-R06"] if one.band == "A"]
    same = np.array([one.mate_score for one in chosen if one.mate_score is not None])
    different = np.concatenate([one.others for one in chosen])
    scores = np.concatenate([same, different])
    centre, spread = scores.mean(), scores.std()
    logistic = LogitCalibrator(C=1e6, solver="newton-cholesky", max_iter=1000)
    logistic.fit((scores - centre) / spread, np.r_[np.ones(len(same)), np.zeros(len(different))].astype(int))
    for half, searches in halves.items():
        strangers = np.array([one.others[0] for one in searches if one.band == "A"])
        claimed = 10 ** logistic.transform((strangers - centre) / spread)
        print(
            f"  {half}, band A: of best others {rate((claimed >= 10).sum(), len(claimed))} get 10 or more, "
            f"{rate((claimed >= 100).sum(), len(claimed))} get 100 or more; median {np.median(claimed):.0f}"
        )


if __name__ == "__main__":
    both, persons = known(Path(sys.argv[1]), Path(sys.argv[2]))
    print_margins(both)
    print("thresholds extrapolated:")
    print_extrapolation(both, persons)
    print("cross-validated Cllr on R01-R06:")
    print_calibrators(both, persons)
    print("a curve learned from pairs at random:")
    print_pairs(both)
