"""How a list did in the period after it: a manager sees what a ranking is worth before acting on the next one.

Ranks on one period, measures on the next, beside a list by count alone and lists drawn at random. Lists by harm tend to
rest on one or two grave offences that do not come back (in Northamptonshire over 95 % of each year's most harmful group
were new; Sherman and others, cited in docs/worth.md), which only this shows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from stillgraph.errors import WrongUse
from stillgraph.prolific.exposure import day_number, days_at_liberty, exposures
from stillgraph.prolific.lists import Flags, Floats, RankPairs, TopList, rank_pairs, resamples, top_list
from stillgraph.prolific.rfh import RfhPoints
from stillgraph.prolific.units import offence_measure
from stillgraph.records import CustodyTable, Estimate, LinkTable, ListWorth, SplitWorth, WorthDifference

BACKTEST_MEASURES = ("harm", "count", "value", "rfh")
BASELINE = "count"

FIGURES = ("active", "harm", "offences", "not_listed", "newcomers", "rank_correlation")
_COMPARED = FIGURES[:3]
LEAST_APART = 5
"""Places two lists must differ in for an interval of their difference: of fewer people chance shows one side only."""

AT_ONCE = 100
"""Draws made between two calls of ``progress``."""

_OF_PLACES = ("active", "not_listed", "newcomers")


@dataclass(frozen=True, slots=True)
class Lists:
    """The measures to list by, the baseline last where it was not asked for, and how many are on a list."""

    by: tuple[str, ...]
    top: int


def rolling_splits(first: date, last: date, *, parts: int = 4) -> tuple[date, ...]:
    """Cut the days from ``first`` to ``last``, both included, into equal parts; return where all but one begin."""
    days = (last - first).days + 1
    cuts = (first + timedelta(days=round(days * part / parts)) for part in range(1, parts))
    return tuple(sorted({cut for cut in cuts if first < cut <= last}))


def back_test(
    table: LinkTable,
    splits: Sequence[date],
    *,
    since: date,
    until: date,
    by: Sequence[str] = ("harm", "rfh"),
    top: int = 10,
    custody: CustodyTable | None = None,
    known_on: NDArray[np.datetime64] | None = None,
    as_known: bool = False,
    points: RfhPoints | None = None,
    include_proactive: bool = False,
    seed: int = 0,
    draws: int = 1000,
    progress: Callable[[int], object] = int,
) -> tuple[tuple[SplitWorth, ...], tuple[ListWorth, ...], tuple[WorthDifference, ...]]:
    """Draw up lists of the first ``top`` before each split, and measure what they did after it.

    A split is the first day of a next period, which lasts to the next split or to ``until``; its lists are of
    everything from ``since`` to the day before. An offence counts whole for each person linked to it; machine's
    proposals of joins count for nobody. Persons of equal measure at the end of a list share its last places.

    Parameters
    ----------
    splits
        One day or more, after ``since`` and not after ``until``.
    by
        Of :data:`BACKTEST_MEASURES`; :data:`BASELINE` is listed besides, to compare with.
    custody
        By the numbers of ``table.persons``: recency leaves days in custody out, and the share active those who were in
        custody the whole next period.
    known_on
        datetime64[D] of shape (m,), when each link was made, NaT where not known; to count those that a list of its
        time could have rested on.
    as_known
        Lists of these links only. Without it a list rests on every link there is today: what review found out later is
        in the earlier list too, which no officer could have drawn up then.
    points
        Another point table than :class:`RfhPoints`'s own.
    include_proactive
        Whether proactively detected offences count in days of harm.
    seed, draws
        For the bootstrap over persons, the same resamples for every list and split, so that differences are paired; and
        for the random lists.
    progress
        Told of draws by their number, as they are made: :func:`total_draws` in all. What it raises ends the test.

    Returns
    -------
    tuple of tuple
        Each split's figures; the lists' means over the splits that have any, and these means' differences, both empty
        where fewer than two have. Intervals are percentiles (95 %) over resamples of persons; of shares of places
        widened to Wilson's.

    Raises
    ------
    WrongUse
        No split, one out of the period or twice, an unknown measure, a top or draws below one, or ``as_known`` without
        ``known_on``.
    """
    _check(splits, (since, until), by, top=top, draws=draws)
    if as_known and known_on is None:
        raise WrongUse("Lists as they were known need the day each link was made; give known_on.")
    lists = Lists((*dict.fromkeys(by), *(() if BASELINE in by else (BASELINE,))), top)
    weights = {
        name: offence_measure(table, name, include_proactive=include_proactive) for name in ("harm", "count", "value")
    }
    links = _Links(table, weights, custody, RfhPoints() if points is None else points)
    ends = [*(split - timedelta(days=1) for split in splits[1:]), until]
    made = [
        _split(links, lists, (since, split, end), known_on, as_known=as_known)
        for split, end in zip(splits, ends, strict=True)
    ]
    tested = [split for split in made if split.lists]
    ones = np.ones((1, len(table.persons)))
    found = [split.figures(ones) for split in tested]
    drawn: list[list[Floats]] = [[] for _ in tested]
    # What has no figures takes no draws, and is told of as done.
    progress((len(made) - len(tested)) * draws + (0 if tested else draws))
    for chunk in _chunks(len(table.persons), seed, draws) if tested else ():
        for rows, split in zip(drawn, tested, strict=True):
            rows.append(split.figures(chunk))
        progress(len(chunk))
    resampled = [np.concatenate(rows) for rows in drawn]
    worth = iter(
        [
            _told(split, lists, one[0], many, _random(split, lists, np.random.default_rng(seed + 1), draws, progress))
            for split, one, many in zip(tested, found, resampled, strict=True)
        ]
    )
    told = tuple(next(worth) if split.lists else split.worth for split in made)
    if len(tested) < 2:
        return told, (), ()
    one, many = np.mean([found_[0] for found_ in found], axis=0), np.mean(resampled, axis=0)
    held = np.mean([split.in_custody for split in tested], axis=0)
    apart = np.sum([split.apart for split in tested], axis=0)
    return told, _lists(lists, one, many, held, splits=len(tested)), _differences(lists, one, many, apart)


def total_draws(splits: int, draws: int) -> int:
    """Return of how many draws a back-test tells: of resamples of persons, and of each split's random lists."""
    return (1 + splits) * draws


