"""Why somebody ranks where they do: what each link brings, and the place they would have if links were otherwise.

Everything is computed from the links, by leaving some out or putting some in and ranking again; nothing is estimated.
How likely such a change is, is for :mod:`stillgraph.prolific.ranking` to say.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from stillgraph.errors import NotFound
from stillgraph.prolific.exposure import days_at_liberty
from stillgraph.prolific.rfh import RfhPoints
from stillgraph.prolific.worlds import MEASURES
from stillgraph.records import Contribution, CustodyTable, LinkTable, OffenceId, PersonId, Place

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_EPOCH = date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True, eq=False)
class Counted:
    """The links that count, and what they amount to.

    Attributes
    ----------
    rows : int64, shape (m,)
        Rows of the table that count, by person and offence.
    harm_days, value_pence : float64, shape (k,)
        Of every offence of the table; days of harm are 0 where it was proactively detected and those are left out.
    day : int64, shape (k,)
        When, in days since 1970.
    totals : dict of float64, shape (n,)
        Each measure by person; 0 of a person without a link that counts.
    takes_part : bool, shape (n,)
        Who has such a link.
    ascending : dict of float64
        The totals of those who do, in order.
    today : int
        The day recency counts from, in days since 1970.
    custody : CustodyTable, optional
        By the numbers of the table's persons: recency leaves days known in custody out.
    """

    table: LinkTable
    rows: Ints
    harm_days: Floats
    value_pence: Floats
    day: Ints
    totals: dict[str, Floats]
    takes_part: NDArray[np.bool_]
    ascending: dict[str, Floats]
    points: RfhPoints
    today: int
    custody: CustodyTable | None = None

    def of(self, person: int) -> Ints:
        """Return the offences of a person's links that count, shape (j,), ascending."""
        own = self.table.person[self.rows]
        first, last = np.searchsorted(own, (person, person + 1))
        return self.table.offence[self.rows[first:last]].astype(np.int64)


def counted(
    table: LinkTable,
    *,
    with_proposals: bool = False,
    include_proactive: bool = False,
    points: RfhPoints | None = None,
    today: date | None = None,
    custody: CustodyTable | None = None,
) -> Counted:
    """Sum up the links of a table by person, as :func:`stillgraph.prolific.rank` does.

    Parameters
    ----------
    table
        Made with proposals, whether they count or not, so that it can be said what they would change.
    with_proposals
        Whether links that are not corroborated count. Machines' proposals that two persons are one never do.
    include_proactive
        Whether proactively detected offences count in days of harm.
    points
        Another point table than :class:`RfhPoints`'s own.
    today
        The day recency counts from; the latest offence counted unless given.
    custody
        By the numbers of ``table.persons``: recency leaves days known in custody out, as in the ranking.
    """
    own = (table.join < 0) & ((table.status == 0) | with_proposals)
    rows = np.flatnonzero(own)
    offences = table.offences
    harm = np.where(offences.proactive & (not include_proactive), 0.0, offences.harm_days)
    value = offences.value_pence.astype(np.float64)
    day = offences.occurred_at.astype("datetime64[D]").astype(np.int64)
    person, offence = table.person[rows], table.offence[rows]
    newest = int(day[offence].max(initial=0)) if today is None else today.toordinal() - _EPOCH
    count = len(table.persons)
    latest = np.full(count, -np.inf)
    np.maximum.at(latest, person, day[offence])
    held = RfhPoints() if points is None else points
    totals: dict[str, Floats] = {
        "harm": np.asarray(np.round(np.bincount(person, harm[offence], count), 6), dtype=np.float64),
        "count": np.bincount(person, minlength=count).astype(np.float64),
        "value": np.bincount(person, value[offence], count).astype(np.float64),
    }
    takes_part = totals["count"] > 0
    since = _since(np.flatnonzero(takes_part), latest[takes_part], newest, custody)
    recent = np.full(count, np.inf)
    recent[takes_part] = since
    totals["rfh"] = np.where(takes_part, held.points(recent, totals["count"], totals["harm"]), 0.0)
    ascending = {name: np.sort(of[takes_part]) for name, of in totals.items()}
    return Counted(table, rows, harm, value, day, totals, takes_part, ascending, held, newest, custody)


def _since(person: Ints, latest: Floats, today: int, custody: CustodyTable | None) -> Floats:
    """Return the days since each person's latest offence that are not known to have been in custody."""
    if custody is None:
        return today - latest
    at_liberty = days_at_liberty(custody, person, latest.astype(np.int64), today)
    return np.where(latest <= today, at_liberty, today - latest).astype(np.float64)


