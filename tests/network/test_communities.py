from datetime import date
from itertools import combinations
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stillgraph.errors import NotFound, WrongUse
from stillgraph.network import (
    adjacency,
    brokers,
    centrality,
    communities,
    constraint,
    louvain,
    modularity,
    pairs,
    participation,
    project,
    rand_index,
    recruiters,
    without,
)
from stillgraph.network.communities import adjacent_groups
from stillgraph.records import DrawnLinks, LinkStatus, PersonId

U = LinkStatus.UNKNOWN


def _two_gangs(table: Any) -> Any:
    """N1, N2, N3 always together, N4, N5, N6 likewise, N3 once with N4; N7 alone."""
    groups = [(("N1", "N2", "N3"), range(3)), (("N4", "N5", "N6"), range(3, 6)), (("N3", "N4"), [6]), (("N7",), [7])]
    return table([(person, n) for persons, ns in groups for n in ns for person in persons])


def test_groups_say_how_they_were_found_and_how_sure_they_are(table: Any) -> None:
    found = communities(project(_two_gangs(table)))
    assert [group.persons for group in found.groups] == [("N1", "N2", "N3"), ("N4", "N5", "N6")]
    assert [(group.number, group.pairs, group.offences_together, group.held) for group in found.groups] == [
        (1, 3, 9, 1.0),
        (2, 3, 9, 1.0),
    ]
    assert (found.engine, found.runs, found.seed, found.agreement, found.agreement_low) == ("networkx", 5, 0, 1.0, 1.0)
    assert found.persons_alone == 1
    once = communities(project(_two_gangs(table)), runs=1)
    assert (once.agreement, once.agreement_low, once.groups[0].held) == (None, None, None)


def _ring(table: Any) -> Any:
    """Thirty in a ring: where it is cut into groups is chance."""
    return table([(f"N{(n + k) % 30:02d}", n) for n in range(30) for k in (0, 1)])


def test_a_grouping_that_depends_on_the_seed_says_so(table: Any) -> None:
    found = communities(project(_ring(table)), runs=8)
    assert found.agreement is not None
    assert found.agreement_low is not None
    assert found.agreement_low <= found.agreement < 0.9
    assert min(group.held or 0 for group in found.groups) < 1


@pytest.mark.parametrize("seed", range(12))
def test_modularity_is_that_of_networkx_and_labels_are_in_order(seed: int, table: Any) -> None:
    rng = np.random.default_rng(seed)
    links = table([(f"N{rng.integers(25):02d}", int(rng.integers(30))) for _ in range(60)])
    found = project(links)
    label = louvain(found, seed=seed)
    graph = nx.from_scipy_sparse_array(adjacency(found))
    joined = [n for n in graph if graph.degree(n)]
    assert (label[joined] >= 0).all()
    assert (label >= 0).sum() == len(joined)
    parts = [set(np.flatnonzero(label == one).tolist()) for one in range(label.max() + 1)]
    assert [len(part) for part in parts] == sorted((len(part) for part in parts), reverse=True)
    expected = nx.community.modularity(graph.subgraph(joined), parts, resolution=1.3)
    assert modularity(found, label, resolution=1.3) == pytest.approx(expected)


def test_wrong_settings_of_groups_are_named(table: Any) -> None:
    found = project(_two_gangs(table))
    with pytest.raises(WrongUse, match="found by networkx or igraph, not by 'leiden'"):
        communities(found, engine="leiden")
    with pytest.raises(WrongUse, match="one run at least and a resolution above 0"):
        communities(found, runs=0)
    with pytest.raises(WrongUse, match="a resolution above 0"):
        communities(found, resolution=0)


def test_igraph_is_asked_for_by_name_and_nothing_takes_its_place(table: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "igraph", None)
    with pytest.raises(WrongUse, match=r"pip install 'stillgraph\[igraph\]'"):
        communities(project(_two_gangs(table)), engine="igraph")


@pytest.mark.parametrize("rows", [[], [("N1", 1)], [("N1", 1), ("N2", 2)]])
def test_without_a_pair_there_is_no_group_and_no_broker(rows: Any, table: Any) -> None:
    links = table(rows)
    found = communities(project(links))
    assert (found.groups, found.modularity, found.agreement, found.persons_alone) == ((), None, None, len(rows))
    assert brokers(project(links), centrality(project(links)), louvain(project(links))) == []
    assert recruiters(links) == []


