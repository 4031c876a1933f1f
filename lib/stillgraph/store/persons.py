"""Persons, proposals and contradictions in the case file: the last linking run's, replaced whole by the next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stillgraph.records import (
    Box,
    Contradiction,
    FaceId,
    Linkage,
    LinkStatus,
    Participation,
    Person,
    PersonFace,
    Proposal,
)
from stillgraph.store.casefile import Session


def replace(session: Session, linkage: Linkage) -> None:
    """Put a linking run in the place of the last one."""
    for table in ("person_faces", "persons", "proposals", "contradictions"):
        session.execute(f"DELETE FROM held.{table}")  # noqa: S608  (our own four tables)
    session.append(
        "persons",
        [
            {"person_id": p.person_id, "position": n, "nominal_id": p.nominal_id, "status": str(p.status)}
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
            {"position": n, "faces": list(p.faces), "score": p.score, "reason": p.reason}
            for n, p in enumerate(linkage.proposals)
        ],
    )
    session.append(
        "contradictions",
        [{"position": n, "faces": list(c.faces), "reason": c.reason} for n, c in enumerate(linkage.contradictions)],
    )


def linkage(session: Session) -> Linkage:
    """Return the last linking run as it was stored."""
    proposals = session.rows("SELECT faces, score, reason FROM held.proposals ORDER BY position")
    contradictions = session.rows("SELECT faces, reason FROM held.contradictions ORDER BY position")
    return Linkage(
        persons=tuple(persons(session)),
        proposals=tuple(Proposal(tuple(faces), None, score, reason) for faces, score, reason in proposals),
        contradictions=tuple(Contradiction(tuple(faces), reason) for faces, reason in contradictions),
    )


def persons(session: Session, person_id: str | None = None) -> list[Person]:
    """Return every person of the last linking run, or one, in its order."""
    rows = session.rows(
        "SELECT p.person_id, p.nominal_id, p.status, f.face_id, t.still_id, t.offence_id, f.x, f.y, f.width, f.height "
        "FROM held.persons AS p JOIN held.person_faces AS pf USING (person_id) "
        "JOIN held.faces AS f USING (face_id) JOIN held.stills AS t ON t.still_id = f.image_id "
        "WHERE $person IS NULL OR p.person_id = $person ORDER BY p.position, f.face_id",
        {"person": person_id},
    )
    grouped: dict[str, list[tuple[Any, ...]]] = {}
    for row in rows:
        grouped.setdefault(row[0], []).append(row)
    return [_person(group) for group in grouped.values()]


def participations(session: Session, statuses: Sequence[LinkStatus] | None = None) -> list[Participation]:
    """Return who took part in which offence by the last linking run, in a reproducible order."""
    wanted = None if statuses is None else [str(status) for status in statuses]
    rows = session.rows(
        "SELECT person_id, any_value(nominal_id), offence_id, any_value(status), list(face_id ORDER BY face_id) "
        "FROM main.person_faces WHERE $wanted IS NULL OR list_contains($wanted, status) "
        "GROUP BY person_id, offence_id ORDER BY person_id, offence_id",
        {"wanted": wanted},
    )
    return [
        Participation(person, nominal, offence, LinkStatus(status), tuple(FaceId(face) for face in faces))
        for person, nominal, offence, status, faces in rows
    ]


def _person(rows: Sequence[tuple[Any, ...]]) -> Person:
    person_id, nominal_id, status = rows[0][:3]
    return Person(
        person_id=person_id,
        nominal_id=nominal_id,
        status=LinkStatus(status),
        faces=tuple(PersonFace(row[3], row[4], Box(*row[6:10])) for row in rows),
        stills=tuple(dict.fromkeys(row[4] for row in rows)),
        offences=tuple(dict.fromkeys(row[5] for row in rows)),
    )
