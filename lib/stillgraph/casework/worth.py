"""What a ranking is worth: how concentrated the harm is, how lists did in the next period, who is silent and why."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from stillgraph.casework import tables
from stillgraph.casework.analysing import is_simulated, review_kind
from stillgraph.casework.attempts import attempted
from stillgraph.casework.desk import Desk
from stillgraph.casework.harm import harm_table
from stillgraph.casework.progress import Progress, adding, silent
from stillgraph.casework.ranking import custody_of, link_table
from stillgraph.casework.wire import served
from stillgraph.casework.wording import count
from stillgraph.errors import WrongUse
from stillgraph.governance.permits import Action
from stillgraph.records import (
    BackTest,
    Concentrated,
    ConcentrationReport,
    Estimate,
    LinkTable,
    QuietReport,
    Reading,
    Silence,
    SplitWorth,
)
from stillgraph.store import Session, files, known, receipts

_FIGURES = ("active", "harm", "offences", "not_listed", "newcomers", "rank_correlation")
_MEASURED = {"harm": "the harm", "count": "the offences", "value": "the value"}
_COUNTED_WHOLE = "An offence counts whole for each person linked to it, so totals of persons exceed those of offences."
_ONLY_LINKED = (
    "Persons are those linked to an offence of the period; offences nobody is linked to, and people nobody has found, "
    "are not in it, so it is no statement about all offenders."
)
_ALL_KNOWN = "Counted are all {of} of the case, {without} of them without an offence of the period, and every offence."
_INTERVAL = (
    "Intervals (95 %, bootstrap over {of}) say how far single {of} carry the figure; wrong links are not in them."
)
_CUSTODY_RULE = (
    "Custody is of the whole days between custody_from and released_on of the arrests on record, first and last day "
    "left out; a person without an arrest on record, and days after an arrest without dates, are not known."
)
_SILENCE_MODEL = (
    "The chance of so long a silence is of a model: offences come at random, at the rate between a person's first and "
    "last one, and all of them are found. It says nothing of why somebody is silent."
)
_RETROSPECTIVE = (
    "The lists rest on the links there are today: what review found out after a list's last day is in it too, so no "
    "officer could have drawn it up then. As-known lists (--as-known) rest only on links made by then."
)
_AS_KNOWN = "The lists rest only on links that judgements and rulings had made by their last day."
_LISTED = (
    "An offence counts whole for each person linked to it; persons of equal measure share a list's last places. "
    "Offences nobody is linked to count for nobody, in either period."
)


@served
def concentration(
    desk: Desk,
    *,
    of: str = "persons",
    by: str = "harm",
    since: date | None = None,
    until: date | None = None,
    with_proposals: bool = False,
    include_proactive: bool = False,
    draws: int = 1000,
    seed: int = 0,
) -> ConcentrationReport:
    """Measure how concentrated harm, offences or value are among persons, stores, retailers or boroughs.

    Raises
    ------
    WrongUse
        Another kind of unit or measure, or a period that ends before it begins.
    UnknownOffenceCode
        An offence's code is not in the harm table.
    """
    from stillgraph import prolific

    with desk.act(
        Action.RANK, what="concentration", of=of, by=by, since=since, until=until, with_proposals=with_proposals
    ) as deed:
        table = link_table(deed.session, with_proposals=with_proposals, since=since, until=until)
        values, events = prolific.unit_totals(
            table, of, by, known=_known(deed.session, of), include_proactive=include_proactive
        )
        found = prolific.concentrated(values, events, draws=draws, seed=seed)
        deed.note(units=found.units, events=found.events)
        return ConcentrationReport(
            of=of,
            by=by,
            since=since,
            until=until,
            scale=_scale(deed.session, by, include_proactive=include_proactive),
            found=found,
            statement=concentration_statement(found, of, by),
            notes=_notes(found, of, with_proposals=with_proposals),
            simulated=is_simulated(deed.session),
        )


@served
@attempted(Action.RANK)
def quiet(
    desk: Desk,
    *,
    on: date | None = None,
    since: date | None = None,
    with_proposals: bool = False,
    active_days: int = 28,
) -> QuietReport:
    """Read who has been silent since when, told apart by whether they were at liberty.

    Parameters
    ----------
    on
        The day of the reading; by default that of the latest offence of the case.
    since
        The first day of the period whose days in custody are given as well; by default that of the first offence.
    active_days
        Days at liberty since an offence up to which a person counts as active.

    Raises
    ------
    WrongUse
        The period ends before it begins, or ``active_days`` is negative.
    UnknownOffenceCode
        An offence's code is not in the harm table.
    """
    from stillgraph import prolific

    if active_days < 0:
        raise WrongUse(f"A person counts as active for 0 days or more after an offence, not {active_days}.")
    with desk.act(Action.RANK, what="silence", on=on, since=since, with_proposals=with_proposals) as deed:
        table = link_table(deed.session, with_proposals=with_proposals)
        days = table.offences.occurred_at.astype("datetime64[D]")
        last: date = days.max().item() if len(days) else deed.at.date()
        first: date = days.min().item() if len(days) else last
        day, begin = last if on is None else on, first if since is None else since
        if begin > day:
            raise WrongUse(f"A period ends on or after its first day; {begin} is after {day}. Give another day.")
        known_until = receipts.arrests_known_until(deed.session)
        custody = prolific.custody_table(table.nominal_ids, receipts.arrests(deed.session), known_until=known_until)
        silences = prolific.silences(table, custody, on=day, since=begin, active_days=active_days)
        against = prolific.contradictions(table, custody)
        deed.note(persons=len(silences), contradictions=len(against))
        return QuietReport(
            on=day,
            since=begin,
            known_until=known_until,
            active_days=active_days,
            silences=silences,
            contradictions=against,
            notes=_silence_notes(day, last, known_until),
            simulated=is_simulated(deed.session),
        )


@served
def back_test(
    desk: Desk,
    *,
    splits: Sequence[date] = (),
    by: Sequence[str] = ("harm", "rfh"),
    top: int = 10,
    since: date | None = None,
    until: date | None = None,
    with_proposals: bool = False,
    as_known: bool = False,
    include_proactive: bool = False,
    draws: int = 1000,
    seed: int = 0,
    progress: Progress = silent,
) -> BackTest:
    """Rank on one period, measure on the next, beside a list by count alone and random ones.

    Parameters
    ----------
    splits
        First days of next periods; by default three, which cut the period into four equal parts.
    by
        Measures to list by: harm, count, value, rfh.
    top
        How many are on a list.
    since, until
        First and last day of it all; by default those of the first and last offence.
    as_known
        Lists of links that had been made by then only.
    progress
        Told of the draws; stopped at one of them, nothing comes of the test, and that it failed is on record.

    Raises
    ------
    WrongUse
        A split outside the period, another measure, a list of nobody, or a case with too few days to split.
    UnknownOffenceCode
        An offence's code is not in the harm table.
    """
    from stillgraph import prolific

    with desk.act(
        Action.RANK, what="back-test", by=list(by), top=top, since=since, until=until, with_proposals=with_proposals
    ) as deed:
        table = link_table(deed.session, with_proposals=with_proposals)
        days = table.offences.occurred_at.astype("datetime64[D]")
        if not len(days):
            raise WrongUse("A back-test needs offences, and the case has none; receive deliveries first.")
        first = days.min().item() if since is None else since
        last = days.max().item() if until is None else until
        cuts = tuple(splits) or prolific.rolling_splits(first, last)
        custody = custody_of(deed.session)(table.nominal_ids)
        tested, overall, differences = prolific.back_test(
            table, cuts, since=first, until=last, by=by, top=top, custody=custody,
            known_on=known.links_known(deed.session, table), as_known=as_known, include_proactive=include_proactive,
            seed=seed, draws=draws,
            progress=adding(progress, "testing the list", prolific.total_draws(len(cuts), draws), unit="draw"),
        )  # fmt: skip
        deed.note(splits=len(tested), insufficient=sum(split.insufficient is not None for split in tested))
        return BackTest(
            top=top,
            by=tuple(one.by for one in tested[0].lists) or tuple(by),
            scale=_scale(deed.session, "harm", include_proactive=include_proactive),
            as_known=as_known,
            splits=tested,
            overall=overall,
            overall_differences=differences,
            statements=tuple(split_statement(split, top) for split in tested),
            notes=(_AS_KNOWN if as_known else _RETROSPECTIVE, _LISTED),
            simulated=is_simulated(deed.session),
        )


def split_statement(split: SplitWorth, top: int) -> str:
    """Say in words what the first of a split's lists was worth, and how much of it was known then."""
    known_then = (
        "" if split.links_known is None
        else f" Of its {split.links} links {split.links_known} had been made by {split.list_until}."
    )  # fmt: skip
    if split.insufficient is not None:
        return f"Split {split.next_since}: insufficient ({split.insufficient}).{known_then}"
    one = split.lists[0]
    return (
        f"Split {split.next_since}: of the {top} first by {one.by}, {_percent(one.active)} had an offence in the next "
        f"period (a random list: {_percent(split.random_active)}), and {_percent(one.harm)} of its harm was theirs "
        f"(random: {_percent(split.random_harm)}); {_percent(one.not_listed)} of its own {top} first were not on the "
        f"list.{known_then}"
    )


