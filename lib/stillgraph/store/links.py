"""Links of persons and offences as columns, straight from the case file: no row becomes a Python object."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stillgraph.errors import UnknownOffenceCode, WrongUse
from stillgraph.records import LINK_STATUSES, PROACTIVE, Coded, LinkTable, OffenceTable, ProposedJoin
from stillgraph.store.casefile import Session

# Every offence of the period, and what is known of who took part in one, the surest first. What officers propose to be
# a corroborated person is that person's part, as in `persons.participations`.
_COUNTED = """
WITH wanted AS (
    SELECT offence_id, row_number() OVER (ORDER BY offence_id) - 1 AS offence FROM held.offences
    WHERE ($since IS NULL OR occurred_at >= $since) AND ($before IS NULL OR occurred_at < $before)
), known AS (
    SELECT person_id, CASE WHEN $all THEN coalesce(proposed_as, person_id) ELSE person_id END AS counts_as,
           CASE WHEN $all AND proposed_as IS NOT NULL THEN 'proposed' ELSE status END AS status
    FROM held.persons WHERE $all OR status = 'corroborated'
), own AS (
    SELECT k.counts_as AS person_id, w.offence, min(list_position($statuses, k.status)) - 1 AS status
    FROM held.person_faces AS pf JOIN known AS k USING (person_id) JOIN held.faces AS f USING (face_id)
    JOIN held.stills AS t ON t.still_id = f.image_id JOIN wanted AS w USING (offence_id)
    GROUP BY ALL
), proposed AS (
    SELECT a.counts_as AS part, b.counts_as AS whole, p.likelihood_ratio, p.score, p.position
    FROM held.proposals AS p JOIN known AS a ON a.person_id = p.persons[1] JOIN known AS b ON b.person_id = p.persons[2]
    WHERE $all AND len(p.persons) = 2 AND a.counts_as <> b.counts_as
    QUALIFY row_number() OVER (PARTITION BY a.counts_as, b.counts_as ORDER BY p.position) = 1
), joins AS (
    SELECT *, row_number() OVER (ORDER BY position) - 1 AS number FROM proposed
    WHERE part IN (SELECT person_id FROM own)
), rows AS (
    SELECT person_id, offence, status, -1 AS number FROM own
    UNION ALL
    SELECT j.whole, o.offence, $unknown, j.number FROM joins AS j JOIN own AS o ON o.person_id = j.part
), persons AS (
    SELECT person_id, row_number() OVER (ORDER BY person_id) - 1 AS person FROM (SELECT DISTINCT person_id FROM rows)
)
"""

_ROWS = """
SELECT p.person::INTEGER AS person, r.offence::INTEGER AS offence, r.status::TINYINT AS status,
       r.number::INTEGER AS number
FROM rows AS r JOIN persons AS p USING (person_id) ORDER BY 1, 2, 4
"""

_PERSONS = """
SELECT p.person_id, h.nominal_id FROM persons AS p JOIN held.persons AS h USING (person_id) ORDER BY p.person
"""

_JOINS = """
SELECT a.person, b.person, j.likelihood_ratio, j.score
FROM joins AS j JOIN persons AS a ON a.person_id = j.part JOIN persons AS b ON b.person_id = j.whole ORDER BY j.number
"""

_OFFENCES = """
SELECT o.offence_id, epoch(o.occurred_at)::BIGINT AS occurred_at, o.value_pence, lower(trim(o.how_detected)) IN
       (SELECT unnest($proactive)) AS proactive, upper(trim(o.offence_code)) AS code, o.offence, o.retailer_id AS
       retailer, o.store_id AS store, s.borough, s.latitude, s.longitude