def _chunks(persons: int, seed: int, draws: int) -> Iterator[Floats]:
    return resamples(persons, np.random.default_rng(seed), draws, at_once=AT_ONCE)


def _check(splits: Sequence[date], period: tuple[date, date], by: Sequence[str], *, top: int, draws: int) -> None:
    since, until = period
    if not splits or list(splits) != sorted(set(splits)) or not all(since < split <= until for split in splits):
        raise WrongUse(
            f"A back-test needs a split or more, each once and in order, after {since} and not after {until}: "
            "the first day of a next period."
        )
    if not by or not set(by) <= set(BACKTEST_MEASURES):
        raise WrongUse(f"Lists are by {', '.join(BACKTEST_MEASURES)}; choose among them.")
    if top < 1 or draws < 1:
        raise WrongUse("A list has one place or more, and there is at least one draw; correct the settings.")


@dataclass(frozen=True, slots=True, eq=False)
class _Links:
    table: LinkTable
    weights: Mapping[str, Floats]
    custody: CustodyTable | None
    points: RfhPoints

    def measures(self, rows: Flags, until: date) -> dict[str, Floats]:
        """Return each person's measures, (n,) each, over some of the links, recency counted from ``until``."""
        table, persons = self.table, len(self.table.persons)
        person, offence = table.person[rows], table.offence[rows]
        # Rounded, so that equal totals added in another order stay equal.
        found: dict[str, Floats] = {
            name: np.round(np.bincount(person, weights=weight[offence], minlength=persons), 6).astype(np.float64)
            for name, weight in self.weights.items()
        }
        latest = np.full(persons, -np.inf)
        np.maximum.at(latest, person, self.days()[rows].astype(np.float64))
        since = day_number(until) - latest
        if self.custody is not None:
            seen = np.flatnonzero(np.isfinite(latest))
            since[seen] = days_at_liberty(self.custody, seen, latest[seen].astype(np.int64), day_number(until))
        found["rfh"] = np.where(found["count"] > 0, self.points.points(since, found["count"], found["harm"]), 0.0)
        return found

    def days(self) -> NDArray[np.int64]:
        """Return the day of each link's offence, days since 1970, shape (m,)."""
        return self.table.offences.occurred_at.astype("datetime64[D]").astype(np.int64)[self.table.offence]


