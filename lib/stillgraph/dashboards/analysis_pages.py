"""The analysts' pages of the network and of prolific offenders, one function each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ipywidgets as widgets

from stillgraph.casework import sights
from stillgraph.casework.sights import WHOLE, Sight
from stillgraph.dashboards import (
    network_panels,
    network_state,
    panels,
    prolific_panels,
    prolific_state,
    reader,
    wording,
)
from stillgraph.dashboards.pages import shown

if TYPE_CHECKING:
    from stillgraph.casework.desk import Desk
    from stillgraph.dashboards.network_source import NetworkSource
    from stillgraph.dashboards.prolific_source import ProlificSource


def network(desk: Desk) -> widgets.Widget:
    """Return the network of persons and offences: narrowed, asked for ways, its nodes chosen and looked at."""

    def build() -> widgets.Widget:
        from stillgraph.dashboards.network_source import CaseNetwork

        return network_of(CaseNetwork(desk))

    return shown(build)


def network_of(source: NetworkSource) -> widgets.Widget:
    """Return the network page over any source."""
    state = network_state.NetworkState(source)
    if not state.persons:
        return panels.nothing(network_state.NO_DRAWING)
    return panels.page(
        network_panels.head(state),
        network_panels.filters(state),
        network_panels.drawing(state),
        network_panels.ways(state),
        network_panels.groups(state),
        network_panels.chosen(state),
        network_panels.files(state),
        panels.Html(wording.FOOT),
    )


def prolific(desk: Desk | None = None) -> widgets.Widget:
    """Return who does most harm, how sure and how concentrated that is, and why, down to the stills.

    Without a desk one is taken from the environment, as for :func:`~stillgraph.dashboards.pages.overview`.
    """

    def build() -> widgets.Widget:
        from stillgraph.dashboards.prolific_source import CaseProlific

        seat = reader.seat() if desk is None else desk
        source = CaseProlific(seat)
        with source.sitting():
            return prolific_of(source, sights.sight(seat))

    return shown(build)


def prolific_of(source: ProlificSource, sight: Sight = WHOLE) -> widgets.Widget:
    """Return the page of prolific offenders over any source; what the reader's role does not show it says."""
    state = prolific_state.ProlificState(source)
    return panels.page(
        prolific_panels.head(state),
        prolific_panels.switches(state),
        prolific_panels.ranking(state),
        panels.Card(prolific_panels.sureness(state), prolific_panels.concentration(state), kind="sg-columns"),
        prolific_panels.worth(state),
        prolific_panels.person(state) if sight.explains else panels.withheld(sight.why or prolific_panels.NOT_WHY),
        panels.Html(wording.FOOT),
    )