FROM held.offences AS o JOIN held.stores AS s USING (store_id)
WHERE ($since IS NULL OR o.occurred_at >= $since) AND ($before IS NULL OR o.occurred_at < $before)
ORDER BY o.offence_id
"""


def links(
    session: Session,
    harm: Mapping[str, float],
    *,
    with_proposals: bool = False,
    since: date | None = None,
    until: date | None = None,
) -> LinkTable:
    """Return who took part in which offence by the last linking run, as columns.

    Every offence of the period is among the offences, whether anybody is linked to it or not; the persons are those
    with a link to one. What officers propose to be a corroborated person is that person's part, ``proposed``. Joins are
    the linking run's proposals that one person is part of another, in its order; a proposal about one person alone is
    none. Of a part that is known twice, the surest counts.

    Parameters
    ----------
    harm
        Days by offence code, in capitals and without blanks around it.
    with_proposals
        Whether links that are not corroborated count too, and joins.
    since, until
        First and last day counted, both included, UTC.

    Raises
    ------
    UnknownOffenceCode
        An offence of the period has a code without days of harm.
    WrongUse
        The period ends before it begins.
    """
    if since is not None and until is not None and since > until:
        raise WrongUse(f"A period ends on or after its first day; {since} is after {until}. Exchange the two dates.")
    period = {"since": since, "before": None if until is None else until + timedelta(days=1)}
    asked = {
        **period,
        "all": with_proposals,
        "statuses": [str(status) for status in LINK_STATUSES],
        "unknown": len(LINK_STATUSES) - 1,
    }
    rows, people = session.arrow(_COUNTED + _ROWS, asked), session.arrow(_COUNTED + _PERSONS, asked)
    return LinkTable(
        persons=tuple(people.column("person_id").to_pylist()),
        nominal_ids=tuple(people.column("nominal_id").to_pylist()),
        offences=_offences(session, harm, period),
        person=_column(rows, "person", np.int32),
        offence=_column(rows, "offence", np.int32),
        status=_column(rows, "status", np.int8),
        join=_column(rows, "number", np.int32),
        joins=tuple(ProposedJoin(*join) for join in session.rows(_COUNTED + _JOINS, asked)),
    )


def _offences(session: Session, harm: Mapping[str, float], period: Mapping[str, date | None]) -> OffenceTable:
    rows = session.arrow(_OFFENCES, {**period, "proactive": sorted(PROACTIVE)})
    code = _coded(rows, "code")
    return OffenceTable(
        ids=tuple(rows.column("offence_id").to_pylist()),
        occurred_at=_column(rows, "occurred_at", np.int64).astype("datetime64[s]"),
        harm_days=_harm_days(code, harm),
        value_pence=_column(rows, "value_pence", np.int64),
        proactive=_column(rows, "proactive", np.bool_),
        code=code,
        offence=_coded(rows, "offence"),
        retailer=_coded(rows, "retailer"),
        store=_coded(rows, "store"),
        borough=_coded(rows, "borough"),
        latitude=_column(rows, "latitude", np.float64),
        longitude=_column(rows, "longitude", np.float64),
    )


def _harm_days(code: Coded, harm: Mapping[str, float]) -> NDArray[np.float64]:
    """Return the days of harm of each offence, shape (k,)."""
    unknown = [name for name in code.names if name not in harm]
    if unknown:
        raise UnknownOffenceCode(
            f"Every offence ranked needs a harm value, and offence code {unknown[0]} has none. Give the case a harm "
            "table with a row for it, with its source: `stillgraph case harm CASE FILE`."
        )
    days = np.array([harm[name] for name in code.names], dtype=np.float64)
    return days[code.index]


def _coded(rows: Any, name: str) -> Coded:
    """Return a column of texts by number; the names ascend."""
    import pyarrow.compute as pc

    column = pc.dictionary_encode(rows.column(name).combine_chunks())
    column = column.combine_chunks() if hasattr(column, "combine_chunks") else column
    names = column.dictionary.to_pylist()
    order = sorted(range(len(names)), key=names.__getitem__)
    place = np.empty(len(names), dtype=np.int32)
    place[order] = np.arange(len(names), dtype=np.int32)
    index = column.indices.to_numpy(zero_copy_only=False).astype(np.int32)
    return Coded(tuple(names[at] for at in order), place[index])


def _column(rows: Any, name: str, kind: Any) -> NDArray[Any]:
    return np.ascontiguousarray(rows.column(name).to_numpy(), dtype=kind)
