"""What custody recorded of people, and where stills come from, counted: for the record, which holds no name."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from stillgraph.records import NominalId, StillId
from stillgraph.store.casefile import Session

GROUPS = ("sex", "ethnicity")
"""The columns of a nominal by which people are counted in groups."""


def people(session: Session) -> dict[str, dict[str, int]]:
    """Return how many people custody records hold, by each of :data:`GROUPS`."""
    return {
        column: dict(session.rows(f"SELECT {column}, count(*) FROM held.nominals GROUP BY 1 ORDER BY 1"))  # noqa: S608
        for column in GROUPS
    }


def of_people(session: Session, nominals: Sequence[NominalId]) -> dict[str, dict[str, int]]:
    """Return how often each group occurs in a list of people; somebody named twice counts twice."""
    return {
        column: dict(
            session.rows(
                f"SELECT n.{column}, count(*) FROM (SELECT unnest($nominals::VARCHAR[]) AS nominal_id) "  # noqa: S608
                "JOIN held.nominals AS n USING (nominal_id) GROUP BY 1 ORDER BY 1",
                {"nominals": list(nominals)},
            )
        )
        for column in GROUPS
    }


def boroughs(session: Session, stills: Collection[StillId]) -> dict[str, int]:
    """Return how many of some stills come from each borough."""
    return dict(
        session.rows(
            "SELECT s.borough, count(*) FROM (SELECT unnest($stills::VARCHAR[]) AS still_id) "
            "JOIN held.stills AS t USING (still_id) JOIN held.offences AS o USING (offence_id) "
            "JOIN held.stores AS s USING (store_id) GROUP BY 1 ORDER BY 1",
            {"stills": list(stills)},
        )
    )
