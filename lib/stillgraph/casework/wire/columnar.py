"""Arrays, tables and graphs as they travel: numbers as their bytes, tables as Arrow, graphs as nodes and links."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from typing import Any

from stillgraph.errors import StillgraphError

Turn = Callable[[Any], Any]
_KINDS = frozenset("biufcmMUS")
"""Kinds of NumPy's numbers, times and texts that are their bytes; objects, which could be anything, are not."""
ANSWERED = ("frame", "series", "arrow", "graph")
"""What a server sends and never takes: tables, which come compressed, and graphs."""
_GRAPHS = ("Graph", "DiGraph", "MultiGraph", "MultiDiGraph")


def packed(value: Any, turn: Turn) -> list[Any] | None:
    """Return an array, table or graph as a tagged list; ``None`` of anything else.

    What was never imported cannot be at hand, so nothing is imported to look.
    """
    modules = sys.modules
    if "numpy" in modules:
        import numpy as np

        if isinstance(value, np.ndarray):
            return _array(value, turn)
        if isinstance(value, np.generic):
            return ["scalar", value.dtype.str, value.tobytes()]
    if "pandas" in modules:
        found = _pandas(value, turn)
        if found is not None:
            return found
    if "pyarrow" in modules:
        import pyarrow as pa

        if isinstance(value, pa.Table):
            return ["arrow", _ipc(value)]
    if "networkx" in modules:
        import networkx as nx

        if isinstance(value, nx.Graph):
            return _graph(value, turn)
    return None


def unpacked(tag: object, rest: list[Any], turn: Turn) -> Any:
    """Return what :func:`packed` made the list of."""
    made = _MADE.get(str(tag))
    if made is None:
        raise StillgraphError("A message holds a kind of value that nobody knows.")
    return made(rest, turn)


def _array(value: Any, turn: Turn) -> list[Any]:
    if value.dtype.kind == "O":
        return ["objects", list(value.shape), [turn(item) for item in value.ravel().tolist()]]
    if value.dtype.kind not in _KINDS:
        raise StillgraphError("An array of mixed kinds does not travel between a client and a server.")
    return ["array", value.dtype.str, list(value.shape), value.tobytes()]


def _dtype(written: str) -> Any:
    import numpy as np

    dtype = np.dtype(str(written))
    if dtype.kind not in _KINDS or dtype.names is not None or dtype.subdtype is not None:
        raise StillgraphError("A message holds an array of a kind that is not allowed.")
    return dtype


def _made_array(rest: list[Any], _turn: Turn) -> Any:
    import numpy as np

    written, shape, data = rest
    dtype, sizes = _dtype(written), tuple(int(size) for size in shape)
    if len(sizes) > 8 or any(size < 0 for size in sizes) or math.prod(sizes) * dtype.itemsize != len(data):
        raise StillgraphError("A message holds an array that is not as long as it says.")
    if dtype.itemsize == 0 or not data:
        return np.zeros(sizes if math.prod(sizes) == 0 else (), dtype=dtype)
    return np.frombuffer(data, dtype=dtype).reshape(sizes).copy()


def _made_objects(rest: list[Any], turn: Turn) -> Any:
    import numpy as np

    shape, items = rest
    made = np.empty(len(items), dtype=object)
    for at, item in enumerate(items):
        made[at] = turn(item)
    return made.reshape([int(size) for size in shape])


def _made_scalar(rest: list[Any], _turn: Turn) -> Any:
    import numpy as np

    written, data = rest
    return np.frombuffer(data, dtype=_dtype(written))[0]


def _pandas(value: Any, turn: Turn) -> list[Any] | None:
    import pandas as pd

    if isinstance(value, pd.DataFrame):
        return _frame(value, turn)
    if isinstance(value, pd.Series):
        return ["series", _frame(value.to_frame("values"), turn), turn(value.name)]
    if value is pd.NaT or value is pd.NA:
        return ["nat" if value is pd.NaT else "na"]
    if isinstance(value, pd.Timestamp | pd.Timedelta):
        zone = getattr(value, "tz", None)
        kind = "timestamp" if isinstance(value, pd.Timestamp) else "pd_timedelta"
        return [kind, value.as_unit("ns").value, value.unit, None if zone is None else str(zone)]
    return None


