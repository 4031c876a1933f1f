"""What stands behind a number: its rows, and a still of them to look at. Each look is permitted and recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stillgraph.casework.attempts import attempted
from stillgraph.casework.desk import Desk
from stillgraph.casework.receiving import still_image
from stillgraph.casework.wire import served
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
_OFFENCES = (
    "SELECT o.offence_id, o.retailer, o.store, o.borough, o.occurred_at, o.offence, o.value_pence, o.stills "
    "FROM offences AS o "
)
_FACES = (
    "SELECT f.still_id, f.face_id, f.usable, s.retailer_id, s.captured_at "
    "FROM faces AS f JOIN stills AS s USING (still_id) "
)
_GALLERY = "SELECT custody_image_id, captured_on, review_due, force, area, basis FROM custody_images WHERE searchable "
BEHIND = {
    "Stills received": _STILLS + "ORDER BY s.still_id",
    "Stills searched": _STILLS + "WHERE s.searched ORDER BY s.still_id",
    "Leads sent to review": _REVIEWS + "ORDER BY r.face_id",
    "Corroborated leads": _REVIEWS + "WHERE r.outcome = 'corroborated' ORDER BY r.face_id",
    "Unknown series": "SELECT f.still_id, f.person_id, f.face_id, f.retailer_id, p.stills, p.offences "
    "FROM person_faces AS f JOIN persons AS p USING (person_id) WHERE p.status = 'unknown' AND p.stills > 1 "
    "ORDER BY p.stills DESC, f.person_id, f.face_id",
    "Retailers": "SELECT retailer_id, retailer, stores, stills FROM retailers WHERE stills > 0 ORDER BY retailer_id",
    "Deliveries": "SELECT delivery_id, retailer_id, received_at, rows_read, accepted, refused FROM deliveries "
    "WHERE kind = 'stills' ORDER BY delivery_id",
    "Rows refused": "SELECT delivery_id, retailer_id, line, image, field, reason FROM refusals WHERE kind = 'stills' "
    "ORDER BY delivery_id, line",
    "Stills without a face": _STILLS + "WHERE s.faces = 0 ORDER BY s.still_id",
    "Faces usable": _FACES + "WHERE f.usable ORDER BY f.face_id",
    "Faces found": _FACES + "ORDER BY f.face_id",
    "Leads pending": _REVIEWS + "WHERE r.outcome = 'pending' ORDER BY r.face_id",
    "Leads not supported": _REVIEWS + "WHERE r.outcome = 'not supported' ORDER BY r.face_id",
    "Leads disputed": _REVIEWS + "WHERE r.outcome = 'disputed' ORDER BY r.face_id",
    "Persons corroborated": "SELECT nominal_id AS person_id, count(*) AS leads, count(DISTINCT still_id) AS stills, "
    "any_value(review_kind) AS review_kind FROM reviews WHERE outcome = 'corroborated' GROUP BY nominal_id "
    "ORDER BY nominal_id",
    "Offences with a corroborated person": _OFFENCES + "SEMI JOIN person_offences AS p "
    "ON p.offence_id = o.offence_id AND p.status = 'corroborated' ORDER BY o.offence_id",
    "Offences": _OFFENCES + "ORDER BY o.offence_id",
    "Unknown persons": "SELECT person_id, faces, stills, offences, retailers FROM persons WHERE status = 'unknown' "
    "ORDER BY stills DESC, person_id",
    "Stills with a corroborated lead": _STILLS + "SEMI JOIN reviews AS r "
    "ON r.still_id = s.still_id AND r.outcome = 'corroborated' ORDER BY s.still_id",
    "Gallery": _GALLERY + "ORDER BY custody_image_id",
    "Gallery past review": _GALLERY + "AND review_due < $today ORDER BY custody_image_id",
}
"""The rows behind each number of the overview; those of stills name each still. No name and no score is in them."""
COUNTED_BY = {"Unknown series": "person_id"}
"""Of a number that counts something else than its rows, the column whose different values it counts."""


@served
@attempted(Action.VIEW)
def rows_behind(desk: Desk, number: str) -> pd.DataFrame:
    """Return the rows that a number counts; those of stills, faces and reviews have a ``still_id``.

    Raises
    ------
    NotFound
        There is no such number.
    """
    if number not in BEHIND:
        raise NotFound(f"There is no number {number}; the numbers are {', '.join(BEHIND)}.")
    with desk.act(Action.VIEW, what="rows behind a number", number=number) as deed:
        today = {"today": deed.at.date()} if "$today" in BEHIND[number] else {}
        return deed.session.frame(BEHIND[number], today)


def counted(number: str, rows: pd.DataFrame) -> int:
    """Return what a number says that stands on these rows."""
    by = COUNTED_BY.get(number)
    return len(rows) if by is None else int(rows[by].nunique())


@served
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
