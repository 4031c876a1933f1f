import csv
import json
from datetime import UTC, datetime
from pathlib import Path

import networkx as nx
import pytest

from stillgraph.errors import WrongUse
from stillgraph.network import ENDINGS, build, export
from stillgraph.records import (
    FaceId,
    LinkStatus,
    NominalId,
    Offence,
    OffenceId,
    Participation,
    PersonId,
    RetailerId,
    Store,
    StoreId,
)


def _graph(offence: str = "Shoplifting", retailer: str = "Harrow & Finch <London>") -> "nx.Graph[str]":
    store = Store(StoreId("R1-S1"), RetailerId("R1"), retailer, "Camden", "Camden", 51.5, -0.1)
    done = Offence(
        OffenceId("R1/1"),
        RetailerId("R1"),
        store.store_id,
        datetime(2026, 1, 1, tzinfo=UTC),
        "46",
        offence,
        1250,
        "none",
        "",
        "alarm",
    )
    links = [
        Participation(PersonId("N1"), NominalId("N1"), done.offence_id, LinkStatus.CORROBORATED, (FaceId("f#1"),)),
        Participation(PersonId("unknown 1"), None, done.offence_id, LinkStatus.UNKNOWN, (FaceId("f#2"),)),
    ]
    return build(links, {done.offence_id: done}, {store.store_id: store}, harm_days={"46": 1.0})


def _nodes(graph: "nx.Graph[str]") -> dict[str, dict[str, object]]:
    return {node: dict(data) for node, data in graph.nodes(data=True)}


def _edges(graph: "nx.Graph[str]") -> dict[frozenset[str], dict[str, object]]:
    return {frozenset((a, b)): {k: v for k, v in d.items() if k != "id"} for a, b, d in graph.edges(data=True)}


def test_graphml_and_json_come_back_as_they_went(tmp_path: Path) -> None:
    graph = _graph()
    back = nx.read_graphml(export(graph, tmp_path / "g.graphml"))
    assert (_nodes(back), _edges(back)) == (_nodes(graph), _edges(graph))
    text = json.loads(export(graph, tmp_path / "g.json").read_text(encoding="utf-8"))
    back = nx.node_link_graph(text, edges="links")
    assert (_nodes(back), _edges(back)) == (_nodes(graph), _edges(graph))


def test_gexf_comes_back_as_it_went(tmp_path: Path) -> None:
    graph = _graph()
    back = nx.read_gexf(export(graph, tmp_path / "g.gexf"))
    for told in (*(data for _, data in back.nodes(data=True)), *(data for *_, data in back.edges(data=True))):
        assert told.pop("start") == "2026-01-01"
    assert (_nodes(back), _edges(back)) == (_nodes(graph), _edges(graph))


def test_csv_has_one_row_a_link(tmp_path: Path) -> None:
    with export(_graph(), tmp_path / "g.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [(r["person_id"], r["nominal_id"], r["offence_id"], r["status"], r["faces"]) for r in rows] == [
        ("N1", "N1", "R1/1", "corroborated", "f#1"),
        ("unknown 1", "", "R1/1", "unknown", "f#2"),
    ]
    assert rows[0]["value_pence"] == "1250"
    assert rows[0]["retailer"] == "Harrow & Finch <London>"


def test_a_row_carries_the_status_of_its_link_not_of_its_person(tmp_path: Path) -> None:
    graph = _graph()
    graph.edges["person:N1", "offence:R1/1"]["status"] = "proposed"
    with export(graph, tmp_path / "g.csv").open(encoding="utf-8", newline="") as stream:
        assert [row["status"] for row in csv.DictReader(stream)] == ["proposed", "unknown"]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_cell_that_a_spreadsheet_would_run_is_neutralised(tmp_path: Path, text: str) -> None:
    with export(_graph(offence=text), tmp_path / "g.csv").open(encoding="utf-8", newline="") as stream:
        assert {row["offence"] for row in csv.DictReader(stream)} == {"'" + text}


@pytest.mark.parametrize("ending", [".graphml", ".gexf"])
def test_a_character_that_xml_cannot_hold_is_replaced(tmp_path: Path, ending: str) -> None:
    path = export(_graph(retailer="Har\x00row\x1b"), tmp_path / f"g{ending}")
    read = nx.read_graphml if ending == ".graphml" else nx.read_gexf
    assert read(path).nodes["offence:R1/1"]["retailer"] == "Har\ufffdrow\ufffd"


def test_a_format_may_be_named_apart_from_the_ending(tmp_path: Path) -> None:
    assert ENDINGS == (".graphml", ".gexf", ".json", ".csv")
    path = export(_graph(), tmp_path / "network.txt", "json")
    assert json.loads(path.read_text(encoding="utf-8"))["nodes"]
    assert export(_graph(), tmp_path / "G.CSV").read_text(encoding="utf-8").startswith("person_id,")


@pytest.mark.parametrize("name", ["g.xlsx", "g"])
def test_an_ending_that_stands_for_no_format_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(WrongUse, match=r"is written as \.graphml, \.gexf, \.json, \.csv"):
        export(_graph(), tmp_path / name)
    assert not (tmp_path / name).exists()
