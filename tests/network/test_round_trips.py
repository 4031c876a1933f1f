"""A network that is written is read back as it was: by networkx, by a CSV reader, and against the formats' own rules."""

from __future__ import annotations

import csv
import json
import re
import xml.etree.ElementTree as ET
from datetime import UTC, date, datetime
from itertools import pairwise

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stillgraph.errors import WrongUse
from stillgraph.network import build, export, export_gephi
from stillgraph.network.tables import LINK_COLUMNS
from stillgraph.records import (
    OPTIONAL_KINDS,
    Arrest,
    Basis,
    FaceEvidence,
    FaceId,
    LinkStatus,
    NominalId,
    Offence,
    OffenceId,
    OfficerId,
    Opinion,
    Participation,
    PersonId,
    PersonJoin,
    RetailerId,
    Store,
    StoreId,
    Strength,
    Verdict,
)

ODD = [
    'O\'Brien, "Ann"',
    "a\nb\r\nc\td",
    "=1+1",
    "'=1",
    "''@x",
    "+",
    " lead",
    "trail ",
    "\r",
    "𝔸😀",
    "<&>]]>",
    "",
    "é",
    "-1",
]
CONTROL = ["\x00", "\x1b[0m", "\x07=", "\ufffe", "\ud7ff\ue000"]
TEXTS = st.one_of(st.sampled_from(ODD), st.text(max_size=8))
WITH_CONTROL = st.one_of(TEXTS, st.sampled_from(CONTROL))
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)


@st.composite
def networks(draw, texts=WITH_CONTROL):
    """Draw a network with every kind of node and edge, odd texts wherever a text can be."""
    stores = {
        StoreId(f"S{n}{draw(texts)}"): (RetailerId(f"R{n}{draw(texts)}"), draw(texts), draw(texts), draw(texts))
        for n in range(draw(st.integers(1, 2)))
    }
    made = {
        store: Store(store, retailer, name, called, borough, draw(st.floats(-90, 90)), draw(st.floats(-180, 180)))
        for store, (retailer, name, called, borough) in stores.items()
    }
    offences = {}
    for n in range(draw(st.integers(1, 3))):
        store = made[draw(st.sampled_from(sorted(made)))]
        offence = OffenceId(f"{n}{draw(texts)}")
        at = draw(st.datetimes(datetime(1990, 1, 1), datetime(2030, 1, 1))).replace(tzinfo=UTC)  # noqa: DTZ001
        offences[offence] = Offence(
            offence, store.retailer_id, store.store_id, at, draw(texts), draw(texts),
            draw(st.integers(0, 2**62)), "", "", draw(texts),
        )  # fmt: skip
    persons = [PersonId(f"{n}{draw(texts)}") for n in range(draw(st.integers(1, 3)))]
    links, evidence = [], {}
    for person in persons:
        for offence in draw(st.lists(st.sampled_from(sorted(offences)), min_size=1, max_size=2, unique=True)):
            face = FaceId(f"{offence}#{person}")
            said = Opinion(
                OfficerId(draw(texts)), Verdict.SUPPORTS, draw(st.sampled_from([None, *Strength])), agrees=True
            )
            evidence[face] = FaceEvidence(
                face, draw(st.sampled_from(Basis)), review="human review", judgements=(said,),
                likelihood_ratio=draw(st.one_of(st.none(), NUMBERS)), score=draw(st.one_of(st.none(), NUMBERS)),
            )  # fmt: skip
            status = draw(st.sampled_from(LinkStatus))
            links.append(Participation(person, NominalId(person), offence, status, (face,)))
    joins = [PersonJoin(a, b, (), None, 0.5, draw(texts)) for a, b in pairwise(persons)]
    arrests = [Arrest(NominalId(persons[0]), date(2020, 1, 1), draw(texts), draw(texts), draw(texts))]
    return build(
        links, offences, made, evidence=evidence, joins=joins, arrests=arrests,
        kinds=draw(st.lists(st.sampled_from(OPTIONAL_KINDS), unique=True)), harm_days={"46": 1.5},
        review=draw(texts),
    )  # fmt: skip


