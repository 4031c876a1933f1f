"""Questions to a case: the glance, places, persons, ad-hoc SQL."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TextIO

import numpy as np

from stillgraph.casework import exporting
from stillgraph.casework.desk import Deed, Desk
from stillgraph.casework.harm import harm_table
from stillgraph.casework.wire import served
from stillgraph.errors import NotFound
from stillgraph.governance.permits import Action
from stillgraph.records import LinkStatus, Person, Rate
from stillgraph.store import Session, office, persons, queries, searches

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


@dataclass(frozen=True, slots=True, eq=False)
class Glance:
    """A case in numbers. ``threshold`` -1 is investigation mode; ``yield_rate`` counts stills, not faces."""

    as_of: datetime
    kind: str
    period: tuple[date, date] | None
    deliveries: int
    retailers: int
    stills_received: int
    rows_refused: int
    stills_without_face: int
    faces_found: int
    faces_usable: int
    stills_searched: int
    leads: int
    reviews_pending: int
    reviews_corroborated: int
    reviews_not_supported: int
    reviews_disputed: int
    nominals_corroborated: int
    unknown_persons: int
    unknown_series: int
    offences: int
    offences_with_corroborated: int
    custody_images: int
    nominals: int
    gallery_size: int
    gallery_past_review: int
    gallery_version: str | None
    model: str
    threshold: float | None
    yield_rate: Rate
    simulated: bool
    stage_times: tuple[tuple[str, float], ...]
    refusals: pd.DataFrame


@dataclass(frozen=True, slots=True, eq=False)
class Dossier:
    """One person: their faces, offences, arrests and co-offenders, and how the link was reviewed."""

    person: Person
    offences: pd.DataFrame
    arrests: pd.DataFrame
    co_offenders: pd.DataFrame
    review_kind: str | None


_GLANCE = """
SELECT
    (SELECT count(*) FROM deliveries WHERE kind = 'stills') AS deliveries,
    (SELECT count(DISTINCT retailer_id) FROM stills) AS retailers,
    (SELECT count(*) FROM stills) AS stills_received,
    (SELECT count(*) FROM refusals WHERE kind = 'stills') AS rows_refused,
    (SELECT count(*) FROM stills WHERE faces = 0) AS stills_without_face,
    (SELECT count(*) FROM faces) AS faces_found,
    (SELECT count(*) FROM faces WHERE usable) AS faces_usable,
    (SELECT count(*) FROM stills WHERE searched) AS stills_searched,
    (SELECT count(*) FROM reviews) AS leads,
    (SELECT count(*) FROM reviews WHERE outcome = 'pending') AS reviews_pending,
    (SELECT count(*) FROM reviews WHERE outcome = 'corroborated') AS reviews_corroborated,
    (SELECT count(*) FROM reviews WHERE outcome = 'not supported') AS reviews_not_supported,
    (SELECT count(*) FROM reviews WHERE outcome = 'disputed') AS reviews_disputed,
    (SELECT count(DISTINCT nominal_id) FROM reviews WHERE outcome = 'corroborated') AS nominals_corroborated,
    (SELECT count(*) FROM persons WHERE status = 'unknown') AS unknown_persons,
    (SELECT count(*) FROM persons WHERE status = 'unknown' AND stills > 1) AS unknown_series,
    (SELECT count(*) FROM offences) AS offences,
    (SELECT count(DISTINCT offence_id) FROM person_offences WHERE status = 'corroborated')
        AS offences_with_corroborated,
    (SELECT count(*) FROM custody_images) AS custody_images,
    (SELECT count(*) FROM nominals) AS nominals,
    (SELECT count(*) FROM custody_images WHERE searchable) AS gallery_size,
    (SELECT count(*) FROM custody_images WHERE searchable AND review_due < $today) AS gallery_past_review
