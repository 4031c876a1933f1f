"""Deliveries, stills, offences, stores, custody images and nominals in the case file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, astuple
from datetime import date, datetime

from stillgraph.records import (
    AnalysisRun,
    Arrest,
    CustodyImage,
    CustodyImageId,
    ModelId,
    Nominal,
    NominalId,
    Offence,
    OffenceId,
    Refusal,
    Still,
    StillId,
    Store,
    StoreId,
)
from stillgraph.store import galleries
from stillgraph.store.casefile import Session

_DATES = ("arrested_on", "disposed_on", "custody_from", "released_on")
_ARREST = ("nominal_id", "offence_code", "offence", "disposal", *_DATES)


def add_delivery(
    session: Session,
    *,
    kind: str,
    retailer_id: str | None,
    manifest: str,
    sha256: str,
    received_at: datetime,
    rows_read: int,
    refusals: Sequence[Refusal],
    elapsed_s: float,
    rows_done: int | None = None,
) -> int:
    """Record one manifest and its refused rows, all rows done unless said otherwise; return the delivery's number."""
    row = session.one(
        "INSERT INTO held.deliveries (kind, retailer_id, manifest, sha256, received_at, rows_read, rows_done, "
        "elapsed_s) VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING delivery_id",
        [
            kind,
            retailer_id,
            manifest,
            sha256,
            received_at,
            rows_read,
            rows_read if rows_done is None else rows_done,
            elapsed_s,
        ],
    )
    assert row is not None  # noqa: S101  (INSERT ... RETURNING of one row returns one row)
    delivery_id = int(row[0])
    _add_refusals(session, delivery_id, refusals)
    return delivery_id


def _add_refusals(session: Session, delivery_id: int, refusals: Sequence[Refusal]) -> None:
    session.append(
        "refusals",
        [
            {
                "delivery_id": delivery_id,
                "line": r.line,
                "image": r.image,
                "field": r.field,
                "reason": r.reason,
            }
            for r in refusals
        ],
    )


def add_analysis_run(
    session: Session,
    run: AnalysisRun,
    *,
    purpose: str,
    delivery_id: int | None,
    analysed_at: datetime,
    pack: str,
    model: ModelId,
) -> None:
    """Record with what, and how fast, images were analysed; ``purpose`` as in the view ``analysis_runs``."""
    session.execute(
        "INSERT INTO held.analysis_runs "
        "(purpose, delivery_id, analysed_at, pack, model, provider, workers, images, elapsed_s, images_per_s) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [purpose, delivery_id, analysed_at, pack, model, *astuple(run)],
    )


def add_stores(session: Session, stores: Sequence[Store]) -> None:
    """Add stores, or bring those already there up to date."""
    for store in stores:
        session.execute("DELETE FROM held.stores WHERE store_id = ?", [store.store_id])
    session.append("stores", stores)


def stores(session: Session) -> dict[StoreId, Store]:
    """Return every store by its id."""
    rows = session.rows(
        "SELECT store_id, retailer_id, retailer, store, borough, latitude, longitude FROM held.stores ORDER BY store_id"
    )
    return {row[0]: Store(*row) for row in rows}


def retailers(session: Session) -> tuple[str, ...]:
    """Return the ids of the retailers that have stores here."""
    return tuple(row[0] for row in session.rows("SELECT DISTINCT retailer_id FROM held.stores ORDER BY 1"))


def add_stills(session: Session, delivery_id: int, stills: Sequence[Still], new_offences: Sequence[Offence]) -> None:
    """Add the accepted stills of a delivery and their offences; an offence already held keeps its earliest time."""
    for offence in new_offences:
        session.execute("DELETE FROM held.offences WHERE offence_id = ?", [offence.offence_id])
    session.append("offences", new_offences)
    session.append("stills", [_with_delivery(still, delivery_id) for still in stills])


def offences(session: Session) -> dict[OffenceId, Offence]:
    """Return every offence by its id."""
    rows = session.rows(
        "SELECT offence_id, retailer_id, store_id, occurred_at, offence_code, offence, value_pence, violence, method, "
        "how_detected FROM held.offences ORDER BY offence_id"
    )
    return {row[0]: Offence(*row) for row in rows}


def still_digests(session: Session, stills: Sequence[StillId] | None = None) -> dict[StillId, str]:
    """Return the SHA-256 of every still, or of some."""
    return dict(
        session.rows(
            "SELECT still_id, sha256 FROM held.stills WHERE $wanted IS NULL OR still_id IN "
            "(SELECT unnest($wanted::VARCHAR[])) ORDER BY still_id",
            {"wanted": None if stills is None else list(stills)},
        )
    )


def still_of(session: Session, sha256: str) -> StillId | None:
    """Return the first still of these bytes, by its SHA-256."""
    row = session.one("SELECT min(still_id) FROM held.stills WHERE sha256 = ?", [sha256])
    return None if row is None else row[0]


