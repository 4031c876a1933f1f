"""The graph as a file for other tools."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import networkx as nx

from stillgraph.errors import WrongUse
from stillgraph.network.markup import write_gexf, write_graphml
from stillgraph.network.tables import write_links, write_nodes_and_edges


def export(graph: nx.Graph[str], path: Path, file_format: str | None = None) -> Path:
    """Write a graph made by :func:`~stillgraph.network.build` to a file.

    GraphML and GEXF open in Gephi, yEd and others; JSON is NetworkX's node-link form; CSV is one row a link with both
    its ends, as i2 Analyst's Notebook imports it. In CSV a text that a spreadsheet would run (it begins with ``=``,
    ``+``, ``-`` or ``@``) gets an apostrophe before it. In XML a character that XML cannot hold becomes U+FFFD. The
    same graph gives the same bytes.

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


def export_gephi(graph: nx.Graph[str], folder: Path) -> Path:
    """Write a graph as ``nodes.csv`` and ``edges.csv`` into a folder, made if need be, as Gephi imports spreadsheets.

    Cells are as in :func:`export`. Returns ``folder``.

    Raises
    ------
    WrongUse
        There is a file of the folder's name.
    """
    if folder.exists() and not folder.is_dir():
        raise WrongUse(f"Gephi's two tables go into a folder, and {folder.name} is a file; name a folder.")
    folder.mkdir(parents=True, exist_ok=True)
    write_nodes_and_edges(graph, folder / "nodes.csv", folder / "edges.csv")
    return folder


def _write_json(graph: nx.Graph[str], path: Path) -> None:
    text = json.dumps(nx.node_link_data(graph, edges="links"), ensure_ascii=False, indent=1, sort_keys=True)
    path.write_text(text + "\n", encoding="utf-8")


_WRITERS: dict[str, Callable[[nx.Graph[str], Path], None]] = {
    ".graphml": write_graphml,
    ".gexf": write_gexf,
    ".json": _write_json,
    ".csv": write_links,
}

ENDINGS = tuple(_WRITERS)
