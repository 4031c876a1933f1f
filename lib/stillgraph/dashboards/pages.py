"""The pages, one function each. Where a page cannot be shown, one sentence says why."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from typing import TYPE_CHECKING

import ipywidgets as widgets

from stillgraph.casework import sights
from stillgraph.casework.sights import WHOLE, Sight
from stillgraph.dashboards import (
    array_panels,
    enhancement_panels,
    grouping_known,
    grouping_panels,
    markup,
    month_panels,
    number_panels,
    panels,
    reader,
    review_panels,
    wording,
)
from stillgraph.dashboards.array_state import ArrayState
from stillgraph.dashboards.enhancement_state import EnhancementState
from stillgraph.dashboards.grouping_state import GroupingState
from stillgraph.dashboards.guard import attempt
from stillgraph.dashboards.review_state import ReviewState
from stillgraph.dashboards.state import OverviewState

if TYPE_CHECKING:
    from stillgraph.casework.desk import Desk
    from stillgraph.dashboards.array_state import ArraySource
    from stillgraph.dashboards.grouping_source import GroupingSource
    from stillgraph.dashboards.review_source import ReviewSource
    from stillgraph.dashboards.source import CaseSource, Source


def prepare() -> None:
    """Load what a page needs, and read nothing: a kernel that is started ahead does this before anybody opens it."""
    import stillgraph.dashboards.review_source
    import stillgraph.dashboards.source  # noqa: F401 - loads what the pages ask with
    from stillgraph import figures
    from stillgraph.casework.loading import load

    load()
    # What draws charts loads its parts when it draws the first.
    figures.bundle(figures.stage_times((("", 1.0),)))
    markup.style()


def overview(desk: Desk | None = None) -> widgets.Widget:
    """Return the managers' page: key numbers, ranking, a person, network, map, months, refusals, time.

    Without a desk one is taken from the environment (``STILLGRAPH_CASE``, ``_OFFICER``, ``_OPERATION``,
    ``_REASON``), so that a page served to managers shows the reason it cannot open.
    """

    def build() -> widgets.Widget:
        seat = reader.seat() if desk is None else desk
        source = _source(seat)
        # The case file is opened once for all that the page reads.
        with source.sitting():
            return overview_of(source, sights.sight(seat))

    return shown(build)


def overview_of(source: Source, sight: Sight = WHOLE) -> widgets.Widget:
    """Return the managers' page over any source: first what is read first; charts once that is seen.

    What the reader's role does not show is not asked for, and the page says so.
    """
    state = OverviewState(source)
    network = (panels.network(state),) if sight.network else ()
    pair = panels.Card(*network, panels.places(state), kind="sg-columns" if network else "sg-stack")
    lists = panels.Card(panels.unknown_series(state), panels.refusals(state), kind="sg-columns")
    return panels.page(
        panels.header(state),
        panels.alerts(state),
        number_panels.band(state),
        panels.ranking(state),
        panels.person(state) if sight.persons else panels.withheld(sight.why),
        pair,
        month_panels.retailer_months(state),
        lists,
        panels.stages(state),
        panels.Html(wording.FOOT),
        then=state.draw,
        opens=panels.guarded(state.open_number, state),
    )


def glance(desk: Desk) -> widgets.Widget:
    """Return the case at a glance: the key numbers, and the yield with what it depends on."""

    def build() -> widgets.Widget:
        seen = _source(desk).at_a_glance()
        return panels.page(
            panels.Html(
                wording.review_notice(seen) + markup.numbers(wording.key_numbers(seen)) + wording.yield_note(seen)
            )
        )

    return shown(build)


def candidates(desk: Desk, still: str | None = None, limit: int = 8) -> widgets.Widget:
    """Return the stored candidates of one still, each face beside its candidates' custody images.

    Without a still, of the first that has a list.
    """

    def build() -> widgets.Widget:
        source = _source(desk)
        chosen = source.first_listed_still() if still is None else still
        if chosen is None:
            return panels.nothing(wording.NO_LIST)
        report = source.candidate_lists(chosen)
        return panels.page(panels.Card(panels.Html(wording.candidates(report, source, limit))))

    return shown(build)


def dossier(desk: Desk, person_id: str | None = None) -> widgets.Widget:
    """Return what is held on one person: offences, arrests, co-offenders, faces.

    Without a person, on the first of the ranking by harm.
    """

    def build() -> widgets.Widget:
        source = _source(desk)
        chosen = _first_ranked(source) if person_id is None else person_id
        if chosen is None:
            return panels.nothing(wording.NO_PERSON)
        found = source.person(chosen)
        return panels.page(panels.Card(panels.Html(wording.dossier(found, source.face_chips))))

    return shown(build)


def _first_ranked(source: Source) -> str | None:
    standings = source.ranking("harm", with_proposals=False).standings
    return standings[0].person_id if standings else None


def query(desk: Desk, sql: str) -> widgets.Widget:
    """Return the result of one read-only query over the documented views, as a table."""

    def build() -> widgets.Widget:
        rows = _source(desk).query(sql)
        return panels.page(panels.Card(panels.Html(markup.frame("Result", rows))))

    return shown(build)


def enhance(desk: Desk, still: str | None = None) -> widgets.Widget:
    """Return the analyst's tool for a still: steps, original and enhanced picture side by side, a search with both.

    Without a still, of the first that has a candidate list.
    """

    def build() -> widgets.Widget:
        source = _source(desk)
        chosen = source.first_listed_still() if still is None else still
        if chosen is None:
            return panels.nothing(wording.NO_LIST)
        state = EnhancementState(source, chosen)
        return panels.page(
            enhancement_panels.head(state),
            enhancement_panels.pictures(state),
            enhancement_panels.steps(state),
            enhancement_panels.keeping(state),
            panels.Html(wording.FOOT),
        )

    return shown(build)


def review(desk: Desk | None = None) -> widgets.Widget:
    """Return the reviewer's page: a list dealt, its still, its candidates, a comparison, a judgement.

    Without a desk one is taken from the environment, as for :func:`overview`.
    """

    def build() -> widgets.Widget:
        from stillgraph.dashboards.review_source import CaseReviews

        return review_of(CaseReviews(reader.seat() if desk is None else desk))

    return shown(build)


def review_of(source: ReviewSource) -> widgets.Widget:
    """Return the reviewer's page over any source."""
    state = ReviewState(source)
    working = panels.Card(
        panels.Card(review_panels.still(state), review_panels.candidates(state), kind="sg-dealt"),
        review_panels.compare(state),
        review_panels.judgement(state),
        kind="sg-stack",
    )
    waiting = review_panels.done(state)
    review_panels.shown_while(state, working, waiting)
    both = review_panels.parts(state, panels.Card(working, waiting, kind="sg-stack"), review_panels.record(state))
    return panels.page(review_panels.head(state), both, panels.Html(wording.FOOT))


