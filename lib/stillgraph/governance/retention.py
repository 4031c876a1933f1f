"""How long a record may be kept: the table of rules, which rule a record falls under, and when its period is over.

Pure: rules and dates in, rules and dates out. What is due in a case is found by :mod:`stillgraph.casework.retention`.
"""

from __future__ import annotations

import csv
import re
from calendar import monthrange
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from pathlib import Path

from stillgraph.errors import ManifestError, NoRule, NotFound
from stillgraph.governance.actions import Action
from stillgraph.records import AtEnd, RecordKind, RetentionRule

COLUMNS = ("kind", "status", "basis", "keep_for", "counted_from", "at_end", "apply_after", "source", "version", "ours")

COUNTED_FROM = {
    RecordKind.CUSTODY_IMAGE: ("review date", "capture"),
    RecordKind.STILL: ("capture",),
    RecordKind.NOMINAL: ("last custody image",),
    RecordKind.ARREST: ("last custody image",),
    RecordKind.SEARCH: ("search",),
    RecordKind.JUDGEMENT: ("judgement",),
    RecordKind.ENHANCEMENT: ("its still",),
    RecordKind.ARRAY: ("making",),
    RecordKind.RANKING: ("making",),
    RecordKind.EXPORT: ("making",),
    RecordKind.SAVED_QUERY: ("saving",),
    RecordKind.UPLOAD: ("upload",),
    RecordKind.NOTEBOOK: ("last change",),
    RecordKind.AUDIT: ("recording",),
}
"""From what each kind's period can be counted."""

STATUSES = {RecordKind.STILL: ("no face", "unknown", "corroborated", "detected", "*")}
"""The statuses of a kind that are ours to find out; a custody image has the status custody gives it."""

KEPT_FOR_GOOD = frozenset({RecordKind.JUDGEMENT, RecordKind.AUDIT})
"""Kinds that are only ever appended to: no rule deletes them."""

WITH_ANOTHER = frozenset({RecordKind.NOMINAL, RecordKind.ARREST, RecordKind.ENHANCEMENT})
"""Kinds that go with another record, on the same day."""

STORED_BY = {
    Action.ENROL_CUSTODY: RecordKind.CUSTODY_IMAGE,
    Action.RECEIVE_STILLS: RecordKind.STILL,
    Action.UPLOAD: RecordKind.UPLOAD,
    Action.SEARCH: RecordKind.SEARCH,
    Action.ENHANCE: RecordKind.ENHANCEMENT,
    Action.JUDGE: RecordKind.JUDGEMENT,
    Action.MAKE_ARRAY: RecordKind.ARRAY,
    Action.RANK: RecordKind.RANKING,
    Action.SAVE_QUERY: RecordKind.SAVED_QUERY,
    Action.EXPORT_STATEMENT: RecordKind.EXPORT,
    Action.EXPORT_CASE_PACK: RecordKind.EXPORT,
    Action.SUBJECT_ACCESS: RecordKind.EXPORT,
    Action.OPEN_LAB: RecordKind.NOTEBOOK,
}
"""Which kind of record an action stores: without a rule for that it is refused."""

ANY = "*"
_PERIOD = re.compile(r"P(\d{1,4})([YMWD])", re.ASCII)


def after(day: date, period: str) -> date:
    """Return the day a period after another; the last of a shorter month, and the last day there is at most.

    Parameters
    ----------
    period
        ISO 8601, of one unit: ``P6Y``, ``P18M``, ``P2W`` or ``P30D``.

    Raises
    ------
    ValueError
        It is no such period.
    """
    read = _PERIOD.fullmatch(period)
    if read is None:
        raise ValueError(period)
    count, unit = int(read[1]), read[2]
    if unit in "WD":
        days = count * (7 if unit == "W" else 1)
        return day + timedelta(min(days, (date.max - day).days))
    months = day.year * 12 + day.month - 1 + count * (12 if unit == "Y" else 1)
    year, month = months // 12, months % 12 + 1
    if year > date.max.year:
        return date.max
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def rule_for(
    rules: Iterable[RetentionRule], kind: RecordKind, status: str = ANY, basis: str = ANY
) -> RetentionRule | None:
    """Return the rule that a record falls under, the narrowest; ``None`` where its kind, or such a one, has none.

    A rule for this status and basis comes before one for this status, that before one for this basis, and last comes
    one for all of the kind. Case and surrounding blanks do not tell statuses or bases apart.
    """
    wanted = (_plain(status), _plain(basis))
    fitting = [
        rule
        for rule in rules
        if rule.kind is kind and _plain(rule.status) in {ANY, wanted[0]} and _plain(rule.basis) in {ANY, wanted[1]}
    ]
    return max(fitting, key=lambda rule: (rule.status != ANY, rule.basis != ANY), default=None)


