"""Writing a database file anew with what it holds, so that nothing deleted is left in its blocks."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import duckdb

from stillgraph.errors import CaseError
from stillgraph.store import files
from stillgraph.store.engine import ALIAS, Lent

BEING_WRITTEN = ".rewritten-"
"""What the name of a file begins with while it is being written anew."""
FRESH = "fresh"


def rewritten(path: Path, lent: Lent, key: bytes | None) -> bool:
    """Put a new file with the same contents in the place of a database file, wholly or not at all.

    Parameters
    ----------
    lent
        It has the file attached for reading: so it keeps writers off, and has no log to remove when it lets go.
    key
        What the file is encrypted with, and the new one is.

    Returns
    -------
    bool
        False, with nothing done, where a log of writes lies beside the file: it is to be taken in first.

    Raises
    ------
    CaseError
        It cannot be written; the old file stays.
    """
    for left in path.parent.glob(f"{BEING_WRITTEN}*"):
        left.unlink()
    if path.with_name(f"{path.name}.wal").exists():
        return False
    fresh = path.with_name(f"{BEING_WRITTEN}{path.name}")
    try:
        with closing(lent.connection()) as connection:
            lent.attach(fresh, writing=True, key=key, name=FRESH)
            connection.execute(f"COPY FROM DATABASE {ALIAS} TO {FRESH}")
            _check_alike(connection)
        lent.detach(FRESH)
        fresh.chmod(path.stat().st_mode & 0o777)
        files.sync(fresh)
        fresh.replace(path)
        files.sync(path.parent)
    except (duckdb.Error, OSError) as error:
        raise CaseError(
            "The case file could not be written anew; what was deleted is still in its blocks. Make room on the disk, "
            "and the next command that opens the case does it."
        ) from error
    finally:
        fresh.unlink(missing_ok=True)
    return True


def _check_alike(connection: duckdb.DuckDBPyConnection) -> None:
    """Check that both attached files have the same tables with as many rows each, views and sequences."""
    said = [_contents(connection, database) for database in (ALIAS, FRESH)]
    if said[0] != said[1]:
        raise CaseError("The case file could not be written anew as it is; nothing was put in its place. Try again.")


def _contents(connection: duckdb.DuckDBPyConnection, database: str) -> list[object]:
    def rows(sql: str) -> list[tuple[object, ...]]:
        return connection.execute(sql, [database]).fetchall()

    tables = rows(
        "SELECT schema_name, table_name, sql FROM duckdb_tables() WHERE database_name = ? ORDER BY ALL"
    )  # fmt: skip
    # Names are those of our own schema.
    counts = [
        connection.execute(f"SELECT count(*) FROM {database}.{schema}.{name}").fetchone()  # noqa: S608
        for schema, name, _ in tables
    ]
    return [
        tables,
        counts,
        rows("SELECT schema_name, view_name FROM duckdb_views() WHERE database_name = ? AND NOT internal ORDER BY ALL"),
        rows(
            "SELECT schema_name, sequence_name, last_value FROM duckdb_sequences() WHERE database_name = ? ORDER BY ALL"
        ),
    ]
