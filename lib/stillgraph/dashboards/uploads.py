"""A place to drop files: they come in parts, with how far that is, and a sentence where they are too large.

A websocket closes on a message larger than its server takes, without a word to whoever sent it. So no message is large,
and the limit is said before anything is sent, and kept here too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import anywidget
from traitlets import Int, Unicode

from stillgraph.dashboards.guard import attempt
from stillgraph.dashboards.scripts import STATIC
from stillgraph.dashboards.serve import UPLOAD_LIMIT_MB
from stillgraph.errors import WrongUse

MB = 1024 * 1024


class FileDrop(anywidget.AnyWidget):
    """A place to drop or choose files.

    Parameters
    ----------
    take : callable
        Is given the files, a sequence of name and bytes, once all of them are here.
    label : str
        What the button says.
    accept : str
        What the browser's dialogue offers, as in HTML's ``accept``.
    limit_mb : int
        Megabytes taken at once.
    """

    _esm = STATIC / "upload.js"
    label = Unicode("").tag(sync=True)
    accept = Unicode("").tag(sync=True)
    limit_mb = Int(UPLOAD_LIMIT_MB).tag(sync=True)

    def __init__(
        self,
        take: Callable[[list[tuple[str, bytes]]], None],
        *,
        label: str = "Choose files",
        accept: str = "",
        limit_mb: int = UPLOAD_LIMIT_MB,
    ) -> None:
        super().__init__(label=label, accept=accept, limit_mb=limit_mb)
        self._take = take
        self._forget()
        self.on_msg(self._came)

    def __repr__(self) -> str:
        return "FileDrop()"

    def _forget(self) -> None:
        self._files: list[tuple[str, bytes]] = []
        self._parts: list[bytes] = []
        self._size = 0

    def _came(self, _widget: object, message: Mapping[str, Any], buffers: Sequence[memoryview]) -> None:
        answer: dict[str, str] = {}

        def tell(sentence: str) -> None:
            answer["problem"] = sentence
            self._forget()

        attempt(lambda: self._add(message, buffers), tell)
        self.send(answer)

    def _add(self, message: Mapping[str, Any], buffers: Sequence[memoryview]) -> None:
        part = bytes(buffers[0]) if buffers else b""
        self._size += len(part)
        if self._size > self.limit_mb * MB:
            raise WrongUse(f"The files are larger than {self.limit_mb} MB together; send them in several parts.")
        self._parts.append(part)
        if message.get("ends"):
            self._files.append((str(message.get("name", "")), b"".join(self._parts)))
            self._parts = []
        if message.get("last"):
            files = self._files
            self._forget()
            self._take(files)
