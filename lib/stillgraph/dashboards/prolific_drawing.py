"""One person's explanation as a timeline and a map."""

from __future__ import annotations

from typing import Any

import pandas as pd

from stillgraph import figures
from stillgraph.records import Explanation


def timeline(page: Explanation, period: str) -> Any:
    """Return the person's time beside that of those seen in the same offences, of whom only those are drawn."""
    columns = ["offence_id", "occurred_at", "status", "offence", "store"]
    own = pd.DataFrame(
        [(str(o.offence_id), o.occurred_at, o.status.value, o.offence, o.store) for o in page.offences], columns=columns
    )
    arrests = pd.DataFrame(
        [(one.arrested_on, one.offence, one.disposal) for one in page.arrests],
        columns=["arrested_on", "offence", "disposal"],
    )
    last = max((one.occurred_at.date() for one in page.offences), default=None)
    spells = tuple(
        (one.custody_from, one.released_on or last or one.custody_from)
        for one in page.arrests
        if one.custody_from is not None
    )
    # An arrest without dates of custody says nothing of it, so only dates make it known.
    known = any(one.custody_from is not None or one.disposed_on is not None for one in page.arrests)
    lanes = [figures.Lane(str(page.person_id), own, arrests, spells if known else None)]
    for other in page.co_offenders[:5]:
        shared = own[own["offence_id"].isin([str(one) for one in other.offences])].assign(status=other.status.value)
        lanes.append(figures.Lane(str(other.person_id), shared, arrests.head(0)))
    return figures.timeline(lanes, period=period, simulated=page.simulated)


def journeys(page: Explanation, period: str) -> Any:
    """Return where the person was seen, one store after the other."""
    rows = [
        (str(page.person_id), str(o.offence_id), o.occurred_at, o.offence, o.retailer, o.store, o.borough, o.latitude,
         o.longitude)
        for o in page.offences
    ]  # fmt: skip
    columns = ["person_id", "offence_id", "occurred_at", "offence", "retailer", "store", "borough", "latitude",
               "longitude"]  # fmt: skip
    return figures.journeys(pd.DataFrame(rows, columns=columns), period=period, simulated=page.simulated)