def write_back_test(report: BackTest, path: Path) -> None:
    """Write a back-test as CSV, one row a split and list, its scale in every row.

    Raises
    ------
    WrongUse
        The file cannot be written.
    """
    import pandas as pd

    rows = []
    for split in report.splits:
        shared = {
            "next_since": split.next_since, "next_until": split.next_until, "persons": split.persons,
            "next_persons": split.next_persons, "links": split.links, "links_known": split.links_known,
            "insufficient": split.insufficient,
        }  # fmt: skip
        random = {"active": split.random_active, "harm": split.random_harm, "offences": split.random_offences}
        lists = [(one.by, {name: getattr(one, name) for name in _FIGURES}) for one in split.lists]
        for by, figures in [*lists, ("random", random)] if split.lists else [("", {})]:
            told = {name: figures.get(name, Estimate()) for name in _FIGURES}
            rows.append(
                {"by": by} | shared
                | {f"{name}{end}": part for name, one in told.items()
                   for end, part in (("", one.value), ("_low", one.low), ("_high", one.high))}
            )  # fmt: skip
    frame = pd.DataFrame(rows).assign(
        top=report.top, as_known=report.as_known, scale=report.scale,
        review=review_kind(simulated=report.simulated),
    )  # fmt: skip
    with files.writing(path), path.open("w", encoding="utf-8", newline="") as stream:
        tables.defused(frame).to_csv(stream, index=False, lineterminator="\r\n")