def required(rules: Iterable[RetentionRule], kind: RecordKind, status: str = ANY, basis: str = ANY) -> RetentionRule:
    """Return the rule that a record falls under, as :func:`rule_for`.

    Raises
    ------
    NoRule
        There is none: a kind of record without a rule cannot be stored.
    """
    rule = rule_for(rules, kind, status, basis)
    if rule is None:
        of = "" if status == ANY else f" of the status {status}"
        raise NoRule(
            f"This case has no retention rule for the kind of record '{kind}'{of}, so none can be stored. Add a row "
            "for it to the table and set that: `stillgraph retention rules CASE --set FILE`."
        )
    return rule


def read_rules(path: Path) -> tuple[RetentionRule, ...]:
    """Read a table of rules from a CSV file with the columns of :data:`COLUMNS`.

    Raises
    ------
    NotFound
        There is no such file.
    ManifestError
        A column is missing, a cell says nothing that is known, or two rows are for the same records.
    """
    if not path.is_file():
        raise NotFound(f"The table of retention rules {path.name} is not there. Give the path of one in CSV.")
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream)
            missing = [column for column in COLUMNS if column not in (reader.fieldnames or ())]
            rows = [] if missing else [{name: (row[name] or "").strip() for name in COLUMNS} for row in reader]
    except (UnicodeDecodeError, csv.Error) as error:
        raise ManifestError(f"{path.name} cannot be read as CSV in UTF-8; save it as that and set it again.") from error
    if missing:
        raise ManifestError(f"A table of retention rules needs the columns {', '.join(COLUMNS)}; {path.name} lacks "
                            f"{missing[0]}.")  # fmt: skip
    rules: list[RetentionRule] = []
    seen: set[tuple[str, ...]] = set()
    for line, row in enumerate(rows, start=2):
        wrong = _wrong(row)
        whose = (row["kind"], _plain(row["status"]), _plain(row["basis"]))
        if wrong is None and whose in seen:
            wrong = "there is a row for the same records above"
        if wrong is not None:
            raise ManifestError(f"Line {line} of {path.name} is no retention rule: {wrong}. Nothing was set.")
        seen.add(whose)
        rules.append(
            RetentionRule(
                RecordKind(row["kind"]), row["status"], row["basis"], row["keep_for"], row["counted_from"],
                AtEnd(row["at_end"]), row["apply_after"], row["source"], row["version"], ours=row["ours"] == "yes",
            )
        )  # fmt: skip
    if not any(rule.kind is RecordKind.AUDIT for rule in rules):
        raise ManifestError(f"{path.name} has no rule for audit entries: without one nothing at all could be done.")
    return tuple(rules)


def without(rules: Iterable[RetentionRule]) -> tuple[RecordKind, ...]:
    """Return the kinds of record that have no rule at all."""
    ruled = {rule.kind for rule in rules}
    return tuple(kind for kind in RecordKind if kind not in ruled)


def _wrong(row: dict[str, str]) -> str | None:
    """Return what is wrong with a row, in words that go on from a colon."""
    if row["kind"] not in set(RecordKind):
        return f"its kind is none of {', '.join(RecordKind)}"
    kind = RecordKind(row["kind"])
    keeps = row["at_end"] == AtEnd.KEEP
    statuses: Sequence[str] = STATUSES.get(kind, (row["status"],))
    checks = (
        (not row["status"] or not row["basis"], "status and basis are given, or * for all"),
        (row["status"] not in statuses, f"the statuses of a {kind} are {', '.join(statuses)}"),
        (row["at_end"] not in set(AtEnd), "at_end is delete, review or keep"),
        (kind in KEPT_FOR_GOOD and not keeps, f"a {kind} is only ever added, so at_end is keep"),
        (row["counted_from"] not in COUNTED_FROM[kind],
         f"the period of a {kind} is counted from {' or '.join(COUNTED_FROM[kind])}"),
        (not keeps and not _PERIOD.fullmatch(row["keep_for"]), "keep_for is a period like P6Y, P18M or P30D"),
        (kind in WITH_ANOTHER and not keeps and row["keep_for"] != "P0D",
         f"a {kind} goes with another record, so keep_for is P0D"),
        (bool(row["apply_after"]) and not _PERIOD.fullmatch(row["apply_after"]), "apply_after is a period, or empty"),
        (not row["source"] or not row["version"], "source and version are given"),
        (row["ours"] not in {"yes", "no"}, "ours is yes or no"),
    )  # fmt: skip
    return next((said for is_so, said in checks if is_so), None)


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()
