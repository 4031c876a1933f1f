"""What wrong links could change: whole worlds, drawn from the chances that links hold.

In one world every kind of link is wrong as often as a rate drawn for that world says, every link holds or fails, and
every two persons proposed to be one are one or are not. Each person's count, harm, value, points and rank in the
drawn worlds give the intervals of :func:`intervals`. Offences never reported and links never found are in no world.

Links fail seldom, so a world is the sums over all links less those of the links that fail, whose places are drawn by
the gaps between them (geometric, Devroye 1986, X.1.5): a million links cost what their failures do.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from stillgraph.errors import WrongUse
from stillgraph.prolific.chances import WorldSettings
from stillgraph.prolific.exposure import days_at_liberty
from stillgraph.prolific.rfh import RfhPoints
from stillgraph.records import CustodyTable, LinkTable

Ints = NDArray[np.int64]
MEASURES = ("harm", "count", "value", "rfh")
LEVELS = (0.025, 0.975)

_OFTEN = 0.03  # above this chance, drawing a number for every link is faster than drawing gaps
_PERSONS = 2048  # whose worlds are sorted at once
_AHEAD = 64  # worlds given to threads at once: how soon drawing stops when it is interrupted
_DECIMALS = 6


@dataclass(frozen=True, slots=True, eq=False)
class Intervals:
    """95 % intervals by person, arrays of shape (n,); ``top_share`` is the share of worlds, 0 to 1."""

    rank_low: Ints
    rank_high: Ints
    low: dict[str, NDArray[np.float64]]
    high: dict[str, NDArray[np.float64]]
    top_share: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class _Joins:
    """Who may be part of whom: ``parts`` (p,) persons, and per join, by part, its whole and where it ends in (0, 1)."""

    parts: Ints
    ends: Ints
    wholes: Ints
    bounds: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """What is true in one world: sums by person, shape (n,), int64; ``latest`` is a day, or the least int64 for none.

    ``harm`` is in the unit of :attr:`Ground.unit`. Who is part of somebody else has nothing.
    """

    harm: Ints
    count: Ints
    value: Ints
    latest: Ints


NEVER = np.iinfo(np.int64).min


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """What worlds are drawn from: persons' own links, by person and, of each, the latest first."""

    persons: int
    person: NDArray[np.int32]
    offence: NDArray[np.int32]
    harm: Ints
    value: Ints
    day: Ints
    starts: Ints
    """Where each person's rows begin, and where the last one's end: shape (n + 1,)."""
    totals: tuple[Ints, Ints, Ints]
    """Harm, count and value by person where every link holds and nobody is part of anybody."""
    of_status: tuple[Ints, ...]
    joins: _Joins | None
    group: Ints
    """Which persons may be one, by number, shape (n,): whom joins connect at all."""
    shared: Ints
    """Rows that could count twice for one person: of persons who may be one, on one offence."""
    unit: float
    today: int


def ground(
    table: LinkTable,
    settings: WorldSettings,
    *,
    include_proactive: bool = False,
    today: int | None = None,
    custody: CustodyTable | None = None,
) -> Ground:
    """Prepare the links of a table, and who may be whom, for drawing.

    Parameters
    ----------
    include_proactive
        Whether proactively detected offences count in days of harm.
    today
        The day recency counts from, in days since 1970; the latest offence of the table's links unless given.
    custody
        By the numbers of ``table.persons``: days known in custody are no days in which somebody stayed quiet.

    Raises
    ------
    WrongUse
        Persons are proposed to be parts of one another in a circle.
    """
    own = np.flatnonzero(table.join < 0)
    count = len(table.persons)
    days = table.offences.occurred_at.astype("datetime64[D]").astype(np.int64)
    person, offence = table.person[own], table.offence[own]
    own = own[np.lexsort((offence, -days[offence], person))]
    person, offence = table.person[own], table.offence[own]
    harm, unit = _whole_units(table.offences.harm_days)
    if not include_proactive:
        harm = np.where(table.offences.proactive, 0, harm)
    day, harm, value = days[offence], harm[offence], table.offences.value_pence[offence]
    today = int(day.max(initial=0)) if today is None else today
    if custody is not None:
        # A later offence has as few days behind it or fewer, so what is latest stays so.
        day = np.where(day <= today, today - days_at_liberty(custody, person, day, today), day)
    group = _groups(table)
    return Ground(
        persons=count,
        person=person,
        offence=offence,
        harm=harm,
        value=value,
        day=day,
        starts=np.searchsorted(person, np.arange(count + 1)),
        totals=(_sum(person, harm, count), np.bincount(person, minlength=count), _sum(person, value, count)),
        of_status=tuple(np.flatnonzero(table.status[own] == status) for status in range(3)),
        joins=_joins(table, settings),
        group=group,
        shared=_shared(group, person, offence) if table.joins else np.zeros(0, dtype=np.int64),
        unit=unit,
        today=today,
    )


