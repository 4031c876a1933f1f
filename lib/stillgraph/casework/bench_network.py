"""Measuring the network and the ranking: against oracles, on a made-up county, and on a case with known truth."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from stillgraph.casework import bench_county, evaluating_network
from stillgraph.casework.analysing import query_table
from stillgraph.casework.bench_county import Beside, CountyTimes
from stillgraph.casework.county import County, county
from stillgraph.casework.desk import Desk
from stillgraph.casework.evaluating_network import NetworkReport
from stillgraph.casework.ranking import link_table
from stillgraph.errors import WrongUse
from stillgraph.governance.permits import Action

if TYPE_CHECKING:
    from stillgraph.network.oracles_measures import Covered, Held
    from stillgraph.prolific.coverage import Coverage

Tell = Callable[[str], None]

HARM_SQL = """
SELECT p.person_id, sum(h.harm_days) AS harm_days, count(*) AS offences, sum(o.value_pence) AS value_pence
FROM person_offences AS p JOIN offences AS o USING (offence_id)
JOIN harm_values AS h ON h.offence_code = upper(trim(o.offence_code))
WHERE p.status = 'corroborated' GROUP BY p.person_id ORDER BY p.person_id
"""
"""Everybody's harm, offences and value, added up by the database over its views."""


@dataclass(frozen=True, slots=True)
class ClosedForm:
    """A Gini that is known in closed form, and ours."""

    population: str
    units: int
    known: float
    found: float | None
    difference: float | None


@dataclass(frozen=True, slots=True)
class Totals:
    """Harm, offences and value of every person of a case, by columns and by SQL over its views."""

    persons: int
    agreed: int
    largest_difference: float
    harm_days: float


@dataclass(frozen=True, slots=True)
class Oracles:
    """What is known by other means: ``questions`` count networks on which paths and the like agree and disagree."""

    measures: dict[str, Held]
    questions: dict[str, int]
    sampled_betweenness: Covered
    rank_intervals: tuple[Coverage, ...]
    gini: tuple[ClosedForm, ...]
    totals: Totals | None


@dataclass(frozen=True, slots=True)
class NetworkBenchmark:
    """The whole of it. ``beside``: on a county of ``beside_persons``, ours and plain loops on the same data.

    ``demonstration``: on a case with known truth; ``None`` without one. ``load``: how many processes wanted a core when
    it began, on average over a minute: times of a busy machine are longer.
    """

    cores: int
    load: float
    networks: int
    oracles: Oracles
    county: CountyTimes
    beside_persons: int
    beside_links: int
    beside: dict[str, Beside]
    demonstration: NetworkReport | None


def bench_network(
    *,
    persons: int = 100_000,
    links: int = 1_000_000,
    worlds: int = 1_000,
    networks: int = 200,
    beside_persons: int = 10_000,
    sampled_persons: int = 6_000,
    desk: Desk | None = None,
    truth: Path | None = None,
    circles: Path | None = None,
    seed: int = 0,
    tell: Tell = lambda _: None,
) -> NetworkBenchmark:
    """Measure the network and the ranking.

    Parameters
    ----------
    persons, links, worlds
        Of the made-up county, and how many worlds its ranking draws.
    networks
        Random networks on which every measure is held to its oracle.
    beside_persons
        Of the smaller county on which plain loops are timed, with as many links each.
    sampled_persons
        Of the one on which intervals of sampled betweenness are held to the exact figures.
    desk, truth, circles
        A case with known truth, who is on each still, and who offends together; all three or none.
    seed
        Of everything.
    tell
        Told what is being done.

    Raises
    ------
    WrongUse
        Only some of case, truth and circles are given, or there is too little to measure.
    """
    given = [one for one in (desk, truth, circles) if one is not None]
    if len(given) not in {0, 3} or networks < 1 or worlds < 1:
        raise WrongUse(
            "A benchmark takes one random network and one world at least, and a case together with its truth and its "
            "circles; give what is missing."
        )
    load = os.getloadavg()[0]
    some = county(persons=sampled_persons, links=10 * sampled_persons, seed=seed)
    oracles = _oracles(networks, some, desk, seed, tell)
    tell(f"a county of {persons:,} persons and {links:,} links, {worlds:,} worlds")
    times = bench_county.measure(persons=persons, links=links, worlds=worlds, seed=seed)
    beside_links = max(2 * beside_persons, round(links * beside_persons / persons))
    tell(f"plain loops beside it, on {beside_persons:,} persons and {beside_links:,} links")
    beside = bench_county.beside(persons=beside_persons, links=beside_links, pivots=times.pivots or 500, seed=seed)
    report = None
    if desk is not None and truth is not None and circles is not None:
        tell("what is found again of a case with known truth")
        report = evaluating_network.network(desk, truth, circles, seed=seed)
    return NetworkBenchmark(
        cores=os.cpu_count() or 1, load=load, networks=networks, oracles=oracles, county=times,
        beside_persons=beside_persons, beside_links=beside_links, beside=beside, demonstration=report,
    )  # fmt: skip


