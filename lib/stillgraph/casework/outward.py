"""What leaves the case: a report for one retailer, and what the public may read. Neither names anybody.

A retailer's report has what that retailer sent and what came of it: no custody data, no name, no score, no other
retailer. The public one has counts, small ones withheld, and says what was not measured.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from stillgraph.casework.analysing import is_simulated
from stillgraph.casework.desk import Desk
from stillgraph.casework.wire import served
from stillgraph.errors import NotFound
from stillgraph.governance import disclosure
from stillgraph.governance.permits import Action
from stillgraph.records import Rate

if TYPE_CHECKING:
    import pandas as pd

    from stillgraph.store import Session

WITHHELD = "withheld"
"""What is published in the place of a small count."""
_CAME = """
WITH reviewed AS (
    SELECT still_id, count(*) AS lists, count_if(outcome = 'corroborated') AS corroborated,
           count_if(outcome = 'pending') AS pending, count_if(outcome = 'disputed') AS disputed
    FROM reviews GROUP BY still_id
)
SELECT s.image, s.offence_id AS offence, s.captured_at, s.faces,
       CASE WHEN s.faces = 0 THEN 'no face found in it'
            WHEN r.corroborated > 0 THEN 'two officers agreed who somebody in it is'
            WHEN r.pending > 0 THEN 'waits for officers to look'
            WHEN r.disputed > 0 THEN 'officers did not agree'
            WHEN r.lists > 0 THEN 'officers looked; they agreed on nobody'
            WHEN s.searched THEN 'searched; no face good enough'
            ELSE 'not searched yet' END AS came_of_it
FROM stills AS s LEFT JOIN reviewed AS r USING (still_id)
WHERE s.retailer_id = ? ORDER BY s.image
"""
_REFUSED = "SELECT line, image, field, reason FROM refusals WHERE retailer_id = ? ORDER BY delivery_id, line"
_SENT = """
SELECT count(*), coalesce(sum(rows_read), 0), coalesce(sum(accepted), 0), coalesce(sum(refused), 0)
FROM deliveries WHERE kind = 'stills' AND retailer_id = ?
"""
_OFFENCES = """
SELECT count(*), count_if(offence_id IN (SELECT offence_id FROM person_offences WHERE status = 'corroborated')),
       min(occurred_at), max(occurred_at)
FROM offences WHERE retailer_id = ?
"""
_WHERE = """
SELECT o.borough AS name, count(*) AS stills FROM stills AS s JOIN offences AS o USING (offence_id)
WHERE s.searched GROUP BY o.borough ORDER BY o.borough
"""
_WHEN = (
    "SELECT strftime(captured_at, '%Y-%m') AS name, count(*) AS stills FROM stills WHERE searched GROUP BY 1 ORDER BY 1"
)
_TOTALS = """
SELECT (SELECT count(*) FROM searches), (SELECT count(*) FROM stills WHERE searched),
       (SELECT count(*) FROM reviews WHERE outcome <> 'pending'),
       (SELECT count(*) FROM reviews WHERE outcome = 'corroborated'),
       (SELECT count(*) FROM reviews WHERE outcome = 'disputed'),
       (SELECT count(*) FROM custody_images WHERE searchable), (SELECT count(*) FROM officers),
       (SELECT min(captured_at) FROM stills WHERE searched), (SELECT max(captured_at) FROM stills WHERE searched)
"""
_ERROR = """
SELECT fpir, returned, searches, measured_gallery FROM fpir_thresholds
WHERE band = 'all' AND model = ? AND threshold IS NOT NULL ORDER BY policy_id DESC LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class RetailerReport:
    """What one retailer sent and what came of it.

    ``came`` has one row a still: image, offence (the retailer's own reference), captured_at, faces, came_of_it.
    ``refused`` has the rows of their manifests that were not taken in: line, image, field, reason.
    """

    retailer_id: str
    retailer: str
    as_of: datetime
    period: tuple[date, date] | None
    deliveries: int
    rows: int
    accepted: int
    rows_refused: int
    offences: int
    offences_corroborated: int
    simulated: bool
    came: pd.DataFrame = field(repr=False)
    refused: pd.DataFrame = field(repr=False)


