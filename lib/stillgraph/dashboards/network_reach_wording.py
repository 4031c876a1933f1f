"""What the network page says of places, neighbourhoods, journeys and pairs; every value is escaped by ``markup``."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from stillgraph import figures
from stillgraph.dashboards import markup
from stillgraph.dashboards import network_wording as wording
from stillgraph.dashboards.markup import Column
from stillgraph.dashboards.network_state import PLACE
from stillgraph.records import AroundAnswer, LinkStatus, TravelAnswer

if TYPE_CHECKING:
    from stillgraph.dashboards.network_state import NetworkState

MOST_NAMED = 4
"""Persons named in a sentence; more are counted."""
JOURNEYS_NOTE = "A journey is from one offence to the next at another store, as the crow flies: no route."


def places(rows: pd.DataFrame) -> list[list[str]]:
    """Return each person's place as cells, where it is measured: estimates with their interval, others as exact."""
    if "betweenness" not in rows:
        return []
    shown = rows.head(wording.MOST_ROWS)
    columns = [shown[name].to_numpy(dtype=np.float64).tolist() for name in PLACE]
    return [
        [_number(together, ",.0f"), _between(value, low, high), _number(core, ",.0f"), _number(rank, ".4f")]
        for together, value, low, high, core, rank in zip(*columns, strict=True)
    ]


def _number(value: float, written: str) -> str:
    return "" if math.isnan(value) else format(value, written)


def _between(value: float, low: float, high: float) -> str:
    if math.isnan(value):
        return ""
    return f"{value:.4f} exact" if low == high else f"{value:.4f} ({low:.4f} to {high:.4f})"


def measured(state: NetworkState) -> str:
    """Return how the places were measured, and what they do not say."""
    found = state.central
    if found is None:
        return ""
    how = "Betweenness is exact."
    if found.sampled:
        how = f"Betweenness of {markup.counted(found.sampled, 'person')} is estimated from {found.pivots:,} drawn."
    return markup.note(f"{wording.narrowed(state)} · {wording.review(state)}. {how} {found.note}")


def near(found: AroundAnswer | None) -> str:
    """Return who is around somebody, the nearest first, and the least sure link among them."""
    if found is None:
        return ""
    others = [one for one in found.neighbours if one.steps]
    few = len(found.persons) <= MOST_NAMED
    asked = ", ".join(map(str, found.persons)) if few else f"the {len(found.persons):,} persons chosen"
    steps = markup.counted(found.depth, "step")
    if not others:
        return markup.notice(f"Nobody is within {steps} of {asked} over the links that are kept.")
    left = f" {found.left_out:,} more as near are not shown." if found.left_out else ""
    head = (
        f"{markup.counted(len(others), 'person')} within {steps} of {asked}, over "
        f"{markup.counted(len(found.offences), 'offence')}.{left}"
    )
    columns = [Column("Person"), Column("Steps", numeric=True), Column("Status", meaning="of the surest link")]
    rows = [(one.person.id, one.steps, _status(one.person.status)) for one in others[: wording.MOST_ROWS]]
    first = f", the first {wording.MOST_ROWS} shown" if len(others) > wording.MOST_ROWS else ""
    table = markup.table(f"{markup.counted(len(others), 'person')} around{first}", columns, rows)
    return markup.note(head) + table + wording.least(found.least_sure)


def _status(status: LinkStatus | None) -> str:
    return "" if status is None else markup.status(status)


def travelled(found: TravelAnswer | None, state: NetworkState) -> str:
    """Return at which retailers and in which boroughs persons were seen, and how far they went between."""
    if found is None:
        return ""
    head = (
        f"{wording.narrowed(state)}: of {markup.counted(found.persons, 'person')} {found.in_several_boroughs:,} in "
        f"several boroughs, {found.at_several_retailers:,} at several retailers; "
        f"{markup.counted(found.journeys, 'journey')}. {JOURNEYS_NOTE}"
    )
    fast = "" if not found.too_fast else markup.notice(
        f"{markup.counted(found.too_fast, 'journey')} faster than anybody travels: a link is wrong there, or a clock."
    )  # fmt: skip
    columns = [
        Column("Person"), Column("Offences", numeric=True), Column("Boroughs", numeric=True),
        Column("Retailers", numeric=True), Column("Km between", numeric=True), Column("Where"),
    ]  # fmt: skip
    rows = [
        (one.person.id, one.offences, len(one.boroughs), len(one.retailers), f"{one.km:,.0f}",
         f"{_seen(one.boroughs)} · {_seen(one.retailers)}")
        for one in found.travellers[: wording.MOST_ROWS]
    ]  # fmt: skip
    first = f", the first {wording.MOST_ROWS} shown" if len(found.travellers) > wording.MOST_ROWS else ""
    caption = f"{markup.counted(len(found.travellers), 'person')} of several boroughs or retailers{first}"
    return markup.note(head) + fast + (markup.table(caption, columns, rows) if rows else "")


def _seen(where: tuple[tuple[str, int], ...]) -> str:
    return ", ".join(f"{name} {times:,}" for name, times in where)


def journeys(state: NetworkState) -> Any:
    """Return where persons were seen as a map, and of how many of those chosen."""
    most = len(state.chosen_persons())
    visits = state.visits()
    drawn = visits["person_id"].nunique()
    first = "" if drawn == most else f" · the first {drawn} of {most:,} persons chosen"
    return figures.journeys(visits, period=f"{wording.narrowed(state)}{first}", simulated=state.view.simulated)


def matrix(state: NetworkState) -> Any:
    """Return who of the groups was seen with whom as a matrix."""
    groups = [list(map(str, one.persons)) for one in state.grouped.found.groups]
    return figures.co_offending_matrix(
        state.pairs_table(), groups, period=wording.narrowed(state), simulated=state.view.simulated
    )
