"""Whether search and review still do what they did: shares by month, with control limits.

A share that no longer varies by chance alone is a sign that something changed: cameras, the gallery, who reviews, the
model. It does not say what, nor whether it is for the worse.

Limits are those of Shewhart's p chart, exact: the binomial range that holds a month's count with all but 0.27 %, given
the share over the months the chart was learned from. Where months differ more than chance lets them even then, limits
are widened as Laney (2002) does.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import binom, norm

from stillgraph.evaluation.rates import wilson
from stillgraph.records import Rate

OUTSIDE = 0.0027
"""The chance that a month lies outside by chance: three standard deviations of a normal."""

LEAST_MONTHS = 6
"""Months that a chart is learned from at least: ours."""

LEAST_TRIALS = 10
"""Trials below which a month is shown and not judged."""

RUN = 8
"""Months in a row on one side of the centre that are a sign by themselves (Western Electric 1956, rule 4)."""


@dataclass(frozen=True, slots=True)
class Month:
    """One month of a chart: ``sign`` says why it stands out, ``None`` where it does not."""

    month: str
    rate: Rate
    low: float | None = None
    high: float | None = None
    sign: str | None = None


@dataclass(frozen=True, slots=True)
class Chart:
    """A share by month. Without enough months ``insufficient`` says how many more it takes, and nothing is judged."""

    measure: str
    months: tuple[Month, ...]
    centre: float | None = None
    widened: float = 1.0
    learned_from: tuple[str, ...] = ()
    insufficient: str | None = None

    @property
    def signs(self) -> tuple[Month, ...]:
        """Return the months that stand out."""
        return tuple(month for month in self.months if month.sign is not None)


def chart(measure: str, months: Sequence[tuple[str, int, int]], *, baseline: int | None = None) -> Chart:
    """Return the chart of a share, given (month, events, trials) in order.

    Parameters
    ----------
    baseline
        How many months, of those with enough trials, the limits are learned from, the earliest first; unless given,
        all. Limits learned from the very months they judge find less.
    """
    shown = [Month(month, wilson(events, trials)) for month, events, trials in months]
    enough = [one for one in shown if one.rate.trials >= LEAST_TRIALS]
    if len(enough) < LEAST_MONTHS:
        lacking = LEAST_MONTHS - len(enough)
        why = (
            f"insufficient: needs {LEAST_MONTHS} months of {LEAST_TRIALS} or more, there are {len(enough)}: "
            f"{lacking} more"
        )
        return Chart(measure, tuple(shown), insufficient=why)
    learned = enough[:baseline] if baseline is not None and baseline >= LEAST_MONTHS else enough
    centre = sum(one.rate.successes for one in learned) / sum(one.rate.trials for one in learned)
    wider = _widened(learned, centre)
    judged = tuple(_judged(one, centre, wider) for one in shown)
    return Chart(measure, _with_runs(judged, centre), centre, wider, tuple(one.month for one in learned))


def _widened(months: Sequence[Month], centre: float) -> float:
    """Return by how much months differ more than chance has it, from the moving range; never below 1."""
    if centre in {0.0, 1.0}:
        return 1.0
    away = [((one.rate.value or 0.0) - centre) / math.sqrt(centre * (1 - centre) / one.rate.trials) for one in months]
    # 1.128 is the mean range of two draws of a standard normal (Montgomery 2019, table VI).
    return max(1.0, float(np.abs(np.diff(away)).mean()) / 1.128)


def _judged(one: Month, centre: float, wider: float) -> Month:
    trials = one.rate.trials
    if trials < LEAST_TRIALS:
        return one
    if wider > 1:
        half = float(norm.isf(OUTSIDE / 2)) * wider * math.sqrt(centre * (1 - centre) / trials)
        low, high = max(0.0, centre - half), min(1.0, centre + half)
    else:
        low = float(binom.ppf(OUTSIDE / 2, trials, centre)) / trials
        high = float(binom.isf(OUTSIDE / 2, trials, centre)) / trials
    value = one.rate.value or 0.0
    sign = "above the limits" if value > high else "below the limits" if value < low else None
    return Month(one.month, one.rate, low, high, sign)


def _with_runs(months: tuple[Month, ...], centre: float) -> tuple[Month, ...]:
    sides, found = 0, []
    for one in months:
        value = one.rate.value
        if one.low is None or value is None or value == centre:
            sides = 0
        else:
            side = 1 if value > centre else -1
            sides = sides + side if sides * side > 0 else side
        run = abs(sides) >= RUN and one.sign is None
        sign = f"{abs(sides)} months in a row {'above' if sides > 0 else 'below'} the centre" if run else one.sign
        found.append(Month(one.month, one.rate, one.low, one.high, sign))
    return tuple(found)
