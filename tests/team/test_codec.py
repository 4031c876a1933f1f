"""What goes over the wire comes back as it was, and what nobody may send is not made."""

from __future__ import annotations

import contextlib
import dataclasses
import enum
import importlib
import inspect
import os
import pkgutil
import tracemalloc
import typing
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

import msgpack
import networkx as nx
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import stillgraph
from stillgraph.casework import registry
from stillgraph.casework.wire import codec, frames, gathering
from stillgraph.casework.wire.codec import Unreadable
from stillgraph.records import LinkStatus

texts = st.text(st.characters(codec="utf-8"), max_size=20)
simple = st.one_of(
    st.none(), st.booleans(), st.integers(-(1 << 80), 1 << 80), st.floats(allow_nan=False), texts, st.binary(max_size=20),
    st.datetimes(timezones=st.sampled_from([UTC, None])), st.dates(), st.times(), st.timedeltas(),
    st.decimals(allow_nan=False), st.sampled_from(LinkStatus), texts.map(lambda text: Path(f"/{text}".replace("\0", ""))),
)  # fmt: skip
hashable = st.one_of(texts, st.integers(), st.tuples(texts, st.integers()), st.dates(), st.sampled_from(LinkStatus))
values = st.recursive(
    simple,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.lists(inner, max_size=4).map(tuple), st.dictionaries(hashable, inner, max_size=4),
        st.frozensets(hashable, max_size=4), st.sets(hashable, max_size=4),
    ),
    max_leaves=20,
)  # fmt: skip


def back(value):
    return codec.loads(codec.dumps(value))


@given(values)
def test_values_come_back_as_they_were(value):
    found = back(value)
    assert found == value
    assert type(found) is type(value)


@given(hnp.arrays(
    st.sampled_from(["<f4", "<f8", "<i8", "|u1", "|b1", "<i2", "<M8[D]", "<m8[s]", "<U5", "|S3"]),
    hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
))  # fmt: skip
def test_arrays_come_back_to_the_bit(array):
    found = back(array)
    assert (found.dtype, found.shape) == (array.dtype, array.shape)
    assert found.tobytes() == array.tobytes()


FRAMES = {
    "kinds": pd.DataFrame({
        "a": [1, 2], "b": ["x", None], "c": pd.to_datetime(["2020-01-01", "2021-02-03"]).tz_localize("UTC"),
        "d": [date(2020, 1, 1), None], "e": pd.Categorical(["u", "v"]), "f": pd.array([1, None], dtype="Int64"),
        3: [1.5, np.nan], "g": pd.to_timedelta([1, 2], unit="s"), "h": [True, False],
    }),
    "none": pd.DataFrame(),
    "no columns": pd.DataFrame(index=pd.RangeIndex(3)),
    "no rows": pd.DataFrame({"a": pd.array([], dtype="int32"), "b": pd.array([], dtype="str")}),
    "objects": pd.DataFrame({"o": pd.Series([1, (2, 3), None, LinkStatus.UNKNOWN], dtype=object)}),
    "an index": pd.DataFrame({"n": [1, 2]}, index=pd.Index(["x", "y"], name="who")),
    "a part": pd.DataFrame({"n": [1, 2, 3]}).iloc[[2, 0]],
}  # fmt: skip


@pytest.mark.parametrize("name", FRAMES)
def test_tables_come_back_with_their_kinds(name):
    pd.testing.assert_frame_equal(back(FRAMES[name]), FRAMES[name], check_freq=False)


def test_arrow_tables_come_back():
    table = pa.table({"a": [1, None], "b": ["x", "y"], "c": pa.array([[1], []], pa.list_(pa.int32()))})
    assert back(table).equals(table)


@given(st.data())
def test_graphs_come_back_with_the_order_of_everything(data):
    nodes = data.draw(st.lists(hashable, unique=True, min_size=1, max_size=8))
    pairs = data.draw(st.lists(st.tuples(st.sampled_from(nodes), st.sampled_from(nodes)), max_size=15))
    graph = data.draw(st.sampled_from([nx.Graph, nx.DiGraph, nx.MultiGraph, nx.MultiDiGraph]))(about="a test")
    graph.add_nodes_from((node, {"at": number}) for number, node in enumerate(nodes))
    graph.add_edges_from((one, other, {"n": number}) for number, (one, other) in enumerate(pairs))
    found = back(graph)
    assert type(found) is type(graph)
    assert nx.utils.graphs_equal(found, graph)
    assert [(node, list(found.adj[node])) for node in found] == [(node, list(graph.adj[node])) for node in graph]