def test_brokers_are_those_between_groups(table: Any) -> None:
    found = project(_two_gangs(table))
    between = brokers(found, centrality(found), louvain(found))
    assert [one.person_id for one in between] == ["N3", "N4"]
    n3 = between[0]
    assert (n3.group, n3.groups_reached, n3.co_offenders) == (1, (1, 2), 3)
    assert n3.participation == pytest.approx(1 - (2 / 3) ** 2 - (1 / 3) ** 2)
    # N3 lies on the ways of N1 and N2 to N4, N5 and N6: six of the 15 pairs of the other six persons.
    assert (n3.betweenness, n3.betweenness_low, n3.betweenness_high) == pytest.approx((6 / 15,) * 3)


@pytest.mark.parametrize("seed", range(12))
def test_constraint_and_participation_are_those_of_networkx_and_of_the_definition(seed: int, table: Any) -> None:
    rng = np.random.default_rng(seed)
    links = table([(f"N{rng.integers(20):02d}", int(rng.integers(25))) for _ in range(60)])
    found = project(links)
    graph = nx.from_scipy_sparse_array(adjacency(found))
    expected = nx.constraint(graph, weight="weight")
    assert constraint(found) == pytest.approx([expected[n] for n in range(len(links.persons))], nan_ok=True)
    label = louvain(found)
    share = participation(adjacent_groups(found, label))
    for n in graph:
        groups = [label[m] for m in graph[n]]
        by_hand = 1 - sum((groups.count(one) / len(groups)) ** 2 for one in set(groups)) if groups else float("nan")
        assert share[n] == pytest.approx(by_hand, nan_ok=True)


def test_rand_index_of_chance_is_about_nothing() -> None:
    rng = np.random.default_rng(1)
    assert abs(rand_index(rng.integers(0, 5, 3000), rng.integers(0, 5, 3000))) < 0.01
    assert rand_index(np.array([0, 0, 1]), np.array([4, 4, 2])) == 1


def test_newcomers_are_those_first_seen_with_somebody_who_was_seen_before(table: Any) -> None:
    rows = [("N1", 0), ("N1", 1), ("N2", 1), ("N1", 40), ("N3", 40), ("N2", 40), ("N4", 2), ("N1", 5), ("N4", 5)]
    first, second, third, fourth = recruiters(table(rows, harm={0: 5.0}))
    assert (first.person_id, first.newcomers, first.co_offenders, first.offences) == ("N1", ("N2", "N3"), 3, 4)
    assert (first.harm_days, first.score) == (8.0, 24.0)
    assert first.by_month == ((date(2026, 1, 1), 1), (date(2026, 2, 1), 1))
    # N2 was there before when N3 came; N3 and N4 brought nobody. N4 was seen by itself before it was with N1.
    assert (second.person_id, second.newcomers) == ("N2", ("N3",))
    assert {third.person_id, fourth.person_id} == {"N3", "N4"}
    assert third.newcomers == fourth.newcomers == ()


def test_two_first_seen_together_bring_nobody_in_and_proactive_offences_count_by_a_switch(table: Any) -> None:
    links = table([("N1", 1), ("N2", 1), ("N1", 2)], proactive=[2])
    assert {one.person_id: (one.newcomers, one.harm_days) for one in recruiters(links)} == {
        "N1": ((), 2.0),
        "N2": ((), 1.0),
    }
    assert recruiters(links, proactive=False)[0].harm_days == 1.0


def test_recruiters_count_their_own_harm_not_what_a_proposal_would_add(table: Any) -> None:
    links = table([("N1", 1), ("u1", 2, U), ("u1", 3, U), ("N2", 3)], joins=[("u1", "N1")])
    found = {one.person_id: one for one in recruiters(links)}
    assert (found["N1"].harm_days, found["N1"].offences, found["N1"].co_offenders) == (1.0, 1, 1)
    assert found["N1"].newcomers == ("N2",)


