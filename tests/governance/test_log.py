"""The audit log outside the case file: what is appended is there, whatever a crash tears."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillgraph.errors import AuditBroken
from stillgraph.governance import chain, log
from stillgraph.governance.sealing import holds, keyed

KEY = bytes(range(32))
AT = datetime(2026, 11, 1, 9, tzinfo=UTC)


def make(count, details=None):
    entries = []
    for n in range(1, count + 1):
        entries.append(chain.entry(
            sequence=n, previous=entries[-1].digest if entries else chain.GENESIS, recorded_at=AT, officer="pc1",
            operation="OP-1", reason="é\u2028 \n", action="view", result="done", details=details or {"n": n}, key=KEY,
        ))  # fmt: skip
    return entries


def test_entries_come_back_as_they_were_put(tmp_path):
    entries = make(3)
    log.append(tmp_path, entries[:2], KEY, carried=log.AT_UPGRADE, at=AT)
    log.append(tmp_path, entries[2:], KEY)
    assert list(log.entries(tmp_path)) == entries
    assert [line.carried for line in log.lines(tmp_path)] == [log.AT_UPGRADE, log.AT_UPGRADE, ""]
    assert all(line.holds(KEY) for line in log.lines(tmp_path))
    assert log.head(tmp_path) == (3, entries[2].digest)


def test_no_log_holds_nothing(tmp_path):
    assert list(log.entries(tmp_path)) == []
    assert log.head(tmp_path) is None


def test_the_log_is_its_owners(tmp_path):
    log.append(tmp_path, make(1), KEY)
    assert (tmp_path / "audit").stat().st_mode & 0o077 == 0


@given(st.data())
def test_a_log_torn_anywhere_keeps_what_was_whole_and_goes_on(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("torn")
    entries = make(4, {"long": "x" * data.draw(st.sampled_from([1, 70_000]))})
    log.append(folder, entries[:3], KEY)
    whole = log.place(folder).read_bytes()
    ends = [n + 1 for n, byte in enumerate(whole) if byte == 10]
    left = data.draw(st.integers(ends[1], len(whole) - 1))
    log.place(folder).write_bytes(whole[:left])
    assert list(log.entries(folder)) == entries[:2]
    assert log.head(folder) == (2, entries[1].digest)
    log.append(folder, entries[2:], KEY)
    assert list(log.entries(folder)) == entries


@pytest.mark.parametrize("change", [
    {"carried": "x"}, {"carried_at": "x"}, {"mac": "0" * 64}, {"digest": "0" * 64}, {"keyed": "0" * 64},
])  # fmt: skip
def test_a_line_altered_without_the_key_does_not_hold(tmp_path, change):
    log.append(tmp_path, make(1), KEY)
    path = log.place(tmp_path)
    path.write_text(json.dumps(json.loads(path.read_text()) | change) + "\n")
    assert not next(log.lines(tmp_path)).holds(KEY)


@pytest.mark.parametrize("written", ["{}", "2", "", '{"sequence": "two"}', "[1]"])
def test_a_whole_line_that_cannot_be_read_breaks_the_log(tmp_path, written):
    log.append(tmp_path, make(1), KEY)
    with log.place(tmp_path).open("a") as file:
        file.write(written + "\n")
    with pytest.raises(AuditBroken, match="Line 2 of the audit log"):
        list(log.entries(tmp_path))


def test_what_is_keyed_needs_the_key_the_purpose_and_each_part_in_its_place():
    mac = keyed(KEY, "entry", "ab", "c")
    assert holds(KEY, mac, "entry", "ab", "c")
    assert not holds(bytes(32), mac, "entry", "ab", "c")
    assert not holds(KEY, mac, "line", "ab", "c")
    assert not holds(KEY, mac, "entry", "a", "bc")
    assert not holds(KEY, None, "entry", "ab", "c")


def test_an_entry_with_tables_says_something_else_than_one_without():
    (entry,) = make(1)
    assert chain.digest(replace(entry, tables="{}")) != entry.digest
