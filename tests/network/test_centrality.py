import os
import subprocess
import sys
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stillgraph.errors import WrongUse
from stillgraph.network import adjacency, centrality, co_offending, pagerank, pairs, project, project_graph
from stillgraph.network.centrality import eigenvector
from stillgraph.records import CoOffending, LinkStatus, PersonId

U = LinkStatus.UNKNOWN


def network(size: int, edges: Any) -> CoOffending:
    """Return a network of persons numbered from 0 with (one, other, weight)."""
    rows = sorted((min(a, b), max(a, b), w) for a, b, w in edges)
    one, other, weight = np.array(rows, np.int32).reshape(-1, 3).T
    none = np.zeros(len(rows), "datetime64[s]")
    names = tuple(PersonId(f"P{n:04d}") for n in range(size))
    return CoOffending(names, (None,) * size, one, other, weight, none, none, np.zeros(len(rows), np.int8))


def drawn(seed: int, size: int, share: float) -> tuple["nx.Graph[int]", CoOffending]:
    rng = np.random.default_rng(seed)
    graph = nx.gnp_random_graph(size, share, seed=seed)
    edges = [(a, b, int(rng.integers(1, 5))) for a, b in sorted(graph.edges)]
    graph.add_weighted_edges_from(edges)
    return graph, network(size, edges)


def _values(by_node: dict[int, float], size: int) -> list[float]:
    return [by_node[n] for n in range(size)]


@pytest.mark.parametrize("seed", range(24))
def test_measures_are_those_of_networkx(seed: int) -> None:
    size = 1 + seed * 2
    graph, found = drawn(seed, size, (0.03, 0.1, 0.4)[seed % 3])
    places = centrality(found)
    assert places.degree.tolist() == _values(dict(graph.degree), size)
    assert places.strength.tolist() == _values(dict(graph.degree(weight="weight")), size)
    assert places.coreness.tolist() == _values(nx.core_number(graph), size)
    assert places.closeness == pytest.approx(_values(nx.closeness_centrality(graph), size), abs=1e-12)
    harmonic = np.array(_values(nx.harmonic_centrality(graph), size)) / max(size - 1, 1)
    assert places.harmonic == pytest.approx(harmonic, abs=1e-12)
    assert places.betweenness == pytest.approx(_values(nx.betweenness_centrality(graph), size), abs=1e-12)
    assert places.pagerank == pytest.approx(_values(nx.pagerank(graph, tol=1e-14, max_iter=2000), size), abs=1e-11)
    assert places.eigenvector is not None
    matrix = nx.to_numpy_array(graph)
    greatest = np.linalg.eigvalsh(matrix)[-1]
    assert matrix @ places.eigenvector == pytest.approx(greatest * places.eigenvector, abs=1e-8)
    assert not places.sampled.any()
    assert (places.pivots, places.bound) == (0, None)


def test_of_equal_components_both_keep_their_eigenvector() -> None:
    found = network(7, [(0, 1, 2), (1, 2, 2), (3, 4, 2), (4, 5, 2)])
    vector = eigenvector(adjacency(found))
    assert vector == pytest.approx([0.5 / 2**0.5, 0.5, 0.5 / 2**0.5] * 2 + [0])


def test_an_eigenvector_that_does_not_settle_is_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["stillgraph.network.centrality"], "_RESTARTS", 1)
    _, found = drawn(3, 300, 0.01)
    assert centrality(found).eigenvector is None


