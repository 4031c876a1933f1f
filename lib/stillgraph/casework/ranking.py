"""Who did most, as the case knows it: the links that rankings and networks are made of, and the ranking."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import date
from pathlib import Path

from stillgraph.casework.analysing import is_simulated, review_kind, writing
from stillgraph.casework.desk import Desk
from stillgraph.casework.harm import harm_table
from stillgraph.governance.permits import Action
from stillgraph.records import LinkTable, Ranking
from stillgraph.store import Session, links, persons, receipts


def link_table(
    session: Session, *, with_proposals: bool = False, since: date | None = None, until: date | None = None
) -> LinkTable:
    """Return the links of persons and offences of the last linking run, with the harm that the case counts.

    For use inside an action (``deed.session``), which permits and records it.

    Raises
    ------
    UnknownOffenceCode
        An offence of the period has a code that the case's harm table does not hold.
    WrongUse
        The period ends before it begins.
    """
    days = harm_table(session).days
    return links.links(session, days, with_proposals=with_proposals, since=since, until=until)


def ranking(
    desk: Desk,
    *,
    by: str = "harm",
    since: date | None = None,
    until: date | None = None,
    with_proposals: bool = False,
) -> Ranking:
    """Rank persons by harm, count, value or recency-frequency-harm, with 95 % intervals of their ranks.

    Corroborated links only, unless ``with_proposals`` asks for the others too; each standing says which it is.

    Raises
    ------
    UnknownOffenceCode
        An offence's code is not in the harm table.
    """
    from stillgraph import prolific

    with desk.act(Action.RANK, by=by, since=since, until=until, with_proposals=with_proposals) as deed:
        ranked = prolific.rank(
            persons.participations(deed.session, with_proposals=with_proposals),
            receipts.offences(deed.session),
            harm_table(deed.session),
            receipts.prior_arrests(deed.session),
            by=by,
            since=since,
            until=until,
            with_proposals=with_proposals,
        )
        deed.note(standings=len(ranked.standings))
        return replace(ranked, simulated=is_simulated(deed.session))


def concentration_sentence(ranking: Ranking) -> str:
    """Return in words how concentrated the ranked measure is, with its numbers."""
    found = ranking.concentration
    if found.gini is None or found.gini_low is None or found.gini_high is None or found.top_10_percent_share is None:
        return f"Concentration: too few persons to state ({found.persons})."
    return (
        f"The top 10 % of {found.persons} persons account for {found.top_10_percent_share:.0f} % by {ranking.by}; "
        f"generalised Gini {found.gini:.2f} (95 %: {found.gini_low:.2f} to {found.gini_high:.2f})."
    )


def write_ranking(ranking: Ranking, path: Path) -> None:
    """Write a ranking as CSV, its period and scale in every row, so that no figure travels without them.

    Raises
    ------
    WrongUse
        The file cannot be written.
    """
    import pandas as pd

    frame = pd.DataFrame([asdict(standing) for standing in ranking.standings]).assign(
        by=ranking.by, since=ranking.since, until=ranking.until, scale=ranking.scale,
        review=review_kind(simulated=ranking.simulated),
    )  # fmt: skip
    with writing(path), path.open("w", encoding="utf-8", newline="") as stream:
        frame.to_csv(stream, index=False)