def _whole_units(days: NDArray[np.float64]) -> tuple[Ints, float]:
    """Return days of harm as whole numbers of the coarsest decimal unit they need: sums of those are exact."""
    for decimals in range(_DECIMALS + 1):
        scaled = days * 10**decimals
        whole = np.round(scaled)
        if decimals == _DECIMALS or np.allclose(scaled, whole, rtol=0, atol=1e-9 * 10**decimals):
            break
    return whole.astype(np.int64), 10.0**-decimals


def _joins(table: LinkTable, settings: WorldSettings) -> _Joins | None:
    if not table.joins:
        return None
    count = len(table.persons)
    part = np.array([join.part for join in table.joins], dtype=np.int64)
    whole = np.array([join.whole for join in table.joins], dtype=np.int64)
    graph = coo_array((np.ones(len(part), dtype=np.int8), (part, whole)), shape=(count, count))
    if (part == whole).any() or connected_components(graph, directed=True, connection="strong")[0] < count:
        raise WrongUse("Persons are proposed to be parts of one another in a circle; link the case again.")
    chance = settings.join_probability
    odds = np.array(
        [
            (np.inf if chance == 1 else chance / (1 - chance))
            if join.likelihood_ratio is None
            else settings.join_odds * join.likelihood_ratio
            for join in table.joins
        ]
    )
    # By part, then whole, so that the order in which joins are given changes nothing.
    order = np.lexsort((whole, part))
    part, whole, odds = part[order], whole[order], odds[order]
    parts, first = np.unique(part, return_index=True)
    ends = np.append(first[1:], len(part))
    return _Joins(parts, ends, whole, _bounds(odds, first, ends))


def _bounds(odds: NDArray[np.float64], first: Ints, ends: Ints) -> NDArray[np.float64]:
    """Return where each join ends in the unit interval of its part, plus the part's number: of several one holds.

    Posterior probabilities of exclusive joins are as their odds, that of none as 1.
    """
    sizes = ends - first
    sure = np.isinf(odds)
    some_sure = np.repeat(np.logical_or.reduceat(sure, first), sizes)
    weight = np.where(some_sure, sure.astype(float), np.where(sure, 0.0, odds))
    none = np.where(np.logical_or.reduceat(sure, first), 0.0, 1.0)
    total = np.add.reduceat(weight, first) + none
    running = np.cumsum(weight)
    before = np.repeat(running[first] - weight[first], sizes)
    return np.asarray(np.repeat(np.arange(len(first)), sizes) + (running - before) / np.repeat(total, sizes))


def _groups(table: LinkTable) -> Ints:
    count = len(table.persons)
    if not table.joins:
        return np.arange(count)
    ends = np.array([(join.part, join.whole) for join in table.joins]).T
    graph = coo_array((np.ones(ends.shape[1], dtype=np.int8), tuple(ends)), shape=(count, count))
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)


def _shared(group: Ints, person: NDArray[np.int32], offence: NDArray[np.int32]) -> Ints:
    key = group[person] * (int(offence.max(initial=0)) + 1) + offence
    _, at, times = np.unique(key, return_inverse=True, return_counts=True)
    return np.flatnonzero(times[at] > 1)


def draw(base: Ground, settings: WorldSettings, number: int) -> World:
    """Draw the world of a number: the same for the same links, settings and number, whatever is drawn beside it."""
    return world(base, *drawn(base, settings, number))


def drawn(base: Ground, settings: WorldSettings, number: int) -> tuple[Ints, Ints | None]:
    """Draw which rows of :attr:`Ground.person` fail in the world of a number, and whom each person is, shape (n,).

    The second is ``None`` where nobody is part of anybody.
    """
    rng = np.random.default_rng([settings.seed, number])
    rates = [chance.draw(rng) for chance in settings.chances]
    part_of = _drawn_joins(base, rng)
    failed = [rows[_fails(rng, len(rows), rate)] for rows, rate in zip(base.of_status, rates, strict=True)]
    return np.concatenate(failed), part_of


