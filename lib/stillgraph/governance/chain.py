"""The audit chain: each entry carries the digest of the one before, and the head is anchored outside the case file.

Altering an entry breaks its digest; inserting or removing one breaks the sequence or the link; rewriting everything
after a change, or cutting the end off, contradicts the anchors. The entry of a judgement carries that judgement's seal,
so a judgement altered, removed or slipped in shows too; so does a ruling between faces. What the chain cannot show is a
forger who rewrites the case file and every copy of the anchors: keep a copy where the case's users cannot write.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from stillgraph.errors import AuditBroken
from stillgraph.governance.log import add_lines, last_line
from stillgraph.governance.sealing import holds, keyed
from stillgraph.records import AuditEntry, FaceRuling, Judgement

GENESIS = "0" * 64
ANCHOR_FILE_NAME = "audit.anchors.jsonl"


@dataclass(frozen=True, slots=True)
class Anchor:
    """The head of the chain as noted outside the case file.

    ``at`` is when, ``late`` says that a crash kept it from being noted then, and ``mac`` is the keyed digest of all
    that; a line of before there was a key has none.
    """

    sequence: int
    digest: str
    at: str = field(default="", compare=False)
    late: bool = field(default=False, compare=False)
    mac: str = field(default="", compare=False)

    def holds(self, key: bytes) -> bool:
        """Return whether somebody who had the key noted it."""
        return holds(key, self.mac, "anchor", self.sequence, self.digest, self.at, int(self.late))


@dataclass(frozen=True, slots=True)
class ChainReport:
    """Whether the chain holds; if not, the first broken entry and why.

    ``unanchored`` counts entries newer than the newest anchor: a crash between an action's commit and its anchor
    leaves one at most for each crash, and the next action anchors it.
    """

    holds: bool
    entries: int
    head: str
    anchors: int
    unanchored: int
    first_broken: int | None
    problem: str | None


def entry(
    *,
    sequence: int,
    previous: str,
    recorded_at: datetime,
    officer: str,
    operation: str,
    reason: str,
    action: str,
    result: str,
    details: dict[str, object],
    tables: str = "",
    key: bytes | None = None,
) -> AuditEntry:
    """Return the next link of the chain, sealed by its digest and, where there is a key, by the digest keyed.

    Raises
    ------
    TypeError
        A part of it is no text: it would be read back as another value than it was sealed with.
    """
    if not all(isinstance(part, str) for part in (officer, operation, reason, action, result)):
        raise TypeError("Officer, operation, reason, action and result of an entry are text.")
    written = json.dumps(details, sort_keys=True, ensure_ascii=False, default=str)
    at = recorded_at.astimezone(UTC)
    unsealed = AuditEntry(
        sequence, at, officer, operation, reason, action, result, written, previous, "", tables
    )  # fmt: skip
    sealed = replace(unsealed, digest=digest(unsealed))
    return sealed if key is None else replace(sealed, keyed=keyed_digest(sealed, key))


def keyed_digest(of: AuditEntry, key: bytes) -> str:
    """Return an entry's digest under the case's key; it holds for everything before the entry too."""
    return keyed(key, "entry", of.digest)


def digest(of: AuditEntry) -> str:
    """Return the SHA-256, in hex, of everything an entry says, its place and predecessor included."""
    said = [of.sequence, of.recorded_at.astimezone(UTC).isoformat(), of.officer, of.operation, of.reason, of.action,
            of.result, of.details, of.previous]  # fmt: skip
    # Entries of before tables were said have the digests they always had.
    said += [of.tables] if of.tables else []
    return hashlib.sha256(json.dumps(said, ensure_ascii=False).encode()).hexdigest()


def seal(judgement: Judgement) -> str:
    """Return the SHA-256, in hex, of everything a judgement says, the comparison it rests on included.

    A judgement without a comparison was made before they were asked for, and its seal is as it was then.
    """
    said = {**asdict(judgement), "judged_at": judgement.judged_at.astimezone(UTC).isoformat()}
    if judgement.comparison is None:
        del said["comparison"]
    return hashlib.sha256(json.dumps(said, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def seal_of_ruling(ruling: FaceRuling) -> str:
    """Return the SHA-256, in hex, of everything a ruling between faces says."""
    said = {**asdict(ruling), "ruled_at": ruling.ruled_at.astimezone(UTC).isoformat()}
    return hashlib.sha256(json.dumps(said, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def verify(
    entries: Sequence[AuditEntry],
    anchors: Sequence[Anchor],
    judgements: Sequence[Judgement] = (),
    rulings: Sequence[FaceRuling] = (),
) -> ChainReport:
    """Check every entry, every link, every anchor, and every judgement and ruling against the entry that recorded it.

    Entries in the order of their sequence. A judgement or ruling that no entry recorded breaks the chain after its last
    entry.
    """
    first_broken, problem = _first_break(entries)
    by_sequence = {e.sequence: e.digest for e in entries}
    for anchor in sorted(anchors, key=lambda a: a.sequence):
        if first_broken is not None and first_broken <= anchor.sequence:
            break
        held = by_sequence.get(anchor.sequence)
        if held != anchor.digest:
            first_broken = anchor.sequence
            problem = (
                f"entry {anchor.sequence} was anchored but is no longer there: the chain has been cut off"
                if held is None
                else f"entry {anchor.sequence} is not the one that was anchored: the chain has been rewritten"
            )
            break
    if first_broken is None and not entries:
        first_broken, problem = 1, "there is no entry, though every case begins with one"
    if first_broken is None and not anchors:
        first_broken, problem = 1, "there is no anchor to hold the chain to"
    if first_broken is None:
        first_broken, problem = _first_unsealed(entries, judgements)
    if first_broken is None:
        first_broken, problem = _first_unsealed_ruling(entries, rulings)
    newest = max((a.sequence for a in anchors), default=0)
    return ChainReport(
        holds=first_broken is None,
        entries=len(entries),
        head=entries[-1].digest if entries else GENESIS,
        anchors=len(anchors),
        unanchored=sum(e.sequence > newest for e in entries),
        first_broken=first_broken,
        problem=problem,
    )


def _first_unsealed(entries: Sequence[AuditEntry], judgements: Sequence[Judgement]) -> tuple[int | None, str | None]:
    held = {judgement.sequence: seal(judgement) for judgement in judgements}
    for found in entries:
        recorded = json.loads(found.details)
        if "seal" not in recorded or found.result != "done":
            continue
        kept = held.pop(recorded["judgement"], None)
        if kept != recorded["seal"]:
            what = "is no longer there" if kept is None else "has been altered"
            return found.sequence, f"judgement {recorded['judgement']}, which entry {found.sequence} records, {what}"
    if held:
        return len(entries) + 1, f"no entry records judgement {min(held)}"
    return None, None


def _first_unsealed_ruling(
    entries: Sequence[AuditEntry], rulings: Sequence[FaceRuling]
) -> tuple[int | None, str | None]:
    held = {ruling.sequence: seal_of_ruling(ruling) for ruling in rulings}
    for found in entries:
        if found.result != "done":
            continue
        for sequence, recorded in json.loads(found.details).get("ruling_seals", {}).items():
            kept = held.pop(int(sequence), None)
            if kept != recorded:
                what = "is no longer there" if kept is None else "has been altered"
                return found.sequence, f"ruling {sequence}, which entry {found.sequence} records, {what}"
    if held:
        return len(entries) + 1, f"no entry records ruling {min(held)}"
    return None, None


def _first_break(entries: Sequence[AuditEntry]) -> tuple[int | None, str | None]:
    previous = GENESIS
    for expected, found in enumerate(entries, start=1):
        if found.sequence != expected:
            return expected, f"entry {expected} is missing or out of its place"
        if found.previous != previous:
            return expected, f"entry {expected} does not follow from the entry before it"
        if found.digest != digest(found):
            return expected, f"entry {expected} has been altered"
        previous = found.digest
    return None, None


def read_anchors(path: Path) -> list[Anchor]:
    """Read anchors; a torn last line, as a crash leaves one, is passed over.

    Raises
    ------
    AuditBroken
        A whole line cannot be read: the file itself has been altered.
    """
    if not path.is_file():
        return []
    *lines, _torn = path.read_bytes().split(b"\n")
    anchors = []
    for number, line in enumerate(lines, start=1):
        try:
            said = json.loads(line)
            anchors.append(
                Anchor(
                    int(said["sequence"]),
                    str(said["digest"]),
                    str(said.get("at", "")),
                    bool(said.get("late", False)),
                    str(said.get("mac", "")),
                )
            )
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise AuditBroken(
                f"Line {number} of the anchor file {path.name} cannot be read; use a copy of it with --anchor FILE."
            ) from error
    return anchors


def drop_anchor(path: Path, head: Anchor, at: datetime, key: bytes | None = None, *, late: bool = False) -> None:
    """Append the chain's head to the anchor file and have it on disk before returning."""
    said: dict[str, object] = {"sequence": head.sequence, "digest": head.digest, "at": at.astimezone(UTC).isoformat()}
    if late:
        said["late"] = True
    if key is not None:
        said["mac"] = keyed(key, "anchor", head.sequence, head.digest, str(said["at"]), int(late))
    path.parent.mkdir(parents=True, exist_ok=True)
    # A line that a crash tore holds no anchor; it goes before the next one is written.
    add_lines(path, [json.dumps(said).encode() + b"\n"])


def last_anchor(path: Path) -> int:
    """Return the number of the entry that the newest anchor is of, 0 where there is none that can be read."""
    if not path.is_file():
        return 0
    with path.open("rb") as file:
        line = last_line(file)
    try:
        return 0 if line is None else int(json.loads(line)["sequence"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return 0
