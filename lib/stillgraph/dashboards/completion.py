"""Which names may come next in a query: views after FROM and JOIN, a view's columns behind its dot, else both."""

from __future__ import annotations

import re
from collections.abc import Mapping

Views = Mapping[str, tuple[str, ...]]

KEYWORDS = (
    "SELECT", "FROM", "JOIN", "LEFT JOIN", "USING", "ON", "WHERE", "GROUP BY", "HAVING", "QUALIFY", "ORDER BY", "LIMIT",
    "DISTINCT", "FILTER", "OVER", "PARTITION BY", "WITH", "AS", "AND", "OR", "NOT", "IN", "BETWEEN", "LIKE", "IS NULL",
    "CASE", "WHEN", "THEN", "ELSE", "END", "DESC", "count(*)", "sum(", "min(", "max(", "avg(", "median(", "date_trunc(",
)  # fmt: skip

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_DOTTED = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)\.([A-Za-z0-9_]*)\Z")
_AFTER_FROM = re.compile(r"\b(?:from|join)\s+[A-Za-z0-9_]*\Z", re.IGNORECASE)
_NAMED = re.compile(
    r"\b(?:from|join)\s+([A-Za-z_][A-Za-z0-9_]*)(?:\s+(?:as\s+)?([A-Za-z_][A-Za-z0-9_]*))?", re.IGNORECASE
)
_NO_ALIAS = frozenset({
    "on", "using", "where", "join", "left", "right", "full", "inner", "cross", "group", "order", "limit", "having",
    "qualify", "union", "as",
})  # fmt: skip


def complete(sql: str, cursor: int, views: Views) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Return the word before the cursor, and what it may become, each with its kind: view, column or keyword.

    Parameters
    ----------
    sql
        The whole query: what stands behind the cursor says of which views it is too.
    cursor
        Where the cursor is in it, in characters.
    views
        The documented views with their columns.
    """
    before = sql[:cursor]
    if before.count("'") % 2:
        return "", ()  # inside a text
    dotted = _DOTTED.search(before)
    if dotted is not None:
        view = _aliases(sql, views).get(dotted.group(1).casefold())
        return dotted.group(2), _begin(dotted.group(2), [(one, "column") for one in views.get(view or "", ())])
    found = _WORD.search(before)
    word = "" if found is None else found.group()
    if _AFTER_FROM.search(before):
        return word, _begin(word, [(view, "view") for view in views])
    here = list(dict.fromkeys(_aliases(sql, views).values()))
    columns = dict.fromkeys(column for view in here or views for column in views[view])
    offered = [(one, "column") for one in columns] + [(one, "view") for one in views]
    return word, _begin(word, offered + [(one, "keyword") for one in KEYWORDS]) if word else ()


def _aliases(sql: str, views: Views) -> dict[str, str]:
    """Return by which names the query calls which views."""
    found: dict[str, str] = {}
    for name, alias in _NAMED.findall(sql):
        view = name.casefold()
        if view in views:
            found[view] = view
            if alias and alias.casefold() not in _NO_ALIAS:
                found[alias.casefold()] = view
    return found


def _begin(word: str, offered: list[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Return what begins like the word, whatever its capitals, and is not all there already."""
    small = word.casefold()
    return tuple(dict.fromkeys(one for one in offered if one[0].casefold().startswith(small) and one[0] != word))
