"""The pieces of the page of prolific offenders: widgets over a state, no rule."""

from __future__ import annotations

from typing import Any

import ipywidgets as widgets

from stillgraph import figures
from stillgraph.dashboards import markup, prolific_drawing
from stillgraph.dashboards import prolific_wording as wording
from stillgraph.dashboards.downloads import Download
from stillgraph.dashboards.month_choice import month_choice
from stillgraph.dashboards.panels import Card, Chart, Html, guarded
from stillgraph.dashboards.pieces import button, told
from stillgraph.dashboards.progress import progress
from stillgraph.dashboards.prolific_state import ProlificState
from stillgraph.dashboards.wording import MEASURE_HELP

WIDE = {"description_width": "initial"}
KEPT_AS = ("csv", "xlsx")
NOT_WHY = "Why somebody ranks where they do is for analysts and supervisors to see: ask one of them."


def head(state: ProlificState) -> widgets.Widget:
    """Return the title and the place where a failure is told."""
    tag = f" {markup.badge('simulated review')}" if state.ranking.simulated else ""
    return Card(Html(f"<h1>Prolific offenders{tag}</h1>{markup.note(wording.NOTE)}"), told(state), kind="sg-head")


def switches(state: ProlificState) -> widgets.Widget:
    """Return what the ranking is asked with: measure, months, which links count."""
    choices = [(measure.name, key) for key, measure in figures.MEASURES.items()]
    by = widgets.ToggleButtons(
        options=choices, value=state.by, description="Rank by", tooltips=MEASURE_HELP, style=WIDE
    )
    by.add_class("sg-toggle")
    others = widgets.Checkbox(value=False, description="With links not corroborated", indent=False)
    widgets.link((state, "by"), (by, "value"))
    widgets.link((state, "with_proposals"), (others, "value"))
    proactive = widgets.Checkbox(value=False, description="Count harm detected proactively", indent=False)
    proactive.tooltip = "Offences found only because somebody was looking for them, such as by a store detective"
    widgets.link((state, "include_proactive"), (proactive, "value"))
    return Card(Card(by, others, proactive, kind="sg-tools"), month_choice(state)[0])


def ranking(state: ProlificState) -> widgets.Widget:
    """Return the ranking as a table, and to keep as a file."""
    everyone = widgets.Checkbox(value=False, description="Show everyone", indent=False)
    widgets.link((state, "show_all"), (everyone, "value"))
    table = Html("")

    def show(_change: object = None) -> None:
        table.value = wording.ranking(state)

    state.observe(
        guarded(show, state), names=["ranking", "show_all", "person_id", "include_proactive", "with_proposals"]
    )
    show()
    return Card(
        Html(markup.heading("Who", wording.RANKING_NOTE)), Card(everyone, kind="sg-tools"), table,
        Card(Download(state.ranking_table, "ranking", KEPT_AS), kind="sg-tools"),
    )  # fmt: skip


def sureness(state: ProlificState) -> widgets.Widget:
    """Return how sure each rank is, by corroborated links and with others side by side."""

    def draw() -> Any:
        return figures.rank_intervals(state.sure, state.wide, period=state.period())

    chart = Chart(draw())
    state.observe(guarded(lambda _: chart.show(draw()), state), names="ranking")
    return Card(Html(markup.heading("How sure", wording.SURE_NOTE)), chart)


def concentration(state: ProlificState) -> widgets.Widget:
    """Return whether few hold most of it, as curves and in words."""
    place, said = Card(kind="sg-chart"), Html("")

    def show(_change: object = None) -> None:
        state.measure()
        said.value = wording.concentration(state)
        drawn = state.reports and state.by != "rfh"
        place.children = (Chart(figures.lorenz_curves(state.reports, period=state.period())),) if drawn else ()

    state.observe(guarded(show, state), names="ranking")
    show()
    return Card(Html(markup.heading("How concentrated", wording.SPREAD_NOTE)), said, place)


def worth(state: ProlificState) -> widgets.Widget:
    """Return what such lists were worth in the periods after them, once it is asked for."""
    place, said = Card(kind="sg-chart"), Html("")
    begin = button("Test the list", state.test, state)

    def working(_change: object = None) -> None:
        begin.disabled = state.work.running

    def show(_change: object = None) -> None:
        found = state.worth
        said.value = wording.worth(state)
        place.children = () if found is None else (Chart(figures.list_worth(found)),)

    state.observe(guarded(show, state), names="worth")
    state.work.observe(working, names="running")
    return Card(
        Html(markup.heading("What such a list is worth", wording.WORTH_NOTE)), Card(begin, kind="sg-tools"),
        progress(state.work, "Testing the list"), said, place,
    )  # fmt: skip


def person(state: ProlificState) -> widgets.Widget:
    """Return the choice of a person, and why they rank where they do, down to the stills."""
    chooser = widgets.Dropdown(options=_persons(state), value=state.person_id, description="Person", style=WIDE)
    chooser.add_class("sg-chooser")
    body, drawings = Html(""), Card(kind="sg-columns")
    keep = Card(Download(state.offences_table, "offences", KEPT_AS), kind="sg-tools")
    listing: list[bool] = []

    def list_again(_change: object = None) -> None:
        listing.append(True)  # a new list is no choice
        chooser.options = _persons(state)
        chooser.value = state.person_id
        listing.clear()

    def chose(change: dict[str, str]) -> None:
        if not listing:
            state.person_id = change["new"]

    def show(_change: object = None) -> None:
        chooser.value = state.person_id
        body.value = wording.why(state)
        keep.layout.display = None if state.page is not None else "none"
        page, days = state.page, state.period()
        drawings.children = (
            ()
            if page is None
            else (
                Chart(prolific_drawing.timeline(page, days)),
                Chart(prolific_drawing.journeys(page, days)),
            )
        )

    chooser.observe(guarded(chose, state), names="value")
    state.observe(guarded(list_again, state), names="ranking")
    state.observe(guarded(show, state), names="page")
    show()
    return Card(Html(markup.heading("Why", wording.PERSON_NOTE)), chooser, body, keep, drawings)


def _persons(state: ProlificState) -> list[tuple[str, str]]:
    ranked = [(f"{one.rank} · {one.person_id}", str(one.person_id)) for one in state.ranking.standings]
    return [("choose a person", ""), *ranked]
