"""The page of what leaves the case for one retailer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ipywidgets as widgets
import pandas as pd

from stillgraph.casework import outward
from stillgraph.dashboards import markup, reader
from stillgraph.dashboards.downloads import Download
from stillgraph.dashboards.guard import attempt
from stillgraph.dashboards.markup import Number
from stillgraph.dashboards.pages import shown
from stillgraph.dashboards.panels import Card, Html, page
from stillgraph.dashboards.state import period

if TYPE_CHECKING:
    from stillgraph.casework.desk import Desk
    from stillgraph.casework.outward import RetailerReport

SIMULATED = (
    "The reviews in this case are simulated: this shows what the report looks like and says nothing about anybody."
)
RETAILER_NOTE = (
    "What you sent us and what came of it. It names nobody, holds no custody data and no score, and has nothing of any "
    "other retailer. That two officers agreed who somebody is does not say that they committed an offence."
)


def retailer(desk: Desk | None = None) -> widgets.Widget:
    """Return what one retailer sent and what came of it, fit to send back to them."""

    def build() -> widgets.Widget:
        seat = reader.seat() if desk is None else desk
        return retailer_of(seat)

    return shown(build)


def retailer_of(desk: Desk) -> widgets.Widget:
    """Return the retailer's page of a case."""
    names = outward.retailers(desk)
    which = widgets.Dropdown(
        options=[("choose a retailer", ""), *((f"{name} ({key})", key) for key, name in names)],
        description="Retailer", style={"description_width": "initial"},
    )  # fmt: skip
    which.add_class("sg-chooser")
    body, held = Html(""), {"came": pd.DataFrame()}
    keep = Download(lambda: held["came"], "stills", kinds=("csv", "xlsx"))
    chosen = Card(Card(keep, kind="sg-tools"), body)

    def tell(sentence: str) -> None:
        body.value = markup.notice(sentence, alert=True)

    def show(_change: object = None) -> None:
        chosen.layout.display = "none" if not which.value else None
        found = attempt(lambda: outward.retailer_report(desk, which.value), tell) if which.value else None
        if found is not None:
            held["came"], keep.name = found.came, f"{found.retailer_id}-what-came-of-it"
            body.value = _retailer(found)

    which.observe(show, names="value")
    show()
    return page(
        Card(Html(f"<h1>What came of a retailer's stills</h1>{markup.note(RETAILER_NOTE)}"), which, kind="sg-head"),
        chosen,
    )


def _retailer(found: RetailerReport) -> str:
    days = period(found.period)
    numbers = (
        Number("Rows sent", f"{found.rows:,}", f"in {markup.counted(found.deliveries, 'delivery', 'deliveries')}"),
        Number("Stills taken in", f"{found.accepted:,}", f"of {found.rows:,}; {found.rows_refused:,} refused"),
        Number("Offences", f"{found.offences:,}", days),
        Number("With an agreed lead", f"{found.offences_corroborated:,}", f"of {found.offences:,} offences"),
    )
    came = found.came.assign(captured_at=found.came["captured_at"].dt.tz_localize(None))
    summary = came["came_of_it"].value_counts().rename_axis("what came of it").reset_index(name="stills")
    title = markup.heading(found.retailer, f"{found.retailer_id} · {days} · as of {markup.plain(found.as_of)} UTC")
    parts = [
        title, markup.notice(SIMULATED) if found.simulated else "", markup.numbers(numbers),
        markup.heading("What came of the stills"), markup.frame("By what came of them", summary),
        markup.frame("Every still", came.rename(columns=lambda name: name.replace("_", " ")), 500),
        markup.heading("Rows not taken in", "Put them right and send them again; the others need not be sent again."),
        markup.note("None.") if found.refused.empty else markup.frame("Refused", found.refused),
    ]  # fmt: skip
    return "".join(parts)
