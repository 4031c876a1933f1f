"""The audit log outside the case file: one line of JSON an entry, appended and brought to the disk before going on.

A line holds the entry as the case file holds it, whether it was carried over later and when, and a keyed digest of all
that. A crash can tear the last line only; what is torn is passed over, and goes when the next line is written. Lines
are appended by whoever holds the case's lock, one process at a time. The log is never thrown away, so it is not cut
into parts: to append costs the same however long it is.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from stillgraph.errors import AuditBroken
from stillgraph.governance.sealing import holds, keyed
from stillgraph.records import AuditEntry

FOLDER = "audit"
FILE = "log.jsonl"
AT_UPGRADE = "at upgrade"
"""The mark of what a case had before it had a log."""
AFTER_CRASH = "after a crash"
"""The mark of what a crash kept from the log when it was done."""
_BLOCK = 1 << 16


@dataclass(frozen=True, slots=True)
class Line:
    """One line: the entry, why it came here later than it was done (else empty) and when, and the keyed digest."""

    entry: AuditEntry
    carried: str
    carried_at: str
    mac: str

    def holds(self, key: bytes) -> bool:
        """Return whether somebody who had the key wrote this line."""
        return holds(key, self.mac, *_said(self.entry, self.carried, self.carried_at))


def place(case_directory: Path) -> Path:
    """Return where the log of a case lies, or would."""
    return case_directory / FOLDER / FILE


def append(
    case_directory: Path, entries: Iterable[AuditEntry], key: bytes, *, carried: str = "", at: datetime | None = None
) -> None:
    """Append entries and have them on disk before returning.

    Parameters
    ----------
    carried : str
        Why they come later than they were done: :data:`AT_UPGRADE` or :data:`AFTER_CRASH`.
    at : datetime, optional
        When they are carried over.

    Raises
    ------
    OSError
        They cannot be written; the next opening of the case carries over what is missing.
    """
    path = place(case_directory)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    when = "" if at is None else at.astimezone(UTC).isoformat()
    add_lines(path, (_written(entry, key, carried, when) for entry in entries))


def add_lines(path: Path, lines: Iterable[bytes]) -> None:
    """Append lines to a file of the record, behind its last whole one, and have them on disk before returning."""
    with path.open("a+b") as file:
        mend(file)
        file.writelines(lines)
        file.flush()
        os.fsync(file.fileno())


def head(case_directory: Path) -> tuple[int, str] | None:
    """Return sequence and digest of the newest entry in the log, or ``None``; it reads the end of the file only."""
    path = place(case_directory)
    if not path.is_file():
        return None
    with path.open("rb") as file:
        line = last_line(file)
    if line is None:
        return None
    try:
        said = json.loads(line)
        return int(said["sequence"]), str(said["digest"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def entries(case_directory: Path) -> Iterator[AuditEntry]:
    """Yield the entries of a case's log, oldest first.

    Raises
    ------
    AuditBroken
        A whole line cannot be read: the log has been altered.
    """
    for line in lines(case_directory):
        yield line.entry


def lines(case_directory: Path) -> Iterator[Line]:
    """Yield the lines of a case's log, oldest first; a torn last one is passed over.

    Raises
    ------
    AuditBroken
        A whole line cannot be read: the log has been altered.
    """
    yield from read(place(case_directory))


def read(path: Path) -> Iterator[Line]:
    """Yield the lines of a log wherever it lies, as :func:`lines` does; none where there is no such file."""
    if not path.is_file():
        return
    with path.open("rb") as file:
        for number, written in enumerate(file, start=1):
            if not written.endswith(b"\n"):
                return
            try:
                yield _read(json.loads(written))
            except (ValueError, KeyError, TypeError, RecursionError) as error:
                raise AuditBroken(f"Line {number} of the audit log cannot be read: it has been altered.") from error


def mend(file: BinaryIO) -> None:
    """Take away what a crash tore: all after the last whole line."""
    end = file.seek(0, os.SEEK_END)
    if end == 0:
        return
    file.seek(end - 1)
    if file.read(1) != b"\n":
        file.truncate(_after_last_newline(file, end))
        file.seek(0, os.SEEK_END)


def last_line(file: BinaryIO) -> bytes | None:
    """Return the last whole line of a file, or ``None``; what is read is in proportion to that line."""
    end = _after_last_newline(file, file.seek(0, os.SEEK_END))
    if end == 0:
        return None
    start = _after_last_newline(file, end - 1)
    file.seek(start)
    return file.read(end - start)


def _after_last_newline(file: BinaryIO, end: int) -> int:
    """Return the place after the last newline before ``end``; 0 where there is none."""
    while end > 0:
        start = max(0, end - _BLOCK)
        file.seek(start)
        found = file.read(end - start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0


def _said(entry: AuditEntry, carried: str, carried_at: str) -> tuple[str, ...]:
    # The digest stands for all that the entry says.
    return "line", entry.digest, entry.keyed, carried, carried_at


def _written(entry: AuditEntry, key: bytes, carried: str, carried_at: str) -> bytes:
    said = asdict(entry) | {"recorded_at": entry.recorded_at.astimezone(UTC).isoformat()}
    said |= {"carried": carried, "carried_at": carried_at}
    said["mac"] = keyed(key, *_said(entry, carried, carried_at))
    return json.dumps(said, ensure_ascii=False).encode() + b"\n"


def _read(said: Mapping[str, object]) -> Line:
    fields = {name: said[name] for name in AuditEntry.__slots__}
    fields["recorded_at"] = datetime.fromisoformat(str(said["recorded_at"]))
    words = [value for name, value in fields.items() if name not in {"sequence", "recorded_at"}]
    if type(fields["sequence"]) is not int or not all(isinstance(word, str) for word in words):
        raise TypeError("not an entry")
    return Line(
        AuditEntry(**fields),  # type: ignore[arg-type]
        str(said["carried"]), str(said["carried_at"]), str(said["mac"]),
    )  # fmt: skip
