"""What persons' offences are like beside their sums: versatility, spread, company, and whether they grow worse."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from stillgraph.prolific.harm import HarmTable
from stillgraph.records import Coded, LinkTable, Trend

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LEAST_FOR_TREND = 10
"""Offences of a person below which no trend is stated: the interval of a rank correlation is not to be relied on."""

_NORMAL = 1.959963984540054  # the 97.5th percentile


@dataclass(frozen=True, slots=True, eq=False)
class Profiles:
    """What persons' offences are like; arrays of shape (n,) in the order of ``table.persons``.

    ``diversity`` is NaN for one offence; ``rho``, ``rho_low`` and ``rho_high`` are where ``trend`` is insufficient.
    """

    retailers: Ints
    boroughs: Ints
    codes: Ints
    subgroups: Ints
    diversity: Floats
    co_offenders: Ints
    with_others: Ints
    trend: tuple[Trend, ...]
    rho: Floats
    rho_low: Floats
    rho_high: Floats


def profiles(table: LinkTable, harm: HarmTable, *, include_proactive: bool = False) -> Profiles:
    """Describe what each person did, by their own links; what machines propose joins nobody here.

    Versatility is how many offence codes and kinds (the harm table's subgroups) there are, and ``diversity``: the
    chance that two of a person's offences, drawn without replacement, are of different kinds (Simpson 1949, Nature
    163, 688; unbiased, unlike the diversity index of criminal careers, for which see Sullivan et al. 2006, Journal of
    Research in Crime and Delinquency 43, 199-226).

    Escalation is Spearman's rank correlation of time and days of harm over a person's offences, with the interval of
    Bonett and Wright (2000, Psychometrika 65, 23-28): ``rising`` or ``falling`` where that leaves zero out. Fewer than
    :data:`LEAST_FOR_TREND` offences, or all of one harm or time, are ``insufficient``. Proactively detected offences
    are left out of it, and only of it, where they do not count in harm.

    Co-offenders are the other persons linked to a person's offences. Somebody nobody was linked to is not among them.
    """
    own = table.join < 0
    person, offence = table.person[own].astype(np.int64), table.offence[own]
    count = len(table.persons)
    offences = table.offences
    kinds = _kinds(offences.code, harm.subgroups)
    co_offenders, with_others = _company(person, offence, count, len(offences.ids))
    counted = np.ones(len(person), dtype=np.bool_) if include_proactive else ~offences.proactive[offence]
    seconds = offences.occurred_at[offence].astype(np.int64)
    rho, low, high = _escalation(
        person[counted], seconds[counted].astype(np.float64), offences.harm_days[offence][counted], count
    )
    return Profiles(
        retailers=_distinct(person, offences.retailer.index[offence], count),
        boroughs=_distinct(person, offences.borough.index[offence], count),
        codes=_distinct(person, offences.code.index[offence], count),
        subgroups=_distinct(person, kinds[offence], count),
        diversity=_diversity(person, kinds[offence], count),
        co_offenders=co_offenders,
        with_others=with_others,
        trend=_trends(rho, low, high),
        rho=rho,
        rho_low=low,
        rho_high=high,
    )


def _kinds(code: Coded, subgroups: Mapping[str, str]) -> Ints:
    """Return the number of each offence's kind, shape (k,); a code without one is a kind by itself."""
    names = [subgroups.get(name, name) for name in code.names]
    number = {name: at for at, name in enumerate(sorted(set(names)))}
    return np.array([number[name] for name in names], dtype=np.int64)[code.index]


def _distinct(person: Ints, value: NDArray[np.integer[Any]], count: int) -> Ints:
    width = int(value.max(initial=0)) + 1
    return np.bincount(np.unique(person * width + value) // width, minlength=count)


def _diversity(person: Ints, kind: Ints, count: int) -> Floats:
    width = int(kind.max(initial=0)) + 1
    pairs, times = np.unique(person * width + kind, return_counts=True)
    same = np.bincount(pairs // width, weights=times * (times - 1.0), minlength=count)
    number = np.bincount(person, minlength=count).astype(np.float64)
    possible = number * (number - 1)
    return np.asarray(1 - np.divide(same, possible, out=np.full(count, np.nan), where=possible > 0))


def _company(person: Ints, offence: NDArray[np.int32], count: int, offences: int) -> tuple[Ints, Ints]:
    party = np.bincount(offence, minlength=offences)
    shared = party[offence] > 1
    links = csr_array(
        (np.ones(int(shared.sum()), dtype=np.int32), (person[shared], offence[shared])), shape=(count, offences)
    )
    together = np.diff((links @ links.T).tocsr().indptr).astype(np.int64)
    return np.maximum(together - 1, 0), np.bincount(person[shared], minlength=count)


def _escalation(person: Ints, time: Floats, harm: Floats, count: int) -> tuple[Floats, Floats, Floats]:
    """Return Spearman's rho of time and harm by person, and its 95 % interval; NaN where insufficient."""
    number = np.bincount(person, minlength=count).astype(np.float64)
    when, worse = (_centred_ranks(person, values, number) for values in (time, harm))
    product, first, second = (
        np.bincount(person, weights=values, minlength=count) for values in (when * worse, when**2, worse**2)
    )
    spread = np.sqrt(first * second)
    enough = (number >= LEAST_FOR_TREND) & (spread > 0)
    rho = np.divide(product, spread, out=np.full(count, np.nan), where=enough)
    # A perfect correlation has no interval on Fisher's scale; it is taken as just short of one.
    z = np.arctanh(np.clip(rho, -0.9999, 0.9999))
    error = np.sqrt((1 + rho**2 / 2) / np.maximum(number - 3, 1))
    return rho, np.tanh(z - _NORMAL * error), np.tanh(z + _NORMAL * error)


def _centred_ranks(person: Ints, values: Floats, number: Floats) -> Floats:
    """Return the rank of each row's value among its person's, equals at their mean, less the mean rank."""
    order = np.lexsort((values, person))
    new = np.ones(len(order), dtype=np.bool_)
    new[1:] = (np.diff(person[order]) != 0) | (np.diff(values[order]) != 0)
    first = np.flatnonzero(new)
    last = np.append(first[1:], len(order)) - 1
    middle = ((first + last) / 2)[np.cumsum(new) - 1]
    start = np.cumsum(number) - number
    ranks = np.empty(len(order))
    ranks[order] = middle
    return np.asarray(ranks - start[person] - (number[person] - 1) / 2)


def _trends(rho: Floats, low: Floats, high: Floats) -> tuple[Trend, ...]:
    names = np.full(len(rho), 2)
    names[low > 0] = 0
    names[high < 0] = 1
    names[np.isnan(rho)] = 3
    words = (Trend.RISING, Trend.FALLING, Trend.NONE_SHOWN, Trend.INSUFFICIENT)
    return tuple(words[name] for name in names.tolist())
