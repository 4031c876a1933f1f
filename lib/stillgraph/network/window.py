"""Which links a network holds: by day, retailer, borough and status."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime

from stillgraph.errors import NotFound, WrongUse
from stillgraph.records import Arrest, NetworkFilter, Offence, OffenceId, Participation, Store, StoreId


def within(
    participations: Sequence[Participation],
    offences: Mapping[OffenceId, Offence],
    stores: Mapping[StoreId, Store],
    wanted: NetworkFilter,
) -> list[Participation]:
    """Return the links that a filter leaves, in their order. Days are UTC and inclusive.

    Raises
    ------
    NotFound
        No store is of a retailer, or in a borough, that the filter names.
    WrongUse
        The first day is after the last.
    """
    _check(stores, wanted)
    kept = {offence_id for offence_id, offence in offences.items() if _holds(offence, stores, wanted)}
    return [
        link
        for link in participations
        if (link.offence_id in kept or link.offence_id not in offences)
        and (not wanted.statuses or link.status in wanted.statuses)
    ]


def arrests_within(arrests: Sequence[Arrest], wanted: NetworkFilter) -> list[Arrest]:
    """Return the arrests of a filter's days, in their order."""
    return [
        arrest
        for arrest in arrests
        if (wanted.since is None or arrest.arrested_on >= wanted.since)
        and (wanted.until is None or arrest.arrested_on <= wanted.until)
    ]


def _check(stores: Mapping[StoreId, Store], wanted: NetworkFilter) -> None:
    if wanted.since is not None and wanted.until is not None and wanted.since > wanted.until:
        raise WrongUse(f"A period begins before it ends; {wanted.since} is after {wanted.until}.")
    for what, named, there in (
        ("retailer", wanted.retailers, {store.retailer_id for store in stores.values()}),
        ("borough", wanted.boroughs, {store.borough for store in stores.values()}),
    ):
        missing = sorted(set(named) - there)
        if missing:
            raise NotFound(f"No store of the case has {what} {missing[0]}. There are: {', '.join(sorted(there))}.")


def _holds(offence: Offence, stores: Mapping[StoreId, Store], wanted: NetworkFilter) -> bool:
    on = _day(offence.occurred_at)
    return (
        (wanted.since is None or on >= wanted.since)
        and (wanted.until is None or on <= wanted.until)
        and (not wanted.retailers or offence.retailer_id in wanted.retailers)
        and (not wanted.boroughs or stores[offence.store_id].borough in wanted.boroughs)
    )


def _day(moment: datetime) -> date:
    return (moment if moment.tzinfo is None else moment.astimezone(UTC)).date()
