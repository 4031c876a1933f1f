"""Ad-hoc SQL over the documented views: one read-only SELECT, confined to this file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import duckdb

from stillgraph.errors import QueryRefused
from stillgraph.store.casefile import ALIAS, Session

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
    try:
        check(session, sql)
        session.confine()
        table: pa.Table = session.relation(sql).to_arrow_table()
    except duckdb.Error as error:
        raise QueryRefused(
            f"DuckDB cannot run this SQL: {_first_line(error)} See docs/views.md for the views."
        ) from error
    return table


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
    foreign = sorted(
        {what for node in nodes if (what := _reads(node)) is not None and what not in known | named | ALLOWED_FUNCTIONS}
    )
    if foreign:
        raise QueryRefused(
            f"A query reads the documented views only (docs/views.md), not {', '.join(foreign)}. "
            f"There are: {', '.join(sorted(known))}."
        )


def _tree(session: Session, sql: str) -> object:
    row = session.one("SELECT json_serialize_sql(?)", [sql])
    tree = json.loads(row[0]) if row is not None else {"error": True}
    if tree["error"]:
        raise QueryRefused("A query is one SELECT statement; DuckDB takes this text for something else.")
    return tree


def _reads(node: dict[str, Any]) -> str | None:
    """Return what a node of the parsed statement reads: a relation, plain where it is ours to read, or a function."""
    kind = str(node.get("type"))
    if node.get("function_name") in SEQUENCE_FUNCTIONS:
        return f"{node['function_name']}()"
    if kind == "TABLE_FUNCTION":
        return f"{node['function'].get('function_name', '')}()"
    if kind not in {"BASE_TABLE", "SHOW_REF"} or not node.get("table_name"):
        return None
    place = [str(node[key]) for key in ("catalog_name", "schema_name") if node.get(key)]
    own = place in ([], ["main"], [ALIAS, "main"])
    return str(node["table_name"]) if own else ".".join([*place, str(node["table_name"])])


def _cte_names(node: dict[str, Any]) -> list[str]:
    ctes = node.get("cte_map")
    return [entry["key"] for entry in ctes["map"]] if isinstance(ctes, dict) else []


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


def _first_line(error: Exception) -> str:
    # DuckDB quotes the offending value of a failed cast in its message; a value may be personal data.
    line = str(error).splitlines()[0]
    return "a value cannot be converted as asked." if "Conversion Error" in line else line.rstrip(".") + "."
