"""Whether a case's record holds: the chain, its log, the anchors, the second place, the seal, and what entries explain.

Each check says of which entry on the record does not hold, and why. All are made on what was read; nothing is read
here. Without the case's key what is keyed is not checked, and that is said.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest

from stillgraph.governance import chain, log
from stillgraph.governance.actions import CHANGE_FOUND, Action
from stillgraph.governance.anchors import Noted
from stillgraph.governance.chain import Anchor
from stillgraph.governance.log import Line
from stillgraph.governance.seals import Seal
from stillgraph.governance.writes import may_write
from stillgraph.records import AuditEntry

TableSaid = tuple[int, str]
"""How a table stands: its rows, and the digest of them."""
GONE: TableSaid = (-1, "0" * 32)
"""How a table that is not there stands."""


@dataclass(frozen=True, slots=True)
class Problem:
    """From which entry on the record does not hold, and why."""

    entry: int
    says: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that was read of a record.

    ``beside`` are the anchors beside the case file and ``beside_bytes`` the size of their file; ``noted`` what is in
    the second place, ``None`` where there is no such file; ``place`` stands for the case's directory; ``tables`` and
    ``marks`` are ``None`` where they could not be had, e.g. without the key; ``file`` is the state of the case file.
    """

    held: Sequence[AuditEntry]
    lines: Sequence[Line]
    beside: Sequence[Anchor]
    beside_bytes: int
    noted: Sequence[Noted] | None
    place: str
    seal: Seal | None
    key: bytes | None
    tables: Mapping[str, TableSaid] | None
    marks: Mapping[str, int] | None
    file: str

    @property
    def keyed(self) -> bool:
        """Whether the case has a record outside the case file: it was made or upgraded since there is one."""
        return bool(self.lines) or self.seal is not None or any(entry.keyed for entry in self.held)


def problems(of: Evidence) -> list[Problem]:
    """Return all that does not hold, the earliest entry first; what :mod:`.chain` checks is not among it."""
    found: list[Problem] = []
    if of.keyed:
        for check in (_log, _keyed, _carried, _beside, _second, _sealed, _tables, _found_changes):
            found += check(of)
    return sorted(found, key=lambda one: one.entry)


def not_carried(of: Evidence) -> int:
    """Return how many entries wait to be carried into the log."""
    return max(0, len(of.held) - len(of.lines)) if of.keyed else 0


def notes(of: Evidence) -> list[str]:
    """Return what is no break of the record, and yet to be said."""
    if not of.keyed:
        return ["The case has no log outside the case file yet: an upgrade begins it."]
    said = []
    if of.key is None:
        said.append("The case's key is not here: what is keyed, and the tables, were not checked.")
    others = _gone_its_own_way(of)
    if others:
        said.append(
            f"Another copy of this case went its own way: the second place holds {others} heads of it that are not of "
            "this record."
        )
    lost = sum(len(found) for found in _restored(of).values())
    if lost:
        said.append(f"The second place has heads of entries that were lost when the case was restored: {lost}.")
    if of.seal is not None and of.file and of.file != of.seal.file:
        said.append(
            "The case file is not as it was last closed: a crash, a copy, or somebody else's hand. Its content was "
            "compared with what the entries say."
        )
    return said


def _log(of: Evidence) -> Iterator[Problem]:
    """Check that the log and the case file say the same, but for what a crash kept from the log."""
    reached = max(
        0 if of.seal is None else of.seal.sequence, *(one.sequence for one in of.beside if one.mac), 0,
        *(one.sequence for one in of.noted or () if one.place == of.place),
    )  # fmt: skip
    for place, (line, entry) in enumerate(zip_longest(of.lines, of.held), start=1):
        if line is None:
            if place <= reached:
                yield Problem(place, f"entry {place} is no longer in the log outside the case file: it has been cut")
            return
        if entry is None:
            yield Problem(place, f"entry {place} is in the log, and no longer in the case file: it has been cut off")
            return
        if line.entry.sequence != place:
            yield Problem(place, f"entry {place} is missing in the log, or out of its place")
            return
        if line.entry != entry:
            yield Problem(place, f"entry {place} does not say the same in the log and in the case file")
            return


