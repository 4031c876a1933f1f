"""What stands behind a number: its rows, and a still of them to look at. Each look is permitted and recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stillgraph.casework.desk import Desk
from stillgraph.casework.receiving import still_image
from stillgraph.errors import NotFound
from stillgraph.governance.permits import Action
from stillgraph.records import StillId

if TYPE_CHECKING:
    import pandas as pd

_STILLS = (
    "SELECT s.still_id, o.retailer, o.store, o.borough, s.captured_at, s.faces, s.searched "
    "FROM stills AS s LEFT JOIN offences AS o USING (offence_id) "
)
_REVIEWS = (
    "SELECT r.still_id, r.face_id, r.outcome, r.officers, r.review_kind, o.retailer, o.borough, s.captured_at "
    "FROM reviews AS r JOIN stills AS s USING (still_id) LEFT JOIN offences AS o USING (offence_id) "
)
BEHIND = {
    "Stills received": _STILLS + "ORDER BY s.still_id",
    "Stills searched": _STILLS + "WHERE s.searched ORDER BY s.still_id",
    "Leads sent to review": _REVIEWS + "ORDER BY r.face_id",
    "Corroborated leads": _REVIEWS + "WHERE r.outcome = 'corroborated' ORDER BY r.face_id",
    "Unknown series": "SELECT f.still_id, f.person_id, f.face_id, f.retailer_id, p.stills, p.offences "
    "FROM person_faces AS f JOIN persons AS p USING (person_id) WHERE p.status = 'unknown' AND p.stills > 1 "
    "ORDER BY p.stills DESC, f.person_id, f.face_id",
}
"""The rows behind each key number of the overview; each row names a still. No name and no score is in them."""


def rows_behind(desk: Desk, number: str) -> pd.DataFrame:
    """Return the rows that a key number counts, each with its ``still_id``.

    Raises
    ------
    NotFound
        There is no such number.
    """
    if number not in BEHIND:
        raise NotFound(f"There is no number {number}; the numbers are {', '.join(BEHIND)}.")
    with desk.act(Action.VIEW, what="rows behind a number", number=number) as deed:
        return deed.session.frame(BEHIND[number])


def still_picture(desk: Desk, still: StillId, *, longest_px: int = 1600) -> bytes:
    """Return a still as PNG, its longer side at most ``longest_px`` pixels.

    Raises
    ------
    NotFound
        The still is not in the case.
    """
    from stillgraph.faces import beside
    from stillgraph.faces.pixels import decode

    return beside.png(decode(still_image(desk, still), still), longest_px)
