"""Counts of a report by name, how they add up, and the tables that show them; small ones withheld for the public."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from stillgraph.evaluation import wilson
from stillgraph.governance.disclosure import Sum, suppressed
from stillgraph.records.reports import ReportRate, ReportRow, ReportTable, Shown
from stillgraph.records.transparency import NOT_RECORDED, WITHHELD

ALL = "all"


@dataclass(slots=True)
class Book:
    """The counts of one report.

    Everything that a reader can take from anything else is entered as a sum, differences by the count that no table
    shows: what is withheld is then decided over all tables at once.
    """

    counts: dict[str, int] = field(default_factory=dict)
    shown: set[str] = field(default_factory=set)
    sums: list[Sum] = field(default_factory=list)
    aliases: dict[str, str] = field(default_factory=dict)
    missing: set[str] = field(default_factory=set)
    withheld: frozenset[str] = frozenset()

    def put(self, name: str, count: int | None, *, shown: bool = True) -> str:
        """Enter a count; ``None`` is one that the record does not hold."""
        if count is None:
            self.missing.add(name)
        else:
            self.counts[name] = count
        if shown:
            self.shown.add(name)
        return name

    def add(self, whole: str, parts: Sequence[str]) -> None:
        """Say that counts entered before add up to another."""
        self.sums.append(Sum(whole, tuple(parts)))

    def split(self, whole: str, parts: Mapping[str, int], *, shown: bool = True) -> list[str]:
        """Enter the parts of a count entered before, by their names; what they leave is one more, not shown."""
        names = [self.put(name, count, shown=shown) for name, count in parts.items()]
        if whole in self.missing:
            return names
        rest = self.counts[whole] - sum(parts.values())
        left = [self.put(f"{whole}.not.{len(self.sums)}", rest, shown=False)] if rest else []
        self.add(whole, (*names, *left))
        return names

    def less(self, whole: str, part: str) -> None:
        """Say that a count is within another: a reader can take their difference."""
        if {whole, part} & self.missing:
            return
        rest = self.put(f"{whole}.less.{part}", self.counts[whole] - self.counts[part], shown=False)
        self.add(whole, (part, rest))

    def same(self, one: str, other: str) -> None:
        """Say that two counts are one number under two names, where both were entered and are: withheld together."""
        first, second = self._one(one), self._one(other)
        if first != second and first in self.counts and self.counts[first] == self.counts.get(second):
            self.aliases[second] = first

    def cross(self, stem: str, table: Mapping[tuple[str, str], int]) -> None:
        """Say how two ways to split one whole go together: counts by the names of both, which no table shows.

        Where a count of the one is all that a count of the other is, a reader knows that they are the same.
        """
        cells = {pair: self.put(f"{stem}.{at}", count, shown=False) for at, (pair, count) in enumerate(table.items())}
        for side in (0, 1):
            for name in dict.fromkeys(pair[side] for pair in table):
                parts = [cell for pair, cell in cells.items() if pair[side] == name]
                if len(parts) == 1:
                    self.same(name, parts[0])
                else:
                    self.add(name, parts)

    def _one(self, name: str) -> str:
        """Return the one name of a count that has several."""
        while name in self.aliases:
            name = self.aliases[name]
        return name

    def close(self, *, public: bool) -> None:
        """Decide what is withheld; nothing is entered after that."""
        counts = {self._one(name): count for name, count in self.counts.items()}
        shown = {self._one(name) for name in self.shown - self.missing}
        sums = [Sum(self._one(one.whole), tuple(map(self._one, one.parts))) for one in self.sums]
        self.withheld = suppressed(counts, shown, sums) if public else frozenset()

    def cell(self, name: str) -> Shown:
        """Return a count as it is shown."""
        if name in self.missing:
            return NOT_RECORDED
        return WITHHELD if self._one(name) in self.withheld else self.counts[name]

    def rate(self, key: str, label: str, successes: str, trials: str) -> ReportRate:
        """Return a proportion of two counts with its interval, withheld where either is."""
        s, t = self.cell(successes), self.cell(trials)
        if isinstance(s, str) or isinstance(t, str):
            return ReportRate(key, label, s, t, None, None, None)
        made = wilson(s, t)
        return ReportRate(key, label, s, t, made.value, made.low, made.high)

    def table(
        self, key: str, heading: str, first: str, *, columns: Sequence[tuple[str, str]],
        rows: Iterable[tuple[str, str, Sequence[str]]], note: str = "",
    ) -> ReportTable:  # fmt: skip
        """Return a table of counts by their names; a row is its key, its label and the names of its cells."""
        made = tuple(ReportRow(row, label, tuple(self.cell(name) for name in names)) for row, label, names in rows)
        return ReportTable(key, heading, first, tuple(columns), made, note)


def about(number: int) -> str:
    """Return a stock to the nearest ten, as the public is told it: of two exact ones the difference is a small flow."""
    if number == 0:
        return "0"
    return "fewer than 10" if number < 10 else f"about {10 * round(number / 10):,}"
