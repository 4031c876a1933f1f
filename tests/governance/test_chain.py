"""The audit chain by itself: nothing can be altered, inserted, removed, moved or cut off unseen."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillgraph.errors import AuditBroken
from stillgraph.governance import chain
from stillgraph.governance.chain import Anchor
from stillgraph.records import AuditEntry

START = datetime(2026, 11, 1, 9, tzinfo=UTC)
SAID = tuple(f.name for f in fields(AuditEntry) if f.name != "keyed")
"""What an entry says; its digest keyed is for who has the key (:mod:`tests.governance.test_log`)."""


def make(count: int, reasons: list[str] | None = None) -> list[AuditEntry]:
    """Return a chain as casework writes it."""
    entries: list[AuditEntry] = []
    for n in range(1, count + 1):
        previous = entries[-1].digest if entries else chain.GENESIS
        reason = reasons[n - 1] if reasons else f"reason {n}"
        entries.append(
            chain.entry(
                sequence=n, previous=previous, recorded_at=START + timedelta(minutes=n), officer=f"pc{n % 3}",
                operation="OP-1", reason=reason, action="search", result="done", details={"probes": n},
            )
        )  # fmt: skip
    return entries


def anchored(entries: list[AuditEntry]) -> list[Anchor]:
    return [Anchor(e.sequence, e.digest) for e in entries]


def reforge(entries: list[AuditEntry]) -> list[AuditEntry]:
    """Give every entry its place, predecessor and digest anew, as somebody who knows how would."""
    forged: list[AuditEntry] = []
    for n, old in enumerate(entries, start=1):
        unsealed = replace(old, sequence=n, previous=forged[-1].digest if forged else chain.GENESIS)
        forged.append(replace(unsealed, digest=chain.digest(unsealed)))
    return forged


def altered(entry: AuditEntry, name: str) -> AuditEntry:
    value = getattr(entry, name)
    other = (
        value + timedelta(microseconds=1) if isinstance(value, datetime) else value + (1 if name == "sequence" else "x")
    )
    return replace(entry, **{name: other})


def test_an_untouched_chain_holds():
    entries = make(5)
    report = chain.verify(entries, anchored(entries))
    assert report == chain.ChainReport(True, 5, entries[-1].digest, 5, 0, None, None)


@given(st.lists(st.text(), min_size=1, max_size=4))
def test_whatever_an_officer_writes_the_chain_holds(reasons):
    entries = make(len(reasons), reasons)
    assert chain.verify(entries, anchored(entries)).holds


def test_the_digest_is_of_everything_an_entry_says():
    (entry,) = make(1)
    digests = {chain.digest(altered(entry, name)) for name in SAID if name != "digest"}
    assert len(digests) == len(SAID) - 1
    assert entry.digest not in digests


def test_the_digest_does_not_depend_on_the_time_zone_it_is_read_in():
    from zoneinfo import ZoneInfo

    (entry,) = make(1)
    assert (
        chain.digest(replace(entry, recorded_at=entry.recorded_at.astimezone(ZoneInfo("Asia/Tokyo")))) == entry.digest
    )


def test_words_cannot_move_from_one_field_to_the_next():
    (entry,) = make(1)
    moved = replace(entry, officer=entry.officer + entry.operation, operation="")
    assert chain.digest(moved) != entry.digest


@pytest.mark.parametrize("name", SAID)
@pytest.mark.parametrize("place", [0, 2, 4])
def test_altering_any_field_is_seen_at_its_entry(name, place):
    entries = make(5)
    entries[place] = altered(entries[place], name)
    report = chain.verify(entries, anchored(make(5)))
    assert not report.holds
    assert report.first_broken == place + 1


@pytest.mark.parametrize("name", SAID)
def test_an_altered_newest_entry_is_seen_before_it_is_anchored_too(name):
    entries = make(3)
    entries[2] = altered(entries[2], name)
    assert chain.verify(entries, anchored(make(3))[:2]).first_broken == 3


@pytest.mark.parametrize("place", range(5))
def test_removing_an_entry_is_seen(place):
    entries = make(5)
    anchors = anchored(entries)
    del entries[place]
    report = chain.verify(entries, anchors)
    assert report.first_broken == place + 1
    assert (
        "no longer there: the chain has been cut off" in report.problem
        or "missing or out of its place" in report.problem
    )


def test_inserting_a_copy_is_seen():
    entries = make(5)
    report = chain.verify([*entries[:2], entries[1], *entries[2:]], anchored(entries))
    assert (report.first_broken, report.problem) == (3, "entry 3 is missing or out of its place")


def test_inserting_with_renumbering_is_seen():
    entries = make(5)
    pushed = [replace(e, sequence=n) for n, e in enumerate([*entries[:2], entries[1], *entries[2:]], start=1)]
    assert chain.verify(pushed, anchored(entries)).first_broken == 3


def test_reordering_is_seen():
    entries = make(5)
    entries[1], entries[3] = replace(entries[3], sequence=2), replace(entries[1], sequence=4)
    report = chain.verify(entries, anchored(make(5)))
    assert (report.first_broken, report.problem) == (2, "entry 2 does not follow from the entry before it")


@pytest.mark.parametrize("left", [1, 4])
def test_cutting_off_the_end_is_seen(left):
    entries = make(5)
    report = chain.verify(entries[:left], anchored(entries))
    assert (report.holds, report.first_broken) == (False, left + 1)
    assert "cut off" in report.problem


def test_cutting_off_everything_is_seen_even_where_the_anchors_went_with_it():
    assert chain.verify([], anchored(make(2))).first_broken == 1
    report = chain.verify([], [])
    assert (report.holds, report.first_broken) == (False, 1)
    assert "every case begins with one" in report.problem


def test_rewriting_everything_with_new_digests_contradicts_the_anchors():
    entries = make(5)
    forged = reforge([replace(e, officer="pc0") if e.sequence == 2 else e for e in entries])
    assert chain.verify(forged, anchored(forged)).holds, "the forgery is whole in itself"
    report = chain.verify(forged, anchored(entries))
    assert (report.first_broken, report.problem) == (
        2,
        "entry 2 is not the one that was anchored: the chain has been rewritten",
    )


def test_one_anchor_of_a_copy_kept_elsewhere_suffices_against_rewriting():
    entries = make(5)
    forged = reforge([replace(e, reason="another") if e.sequence == 2 else e for e in entries])
    assert chain.verify(forged, [anchored(entries)[3]]).first_broken == 4


def test_a_chain_without_anchors_does_not_hold():
    report = chain.verify(make(3), [])
    assert (report.holds, report.first_broken, report.problem) == (False, 1, "there is no anchor to hold the chain to")


def test_entries_newer_than_the_newest_anchor_are_counted():
    entries = make(4)
    report = chain.verify(entries, anchored(entries)[:3])
    assert (report.holds, report.unanchored) == (True, 1)


def test_the_first_of_two_breaks_is_named():
    entries = make(6)
    entries[1] = altered(entries[1], "reason")
    assert chain.verify(entries[:4], anchored(make(6))).first_broken == 2


def tampered(clean, data):
    """Return a chain after one kind of tampering or another."""
    entries = list(clean)
    place = data.draw(st.integers(0, len(entries) - 1))
    match data.draw(st.sampled_from(["alter", "remove", "insert", "swap", "cut"])):
        case "alter":
            entries[place] = altered(entries[place], data.draw(st.sampled_from(SAID)))
        case "remove":
            del entries[place]
        case "insert":
            entries.insert(place, data.draw(st.sampled_from(clean)))
        case "swap":
            other = data.draw(st.integers(0, len(entries) - 1))
            entries[place], entries[other] = entries[other], entries[place]
        case "cut":
            del entries[place:]
    return entries


@given(st.data())
def test_no_tampering_goes_unseen(data):
    clean = make(data.draw(st.integers(2, 7)))
    entries = tampered(clean, data)
    if data.draw(st.booleans()):
        entries = [replace(e, sequence=n) for n, e in enumerate(entries, start=1)]
    if data.draw(st.booleans()):
        entries = reforge(entries)
    report = chain.verify(entries, anchored(clean))
    if report.holds:
        # The most a forger can do is add to the end, and that is counted.
        assert entries[: len(clean)] == clean
        assert report.unanchored == len(entries) - len(clean)
    else:
        pairs = zip(entries, clean, strict=False)
        same = next((n for n, (a, b) in enumerate(pairs) if a != b), min(len(entries), len(clean)))
        assert report.first_broken == same + 1, "the first entry that is not as it was is the one that is named"


# --- the file of anchors -------------------------------------------------------------------------------------------


def drop(path, entries):
    for e in entries:
        chain.drop_anchor(path, Anchor(e.sequence, e.digest), e.recorded_at)


def test_anchors_come_back_as_they_were_dropped(tmp_path):
    entries = make(3)
    path = tmp_path / "elsewhere" / chain.ANCHOR_FILE_NAME
    drop(path, entries)
    assert chain.read_anchors(path) == anchored(entries)
    assert [json.loads(line)["at"] for line in path.read_text().splitlines()] == [
        e.recorded_at.isoformat() for e in entries
    ]


def test_no_file_holds_no_anchor(tmp_path):
    assert chain.read_anchors(tmp_path / "none.jsonl") == []


@pytest.mark.parametrize("torn", [b'{"sequence": 3, "dig', b"\xc3" * 400, b'{"sequence": 3, "digest": "ab"'])
def test_a_last_line_torn_by_a_crash_is_passed_over_and_gone_with_the_next_anchor(tmp_path, torn):
    entries = make(4)
    path = tmp_path / chain.ANCHOR_FILE_NAME
    drop(path, entries[:2])
    with path.open("ab") as file:
        file.write(torn)
    assert chain.read_anchors(path) == anchored(entries[:2])
    drop(path, entries[2:])
    assert chain.read_anchors(path) == anchored(entries)


@pytest.mark.parametrize("line", ['{"sequence": 2, "dig', "{}", "2", "", '{"sequence": "two", "digest": "ab"}'])
@pytest.mark.parametrize("after", [0, 1])
def test_a_whole_line_that_cannot_be_read_breaks_the_chain(tmp_path, line, after):
    path = tmp_path / chain.ANCHOR_FILE_NAME
    drop(path, make(3))
    lines = path.read_text().splitlines()
    path.write_text("\n".join([lines[0], line, *lines[2:][:after]]) + "\n")
    with pytest.raises(AuditBroken, match=r"Line 2 of the anchor file audit.anchors.jsonl cannot be read; use a copy"):
        chain.read_anchors(path)


@pytest.mark.parametrize("part", ["officer", "operation", "reason", "action", "result"])
def test_what_is_no_text_is_not_sealed_as_if_it_were(part):
    said = {"officer": "pc1", "operation": "OP-1", "reason": "why", "action": "search", "result": "done", part: 12}
    with pytest.raises(TypeError, match="are text"):
        chain.entry(sequence=1, previous=chain.GENESIS, recorded_at=START, details={}, **said)
