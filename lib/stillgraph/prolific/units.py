"""What persons, stores, retailers and boroughs each add up to: the units whose concentration is measured."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stillgraph.errors import WrongUse
from stillgraph.records import Coded, LinkTable

UNITS = ("persons", "stores", "retailers", "boroughs")
UNIT_MEASURES = ("harm", "count", "value")

Floats = NDArray[np.float64]


def unit_totals(
    table: LinkTable, of: str, by: str, *, known: Iterable[str] = (), include_proactive: bool = False
) -> tuple[Floats, Floats]:
    """Add a measure up by unit.

    An offence counts whole for each person linked to it, and once for its store, retailer and borough, whether anybody
    is linked to it or not. A machine's proposals of joins count for nobody.

    Parameters
    ----------
    of
        One of :data:`UNITS`.
    by
        One of :data:`UNIT_MEASURES`: days of harm, offences, or pence.
    known
        Stores, retailers or boroughs that are units as well where nothing was reported of them.
    include_proactive
        Whether proactively detected offences count in days of harm; usually they do not. They stay in count and value.

    Returns
    -------
    tuple of array
        Values and events, float64 of shape (n,) each: a unit's total and how many offences carry any of it. Persons in
        the order of ``table.persons``; other units by name.

    Raises
    ------
    WrongUse
        Another kind of unit, or another measure.
    """
    if of not in UNITS or by not in UNIT_MEASURES:
        raise WrongUse(f"Concentration is of {', '.join(UNITS)}, by {', '.join(UNIT_MEASURES)}; not of {of} by {by}.")
    weight = offence_measure(table, by, include_proactive=include_proactive)
    if of == "persons":
        own = table.join < 0
        offence: NDArray[np.integer[Any]] = table.offence[own]
        unit: NDArray[np.integer[Any]] = table.person[own]
        units = len(table.persons)
    else:
        coded = {"stores": table.offences.store, "retailers": table.offences.retailer}.get(of, table.offences.borough)
        offence = np.arange(len(weight), dtype=np.int32)
        unit, units = _among(coded, known)
    carried = weight[offence]
    # Rounded, so that equal totals added in another order stay equal.
    values: Floats = np.round(np.bincount(unit, weights=carried, minlength=units), 6).astype(np.float64)
    return values, np.bincount(unit[carried > 0], minlength=units).astype(np.float64)


def offence_measure(table: LinkTable, by: str, *, include_proactive: bool = False) -> Floats:
    """Return what each offence weighs by harm (days), count or value (pence), shape (k,)."""
    if by == "count":
        return np.ones(len(table.offences.ids))
    if by == "value":
        return table.offences.value_pence.astype(np.float64)
    kept = np.ones(len(table.offences.ids)) if include_proactive else (~table.offences.proactive).astype(np.float64)
    return np.asarray(table.offences.harm_days * kept)


def _among(coded: Coded, known: Iterable[str]) -> tuple[NDArray[np.intp], int]:
    """Return each row's place among all units by name, and how many there are."""
    names = sorted(set(coded.names) | set(known))
    place = {name: at for at, name in enumerate(names)}
    return np.array([place[name] for name in coded.names], dtype=np.intp)[coded.index], len(names)
