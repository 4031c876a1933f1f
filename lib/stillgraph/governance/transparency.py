"""The transparency report: what a record says was done with faces in a period, made from its entries and nothing else.

So it can be made by whoever holds the record without the case: an auditor, from the copy kept outside. What the entries
do not say is said to be not known, and never taken from elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime

from stillgraph.errors import AuditBroken
from stillgraph.governance import accounts, chapters, conduct, periods, upkeep
from stillgraph.governance.accounts import Line
from stillgraph.governance.book import Book
from stillgraph.governance.chapters import Material
from stillgraph.records import AuditEntry
from stillgraph.records.transparency import TransparencyReport, TransparencySeal

CHAINED = "each entry follows from the one before; without the case's key, a record written anew whole would not show"
KEYED = "each entry follows from the one before and was written with the case's key"

CHAPTERS = (
    chapters.searches, chapters.places, chapters.yields, chapters.thresholds, chapters.review, upkeep.error_rates,
    upkeep.gallery, upkeep.groups, conduct.retention, conduct.refusals, conduct.access, conduct.changes, conduct.people,
    upkeep.software, upkeep.unknown,
)  # fmt: skip
"""The sections in the order they are read; each enters its counts, and is set once all are entered."""


def compiled(
    entries: Sequence[AuditEntry],
    *,
    made_at: datetime,
    since: date | None = None,
    until: date | None = None,
    public: bool = True,
    phrase: str = "",
    checked: str = CHAINED,
) -> TransparencyReport:
    """Return the report of a period.

    The same entries, arguments and time make the same report, and a period that has ended the same numbers ever after.

    Parameters
    ----------
    entries
        All of the record, in its sequence.
    made_at
        Now, UTC.
    since, until
        First and last day, both within; see :func:`stillgraph.governance.periods.chosen`.
    public
        Whether small counts are withheld and operations, officers and attempts left out.
    phrase
        The newest entry's digest as words to read out, where there is one.
    checked
        What was checked of the record, in a sentence, beyond what is checked here.

    Raises
    ------
    AuditBroken
        There is no entry, or one has been altered, removed or moved.
    WrongUse
        The period makes no sense, or is not one that the public's report may be of.
    """
    lines = accounts.read(entries)
    if not lines:
        raise AuditBroken(
            "There is no entry in the audit record, though every case begins with one: no report is made."
        )
    today = made_at.astimezone(UTC).date()
    first, last = periods.chosen(since, until, public=public, began=lines[0].day, today=today)
    known = [line for line in lines if line.day <= last]
    material = Material(
        public=public,
        since=first,
        until=last,
        before=[line for line in known if line.day < first],
        within=[line for line in known if line.day >= first],
    )
    book = Book()
    drafts = [chapter(book, material) for chapter in CHAPTERS]
    book.close(public=public)
    sections = tuple(section for draft in drafts if (section := draft()) is not None)
    return TransparencyReport(
        public=public, since=first, until=last, provisional=last >= today, made_at=made_at,
        simulated=accounts.simulated(known), seal=_seal(lines, material, phrase, checked), sections=sections,
    )  # fmt: skip


def _seal(lines: Sequence[Line], material: Material, phrase: str, checked: str) -> TransparencySeal:
    head, within = lines[-1].entry, material.within
    ends = (within[0].entry.sequence, within[-1].entry.sequence) if within else (0, 0)
    first, last = (None, None) if material.public else ends
    return TransparencySeal(
        sequence=head.sequence, digest=head.digest, phrase=phrase, first=first, last=last,
        last_digest=within[-1].entry.digest if within else "", checked=checked,
    )  # fmt: skip
