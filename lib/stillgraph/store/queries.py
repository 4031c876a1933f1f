"""Ad-hoc SQL over the documented views: one read-only SELECT, confined to this file."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import duckdb

from stillgraph.errors import QueryRefused
from stillgraph.store.casefile import Session
from stillgraph.store.engine import ALIAS

if TYPE_CHECKING:
    import pyarrow as pa

ALLOWED_FUNCTIONS = frozenset({"unnest()", "range()", "generate_series()"})
SEQUENCE_FUNCTIONS = frozenset({"nextval", "currval"})


def views(session: Session) -> tuple[str, ...]:
    """Return the names of the documented views."""
    rows = session.rows(
        "SELECT view_name FROM duckdb_views() WHERE database_name = current_database() AND schema_name = 'main' "
        "AND NOT internal ORDER BY view_name"
    )
    return tuple(row[0] for row in rows)


def run(session: Session, sql: str) -> pa.Table:
    """Run one SELECT over the documented views and return its rows as an Arrow table.

    Raises
    ------
    QueryRefused
        The text is not one SELECT, reads anything but the documented views, or DuckDB rejects it. The message never
        carries a row's content.
    """
    relation = bound(session, sql)
    try:
        table: pa.Table = relation.to_arrow_table()
    except duckdb.Error:
        # From here its message may quote a row, so neither the message nor its cause goes on.
        raise QueryRefused(
            "DuckDB stopped at a value that this SQL cannot convert or compute with; TRY_CAST or TRY(...) passes over "
            "such values."
        ) from None
    return table


def bound(session: Session, sql: str) -> duckdb.DuckDBPyRelation:
    """Return one SELECT over the documented views, checked and not run.

    Raises
    ------
    QueryRefused
        As :func:`run`, for all that shows before a row is read.
    """
    try:
        check(session, sql)
        session.confine()
        return session.relation(sql)
    except duckdb.Error as error:
        # Up to here DuckDB has read the text and no row, so its message says nothing but what the text said.
        raise QueryRefused(
            f"DuckDB cannot run this SQL: {str(error).splitlines()[0].rstrip('.')}. See docs/views.md for the views."
        ) from error


def columns(session: Session) -> dict[str, tuple[str, ...]]:
    """Return the documented views with their columns, in order."""
    rows = session.rows(
        "SELECT c.table_name, list(c.column_name ORDER BY c.column_index) FROM duckdb_columns() AS c "
        "WHERE c.database_name = current_database() AND c.schema_name = 'main' AND NOT c.internal GROUP BY 1 ORDER BY 1"
    )
    known = set(views(session))
    return {view: tuple(names) for view, names in rows if view in known}


def check(session: Session, sql: str) -> None:
    """Raise :class:`QueryRefused` unless ``sql`` is one SELECT over the documented views.

    The statement is judged by its parsed tree, before DuckDB binds it, so neither quoting nor a view's own definition
    hides what it reads.
    """
    kinds = session.statements(sql)
    if kinds != ["SELECT"]:
        raise QueryRefused("A query is one SELECT statement; this text is " + (" and ".join(kinds) or "empty") + ".")
    known = set(views(session))
    nodes = _nodes(_tree(session, sql))
    named = {key for node in nodes for key in _cte_names(node)}
    borrowed = sorted(named & _system_views(session))
    if borrowed:
        raise QueryRefused(f"A WITH clause names its parts freely, but not {', '.join(borrowed)}; choose other names.")
    foreign = sorted({what for node in nodes if (what := _foreign(node, known, named)) is not None})
    if foreign:
        raise QueryRefused(
            f"A query reads the documented views only (docs/views.md), not {', '.join(foreign)}. "
            f"There are: {', '.join(sorted(known))}."
        )


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
    tree = json.loads(row[0]) if row is not None else {"error": True}
    if tree["error"]:
        raise QueryRefused("A query is one SELECT statement; DuckDB takes this text for something else.")
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
    ctes = node.get("cte_map")
    return [entry["key"].casefold() for entry in ctes["map"]] if isinstance(ctes, dict) else []


def _nodes(tree: object) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            found.append(node)
            waiting.extend(node.values())
        elif isinstance(node, list):
            waiting.extend(node)
    return found
