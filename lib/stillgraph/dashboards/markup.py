"""Pieces of HTML as text: numbers, tables, notices, pictures. Every value is escaped here, nowhere else."""

from __future__ import annotations

import base64
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from html import escape
from importlib.resources import files
from numbers import Real
from typing import Any
from urllib.parse import quote

import pandas as pd

from stillgraph.records import LinkStatus, Rate


@dataclass(frozen=True, slots=True)
class Number:
    """A key number: what it is, the number as written, and what it is out of, which may be :class:`Markup`."""

    label: str
    value: str
    out_of: str


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its heading, whether it holds numbers, what it means where that is not plain."""

    heading: str
    numeric: bool = False
    meaning: str = ""


OPENS = "#rows-"
"""How the fragment of a link begins that opens a number."""
STYLES = ("share/voila/templates/stillgraph/static/tokens.css", "style.css")
"""The palette and type scale, which the pages' template takes from the same file, and the pages' own style."""


class Markup(str):
    """Text that is HTML already and is not escaped again."""

    __slots__ = ()


def style() -> str:
    """Return the pages' style sheet as an element."""
    home = files("stillgraph.dashboards")
    return f"<style>{''.join(home.joinpath(one).read_text(encoding='utf-8') for one in STYLES)}</style>"


def heading(text: str, note: str = "", tag: str = "") -> str:
    """Return a section's heading, with a note under it and a tag (such as ``simulated review``) beside it."""
    mark = f" {badge(tag)}" if tag else ""
    below = f'<p class="sg-note">{escape(note)}</p>' if note else ""
    return f"<h2>{escape(text)}{mark}</h2>{below}"


def note(text: str) -> str:
    """Return a remark."""
    return f'<p class="sg-note">{_said(text)}</p>'


