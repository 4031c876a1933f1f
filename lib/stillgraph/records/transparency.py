"""A transparency report as a value: what every form of it sets, in the same order and with the same numbers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from stillgraph.records.reports import ReportSection

WITHHELD = "withheld"
"""In the place of a count from 1 to 4, or of one that would give such a count away."""

NOT_RECORDED = "not recorded"
"""In the place of a count that the record does not hold."""


@dataclass(frozen=True, slots=True)
class TransparencySeal:
    """Where the record stood when the report was made from it: the report is a place outside the record that says so.

    ``sequence`` and ``digest`` are of the newest entry; ``first``, ``last`` and ``last_digest`` are of the entries up
    to the end of the period, 0 and none where there are none in it. The public is not told ``first`` and ``last``:
    they say exactly how many acts of every kind the period had.
    """

    sequence: int
    digest: str
    phrase: str
    first: int | None
    last: int | None
    last_digest: str
    checked: str = ""
    """What was checked of the record before it was counted, in a sentence."""


@dataclass(frozen=True, slots=True)
class TransparencyReport:
    """What a record says of a period, to the public or to those who answer for it.

    ``provisional`` where the period had not ended. ``simulated`` where judgements in it were made by a program.
    """

    public: bool
    since: date
    until: date
    provisional: bool
    made_at: datetime
    simulated: bool
    seal: TransparencySeal
    sections: tuple[ReportSection, ...]


@dataclass(frozen=True, slots=True)
class TransparencyWritten:
    """A report that was written as a file, as the record has it."""

    file: str
    form: str
    sha256: str
    bytes: int
    public: bool
    since: date
    until: date
    provisional: bool
    sequence: int
    digest: str
    phrase: str
