"""When each link of a person and an offence was made, so that a list of then is not judged by what was found since."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from stillgraph.records import LinkTable
from stillgraph.store.casefile import Session

# A face counts from the last judgement or standing ruling it rests on; a link from the first of its faces.
_KNOWN = """
WITH judged AS (
    SELECT face_id, max(judged_at) AS at FROM held.judgements_counting GROUP BY face_id
), ruled AS (
    SELECT face_id, max(ruled_at) AS at
    FROM (SELECT unnest(list_concat(faces, others)) AS face_id, ruled_at FROM main.rulings WHERE stands)
    GROUP BY face_id
), offences AS (
    SELECT offence_id, row_number() OVER (ORDER BY offence_id) - 1 AS offence FROM held.offences
)
SELECT i.person, o.offence, epoch_ms(min(greatest(coalesce(j.at, r.at), coalesce(r.at, j.at))))::BIGINT AS known
FROM held.person_faces AS pf
JOIN held.persons AS p USING (person_id)
JOIN incoming AS i ON i.person_id = p.person_id OR i.person_id = p.proposed_as
JOIN held.faces AS f USING (face_id)
JOIN held.stills AS t ON t.still_id = f.image_id
JOIN offences AS o USING (offence_id)
LEFT JOIN judged AS j USING (face_id)
LEFT JOIN ruled AS r USING (face_id)
WHERE j.at IS NOT NULL OR r.at IS NOT NULL
GROUP BY ALL ORDER BY ALL
"""


def links_known(session: Session, table: LinkTable) -> NDArray[np.datetime64]:
    """Return the day each link of a table of the whole case was made: datetime64[D] of shape (m,), UTC.

    NaT where no judgement or ruling rests behind it: a link by likeness alone is as old as the last linking run.
    """
    import pyarrow as pa

    people = pa.table(
        {
            "person_id": pa.array(list(table.persons), pa.string()),
            "person": pa.array(range(len(table.persons)), pa.int64()),
        }
    )
    with session.incoming(people):
        rows = session.arrow(_KNOWN)
    known = np.full(len(table.person), np.datetime64("NaT"), dtype="datetime64[D]")
    offences = max(len(table.offences.ids), 1)
    own = np.flatnonzero(table.join < 0)
    keys = table.person[own].astype(np.int64) * offences + table.offence[own]
    wanted = rows.column("person").to_numpy() * offences + rows.column("offence").to_numpy()
    place = np.searchsorted(keys, wanted)
    inside = place < len(keys)
    there = np.zeros(len(wanted), dtype=np.bool_)
    there[inside] = keys[place[inside]] == wanted[inside]
    known[own[place[there]]] = rows.column("known").to_numpy()[there].astype("datetime64[ms]").astype("datetime64[D]")
    return known
