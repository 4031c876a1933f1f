"""Who holds a case file that cannot be opened now: a server, which says where it is, or another process."""

from __future__ import annotations

import json
import os
import re
from dataclasses import asdict, dataclass
from pathlib import Path

from stillgraph.errors import CaseInUse

SERVED_FILE = "served.json"
"""In the directory of a case that a server keeps: where it is."""
_HOLDER = re.compile(r"\(PID (\d+)\)")
_COMMAND = re.compile(r"[a-z][a-z-]{0,30}")


@dataclass(frozen=True, slots=True)
class Note:
    """What a running server leaves in the case directory; ``instance`` is new at each start."""

    url: str
    pid: int
    instance: str


def noted(directory: Path) -> Note | None:
    """Return what a server left in a case directory, whether it still runs or not."""
    try:
        told = json.loads((directory / SERVED_FILE).read_text(encoding="utf-8"))
        return Note(str(told["url"]), int(told["pid"]), str(told["instance"]))
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def leave_note(directory: Path, note: Note) -> None:
    """Say in a case directory where its server is."""
    path = directory / SERVED_FILE
    beside = path.with_suffix(f".{note.pid}")
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as stream:
        json.dump(asdict(note), stream)
    beside.replace(path)


def take_note_back(directory: Path, note: Note) -> None:
    """Remove what a server left, unless another has begun since."""
    if noted(directory) == note:
        (directory / SERVED_FILE).unlink(missing_ok=True)


def is_running(pid: int) -> bool:
    """Return whether there is such a process."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


def check_no_server(directory: Path) -> None:
    """Return if no server of this machine keeps the case: whoever else holds it will be done with it soon.

    Raises
    ------
    CaseInUse
        One does.
    """
    note = noted(directory)
    if note is not None and note.pid != os.getpid() and is_running(note.pid):
        raise CaseInUse(
            f"The case in {directory} is in use by the Stillgraph server at {note.url}; give that address as CASE."
        )


def in_use(directory: Path, patience_s: float, message: str) -> CaseInUse:
    """Return what is said where a process holds a case for longer than others wait."""
    return CaseInUse(
        f"The case in {directory} has been in use by {holder(message)} for {patience_s:.0f} seconds; try again when "
        "that is done."
    )


def holder(message: str) -> str:
    """Return who holds a file, by what DuckDB says of it and what the machine tells of that process."""
    found = _HOLDER.search(message)
    if found is None:
        return "another process"
    pid = int(found[1])
    command = _command(pid)
    return f"another process ({f'{command}, ' if command else ''}number {pid})"


def _command(pid: int) -> str:
    """Return the name of a process's Stillgraph command, and none of what was given to it."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode("utf-8", "replace").split("\0")
    except OSError:
        return ""
    at = next((at for at, word in enumerate(words) if Path(word).name == "stillgraph" or word.endswith("main()")), None)
    if at is None:
        return ""
    named = words[at + 1 : at + 2]
    return f"`stillgraph {named[0]}`" if named and _COMMAND.fullmatch(named[0]) else ""
