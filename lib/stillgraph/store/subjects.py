"""What the case file holds on one person, for a subject access report: nobody else's records, no officer's name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stillgraph.records import CustodyImageId, FaceId, NominalId, PersonId, SubjectTable
from stillgraph.store.casefile import Session

_OF_NOMINAL: tuple[tuple[str, str, str], ...] = (
    (
        "Particulars as custody recorded them",
        "SELECT nominal_id, name, date_of_birth, sex, ethnicity FROM held.nominals WHERE nominal_id = $nominal",
        "",
    ),
    (
        "Custody images",
        (
            "SELECT custody_image_id, captured_on, custody_ref, conviction_status, "
            "coalesce(nullif(basis, ''), 'PACE 1984 s. 64A') AS basis, force, area, review_due, "
            "EXISTS (SELECT 1 FROM held.faces AS f JOIN held.templates AS t USING (face_id) WHERE "
            "f.image_kind = 'custody' "
            "AND f.image_id = c.custody_image_id) AS template_held FROM held.custody_images AS c "
            "WHERE nominal_id = $nominal ORDER BY captured_on, custody_image_id"
        ),
        "A template is a list of numbers that a program makes of a face, to compare it with others.",
    ),
    (
        "Arrests",
        (
            "SELECT arrested_on, offence_code, offence, disposal, disposed_on, custody_from, released_on "
            "FROM held.arrests "
            "WHERE nominal_id = $nominal ORDER BY ALL"
        ),
        "",
    ),
    (
        "Searches whose candidate lists you were on",
        (
            "SELECT s.searched_at, s.operation_id AS operation, o.purpose, count(*) AS lists, "
            "min(c.rank) AS highest_place "
            "FROM held.candidates AS c JOIN held.searches AS s USING (search_id) "
            "LEFT JOIN held.operations AS o USING (operation_id) WHERE c.nominal_id = $nominal "
            "GROUP BY ALL ORDER BY s.searched_at"
        ),
        (
            "To be on a list says that a program scored your image among the most alike, and nothing of "
            "who anybody is. "
            "Whose stills were searched, and who else was on the lists, is left out."
        ),
    ),
    (
        "What officers said of you on those lists",
        (
            "SELECT 'supports that it is you' AS said, "
            "count(*) AS times, min(judged_at)::DATE AS first_on, max(judged_at)::DATE AS last_on FROM "
            "held.judgements "
            "WHERE nominal_id = $nominal GROUP BY ALL ORDER BY 1"
        ),
        "Officers' names and reasons are left out.",
    ),
    (
        "Reviews in which two officers agreed that it is you",
        (
            "SELECT r.still_id AS still, t.captured_at, o.offence_id AS offence, o.offence_code, o.offence AS class, "
            "r.officers, r.review_kind FROM main.reviews AS r JOIN held.stills AS t USING (still_id) "
            "JOIN held.offences AS o USING (offence_id) "
            "WHERE r.outcome = 'corroborated' AND r.nominal_id = $nominal ORDER BY t.captured_at"
        ),
        "",
    ),
    (
        "Photo arrays you were in",
        (
            "SELECT a.array_id AS number, a.made_at, CASE WHEN a.nominal_id = $nominal THEN 'as the "
            "person asked about' "
            "ELSE 'among others' END AS part FROM held.arrays AS a JOIN held.array_positions AS p USING (array_id) "
            "WHERE p.nominal_id = $nominal GROUP BY ALL ORDER BY a.array_id"
        ),
        "What witnesses answered is evidence of the case and is left out.",
    ),
    (
        "Legal holds",
        (
            "SELECT hold_id AS number, kind, record_id AS record, until, placed_at, released_at FROM "
            "held.retention_holds "
            "WHERE (kind = 'nominal record' AND record_id = $nominal) OR (kind = 'custody image' AND record_id IN "
            "(SELECT custody_image_id FROM held.custody_images WHERE nominal_id = $nominal)) ORDER BY 1"
        ),
        "",
    ),
    (
        "Your applications to delete",
        (
            "SELECT application_id AS number, received_on, ground, outcome, because, purpose, "
            "next_review, decided_at "
            "FROM held.retention_applications WHERE nominal_id = $nominal ORDER BY 1"
        ),
        "",
    ),
)

_OF_PERSON: tuple[tuple[str, str, str], ...] = (
    (
        "Stills you are linked to",
        (
            "SELECT x.still_id AS still, t.captured_at, x.retailer_id AS retailer, o.offence_code, "
            "o.offence AS class, "
            "t.review_due, x.status AS link FROM main.person_faces AS x JOIN held.stills AS t USING (still_id) "
            "JOIN held.offences AS o ON o.offence_id = t.offence_id WHERE x.person_id = $person GROUP BY ALL "
            "ORDER BY t.captured_at"
        ),
        "A link that is not corroborated is a program's or one officer's proposal.",
    ),
    (
        "Rankings you are in",
        (
            "SELECT r.ranking_id AS number, r.made_at, r.ranked_by AS by, s.rank, s.rank_low, "
            "s.rank_high, r.persons, "
            "s.offences, s.harm_days, s.value_pence FROM held.standings AS s JOIN held.rankings AS r "
            "USING (ranking_id) "
            "WHERE s.person_id = $person ORDER BY 1"
        ),
        "",
    ),
)

_EXPORTS = (
    "SELECT kind, exported_at, operation_id AS operation, coalesce(ended_how, 'not deleted by Stillgraph') AS state "
    "FROM held.exports WHERE list_contains(about, '*') OR list_has_any(about, $ids) ORDER BY exported_at"
)


def tables(session: Session, nominal: NominalId | None, person: PersonId | None) -> list[SubjectTable]:
    """Return a table of each kind of record held on a nominal, a person of the last linking run, or both as one."""
    found = []
    asked = [] if nominal is None else [(one, {"nominal": str(nominal)}) for one in _OF_NOMINAL]
    asked += [] if person is None else [(one, {"person": str(person)}) for one in _OF_PERSON]
    for (title, sql, note), whose in asked:
        found.append(_table(session, title, sql, whose, note))
    values = {"ids": ids(session, nominal, person)}
    exported = _table(
        session, "Files written that show or name you", _EXPORTS, values, "Who has them now is not known."
    )
    return [*found, exported]


def _table(session: Session, title: str, sql: str, values: dict[str, Any], note: str) -> SubjectTable:
    read = session.arrow(sql, values)
    columns = tuple(name.replace("_", " ") for name in read.column_names)
    return SubjectTable(title, columns, tuple(tuple(row.values()) for row in read.to_pylist()), note)


def ids(session: Session, nominal: NominalId | None, person: PersonId | None) -> list[str]:
    """Return the ids of a person's own records: nominal, custody images and stills."""
    rows = session.rows(
        "SELECT custody_image_id FROM held.custody_images WHERE nominal_id = $nominal UNION "
        "SELECT still_id FROM main.person_faces WHERE person_id = $person UNION "
        "SELECT still_id FROM main.reviews WHERE outcome = 'corroborated' AND nominal_id = $nominal ORDER BY 1",
        {"nominal": nominal, "person": person},
    )
    return [*([] if nominal is None else [str(nominal)]), *(row[0] for row in rows)]