def still_offences(session: Session) -> dict[StillId, OffenceId]:
    """Return the offence of every still."""
    return dict(session.rows("SELECT still_id, offence_id FROM held.stills ORDER BY still_id"))


def still_widths(session: Session) -> dict[StillId, int]:
    """Return the width of every still in pixels."""
    return dict(session.rows("SELECT still_id, width_px FROM held.stills ORDER BY still_id"))


def unsearched_stills(session: Session) -> tuple[StillId, ...]:
    """Return the stills that no search has covered yet."""
    return tuple(
        row[0] for row in session.rows("SELECT still_id FROM main.stills WHERE NOT searched ORDER BY still_id")
    )


def custody_digests(session: Session, images: Sequence[CustodyImageId] | None = None) -> dict[CustodyImageId, str]:
    """Return the SHA-256 of every custody image, or of some."""
    return dict(
        session.rows(
            "SELECT custody_image_id, sha256 FROM held.custody_images WHERE $wanted IS NULL OR custody_image_id IN "
            "(SELECT unnest($wanted::VARCHAR[])) ORDER BY custody_image_id",
            {"wanted": None if images is None else list(images)},
        )
    )


def custody_held(session: Session, wanted: Sequence[NominalId]) -> dict[NominalId, tuple[int, date, str]]:
    """Return of some nominals how many custody images there are, the newest one's day, and its conviction status."""
    rows = session.rows(
        "SELECT nominal_id, count(*), max(captured_on), arg_max(conviction_status, captured_on) "
        "FROM held.custody_images WHERE nominal_id IN (SELECT unnest($wanted::VARCHAR[])) GROUP BY 1",
        {"wanted": list(wanted)},
    )
    return {nominal: (count, newest, status) for nominal, count, newest, status in rows}


def all_digests(session: Session) -> set[str]:
    """Return the SHA-256 of every still and custody image."""
    return {*still_digests(session).values(), *custody_digests(session).values()}


def held_digests(session: Session, digests: Sequence[str]) -> set[str]:
    """Return which of some SHA-256 are of stills or custody images of the case."""
    rows = session.rows(
        "SELECT sha256 FROM held.stills WHERE sha256 IN (SELECT unnest($wanted::VARCHAR[])) UNION "
        "SELECT sha256 FROM held.custody_images WHERE sha256 IN (SELECT unnest($wanted::VARCHAR[]))",
        {"wanted": list(digests)},
    )
    return {row[0] for row in rows}


def held_custody(session: Session, images: Sequence[CustodyImageId]) -> set[CustodyImageId]:
    """Return which of some custody images are in the case."""
    rows = session.rows(
        "SELECT custody_image_id FROM held.custody_images WHERE custody_image_id IN "
        "(SELECT unnest($wanted::VARCHAR[]))",
        {"wanted": list(images)},
    )
    return {row[0] for row in rows}


def custody_of_digests(session: Session, digests: Sequence[str]) -> dict[str, CustodyImageId]:
    """Return the custody image with each of some SHA-256, of those that one has."""
    return dict(
        session.rows(
            "SELECT sha256, custody_image_id FROM held.custody_images WHERE sha256 IN "
            "(SELECT unnest($wanted::VARCHAR[]))",
            {"wanted": list(digests)},
        )
    )


def nominals(session: Session, wanted: Sequence[NominalId] | None = None) -> dict[NominalId, Nominal]:
    """Return every nominal by id, or those of some that are in the case."""
    rows = session.rows(
        "SELECT nominal_id, name, date_of_birth, sex, ethnicity FROM held.nominals "
        "WHERE $wanted IS NULL OR nominal_id IN (SELECT unnest($wanted::VARCHAR[])) ORDER BY nominal_id",
        {"wanted": None if wanted is None else list(wanted)},
    )
    return {row[0]: Nominal(*row) for row in rows}


def unfinished(session: Session, sha256: str) -> tuple[int, int] | None:
    """Return the number of an interrupted custody delivery, by its manifest's SHA-256, and how many rows are done."""
    row = session.one(
        "SELECT delivery_id, rows_done FROM held.deliveries WHERE kind = 'custody' AND sha256 = ? "
        "AND rows_done < rows_read ORDER BY delivery_id DESC LIMIT 1",
        [sha256],
    )
    return None if row is None else (int(row[0]), int(row[1]))


def go_on(session: Session, delivery_id: int, *, rows_done: int, refusals: Sequence[Refusal], elapsed_s: float) -> None:
    """Record that so many rows of a delivery are done now, refused rows that are new, and the seconds spent on them."""
    session.execute(
        "UPDATE held.deliveries SET rows_done = ?, elapsed_s = elapsed_s + ? WHERE delivery_id = ?",
        [rows_done, elapsed_s, delivery_id],
    )
    _add_refusals(session, delivery_id, refusals)