def _keyed(of: Evidence) -> Iterator[Problem]:
    """Check that whoever wrote the entries and the lines had the key, from the first that had one on."""
    begun = False
    for entry, line in zip_longest(of.held, of.lines[: len(of.held)]):
        begun = begun or bool(entry.keyed)
        if not entry.keyed and (begun or (line is not None and line.carried != log.AT_UPGRADE)):
            yield Problem(entry.sequence, f"entry {entry.sequence} is not keyed")
            return
        if of.key is None:
            continue
        if entry.keyed and chain.keyed_digest(entry, of.key) != entry.keyed:
            yield Problem(entry.sequence, f"entry {entry.sequence} was not written with the case's key")
            return
        if line is not None and not line.holds(of.key):
            yield Problem(entry.sequence, f"entry {entry.sequence} was not put in the log with the case's key")
            return


def _carried(of: Evidence) -> Iterator[Problem]:
    """Check that nothing was carried over that had been in the log before: what is anchored was in it."""
    anchored = {one.sequence for one in of.beside if one.mac and not one.late}
    for line in of.lines:
        if line.carried == log.AFTER_CRASH and line.entry.sequence in anchored:
            sequence = line.entry.sequence
            yield Problem(sequence, f"entry {sequence} was in the log when it was anchored, was cut, and put back")
            return


def _beside(of: Evidence) -> Iterator[Problem]:
    """Check the anchors beside the case file: one for each entry, in their order, and none taken away."""
    begun = next((entry.sequence for entry in of.held if entry.keyed), len(of.held) + 1)
    before = 0
    for one in of.beside:
        if one.sequence < begun and not one.mac:
            continue
        if not one.mac or (of.key is not None and not one.holds(of.key)):
            yield Problem(one.sequence, f"the anchor of entry {one.sequence} was not written with the case's key")
            return
        if one.sequence <= before:
            yield Problem(one.sequence, f"the anchor of entry {one.sequence} is out of its place")
            return
        before = one.sequence
    there = {one.sequence for one in of.beside}
    for line in of.lines:
        sequence = line.entry.sequence
        if not line.carried and sequence < before and sequence not in there:
            yield Problem(sequence, f"the anchor of entry {sequence} is gone from {chain.ANCHOR_FILE_NAME}")
            return
    if of.seal is not None and of.beside_bytes < of.seal.anchors:
        last = max(there, default=0)
        yield Problem(last + 1, f"{chain.ANCHOR_FILE_NAME} was cut: it is shorter than it was left")


def _second(of: Evidence) -> Iterator[Problem]:
    """Check that the chain still holds every head that this directory noted in the second place."""
    noted = of.noted or ()
    lost = _restored(of)
    digests = {entry.sequence: entry.digest for entry in of.held}
    own = [one for one in noted if one.place == of.place]
    for one in noted:
        if of.key is not None and not one.holds(of.key):
            yield Problem(one.sequence, f"the second place's head of entry {one.sequence} was not written with the key")
            return
    for one in own:
        held = digests.get(one.sequence)
        if held != one.digest and not any(one in found for found in lost.values()):
            how = "is no longer there: the record has been cut off" if held is None else "has been rewritten"
            yield Problem(one.sequence, f"entry {one.sequence}, whose head is in the second place, {how}")
            return
    # A copy of a case goes on from what was noted of where it was copied from.
    excused = [one for found in lost.values() for one in found]
    there = {one.sequence for one in noted if digests.get(one.sequence) == one.digest or one in excused}
    missing = {one.before for one in own} - there - {0}
    if of.seal is not None and of.seal.noted and of.seal.noted not in there:
        missing.add(of.seal.noted)
    if missing and of.key is not None:
        first = min(missing)
        yield Problem(first, f"the head of entry {first} was noted in the second place and is gone from there")


