"""Do intervals cover the truth as often as they say? Populations made up from known chances, and counted.

What is true is made here by itself, link by link and with sets of offences, apart from the drawing of worlds, so that
the two hold each other to account.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from stillgraph.prolific.chances import WorldSettings
from stillgraph.prolific.rfh import RfhPoints
from stillgraph.prolific.worlds import figures, ground, intervals, measured, ranks, world
from stillgraph.records import Coded, LinkTable, NominalId, OffenceId, OffenceTable, PersonId, ProposedJoin

Numbers = NDArray[np.float64] | NDArray[np.int64]

_HARM = np.array([1.0, 2.0, 10.0, 183.5, 273.75, 365.0])
_OFTEN = np.array([0.7, 0.1, 0.1, 0.04, 0.02, 0.04])
_STATUSES = np.array([0.7, 0.1, 0.2])  # of persons: corroborated, proposed, unknown


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many of so many true figures lay inside their 95 % intervals, and how many outside on either side."""

    measure: str
    figures: int
    covered: int
    below: int
    above: int
    point_figures: int
    """Figures whose interval is one value alone: those can cover more often than 95 % only."""


def simulated(persons: int, links: int, *, joins: int = 0, seed: int = 0) -> LinkTable:
    """Make up a population: few persons with many offences, some of them with others, some proposed to be one.

    Parameters
    ----------
    persons, links
        How many persons, and about how many links of theirs; each person has one at least.
    joins
        How many persons by likeness are proposed to be somebody else, half of them with a likelihood ratio, some to be
        either of two.
    """
    rng = np.random.default_rng([seed, 7])
    offences = max(1, int(links * 0.6))
    weight = rng.pareto(1.5, persons) + 0.2
    person = np.concatenate([np.arange(persons), rng.choice(persons, max(links - persons, 0), p=weight / weight.sum())])
    key = np.unique(person.astype(np.int64) * offences + rng.integers(0, offences, len(person)))
    known_as = np.sort(rng.choice(3, persons, p=_STATUSES))
    of_person, offence = key // offences, key % offences
    proposed = _proposed(rng, known_as, joins)
    table = LinkTable(
        persons=tuple(PersonId(f"P{number:07}") for number in range(persons)),
        nominal_ids=tuple(NominalId(f"P{n:07}") if status == 0 else None for n, status in enumerate(known_as.tolist())),
        offences=_offences(rng, offences),
        person=of_person.astype(np.int32),
        offence=offence.astype(np.int32),
        status=known_as[of_person].astype(np.int8),
        join=np.full(len(key), -1, dtype=np.int32),
        joins=proposed,
    )
    return _with_joined(table)