def world(base: Ground, failed: Ints, part_of: Ints | None = None) -> World:
    """Return the world in which some rows fail and some persons are parts of others (``None``: nobody is)."""
    count = base.persons
    whose = base.person[failed]
    columns = (base.harm, np.ones(1, dtype=np.int64), base.value)
    lost = (_sum(whose, base.harm[failed], count), np.bincount(whose, minlength=count),
            _sum(whose, base.value[failed], count))  # fmt: skip
    sums = [total - less for total, less in zip(base.totals, lost, strict=True)]
    latest = _latest(base, failed)
    if part_of is not None:
        parts = np.flatnonzero(part_of != np.arange(count))
        roots = part_of[parts]
        twice = _twice(base, failed, part_of)
        for total, column in zip(sums, columns, strict=True):
            np.add.at(total, roots, total[parts])
            total[parts] = 0
            np.subtract.at(total, part_of[base.person[twice]], column[twice] if len(column) > 1 else column[0])
        np.maximum.at(latest, roots, latest[parts])
        latest[parts] = NEVER
    return World(sums[0], sums[1], sums[2], latest)


def _fails(rng: np.random.Generator, count: int, chance: float) -> Ints:
    """Return which of ``count`` links fail, each by itself with the chance, ascending."""
    if count == 0 or chance <= 0:
        return np.zeros(0, dtype=np.int64)
    if chance > _OFTEN:
        return np.flatnonzero(rng.random(count, dtype=np.float32) < chance)
    at = [np.zeros(0, dtype=np.int64)]
    last = -1
    while last < count:
        enough = int((count - last) * chance * 1.1) + 20
        places = last + np.cumsum(rng.geometric(chance, enough))
        at.append(places)
        last = int(places[-1])
    places = np.concatenate(at)
    return places[: np.searchsorted(places, count)]


def _drawn_joins(base: Ground, rng: np.random.Generator) -> Ints | None:
    """Return whom each person is in a world, shape (n,): themselves, or whom they are part of, at the last."""
    joins = base.joins
    if joins is None:
        return None
    # Every part has the unit interval from its own number on, in which each of its joins holds a stretch.
    at = np.searchsorted(joins.bounds, np.arange(len(joins.parts)) + rng.random(len(joins.parts)), side="right")
    held = at < joins.ends
    part_of = np.arange(base.persons)
    part_of[joins.parts[held]] = joins.wholes[at[held]]
    parts = joins.parts[held]
    while True:
        further = part_of[part_of[parts]]
        if (further == part_of[parts]).all():
            return part_of
        part_of[parts] = further


def _latest(base: Ground, failed: Ints) -> Ints:
    """Return the day of each person's latest link that holds; rows are the latest first, so few are looked at."""
    fails = np.zeros(len(base.person) + 1, dtype=np.bool_)
    fails[failed] = True
    at, ends = base.starts[:-1].copy(), base.starts[1:]
    open_ = np.flatnonzero(fails[at] & (at < ends))
    while len(open_):
        at[open_] += 1
        open_ = open_[fails[at[open_]] & (at[open_] < ends[open_])]
    days = np.append(base.day, NEVER)
    return np.where(at < ends, days[np.minimum(at, len(base.day))], NEVER)


def _twice(base: Ground, failed: Ints, part_of: Ints) -> Ints:
    """Return the rows that hold and would count an offence once more for the person they count for."""
    if not len(base.shared):
        return base.shared
    rows = np.setdiff1d(base.shared, failed, assume_unique=True)
    key = part_of[base.person[rows]].astype(np.int64) * (int(base.offence.max(initial=0)) + 1) + base.offence[rows]
    first = np.unique(key, return_index=True)[1]
    return np.delete(rows, first)


def _sum(person: NDArray[np.int32], column: Ints, count: int) -> Ints:
    # By way of float64, whose whole numbers are exact to 2^53: pence and parts of days do not come near it.
    return np.bincount(person, weights=column, minlength=count).astype(np.int64)


