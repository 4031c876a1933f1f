"""The network as a file for Gephi, i2, yEd and others, made when somebody asks for it."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from stillgraph.dashboards.downloads import Download

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
        self._file = made

    def __repr__(self) -> str:
        return "NetworkFile()"

    def _made(self, kind: str) -> bytes:
        return self._file(kind)