def _restored(of: Evidence) -> Mapping[int, list[Noted]]:
    """Return, for each entry that says the case was restored, the heads of what was lost with it."""
    found = {}
    for entry in of.held:
        if entry.action == Action.RESTORE and entry.result == "done":
            reached = int(json.loads(entry.details).get("entries", entry.sequence - 1))
            found[entry.sequence] = [
                one for one in of.noted or ()
                if one.sequence > reached and datetime.fromisoformat(one.at) < entry.recorded_at
            ]  # fmt: skip
    return found


def _gone_its_own_way(of: Evidence) -> int:
    digests = {entry.sequence: entry.digest for entry in of.held}
    lost = [one for found in _restored(of).values() for one in found]
    return sum(
        one.place != of.place and one not in lost and digests.get(one.sequence) != one.digest for one in of.noted or ()
    )


def _sealed(of: Evidence) -> Iterator[Problem]:
    after = len(of.held) + 1
    if of.seal is None:
        # An upgrade that was killed when it had just been committed has yet to begin the log, and seals before that.
        if of.lines or any(one.mac for one in of.beside):
            yield Problem(after, "the seal that the last opening of the case left is gone, or cannot be read")
    elif of.key is not None and not of.seal.holds(of.key):
        yield Problem(after, "the seal of the case was not made with its key")
    elif of.seal.sequence > len(of.held):
        yield Problem(after, f"entry {after} was there when the case was sealed: the record has been cut off")


def _tables(of: Evidence) -> Iterator[Problem]:
    """Check that every table is as the newest entry that says of it left it, and that none wrote what it may not."""
    said: dict[str, tuple[int, TableSaid]] = {}
    for entry in of.held:
        if entry.tables:
            yield from _one_left(entry, said)
    marks = {name: sequence for name, (sequence, _) in said.items()}
    if of.marks is not None and marks != of.marks:
        wrong = min(name for name in {*marks, *of.marks} if marks.get(name) != of.marks.get(name))
        yield Problem(len(of.held) + 1, f"the case file does not say which entry wrote {wrong} last")
    after = len(of.held) + 1
    if of.tables is not None:
        # Whatever changed them did so after all that is on record: no entry explains it.
        for name in sorted({*said, *of.tables}):
            by, then = said.get(name, (0, GONE))
            now = of.tables.get(name, GONE)
            if not by:
                yield Problem(after, f"no entry says of the table {name}")
            elif now != then:
                how = _how(then, now)
                yield Problem(after, f"the table {name} is not as entry {by}, the last to write it, left it: {how}")


def _one_left(entry: AuditEntry, said: dict[str, tuple[int, TableSaid]]) -> Iterator[Problem]:
    may = may_write(entry.action)
    for name, (rows, digest, since) in json.loads(entry.tables).items():
        before = said[name][0] if name in said else 0
        if before != since:
            yield Problem(entry.sequence, f"entry {entry.sequence} passes over what entry {before} left in {name}")
        if since and may is not None and name not in may:
            yield Problem(entry.sequence, f"entry {entry.sequence} wrote {name}, which its action does not")
        said[name] = entry.sequence, (int(rows), str(digest))


def _how(then: TableSaid, now: TableSaid) -> str:
    if now[0] < 0:
        return "it is gone"
    return f"{then[0]} rows then, {now[0]} now" if then[0] != now[0] else f"as many rows, {now[0]}, but not the same"


def _found_changes(of: Evidence) -> Iterator[Problem]:
    """Say what openings found changed: somebody wrote the case file between two entries."""
    for entry in of.held:
        if entry.action == CHANGE_FOUND:
            names = ", ".join(json.loads(entry.details).get("tables", {}))
            yield Problem(
                entry.sequence,
                f"between entries {entry.sequence - 1} and {entry.sequence} somebody wrote the case file without "
                f"Stillgraph: {names}",
            )