def measured(base: Ground, one: World, points: RfhPoints) -> dict[str, Ints]:
    """Return each measure in a world by person, shape (n,); harm in units of the ground, points rounded down."""
    since = np.where(one.latest == NEVER, np.inf, (base.today - one.latest).astype(np.float64))
    rfh = points.points(since, one.count.astype(np.float64), figures(base, "harm", one.harm))
    return {"harm": one.harm, "count": one.count, "value": one.value, "rfh": np.floor(rfh).astype(np.int64)}


def figures(base: Ground, name: str, values: Ints) -> NDArray[np.float64]:
    """Return a measure in its own unit: harm in days, value in pence."""
    return np.round(values * base.unit, _DECIMALS) if name == "harm" else values.astype(np.float64)


def ranks(values: Ints, order: Ints | None = None) -> Ints:
    """Return ranks from 1 of whole numbers of zero or more, shape (n,): the largest first, equals share the first.

    ``order`` is one in which the values nearly ascend, where one is known: it changes the speed alone.
    """
    if not len(values):
        return values
    most = int(values.max())
    if most < 4 * len(values):
        at_most = np.cumsum(np.bincount(values, minlength=most + 1))
        return np.asarray(len(values) - at_most[values] + 1)
    order = np.argsort(values) if order is None else order
    nearly = values[order]
    # Looking up what nearly ascends stays in the processor's cache: four times as fast.
    places = np.empty(len(values), dtype=np.int64)
    places[order] = len(values) - np.searchsorted(np.sort(nearly), nearly, side="right") + 1
    return places


def intervals(
    base: Ground,
    settings: WorldSettings,
    points: RfhPoints,
    *,
    by: str,
    progress: Callable[[int, int], None] | None = None,
) -> Intervals:
    """Draw worlds; return the 95 % intervals of every person's rank and measures over them.

    Parameters
    ----------
    by
        What ranks are by: one of :data:`MEASURES`.
    progress
        Told the worlds drawn and to draw, from the thread that called.
    """
    count, draws = base.persons, settings.draws
    first = measured(base, draw(base, settings, 0), points)
    drawn = {name: np.empty((draws, count), dtype=_kind(_most(base, name, points))) for name in MEASURES}
    drawn["rank"] = np.empty((draws, count), dtype=np.int32)
    at_top = np.zeros(count, dtype=np.int64)
    order = np.argsort(first[by], kind="stable")

    def one(number: int) -> None:
        values = measured(base, draw(base, settings, number), points)
        for name, column in values.items():
            drawn[name][number] = column
        drawn["rank"][number] = ranks(values[by], order)

    with ThreadPoolExecutor(min(os.cpu_count() or 1, 8)) as pool:
        try:
            for start in range(0, draws, _AHEAD):
                for done, _ in enumerate(pool.map(one, range(start, min(start + _AHEAD, draws))), start=start + 1):
                    if progress is not None:
                        progress(done, draws)
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise
        for row in drawn["rank"]:
            at_top += row <= settings.top_n
        bounds = {name: _percentiles(pool, table) for name, table in drawn.items()}
    return Intervals(
        *bounds["rank"],
        low={name: figures(base, name, bounds[name][0]) for name in MEASURES},
        high={name: figures(base, name, bounds[name][1]) for name in MEASURES},
        top_share=at_top / draws,
    )


def _most(base: Ground, name: str, points: RfhPoints) -> int:
    """Return no less than the largest value a person can have in any world, whoever they may be besides."""
    if name == "rfh":
        return points.most
    total = base.totals[("harm", "count", "value").index(name)]
    return int(np.bincount(base.group, weights=total).max(initial=0))


def _kind(most: int) -> Any:
    return next(kind for kind in (np.int16, np.int32, np.int64) if most <= np.iinfo(kind).max)


def _percentiles(pool: ThreadPoolExecutor, table: NDArray[Any]) -> tuple[Ints, Ints]:
    """Return 2.5th and 97.5th percentile over the worlds, shape (n,): the value below the one, above the other."""
    draws, count = table.shape
    low, high = (int(np.floor(LEVELS[0] * (draws - 1))), int(np.ceil(LEVELS[1] * (draws - 1))))
    found = np.empty((2, count), dtype=np.int64)

    def block(start: int) -> None:
        values = np.ascontiguousarray(table[:, start : start + _PERSONS].T)
        values.partition((low, high), axis=1)
        found[:, start : start + _PERSONS] = values[:, (low, high)].T

    for _ in pool.map(block, range(0, count, _PERSONS)):
        pass
    return found[0], found[1]
