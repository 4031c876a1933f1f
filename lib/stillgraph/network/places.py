"""Stores, retailers, boroughs and arrests as nodes, where somebody wants to see them as such."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

import networkx as nx

from stillgraph.network.naming import arrest_node, borough_node, retailer_node, store_node
from stillgraph.records import Arrest, EdgeKind, NodeKind, Store, StoreId


def add(
    graph: nx.Graph[str], stores: Mapping[StoreId, Store], arrests: Sequence[Arrest], kinds: Collection[NodeKind]
) -> None:
    """Add the kinds asked for to a graph of persons and offences, each only where something in it is joined to it.

    Their edges have a ``kind`` and nothing else: they are the retailers' and custody's own records, no evidence.
    """
    if NodeKind.STORE in kinds or NodeKind.RETAILER in kinds or NodeKind.BOROUGH in kinds:
        _add_places(graph, stores, kinds)
    if NodeKind.ARREST in kinds:
        _add_arrests(graph, arrests)


def _add_places(graph: nx.Graph[str], stores: Mapping[StoreId, Store], kinds: Collection[NodeKind]) -> None:
    offences = {n: StoreId(data["store_id"]) for n, data in graph.nodes(data=True) if data["kind"] == NodeKind.OFFENCE}
    used = [stores[store_id] for store_id in sorted(set(offences.values()))]
    _add_place_nodes(graph, used, kinds)
    joined = [(node, stores[store_id]) for node, store_id in offences.items()]
    if NodeKind.STORE in kinds:
        for node, store in joined:
            graph.add_edge(node, store_node(store.store_id), kind=EdgeKind.AT_STORE.value)
        joined = [(store_node(store.store_id), store) for store in used]
    for node, store in joined:
        if NodeKind.RETAILER in kinds:
            graph.add_edge(node, retailer_node(store.retailer_id), kind=EdgeKind.OF_RETAILER.value)
        if NodeKind.BOROUGH in kinds:
            graph.add_edge(node, borough_node(store.borough), kind=EdgeKind.IN_BOROUGH.value)


def _add_place_nodes(graph: nx.Graph[str], used: Sequence[Store], kinds: Collection[NodeKind]) -> None:
    if NodeKind.STORE in kinds:
        for store in used:
            graph.add_node(
                store_node(store.store_id), kind=NodeKind.STORE.value, label=store.store, store_id=str(store.store_id),
                store=store.store, retailer_id=str(store.retailer_id), retailer=store.retailer, borough=store.borough,
                latitude=store.latitude, longitude=store.longitude,
            )  # fmt: skip
    if NodeKind.RETAILER in kinds:
        for store in sorted(used, key=lambda one: one.retailer_id):
            graph.add_node(
                retailer_node(store.retailer_id), kind=NodeKind.RETAILER.value, label=store.retailer,
                retailer_id=str(store.retailer_id), retailer=store.retailer,
            )  # fmt: skip
    if NodeKind.BOROUGH in kinds:
        for borough in sorted({store.borough for store in used}):
            graph.add_node(borough_node(borough), kind=NodeKind.BOROUGH.value, label=borough, borough=borough)


def _add_arrests(graph: nx.Graph[str], arrests: Sequence[Arrest]) -> None:
    persons = defaultdict(list)
    for node, data in graph.nodes(data=True):
        if data["kind"] == NodeKind.PERSON and data["nominal_id"]:
            persons[data["nominal_id"]].append(node)
    by_nominal = defaultdict(list)
    for arrest in arrests:
        if arrest.nominal_id in persons:
            by_nominal[arrest.nominal_id].append(arrest)
    for nominal_id in sorted(by_nominal):
        ordered = sorted(by_nominal[nominal_id], key=lambda a: (a.arrested_on, a.offence_code, a.offence, a.disposal))
        for number, arrest in enumerate(ordered, start=1):
            node = arrest_node(nominal_id, number)
            graph.add_node(
                node, kind=NodeKind.ARREST.value, label=f"arrest {arrest.arrested_on}", nominal_id=str(nominal_id),
                arrested_on=str(arrest.arrested_on), offence_code=arrest.offence_code, offence=arrest.offence,
                disposal=arrest.disposal,
            )  # fmt: skip
            for person in persons[nominal_id]:
                graph.add_edge(person, node, kind=EdgeKind.ARRESTED.value)
