"""The pieces of a page: widgets over a state, no rule. No panel's ``repr`` shows what it holds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ipywidgets as widgets

from stillgraph import figures
from stillgraph.dashboards import markup, wording
from stillgraph.dashboards.guard import attempt
from stillgraph.dashboards.labels import Labels
from stillgraph.dashboards.state import OverviewState

FIRST = 15
"""Persons shown until the reader asks for all."""


class Card(widgets.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """A framed piece of a page."""

    def __init__(self, *children: widgets.Widget, kind: str = "sg-card") -> None:
        super().__init__(children)
        self.add_class(kind)

    def __repr__(self) -> str:
        return "Card()"


class Html(widgets.HTML):  # type: ignore[misc]  # ipywidgets has no types
    """Text and tables."""

    def __repr__(self) -> str:
        return "Html()"


class Chart(widgets.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """A figure, with its description for those who do not see it."""

    def __init__(self, figure: Any) -> None:
        self._drawing = widgets.Output()
        self._said = Html("")
        super().__init__((self._drawing, self._said))
        self.add_class("sg-chart")
        self.show(figure)

    def __repr__(self) -> str:
        return "Chart()"

    def show(self, figure: Any) -> None:
        """Draw a figure in the place of the last."""
        drawn = {"output_type": "display_data", "metadata": {}, "data": figures.bundle(figure)}
        # Its place keeps the drawing's height: Plotly measures it anew when the window changes, and may find it empty.
        self._drawing.layout.height = f"{figure.layout.height}px"
        self._drawing.outputs = (drawn,)
        self._said.value = markup.unseen(figures.description(figure))


def page(
    *children: widgets.Widget, then: Callable[[], None] | None = None, opens: Callable[[str], None] | None = None
) -> widgets.Widget:
    """Return a whole page with its style; ``then`` is called once it is seen, ``opens`` with a number to be opened."""
    return Card(Html(markup.style()), *children, Labels(then, opens), kind="sg-page")


def later(state: OverviewState, build: Callable[[], widgets.Widget]) -> widgets.Widget:
    """Return a place that is filled once the page is seen, and stays empty where that fails."""
    place = Card(Html(markup.note(wording.DRAWING)), kind="sg-later")

    def fill(_change: object = None) -> None:
        place.children = ()
        place.remove_class("sg-later")
        place.children = (build(),)

    state.observe(guarded(fill, state), names="seen")
    return place


def problem(sentence: str) -> widgets.Widget:
    """Return what a page shows when it cannot be shown."""
    return page(Html(f"<h1>This page cannot be shown</h1>{markup.notice(sentence, alert=True)}"))


def nothing(sentence: str) -> widgets.Widget:
    """Return what a page shows when the case holds nothing yet that it could show."""
    return page(Card(Html(markup.notice(sentence))))


def header(state: OverviewState) -> widgets.Widget:
    """Return the page's head: case, period, as of, and what kind of review this is."""
    return Card(Html(wording.header(state.case, state.period, state.glance)), kind="sg-head")


def alerts(state: OverviewState) -> widgets.Widget:
    """Return the place where a failed choice says why."""
    place = Html("")

    def show(_change: object = None) -> None:
        place.value = markup.notice(state.problem, alert=True) if state.problem else ""
        place.layout.display = None if state.problem else "none"

    state.observe(show, names="problem")
    show()
    return place


def ranking(state: OverviewState) -> widgets.Widget:
    """Return the ranking: its measure, its table, its bars."""
    choices = [(measure.name, key) for key, measure in figures.MEASURES.items()]
    by = widgets.ToggleButtons(options=choices, value=state.by, description="Rank by", tooltips=wording.MEASURE_HELP)
    by.add_class("sg-toggle")
    others = widgets.Checkbox(value=False, description="Include persons not corroborated", indent=False)
    everyone = widgets.Checkbox(value=False, description="Show everyone", indent=False)
    table = Html("")

    def bars() -> widgets.Widget:
        chart = Chart(figures.ranking_bars(state.ranking, period=state.period))
        redraw = guarded(lambda _: chart.show(figures.ranking_bars(state.ranking, period=state.period)), state)
        state.observe(redraw, names="ranking")
        return chart

    drawn = later(state, bars)

    def tabulate(_change: object = None) -> None:
        limit = None if state.show_all else FIRST
        shown = wording.ranking_table(state.ranking, state.period, limit=limit, chosen=state.person_id)
        table.value = shown if state.ranking.standings else markup.notice(wording.NO_PERSON)
        drawn.layout.display = None if state.ranking.standings else "none"

    widgets.link((state, "by"), (by, "value"))
    widgets.link((state, "show_all"), (everyone, "value"))
    widgets.link((state, "with_proposals"), (others, "value"))
    state.observe(tabulate, names=["ranking", "show_all", "person_id"])
    tabulate()
    return Card(
        Html(markup.heading("Prolific offenders", wording.RANKING_NOTE, wording.review_tag(state.glance))),
        Card(by, others, everyone, kind="sg-tools"),
        Card(table, drawn, kind="sg-ranking"),
    )