def how_analysed(session: Session, delivery_id: int) -> tuple[str, float | None]:
    """Return by which providers a delivery's images were analysed, and how many a second over all its batches."""
    row = session.one(
        "SELECT string_agg(DISTINCT provider, ' + ' ORDER BY provider), sum(images) / nullif(sum(elapsed_s), 0), "
        "sum(images) FROM held.analysis_runs WHERE delivery_id = ?",
        [delivery_id],
    )
    assert row is not None  # noqa: S101  (an aggregate returns one row)
    return str(row[0]), float(row[1]) if row[2] else None


def custody_outcome(session: Session, delivery_id: int) -> tuple[int, tuple[Refusal, ...], int, int]:
    """Return of a custody delivery: images accepted, rows refused, faces found, images without one."""
    row = session.one(
        "WITH theirs AS (SELECT custody_image_id AS image_id FROM held.custody_images WHERE delivery_id = $delivery), "
        "found AS (SELECT image_id, count(*) AS faces FROM held.faces "
        "WHERE image_kind = 'custody' AND image_id IN (SELECT image_id FROM theirs) GROUP BY image_id) "
        "SELECT (SELECT count(*) FROM theirs), (SELECT coalesce(sum(faces), 0) FROM found), "
        "(SELECT count(*) FROM found)",
        {"delivery": delivery_id},
    )
    assert row is not None  # noqa: S101  (counts are one row)
    rows = session.rows(
        "SELECT line, image, field, reason FROM held.refusals WHERE delivery_id = ? ORDER BY line", [delivery_id]
    )
    return int(row[0]), tuple(Refusal(*one) for one in rows), int(row[1]), int(row[0] - row[2])


def add_custody(
    session: Session, delivery_id: int, images: Sequence[CustodyImage], new_nominals: Sequence[Nominal]
) -> None:
    """Add the accepted custody images of a delivery and the nominals that are new with it; their faces come besides."""
    session.append("nominals", new_nominals)
    session.append("custody_images", [_with_delivery(image, delivery_id) for image in images])
    if images:
        galleries.changed(session, [image.custody_image_id for image in images])


def add_arrests(session: Session, arrests: Sequence[Arrest]) -> tuple[int, int]:
    """Add arrests that are not there yet; return how many were new, and of how many the dates changed.

    An arrest is known again by all but its three later dates. Where it comes with any of these, they replace those
    held, all three: release follows custody, and records are put right.
    """
    import pyarrow as pa

    rows = [asdict(arrest) for arrest in dict.fromkeys(arrests)]
    columns = {name: pa.array([row[name] for row in rows], pa.string()) for name in _ARREST if name not in _DATES}
    columns |= {name: pa.array([row[name] for row in rows], pa.date32()) for name in _DATES}
    with session.incoming(pa.table(columns)):
        changed = session.rows(
            "UPDATE held.arrests AS a SET disposed_on = i.disposed_on, custody_from = i.custody_from, "
            "released_on = i.released_on FROM incoming AS i WHERE a.nominal_id = i.nominal_id "
            "AND a.arrested_on = i.arrested_on AND a.offence_code = i.offence_code AND a.offence = i.offence "
            "AND a.disposal = i.disposal AND coalesce(i.disposed_on, i.custody_from, i.released_on) IS NOT NULL "
            "AND (a.disposed_on IS DISTINCT FROM i.disposed_on OR a.custody_from IS DISTINCT FROM i.custody_from "
            "OR a.released_on IS DISTINCT FROM i.released_on) RETURNING 1"
        )
        new = session.rows(
            "INSERT INTO held.arrests BY NAME SELECT * FROM incoming ANTI JOIN held.arrests "
            "USING (nominal_id, arrested_on, offence_code, offence, disposal) RETURNING 1"
        )
    return len(new), len(changed)


def arrests(session: Session) -> tuple[Arrest, ...]:
    """Return every arrest held, by nominal and day."""
    rows = session.rows(
        "SELECT nominal_id, arrested_on, offence_code, offence, disposal, disposed_on, custody_from, released_on "
        "FROM held.arrests ORDER BY ALL"
    )
    return tuple(Arrest(*row) for row in rows)


def arrests_known_until(session: Session) -> date | None:
    """Return the day of the latest delivery of arrests, UTC: later arrests and releases are on no record."""
    row = session.one("SELECT max(received_at)::DATE FROM held.deliveries WHERE kind = 'arrests'")
    return None if row is None else row[0]


def prior_arrests(session: Session) -> dict[NominalId, int]:
    """Return how many arrests each nominal has."""
    return dict(session.rows("SELECT nominal_id, count(*) FROM held.arrests GROUP BY nominal_id ORDER BY nominal_id"))


def missing_stills(session: Session, wanted: Sequence[StillId]) -> tuple[StillId, ...]:
    """Return which of ``wanted`` are not in the case."""
    rows = session.rows(
        "SELECT unnest($wanted) AS still_id EXCEPT SELECT still_id FROM held.stills ORDER BY 1",
        {"wanted": list(wanted)},
    )
    return tuple(row[0] for row in rows)


def _with_delivery(record: Still | CustodyImage, delivery_id: int) -> dict[str, object]:
    return {**asdict(record), "delivery_id": delivery_id}
