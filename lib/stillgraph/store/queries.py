"""Ad-hoc SQL over the documented views: one read-only SELECT, confined to this file."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import duckdb

from stillgraph.errors import QueryRefused
from stillgraph.store import bounding
from stillgraph.store.casefile import Session
from stillgraph.store.engine import ALIAS

if TYPE_CHECKING:
    import pyarrow as pa

ALLOWED_FUNCTIONS = frozenset({"unnest()", "range()", "generate_series()"})
SEQUENCE_FUNCTIONS = frozenset({"nextval", "currval"})
LONGEST_QUOTED = 500
"""Characters of a query that a message quotes."""
ROWS_AT_ONCE = 10_000
TOO_MUCH = (
    f"The query needs more than {bounding.MOST_MEMORY // 2**30} GiB of memory; narrow it, or ask for shorter texts and "
    "lists."
)


def views(session: Session) -> tuple[str, ...]:
    """Return the names of the documented views."""
    rows = session.rows(
        "SELECT view_name FROM duckdb_views() WHERE database_name = current_database() AND schema_name = 'main' "
        "AND NOT internal ORDER BY view_name"
    )
    return tuple(row[0] for row in rows)


def run(session: Session, sql: str, *, only: frozenset[str] | None = None) -> pa.Table:
    """Run one SELECT over the documented views, or ``only`` some of them, and return its rows as an Arrow table.

    Raises
    ------
    QueryRefused
        The text is not one SELECT, reads anything but the documented views, DuckDB rejects it, or it asks for more than
        a query may (:mod:`stillgraph.store.bounding`). The message never carries a row's content.
    """
    import pyarrow as pa

    # DuckDB loads it at the first conversion, and what it takes then is not the query's to count.
    import pyarrow.dataset

    with (
        bounding.within_time(session.interrupt, bounding.MOST_SECONDS) as out_of_time,
        bounding.within_memory(bounding.MOST_MEMORY),
    ):
        try:
            return _fetched(bound(session, sql, only=only))
        except (duckdb.OutOfMemoryException, MemoryError):
            raise QueryRefused(TOO_MUCH) from None
        except (duckdb.Error, OSError, pa.ArrowException) as error:
            # What a batch fails of comes as Arrow's error with DuckDB's text. That may quote a row, so it goes no
            # further, nor does its cause.
            if out_of_time.is_set():
                raise QueryRefused(
                    f"The query took longer than {bounding.MOST_SECONDS:.0f} seconds, while everybody else waits for "
                    "the case; narrow it."
                ) from None
            if "Out of Memory" in str(error) or "memory" in type(error).__name__.casefold():
                raise QueryRefused(TOO_MUCH) from None
            raise QueryRefused(
                "DuckDB stopped at a value that this SQL cannot convert or compute with; TRY_CAST or TRY(...) passes "
                "over such values."
            ) from None


def _fetched(relation: duckdb.DuckDBPyRelation) -> pa.Table:
    import pyarrow as pa

    reader = relation.to_arrow_reader(ROWS_AT_ONCE)
    heap, batches = bounding.Heap(), []
    for batch in reader:
        heap.add(batch)
        batches.append(batch)
    return pa.Table.from_batches(batches, reader.schema)


def bound(session: Session, sql: str, *, only: frozenset[str] | None = None) -> duckdb.DuckDBPyRelation:
    """Return one SELECT over the documented views, checked and not run.

    Raises
    ------
    QueryRefused
        As :func:`run`, for all that shows before a row is read.
    """
    try:
        check(session, sql, only=only)
        session.confine()
        return session.relation(sql)
    except duckdb.OutOfMemoryException:
        raise QueryRefused(TOO_MUCH) from None
    except duckdb.Error as error:
        # Up to here DuckDB has read the text and no row, so its message says nothing but what the text said.
        said = _short(str(error).splitlines()[0].rstrip("."))
        raise QueryRefused(f"DuckDB cannot run this SQL: {said}. See docs/views.md for the views.") from error


def columns(session: Session, *, only: frozenset[str] | None = None) -> dict[str, tuple[str, ...]]:
    """Return the documented views, or ``only`` some of them, with their columns, in order."""
    rows = session.rows(
        "SELECT c.table_name, list(c.column_name ORDER BY c.column_index) FROM duckdb_columns() AS c "
        "WHERE c.database_name = current_database() AND c.schema_name = 'main' AND NOT c.internal GROUP BY 1 ORDER BY 1"
    )
    known = _known(session, only)
    return {view: tuple(names) for view, names in rows if view in known}


def _known(session: Session, only: frozenset[str] | None) -> set[str]:
    known = set(views(session))
    return known if only is None else known & only


def reads_only(session: Session, sql: str, views: frozenset[str]) -> bool:
    """Return whether a query reads these views and nothing else, for all that shows in its text."""
    try:
        check(session, sql, only=views)
    except (QueryRefused, duckdb.Error):
        return False
    return True


def check(session: Session, sql: str, *, only: frozenset[str] | None = None) -> None:
    """Raise :class:`QueryRefused` unless ``sql`` is one SELECT over the documented views, or ``only`` some of them.

    The statement is judged by its parsed tree, before DuckDB binds it, so neither quoting nor a view's own definition
    hides what it reads.
    """
    if len(sql) > bounding.MOST_CHARACTERS:
        raise QueryRefused(f"A query has at most {bounding.MOST_CHARACTERS:,} characters; this text has {len(sql):,}.")
    kinds = session.statements(sql)
    if kinds != ["SELECT"]:
        raise QueryRefused(
            "A query is one SELECT statement; this text is " + (_short(" and ".join(kinds)) or "empty") + "."
        )
    known = _known(session, only)
    tree = _tree(session, sql)
    nodes = _nodes(tree)
    named = {key for node in nodes for key in _cte_names(node)}
    borrowed = sorted(named & _system_views(session))
    if borrowed:
        raise QueryRefused(
            f"A WITH clause names its parts freely, but not {_short(', '.join(borrowed))}; choose other names."
        )
    foreign = sorted({what for node in nodes if (what := _foreign(node, known, named)) is not None})
    if foreign:
        whose = "the documented views only (docs/views.md)" if only is None else "only the views that your role reads"
        raise QueryRefused(
            f"A query reads {whose}, not {_short(', '.join(foreign))}. There are: {', '.join(sorted(known))}."
        )
    parts: dict[str, list[str]] = {}
    for node in nodes:
        for name, part in _ctes(node):
            parts.setdefault(name, []).extend(_read_by(part))
    bounding.check_parts(parts, _read_by(tree))
    asked_of_rows = [node["function"] for node in nodes if node.get("type") == "TABLE_FUNCTION"]
    bounding.check_sizes([
        node for node in nodes if node.get("class") == "FUNCTION" and not any(node is one for one in asked_of_rows)
    ])  # fmt: skip


def without_values(sql: str) -> str:
    """Return ``sql`` with ``?`` for every constant and without comments: what may be recorded of a query."""
    text = sql.encode()
    tokens = duckdb.tokenize(sql)
    starts = [start for start, _ in tokens]
    kept = (
        _said(text[start:end].decode(), kind)
        for (start, kind), end in zip(tokens, [*starts[1:], len(text)], strict=False)
    )
    return " ".join("".join(kept).split())


def _short(text: str) -> str:
    """Return a text as a message can quote it."""
    return text if len(text) <= LONGEST_QUOTED else f"{text[:LONGEST_QUOTED]}..."


def _said(token: str, kind: object) -> str:
    if kind in {duckdb.token_type.string_const, duckdb.token_type.numeric_const}:
        return "? "
    # Comments, and what follows an apostrophe that nothing closes, are no tokens of their own.
    before, *after = re.split(r"(--|/\*|')", token, maxsplit=1)
    return before if not after else f"{before}? " if after[0] == "'" else f"{before} "


def _system_views(session: Session) -> set[str]:
    """Return the names that DuckDB resolves to its own catalogue where no CTE of that name is in scope."""
    rows = session.rows("SELECT view_name FROM duckdb_views() WHERE internal AND schema_name IN ('main', 'pg_catalog')")
    return {row[0].casefold() for row in rows}


def _tree(session: Session, sql: str) -> object:
    row = session.one("SELECT json_serialize_sql(?)", [sql])
    try:
        tree = json.loads(row[0]) if row is not None else {"error": True}
    except RecursionError:
        raise QueryRefused(bounding.TOO_DEEP) from None
    if tree["error"]:
        raise QueryRefused("A query is one SELECT statement; DuckDB takes this text for something else.")
    bounding.check_depth(tree)
    return tree


def _foreign(node: dict[str, Any], known: set[str], named: set[str]) -> str | None:
    """Return what a node of the parsed statement reads that is not ours to read, or ``None``."""
    kind = str(node.get("type"))
    if node.get("function_name") in SEQUENCE_FUNCTIONS:
        return f"{node['function_name']}()"
    if kind == "TABLE_FUNCTION":
        function = f"{node['function'].get('function_name', '')}()"
        return None if function in ALLOWED_FUNCTIONS else function
    if kind not in {"BASE_TABLE", "SHOW_REF"} or not node.get("table_name"):
        return None
    place = [str(node[key]) for key in ("catalog_name", "schema_name") if node.get(key)]
    table = str(node["table_name"])
    # A CTE has no schema: a dotted name is never one of them, however a CTE is called.
    readable = {(): known | named, ("main",): known, (ALIAS, "main"): known}.get(tuple(map(str.casefold, place)), set())
    return None if table.casefold() in readable else ".".join([*place, table])


def _cte_names(node: dict[str, Any]) -> list[str]:
    return [name for name, _ in _ctes(node)]


def _ctes(node: dict[str, Any]) -> list[tuple[str, object]]:
    """Return the WITH clauses that a node of the parsed statement begins with: name and content."""
    ctes = node.get("cte_map")
    return [(entry["key"].casefold(), entry["value"]) for entry in ctes["map"]] if isinstance(ctes, dict) else []


def _read_by(tree: object) -> list[str]:
    """Return the tables that a part of the parsed statement names, as often as it does, its WITH clauses left out."""
    nodes = _nodes(tree, without="cte_map")
    return [str(node["table_name"]).casefold() for node in nodes if node.get("type") == "BASE_TABLE"]


def _nodes(tree: object, *, without: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            found.append(node)
            waiting.extend(value for key, value in node.items() if key != without)
        elif isinstance(node, list):
            waiting.extend(node)
    return found
