"""What leaves the case for one retailer: what they sent and what came of it. It names nobody.

There is no custody data in it, no name, no score and no other retailer. What the public may read is made from the
record (:mod:`stillgraph.casework.transparency`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from stillgraph.casework.analysing import is_simulated
from stillgraph.casework.desk import Desk
from stillgraph.casework.wire import served
from stillgraph.errors import NotFound
from stillgraph.governance.permits import Action

if TYPE_CHECKING:
    import pandas as pd

    from stillgraph.store import Session

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


def _row(session: Session, sql: str, *values: object) -> tuple[Any, ...]:
    return session.one(sql, list(values)) or ()


def _period(first: datetime | None, last: datetime | None) -> tuple[date, date] | None:
    return None if first is None or last is None else (first.date(), last.date())