def persons(desk: Desk) -> widgets.Widget:
    """Return the persons of the last linking run, to look at face by face and to rule on."""

    def build() -> widgets.Widget:
        from stillgraph.dashboards.grouping_source import CaseGroups

        return persons_of(CaseGroups(desk))

    return shown(build, desk)


def persons_of(source: GroupingSource) -> widgets.Widget:
    """Return the grouping panel over any source."""
    state = GroupingState(source)
    return panels.page(
        grouping_panels.head(state), grouping_panels.person(state), grouping_panels.rulings(state),
        grouping_known.known(state), panels.Html(wording.FOOT),
    )  # fmt: skip


def photo_array(desk: Desk, array_id: int | None = None) -> widgets.Widget:
    """Return a photo array to be shown to a witness: pictures by number, no name, and the answer recorded.

    Without an array, one can be called up by its number; ``stillgraph review array`` makes them.
    """

    def build() -> widgets.Widget:
        from stillgraph.dashboards.array_state import CaseArrays

        return photo_array_of(CaseArrays(desk), array_id)

    return shown(build)


def photo_array_of(source: ArraySource, array_id: int | None = None) -> widgets.Widget:
    """Return the photo-array panel over any source."""
    state = ArrayState(source, array_id)
    return panels.page(array_panels.head(state), array_panels.pictures(state), array_panels.answer(state))


def _source(desk: Desk | None) -> CaseSource:
    from stillgraph.dashboards.source import CaseSource

    return CaseSource(reader.seat() if desk is None else desk)


def shown(build: Callable[[], widgets.Widget], desk: Desk | None = None) -> widgets.Widget:
    """Return what is built, or the sentence why it cannot be.

    With a desk its case file is opened once for all that the page reads.
    """
    told: list[str] = []

    def sat() -> widgets.Widget:
        with nullcontext() if desk is None else desk.sitting():
            return build()

    built = attempt(sat, told.append)
    return panels.problem(told[0]) if built is None else built
