"""The graph as CSV: one row a link for i2 Analyst's Notebook, or a table of nodes and one of edges for Gephi."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import networkx as nx

from stillgraph.records import NodeKind

LINK_COLUMNS = (
    "person_id", "nominal_id", "offence_id", "status", "faces", "review", "occurred_at", "offence_code", "offence",
    "value_pence", "how_detected", "retailer_id", "retailer", "store_id", "store", "borough",
    "from_type", "from_id", "from_label", "to_type", "to_id", "to_label", "link_type", "date", "time",
    "basis", "officers", "strength", "likelihood_ratio", "score",
)  # fmt: skip
"""Columns of the table of links. From ``from_type`` to ``time`` they are what i2's import asks for: both ends with
type, identity and label, the link's type, and date and time (UTC) apart."""

_ORDER = tuple(NodeKind)
_ESCAPED = re.compile("'*[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
"""What a spreadsheet runs, or what stands here for such a text, told apart from it by one more apostrophe."""


def cell(value: object) -> str:
    """Return a value as a CSV cell; a text that a spreadsheet would run gets an apostrophe before it.

    A text that begins with apostrophes and then so gets one more, hence one apostrophe taken off what begins so gives
    every text back.
    """
    text = str(value)
    return f"'{text}" if isinstance(value, str) and _ESCAPED.match(text) else text


def write_links(graph: nx.Graph[str], path: Path) -> None:
    """Write one row an edge, with both its ends, in the order of their keys."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(LINK_COLUMNS)
        for one, other, edge in _edges(graph):
            writer.writerow(_cells(_row(graph, one, other, edge), LINK_COLUMNS))


def _edges(graph: nx.Graph[str]) -> list[tuple[str, str, dict[str, Any]]]:
    """Return edges from persons to offences and from those to places, in the order of their keys."""
    order = {node: (_ORDER.index(data["kind"]), node) for node, data in graph.nodes(data=True)}
    directed = [
        (min(a, b, key=order.__getitem__), max(a, b, key=order.__getitem__), e) for a, b, e in graph.edges.data()
    ]
    return sorted(directed, key=lambda edge: edge[:2])


def _row(graph: nx.Graph[str], one: str, other: str, edge: Mapping[str, Any]) -> dict[str, Any]:
    start, end = graph.nodes[one], graph.nodes[other]
    when = end.get("occurred_at") or start.get("occurred_at") or end.get("arrested_on", "")
    return {
        # A status is the link's own and never its ends'.
        **{name: value for name, value in end.items() if name not in {"nominal_id", "status"}},
        **{name: value for name, value in start.items() if name != "status"},
        **edge,
        "from_type": start["kind"], "from_id": one, "from_label": start["label"],
        "to_type": end["kind"], "to_id": other, "to_label": end["label"],
        "link_type": edge["kind"], "date": when[:10], "time": when[11:19],
    }  # fmt: skip


def write_nodes_and_edges(graph: nx.Graph[str], nodes: Path, edges: Path) -> None:
    """Write Gephi's two tables: ``Id``, ``Label`` and ``Source``, ``Target``, ``Type``, ``Label``, then attributes.

    An edge's own kind is ``link_kind``, since Gephi takes a column ``kind`` of edges for something of its own.
    """
    _write(
        nodes, ("Id", "Label"), ({"Id": node, "Label": data["label"], **data} for node, data in graph.nodes(data=True))
    )
    _write(
        edges,
        ("Source", "Target", "Type", "Label", "link_kind"),
        (
            {"Source": one, "Target": other, "Type": "Undirected", "Label": edge.get("status", edge["kind"])}
            | {"link_kind" if name == "kind" else name: value for name, value in edge.items()}
            for one, other, edge in _edges(graph)
        ),
    )


def _write(path: Path, first: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    kept = list(rows)
    others = dict.fromkeys(name for row in kept for name in row if name not in first and name != "label")
    columns = (*first, *others)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(columns)
        writer.writerows(_cells(row, columns) for row in kept)


def _cells(row: Mapping[str, Any], columns: Sequence[str]) -> list[str]:
    return [cell(row.get(column, "")) for column in columns]
