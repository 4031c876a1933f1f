"""The page that shows whether search and review still do what they did, month by month."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ipywidgets as widgets

from stillgraph import figures
from stillgraph.casework import evaluating_review
from stillgraph.casework.measured_words import months
from stillgraph.dashboards import markup, reader
from stillgraph.dashboards.guard import attempt
from stillgraph.dashboards.markup import Column
from stillgraph.dashboards.pages import shown
from stillgraph.dashboards.panels import Card, Chart, Html, page

if TYPE_CHECKING:
    from stillgraph.casework.desk import Desk
    from stillgraph.casework.evaluating_review import DriftReport

NOTE = (
    "Whether search and review still do what they did. A month outside its limits, or many on one side of the centre, "
    "is a sign that something changed: cameras, the gallery, who reviews, the model. It does not say what, nor whether "
    "it is for the worse, and it is no error rate."
)
SIMULATED = (
    "The reviews in this case are simulated: this shows what the charts look like and says nothing about anybody."
)
MONTHS_OF = (("last search", "searched"), ("capture", "captured"))
COLUMNS = (
    Column("Month"), Column("Share", numeric=True), Column("Of", numeric=True), Column("Limits", numeric=True),
    Column("What stands out"),
)  # fmt: skip
WIDE = {"description_width": "initial"}


def drift(desk: Desk | None = None) -> widgets.Widget:
    """Return the shares of reviews and of faces' quality by month, with control limits."""

    def build() -> widgets.Widget:
        return drift_of(reader.seat() if desk is None else desk)

    return shown(build)


def drift_of(desk: Desk) -> widgets.Widget:
    """Return the drift page of a case."""
    which = widgets.Dropdown(options=MONTHS_OF, value="searched", description="Month of", style=WIDE)
    told, body = Html(""), Card(kind="sg-columns")

    def tell(sentence: str) -> None:
        told.value = markup.notice(sentence, alert=True)

    def show(_change: object = None) -> None:
        found = attempt(lambda: evaluating_review.drift(desk, months_of=which.value), tell)
        if found is not None:
            told.value = markup.notice(SIMULATED) if found.simulated else ""
            body.children = _charts(found)

    which.observe(show, names="value")
    show()
    return page(Card(Html(f"<h1>Drift</h1>{markup.note(NOTE)}"), which, kind="sg-head"), told, body)


def _charts(found: DriftReport) -> tuple[widgets.Widget, ...]:
    review = "simulated review" if found.simulated else "human review"
    of = "searched" if found.months_of == "searched" else "when the still was taken"
    return tuple(
        Card(
            Chart(figures.control_chart(chart, rests_on=f"by month, {of} · {review}")),
            Html(markup.table(chart.measure, COLUMNS, months(chart))),
        )
        for chart in found.charts
    )