def test_in_a_large_component_betweenness_is_estimated_with_its_interval() -> None:
    graph, found = drawn(5, 400, 0.012)
    exact = centrality(found)
    within, errors, near, harmonic = [], [], [], []
    for seed in range(20):
        places = centrality(found, exact=100, pivots=80, seed=seed)
        some = places.sampled & (exact.betweenness > 0)
        within.append(
            ((places.betweenness_low <= exact.betweenness) & (exact.betweenness <= places.betweenness_high))[
                some
            ].mean()
        )
        errors.append((places.betweenness - exact.betweenness)[some].mean())
        near.append((np.abs(places.closeness - exact.closeness) <= places.closeness_error)[some].mean())
        harmonic.append((np.abs(places.harmonic - exact.harmonic) <= places.harmonic_error)[some].mean())
        assert places.bound is not None
        assert np.abs(places.betweenness - exact.betweenness).max() <= places.bound
        assert (places.pivots, int(places.sampled.sum())) == (80, max(map(len, nx.connected_components(graph))))
        assert (places.betweenness_low <= places.betweenness).all()
        assert (places.betweenness <= places.betweenness_high).all()
    assert 0.93 < np.mean(within) < 1
    assert 0.85 < np.mean(near) < 0.99
    assert 0.85 < np.mean(harmonic) < 0.99
    # Without the scaling, each of the estimates would be right on the average too.
    assert abs(np.mean(errors)) < 0.02 * exact.betweenness.mean()
    assert np.std(errors) < 0.02 * exact.betweenness.mean()


def test_all_pivots_are_every_person_and_leave_no_error() -> None:
    _, found = drawn(6, 60, 0.08)
    places, exact = centrality(found, exact=10, pivots=60), centrality(found)
    assert places.betweenness == pytest.approx(exact.betweenness, abs=1e-12)
    assert places.closeness == pytest.approx(exact.closeness, abs=1e-12)
    assert (places.betweenness_low == places.betweenness).all()
    assert (places.betweenness_high == places.betweenness).all()
    assert places.bound is None
    assert not places.sampled.any()


def test_one_pivot_states_no_error() -> None:
    with pytest.raises(WrongUse, match="from two pivots on: give more"):
        centrality(network(1, []), pivots=1)


def test_intervals_of_a_sum_are_those_of_fay_and_feuer() -> None:
    from scipy.stats import chi2

    from stillgraph.network.centrality import _gamma_interval, _Sums

    # Events of one weight are a Poisson count: the lower bound is the exact one (Garwood 1936), the upper one as if the
    # greatest unseen weighed twice as much. Who was never on a way could be so by an event of the least weight seen.
    told = np.array([[2.0] * 5, [0.0] * 5, [8.0, 0, 0, 0, 0]])
    none = np.zeros(3)
    sums = _Sums(told.sum(axis=1), (told**2).sum(axis=1), none, none, none, none, told.max(axis=1))
    low, high = _gamma_interval(sums)
    assert low == pytest.approx([2 * chi2.ppf(0.025, 10) / 2, 0, 8 * chi2.ppf(0.025, 2) / 2])
    wide, total = 5 * 4 + 16, 10 + 4
    assert high[0] == pytest.approx(wide / (2 * total) * chi2.ppf(0.975, 2 * total**2 / wide))
    assert high[1] == pytest.approx(4 / 2 * chi2.ppf(0.975, 2))
    assert high[2] == pytest.approx((64 + 256) / (2 * 24) * chi2.ppf(0.975, 2 * 24**2 / (64 + 256)))


@pytest.mark.parametrize("size", [0, 1, 3])
def test_nobody_one_and_persons_alone_have_places(size: int) -> None:
    places = centrality(network(size, []))
    for column in (places.degree, places.coreness, places.closeness, places.betweenness, places.eigenvector):
        assert np.asarray(column).tolist() == [0] * size
    assert places.pagerank.sum() == pytest.approx(min(size, 1))
    assert pagerank(adjacency(network(size, []))).shape == (size,)


def test_what_a_proposal_repeats_joins_the_whole_with_whom_the_part_was(table: Any) -> None:
    links = table([("N1", 1), ("N2", 2), ("u1", 2, U), ("u1", 3, U), ("N3", 3)], joins=[("u1", "N1")])
    found = {(pair.person_id, pair.other_id): (pair.offences, pair.status) for pair in pairs(project(links))}
    # u1 and N1 are on no still together: their rows are one link of u1, of which one can be true.
    assert found == {("N1", "N2"): (1, U), ("N1", "N3"): (1, U), ("N2", "u1"): (1, U), ("N3", "u1"): (1, U)}


