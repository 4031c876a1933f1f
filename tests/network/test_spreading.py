"""Every node has a place: the same each time, linked ones near each other, groups apart, and large ones in seconds."""

from __future__ import annotations

import time

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillgraph import network
from stillgraph.network import spreading
from stillgraph.network.spreading import ASPECT, spread


@given(st.lists(st.tuples(st.integers(0, 29), st.integers(0, 29)), max_size=60), st.integers(0, 3))
def test_every_node_has_a_place_of_its_own_within_the_drawing(edges, seed):
    places = spread(np.array(edges).reshape(-1, 2), 30, seed=seed)
    assert places.shape == (30, 2)
    assert np.isfinite(places).all()
    assert np.abs(places[:, 0]).max() <= 1 + 1e-9
    assert np.abs(places[:, 1]).max() <= 1 / ASPECT + 1e-9
    assert len(np.unique(places.round(9), axis=0)) == 30
    again = spread(np.array([*edges[::-1], *((b, a) for a, b in edges), (3, 3)]).reshape(-1, 2), 30, seed=seed)
    np.testing.assert_allclose(places, again, atol=1e-9)


def test_nothing_has_no_places_and_one_node_is_in_the_middle():
    assert spread(np.empty((0, 2), dtype=int), 0).shape == (0, 2)
    np.testing.assert_allclose(spread(np.empty((0, 2), dtype=int), 1), [[0, 0]])


@given(st.lists(st.integers(2, 12), min_size=2, max_size=9))
def test_groups_do_not_overlap(sizes):
    graph = nx.disjoint_union_all([nx.path_graph(size) for size in sizes])
    places = spread(np.array(graph.edges), len(graph))
    boxes = [(places[sorted(p)].min(axis=0), places[sorted(p)].max(axis=0)) for p in nx.connected_components(graph)]
    for n, (low, high) in enumerate(boxes):
        for other_low, other_high in boxes[:n]:
            assert (np.minimum(high, other_high) < np.maximum(low, other_low)).any()


@pytest.mark.parametrize("make", [lambda: nx.grid_2d_graph(6, 6), lambda: nx.grid_2d_graph(22, 22)], ids=["36", "484"])
def test_who_is_far_in_the_network_is_far_on_the_drawing(make):
    """Of a grid, whose shape is known: distances on the drawing follow those along links."""
    graph = nx.convert_node_labels_to_integers(make())
    assert (len(graph) > spreading.DENSE) == (len(graph) == 484)
    places = spread(np.array(graph.edges), len(graph))
    from_corner = nx.single_source_shortest_path_length(graph, 0)
    along = np.array([from_corner[n] for n in range(len(graph))])
    drawn = np.linalg.norm(places - places[0], axis=1)
    assert np.corrcoef(along, drawn)[0, 1] > 0.85
    linked = np.linalg.norm(np.diff(places[np.array(graph.edges)], axis=1), axis=2).mean()
    assert linked < 0.35 * drawn.mean()


def test_the_offences_of_one_person_surround_them():
    places = spread(np.array([(0, leaf) for leaf in range(1, 9)]), 9)
    towards = np.sort(np.arctan2(*(places[1:] - places[0]).T))
    gaps = np.diff(np.append(towards, towards[0] + 2 * np.pi))
    assert gaps.max() < np.pi / 2


def test_ten_thousand_nodes_have_places_in_seconds():
    rng = np.random.default_rng(5)
    persons, offences, links = 3000, 7000, 20_000
    who = rng.integers(persons, size=links)
    near = (who * offences // persons + rng.integers(5, size=links)) % offences
    what = np.where(rng.random(links) < 0.05, rng.integers(offences, size=links), near)
    began = time.process_time()
    places = spread(np.column_stack([who, persons + what]), persons + offences)
    assert time.process_time() - began < 30, "about five on an idle core"
    assert np.isfinite(places).all()


def test_a_graph_is_laid_out_by_its_nodes_names_whatever_their_order():
    graph = nx.Graph([("b", "a"), ("c", "d"), ("d", "e")])
    turned = nx.Graph([("e", "d"), ("d", "c"), ("a", "b")])
    places = network.layout(graph)
    assert places == network.layout(turned)
    assert set(places) == set("abcde")
