"""The analysts' own pages, one function each: what their notebooks show beside the pages that managers see too."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ipywidgets as widgets

from stillgraph.dashboards import (
    accuracy_panels,
    intake_panels,
    panels,
    query_panels,
    search_panels,
    start_panels,
    wording,
)
from stillgraph.dashboards.accuracy_state import AccuracyState, CaseAccuracy
from stillgraph.dashboards.intake_state import CaseIntake, IntakeState
from stillgraph.dashboards.magic import Magic
from stillgraph.dashboards.pages import shown
from stillgraph.dashboards.query_state import CaseQueries, QueryState
from stillgraph.dashboards.search_state import CaseSearches, SearchState
from stillgraph.dashboards.start_state import CaseStart, StartState

if TYPE_CHECKING:
    from pathlib import Path

    from stillgraph.casework.desk import Desk
    from stillgraph.dashboards.accuracy_state import AccuracySource
    from stillgraph.dashboards.intake_state import IntakeSource
    from stillgraph.dashboards.query_state import QuerySource
    from stillgraph.dashboards.search_state import SearchSource
    from stillgraph.dashboards.source import Source
    from stillgraph.dashboards.start_state import StartSource


def intake(desk: Desk) -> widgets.Widget:
    """Return the page that takes deliveries in: what is dropped, how far it is, what was refused and why."""
    return shown(lambda: intake_of(CaseIntake(desk)), desk)


def intake_of(source: IntakeSource) -> widgets.Widget:
    """Return the intake page over any source."""
    state = IntakeState(source)
    return panels.page(
        intake_panels.head(state), intake_panels.waiting(state), intake_panels.came_of_it(state),
        panels.Html(wording.FOOT),
    )  # fmt: skip


def queries(desk: Desk) -> widgets.Widget:
    """Return the saved queries, and let the notebook know ``%%case`` with the names of views and columns."""
    return shown(lambda: queries_of(CaseQueries(desk)), desk)


def queries_of(source: QuerySource) -> widgets.Widget:
    """Return the query page over any source; in a notebook, load ``%%case`` too."""
    from IPython.core.getipython import get_ipython

    state = QueryState(source)
    shell = get_ipython()
    if shell is not None:
        Magic(source, state, shell).load()
    return panels.page(query_panels.head(state), query_panels.saved(state), panels.Html(wording.FOOT))


def search(desk: Desk, still: str | None = None) -> widgets.Widget:
    """Return the search page: a still or a picture, its faces, the candidates of one; with a still, at that one."""

    def build() -> widgets.Widget:
        from stillgraph.dashboards.source import CaseSource

        return search_of(CaseSearches(desk), CaseSource(desk), still)

    return shown(build, desk)


def search_of(source: SearchSource, enhancing: Source, still: str | None = None) -> widgets.Widget:
    """Return the search page over any source; ``enhancing`` is what the enhancement tool asks."""
    state = SearchState(source)
    page = panels.page(
        search_panels.head(state),
        search_panels.picture(state),
        search_panels.asking(state, lambda chosen: search_panels.enhancement(enhancing, chosen)),
        search_panels.candidates(state),
        search_panels.waiting(state),
        panels.Html(wording.FOOT),
    )
    if still is not None:
        state.pick(still)
    return page


def start(desk: Desk) -> widgets.Widget:
    """Return what a day begins with: what the case holds, what waits for the officer, what is new."""
    return shown(lambda: start_of(CaseStart(desk)), desk)


def start_of(source: StartSource) -> widgets.Widget:
    """Return the start page over any source."""
    state = StartState(source)
    return panels.page(
        start_panels.head(state), start_panels.waiting(state), start_panels.new(state), panels.Html(wording.FOOT)
    )


def accuracy(desk: Desk, truth: Path | None = None) -> widgets.Widget:
    """Return how often the search and its reviewers err: measured here, stored, and in trials.

    ``truth`` is a truth table; a demonstration has its own, and one can be dropped into the page.
    """
    return shown(lambda: accuracy_of(CaseAccuracy(desk, truth)), desk)


def accuracy_of(source: AccuracySource) -> widgets.Widget:
    """Return the accuracy page over any source."""
    state = AccuracyState(source)
    page = panels.page(
        accuracy_panels.measuring(state), accuracy_panels.stored(state), accuracy_panels.reviewers(state),
        panels.Html(wording.FOOT),
    )  # fmt: skip
    page.add_class("sg-worded")
    return page