def _said(text: str) -> str:
    """Return a sentence, in which what stands between backticks is a command."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))


def badge(text: str) -> Markup:
    """Return a small tag."""
    return Markup(f'<span class="sg-badge">{escape(text)}</span>')


def status(kind: LinkStatus) -> Markup:
    """Return a status with its colour and shape, those of the figures."""
    return Markup(f'<span class="sg-status sg-{kind.value}">{escape(kind.value)}</span>')


def notice(text: str, *, alert: bool = False) -> str:
    """Return a notice; an alert is read out at once by a screen reader."""
    role = "alert" if alert else "note"
    return f'<p class="sg-notice sg-{role}" role="{role}">{_said(text)}</p>'


def aside(summary: str, text: str) -> str:
    """Return text that stays folded until it is asked for."""
    return f'<details class="sg-aside"><summary>{escape(summary)}</summary><p>{_said(text)}</p></details>'


def opens(number: str, said: str) -> Markup:
    """Return a count in small print as a link that opens the number to the rows behind it.

    The page's script (``labels.js``) asks for the number its fragment names.
    """
    return Markup(
        f'<a class="sg-behind" href="{OPENS}{quote(number)}" title="See the rows behind: {escape(number)}">'
        f"{escape(said)}</a>"
    )


def said_of(_number: str, said: str) -> Markup:
    """Return the same where nothing is opened: as text."""
    return Markup(escape(said))


def unseen(text: str) -> str:
    """Return text that a screen reader reads and nobody sees: what a chart shows."""
    return f'<p class="sg-unseen" role="note">{escape(text)}</p>'


def numbers(items: Sequence[Number]) -> str:
    """Return a band of key numbers."""
    return f'<dl class="sg-numbers">{"".join(f"<div>{_term(item)}</div>" for item in items)}</dl>'


def number(item: Number) -> str:
    """Return one key number by itself."""
    return f"<dl>{_term(item)}</dl>"


def _term(item: Number) -> str:
    return f"<dt>{escape(item.label)}</dt><dd><b>{escape(item.value)}</b><span>{_safe(item.out_of)}</span></dd>"


def facts(items: Iterable[tuple[str, str]]) -> str:
    """Return a list of names and values."""
    rows = "".join(f"<div><dt>{escape(name)}</dt><dd>{_safe(value)}</dd></div>" for name, value in items)
    return f'<dl class="sg-facts">{rows}</dl>'


def table(caption: str, columns: Sequence[Column], rows: Iterable[Sequence[Any]], *, chosen: int | None = None) -> str:
    """Return a table; the first cell of a row names the row, and ``chosen`` is the row to mark.

    A cell that is :class:`Markup` goes in as it is; every other is escaped.
    """
    head = "".join(f'<th scope="col"{_number(c)}{_title(c)}>{escape(c.heading)}</th>' for c in columns)
    body = "".join(_row(columns, row, marked=i == chosen) for i, row in enumerate(rows))
    # What scrolls sideways can be reached and scrolled by keyboard.
    return (
        f'<div class="sg-table" tabindex="0" role="region" aria-label="{escape(caption)}">'
        f"<table><caption>{escape(caption)}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def frame(caption: str, rows: pd.DataFrame, limit: int = 200, *, numeric: Collection[str] = ()) -> str:
    """Return a data frame as a table, at most ``limit`` rows of it, and say so.

    Columns of numbers, and those named in ``numeric``, are set to the right.
    """
    shown = rows.head(limit)
    columns = [Column(str(n), n in numeric or pd.api.types.is_numeric_dtype(rows[n])) for n in rows.columns]
    said = f"{caption}: {counted(len(rows), 'row')}" + (f", the first {limit} shown" if len(rows) > limit else "")
    return table(said, columns, ([plain(v) for v in row] for row in shown.itertuples(index=False)))


def plain(value: Any) -> str:
    """Return a value as a reader expects it: times to the minute, whole numbers with commas, no ``NaT``."""
    if not pd.api.types.is_scalar(value):
        return ", ".join(str(one) for one in value)
    if pd.isna(value):
        return ""
    if isinstance(value, date):
        day = f"{value.day} {value:%b %Y}"
        return f"{day} {value:%H:%M}" if isinstance(value, datetime) and value.time() != time.min else day
    if isinstance(value, Real) and not isinstance(value, bool):
        return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.3f}"
    return str(value)


def picture(png: bytes | None, alt: str, caption: str) -> str:
    """Return a face chip with its caption; where there is no picture its place says so."""
    if png is None:
        image = '<span class="sg-no-picture">no picture</span>'
    else:
        data = base64.b64encode(png).decode("ascii")
        image = f'<img src="data:image/png;base64,{data}" alt="{escape(alt)}">'
    return f"<figure>{image}<figcaption>{escape(caption)}</figcaption></figure>"


def pictures(items: Iterable[str]) -> str:
    """Return face chips side by side."""
    return f'<div class="sg-faces">{"".join(items)}</div>'


def beside(items: Iterable[str]) -> str:
    """Return two pictures side by side, as large as there is room for."""
    return f'<div class="sg-beside">{"".join(items)}</div>'


def counted(number: int, one: str, many: str = "") -> str:
    """Return a number with its noun: ``1 row``, ``7 rows``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def rate(value: Rate) -> str:
    """Return a rate with its count and interval; without trials it is not a rate and says so."""
    return rate_of(value, f"{value.successes:,}", f"{value.trials:,}")


def rate_of(value: Rate, successes: str, trials: str) -> str:
    """Return a rate with its counts as they are written, such as to be opened."""
    if value.value is None or value.low is None or value.high is None:
        return "no rate: nothing searched yet"
    return (
        f"{100 * value.value:.1f} % ({successes} of {trials}; "
        f"95 % interval {100 * value.low:.1f} to {100 * value.high:.1f} %)"
    )


def _safe(value: object) -> str:
    return value if isinstance(value, Markup) else escape(str(value))


def _row(columns: Sequence[Column], row: Sequence[Any], *, marked: bool) -> str:
    cells = [_safe(value) for value in row]
    first = f'<th scope="row"{_number(columns[0])}>{cells[0]}</th>' if cells else ""
    rest = "".join(f"<td{_number(c)}>{cell}</td>" for c, cell in zip(columns[1:], cells[1:], strict=True))
    return f"<tr{' class=sg-chosen aria-current=true' if marked else ''}>{first}{rest}</tr>"


def _number(column: Column) -> str:
    return " class=sg-number" if column.numeric else ""


def _title(column: Column) -> str:
    return f' title="{escape(column.meaning)}"' if column.meaning else ""