def _brute_force(rows: list[tuple[str, int]], removed: set[str], harm: dict[int, float]) -> list[float]:
    """Return the figures of a what-if, by sets and a graph."""
    every = {n for _, n in rows}
    theirs = {n for person, n in rows if person in removed}
    alone = theirs - {n for person, n in rows if person not in removed}

    def amounts(some: set[int]) -> list[float]:
        total = [len(some), sum(harm.get(n, 1.0) for n in some), sum(100 * n for n in some)]
        whole = [len(every), sum(harm.get(n, 1.0) for n in every), sum(100 * n for n in every)]
        return total + [part / all_of if all_of else 0.0 for part, all_of in zip(total, whole, strict=True)]

    def hangs(persons: set[str]) -> list[float]:
        graph: nx.Graph[str] = nx.Graph()
        graph.add_nodes_from(persons)
        graph.add_edges_from(
            (a, b) for n in every for a, b in combinations(sorted(p for p, m in rows if m == n and p in persons), 2)
        )
        sizes = [len(part) for part in nx.connected_components(graph)]
        size = len(graph)
        reach = sum(s * (s - 1) for s in sizes) / (size * (size - 1)) if size > 1 else 0.0
        return [size, graph.number_of_edges(), len(sizes), max(sizes, default=0), reach]

    persons = {person for person, _ in rows}
    return amounts(every) + amounts(theirs) + amounts(alone) + hangs(persons) + hangs(persons - removed)


def _said(found: Any, which: str = "value") -> list[float]:
    parts = (found.all_linked, found.theirs, found.only_theirs, found.before, found.after)
    return [getattr(getattr(part, name), which) for part in parts for name in part.__dataclass_fields__]


_LINKS = st.lists(
    st.tuples(st.sampled_from(["N1", "N2", "N3", "N4", "N5"]), st.integers(0, 7)), min_size=1, unique=True
)


@settings(max_examples=60)
@given(rows=_LINKS, chosen=st.sets(st.integers(0, 4), min_size=1))
def test_what_if_agrees_with_brute_force(table: Any, rows: Any, chosen: set[int]) -> None:
    persons = sorted({person for person, _ in rows})
    removed = {persons[n % len(persons)] for n in chosen}
    found = without(table(rows, harm={2: 365.0}), [PersonId(one) for one in removed])
    assert _said(found) == pytest.approx(_brute_force(rows, removed, {2: 365.0}))
    assert set(found.removed) == removed
    assert _said(found, "low") == [None] * 28


def test_what_if_says_what_drawn_worlds_leave_open(table: Any) -> None:
    rows = [("N1", 1), ("N2", 1), ("N2", 2), ("N3", 2), ("u1", 4, U)]
    links = table(rows, joins=[("u1", "N2")])
    own = int((links.join < 0).sum())
    all_hold, same = np.ones(own, np.bool_), np.arange(len(links.persons))
    joined = same.copy()
    joined[links.persons.index(PersonId("u1"))] = links.persons.index(PersonId("N2"))
    one_fails = all_hold.copy()
    one_fails[0] = False
    worlds = [DrawnLinks(all_hold, same), DrawnLinks(all_hold, joined), DrawnLinks(one_fails, same)]
    found = without(links, [PersonId("N2")], worlds=worlds)
    assert found.worlds == 3
    # In the second world N2 did offence 4 alone; in the third N1 was not at offence 1, so that N2 was alone there.
    assert (found.theirs.offences.value, found.theirs.offences.low, found.theirs.offences.high) == (2, 2, 3)
    assert (found.only_theirs.offences.value, found.only_theirs.offences.low, found.only_theirs.offences.high) == (
        0,
        0,
        1,
    )
    assert (found.before.persons.value, found.before.persons.low, found.before.persons.high) == (4, 3, 4)
    assert found.left_alone == 2
    assert "not a forecast" in found.note
    # Taking away u1 takes N2 away where they are one.
    other = without(links, [PersonId("u1")], worlds=worlds)
    assert (other.theirs.offences.value, other.theirs.offences.low, other.theirs.offences.high) == (1, 1, 3)


def test_two_who_are_one_in_a_world_are_no_pair_there(table: Any) -> None:
    links = table([("N1", 1), ("u1", 1, U), ("N2", 2)], joins=[("u1", "N1")])
    joined = np.array([0, 1, 0])
    found = without(links, [PersonId("N2")], worlds=[DrawnLinks(np.ones(3, np.bool_), joined)])
    assert (found.before.pairs.value, found.before.pairs.low) == (1, 0)
    assert found.before.largest_component_persons.low == 1


def test_what_if_leaves_proactive_offences_out_of_harm_where_asked(table: Any) -> None:
    links = table([("N1", 1), ("N1", 2)], proactive=[1], harm={1: 7.0})
    assert without(links, [PersonId("N1")]).theirs.harm_days.value == 8.0
    assert without(links, [PersonId("N1")], proactive=False).theirs.harm_days.value == 1.0


