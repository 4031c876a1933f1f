"""What a day begins with: what waits for the officer, what is new since a time, and what the case holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from stillgraph.casework.analysing import is_simulated
from stillgraph.casework.desk import Deed, Desk
from stillgraph.casework.wire import served
from stillgraph.governance.permits import Action
from stillgraph.records import Contradiction
from stillgraph.store import office, persons

YESTERDAY = timedelta(days=1)

START = "start"
"""What the record calls a look at the beginning; the last one of an officer is when they last looked."""

_HELD = """
SELECT (SELECT count(*) FROM stills) AS stills, (SELECT count(*) FROM offences) AS offences,
       (SELECT count(*) FROM retailers) AS retailers, (SELECT count(*) FROM nominals) AS nominals,
       (SELECT count(*) FROM custody_images) AS custody_images, (SELECT count(*) FROM reviews) AS lists,
       (SELECT count(*) FROM persons WHERE status = 'corroborated') AS corroborated,
       (SELECT count(*) FROM stills WHERE NOT searched AND faces > 0) AS unsearched,
       (SELECT count(*) FROM custody_images WHERE review_due < $today) AS past_review,
       (SELECT count(*) FROM custody_images WHERE searchable AND compared_at IS NULL) AS not_compared
"""

_LAST = """
SELECT max(recorded_at) FROM audit
WHERE officer = ? AND action = 'view' AND result = 'done' AND json_extract_string(details, '$.what') = ?
"""

_NEW = """
SELECT (SELECT count(*) FROM deliveries WHERE received_at > $since) AS deliveries,
       (SELECT coalesce(sum(accepted), 0) FROM deliveries WHERE received_at > $since AND kind = 'stills') AS stills,
       (SELECT coalesce(sum(accepted), 0) FROM deliveries
        WHERE received_at > $since AND kind = 'custody') AS custody_images,
       (SELECT coalesce(sum(refused), 0) FROM deliveries WHERE received_at > $since) AS refused,
       (SELECT count(*) FROM searches WHERE searched_at > $since) AS searches,
       (SELECT count(DISTINCT c.face_id) FROM candidates AS c JOIN searches AS s USING (search_id)
        WHERE s.searched_at > $since) AS lists,
       (SELECT count(*) FROM rulings WHERE ruled_at > $since) AS rulings,
       (SELECT count(*) FROM audit WHERE recorded_at > $since AND action = 'judge' AND result = 'done') AS judgements,
       (SELECT count(*) FROM audit WHERE recorded_at > $since AND action = 'link' AND result = 'done') AS linking_runs,
       (SELECT count(*) FROM audit WHERE recorded_at > $since AND result = 'refused') AS refusals
"""


@dataclass(frozen=True, slots=True)
class Held:
    """What the case holds, in numbers; ``unsearched`` counts stills with a face that no search has covered."""

    stills: int
    offences: int
    retailers: int
    nominals: int
    custody_images: int
    lists: int
    corroborated: int
    unsearched: int
    past_review: int
    not_compared: int


@dataclass(frozen=True, slots=True)
class New:
    """What came since a time. ``refused`` are rows of manifests, ``refusals`` acts that were not permitted."""

    deliveries: int
    stills: int
    custody_images: int
    refused: int
    searches: int
    lists: int
    rulings: int
    judgements: int
    linking_runs: int
    refusals: int


@dataclass(frozen=True, slots=True)
class Beginning:
    """What an officer begins with. ``last_looked`` is when they last did, ``None`` the first time.

    ``proposals`` is ``None`` for reviewers, who decide without what a machine proposes. Judgements are counted and
    never said: what others found of a list is not for who may be dealt it. ``simulated``: officers of a demonstration
    had a part.
    """

    officer: str
    operation: str
    at: datetime
    last_looked: datetime | None
    since: datetime
    held: Held
    new: New
    proposals: int | None
    contradictions: tuple[Contradiction, ...]
    simulated: bool


@served
def begin(desk: Desk, *, since: datetime | None = None) -> Beginning:
    """Return what an officer begins with: new since a time, or since they last looked, or since yesterday at first."""
    with desk.act(Action.VIEW, what=START) as deed:
        last = _last_looked(deed)
        chosen = since if since is not None else last if last is not None else deed.at - YESTERDAY
        blind = office.is_reviewer(deed.session, deed.officer)
        held = deed.session.one(_HELD, {"today": deed.at.date()}) or ()
        new = deed.session.one(_NEW, {"since": chosen}) or ()
        return Beginning(
            deed.officer, deed.operation, deed.at, last, chosen, Held(*held), New(*map(int, new)),
            None if blind else persons.proposal_count(deed.session), persons.contradictions(deed.session),
            is_simulated(deed.session),
        )  # fmt: skip


def _last_looked(deed: Deed) -> datetime | None:
    """Return when the officer last looked at the beginning."""
    row = deed.session.one(_LAST, [deed.officer, START])
    return None if row is None else row[0]