def ours():
    """Yield every dataclass of ours that travels by a signature, and those in its fields."""
    registry.load()
    for layer in ("records", "casework", "network", "prolific", "review"):
        package = importlib.import_module(f"stillgraph.{layer}")
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            for _, kind in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
                if (
                    dataclasses.is_dataclass(kind)
                    and kind.__module__ == module.name
                    and not kind.__name__.startswith("_")
                ):
                    yield kind


def strategy(kind):
    """Return values of a dataclass as its hints say; ``None`` where a hint is of what lives in one process only."""
    try:
        hints = typing.get_type_hints(kind)
    except NameError:
        return None
    try:
        return st.builds(kind, **{one.name: of_hint(hints[one.name]) for one in dataclasses.fields(kind) if one.init})
    except NotImplementedError:
        return None


def of_hint(hint):
    """Return values of a hint.

    Raises
    ------
    NotImplementedError
        It is of what is not made up here.
    """
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if hasattr(hint, "__supertype__"):
        return of_hint(hint.__supertype__)
    if hint in SIMPLE:
        return SIMPLE[hint]
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return st.sampled_from(hint)
    if origin is tuple:
        return several(of_hint(inner[0])) if inner[1:] == (...,) else st.tuples(*map(of_hint, inner))
    if origin is dict:
        return st.dictionaries(of_hint(inner[0]), of_hint(inner[1]), max_size=2)
    if type(None) in inner and len(inner) == 2:
        return st.none() | of_hint(inner[0])
    made = strategy(hint) if isinstance(hint, type) and dataclasses.is_dataclass(hint) else None
    if made is None:
        raise NotImplementedError
    return made


def several(one):
    return st.lists(one, max_size=2).map(tuple)


SIMPLE = {
    int: st.integers(), str: texts, float: st.floats(allow_nan=False), bool: st.booleans(), bytes: st.binary(),
    date: st.dates(), datetime: st.datetimes(timezones=st.just(UTC)), time: st.times(), timedelta: st.timedeltas(),
    Decimal: st.decimals(allow_nan=False),
}  # fmt: skip


BUILT = {kind: made for kind in ours() if (made := strategy(kind)) is not None}


def test_most_of_ours_can_be_made_up():
    assert len(BUILT) > 80


@pytest.mark.parametrize(
    "kind", BUILT, ids=lambda kind: f"{kind.__module__.removeprefix('stillgraph.')}.{kind.__name__}"
)
@given(data=st.data())
@settings(max_examples=5)
def test_dataclasses_of_ours_come_back(kind, data):
    try:
        value = data.draw(BUILT[kind])
    except stillgraph.errors.StillgraphError:
        return  # a combination that the class itself does not allow
    assert back(value) == value


class Foreign:
    """Nothing of ours."""


@dataclasses.dataclass
class Elsewhere:
    """A dataclass that this project does not declare."""

    name: str


@pytest.mark.parametrize(
    "value",
    [Foreign(), Elsewhere("x"), object(), len, os, Foreign],
    ids=lambda value: getattr(value, "__name__", type(value).__name__),
)
def test_what_is_not_ours_does_not_travel(value):
    with pytest.raises(Unreadable, match="does not travel"):
        codec.dumps(value)