def _proposed(rng: np.random.Generator, known_as: NDArray[np.int64], joins: int) -> tuple[ProposedJoin, ...]:
    unknown, known = np.flatnonzero(known_as == 2), np.flatnonzero(known_as < 2)
    if not len(known):
        return ()
    parts = np.sort(rng.choice(unknown, min(joins, len(unknown)), replace=False))
    wholes = rng.choice(known, (len(parts), 2))
    ratios = 10 ** rng.normal(1.0, 1.0, (len(parts), 2))
    made = []
    for number, part in enumerate(parts.tolist()):
        for which in range(2 if number % 5 == 0 and wholes[number, 0] != wholes[number, 1] else 1):
            ratio = float(ratios[number, which]) if number % 2 else None
            made.append(ProposedJoin(part, int(wholes[number, which]), ratio, 0.6))
    # Somebody by likeness may be proposed to be another such person, who is proposed to be a known one.
    chained = [ProposedJoin(int(b), int(a), None, 0.6) for a, b in zip(parts[1::7], parts[3::7], strict=False) if a < b]
    return tuple(made + chained[: len(parts) // 10])


def _with_joined(table: LinkTable) -> LinkTable:
    """Add to links what would be links of the wholes if joins held, as the case file does."""
    starts = np.searchsorted(table.person, np.arange(len(table.persons) + 1))
    person, offence, status, number = [table.person], [table.offence], [table.status], [table.join]
    for at, join in enumerate(table.joins):
        rows = slice(starts[join.part], starts[join.part + 1])
        size = rows.stop - rows.start
        person.append(np.full(size, join.whole, dtype=np.int32))
        offence.append(table.offence[rows])
        status.append(np.full(size, 2, dtype=np.int8))
        number.append(np.full(size, at, dtype=np.int32))
    order = np.lexsort(tuple(np.concatenate(column) for column in (number, offence, person)))
    return replace(
        table,
        person=np.concatenate(person)[order],
        offence=np.concatenate(offence)[order],
        status=np.concatenate(status)[order],
        join=np.concatenate(number)[order],
    )


def _offences(rng: np.random.Generator, count: int) -> OffenceTable:
    kind = rng.choice(len(_HARM), count, p=_OFTEN).astype(np.int32)
    codes = Coded(tuple(f"C{number}" for number in range(len(_HARM))), kind)
    places = {
        name: Coded(tuple(f"{name} {n:03}" for n in range(size)), rng.integers(0, size, count, dtype=np.int32))
        for name, size in (("retailer", 12), ("store", 300), ("borough", 33))
    }
    return OffenceTable(
        ids=tuple(OffenceId(f"O{number:07}") for number in range(count)),
        occurred_at=np.datetime64("2025-01-01", "s") + rng.integers(0, 365 * 86_400, count).astype("timedelta64[s]"),
        harm_days=_HARM[kind],
        value_pence=rng.integers(100, 50_000, count),
        proactive=rng.random(count) < 0.1,
        code=codes,
        offence=codes,
        retailer=places["retailer"],
        store=places["store"],
        borough=places["borough"],
        latitude=51.3 + 0.4 * rng.random(count),
        longitude=-0.5 + 0.8 * rng.random(count),
    )


def coverage(
    settings: WorldSettings | None = None,
    *,
    populations: int = 40,
    persons: int = 200,
    links: int = 1500,
    joins: int = 30,
    trials: int = 200,
    by: str = "harm",
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Coverage, ...]:
    """Count how often true ranks, harm, counts and values lie inside their 95 % intervals.

    For each population the chances that links are wrong are drawn from the settings, ``trials`` trials of reviewers are
    made up with that of reviewers, which the intervals then learn from, and what is true is drawn once. Many figures
    are small whole numbers, whose intervals cannot be of 95 % exactly: they cover more often than that.

    Parameters
    ----------
    settings
        The chances in the population and, but for reviewers', in the intervals; their seed is not used.
    trials
        Trials of reviewers that the intervals learn from; none: the prior alone.

    Returns
    -------
    tuple of Coverage
        Of rank, harm, count and value, over all persons of all populations.
    """
    settings = settings or WorldSettings()
    tally = {name: np.zeros(5, dtype=np.int64) for name in ("rank", "harm", "count", "value")}
    for number in range(populations):
        rng = np.random.default_rng([seed, number, 1])
        table = simulated(persons, links, joins=joins, seed=seed * 100_003 + number)
        wrong = [_rate(rng, chance.mean, chance.trials) for chance in settings.chances]
        learned = settings.reviewer_error.learned(int(rng.binomial(trials, wrong[0])), trials, "made up")
        drawn = replace(settings, reviewer_error=learned, seed=seed * 100_003 + number)
        base = ground(table, drawn)
        found = intervals(base, drawn, RfhPoints(), by=by)
        point = measured(base, world(base, np.zeros(0, dtype=np.int64)), RfhPoints())
        true = truth(table, settings, wrong, rng)
        for name in ("harm", "count", "value"):
            shown = figures(base, name, point[name])
            _count(tally[name], true[name], np.minimum(found.low[name], shown), np.maximum(found.high[name], shown))
        place = ranks(point[by])
        true_rank = _true_ranks(true[by])
        _count(tally["rank"], true_rank, np.minimum(found.rank_low, place), np.maximum(found.rank_high, place))
        if progress is not None:
            progress(number + 1, populations)
    return tuple(Coverage(name, *map(int, counts)) for name, counts in tally.items())


def _rate(rng: np.random.Generator, mean: float, worth: float) -> float:
    return mean if np.isinf(worth) or mean in {0.0, 1.0} else float(rng.beta(mean * worth, (1 - mean) * worth))


def truth(
    table: LinkTable, settings: WorldSettings, wrong: list[float], rng: np.random.Generator
) -> dict[str, NDArray[np.float64]]:
    """Draw what is true once: sets of offences by person, from which harm, count and value are added up.

    ``wrong`` are the chances that a link is wrong, in the order of :data:`stillgraph.records.LINK_STATUSES`.
    """
    whole_of: dict[int, int] = {}
    by_part: dict[int, list[ProposedJoin]] = {}
    for join in table.joins:
        by_part.setdefault(join.part, []).append(join)
    for part, joins in by_part.items():
        odds = [
            settings.join_probability / (1 - settings.join_probability)
            if join.likelihood_ratio is None
            else settings.join_odds * join.likelihood_ratio
            for join in joins
        ]
        shares = np.array([*odds, 1.0]) / (sum(odds) + 1.0)
        which = int(rng.choice(len(shares), p=shares))
        if which < len(joins):
            whole_of[part] = joins[which].whole
    done: dict[int, set[int]] = {}
    own = table.join < 0
    rows = zip(table.person[own].tolist(), table.offence[own].tolist(), table.status[own].tolist(), strict=True)
    for person, offence, status in rows:
        if rng.random() >= wrong[status]:
            who = person
            while who in whole_of:
                who = whole_of[who]
            done.setdefault(who, set()).add(offence)
    offences = table.offences
    harm = np.where(offences.proactive, 0.0, offences.harm_days)
    true = {name: np.zeros(len(table.persons)) for name in ("harm", "count", "value")}
    for person, theirs in done.items():
        which_ = list(theirs)
        true["harm"][person] = round(float(harm[which_].sum()), 6)
        true["count"][person] = len(which_)
        true["value"][person] = float(offences.value_pence[which_].sum())
    return true


def _true_ranks(values: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.array([1 + int((values > value).sum()) for value in values], dtype=np.int64)


def _count(tally: NDArray[np.int64], true: Numbers, low: Numbers, high: Numbers) -> None:
    below, above = true < low, true > high
    tally += np.array(
        [len(true), int((~below & ~above).sum()), int(below.sum()), int(above.sum()), int((low == high).sum())]
    )
