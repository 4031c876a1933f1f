"""How concentrated a measure is among persons, stores or places: Lorenz curve, Gini, shares, each with its interval.

A plain Gini is inflated where there are fewer events than units: most stores must then have none. The generalised one
of Bernasco & Steenbeek (2017), "More places than crimes: implications for evaluating the law of crime concentration at
place", Journal of Quantitative Criminology 33, 451-467, doi 10.1007/s10940-016-9324-7, measures from the most equal
spread that so many events allow.

Intervals are bootstrap ones over units. The Gini's is a bootstrap-t: percentiles of a resampled Gini itself cover a
true one of 75 persons only about 80 times in 100, as the few who hold most are missing from many resamples, and with
them the spread; each resample's distance in its own standard errors, on the scale -log(1 - G), covers about 94 times
(:func:`concentration_coverage` measures it). Shares have percentiles: their standard errors are none to speak of where
the measure comes in lumps, one robbery weighing 365 thefts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from stillgraph.errors import WrongUse
from stillgraph.records import Concentrated, Concentration, Estimate, Lorenz, PowerFew, TopShare

TOPS = (1, 5, 10)
PERCENTS = (1.0, 5.0, 10.0, 20.0)
FEW = (50.0, 80.0)

LEAST = 20
"""Units with any, from which on an interval is stated: with fewer it covers too seldom."""

LEAST_TOP = 4
"""First units whose share has an interval: resamples say too little of what the one or two highest could be."""

_CELLS = 200_000  # numbers held at once while resampling: 1.6 MB an array stays in a processor's cache
_KINDS, _SINGLE = 8192, 2048
_POINTS = 200
_TINY = 1e-12

Floats = NDArray[np.float64]


def concentration(
    values: ArrayLike, events: ArrayLike | None = None, *, seed: int = 0, draws: int = 1000
) -> Concentration:
    """Measure how unequally ``values`` are spread over persons, in the four figures that a ranking carries.

    Parameters
    ----------
    values, events, seed, draws
        As of :func:`concentrated`.

    Returns
    -------
    Concentration
        All figures ``None`` for fewer than two persons or a measure that is nowhere above zero. An interval is given
        from two persons on; with fewer than :data:`LEAST` it covers less often than it says.
        ``top_10_percent_share`` is in percent: what the first tenth of the persons, rounded up, hold together.

    Raises
    ------
    WrongUse
        As of :func:`concentrated`.
    """
    held = _held(values, events, draws)
    if held is None:
        return Concentration(None, None, None, None, len(np.asarray(values)))
    tenth = -(-held.units // 10)
    gini, (share,) = _intervals(held, [tenth], np.random.default_rng(seed), draws)[:2]
    return Concentration(gini.value, gini.low, gini.high, share.value, held.units)


def concentrated(
    values: ArrayLike,
    events: ArrayLike | None = None,
    *,
    tops: Sequence[int] = TOPS,
    percents: Sequence[float] = PERCENTS,
    few: Sequence[float] = FEW,
    seed: int = 0,
    draws: int = 1000,
) -> Concentrated:
    """Measure how unequally ``values`` are spread over units, of whatever kind.

    The Gini is ``G' = 1 - max(n / c, 1) * (1 - G)`` for n units and c events: with at least as many events as units
    the plain Gini; 0 where no unit has two of fewer events; 1 - 1/c where one unit has all of them.

    Parameters
    ----------
    values
        Shape (n,), the measure of each unit, zero or more; units without any belong in it.
    events
        Shape (n,), the events each unit's value is made of; without it the values are themselves counts of events.
        Events of unequal weight are treated as of equal weight, as the correction knows only their number.
    tops, percents
        Numbers of units, and shares of the units in percent (rounded up to whole units), whose share to state.
        Numbers above n are left out.
    few
        Percentages of the whole for which to state the fewest units that hold them.
    seed, draws
        For the bootstrap: ``draws`` resamples of units.

    Returns
    -------
    Concentrated
        Intervals (95 %) are ``None`` where fewer than :data:`LEAST` units have any, and of the share of fewer than
        :data:`LEAST_TOP` units. They say what another draw of
        such units could give; where the units are all there are (the stores of a case), read them as how much the
        figure leans on single units.

    Raises
    ------
    WrongUse
        A negative or non-finite value, a value without events, shapes that differ, a share that is not between 0 and
        100 percent, a top below one, or no draws.
    """
    if not all(0 < p <= 100 for p in (*percents, *few)) or not all(t >= 1 for t in tops):
        raise WrongUse("Shares are above 0 and up to 100 percent, and a top is of one unit or more; correct them.")
    held = _held(values, events, draws)
    if held is None:
        array = np.asarray(values, dtype=np.float64)
        return Concentrated(len(array), 0, 0, 0.0, Estimate(), (), (), None)
    asked: list[tuple[int, float | None]] = [(t, None) for t in tops if t <= held.units]
    asked += [(int(np.ceil(round(p * held.units / 100, 9))), p) for p in percents]
    gini, shares, fewest = _intervals(held, [units for units, _ in asked], np.random.default_rng(seed), draws, few)
    enough = held.units_with_any >= LEAST
    return Concentrated(
        units=held.units,
        units_with_any=held.units_with_any,
        events=round(float(held.count @ held.events)),
        total=float(held.count @ held.value),
        gini=gini if enough else Estimate(gini.value),
        shares=tuple(
            TopShare(units, percent, share if enough and units >= LEAST_TOP else Estimate(share.value))
            for (units, percent), share in zip(asked, shares, strict=True)
        ),
        few=tuple(
            PowerFew(
                percent, _whole(one.value) or 0, *((_whole(one.low), _whole(one.high)) if enough else (None, None))
            )
            for percent, one in zip(few, fewest, strict=True)
        ),
        lorenz=_lorenz(held),
    )


def concentration_coverage(
    population: Callable[[int, np.random.Generator], tuple[Floats, Floats]],
    *,
    units: int,
    runs: int = 200,
    draws: int = 500,
    seed: int = 0,
    truth_units: int = 200_000,
) -> tuple[int, int]:
    """Count how often the interval of the Gini covers the true one on simulated populations.

    Parameters
    ----------
    population
        Returns values and events, shape (n,) each, of n units drawn with a generator.
    units, runs, draws, seed
        Size of each sample, number of samples, resamples of each, and the seed of all of it.
    truth_units
        Units of the one large draw whose Gini is taken for the true one.

    Returns
    -------
    tuple of int
        Intervals that cover, and intervals there were: samples of which none could be stated have none.
    """
    rng = np.random.default_rng(seed)
    truth = concentrated(*population(truth_units, rng), draws=1).gini.value
    covered = stated = 0
    for run in range(runs):
        found = concentrated(*population(units, rng), seed=run, draws=draws).gini
        if truth is not None and found.low is not None and found.high is not None:
            stated += 1
            covered += found.low <= truth <= found.high
    return covered, stated


@dataclass(frozen=True, slots=True)
class _Held:
    """Kinds of units, ascending by value: ``count`` units each have this value and so many events; shape (u,) each.

    Units of the same value and events are one kind: a county has a hundred thousand persons and few distinct counts.
    """

    value: Floats
    events: Floats
    count: NDArray[np.int64]

    @property
    def units(self) -> int:
        return int(self.count.sum())

    @property
    def units_with_any(self) -> int:
        return int(self.count[self.value > 0].sum())


def _whole(units: float | None) -> int | None:
    return None if units is None else round(units)


def _held(values: ArrayLike, events: ArrayLike | None, draws: int) -> _Held | None:
    """Check values and events and gather them by kind; ``None`` where there is nothing to state."""
    held = np.asarray(values, dtype=np.float64)
    made_of = held if events is None else np.asarray(events, dtype=np.float64)
    if held.ndim != 1 or held.shape != made_of.shape or draws < 1:
        raise WrongUse("Concentration needs one value and one count of events a person, and at least one draw.")
    if not (np.isfinite(held).all() and np.isfinite(made_of).all() and (held >= 0).all() and (made_of >= 0).all()):
        raise WrongUse("Concentration is of values of zero or more; leave out persons whose value is not known.")
    if (held[made_of == 0] > 0).any():
        raise WrongUse("A value above zero comes from at least one event; give each person's count of events.")
    if len(held) < 2 or held.sum() == 0:
        return None
    order = np.lexsort((made_of, held))
    held, made_of = held[order], made_of[order]
    first = np.flatnonzero(np.append(True, (np.diff(held) > 0) | (np.diff(made_of) != 0)))
    return _Held(held[first], made_of[first], np.diff(np.append(first, len(held))))


def _coarse(held: _Held) -> _Held:
    """Return at most :data:`_KINDS` kinds to resample: the highest singly, below them neighbours at their mean.

    A figure is of all kinds; only its interval is of these. Neighbours of a hundred thousand differ so little that the
    Gini of either is the same to five digits, and a thousand resamples take a tenth of the time.
    """
    kinds = len(held.value)
    if kinds <= _KINDS:
        return held
    starts = np.unique(np.linspace(0, kinds - _SINGLE, _KINDS - _SINGLE, endpoint=False).astype(np.intp))
    starts = np.concatenate([starts, np.arange(kinds - _SINGLE, kinds)])
    count = np.add.reduceat(held.count, starts)
    value, events = (np.add.reduceat(held.count * of, starts) / count for of in (held.value, held.events))
    return _Held(value, events, count)


def _resamples(held: _Held, rng: np.random.Generator, draws: int) -> Iterator[Floats]:
    """Yield how often each kind is drawn, (k, u) at a time; resamples of which nothing has any are left out."""
    units, kinds = held.units, len(held.value)
    chunk = max(1, _CELLS // max(kinds, 1))
    kind_of = np.repeat(np.arange(kinds), held.count)
    for start in range(0, draws, chunk):
        k = min(chunk, draws - start)
        if kinds * 8 < units:
            drawn = rng.multinomial(units, held.count / units, size=k).astype(np.float64)
        else:
            drawn = np.empty((k, kinds))
            for row in drawn:
                row[:] = np.bincount(kind_of[rng.integers(units, size=units, dtype=np.int32)], minlength=kinds)
        yield drawn[drawn @ held.value > 0]


def _intervals(
    held: _Held, tops: Sequence[int], rng: np.random.Generator, draws: int, few: Sequence[float] = ()
) -> tuple[Estimate, list[Estimate], list[Estimate]]:
    """Return the Gini, the percent that each of ``tops`` holds, and the fewest units that hold ``few`` percent."""
    ones = _Sums(held, held.count[None, :].astype(np.float64))
    ginis: list[tuple[Floats, Floats]] = []
    shares: list[list[Floats]] = [[] for _ in tops]
    fewest: list[list[Floats]] = [[] for _ in few]
    coarse = _coarse(held)
    for drawn in _resamples(coarse, rng, draws):
        sums = _Sums(coarse, drawn)
        ginis.append(sums.gini())
        for i, top in enumerate(tops):
            shares[i].append(sums.share(top))
        for i, percent in enumerate(few):
            fewest[i].append(sums.fewest(percent))
    gini = _studentised(ones.gini(), ginis)
    percents = [_percentiles(float(ones.share(top)[0]), drawn) for top, drawn in zip(tops, shares, strict=True)]
    counts = [_percentiles(float(ones.fewest(percent)[0]), drawn) for percent, drawn in zip(few, fewest, strict=True)]
    return gini, percents, counts


class _Sums:
    """Running sums over kinds, ascending by value, of resamples: each row of ``drawn`` (k, u) is one."""

    def __init__(self, held: _Held, drawn: Floats) -> None:
        self._held, self._drawn = held, drawn
        self._units = np.cumsum(drawn, axis=1)
        self._value = np.cumsum(drawn * held.value, axis=1)
        self._n, self._total = self._units[:, -1], self._value[:, -1]

    def gini(self) -> tuple[Floats, Floats]:
        """Return the generalised Gini of each resample and its standard error, shape (k,) each.

        The error is that of its influence function, as of Langel & Tille (2013), "Variance estimation of the Gini
        index: revisiting a result several times published", JRSS A 176, 521-540; with fewer events than units the
        number of events has its own part in it.
        """
        value, drawn = self._held.value, self._drawn
        n, mean = self._n[:, None], (self._total / self._n)[:, None]
        below = (self._units - drawn / 2) / n
        above = (self._total[:, None] - self._value + drawn * value / 2) / n
        plain = 2 * ((drawn * below) @ value)[:, None] / self._total[:, None] - 1
        influence = 2 * (value * below + above) / mean - (plain + 1) * (value / mean + 1)
        events = (drawn @ self._held.events)[:, None] / n
        factor = np.maximum(1 / events, 1)
        influence = factor * influence + (events < 1) * (1 - plain) / events**2 * (self._held.events - events)
        error = np.sqrt(np.einsum("ij,ij,ij->i", drawn, influence, influence)) / self._n
        return (1 - factor * (1 - plain))[:, 0], error

    def share(self, top: int) -> Floats:
        """Return what the ``top`` first hold of the whole in each resample, percent, shape (k,)."""
        rest = self._n - top
        kind = _places(self._units, rest)
        under = _before(self._value, kind) + (rest - _before(self._units, kind)) * self._held.value[kind]
        return np.asarray(100 * (1 - under / self._total))

    def fewest(self, percent: float) -> Floats:
        """Return the fewest units that hold ``percent`` of the whole in each resample, shape (k,)."""
        left = self._total * (1 - percent / 100) * (1 + _TINY)
        kind = _places(self._value, left)
        units, value = _before(self._units, kind), _before(self._value, kind)
        more = np.floor((left - value) / self._held.value[kind] * (1 + _TINY) + _TINY)
        return np.asarray(self._n - np.minimum(units + more, self._n - 1))


def _places(sums: Floats, at: Floats) -> NDArray[np.intp]:
    """Return the first place of each row (k, u) whose running sum is above ``at`` (k,), else the last."""
    found = [np.searchsorted(row, limit, side="right") for row, limit in zip(sums, at, strict=True)]
    return np.asarray(np.minimum(np.array(found, dtype=np.intp), sums.shape[1] - 1))


def _before(sums: Floats, place: NDArray[np.intp]) -> Floats:
    """Return the running sum of each row before a place."""
    return np.asarray(np.where(place > 0, sums[np.arange(len(place)), place - 1], 0.0))


def _studentised(found: tuple[Floats, Floats], drawn: Sequence[tuple[Floats, Floats]]) -> Estimate:
    """Return the Gini found with its bootstrap-t interval on the scale -log(1 - G); without spread, percentiles."""
    value, error = float(found[0][0]), float(found[1][0])
    values, errors = (np.concatenate(part) for part in zip(*drawn, strict=True))
    if not len(values):
        return Estimate(value)
    spread = errors > _TINY
    if not spread.any() or error <= _TINY:
        low, high = np.percentile(values, (2.5, 97.5))
    else:
        distances = (np.log1p(-value) - np.log1p(-values[spread])) * (1 - values[spread]) / errors[spread]
        high, low = -np.expm1(np.log1p(-value) + np.percentile(distances, (2.5, 97.5)) * error / (1 - value))
    return Estimate(value, min(max(float(low), 0.0), value), max(min(float(high), 1.0), value))


def _percentiles(value: float, drawn: Sequence[Floats]) -> Estimate:
    """Return a figure with the percentiles of its resamples, widened to itself."""
    drawn_values = np.concatenate(drawn)
    if not len(drawn_values):
        return Estimate(value)
    low, high = np.percentile(drawn_values, (2.5, 97.5))
    return Estimate(value, min(float(low), value), max(float(high), value))


def _lorenz(held: _Held) -> Lorenz:
    """Return the curve at the ends of kinds; of more than :data:`_POINTS`, evenly spread ones and the top's."""
    units = np.append(0.0, np.cumsum(held.count)) / held.units
    value = np.append(0.0, np.cumsum(held.count * held.value))
    kept = np.arange(len(units))
    if len(kept) > _POINTS:
        spread = np.searchsorted(units, np.linspace(0, 1, _POINTS // 2))
        top = np.geomspace(1, len(units) - 1, _POINTS // 2).astype(int)
        kept = np.unique(np.concatenate([spread, len(units) - top, [0, len(units) - 1]]))
    shares = value[kept] / value[-1]
    equal_from = max(0.0, 1 - float(held.count @ held.events) / held.units)
    return Lorenz(tuple(map(float, units[kept])), tuple(map(float, shares)), equal_from)
