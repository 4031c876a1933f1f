"""How long a network of very many links takes to write, read and ask, beside networkx's own writers.

    python tests/benchmarks/network_files.py --links 100000

Made up: a tenth as many persons as links, six offences for ten links, a few persons with very many, every link with
the evidence of two officers. Ratios in one run, on one machine; seconds say little beyond it.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import networkx as nx
import numpy as np

from stillgraph import network
from stillgraph.records import (
    Basis,
    FaceEvidence,
    FaceId,
    LinkStatus,
    NominalId,
    Offence,
    OffenceId,
    OfficerId,
    Opinion,
    Outcome,
    Participation,
    PersonId,
    RetailerId,
    Store,
    StoreId,
    Strength,
    Verdict,
)


def county(links: int, seed: int = 20261126) -> nx.Graph[str]:
    """Return a made-up network of so many links."""
    draw = np.random.default_rng(seed)
    persons, number = links // 10, links * 6 // 10
    stores = [
        Store(StoreId(f"S{n}"), RetailerId(f"R{n % 12}"), f"Retailer {n % 12}", f"Store {n}", f"Borough {n % 33}",
              51.3 + 0.01 * (n % 40), -0.4 + 0.01 * (n % 70))
        for n in range(400)
    ]  # fmt: skip
    offences = []
    for n, minutes in enumerate(draw.integers(0, 700 * 24 * 60, number).tolist()):
        store = stores[n % len(stores)]
        at = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
        name = OffenceId(f"{store.retailer_id}/26/{n:06d}")
        offences.append(
            Offence(name, store.retailer_id, store.store_id, at, "46", "Shoplifting", 1000, "", "", "alarm")
        )
    share = 1 / np.arange(1, persons + 1) ** 0.6
    drawn = zip(
        draw.choice(persons, size=2 * links, p=share / share.sum()).tolist(),
        draw.integers(0, number, 2 * links).tolist(),
        strict=True,
    )
    said = tuple(
        Opinion(OfficerId(one), Verdict.SUPPORTS, Strength.MODERATE, agrees=True) for one in ("first", "second")
    )
    parts, evidence = [], {}
    for person, at in list(dict.fromkeys(drawn))[:links]:
        offence, nominal = offences[at].offence_id, NominalId(f"N{person:06d}")
        face = FaceId(f"{offence}.jpg#{person}")
        evidence[face] = FaceEvidence(
            face, Basis.REVIEW, Outcome.CORROBORATED, "human review", said, (), (), 12.5, 0.55
        )
        parts.append(Participation(PersonId(nominal), nominal, offence, LinkStatus.CORROBORATED, (face,)))
    return network.build(
        parts, {o.offence_id: o for o in offences}, {s.store_id: s for s in stores}, evidence=evidence,
        review="human review",
    )  # fmt: skip


def timed(what: str, do: Callable[[], object]) -> float:
    """Do something, print how long it took and return it."""
    began = time.perf_counter()
    do()
    took = time.perf_counter() - began
    print(f"  {what:<28} {took:7.2f} s", flush=True)
    return took


def main() -> None:
    """Write, read and ask."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--links", type=int, default=100_000)
    links = parser.parse_args().links
    began = time.perf_counter()
    graph = county(links)
    print(
        f"{graph.number_of_nodes()} nodes, {graph.number_of_edges()} links, made in {time.perf_counter() - began:.1f} s"
    )
    largest = max(nx.connected_components(graph), key=len)
    people = sorted(node for node in largest if graph.nodes[node]["kind"] == "person")
    a, b, c, d = (PersonId(people[n * (len(people) - 1) // 3].removeprefix("person:")) for n in range(4))
    timed("path", lambda: network.paths(graph, a, b))
    timed("path in time order", lambda: network.paths_in_time_order(graph, a, b))
    timed("connect four", lambda: network.connect(graph, [a, b, c, d]))
    timed("around, depth 2", lambda: network.around(graph, [d], depth=2))
    timed("timeline of four", lambda: network.timeline(graph, [a, b, c, d]))
    timed("travel of all", lambda: network.travel(graph))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ours = {
            ending: timed(f"write .{ending}", lambda e=ending: network.export(graph, folder / f"ours.{e}"))
            for ending in ("graphml", "gexf", "json", "csv")
        }
        timed("write Gephi's tables", lambda: network.export_gephi(graph, folder / "gephi"))
        theirs = {
            "graphml": timed("networkx writes .graphml", lambda: nx.write_graphml_xml(graph, folder / "nx.graphml")),
            "gexf": timed("networkx writes .gexf", lambda: nx.write_gexf(graph, folder / "nx.gexf")),
        }
        for ending, read in (("graphml", nx.read_graphml), ("gexf", nx.read_gexf)):
            back = read(folder / f"ours.{ending}")
            assert (len(back), back.number_of_edges()) == (len(graph), graph.number_of_edges())
            size = (folder / f"ours.{ending}").stat().st_size / 1e6
            print(f"  .{ending}: {size:.0f} MB, networkx takes {theirs[ending] / ours[ending]:.1f} times as long")
    print(f"  peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
