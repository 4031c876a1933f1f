"""A made-up county: persons, circles and offences as links, for measuring at scale. Nobody in it is anybody.

Offending is heavy-tailed (a Pareto law, so that a few do much), most offences have one offender, and others come
mostly from the offender's own circle, sometimes from the same borough or from anywhere: so that the co-offending
network has tight groups, persons between them, one large component and many persons alone, as published ones have
(Carrington 2014, Co-offending, in the Encyclopedia of Criminology and Criminal Justice).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stillgraph.errors import WrongUse
from stillgraph.records import (
    LINK_STATUSES,
    Coded,
    LinkStatus,
    LinkTable,
    NominalId,
    OffenceId,
    OffenceTable,
    PersonId,
    ProposedJoin,
)

BOROUGHS, RETAILERS, STORES, DAYS = 32, 12, 600, 5 * 365

CODES: tuple[tuple[str, str, float, float], ...] = (
    ("46", "Shoplifting", 1.0, 0.86),
    ("49", "Other theft", 2.0, 0.06),
    ("105A", "Assault without injury", 10.0, 0.04),
    ("8N", "Assault with injury", 365.0, 0.02),
    ("34A", "Robbery of business property", 365.0, 0.02),
)
"""Offence codes with name, days of harm as in the shipped table, and share."""

OFFENDERS = np.array([0.62, 0.24, 0.09, 0.05])
"""Shares of offences with one, two, three and four offenders."""

OWN_CIRCLE, OWN_BOROUGH = 0.80, 0.15
"""Shares of others that come from the first offender's circle and from their borough; the rest from anywhere."""

UNKNOWN_SHARE, PROPOSED_SHARE, JOINED_SHARE = 0.15, 0.05, 0.4
PARETO, LEAST_OFTEN, MOST_OFTEN = 1.2, 0.1, 200.0

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class County:
    """A made-up county. ``circle`` (int64, shape (n,)) is each person's circle; a circle of one is a person alone."""

    links: LinkTable
    circle: Ints
    seed: int

    def __repr__(self) -> str:
        return f"County({self.links!r}, seed {self.seed})"


def county(*, persons: int = 100_000, links: int = 1_000_000, seed: int = 0, proposals: bool = True) -> County:
    """Make a county up.

    Parameters
    ----------
    persons, links : int
        How many persons, each with a link at least, and how many links of theirs. Links that proposals repeat come
        on top.
    seed : int
        Of everything: the same seed, the same county.
    proposals : bool
        Whether some persons are unknown or proposed and some of them are proposed to be part of somebody known, with
        a likelihood ratio; otherwise every link is corroborated.

    Raises
    ------
    WrongUse
        There are fewer than ten persons, or fewer than two links a person.
    """
    if persons < 10 or links < 2 * persons:
        raise WrongUse("A county has ten persons at least, and two links for each: give more with --links.")
    rng = np.random.default_rng(seed)
    circle = _circles(rng, persons)
    home = rng.integers(0, BOROUGHS, circle.max() + 1)[circle]
    often = np.minimum(LEAST_OFTEN + rng.pareto(PARETO, persons), MOST_OFTEN)
    person, offence, lead = _offences(rng, circle, home, often, links)
    own = LINK_STATUSES.index(LinkStatus.CORROBORATED) * np.ones(persons, np.int8)
    if proposals:
        drawn = rng.random(persons)
        own[drawn < UNKNOWN_SHARE + PROPOSED_SHARE] = LINK_STATUSES.index(LinkStatus.PROPOSED)
        own[drawn < UNKNOWN_SHARE] = LINK_STATUSES.index(LinkStatus.UNKNOWN)
    joins = _joins(rng, own) if proposals else ()
    named = [f"N{number:07d}" for number in range(persons)]
    sure = own == LINK_STATUSES.index(LinkStatus.CORROBORATED)
    rows = _rows(person, offence, own, joins)
    table = LinkTable(
        persons=tuple(PersonId(name) for name in named),
        nominal_ids=tuple(NominalId(name) if known else None for name, known in zip(named, sure.tolist(), strict=True)),
        offences=_happened(rng, home[lead]),
        joins=joins,
        person=rows[0],
        offence=rows[1],
        status=rows[2],
        join=rows[3],
    )
    return County(table, circle, seed)


def _circles(rng: np.random.Generator, persons: int) -> Ints:
    """Return each person's circle: two fifths are alone, circles have two to about a dozen."""
    sizes = np.where(rng.random(persons) < 0.66, 1, 2 + rng.geometric(0.35, persons) - 1)
    circle = np.repeat(np.arange(persons), sizes)[:persons]
    return np.asarray(rng.permutation(circle), dtype=np.int64)


def _offences(
    rng: np.random.Generator, circle: Ints, home: Ints, often: NDArray[np.float64], links: int
) -> tuple[Ints, Ints, Ints]:
    """Return person and offence of each link, each pair once, and the first offender of each offence."""
    persons = len(circle)
    # Every person leads one offence, so that nobody is without a link; then whoever offends often leads often.
    more = links - persons
    lead = np.concatenate([rng.permutation(persons), rng.choice(persons, more, p=often / often.sum())])
    sizes = rng.choice(len(OFFENDERS), len(lead), p=OFFENDERS)
    which = np.repeat(np.arange(len(lead)), sizes)
    with_whom, whence = rng.choice(persons, len(which), p=often / often.sum()), rng.random(len(which))
    for share, group, weight in ((OWN_CIRCLE + OWN_BOROUGH, home, often), (OWN_CIRCLE, circle, np.ones(persons))):
        near = whence < share
        with_whom[near] = _another(rng, group, weight, lead[which[near]])
    person, offence = np.concatenate([lead, with_whom]), np.concatenate([np.arange(len(lead)), which])
    once = np.unique(offence * persons + person)
    offence, person = once // persons, once % persons
    # Whole offences up to the number wanted; of the last as many links as are still wanted.
    offence, person = offence[:links], person[:links]
    return person, offence, lead[: int(offence.max()) + 1]


