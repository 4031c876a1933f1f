"""Who was at liberty when: somebody in custody is not quiet.

The rules, each of which a page of ours states as well (docs/worth.md):

- An arrest with ``custody_from`` puts the person in custody on the **whole** days between that day and ``released_on``;
  the first and the last day count as at liberty, since an arrest follows an offence of the same day often enough.
- An arrest with none of its later dates says nothing of the days after it, up to the person's next arrest.
- On all other days a person with arrests on record was at liberty: their record is taken as complete.
- Of anybody without an arrest on record, and of any day after the records end, nothing is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import chi2

from stillgraph.records import (
    LINK_STATUSES,
    Arrest,
    CustodyContradiction,
    CustodyTable,
    Estimate,
    Exposure,
    LinkTable,
    NominalId,
    Reading,
    Silence,
    Spans,
)

ACTIVE_DAYS = 28
"""Days, not known in custody, since an offence up to which a person counts as active."""

LEAST_OFFENCES = 3
"""Offences from which on a rate is stated: two gaps between them."""

_EPOCH = date(1970, 1, 1).toordinal()
_FIRST, _LAST = -100_000, 200_000  # days since 1970 beyond any date: the year 1696 and 2517
_RANGE = 1_000_000  # days, more than lie between them: keeps the days of two persons apart in one number

Days = NDArray[np.int64]


def day_number(day: date) -> int:
    """Return the days since 1970-01-01, as the columns of :class:`~stillgraph.records.Spans` count them."""
    return day.toordinal() - _EPOCH


def custody_table(
    nominal_ids: Sequence[NominalId | None], arrests: Sequence[Arrest], *, known_until: date | None
) -> CustodyTable:
    """Lay out when each person was in custody, and when it is not known.

    Parameters
    ----------
    nominal_ids
        Of each person, ``None`` for one not in custody records; a person's number is their place here.
    arrests
        In any order; those of other nominals are left aside.
    known_until
        The last day that the records cover. Somebody without a release is in custody up to that day. ``None``: there
        are no records, and nothing is known of anybody.
    """
    number = {nominal: at for at, nominal in enumerate(nominal_ids) if nominal is not None}
    known = [] if known_until is None else [arrest for arrest in arrests if arrest.nominal_id in number]
    end = _FIRST if known_until is None else day_number(known_until) + 1
    of = np.array([number[arrest.nominal_id] for arrest in known], dtype=np.int64)
    arrested = _days([arrest.arrested_on for arrest in known], _LAST)
    custody_from = _days([arrest.custody_from for arrest in known], _LAST)
    released = np.minimum(_days([arrest.released_on for arrest in known], _LAST), end)
    silent = np.array([arrest.disposed_on is None and arrest.custody_from is None for arrest in known], dtype=np.bool_)
    held = _merged(of, custody_from + 1, released)
    everybody = np.arange(len(nominal_ids), dtype=np.int64)
    unrecorded = np.setdiff1d(everybody, of)
    unknown = _merged(
        np.concatenate([held.person, of[silent], unrecorded, everybody]),
        np.concatenate(
            [held.start, arrested[silent] + 1, np.full(len(unrecorded), _FIRST), np.full(len(everybody), end)]
        ),
        np.concatenate(
            [held.end, _next_arrest(of, arrested)[silent], np.full(len(unrecorded) + len(everybody), _LAST)]
        ),
    )
    return CustodyTable(held, unknown, end)


def exposures(
    custody: CustodyTable, person: ArrayLike, first: ArrayLike, last: ArrayLike
) -> tuple[Days, Days, Days, Days]:
    """Count whole days of periods, each of a person: all, in custody, at liberty, not known which.

    Parameters
    ----------
    person, first, last
        Shapes that broadcast to (n,): numbers of persons, and first and last day, both included, in days since
        1970-01-01. A period that ends before it begins has no days.

    Returns
    -------
    tuple of array
        int64, shape (n,) each; the last three add up to the first.
    """
    of, begin, end = (np.asarray(part, dtype=np.int64) for part in (person, first, last))
    end = np.maximum(end + 1, begin)
    held = _covered(custody.held, of, begin, end)
    either = _covered(custody.held_or_unknown, of, begin, end)
    days = np.broadcast_to(end - begin, held.shape)
    return days, held, days - either, either - held


def days_at_liberty(custody: CustodyTable, person: ArrayLike, since: ArrayLike, until: ArrayLike) -> Days:
    """Count the days after ``since``, up to and with ``until``, that are not known to have been in custody.

    For recency: somebody locked up for a year after an offence has had no year in which to stay quiet. Days of which
    nothing is known count.

    Parameters
    ----------
    person, since, until
        As of :func:`exposures`.
    """
    days, held, _, _ = exposures(custody, person, np.asarray(since, dtype=np.int64) + 1, until)
    return np.asarray(days - held)


def in_custody(custody: CustodyTable, person: ArrayLike, day: ArrayLike) -> NDArray[np.bool_]:
    """Say whether each person was in custody the whole of a day, in days since 1970-01-01."""
    return np.asarray(exposures(custody, person, day, day)[1] > 0)


def silences(
    table: LinkTable, custody: CustodyTable, *, on: date, since: date, active_days: int = ACTIVE_DAYS
) -> tuple[Silence, ...]:
    """Read each person's time since their last offence up to and with ``on``.

    Somebody in custody the whole of that day is *in custody*. Else, with up to ``active_days`` days since the last
    offence that are not known to have been in custody, they are *active*; with more, *quiet*, and where any of these
    days may have been in custody, *quiet, custody not known*.

    The rate is that of a Poisson process seen from the first to the last offence: k gaps over the T days between that
    are not known in custody, with the exact interval of a process stopped at an event. The chance of a silence of s
    days, had the rate gone on, is ``(T / (T + s)) ** k``: ``exp(-rate s)`` with what is not known of the rate in it, so
    that of people who go on as before one in twenty falls below 0.05. A model: people do not offend like clockwork.

    Parameters
    ----------
    table
        Offences after ``on`` and machine's proposals of joins are left aside.
    custody
        By the numbers of ``table.persons``.
    on, since
        The day of the reading, and the first day of the period whose exposure is given besides.

    Returns
    -------
    tuple of Silence
        Of each person with an offence by then: the longest silent first, then by identifier.
    """
    today = day_number(on)
    happened = table.offences.occurred_at.astype("datetime64[D]").astype(np.int64)[table.offence]
    counted = (table.join < 0) & (happened <= today)
    if not counted.any():
        return ()
    person, happened, status = table.person[counted], happened[counted], table.status[counted]
    order = np.lexsort((happened, person))
    person, happened, status = person[order], happened[order], status[order]
    starts = np.flatnonzero(np.append(True, np.diff(person) > 0))
    ends = np.append(starts[1:], len(person)) - 1
    of, first, last, offences = person[starts].astype(np.int64), happened[starts], happened[ends], ends - starts + 1
    least_sure = np.maximum.reduceat(status, starts)
    silent = exposures(custody, of, last + 1, today)
    period = exposures(custody, of, day_number(since), today)
    free = silent[0] - silent[1]
    gaps, between = offences - 1, days_at_liberty(custody, of, first, last)
    rates = _rates(gaps, between)
    chances = (between / np.maximum(between + free, 1)) ** gaps
    readings = _readings(in_custody(custody, of, today), free, silent[3], active_days)
    return tuple(
        Silence(
            person_id=table.persons[of[i]],
            nominal_id=table.nominal_ids[of[i]],
            status=LINK_STATUSES[least_sure[i]],
            offences=int(offences[i]),
            first_offence=_date(first[i]),
            last_offence=_date(last[i]),
            reading=readings[i],
            silence=Exposure(*(int(part[i]) for part in silent)),
            period=Exposure(*(int(part[i]) for part in period)),
            per_30_days=_estimate(30 * rates[:, i]),
            chance=None if np.isnan(rates[0, i]) else float(chances[i]),
        )
        for i in sorted(range(len(of)), key=lambda i: (last[i], table.persons[of[i]]))
    )


def contradictions(table: LinkTable, custody: CustodyTable) -> tuple[CustodyContradiction, ...]:
    """Return the offences dated on a whole day that their person was in custody, by person and day.

    Either the link is wrong or a date is; nothing here decides which, and the offence counts as any other.
    """
    happened = table.offences.occurred_at.astype("datetime64[D]").astype(np.int64)[table.offence]
    person = table.person.astype(np.int64)
    found = np.flatnonzero((table.join < 0) & in_custody(custody, person, happened))
    spans = custody.held
    which = np.searchsorted(_key(spans.person, spans.start), _key(person[found], happened[found]), side="right") - 1
    return tuple(
        CustodyContradiction(
            person_id=table.persons[person[link]],
            nominal_id=table.nominal_ids[person[link]],
            offence_id=table.offences.ids[table.offence[link]],
            occurred_on=_date(happened[link]),
            custody_from=_date(spans.start[span] - 1),
            released_on=None if spans.end[span] == custody.end else _date(spans.end[span]),
        )
        for link, span in sorted(
            zip(found.tolist(), which.tolist(), strict=True), key=lambda at: (person[at[0]], happened[at[0]], at[0])
        )
    )


def _days(dates: Sequence[date | None], missing: int) -> Days:
    return np.array([missing if day is None else day_number(day) for day in dates], dtype=np.int64)


def _date(day: int) -> date:
    return date.fromordinal(int(day) + _EPOCH)


def _key(person: NDArray[np.int64], day: NDArray[np.int64]) -> Days:
    """Return numbers that sort by person, then day."""
    return np.asarray(person * _RANGE + day)


def _next_arrest(person: Days, arrested: Days) -> Days:
    """Return the day of each person's next arrest after each arrest's day, shape (k,); without one, the last day."""
    keys = np.unique(_key(person, arrested))
    after = np.searchsorted(keys, _key(person, arrested), side="right")
    following = np.append(keys, np.iinfo(np.int64).max)[after]
    return np.where(following < _key(person, np.asarray(_LAST)), following - person * _RANGE, _LAST)


def _merged(person: Days, start: Days, end: Days) -> Spans:
    """Return stretches sorted and joined where they overlap or touch; empty ones are left out."""
    some = end > start
    begin, stop = _key(person[some], start[some]), _key(person[some], end[some])
    order = np.argsort(begin, kind="stable")
    begin, stop = begin[order], np.maximum.accumulate(stop[order]) if some.any() else stop[order]
    first = np.append(True, begin[1:] > stop[:-1])[: len(begin)]
    starts = np.flatnonzero(first)
    last = np.append(starts[1:], len(begin)) - 1
    # The first day lies below 1970, so a key is that of the person to whose days it is nearest.
    of = (begin[starts] - _FIRST) // _RANGE
    return Spans(of, begin[starts] - of * _RANGE, stop[last] - of * _RANGE if len(starts) else stop)


def _covered(spans: Spans, person: Days, begin: Days, end: Days) -> Days:
    """Count the days from ``begin`` up to, not with, ``end`` that the stretches cover."""
    return _before(spans, person, end) - _before(spans, person, begin)


def _before(spans: Spans, person: Days, day: Days) -> Days:
    """Count the covered days of everybody before one, and of them before a day: differences are of one person."""
    key = _key(person, np.clip(day, _FIRST, _LAST))
    if not len(spans.person):
        return np.zeros(key.shape, dtype=np.int64)
    start, stop = _key(spans.person, spans.start), _key(spans.person, spans.end)
    total = np.append(0, np.cumsum(stop - start))
    at = np.searchsorted(start, key, side="right") - 1
    return np.asarray(np.where(at < 0, 0, total[at] + np.minimum(key, stop[at]) - start[at]))


def _rates(gaps: Days, days: Days) -> NDArray[np.float64]:
    """Return offences a day with the exact 95 % interval, shape (3, n); NaN where there are too few, or no days."""
    enough = (gaps >= LEAST_OFFENCES - 1) & (days > 0)
    k, exposed = np.where(enough, gaps, 1), np.where(enough, days, 1)
    rates = np.stack([k, chi2.ppf(0.025, 2 * k) / 2, chi2.ppf(0.975, 2 * k) / 2]) / exposed
    return np.where(enough, rates, np.nan)


def _estimate(values: NDArray[np.float64]) -> Estimate:
    return Estimate() if np.isnan(values).any() else Estimate(*(float(value) for value in values))


def _readings(held: NDArray[np.bool_], free: Days, not_known: Days, active_days: int) -> list[Reading]:
    told = np.select(
        [held, free <= active_days, not_known == 0],
        [Reading.IN_CUSTODY, Reading.ACTIVE, Reading.QUIET],
        Reading.QUIET_NOT_KNOWN,
    )
    return [Reading(str(one)) for one in told]