@dataclass(frozen=True, slots=True, eq=False)
class _Split:
    """One split: ``lists`` hold, by measure, the list, the next period's first, and the two measures paired.

    ``in_custody`` (lists,) are the listed in custody throughout the next period, ``apart`` (lists, lists) the places in
    which two lists differ. ``columns`` (n, 7) are what is summed over persons in each resample, for wholes and for
    random lists.
    """

    worth: SplitWorth
    lists: tuple[tuple[TopList, TopList, RankPairs], ...]
    listed: Flags
    active: Floats
    free: Floats
    harm: Floats
    offences: Floats
    in_custody: Floats
    apart: Floats
    columns: Floats

    def figures(self, drawn: Floats) -> Floats:
        """Return the figures of each resample, by list and of random lists last, shape (k, lists + 1, figures)."""
        sums = (drawn @ self.columns).T
        rows = [self._of_list(drawn, sums[:2], *of_list) for of_list in self.lists]
        return np.stack([*rows, self._of_random(*sums)], axis=1)

    def _of_list(self, drawn: Floats, total: Floats, listed: TopList, after: TopList, pairs: RankPairs) -> Floats:
        places = listed.places(drawn)
        on = listed.weights(drawn, places)
        free = self.free[listed.people]
        first = after.weights(drawn, after.places(drawn))
        firsts = first.sum(axis=1)
        missed = (first * (1 - places[:, listed.group[after.people]])).sum(axis=1)
        return np.stack(
            [
                100 * _over(on @ (free * self.active[listed.people]), on @ free),
                100 * _over(on @ self.harm[listed.people], total[0]),
                100 * _over(on @ self.offences[listed.people], total[1]),
                100 * _over(missed, firsts),
                100 * _over(first @ (~self.listed[after.people]).astype(np.float64), firsts),
                pairs.correlation(drawn),
            ],
            axis=1,
        )

    def _of_random(self, *sums: Floats) -> Floats:
        """Return what random lists of the same length come to on average, exactly, in each resample."""
        harm, offences, seen, free, active, of_harm, of_offences = sums
        share = np.minimum(1, self.lists[0][0].top / np.maximum(seen, 1))
        found = [_over(active, free), share * _over(of_harm, harm), share * _over(of_offences, offences)]
        missing = [np.full(len(seen), np.nan)] * (len(FIGURES) - len(found))
        return np.stack([*(100 * figure for figure in found), *missing], axis=1)


def _split(
    links: _Links,
    lists: Lists,
    period: tuple[date, date, date],
    known_on: NDArray[np.datetime64] | None,
    *,
    as_known: bool,
) -> _Split:
    since, split, end = period
    table, days = links.table, links.days()
    own = table.join < 0
    earlier = own & (days >= day_number(since)) & (days < day_number(split))
    later = own & (days >= day_number(split)) & (days <= day_number(end))
    # NaT compares as false: a link of which it is not known when it was made was not known then.
    known = None if known_on is None else earlier & (known_on < np.datetime64(split, "D"))
    counted = known if as_known and known is not None else earlier
    before, after = links.measures(counted, split - timedelta(days=1)), links.measures(later, end)
    listed, active = before["count"] > 0, after["count"] > 0
    free = np.ones(len(listed))
    if links.custody is not None and len(listed):
        everybody = np.arange(len(listed))
        length, held, _, _ = exposures(links.custody, everybody, day_number(split), day_number(end))
        # Offending in custody is a contradiction shown elsewhere; here who was seen was at liberty.
        free = ((held < length) | active).astype(np.float64)
    why = _insufficient(int(listed.sum()), int(active.sum()), lists.top)
    worth = SplitWorth(
        list_since=since,
        list_until=split - timedelta(days=1),
        next_since=split,
        next_until=end,
        persons=int(listed.sum()),
        next_persons=int(active.sum()),
        links=int(earlier.sum()),
        links_known=None if known is None else int(known.sum()),
        insufficient=why,
        lists=(),
        random_active=Estimate(),
        random_harm=Estimate(),
        random_offences=Estimate(),
        differences=(),
    )
    made = (
        ()
        if why
        else tuple(
            (
                top_list(before[name], listed, lists.top),
                top_list(after[name], active, lists.top),
                rank_pairs(before[name], after[name], listed),
            )
            for name in lists.by
        )
    )
    places = np.array([_places(on, len(listed)) for on, _, _ in made]).reshape(len(made), len(listed))
    return _Split(
        worth=worth,
        lists=made,
        listed=listed,
        active=active.astype(np.float64),
        free=free,
        harm=after["harm"],
        offences=after["count"],
        in_custody=places @ (1 - free),
        apart=np.abs(places[:, None] - places[None]).sum(axis=2) / 2,
        columns=_columns(listed, active, free, after),
    )


def _places(on: TopList, persons: int) -> Floats:
    """Return what of a place each person has, shape (n,)."""
    ones = np.ones((1, persons))
    places = np.zeros(persons)
    places[on.people] = on.weights(ones, on.places(ones))[0]
    return places


def _columns(listed: Flags, active: Flags, free: Floats, after: Mapping[str, Floats]) -> Floats:
    harm, offences, seen = after["harm"], after["count"], listed.astype(np.float64)
    return np.stack([harm, offences, seen, seen * free, seen * free * active, seen * harm, seen * offences], axis=1)