def custody_images(session: Session, nominal: NominalId) -> list[CustodyImageId]:
    """Return a nominal's custody images."""
    rows = session.rows(
        "SELECT custody_image_id FROM held.custody_images WHERE nominal_id = ? ORDER BY captured_on, custody_image_id",
        [nominal],
    )
    return [row[0] for row in rows]


def reviewed_faces(session: Session, nominal: NominalId) -> list[FaceId]:
    """Return the faces of which officers agreed that they are a nominal's, whatever was linked since."""
    rows = session.rows(
        "SELECT face_id FROM main.reviews WHERE outcome = 'corroborated' AND nominal_id = ? ORDER BY face_id", [nominal]
    )
    return [row[0] for row in rows]


def in_the_record(session: Session, of: str) -> frozenset[str]:
    """Return the ids by which the record may name a person: theirs, their custody images, and their faces on stills.

    ``of`` is a nominal id or a person id, and among what is returned whether or not the case holds anybody of it. A
    face is one that officers agreed is theirs, or that linking has with them.
    """
    rows = session.rows(
        "WITH who AS (SELECT person_id, nominal_id FROM main.persons WHERE $of IN (person_id, nominal_id)), "
        "nominals AS (SELECT nominal_id FROM who UNION SELECT $of) "
        "SELECT person_id FROM who UNION SELECT nominal_id FROM nominals UNION "
        "SELECT custody_image_id FROM held.custody_images SEMI JOIN nominals USING (nominal_id) UNION "
        "SELECT face_id FROM main.person_faces SEMI JOIN who USING (person_id) UNION "
        "SELECT face_id FROM main.reviews SEMI JOIN nominals USING (nominal_id) WHERE outcome = 'corroborated'",
        {"of": of},
    )
    return frozenset(str(row[0]) for row in rows if row[0] is not None)


def person_of(session: Session, nominal: NominalId) -> PersonId | None:
    """Return the person that officers corroborated as a nominal, as the last linking run has them."""
    row = session.one("SELECT person_id FROM held.persons WHERE nominal_id = ? AND status = 'corroborated'", [nominal])
    return None if row is None else row[0]


def known(session: Session, nominal: NominalId) -> bool:
    """Say whether anything is held under a nominal's id."""
    return session.one(
        "SELECT 1 FROM held.nominals WHERE nominal_id = $id UNION SELECT 1 FROM held.persons WHERE nominal_id = $id "
        "UNION SELECT 1 FROM held.judgements WHERE nominal_id = $id",
        {"id": nominal},
    ) is not None  # fmt: skip


def faces(session: Session, person: PersonId, *, least: Sequence[str] = ("corroborated",)) -> list[FaceId]:
    """Return a person's faces on stills, where their link has one of some statuses."""
    rows = session.rows(
        "SELECT face_id FROM main.person_faces WHERE person_id = ? AND list_contains(?, status) ORDER BY face_id",
        [person, list(least)],
    )
    return [row[0] for row in rows]
