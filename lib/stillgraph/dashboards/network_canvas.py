"""The drawing of a network as a widget with code of its own in the browser; it holds no rule.

Arrays travel as messages and never as part of the widget's state, which JupyterLab would write into the notebook: a
narrowed network is one byte a link.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import anywidget
import numpy as np
from numpy.typing import NDArray
from traitlets import Unicode

from stillgraph.casework.network_views import NetworkView
from stillgraph.dashboards.scripts import STATIC, script


class NetworkCanvas(anywidget.AnyWidget):
    """A network on a canvas.

    Parameters
    ----------
    view : NetworkView
        What is drawn.
    chosen : callable
        Called with node numbers when the reader has chosen some.
    """

    _esm = script("network.js")
    _css = STATIC / "network.css"
    caption = Unicode("").tag(sync=True)
    """Period, filter and count: under a saved picture, and for those who do not see the drawing."""

    def __init__(self, view: NetworkView, chosen: Callable[[Sequence[int]], None]) -> None:
        super().__init__()
        self._view, self._tell = view, chosen
        self._last: dict[str, tuple[dict[str, Any], list[bytes]]] = {}
        self.on_msg(self._asked)

    def __repr__(self) -> str:
        return "NetworkCanvas()"

    def keep(self, mask: NDArray[np.bool_]) -> None:
        """Draw the links of a mask, shape (m,) of the view's links, and the nodes that have one."""
        self._post({"kind": "kept"}, [mask[self._view.own].astype(np.uint8).tobytes()])

    def choose(self, nodes: Collection[int]) -> None:
        """Ring nodes as chosen."""
        self._post({"kind": "chosen"}, [np.array(sorted(nodes), dtype=np.uint32).tobytes()])

    def mark(self, nodes: NDArray[np.uint32], links: NDArray[np.uint32], *, look: bool) -> None:
        """Draw nodes and links in front of the others, and go there if asked."""
        place = np.cumsum(self._view.own, dtype=np.int64) - 1
        own = place[links[self._view.own[links]]] if len(links) else np.zeros(0, dtype=np.int64)
        self._post({"kind": "marked", "look": look}, [nodes.tobytes(), own.astype(np.uint32).tobytes()])

    def _post(self, message: dict[str, Any], buffers: list[bytes]) -> None:
        self._last[message["kind"]] = (message, buffers)
        self.send(message, buffers=buffers)

    def _asked(self, _widget: object, message: Mapping[str, Any], _buffers: Sequence[object]) -> None:
        if message.get("ready"):
            self.send(*self._network())
            for last, buffers in self._last.values():
                self.send({**last, "look": False}, buffers=buffers)
        elif isinstance(message.get("chosen"), list):
            self._tell([int(node) for node in message["chosen"] if isinstance(node, int)])

    def _network(self) -> tuple[dict[str, Any], list[bytes]]:
        view = self._view
        table, own = view.table, view.own
        persons = len(table.persons)
        labels = [*map(str, table.persons), *map(str, table.offences.ids)]
        arrays = (
            view.places.ravel(),
            view.surest,
            table.person[own].astype(np.uint32),
            (table.offence[own] + persons).astype(np.uint32),
            table.status[own].astype(np.uint8),
        )
        message = {"kind": "network", "labels": labels, "offences": len(table.offences.ids)}
        return message, [array.tobytes() for array in arrays]
