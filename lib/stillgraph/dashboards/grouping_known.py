"""What the case holds of the person whose faces are looked at: offences, time, places, arrests, co-offenders."""

from __future__ import annotations

import ipywidgets as widgets

from stillgraph.dashboards import grouping_wording, markup, prolific_drawing, wording
from stillgraph.dashboards.grouping_state import GroupingState
from stillgraph.dashboards.panels import Card, Chart, Html, guarded
from stillgraph.dashboards.pieces import button
from stillgraph.dashboards.state import period


def known(state: GroupingState) -> widgets.Widget:
    """Return what asks for all that is held of the open person, and the answer as tables, a timeline and a map."""
    ask = button("What is known of them", state.learn, state)
    tables, drawings = Html(""), Card(kind="sg-columns")

    def show(_change: object = None) -> None:
        found = state.known
        if found is None:
            tables.value, drawings.children = "", ()
            return
        tables.value = wording.held_facts(found.held) + wording.held_tables(found.held)
        times = [offence.occurred_at.date() for offence in found.page.offences]
        days = f"{found.page.person_id} · {period((min(times), max(times)) if times else None)}"
        drawings.children = (
            Chart(prolific_drawing.timeline(found.page, days)), Chart(prolific_drawing.journeys(found.page, days)),
        )  # fmt: skip

    def ready(_change: object = None) -> None:
        ask.disabled = state.group is None

    state.observe(guarded(show, state), names="known")
    state.observe(ready, names=["person_id", "groups"])
    show()
    ready()
    head = markup.heading("About this person", grouping_wording.KNOWN_NOTE)
    return Card(Html(head), Card(ask, kind="sg-tools"), tables, drawings)