def test_a_what_if_about_nobody_or_a_stranger_is_refused(table: Any) -> None:
    links = table([("N1", 1)])
    with pytest.raises(WrongUse, match="name one person at least"):
        without(links, [])
    with pytest.raises(WrongUse, match="draw worlds from the same links"):
        without(links, [PersonId("N1")], worlds=[DrawnLinks(np.ones(3, np.bool_), np.arange(1))])
    with pytest.raises(NotFound, match="N9 has no link to an offence here"):
        without(links, [PersonId("N1"), PersonId("N9")])


def test_pairs_of_a_table_are_rows(table: Any) -> None:
    (one,) = pairs(project(table([("N1", 1), ("N2", 1)])))
    assert (one.person_id, one.other_id, one.offences, one.first_together.isoformat()) == (
        "N1",
        "N2",
        1,
        "2026-01-02T00:00:00+00:00",
    )


def test_igraph_gives_the_same_groups_for_a_seed_and_leaves_its_generator_alone(table: Any) -> None:
    igraph = pytest.importorskip("igraph", reason="igraph is an extra, and not installed here")
    found = project(_two_gangs(table))
    by_igraph = communities(found, engine="igraph")
    assert by_igraph.engine == "igraph"
    assert [group.persons for group in by_igraph.groups] == [("N1", "N2", "N3"), ("N4", "N5", "N6")]
    ring = project(_ring(table))
    assert (louvain(ring, engine="igraph", seed=3) == louvain(ring, engine="igraph", seed=3)).all()
    by_networkx = modularity(ring, louvain(ring))
    assert modularity(ring, louvain(ring, engine="igraph")) == pytest.approx(by_networkx, abs=0.05)
    # Python's own generator draws again afterwards.
    __import__("random").seed(1)
    first = igraph.Graph.Erdos_Renyi(n=30, p=0.2).get_edgelist()
    louvain(ring, engine="igraph", seed=9)
    __import__("random").seed(1)
    assert igraph.Graph.Erdos_Renyi(n=30, p=0.2).get_edgelist() == first


def test_a_table_is_narrowed_as_its_rows_are(table: Any) -> None:
    from dataclasses import replace

    from stillgraph.network import narrowed
    from stillgraph.records import Coded, NetworkFilter, RetailerId

    rows = [("N1", 1), ("N2", 1), ("N2", 2), ("u1", 2, U), ("u1", 3, U), ("N3", 3)]
    links = table(rows, joins=[("u1", "N1"), ("u1", "N3")])
    shops = Coded(("A", "B"), np.array([0, 0, 1], np.int32))
    links = replace(links, offences=replace(links.offences, retailer=shops))
    assert narrowed(links, NetworkFilter()) is links
    at_a = narrowed(links, NetworkFilter(retailers=(RetailerId("A"),)))
    # u1's link to offence 2 stays, and with it what both proposals repeat of it; N3 is there by one of them alone.
    assert at_a.persons == ("N1", "N2", "N3", "u1")
    assert [(at_a.joins[n].part, at_a.joins[n].whole) for n in range(2)] == [(3, 0), (3, 2)]
    assert sorted(zip(at_a.person.tolist(), at_a.offence.tolist(), at_a.join.tolist(), strict=True)) == [
        (0, 0, -1), (0, 1, 0), (1, 0, -1), (1, 1, -1), (2, 1, 1), (3, 1, -1),
    ]  # fmt: skip
    # A link of another status that does not stay takes with it what proposals repeat of it.
    rows_and_proposed = [("N1", 1), ("p1", 1, LinkStatus.PROPOSED), ("u1", 1, U)]
    by_status = narrowed(table(rows_and_proposed, joins=[("p1", "N1")]), NetworkFilter(statuses=(U,)))
    assert (by_status.persons, by_status.joins) == (("u1",), ())
    sure = narrowed(links, NetworkFilter(statuses=(LinkStatus.CORROBORATED,)))
    assert (sure.persons, sure.joins) == (("N1", "N2", "N3"), ())
    with pytest.raises(NotFound, match=r"No offence of the period has retailer Z\. There are: A, B"):
        narrowed(links, NetworkFilter(retailers=(RetailerId("Z"),)))