@pytest.mark.parametrize(
    "tree",
    [
        ["data", "os:system", {"command": "true"}],
        ["data", "stillgraph.casework.wire.codec:os", {}],
        ["data", "stillgraph.casework.desk:Desk", {}],
        ["data", "stillgraph.store.casefile:CaseFile", {"directory": "/"}],
        ["data", "stillgraph.cli.app:app", {}],
        ["data", "stillgraph.records.offices:SignIn.__init__", {}],
        ["data", "stillgraph.casework.enrolling:replace", {}],
        ["data", "subprocess:Popen", {"args": "true"}],
        ["enum", "stillgraph.records.offices:Officer", "x"],
        ["enum", "stillgraph.records.links:LinkStatus", "__class__"],
        ["model", "stillgraph.records.offices:Officer", {}],
        ["array", "|O", [1], b"12345678"],
        ["array", "<f8", [1 << 40], b"12345678"],
        ["array", "<f8", [-1], b""],
        ["graph", "__class__", {}, [], [], []],
        ["path", "shipped", "../../../etc/passwd"],
        ["place", "out:path"],
        ["no such thing", 1],
        ["value", 1],
        ["_check", 1],
        [],
        [[["list", []]]],
    ],
    ids=str,
)
def test_nothing_is_made_of_what_nobody_may_send(tree):
    with pytest.raises(Unreadable):
        codec.loads(msgpack.packb(tree))


def test_a_request_names_no_file_of_the_server():
    with pytest.raises(Unreadable, match="may not"):
        codec.loads(codec.dumps({"manifest": Path("/etc/passwd")}), asked=True)


@pytest.mark.parametrize(
    "value",
    [pa.table({"a": [1]}), pd.DataFrame({"a": [1]}), pd.Series([1]), nx.Graph([(1, 2)])],
    ids=lambda value: type(value).__name__,
)
def test_a_request_holds_no_table_and_no_graph(value):
    with pytest.raises(Unreadable, match="a table or a graph, which it may not"):
        codec.loads(codec.dumps({"sql": [value]}), asked=True)


def test_a_small_request_stands_for_little_memory():
    blown_up = pa.table({"a": pa.array(np.zeros(1_000_000))})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, blown_up.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
        writer.write_table(blown_up)
    data = msgpack.packb({"sql": ["arrow", sink.getvalue().to_pybytes()]})
    assert len(data) < 10_000
    empty = b"\xdd" + (1_000_000).to_bytes(4, "big") + b"\x80" * 1_000_000
    many = b"\x93" + empty * 3
    tracemalloc.start()
    for asked in (data, many, b"\xdd" + (3_000_000).to_bytes(4, "big") + b"\xc0" * 3_000_000):
        with pytest.raises(Unreadable):
            codec.loads(asked, asked=True)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 250_000_000  # bytes


def test_a_column_goes_to_a_server_as_a_list():
    one = registry.load()["series.series"]
    assert gathering.parcel(one, {"retailers": pd.Series(["R01", "R02"])}).arguments == {"retailers": ["R01", "R02"]}


def test_depth_is_bounded():
    deep = []
    for _ in range(100):
        deep = [deep]
    with pytest.raises(Unreadable, match="too deep"):
        codec.dumps(deep)
    tree = ["list", []]
    for _ in range(300):
        tree = ["list", [tree]]
    with pytest.raises(Unreadable):
        codec.loads(msgpack.packb(tree))
    with pytest.raises(Unreadable):
        codec.loads(b"\x91" * 100_000)


@given(st.binary(max_size=200))
def test_noise_is_a_plain_error_or_a_value(data):
    with contextlib.suppress(Unreadable):
        codec.loads(data, asked=True)


@given(st.lists(st.tuples(st.sampled_from([frames.CALL, frames.DATA]), st.binary(max_size=50)), max_size=5), st.data())
def test_pieces_are_found_however_they_are_cut(sent, data):
    whole = b"".join(frames.frame(kind, payload) for kind, payload in sent)
    pieces, found, at = frames.Pieces(frames.MOST_BYTES), [], 0
    while at < len(whole):
        size = data.draw(st.integers(1, len(whole) - at))
        found += [(piece.kind, piece.payload) for piece in pieces.fed(whole[at : at + size])]
        at += size
    assert found == sent


@pytest.mark.parametrize("piece", [frames.frame(frames.RESULT), b"d" + (1 << 40).to_bytes(8, "big"), b"\0" * 9])
def test_a_server_takes_no_other_piece(piece):
    with pytest.raises(Unreadable):
        list(frames.Pieces(frames.MOST_BYTES).fed(piece))
