"""Pieces of the network page that ask how far somebody reaches: place, neighbourhood, journeys, and who with whom."""

from __future__ import annotations

import ipywidgets as widgets

from stillgraph.dashboards import network_reach_wording as wording
from stillgraph.dashboards.downloads import Download
from stillgraph.dashboards.network_state import ORDERS, NetworkState
from stillgraph.dashboards.panels import Card, Chart, Html, guarded
from stillgraph.dashboards.pieces import button

KEPT_AS = ("csv", "xlsx")
WIDE = {"description_width": "initial"}
DEPTHS = (1, 2, 3)


def places(state: NetworkState) -> tuple[widgets.Widget, widgets.Widget]:
    """Return what measures everybody's place and what it orders by, and how it was measured."""
    by = widgets.Dropdown(options=[(name, key) for key, name in ORDERS.items()], description="Order by", style=WIDE)
    widgets.link((state, "order"), (by, "value"))
    said = Html("")
    ask = button("Measure their places", state.measure, state)
    ask.tooltip = "Offences together, betweenness, coreness and PageRank among co-offenders"

    def show(_change: object = None) -> None:
        said.value = wording.measured(state)
        by.layout.display = "none" if state.central is None else None

    state.observe(guarded(show, state), names="central")
    show()
    return Card(ask, by, kind="sg-tools"), said


def around(state: NetworkState) -> tuple[widgets.Widget, widgets.Widget]:
    """Return what asks who is around those chosen, and the answer, of whom all can be chosen too."""
    depth = widgets.Dropdown(
        options=[(str(n), n) for n in DEPTHS], value=1, description="Steps", style=WIDE, layout={"width": "120px"}
    )
    ask = button("Who is around them", lambda: state.look_around(depth.value), state)
    more = button("Choose them too", state.choose_near, state)
    said = Html("")

    def show(_change: object = None) -> None:
        found = state.near
        said.value = wording.near(found)
        others = found is not None and any(one.steps for one in found.neighbours)
        more.layout.display = None if others else "none"

    def ready(_change: object = None) -> None:
        ask.disabled = not state.chosen_persons()

    state.observe(guarded(show, state), names="near")
    state.observe(guarded(ready, state), names=["mask", "chosen"])
    show()
    ready()
    return Card(ask, depth, more, kind="sg-tools"), said


def travel(state: NetworkState) -> tuple[widgets.Button, widgets.Widget]:
    """Return what asks where those chosen were seen, and the answer with its map and its rows."""
    ask = button("Where they were seen", state.follow, state)
    place = Card(kind="sg-stack")

    def show(_change: object = None) -> None:
        found = state.travelled
        if found is None:
            place.children = ()
            return
        place.children = (
            Html(wording.travelled(found, state)), Chart(wording.journeys(state)),
            Card(widgets.Label("Where and when"), Download(state.visits, "visits", KEPT_AS), kind="sg-tools"),
        )  # fmt: skip

    def ready(_change: object = None) -> None:
        ask.disabled = not state.chosen_persons()

    state.observe(guarded(show, state), names="travelled")
    state.observe(guarded(ready, state), names=["mask", "chosen"])
    ready()
    return ask, place


def pairs(state: NetworkState) -> tuple[widgets.Button, widgets.Widget]:
    """Return what asks who of the groups was seen with whom, once there are groups, and the answer with its rows."""
    ask = button("Who with whom", state.pair_groups, state)
    ask.tooltip = "How many offences two persons of the groups were seen in together"
    place = Card(kind="sg-stack")

    def show(_change: object = None) -> None:
        place.children = () if state.pairs is None else (
            Chart(wording.matrix(state)),
            Card(widgets.Label("Pairs"), Download(state.pairs_table, "pairs", KEPT_AS), kind="sg-tools"),
        )  # fmt: skip

    def ready(_change: object = None) -> None:
        found = state.grouped
        ask.layout.display = None if found is not None and found.found.groups else "none"

    state.observe(guarded(show, state), names="pairs")
    state.observe(guarded(ready, state), names="grouped")
    ready()
    return ask, place
