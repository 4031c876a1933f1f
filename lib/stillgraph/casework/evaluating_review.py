"""Measuring without known truth, and search and review together: what reviews say, drift, and the whole process."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stillgraph.casework.desk import Deed, Desk
from stillgraph.casework.reviewing import trial_shares
from stillgraph.casework.wire import served
from stillgraph.errors import WrongUse
from stillgraph.governance.permits import Action
from stillgraph.records import ModelId

if TYPE_CHECKING:
    from stillgraph.evaluation.drift import Chart
    from stillgraph.evaluation.process import Process
    from stillgraph.evaluation.reviewed import Reviewed

MONTHS_OF = ("searched", "captured")
"""What a month is taken of: when the face was last searched, or when its still was taken."""

# A list counts with the person its face is put together with; a face alone is a person.
_LISTED = """
WITH began AS (
    SELECT face_id, officer_id, min(sequence) AS sequence FROM held.judgements_counting GROUP BY ALL
), second AS (
    SELECT face_id, sequence FROM began QUALIFY row_number() OVER (PARTITION BY face_id ORDER BY sequence) = 2
), blind AS (
    SELECT j.face_id, CASE WHEN j.verdict = 'supports' THEN j.nominal_id ELSE '' END AS says
    FROM held.judgements_counting AS j JOIN second AS s ON s.face_id = j.face_id AND j.sequence <= s.sequence
    QUALIFY row_number() OVER (PARTITION BY j.face_id, j.officer_id ORDER BY j.sequence DESC) = 1
), listed AS (
    SELECT r.face_id, r.outcome, f.band, c.rank, coalesce(p.person_id, r.face_id) AS person,
           s.searched_at, t.captured_at,
           (SELECT count(DISTINCT b.says) FROM blind AS b WHERE b.face_id = r.face_id) > 1 AS disputed
    FROM reviews AS r
    JOIN faces AS f USING (face_id)
    JOIN stills AS t ON t.still_id = r.still_id
    JOIN searches AS s USING (search_id)
    LEFT JOIN person_faces AS p USING (face_id)
    LEFT JOIN candidates AS c ON c.face_id = r.face_id AND c.search_id = r.search_id AND c.nominal_id = r.nominal_id
)
"""
"""The lists that were put before officers, with the place of whom they supported.

The place is null where it is no longer held, as when that person's custody image is deleted; the review stands. The
first two officers' verdicts are those that stood once the second had judged: what either says later is not blind. An
inconclusive one supports nobody, as in the view ``reviews``.
"""

_JUDGED = f"""{_LISTED}
SELECT person, rank, coalesce(band, ''), outcome <> 'disputed', disputed, outcome = 'corroborated'
FROM listed WHERE outcome <> 'pending' ORDER BY face_id
"""  # noqa: S608 - constants

_BY_MONTH = f"""{_LISTED}
SELECT strftime(CASE WHEN $of = 'searched' THEN searched_at ELSE captured_at END, '%Y-%m') AS month,
       count(*) FILTER (outcome = 'corroborated'), count(*) FILTER (outcome IN ('corroborated', 'not supported')),
       count(*) FILTER (disputed AND outcome <> 'pending'), count(*) FILTER (outcome <> 'pending'),
       count(*) FILTER (outcome = 'corroborated' AND rank = 1),
       count(*) FILTER (outcome = 'corroborated' AND rank IS NOT NULL),
       count(*) FILTER (band IN ('C', 'D')), count(*) FILTER (band IS NOT NULL)
FROM listed GROUP BY month ORDER BY month
"""  # noqa: S608 - likewise

MEASURES = (
    "Settled lists that are corroborated",
    "Reviewed lists on which officers differed",
    "Corroborated people who stood first",
    "Faces of the lower quality bands, C and D",
)
"""What is charted by month, in the order of the columns of the query."""


@dataclass(frozen=True, slots=True)
class ReviewsReport:
    """What a case's completed reviews say of its search."""

    model: ModelId
    reviewed: Reviewed
    simulated: bool
    elapsed_s: float