def _percent(estimate: Estimate) -> str:
    if estimate.value is None:
        return "insufficient"
    if estimate.low is None or estimate.high is None:
        return f"{estimate.value:.0f} %"
    return f"{estimate.value:.0f} % ({estimate.low:.0f} to {estimate.high:.0f})"


def silence_statement(silence: Silence) -> str:
    """Say in words what a person's silence can be said to be."""
    days = silence.silence
    free = days.days - days.in_custody
    if silence.reading is Reading.IN_CUSTODY:
        return f"in custody, {days.in_custody} of the {count(days.days, 'day')} since the last offence"
    if silence.reading is Reading.ACTIVE:
        return f"active, last offence {count(days.days, 'day')} ago"
    held = f", and {days.in_custody} in custody" if days.in_custody else ""
    if silence.reading is Reading.QUIET:
        return f"quiet for {count(free, 'day')} at liberty{held}"
    return f"quiet for {count(free, 'day')}{held}, custody not known on {days.not_known} of them"


def _silence_notes(on: date, last: date, known_until: date | None) -> tuple[str, ...]:
    notes = [_CUSTODY_RULE, _SILENCE_MODEL]
    if known_until is None:
        notes.insert(0, "No arrests were delivered to this case: of nobody is it known whether they were in custody.")
    elif known_until < on:
        notes.insert(0, f"Arrests were delivered up to {known_until}: of later days custody is not known.")
    if last < on:
        notes.insert(0, f"The case holds no offence after {last}: silence since then may be that of its deliveries.")
    return tuple(notes)


def concentration_among_persons(
    table: LinkTable, by: str, *, with_proposals: bool
) -> tuple[Concentrated, str, tuple[str, ...]]:
    """Return how concentrated a measure is among the persons of a table, that in words, and notes; inside an action.

    Of harm as rankings count it: without proactively detected offences.
    """
    from stillgraph import prolific

    values, events = prolific.unit_totals(table, "persons", by, include_proactive=False)
    found = prolific.concentrated(values, events)
    return found, concentration_statement(found, "persons", by), _notes(found, "persons", with_proposals=with_proposals)


def concentration_statement(found: Concentrated, of: str, by: str) -> str:
    """Say in words, with its numbers, how few units hold how much."""
    if found.gini.value is None:
        return f"Concentration: too little to state ({found.units} {of}, {found.events} offences)."
    few = [
        f"{one.units} of {found.units} {of} ({100 * one.units / found.units:.1f} %{_between(one.low, one.high)}) "
        f"account for {one.percent:g} % of {_MEASURED[by]}"
        for one in found.few
    ]
    gini = f"generalised Gini {found.gini.value:.2f}{_interval(found.gini)}"
    return f"{'; '.join(few)}; {gini}."


def _between(low: int | None, high: int | None) -> str:
    return "" if low is None else f"; 95 %: {low} to {high}"


def _interval(estimate: Estimate) -> str:
    if estimate.low is None or estimate.high is None:
        return " (insufficient for an interval)"
    return f" (95 %: {estimate.low:.2f} to {estimate.high:.2f})"


def _notes(found: Concentrated, of: str, *, with_proposals: bool) -> tuple[str, ...]:
    from stillgraph import prolific

    notes = (
        [_ONLY_LINKED, _COUNTED_WHOLE]
        if of == "persons"
        else [_ALL_KNOWN.format(of=of, without=found.units - found.units_with_any)]
    )
    if of == "persons" and with_proposals:
        notes.append("Links that nobody has corroborated count too.")
    if found.units_with_any < prolific.LEAST:
        notes.append(f"Insufficient for intervals: fewer than {prolific.LEAST} {of} have any.")
    else:
        notes.append(_INTERVAL.format(of=of))
    return tuple(notes)


def _known(session: Session, of: str) -> list[str]:
    """Return the units the case knows, whether anything happened there or not."""
    stores = receipts.stores(session).values()
    if of == "stores":
        return [store.store_id for store in stores]
    if of == "retailers":
        return [store.retailer_id for store in stores]
    return [store.borough for store in stores] if of == "boroughs" else []


def _scale(session: Session, by: str, *, include_proactive: bool) -> str:
    if by == "count":
        return "Offences."
    if by == "value":
        return "Value in pence, as retailers stated it."
    table = harm_table(session)
    proactive = ", proactively detected offences counted too" if include_proactive else ""
    return f"Harm in days: {table.source}, version {table.version}{proactive}."
