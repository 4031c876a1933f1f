"""Deleting records from the case file, whole and in the transaction that is open.

Judgements, rulings, trials' answers and audit entries stay: they are only ever added, and say ids alone. What is here
deletes rows; the bytes they leave in the file's blocks go when the file is written anew
(:meth:`stillgraph.store.casefile.CaseFile.rewrite`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np

from stillgraph.records import CustodyImageId, Due, NominalId, SearchOutcome, StillId, Vector
from stillgraph.store import galleries
from stillgraph.store.casefile import Session


@dataclass(slots=True)
class Gone:
    """What left the case file, held in memory alone: to remove files by, and to look for afterwards."""

    digests: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set, repr=False)
    templates: list[Vector] = field(default_factory=list, repr=False)
    images: list[str] = field(default_factory=list)
    stills: list[str] = field(default_factory=list)
    nominals: list[str] = field(default_factory=list)
    faces: list[str] = field(default_factory=list)

    def ids(self) -> list[str]:
        """Return the ids of the images, stills and nominals that went."""
        return [*self.images, *self.stills, *self.nominals]


def custody_images(session: Session, images: Sequence[CustodyImageId], gone: Gone) -> None:
    """Delete custody images, and the nominals of whom none is left; note in ``gone`` what went."""
    if not images:
        return
    rows = _delete(session, "custody_images", "custody_image_id", images, "custody_image_id, nominal_id, sha256")
    gone.images += [row[0] for row in rows]
    gone.digests.update(row[2] for row in rows)
    _faces(session, "custody", images, gone)
    _delete(session, "candidates", "custody_image_id", images)
    _delete(session, "array_positions", "custody_image_id", images)
    _lists_of_trials(session, "list_has_any(custody_image_ids, $ids)", images)
    bare = session.rows(
        f"SELECT nominal_id FROM held.nominals WHERE {_among('nominal_id')} AND nominal_id NOT IN "  # noqa: S608
        "(SELECT nominal_id FROM held.custody_images)",
        {"ids": sorted({row[1] for row in rows})},
    )
    nominals(session, [row[0] for row in bare], gone)
    _empty_lists(session)
    galleries.changed(session, images)


def nominals(session: Session, wanted: Sequence[NominalId], gone: Gone) -> None:
    """Delete the records of nominals who have no custody image left: particulars, arrests, places on lists."""
    if not wanted:
        return
    rows = _delete(session, "nominals", "nominal_id", wanted, "nominal_id, name")
    gone.nominals += [row[0] for row in rows]
    gone.names.update(row[1] for row in rows)
    _delete(session, "arrests", "nominal_id", wanted)
    _delete(session, "candidates", "nominal_id", wanted)
    _lists_of_trials(session, f"{_among('nominal_id')} OR list_has_any(nominals, $ids)", wanted)
    arrays(session, _arrays_of(session, "nominal_id", wanted))


def stills(session: Session, wanted: Sequence[StillId], gone: Gone) -> None:
    """Delete stills with their faces, lists, enhancements and places in persons; their offences stay, as reported."""
    if not wanted:
        return
    rows = _delete(session, "stills", "still_id", wanted, "still_id, sha256")
    gone.stills += [row[0] for row in rows]
    gone.digests.update(row[1] for row in rows)
    _delete(session, "searched_stills", "still_id", wanted)
    made = [row[0] for row in _delete(session, "enhancements", "still_id", wanted, "enhancement_id")]
    rows = _delete(session, "enhanced_templates", "enhancement_id", made, "vector")
    gone.templates += [np.asarray(row[0], np.float32) for row in rows]
    faces = _faces(session, "still", wanted, gone)
    for table in ("enhanced_templates", "probes", "candidates", "person_faces"):
        _delete(session, table, "face_id", faces)
    arrays(session, _arrays_of(session, "face_id", faces))
    for table in ("proposals", "contradictions"):
        session.execute(f"DELETE FROM held.{table} WHERE list_has_any(faces, $ids)", {"ids": faces})  # noqa: S608
    session.execute(f"DELETE FROM held.deals WHERE ended_at IS NULL AND {_among('face_id')}", {"ids": faces})  # noqa: S608
    _lists_of_trials(session, _among("face_id"), faces)
    _persons_without_faces(session)


def arrays(session: Session, wanted: Sequence[int]) -> None:
    """Delete photo arrays with what was shown and answered."""
    for table in ("array_answers", "array_positions", "arrays"):
        _delete(session, table, "array_id", wanted)


def searches(session: Session, wanted: Sequence[int]) -> None:
    """Delete searches with their lists; judgements of these stay, and name them by their numbers."""
    for table in ("candidates", "probes", "searched_stills", "searches"):
        _delete(session, table, "search_id", wanted)


def rankings(session: Session, wanted: Sequence[int]) -> None:
    """Delete rankings with their standings."""
    for table in ("standings", "rankings"):
        _delete(session, table, "ranking_id", wanted)


def saved_queries(session: Session, wanted: Sequence[int]) -> None:
    """Delete saved queries."""
    _delete(session, "saved_queries", "saved_id", wanted)


def quoting(session: Session, words: Sequence[str]) -> list[int]:
    """Return the saved queries whose name or text has one of some words in it, whatever their case."""
    rows = session.rows(
        "SELECT saved_id FROM held.saved_queries WHERE len(list_filter($words::VARCHAR[], lambda word: "
        "contains(lower(sql), lower(word)) OR contains(lower(name), lower(word)))) > 0 ORDER BY 1",
        {"words": [word for word in words if word.strip()]},
    )
    return [row[0] for row in rows]


def begin(session: Session, deleted: Sequence[Due], *, because: str, officer: str, operation: str, at: datetime) -> int:
    """Record a deletion whose files wait to be removed; return its number."""
    row = session.one(
        "INSERT INTO held.erasures SELECT coalesce(max(erasure_id), 0) + 1, ?, ?, ?, ?, ?, NULL, NULL "
        "FROM held.erasures RETURNING erasure_id",
        [because, officer, operation, at, len(deleted)],
    )
    assert row is not None  # noqa: S101  (INSERT ... RETURNING of one row returns one row)
    session.append(
        "erased_records",
        [{"erasure_id": row[0], "kind": str(d.kind), "record_id": d.id, "rule": d.rule, "why": d.why} for d in deleted],
    )
    return int(row[0])


def committed(session: Session, erasure_id: int) -> bool:
    """Say whether a deletion is in the case file."""
    return session.one("SELECT 1 FROM held.erasures WHERE erasure_id = ?", [erasure_id]) is not None


def finish(session: Session, erasure_id: int, at: datetime, left: int | None) -> None:
    """Record that the files of a deletion are gone, and how much a scan still found, where there was one."""
    session.execute(
        "UPDATE held.erasures SET finished_at = ?, left_over = ? WHERE erasure_id = ?", [at, left, erasure_id]
    )


# Table and column names in what follows are those of our own schema.


def _among(column: str, kind: str = "VARCHAR") -> str:
    """Return the condition that a column is one of ``$ids``."""
    return f"{column} IN (SELECT unnest($ids::{kind}[]))"


def _delete(
    session: Session, table: str, column: str, ids: Sequence[str] | Sequence[int], returning: str = "1"
) -> list[tuple[Any, ...]]:
    """Delete the rows of a table whose column is one of some ids; return of each what is asked for."""
    kind = "BIGINT" if ids and isinstance(ids[0], int) else "VARCHAR"
    return session.rows(
        f"DELETE FROM held.{table} WHERE {_among(f'{column}::{kind}', kind)} RETURNING {returning}",  # noqa: S608
        {"ids": list(ids)},
    )


def _faces(session: Session, kind: str, images: Sequence[str], gone: Gone) -> list[str]:
    """Delete the faces of images, with their templates of every model; return their ids."""
    rows = session.rows(
        f"DELETE FROM held.faces WHERE image_kind = $kind AND {_among('image_id')} RETURNING face_id",  # noqa: S608
        {"kind": kind, "ids": list(images)},
    )
    faces = [row[0] for row in rows]
    gone.faces += faces
    gone.templates += [
        np.asarray(row[0], np.float32) for row in _delete(session, "templates", "face_id", faces, "vector")
    ]
    return faces


def _empty_lists(session: Session) -> None:
    """Let faces whose list has nobody left be ones without a candidate, so that nobody is asked to judge nothing.

    A list that officers have settled stays one, whoever is left on it: what they decided is on record.
    """
    session.execute(
        "UPDATE held.probes AS p SET outcome = $none WHERE outcome = 'candidates' AND NOT EXISTS "
        "(SELECT 1 FROM held.candidates AS c WHERE c.search_id = p.search_id AND c.face_id = p.face_id) "
        "AND face_id IN (SELECT face_id FROM main.reviews WHERE outcome IN ('pending', 'disputed'))",
        {"none": str(SearchOutcome.NO_CANDIDATE)},
    )


def _arrays_of(session: Session, column: str, ids: Sequence[str]) -> list[int]:
    rows = session.rows(f"SELECT array_id FROM held.arrays WHERE {_among(column)}", {"ids": list(ids)})  # noqa: S608
    return [row[0] for row in rows]


def _lists_of_trials(session: Session, which: str, ids: Sequence[str]) -> None:
    """Take back trials that can be shown no more; of one that was answered, what it was stays, and nobody on it."""
    lists = session.rows(f"SELECT face_id, kind FROM held.trial_lists WHERE {which}", {"ids": list(ids)})  # noqa: S608
    for one in lists:
        session.execute(
            "DELETE FROM held.trials WHERE face_id = ? AND kind = ? AND trial_id NOT IN "
            "(SELECT trial_id FROM held.trial_answers)",
            one,
        )
        answered = session.one("SELECT 1 FROM held.trials WHERE face_id = ? AND kind = ?", one)
        session.execute(
            "DELETE FROM held.trial_lists WHERE face_id = ? AND kind = ?"
            if answered is None
            else "UPDATE held.trial_lists SET nominals = [], custody_image_ids = [], scores = NULL "
            "WHERE face_id = ? AND kind = ?",
            one,
        )


def _persons_without_faces(session: Session) -> None:
    """Delete the persons of whom no face is left, with their standings in every ranking."""
    rows = session.rows(
        "DELETE FROM held.persons WHERE person_id NOT IN (SELECT person_id FROM held.person_faces) RETURNING person_id"
    )
    _delete(session, "standings", "person_id", [row[0] for row in rows])
