"""Over which days a transparency report counts, and why the public's are whole quarters."""

from __future__ import annotations

from datetime import date, timedelta

from stillgraph.errors import WrongUse


def quarter(day: date) -> tuple[date, date]:
    """Return the first and last day of the calendar quarter a day is in."""
    first = date(day.year, 3 * ((day.month - 1) // 3) + 1, 1)
    return first, _next(first) - timedelta(days=1)


def quarters(first: date, last: date) -> tuple[tuple[date, date], ...]:
    """Return the quarters from the one of a day to the one of another, oldest first."""
    found = [quarter(first)]
    while found[-1][1] < last:
        found.append(quarter(found[-1][1] + timedelta(days=1)))
    return tuple(found)


def chosen(since: date | None, until: date | None, *, public: bool, began: date, today: date) -> tuple[date, date]:
    """Return the period of a report.

    The public's is one calendar quarter: of two periods that overlap, the difference is a third that nobody looked at
    for small counts. Unless given it is the last that has ended, or the one now where the record is younger.

    Parameters
    ----------
    since, until
        As asked for; ``None`` for what is not said.
    began
        The day of the record's first entry.

    Raises
    ------
    WrongUse
        The end is before the beginning, the beginning is yet to come, or the public's is not one quarter.
    """
    if not public:
        first = began if since is None else since
        last = max(today, first) if until is None else until
        if last < first:
            raise WrongUse(f"The period ends before it begins: give --until a day from {first.isoformat()} on.")
    elif since is None and until is None:
        now = quarter(today)
        first, last = quarter(now[0] - timedelta(days=1))
        if last < began:
            first, last = now
    else:
        given = since if since is not None else until
        assert given is not None  # noqa: S101  (one of the two was given)
        first, last = quarter(given)
        if (since or first) != first or (until or last) != last:
            raise WrongUse(
                "The public's report is of one calendar quarter, as reports of overlapping periods would give small "
                f"counts away: give --since {first.isoformat()} --until {last.isoformat()}, or ask for --internal."
            )
    if first > today:
        raise WrongUse(f"The period is yet to come; today is {today.isoformat()}.")
    return first, last


def _next(first: date) -> date:
    return date(first.year, first.month + 3, 1) if first.month < 10 else date(first.year + 1, 1, 1)
