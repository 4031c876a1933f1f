"""How well a reviewer tells faces apart, measured in trials, corrected for chance, with intervals."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

from stillgraph.evaluation.rates import wilson
from stillgraph.records import OfficerId, Rate, ReviewerAccuracy, Verdict

LEAST_TRIALS = 10
"""Trials of either kind below which no accuracy is corrected for chance: its interval would span most of the scale."""


def measured(
    officer: OfficerId, trials: Sequence[tuple[str, Verdict, bool]], seconds: Sequence[float]
) -> ReviewerAccuracy:
    """Return a reviewer's accuracy in trials and their time per decision.

    Parameters
    ----------
    trials
        Of each trial its kind (``absent`` or ``present``), the verdict, and whether it supports the right person.
    seconds
        Over each dealt list, from deal to judgement.

    Notes
    -----
    Chance-corrected accuracy is Youden's J (Youden 1950; informedness, Powers 2011): the share of present trials in
    which the right person was supported, plus the share of absent trials in which nobody was, less 1. Who answers
    without looking, supporting nobody with chance *q* and otherwise anybody, the first on the list or one at random,
    reaches at most *q* + (1 - *q*) - 1 = 0, whatever *q* and however often the first on the list is right. The interval
    is Newcombe's (1998, method 10) for a difference of two shares, from their Wilson intervals.
    """
    absent = [verdict for kind, verdict, _ in trials if kind == "absent"]
    present = [right for kind, _, right in trials if kind == "present"]
    kept_out = wilson(sum(verdict is not Verdict.SUPPORTS for verdict in absent), len(absent))
    found = wilson(sum(present), len(present))
    wrong = sum(verdict is Verdict.SUPPORTS and not right for _, verdict, right in trials)
    corrected = informedness(found, kept_out)
    value, low, high = corrected if corrected is not None else (None, None, None)
    return ReviewerAccuracy(
        officer=officer, absent=kept_out, present=found, wrong_person=wilson(wrong, len(trials)),
        inconclusive=sum(verdict is Verdict.INCONCLUSIVE for _, verdict, _ in trials),
        chance_corrected=value, chance_corrected_low=low, chance_corrected_high=high,
        insufficient=None if corrected is not None else _insufficient(len(absent), len(present)),
        decisions=len(seconds), seconds_median=statistics.median(seconds) if seconds else None,
        seconds_quartiles=_quartiles(seconds),
    )  # fmt: skip


def informedness(present: Rate, absent: Rate) -> tuple[float, float, float] | None:
    """Return Youden's J of two rates with its 95 % interval, or ``None`` where either has too few trials."""
    if min(present.trials, absent.trials) < LEAST_TRIALS:
        return None
    p, p_low, p_high = _known(present)
    a, a_low, a_high = _known(absent)
    value = p + a - 1
    low = value - math.hypot(p - p_low, a - a_low)
    high = value + math.hypot(p_high - p, a_high - a)
    return value, low, high


def _known(rate: Rate) -> tuple[float, float, float]:
    assert rate.value is not None  # noqa: S101  (only rates with trials come here)
    assert rate.low is not None  # noqa: S101
    assert rate.high is not None  # noqa: S101
    return rate.value, rate.low, rate.high


def _insufficient(absent: int, present: int) -> str:
    return (
        f"insufficient: {absent} absent and {present} present trials, and it takes {LEAST_TRIALS} of each to correct "
        "for chance"
    )


def _quartiles(seconds: Sequence[float]) -> tuple[float, float] | None:
    if len(seconds) < 2:
        return None
    low, _, high = statistics.quantiles(seconds, n=4, method="inclusive")
    return low, high
