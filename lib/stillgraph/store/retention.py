"""Retention in the case file: the rules in force, review dates, what is due, and decisions to keep."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from stillgraph.records import AtEnd, NominalId, RecordKind, RetentionRule
from stillgraph.store import galleries
from stillgraph.store.casefile import Session

_RULE = "kind, status, basis, keep_for, counted_from, at_end, apply_after, source, version, ours"

# What a still is to retention: whether it shows a face, whether officers agree whose, and whether custody holds an
# arrest of that person for that class of offence since.
_STATUS = """
SELECT t.still_id, t.captured_at::DATE AS captured_on, t.review_due, t.review_set_by,
       CASE WHEN bool_or(r.outcome = 'corroborated' AND a.nominal_id IS NOT NULL) THEN 'detected'
            WHEN bool_or(r.outcome = 'corroborated') OR bool_or(p.person_id IS NOT NULL) THEN 'corroborated'
            WHEN count(f.face_id) = 0 THEN 'no face' ELSE 'unknown' END AS status
FROM held.stills AS t
JOIN held.offences AS o USING (offence_id)
LEFT JOIN held.faces AS f ON f.image_kind = 'still' AND f.image_id = t.still_id
LEFT JOIN main.reviews AS r ON r.face_id = f.face_id
LEFT JOIN (SELECT x.face_id, x.person_id FROM held.person_faces AS x JOIN held.persons AS q USING (person_id)
           WHERE q.status = 'corroborated') AS p ON p.face_id = f.face_id
LEFT JOIN held.arrests AS a ON a.nominal_id = r.nominal_id AND a.offence_code = o.offence_code
      AND a.arrested_on >= o.occurred_at::DATE
GROUP BY ALL
"""


@dataclass(frozen=True, slots=True)
class Dated:
    """A record with its date: the day its review is due, or from which its period counts."""

    id: str
    day: date
    status: str = "*"
    basis: str = "*"
    set_by: str | None = None


def rules(session: Session) -> tuple[RetentionRule, ...]:
    """Return the rules in force, in the order of their table."""
    rows = session.rows(f"SELECT {_RULE} FROM held.retention_rules ORDER BY position")  # noqa: S608
    return tuple(
        RetentionRule(RecordKind(kind), status, basis, keep_for, counted_from, AtEnd(at_end), *others)
        for kind, status, basis, keep_for, counted_from, at_end, *others in rows
    )


def ruled(session: Session, kind: RecordKind) -> bool:
    """Say whether some rule says how long records of a kind are kept."""
    return session.one("SELECT 1 FROM held.retention_rules WHERE kind = ? LIMIT 1", [str(kind)]) is not None


def rules_set(session: Session) -> tuple[str, datetime] | None:
    """Return who put the rules in force, and when."""
    return session.one("SELECT set_by, set_at FROM held.retention_rules ORDER BY position LIMIT 1")


def set_rules(session: Session, new: Sequence[RetentionRule], *, officer: str, at: datetime) -> None:
    """Put these rules in the place of those there are."""
    session.execute("DELETE FROM held.retention_rules")
    session.append(
        "retention_rules",
        [
            {
                "position": number, "kind": str(rule.kind), "status": rule.status, "basis": rule.basis,
                "keep_for": rule.keep_for, "counted_from": rule.counted_from, "at_end": str(rule.at_end),
                "apply_after": rule.apply_after, "source": rule.source, "version": rule.version, "ours": rule.ours,
                "set_by": officer, "set_at": at,
            }
            for number, rule in enumerate(new)
        ],
    )  # fmt: skip


def date_stills(session: Session, due: Callable[[str, date], date]) -> int:
    """Give each still the review date of its rule, those an officer set left as they are; return how many changed.

    Parameters
    ----------
    due
        Of a still's status and day of capture.
    """
    import pyarrow as pa

    pairs = session.rows(f"SELECT DISTINCT status, captured_on FROM ({_STATUS}) WHERE review_set_by IS NULL")  # noqa: S608
    if not pairs:
        return 0
    table = pa.table(
        {
            "status": [status for status, _ in pairs],
            "captured_on": pa.array([day for _, day in pairs], pa.date32()),
            "due": pa.array([due(status, day) for status, day in pairs], pa.date32()),
        }
    )
    with session.incoming(table):
        changed = session.rows(
            f"UPDATE held.stills AS s SET review_due = w.due FROM (SELECT still_id, i.due FROM ({_STATUS}) AS t "  # noqa: S608
            "JOIN incoming AS i USING (status, captured_on) WHERE t.review_set_by IS NULL "
            "AND t.review_due IS DISTINCT FROM i.due) AS w WHERE w.still_id = s.still_id RETURNING 1"
        )
    return len(changed)


def bring_forward(session: Session, status: str, basis: str, due: Callable[[date], date]) -> int:
    """Bring the review dates of custody images of one status and basis forward to their rule's; return how many."""
    days = [
        row[0]
        for row in session.rows(
            "SELECT DISTINCT captured_on FROM held.custody_images WHERE conviction_status = ? AND basis = ? "
            "AND review_set_by IS NULL",
            [status, basis],
        )
    ]
    changed: list[str] = []
    for day in days:
        rows = session.rows(
            "UPDATE held.custody_images SET review_due = $due WHERE conviction_status = $status AND basis = $basis "
            "AND review_set_by IS NULL AND captured_on = $day AND review_due > $due RETURNING custody_image_id",
            {"due": due(day), "status": status, "basis": basis, "day": day},
        )
        changed += [row[0] for row in rows]
    if changed:
        galleries.changed(session, changed)  # type: ignore[arg-type]
    return len(changed)


