"""Statements that change one row of any table, made from the catalogue, so that no table can be forgotten."""

from __future__ import annotations

import re

_PLAIN = {
    "VARCHAR": "'x'", "BIGINT": "999999", "INTEGER": "9999", "DOUBLE": "0.5", "FLOAT": "0.5", "BOOLEAN": "true",
    "DATE": "DATE '2026-01-01'", "TIMESTAMP WITH TIME ZONE": "TIMESTAMPTZ '2026-01-01 00:00:00+00'",
}  # fmt: skip


def columns(session, table):
    """Return name and type of a table's columns."""
    return session.rows(
        "SELECT column_name, data_type FROM duckdb_columns() WHERE schema_name = 'held' AND table_name = ? "
        "ORDER BY column_index",
        [table],
    )


def keys_of(session, table):
    """Return the columns that a row's uniqueness rests on."""
    rows = session.rows(
        "SELECT constraint_column_names FROM duckdb_constraints() WHERE schema_name = 'held' AND table_name = ? "
        "AND constraint_type IN ('PRIMARY KEY', 'UNIQUE')",
        [table],
    )
    return {name for (names,) in rows for name in names}


def checks(session, table):
    """Return the texts of a table's checks."""
    rows = session.rows(
        "SELECT constraint_text FROM duckdb_constraints() WHERE schema_name = 'held' AND table_name = ? "
        "AND constraint_type = 'CHECK'",
        [table],
    )
    return [text for (text,) in rows]


def value(kind, column, texts):
    """Return some value of a type that the checks let in, as SQL writes it."""
    for text in texts:
        allowed = re.search(rf"\b{column}\b\W+IN\W+'([^']*)'", text)
        if allowed:
            return f"'{allowed[1]}'"
        between = re.search(rf"\b{column}\b\W+BETWEEN\W+(?:CAST\()?(-?[\d.]+)", text)
        if between:
            return between[1]
    sized = re.fullmatch(r"(\w+)\[(\d*)\]", kind)
    if sized:
        one = _PLAIN[sized[1]]
        return f"[{', '.join([one] * int(sized[2] or 1))}]::{kind}"
    return _PLAIN.get(kind, f"NULL::{kind}")


def made_up(session, table):
    """Return statements that each add a row of made-up values: what may be null is, or is not, one or the other way."""
    texts = checks(session, table)
    kinds = columns(session, table)
    filled = {name: value(kind, name, texts) for name, kind in kinds}
    free = [name for (name, _), (nullable,) in zip(kinds, _nullable(session, table), strict=True) if nullable]
    rows = [filled, filled | dict.fromkeys(free, "NULL")]
    for name in free:
        rows += [filled | {name: "NULL"}, filled | dict.fromkeys(free, "NULL") | {name: filled[name]}]
    return [f"INSERT INTO held.{table} ({', '.join(row)}) VALUES ({', '.join(row.values())})" for row in rows]


def _nullable(session, table):
    return session.rows(
        "SELECT is_nullable FROM duckdb_columns() WHERE schema_name = 'held' AND table_name = ? ORDER BY column_index",
        [table],
    )


def other(kind, column):
    """Return an expression that is another value than a column's."""
    if kind == "BOOLEAN":
        return f"NOT coalesce({column}, false)"
    if kind in {"BIGINT", "INTEGER", "DOUBLE", "FLOAT"}:
        # Far from what the next row of a row of numbers has.
        return f"coalesce({column}, 0) + 1000003"
    if kind == "VARCHAR":
        return f"coalesce({column}, '') || 'x'"
    if kind == "DATE":
        return f"coalesce({column}, DATE '2026-01-01') + 1"
    if kind.startswith("TIMESTAMP"):
        return f"coalesce({column}, TIMESTAMPTZ '2026-01-01 00:00:00+00') + INTERVAL 1 MICROSECOND"
    return None


def duplicate(session, table):
    """Return a statement that adds a row like the first one but for what must be its own."""
    unique, kinds = keys_of(session, table), dict(columns(session, table))
    changed = ", ".join(f"{other(kinds[name], name)} AS {name}" for name in sorted(unique) if other(kinds[name], name))
    what = f"* REPLACE ({changed})" if changed else "*"
    return f"INSERT INTO held.{table} SELECT {what} FROM held.{table} WHERE rowid = 0"


def cells(session, table):
    """Return statements that alter each column of the first row, but for those that a check keeps as they are."""
    bound = " ".join(checks(session, table))
    return [
        f"UPDATE held.{table} SET {name} = {other(kind, name)} WHERE rowid = 0"
        for name, kind in columns(session, table)
        if other(kind, name) and not re.search(rf"\b{name}\b", bound)
    ]
