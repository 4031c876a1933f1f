"""Small tables that come as CSV beside a case: truth, pairs, editions of harm and points. Bounded, or refused whole.

Manifests have a reader of their own (:mod:`stillgraph.intake.table`), which tells line by line what is wrong.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Collection
from pathlib import Path

from stillgraph.errors import ManifestError

MAX_BYTES = 64 * 2**20
MAX_ROWS = 2**20


def read_rows(path: Path) -> tuple[tuple[str, ...], list[tuple[int, dict[str, str]]]]:
    """Return the columns of a table in CSV, and its rows, each with the line it ends on.

    A field that a row lacks is empty text; fields beyond the header are left out.

    Raises
    ------
    ManifestError
        It cannot be read as a whole: no UTF-8, quotes that do not close, too large.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ManifestError(f"{path.name} cannot be read ({error.strerror}): check its permissions.") from error
    if len(data) > MAX_BYTES:
        raise ManifestError(f"{path.name} is over {MAX_BYTES // 2**20} MiB: split it.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ManifestError(
            f"{path.name} is not UTF-8 (byte {error.start + 1}): save it again as “CSV UTF-8”."
        ) from error
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[tuple[int, dict[str, str]]] = []
    try:
        columns = tuple(next(reader, ()))
        for record in reader:
            if len(rows) >= MAX_ROWS:
                raise ManifestError(f"{path.name} has over {MAX_ROWS:,} rows: split it.")
            if record:
                cells = [*record, *[""] * (len(columns) - len(record))]
                rows.append((reader.line_num, dict(zip(columns, cells, strict=False))))
    except csv.Error as error:
        raise ManifestError(
            f"{path.name} cannot be read as CSV at line {reader.line_num} ({error}): check the quotes there."
        ) from error
    return columns, rows


def lacking(columns: Collection[str], there: Collection[str]) -> list[str]:
    """Return the columns that are not there, in order."""
    return [column for column in columns if column not in there]


def inside(folder: Path, name: str) -> Path | None:
    """Return the file of that name within a folder, ``None`` where there is none or the name leads out of it."""
    try:
        path = (folder / name).resolve()
        return path if path.is_relative_to(folder.resolve()) and path.is_file() else None
    except (OSError, ValueError, RuntimeError):  # too long, with a NUL in it, links in a circle
        return None
