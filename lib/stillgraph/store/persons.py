"""Persons, proposals and contradictions in the case file: the last linking run's, replaced whole by the next."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from stillgraph.records import (
    Box,
    Contradiction,
    FaceId,
    Linkage,
    LinkStatus,
    ModelId,
    Participation,
    Person,
    PersonFace,
    Proposal,
)
from stillgraph.store.casefile import Session


def replace(session: Session, linkage: Linkage, *, linked_at: datetime, model: ModelId, threshold: float) -> None:
    """Put a linking run in the place of the last one."""
    for table in ("person_faces", "persons", "proposals", "contradictions", "linking_run"):
        session.execute(f"DELETE FROM held.{table}")  # noqa: S608  (our own five tables)
    session.append(
        "persons",
        [
            {
                "person_id": p.person_id,
                "position": n,
                "nominal_id": p.nominal_id,
                "status": str(p.status),
                "proposed_as": p.proposed_as,
            }
            for n, p in enumerate(linkage.persons)
        ],
    )
    session.append(
        "person_faces",
        [{"person_id": p.person_id, "face_id": face.face_id} for p in linkage.persons for face in p.faces],
    )
    session.append(
        "proposals",
        [
            {
                "position": n,
                "faces": list(p.faces),
                "score": p.score,
                "reason": p.reason,
                "persons": list(p.persons),
                "likelihood_ratio": p.likelihood_ratio,
            }
            for n, p in enumerate(linkage.proposals)
        ],
    )
    session.append(
        "contradictions",
        [
            {"position": n, "faces": list(c.faces), "reason": c.reason, "rulings": list(c.rulings)}
            for n, c in enumerate(linkage.contradictions)
        ],
    )
    session.execute("INSERT INTO held.linking_run VALUES (?, ?, ?)", [linked_at, model, threshold])


def threshold(session: Session) -> float | None:
    """Return the score at which the last linking run grouped, or ``None`` where it is not known."""
    row = session.one("SELECT threshold FROM held.linking_run")
    return None if row is None else float(row[0])


def linkage(session: Session) -> Linkage:
    """Return the last linking run as it was stored."""
    proposals = session.rows(
        "SELECT faces, likelihood_ratio, score, reason, persons FROM held.proposals ORDER BY position"
    )
    return Linkage(
        persons=tuple(persons(session)),
        proposals=tuple(
            Proposal(tuple(faces), ratio, score, reason, tuple(joins or ()))
            for faces, ratio, score, reason, joins in proposals
        ),
        contradictions=contradictions(session),
    )


def contradictions(session: Session) -> tuple[Contradiction, ...]:
    """Return the contradictions of the last linking run."""
    rows = session.rows("SELECT faces, reason, rulings FROM held.contradictions ORDER BY position")
    return tuple(Contradiction(tuple(faces), reason, tuple(rulings or ())) for faces, reason, rulings in rows)


def proposal_count(session: Session) -> int:
    """Return how many proposals the last linking run made."""
    return int((session.one("SELECT count(*) FROM held.proposals") or (0,))[0])


def persons(session: Session, person_id: str | None = None) -> list[Person]:
    """Return every person of the last linking run, or one, in its order."""
    rows = session.rows(
        "SELECT p.person_id, p.nominal_id, p.status, p.proposed_as, f.face_id, t.still_id, t.offence_id, "
        "f.x, f.y, f.width, f.height "
        "FROM held.persons AS p JOIN held.person_faces AS pf USING (person_id) "
        "JOIN held.faces AS f USING (face_id) JOIN held.stills AS t ON t.still_id = f.image_id "
        "WHERE $person IS NULL OR p.person_id = $person ORDER BY p.position, f.face_id",
        {"person": person_id},
    )
    grouped: dict[str, list[tuple[Any, ...]]] = {}
    for row in rows:
        grouped.setdefault(row[0], []).append(row)
    return [_person(group) for group in grouped.values()]


def participations(session: Session, *, with_proposals: bool = False) -> list[Participation]:
    """Return who took part in which offence by the last linking run, in a reproducible order.

    Corroborated parts only, unless ``with_proposals`` asks for the others too. What officers propose to be a
    corroborated person is then that person's part, ``proposed``.
    """
    rows = session.rows(
        "WITH counted AS ("
        " SELECT CASE WHEN $all THEN coalesce(p.proposed_as, p.person_id) ELSE p.person_id END AS person,"
        " CASE WHEN $all AND p.proposed_as IS NOT NULL THEN 'proposed' ELSE p.status END AS known,"
        " f.offence_id, f.face_id"
        " FROM main.person_faces AS f JOIN held.persons AS p USING (person_id)"
        " WHERE $all OR p.status = 'corroborated') "
        "SELECT c.person, any_value(p.nominal_id), c.offence_id, c.known, list(c.face_id ORDER BY c.face_id) "
        "FROM counted AS c JOIN held.persons AS p ON p.person_id = c.person "
        "GROUP BY c.person, c.offence_id, c.known ORDER BY c.person, c.offence_id, c.known",
        {"all": with_proposals},
    )
    return [
        Participation(person, nominal, offence, LinkStatus(status), tuple(FaceId(face) for face in faces))
        for person, nominal, offence, status, faces in rows
    ]


def _person(rows: Sequence[tuple[Any, ...]]) -> Person:
    person_id, nominal_id, status, proposed_as = rows[0][:4]
    return Person(
        person_id=person_id,
        nominal_id=nominal_id,
        status=LinkStatus(status),
        faces=tuple(PersonFace(row[4], row[5], Box(*row[7:11])) for row in rows),
        stills=tuple(dict.fromkeys(row[5] for row in rows)),
        offences=tuple(dict.fromkeys(row[6] for row in rows)),
        proposed_as=proposed_as,
    )
