"""What a page about one person is made of, read from the case file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from stillgraph.records import (
    CustodyImageId,
    FaceId,
    LinkStatus,
    NominalId,
    OffenceId,
    PersonId,
    SearchId,
    StillId,
)
from stillgraph.store.casefile import Session


@dataclass(frozen=True, slots=True)
class LinkedFace:
    """A face that is some person's, of which offence, and where the corroborated nominal stood on its list."""

    person_id: PersonId
    counts_as: PersonId
    status: LinkStatus
    face_id: FaceId
    still: StillId
    captured_at: datetime
    band: str | None
    usable: bool
    offence_id: OffenceId
    search_id: SearchId | None
    list_rank: int | None
    custody_image: CustodyImageId | None
    ahead_by: float | None


@dataclass(frozen=True, slots=True)
class OffencePlace:
    """Who else is on stills of an offence, what it was, and where."""

    offence_id: OffenceId
    occurred_at: datetime
    offence_code: str
    offence: str
    retailer: str
    store: str
    borough: str
    latitude: float
    longitude: float
    value_pence: int
    how_detected: str


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A person of the last linking run."""

    person_id: PersonId
    nominal_id: NominalId | None
    status: LinkStatus
    proposed_as: PersonId | None
    review_kind: str | None


_FACES = """
SELECT l.person_id, coalesce(l.proposed_as, l.person_id), CASE WHEN l.proposed_as IS NULL THEN l.status ELSE 'proposed'
       END, l.face_id, l.still_id, t.captured_at, l.band, l.usable, l.offence_id,
       CASE WHEN l.list_rank IS NOT NULL THEN l.search_id END, l.list_rank, l.custody_image_id,
       l.score - (SELECT max(c.score) FROM held.candidates AS c
                  WHERE c.search_id = l.search_id AND c.face_id = l.face_id AND c.rank <> l.list_rank)
FROM main.v_link AS l JOIN main.stills AS t USING (still_id)
ORDER BY l.occurred_at, l.offence_id, l.face_id
"""


def persons(session: Session) -> dict[PersonId, PersonRow]:
    """Return the persons of the last linking run, by id."""
    rows = session.rows(
        "SELECT person_id, nominal_id, status, proposed_as, review_kind FROM main.persons ORDER BY person_id"
    )
    return {row[0]: PersonRow(row[0], row[1], LinkStatus(row[2]), row[3], row[4]) for row in rows}


def faces(session: Session) -> list[LinkedFace]:
    """Return every face of a person, by time and offence; ``counts_as``: whom officers propose its person to be too."""
    return [
        LinkedFace(person, counts_as, LinkStatus(status), *rest)
        for person, counts_as, status, *rest in session.rows(_FACES)
    ]


def places(session: Session) -> dict[OffenceId, OffencePlace]:
    """Return every offence with its store's name and place."""
    rows = session.rows(
        "SELECT offence_id, occurred_at, offence_code, offence, retailer, store, borough, latitude, longitude, "
        "value_pence, how_detected FROM main.offences ORDER BY offence_id"
    )
    return {row[0]: OffencePlace(*row) for row in rows}
