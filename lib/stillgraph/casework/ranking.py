"""Who did most, as the case knows it: the links that rankings and networks are made of, and the ranking."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from stillgraph.casework import exporting, reviewing
from stillgraph.casework.analysing import is_simulated, review_kind
from stillgraph.casework.desk import Deed, Desk
from stillgraph.casework.harm import harm_table
from stillgraph.casework.progress import Progress, Step, silent
from stillgraph.casework.tables import cell
from stillgraph.casework.wire import served
from stillgraph.governance.permits import Action
from stillgraph.records import Arrest, CustodyTable, LinkTable, NominalId, Ranking
from stillgraph.store import Session, links, rankings, receipts

if TYPE_CHECKING:
    from stillgraph.prolific import WorldSettings


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


def custody_of(
    session: Session, arrests: Sequence[Arrest] | None = None
) -> Callable[[Sequence[NominalId | None]], CustodyTable]:
    """Return what tells of persons, by their nominals, when each was in custody. For use inside an action.

    ``arrests`` are those of the case, where they have been read already.
    """
    from stillgraph import prolific

    return partial(
        prolific.custody_table,
        arrests=receipts.arrests(session) if arrests is None else arrests,
        known_until=receipts.arrests_known_until(session),
    )


@served(writes=("csv",))
def ranking(
    desk: Desk,
    *,
    by: str = "harm",
    since: date | None = None,
    until: date | None = None,
    with_proposals: bool = False,
    include_proactive: bool = False,
    points: Path | None = None,
    settings: WorldSettings | None = None,
    from_trials: bool = False,
    keep: bool = True,
    csv: Path | None = None,
    progress: Progress = silent,
) -> Ranking:
    """Rank persons by harm, count, value or recency-frequency-harm, with 95 % intervals over drawn worlds.

    Corroborated links only, unless ``with_proposals`` asks for the others too; each standing says which it is, and its
    rank by either. The ranking is kept in the case, but for one that is only looked at (``keep``).

    Parameters
    ----------
    include_proactive
        Whether offences found only because somebody was looking for them count in days of harm: usually they do not.
    points
        A table of points for recency, frequency and harm, in CSV, in place of ours.
    settings
        How worlds are drawn.
    csv
        A file to write the whole ranking to, as :func:`csv_of` makes it.
    from_trials
        Whether to learn from trials of review how often officers are wrong. How officers did in trials is for
        supervisors and administrators: a ranking that read them for anybody would tell which list was a trial.

    Raises
    ------
    UnknownOffenceCode
        An offence's code is not in the harm table.
    WrongUse
        An unknown measure, a period that ends before it begins, or a file that cannot be written.
    NotFound, ManifestError
        The table of points is not there, or is none.
    NotPermitted
        Somebody else than a supervisor or administrator asks for what trials say.
    """
    from stillgraph import __version__, prolific

    asked = {
        "by": by, "since": since, "until": until, "with_proposals": with_proposals, "proactive": include_proactive,
        "points": None if points is None else points.name, "from_trials": from_trials,
    }  # fmt: skip
    # Drawing takes long where there are many links, so the case is not held meanwhile.
    with desk.ahead(Action.RANK, **asked) as deed:
        table = link_table(deed.session, with_proposals=True, since=since, until=until)
        harm, arrests = harm_table(deed.session), receipts.prior_arrests(deed.session)
        custody = custody_of(deed.session)
        simulated, linked_at = is_simulated(deed.session), rankings.linked_at(deed.session)
        worlds = settings or prolific.WorldSettings()
        worlds = _learned(deed, worlds) if from_trials else worlds
        point_table = None if points is None else prolific.rfh_points(points)
    try:
        ranked = prolific.rank(
            table, harm, arrests, by=by, since=since, until=until, with_proposals=with_proposals,
            include_proactive=include_proactive, points=point_table, settings=worlds, simulated=simulated,
            progress=lambda done, draws: progress(Step("worlds", done, draws, "world")), custody=custody,
        )  # fmt: skip
    except BaseException as error:
        desk.record_failure(Action.RANK, error, **asked)
        raise
    with desk.act(Action.RANK, **asked) as deed:
        deed.note(
            standings=len(ranked.standings), harm_version=harm.version, draws=worlds.draws, seed=worlds.seed,
            reviewer_error=worlds.reviewer_error.mean,
        )  # fmt: skip
        if keep:
            making = rankings.Making(
                deed.officer, deed.operation, deed.reason, deed.at, f"stillgraph {__version__}", linked_at
            )
            deed.note(ranking=rankings.add(deed.session, ranked, making))
        if csv is not None:
            exporting.write(desk, deed, csv, csv_of(ranked), kind="ranking", about=exporting.EVERYBODY)
    return ranked


def world_settings(*, draws: int = 1000, seed: int = 0, top_n: int = 10) -> WorldSettings:
    """Return how worlds are drawn, with our stated chances: how many, from which seed, and how many are the first."""
    from stillgraph import prolific

    return prolific.WorldSettings(draws=draws, seed=seed, top_n=top_n)


def _learned(deed: Deed, worlds: WorldSettings) -> WorldSettings:
    """Return settings with what trials say of how often who is supported is somebody else."""
    wrong, supports = reviewing.wrong_supports(deed)
    source = f"our prior and {supports} supports in trials, {wrong} of somebody else"
    return replace(worlds, reviewer_error=worlds.reviewer_error.learned(wrong, supports, source))


def concentration_sentence(ranking: Ranking) -> str:
    """Return in words how concentrated the ranked measure is, with its numbers."""
    found = ranking.concentration
    if found.gini is None or found.gini_low is None or found.gini_high is None or found.top_10_percent_share is None:
        return f"Concentration: too few persons to state ({found.persons})."
    return (
        f"The top 10 % of {found.persons} persons account for {found.top_10_percent_share:.0f} % by {ranking.by}; "
        f"generalised Gini {found.gini:.2f} (95 %: {found.gini_low:.2f} to {found.gini_high:.2f})."
    )


def csv_of(ranking: Ranking) -> bytes:
    """Return a ranking as CSV, its period and scale in every row, so that no figure travels without them.

    A text that a spreadsheet would run begins with an apostrophe.
    """
    import csv
    import io

    further = {
        "by": ranking.by, "since": ranking.since, "until": ranking.until, "scale": ranking.scale,
        "review": review_kind(simulated=ranking.simulated),
    }  # fmt: skip
    with io.StringIO(newline="") as stream:
        rows = csv.writer(stream)  # by its ends of lines, a cell that holds either of them is quoted
        rows.writerow([*rankings.COLUMNS, *further])
        for standing in ranking.standings:
            told = {**rankings.told_of(standing), **further}
            rows.writerow([cell(told[name]) for name in (*rankings.COLUMNS, *further)])
        return stream.getvalue().encode()
