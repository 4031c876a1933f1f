"""Tables of one edition: rows of a CSV file whose figures all rest on one source and one version."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from stillgraph.decoding.rows import lacking, read_rows
from stillgraph.errors import ManifestError, NotFound


def read(path: Path, columns: Sequence[str], what: str) -> tuple[list[dict[str, str]], str, str]:
    """Read a table, ``source`` and ``version`` among its columns.

    Parameters
    ----------
    what
        What messages call it, e.g. ``harm table``.

    Returns
    -------
    tuple
        Its rows as text, its source and its version.

    Raises
    ------
    NotFound
        There is no such file.
    ManifestError
        It cannot be read as a whole, a column is missing, or the file mixes two sources or versions.
    """
    if not path.is_file():
        raise NotFound(f"The {what} {path.name} is not there. Give the path of a {what} in CSV.")
    there, told = read_rows(path)
    missing = lacking(columns, there)
    if missing:
        raise ManifestError(f"A {what} needs the columns {', '.join(columns)}; {path.name} lacks {missing[0]}.")
    rows = [row for _, row in told]
    found = sorted({((row["source"] or "").strip(), (row["version"] or "").strip()) for row in rows})
    if len(found) != 1 or not all(found[0]):
        raise ManifestError(
            f"A {what} has one source and one version, in every row; {path.name} has {len(found)} pairs. Keep each "
            "edition in a file of its own."
        )
    return rows, *found[0]
