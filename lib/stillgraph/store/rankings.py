"""Rankings that officers made, with their standings. They are only ever appended."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from stillgraph.records import Ranking, Standing
from stillgraph.store.casefile import Session

COLUMNS = (
    "rank", "rank_low", "rank_high", "top_share", "person_id", "nominal_id", "status", "offences", "count_low",
    "count_high", "harm_days", "harm_low", "harm_high", "value_pence", "value_low", "value_high", "rfh", "rfh_low",
    "rfh_high", "rank_by_harm", "rank_by_count", "rank_by_value", "rank_by_rfh", "rank_corroborated",
    "rank_with_proposals", "retailers", "boroughs", "offence_codes", "subgroups", "diversity", "co_offenders",
    "with_others", "escalation", "escalation_rho", "escalation_low", "escalation_high", "prior_arrests",
)  # fmt: skip
"""What a standing is in a table, in the view's order."""


@dataclass(frozen=True, slots=True)
class Making:
    """Who made a ranking, for what, when, with what, of which linking run."""

    officer: str
    operation: str
    reason: str
    made_at: datetime
    software: str
    linked_at: datetime | None


def linked_at(session: Session) -> datetime | None:
    """Return when the linking ran whose persons the case holds, or ``None``."""
    row = session.one("SELECT linked_at FROM held.linking_run")
    return None if row is None else row[0]


def add(session: Session, ranking: Ranking, making: Making) -> int:
    """Append a ranking and its standings; return its number."""
    told = dict(ranking.settings)
    worlds = told.pop("worlds")
    assert isinstance(worlds, dict)  # noqa: S101  (what prolific.rank states)
    row = session.one(
        "INSERT INTO held.rankings (ranked_by, since, until, with_proposals, proactive, settings, seed, points, "
        "harm_source, harm_version, linked_at, persons, simulated, software, officer_id, operation_id, reason, "
        "made_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING ranking_id",
        [ranking.by, ranking.since, ranking.until, told["with_proposals"], told["proactive"],
         json.dumps(worlds, sort_keys=True), worlds["seed"], told["points"], told["harm_source"], told["harm_version"],
         making.linked_at, len(ranking.standings), ranking.simulated, making.software, making.officer, making.operation,
         making.reason, making.made_at],
    )  # fmt: skip
    assert row is not None  # noqa: S101  (INSERT ... RETURNING of one row returns one row)
    number = int(row[0])
    session.append("standings", [{"ranking_id": number, **told_of(standing)} for standing in ranking.standings])
    return number


def told_of(standing: Standing) -> dict[str, object]:
    """Return a standing as a row of a table: the columns of :data:`COLUMNS`."""
    ranks, grows = standing.ranks, standing.escalation
    apart = {
        **{
            f"rank_by_{name}": None if ranks is None else getattr(ranks, name)
            for name in ("harm", "count", "value", "rfh")
        },
        "status": str(standing.status),
        "escalation": str(grows.trend),
        "escalation_rho": grows.rho,
        "escalation_low": grows.low,
        "escalation_high": grows.high,
    }
    return {name: apart[name] if name in apart else getattr(standing, name) for name in COLUMNS}