def _held(text):
    """Return a text as XML can hold it."""
    return re.sub("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "\ufffd", text)


def _as_xml(data):
    return {name: _held(value) if isinstance(value, str) else value for name, value in data.items()}


def _typed(data):
    return {name: (type(value), value) for name, value in data.items()}


def _nodes(graph, change=dict, but=()):
    return {
        node: _typed({k: v for k, v in change(data).items() if k not in but}) for node, data in graph.nodes(data=True)
    }


def _edges(graph, change=dict, but=()):
    return {
        frozenset(map(str, (a, b))): _typed({k: v for k, v in change(data).items() if k not in but})
        for a, b, data in graph.edges(data=True)
    }


def _renamed(graph):
    """Return the graph with ids as XML holds them: of nodes whose ids become one, the later have a number."""
    alike = {}
    for node in graph:
        alike.setdefault(_held(node), []).append(node)
    numbered = {
        node: held if place == 1 else f"{held}\ufffd{place}"
        for held, nodes in alike.items()
        for place, node in enumerate(nodes, start=1)
    }
    renamed = nx.relabel_nodes(graph, numbered)
    assert len(renamed) == len(graph), "no two nodes become one"
    return renamed


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("written")


@settings(max_examples=60)
@given(graph=networks())
def test_graphml_comes_back_with_its_types(folder, graph):
    back = nx.read_graphml(export(graph, folder / "g.graphml"))
    expected = _renamed(graph)
    assert _nodes(back) == _nodes(expected, _as_xml)
    assert _edges(back) == _edges(expected, _as_xml)
    assert {k: v for k, v in back.graph.items() if k == "review"} == {"review": _held(graph.graph["review"])}


@settings(max_examples=60)
@given(graph=networks())
def test_gexf_comes_back_with_its_types(folder, graph):
    back = nx.read_gexf(export(graph, folder / "g.gexf"))
    expected = _renamed(graph)
    assert _nodes(back, but={"start"}) == _nodes(expected, _as_xml)
    assert _edges(back, but={"start", "id"}) == _edges(expected, _as_xml)
    for _, data in back.nodes(data=True):
        when = data.get("occurred_at") or data.get("arrested_on")
        assert when is None or data["start"] == when[:10]
    assert all("start" in data for *_, data in back.edges(data=True) if data["kind"] == "link")


@pytest.mark.parametrize("ending", ["graphml", "gexf"])
def test_two_boroughs_that_xml_writes_alike_stay_two(folder, ending):
    stores = {
        StoreId(one): Store(StoreId(one), RetailerId("R"), "R", one, borough, 51.5, -0.1)
        for one, borough in (("A", "\x07"), ("B", "\x1f"))
    }
    at = datetime(2026, 1, 1, tzinfo=UTC)
    offences = {
        OffenceId(one): Offence(OffenceId(one), RetailerId("R"), StoreId(one), at, "46", "theft", 1, "", "", "")
        for one in stores
    }
    links = [Participation(PersonId("P"), None, one, LinkStatus.CORROBORATED, ()) for one in offences]
    graph = build(links, offences, stores, kinds=("borough",))
    read = {"graphml": nx.read_graphml, "gexf": nx.read_gexf}[ending]
    back = read(export(graph, folder / f"alike.{ending}"))
    assert sorted(back) == sorted(_renamed(graph))
    assert {node for node in back if node.startswith("borough:")} == {"borough:\ufffd", "borough:\ufffd\ufffd2"}


@settings(max_examples=60)
@given(graph=networks())
def test_json_comes_back_to_the_character(folder, graph):
    told = json.loads(export(graph, folder / "g.json").read_text(encoding="utf-8"))
    back = nx.node_link_graph(told, edges="links")
    assert (_nodes(back), _edges(back), back.graph) == (_nodes(graph), _edges(graph), graph.graph)


def _read(path):
    with path.open(encoding="utf-8", newline="") as stream:
        return [{name: _given_back(value) for name, value in row.items()} for row in csv.DictReader(stream)]


def _given_back(text):
    """Return the text that a cell stands for."""
    return text[1:] if re.match(r"'+[=+\-@\t\r]", text) else text


@settings(max_examples=60)
@given(graph=networks())
def test_the_table_of_links_comes_back(folder, graph):
    path = export(graph, folder / "g.csv")
    rows = _read(path)
    assert len(rows) == graph.number_of_edges()
    for row in rows:
        edge, start, end = (
            graph.edges[row["from_id"], row["to_id"]],
            graph.nodes[row["from_id"]],
            graph.nodes[row["to_id"]],
        )
        assert (row["from_type"], row["to_type"], row["link_type"]) == (start["kind"], end["kind"], edge["kind"])
        assert (row["from_label"], row["to_label"]) == (start["label"], end["label"])
        for name in ("status", "faces", "review", "officers", "strength", "likelihood_ratio", "score"):
            assert row[name] == str(edge.get(name, ""))
        if edge["kind"] == "link":
            for name in ("person_id", "nominal_id"):
                assert row[name] == str(start[name])
            for name in ("offence_id", "occurred_at", "offence_code", "value_pence", "retailer", "store", "borough"):
                assert row[name] == str(end[name])
            assert f"{row['date']}T{row['time']}+00:00" == end["occurred_at"]
    with path.open(encoding="utf-8", newline="") as stream:
        cells = [cell for row in csv.reader(stream) for cell in row]
    numbers = {str(edge.get(name)) for *_, edge in graph.edges(data=True) for name in ("likelihood_ratio", "score")}
    assert not [cell for cell in cells if cell[:1] in set("=+-@\t\r") and cell not in numbers]


@settings(max_examples=60)
@given(graph=networks())
def test_gephi_s_tables_come_back(folder, graph):
    out = export_gephi(graph, folder / "gephi")
    nodes, edges = _read(out / "nodes.csv"), _read(out / "edges.csv")
    assert {row["Id"]: row["Label"] for row in nodes} == {node: data["label"] for node, data in graph.nodes(data=True)}
    for row in nodes:
        data = graph.nodes[row["Id"]]
        assert all(row[name] == str(data.get(name, "")) for name in row if name not in {"Id", "Label"})
    assert {frozenset((row["Source"], row["Target"])) for row in edges} == {frozenset(edge) for edge in graph.edges}
    for row in edges:
        edge = graph.edges[row["Source"], row["Target"]]
        assert (row["Type"], row["link_kind"]) == ("Undirected", edge["kind"])
        known = {name: value for name, value in edge.items() if name != "kind"}
        assert all(row[name] == str(value) for name, value in known.items())


# --- the formats' own rules ----------------------------------------------------------------------------------------
# Checked here by hand, since neither schema may be shipped with the tests.

GRAPHML = "{http://graphml.graphdrawing.org/xmlns}"
GEXF = "{http://www.gexf.net/1.2draft}"


@settings(max_examples=25)
@given(graph=networks())
def test_graphml_keeps_the_schema(folder, graph):
    root = ET.parse(export(graph, folder / "s.graphml")).getroot()
    assert root.tag == f"{GRAPHML}graphml"
    assert [child.tag for child in root] == [f"{GRAPHML}key"] * (len(root) - 1) + [f"{GRAPHML}graph"]
    keys = {key.get("id"): key for key in root[:-1]}
    assert len(keys) == len(root) - 1
    assert all(re.fullmatch(r"[A-Za-z_][\w.-]*", key) for key in keys)
    assert {key.get("attr.type") for key in keys.values()} <= {"boolean", "int", "long", "float", "double", "string"}
    nodes = {node.get("id") for node in root[-1].iter(f"{GRAPHML}node")}
    for what in ("node", "edge"):
        for element in root[-1].iter(f"{GRAPHML}{what}"):
            own = [data.get("key") for data in element]
            assert len(own) == len(set(own))
            assert {keys[key].get("for") for key in own} <= {what}
    for edge in root[-1].iter(f"{GRAPHML}edge"):
        assert {edge.get("source"), edge.get("target")} <= nodes


@settings(max_examples=25)
@given(graph=networks())
def test_gexf_keeps_the_schema(folder, graph):
    root = ET.parse(export(graph, folder / "s.gexf")).getroot()
    assert (root.tag, root.get("version")) == (f"{GEXF}gexf", "1.2")
    assert [child.tag for child in root] == [f"{GEXF}meta", f"{GEXF}graph"]
    drawn = root[1]
    assert (drawn.get("mode"), drawn.get("timeformat"), drawn.get("defaultedgetype")) == (
        "dynamic",
        "date",
        "undirected",
    )
    assert [child.tag for child in drawn] == [
        f"{GEXF}{name}" for name in ("attributes", "attributes", "nodes", "edges")
    ]
    declared = [{one.get("id"): one.get("type") for one in part} for part in drawn[:2]]
    assert {kind for part in declared for kind in part.values()} <= {
        "integer",
        "long",
        "double",
        "float",
        "boolean",
        "string",
    }
    ids = [node.get("id") for node in drawn[2]]
    assert len(set(ids)) == len(ids)
    for part, types in zip(drawn[2:], declared, strict=True):
        for element in part:
            assert re.fullmatch(r"\d{4}-\d\d-\d\d", element.get("start", "2000-01-01"))
            for value in element[0]:
                assert value.get("for") in types
                if types[value.get("for")] != "string":
                    float(value.get("value"))
    assert {end for edge in drawn[3] for end in (edge.get("source"), edge.get("target"))} <= set(ids)
    assert len({edge.get("id") for edge in drawn[3]}) == graph.number_of_edges()


def test_an_offence_and_its_link_start_on_their_day_and_a_person_on_that_of_their_first(folder):
    store = Store(StoreId("S"), RetailerId("R"), "r", "s", "b", 51.0, 0.0)
    offences = {
        OffenceId(str(n)): Offence(
            OffenceId(str(n)),
            RetailerId("R"),
            StoreId("S"),
            datetime(2026, 1, n, 23, 59, tzinfo=UTC),
            "46",
            "",
            0,
            "",
            "",
            "",
        )
        for n in (3, 5)
    }
    links = [Participation(PersonId("P"), None, o, LinkStatus.UNKNOWN, (FaceId("f"),)) for o in offences]
    back = nx.read_gexf(export(build(links, offences, {store.store_id: store}), folder / "t.gexf"))
    assert dict(back.nodes(data="start")) == {
        "person:P": "2026-01-03",
        "offence:3": "2026-01-03",
        "offence:5": "2026-01-05",
    }
    assert back.edges["person:P", "offence:5"]["start"] == "2026-01-05"


@pytest.mark.parametrize("ending", ["graphml", "gexf"])
def test_two_ids_that_xml_cannot_tell_apart_stay_two_persons(folder, ending):
    store = Store(StoreId("S"), RetailerId("R"), "r", "s", "b", 51.0, 0.0)
    at = datetime(2026, 1, 1, tzinfo=UTC)
    offence = Offence(OffenceId("1"), RetailerId("R"), StoreId("S"), at, "46", "", 0, "", "", "")
    links = [Participation(PersonId(p), None, OffenceId("1"), LinkStatus.UNKNOWN, ()) for p in ("a\x00", "a\x01")]
    graph = build(links, {offence.offence_id: offence}, {store.store_id: store})
    read = nx.read_graphml if ending == "graphml" else nx.read_gexf
    back = read(export(graph, folder / f"two.{ending}"))
    assert (len(back), back.number_of_edges()) == (3, 2)


def test_what_is_written_as_it_is_needs_nothing():
    from stillgraph.network.markup import text

    for code in (*range(0x3000), *range(0xE000, 0x10100), 0x1F600, 0x10FFFF):
        character = chr(code)
        held = character == _held(character) and character not in '&<>"\t\n\r'
        assert (text(character) == character) == held, hex(code)


def test_the_same_network_gives_the_same_bytes(folder):
    from stillgraph.network import oracles

    one, other = (oracles.random_networks(1, seed=9)[0] for _ in range(2))
    for ending in ("graphml", "gexf", "json", "csv"):
        first = export(one, folder / f"1.{ending}").read_bytes()
        assert first == export(other, folder / f"2.{ending}").read_bytes()
        assert first == export(one, folder / f"3.{ending}").read_bytes()


def test_gephi_s_tables_go_into_a_folder(tmp_path):
    from stillgraph.network import oracles

    (tmp_path / "file").write_text("")
    with pytest.raises(WrongUse, match="go into a folder, and file is a file"):
        export_gephi(oracles.random_networks(1, seed=9)[0], tmp_path / "file")


def test_the_columns_that_tools_know_come_first():
    assert LINK_COLUMNS[:6] == ("person_id", "nominal_id", "offence_id", "status", "faces", "review")
