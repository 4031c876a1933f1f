"""The table of retention rules: which row counts, when a period is over, and what is no rule."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillgraph.errors import ManifestError, NoRule, NotFound
from stillgraph.governance import retention as rules
from stillgraph.records import AtEnd, RecordKind, RetentionRule

DAYS = st.dates(date(1990, 1, 1), date(2100, 12, 31))
WORDS = st.sampled_from(["*", "convicted", "not convicted", "Convicted ", "MoPI group 2"])


def rule(status="*", basis="*", kind=RecordKind.CUSTODY_IMAGE, keep_for="P6Y"):
    return RetentionRule(kind, status, basis, keep_for, "review date", AtEnd.DELETE, "", "test", "1", ours=True)


@given(DAYS, st.integers(0, 60))
def test_years_are_twelve_months_each_and_end_on_the_last_day_of_a_shorter_month(day, years):
    later = rules.after(day, f"P{years}Y")
    assert later == rules.after(day, f"P{12 * years}M")
    assert later.year == day.year + years
    assert later == (day.replace(year=day.year + years) if (day.month, day.day) != (2, 29) or later.day == 29
                     else date(day.year + years, 2, 28))  # fmt: skip


@given(DAYS, st.integers(0, 4000))
def test_days_and_weeks_are_counted(day, count):
    assert rules.after(day, f"P{count}D") == day + timedelta(count)
    assert rules.after(day, f"P{count}W") == day + timedelta(7 * count)


def test_no_period_ends_after_the_last_day_there_is():
    assert rules.after(date(2026, 1, 1), "P9999Y") == date.max
    assert rules.after(date(9999, 12, 30), "P9999D") == date.max


@pytest.mark.parametrize("period", ["", "6Y", "P6", "P-1Y", "P1Y2M", "p6y", "P６Y"])
def test_what_is_no_period_is_not_read_as_one(period):
    with pytest.raises(ValueError, match=r".*"):
        rules.after(date(2026, 1, 1), period)


@given(st.lists(st.tuples(WORDS, WORDS), unique=True, max_size=8), WORDS, WORDS)
def test_the_narrowest_rule_counts(rows, status, basis):
    def says(said, asked):
        return said == "*" or said.strip().lower() == asked.strip().lower()

    there = [rule(*row) for row in rows]
    found = rules.rule_for(there, RecordKind.CUSTODY_IMAGE, status, basis)
    fitting = [row for row in rows if says(row[0], status) and says(row[1], basis)]
    narrow = max(((a != "*", b != "*") for a, b in fitting), default=None)
    assert (found is None) == (not fitting)
    if found is not None:
        assert (found.status, found.basis) in fitting
        assert (found.status != "*", found.basis != "*") == narrow


def test_a_kind_without_a_rule_is_named_with_the_way_out():
    with pytest.raises(NoRule, match=r"'still'.*`stillgraph retention rules CASE --set FILE`"):
        rules.required([rule()], RecordKind.STILL)


@pytest.fixture
def root():
    return Path(__file__).resolve().parents[2]


def shipped(root):
    return root / "data" / "reference" / "retention.csv"


def test_the_shipped_table_has_a_rule_for_every_kind_and_a_source_for_every_rule(root):
    found = rules.read_rules(shipped(root))
    assert rules.without(found) == ()
    assert all(one.source and one.version for one in found)
    assert {one.kind for one in found if one.at_end is AtEnd.KEEP} == rules.KEPT_FOR_GOOD
    for status in rules.STATUSES[RecordKind.STILL][:-1]:
        assert rules.rule_for(found, RecordKind.STILL, status) is not None
    assert all("our default" in one.source for one in found if one.ours and one.kind is RecordKind.STILL and one.at_end
               is AtEnd.DELETE)  # fmt: skip


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"kind": "photo"}, "its kind is none of"),
        ({"status": ""}, "status and basis are given"),
        ({"kind": "still", "counted_from": "capture", "status": "blurred"}, "the statuses of a still are"),
        ({"kind": "audit entry", "counted_from": "recording"}, "at_end is keep"),
        ({"counted_from": "making"}, "is counted from review date or capture"),
        ({"keep_for": "six years"}, "keep_for is a period"),
        ({"kind": "enhancement", "counted_from": "its still"}, "keep_for is P0D"),
        ({"at_end": "burn"}, "at_end is"),
        ({"apply_after": "soon"}, "apply_after is a period"),
        ({"source": ""}, "source and version"),
        ({"ours": "maybe"}, "ours is yes or no"),
    ],
)  # fmt: skip
def test_what_is_no_rule_is_refused_with_its_line(tmp_path, change, match):
    row = {"kind": "custody image", "status": "*", "basis": "*", "keep_for": "P6Y", "counted_from": "review date",
           "at_end": "delete", "apply_after": "", "source": "test", "version": "1", "ours": "yes"}  # fmt: skip
    path = write(tmp_path, [row | change])
    with pytest.raises(ManifestError, match=rf"Line 2 of rules.csv is no retention rule: .*{match}"):
        rules.read_rules(path)


def test_a_table_that_would_stop_everything_is_refused(root, tmp_path):
    with shipped(root).open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    without = write(tmp_path, [row for row in rows if row["kind"] != "audit entry"])
    with pytest.raises(ManifestError, match="no rule for audit entries"):
        rules.read_rules(without)
    with pytest.raises(ManifestError, match="there is a row for the same records above"):
        rules.read_rules(write(tmp_path, [*rows, rows[0]]))
    with pytest.raises(NotFound, match="is not there"):
        rules.read_rules(tmp_path / "none.csv")
    (tmp_path / "short.csv").write_text("kind,status\n", encoding="utf-8")
    with pytest.raises(ManifestError, match="lacks basis"):
        rules.read_rules(tmp_path / "short.csv")
    (tmp_path / "bytes.csv").write_bytes(b"\xff\xfe\x00kind")
    with pytest.raises(ManifestError, match="cannot be read as CSV"):
        rules.read_rules(tmp_path / "bytes.csv")


def write(folder, rows):
    path = folder / "rules.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path