def custody_statuses(session: Session) -> list[tuple[str, str]]:
    """Return each conviction status and basis that custody images of the case have."""
    return session.rows("SELECT DISTINCT conviction_status, basis FROM held.custody_images ORDER BY ALL")


def custody_due(session: Session, on: date) -> list[Dated]:
    """Return the custody images whose review is due on a day, by that day and id."""
    rows = session.rows(
        "SELECT custody_image_id, review_due, conviction_status, basis, review_set_by FROM held.custody_images "
        "WHERE review_due <= ? ORDER BY review_due, custody_image_id",
        [on],
    )
    return [Dated(*row) for row in rows]


def stills_due(session: Session, on: date) -> list[Dated]:
    """Return the stills whose review is due on a day, by that day and id."""
    rows = session.rows(
        f"SELECT still_id, review_due, status, '*', review_set_by FROM ({_STATUS}) WHERE review_due <= ? "  # noqa: S608
        "ORDER BY review_due, still_id",
        [on],
    )
    return [Dated(*row) for row in rows]


MADE = {
    # A search is kept while a still it covered is: reviews rest on its lists.
    RecordKind.SEARCH: "SELECT search_id::VARCHAR, searched_at::DATE FROM held.searches AS s WHERE NOT EXISTS "
    "(SELECT 1 FROM held.probes AS p JOIN held.faces AS f USING (face_id) WHERE p.search_id = s.search_id)",
    RecordKind.ARRAY: "SELECT array_id::VARCHAR, made_at::DATE FROM held.arrays",
    RecordKind.RANKING: "SELECT ranking_id::VARCHAR, made_at::DATE FROM held.rankings",
    RecordKind.EXPORT: "SELECT export_id::VARCHAR, exported_at::DATE FROM held.exports WHERE ended_at IS NULL",
    RecordKind.SAVED_QUERY: "SELECT saved_id::VARCHAR, saved_at::DATE FROM held.saved_queries",
}
"""How records that are dated by their making are found."""


def made(session: Session, kind: RecordKind) -> list[Dated]:
    """Return the records of a kind that is dated by its making, by that day."""
    return [Dated(*row) for row in session.rows(f"{MADE[kind]} ORDER BY 2, 1")]


def erased(session: Session, erasure_id: int, kind: RecordKind) -> list[str]:
    """Return the records of a kind that a deletion deleted."""
    rows = session.rows(
        "SELECT record_id FROM held.erased_records WHERE erasure_id = ? AND kind = ? ORDER BY 1",
        [erasure_id, str(kind)],
    )
    return [row[0] for row in rows]


def images_of(session: Session, nominals: Sequence[NominalId]) -> dict[NominalId, int]:
    """Return how many custody images each of some nominals has."""
    return dict(
        session.rows(
            "SELECT nominal_id, count(*) FROM held.custody_images WHERE list_contains($wanted, nominal_id) GROUP BY 1",
            {"wanted": list(nominals)},
        )
    )


def keep_on(
    session: Session, kind: RecordKind, record: str, *, until: date, because: str, officer: str, operation: str,
    at: datetime,
) -> bool:  # fmt: skip
    """Set the review date of a custody image or still anew, and record why; say whether there is such a record."""
    table, column = {
        RecordKind.CUSTODY_IMAGE: ("custody_images", "custody_image_id"),
        RecordKind.STILL: ("stills", "still_id"),
    }[kind]
    found = session.rows(
        f"UPDATE held.{table} SET review_due = ?, review_set_by = ? WHERE {column} = ? RETURNING {column}",  # noqa: S608
        [until, officer, record],
    )
    if not found:
        return False
    if kind is RecordKind.CUSTODY_IMAGE:
        galleries.changed(session, [record])  # type: ignore[list-item]
    session.execute(
        "INSERT INTO held.retention_reviews SELECT coalesce(max(review_id), 0) + 1, ?, ?, ?, ?, ?, ?, ? "
        "FROM held.retention_reviews",
        [str(kind), record, until, because, officer, operation, at],
    )
    return True