"""

_UNKNOWN_SERIES = """
SELECT person_id, stills, offences, retailers FROM persons
WHERE status = 'unknown' AND stills > 1 ORDER BY stills DESC, retailers DESC, person_id LIMIT ?
"""

_PERSON_OFFENCES = """
SELECT o.offence_id, o.occurred_at, o.retailer, o.store, o.borough, o.offence, o.value_pence, p.status, p.faces
FROM person_offences AS p JOIN offences AS o USING (offence_id)
WHERE p.person_id = ? ORDER BY o.occurred_at, o.offence_id
"""

_PERSON_ARRESTS = """
SELECT arrested_on, offence_code, offence, disposal FROM arrests
WHERE nominal_id = ? ORDER BY arrested_on, offence_code
"""

_CO_OFFENDERS = """
SELECT b.person_id, b.status, count(*) AS offences_together,
       min(b.occurred_at) AS first_together, max(b.occurred_at) AS last_together
FROM person_offences AS a JOIN person_offences AS b USING (offence_id)
WHERE a.person_id = ? AND b.person_id <> a.person_id
GROUP BY ALL ORDER BY offences_together DESC, b.person_id
"""


@served
def at_a_glance(desk: Desk) -> Glance:
    """Return the case in numbers: what came in, was refused, found, searched, corroborated and linked."""
    from stillgraph import evaluation

    with desk.act(Action.VIEW, what="at a glance") as deed:
        session = deed.session
        counts = session.frame(_GLANCE, {"today": deed.at.date()}).iloc[0].to_dict()
        leads = session.one("SELECT count(DISTINCT still_id) FROM reviews WHERE outcome = 'corroborated'") or (0,)
        period = session.one("SELECT min(captured_at), max(captured_at) FROM stills") or (None, None)
        newest = searches.latest(session)
        return Glance(
            as_of=deed.at,
            kind=desk.settings.get("kind", "case"),
            period=None if period[0] is None else (period[0].date(), period[1].date()),
            **{str(name): int(value) for name, value in counts.items()},
            gallery_version=None if newest is None else newest[1],
            model=desk.model,
            threshold=None if newest is None else newest[2],
            yield_rate=evaluation.wilson(int(leads[0]), int(counts["stills_searched"])),
            simulated=is_simulated(session),
            stage_times=office.stage_times(session) or _measured_times(session),
            refusals=session.frame(
                "SELECT retailer_id, line, image, field, reason FROM refusals WHERE kind = 'stills' "
                "ORDER BY delivery_id, line"
            ),
        )


@served
def unknown_series(desk: Desk, most: int = 10) -> pd.DataFrame:
    """Return the unknown persons on most stills: person_id, stills, offences, retailers."""
    with desk.act(Action.VIEW, what="unknown series") as deed:
        return deed.session.frame(_UNKNOWN_SERIES, [most])


@served
def offence_days(desk: Desk) -> tuple[date, date] | None:
    """Return the first and the last day of offences, ``None`` where there are none."""
    with desk.act(Action.VIEW, what="days of offences") as deed:
        days = deed.session.one("SELECT min(occurred_at)::DATE, max(occurred_at)::DATE FROM offences")
        return None if days is None or days[0] is None else (days[0], days[1])


@served
def offence_places(desk: Desk) -> pd.DataFrame:
    """Return one row an offence: where, when, what, and whether a corroborated person was there.

    Columns: offence_id, retailer, store, borough, latitude, longitude (degrees), occurred_at (UTC), offence,
    value_pence, harm_days, link (``corroborated`` or ``unknown``), persons.
    """
    with desk.act(Action.VIEW, what="offence places") as deed:
        places = deed.session.frame(
            "SELECT o.offence_id, o.retailer, o.store, o.borough, o.latitude, o.longitude, o.occurred_at, o.offence, "
            "o.value_pence, o.offence_code, count(p.person_id) FILTER (p.status = 'corroborated') AS persons "
            "FROM offences AS o LEFT JOIN person_offences AS p USING (offence_id) GROUP BY ALL ORDER BY o.offence_id"
        )
        table = harm_table(deed.session)
    places["harm_days"] = [table.harm_days(code) for code in places.pop("offence_code")]
    places["link"] = np.where(places["persons"] > 0, LinkStatus.CORROBORATED, LinkStatus.UNKNOWN)
    return places


@served
def person(desk: Desk, person_id: str) -> Dossier:
    """Return what the case holds of one person.

    Raises
    ------
    NotFound
        The last linking run has no such person.
    """
    with desk.act(Action.VIEW_DETAIL, person=person_id) as deed:
        found = persons.persons(deed.session, person_id)
        if not found:
            raise NotFound(
                f"There is no person {person_id} in the last linking run; `stillgraph link CASE --json` lists them."
            )
        (one,) = found
        kind = deed.session.one("SELECT review_kind FROM persons WHERE person_id = ?", [person_id]) or (None,)
        return Dossier(
            person=one,
            offences=deed.session.frame(_PERSON_OFFENCES, [person_id]),
            arrests=deed.session.frame(_PERSON_ARRESTS, [one.nominal_id]),
            co_offenders=deed.session.frame(_CO_OFFENDERS, [person_id]),
            review_kind=kind[0],
        )


def write_csv(table: pa.Table, out: TextIO) -> None:
    """Write query rows as CSV; a text that a spreadsheet would run begins with an apostrophe."""
    from stillgraph.casework import tables

    tables.defused(table.to_pandas()).to_csv(out, index=False, lineterminator="\r\n")


def write_parquet(table: pa.Table, out: BinaryIO) -> None:
    """Write query rows as Parquet."""
    import pyarrow.parquet

    pyarrow.parquet.write_table(table, out)


@served(writes=("out",))
def query_table(desk: Desk, sql: str, *, out: Path | None = None) -> pa.Table:
    """Run one read-only SELECT over the documented views; return its rows as an Arrow table.

    ``out`` is a file to write them to as well, as Parquet.

    Raises
    ------
    QueryRefused
        It is anything else. The attempt is recorded.
    WrongUse
        The file cannot be written.
    """
    with desk.act(Action.QUERY, sql=queries.without_values(sql)) as deed:
        return with_file(desk, deed, queries.run(deed.session, sql, only=deed.reads), out)


def with_file(desk: Desk, deed: Deed, table: pa.Table, out: Path | None) -> pa.Table:
    """Return the rows of a query, written to a file too where one is named."""
    if out is not None:
        with io.BytesIO() as stream:
            write_parquet(table, stream)
            exporting.write(desk, deed, out, stream.getvalue(), kind="query", about=exporting.EVERYBODY)
    return table


@served
def query(desk: Desk, sql: str) -> pd.DataFrame:
    """Run one read-only SELECT over the documented views; return its rows as a DataFrame."""
    frame: pd.DataFrame = query_table(desk, sql).to_pandas()
    return frame


def _measured_times(session: Session) -> tuple[tuple[str, float], ...]:
    """Return what deliveries and searches took, summed; for a case whose stages nobody timed as a whole."""
    rows = session.rows(
        "SELECT 'custody images enrolled', sum(elapsed_s), 1 FROM deliveries WHERE kind = 'custody' UNION ALL "
        "SELECT 'stills received', sum(elapsed_s), 2 FROM deliveries WHERE kind = 'stills' UNION ALL "
        "SELECT 'faces searched', sum(elapsed_s), 3 FROM searches ORDER BY 3"
    )
    return tuple((stage, elapsed) for stage, elapsed, _ in rows if elapsed is not None)


def review_kind(*, simulated: bool) -> str:
    """Return in words how links were reviewed."""
    return "simulated review" if simulated else "human review"


def is_simulated(session: Session) -> bool:
    """Say whether any review in the case, or any ruling between faces, was simulated."""
    row = session.one(
        "SELECT coalesce(bool_or(review_kind = 'simulated review'), false) "
        "FROM (SELECT review_kind FROM reviews UNION ALL SELECT review_kind FROM rulings)"
    )
    return row is not None and bool(row[0])
