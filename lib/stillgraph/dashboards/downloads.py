"""A table to keep: made into a file when somebody asks for it, and sent as a message, so that no page holds it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import anywidget
from traitlets import List, Unicode

from stillgraph.casework import tables
from stillgraph.dashboards.guard import attempt
from stillgraph.dashboards.scripts import STATIC

if TYPE_CHECKING:
    import pandas as pd


class Download(anywidget.AnyWidget):
    """Buttons for a table as CSV, XLSX and Parquet.

    Parameters
    ----------
    rows : callable
        Returns the table when it is asked for.
    name : str
        The file's name without its ending.
    kinds : sequence of str
        Of :data:`stillgraph.casework.tables.KINDS`.
    """

    _esm = STATIC / "download.js"
    name = Unicode("").tag(sync=True)
    kinds = List(Unicode()).tag(sync=True)

    def __init__(self, rows: Callable[[], pd.DataFrame], name: str, kinds: Sequence[str] = tuple(tables.KINDS)) -> None:
        super().__init__(name=name, kinds=list(kinds))
        self._rows = rows
        self.on_msg(self._asked)

    def __repr__(self) -> str:
        return "Download()"

    def _made(self, kind: str) -> bytes:
        return tables.as_file(self._rows(), kind)

    def _asked(self, _widget: object, message: Mapping[str, Any], _buffers: Sequence[object]) -> None:
        kind = str(message.get("want", ""))
        if kind not in self.kinds:
            return
        answer: dict[str, str] = {"name": f"{self.name}.{kind}"}

        def tell(sentence: str) -> None:
            answer["problem"] = sentence

        made = attempt(lambda: self._made(kind), tell)
        self.send(answer, buffers=[] if made is None else [made])