def test_two_to_whom_one_is_proposed_are_no_pair_and_a_repeated_link_counts_once(table: Any) -> None:
    rows = [("N1", 1), ("N2", 2), ("u1", 3, U), ("N3", 3)]
    found = pairs(project(table(rows, joins=[("u1", "N1"), ("u1", "N2")])))
    assert {(pair.person_id, pair.other_id) for pair in found} == {("N1", "N3"), ("N2", "N3"), ("N3", "u1")}
    again = table([("N1", 1), ("N3", 1), ("u1", 1, U)], joins=[("u1", "N1")])
    assert {(p.person_id, p.other_id): (p.offences, p.status.value) for p in pairs(project(again))} == {
        ("N1", "N3"): (1, "corroborated"),
        ("N1", "u1"): (1, "unknown"),
        ("N3", "u1"): (1, "unknown"),
    }


_ROWS = st.lists(
    st.tuples(st.sampled_from(["N1", "N2", "N3", "u1", "u2"]), st.integers(0, 6), st.sampled_from(LinkStatus)),
    max_size=24,
)


@settings(max_examples=60)
@given(rows=_ROWS)
def test_a_projection_is_incidence_times_its_transpose(table: Any, rows: Any) -> None:
    links = table(rows)
    incidence = np.zeros((len(links.persons), len(links.offences.ids)))
    incidence[links.person, links.offence] = 1
    expected = incidence @ incidence.T
    np.fill_diagonal(expected, 0)
    found = project(links)
    assert adjacency(found).toarray().tolist() == expected.tolist()
    held = {
        (one, offence): status for one, offence, status in zip(links.person, links.offence, links.status, strict=True)
    }
    for n, (one, other) in enumerate(zip(found.one, found.other, strict=True)):
        both = np.flatnonzero((incidence[one] > 0) & (incidence[other] > 0))
        times = links.offences.occurred_at[both]
        assert (found.first_together[n], found.last_together[n]) == (times.min(), times.max())
        assert found.status[n] == max(held[who, at] for who in (one, other) for at in both)


_PROGRAM = """
from stillgraph.casework.county import county
from stillgraph.network import centrality, communities, project, recruiters
links = county(persons=300, links=1500, seed=2).links
found = project(links)
places = centrality(found, exact=50, pivots=40, seed=1)
print(repr(communities(found, seed=1)), repr(recruiters(links)[:20]), places.betweenness.tolist(), places.eigenvector)
"""


def test_measures_are_the_same_in_another_process() -> None:
    outputs = {
        subprocess.run(
            [sys.executable, "-c", _PROGRAM], env=os.environ | {"PYTHONHASHSEED": seed}, check=True,
            capture_output=True, text=True,
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(outputs) == 1
    assert len(outputs.pop()) > 1000


def test_a_small_graph_gives_the_same_network_as_its_links(table: Any) -> None:
    graph: nx.Graph[str] = nx.Graph()
    for person in ("N1", "N2", "u1"):
        graph.add_node(
            f"person:{person}", kind="person", person_id=person, nominal_id=person if person[0] == "N" else ""
        )
    for n in (1, 2):
        graph.add_node(f"offence:R/{n:04d}", kind="offence", occurred_at=f"2026-01-0{n + 1}T00:00:00+00:00")
    rows = [
        ("N1", 1, LinkStatus.CORROBORATED),
        ("N2", 1, LinkStatus.CORROBORATED),
        ("N1", 2, LinkStatus.CORROBORATED),
        ("u1", 2, U),
    ]
    for person, n, status in rows:
        graph.add_edge(f"person:{person}", f"offence:R/{n:04d}", status=status.value)
    # What is neither is no co-offender.
    graph.add_node("store:S1", kind="store")
    graph.add_edge("person:N1", "person:u1", status="unknown")
    assert pairs(project_graph(graph)) == pairs(project(table(rows)))
    assert project_graph(graph).nominal_ids == ("N1", "N2", None)
    assert set(co_offending(graph).edges) == {("person:N1", "person:N2"), ("person:N1", "person:u1")}
