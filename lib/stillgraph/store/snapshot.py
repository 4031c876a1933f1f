"""What of a case goes into a backup, and how its bytes are read while the case is in use."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from stillgraph.errors import CaseError
from stillgraph.store.casefile import CASE_FILE_NAME, CaseFile, Session
from stillgraph.store.engine import ALIAS

WAL = f"{CASE_FILE_NAME}.wal"
WITH_IT = ("audit.anchors.jsonl", "keys.json", "audit")
"""Files, and folders of files, copied while the case file is held, since they go with the state it has then."""
LOCKS = ("lock",)
"""Files in those folders that hold nothing."""
MADE_ANEW = ("gallery", "gallery-stills")
"""Indexes: made again from the case file."""
OF_NO_BACKUP = ("incoming", "uploads", "workbench.log", "images.lock", "erasing.lock", "erasing.json")
"""What is on its way in, of nobody's case yet, or says nothing of it."""
NOTEBOOKS = "notebooks"
IMAGES = "images"

_READ = """
import shutil, signal, sys
signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # whose reader was killed ends without a word
shutil.copyfileobj(open(sys.argv[1], "rb"), sys.stdout.buffer, 1 << 20)
"""


def settle(session: Session) -> None:
    """Bring all that is committed into the case file itself, outside any transaction."""
    session.execute(f"CHECKPOINT {ALIAS}")


@contextmanager
def held_file(path: Path) -> Iterator[tuple[IO[bytes], int]]:
    """Give the bytes of a database file that this process holds open, and how many there are.

    Another process reads them: a process that closes any handle on a file gives up all its locks on it, the database's
    too, and the next one would open a case file that is in use.
    """
    size = path.stat().st_size
    with subprocess.Popen(  # noqa: S603  (our own code, and a path)
        [sys.executable, "-I", "-S", "-c", _READ, str(path)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
    ) as reading:
        assert reading.stdout is not None  # noqa: S101  (asked for)
        try:
            yield reading.stdout, size
            if reading.stdout.read(1) or reading.wait() != 0:
                raise CaseError("The case file changed while it was copied, or could not be read; begin again.")
        finally:
            reading.kill()


def held_files(case: CaseFile) -> list[str]:
    """Return the names of the database files to be read by :func:`held_file`."""
    wal = case.directory / WAL
    return [CASE_FILE_NAME, *([WAL] if wal.is_file() and wal.stat().st_size else [])]


def files_with_it(case: CaseFile) -> list[tuple[str, Path]]:
    """Return name and place of what is copied while the case file is held."""
    places = [case.directory / name for name in WITH_IT]
    found = [path for place in places for path in ([place] if place.is_file() else sorted(place.glob("*")))]
    return [
        (str(path.relative_to(case.directory)), path)
        for path in found
        if path.is_file() and not path.is_symlink() and path.name not in LOCKS and not path.name.startswith(".")
    ]


def notebooks(case: CaseFile) -> list[tuple[str, Path]]:
    """Return name and place of analysts' notebooks and what lies with them; hidden files are not among them."""
    folder = case.directory / NOTEBOOKS
    found = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    named = [(path.relative_to(case.directory), path) for path in sorted(found)]
    return [(str(name), path) for name, path in named if not any(part.startswith(".") for part in name.parts)]


def image_name(path: Path) -> str:
    """Return the name in a backup of the file of an image, which is that in the case."""
    return f"{IMAGES}/{path.parent.name}/{path.name}"


def rows(session: Session) -> dict[str, int]:
    """Return how many rows each table of the case holds."""
    tables = session.rows(
        "SELECT table_name FROM duckdb_tables() WHERE database_name = ? AND schema_name = 'held' ORDER BY table_name",
        [ALIAS],
    )
    told = {}
    for (table,) in tables:
        count = session.one(f'SELECT count(*) FROM held."{table}"')  # noqa: S608  (a table of our own schema)
        told[table] = 0 if count is None else int(count[0])
    return told
