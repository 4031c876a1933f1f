"""The heads of the chain in a second place, which those who use the case need not be able to change.

A line says an entry's number and digest, and when. It is keyed, so that nobody without the key adds one, and is
appended and brought to the disk. In the second place a line says too which directory it is of, and which line of that
directory came before it: one that is taken away leaves a gap. To a copy of a case that went its own way, the lines of
where it was copied from are another's.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from stillgraph.errors import AuditBroken
from stillgraph.governance import log
from stillgraph.governance.sealing import holds, keyed


@dataclass(frozen=True, slots=True)
class Noted:
    """A head in the second place: of which directory, and the number of the one noted before it, 0 for the first."""

    sequence: int
    digest: str
    at: str
    place: str
    before: int
    mac: str

    def holds(self, key: bytes) -> bool:
        """Return whether somebody who had the key wrote it."""
        return holds(key, self.mac, "second", self.sequence, self.digest, self.at, self.place, self.before)


def place_of(case_directory: Path) -> str:
    """Return what stands for a directory where its name is nobody's business."""
    return hashlib.sha256(str(case_directory.resolve()).encode()).hexdigest()[:16]


def note(path: Path, case_directory: Path, head: tuple[int, str], *, before: int, at: datetime, key: bytes) -> None:
    """Append a head to the second place and have it on disk before returning.

    Parameters
    ----------
    before : int
        The number of the entry whose head this directory noted last; 0 for none.

    Raises
    ------
    OSError
        It cannot be written there.
    """
    place, when, (sequence, digest) = place_of(case_directory), at.astimezone(UTC).isoformat(), head
    mac = keyed(key, "second", sequence, digest, when, place, before)
    line = {"sequence": sequence, "digest": digest, "at": when, "place": place, "before": before, "mac": mac}
    log.add_lines(path, [json.dumps(line).encode() + b"\n"])


def read(path: Path) -> list[Noted]:
    """Return the heads in the second place; a torn last line, as a crash leaves one, is passed over.

    Raises
    ------
    AuditBroken
        A whole line cannot be read: it has been altered.
    """
    if not path.is_file():
        return []
    *lines, _torn = path.read_bytes().split(b"\n")
    found = []
    for number, line in enumerate(lines, start=1):
        try:
            said = json.loads(line)
            found.append(
                Noted(
                    int(said["sequence"]),
                    str(said["digest"]),
                    str(said["at"]),
                    str(said["place"]),
                    int(said["before"]),
                    str(said["mac"]),
                )
            )
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise AuditBroken(f"Line {number} of the second place's {path.name} cannot be read.") from error
    return found
