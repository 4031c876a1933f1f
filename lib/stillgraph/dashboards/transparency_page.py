"""The page of what the public may read: the transparency report of a quarter, from the record."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import ipywidgets as widgets
import pandas as pd

from stillgraph.casework import report_pages
from stillgraph.casework import transparency as reports
from stillgraph.casework import transparency_pages as forms
from stillgraph.dashboards import markup, reader
from stillgraph.dashboards.downloads import Download
from stillgraph.dashboards.guard import attempt
from stillgraph.dashboards.markup import Column
from stillgraph.dashboards.pages import shown
from stillgraph.dashboards.panels import Card, Html, page

if TYPE_CHECKING:
    from datetime import date

    from stillgraph.casework.desk import Desk
    from stillgraph.records.reports import ReportSection, ReportTable
from stillgraph.records.transparency import TransparencyReport

NOTE = (
    "What the audit record says of one quarter, as `stillgraph report transparency` writes it for the public. It names "
    "nobody."
)


def transparency(desk: Desk | None = None) -> widgets.Widget:
    """Return what the public may read: how, where, when, how often, with what yield and error, and what is unknown."""

    def build() -> widgets.Widget:
        return transparency_of(reader.seat() if desk is None else desk)

    return shown(build)


def transparency_of(desk: Desk) -> widgets.Widget:
    """Return the public's page of a case."""
    first = reports.page(desk)
    held = {"report": first.report}
    which = widgets.Dropdown(
        options=[(_quarter(since), since) for since, _ in first.quarters], value=first.report.since,
        description="Quarter", style={"description_width": "initial"},
    )  # fmt: skip
    which.add_class("sg-chooser")
    body = Html(as_html(first.report))
    keep = Download(lambda: as_rows(held["report"]), "transparency", kinds=("csv", "xlsx"))

    def tell(sentence: str) -> None:
        body.value = markup.notice(sentence, alert=True)

    def show(_change: object = None) -> None:
        found = attempt(lambda: reports.page(desk, which.value), tell)
        if found is not None:
            held["report"] = found.report
            body.value = as_html(found.report)

    which.observe(show, names="value")
    head = Html(f"<h1>How faces are searched</h1>{markup.note(NOTE)}")
    return page(Card(head, which, kind="sg-head"), Card(Card(keep, kind="sg-tools"), body))


def _quarter(since: date) -> str:
    return f"{since.year}, quarter {(since.month + 2) // 3}"


def as_html(made: TransparencyReport) -> str:
    """Return a report as the page shows it: the sections of its file, in their order."""
    said = "".join(markup.notice(one) for one in forms.warnings(made))
    return said + markup.facts(forms.facts(made)) + "".join(_section(section) for section in made.sections)


def _section(section: ReportSection) -> str:
    parts = [markup.heading(section.heading), *(markup.note(text) for text in section.paragraphs)]
    if section.facts:
        parts.append(markup.facts(section.facts))
    if section.rates:
        columns = [
            Column(report_pages.RATE_HEAD[0]),
            *(Column(name, numeric=True) for name in report_pages.RATE_HEAD[1:]),
        ]
        rows = [report_pages.rate_row(rate) for rate in section.rates]
        parts.append(markup.table(f"{section.heading}: rates", columns, rows))
    for table in section.tables:
        parts += [_table(table), markup.note(table.note) if table.note else ""]
    if section.points:
        parts.append(
            '<ul class="sg-list">' + "".join(f"<li>{escape(point)}</li>" for point in section.points) + "</ul>"
        )
    return f'<section class="sg-part">{"".join(parts)}</section>'


def _table(table: ReportTable) -> str:
    columns = [Column(table.first), *(Column(label, key not in forms.TEXTS) for key, label in table.columns)]
    return markup.table(
        table.heading, columns, ([row.label, *map(report_pages.shown, row.cells)] for row in table.rows)
    )


def as_rows(made: TransparencyReport) -> pd.DataFrame:
    """Return every count of a report as a row: section, table, row, column, value."""
    return pd.DataFrame(
        [
            (section.key, table.key, row.label, label, report_pages.shown(cell))
            for section in made.sections
            for table in section.tables
            for row in table.rows
            for (_, label), cell in zip(table.columns, row.cells, strict=True)
        ],
        columns=["section", "table", "row", "column", "value"],
    )