def _another(rng: np.random.Generator, group: Ints, weight: NDArray[np.float64], of: Ints) -> Ints:
    """Return somebody of each person's group, drawn by weight (themselves, too: they drop out as repeated)."""
    order = np.argsort(group, kind="stable")
    heaped = np.concatenate([[0.0], np.cumsum(weight[order])])
    starts = np.concatenate([[0], np.cumsum(np.bincount(group))])
    low, high = heaped[starts[group[of]]], heaped[starts[group[of] + 1]]
    place = np.searchsorted(heaped, low + rng.random(len(of)) * (high - low), side="right") - 1
    return np.asarray(order[np.clip(place, starts[group[of]], starts[group[of] + 1] - 1)], dtype=np.int64)


def _happened(rng: np.random.Generator, home: Ints) -> OffenceTable:
    offences = len(home)
    borough = np.where(rng.random(offences) < 0.8, home, rng.integers(0, BOROUGHS, offences))
    store = (rng.integers(0, STORES // BOROUGHS, offences) * BOROUGHS + borough).astype(np.int32)
    code = rng.choice(len(CODES), offences, p=[share for *_, share in CODES]).astype(np.int32)
    # Names ascend, so that the codes are renumbered in their order.
    names = sorted(name for name, *_ in CODES)
    renumbered = np.array([names.index(name) for name, *_ in CODES], np.int32)
    said = sorted(said for _, said, *_ in CODES)
    resaid = np.array([said.index(name) for _, name, *_ in CODES], np.int32)
    seconds = np.sort(rng.integers(0, DAYS * 86_400, offences))
    return OffenceTable(
        ids=tuple(OffenceId(f"R/{number:08d}") for number in range(offences)),
        occurred_at=np.datetime64("2021-01-01T00:00:00", "s") + rng.permutation(seconds).astype("timedelta64[s]"),
        harm_days=np.array([days for _, _, days, _ in CODES])[code],
        value_pence=np.round(np.exp(rng.normal(7.5, 1.2, offences))).astype(np.int64),
        proactive=rng.random(offences) < 0.05,
        code=Coded(tuple(names), renumbered[code]),
        offence=Coded(tuple(said), resaid[code]),
        retailer=Coded(tuple(f"R{number:02d}" for number in range(RETAILERS)), (store % RETAILERS).astype(np.int32)),
        store=Coded(tuple(f"S{number:03d}" for number in range(STORES)), store),
        borough=Coded(tuple(f"Borough {number:02d}" for number in range(BOROUGHS)), borough.astype(np.int32)),
        latitude=51.5 + 0.02 * (borough % 8) + rng.normal(0, 0.005, offences),
        longitude=-0.1 + 0.03 * (borough // 8) + rng.normal(0, 0.005, offences),
    )


def _joins(rng: np.random.Generator, own: NDArray[np.int8]) -> tuple[ProposedJoin, ...]:
    """Return proposals that some persons not corroborated are part of somebody who is."""
    sure = LINK_STATUSES.index(LinkStatus.CORROBORATED)
    parts = np.flatnonzero((own != sure) & (rng.random(len(own)) < JOINED_SHARE))
    known = np.flatnonzero(own == sure)
    if not len(known):
        return ()
    wholes = rng.choice(known, len(parts))
    ratios = np.exp(rng.normal(3.0, 2.0, len(parts)))
    scores = np.clip(rng.normal(0.45, 0.06, len(parts)), 0, 1)
    rows = zip(parts.tolist(), wholes.tolist(), ratios.tolist(), scores.tolist(), strict=True)
    return tuple(ProposedJoin(*row) for row in rows)


def _rows(
    person: Ints, offence: Ints, own: NDArray[np.int8], joins: tuple[ProposedJoin, ...]
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int8], NDArray[np.int32]]:
    """Return the columns of links, those that proposals repeat among them, sorted by person, offence and join."""
    status = own[person]
    join = np.full(len(person), -1, np.int64)
    if joins:
        number = np.full(len(own), -1, np.int64)
        number[[one.part for one in joins]] = np.arange(len(joins))
        repeated = number[person] >= 0
        whole = np.array([one.whole for one in joins], np.int64)
        person = np.concatenate([person, whole[number[person[repeated]]]])
        join = np.concatenate([join, number[person[: len(join)][repeated]]])
        status = np.concatenate(
            [status, np.full(int(repeated.sum()), LINK_STATUSES.index(LinkStatus.UNKNOWN), np.int8)]
        )
        offence = np.concatenate([offence, offence[repeated]])
    order = np.lexsort((join, offence, person))
    return (
        person[order].astype(np.int32), offence[order].astype(np.int32), status[order].astype(np.int8),
        join[order].astype(np.int32),
    )  # fmt: skip