@dataclass(frozen=True, slots=True)
class Transparency:
    """What the public may read of a case's searches.

    ``where`` and ``when`` are stills searched by borough and by month: name, stills (text, or ``withheld``).
    ``returned`` is how many searches for strangers returned somebody at the threshold, where that was measured.
    """

    as_of: datetime
    period: tuple[date, date] | None
    model: str
    searches: int
    stills_searched: int
    gallery: int
    corroborated: Rate
    disputed: Rate
    returned: Rate | None
    fpir: float | None
    simulated: bool
    where: pd.DataFrame = field(repr=False)
    when: pd.DataFrame = field(repr=False)


@served
def retailers(desk: Desk) -> list[tuple[str, str]]:
    """Return the retailers of the case: id and name."""
    with desk.act(Action.VIEW, what="retailers") as deed:
        return [(row[0], row[1]) for row in deed.session.rows("SELECT retailer_id, retailer FROM retailers ORDER BY 1")]


@served
def retailer_report(desk: Desk, retailer_id: str) -> RetailerReport:
    """Return what one retailer sent and what came of it.

    Raises
    ------
    NotFound
        The case has no such retailer.
    """
    with desk.act(Action.VIEW, what="retailer report", retailer=retailer_id) as deed:
        session = deed.session
        named = session.one("SELECT retailer FROM retailers WHERE retailer_id = ?", [retailer_id])
        if named is None:
            raise NotFound(
                f"There is no retailer {retailer_id} in this case; the view `retailers` has those there are."
            )
        sent, offences = _row(session, _SENT, retailer_id), _row(session, _OFFENCES, retailer_id)
        return RetailerReport(
            retailer_id=retailer_id,
            retailer=named[0],
            as_of=deed.at,
            period=_period(offences[2], offences[3]),
            deliveries=int(sent[0]),
            rows=int(sent[1]),
            accepted=int(sent[2]),
            rows_refused=int(sent[3]),
            offences=int(offences[0]),
            offences_corroborated=int(offences[1]),
            simulated=is_simulated(session),
            came=session.frame(_CAME, [retailer_id]),
            refused=session.frame(_REFUSED, [retailer_id]),
        )


@served
def transparency(desk: Desk) -> Transparency:
    """Return what the public may read: how, where, when, how often, with what yield and error."""
    from stillgraph import evaluation

    with desk.act(Action.VIEW, what="transparency report") as deed:
        session = deed.session
        totals = _row(session, _TOTALS)
        searches, stills, settled, corroborated, disputed, gallery = map(int, totals[:6])
        measured = session.one(_ERROR, [desk.model])
        return Transparency(
            as_of=deed.at,
            period=_period(totals[7], totals[8]),
            model=desk.model,
            searches=searches,
            stills_searched=stills,
            gallery=gallery,
            corroborated=evaluation.wilson(corroborated, settled),
            disputed=evaluation.wilson(disputed, settled),
            returned=None if measured is None else evaluation.wilson(int(measured[1]), int(measured[2])),
            fpir=None if measured is None else float(measured[0]),
            simulated=is_simulated(session),
            where=_published(session.frame(_WHERE)),
            when=_published(session.frame(_WHEN)),
        )


def _published(rows: pd.DataFrame) -> pd.DataFrame:
    shown = disclosure.withheld([int(count) for count in rows["stills"]])
    return rows.assign(stills=[WITHHELD if count is None else f"{count}" for count in shown])


def _row(session: Session, sql: str, *values: object) -> tuple[Any, ...]:
    return session.one(sql, list(values)) or ()


def _period(first: datetime | None, last: datetime | None) -> tuple[date, date] | None:
    return None if first is None or last is None else (first.date(), last.date())