def _oracles(networks: int, some: County, desk: Desk | None, seed: int, tell: Tell) -> Oracles:
    from stillgraph import network
    from stillgraph.network import oracles as question_oracles
    from stillgraph.network import oracles_measures
    from stillgraph.prolific import coverage

    tell(f"every measure against its oracle on {networks} random networks")
    measures = oracles_measures.check_measures(networks, seed)
    tell("paths, connections and the like against brute force")
    questions = question_oracles.check_questions(question_oracles.random_networks(networks, seed), seed)
    tell("intervals of sampled betweenness against exact figures")
    sampled = oracles_measures.check_sampling(network.project(some.links), tell=tell)
    tell("rank intervals on simulated populations")
    intervals = coverage(populations=max(1, networks // 5), seed=seed)
    return Oracles(measures, questions, sampled, intervals, _closed_forms(), None if desk is None else _totals(desk))


def _closed_forms(units: int = 100_000) -> tuple[ClosedForm, ...]:
    """Hold the Gini to populations whose Gini is known, exactly or at quantiles of a distribution."""
    from stillgraph.prolific import concentrated

    numbers = np.arange(1, units + 1, dtype=np.float64)
    levels = (numbers - 0.5) / units
    one_has_all = np.zeros(units)
    one_has_all[0] = units
    fewer = np.zeros(units)
    fewer[: units // 10] = 1.0
    enough = np.ones(units)
    populations = (
        ("everybody the same", np.ones(units), enough, 0.0),
        ("one has all", one_has_all, one_has_all, 1 - 1 / units),
        ("1, 2, 3, ... n", numbers, enough, (units - 1) / (3 * units)),
        ("exponential", -np.log1p(-levels), enough, 0.5),
        ("Pareto, shape 3", (1 - levels) ** (-1 / 3), enough, 0.2),
        ("fewer events than units, one each: as even as events allow", fewer, fewer, 0.0),
    )
    found = []
    for name, values, events, known in populations:
        value = concentrated(values, events, draws=1).gini.value
        found.append(ClosedForm(name, units, known, value, None if value is None else abs(value - known)))
    return tuple(found)


def _totals(desk: Desk) -> Totals:
    """Compare everybody's totals by columns with those of SQL over the case's views."""
    with desk.act(Action.EVALUATE, what="totals by SQL") as deed:
        table = link_table(deed.session)
    columns = (table.offences.harm_days, np.ones(len(table.offences.ids)), table.offences.value_pence)
    ours = np.column_stack(
        [np.bincount(table.person, weights=one[table.offence], minlength=len(table.persons)) for one in columns]
    )
    rows = {row["person_id"]: row for row in query_table(desk, HARM_SQL).to_pylist()}
    theirs = np.array(
        [
            [float(rows[person][name]) for name in ("harm_days", "offences", "value_pence")]
            if person in rows
            else [np.inf] * 3
            for person in table.persons
        ]
    ).reshape(-1, 3)
    off = np.abs(ours - theirs).max(axis=1, initial=0.0)
    strangers = len(rows.keys() - set(table.persons))
    return Totals(
        persons=len(table.persons) + strangers,
        agreed=int((off < 1e-6).sum()),
        largest_difference=float(off.max(initial=0.0)),
        harm_days=float(ours[:, 0].sum()),
    )
