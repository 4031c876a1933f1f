"""Holds every interval and finding of `stillgraph.evaluation` to populations whose true rates are known.

    python tests/benchmarks/accuracy.py [--runs 500]

Each line says how often a 95 % interval held the truth, or how often a differential was found, in so many runs, with
the Wilson interval of that share itself. Last, how long ten million compared pairs take, beside scikit-learn.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator

import numpy as np
from sklearn.metrics import roc_auc_score, roc_curve

from stillgraph.evaluation import differentials, verification, wilson
from stillgraph.evaluation.differentials import Says, differential, power
from stillgraph.evaluation.drift import chart
from stillgraph.evaluation.paired import paired
from stillgraph.evaluation.people import of_counts
from stillgraph.evaluation.populations import Population
from stillgraph.evaluation.process import Measured, process
from stillgraph.evaluation.rates import needed
from stillgraph.evaluation.searches import operating_point

PAIRS = 10_000_000


def shares(runs: int) -> Iterator[tuple[str, int]]:
    """Rates whose trials share people: one to six searches each."""
    for people in (30, 100, 400):
        for rate in (0.01, 0.05, 0.2, 0.5):
            for alike in (0.0, 0.2, 0.5):
                rng = np.random.default_rng(1)
                held = 0
                for _ in range(runs):
                    own = np.full(people, rate)
                    if alike:
                        own = rng.beta(rate * (1 - alike) / alike, (1 - rate) * (1 - alike) / alike, people)
                    trials = rng.integers(1, 7, people)
                    found = of_counts(rng.binomial(trials, own), trials)
                    held += found.low <= rate <= found.high
                yield f"rate {rate:g}, {people} people, {alike:g} of the variance between them", held


def operating_points(runs: int) -> Iterator[tuple[str, int]]:
    """FNIR at a target FPIR, and the threshold: both estimated on the same searches."""
    for named, population, target in (
        ("150 and 150 people, one search each", Population(150, 150), 0.1),
        (
            "60 and 60 people, three searches each, half the variance between them",
            Population(60, 60, 3, alike=0.5),
            0.1,
        ),
        ("100 and 300 people", Population(100, 300, separation=3.5), 0.03),
        ("40 and 400 people, two searches each", Population(40, 400, 2, separation=4, alike=0.3), 0.01),
    ):
        at = population.threshold(target)
        fnir = population.fnir(at)
        held = [0, 0]
        for run in range(runs):
            found = operating_point(population.drawn(run), target, within_rank=20, seed=run)
            held[0] += found.fnir.low <= fnir <= found.fnir.high
            held[1] += found.threshold_low <= at <= found.threshold_high
        yield f"FNIR at FPIR {target:g} ({100 * fnir:.0f} %), {named}", held[0]
        yield f"threshold for FPIR {target:g}, {named}", held[1]


def distances(runs: int) -> Iterator[tuple[str, int]]:
    """How far the rates of groups lie apart."""
    for rates, each in (
        ((0.1, 0.1), 300),
        ((0.1, 0.3), 300),
        ((0.01, 0.03), 1000),
        ((0.05, 0.1, 0.15), 400),
        ((0.3, 0.3, 0.4, 0.5), 100),
    ):
        true = differentials._measures(np.array(rates))
        held = np.zeros(3, dtype=int)
        for run in range(runs):
            rng = np.random.default_rng(run)
            seen = rng.binomial(each, rates) / each
            for at, one in enumerate(differentials._apart(seen, np.full(len(rates), float(each)), run).values()):
                held[at] += one.low - 1e-9 <= true[at] and (one.high is None or true[at] <= one.high + 1e-9)
        for name, times in zip(("Max/Min", "Max/GeoMean", "Gini"), held, strict=True):
            yield f"{name} of rates {', '.join(f'{rate:g}' for rate in rates)}, {each} searches each", int(times)


def differences(runs: int) -> Iterator[tuple[str, int]]:
    """Two models on the same people, three trials each."""
    for lost in (0.0, 0.1):
        held = 0
        for run in range(runs):
            rng = np.random.default_rng(run)
            own = np.repeat(rng.beta(4, 2, 80), 3)
            first, second = rng.random(240) < own, rng.random(240) < own * (1 - lost)
            found = paired(first, second, np.repeat(np.arange(80), 3), measure="m", seed=run)
            held += found.low <= lost * 2 / 3 <= found.high
        yield f"difference of two models, true {100 * lost * 2 / 3:.1f} points", held


def whole_process(runs: int) -> Iterator[tuple[str, int]]:
    """Of 100 corroborated leads, how many are wrong: 55 absent and 66 present trials, 263 searches."""
    for shared in (0.0, 1.0):
        held = 0
        listed, absent, present, elsewhere, there = 0.94, 0.2, 0.8, 0.08, 0.7
        both = (lambda p: p) if shared else (lambda p: 3 * p**2 - 2 * p**3)
        wrong = (1 - there * listed) * both(absent) + there * listed * both(elsewhere)
        true = wrong / (wrong + there * listed * both(present))
        for run in range(runs):
            rng = np.random.default_rng(run)
            kinds = rng.multinomial(66, [present, elsewhere, 1 - present - elsewhere])
            measured = Measured(
                wilson(rng.binomial(263, listed), 263), wilson(rng.binomial(55, absent), 55), wilson(kinds[0], 66),
                wilson(kinds[1], 66), wilson(rng.binomial(374, there), 374),
            )  # fmt: skip
            (found,) = process(measured, shared=(shared,), seed=run).scenarios
            held += found.wrong.low <= true <= found.wrong.high
        yield f"wrong leads, true {100 * true:.1f} of 100, errors {'shared' if shared else 'independent'}", held


def planted(runs: int) -> Iterator[tuple[str, str]]:
    """A differential that was planted, and none."""
    for low, times, each in (
        (0.02, 3, 600), (0.02, 3, 1000), (0.01, 3, 1000), (0.01, 3, 2000), (0.003, 3, 3000), (0.02, 1, 1000),
        (0.1, 1, 300), (0.003, 1, 1000),
    ):  # fmt: skip
        said = dict.fromkeys(Says, 0)
        labels = np.repeat(["a", "b"], each)
        for run in range(runs):
            events = np.random.default_rng(run).random(2 * each) < np.repeat([low, low * times], each)
            found = differential(
                events, np.arange(2 * each), labels, measure="FPIR", attribute="group",
                least_trials=needed(low), seed=run,
            )  # fmt: skip
            said[found.says] += 1
        stated = f"stated power {100 * power(low, low * times, each, each):.0f} %" if times > 1 else "no differential"
        counts = ", ".join(f"{says} {count}" for says, count in said.items() if count)
        yield f"FPIR {low:g} and {low * times:g}, {each:,} searches each ({stated})", counts


def false_signs(runs: int) -> str:
    """Months of charts that stand out though nothing changed."""
    rng = np.random.default_rng(0)
    months = [(str(at), 60) for at in range(24)]
    signs = sum(len(chart("x", [(m, int(rng.binomial(n, 0.3)), n) for m, n in months]).signs) for _ in range(runs))
    return percent(signs, runs * len(months))


def percent(count: int, of: int) -> str:
    """Return a share of runs with its own interval."""
    rate = wilson(count, of)
    return f"{100 * rate.value:5.1f} % [{100 * rate.low:.1f}, {100 * rate.high:.1f}]"


def pairs() -> None:
    """Time ten million pairs."""
    rng = np.random.default_rng(0)
    same = rng.random(PAIRS) < 0.1
    scores = np.clip(rng.normal(0, 0.1, PAIRS) + same * 0.25, -1, 1)
    began = time.perf_counter()
    ours = verification(scores, same)
    took = time.perf_counter() - began
    began = time.perf_counter()
    roc_curve(same, scores, drop_intermediate=False)
    area = roc_auc_score(same, scores)
    theirs = time.perf_counter() - began
    print(
        f"{PAIRS:,} pairs: {took:.1f} s for AUC, EER, TAR, accuracy in ten folds and the curve; scikit-learn's curve and "
        f"area alone {theirs:.1f} s; areas differ by {abs((ours.auc or 0) - area):.1e}"
    )


def main() -> None:
    """Print all of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=500)
    runs = parser.parse_args().runs
    parts: tuple[Callable[[int], Iterator[tuple[str, int]]], ...] = (
        shares, operating_points, distances, differences, whole_process,
    )  # fmt: skip
    for part in parts:
        print(f"== {part.__doc__}")
        for named, held in part(runs):
            print(f"{percent(held, runs)}  {named}", flush=True)
    print(f"== {planted.__doc__}")
    for named, counts in planted(runs):
        print(f"{named}: {counts}", flush=True)
    print(f"== {false_signs.__doc__}\n{false_signs(runs)}")
    print("== Speed")
    pairs()


if __name__ == "__main__":
    main()
