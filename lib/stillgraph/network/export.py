"""The graph as a file for other tools."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable
from pathlib import Path

import networkx as nx

from stillgraph.errors import WrongUse

EDGE_COLUMNS = (
    "person_id",
    "nominal_id",
    "offence_id",
    "status",
    "faces",
    "review",
    "occurred_at",
    "offence_code",
    "offence",
    "value_pence",
    "how_detected",
    "retailer_id",
    "retailer",
    "store_id",
    "store",
    "borough",
)

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 has no way to write."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What makes a spreadsheet run a cell instead of showing it."""


def export(graph: nx.Graph[str], path: Path, file_format: str | None = None) -> Path:
    """Write a graph made by :func:`~stillgraph.network.build` to a file.

    GraphML and GEXF open in Gephi, yEd and i2; JSON is NetworkX's node-link form; CSV is one row a link. In
    CSV a text that a spreadsheet would run (it begins with ``=``, ``+``, ``-`` or ``@``) gets an apostrophe
    before it. In XML a character that XML cannot hold becomes U+FFFD.

    Parameters
    ----------
    path
        Where to write; an existing file is replaced.
    file_format
        One of :data:`ENDINGS`, with or without the dot; without it the path's own ending.

    Returns
    -------
    Path
        ``path``.

    Raises
    ------
    WrongUse
        The ending stands for no format.
    """
    ending = path.suffix if file_format is None else "." + file_format.removeprefix(".")
    write = _WRITERS.get(ending.lower())
    if write is None:
        raise WrongUse(f"A network is written as {', '.join(ENDINGS)}; {path.name} is none of them. Change its ending.")
    write(graph, path)
    return path


def _write_graphml(graph: nx.Graph[str], path: Path) -> None:
    # The plain writer: networkx prefers lxml's where that happens to be installed, and the two differ.
    nx.write_graphml_xml(_xml_safe(graph), path)


def _write_gexf(graph: nx.Graph[str], path: Path) -> None:
    nx.write_gexf(_xml_safe(graph), path)


def _write_json(graph: nx.Graph[str], path: Path) -> None:
    text = json.dumps(nx.node_link_data(graph, edges="links"), ensure_ascii=False, indent=1, sort_keys=True)
    path.write_text(text + "\n", encoding="utf-8")


def _write_csv(graph: nx.Graph[str], path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(EDGE_COLUMNS)
        for one, other, link in sorted(graph.edges(data=True), key=lambda edge: sorted(edge[:2])):
            ends = {graph.nodes[node]["kind"]: graph.nodes[node] for node in (one, other)}
            # The link's own status, not the person's, hence last.
            row = ends["offence"] | ends["person"] | link
            writer.writerow([_cell(row[column]) for column in EDGE_COLUMNS])


def _cell(value: str | float) -> str:
    text = str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(_FORMULA) else text


def _xml_safe(graph: nx.Graph[str]) -> nx.Graph[str]:
    safe: nx.Graph[str] = nx.Graph()
    safe.add_nodes_from((_text(node), _attributes(data)) for node, data in graph.nodes(data=True))
    safe.add_edges_from((_text(one), _text(other), _attributes(data)) for one, other, data in graph.edges(data=True))
    return safe


def _attributes(data: dict[str, str | int | float]) -> dict[str, str | int | float]:
    return {name: _text(value) if isinstance(value, str) else value for name, value in data.items()}


def _text(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)


_WRITERS: dict[str, Callable[[nx.Graph[str], Path], None]] = {
    ".graphml": _write_graphml,
    ".gexf": _write_gexf,
    ".json": _write_json,
    ".csv": _write_csv,
}

ENDINGS = tuple(_WRITERS)
