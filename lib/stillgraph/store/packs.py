"""What a case pack counts and lists, read from the case file."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from stillgraph.records import OffenceId, PackCounts, PackStill, PersonId, StillId
from stillgraph.store.casefile import Session

_COUNTS = """
SELECT count(*), count(*) FILTER (persons_corroborated > 0), count(DISTINCT retailer_id), count(DISTINCT store_id),
       coalesce(sum(stills), 0)::BIGINT, coalesce(sum(faces), 0)::BIGINT, coalesce(sum(usable_faces), 0)::BIGINT,
       coalesce(sum(pending), 0)::BIGINT, coalesce(sum(corroborated), 0)::BIGINT,
       coalesce(sum(not_supported), 0)::BIGINT, coalesce(sum(disputed), 0)::BIGINT,
       coalesce(sum(value_pence), 0)::BIGINT,
       CASE WHEN count(harm_days) = count(*) THEN coalesce(sum(harm_days), 0) END, min(occurred_at), max(occurred_at)
FROM main.v_offence
WHERE ($since IS NULL OR occurred_at >= $since) AND ($before IS NULL OR occurred_at < $before)
"""

_STILLS = """
SELECT t.still_id, t.offence_id, t.retailer, t.store, t.captured_at, t.delivery_id, t.received_at, h.sha256,
       list(DISTINCT coalesce(p.proposed_as, f.person_id) ORDER BY coalesce(p.proposed_as, f.person_id))
FROM main.v_still AS t
JOIN held.stills AS h USING (still_id)
JOIN main.person_faces AS f USING (still_id)
JOIN main.persons AS p USING (person_id)
WHERE list_contains($stills, t.still_id) AND list_contains($persons, coalesce(p.proposed_as, f.person_id))
GROUP BY ALL ORDER BY t.captured_at, t.still_id
"""


def counts(session: Session, since: date | None, until: date | None) -> PackCounts:
    """Return what a period holds, both days included, UTC."""
    before = None if until is None else until + timedelta(days=1)
    row = session.one(_COUNTS, {"since": since, "before": before})
    assert row is not None  # noqa: S101  (an aggregate returns one row)
    return PackCounts(*row)


def stills(session: Session, wanted: Sequence[StillId], persons: Sequence[PersonId]) -> list[PackStill]:
    """Return stills by time, each with those of some persons whom its faces are of."""
    rows = session.rows(_STILLS, {"stills": list(wanted), "persons": list(persons)})
    return [
        PackStill(still, OffenceId(offence), retailer, store, taken, delivery, received, digest, tuple(shown))
        for still, offence, retailer, store, taken, delivery, received, digest, shown in rows
    ]
