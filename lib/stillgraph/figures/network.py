"""The network of persons and offences: who is linked to what, and through it to whom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import networkx as nx
import plotly.graph_objects as go

from stillgraph.figures.theme import HALO, INK, LINK, OFFENCE, PAPER, STATUS, counted, finish, reviewed
from stillgraph.records import EdgeKind, LinkStatus

PERSON_KIND, OFFENCE_KIND = "person", "offence"
LABELLED = 8
"""How many persons, those with most offences, carry their id; the rest show it under the pointer."""
MOST_SVG = 1500
"""Nodes and links up to which a network is drawn as SVG, sharp in print; a larger one is drawn on the graphics card."""


def offence_network(
    graph: nx.Graph[str], layout: Mapping[str, tuple[float, float]], *, period: str, simulated: bool
) -> go.Figure:
    """Draw the two-mode network; of more than :data:`MOST_SVG` nodes and links by WebGL, in marks that are smaller.

    Parameters
    ----------
    graph : networkx.Graph
        As ``casework.networking.offence_network`` gives it: nodes have a ``kind`` (``person`` or ``offence``)
        and a ``label``, persons a ``status``.
    layout : mapping
        A place (x, y) for each node, as ``casework.networking.network_layout`` gives it.
    period : str
        The days the offences span, in words.
    simulated : bool
        Whether the review behind the statuses was simulated.
    """
    persons = sorted((n for n, d in graph.nodes(data=True) if d["kind"] == PERSON_KIND), key=str)
    offences = sorted((n for n, d in graph.nodes(data=True) if d["kind"] == OFFENCE_KIND), key=str)
    degree = dict(graph.degree())
    labelled = set(sorted(persons, key=lambda n: (-degree[n], str(n)))[:LABELLED])
    large = graph.number_of_nodes() + graph.number_of_edges() > MOST_SVG
    scatter = go.Scattergl if large else go.Scatter
    figure = go.Figure(scatter(**_links(graph, layout, width=0.5 if large else 1)))
    figure.add_trace(
        scatter(
            x=[layout[n][0] for n in offences],
            y=[layout[n][1] for n in offences],
            mode="markers",
            name=OFFENCE.label,
            marker={
                "color": OFFENCE.colour,
                "symbol": OFFENCE.symbol,
                "size": 3 if large else 6,
                "line": {"color": PAPER, "width": 0 if large else 1},
            },
            text=[_name(graph, n) for n in offences],
            hovertemplate="offence %{text}<extra></extra>",
        )
    )
    for status in STATUS:
        of_status = [n for n in persons if graph.nodes[n]["status"] == status]
        if of_status:
            figure.add_trace(scatter(**_persons(graph, layout, of_status, size=4 if large else 9)))
    figure.add_scatter(**_names(graph, layout, sorted(labelled), size=4 if large else 9))
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False)
    figure.update_layout(dragmode="pan")
    review = reviewed(simulated=simulated)
    groups = sum(1 for part in nx.connected_components(_seen(graph)) if _several(graph, part))
    together = f"{counted(groups, 'group')} of persons who offended together"
    counts = f"{counted(len(persons), 'person')}, {counted(len(offences), 'offence')}"
    return finish(
        figure,
        title="Persons and their offences",
        rests_on=f"{period} · {counts} · {review}<br>{together}",
        alt=f"Network of {counts}; {together}. {review}.",
        height=600,
    )


def _name(graph: nx.Graph[str], node: str) -> str:
    return str(graph.nodes[node]["label"])


def _seen(graph: nx.Graph[str]) -> nx.Graph[str]:
    """Return the graph without the joins that machines propose, which nobody was seen in."""
    return nx.subgraph_view(graph, filter_edge=lambda a, b: graph.edges[a, b].get("kind") != EdgeKind.PROPOSED_JOIN)


def _several(graph: nx.Graph[str], part: Iterable[str]) -> bool:
    return sum(1 for n in part if graph.nodes[n]["kind"] == PERSON_KIND) > 1


def _links(graph: nx.Graph[str], layout: Mapping[str, tuple[float, float]], *, width: float) -> dict[str, Any]:
    """Return every link as one line trace, its segments parted by ``None``: quicker than a trace a link."""
    x: list[float | None] = []
    y: list[float | None] = []
    for a, b in sorted(graph.edges(), key=str):
        x += [layout[a][0], layout[b][0], None]
        y += [layout[a][1], layout[b][1], None]
    line = {"color": LINK, "width": width}
    return {"x": x, "y": y, "mode": "lines", "line": line, "hoverinfo": "skip", "showlegend": False, "name": "links"}


def _persons(
    graph: nx.Graph[str], layout: Mapping[str, tuple[float, float]], persons: list[str], *, size: int
) -> dict[str, Any]:
    mark = STATUS[LinkStatus(graph.nodes[persons[0]]["status"])]
    return {
        "x": [layout[n][0] for n in persons],
        "y": [layout[n][1] for n in persons],
        "mode": "markers",
        "name": mark.label,
        "marker": {
            "color": mark.colour,
            "symbol": mark.symbol,
            "line": {"color": PAPER, "width": 1 if size > 4 else 0},
            "size": _sizes(graph, persons, size),
        },
        "customdata": [[_name(graph, n), graph.degree(n)] for n in persons],
        "hovertemplate": "<b>%{customdata[0]}</b><br>%{customdata[1]} offences<extra>" + mark.label + "</extra>",
    }


def _sizes(graph: nx.Graph[str], persons: list[str], size: int) -> list[float]:
    return [size * (1 + min(graph.degree(n), 10) * 2 / 9) for n in persons]


def _names(
    graph: nx.Graph[str], layout: Mapping[str, tuple[float, float]], persons: list[str], *, size: int
) -> dict[str, Any]:
    """Return the ids of some persons as a trace of their own, SVG always: WebGL draws text badly and slowly."""
    return {
        "x": [layout[n][0] for n in persons],
        "y": [layout[n][1] for n in persons],
        "mode": "markers+text",
        "marker": {"opacity": 0, "size": _sizes(graph, persons, size)},
        "text": [_name(graph, n) for n in persons],
        "textposition": "top center",
        "textfont": {"size": 12, "color": INK, "shadow": HALO},
        "hoverinfo": "skip",
        "showlegend": False,
        "name": "names",
    }