def withheld(why: str) -> widgets.Widget:
    """Return what stands in the place of what the reader's role does not show: the sentence why."""
    return Card(Html(markup.heading("People") + markup.notice(why)))


def person(state: OverviewState) -> widgets.Widget:
    """Return one person's offences and faces, whoever is chosen."""
    chooser = widgets.Dropdown(
        options=_persons(state), value=state.person_id, description="Person", style={"description_width": "initial"}
    )
    chooser.add_class("sg-chooser")
    body = Html(wording.NOBODY)

    def show(_change: object = None) -> None:
        found = state.dossier
        body.value = wording.NOBODY if found is None else wording.dossier(found, state.face_chips)

    def list_again(_change: object = None) -> None:
        kept = state.person_id
        chooser.options = _persons(state)
        state.person_id = kept if kept in state.persons() else ""

    widgets.link((state, "person_id"), (chooser, "value"))
    state.observe(guarded(list_again, state), names="ranking")
    state.observe(guarded(show, state), names="dossier")
    return Card(Html(markup.heading("A person", wording.PERSON_NOTE)), chooser, body)


def network(state: OverviewState) -> widgets.Widget:
    """Return the network of persons and offences."""

    def draw() -> widgets.Widget:
        if not state.graph:
            return Html(markup.notice(wording.NO_LINKS))
        simulated = state.glance.simulated
        return Chart(figures.offence_network(state.graph, state.layout, period=state.period, simulated=simulated))

    head = markup.heading("Network", wording.NETWORK_NOTE, wording.review_tag(state.glance))
    return Card(Html(head), later(state, draw))


def places(state: OverviewState) -> widgets.Widget:
    """Return the map of offences."""

    def draw() -> widgets.Widget:
        if state.places.empty:
            return Html(markup.notice(wording.NO_OFFENCES))
        return Chart(figures.offence_places(state.places, period=state.period, simulated=state.glance.simulated))

    head = markup.heading("Map", wording.MAP_NOTE, wording.review_tag(state.glance))
    return Card(Html(head), later(state, draw))


def unknown_series(state: OverviewState) -> widgets.Widget:
    """Return the unknown persons seen most often."""
    return Card(later(state, lambda: Html(wording.unknown_series(state.unknown_series, state.glance))))


def refusals(state: OverviewState) -> widgets.Widget:
    """Return the rows of the retailers' manifests that were not taken in, and why."""
    return Card(Html(wording.refusals(state.glance)))


def stages(state: OverviewState) -> widgets.Widget:
    """Return the time per stage."""
    if not state.glance.stage_times:
        return Card(Html(markup.heading("Time") + markup.notice(wording.NO_TIMES)))
    drawn = later(state, lambda: Chart(figures.stage_times(state.glance.stage_times)))
    return Card(Html(markup.heading("Time", wording.TIME_NOTE)), drawn)


def _persons(state: OverviewState) -> list[tuple[str, str]]:
    """Return what there is to choose from: the ranking's persons by rank, and nobody."""
    ranked = [
        (f"{standing.rank} · {standing.person_id}", str(standing.person_id)) for standing in state.ranking.standings
    ]
    return [("choose a person", ""), *ranked]


def guarded(act: Callable[[Any], None], state: Any) -> Callable[[Any], None]:
    """Return the callback, made so that a failure becomes the state's problem and nothing else."""

    def tell(sentence: str) -> None:
        state.problem = sentence

    return lambda change: attempt(lambda: act(change), tell)
