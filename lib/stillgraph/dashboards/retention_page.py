"""The page of what is due for deletion, what is held, and who has applied; it deletes nothing."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import TYPE_CHECKING

import ipywidgets as widgets
import pandas as pd

from stillgraph.casework import applications, holding
from stillgraph.casework import retention as due_records
from stillgraph.dashboards import markup, reader
from stillgraph.dashboards.markup import Number
from stillgraph.dashboards.pages import shown
from stillgraph.dashboards.panels import Card, Html, page

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stillgraph.casework.applications import Standing
    from stillgraph.casework.desk import Desk
    from stillgraph.records import Due, Hold

SOON_DAYS = 90
LISTED = 500
NOTE = (
    "What is past its period by the case's rules, what will be within 90 days, and what a legal hold keeps. Nothing is "
    "deleted here: a supervisor does that with `stillgraph retention CASE --on DATE --apply`."
)


def retention(desk: Desk | None = None) -> widgets.Widget:
    """Return what is due, overdue and held, and the applications to delete."""

    def build() -> widgets.Widget:
        return retention_of(reader.seat() if desk is None else desk)

    return shown(build)


def retention_of(desk: Desk) -> widgets.Widget:
    """Return the page of a case."""
    today = desk.clock().date()
    found = due_records.due(desk, today + timedelta(SOON_DAYS)).due
    body = as_html(today, found, holding.holds(desk), applications.applications(desk))
    return page(Card(Html(f"<h1>Retention</h1>{markup.note(NOTE)}"), kind="sg-head"), Html(body))


def as_html(today: date, found: Sequence[Due], holds: Sequence[Hold], applied: Sequence[Standing]) -> str:
    """Return the numbers and tables of the page."""
    over = [one for one in found if one.due_on <= today]
    soon = [one for one in found if one.due_on > today]
    standing = [one for one in holds if one.released_at is None and (one.until is None or one.until >= today)]
    waiting = [one for one in applied if one.application.outcome is None]
    numbers = (
        Number("Overdue", f"{len(over):,}", f"of them {sum(one.held is not None for one in over):,} held"),
        Number("Due soon", f"{len(soon):,}", f"within {SOON_DAYS} days"),
        Number("Legal holds", f"{len(standing):,}", f"{len(holds) - len(standing):,} ended"),
        Number("Applications to decide", f"{len(waiting):,}", f"{len(applied) - len(waiting):,} decided"),
    )
    parts = [
        markup.numbers(numbers),
        markup.heading("Overdue", f"as of {today.isoformat()}"),
        *_due(over),
        markup.heading("Due soon", f"until {(today + timedelta(SOON_DAYS)).isoformat()}"),
        *_due(soon),
        markup.heading("Legal holds"),
        _frame("Every hold that stands", ("hold", "kind", "record", "until", "since"), [
            (one.hold_id, one.kind, one.record_id, one.until or "", one.placed_at.date()) for one in standing
        ]),
        markup.heading("Applications to delete"),
        _frame("Every application", ("number", "nominal", "received", "deleting presumed", "outcome", "next review"), [
            (one.application.application_id, one.application.nominal_id, one.application.received_on,
             "yes" if one.presumption else "no", one.application.outcome or "to decide",
             one.application.next_review or "")
            for one in applied
        ]),
    ]  # fmt: skip
    return "".join(parts)


def _due(found: Sequence[Due]) -> list[str]:
    """Return how many of each kind, and each record with the rule and the hold."""
    counts = Counter((str(one.rule), str(one.at_end)) for one in found)
    rows = [(rule, end, count) for (rule, end), count in sorted(counts.items())]
    each = [
        (str(one.kind), one.id, one.due_on, str(one.rule), str(one.at_end), one.held or "") for one in found[:LISTED]
    ]
    return [
        _frame("By rule", ("rule", "at the end", "records"), rows),
        _frame(f"Each record, the first {LISTED}", ("kind", "record", "due on", "rule", "at the end", "held"), each),
    ]


def _frame(title: str, columns: tuple[str, ...], rows: Sequence[tuple[object, ...]]) -> str:
    return markup.frame(title, pd.DataFrame(rows, columns=list(columns)), LISTED) if rows else markup.note("None.")