def _insufficient(persons: int, active: int, top: int) -> str | None:
    """Say why a split has no figures: a list of more than half of everybody says nothing, nor do few seen again."""
    if persons < 2 * top:
        return f"{persons} persons in the period of the list, and a list of {top} needs {2 * top} to choose from"
    if active < top:
        return f"{active} persons in the next period, and a list of {top} needs {top} to be measured on"
    return None


def _over(part: Floats, whole: Floats) -> Floats:
    return np.asarray(np.divide(part, whole, out=np.full(len(whole), np.nan), where=whole > 0))


def _random(
    split: _Split, lists: Lists, rng: np.random.Generator, draws: int, progress: Callable[[int], object]
) -> Floats:
    """Return what single random lists come to, (draws, 3): share active, of harm, of offences, in percent."""
    people = np.flatnonzero(split.listed)
    chosen = np.empty((draws, lists.top), people.dtype)
    for start in range(0, draws, AT_ONCE):
        some = chosen[start : start + AT_ONCE]
        for row in some:
            row[:] = rng.choice(people, lists.top, replace=False, shuffle=False)
        progress(len(some))
    free = split.free[chosen]
    return np.stack(
        [
            100 * _over((free * split.active[chosen]).sum(axis=1), free.sum(axis=1)),
            100 * _over(split.harm[chosen].sum(axis=1), np.full(draws, split.harm.sum())),
            100 * _over(split.offences[chosen].sum(axis=1), np.full(draws, split.offences.sum())),
        ],
        axis=1,
    )


def _told(split: _Split, lists: Lists, found: Floats, drawn: Floats, single: Floats) -> SplitWorth:
    active, harm, offences = (_estimate(found[-1, figure], single[:, figure]) for figure in range(len(_COMPARED)))
    return replace(
        split.worth,
        lists=_lists(lists, found, drawn, split.in_custody),
        random_active=active,
        random_harm=harm,
        random_offences=offences,
        differences=_differences(lists, found, drawn, split.apart),
    )


def _lists(lists: Lists, found: Floats, drawn: Floats, in_custody: Floats, *, splits: int = 1) -> tuple[ListWorth, ...]:
    places = lists.top * splits
    return tuple(
        ListWorth(
            by=name,
            in_custody=round(float(in_custody[at]), 6),
            **{
                what: _estimate(found[at, figure], drawn[:, at, figure], places if what in _OF_PLACES else None)
                for figure, what in enumerate(FIGURES)
            },
        )
        for at, name in enumerate(lists.by)
    )


def _differences(lists: Lists, found: Floats, drawn: Floats, apart: Floats) -> tuple[WorthDifference, ...]:
    """Compare each list with that by count alone, and with random ones, resample by resample."""
    against = {BASELINE: lists.by.index(BASELINE), "random": len(lists.by)}
    told = []
    for at, name in enumerate(lists.by):
        for other, place in against.items():
            differ = float(apart[at, place]) if place < len(lists.by) else None
            for figure, measure in enumerate(_COMPARED if place != at else ()):
                points = _estimate(
                    found[at, figure] - found[place, figure], drawn[:, at, figure] - drawn[:, place, figure]
                )
                enough = differ is None or differ >= LEAST_APART
                told.append(WorthDifference(name, other, measure, differ, points if enough else Estimate(points.value)))
    return tuple(told)


def _estimate(found: float, drawn: Floats, places: int | None = None) -> Estimate:
    """Return a figure with the percentiles of its resamples; no interval where one in twenty has no such figure.

    Of a share of so many places the interval holds Wilson's as well: ten active of ten are so in every resample, and
    that is no proof that the next ten will be.
    """
    told = drawn[~np.isnan(drawn)]
    value = None if np.isnan(found) else float(found)
    if value is None or len(told) < 0.95 * len(drawn):
        return Estimate(value)
    low, high = (float(end) for end in np.percentile(told, (2.5, 97.5)))
    if places is not None:
        least, most = _wilson(value / 100, places)
        low, high = min(low, 100 * least), max(high, 100 * most)
    return Estimate(value, low, high)


def _wilson(share: float, trials: int) -> tuple[float, float]:
    """Return Wilson's 95 % interval of a share of trials (Wilson 1927, JASA 22, 209-212)."""
    z = 1.959964
    middle = (share + z**2 / (2 * trials)) / (1 + z**2 / trials)
    half = z / (1 + z**2 / trials) * np.sqrt(share * (1 - share) / trials + z**2 / (4 * trials**2))
    return max(0.0, float(middle - half)), min(1.0, float(middle + half))
