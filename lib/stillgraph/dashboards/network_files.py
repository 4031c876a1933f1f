"""The network as a file for Gephi, i2, yEd and others, made when somebody asks for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd

from stillgraph.dashboards.downloads import Download
from stillgraph.dashboards.guard import attempt

KINDS = ("graphml", "gexf", "json", "csv")


class NetworkFile(Download):
    """Buttons for the network that is kept, one a kind of file.

    Parameters
    ----------
    made : callable
        Returns the bytes of a file of a kind.
    """

    def __init__(self, made: Callable[[str], bytes]) -> None:
        super().__init__(pd.DataFrame, "network", KINDS)
        self._made = made

    def __repr__(self) -> str:
        return "NetworkFile()"

    def _asked(self, _widget: object, message: Mapping[str, Any], _buffers: Sequence[object]) -> None:
        kind = str(message.get("want", ""))
        if kind not in self.kinds:
            return
        answer: dict[str, str] = {"name": f"network.{kind}"}

        def tell(sentence: str) -> None:
            answer["problem"] = sentence

        made = attempt(lambda: self._made(kind), tell)
        self.send(answer, buffers=[] if made is None else [made])
