"""The graph as GraphML and GEXF, written row by row so that size costs time and no memory.

Both are text in XML: what XML 1.0 has no way to write becomes U+FFFD, and line ends and tabs are written as references,
since a reader would turn them into others.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TextIO

import networkx as nx

from stillgraph.records import NodeKind

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 has no way to write."""

_SPECIAL = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}
"""What is written otherwise; the ampersand first, since the others bring some."""

_PLAIN = re.compile('[^&<>"\t\n\r\ufffe\uffff\u0000-\u001f\ud800-\udfff]*')
"""Text that needs nothing, which is most of it."""

_GRAPHML = "http://graphml.graphdrawing.org/xmlns"
_GEXF = "http://www.gexf.net/1.2draft"
_XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation'

_Attributes = Mapping[str, Any]


def text(value: object) -> str:
    """Return a value as XML holds it, in an element or in an attribute between double quotes."""
    told = str(value)
    if _PLAIN.fullmatch(told):
        return told
    told = _NOT_XML.sub("\ufffd", told)
    for character, written in _SPECIAL.items():
        told = told.replace(character, written)
    return told


def _ids(graph: nx.Graph[str]) -> dict[str, str]:
    """Return each node's id as XML holds it; where two would become one, the later gets a number."""
    taken: dict[str, int] = {}
    ids = {}
    for node in graph:
        held = text(node)
        taken[held] = taken.get(held, 0) + 1
        ids[node] = held if taken[held] == 1 else f"{held}\ufffd{taken[held]}"
    return ids


def write_graphml(graph: nx.Graph[str], path: Path) -> None:
    """Write GraphML 1.0: attributes of nodes, of edges and of the graph as typed keys."""
    ids = _ids(graph)
    keys = {
        "graph": _types([graph.graph]),
        "node": _types(data for _, data in graph.nodes(data=True)),
        "edge": _types(data for *_, data in graph.edges(data=True)),
    }
    with path.open("w", encoding="utf-8", newline="\n") as out:
        out.write(f'<?xml version="1.0" encoding="UTF-8"?>\n<graphml xmlns="{_GRAPHML}" {_XSI}="{_GRAPHML} ')
        out.write(f'{_GRAPHML}/1.0/graphml.xsd">\n')
        for of, types in keys.items():
            for name, kind in types.items():
                out.write(f' <key id="{_key(of, name)}" for="{of}" attr.name="{text(name)}" attr.type="{kind}"/>\n')
        out.write(' <graph edgedefault="undirected">\n')
        out.writelines(_data("graph", graph.graph))
        for node, data in graph.nodes(data=True):
            out.write(f'  <node id="{ids[node]}">\n')
            out.writelines(_data("node", data))
            out.write("  </node>\n")
        for one, other, data in graph.edges(data=True):
            out.write(f'  <edge source="{ids[one]}" target="{ids[other]}">\n')
            out.writelines(_data("edge", data))
            out.write("  </edge>\n")
        out.write(" </graph>\n</graphml>\n")


def _data(of: str, data: _Attributes) -> Iterator[str]:
    for name, value in data.items():
        yield f'   <data key="{_key(of, name)}">{text(value)}</data>\n'


def _key(of: str, name: str) -> str:
    # An identifier of XML, which an attribute's name need not be; our own all are.
    return f"{of}-{re.sub('[^A-Za-z0-9_.-]', '_', name)}"


def write_gexf(graph: nx.Graph[str], path: Path) -> None:
    """Write GEXF 1.2, which Gephi reads from 0.9 on: typed attributes, and the days from which things are.

    Offences, their links and arrests ``start`` on the day (UTC) they were; persons, and with them what is joined to
    them, on that of the first offence linked to them. None ends, so that a timeline fills up.
    """
    ids, starts = _ids(graph), _starts(graph)
    nodes = _types((data for _, data in graph.nodes(data=True)), but=("label",))
    edges = _types(data for *_, data in graph.edges(data=True))
    with path.open("w", encoding="utf-8", newline="\n") as out:
        out.write(f'<?xml version="1.0" encoding="UTF-8"?>\n<gexf xmlns="{_GEXF}" {_XSI}="{_GEXF} {_GEXF}/gexf.xsd" ')
        out.write('version="1.2">\n <meta>\n  <creator>Stillgraph</creator>\n')
        said = "; ".join(f"{name}: {value}" for name, value in graph.graph.items() if value != "")
        out.write(f"  <description>{text(said)}</description>\n </meta>\n")
        out.write(' <graph defaultedgetype="undirected" mode="dynamic" timeformat="date">\n')
        _declare(out, "node", nodes)
        _declare(out, "edge", edges)
        out.write("  <nodes>\n")
        for node, data in graph.nodes(data=True):
            out.write(f'   <node id="{ids[node]}" label="{text(data["label"])}"{_start(starts.get(node))}>\n')
            _values(out, data, nodes)
            out.write("   </node>\n")
        out.write("  </nodes>\n  <edges>\n")
        for number, (one, other, data) in enumerate(graph.edges(data=True)):
            since = max(starts.get(one, ""), starts.get(other, ""))
            out.write(f'   <edge id="{number}" source="{ids[one]}" target="{ids[other]}"{_start(since)}>\n')
            _values(out, data, edges)
            out.write("   </edge>\n")
        out.write("  </edges>\n </graph>\n</gexf>\n")


def _declare(out: TextIO, of: str, types: Mapping[str, str]) -> None:
    out.write(f'  <attributes class="{of}" mode="static">\n')
    out.writelines(
        f'   <attribute id="{number}" title="{text(name)}" type="{kind}"/>\n'
        for number, (name, kind) in enumerate(types.items())
    )
    out.write("  </attributes>\n")


def _values(out: TextIO, data: _Attributes, types: Mapping[str, str]) -> None:
    out.write("    <attvalues>\n")
    for number, name in enumerate(types):
        if name in data:
            out.write(f'     <attvalue for="{number}" value="{text(data[name])}"/>\n')
    out.write("    </attvalues>\n")


def _start(day: str | None) -> str:
    return f' start="{day}"' if day else ""


def _starts(graph: nx.Graph[str]) -> dict[str, str]:
    """Return the day from which each node is, where there is one."""
    days = {}
    for node, data in graph.nodes(data=True):
        when = data.get("occurred_at") or data.get("arrested_on")
        if when:
            days[node] = str(when)[:10]
    for node, data in graph.nodes(data=True):
        if data["kind"] == NodeKind.PERSON:
            mine = [days[other] for other in graph[node] if graph.nodes[other]["kind"] == NodeKind.OFFENCE]
            if mine:
                days[node] = min(mine)
    return days


def _types(rows: Iterable[_Attributes], but: tuple[str, ...] = ()) -> dict[str, str]:
    """Return each attribute's type: ``long`` if all its values are whole, ``double`` if numbers, else ``string``."""
    found: dict[str, set[type]] = {}
    for row in rows:
        for name, value in row.items():
            if name not in but:
                found.setdefault(name, set()).add(type(value))
    return {
        name: "long" if kinds <= {int} else "double" if kinds <= {int, float} else "string"
        for name, kinds in found.items()
    }