def _frame(value: Any, turn: Turn) -> list[Any]:
    """Return a table: columns of objects as values, all others and the index as Arrow, their kinds beside them."""
    import pyarrow as pa

    plain = value.copy(deep=False)
    labels = list(plain.columns)
    plain.columns = [str(at) for at in range(len(labels))]
    objects = [at for at in range(len(labels)) if str(plain.dtypes.iloc[at]) == "object"]
    kept = {str(at): [turn(item) for item in plain.iloc[:, at].tolist()] for at in objects}
    arrow = pa.Table.from_pandas(plain.drop(columns=list(kept)), preserve_index=None)
    kinds = {str(at): str(plain.dtypes.iloc[at]) for at in range(len(labels)) if at not in objects}
    return ["frame", [turn(label) for label in labels], _ipc(arrow), kept, kinds, len(plain)]


def _made_frame(rest: list[Any], turn: Turn) -> Any:
    import pandas as pd

    labels, data, kept, kinds, length = rest
    frame = _read(data).to_pandas(date_as_object=False)
    if frame.shape[1] == 0 and len(frame) != length:
        frame = pd.DataFrame(index=pd.RangeIndex(length))
    for name, kind in kinds.items():
        if str(frame[name].dtype) != kind:
            frame[name] = frame[name].astype(kind)
    for name, items in kept.items():
        frame[name] = pd.Series([turn(item) for item in items], index=frame.index, dtype=object)
    frame = frame[[str(at) for at in range(len(labels))]]
    frame.columns = pd.Index([turn(label) for label in labels]) if labels else pd.RangeIndex(0)
    return frame


def _made_series(rest: list[Any], turn: Turn) -> Any:
    frame, name = rest
    return _made_frame(frame[1:], turn)["values"].rename(turn(name))


def _ipc(table: Any) -> bytes:
    import pyarrow as pa

    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    data: bytes = sink.getvalue().to_pybytes()
    return data


def _read(data: bytes) -> Any:
    import pyarrow as pa

    with pa.ipc.open_stream(pa.BufferReader(data)) as reader:
        return reader.read_all()


def _graph(value: Any, turn: Turn) -> list[Any]:
    """Return a graph with its nodes, links and neighbours in their order, on which layouts depend."""
    kind = type(value).__name__
    if kind not in _GRAPHS:
        raise StillgraphError("Such a graph does not travel between a client and a server.")
    place = {node: at for at, node in enumerate(value)}
    several = value.is_multigraph()
    ends = value.edges(keys=True, data=True) if several else value.edges(data=True)
    edges = [[place[one[0]], place[one[1]], turn(one[2]) if several else None, turn(dict(one[-1]))] for one in ends]
    nodes = [[turn(node), turn(dict(told))] for node, told in value.nodes(data=True)]
    order = [[place[other] for other in value.adj[node]] for node in value]
    return ["graph", kind, turn(dict(value.graph)), nodes, edges, order]


def _made_graph(rest: list[Any], turn: Turn) -> Any:
    import networkx as nx

    kind, about, nodes, edges, order = rest
    if kind not in _GRAPHS:
        raise StillgraphError("A message holds a graph of a kind that is not allowed.")
    graph = getattr(nx, kind)()
    graph.graph.update(turn(about))
    named = [turn(node) for node, _ in nodes]
    for node, (_, told) in zip(named, nodes, strict=True):
        graph.add_node(node, **turn(told))
    for one, other, key, told in edges:
        pair = (named[one], named[other])
        graph.add_edge(*pair, *((turn(key),) if graph.is_multigraph() else ()), **turn(told))
    for node, others in zip(named, order, strict=True):
        neighbours = graph._adj[node]  # noqa: SLF001 - the order of neighbours can be set in no other way
        reordered = [(named[at], neighbours[named[at]]) for at in others]
        neighbours.clear()
        neighbours.update(reordered)
    return graph


def _made_timestamp(rest: list[Any], _turn: Turn) -> Any:
    import pandas as pd

    at, unit, zone = rest
    made = pd.Timestamp(at, unit="ns", tz="UTC").as_unit(unit)
    return made.tz_convert(zone) if zone else made.tz_localize(None)


def _made_timedelta(rest: list[Any], _turn: Turn) -> Any:
    import pandas as pd

    return pd.Timedelta(rest[0], unit="ns").as_unit(rest[1])


def _nothing(name: str) -> Callable[[list[Any], Turn], Any]:
    def made(_rest: list[Any], _turn: Turn) -> Any:
        import pandas as pd

        return getattr(pd, name)

    return made


_MADE: dict[str, Callable[[list[Any], Turn], Any]] = {
    "array": _made_array,
    "objects": _made_objects,
    "scalar": _made_scalar,
    "frame": _made_frame,
    "series": _made_series,
    "arrow": lambda rest, _turn: _read(rest[0]),
    "graph": _made_graph,
    "timestamp": _made_timestamp,
    "pd_timedelta": _made_timedelta,
    "nat": _nothing("NaT"),
    "na": _nothing("NA"),
}
