"""Every question against brute force on two hundred small random networks."""

from __future__ import annotations

import pytest

from stillgraph.network import oracles


@pytest.fixture(scope="module")
def counted():
    return oracles.check_questions(oracles.random_networks(200, seed=20261126), seed=1)


def test_every_question_agrees_with_brute_force(counted):
    assert {name: count for name, count in counted.items() if name.endswith("_disagree") and count} == {}
    agreed = {name: count for name, count in counted.items() if name.endswith("_agree")}
    assert all(count == 200 for count in agreed.values()), agreed


def test_the_networks_are_of_every_kind_and_the_same_for_a_seed():
    graphs = oracles.random_networks(50, seed=3)
    edges = [data for graph in graphs for *_, data in graph.edges(data=True)]
    assert {data["kind"] for data in edges} == {"link", "proposed join"}
    assert {data["status"] for data in edges} == {"corroborated", "proposed", "unknown"}
    again = oracles.random_networks(50, seed=3)
    assert [list(graph.edges(data=True)) for graph in again] == [list(graph.edges(data=True)) for graph in graphs]