@dataclass(frozen=True, slots=True)
class DriftReport:
    """Shares by month with their control limits; ``months_of`` says of what the month is."""

    model: ModelId
    months_of: str
    charts: tuple[Chart, ...]
    simulated: bool


@dataclass(frozen=True, slots=True)
class ProcessReport:
    """The error of search and review together, as a fault tree."""

    model: ModelId
    process: Process
    trials: int
    simulated: bool
    elapsed_s: float


@served
def reviews(desk: Desk) -> ReviewsReport:
    """Return what completed reviews say where nobody knows the truth, and what they cannot say."""
    from stillgraph.evaluation.reviewed import ReviewedList, reviewed

    began = time.perf_counter()
    with desk.act(Action.EVALUATE, what="reviews") as deed:
        lists = [ReviewedList(*row) for row in deed.session.rows(_JUDGED)]
        deed.note(lists=len(lists))
        return ReviewsReport(desk.model, reviewed(lists), _simulated(deed), time.perf_counter() - began)


@served
def drift(desk: Desk, *, months_of: str = "searched", baseline: int | None = None) -> DriftReport:
    """Return how reviews and faces changed by month, with control limits.

    Parameters
    ----------
    months_of
        One of :data:`MONTHS_OF`.
    baseline
        How many of the first months the limits are learned from; unless given, all.

    Raises
    ------
    WrongUse
        Months of something else.
    """
    from stillgraph.evaluation.drift import chart

    with desk.act(Action.EVALUATE, what="drift", months_of=months_of) as deed:
        if months_of not in MONTHS_OF:
            raise WrongUse(f"Months are those in which a face was {' or '.join(MONTHS_OF)}; give one of these.")
        rows = deed.session.rows(_BY_MONTH, {"of": months_of})
        charts = tuple(chart(name, _counts(rows, 1 + 2 * at), baseline=baseline) for at, name in enumerate(MEASURES))
        deed.note(months=len(rows))
        return DriftReport(desk.model, months_of, charts, _simulated(deed))


def _counts(rows: Sequence[tuple[object, ...]], at: int) -> list[tuple[str, int, int]]:
    return [(str(row[0]), int(str(row[at])), int(str(row[at + 1]))) for row in rows]


@served
def process(desk: Desk, *, truth: Path | None = None) -> ProcessReport:
    """Return how often corroborated leads are wrong, from officers' trials and the search's measured hit rate.

    Parameters
    ----------
    truth
        Faces whose person is known, for how often the person is on the list, and in the gallery at all. Without it
        nothing can be said.

    Raises
    ------
    NotPermitted
        The officer is neither supervisor nor administrator: the trials are of every officer.
    """
    from stillgraph import evaluation
    from stillgraph.casework.evaluating import search_known
    from stillgraph.evaluation.measured import WITHIN_RANK
    from stillgraph.evaluation.process import Measured
    from stillgraph.evaluation.process import process as reckoned

    began = time.perf_counter()
    table = () if truth is None else evaluation.read_truth(truth)
    with desk.act(Action.EVALUATE, what="process") as deed:
        absent, present, wrong = trial_shares(deed)
        listed, in_gallery = evaluation.wilson(0, 0), None
        if table:
            done = search_known(deed.session, desk, table, limit=WITHIN_RANK)
            mated = [one for one in done.known if one.nominal_id in done.enrolled]
            found = sum(any(c.nominal_id == one.nominal_id for c in done.lists.get(one, ())) for one in mated)
            listed = evaluation.wilson(found, len(mated))
            in_gallery = evaluation.wilson(len(mated), len(done.known))
        told = reckoned(Measured(listed, absent, present, wrong, in_gallery))
        deed.note(trials=absent.trials + present.trials, searches=listed.trials)
        return ProcessReport(
            desk.model, told, absent.trials + present.trials, _simulated(deed), time.perf_counter() - began
        )


def _simulated(deed: Deed) -> bool:
    row = deed.session.one("SELECT coalesce(bool_or(review_kind = 'simulated review'), false) FROM reviews")
    return row is not None and bool(row[0])
