"""The pages of what leaves the case: one retailer's report, and what the public may read."""

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
    from stillgraph.casework.outward import RetailerReport, Transparency

SIMULATED = (
    "The reviews in this case are simulated: this shows what the report looks like and says nothing about anybody."
)
RETAILER_NOTE = (
    "What you sent us and what came of it. It names nobody, holds no custody data and no score, and has nothing of any "
    "other retailer. That two officers agreed who somebody is does not say that they committed an offence."
)
PUBLIC_NOTE = (
    "How this case compared faces from shops' stills with custody images. A search lists candidates; two officers, the "
    "second blind to the first and to every score, decide whether anybody on the list is the person."
)
WITHHELD = "Counts from 1 to 4 are withheld, and so is one more where their sum would give them away."
RATES_NOTE = "Rates with their counts and 95 % intervals."
NOT_MEASURED = (
    "How often two officers who agree are both wrong: that needs the truth, which no case holds.",
    "Whether errors fall on some groups more than on others: custody records too few people of some to say.",
    "What became of a lead afterwards: arrests, charges and convictions are kept elsewhere.",
    "Whether offences became fewer: nothing here compares with what would have been otherwise.",
    "People in stills who were never looked for: a face too small or too dark is not searched.",
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


def transparency(desk: Desk | None = None) -> widgets.Widget:
    """Return what the public may read: how, where, when, how often, yield, error, and what is not known."""

    def build() -> widgets.Widget:
        return transparency_of(outward.transparency(reader.seat() if desk is None else desk))

    return shown(build)


def transparency_of(found: Transparency) -> widgets.Widget:
    """Return the public's page."""
    days = period(found.period)
    numbers = (
        Number("Stills searched", f"{found.stills_searched:,}", days),
        Number("Searches", f"{found.searches:,}", "each by a named officer, for an operation and a reason, on record"),
        Number("Custody images", f"{found.gallery:,}", "compared with"),
    )
    yields = [
        ("Lists in which two officers agreed on somebody", markup.rate(found.corroborated)),
        ("Lists on which officers did not agree", markup.rate(found.disputed)),
        ("Searches for a stranger that would return somebody", _error(found)),
        ("Face model", found.model),
    ]
    head = f"<h1>How faces are searched</h1>{markup.note(PUBLIC_NOTE)}"
    listed = "".join(f"<li>{sentence}</li>" for sentence in NOT_MEASURED)
    return page(
        Card(Html(head + (markup.notice(SIMULATED) if found.simulated else "")), kind="sg-head"),
        Card(Html(markup.numbers(numbers)), kind="sg-band"),
        Card(Html(markup.heading("Yield and error", RATES_NOTE) + markup.facts(yields))),
        Card(
            _counts("Where", "borough", found.where, days),
            _counts("When", "month", found.when, days),
            kind="sg-columns",
        ),
        Html(markup.note(WITHHELD)),
        Card(Html(markup.heading("What is not measured") + f'<ul class="sg-list">{listed}</ul>')),
    )


def _error(found: Transparency) -> str:
    if found.returned is None or found.fpir is None:
        return "not measured in this case: no threshold was set on known truth"
    return f"{markup.rate(found.returned)}, with a threshold set for at most {100 * found.fpir:g} %"


def _counts(title: str, what: str, counted: pd.DataFrame, days: str) -> widgets.Widget:
    rows = counted.rename(columns={"name": what})
    head = markup.heading(title, f"Stills searched · {days}")
    keep = Download(rows.copy, title.lower(), kinds=("csv", "xlsx"))
    return Card(Html(head + markup.frame(title, rows, numeric=["stills"])), keep)
