"""What a ranking is worth: how concentrated the harm is, how lists did in the next period, who is silent and why."""

from __future__ import annotations

from datetime import date

from stillgraph.casework.analysing import is_simulated
from stillgraph.casework.desk import Desk
from stillgraph.casework.harm import harm_table
from stillgraph.casework.ranking import link_table
from stillgraph.governance.permits import Action
from stillgraph.records import Concentrated, ConcentrationReport, Estimate
from stillgraph.store import Session, receipts

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


def concentration(
    desk: Desk,
    *,
    of: str = "persons",
    by: str = "harm",
    since: date | None = None,
    until: date | None = None,
    with_proposals: bool = False,
    include_proactive: bool = True,
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
    proactive = "" if include_proactive else ", without proactively detected offences"
    return f"Harm in days: {table.source}, version {table.version}{proactive}."
