"""An open case file: SQL with values bound, transactions, and in mind which tables they wrote."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from stillgraph.store import bounding, engine

if TYPE_CHECKING:
    import pandas as pd

STRUCTURE = "(structure)"
"""What stands for the definitions of tables and views among the tables that were written."""
_WRITES = re.compile(
    r"\b(INSERT(?:\s+OR\s+\w+)?\s+INTO|UPDATE|DELETE\s+FROM|TRUNCATE(?:\s+TABLE)?|ALTER\s+TABLE|DROP\s+TABLE)"
    r'\s+(?:IF\s+EXISTS\s+)?held\."?(\w+)',
    re.IGNORECASE,
)
_CHANGES = re.compile(r"\bON\s+CONFLICT\b", re.IGNORECASE)
_DEFINES = re.compile(
    r"\b(?:CREATE|ALTER|DROP)\s+(?:OR\s+REPLACE\s+)?(?:TABLE|VIEW|SEQUENCE|SCHEMA|INDEX|MACRO)\b", re.IGNORECASE
)


class Session:
    """An open case file. Values are always bound, never pasted into SQL."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        found: str = "",
        afterwards: list[Callable[[], None]] | None = None,
        stack: ExitStack | None = None,
    ) -> None:
        self._connection = connection
        self._confined = False
        self.written: dict[str, bool] = {}
        """The tables of ``held`` that the open transaction wrote, and of each whether rows were only added."""
        self.found = found
        """The state of the case file when it was opened; empty where it was made now."""
        self.memory: dict[str, bytes] = {}
        """What needs to be asked for only once while the case file is open."""
        self.begun = False
        """Whether what comes first after opening has been done."""
        self.sealing = False
        """Whether the case is to be sealed once it is closed."""
        self._afterwards = afterwards if afterwards is not None else []
        self.opened_by = stack
        """What has the file open: closing it lets go of the file."""
        self.kept = False
        """Whether a server keeps it open for everybody."""
        self.users = 0
        """How many, one within the other, use it just now besides whoever opened it."""

    def when_closed(self, then: Callable[[], None], *, first: bool = False) -> None:
        """Have something done once the case file is closed, before another process may write it."""
        self._afterwards.insert(0 if first else len(self._afterwards), then)

    def resume(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Go on with another connection to the file, confined if the one before was."""
        confined, self._confined, self._connection = self._confined, False, connection
        if confined:
            self.confine()

    @property
    def confined(self) -> bool:
        """Whether :meth:`confine` was called."""
        return self._confined

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit what the block did, or nothing of it, whatever ends the block."""
        self._connection.execute("BEGIN TRANSACTION")
        self.written.clear()
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            # What was learned within may be undone: an upgrade gives a case its key.
            self.memory.clear()
            raise
        self._connection.execute("COMMIT")

    def execute(self, sql: str, parameters: Sequence[object] | Mapping[str, object] = ()) -> None:
        """Run one statement for its effect."""
        self._ran(sql, parameters)

    def _ran(self, sql: str, parameters: Sequence[object] | Mapping[str, object] = ()) -> duckdb.DuckDBPyConnection:
        """Run a statement, and keep in mind which tables it writes."""
        for how, table in _WRITES.findall(sql):
            adds = how.upper().split() == ["INSERT", "INTO"] and not _CHANGES.search(sql)
            self.written[table.lower()] = adds and self.written.get(table.lower(), True)
        if _DEFINES.search(sql):
            self.written[STRUCTURE] = False
        return self._connection.execute(sql, parameters)

    def rows(self, sql: str, parameters: Sequence[object] | Mapping[str, object] = ()) -> list[tuple[Any, ...]]:
        """Return all rows of one statement."""
        return self._ran(sql, parameters).fetchall()

    def one(self, sql: str, parameters: Sequence[object] | Mapping[str, object] = ()) -> tuple[Any, ...] | None:
        """Return the first row of one statement, or ``None``."""
        row: tuple[Any, ...] | None = self._ran(sql, parameters).fetchone()
        return row

    def frame(self, sql: str, parameters: Sequence[object] | Mapping[str, object] = ()) -> pd.DataFrame:
        """Return the rows of one statement as a DataFrame; times are UTC."""
        # By way of Arrow, since DuckDB's own conversion uses what pandas 3.1 deprecates.
        frame: pd.DataFrame = self.arrow(sql, parameters).to_pandas(date_as_object=False)
        return frame

    def arrow(self, sql: str, parameters: Sequence[object] | Mapping[str, object] = ()) -> Any:
        """Return the rows of one statement as an Arrow table."""
        return self._ran(sql, parameters).to_arrow_table()

    def batches(self, sql: str, rows: int) -> Iterator[Any]:
        """Yield the rows of one statement as Arrow batches of at most so many rows."""
        yield from self._connection.execute(sql).to_arrow_reader(rows)

    def append(self, table: str, records: Sequence[Any]) -> None:
        """Insert dataclasses or mappings into ``held.<table>``, columns by name, in one statement."""
        if not records:
            return
        import pyarrow as pa

        rows = [asdict(record) if is_dataclass(record) else dict(record) for record in records]  # type: ignore[arg-type]
        columns = list(rows[0])
        with self.incoming(pa.table({column: [row[column] for row in rows] for column in columns})):
            # Table and column names are those of our own schema and records, not of anybody's input.
            names = ", ".join(f'"{column}"' for column in columns)
            self._ran(f"INSERT INTO held.{table} ({names}) SELECT {names} FROM incoming")  # noqa: S608

    @contextmanager
    def incoming(self, table: Any) -> Iterator[None]:
        """Let SQL read an Arrow table as ``incoming`` meanwhile."""
        self._connection.register("incoming", table)
        try:
            yield
        finally:
            self._connection.unregister("incoming")

    def copy(self, path: Path, key: bytes, settings: Mapping[str, str]) -> None:
        """Copy the case file into a new one under a key, outside any transaction."""
        engine.copy(self._connection, path, key, settings)

    def confine(self) -> None:
        """Close this session to the file system, to other files and to further settings, for foreign SQL."""
        if not self._confined:
            self._connection.execute("SET enable_external_access = false")
            self._connection.execute("SET python_enable_replacements = false")
            self._connection.execute(f"SET memory_limit = '{bounding.DUCKDB_MEMORY}'")
            self._connection.execute("SET lock_configuration = true")
            self._confined = True

    def statements(self, sql: str) -> list[str]:
        """Return the kind of each statement in ``sql``, e.g. ``SELECT``."""
        return [statement.type.name for statement in self._connection.extract_statements(sql)]

    def relation(self, sql: str) -> duckdb.DuckDBPyRelation:
        """Bind one SELECT without running it; fetching its rows, in the shape the caller wants, does."""
        return self._connection.sql(sql)

    def interrupt(self) -> None:
        """Stop the statement that another thread runs in this session, as soon as DuckDB looks."""
        self._connection.interrupt()
