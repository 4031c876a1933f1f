"""A report as a value: sections of rates and tables that every form of it sets, in the same order and alike."""

from __future__ import annotations

from dataclasses import dataclass

Shown = int | str
"""A cell as it is shown: a count, or words in its place."""


@dataclass(frozen=True, slots=True)
class ReportRow:
    """A row: ``key`` for tools, ``label`` for people, and its cells in the order of the table's columns."""

    key: str
    label: str
    cells: tuple[Shown, ...]


@dataclass(frozen=True, slots=True)
class ReportTable:
    """A table; ``columns`` are key and label of each cell, ``first`` is the label over the rows' own."""

    key: str
    heading: str
    first: str
    columns: tuple[tuple[str, str], ...]
    rows: tuple[ReportRow, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class ReportRate:
    """A proportion with its 95 % interval (Wilson); all of it withheld where either of its counts is."""

    key: str
    label: str
    successes: Shown
    trials: Shown
    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class ReportSection:
    """A part of the report: paragraphs, facts (name, value), rates, tables and points, set in this order."""

    key: str
    heading: str
    paragraphs: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    rates: tuple[ReportRate, ...] = ()
    tables: tuple[ReportTable, ...] = ()
    points: tuple[str, ...] = ()