def person_of(links: Counted, person_id: PersonId) -> int:
    """Return the number of a person in the table.

    Raises
    ------
    NotFound
        The table has no link of theirs.
    """
    at = int(np.searchsorted(np.array(links.table.persons, dtype=object), person_id))
    if at == len(links.table.persons) or links.table.persons[at] != person_id:
        raise NotFound(f"No link of person {person_id} is in this period; choose another period, or another person.")
    return at


def place(links: Counted, person: int, offences: Ints | None = None, *, gone: int | None = None) -> Place:
    """Return a person's place by each measure, as it is or as it would be with other offences.

    Parameters
    ----------
    offences
        Shape (j,), numbers of the table's offences, each once: theirs instead of those that count now. Without any
        they have no place.
    gone
        Somebody who would then be nobody of their own, as they would be part of this person.
    """
    these = links.of(person) if offences is None else offences
    others = int(np.count_nonzero(links.takes_part)) - int(links.takes_part[person])
    if gone is not None and links.takes_part[gone]:
        others -= 1
    if not len(these):
        return Place(ranks=dict.fromkeys(MEASURES), totals=dict.fromkeys(MEASURES, 0.0), persons=others)
    harm = round(float(links.harm_days[these].sum()), 6)
    latest = np.array([links.day[these].max()], dtype=np.float64)
    recent = _since(np.array([person]), latest, links.today, links.custody)
    points = links.points.points(recent, np.array([float(len(these))]), np.array([harm]))
    totals = {
        "harm": harm,
        "count": float(len(these)),
        "value": float(links.value_pence[these].sum()),
        "rfh": float(math.floor(points[0])),
    }
    return Place(
        ranks={name: _rank(links, name, totals[name], person, gone) for name in MEASURES},
        totals=totals,
        persons=others + 1,
    )


def _rank(links: Counted, name: str, total: float, person: int, gone: int | None) -> int:
    """Return 1 and how many others have more; equal totals share a rank."""
    held = links.ascending[name]
    more = len(held) - int(np.searchsorted(held, total, side="right"))
    for one in (person, gone):
        if one is not None and links.takes_part[one] and links.totals[name][one] > total:
            more -= 1
    return 1 + more


def contributions(links: Counted, person: int) -> list[Contribution]:
    """Return what each offence brings a person by each measure, and their place without it, in the order of ids."""
    offences = links.of(person)
    now = place(links, person)
    found = []
    for offence in offences:
        without = place(links, person, offences[offences != offence])
        brings = {name: now.totals[name] - without.totals[name] for name in MEASURES}
        found.append(
            Contribution(
                offence_id=links.table.offences.ids[offence],
                brings=brings,
                shares={name: brings[name] / now.totals[name] if now.totals[name] else None for name in MEASURES},
                without=without,
            )
        )
    return found


def without(links: Counted, person: int, offences: Sequence[OffenceId]) -> Place:
    """Return a person's place if their links to these offences did not hold."""
    theirs = links.of(person)
    return place(links, person, theirs[~np.isin(theirs, _numbers(links, offences))])


def beside(links: Counted, person: int, offences: Sequence[OffenceId]) -> Place:
    """Return a person's place if they had taken part in these offences too."""
    return place(links, person, np.union1d(links.of(person), _numbers(links, offences)))


def joined(links: Counted, person: int, part: int) -> tuple[tuple[OffenceId, ...], Place]:
    """Return which offences a person would gain if ``part`` were they too, and their place then.

    Gained are all of the part's own links, counted now or not: where two officers agreed that the two are one, those
    would be corroborated.
    """
    table = links.table
    theirs = table.offence[(table.person == part) & (table.join < 0)].astype(np.int64)
    gained = np.setdiff1d(theirs, links.of(person))
    ids = tuple(table.offences.ids[offence] for offence in gained)
    return ids, place(links, person, np.union1d(links.of(person), theirs), gone=part)


def _numbers(links: Counted, offences: Sequence[OffenceId]) -> Ints:
    known = np.array(links.table.offences.ids, dtype=object)
    at = np.searchsorted(known, np.array(offences, dtype=object)) if offences else np.zeros(0, dtype=np.int64)
    if any(n == len(known) or known[n] != one for n, one in zip(at, offences, strict=True)):
        raise NotFound("An offence is not among those of the period; choose another period.")
    return np.unique(at).astype(np.int64)
